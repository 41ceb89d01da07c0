"""A remittance into the books, whichever way it came: matched, posted whole or held whole with the reason.

What matches no claim of ours is unapplied, and waits in the queue "unmatched" with its ranked candidates. Everything
a set needs is read at once, and written at once: a file of twenty thousand claims is some dozen statements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from billing_core import matching, posting
from billing_core.claim import ADJUDICATED, LEGAL_STEPS, Billed, ClaimState
from billing_core.contract import Contract
from billing_core.ledger import Entry
from billing_core.matching import Matched
from billing_core.record import to_plain
from billing_core.remittance import ClaimPayment, Remittance
from billing_core.x12.segment import collector_paused
from serving.desk import held
from serving.desk.case import Desk
from serving.desk.coding import findings_view
from serving.desk.contradicted import TAKEN_BACK, Again, settle, tell
from serving.errors import NotFound
from serving.schemas.billing import ReceiptView
from serving.store.events import Happened
from serving.store.files import StoredDenial
from serving.store.queues import StoredWork
from serving.store.states import DenialStatus, RemittanceState

if TYPE_CHECKING:
    from serving.store.books import Books

UNMATCHED = "unmatched"
CANDIDATES_MOST = 500  # claims looked at for one file's unmatched answers


@dataclass(frozen=True, slots=True)
class Place:
    """Where a set stands: the file, and its position in it from 1."""

    file_id: str
    position: int

    @property
    def source(self) -> str:
        """The set as the ledger names it."""
        return f"file {self.file_id} set {self.position}"


def post_set(desk: Desk, books: Books, place: Place, remittance: Remittance, receipt: ReceiptView) -> None:
    """Match, post or hold one transaction set; the receipt counts what became of it."""
    with collector_paused():
        _post_set(desk, books, place, remittance, receipt)


def _post_set(desk: Desk, books: Books, place: Place, remittance: Remittance, receipt: ReceiptView) -> None:
    standing = books.claims_answered(p.number for p in remittance.claims)
    ours = {number: claim for number, (claim, _) in standing.items()}
    matches = _matches(books, remittance, ours)
    posted = _posted(desk, books, place, remittance, matches)
    said = f"set {place.position}"
    if posted.repeated:
        receipt.held.append(f"{said}: posted before; nothing changed")
        return
    matched = {position: m.claim.id for position, m in enumerate(matches, start=1) if m}
    state = RemittanceState.HELD if posted.held else RemittanceState.POSTED
    entries = (books.entry_count() + 1, len(posted.entries))
    remittance_id, is_new = books.add_remittance(
        remittance, place.file_id, state, posted.held, matched, place.position, entries
    )
    receipt.claims += len(remittance.claims)
    receipt.held += [f"{said}: {why}" for why in posted.held]
    if posted.held:
        held.wait(desk, books, remittance_id, remittance, posted.held, held.CORRECTED if is_new else held.WHICH)
        return
    if not is_new:
        why = "the trace was posted before for another payee: ask the payer which is right"
        receipt.held.append(f"{said}: {why}")
        held.wait(desk, books, remittance_id, remittance, [why], held.WHICH)
        return
    held.release(books, remittance_id, remittance, f"posted: {place.source}")
    books.append_entries(posted.entries)
    receipt.posted += 1
    receipt.unmatched += len(remittance.claims) - len(matched)
    receipt.findings += findings_view(posted.findings)
    ids = books.payment_ids(remittance_id)
    step_claims(
        desk, books, remittance, posted.answers, {claim.id: (claim, at) for claim, at in standing.values()}, ids
    )
    _keep_unmatched(desk, books, remittance, matched, posted.entries, ids)


def _matches(books: Books, remittance: Remittance, ours: Mapping[str, Billed]) -> list[Matched | None]:
    ranks = {claim.coverage_rank for claim in ours.values()}
    later = min(ranks) + 1 if ranks else 1  # whose turn comes next is asked of the later coverages alone
    covered = books.coverages_of((claim.patient_id for claim in ours.values()), from_rank=later)
    return [matching.match(p, ours, lambda patient: covered.get(patient, ())) for p in remittance.claims]


def _posted(
    desk: Desk, books: Books, place: Place, remittance: Remittance, matches: list[Matched | None]
) -> posting.Posted:
    history = books.entries_on({line.charge_id for m in matches if m for line in m.claim.lines})
    return posting.post_remittance(
        remittance,
        matches,
        history,
        books.new_id,
        place.source,
        desk.today(books),
        payer_id(books, remittance.payer_number),
        _known(books, remittance.trace),
        books.reversals(remittance.payer_number) if remittance.provider_adjustments else {},
    )


def payer_id(books: Books, number: str) -> str:
    """Our id of the payer with that number; "" when we have none."""
    return next((payer.id for payer in books.payers() if payer.number == number), "")


def _known(books: Books, trace: str) -> dict[str, str]:
    """The remittances posted before under this trace, by key."""
    posted = books.remittances(RemittanceState.POSTED, trace=trace)
    return dict(posting.remittance_key(books.remittance(row.id).remittance) for row in posted)


# --- what an answer does to its claim ---------------------------------------------------------------------------------


def step_claims(
    desk: Desk,
    books: Books,
    remittance: Remittance,
    answers: Iterable[posting.Answered],
    standing: Mapping[str, tuple[Billed, ClaimState]],
    payment_ids: Mapping[int, str],
) -> None:
    """Each answered claim goes its step, with its line in the event log; denied lines go to the denials.

    `standing` has the claims answered by id, each with where it stands.
    """
    now = {claim_id: at for claim_id, (_, at) in standing.items()}
    happened: list[Happened] = []
    denials: list[StoredDenial] = []
    again: list[Again] = []
    for answer in _in_step_order(answers, now):
        payment, at, to = remittance.claims[answer.position - 1], now[answer.claim_id], answer.state
        if to is not at and to in LEGAL_STEPS[at]:
            now[answer.claim_id] = to
            happened.append(step_event(answer.claim_id, at, to, f"835 claim {answer.position}"))
        if not payment.is_reversal:
            claim, payment_id = standing[answer.claim_id][0], payment_ids[answer.position]
            denials += _denials(books, answer, claim, payment_id, remittance.paid_on)
            if at in ADJUDICATED:
                again.append(Again(claim, payment, payment_id))
    settle(books, (h.subject for h in happened if h.action == f"claim.{ClaimState.REVERSED}"), TAKEN_BACK)
    tell(desk, books, again)
    books.step_claims({c: (standing[c][1], to) for c, to in now.items() if to is not standing[c][1]})
    books.log_all(desk.actor, happened)
    books.add_denials(denials)


def _in_step_order(answers: Iterable[posting.Answered], now: Mapping[str, ClaimState]) -> list[posting.Answered]:
    """The order of the file, but what is taken back of an earlier file comes before its correction, as in posting."""
    ours = [answer for answer in answers if answer.claim_id]
    return sorted(ours, key=lambda a: not (a.state is ClaimState.REVERSED and a.state in LEGAL_STEPS[now[a.claim_id]]))


def step_event(claim_id: str, at: ClaimState, to: ClaimState, why: str) -> Happened:
    """A claim's step as the event log writes it."""
    return Happened(f"claim.{to}", claim_id, why, _standing_hash(claim_id, at), _standing_hash(claim_id, to))


def _standing_hash(claim_id: str, state: ClaimState) -> str:
    """`record.digest` of {"claim": its id, "state": where it stands}, spelled at once: a file steps many thousand."""
    return hashlib.sha256(f'{{"claim":{encode_basestring(claim_id)},"state":"{state}"}}'.encode()).hexdigest()


def _denials(
    books: Books, answer: posting.Answered, claim: Billed, payment_id: str, paid_on: date
) -> list[StoredDenial]:
    if not answer.denials:
        return []
    contract = contract_of(books, claim.payer_id, claim.service_date)
    deadline = contract.correct_by(paid_on) if contract else None  # from the remittance, whenever it was read
    return [
        StoredDenial(
            books.new_id(), answer.claim_id, payment_id, d.line, d.category, d.amount, paid_on, deadline,
            DenialStatus.OPEN, to_plain(d),
        )
        for d in answer.denials
    ]  # fmt: skip


def contract_of(books: Books, payer_id: str, on: date) -> Contract | None:
    """The contract with that payer in force on the day; None when we have none."""
    try:
        return books.contract(payer_id, on)
    except NotFound:
        return None


# --- what matches nothing ---------------------------------------------------------------------------------------------


def _keep_unmatched(
    desk: Desk,
    books: Books,
    remittance: Remittance,
    matched: Mapping[int, str],
    entries: Iterable[Entry],
    payment_ids: Mapping[int, str],
) -> None:
    """A work item for each answer that found no claim: its money, the entry that holds it, its ranked candidates."""
    strangers = [(n, p) for n, p in enumerate(remittance.claims, start=1) if n not in matched]
    if not strangers:
        return
    resembling = books.claims_resembling(
        books.patients_of_members(p.member_id for _, p in strangers if p.member_id),
        {p.service_date for _, p in strangers if p.service_date},
        CANDIDATES_MOST,
    )
    unapplied = _unapplied(entries)
    items = []
    for position, payment in strangers:
        entry = unapplied.get((payment.number, payment.paid), [])
        body: dict[str, Any] = {
            "payment_id": payment_ids[position],
            "held": [entry.pop(0)] if entry else [],
            "candidates": [to_plain(c) for c in matching.candidates(payment, resembling)],
        }
        items.append(_unmatched_item(books, desk.today(books), payment, body))
    books.save_work(items)


def _unmatched_item(books: Books, today: date, payment: ClaimPayment, body: dict[str, Any]) -> StoredWork:
    reason = "an answer to a claim that was not found; its money is unapplied"
    subject = f"payment:{body['payment_id']}"
    return StoredWork(books.new_id(), UNMATCHED, subject, today, payment.paid, reason=reason, body=body)


def _unapplied(entries: Iterable[Entry]) -> dict[tuple[str, int], list[str]]:
    """(number in the file, cents) -> the entries that hold the money of unmatched answers, in order."""
    found: dict[tuple[str, int], list[str]] = {}
    for entry in entries:
        if entry.cause.reason == posting.NOT_FOUND:
            amount = sum(leg.amount for leg in entry.legs if leg.amount > 0)
            sign = 1 if entry.legs[0].amount > 0 else -1
            found.setdefault((entry.cause.reference, sign * amount), []).append(entry.id)
    return found
