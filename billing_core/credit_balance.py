"""Credit balances: money of a payer or guarantor that no charge has taken, and the day by which it goes back.

Medicare (filing MA, MB, 16) and Medicaid (MC): 60 days from the day the overpayment is identified; a good-faith
investigation suspends the clock for at most 180 days. Source: 42 CFR 401.305 (as amended for 2025); Medicaid:
section 1128J(d) of the Social Security Act.
Other payers: as the contract says, in days from identification; without a term, by the state's rule, if known.
Patients: as the state says; a practice that knows no rule returns it within 30 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

GOVERNMENT = frozenset({"MA", "MB", "MC", "16"})  # SBR09: Medicare A and B, Medicaid, Medicare Advantage
GOVERNMENT_DAYS = 60
INVESTIGATION_MOST = 180
PATIENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class RefundClock:
    """The last day to return a credit, and the rule that says so; None where no rule is known."""

    due: date | None
    rule: str


def refund_clock(
    filing: str,
    identified_on: date,
    investigation_from: date | None = None,
    investigation_until: date | None = None,
    contract_days: int | None = None,
) -> RefundClock:
    """By when a credit identified on a day goes back. `filing` is the payer's claim filing code, "" for a patient.

    >>> refund_clock("MB", date(2026, 1, 1)).due
    datetime.date(2026, 3, 2)
    >>> refund_clock("MB", date(2026, 1, 1), date(2026, 1, 1), date(2026, 12, 1)).due
    datetime.date(2026, 8, 29)
    """
    if filing in GOVERNMENT:
        pause = timedelta(0)
        if investigation_from is not None and investigation_until is not None:
            pause = min(max(investigation_until - investigation_from, pause), timedelta(days=INVESTIGATION_MOST))
        words = "60 days from the day it was identified (42 CFR 401.305)"
        if pause:
            words += f"; {pause.days} days of good-faith investigation"
        return RefundClock(identified_on + timedelta(days=GOVERNMENT_DAYS) + pause, words)
    if not filing:
        return RefundClock(identified_on + timedelta(days=PATIENT_DAYS), "a patient's money goes back within 30 days")
    if contract_days is not None:
        words = f"{contract_days} days by the contract"
        return RefundClock(identified_on + timedelta(days=contract_days), words)
    return RefundClock(None, "the contract names no term: look at the state's rule")
