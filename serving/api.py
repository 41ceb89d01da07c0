"""The HTTP door: one application over the use cases, and the one place where an error becomes a status.

Every refusal is a `Problem` (RFC 9457): what is wrong, where, and what would mend it; what the caller sent is never
repeated. Answers hold patient data, so no cache may keep them. Bodies are counted as they arrive and refused when too
long. Served with `uvicorn --factory serving.api:create_app`; the description is at /docs and /openapi.json (3.1).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException as HTTPRefusal
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_core.errors import BillingError, IllegalStep, PostingError, UnbalancedEntry
from serving import settings as environment
from serving.desk.case import open_shelf
from serving.errors import InputError, ServingError, SignInFailed, TooManyAttempts
from serving.ids import Clock, SystemClock, uuid7
from serving.routes import (
    access,
    accounts,
    appeals,
    billing,
    coding,
    contracts,
    eligibility,
    files,
    keying,
    manual,
    models,
    money,
    people,
    report,
    risks,
)
from serving.routes.entrance import CodeTables, House
from serving.schemas.access import Problem
from serving.settings import Settings
from serving.store.books import Store

FILE_BYTES_MAX = 64 * 1024 * 1024  # a received file; a day's 835 of a large clearinghouse is a few MiB
BODY_BYTES_MAX = 1024 * 1024  # everything else
FAULTS_NAMED_MAX = 10
NAME_LENGTH_MAX = 40

PROBLEM = "application/problem+json"
MENDS = {
    404: "look for the door at /docs",
    405: "use one of the methods in the Allow header",
    413: "send less at once: one file, or fewer rows",
}

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> FastAPI:
    """The application over this installation's books. Without settings, those of the environment."""
    settings, clock = settings or environment.read(), clock or SystemClock()
    store = Store(settings.database_url, clock=clock, new_id=uuid7)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    app = Application(
        title="Cleanclaim",
        description="Medical coding and billing: notes to codes to claims to a ledger that proves itself.",
        lifespan=lifespan,
        responses={status: {"model": Problem} for status in (401, 403, 404, 409, 413, 422, 429, 503)},
        docs_url=None,  # these two load scripts from elsewhere; ours is in routes/manual.py
        redoc_url=None,
    )
    app.state.house = House(settings, store, clock, uuid7, CodeTables(settings), open_shelf(settings))
    app.include_router(risks.router)  # first: looked for among a hundred doors, it would take longer than its answer
    books = (access, accounts, keying, appeals, coding, billing, contracts, files, money, models, people, report)
    for part in (*books, eligibility, manual):
        app.include_router(part.router)
    app.add_middleware(Threshold)
    for kind in (ServingError, BillingError, RequestValidationError, HTTPRefusal, ResponseValidationError, Exception):
        app.add_exception_handler(kind, _refuse)
    return app


class Application(FastAPI):
    """An application whose description says of refusals what is true: they are problems (RFC 9457)."""

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if not self.openapi_schema:
            for ways in super().openapi()["paths"].values():
                for status, answer in [pair for way in ways.values() for pair in way["responses"].items()]:
                    if status.startswith(("4", "5")) and "content" in answer:
                        answer["content"] = {PROBLEM: answer["content"].popitem()[1]}
        return super().openapi()


class Threshold:
    """What every exchange passes: the length of the body on the way in, the headers on the way out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on, counting and marking it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = FILE_BYTES_MAX if scope["path"] in (files.RECEIVING, "/bank/files") else BODY_BYTES_MAX
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                raise HTTPException(413, f"the body is longer than {most} bytes")
            return message

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, counted, marked)


# --- errors ---------------------------------------------------------------------------------------------------------


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    """The answer to any error. `request` is not looked at: nothing of it may come back."""
    status, detail, where, mend = _told(error)
    headers = dict(getattr(error, "headers", None) or {})  # 405 says which methods are allowed
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.seconds)
    elif isinstance(error, SignInFailed):
        headers["WWW-Authenticate"] = "Bearer"
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, where=where, mend=mend)
    return JSONResponse(problem.model_dump(), status, headers, media_type=PROBLEM)


def _told(error: Exception) -> tuple[int, str, str, str]:
    """The status of an error, what is wrong, where, and what would mend it."""
    match error:
        case ServingError():
            where = f"{error.field} {error.place}".strip() if isinstance(error, InputError) else ""
            return error.status, error.message, where, error.mend
        case BillingError():
            return _billing_status(error), error.message, error.where, error.mend
        case RequestValidationError():
            return 422, *_faults(error.errors())
        case HTTPRefusal():
            return (
                error.status_code,
                str(error.detail),
                "",
                MENDS.get(error.status_code, "look the request up at /docs"),
            )
        case _:  # also an answer that does not fit its schema: its text holds what was to be answered
            return 500, "something went wrong on our side", "", "tell the administrator when it happened"


def _billing_status(error: BillingError) -> int:
    """409 where the books stand against it, 500 where we are at fault, else 422: the input cannot be read."""
    if isinstance(error, IllegalStep | PostingError):
        return 409
    return 500 if isinstance(error, UnbalancedEntry) else 422


def _faults(faults: Any) -> tuple[str, str, str]:
    """The fields that cannot be read, each with what is expected; never what was sent."""
    named = [(_field(fault), _expected(fault)) for fault in list(faults)[:FAULTS_NAMED_MAX]]
    where = ", ".join(field for field, _ in named)
    return "the request cannot be read", where, "; ".join(f"{field}: {expected}" for field, expected in named)


def _field(fault: dict[str, Any]) -> str:
    """Where the fault is, as body.lines.0.units. A name of the caller's own making is given only when it is a name."""
    parts = [str(part) for part in fault["loc"]]
    if fault["type"] == "extra_forbidden" and not (parts[-1].isidentifier() and len(parts[-1]) <= NAME_LENGTH_MAX):
        parts[-1] = "(unknown field)"
    return ".".join(parts)


def _expected(fault: dict[str, Any]) -> str:
    """What the field should be. pydantic's own sentences say what is expected; a validator's may quote the input."""
    return "not acceptable" if fault["type"] in ("value_error", "assertion_error") else str(fault["msg"])
