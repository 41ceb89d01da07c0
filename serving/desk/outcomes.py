"""What was sent, what became of it, and under which keys: the one reading of the books that export and scoring share.

Keys of people and claims are pseudonyms: HMAC-SHA256 under a secret of this installation, bound to the practice, so
the same patient has the same key in every export of it and in no other practice's. A claim's outcome is that of its
first adjudication; later reversals and corrections are other events.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from billing_core.claim import ADJUDICATED, REFUSED_BY_PAYER, Claim, ClaimState
from billing_core.denial import LineDenial
from billing_core.record import from_plain
from billing_core.registration import Patient
from models.denial.facts import ClaimFacts, facts
from models.denial.replay import Outcome, Sending, in_order
from serving.desk.case import Desk
from serving.ids import local_day

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.claims import StandingClaim
    from serving.store.events import Event
    from serving.store.files import StoredDenial

UNDONE = "assignment undone"  # what the event log says of a claim whose answer was taken from it again


def pseudonym(desk: Desk, kind: str, name: str) -> str:
    """The opaque key of a thing of this practice: 16 hex digits."""
    words = "\0".join((desk.practice_id, kind, name))
    return hmac.new(desk.settings.secret().encode(), words.encode(), hashlib.sha256).hexdigest()[:16]


def claim_facts(desk: Desk, claim: Claim, submitted_on: date) -> ClaimFacts:
    """What the claim shows when it is sent on that day, under pseudonyms.

    A person is known by name, birth date and sex, not by chart: charts opened twice are a cause of duplicate claims.
    """
    card = f"{claim.payer.number}|{claim.coverage.member_id}" if claim.coverage.member_id else ""
    card_key = pseudonym(desk, "card", card) if card else ""
    return facts(claim, submitted_on, person_key(desk, claim.patient), card_key)


def person_key(desk: Desk, person: Patient) -> str:
    """The pseudonym of a person: the same in claims and in notes, so that nobody is counted twice."""
    words = "|".join((person.name.last, person.name.first, person.birth_date.isoformat(), person.sex)).casefold()
    return pseudonym(desk, "person", words)


def first_outcomes(books: Books, claim_ids: Iterable[str]) -> dict[str, Outcome]:
    """The first adjudication of each claim, from the event log; claims without one are unknown, never paid."""
    zone = books.practice().zone  # the day it was learned is the practice's own
    told = first_told(books, ADJUDICATED)
    first = {claim_id: (state, local_day(event.at, zone)) for claim_id, (state, event) in told.items()}
    denials = books.denials_of_claims(first)
    found = {}
    for claim_id in claim_ids:
        if claim_id in first:
            state, on = first[claim_id]
            lines = _first_answer(denials.get(claim_id, ())) if state in REFUSED_BY_PAYER else []
            whole = any(d.line == 0 for d in lines)
            found[claim_id] = Outcome(
                state in REFUSED_BY_PAYER,
                on,
                tuple(sorted({str(d.category) for d in lines})),
                () if whole else tuple(sorted({d.procedure for d in lines})),
            )
    return found


def first_told(books: Books, states: Iterable[ClaimState]) -> dict[str, tuple[ClaimState, Event]]:
    """Claim -> the first of these states that its payer put it in, and the event that says so. What a person posted to
    the wrong claim, and took from it again, never was its answer.
    """
    told = sorted(
        ((state, event) for state in (*states, ClaimState.REVERSED) for event in books.events(action=f"claim.{state}")),
        key=lambda each: each[1].position,
    )
    found: dict[str, list[tuple[ClaimState, Event]]] = {}
    for state, event in told:
        stands = found.setdefault(event.subject, [])
        if state is not ClaimState.REVERSED:
            stands.append((state, event))
        elif event.reason == UNDONE and stands:
            stands.pop()
    return {claim_id: stands[0] for claim_id, stands in found.items() if stands}


def _first_answer(denials: Sequence[StoredDenial]) -> list[LineDenial]:
    """What the first answer denied: a later one may say otherwise, and is another event."""
    return [from_plain(LineDenial, d.body) for d in denials if d.claim_payment_id == denials[0].claim_payment_id]


def sendings(desk: Desk, books: Books) -> tuple[list[Sending], dict[str, StandingClaim]]:
    """Every submission in the order of history with its outcome, and the claims themselves by id."""
    sent = {s.claim.id: s for s in books.claims() if s.row.submitted_on is not None}
    outcomes = first_outcomes(books, sent)
    made = [
        Sending(claim_facts(desk, s.claim, s.row.submitted_on), outcomes.get(claim_id), claim_id)
        for claim_id, s in sent.items()
        if s.row.submitted_on is not None
    ]
    return in_order(made), sent
