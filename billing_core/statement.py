"""The guarantor's statement: what is owed for each service, why, and what was paid, in plain words.

The promise: no line while a payer is pending, no statement at zero, and on every line
charge - insurance paid - adjusted - you paid = you owe. The reason is that of the latest movement to the guarantor,
as posting wrote it from the payer's final answer. Procedure names are families in our own words, by ranges of code
numbers (CPT and HCPCS Level II); no code text of others is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from billing_core.account import PAYER_OWNERS, Books, Debtor
from billing_core.charge import Charge
from billing_core.ledger import AccountKind, Entry, EntryKind, Owner
from billing_core.money import Cents
from billing_core.payment_plan import Installment
from billing_core.registration import Guarantor

SELF_PAY = "no insurance on file for the day of the visit"

# (first, last, our words): numeric CPT ranges, both ends included; the first range that holds the code names it.
_CPT: tuple[tuple[int, int, str], ...] = (
    (99202, 99215, "Office visit"),
    (99221, 99239, "Hospital visit"),
    (99242, 99255, "Consultation"),
    (99281, 99288, "Emergency visit"),
    (99304, 99316, "Nursing facility visit"),
    (99341, 99350, "Home visit"),
    (99381, 99397, "Preventive visit"),
    (99401, 99429, "Counseling"),
    (99421, 99443, "Phone or online visit"),
    (90460, 90474, "Giving a vaccine"),
    (90476, 90759, "Vaccine"),
    (90785, 90899, "Mental health care"),
    (90935, 90999, "Dialysis"),
    (92002, 92499, "Eye care"),
    (92502, 92700, "Ear, nose and throat care"),
    (92920, 93998, "Heart and blood vessel care"),
    (94002, 94799, "Breathing test or treatment"),
    (95004, 95199, "Allergy test or treatment"),
    (95782, 96020, "Nerve, muscle or sleep test"),
    (96105, 96171, "Testing or assessment"),
    (96360, 96379, "Infusion or injection"),
    (96401, 96549, "Chemotherapy"),
    (96900, 96999, "Skin treatment"),
    (97010, 97799, "Physical or occupational therapy"),
    (98925, 98943, "Manual treatment"),
    (36400, 36425, "Blood draw"),
    (100, 1999, "Anesthesia"),
    (10004, 69990, "Procedure or surgery"),
    (70010, 79999, "X-ray or imaging"),
    (80047, 89398, "Laboratory test"),
    (90281, 99607, "Medical service"),
)
_HCPCS = {
    "A": "Supplies or transport",
    "B": "Nutrition supplies",
    "C": "Hospital outpatient item",
    "D": "Dental care",
    "E": "Medical equipment",
    "G": "Medical service",
    "H": "Mental health or substance use care",
    "J": "Medicine",
    "K": "Medical equipment",
    "L": "Brace or prosthesis",
    "M": "Medical service",
    "P": "Laboratory service",
    "Q": "Medicine or supply",
    "R": "Portable imaging",
    "S": "Medical service",
    "T": "Medical service",
    "V": "Vision or hearing item",
}


def procedure_words(code: str) -> str:
    """The family of a procedure, in our words.

    >>> procedure_words("99213"), procedure_words("J1885"), procedure_words("0001F")
    ('Office visit', 'Medicine', 'Medical service')
    """
    if code[:1].isalpha():
        return _HCPCS.get(code[0].upper(), "Medical service")
    if code.isdigit():
        for first, last, words in _CPT:
            if first <= int(code) <= last:
                return words
    return "Medical service"


CYCLE_DAYS = 28  # between two statements to one guarantor
MOST_IN_A_ROW = 3  # statements of a balance that nobody pays; then a person decides what comes next


def statement_due(sent: Sequence[tuple[date, Cents]], total: Cents, today: date) -> bool:
    """Whether a guarantor who owes `total` gets a statement today; `sent` are (day, total) of theirs, oldest first.

    Not within CYCLE_DAYS of the last one, and not when the last MOST_IN_A_ROW all asked for this much or more: paper
    that nobody answers is not mended by more paper.
    >>> day = date(2026, 1, 1)
    >>> statement_due([], 100, day), statement_due([(day, 100)], 100, day)
    (True, False)
    """
    if not sent:
        return True
    last, unanswered = sent[-1][0], sent[-MOST_IN_A_ROW:]
    in_vain = len(unanswered) == MOST_IN_A_ROW and all(total <= asked for _, asked in unanswered)
    fell = any(later < earlier for (_, earlier), (_, later) in pairwise(unanswered)) or total < sent[-1][1]
    return (today - last).days >= CYCLE_DAYS and (fell or not in_vain)


@dataclass(frozen=True, slots=True)
class Names:
    """What the records that a statement names by id are called: charge -> patient, charge -> who gave the care,
    payer -> insurance.
    """

    patients: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)
    payers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InsuranceAnswer:
    """What one insurance did about a service: what it paid, and the day of its latest answer that stands."""

    payer: str
    paid: Cents
    on: date


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One service the guarantor owes for. charge - insurance_paid - adjusted - you_paid = you_owe."""

    charge_id: str
    service_date: date
    procedure: str
    words: str
    charge: Cents
    insurance_paid: Cents
    adjusted: Cents
    you_paid: Cents
    you_owe: Cents
    reason: str
    patient: str = ""
    provider: str = ""
    insurance: tuple[InsuranceAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of the guarantor's: the day and the whole amount."""

    on: date
    amount: Cents


@dataclass(frozen=True, slots=True)
class Statement:
    """What one guarantor owes on a day. `due` = `total` - `credit` (money of theirs not yet put to any charge).

    With a payment plan that is not broken, the statement asks for its next `installment` and not for the whole.
    """

    guarantor: Guarantor
    on: date
    lines: tuple[StatementLine, ...]
    payments: tuple[Payment, ...]
    total: Cents
    credit: Cents
    due: Cents
    installment: Installment | None = None

    @property
    def asked(self) -> Cents:
        """What the statement asks for now."""
        return self.due if self.installment is None else min(self.due, self.installment.amount)

    @property
    def pay_by(self) -> date:
        """The day by which it asks for it: before the next statement goes out, or as the plan says."""
        return self.on + timedelta(CYCLE_DAYS) if self.installment is None else self.installment.due


def _reason(books: Books, charge_id: str, debtor: Debtor) -> str:
    """Why the guarantor owes it: the words of the latest movement to them that stands, else that of self-pay."""
    for entry in reversed(books.entries(charge_id)):
        gained = any(
            leg.charge_id == charge_id
            and leg.amount > 0
            and (leg.account.owner, leg.account.party) == (debtor.owner, debtor.party)
            for leg in entry.legs
        )
        if gained and entry.kind is EntryKind.MOVE and not books.is_reversed(entry):
            return entry.cause.reason
    return SELF_PAY


def _insurance(books: Books, charge_id: str, payers: Mapping[str, str]) -> tuple[InsuranceAnswer, ...]:
    """Each insurance that answered and whose answer stands, in the order of the first answers."""
    paid: dict[str, Cents] = {}
    latest: dict[str, date] = {}
    for entry in books.entries(charge_id):
        if entry.kind not in (EntryKind.INSURANCE_PAYMENT, EntryKind.MOVE) or books.is_reversed(entry):
            continue
        for leg in entry.legs:
            party, cash = leg.account.party, leg.account.kind is AccountKind.CASH
            gave_up = leg.account.owner in PAYER_OWNERS and leg.amount < 0
            if leg.charge_id == charge_id and party in payers and (cash or gave_up):
                paid[party] = paid.get(party, 0) + (leg.amount if cash else 0)
                latest[party] = max(entry.effective, latest.get(party, entry.effective))
    return tuple(InsuranceAnswer(payers[party], amount, latest[party]) for party, amount in paid.items())


def _line(charge: Charge, books: Books, debtor: Debtor, names: Names) -> StatementLine | None:
    standing = books.standing(charge.id)
    if standing.debtor != debtor or standing.open <= 0:
        return None
    return StatementLine(
        charge_id=charge.id,
        service_date=charge.service_date,
        procedure=charge.procedure,
        words=procedure_words(charge.procedure),
        charge=standing.charged,
        insurance_paid=standing.insurance_paid,
        adjusted=standing.contractual + standing.written_off,
        you_paid=standing.patient_paid,
        you_owe=standing.open,
        reason=_reason(books, charge.id, debtor),
        patient=names.patients.get(charge.id, ""),
        provider=names.providers.get(charge.id, ""),
        insurance=_insurance(books, charge.id, names.payers),
    )


def _payments(entries: Sequence[Entry], guarantor_id: str) -> tuple[Payment, ...]:
    """What the guarantor paid, a payment each, oldest first; those undone since are left out."""
    undone = {entry.reverses for entry in entries if entry.reverses}
    found = []
    for entry in entries:
        if entry.kind is EntryKind.PATIENT_PAYMENT and entry.id not in undone:
            paid = [leg for leg in entry.legs if leg.account.kind is AccountKind.CASH]
            amount = sum(leg.amount for leg in paid if leg.account.party == guarantor_id)
            if amount:
                found.append(Payment(entry.effective, amount))
    return tuple(sorted(found, key=lambda payment: payment.on))


def statement(
    guarantor: Guarantor,
    charges: Iterable[Charge],
    entries: Sequence[Entry],
    on: date,
    *,
    credit: Cents | None = None,
    names: Names | None = None,
    installment: Installment | None = None,
) -> Statement | None:
    """The guarantor's statement as of `entries`, or None when nothing is due.

    `charges` are those of the guarantor's patients; `entries` all that touch them. Charges that a payer or collections
    still holds are left out. `credit`, which lowers what is due, is that of the guarantor's account as a whole; when it
    is not given, `entries` must be all of theirs, and it is added up from them.
    """
    books = Books(entries)
    debtor = Debtor(Owner.GUARANTOR, guarantor.id)
    candidates = [_line(charge, books, debtor, names or Names()) for charge in charges]
    lines = sorted(
        (line for line in candidates if line is not None),
        key=lambda line: (line.service_date, line.procedure, line.charge_id),
    )
    total = sum(line.you_owe for line in lines)
    held = max(0, books.credit(guarantor.id) if credit is None else credit)
    if total - held <= 0:
        return None
    paid = _payments(entries, guarantor.id)
    return Statement(guarantor, on, tuple(lines), paid, total, held, total - held, installment)
