"""The learner: a straight line held near what the trade expects, in the directions it knows, then small trees on what
the line leaves.

A few hundred claims cannot carry a hundred weights: until later claims say otherwise they stand as other practices'
claims gave them (training/trade.py). What moves them is held (ridge) near what it begins with, and no weight may say
that a thing that gets claims refused makes them safer. The trees start from the line's log-odds, so their first leaf
already corrects it; how many are worth keeping is told by later claims too (training.denial): with few, nearly none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models.denial.features import DIRECTIONS, NAMES
from models.denial.linear import Linear
from training import trade

HOLD = 40.0  # ridge on standardised columns, in claims
# What the claims' columns are held near, and how firmly (ridge, in claims; None: they stand as they are). A practice
# like others does best with what theirs have taught, one unlike them with what a biller would say; later claims choose.
HELD: Mapping[str, tuple[Mapping[str, float], float | None]] = {
    "as others": (trade.WEIGHTS, None),
    "near others": (trade.WEIGHTS, 300.0),
    "by hand": (trade.BY_HAND, 40.0),
}
STAGES = (1, 40, 160)  # numbers of trees between which later claims choose
WAYS = tuple((held, count) for held in HELD for count in STAGES)  # the plainest first
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


CLAIM_COLUMNS = Columns(NAMES, DIRECTIONS)


def line(rows: Any, outcomes: Any, columns: Columns = CLAIM_COLUMNS) -> Linear:
    """The weights that fit `outcomes` (0/1) best under the ridge and the directions. `rows`: n x columns."""
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    means, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-9] = 1.0
    scaled = (rows - means) / spread
    expected = np.asarray([columns.expected.get(name, 0.0) for name in columns.names]) * spread
    base = (outcomes.sum() + 1) / (len(outcomes) + 2)

    def loss(weights: Any) -> tuple[float, Any]:
        own, intercept = weights[:-1], weights[-1]
        z = scaled @ own + intercept
        wrong, off = expit(z) - outcomes, own - expected
        total = np.logaddexp(0, z).sum() - outcomes @ z + 0.5 * columns.hold * (off @ off)
        return float(total), np.append(scaled.T @ wrong + columns.hold * off, wrong.sum())

    start = np.append(np.zeros(len(columns.names)), np.log(base / (1 - base)))
    bounds = [*(_bound(name, columns) for name in columns.names), (None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = found[:-1] / spread
    return Linear(tuple(map(float, weights)), tuple(map(float, means)), float(found[-1]))


def as_others(rows: Any) -> Linear:
    """The weights and the level of other practices, as they are; only what counts as usual is this practice's own."""
    import numpy as np

    weights, means = np.asarray([trade.WEIGHTS.get(name, 0.0) for name in NAMES]), rows.mean(axis=0)
    return Linear(tuple(map(float, weights)), tuple(map(float, means)), float(trade.INTERCEPT + weights @ means))


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
    """The log-odds of each row with so many of the first trees: n x len(stages)."""
    import numpy as np

    base = start.raw(rows)
    return np.stack([base + booster.predict(rows, raw_score=True, num_iteration=count) for count in stages], axis=1)


def learn(rows: Any, outcomes: Any, way: tuple[str, int], seed: int) -> tuple[Linear, Any]:
    """The line and the trees of one of the WAYS."""
    held, count = way
    expected, hold = HELD[held]
    if hold is None:
        start = as_others(rows)
    else:
        start = line(rows, outcomes, replace(CLAIM_COLUMNS, expected=expected, hold=hold))
    return start, trees(rows, outcomes, start, seed, count)


def every_way(rows: Any, outcomes: Any, judged: Any, seed: int) -> Any:
    """The log-odds of the judged rows by each of the WAYS: n x len(WAYS)."""
    import numpy as np

    return np.hstack([staged(*learn(rows, outcomes, (held, STAGES[-1]), seed), judged) for held in HELD])
