"""The steady part of the denial model: one weight a column, on the log-odds.

With a few hundred claims a straight line says nearly all that can be said; the trees are grown on what it leaves and
add little until there is more to see. Its contribution to a claim is exact: weight times the distance from the mean.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from models.denial.features import NAMES


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` and `means` run parallel to NAMES; `intercept` is the log-odds of a claim at the means."""

    weights: tuple[float, ...]
    means: tuple[float, ...]
    intercept: float
    _start: float = field(init=False, repr=False, compare=False)
    _active: tuple[tuple[int, float], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        start = self.intercept - sum(w * m for w, m in zip(self.weights, self.means, strict=True))
        object.__setattr__(self, "_start", start)
        object.__setattr__(self, "_active", tuple((p, w) for p, w in enumerate(self.weights) if w))

    def raw_of(self, row: Sequence[float]) -> float:
        """The log-odds of one row. Columns of no weight are passed over; the rest are added in order, as in `raw`."""
        total = self._start
        for place, weight in self._active:
            total += weight * row[place]
        return total

    def raw(self, rows: Any) -> Any:
        """The log-odds of each row (n x len(NAMES)): to the bit what `raw_of` says of it."""
        import numpy as np

        matrix = np.asarray(rows, dtype=np.float64)
        total = np.full(len(matrix), self._start)
        for place, weight in self._active:
            total += weight * matrix[:, place]
        return total

    def contributions(self, rows: Any) -> Any:
        """What each column adds to each row's log-odds, n x len(NAMES): weight times the distance from the mean."""
        import numpy as np

        return (np.asarray(rows, dtype=np.float64) - np.asarray(self.means)) * np.asarray(self.weights)

    def contributions_of(self, row: Sequence[float]) -> list[float]:
        """The same for one row, to the bit."""
        return [(value - mean) * weight for value, mean, weight in zip(row, self.means, self.weights, strict=True)]

    def as_json(self) -> str:
        """The weights as JSON arrays."""
        return json.dumps({"intercept": self.intercept, "means": self.means, "weights": self.weights}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Linear:
        """The weights that `as_json` wrote. Raises ValueError for anything else, or for other columns."""
        plain = json.loads(text)
        try:
            found = cls(
                tuple(map(float, plain["weights"])), tuple(map(float, plain["means"])), float(plain["intercept"])
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not a line of weights") from error
        if not len(found.weights) == len(found.means) == len(NAMES):
            raise ValueError("not a line of these columns")
        return found
