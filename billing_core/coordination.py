"""Coordination of benefits: what a second or third payer pays after those before it, by the method of its contract.

What the earlier payers did is read from the claim (loops 2320 and 2430): by line, and where they speak of the claim as
a whole, shared out to its lines to the cent. The five methods are named in contract.py (`CobMethod`).
Sources: NAIC Coordination of Benefits Model Regulation 120 (total payments at most the allowable expense); 42 CFR
411.33(a) for Medicare as secondary payer; 005010X221A1 section 1.10.2.13 (the earlier payers' impact is OA-23).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from billing_core.claim import Claim, PriorPayer
from billing_core.contract import CobMethod
from billing_core.money import Cents, split
from billing_core.remittance import Adjustment, Group

DEDUCTIBLE, COINSURANCE, COPAY = "1", "2", "3"  # CARC: the patient's shares, group PR
SHARES = frozenset({DEDUCTIBLE, COINSURANCE, COPAY})


class Shares(NamedTuple):
    """What the patient bears of one line."""

    copay: Cents
    deductible: Cents
    coinsurance: Cents


class Earlier(NamedTuple):
    """What the payers before did with one line.

    `left` is what the last of them left to the patient, `paid` what all of them paid, `allowed` what the last allowed
    (paid and shares), `obliged` what the provider must accept in full (the charge less contractual adjustments).
    """

    left: Cents
    paid: Cents
    allowed: Cents
    obliged: Cents


class After(NamedTuple):
    """The later payer's part of what was left: left = paid + contractual + shares."""

    paid: Cents
    contractual: Cents
    shares: Shares


def earlier(claim: Claim) -> dict[int, Earlier]:
    """By line number, what the payers before did. A line of which the last of them does not speak is not in it."""
    if not claim.prior_payers:
        return {}
    last = max(claim.prior_payers, key=lambda prior: prior.coverage.rank)
    spoken = {prior.coverage.rank: _lines(claim, prior) for prior in claim.prior_payers}
    found = {}
    for line in claim.lines:
        of_last = spoken[last.coverage.rank].get(line.number)
        if of_last is None:
            continue
        every = [lines[line.number] for lines in spoken.values() if line.number in lines]
        paid = sum(paid for paid, _ in every)
        patient = [a for a in of_last[1] if a.group is Group.PATIENT]
        left = min(max(0, sum(a.amount for a in patient)), line.amount)
        shares = sum(a.amount for a in patient if a.reason in SHARES)
        contractual = sum(a.amount for _, many in every for a in many if a.group is Group.CONTRACTUAL)
        found[line.number] = Earlier(left, paid, paid + shares, line.amount - max(0, contractual))
    return found


def _lines(claim: Claim, prior: PriorPayer) -> dict[int, tuple[Cents, tuple[Adjustment, ...]]]:
    """(paid, adjustments) by line, with the adjustments of the claim as a whole shared out to the lines."""
    by_line = {number: (paid, many) for number, paid, many in prior.line_adjustments if number}
    whole = tuple(a for number, _, many in prior.line_adjustments if not number for a in many)
    if not whole:
        return by_line
    if not by_line:  # the payer spoke of the claim alone: by the charges
        weights = {line.number: line.amount for line in claim.lines}
        by_line = {line.number: (0, ()) for line in claim.lines}
        paid_parts = dict(zip(weights, _shared_out(prior.paid, list(weights.values())), strict=True))
    else:  # the lines' own payments bear what was then taken from the claim
        weights = {number: paid for number, (paid, _) in by_line.items()}
        taken = _shared_out(sum(a.amount for a in whole), list(weights.values()))
        paid_parts = {number: by_line[number][0] - part for number, part in zip(weights, taken, strict=True)}
    parts = [(a, dict(zip(weights, _shared_out(a.amount, list(weights.values())), strict=True))) for a in whole]
    return {
        number: (
            paid_parts[number],
            (*many, *(Adjustment(a.group, a.reason, part[number]) for a, part in parts if part[number])),
        )
        for number, (_, many) in by_line.items()
    }


def _shared_out(amount: Cents, weights: list[Cents]) -> tuple[Cents, ...]:
    return split(amount, weights if sum(weights) > 0 and min(weights) >= 0 else [1] * len(weights))


def after_earlier_payers(
    method: CobMethod, first: Earlier, charge: Cents, allowed: Cents, shares_of: Callable[[Cents], Shares]
) -> After:
    """What the payer pays of what is left, what its contract writes off of it, and what stays with the patient.

    `allowed` is its own; `shares_of` reckons its plan's shares of an amount.
    """
    due = shares_of(allowed)
    benefit = allowed - sum(due)
    if method is CobMethod.NON_DUPLICATION:
        benefit = max(0, benefit - first.paid)
    elif method is CobMethod.MAINTENANCE_OF_BENEFITS:
        due = shares_of(max(0, allowed - first.paid))
        benefit = max(0, allowed - first.paid) - sum(due)
    elif method is CobMethod.MEDICARE_SECONDARY:
        highest = max(allowed, first.allowed)
        benefit = max(0, min(min(charge, first.obliged) - first.paid, benefit, highest - first.paid))
    elif method is CobMethod.UP_TO_ALLOWED:
        due, benefit = Shares(0, 0, 0), max(0, allowed - first.paid)
    paid = min(benefit, first.left)
    contractual = _written_off(method, first, allowed, paid, due)
    return After(paid, contractual, _borne(due, first.left - paid - contractual))


def _written_off(method: CobMethod, first: Earlier, allowed: Cents, paid: Cents, due: Shares) -> Cents:
    """What is left and neither the payer nor the patient owes: above our allowed; for Medicare and UP_TO_ALLOWED all
    that the patient may not be charged (42 CFR 411.35 for Medicare).
    """
    rest = first.left - paid
    if method is CobMethod.UP_TO_ALLOWED:
        return rest
    if method is CobMethod.MEDICARE_SECONDARY:
        chargeable = max(0, max(allowed, first.allowed) - first.paid - paid)
        return rest - min(rest, chargeable, sum(due))
    return min(rest, max(0, first.left - allowed))


def _borne(due: Shares, left: Cents) -> Shares:
    """The shares met in their order as far as something is left; what exceeds them is coinsurance."""
    copay = min(due.copay, left)
    deductible = min(due.deductible, left - copay)
    return Shares(copay, deductible, left - copay - deductible)
