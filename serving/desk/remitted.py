"""Remittances as they stand in the books: each answer with its lines, what it posted, and the segments that said so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from billing_core.denial import denials, reason_words
from billing_core.ledger import AccountKind, Entry, EntryKind
from billing_core.money import amount_text
from billing_core.provider_adjustment import settlements
from billing_core.remittance import Adjustment, ClaimPayment, ServicePayment
from serving.desk.bank import QUEUE as DEPOSITS
from serving.desk.case import Desk, use_case
from serving.desk.causes import Causes, segments_of_answer
from serving.desk.remittances import UNMATCHED
from serving.errors import InputError
from serving.schemas.money import (
    AnsweredAdjustment,
    AnsweredClaim,
    AnsweredLine,
    AnswerView,
    CarriedItem,
    RemittanceItem,
    RemittanceView,
    SegmentView,
)
from serving.store.files import StoredPayment, StoredRemittance
from serving.store.states import RemittanceState, WorkStatus

if TYPE_CHECKING:
    from billing_core.claim import Claim
    from serving.store.books import Books

PAGE = 100  # claims of a remittance shown at once
_LISTED_MOST = 1000
_METHODS = {"CHK": "check", "ACH": "bank transfer", "NON": "no payment", "CARD": "virtual card", "FWT": "wire"}
STATUS = {  # CLP02: what kind of answer it is; never whether it is a denial
    "1": "as primary",
    "2": "as secondary",
    "3": "as tertiary",
    "4": "denied, says the payer",
    "19": "as primary, passed on",
    "20": "as secondary, passed on",
    "21": "as tertiary, passed on",
    "22": "taken back",
    "23": "not ours, passed on",
    "25": "an estimate, never posted",
}


def _payer_names(books: Books) -> dict[str, str]:
    return {payer.number: payer.name for payer in books.payers()}


@use_case("remittance.read")
def remittances(desk: Desk, books: Books, state: str = "", find: str = "") -> list[RemittanceItem]:
    """The remittances, latest payment first; of one state, or whose trace or payer holds a text, when given."""
    if state and state not in list(RemittanceState):
        raise InputError("unknown state", field="state", mend=f"one of {', '.join(RemittanceState)}")
    names, sought = _payer_names(books), find.strip().casefold()
    rows = books.remittances(RemittanceState(state) if state else None)
    items = [
        RemittanceItem(
            id=row.id,
            payer=names.get(row.payer_number, row.payer_number),
            trace=row.trace,
            paid_on=row.paid_on.isoformat(),
            amount=amount_text(row.amount),
            state=row.state.value,
            reasons=list(row.reasons),
        )
        for row in reversed(rows)
    ]
    return [i for i in items if sought in f"{i.payer} {i.trace}".casefold()][:_LISTED_MOST]


@use_case("remittance.read")
def remittance(desk: Desk, books: Books, remittance_id: str, page: int = 1, find: str = "") -> RemittanceView:
    """One remittance: its payment, a page of its claims, its provider adjustments, and the proof of its cash.

    With `find`, the pages are those of the claims whose number holds it. However many claims there are, a page is read.
    """
    stored, causes, number = books.remittance_head(remittance_id), Causes(books), find.strip()
    given = stored.remittance
    cash = books.totals_from(stored.first_entry, stored.entries).get(AccountKind.CASH, 0)
    adjusted = books.entries_from(stored.first_entry, stored.entries, kind=EntryKind.PROVIDER_ADJUSTMENT)
    payments = books.page_of_payments(stored.id, (max(1, page) - 1) * PAGE, PAGE, number)
    ours = books.claims_by_id(one.claim_id for one in payments if one.claim_id)
    count, paid, unmatched = books.payment_totals(stored.id, number)
    return RemittanceView(
        id=stored.id,
        payer=_payer_names(books).get(given.payer_number, given.payer_name or given.payer_number),
        payer_number=given.payer_number,
        trace=given.trace,
        paid_on=given.paid_on.isoformat(),
        method=_METHODS.get(given.method, given.method),
        amount=amount_text(given.amount),
        state=stored.state.value,
        reasons=list(stored.reasons),
        file_id=stored.file_id,
        file_name=causes.file_name(stored.file_id) if stored.file_id else "",
        set_number=stored.set_number,
        claims_count=count,
        claims_paid=amount_text(paid),
        claims_unmatched=unmatched,
        claims=[_answered(one, ours.get(one.claim_id)) for one in payments],
        provider_adjustments=[causes.movement(e, e.legs) for e in adjusted],
        cash_posted=amount_text(cash),
        deposited=_deposited(books, stored.id),
    )


def _deposited(books: Books, remittance_id: str) -> str:
    """The day of the deposit that was matched to it; "" while none is."""
    found = (w for w in books.work(DEPOSITS, WorkStatus.DONE) if remittance_id in w.body.get("remittances", ()))
    return next((str(work.body["on"]) for work in found), "")


def _patient(one: StoredPayment, ours: Claim | None) -> tuple[str, str]:
    """(patient id, name) of our claim, else the name the payer gives."""
    payment = one.payment
    if ours is not None:
        return ours.patient.id, f"{ours.patient.name.last}, {ours.patient.name.first}"
    return "", ", ".join(part for part in (payment.patient_last, payment.patient_first) if part)


def _answered(one: StoredPayment, ours: Claim | None) -> AnsweredClaim:
    patient_id, patient = _patient(one, ours)
    payment = one.payment
    return AnsweredClaim(
        position=one.position,
        number=payment.number,
        claim_id=one.claim_id,
        patient_id=patient_id,
        patient=patient,
        status=STATUS.get(payment.status, payment.status),
        charge=amount_text(payment.charge),
        paid=amount_text(payment.paid),
        patient_share=amount_text(payment.patient_responsibility),
        denied=len(denials(payment)),
    )


@use_case("remittance.read")
def answer(desk: Desk, books: Books, remittance_id: str, position: int) -> AnswerView:
    """One answer in full: its lines in plain words, every entry it made with its cause, its segments."""
    stored, causes = books.remittance_head(remittance_id), Causes(books)
    one = books.payment_at(remittance_id, position)
    payment, ours = one.payment, books.claim(one.claim_id) if one.claim_id else None
    denied = {d.line for d in denials(payment)}
    patient_id, patient = _patient(one, ours)
    return AnswerView(
        position=position,
        number=payment.number,
        claim_id=one.claim_id,
        claim_number=ours.number if ours else "",
        patient_id=patient_id,
        patient=patient,
        status=STATUS.get(payment.status, payment.status),
        charge=amount_text(payment.charge),
        paid=amount_text(payment.paid),
        adjustments=_adjustments(payment.adjustments),
        lines=[_line(line, number in denied) for number, line in enumerate(payment.services, start=1)],
        entries=[causes.explained(entry) for entry in _entries(books, stored, one, ours)],
        segments=_segments(books, stored, position),
    )


def _line(line: ServicePayment, denied: bool) -> AnsweredLine:
    return AnsweredLine(
        procedure=line.procedure,
        modifiers=list(line.modifiers),
        service_date=line.service_date.isoformat() if line.service_date else "",
        charge=amount_text(line.charge),
        paid=amount_text(line.paid),
        adjustments=_adjustments(line.adjustments),
        remarks=list(line.remarks),
        denied=denied,
    )


def _adjustments(given: Sequence[Adjustment]) -> list[AnsweredAdjustment]:
    return [
        AnsweredAdjustment(
            code=f"{a.group}-{a.reason}", amount=amount_text(a.amount), words=reason_words(a.group, a.reason)
        )
        for a in given
    ]


def _entries(books: Books, stored: StoredRemittance, one: StoredPayment, ours: Claim | None) -> list[Entry]:
    """What the answer posted: in its set, and where a person gave it to a claim, what that posted (and undid)."""
    payment: ClaimPayment = one.payment
    numbers = {payment.number} | ({ours.number} if ours else set())
    found = {e.id: e for n in sorted(numbers) for e in books.entries_from(stored.first_entry, stored.entries, n)}
    for work in books.work(UNMATCHED, None, subject=f"payment:{one.id}"):
        found |= {entry_id: books.entry(entry_id) for entry_id in work.body.get("entries", ())}
    return list(found.values())


def _segments(books: Books, stored: StoredRemittance, position: int) -> list[SegmentView]:
    if not stored.file_id or books.file(stored.file_id).kind != "835":
        return []
    return segments_of_answer(books.file_bytes(stored.file_id), stored.set_number, position)


@use_case("remittance.read")
def carried(desk: Desk, books: Books, every: bool = False) -> list[CarriedItem]:
    """What payers withheld or carry to a later remittance, and have not settled; with `every`, what is settled too."""
    causes = Causes(books)
    found = settlements(books.entries_of_kind(EntryKind.PROVIDER_ADJUSTMENT))
    return [
        CarriedItem(
            payer=causes.party(one.party) or one.party,
            reference=one.reference,
            since=one.since.isoformat(),
            withheld=amount_text(one.withheld),
            carried=amount_text(one.carried),
            open=amount_text(one.open),
            says=_carried_words(one.open),
        )
        for one in found
        if every or one.open
    ]


def _carried_words(open_amount: int) -> str:
    if open_amount > 0:
        return "taken without being announced: ask the payer which claim it collects"
    return "will be taken from a later payment" if open_amount else "settled"
