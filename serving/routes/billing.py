"""The biller's doors: the queue, claims and their mending, submission."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from serving.desk import billing
from serving.routes.entrance import AtDesk, Id
from serving.schemas.billing import ClaimItem, ClaimView, MendIn, MendView, QueueView, SubmissionView

router = APIRouter(tags=["billing"])


@router.get("/queue")
def queue(desk: AtDesk) -> QueueView:
    """The claims to work, in the order of what is at stake."""
    return billing.queue(desk)


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
