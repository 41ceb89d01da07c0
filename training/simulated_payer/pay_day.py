"""Pay day: the answers that are due become one 835 per payer and day, balanced three ways before it is written.

Interest goes out as PLB L6 beside AMT*I. What a day's reversals take beyond its payments is forwarded (PLB FB): the
835 pays nothing (BPR NON) and the next one pays less. Source: 005010X221A1, section 1.10.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from billing_core.errors import BillingError
from billing_core.money import Cents, times
from billing_core.registration import Payer
from billing_core.remittance import ClaimPayment, ProviderAdjustment, Remittance, imbalances
from training.simulated_payer.docket import Due, Payee
from training.simulated_payer.habits import Habits

INTEREST, WITHHELD, FORWARDED = "L6", "WO", "FB"  # PLB03-1
_TELEPHONE = "8005550100"
# CLP06 has its own list: the commercial (CI) and Blue plans (BL) of SBR09 are said by the kind of plan.
_FILING = {"CI": "15", "BL": "12"}


def pay_day(habits: Habits, decided_on: date) -> date:
    """The payer's pay day of the week on which a claim decided that day is answered."""
    return decided_on + timedelta(days=(habits.pay_weekday - decided_on.weekday()) % 7)


def with_interest(payment: ClaimPayment, habits: Habits, received_on: date, pay_on: date) -> ClaimPayment:
    """The payment with the interest of a late payer: simple, by the day, on what is paid."""
    late = (pay_on - received_on).days - habits.interest_after
    if late <= 0 or payment.paid <= 0:
        return payment
    return replace(payment, interest=times(payment.paid, habits.interest_rate * late / Decimal(365)))


def remittance(
    payer: Payer, payee: Payee, pay_on: date, due: Sequence[Due], forwarded: Cents
) -> tuple[Remittance, Cents]:
    """The 835 of one payee and day, and what is forwarded to the next. `forwarded` is what the last one left owing.

    Raises BillingError if it should not balance: such a file never leaves.
    """
    payments = tuple(
        replace(one.payment, filing=_FILING.get(one.payment.filing, one.payment.filing))
        for one in due
        if one.payment is not None
    )
    adjustments = [
        ProviderAdjustment(INTEREST, payment.payer_reference, -payment.interest)
        for payment in payments
        if payment.interest
    ]
    adjustments += [adjustment for one in due for adjustment in one.adjustments]
    if forwarded:
        adjustments.append(ProviderAdjustment(FORWARDED, trace(payer, payee, pay_on), forwarded))
    amount = sum(p.paid for p in payments) - sum(a.amount for a in adjustments)
    left = max(0, -amount)
    if left:
        adjustments.append(ProviderAdjustment(FORWARDED, trace(payer, payee, pay_on), -left))
    made = Remittance(
        payer_name=payer.name,
        payer_number=payer.number,
        payee_npi=payee.npi,
        payee_tin=payee.tin,
        trace=trace(payer, payee, pay_on),
        origin=_origin(payer),
        paid_on=pay_on,
        handling="I" if amount > 0 else "H",
        method="ACH" if amount > 0 else "NON",
        amount=max(0, amount),
        claims=payments,
        provider_adjustments=tuple(adjustments),
        payee_name=payee.name,
        payer_address=payer.address,
        payer_phone=_TELEPHONE,
    )
    if wrong := imbalances(made):
        raise BillingError("an 835 of the simulated payer does not balance", where=str(wrong[0]), mend="report this")
    return made, left


def trace(payer: Payer, payee: Payee, pay_on: date) -> str:
    """TRN02: one per payer, payee and pay day."""
    return f"{payer.number}{pay_on:%Y%m%d}{payee.npi[-4:]}"


def _origin(payer: Payer) -> str:
    """TRN03: 1 and the payer's tax id, which is made from its number."""
    digest = hashlib.sha256(payer.number.encode()).digest()
    return f"1{int.from_bytes(digest[:4]) % 10**9:09d}"
