"""Nothing silent: each visit ends in a charge or a reason, each claim sent in an answer or a dated follow-up, each
appeal filed in a decision, each remittance in its posting or a person's word.

A claim that no 835 has decided FOLLOW_UP_DAYS after it was sent, or after the payer took its answer back, gets one item
in the queue "follow-up"; the item ends by itself when the answer comes. What has not ended yet is listed with its age
and the mend.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import repeat
from typing import TYPE_CHECKING

from billing_core import claim_build
from billing_core.charge import Capture, capture
from billing_core.claim import REFUSED_BY_PAYER, ClaimState
from billing_core.cycle import first_debtor
from billing_core.denial import outcome
from billing_core.encounter import Encounter
from serving.desk import held, verification
from serving.desk.case import Desk, use_case
from serving.desk.coding import bill_visit, full_name, registration
from serving.desk.contradicted import ASK, in_force
from serving.desk.contradicted import QUEUE as CONTRADICTED
from serving.desk.secondary import QUEUE as ONWARD
from serving.ids import local_day
from serving.schemas.coding import SignatureIn
from serving.schemas.money import OpenEnd
from serving.store.queues import StoredWork
from serving.store.states import AppealState, EncounterStatus

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.claims import ClaimRow
    from serving.store.encounters import Visit

QUEUE = "follow-up"
FOLLOW_UP_DAYS = 30  # prompt-payment laws give payers 30 days for an electronic claim, in most states
_OUT = (ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.PENDED)


@use_case("queue.work")
def find_silent(desk: Desk, books: Books) -> int:
    """Open a follow-up for each claim that waits too long, end those that are answered; returns how many are open."""
    today, awaited = desk.today(books), _awaited(books)
    waiting = {work.claim_id: work for work in books.work(QUEUE)}
    still = {row.id for row, _ in awaited}
    for claim_id, work in waiting.items():
        if claim_id not in still:
            books.finish_work(work.id, "the payer answered")
    silent = [row for row, since in awaited if since + timedelta(days=FOLLOW_UP_DAYS) <= today]
    books.save_work(
        StoredWork(
            books.new_id(), QUEUE, f"claim:{row.id}", today, row.total, due=today, claim_id=row.id,
            reason=f"no answer in {FOLLOW_UP_DAYS} days: ask the payer for its status",
        )
        for row in silent
        if row.id not in waiting
    )  # fmt: skip
    return len(silent)


def _awaited(books: Books) -> list[tuple[ClaimRow, date]]:
    """The claims whose payers owe an answer, and since when: the day a claim was sent, or its answer was taken back.
    An answer taken back for the claim that was sent in its place is owed for that one.
    """
    zone = books.practice().zone
    found = [(row, row.submitted_on or row.created_on) for row in books.claim_rows(_OUT)]
    taken_back = books.claim_rows(ClaimState.REVERSED)
    events = books.events_of((row.id for row in taken_back), f"claim.{ClaimState.REVERSED}")
    replaced = books.replaced_claims(row.encounter_id for row in taken_back)
    for row in taken_back:
        if row.id not in replaced:
            days = [local_day(event.at, zone) for event in events.get(row.id, ())]
            found.append((row, max(days, default=row.submitted_on or row.created_on)))
    return found


# --- what has not ended yet -------------------------------------------------------------------------------------------

_UNBILLED = {
    EncounterStatus.OPEN: ("nobody has coded the visit", "code it, or close it with a reason"),
    EncounterStatus.CODED: ("the visit is coded and not signed", "sign it, or close it with a reason"),
    EncounterStatus.SIGNED: ("the visit is signed and not charged", "close it with a reason"),
}
_UNSENT = {
    ClaimState.HELD: ("claim held by an edit", "mend it in the queue"),
    ClaimState.READY: ("claim ready and not sent", "send the ready claims"),
    ClaimState.REJECTED: ("claim rejected before the payer decided", "mend it in the queue"),
}


@use_case("queue.read")
def open_ends(desk: Desk, books: Books) -> list[OpenEnd]:
    """Visits without a charge or a reason; claims without an answer, with two that disagree, or held up on the way to
    the next payer; appeals that are not decided, or won and not paid; remittances that are held; questions about
    coverages and their answers that lead nowhere; the oldest first. One claim may stand here under several kinds.
    """
    today = desk.today(books)
    found = _visits(books, today)
    asked = {work.claim_id: work.created_on for work in books.work(QUEUE)}
    for row in books.claim_rows(_UNSENT):
        words, mend = _UNSENT[row.state]
        found.append(_end("claim", row.id, f"{row.number}: {words}", row.submitted_on or row.created_on, today, mend))
    for row, since in _awaited(books):
        if row.id in asked:
            words, mend = f"claim without an answer; follow-up of {asked[row.id]}", "ask the payer for its status"
        else:
            words, mend = f"claim {row.state}", f"wait: a follow-up opens on {since + timedelta(days=FOLLOW_UP_DAYS)}"
        found.append(_end("claim", row.id, f"{row.number}: {words}", since, today, mend))
    onward, contradicted, filed = books.work(ONWARD), books.work(CONTRADICTED), books.appeals(state=AppealState.FILED)
    claims = books.claims_by_id(each.claim_id for some in (onward, contradicted, filed) for each in some)
    for work in onward:
        words = f"{claims[work.claim_id].number}: the next payer's claim waits, because {work.reason}"
        mend = str(work.body.get("mend", "when it is answered, the night corrects it"))
        found.append(_end("next payer", work.claim_id, words, work.created_on, today, mend))
    for one in filed:
        words = f"{claims[one.claim_id].number}: appeal of level {one.level} is not decided"
        mend = "ask the payer; record under Appeals what it decides"
        found.append(_end("appeal", one.id, words, one.filed_on or one.drafted_on, today, mend))
    found += _won(books, today)
    for work in contradicted:
        words = f"{claims[work.claim_id].number}: {work.reason}"
        found.append(_end("answer", work.claim_id, words, work.created_on, today, ASK))
    for silent in verification.unanswered(books, today):
        found.append(_end(silent.kind, silent.id, silent.what, silent.since, today, silent.mend))
    for work in books.work(held.QUEUE):
        found.append(_end("remittance", work.id, held.words(work), work.created_on, today, str(work.body["mend"])))
    return sorted(found, key=lambda end: (-end.days, end.kind, end.id))


def _visits(books: Books, today: date) -> list[OpenEnd]:
    waiting = [(visit, *words) for status, words in _UNBILLED.items() for visit in books.encounters(status)]
    patients = books.patients_by_id(visit.encounter.patient_id for visit, _, _ in waiting)
    return [
        _end(
            "visit", visit.encounter.id, f"{full_name(patients[visit.encounter.patient_id].name)}: {words}",
            visit.encounter.service_date, today, "; ".join([*_hindered(books, visit, today), mend]),
        )
        for visit, words, mend in waiting
    ]  # fmt: skip


def _won(books: Books, today: date) -> list[OpenEnd]:
    """Appeals that were won, and no answer came since that takes the refusal back or pays beside it."""
    won = books.appeals(state=AppealState.OVERTURNED)
    standing = books.standing_claims(one.claim_id for one in won)
    refused = [one for one in won if standing[one.claim_id].state in REFUSED_BY_PAYER]
    answers = books.answers_of(one.claim_id for one in refused)
    found = []
    for one in refused:
        last = in_force(answers.get(one.claim_id, ()))[-1:]
        if all(outcome(each.payment) in REFUSED_BY_PAYER for each in last):
            number = standing[one.claim_id].row.number
            words = f"{number}: appeal of level {one.level} is won, and nothing came of it yet"
            found.append(_end("appeal", one.id, words, one.decided_on or today, today, "ask the payer for the payment"))
    return found


def _built(books: Books, encounter: Encounter, today: date) -> tuple[Capture, claim_build.Built]:
    """The visit as it would be billed now; nothing is written and no claim number is used up."""
    taken = capture(books.signed(encounter.id), books.chargemaster(), books.new_id)
    known = registration(books, encounter)
    return taken, claim_build.build_claims(taken, encounter, known, repeat(""), books.new_id, today)


def _hindered(books: Books, visit: Visit, today: date) -> list[str]:
    """What keeps a signed visit from being billed, each with its mend."""
    if visit.status is not EncounterStatus.SIGNED:
        return []
    taken, built = _built(books, visit.encounter, today)
    return [f"{f.message}: {f.mend}" for f in (*taken.findings, *built.findings)]


@use_case("claim.build")
def bill_signed(desk: Desk, books: Books) -> int:
    """Bill what was signed and could not be billed that day, where nothing hinders it any more; returns how many."""
    today, billed = desk.today(books), 0
    for visit in books.encounters(EncounterStatus.SIGNED):
        encounter = visit.encounter
        taken, built = _built(books, encounter, today)
        if taken.charges and first_debtor(built, books.patient(encounter.patient_id)) is not None:
            bill_visit(desk, books, encounter, taken, SignatureIn(), today)
            books.log(desk.actor, "claim.build", encounter.id, reason="signed before, billed now")
            billed += 1
    return billed


def _end(kind: str, name: str, what: str, since: date, today: date, mend: str) -> OpenEnd:
    days = max(0, (today - since).days)
    return OpenEnd(kind=kind, id=name, what=what, since=since.isoformat(), days=days, mend=mend)
