"""The coder's doors: worklist, visit, suggestions, decisions, signature."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from serving.desk import coding
from serving.routes.entrance import AtDesk, Id
from serving.schemas.coding import DecisionIn, EncounterItem, EncounterView, SignatureIn, SignatureView

router = APIRouter(prefix="/encounters", tags=["coding"])


@router.get("")
def worklist(
    desk: AtDesk,
    status: Annotated[str, Query(max_length=40)] = "waiting",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> list[EncounterItem]:
    """The visits to code: `waiting` is every visit that nobody has signed; or those of one status."""
    return coding.worklist(desk, status=status, limit=limit)


@router.get("/{encounter_id}")
def read_encounter(desk: AtDesk, encounter_id: Id) -> EncounterView:
    """One visit with its note, suggestions and findings."""
    return coding.read_encounter(desk, encounter_id)


@router.post("/{encounter_id}/suggestions")
def suggest(desk: AtDesk, encounter_id: Id) -> EncounterView:
    """Read the note and suggest codes, each with its evidence."""
    return coding.suggest(desk, encounter_id)


@router.put("/{encounter_id}/decisions")
def decide(desk: AtDesk, encounter_id: Id, decision: DecisionIn) -> EncounterView:
    """Accept, reject or add one code, or take a decision back."""
    return coding.decide(desk, encounter_id, decision)


@router.post("/{encounter_id}/signature")
def sign(desk: AtDesk, encounter_id: Id, signature: SignatureIn) -> SignatureView:
    """Sign the codes; charges and a claim follow."""
    return coding.sign(desk, encounter_id, signature)
