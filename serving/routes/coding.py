"""The coder's doors: worklist, visit, suggestions, decisions, queries, and the signature or an end without a charge."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from serving.desk import coding, queries, replay
from serving.desk import symmetry as leaning
from serving.routes.entrance import AtDesk, Id
from serving.schemas.coding import (
    AnswerIn,
    CloseIn,
    DecisionIn,
    EncounterItem,
    EncounterView,
    QueryIn,
    QueryView,
    ReopenIn,
    ReplayView,
    SignatureIn,
    SignatureView,
    SymmetryView,
)

router = APIRouter(tags=["coding"])


@router.get("/encounters")
def worklist(
    desk: AtDesk,
    status: Annotated[str, Query(max_length=40)] = "waiting",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> list[EncounterItem]:
    """The visits to code: `waiting` is every visit that nobody has signed; or those of one status."""
    return coding.worklist(desk, status=status, limit=limit)


@router.get("/encounters/{encounter_id}")
def read_encounter(desk: AtDesk, encounter_id: Id) -> EncounterView:
    """One visit with its note, suggestions and findings."""
    return coding.read_encounter(desk, encounter_id)


@router.post("/encounters/{encounter_id}/suggestions")
def suggest(desk: AtDesk, encounter_id: Id) -> EncounterView:
    """Read the note and suggest codes, each with its evidence."""
    return coding.suggest(desk, encounter_id)


@router.put("/encounters/{encounter_id}/decisions")
def decide(desk: AtDesk, encounter_id: Id, decision: DecisionIn) -> EncounterView:
    """Accept, reject or add one code, or take a decision back."""
    return coding.decide(desk, encounter_id, decision)


@router.post("/encounters/{encounter_id}/signature")
def sign(desk: AtDesk, encounter_id: Id, signature: SignatureIn) -> SignatureView:
    """Sign the codes; charges and a claim follow."""
    return coding.sign(desk, encounter_id, signature)


@router.post("/encounters/{encounter_id}/close")
def close(desk: AtDesk, encounter_id: Id, wish: CloseIn) -> EncounterView:
    """End a visit without a charge, with the reason."""
    return coding.close(desk, encounter_id, wish)


@router.post("/encounters/{encounter_id}/reopen")
def reopen(desk: AtDesk, encounter_id: Id, wish: ReopenIn) -> EncounterView:
    """Take a closed visit up again."""
    return coding.reopen(desk, encounter_id, wish)


@router.get("/encounters/{encounter_id}/replay")
def read_again(desk: AtDesk, encounter_id: Id) -> ReplayView:
    """Read the note again by the artifact that read it, and compare to the byte."""
    return replay.replay(desk, encounter_id)


@router.post("/encounters/{encounter_id}/queries")
def ask(desk: AtDesk, encounter_id: Id, query: QueryIn) -> QueryView:
    """Ask the note's author what a code leaves open; the visit waits for the answer."""
    return queries.ask(desk, encounter_id, query)


@router.get("/queries")
def waiting(desk: AtDesk) -> list[QueryView]:
    """The queries that hold a claim."""
    return queries.queries(desk)


@router.post("/queries/{query_id}/answer")
def answer(desk: AtDesk, query_id: Id, said: AnswerIn) -> QueryView:
    """Enter what the note's author answered."""
    return queries.answer(desk, query_id, said)


@router.post("/queries/{query_id}/settle")
def settle(desk: AtDesk, query_id: Id) -> QueryView:
    """The answer was looked at: the claim need not wait for it."""
    return queries.settle(desk, query_id)


@router.post("/queries/{query_id}/withdraw")
def withdraw(desk: AtDesk, query_id: Id) -> QueryView:
    """Take a query back."""
    return queries.withdraw(desk, query_id)


@router.get("/coding/symmetry")
def symmetry(desk: AtDesk) -> SymmetryView:
    """Whether the suggestions lean upward or downward of what was signed."""
    return leaning.symmetry(desk)
