"""Matching: which claim of ours an answer speaks of, which charge each of its lines, and who owes what it leaves.

A claim is matched by its number alone (CLM01 returned in CLP01, check character proved): nothing less moves money.
Anything else yields ranked candidates, each with the points it scored, for a person to decide. A line is matched by
its control number (REF*6R), else by code, modifiers, date and units, where SVC06 (the code we sent) comes before SVC01
(the code the payer paid). Guide: 005010X221A1 (835), 1.10.2.6 for bundling, loops 2100 and 2110.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from billing_core.account import Debtor
from billing_core.claim import Billed, Claim, ClaimLine
from billing_core.errors import IdentifierError
from billing_core.identifiers import parse_claim_number
from billing_core.ledger import PAYER_OWNER, Owner
from billing_core.money import Cents, split
from billing_core.registration import Coverage, in_payer_order
from billing_core.remittance import Adjustment, ClaimPayment, ServicePayment


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claim that an unmatched answer may speak of: `score` of 100, and what agreed."""

    number: str
    score: int
    agreed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """An answer's place among our claims. `charges` gives, for each service of the answer, our charge ("" for none).

    `next_debtor` owes what this payer leaves over: the next coverage of the day, else the guarantor.
    """

    claim: Billed
    charges: tuple[str, ...]
    next_debtor: Debtor
    guarantor_id: str


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What the payer decided on one of our charges: charge - adjustments = paid, claim level shared among the lines."""

    charge_id: str
    line: int
    charge: Cents
    paid: Cents
    adjustments: tuple[Adjustment, ...]


def find_claim(payment: ClaimPayment, claims: Mapping[str, Billed]) -> Billed | None:
    """The claim of that number among `claims` (by number); None when the number is not ours or not among them."""
    known = claims.get(payment.number)
    if known is not None:  # one that we gave out: its check character is right
        return known
    try:
        return claims.get(parse_claim_number(payment.number))
    except IdentifierError:
        return None


_POINTS: tuple[tuple[str, int, Callable[[ClaimPayment, Claim], bool]], ...] = (
    ("member id", 40, lambda p, c: bool(p.member_id) and _plain(p.member_id) == _plain(c.coverage.member_id)),
    ("date of service", 25, lambda p, c: p.service_date is not None and p.service_date == c.service_date),
    ("amount charged", 20, lambda p, c: abs(p.charge) == c.total),
    ("name", 10, lambda p, c: bool(p.patient_last) and _plain(p.patient_last) == _plain(c.patient.name.last)),
    ("procedures", 5, lambda p, c: bool(p.services) and _sent_codes(p) == {line.procedure for line in c.lines}),
)


def _plain(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())


def _sent_codes(payment: ClaimPayment) -> set[str]:
    return {service.submitted or service.procedure for service in payment.services}


def candidates(payment: ClaimPayment, claims: Iterable[Claim], limit: int = 5) -> tuple[Candidate, ...]:
    """The claims that most resemble an unmatched answer, best first; equal scores in order of claim number."""
    scored = []
    for claim in claims:
        agreed = [(name, points) for name, points, agrees in _POINTS if agrees(payment, claim)]
        if agreed:
            scored.append(Candidate(claim.number, sum(p for _, p in agreed), tuple(name for name, _ in agreed)))
    return tuple(sorted(scored, key=lambda candidate: (-candidate.score, candidate.number))[:limit])


_Likeness = Callable[[ServicePayment, ClaimLine], bool]
_LIKENESS: tuple[_Likeness, ...] = (  # from the surest to the weakest; each of our lines is taken once
    lambda s, line: bool(s.control) and s.control == line.control,
    lambda s, line: (
        _same_code(s, line)
        and s.modifiers == line.modifiers
        and s.service_date in (None, line.service_date)
        and s.units in ("", str(line.units))
    ),
    lambda s, line: (
        _same_code(s, line) and s.service_date in (None, line.service_date) and abs(s.charge) == line.amount
    ),
    lambda s, line: _same_code(s, line) and s.service_date in (None, line.service_date),
    lambda s, line: s.submitted == line.procedure and s.service_date in (None, line.service_date),
)
_SHARED = frozenset({_LIKENESS[0], _LIKENESS[-1]})  # one line of ours may be answered by several services


def _same_code(service: ServicePayment, line: ClaimLine) -> bool:
    return (service.submitted or service.procedure) == line.procedure


def match_lines(payment: ClaimPayment, claim: Billed) -> tuple[str, ...]:
    """For each service of the answer, the id of the charge it speaks of; "" where none of our lines fits.

    Two services with the same control number, or of the same code sent (SVC06) where no other line has it, are one
    line of ours that the payer split.
    """
    found = [""] * len(payment.services)
    free = list(claim.lines)
    for likeness in _LIKENESS:
        for index, service in enumerate(payment.services):
            if found[index]:
                continue
            pool: Sequence[ClaimLine] = claim.lines if likeness in _SHARED else free
            line = next((line for line in pool if likeness(service, line)), None)
            if line is not None:
                found[index] = line.charge_id
                free = [other for other in free if other is not line]
    return tuple(found)


def next_coverage(claim: Billed, coverages: tuple[Coverage, ...]) -> Coverage | None:
    """The patient's coverage that answers after this claim's, active on the day of service; None after the last."""
    later = [c for c in in_payer_order(coverages, claim.service_date) if c.rank > claim.coverage_rank]
    return later[0] if later and claim.rank + 1 in PAYER_OWNER else None


def next_debtor(claim: Billed, coverages: tuple[Coverage, ...]) -> Debtor:
    """Who owes what this claim's payer leaves: the patient's next coverage active on the day, else the guarantor."""
    coverage = next_coverage(claim, coverages)
    if coverage is not None:
        return Debtor(PAYER_OWNER[claim.rank + 1], coverage.payer_id)
    return Debtor(Owner.GUARANTOR, claim.guarantor_id)


def match(
    payment: ClaimPayment, claims: Mapping[str, Billed], coverages: Callable[[str], tuple[Coverage, ...]]
) -> Matched | None:
    """The answer's place among `claims` (by number); None when it must go to a person. `coverages` is by patient id."""
    claim = find_claim(payment, claims)
    if claim is None:
        return None
    debtor = next_debtor(claim, coverages(claim.patient_id))
    return Matched(claim, match_lines(payment, claim), debtor, claim.guarantor_id)


def _share(amount: Cents, room: list[Cents]) -> tuple[Cents, ...]:
    """`amount` shared in proportion to what is left on each line, so that no line is taken below zero."""
    weights = [max(0, left) for left in room]
    return split(amount, weights if sum(weights) else [1] * len(room))


def line_answers(payment: ClaimPayment, charges: Sequence[str], claim: Billed) -> tuple[LineAnswer, ...]:
    """The answer as one decision per charge of ours, each balanced: charge - adjustments = paid.

    Services for the same charge are added up. Claim-level adjustments, and answers without any service, are shared
    among the lines in proportion to what is left on them. Services for no charge of ours are left out: what was paid
    on them is the payment's total less the lines' total, and is the caller's to book.
    """
    lines = {line.charge_id: line for line in claim.lines}
    order = list(claim.charge_ids)
    parts: dict[str, list[ServicePayment]] = {}
    for charge_id, service in zip(charges, payment.services, strict=True):
        if charge_id in lines:
            parts.setdefault(charge_id, []).append(service)
    if payment.services:
        order = [charge_id for charge_id in order if charge_id in parts]
        charged = [sum([s.charge for s in parts[c]]) for c in order]
    else:
        sign = -1 if payment.charge < 0 else 1
        charged = [sign * lines[c].amount for c in order]
    if not order:
        return ()
    adjustments: list[list[Adjustment]] = [[a for s in parts.get(c, ()) for a in s.adjustments] for c in order]
    room = [amount - sum([a.amount for a in given]) for amount, given in zip(charged, adjustments, strict=True)]
    for adjustment in payment.adjustments:
        for index, share in enumerate(_share(adjustment.amount, room)):
            if share:
                adjustments[index].append(Adjustment(adjustment.group, adjustment.reason, share))
                room[index] -= share
    return tuple(
        [
            LineAnswer(charge_id, lines[charge_id].number, charged[i], room[i], tuple(adjustments[i]))
            for i, charge_id in enumerate(order)
        ]
    )
