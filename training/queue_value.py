"""What the order of a queue is worth: the dollars kept when only the first tenth of each month's claims can be worked.

Every way of ordering the same claims is judged alike: by the refused dollars that stood behind the claims it put first.
`kept` counts each refused dollar whole; the share that work truly saves (billing_core.work_queue.EFFECT_OF_WORK) is the
same for every order and changes no comparison. Dollars are charges, as the claim shows them: an export does not hold
what the payer would have paid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

WORKED = 0.1  # of each month's claims

Row = Mapping[str, Any]


def _value(column: str) -> Callable[[Row], float]:
    return lambda row: float(row[column]) * float(row["at_stake_cents"])


# What a queue is commonly ordered by, first the highest. Ties fall by claim key, so that nothing depends on the file.
ORDERS: dict[str, Callable[[Row], float]] = {
    "expected value, model": _value("probability"),
    "expected value, rate lookup": _value("payer_x_procedure_table"),
    "amount": lambda row: float(row["at_stake_cents"]),
    "age": lambda row: float(row["days_to_submit"]),
}
RIVALS = ("amount", "age", "expected value, rate lookup")
ORACLE = "expected value, oracle"


def kept_cents(rows: Sequence[Row], order: Callable[[Row], float]) -> int:
    """The refused cents behind the claims that the order puts first in each month."""
    months: dict[str, list[Row]] = {}
    for row in rows:
        months.setdefault(str(row["submitted_on"])[:7], []).append(row)
    kept = 0
    for found in months.values():
        first = sorted(found, key=lambda row: (-order(row), str(row["claim_key"])))
        kept += sum(int(row["refused_cents"]) for row in first[: max(1, round(WORKED * len(found)))])
    return kept


def compared(rows: Sequence[Row], oracle: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Cents kept by each order and, with an oracle, the share of the way from the best plain order to it."""
    orders = dict(ORDERS)
    if oracle is not None:
        orders[ORACLE] = lambda row: oracle[row["claim_number"]] * float(row["at_stake_cents"])
    kept = {name: kept_cents(rows, order) for name, order in orders.items()}
    found: dict[str, Any] = {
        "n": len(rows),
        "refused_cents": sum(int(row["refused_cents"]) for row in rows),
        "kept": kept,
    }
    if oracle is not None:
        found["way"] = way(kept["expected value, model"], max(kept[name] for name in RIVALS), kept[ORACLE])
    return found


def way(ours: float, best: float, oracle: float) -> float | None:
    """Which share of the way from the best rival to the oracle is gone; None where there is no way to go."""
    return (ours - best) / (oracle - best) if oracle > best else None


def text(found: Mapping[str, Any]) -> list[str]:
    """The comparison for people."""
    lines = [
        f"refused dollars behind the first {WORKED:.0%} of each month's claims, of {found['refused_cents'] / 100:.0f}:"
    ]
    lines += [f"  {name:30s} {cents / 100:10.0f}" for name, cents in sorted(found["kept"].items(), key=lambda k: -k[1])]
    if found.get("way") is not None:
        lines.append(f"  of the way from the best of amount, age and rate lookup to the oracle: {found['way']:.0%}")
    return lines
