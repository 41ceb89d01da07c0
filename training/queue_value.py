"""What the order of a queue is worth: the dollars kept when only the first tenth of each month's claims can be worked.

Every way of ordering the same claims is judged alike: by the refused dollars that stood behind the claims it put first.
`kept` counts each refused dollar whole; the share that work truly saves (billing_core.work_queue.EFFECT_OF_WORK) is the
same for every order and changes no comparison. Dollars are charges, as the claim shows them: an export does not hold
what the payer would have paid.

The model's order is the queue's own: probability x what a refusal would take of the claim, line by line
(models/denial/share.py), as it was known when the claim was sent, which training keeps beside it. The oracle knows the
true probability and takes the claim whole, as do the rivals, so that a model can pass it; what it would keep with the
same lines is shown beside it, and so is the most that any order could keep, to know beforehand what will be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.denial.replay import replay
from models.denial.share import CERTAIN, taken
from training import baselines
from training.export_folder import Submission

WORKED = 0.1  # of each month's claims

Row = Mapping[str, Any]


def _value(column: str) -> Callable[[Row], float]:
    return lambda row: float(row[column]) * float(row["at_stake_cents"])


EXPECTED_LOSS = "expected_loss"  # of held_out.parquet: what `losses` says of the claim, in cents
# What a queue is commonly ordered by, first the highest. Ties fall by claim key, so that nothing depends on the file.
MODEL, WHOLE = "expected value, model", "expected value, model, claims taken whole"
ORDERS: dict[str, Callable[[Row], float]] = {
    MODEL: lambda row: float(row["probability"]) * float(row[EXPECTED_LOSS]),
    WHOLE: _value("probability"),
    "expected value, rate lookup": _value(baselines.column(baselines.TABLE)),
    "expected value, rate lookup by line": _value(baselines.column(baselines.LINES)),
    "amount": lambda row: float(row["at_stake_cents"]),
    "age": lambda row: float(row["days_to_submit"]),
}
COLUMNS = (EXPECTED_LOSS, *map(baselines.column, (baselines.TABLE, baselines.LINES)))  # of the newest held_out.parquet
RIVALS = ("amount", "age", "expected value, rate lookup", "expected value, rate lookup by line")
ORACLE, ORACLE_BY_LINE = "expected value, oracle", "expected value, oracle, lines as the model has them"
FORESIGHT = "what will be refused, known beforehand"


def losses(submissions: Sequence[Submission]) -> dict[str, float]:
    """By claim key the cents that a refusal would take, as they were to be expected when the claim was sent."""
    found = {}
    for sending, history in replay([s.sending for s in submissions]):
        lines = zip(sending.facts.amounts_cents, taken(sending.facts, history), strict=True)
        found[sending.facts.claim_key] = sum(cents * ppm for cents, ppm in lines) / CERTAIN
    return found


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
        orders[FORESIGHT] = lambda row: float(row["refused_cents"])
        orders[ORACLE_BY_LINE] = lambda row: oracle[row["claim_number"]] * float(row[EXPECTED_LOSS])
    kept = {name: kept_cents(rows, order) for name, order in orders.items()}
    found: dict[str, Any] = {
        "n": len(rows),
        "refused_cents": sum(int(row["refused_cents"]) for row in rows),
        "kept": kept,
    }
    if oracle is not None:
        best = max(kept[name] for name in RIVALS)
        found["way"] = way(kept[MODEL], best, kept[ORACLE])
        found["way_whole"] = way(kept[WHOLE], best, kept[ORACLE])
        found["way_by_line"] = way(kept[MODEL], best, kept[ORACLE_BY_LINE])
    return found


def way(ours: float, best: float, oracle: float) -> float | None:
    """Which share of the way from the best rival to the oracle is gone; None where there is no way to go."""
    return (ours - best) / (oracle - best) if oracle > best else None


def text(found: Mapping[str, Any]) -> list[str]:
    """The comparison for people."""
    lines = [
        f"refused dollars behind the first {WORKED:.0%} of each month's claims, of {found['refused_cents'] / 100:.0f}:"
    ]
    width = max(map(len, found["kept"]))
    lines += [
        f"  {name:{width}s} {cents / 100:10.0f}" for name, cents in sorted(found["kept"].items(), key=lambda k: -k[1])
    ]
    if found.get("way") is not None:
        lines.append(f"  of the way from the best of amount, age and rate lookup to the oracle: {found['way']:.0%}")
    if found.get("way_whole") is not None:
        lines.append(f"  were claims taken whole: {found['way_whole']:.0%}")
    if found.get("way_by_line") is not None:
        lines.append(f"  to an oracle that has the same lines: {found['way_by_line']:.0%}")
    return lines
