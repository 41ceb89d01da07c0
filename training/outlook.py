"""P(category | denied) and days to the payer's answer: learned and judged over the same months as the denial model.

Each claim is judged by what was known before it was sent. The baseline is the payer's usual: its own shares of refusals
by category, the middle of its own days, drawn towards all payers' while few. Trees join only when they were better over
the judged months; with too few cases nothing is learned, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from statistics import median
from typing import Any

from models.denial.outlook import (
    CATEGORY,
    CATEGORY_TREES,
    DAYS,
    DAYS_TREES,
    LEARNED,
    TOO_FEW,
    USUAL,
    Usual,
)
from training import learner, splits
from training.export_folder import Submission
from training.spread import Spread, here

LEAST = 60  # cases to learn from
LEAST_JUDGED = 40
STRENGTH = 10.0  # cases of its own a payer needs before its usual outweighs that of all
ROUNDS = 40
_SMALL: Mapping[str, Any] = {
    **learner.PARAMETERS,
    "num_leaves": 4,
    "learning_rate": 0.05,
    "min_data_in_leaf": 15,
    "lambda_l2": 10.0,
}


@dataclass(frozen=True, slots=True)
class Found:
    """The artifact's files and what the judged months said of each question."""

    files: Mapping[str, bytes]
    figures: Mapping[str, Any]


def learn(submissions: Sequence[Submission], rows: Any, plan: splits.Plan, seed: int, spread: Spread = here) -> Found:
    """Both questions, each where `spread` says."""
    category, days = spread(_answered, (submissions, rows, plan, seed), (_categories, _days))
    return Found({**category.files, **days.files}, {"category": category.figures, "days": days.figures})


def _answered(given: tuple[Any, ...], question: Callable[..., Found]) -> Found:
    return question(*given)


def _told(submissions: Sequence[Submission], places: Sequence[int]) -> list[int]:
    """The denials among the places of which the category is known."""
    return [p for p in places if submissions[p].denied and submissions[p].categories]


def _waits(submissions: Sequence[Submission], places: Sequence[int]) -> list[int]:
    return [p for p in places if submissions[p].adjudicated_on is not None]


def usual_categories(submissions: Sequence[Submission], places: Sequence[int], names: Sequence[str]) -> Usual:
    """Log shares of the categories by payer."""
    every = _shares([submissions[p] for p in places], names, [1 / len(names)] * len(names))
    payers = sorted({submissions[p].facts.payer for p in places})
    of = {
        payer: _shares([submissions[p] for p in places if submissions[p].facts.payer == payer], names, every)
        for payer in payers
    }
    logs = {payer: tuple(map(log, shares)) for payer, shares in {"": every, **of}.items()}
    return Usual(tuple(names), logs)


def _shares(found: Sequence[Submission], names: Sequence[str], prior: Sequence[float]) -> list[float]:
    counts = [sum(s.categories[0] == name for s in found) for name in names]
    whole = sum(counts) + STRENGTH
    return [(count + STRENGTH * share) / whole for count, share in zip(counts, prior, strict=True)]


def usual_days(submissions: Sequence[Submission], places: Sequence[int]) -> Usual:
    """Log of the middle of each payer's days to its answer, drawn towards that of all."""
    waits: dict[str, list[float]] = {}
    for place in places:
        waits.setdefault(submissions[place].facts.payer, []).append(_log_days(submissions[place]))
    every = median(wait for found in waits.values() for wait in found)
    of = {
        payer: ((len(found) * median(found) + STRENGTH * every) / (len(found) + STRENGTH),)
        for payer, found in sorted(waits.items())
    }
    return Usual(("log days",), {"": (every,), **of})


def _log_days(submission: Submission) -> float:
    assert submission.adjudicated_on is not None
    return log(max((submission.adjudicated_on - submission.submitted_on).days, 1))


def _categories(submissions: Sequence[Submission], rows: Any, plan: splits.Plan, seed: int) -> Found:
    import numpy as np

    known = _told(submissions, plan.final)
    names = sorted({submissions[p].categories[0] for p in known})
    ours: list[float] = []
    theirs: list[float] = []
    hits = [0, 0]
    for fold in plan.folds:
        told, asked = _told(submissions, fold.learn), _told(submissions, fold.judge)
        if fold.origin < plan.judged_from or len(told) < LEAST or not asked:
            continue
        usual = usual_categories(submissions, told, names)
        start = np.asarray([usual.start(submissions[p].facts.payer) for p in asked])
        raw = start + _category_trees(submissions, rows, told, usual, seed).predict(rows[asked], raw_score=True)
        truth = [names.index(submissions[p].categories[0]) for p in asked]
        for scores, losses, place in ((raw, ours, 0), (start, theirs, 1)):
            logs = scores - np.logaddexp.reduce(scores, axis=1)[:, None]
            losses += [-float(logs[row, what]) for row, what in enumerate(truth)]
            hits[place] += int((scores.argmax(axis=1) == truth).sum())
    if len(ours) < LEAST_JUDGED:
        return Found({}, {"verdict": TOO_FEW, "denials": len(known), "judged": len(ours), "needed": LEAST_JUDGED})
    figures = {
        "n": len(ours),
        "log_loss": sum(ours) / len(ours),
        "usual_log_loss": sum(theirs) / len(theirs),
        "right": hits[0] / len(ours),
        "usual_right": hits[1] / len(ours),
    }
    usual = usual_categories(submissions, known, names)
    trees = _category_trees(submissions, rows, known, usual, seed) if sum(ours) < sum(theirs) else None
    return _found(CATEGORY, CATEGORY_TREES, usual, trees, figures)


def _category_trees(submissions: Sequence[Submission], rows: Any, told: Sequence[int], usual: Usual, seed: int) -> Any:
    import lightgbm
    import numpy as np

    truth = [usual.names.index(submissions[p].categories[0]) for p in told]
    start = np.asarray([usual.start(submissions[p].facts.payer) for p in told])
    data = lightgbm.Dataset(rows[list(told)], truth, init_score=start.ravel(order="F"))
    parameters = {**_SMALL, "objective": "multiclass", "num_class": len(usual.names), "seed": seed}
    return lightgbm.train(parameters, data, ROUNDS)


def _days(submissions: Sequence[Submission], rows: Any, plan: splits.Plan, seed: int) -> Found:
    import numpy as np

    ours: list[float] = []
    theirs: list[float] = []
    for fold in plan.folds:
        told, asked = _waits(submissions, fold.learn), _waits(submissions, fold.judge)
        if fold.origin < plan.judged_from or len(told) < LEAST or not asked:
            continue
        usual = usual_days(submissions, told)
        start = np.asarray([usual.start(submissions[p].facts.payer)[0] for p in asked])
        moved = start + _days_trees(submissions, rows, told, usual, seed).predict(rows[asked])
        truth = np.exp([_log_days(submissions[p]) for p in asked])
        ours += [float(d) for d in np.abs(np.exp(moved) - truth)]
        theirs += [float(d) for d in np.abs(np.exp(start) - truth)]
    if len(ours) < LEAST_JUDGED:
        return Found({}, {"verdict": TOO_FEW, "judged": len(ours), "needed": LEAST_JUDGED})
    figures = {"n": len(ours), "days_off": sum(ours) / len(ours), "usual_days_off": sum(theirs) / len(theirs)}
    known = _waits(submissions, plan.final)
    usual = usual_days(submissions, known)
    trees = _days_trees(submissions, rows, known, usual, seed) if sum(ours) < sum(theirs) else None
    return _found(DAYS, DAYS_TREES, usual, trees, figures)


def _days_trees(submissions: Sequence[Submission], rows: Any, told: Sequence[int], usual: Usual, seed: int) -> Any:
    import lightgbm

    beyond = [_log_days(submissions[p]) - usual.start(submissions[p].facts.payer)[0] for p in told]
    parameters = {**_SMALL, "objective": "l1", "boost_from_average": False, "seed": seed}
    return lightgbm.train(parameters, lightgbm.Dataset(rows[list(told)], beyond), ROUNDS)


def _found(usual_file: str, trees_file: str, usual: Usual, trees: Any, figures: Mapping[str, Any]) -> Found:
    files = {usual_file: usual.as_json().encode()}
    if trees is not None:
        files[trees_file] = trees.model_to_string().encode("ascii")
    return Found(files, {**figures, "verdict": USUAL if trees is None else LEARNED})


def text(figures: Mapping[str, Any]) -> list[str]:
    """Both questions in a line each."""
    category, days = figures["category"], figures["days"]
    lines = []
    if category["verdict"] == TOO_FEW:
        lines.append(f"category of a denial: {TOO_FEW} ({category['judged']} judged, {LEAST_JUDGED} needed)")
    else:
        lines.append(
            f"category of a denial ({category['verdict']}): log loss {category['log_loss']:.3f}, payer's usual "
            f"{category['usual_log_loss']:.3f}; right {category['right']:.0%}, usual {category['usual_right']:.0%}; "
            f"n {category['n']} denials"
        )
    if days["verdict"] == TOO_FEW:
        lines.append(f"days to the answer: {TOO_FEW} ({days['judged']} judged, {LEAST_JUDGED} needed)")
    else:
        lines.append(
            f"days to the answer ({days['verdict']}): off by {days['days_off']:.1f} days, payer's usual "
            f"{days['usual_days_off']:.1f}; n {days['n']} claims"
        )
    return lines
