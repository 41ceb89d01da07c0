"""The biller's doors: the queue, claims and their mending, submission."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from serving.desk import billing, write_off
from serving.routes.entrance import AtDesk, Id
from serving.schemas.billing import (
    ClaimItem,
    ClaimView,
    MendIn,
    MendView,
    QueueView,
    SubmissionView,
    WriteOffIn,
    WriteOffItem,
)

router = APIRouter(tags=["billing"])


@router.get("/queue")
def queue(
    desk: AtDesk,
    capacity: Annotated[int, Query(ge=0, le=10_000)] = 0,
    state: Annotated[str, Query(max_length=40)] = "",
    payer: Annotated[str, Query(max_length=200)] = "",
    today: bool = False,
    first: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=0, le=1000)] = 0,
    claim: Annotated[str, Query(max_length=100)] = "",
) -> QueueView:
    """The claims to work, in the order of what is at stake; those that fit into a day of that capacity are marked.

    With `limit` one page of it, from place `first` on or the page on which `claim` stands; `state` and `payer` keep
    those of that state and payer (by name), `today` the day's work. Without a limit all of it.
    """
    wanted = billing.Wanted(state=state, payer=payer, today=today, first=first, limit=limit, claim_id=claim)
    return billing.queue(desk, capacity, wanted)


@router.get("/claims")
def claims(
    desk: AtDesk,
    state: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[ClaimItem]:
    """The claims, of one state or of all."""
    return billing.claims(desk, state=state, limit=limit)


@router.post("/claims/submissions")
def submit(desk: AtDesk) -> SubmissionView:
    """Write the clean claims to 837 files."""
    return billing.submit(desk)


@router.get("/claims/{claim_id}")
def read_claim(desk: AtDesk, claim_id: Id) -> ClaimView:
    """Everything about one claim."""
    return billing.read_claim(desk, claim_id)


@router.post("/claims/{claim_id}/mend")
def mend(desk: AtDesk, claim_id: Id, mend: MendIn) -> MendView:
    """Correct the claim and send it again, or close it, with the reason."""
    return billing.mend(desk, claim_id, mend)


@router.post("/claims/{claim_id}/write-off")
def ask_write_off(desk: AtDesk, claim_id: Id, wish: WriteOffIn) -> WriteOffItem:
    """Ask that what is open be written off; another person must approve."""
    return write_off.ask(desk, claim_id, wish)


@router.get("/write-offs")
def write_offs(desk: AtDesk) -> list[WriteOffItem]:
    """The write-offs that wait for a second person."""
    return write_off.asked(desk)


@router.post("/write-offs/{work_id}/approve")
def approve_write_off(desk: AtDesk, work_id: Id) -> WriteOffItem:
    """Approve what somebody else asked for."""
    return write_off.approve(desk, work_id)


@router.post("/write-offs/{work_id}/decline")
def decline_write_off(desk: AtDesk, work_id: Id) -> WriteOffItem:
    """Decline it; the claim stays in the queue."""
    return write_off.decline(desk, work_id)
