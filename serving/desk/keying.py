"""A batch of paper while it is keyed: kept as it is typed, held against its totals, posted only when nothing is left.

The draft is kept at every change, so that a batch half typed is there tomorrow and on another machine. It balances at
each line, each claim, each payment and against the control totals of the whole batch, by the law of an 835
(`billing_core.remittance`); what does not agree is said with its place. Posting makes it the same remittances as a
keyed file (`keyed`), all of them or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from billing_core.errors import MoneyError
from billing_core.money import Cents, amount_text, parse_amount
from billing_core.record import canonical
from billing_core.remittance import Adjustment, ClaimPayment, Group, ProviderAdjustment, Remittance, ServicePayment
from serving.desk.case import Desk, use_case
from serving.desk.coding import full_name
from serving.desk.keyed import post_keyed, remittance_of
from serving.errors import Conflict, NotFound
from serving.schemas.billing import ReceiptView
from serving.schemas.keying import (
    DraftClaim,
    DraftIn,
    DraftItem,
    DraftLine,
    DraftPayment,
    DraftView,
    KnownClaim,
    LackView,
    PayerChoice,
    PostIn,
    SaveIn,
)
from serving.schemas.money import ReasonIn
from serving.store.queues import StoredWork
from serving.store.states import RemittanceState, WorkStatus

if TYPE_CHECKING:
    from serving.store.books import Books

QUEUE = "batch"
METHODS = ("CHK", "CARD", "ACH", "NON")
STATUSES = ("1", "2", "3", "4", "22")  # CLP02 of what is keyed: as primary, secondary, tertiary; denied; taken back
# The reasons that have a column of their own on the form: what the paper nearly always says.
COLUMNS = (
    ("discount", Group.CONTRACTUAL, "45"),
    ("deductible", Group.PATIENT, "1"),
    ("coinsurance", Group.PATIENT, "2"),
    ("copay", Group.PATIENT, "3"),
)
_LARGEST = 10**11  # cents: what a keyed file may hold
_CODE = re.compile(r"[A-Z0-9.]{1,10}")
_REASON = re.compile(r"(CO|OA|PI|PR|CR)[- ]?([A-Z0-9]{1,5})\s+(-?\$?[\d,]*\.?\d+)")
_PROVIDER_REASON = re.compile(r"([A-Z0-9]{2})\s+(-?\$?[\d,]*\.?\d+)")
_BETWEEN = re.compile(r"[\s,;]*")
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")  # the comma of 12,34 is none: it would be a hundred times as much
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
Place = tuple[int, int, int]  # payment, claim, line, from 1; 0 for the whole


@dataclass
class Reading:
    """A draft being read: its remittances, the batch's total, and what it lacks."""

    made: list[Remittance] = field(default_factory=list)
    control: Cents = 0
    lacks: list[LackView] = field(default_factory=list)

    def lack(self, at: Place, name: str, says: str, hint: bool = False) -> None:
        """Note what is missing or does not agree."""
        payment, claim, line = at
        self.lacks.append(LackView(payment=payment, claim=claim, line=line, field=name, says=says, hint=hint))

    def cents(self, text: str, at: Place, name: str) -> Cents:
        """An amount as people write it; nothing is 0, and so is what cannot be read, which is noted."""
        plain = _THOUSANDS.sub("", text.replace("$", "").replace(" ", ""))
        if not plain:
            return 0
        try:
            amount = parse_amount(plain)
        except MoneyError:
            amount = _LARGEST
        if abs(amount) >= _LARGEST:
            self.lack(at, name, f"{name}: no amount; write it as 12.34")
            return 0
        return amount

    def day(self, text: str, at: Place, name: str) -> date | None:
        """A day as 2026-05-04 or 5/4/2026; None for nothing, and for what cannot be read, which is noted."""
        american = _AMERICAN.fullmatch(text.strip())
        plain = f"{american[3]}-{american[1]:0>2}-{american[2]:0>2}" if american else text.strip()
        try:
            return date.fromisoformat(plain) if plain else None
        except ValueError:
            self.lack(at, name, f"{name.replace('_', ' ')}: no day; write it as 2026-05-04 or 5/4/2026")
            return None

    def pairs(self, pattern: re.Pattern[str], text: str, at: Place, example: str) -> Iterator[tuple[str, ...]]:
        """Codes and amounts one after another; what is neither is noted."""
        place, given = 0, text.upper()
        while place < len(given):
            place = _end(_BETWEEN, given, place)
            found = pattern.match(given, place)
            if found is None:
                if place < len(given):
                    self.lack(at, "other", f"not read: write each reason with its amount, as {example}")
                return
            yield found.groups()
            place = found.end()


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


# --- what was typed, as the records of an 835 -------------------------------------------------------------------------


def _reasons(reading: Reading, text: str, at: Place) -> tuple[Adjustment, ...]:
    found = reading.pairs(_REASON, text, at, "CO-97 12.00, PR-204 5.00")
    return tuple(Adjustment(Group(group), code, reading.cents(amount, at, "other")) for group, code, amount in found)


def _line(reading: Reading, line: DraftLine, at: Place) -> ServicePayment:
    procedure = line.procedure.strip().upper()
    if not _CODE.fullmatch(procedure):
        reading.lack(at, "procedure", "the procedure code is missing" if not procedure else "no procedure code")
    common = ((group, code, reading.cents(getattr(line, name), at, name)) for name, group, code in COLUMNS)
    charge, paid = reading.cents(line.charge, at, "charge"), reading.cents(line.paid, at, "paid")
    made = ServicePayment(
        procedure=procedure,
        modifiers=tuple(line.modifiers.upper().replace(",", " ").split()),
        charge=charge,
        paid=paid,
        units="",
        service_date=reading.day(line.service_date, at, "service_date"),
        adjustments=(
            *(Adjustment(group, code, amount) for group, code, amount in common if amount),
            *_reasons(reading, line.other, at),
        ),
        remarks=tuple(line.remarks.upper().replace(",", " ").split()),
    )
    left = charge - made.adjusted - paid
    if left:
        reading.lack(at, "line", f"{amount_text(left)} of the line is neither paid nor explained")
    return made


def _claim(reading: Reading, claim: DraftClaim, at: Place) -> ClaimPayment:
    payment, position, _ = at
    if not claim.claim_number.strip():
        reading.lack(at, "claim_number", "the claim's number is missing")
    if claim.status not in STATUSES:
        reading.lack(at, "status", "no kind of answer")
    lines = tuple(_line(reading, line, (payment, position, n)) for n, line in enumerate(claim.lines, start=1))
    whole = _reasons(reading, claim.other, at)
    paid = reading.cents(claim.paid, at, "paid")
    everything = [*whole, *(a for line in lines for a in line.adjustments)]
    charge = sum(line.charge for line in lines)
    if not lines:
        reading.lack(at, "lines", "no line is typed")
    elif not claim.paid.strip():
        reading.lack(at, "paid", "what the paper says was paid on the claim is missing (0 when nothing)")
    made = ClaimPayment(
        number=claim.claim_number.strip().upper(),
        status=claim.status,
        charge=charge,
        paid=paid,
        patient_responsibility=sum(a.amount for a in everything if a.group is Group.PATIENT),
        payer_reference=claim.payer_reference.strip(),
        adjustments=whole,
        services=lines,
    )
    left = _claim_left(made)
    if left:
        words = f"the lines and reasons add to {amount_text(paid - left)}, the paper says {amount_text(paid)}"
        reading.lack(at, "paid", words)
    return made


def _claim_left(claim: ClaimPayment) -> Cents:
    """What the paper says was paid, less what billed and reasons leave."""
    return claim.paid - (claim.charge - claim.adjusted)


def _payment(reading: Reading, books: Books, given: DraftPayment, number: int) -> Remittance:
    at = (number, 0, 0)
    amount, paid_on = reading.cents(given.amount, at, "amount"), reading.day(given.paid_on, at, "paid_on")
    for name in ("payer_number", "trace", "paid_on", "amount"):
        if not getattr(given, name).strip():
            reading.lack(at, name, f"the {_FIELDS[name]} is missing")
    known = {payer.number: payer.name for payer in books.payers()}
    if given.payer_number and given.payer_number not in known:
        reading.lack(at, "payer_number", "no payer of ours: add the payer, or choose another")
    if given.method not in METHODS:
        reading.lack(at, "method", "no way to pay")
    others = reading.pairs(_PROVIDER_REASON, given.other, at, "L6 -1.25, WO 7.00")
    made = remittance_of(
        books.practice(),
        (given.payer_number, known.get(given.payer_number, "")),
        (given.method, given.trace.strip(), paid_on or date.min),
        amount,
        tuple(_claim(reading, claim, (number, n, 0)) for n, claim in enumerate(given.claims, start=1)),
        tuple(ProviderAdjustment(reason, "", reading.cents(text, at, "other")) for reason, text in others),
    )
    left = _payment_left(made)
    if left:
        words = f"the claims add to {amount_text(amount - left)}, the payment is {amount_text(amount)}"
        reading.lack(at, "amount", words)
    if any(
        row.payer_number == made.payer_number for row in books.remittances(RemittanceState.POSTED, trace=made.trace)
    ):
        reading.lack(at, "trace", "a payment with this number of this payer is posted already")
    return made


_FIELDS = {"payer_number": "payer", "trace": "check, card or transfer number", "paid_on": "day", "amount": "amount"}


def _payment_left(made: Remittance) -> Cents:
    """The payment, less what its claims and the rest add to."""
    return made.amount - sum(c.paid for c in made.claims) + sum(p.amount for p in made.provider_adjustments)


def _read(books: Books, draft: DraftIn) -> Reading:
    """Everything that was typed as records, and all that does not agree yet."""
    reading, whole = Reading(), (0, 0, 0)
    reading.made = made = [_payment(reading, books, given, n) for n, given in enumerate(draft.payments, start=1)]
    keyed, claims = sum(r.amount for r in made), sum(len(r.claims) for r in made)
    reading.control = control = reading.cents(draft.control_amount, whole, "control_amount")
    if not made:
        reading.lack(whole, "payments", "no payment is typed")
    if not draft.control_amount.strip():
        reading.lack(whole, "control_amount", "the batch's total is missing")
    elif control != keyed:
        words = f"the payments add to {amount_text(keyed)}, the batch says {amount_text(control)}"
        reading.lack(whole, "control_amount", words)
    if draft.control_claims.strip() != str(claims):
        said = draft.control_claims.strip() or "nothing"
        reading.lack(whole, "control_claims", f"{claims} claims are typed, the batch says {said}")
    seen: dict[tuple[str, str], int] = {}
    for number, one in enumerate(made, start=1):
        before = seen.setdefault((one.payer_number, one.trace), number)
        if before != number and one.trace:
            reading.lack((number, 0, 0), "trace", f"the same payer and number as payment {before}")
    return reading


# --- the draft as people see it ---------------------------------------------------------------------------------------


def _known(books: Books, reading: Reading) -> list[KnownClaim]:
    """What our books say of the claims that were typed; a number that is none of ours is a hint."""
    ours = books.claims_by_number(c.number for r in reading.made for c in r.claims if c.number)
    for payment, remittance in enumerate(reading.made, start=1):
        for position, claim in enumerate(remittance.claims, start=1):
            at = (payment, position, 0)
            if claim.number and claim.number not in ours:
                reading.lack(at, "claim_number", "no claim of ours: it will wait in the unmatched queue", hint=True)
    return [
        KnownClaim(
            claim_number=number,
            patient=full_name(one.claim.patient.name),
            payer=one.claim.payer.name,
            service_date=one.claim.service_date.isoformat(),
            charge=amount_text(one.claim.total),
            state=one.state.value,
            lines=[
                DraftLine(
                    procedure=line.procedure,
                    modifiers=" ".join(line.modifiers),
                    service_date=line.service_date.isoformat(),
                    charge=amount_text(line.amount),
                )
                for line in one.claim.lines
            ],
        )
        for number, one in sorted(ours.items())
    ]


def _view(books: Books, work: StoredWork, draft: DraftIn, reading: Reading) -> DraftView:
    """The batch with its draft as it was read."""
    made, known = reading.made, _known(books, reading)
    keyed = sum(r.amount for r in made)
    return DraftView(
        id=work.id,
        version=int(work.body["version"]),
        begun_by=str(work.body["begun_by"]),
        begun_on=work.created_on.isoformat(),
        draft=draft,
        keyed=amount_text(keyed),
        left=amount_text(reading.control - keyed),
        claims=sum(len(r.claims) for r in made),
        ready=all(lack.hint for lack in reading.lacks),
        lacks=reading.lacks,
        lines_left=[
            [[amount_text(s.charge - s.adjusted - s.paid) for s in claim.services] for claim in r.claims] for r in made
        ],
        claims_left=[[amount_text(_claim_left(claim)) for claim in r.claims] for r in made],
        payments_left=[amount_text(_payment_left(r)) for r in made],
        known=known,
        payers=[PayerChoice(number=p.number, name=p.name) for p in books.payers()],
    )


def _draft(books: Books, draft_id: str, version: int | None = None) -> StoredWork:
    """The batch, when it is still being keyed, in the version that was read."""
    work = books.work_item(draft_id)
    if work.queue != QUEUE:
        raise NotFound("batch")
    if work.status is not WorkStatus.OPEN:
        raise Conflict(f"this batch is {work.outcome.partition(':')[0]} already", mend="begin another batch")
    if version is not None and work.body["version"] != version:
        raise Conflict(
            "this batch was changed elsewhere in the meantime", mend="load the page again and go on from there"
        )
    return work


@use_case("remittance.read")
def drafts(desk: Desk, books: Books) -> list[DraftItem]:
    """The batches that are being keyed."""
    return [
        DraftItem(
            id=work.id,
            name=str(work.body["draft"]["name"]),
            begun_by=str(work.body["begun_by"]),
            begun_on=work.created_on.isoformat(),
            control_amount=str(work.body["draft"]["control_amount"]),
            keyed=amount_text(work.amount),
        )
        for work in books.work(QUEUE)
    ]


@use_case("remittance.read")
def read_draft(desk: Desk, books: Books, draft_id: str) -> DraftView:
    """A batch as far as it is typed, with what it still lacks."""
    work = _draft(books, draft_id)
    draft = DraftIn.model_validate(work.body["draft"])
    return _view(books, work, draft, _read(books, draft))


@use_case("remittance.key")
def begin(desk: Desk, books: Books, draft: DraftIn) -> DraftView:
    """Begin a batch. Nothing is posted."""
    body = {"draft": draft.model_dump(), "version": 0, "begun_by": desk.actor.login}
    work = StoredWork(books.new_id(), QUEUE, "batch", desk.today(books), reason="being keyed", body=body)
    books.save_work([work])
    books.log(desk.actor, "remittance.key", work.id, reason="a batch of paper is begun")
    return _view(books, work, draft, _read(books, draft))


@use_case("remittance.key")
def save(desk: Desk, books: Books, draft_id: str, given: SaveIn) -> DraftView:
    """Keep the batch as it is typed now. Nothing is posted."""
    work = _draft(books, draft_id, given.version)
    body = {**work.body, "draft": given.draft.model_dump(), "version": given.version + 1}
    reading = _read(books, given.draft)
    kept = replace(work, body=body, amount=sum(r.amount for r in reading.made))
    books.save_work([kept])
    return _view(books, kept, given.draft, reading)


@use_case("remittance.post")
def post(desk: Desk, books: Books, draft_id: str, given: PostIn) -> ReceiptView:
    """Post the batch: every payment of it, or, when one does not balance or would be held, none."""
    work = _draft(books, draft_id, given.version)
    draft = DraftIn.model_validate(work.body["draft"])
    reading = _read(books, draft)
    blocking = [lack for lack in reading.lacks if not lack.hint]
    if blocking:
        mend = "; ".join(f"{_where(lack)}{lack.says}" for lack in blocking[:3])
        raise Conflict(f"the batch does not balance: {len(blocking)} things are left", mend=mend)
    receipt = post_keyed(desk, books, draft.name, reading.made, canonical(draft.model_dump()))
    if receipt.held or not receipt.is_new:
        why = "; ".join(receipt.held) or "the same batch is posted already"
        raise Conflict("nothing of the batch was posted", mend=why)
    books.finish_work(work.id, f"posted: file {receipt.file_id}")
    return receipt


def _where(lack: LackView) -> str:
    named = (("payment", lack.payment), ("claim", lack.claim), ("line", lack.line))
    place = " ".join(f"{name} {number}" for name, number in named if number)
    return f"{place}: " if place else ""


@use_case("remittance.key")
def discard(desk: Desk, books: Books, draft_id: str, why: ReasonIn) -> None:
    """Throw a batch away that was not posted; that it was there, and why it went, stays known."""
    work = _draft(books, draft_id)
    books.finish_work(work.id, f"thrown away: {why.reason}")
    books.log(desk.actor, "remittance.key", work.id, reason=f"batch thrown away: {why.reason}")
