"""What entries move of the balances kept beside the ledger, added up first and written a great many to a statement.

A file of many thousand claims moves each balance of each charge a little: a statement for each of them costs more than
all else that is written of it. Both databases are told the same, each in its own words: SQLite takes rows as VALUES,
PostgreSQL a list for each column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from itertools import chain
from typing import Any

from billing_core.ledger import AccountKind, Entry
from billing_core.money import Cents

TOGETHER = 50  # balances of one SQLite statement

Moved = tuple[str, str, str, Cents, date]  # charge id, owner, party, cents, first business date


def moved_balances(entries: Iterable[Entry]) -> list[Moved]:
    """What the entries move of each debtor's share of each charge, in the order of their keys."""
    amounts: defaultdict[tuple[str, str, str], Cents] = defaultdict(int)
    since: dict[tuple[str, str, str], date] = {}
    for entry in entries:
        on = entry.effective
        for leg in entry.legs:
            account = leg.account
            if account.owner is not None:
                key = (leg.charge_id, account.owner, account.party)
                amounts[key] += leg.amount
                if since.setdefault(key, on) > on:
                    since[key] = on
    return [(charge, str(owner), party, amounts[charge, owner, party], since[charge, owner, party])
            for charge, owner, party in sorted(amounts)]  # fmt: skip


def moved_days(entries: Iterable[Entry]) -> list[tuple[date, str, Cents]]:
    """What the entries move of each kind of account on each business date, in that order."""
    days: defaultdict[date, defaultdict[AccountKind, Cents]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        amounts = days[entry.effective]
        for leg in entry.legs:
            amounts[leg.account.kind] += leg.amount
    return [(on, str(kind), days[on][kind]) for on in sorted(days) for kind in sorted(days[on])]


def adding(dialect: str, practice_id: str, rows: list[Moved]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """The statements that add to these balances, or begin them, each with its parameters as the driver takes them."""
    if dialect == "postgresql":
        columns = [list(column) for column in zip(*rows, strict=True)]
        yield _adding(_UNNESTED), [(*columns, practice_id)]
        return
    flat = [(charge, owner, party, amount, since.isoformat()) for charge, owner, party, amount, since in rows]
    whole = len(flat) - len(flat) % TOGETHER
    pieces = [flat[first : first + TOGETHER] for first in range(0, whole, TOGETHER)]
    for size, given in ((TOGETHER, pieces), (len(flat) - whole, [flat[whole:]])):
        if size and given:
            yield _adding(_values(size)), [(*chain.from_iterable(piece), practice_id) for piece in given]


_UNNESTED = "SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::date[])"


@cache
def _values(size: int) -> str:
    return f"VALUES {', '.join(['(?, ?, ?, ?, ?)'] * size)}"


@cache
def _adding(moved: str) -> str:
    """The statement over rows of (charge id, owner, party, amount, since), read one by one in the order given."""
    mark = "%s" if moved is _UNNESTED else "?"
    return f"""
        WITH moved (charge_id, owner, party, amount, since) AS ({moved})
        INSERT INTO open_balance (practice_id, charge_id, owner, party, provider_id, service_date, amount, since)
        SELECT charge.practice_id, charge.id, moved.owner, moved.party, encounter.provider_id, charge.service_date,
          moved.amount, moved.since
        FROM moved CROSS JOIN charge CROSS JOIN encounter
        WHERE charge.practice_id = {mark} AND charge.id = moved.charge_id
          AND encounter.practice_id = charge.practice_id AND encounter.id = charge.encounter_id
        ON CONFLICT (practice_id, charge_id, owner, party) DO UPDATE SET
          amount = open_balance.amount + excluded.amount,
          since = CASE WHEN excluded.since < open_balance.since THEN excluded.since ELSE open_balance.since END
    """
