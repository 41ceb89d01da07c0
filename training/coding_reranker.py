"""Training the reranker: columns made on charts the books have not seen, trees, calibration, threshold.

The charts are dealt into folds; the books for each fold's columns are learned from the other folds. The trees are then
judged the same way, fold by fold, and on those held-out scores stand the calibration (a logistic curve) and the
threshold with the best micro F1. One seed, one thread, sorted input: the same charts give the same bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.coding.candidates import TermIndex
from models.coding.code_table import CodeTable
from models.coding.reranker import COLUMNS, Charts, Draft, calibrated, gather, rows
from training.coding_charts import Chart, Privacy, learned

FOLDS = 10
_JUDGED = 4  # folds of trees for the held-out scores
_ROUNDS = 300
_SEED = 1
_TREES: Mapping[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 31,
    "min_data_in_leaf": 60,
    "lambda_l2": 20.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 63,
    "verbose": -1,
    "num_threads": 1,
    "seed": _SEED,
    "deterministic": True,
    "force_row_wise": True,
}


@dataclass(frozen=True, slots=True)
class Tables:
    """The code set as the columns need it."""

    index: TermIndex
    table: CodeTable


@dataclass(frozen=True, slots=True)
class Example:
    """A chart to learn from, and what the cold reading drafted for it."""

    chart: Chart
    drafts: Mapping[str, Draft]
    against: Callable[[str], float] = lambda code: 1.0  # how much a code that was not signed counts against itself


@dataclass(frozen=True, slots=True)
class Trained:
    """The reranker's files, its threshold per mille, and what the held-out scores showed."""

    files: Mapping[str, bytes]
    threshold: int
    guided: bool  # whether the held-out notes are better coded with the guidelines applied after the threshold
    held_out_f1: float
    candidate_recall: float


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Rows of all charts: which chart and code each is, and whether it was signed."""

    columns: Any
    signed: Any
    chart: Any
    patient: Any  # by number: the notes of one are judged together
    weight: Any  # None where every row counts as one
    codes: tuple[str, ...]
    total: int  # signed codes, candidates or not


Kept = Callable[[Mapping[str, int]], frozenset[str]]


def train(examples: Sequence[Example], tables: Tables, privacy: Privacy, kept: Kept) -> Trained:
    """Trees, calibration and threshold from signed charts; at least `2 * FOLDS` of them.

    `kept`: the codes that stand, of {code: score}, once the guidelines were applied.
    """
    matrix = _held_out(examples, tables, privacy)
    raw = _judged(matrix)
    slope, offset = _calibration(raw, matrix.signed)
    scores = [calibrated(float(r), slope, offset) // 1000 for r in raw]
    threshold, f1 = best_threshold(scores, [bool(s) for s in matrix.signed], matrix.total)
    guided_f1 = _guided_f1(matrix, scores, threshold, kept)
    files = {
        "reranker.txt": _fitted(matrix.columns, matrix.signed, matrix.weight).model_to_string().encode(),
        "calibration.json": json.dumps({"slope": f"{slope:.6f}", "offset": f"{offset:.6f}"}, sort_keys=True).encode(),
    }
    return Trained(
        files, threshold, guided_f1 >= f1, max(f1, guided_f1), float(matrix.signed.sum()) / max(1, matrix.total)
    )


def _guided_f1(matrix: _Matrix, scores: Sequence[int], threshold: int, kept: Kept) -> float:
    """Micro F1 on the held-out scores once the guidelines were applied to each note's codes above the threshold."""
    offered: dict[int, dict[str, int]] = {}
    signed: set[tuple[int, str]] = set()
    for at, code, score, right in zip(matrix.chart.tolist(), matrix.codes, scores, matrix.signed.tolist(), strict=True):
        if score >= threshold:
            offered.setdefault(at, {})[code] = score
        if right:
            signed.add((at, code))
    chosen = [(at, code) for at, codes in sorted(offered.items()) for code in sorted(kept(codes))]
    right = sum(pair in signed for pair in chosen)
    return round(2 * right / max(1, len(chosen) + matrix.total), 4)


def _held_out(examples: Sequence[Example], tables: Tables, privacy: Privacy) -> _Matrix:
    """Columns of every chart, by books learned from the other folds."""
    import numpy as np

    numbers: dict[str, int] = {}
    patient = [numbers.setdefault(e.chart.owner, len(numbers)) for e in examples]
    order = list(range(len(numbers)))
    random.Random(_SEED).shuffle(order)
    parts: list[tuple[int, Any, dict[str, bool]]] = []
    for fold in range(FOLDS):
        out_of = set(order[fold::FOLDS])
        unseen = [at for at, whose in enumerate(patient) if whose in out_of]
        out = set(unseen)
        charts = learned([e.chart for at, e in enumerate(examples) if at not in out], privacy)
        parts += [(at, *_rows(examples[at], charts, tables)) for at in unseen]
    parts.sort(key=lambda part: part[0])
    return _Matrix(
        np.vstack([columns for _, columns, _ in parts]),
        np.concatenate([np.asarray(list(signed.values()), dtype="f8") for _, _, signed in parts]),
        np.concatenate([np.full(len(signed), at) for at, _, signed in parts]),
        np.concatenate([np.full(len(signed), patient[at]) for at, _, signed in parts]),
        _weights(examples, parts),
        tuple(code for _, _, signed in parts for code in signed),
        sum(len(e.chart.codes) for e in examples),
    )


def _rows(example: Example, charts: Charts, tables: Tables) -> tuple[Any, dict[str, bool]]:
    found = gather(example.chart.passages, charts, tables.index, tables.table, example.drafts)
    columns = rows(example.chart.passages, found, charts.usual, tables.table)
    return columns, {code: code in example.chart.codes for code in found}


def _weights(examples: Sequence[Example], parts: Sequence[tuple[int, Any, dict[str, bool]]]) -> Any:
    """How much each row counts: a signed code as one, an unsigned one by what the coder said of it."""
    import numpy as np

    weight = np.asarray(
        [1.0 if right else examples[at].against(code) for at, _, signed in parts for code, right in signed.items()]
    )
    return None if (weight == 1.0).all() else weight


def _fitted(columns: Any, signed: Any, weight: Any) -> Any:
    import lightgbm

    data = lightgbm.Dataset(columns, signed, weight=weight, feature_name=list(COLUMNS))
    return lightgbm.train(dict(_TREES), data, _ROUNDS)


def _judged(matrix: _Matrix) -> Any:
    """The raw score of each row by trees that have not seen its chart."""
    import numpy as np

    raw = np.zeros(len(matrix.signed))
    for part in range(_JUDGED):
        mine = matrix.patient % _JUDGED == part
        weight = None if matrix.weight is None else matrix.weight[~mine]
        trees = _fitted(matrix.columns[~mine], matrix.signed[~mine], weight)
        raw[mine] = trees.predict(matrix.columns[mine], raw_score=True, num_threads=1)
    return raw


def _calibration(raw: Any, signed: Any) -> tuple[float, float]:
    """Slope and offset of the logistic curve through the held-out scores, by Newton's method."""
    import numpy as np

    design = np.stack([raw, np.ones(len(raw))], axis=1)
    weights = np.asarray([1.0, 0.0])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        curvature = design.T @ (design * (chance * (1 - chance))[:, None]) + 1e-6 * np.eye(2)
        weights = weights + np.linalg.solve(curvature, design.T @ (signed - chance))
    return float(weights[0]), float(weights[1])


def best_threshold(scores: Sequence[int], signed: Sequence[bool], total: int) -> tuple[int, float]:
    """The threshold per mille with the best micro F1, in steps of ten; the highest of equals.

    >>> best_threshold([900, 700, 400], [True, False, True], 2)
    (400, 0.8)
    """
    best = (0.0, 0)
    for threshold in range(100, 951, 10):
        offered = [right for score, right in zip(scores, signed, strict=True) if score >= threshold]
        if offered or total:
            best = max(best, (2 * sum(offered) / (len(offered) + total), threshold))
    return best[1], round(best[0], 4)
