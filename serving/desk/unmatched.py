"""Answers that match no claim of ours: each waits with ranked candidates until somebody says what it is.

To assign one posts it on the claim chosen and frees the money that was held; to undo that takes every entry back, as
long as nothing later stands on the charges. To leave one says that it is no claim of ours; its money stays unapplied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from billing_core import matching, posting
from billing_core.account import Books as Accounts
from billing_core.claim import ADJUDICATED, LEGAL_STEPS, Claim, ClaimState
from billing_core.denial import denials, outcome
from billing_core.ledger import Cause, Entry
from billing_core.matching import Matched
from billing_core.money import amount_text
from serving.desk.case import Desk, use_case
from serving.desk.coding import full_name
from serving.desk.contradicted import answer_removed, answers_in_force
from serving.desk.outcomes import UNDONE
from serving.desk.remittances import UNMATCHED, step_claims, step_event
from serving.errors import Conflict, NotFound
from serving.schemas.money import AssignIn, CandidateView, ReasonIn, UnmatchedItem
from serving.store.queues import StoredWork
from serving.store.states import WorkStatus

if TYPE_CHECKING:
    from serving.store.books import Books

LEFT = "left: "
_MEND = "look at the queue of unmatched answers"


def _item(books: Books, work: StoredWork) -> UnmatchedItem:
    stored = books.claim_payment(str(work.body["payment_id"]))
    remittance = books.remittance_row(stored.remittance_id)
    payment = stored.payment
    claim_number = books.claim(stored.claim_id).number if stored.claim_id else ""
    state = "open" if work.status is WorkStatus.OPEN else "left" if work.outcome.startswith(LEFT) else "assigned"
    return UnmatchedItem(
        id=work.id,
        status=state,
        number=payment.number,
        payer=next((p.name for p in books.payers() if p.number == remittance.payer_number), remittance.payer_number),
        trace=remittance.trace,
        paid_on=remittance.paid_on.isoformat(),
        charge=amount_text(payment.charge),
        paid=amount_text(payment.paid),
        service_date=payment.service_date.isoformat() if payment.service_date else "",
        member_id=payment.member_id,
        claim_number=claim_number,
        candidates=_candidates(books, work.body["candidates"]),
        patient=", ".join(part for part in (payment.patient_last, payment.patient_first) if part),
        procedures=[line.procedure for line in payment.services],
        outcome=work.outcome.removeprefix(LEFT),
    )


def _candidates(books: Books, ranked: Sequence[Mapping[str, Any]]) -> list[CandidateView]:
    ours = books.claims_by_number(c["number"] for c in ranked)
    views = []
    for candidate in ranked:
        standing = ours[candidate["number"]]
        views.append(
            CandidateView(
                claim_number=standing.claim.number,
                score=candidate["score"],
                agreed=list(candidate["agreed"]),
                patient=full_name(standing.claim.patient.name),
                payer=standing.claim.payer.name,
                service_date=standing.claim.service_date.isoformat(),
                charge=amount_text(standing.claim.total),
                state=standing.state,
            )
        )
    return views


@use_case("remittance.read")
def unmatched(desk: Desk, books: Books, every: bool = False) -> list[UnmatchedItem]:
    """The answers that wait for a claim; with `every`, those assigned and left too."""
    return [_item(books, work) for work in books.work(UNMATCHED, None if every else WorkStatus.OPEN)]


def _work(books: Books, work_id: str, status: WorkStatus) -> StoredWork:
    work = books.work_item(work_id)
    if work.queue != UNMATCHED:
        raise NotFound("unmatched answer")
    if work.status is not status:
        said = "is decided already" if work.status is WorkStatus.DONE else "is not assigned"
        raise Conflict(f"this answer {said}", mend=_MEND)
    return work


def _entries(books: Books, ids: Sequence[str]) -> list[Entry]:
    return [books.entry(entry_id) for entry_id in ids]


@use_case("remittance.post")
def assign(desk: Desk, books: Books, work_id: str, choice: AssignIn) -> UnmatchedItem:
    """Give the answer to a claim of ours: it posts there, and what was held unapplied is freed."""
    work = _work(books, work_id, WorkStatus.OPEN)
    standing = books.claim_by_number(choice.claim_number)
    if standing.row.submitted_on is None:
        raise Conflict("this claim was never sent", mend="choose a claim that a payer can have answered")
    stored = books.claim_payment(str(work.body["payment_id"]))
    remittance = books.remittance(stored.remittance_id)
    matched = _matched(books, stored.payment, standing.claim)
    accounts = Accounts(books.entries_on(standing.claim.charge_ids))
    place = f"file {remittance.file_id} set {remittance.set_number} claim {stored.position}"
    source = f"{place} assigned by {desk.actor.login}"
    held = _entries(books, work.body["held"])
    done = posting.assign(
        stored.payment, matched, accounts, held, books.new_id, source, desk.today(books), desk.actor.login
    )
    books.append_entries(done.entries)
    books.match_payment(stored.id, standing.claim.id)
    answer = posting.Answered(
        stored.position, stored.payment.number, standing.claim.id, outcome(stored.payment), denials(stored.payment)
    )
    step_claims(
        desk,
        books,
        remittance.remittance,
        [answer],
        {standing.claim.id: (standing.claim, standing.state)},
        {stored.position: stored.id},
    )
    _keep(books, work, {"entries": [entry.id for entry in done.entries]})
    books.finish_work(work.id, f"assigned to claim {standing.claim.number}")
    books.log(desk.actor, "remittance.post", standing.claim.id, reason="unmatched answer assigned")
    return _item(books, books.work_item(work.id))


def _matched(books: Books, payment: Any, claim: Claim) -> Matched:
    debtor = matching.next_debtor(claim, books.coverages(claim.patient.id))
    return Matched(claim, matching.match_lines(payment, claim), debtor, claim.patient.guarantor_id)


def _keep(books: Books, work: StoredWork, more: Mapping[str, Any]) -> None:
    books.save_work([replace(work, body={**work.body, **more})])


@use_case("remittance.post")
def undo_assignment(desk: Desk, books: Books, work_id: str, why: ReasonIn) -> UnmatchedItem:
    """Take the answer from its claim again: the money is unapplied as before, and the answer waits in the queue."""
    work = _work(books, work_id, WorkStatus.DONE)
    if work.outcome.startswith(LEFT):
        _keep(books, replace(work, status=WorkStatus.OPEN, outcome=""), {})
        return _item(books, books.work_item(work_id))
    stored = books.claim_payment(str(work.body["payment_id"]))
    claim = books.claim(stored.claim_id)
    accounts = Accounts(books.entries_on(claim.charge_ids))
    cause = Cause(f"person {desk.actor.login}", claim.number, f"the assignment was undone: {why.reason}")
    done = _entries(books, work.body["entries"])
    undone = posting.undo(done, accounts, books.new_id, desk.today(books), cause)
    books.append_entries(undone)
    held = set(work.body["held"])
    freed = {entry.id for entry in done if entry.reverses in held}
    books.match_payment(stored.id, "")
    _step_back(desk, books, stored.claim_id, stored.id)
    body = {**work.body, "held": [entry.id for entry in undone if entry.reverses in freed], "entries": []}
    books.save_work([replace(work, status=WorkStatus.OPEN, outcome="", body=body)])
    books.log(desk.actor, "remittance.post", claim.id, reason=f"assignment undone: {why.reason}")
    return _item(books, books.work_item(work.id))


def _step_back(desk: Desk, books: Books, claim_id: str, payment_id: str) -> None:
    """The claim stands as the first of the answers that are left decided it, as it would without this one; where none
    is left, as one whose payer took its answer back. What this one denied was never denied of this claim.
    """
    at = books.standing_claim(claim_id).state
    left = (outcome(a.payment) for a in answers_in_force(books, claim_id))
    decided = next((state for state in left if state in ADJUDICATED), None)
    if steps := _way(at, decided):
        books.step_claims({claim_id: (at, steps[-1])})
        books.log_all(desk.actor, [step_event(claim_id, a, b, UNDONE) for a, b in pairwise([at, *steps])])
    answer_removed(books, claim_id, UNDONE)
    books.remove_denials(payment_id)


def _way(at: ClaimState, decided: ClaimState | None) -> list[ClaimState]:
    """The steps from where the claim stands to what its answers say (None: none is left); none where a person has
    ended or replaced it since.
    """
    if decided is None:
        return [ClaimState.REVERSED] if ClaimState.REVERSED in LEGAL_STEPS[at] else []
    if at is decided or at not in (*ADJUDICATED, ClaimState.REVERSED):
        return []
    return [decided] if at is ClaimState.REVERSED else [ClaimState.REVERSED, decided]


@use_case("remittance.post")
def leave(desk: Desk, books: Books, work_id: str, why: ReasonIn) -> UnmatchedItem:
    """Say that the answer is for no claim of ours; its money stays unapplied for the payer."""
    work = _work(books, work_id, WorkStatus.OPEN)
    books.finish_work(work.id, f"{LEFT}{why.reason}")
    books.log(desk.actor, "remittance.post", work.id, reason=f"{LEFT}{why.reason}")
    return _item(books, books.work_item(work.id))
