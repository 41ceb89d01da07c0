"""Underpayment: what a payer paid held against what its contract says, line by line, with the clause that was not kept.

The yardstick is what the line is worth to the practice: paid + the patient's share. A payer that moves a dollar from
itself to the patient does not underpay us, but the shift is shown. Lines it denied are appeals, not underpayments: they
are counted apart. Sources: 005010X221A1 section 1.10.2 (charge = paid + adjustments); the contract's own clauses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billing_core.adjudication import Decision, LineDecision
from billing_core.contract import Contract
from billing_core.denial import denying
from billing_core.money import Cents, amount_text
from billing_core.pricing import deciding_clause
from billing_core.remittance import ClaimPayment, Group, ServicePayment
from billing_core.rule import Finding, Severity


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One line paid otherwise than the contract says.

    `amount` is what is missing (negative: paid too much); `moved` what the payer laid on the patient beyond the plan's
    share as we know it; `denied` when the payer refused a line that the contract pays (its `amount` is then at stake).
    `clause` is the contract's, `words` the reckoning behind the expected amount.
    """

    payer_id: str
    claim_number: str
    line: int
    procedure: str
    clause: str
    expected_allowed: Cents
    allowed: Cents
    expected_paid: Cents
    paid: Cents
    amount: Cents
    moved: Cents
    denied: bool
    words: str


@dataclass(frozen=True, slots=True)
class ClauseTotal:
    """All shortfalls of one payer under one clause. `denied_amount` is at stake in denials, not in `amount`."""

    payer_id: str
    clause: str
    lines: int
    amount: Cents
    denied_lines: int
    denied_amount: Cents


@dataclass(frozen=True, slots=True)
class Comparison:
    """The lines that differ, and what could not be compared with the mend."""

    shortfalls: tuple[Shortfall, ...]
    findings: tuple[Finding, ...]


def compare(payer_id: str, contract: Contract, decision: Decision, payment: ClaimPayment) -> Comparison:
    """The payer's answer against ours. Lines are matched by control number, else by their place."""
    if payment.is_reversal:
        return Comparison((), ())
    if not payment.services:
        return Comparison((), (_unmatched(payment, "claim", "the payer answered without lines"),))
    found, findings = [], []
    answered = _by_control(payment.services)
    for place, (ours, decided) in enumerate(zip(decision.payment.services, decision.lines, strict=True)):
        theirs = answered.get(ours.control) if ours.control in answered else None
        if theirs is None and not any(answered) and len(payment.services) == len(decision.lines):
            theirs = payment.services[place]
        if theirs is None:
            findings.append(_unmatched(payment, f"line {decided.number}", "the payer's answer has no such line"))
            continue
        one = _shortfall(payer_id, contract, payment.number, ours, decided, theirs)
        if one is not None:
            found.append(one)
    return Comparison(tuple(found), tuple(findings))


def _by_control(services: Sequence[ServicePayment]) -> dict[str, ServicePayment]:
    return {service.control: service for service in services if service.control}


def _unmatched(payment: ClaimPayment, where: str, message: str) -> Finding:
    return Finding(
        "underpayment-not-compared",
        Severity.NOT_CHECKED,
        message,
        f"claim {payment.number}, {where}",
        "compare this claim by hand, or ask the payer to return our line control numbers (REF*6R)",
    )


def _patient(service: ServicePayment) -> Cents:
    return sum(a.amount for a in service.adjustments if a.group is Group.PATIENT)


def _shortfall(
    payer_id: str, contract: Contract, number: str, ours: ServicePayment, decided: LineDecision, theirs: ServicePayment
) -> Shortfall | None:
    expected, given = ours.paid + _patient(ours), theirs.paid + _patient(theirs)
    moved = _patient(theirs) - _patient(ours)
    denied = bool(denying(theirs.paid, theirs.adjustments)) and not decided.refused
    if expected == given and moved == 0:
        return None
    return Shortfall(
        payer_id=payer_id,
        claim_number=number,
        line=decided.number,
        procedure=ours.procedure,
        clause=_clause(contract, decided, theirs, expected == given),
        expected_allowed=decided.allowed,
        allowed=theirs.allowed if theirs.allowed is not None else given,
        expected_paid=ours.paid,
        paid=theirs.paid,
        amount=expected - given,
        moved=moved,
        denied=denied,
        words=decided.reason,
    )


def _clause(contract: Contract, decided: LineDecision, theirs: ServicePayment, only_moved: bool) -> str:
    """The clause behind the difference: the plan's share, a reduction the payer took or forgot, else the price."""
    if decided.refused:
        return f"refusals.{decided.refused}"
    if only_moved:
        shares = [step.clause for step in decided.sharing if step.clause.startswith("plans.")]
        return shares[0] if shares else "plans"
    for cut in contract.payment_reductions:
        expected = sum(s.amount for s in decided.sharing if s.clause == f"payment_reductions.{cut.name}")
        taken = sum(a.amount for a in theirs.adjustments if a.reason == cut.reason)
        given = theirs.paid + _patient(theirs) + taken
        if taken != expected and given == decided.allowed:
            return f"payment_reductions.{cut.name}"
    return deciding_clause(decided.pricing)


def by_payer_and_clause(shortfalls: Iterable[Shortfall]) -> tuple[ClauseTotal, ...]:
    """The dollars by payer and clause, the most first. What a payer overpaid counts against its clause."""
    groups: dict[tuple[str, str], list[Shortfall]] = defaultdict(list)
    for one in shortfalls:
        groups[one.payer_id, one.clause].append(one)
    totals = [
        ClauseTotal(
            payer_id,
            clause,
            sum(not s.denied for s in some),
            sum(s.amount for s in some if not s.denied),
            sum(s.denied for s in some),
            sum(s.amount for s in some if s.denied),
        )
        for (payer_id, clause), some in groups.items()
    ]
    return tuple(sorted(totals, key=lambda t: (-t.amount, -t.denied_amount, t.payer_id, t.clause)))


def sentence(one: Shortfall) -> str:
    """One shortfall for the report.

    The payer, the clause, what was expected and what came.
    """
    what = "denied" if one.denied else f"short by {amount_text(one.amount)}"
    if not one.denied and one.amount < 0:
        what = f"paid too much by {amount_text(-one.amount)}"
    elif not one.denied and one.amount == 0:
        what = f"{amount_text(one.moved)} laid on the patient beyond the plan's share"
    return (
        f"claim {one.claim_number} line {one.line} {one.procedure}: {what} ({one.clause}); "
        f"expected {amount_text(one.expected_paid)}, paid {amount_text(one.paid)}"
    )
