"""The learner: a straight line held short, in the directions the trade knows, then small trees on what it leaves.

A few hundred claims carry a few dozen weights only when each is held near zero (ridge) and none may say that a thing
that gets claims refused makes them safer. The trees start from the line's log-odds, so their first leaf already
corrects it; how many are worth keeping is told by later claims (training.denial), and with few that is nearly none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.denial.features import DIRECTIONS, NAMES
from models.denial.linear import Linear

HOLD = 40.0  # ridge on standardised columns, in claims
HOLD_UNDIRECTED = 100.0  # on columns of which the trade knows no direction
# What the trade expects before the first claim is seen, in log-odds: causes that come once a year or once a provider,
# and are nearly certain when they come, cannot be learned from the practice's own claims in time.
EXPECTED: Mapping[str, float] = {
    "card_refused": 2.0,  # the coverage was refused and nothing was paid under it since
    "card_other_payer": 1.5,
    "provider_refused": 2.5,  # refused as not enrolled, and not taken since
    "provider_new_to_payer": 2.5,  # enrolled in our record for days, and never yet taken by the payer
    "visit_without_25": 1.5,
    "duplicate": 2.5,
    "yearly_too_soon": 1.5,
    "beyond_refused_lateness": 2.0,
    "why_authorization_in_a_row": 1.0,
    "why_authorization_recent": 0.15,
    "why_not_covered_recent": 0.15,
    "why_not_covered_for_recent": 0.15,
    "why_diagnosis_code_recent": 0.15,
    "why_coding_recent": 0.15,
    "why_coding_for_recent": 0.15,
}
STAGES = (1, 10, 20, 40, 80, 160)  # numbers of trees between which later claims choose
PARAMETERS: Mapping[str, Any] = {
    "objective": "binary",
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
# From how many claims on: leaves of a tree, claims a leaf must hold, learning rate.
_SIZES = ((20_000, 31, 50, 0.1), (3_000, 8, 20, 0.06), (0, 4, 10, 0.04))


@dataclass(frozen=True, slots=True)
class Columns:
    """What the learner is told of its columns: their names, the directions of some, which to leave alone, and the
    weight (log-odds a unit) the trade would give some before it has seen a claim; and how firmly weights are held.
    """

    names: tuple[str, ...]
    directions: Mapping[str, int] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    expected: Mapping[str, float] = field(default_factory=dict)
    hold: float = HOLD


CLAIM_COLUMNS = Columns(NAMES, DIRECTIONS, expected=EXPECTED)


def line(rows: Any, outcomes: Any, columns: Columns = CLAIM_COLUMNS) -> Linear:
    """The weights that fit `outcomes` (0/1) best under the ridge and the directions. `rows`: n x columns."""
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    means, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-9] = 1.0
    scaled = (rows - means) / spread
    firmness = (columns.hold if name in columns.directions else HOLD_UNDIRECTED for name in columns.names)
    hold = np.asarray(list(firmness))
    expected = np.asarray([columns.expected.get(name, 0.0) for name in columns.names]) * spread
    base = (outcomes.sum() + 1) / (len(outcomes) + 2)

    def loss(weights: Any) -> tuple[float, Any]:
        own, intercept = weights[:-1], weights[-1]
        z = scaled @ own + intercept
        wrong, off = expit(z) - outcomes, own - expected
        total = np.logaddexp(0, z).sum() - outcomes @ z + 0.5 * (hold * off) @ off
        return float(total), np.append(scaled.T @ wrong + hold * off, wrong.sum())

    start = np.append(np.zeros(len(columns.names)), np.log(base / (1 - base)))
    bounds = [*(_bound(name, columns) for name in columns.names), (None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = found[:-1] / spread
    return Linear(tuple(map(float, weights)), tuple(map(float, means)), float(found[-1]))


def _bound(name: str, columns: Columns) -> tuple[float | None, float | None]:
    if name in columns.unused:
        return 0.0, 0.0
    direction = columns.directions.get(name, 0)
    return (0.0 if direction > 0 else None), (0.0 if direction < 0 else None)


def trees(
    rows: Any, outcomes: Any, start: Linear, seed: int, count: int = STAGES[-1], columns: Columns = CLAIM_COLUMNS
) -> Any:
    """`count` small trees on what `start` leaves, in the same directions: a LightGBM booster."""
    import lightgbm

    leaves, least, rate = next(size[1:] for size in _SIZES if len(rows) >= size[0])
    parameters = {
        **PARAMETERS,
        "num_leaves": leaves,
        "learning_rate": rate,
        "min_data_in_leaf": least,
        "seed": seed,
        "monotone_constraints": [columns.directions.get(name, 0) for name in columns.names],
        "feature_contri": [float(name not in columns.unused) for name in columns.names],
    }
    learned = lightgbm.Dataset(rows, outcomes, init_score=start.raw(rows), feature_name=list(columns.names))
    return lightgbm.train(parameters, learned, count)


def staged(start: Linear, booster: Any, rows: Any, stages: Sequence[int] = STAGES) -> Any:
    """The log-odds of each row with the first 1, 10, ... trees: n x len(stages)."""
    import numpy as np

    base = start.raw(rows)
    return np.stack([base + booster.predict(rows, raw_score=True, num_iteration=count) for count in stages], axis=1)
