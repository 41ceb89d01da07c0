"""Posting: one function for each movement of money, and the remittance that posts whole or is held whole.

The rules, in the order in which they bind:

    - A remittance that does not balance, states a negative payment, or carries a known trace with other claims is held
      whole, with its reasons; any other posts whole, and its cash legs sum to BPR02 exactly.
    - Cash and the payer's contractual adjustment (group CO, a contractual reason) post. A denial posts nothing: the
      balance stays with its payer and goes to the work queue. A predetermination (CLP02 25) never posts.
    - Each payer's answer accounts for the whole charge. OA-23 never posts; a contractual adjustment posts only beyond
      what earlier answers posted, capped at the open balance; the excess goes to review.
    - When an answer leaves only the patient's share, the open balance moves, whole, to the next payer or the
      guarantor: the latest answer's patient share replaces the earlier one's, it is never added.
    - A reversal (CLP02 22) undoes exactly what was posted for that claim; the balance returns to the payer.
    - An answer that matches no claim of ours goes to unapplied; so does what is paid beyond the open balance.

Entries name their cause: `source` the file and set, `reference` the claim number (for a provider adjustment its own
reference), `reason` the movement in plain words, which statements show. No entry carries patient data.
Source: 005010X221A1 (835), section 1.10.2: balancing, reversal and correction, coordination of benefits, PLB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from billing_core.account import Books, Debtor, Standing, balances
from billing_core.charge import Charge
from billing_core.claim import ClaimState
from billing_core.denial import (
    FORWARDED,
    PREDETERMINATION,
    LineDenial,
    denials,
    denying,
    is_contractual,
    is_patient_share,
    outcome,
    reason_words,
)
from billing_core.errors import PostingError
from billing_core.ledger import PAYER_OWNER, Account, AccountKind, Cause, Entry, EntryKind, Leg, Owner, reverse
from billing_core.matching import LineAnswer, Matched, line_answers
from billing_core.money import Cents, amount_text, whole_cents
from billing_core.provider_adjustment import adjustment_findings, post_provider_adjustment, taken_back_claim
from billing_core.reason import PREVIOUSLY_PAID, PRIOR_IMPACT, UNDECIDED
from billing_core.remittance import Adjustment, ClaimPayment, Remittance, imbalances
from billing_core.rule import Finding, Severity

NewId = Callable[[], str]
_PATIENT_OWNERS = frozenset({Owner.GUARANTOR, Owner.COLLECTIONS})


# --- the legs ---------------------------------------------------------------------------------------------------------


_account = lru_cache(1_000)(Account)  # a file's legs stand on few accounts


def _receivable(debtor: Debtor, charge_id: str, amount: Cents) -> Leg:
    return Leg(_account(AccountKind.RECEIVABLE, debtor.owner, debtor.party), amount, charge_id)


def _leg(kind: AccountKind, party: str, amount: Cents, charge_id: str = "") -> Leg:
    return Leg(_account(kind, None, party), amount, charge_id)


def _some(*legs: Leg) -> tuple[Leg, ...]:
    """The legs that move something."""
    return tuple([leg for leg in legs if leg.amount])


def _positive(amount: Cents, what: str) -> Cents:
    if whole_cents(amount) <= 0:
        raise PostingError(f"{what} must be more than zero", mend="enter the amount; undo a mistake by a reversal")
    return amount


# --- what people do ---------------------------------------------------------------------------------------------------


def post_charge(charge: Charge, debtor: Debtor, entry_id: str, on: date, cause: Cause) -> Entry:
    """The charge, owed by its first payer, or by the guarantor of a self-pay visit. Zero is allowed, less is not."""
    if whole_cents(charge.amount) < 0:
        raise PostingError("a charge cannot be negative", where=f"line {charge.line}", mend="correct the chargemaster")
    legs = (
        _receivable(debtor, charge.id, charge.amount),
        _leg(AccountKind.REVENUE, "", -charge.amount, charge.id),
    )
    return Entry(entry_id, EntryKind.CHARGE, on, cause, legs)


def _apply(amount: Cents, guarantor_id: str, towards: Iterable[Standing]) -> tuple[tuple[Standing, Cents], ...]:
    """How much of `amount` each charge takes, in the order given; only charges this guarantor owes take any."""
    taken = []
    for standing in towards:
        debtor = standing.debtor
        if debtor is not None and debtor.owner in _PATIENT_OWNERS and debtor.party == guarantor_id:
            part = min(amount, max(0, standing.open))
            if part:
                taken.append((standing, part))
                amount -= part
    return tuple(taken)


def post_patient_payment(
    amount: Cents, guarantor_id: str, towards: Sequence[Standing], entry_id: str, on: date, cause: Cause
) -> Entry:
    """Money from a guarantor, applied to the charges in the order given; what is left over becomes unapplied credit.

    A copay at the visit, before any charge is the guarantor's, is all unapplied. Zero and less are refused.
    """
    taken = _apply(_positive(amount, "a patient payment"), guarantor_id, towards)
    legs: list[Leg] = []
    for standing, part in taken:
        assert standing.debtor is not None
        legs.append(_leg(AccountKind.CASH, guarantor_id, part, standing.charge_id))
        legs.append(_receivable(standing.debtor, standing.charge_id, -part))
    rest = amount - sum(part for _, part in taken)
    legs += _some(_leg(AccountKind.CASH, guarantor_id, rest), _leg(AccountKind.UNAPPLIED, guarantor_id, -rest))
    return Entry(entry_id, EntryKind.PATIENT_PAYMENT, on, cause, tuple(legs))


def apply_credit(
    credit: Cents, guarantor_id: str, towards: Sequence[Standing], entry_id: str, on: date, cause: Cause
) -> Entry | None:
    """A guarantor's unapplied credit put to the charges they owe, in the order given; None when none takes any."""
    legs: list[Leg] = []
    for standing, part in _apply(max(0, whole_cents(credit)), guarantor_id, towards):
        assert standing.debtor is not None
        legs.append(_leg(AccountKind.UNAPPLIED, guarantor_id, part, standing.charge_id))
        legs.append(_receivable(standing.debtor, standing.charge_id, -part))
    return Entry(entry_id, EntryKind.UNAPPLIED, on, cause, tuple(legs)) if legs else None


def refund(amount: Cents, party: str, credit: Cents, entry_id: str, on: date, cause: Cause) -> Entry:
    """Unapplied credit paid back to the payer or guarantor it belongs to; never more than the credit."""
    if _positive(amount, "a refund") > credit:
        raise PostingError("the refund is more than the credit", mend="refund at most the unapplied credit")
    legs = (_leg(AccountKind.UNAPPLIED, party, amount), _leg(AccountKind.CASH, party, -amount))
    return Entry(entry_id, EntryKind.REFUND, on, cause, legs)


def two_people(asked_by: str, approved_by: str) -> None:
    """Raises PostingError unless a write-off is approved by another person than asked for it."""
    if not asked_by or not approved_by or asked_by == approved_by:
        raise PostingError("who asks for a write-off does not approve it", mend="have another person approve")


def write_off(
    standing: Standing, amount: Cents, reason: str, asked_by: str, approved_by: str, entry_id: str, on: date
) -> Entry:
    """Our own decision not to collect. Who asks does not approve; never more than is open; the reason is required."""
    two_people(asked_by, approved_by)
    if not reason.strip():
        raise PostingError("a write-off needs a reason", mend="say why the balance is not collected")
    if standing.debtor is None or _positive(amount, "a write-off") > standing.open:
        raise PostingError("the write-off is more than the open balance", mend="write off at most what is open")
    legs = (
        _leg(AccountKind.WRITE_OFF, "", amount, standing.charge_id),
        _receivable(standing.debtor, standing.charge_id, -amount),
    )
    cause = Cause(f"person {asked_by}", standing.charge_id, f"{reason}; approved by {approved_by}")
    return Entry(entry_id, EntryKind.WRITE_OFF, on, cause, legs)


def move(standing: Standing, to: Debtor, entry_id: str, on: date, cause: Cause) -> Entry:
    """The whole open balance from who owes it to `to`. Nothing open, or nobody new, is refused.

    `cause.reference` is the charge's id when a person moves it; a claim number means a payer's answer moved it.
    """
    if standing.debtor is None or standing.debtor == to:
        raise PostingError("there is no open balance to move", mend="look at the charge's history")
    legs = (
        _receivable(to, standing.charge_id, standing.open),
        _receivable(standing.debtor, standing.charge_id, -standing.open),
    )
    return Entry(entry_id, EntryKind.MOVE, on, cause, legs)


# --- a payer's answer to one claim ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posting:
    """What one answer posts, in order, and what a person should look at."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _LinePosting:
    """What one answered line moves. All amounts in cents, none negative but `contractual` and `paid` by oddity.

    `credited` lowers the open balance; `excess` is the payer's overpayment; `released` is patient money set free
    because insurance paid after all; `moved` goes to the next debtor, for `words`.
    """

    answer: LineAnswer
    debtor: Debtor
    contractual: Cents
    credited: Cents
    excess: Cents
    released: Cents
    moved: Cents
    words: str
    findings: tuple[Finding, ...]


def _review(rule: str, message: str, where: str, mend: str) -> Finding:
    return Finding(rule, Severity.WARNING, message, where, mend)


def _amounts(adjustments: Iterable[Adjustment]) -> str:
    return ", ".join(f"{a.group}-{a.reason} {amount_text(a.amount)}" for a in adjustments)


def _share_words(shares: Sequence[Adjustment], moved: Cents) -> str:
    """The patient's share in plain words, with amounts when they add up to what moves."""
    exact = sum(a.amount for a in shares) == moved
    words = [reason_words(a.group, a.reason) for a in shares if a.amount]
    if exact:
        words = [f"{w} {amount_text(a.amount)}" for w, a in zip(words, (a for a in shares if a.amount), strict=True)]
    return "; ".join(dict.fromkeys(words))


def _prior_impact(adjustment: Adjustment) -> bool:
    return adjustment.reason in PRIOR_IMPACT or adjustment.reason == PREVIOUSLY_PAID


def _decide_line(answer: LineAnswer, standing: Standing, claim_number: str, payer: Debtor) -> _LinePosting | None:
    """What this line of the answer posts; None for a denied or undecided line, which stays with its payer as it is."""
    shares: list[Adjustment] = []
    cuts: list[Adjustment] = []
    for a in answer.adjustments:
        if is_patient_share(a):
            shares.append(a)
        elif a.amount and not is_contractual(a) and not _prior_impact(a):
            cuts.append(a)
    undecided = answer.paid == 0 and any(a.reason in UNDECIDED for a in cuts)
    if undecided or not all(is_patient_share(a) for a in denying(answer.paid, answer.adjustments)):
        return None
    where = f"claim {claim_number} line {answer.line}"
    findings: list[Finding] = []
    contractual = _contractual(answer, standing, where, findings)
    over = max(0, answer.paid + contractual - standing.open)
    released = min(over, max(0, standing.patient_paid))
    excess = over - released
    if excess:
        words = f"paid {amount_text(excess)} more than was open"
        findings.append(_review("posting-overpaid", words, where, "find out why, then refund or apply the credit"))
    left = standing.open - answer.paid - contractual + over
    share = sum([a.amount for a in shares])
    ours = standing.debtor is not None and standing.debtor.owner is payer.owner
    moved = 0
    if left > 0 and ours:
        if cuts:
            words = f"cut without denial: {_amounts(cuts)}; the balance stays with the payer"
            findings.append(_review("posting-cut", words, where, "work the reason, or write the cut off"))
        elif left > share:
            words = f"{amount_text(left - share)} is left that the answer does not explain"
            findings.append(_review("posting-unexplained", words, where, "compare our charge with the payer's"))
        else:
            moved = left
    return _LinePosting(
        answer=answer,
        debtor=standing.debtor or payer,
        contractual=contractual,
        credited=answer.paid + contractual - excess,
        excess=excess,
        released=released,
        moved=moved,
        words=_share_words(shares, moved) if moved else "",
        findings=tuple(findings),
    )


def _contractual(answer: LineAnswer, standing: Standing, where: str, findings: list[Finding]) -> Cents:
    """The contractual adjustment to post: beyond what earlier answers posted, capped at the open balance.

    Earlier answers' part is what they paid and adjusted, less what this answer already states as their impact
    (OA-23, and B13 beside money). Money the patient gave counts as room: it is set free, not the adjustment refused.
    """
    said = sum([a.amount for a in answer.adjustments if is_contractual(a)])
    stated = sum([a.amount for a in answer.adjustments if _prior_impact(a)])
    already = max(0, standing.insurance_paid + standing.contractual - stated)
    wanted = said if said < 0 else max(0, said - already)
    room = max(0, standing.open + max(0, standing.patient_paid) - answer.paid)
    posted = min(wanted, room)
    if wanted > posted:
        words = f"contractual adjustment {amount_text(wanted)}, but only {amount_text(posted)} was open"
        findings.append(_review("posting-capped", words, where, "compare with the earlier payer's answer"))
    return posted


def post_claim_payment(
    payment: ClaimPayment, matched: Matched, books: Books, new_id: NewId, source: str, on: date
) -> Posting:
    """The entries of one answer: cash and contractual; patient money set free; the moves to the next debtor.

    `books` must hold every entry on the claim's charges. What was paid on lines that are not ours goes to unapplied.
    A reversal or a predetermination raises PostingError: they have their own ways.
    """
    if payment.is_reversal or payment.status == PREDETERMINATION:
        raise PostingError("not an answer to post as a payment", where="CLP02", mend="use post_reversal, or ignore it")
    claim = matched.claim
    payer = Debtor(PAYER_OWNER[claim.rank], claim.payer_id)
    answers = line_answers(payment, matched.charges, claim)
    findings: list[Finding] = []
    decided: list[_LinePosting] = []
    for answer in answers:
        if answer.charge_id not in books:
            raise PostingError(
                "the charge is not in the books", where=f"line {answer.line}", mend="post the charge before its answer"
            )
        line = _decide_line(answer, books.standing(answer.charge_id), claim.number, payer)
        if line is not None:
            decided.append(line)
            findings += line.findings
    rest = payment.paid - sum([answer.paid for answer in answers])
    findings += _answer_findings(payment, matched, rest)
    legs = [leg for line in decided for leg in _payment_legs(line, payer.party)]
    if rest:
        legs += (_leg(AccountKind.CASH, payer.party, rest), _leg(AccountKind.UNAPPLIED, payer.party, -rest))
    cause = Cause(source, claim.number, "insurance payment and contractual adjustment")
    entries = [Entry(new_id(), EntryKind.INSURANCE_PAYMENT, on, cause, tuple(legs))] if legs else []
    if any(line.released for line in decided):
        entries.append(_release(decided, matched.guarantor_id, new_id(), Cause(source, claim.number, _RELEASED), on))
    for line in decided:
        if line.moved:
            entries.append(
                _answer_move(line, matched.next_debtor, new_id(), Cause(source, claim.number, line.words), on)
            )
    return Posting(tuple(entries), tuple(findings))


_RELEASED = "insurance paid after all: the patient's payment becomes credit"


def _payment_legs(line: _LinePosting, party: str) -> Iterator[Leg]:
    charge_id = line.answer.charge_id
    if line.answer.paid:
        yield _leg(AccountKind.CASH, party, line.answer.paid, charge_id)
    if line.contractual:
        yield _leg(AccountKind.CONTRACTUAL, party, line.contractual, charge_id)
    if line.credited:
        yield _receivable(line.debtor, charge_id, -line.credited)
    if line.excess:
        yield _leg(AccountKind.UNAPPLIED, party, -line.excess, charge_id)


def _release(lines: Iterable[_LinePosting], guarantor_id: str, entry_id: str, cause: Cause, on: date) -> Entry:
    legs: list[Leg] = []
    for line in lines:
        if line.released:
            legs.append(_receivable(line.debtor, line.answer.charge_id, line.released))
            legs.append(_leg(AccountKind.UNAPPLIED, guarantor_id, -line.released, line.answer.charge_id))
    return Entry(entry_id, EntryKind.UNAPPLIED, on, cause, tuple(legs))


def _answer_move(line: _LinePosting, to: Debtor, entry_id: str, cause: Cause, on: date) -> Entry:
    charge_id = line.answer.charge_id
    legs = (_receivable(to, charge_id, line.moved), _receivable(line.debtor, charge_id, -line.moved))
    return Entry(entry_id, EntryKind.MOVE, on, cause, legs)


def _answer_findings(payment: ClaimPayment, matched: Matched, rest: Cents) -> tuple[Finding, ...]:
    """What a person should know of the answer as a whole."""
    where = f"claim {matched.claim.number}"
    found = []
    if rest:
        words = f"{amount_text(rest)} was paid on lines that are not ours; it is unapplied"
        found.append(_review("posting-line-unknown", words, where, "ask the payer which service it paid"))
    if payment.charge != matched.claim.total:
        words = f"the payer speaks of {amount_text(payment.charge)}, we charged {amount_text(matched.claim.total)}"
        found.append(_review("posting-charge-differs", words, where, "compare the answer with the claim sent"))
    if payment.status in FORWARDED:
        words = "the payer passed the claim on to the next payer"
        found.append(_review("posting-forwarded", words, where, "wait for the next payer before billing it"))
    return tuple(found)


# --- a payer takes back -----------------------------------------------------------------------------------------------


def _answered(books: Books, number: str, taken: Cents) -> tuple[Entry, ...]:
    """What the answer that is taken back posted for the claim, oldest first.

    It is the latest answer in force that gave exactly what is now `taken`. When none did, all that is in force is
    meant, unless nothing is taken: then it was a denial, which posted nothing.
    """
    kinds = (EntryKind.INSURANCE_PAYMENT, EntryKind.MOVE)
    answers: dict[str, list[Entry]] = {}
    for entry in books.in_force(number):
        if entry.kind in kinds:
            answers.setdefault(entry.cause.source, []).append(entry)
    for entries in reversed(answers.values()):
        if _cash(entries) == taken:
            return tuple(entries)
    return tuple(entry for entries in answers.values() for entry in entries) if taken else ()


def _cash(entries: Iterable[Entry]) -> Cents:
    return sum(leg.amount for entry in entries for leg in entry.legs if leg.account.kind is AccountKind.CASH)


def post_reversal(
    payment: ClaimPayment, matched: Matched, books: Books, new_id: NewId, source: str, on: date
) -> Posting:
    """The reversal of everything that was posted for the claim, and the balance gathered with its payer again.

    Money that others paid on the charge stays on it. What the payer takes back beyond what was posted (or posted and
    not taken back) goes to unapplied, with a finding.
    """
    claim = matched.claim
    payer = Debtor(PAYER_OWNER[claim.rank], claim.payer_id)
    cause = Cause(source, claim.number, "taken back by the payer")
    undone = _answered(books, claim.number, -payment.paid)
    entries = [reverse(entry, new_id(), on, cause) for entry in reversed(undone)]
    findings = []
    difference = payment.paid + _cash(undone)
    if difference:
        legs = (
            _leg(AccountKind.CASH, payer.party, difference),
            _leg(AccountKind.UNAPPLIED, payer.party, -difference),
        )
        entries.append(Entry(new_id(), EntryKind.UNAPPLIED, on, cause, legs))
        words = f"takes back {amount_text(-payment.paid)}, posted were {amount_text(_cash(undone))}"
        findings.append(
            _review("posting-reversal-differs", words, f"claim {claim.number}", "find the answer it takes back")
        )
    entries += _gather(entries, books, payer, matched.guarantor_id, new_id, cause, on)
    return Posting(tuple(entries), tuple(findings))


def _gather(
    reversals: Sequence[Entry],
    books: Books,
    payer: Debtor,
    guarantor_id: str,
    new_id: NewId,
    cause: Cause,
    on: date,
) -> tuple[Entry, ...]:
    """After a reversal: every balance of the charges back with the payer; a credit on the charge set free."""
    legs: list[Leg] = []
    freed: list[Leg] = []
    for charge_id in sorted({leg.charge_id for entry in reversals for leg in entry.legs if leg.charge_id}):
        new = [leg for entry in reversals for leg in entry.legs if leg.charge_id == charge_id]
        owed = balances((*books.legs(charge_id), *new))
        others = [_receivable(debtor, charge_id, -amount) for debtor, amount in owed.items() if debtor != payer]
        back = -sum(leg.amount for leg in others)
        over = max(0, -sum(owed.values()))
        released = min(over, max(0, books.standing(charge_id).patient_paid))
        legs += others
        legs += _some(
            _receivable(payer, charge_id, back + over - released),
            _leg(AccountKind.UNAPPLIED, payer.party, released - over, charge_id),
        )
        freed += _some(
            _receivable(payer, charge_id, released), _leg(AccountKind.UNAPPLIED, guarantor_id, -released, charge_id)
        )
    made = []
    if legs:
        gathered = Cause(cause.source, cause.reference, "taken back by the payer: the balance returns to it")
        made.append(Entry(new_id(), EntryKind.REVERSAL, on, gathered, tuple(legs)))
    if freed:
        released_cause = Cause(cause.source, cause.reference, _RELEASED)
        made.append(Entry(new_id(), EntryKind.UNAPPLIED, on, released_cause, tuple(freed)))
    return tuple(made)


# --- money that speaks of no claim of ours ----------------------------------------------------------------------------


NOT_FOUND = "answer to a claim that was not found"


def post_unmatched(payment: ClaimPayment, payer_id: str, entry_id: str, on: date, source: str) -> Entry | None:
    """The cash of an answer that matches no claim of ours, held unapplied for its payer; None when no money came."""
    if not payment.paid:
        return None
    legs = (
        _leg(AccountKind.CASH, payer_id, payment.paid),
        _leg(AccountKind.UNAPPLIED, payer_id, -payment.paid),
    )
    cause = Cause(source, payment.number, NOT_FOUND)
    return Entry(entry_id, EntryKind.UNAPPLIED, on, cause, legs)


def assign(
    payment: ClaimPayment,
    matched: Matched,
    books: Books,
    held: Sequence[Entry],
    new_id: NewId,
    source: str,
    on: date,
    person: str,
) -> Posting:
    """An unmatched answer that a person gives to a claim: what was `held` unapplied is undone, then the answer posts.

    The cash does not move: it leaves unapplied and arrives on the claim. `undo` takes all of it back.
    """
    cause = Cause(f"person {person}", matched.claim.number, "the unmatched answer was given to this claim")
    freed = tuple(reverse(entry, new_id(), on, cause) for entry in held)
    way = post_reversal if payment.is_reversal else post_claim_payment
    posted = way(payment, matched, books, new_id, source, on)
    return Posting((*freed, *posted.entries), posted.findings)


def undo(done: Sequence[Entry], books: Books, new_id: NewId, on: date, cause: Cause) -> tuple[Entry, ...]:
    """The reversals of `done`, latest first. Refused once anything later stands on the charges they touched."""
    mine = {entry.id for entry in done}
    for charge_id in {leg.charge_id for entry in done for leg in entry.legs if leg.charge_id}:
        last = books.entries(charge_id)[-1]
        if last.id not in mine:
            raise PostingError(
                "more was posted on the charge since", where="the assignment", mend="undo what came later first"
            )
    return tuple(reverse(entry, new_id(), on, cause) for entry in reversed(done))


# --- the remittance, whole --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """What the remittance says of one claim. `claim_id` is "" when it matched none of ours; `position` from 1."""

    position: int
    number: str
    claim_id: str
    state: ClaimState
    denials: tuple[LineDenial, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """A remittance posted whole, or `held` whole for these reasons; `repeated`: posted before, nothing changed."""

    entries: tuple[Entry, ...] = ()
    answers: tuple[Answered, ...] = ()
    findings: tuple[Finding, ...] = ()
    held: tuple[str, ...] = ()
    repeated: bool = False

    @property
    def denials(self) -> tuple[LineDenial, ...]:
        """Every denied line, in the order of the file."""
        return tuple(denial for answer in self.answers for denial in answer.denials)


def remittance_key(remittance: Remittance) -> tuple[str, str]:
    """(what makes two files the same payment, the sha256 of the money in it): the guard against posting twice.

    The digest is of what posting reads (claims, lines, adjustments, provider adjustments), written out here so that a
    later field of the records does not make a known remittance look new.
    """
    parts = (remittance.payer_number, remittance.origin, remittance.trace, remittance.payee_npi, remittance.payee_tin)
    said = [
        f"{remittance.amount}",
        *(f"PLB {a.reason} {a.reference} {a.amount}" for a in remittance.provider_adjustments),
    ]
    for claim in remittance.claims:
        said.append(f"CLP {claim.number} {claim.status} {claim.charge} {claim.paid} {claim.payer_reference}")
        said += _adjustments_text(claim.adjustments, claim.remarks)
        for line in claim.services:
            said.append(f"SVC {line.procedure} {line.control} {line.charge} {line.paid} {line.service_date}")
            said += _adjustments_text(line.adjustments, line.remarks)
    content = hashlib.sha256("\n".join(said).encode()).hexdigest()
    return "|".join((*parts, remittance.paid_on.isoformat())), content


def _adjustments_text(adjustments: Iterable[Adjustment], remarks: Iterable[str]) -> Iterator[str]:
    for adjustment in adjustments:
        yield f"CAS {adjustment.group} {adjustment.reason} {adjustment.amount}"
    yield from remarks


def reasons_to_hold(remittance: Remittance) -> tuple[str, ...]:
    """Why the remittance may not post at all; empty when it may."""
    reasons = [str(imbalance) for imbalance in imbalances(remittance)]
    if remittance.amount < 0:
        reasons.append("BPR02 states a negative payment: ask the payer for a corrected file")
    if remittance.handling == "H" and remittance.amount:
        reasons.append("BPR01 says notification only, yet BPR02 states money")
    return tuple(reasons)


def post_remittance(
    remittance: Remittance,
    matches: Sequence[Matched | None],
    history: Iterable[Entry],
    new_id: NewId,
    source: str,
    on: date,
    payer_id: str = "",
    known: Mapping[str, str] | None = None,
    taken_back: Mapping[str, str] | None = None,
) -> Posted:
    """The whole remittance as entries, or held whole.

    `matches` has one place per claim payment, in order, None where no claim of ours was found. `history` is every
    entry on the charges of the matched claims. `source` names file and set. `payer_id` is our id of the payer
    (its number when left out). `known` maps the keys of remittances posted before to their digests, `taken_back` the
    payer's references (CLP07) of claims it took back before to our claim numbers: a withholding is linked to them.
    """
    if len(matches) != len(remittance.claims):
        raise PostingError("one match, or None, for each claim payment", mend="match the remittance being posted")
    key, content = remittance_key(remittance)
    seen = (known or {}).get(key)
    if seen is not None:
        if seen == content:
            return Posted(repeated=True)
        return Posted(held=("the trace was posted before with other claims: ask the payer which file is right",))
    held = reasons_to_hold(remittance)
    if held:
        return Posted(held=held)
    books = Books(history)
    party = payer_id or remittance.payer_number
    entries: list[Entry] = []
    findings: list[Finding] = []
    for payment, matched in _in_posting_order(remittance, matches, books):
        posting = _post_answer(payment, matched, books, new_id, source, on, party)
        for entry in posting.entries:
            books.add(entry)
        entries += posting.entries
        findings += posting.findings
    for adjustment in remittance.provider_adjustments:
        if adjustment.amount:
            about = taken_back_claim(adjustment, remittance.claims, taken_back or {})
            entries.append(post_provider_adjustment(adjustment, party, new_id(), on, source, about))
            findings += adjustment_findings(adjustment, about)
    if _cash(entries) != remittance.amount:
        raise PostingError("the cash posted is not the payment stated", where="BPR02", mend="report this as a defect")
    answers = [
        _answered_claim(position, p, matched.claim.id if matched else "")
        for position, (p, matched) in enumerate(zip(remittance.claims, matches, strict=True), start=1)
    ]
    return Posted(tuple(entries), tuple(answers), tuple(findings))


def _answered_claim(position: int, payment: ClaimPayment, claim_id: str) -> Answered:
    denied = denials(payment)
    return Answered(position, payment.number, claim_id, outcome(payment, denied), denied)


def _in_posting_order(
    remittance: Remittance, matches: Sequence[Matched | None], books: Books
) -> list[tuple[ClaimPayment, Matched | None]]:
    """The order of the file, but a reversal of what the books hold comes before its correction, wherever it stands."""
    pairs = list(zip(remittance.claims, matches, strict=True))
    return sorted(pairs, key=lambda pair: not (pair[0].is_reversal and books.in_force(pair[0].number)))


def _post_answer(
    payment: ClaimPayment, matched: Matched | None, books: Books, new_id: NewId, source: str, on: date, party: str
) -> Posting:
    where = f"claim {matched.claim.number}" if matched else "a claim of another number"
    if payment.status == PREDETERMINATION and not payment.paid:
        words = "a predetermination: an estimate, never posted"
        return Posting((), (_review("posting-predetermination", words, where, "bill the service once it is given"),))
    if matched is None or payment.status == PREDETERMINATION:
        entry = post_unmatched(payment, party, new_id(), on, source) if payment.paid else None
        words = f"no claim of ours; {amount_text(payment.paid)} is unapplied"
        finding = _review("posting-unmatched", words, where, "choose the claim among the candidates")
        return Posting((entry,) if entry else (), (finding,))
    if payment.is_reversal:
        return post_reversal(payment, matched, books, new_id, source, on)
    return post_claim_payment(payment, matched, books, new_id, source, on)
