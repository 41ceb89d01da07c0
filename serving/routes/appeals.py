"""The biller's doors to appeals: drafted, edited, signed and filed, decided; and the letter on paper."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from serving.desk import appeals
from serving.routes.entrance import AtDesk, Id
from serving.schemas.appeals import AppealItem, AppealView, FilingIn, LetterIn, OutcomeIn

router = APIRouter(tags=["appeals"])
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": _BYTES}}}


@router.get("/appeals")
def list_appeals(desk: AtDesk) -> list[AppealItem]:
    """Every appeal: drafts by deadline, then those that wait for the payer, then the decided."""
    return appeals.appeals(desk)


@router.get("/claims/{claim_id}/appeals")
def appeals_of_claim(desk: AtDesk, claim_id: Id) -> list[AppealItem]:
    """The appeals of one claim, level by level."""
    return appeals.appeals(desk, claim_id)


@router.post("/claims/{claim_id}/appeals")
def draft(desk: AtDesk, claim_id: Id) -> AppealView:
    """Draft the next level's letter, each sentence with its source; or say why there is none."""
    return appeals.draft(desk, claim_id)


@router.get("/appeals/{appeal_id}")
def read_appeal(desk: AtDesk, appeal_id: Id) -> AppealView:
    """One appeal with its letter."""
    return appeals.read_appeal(desk, appeal_id)


@router.put("/appeals/{appeal_id}")
def edit(desk: AtDesk, appeal_id: Id, wanted: LetterIn) -> AppealView:
    """The letter as the biller wants it."""
    return appeals.edit(desk, appeal_id, wanted)


@router.post("/appeals/{appeal_id}/filing")
def file(desk: AtDesk, appeal_id: Id, signed: FilingIn) -> AppealView:
    """Sign it and note how it went out."""
    return appeals.file(desk, appeal_id, signed)


@router.post("/appeals/{appeal_id}/outcome")
def decide(desk: AtDesk, appeal_id: Id, said: OutcomeIn) -> AppealView:
    """Record what the payer decided."""
    return appeals.decide(desk, appeal_id, said)


@router.get("/appeals/{appeal_id}/pdf", response_class=Response, responses=_PDF)
def paper(desk: AtDesk, appeal_id: Id) -> Response:
    """The letter as it was filed, or the draft."""
    return Response(appeals.appeal_paper(desk, appeal_id), media_type="application/pdf")
