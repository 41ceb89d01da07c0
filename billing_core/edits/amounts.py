"""Edits of money: every charge is positive, and what earlier payers did adds up to the charge.

Guide: 005010X222A1 section 1.4.2 (coordination of benefits, balancing), CLM02, SV102, 2320 AMT, 2430 SVD and CAS.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_core.claim import Claim
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.money import amount_text
from billing_core.rule import Severity

_GUIDE = "005010X222A1 "


@edit("charge-negative", "No line has a negative charge.", _GUIDE + "2400 SV102")
def charge_negative(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """A correction is a replacement claim, not a negative line."""
    for line in claim.lines:
        if line.amount < 0:
            yield "a negative charge", f"line {line.number}", "send a replacement claim instead of a negative line"


@edit("charge-zero", "A line has a charge.", _GUIDE + "2400 SV102; CMS Claims Processing Manual ch. 26 item 24F")
def charge_zero(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Nothing asked, nothing paid. Reporting-only codes go out with a cent where the payer asks for it."""
    for line in claim.lines:
        if line.amount == 0:
            yield "a charge of zero", f"line {line.number}", "set the price in the chargemaster"


@edit("prior-payer-line", "Each earlier payer's line adds up: charge = paid + adjustments.", _GUIDE + "section 1.4.2")
def prior_payer_line(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The second payer refuses a claim whose first remittance does not balance."""
    charges = {line.number: line.amount for line in claim.lines}
    for place, prior in enumerate(claim.prior_payers, start=1):
        for number, paid, adjustments in prior.line_adjustments:
            stated = paid + sum(a.amount for a in adjustments)
            if stated != charges.get(number):
                yield (
                    f"the earlier payer's amounts add to {amount_text(stated)}, not to the charge",
                    f"earlier payer {place} line {number}",
                    "copy paid and adjustments from its remittance",
                )


@edit("prior-payer-total", "What an earlier payer paid is the sum of its lines.", _GUIDE + "2320 AMT*D, section 1.4.2")
def prior_payer_total(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """AMT*D of the payer against its SVD lines."""
    for place, prior in enumerate(claim.prior_payers, start=1):
        if prior.paid != sum(paid for _, paid, _ in prior.line_adjustments):
            yield "paid is not the sum of its lines", f"earlier payer {place}", "copy both from its remittance"


@edit(
    "charge-below-fee",
    "A charge is not below what the contract allows.",
    "contract: the payer allows the lesser of fee and charge",
    Severity.WARNING,
)
def charge_below_fee(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The payer pays the smaller of the two, so a low price gives money away."""
    terms = context.terms(claim)
    if terms is None:
        return
    for line in claim.lines:
        fee = terms.fees.get(line.procedure)
        if fee is not None and 0 < line.amount < fee * line.units:
            yield "the charge is below the contract's fee", f"line {line.number}", "raise the price in the chargemaster"


RULES = (charge_negative, charge_zero, prior_payer_line, prior_payer_total, charge_below_fee)
