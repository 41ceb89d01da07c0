"""What else is to be expected of a claim: why it would be denied, if it is, and after how many days its payer answers.

Both start from what the payer usually does (its shares of refusals by category, the middle of its days) and, where
trees have been worth it on later claims, are moved by the claim's row. With too few cases there are no trees, and with
none at all nothing is said: `Outlook.said` tells which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from models.denial.features import NAMES
from models.denial.trees import Trees

CATEGORY, CATEGORY_TREES = "category.json", "category_trees.txt"
DAYS, DAYS_TREES = "days.json", "days_trees.txt"
TOO_FEW = "too few cases"
USUAL = "the payer's usual"
LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Outlook:
    """`categories`: DenialCategory value and probability in millionths given a denial, the likeliest first; empty with
    too few cases. `days_to_answer` is the middle of what is expected; None with too few. `said`: on what each rests.
    """

    categories: tuple[tuple[str, int], ...]
    days_to_answer: int | None
    said: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Usual:
    """What payers usually do: `of` by payer, "" for all together. For categories: log shares in the order of `names`;
    for days: one number, the log of the middle.
    """

    names: tuple[str, ...]
    of: Mapping[str, tuple[float, ...]]

    def start(self, payer: str) -> tuple[float, ...]:
        """The payer's, or that of all together."""
        return self.of.get(payer) or self.of[""]

    def as_json(self) -> str:
        """As JSON text."""
        return json.dumps({"names": self.names, "of": dict(self.of)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Usual:
        """What `as_json` wrote. Raises ValueError for anything else."""
        plain = json.loads(text)
        try:
            of = {str(payer): tuple(map(float, values)) for payer, values in plain["of"].items()}
            found = cls(tuple(map(str, plain["names"])), of)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a payer's usual") from error
        if "" not in of or any(len(values) != len(found.names) for values in of.values()):
            raise ValueError("not a payer's usual")
        return found


class Forecaster:
    """The two of them, from an artifact's files; a file that is not there means too few cases."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._category, self._category_trees = _part(files, CATEGORY, CATEGORY_TREES)
        self._days, self._days_trees = _part(files, DAYS, DAYS_TREES)

    def outlook(self, payer: str, row: Sequence[float]) -> Outlook:
        """What is to be expected of a claim with this row."""
        categories: tuple[tuple[str, int], ...] = ()
        if self._category is not None:
            shares = softmax(_moved(self._category.start(payer), self._category_trees, row))
            named = zip(self._category.names, (round(1_000_000 * share) for share in shares), strict=True)
            categories = tuple(sorted(named, key=lambda found: (-found[1], found[0])))
        days = None
        if self._days is not None:
            days = max(1, round(exp(_moved(self._days.start(payer), self._days_trees, row)[0])))
        return Outlook(
            categories, days, (_said(self._category, self._category_trees), _said(self._days, self._days_trees))
        )


def softmax(scores: Sequence[float]) -> list[float]:
    """Shares that add up to one."""
    highest = max(scores)
    powers = [exp(score - highest) for score in scores]
    whole = sum(powers)
    return [power / whole for power in powers]


def _part(files: Mapping[str, bytes], usual: str, trees: str) -> tuple[Usual | None, Trees | None]:
    if usual not in files:
        return None, None
    forest = Trees(files[trees].decode("ascii"), len(NAMES)) if trees in files else None
    return Usual.from_json(files[usual]), forest


def _moved(start: Sequence[float], trees: Trees | None, row: Sequence[float]) -> list[float]:
    if trees is None:
        return list(start)
    import numpy as np

    by: Any = trees.raw(np.asarray([row], dtype=np.float64))
    return [s + float(b) for s, b in zip(start, np.atleast_1d(by.squeeze()), strict=True)]


def _said(usual: Usual | None, trees: Trees | None) -> str:
    return TOO_FEW if usual is None else USUAL if trees is None else LEARNED
