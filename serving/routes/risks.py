"""The door of other systems to the denial model: one claim a request, a thousand requests a second.

A request is answered where it arrives, in the event loop, when the model, the history and the caller's sign-in are at
hand and one glance at the books says that they still hold. Whatever is otherwise, also every refusal, is answered by
the same door in the ordinary way: there are two roads and one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from billing_core.errors import BillingError
from models.denial.facts import ClaimFacts
from serving.desk import scoring
from serving.errors import ServingError
from serving.routes.entrance import AtDesk, House, house_of
from serving.schemas.models import RiskView
from serving.security import KEY_MARK, read_token

BYTES_AT_HAND_MAX = 16 * 1024  # a claim of fifty lines is shorter; a longer body keeps no one else waiting
_CLAIM = TypeAdapter(ClaimFacts)
_TOLD = TypeAdapter(RiskView)


class AtHand(APIRoute):
    """A route that is answered from what is at hand, else as any other."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """How a request is answered."""
        in_full = super().get_route_handler()

        async def answer(request: Request) -> Response:
            told = await _told_at_hand(request)
            return await in_full(request) if told is None else Response(told, media_type="application/json")

        return answer


router = APIRouter(tags=["models"], route_class=AtHand)


@router.post("/risks")
def ask(desk: AtDesk, facts: ClaimFacts) -> RiskView:
    """The risk of denial of a claim that another system holds: what it shows, under pseudonyms; nothing is kept."""
    return scoring.ask(desk, facts)


async def _told_at_hand(request: Request) -> bytes | None:
    """The body of the answer, or None where it is not to be had at once."""
    house, named = house_of(request), dict(request.scope["headers"])
    plain = len(named) == len(request.scope["headers"])  # a header given twice is for the ordinary way to judge
    scheme, _, credential = named.get(b"authorization", b"").decode("latin-1").partition(" ")
    if not plain or scheme != "Bearer" or not credential or named.get(b"content-type") != b"application/json":
        return None
    practice_id, body = named.get(b"x-cleanclaim-practice", b"").decode("latin-1"), await request.body()
    if len(body) > BYTES_AT_HAND_MAX:
        return None
    if house.store.glances.waits:
        return await run_in_threadpool(_told, house, credential, practice_id, body)
    return _told(house, credential, practice_id, body)


def _told(house: House, credential: str, practice_id: str, body: bytes) -> bytes | None:
    store, machine = house.store, credential.startswith(KEY_MARK)
    try:
        who = credential if machine else read_token(credential, house.settings.secret(), store.clock.now())
        seen = store.glances.look(who, practice_id, scoring.KIND)
        if seen is None:
            return None
        told = scoring.ask_at_hand(store, house.shelf, house.clock, seen, _CLAIM.validate_json(body))
    except (ServingError, BillingError, ValidationError):
        return None  # refused: the ordinary way says why
    return None if told is None else _TOLD.dump_json(told)
