"""A guarantor's payment plan: equal monthly installments, the last one the rest; kept, behind, or done.

A plan changes nothing in the ledger: it says when money is expected. While it is kept, the balance is not placed in
collections. It is broken after an installment has stayed unpaid for GRACE_DAYS.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from billing_core.errors import MoneyError
from billing_core.money import Cents, whole_cents

GRACE_DAYS = 15
MOST_MONTHS = 60


class PlanState(StrEnum):
    """Where a plan stands."""

    KEPT = "kept"
    BEHIND = "behind"
    BROKEN = "broken"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Installment:
    """What is expected by a day."""

    due: date
    amount: Cents


def month_later(first: date, months: int) -> date:
    """The same day some months later, or the month's last day where it has no such day.

    >>> month_later(date(2026, 1, 31), 1), month_later(date(2026, 1, 31), 2)
    (datetime.date(2026, 2, 28), datetime.date(2026, 3, 31))
    """
    year, month = divmod(first.month - 1 + months, 12)
    last = monthrange(first.year + year, month + 1)[1]
    return date(first.year + year, month + 1, min(first.day, last))


def installments(total: Cents, monthly: Cents, first: date) -> tuple[Installment, ...]:
    """The plan for a balance. Raises MoneyError for nothing to pay, or a plan of more than MOST_MONTHS.

    >>> [i.amount for i in installments(25000, 10000, date(2026, 1, 31))]
    [10000, 10000, 5000]
    """
    if whole_cents(total) <= 0 or whole_cents(monthly) <= 0:
        raise MoneyError("a plan needs a balance and an installment", mend="enter amounts above zero")
    months = -(-total // monthly)
    if months > MOST_MONTHS:
        raise MoneyError(f"the plan would take {months} months", mend=f"choose more a month: at most {MOST_MONTHS}")
    amounts = [monthly] * (months - 1) + [total - monthly * (months - 1)]
    return tuple(Installment(month_later(first, n), amount) for n, amount in enumerate(amounts))


def plan_state(plan: tuple[Installment, ...], paid: Cents, today: date) -> PlanState:
    """Where the plan stands, `paid` being what came in since it was made."""
    if paid >= sum(i.amount for i in plan):
        return PlanState.DONE
    expected = 0
    for installment in plan:
        expected += installment.amount
        if paid < expected:
            late = today - installment.due
            if late > timedelta(days=GRACE_DAYS):
                return PlanState.BROKEN
            return PlanState.BEHIND if late > timedelta(0) else PlanState.KEPT
    return PlanState.DONE
