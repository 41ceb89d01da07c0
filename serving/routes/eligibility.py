"""The front desk's and the biller's doors to insurance verification."""

from __future__ import annotations

from fastapi import APIRouter

from serving.desk import verification
from serving.routes.entrance import AtDesk, Id
from serving.schemas.eligibility import AskedView, AskIn, CoverageItem
from serving.schemas.money import ReasonIn

router = APIRouter(prefix="/eligibility", tags=["eligibility"])


@router.get("")
def coverages(desk: AtDesk) -> list[CoverageItem]:
    """The coverages that pay visits and unsent claims, and what their payers say of the day."""
    return verification.coverages(desk)


@router.post("/questions")
def ask(desk: AtDesk, wish: AskIn) -> AskedView:
    """Ask the payers (270) about what they have not answered."""
    return verification.ask(desk, wish.again)


@router.post("/answers/{work_id}/settle", status_code=204)
def settle(desk: AtDesk, work_id: Id, why: ReasonIn) -> None:
    """Say what became of an answer that found no coverage."""
    verification.settle(desk, work_id, why)
