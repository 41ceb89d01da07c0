"""`cleanclaim-train evaluate-appeal` and `evaluate-audit`: the same learner on real, public outcomes.

California's independent medical reviews (was the refusal of care overturned?) and Medicare's CERT sample (was the
audited line improper?) are member appeals and audits. They show whether the learner is sound; they rank no provider's
claim.

The recipe is the denial model's: shrunken rates of what is alike, known before the case, a ridge line on their log-odds
in the one direction they can have, small trees on what it leaves. Reviews are judged year by year, each by what was
known at the end of the year before. Audit lines have no dates: folds keep the lines of one claim together. Rivals see
the same folds. CatBoost is not in this project's lock; the strongest rival here is LightGBM on the raw codes.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from training import evaluate, gate, learner

STRENGTH = 8.0  # cases of its own a rate needs before it outweighs the base
HALF_LIVES = (None, 1.0, 0.4)  # years; None: all time alike
TREES = 40
FIRST_JUDGED = 2008
FOLDS = 5
_APPEAL = ("Diagnosis Category", "Diagnosis Sub Category", "Treatment Category", "Treatment Sub Category", "Type")
_APPEAL_KEYS = (
    *((0,), (0, 1), (2,), (2, 3), (4,), (5,), (6,), (0, 2), (0, 1, 2, 3)),
    *((4, 2), (4, 0), (4, 2, 3), (4, 0, 1), (0, 2, 3), (2, 3, 5), (4, 0, 2)),
)
_AUDIT = ("Part", "DRG", "HCPCS Procedure Code", "Provider Type", "Type of Bill")
_AUDIT_KEYS = ((0,), (1,), (2,), (3,), (4,), (0, 3), (2, 3), (3, 4), (0, 2))


class BenchmarkError(BillingError):
    """A public file that is not of the published form."""


@dataclass(frozen=True, slots=True)
class Case:
    """One review or audited line: its words, the year (0 when unknown), the group that stays together, the outcome."""

    words: tuple[str, ...]
    year: int
    group: str
    outcome: bool

    def key(self, places: Sequence[int]) -> str:
        """What makes cases alike in one respect."""
        return "|".join(self.words[p] for p in places)


def read_csv(file: Path, delimiter: str, needed: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a file. Raises BenchmarkError naming the column that is missing."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, delimiter=delimiter)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise BenchmarkError(
                    f"the column {missing[0]} is missing", where=file.name, mend="give the file as published"
                )
            return list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise BenchmarkError("not a readable file", where=file.name, mend="give the file as published") from error


def appeals(file: Path) -> list[Case]:
    """The reviews of a file of the Department of Managed Health Care (semicolons)."""
    names = (*_APPEAL, "Age Range", "Patient Gender")
    rows = read_csv(file, ";", (*names, "Report Year", "Reference ID", "Determination"))
    return [
        Case(
            tuple(row[name] or "" for name in names),
            int(row["Report Year"]),
            row["Reference ID"],
            row["Determination"].startswith("Overturned"),
        )
        for row in rows
    ]


def audits(file: Path) -> list[Case]:
    """The audited lines of a CERT file; the error code is the answer and is not read."""
    rows = read_csv(file, ",", (*_AUDIT, "claim_control_number", "Review Decision"))
    return [
        Case(
            tuple(row[name] or "" for name in _AUDIT),
            0,
            row["claim_control_number"],
            row["Review Decision"] == "Disagree",
        )
        for row in rows
    ]


def lifts(known: Sequence[Case], asked: Sequence[Case], keys: Sequence[Sequence[int]], half: float | None) -> Any:
    """For each asked case and key: the log-odds of its like's rate among the known, over the base rate's."""
    import numpy as np

    latest = max((case.year for case in known), default=0)
    weights = [1.0 if half is None else 0.5 ** ((latest - case.year) / half) for case in known]
    whole = sum(weights)
    base = (sum(w for w, case in zip(weights, known, strict=True) if case.outcome) + 1) / (whole + 2)
    found = np.zeros((len(asked), len(keys)))
    for column, places in enumerate(keys):
        tallies: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for weight, case in zip(weights, known, strict=True):
            tally = tallies[case.key(places)]
            tally[0] += weight
            tally[1] += weight * case.outcome
        for place, case in enumerate(asked):
            claims, events = tallies.get(case.key(places), (0.0, 0.0))
            rate = (events + STRENGTH * base) / (claims + STRENGTH)
            found[place, column] = log(rate / (1 - rate)) - log(base / (1 - base))
    return found


def _fit_and_say(learned: Any, outcomes: Any, asked: Any, seed: int) -> list[float]:
    """The learner's probabilities for the asked rows."""
    import numpy as np

    names = tuple(f"lift_{place}" for place in range(learned.shape[1]))
    columns = learner.Columns(names, dict.fromkeys(names, 1))
    line = learner.line(learned, outcomes, columns)
    booster = learner.trees(learned, outcomes, line, seed, TREES, columns)
    raw = learner.staged(line, booster, asked, (TREES,))[:, 0]
    return [float(p) for p in 1 / (1 + np.exp(-raw))]


def _raw_codes(known: Sequence[Case], asked: Sequence[Case], seed: int) -> list[float]:
    """LightGBM on the codes themselves, as categories: what needs no knowledge of the trade."""
    import lightgbm
    import numpy as np

    width = len(known[0].words)
    codes: list[dict[str, int]] = [{} for _ in range(width)]
    for case in known:
        for place, word in enumerate(case.words):
            codes[place].setdefault(word, len(codes[place]))

    def matrix(cases: Sequence[Case]) -> Any:
        return np.asarray([[float(codes[p].get(w, -1)) for p, w in enumerate(c.words)] for c in cases])

    parameters = {**learner.PARAMETERS, "learning_rate": 0.05, "num_leaves": 15, "cat_smooth": 20, "seed": seed}
    data = lightgbm.Dataset(matrix(known), [float(c.outcome) for c in known], categorical_feature=list(range(width)))
    return [float(p) for p in lightgbm.train(parameters, data, 200).predict(matrix(asked))]


def walk_years(cases: Sequence[Case], years: Iterable[int], seed: int) -> tuple[list[Case], dict[str, list[float]]]:
    """Each year judged by what was known at the end of the year before; the judged cases and what was said of them."""
    import numpy as np

    by_year: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        by_year[case.year].append(case)
    rows: dict[int, Any] = {}
    judged: list[Case] = []
    said: dict[str, list[float]] = {"model": [], "base rate": [], "raw codes, LightGBM": []}
    for year in sorted(by_year):
        known = [case for earlier in sorted(by_year) if earlier < year for case in by_year[earlier]]
        if not known:
            continue
        rows[year] = np.hstack([lifts(known, by_year[year], _APPEAL_KEYS, half) for half in HALF_LIVES])
        before = [y for y in rows if y < year]
        if year not in years or not before:
            continue
        learned = np.vstack([rows[y] for y in before])
        outcomes = np.asarray([float(case.outcome) for y in before for case in by_year[y]])
        said["model"] += _fit_and_say(learned, outcomes, rows[year], seed)
        said["base rate"] += [float(outcomes.mean())] * len(by_year[year])
        said["raw codes, LightGBM"] += _raw_codes(known, by_year[year], seed)
        judged += by_year[year]
    return judged, said


def fold_of(group: str) -> int:
    """The fold of a claim: by its number, so that its lines stay together and every run divides alike."""
    import hashlib

    return hashlib.sha256(group.encode()).digest()[0] % FOLDS


def by_claim(
    cases: Sequence[Case], history: Mapping[str, float], seed: int
) -> tuple[list[Case], dict[str, list[float]]]:
    """Each fold judged by the others. Rates for learning are made without the learning case's own fold.

    `history`: log-odds of disagreement by HCPCS in earlier years, when given.
    """
    import numpy as np

    parts = [[case for case in cases if fold_of(case.group) == fold] for fold in range(FOLDS)]
    judged: list[Case] = []
    said: dict[str, list[float]] = {"model": [], "base rate": [], "raw codes, LightGBM": []}

    def rows(known: Sequence[Case], asked: Sequence[Case]) -> Any:
        past = np.asarray([[history.get(case.words[2] or "(blank)", 0.0)] for case in asked])
        return np.hstack([lifts(known, asked, _AUDIT_KEYS, None), past])

    for fold, asked in enumerate(parts):
        others = [part for place, part in enumerate(parts) if place != fold]
        inner = [rows([c for part in others if part is not own for c in part], own) for own in others]
        known = [case for part in others for case in part]
        outcomes = np.asarray([float(case.outcome) for case in known])
        said["model"] += _fit_and_say(np.vstack(inner), outcomes, rows(known, asked), seed)
        said["base rate"] += [float(outcomes.mean())] * len(asked)
        said["raw codes, LightGBM"] += _raw_codes(known, asked, seed)
        judged += asked
    return judged, said


def read_history(file: Path) -> dict[str, float]:
    """Log-odds of disagreement by HCPCS of earlier years, over the whole rate's, shrunken."""
    rows = read_csv(file, ",", ("hcpcs", "n_lines", "n_disagree"))
    counts = {row["hcpcs"]: (int(row["n_lines"]), int(row["n_disagree"])) for row in rows}
    base = sum(bad for _, bad in counts.values()) / sum(lines for lines, _ in counts.values())
    rates = {code: (bad + STRENGTH * base) / (lines + STRENGTH) for code, (lines, bad) in counts.items()}
    return {code: log(rate / (1 - rate)) - log(base / (1 - base)) for code, rate in rates.items()}


def report(judged: Sequence[Case], said: Mapping[str, Sequence[float]], seed: int) -> dict[str, Any]:
    """Figures of each, by year where there are years, and the paired bootstrap against the raw codes."""
    outcomes = [case.outcome for case in judged]
    years = sorted({case.year for case in judged if case.year})
    groups = [case.group for case in judged]
    rival = "raw codes, LightGBM"
    verdict = gate.compare(rival, outcomes, said["model"], said[rival], groups, seed)
    by_year = {}
    for year in years:
        places = [place for place, case in enumerate(judged) if case.year == year]
        by_year[str(year)] = evaluate.measure([outcomes[p] for p in places], [said["model"][p] for p in places])
    return {
        "data": "public benchmark; not claims of a provider",
        "figures": {name: evaluate.measure(outcomes, found) for name, found in said.items()},
        "years": by_year,
        "against_raw_codes": str(verdict),
        "catboost": "not in this project's lock: not compared",
    }


def show(found: Mapping[str, Any], file: Path | None) -> None:
    """Print for people; write as JSON when asked."""
    lines = [evaluate.line(name, figures) for name, figures in found["figures"].items()]
    lines += [evaluate.line(f"  model, {year}", figures) for year, figures in found["years"].items()]
    sys.stdout.write("\n".join([*lines, found["against_raw_codes"], f"CatBoost: {found['catboost']}"]) + "\n")
    if file is not None:
        file.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", "utf-8")
