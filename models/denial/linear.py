"""The steady part of the denial model: one weight a column, on the log-odds.

With a few hundred claims a straight line says nearly all that can be said; the trees are grown on what it leaves and
add little until there is more to see. Its contribution to a claim is exact: weight times the distance from the mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from models.denial.features import NAMES


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` and `means` run parallel to NAMES; `intercept` is the log-odds of a claim at the means."""

    weights: tuple[float, ...]
    means: tuple[float, ...]
    intercept: float

    def raw(self, rows: Any) -> Any:
        """The log-odds of each row (n x len(NAMES))."""
        return self.contributions(rows).sum(axis=1) + self.intercept

    def contributions(self, rows: Any) -> Any:
        """What each column adds to each row's log-odds, n x len(NAMES)."""
        import numpy as np

        return (np.asarray(rows, dtype=np.float64) - np.asarray(self.means)) * np.asarray(self.weights)

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
