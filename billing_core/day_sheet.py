"""The day sheet: what one business day moved, by kind of entry and by account; closed, it stays as it is.

A day is closed once, after it is over or when the desk says so; from then on nothing is posted with its date, and
what comes later belongs to the next open day. Corrections are reversals on the day they are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from billing_core.ledger import AccountKind, Entry, EntryKind
from billing_core.money import Cents


@dataclass(frozen=True, slots=True)
class DaySheet:
    """Sums of the day: by kind of entry the money it moved (its debits), by account the change of its balance."""

    on: date
    entries: int
    by_kind: tuple[tuple[EntryKind, Cents], ...]
    by_account: tuple[tuple[AccountKind, Cents], ...]


def day_sheet(on: date, entries: Iterable[Entry]) -> DaySheet:
    """The sheet of the entries of that business date; others are left out."""
    kinds: Counter[EntryKind] = Counter()
    accounts: Counter[AccountKind] = Counter()
    count = 0
    for entry in entries:
        if entry.effective == on:
            count += 1
            kinds[entry.kind] += sum(leg.amount for leg in entry.legs if leg.amount > 0)
            for leg in entry.legs:
                accounts[leg.account.kind] += leg.amount
    by_kind = tuple((kind, kinds[kind]) for kind in EntryKind if kind in kinds)
    return DaySheet(on, count, by_kind, tuple((kind, accounts[kind]) for kind in AccountKind if accounts[kind]))


def business_day(calendar: date, closed_through: date | None) -> date:
    """The day that what is done now belongs to: today, or the first open day after a close.

    >>> business_day(date(2026, 5, 4), date(2026, 5, 4))
    datetime.date(2026, 5, 5)
    """
    return calendar if closed_through is None else max(calendar, closed_through + timedelta(days=1))
