"""Scoring: what the model in service says of every claim whose answer is not known, kept in the books as advice.

A claim that has not left (held, ready) is scored as it would be sent today; one that is out (submitted, accepted,
pended) as it stood on the day it was sent, once per model. A score is written beside the claim and nowhere else: it
enters no claim, no file, no posting and no statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from billing_core.claim import ClaimState
from models.denial.replay import Sending, in_order, replay
from serving.desk.case import Desk, use_case
from serving.desk.outcomes import claim_facts, sendings
from serving.errors import NoModel

if TYPE_CHECKING:
    from models.denial.predictor import Predictor, Risk
    from serving.store.books import Books

UNSENT = (ClaimState.HELD, ClaimState.READY)
WAITING = (ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.PENDED)


def risk_body(risk: Risk) -> dict[str, Any]:
    """The risk as it is kept: reasons and what-ifs in words, effects in thousandths of log-odds."""
    return {
        "flagged": risk.flagged,
        "reasons": [{"group": r.group, "words": r.sentence, "effect": r.effect} for r in risk.reasons],
        "what_if": [{"mend": w.mend, "words": w.sentence, "probability_ppm": w.probability_ppm} for w in risk.what_ifs],
    }


def _open_claims(desk: Desk, books: Books, today: date) -> Iterator[tuple[Sending, Risk]]:
    """Every claim without an answer, with its risk, in the order of history."""
    predictor: Predictor = desk.shelf.model(books, "denial").model
    sent, standing = sendings(desk, books)
    unsent = [Sending(claim_facts(desk, s.claim, today), None, s.claim.id) for s in books.claims(UNSENT)]
    for sending, history in replay(in_order([*sent, *unsent])):
        found = standing.get(sending.mark)
        if found is None or found.state in WAITING:
            yield sending, predictor.score(sending.facts, history)


@use_case("model.score")
def score_claims(desk: Desk, books: Books) -> int:
    """Score what is open with the model in service; NoModel when there is none. Returns how many scores are new."""
    seal = desk.shelf.model(books, "denial").sha256
    scored = list(_open_claims(desk, books, desk.today(books)))
    before = books.latest_scores(sending.mark for sending, _ in scored)
    new = 0
    for sending, risk in scored:
        body, last = risk_body(risk), before.get(sending.mark)
        said = (seal, risk.probability_ppm, body)
        if last is None or (last.artifact_sha256, last.probability_ppm, dict(last.body)) != said:
            books.add_score(sending.mark, seal, risk.probability_ppm, body)
            new += 1
    books.log(desk.actor, "model.score", seal, reason=f"{len(scored)} open claims, {new} new scores")
    return new


def score_if_served(desk: Desk) -> int:
    """The same at the end of a night; 0 when no denial model serves the practice."""
    try:
        return score_claims(desk)
    except NoModel:
        return 0
