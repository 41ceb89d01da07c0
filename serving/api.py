"""The HTTP door: one application over the use cases, and the one place where an error becomes a status.

Every refusal is `Problem` JSON: what is wrong, where, and what would mend it; what the caller sent is never repeated.
Answers hold patient data, so no cache may keep them. Bodies are counted as they arrive and refused when too long.
Served with `uvicorn --factory serving.api:create_app`; the description is at /docs (OpenAPI 3.1).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException as HTTPRefusal
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_core.errors import BillingError, IllegalStep, PostingError, UnbalancedEntry
from serving import settings as environment
from serving.desk.case import open_shelf, open_tables
from serving.errors import InputError, ServingError, SignInFailed, TooManyAttempts
from serving.ids import Clock, SystemClock, uuid7
from serving.routes import access, billing, coding, files, money
from serving.routes.entrance import House
from serving.schemas.access import Problem
from serving.settings import Settings
from serving.store.books import Store

FILE_BYTES_MAX = 64 * 1024 * 1024  # a received file; a day's 835 of a large clearinghouse is a few MiB
BODY_BYTES_MAX = 1024 * 1024  # everything else
FAULTS_NAMED_MAX = 10
NAME_LENGTH_MAX = 40

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> FastAPI:
    """The application over this installation's books. Without settings, those of the environment."""
    settings, clock = settings or environment.read(), clock or SystemClock()
    store = Store(settings.database_url, clock=clock, new_id=uuid7)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    app = FastAPI(
        title="Cleanclaim",
        description="Medical coding and billing: notes to codes to claims to a ledger that proves itself.",
        lifespan=lifespan,
        responses={status: {"model": Problem} for status in (401, 403, 404, 409, 413, 422, 429, 503)},
    )
    app.state.house = House(settings, store, clock, uuid7, open_tables(settings), open_shelf(settings))
    for part in (access, coding, billing, files, money):
        app.include_router(part.router)
    app.add_middleware(Threshold)
    for kind in (ServingError, BillingError, RequestValidationError, HTTPRefusal, ResponseValidationError, Exception):
        app.add_exception_handler(kind, _refuse)
    return app


class Threshold:
    """What every exchange passes: the length of the body on the way in, the headers on the way out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on, counting and marking it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = FILE_BYTES_MAX if scope["path"] == files.RECEIVING else BODY_BYTES_MAX
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
    status, problem = _problem(error)
    headers = dict(getattr(error, "headers", None) or {})  # 405 says which methods are allowed
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.seconds)
    elif isinstance(error, SignInFailed):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem.model_dump(), status, headers)


def _problem(error: Exception) -> tuple[int, Problem]:
    """The status of an error, and its words."""
    match error:
        case ServingError():
            where = f"{error.field} {error.place}".strip() if isinstance(error, InputError) else ""
            return error.status, Problem(error=error.message, where=where, mend=error.mend)
        case BillingError():
            return _billing_status(error), Problem(error=error.message, where=error.where, mend=error.mend)
        case RequestValidationError():
            return 422, _faults(error.errors())
        case HTTPRefusal():
            return error.status_code, Problem(error=str(error.detail))
        case _:  # also an answer that does not fit its schema: its text holds what was to be answered
            return 500, Problem(
                error="something went wrong on our side", mend="tell the administrator when it happened"
            )


def _billing_status(error: BillingError) -> int:
    """409 where the books stand against it, 500 where we are at fault, else 422: the input cannot be read."""
    if isinstance(error, IllegalStep | PostingError):
        return 409
    return 500 if isinstance(error, UnbalancedEntry) else 422


def _faults(faults: Any) -> Problem:
    """The fields that cannot be read, each with what is expected; never what was sent."""
    named = [(_field(fault), _expected(fault)) for fault in list(faults)[:FAULTS_NAMED_MAX]]
    return Problem(
        error="the request cannot be read",
        where=", ".join(field for field, _ in named),
        mend="; ".join(f"{field}: {expected}" for field, expected in named),
    )


def _field(fault: dict[str, Any]) -> str:
    """Where the fault is, as body.lines.0.units. A name of the caller's own making is given only when it is a name."""
    parts = [str(part) for part in fault["loc"]]
    if fault["type"] == "extra_forbidden" and not (parts[-1].isidentifier() and len(parts[-1]) <= NAME_LENGTH_MAX):
        parts[-1] = "(unknown field)"
    return ".".join(parts)


def _expected(fault: dict[str, Any]) -> str:
    """What the field should be. pydantic's own sentences say what is expected; a validator's may quote the input."""
    return "not acceptable" if fault["type"] in ("value_error", "assertion_error") else str(fault["msg"])
