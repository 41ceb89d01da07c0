"""One line that says whether two books are equal: the state, free of ids, of recorded times and of the way there.

A charge is named as people name it (record number, day, procedure, line), a payer by its number, a guarantor by the
record numbers they answer for. What counts is where the money stands, not how it came there: files that touch
different claims may come in any order. The hash chain says the opposite thing, that nothing of the way was changed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from billing_core.ledger import AccountKind, Owner
from billing_core.money import Cents


@dataclass(frozen=True, slots=True, order=True)
class NamedBalance:
    """What stands on one account: of one charge, or ("" as `charge`) of none. Names are the trade's, never ids."""

    charge: str
    kind: AccountKind
    owner: Owner | None
    party: str
    amount: Cents


def state_digest(balances: Iterable[NamedBalance], papers: Iterable[str] = ()) -> str:
    """The sha256 of the balances (those of one name added up, zeros left out) and of the papers posted or held.

    >>> one = NamedBalance("1001 2026-01-05 99213 1", AccountKind.CASH, None, "60054", 100)
    >>> state_digest([one, one]) == state_digest([NamedBalance(one.charge, one.kind, None, "60054", 200)])
    True
    """
    sums: Counter[tuple[str, str, str, str]] = Counter()
    for b in balances:
        sums[b.charge, b.kind.value, b.owner.value if b.owner else "", b.party] += b.amount
    lines = ["|".join((*name, str(amount))) for name, amount in sums.items() if amount]
    hashed = hashlib.sha256()
    for line in (*sorted(lines), "", *sorted(papers)):
        hashed.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return hashed.hexdigest()
