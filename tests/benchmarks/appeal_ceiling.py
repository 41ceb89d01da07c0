"""What could be known of California's reviews: how much of the Brier score is moving levels, moving rates, and luck.

    python -m tests.benchmarks.appeal_ceiling CSV [--own-year]

Each year is judged as `evaluate-appeal` judges it; then with its share of won reviews put right afterwards (one shift a
year of the log-odds). `--own-year` (some minutes) asks the same recipe once more after it has seen four fifths of the
judged year's own decisions too. Last, reviews alike in all seven columns and the year: no one who sees these columns
alone can do better on them than their own variance. All of it is hindsight: it bounds, and predicts nothing.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from training import benchmarks, evaluate
from training.benchmarks import Case

DRAWS = 1000
CAME = "overturned"


def level_put_right(outcomes: Any, said: Any) -> Any:
    """The same log-odds, moved by what makes their mean the share that came."""
    z = logit(said)
    return expit(z + brentq(lambda shift: expit(z + shift).sum() - outcomes.sum(), -5, 5))


def own_year_seen(cases: Sequence[Case], year: int, seed: int) -> tuple[list[Case], list[float]]:
    """The year's reviews, each fifth judged by earlier years and the other fifths."""
    own = [case for case in cases if case.year == year]
    Random(seed).shuffle(own)
    parts = [own[fold::5] for fold in range(5)]
    past = [case for case in cases if case.year < year]

    def rows(known: Sequence[Case], asked: Sequence[Case]) -> Any:
        return np.hstack([benchmarks.lifts(known, asked, benchmarks._APPEAL_KEYS, h) for h in benchmarks.HALF_LIVES])

    years = sorted({case.year for case in past})[1:]
    earlier = [[case for case in past if case.year == y] for y in years]
    before = [rows([case for case in past if case.year < y], part) for y, part in zip(years, earlier, strict=True)]
    found = benchmarks._Said([], {})
    for fold, asked in enumerate(parts):
        others = [part for place, part in enumerate(parts) if place != fold]
        known = past + [case for part in others for case in part]
        inner = [rows(past + [c for part in others if part is not mine for c in part], mine) for mine in others]
        outcomes = np.asarray([float(case.outcome) for part in (*earlier, *others) for case in part])
        by_rates = benchmarks._by_rates(np.vstack([*before, *inner]), outcomes, rows(known, asked), seed)
        by_each = benchmarks._by_each_code(known, asked, benchmarks._APPEAL_KEYS)
        found.add(known, asked, by_rates, by_each, benchmarks._by_codes(known, asked, seed))
    return found.judged, found.said["model"]


def alike_in_all(judged: Sequence[Case]) -> tuple[int, float]:
    """How many reviews have one alike in every column and the year, and the mean variance among them."""
    groups: dict[tuple[object, ...], list[bool]] = defaultdict(list)
    for case in judged:
        groups[(case.year, *case.words)].append(case.outcome)
    shared = [found for found in groups.values() if len(found) > 1]
    count = sum(map(len, shared))
    return count, sum(len(found) * float(np.var(found, ddof=1)) for found in shared) / count


def better_by(outcomes: Any, ours: Any, theirs: Any) -> str:
    """How much lower the Brier score of `theirs` is, with the middle 95 % of bootstrap draws of the reviews."""
    gain = (ours - outcomes) ** 2 - (theirs - outcomes) ** 2
    draw = np.random.default_rng(7)
    means = [gain[draw.integers(0, len(gain), len(gain))].mean() for _ in range(DRAWS)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"Brier lower by {gain.mean():.4f} ({low:.4f} to {high:.4f})"


def main(file: Path, own_year: bool) -> None:
    """Print it."""
    cases = benchmarks.appeals(file)
    years = sorted({case.year for case in cases if case.year >= benchmarks.FIRST_JUDGED})
    judged, found = benchmarks.walk_years(cases, years, 7)
    outcomes, said = np.asarray([float(case.outcome) for case in judged]), np.asarray(found["model"])
    right = said.copy()
    for year in years:
        at = np.asarray([case.year == year for case in judged])
        right[at] = level_put_right(outcomes[at], said[at])
        share = (
            f"said {said[at].mean():.3f}, came {outcomes[at].mean():.3f}, learned {found['base rate'][at.argmax()]:.3f}"
        )
        print(evaluate.line(f"  {year}", evaluate.measure(outcomes[at] > 0, said[at]), CAME), share, sep="  ")
    print(evaluate.line("as judged", evaluate.measure(outcomes > 0, said), CAME))
    print(
        evaluate.line("levels put right", evaluate.measure(outcomes > 0, right), CAME), better_by(outcomes, said, right)
    )
    print(
        "alike in all columns and the year: {} reviews, Brier at best {:.4f}".format(*alike_in_all(judged)), flush=True
    )
    if own_year:
        parts = [own_year_seen(cases, year, 7) for year in years]
        known = {case.group: p for own, told in parts for case, p in zip(own, told, strict=True)}
        seen = np.asarray([known[case.group] for case in judged])
        print(
            evaluate.line("own year seen", evaluate.measure(outcomes > 0, seen), CAME), better_by(outcomes, said, seen)
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--own-year" in sys.argv)
