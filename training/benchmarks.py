"""`cleanclaim-train evaluate-appeal` and `evaluate-audit`: the same learner on real, public outcomes.

California's independent medical reviews (was the refusal of care overturned?) and Medicare's CERT sample (was the
audited line improper?) are member appeals and audits. They show whether the learner is sound; they rank no provider's
claim.

The recipe is the denial model's: shrunken rates of what is alike, known before the case, a ridge line on their log-odds
in the one direction they can have, small trees on what it leaves. These files hold little but codes, so the codes
themselves are asked too, by a logistic regression and, where there are cases enough, by LightGBM, and the answers are
averaged as log-odds; less is made of old cases than of late ones. Reviews are judged year by year, each by what was
known at the end of the year before. Audit lines have no dates: folds keep the lines of one claim together. Rivals see
the same folds.
"""

from __future__ import annotations

import csv
import json
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from training import evaluate, gate, learner

STRENGTH = 8.0  # cases of its own a rate needs before it outweighs the base
HALF_LIVES = (None, 1.0, 0.4, 0.2)  # years; None: all time alike
# Years until a case counts half in learning of the codes: by pairs, which are many and soon old; by LightGBM.
PAIRS_REMEMBERED, CODES_REMEMBERED = 1.0, 2.0
TREES = 40
HOLD = 10.0  # these rates are all there is to go by: they are held less firmly than a claim's many columns
LEAST_FOR_CODES = 3000  # cases from which LightGBM can learn of the codes themselves
ROUNDS = 200
RAW_CODES = "raw codes, LightGBM"
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
    """One review or audited line: its words, the year (0 when unknown), the group that stays together, the outcome.
    `when`: the year and which part of it had passed, as far as the running number of the case tells.
    """

    words: tuple[str, ...]
    year: int
    group: str
    outcome: bool
    when: float = 0.0

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
    rows = [row for row in rows if any(row.values())]
    if not rows:
        raise BenchmarkError("no review in it", where=file.name, mend="give the file as published")
    for number, row in enumerate(rows, 1):
        if fault := _fault(row):
            raise BenchmarkError(f"review {number}: {fault}", where=file.name, mend="give the file as published")
    numbers: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        numbers[int(row["Report Year"])].append(_running_number(row["Reference ID"]))
    ordered = {year: sorted(found) for year, found in numbers.items()}

    def when(year: int, reference: str) -> float:
        return year + bisect_left(ordered[year], _running_number(reference)) / len(ordered[year])

    return [
        Case(
            tuple(row[name] or "" for name in names),
            int(row["Report Year"]),
            row["Reference ID"],
            row["Determination"].startswith("Overturned"),
            when(int(row["Report Year"]), row["Reference ID"]),
        )
        for row in rows
    ]


def _fault(row: Mapping[Any, object]) -> str:
    """What keeps a row from being a decided review, or nothing. A code that is blank or new is no fault."""
    year, decision = str(row["Report Year"]), str(row["Determination"])
    if None in row or None in row.values():
        return "not as many fields as the head"
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        return "its Report Year is not a year"
    if not decision.startswith(("Overturned", "Upheld")):
        return "its Determination is neither Overturned nor Upheld"
    return ""


def _running_number(reference: str) -> int:
    """The number of a review, given out as reviews come in ("MN15-19971": 19971); 0 of another form."""
    number = reference.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() else 0


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

    weights = [1.0] * len(known) if half is None else _weights(known, half)
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


def _weights(known: Sequence[Case], half: float) -> list[float]:
    """How much each case still counts at the end of the latest year."""
    end = max((case.year for case in known), default=0) + 1
    return [0.5 ** ((end - case.when) / half) for case in known]


def _by_rates(learned: Any, outcomes: Any, asked: Any, seed: int) -> tuple[Any, Any]:
    """The log-odds of the asked rows, by the line alone and with the trees."""
    names = tuple(f"lift_{place}" for place in range(learned.shape[1]))
    columns = learner.Columns(names, dict.fromkeys(names, 1), hold=HOLD)
    line = learner.line(learned, outcomes, columns)
    booster = learner.trees(learned, outcomes, line, seed, TREES, columns)
    return line.raw(asked), learner.staged(line, booster, asked, (TREES,))[:, 0]


def _by_each_code(known: Sequence[Case], asked: Sequence[Case], keys: Sequence[Sequence[int]]) -> Any:
    """The log-odds of the asked by a logistic regression on the codes, one by one and in the pairs that `keys` name."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    def flags(cases: Sequence[Case]) -> list[dict[str, float]]:
        return [{f"{at}:{case.key(places)}": 1.0 for at, places in enumerate(keys)} for case in cases]

    encode = DictVectorizer().fit(flags(known))
    weights = _weights(known, PAIRS_REMEMBERED) if known[0].year else None
    model = LogisticRegression(C=0.3, max_iter=300)
    model.fit(encode.transform(flags(known)), [case.outcome for case in known], sample_weight=weights)
    return model.decision_function(encode.transform(flags(asked)))


def _by_codes(known: Sequence[Case], asked: Sequence[Case], seed: int) -> Any:
    """The log-odds of the asked by LightGBM on the codes as categories: what needs no knowledge of the trade."""
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
    weights = _weights(known, CODES_REMEMBERED) if known[0].year else None
    outcomes = [float(c.outcome) for c in known]
    data = lightgbm.Dataset(matrix(known), outcomes, weight=weights, categorical_feature=list(range(width)))
    return lightgbm.train(parameters, data, ROUNDS).predict(matrix(asked), raw_score=True)


@dataclass(slots=True)
class _Said:
    """The judged cases, and what each way said of them."""

    judged: list[Case]
    said: dict[str, list[float]]

    def add(
        self, known: Sequence[Case], asked: Sequence[Case], by_rates: tuple[Any, Any], by_each: Any, by_codes: Any
    ) -> None:
        """Note what was said of the asked; the model's word is the mean of the answers, as log-odds."""
        model = (*by_rates, by_each, by_codes) if len(known) >= LEAST_FOR_CODES else (*by_rates, by_each)
        base = sum(case.outcome for case in known) / len(known)
        self.judged += asked
        self.said.setdefault("model", []).extend(_probabilities(sum(model) / len(model)))
        self.said.setdefault("base rate", []).extend([base] * len(asked))
        self.said.setdefault(RAW_CODES, []).extend(_probabilities(by_codes))


def _probabilities(log_odds: Any) -> list[float]:
    import numpy as np

    return [float(p) for p in 1 / (1 + np.exp(-log_odds))]


def walk_years(cases: Sequence[Case], years: Iterable[int], seed: int) -> tuple[list[Case], dict[str, list[float]]]:
    """Each year judged by what was known at the end of the year before; the judged cases and what was said of them."""
    import numpy as np

    by_year: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        by_year[case.year].append(case)
    rows: dict[int, Any] = {}
    found = _Said([], {})
    for year in sorted(by_year):
        known = [case for earlier in sorted(by_year) if earlier < year for case in by_year[earlier]]
        if not known:
            continue
        asked = by_year[year]
        rows[year] = np.hstack([lifts(known, asked, _APPEAL_KEYS, half) for half in HALF_LIVES])
        before = [y for y in rows if y < year]
        if year not in years or not before or len({case.outcome for case in known}) < 2:
            continue
        learned = np.vstack([rows[y] for y in before])
        outcomes = np.asarray([float(case.outcome) for y in before for case in by_year[y]])
        by_rates = _by_rates(learned, outcomes, rows[year], seed)
        by_each = _by_each_code(known, asked, _APPEAL_KEYS)
        found.add(known, asked, by_rates, by_each, _by_codes(known, asked, seed))
    return found.judged, found.said


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
    found = _Said([], {})

    def rows(known: Sequence[Case], asked: Sequence[Case]) -> Any:
        past = np.asarray([[history.get(case.words[2] or "(blank)", 0.0)] for case in asked])
        return np.hstack([lifts(known, asked, _AUDIT_KEYS, None), past])

    for fold, asked in enumerate(parts):
        others = [part for place, part in enumerate(parts) if place != fold]
        inner = [rows([c for part in others if part is not own for c in part], own) for own in others]
        known = [case for part in others for case in part]
        outcomes = np.asarray([float(case.outcome) for case in known])
        by_rates = _by_rates(np.vstack(inner), outcomes, rows(known, asked), seed)
        by_each = _by_each_code(known, asked, _AUDIT_KEYS)
        found.add(known, asked, by_rates, by_each, _by_codes(known, asked, seed))
    return found.judged, found.said


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
    verdict = gate.compare(RAW_CODES, outcomes, said["model"], said[RAW_CODES], groups, seed)
    by_year = {}
    for year in years:
        places = [place for place, case in enumerate(judged) if case.year == year]
        by_year[str(year)] = evaluate.measure([outcomes[p] for p in places], [said["model"][p] for p in places])
    return {
        "data": "public benchmark; not claims of a provider",
        "figures": {name: evaluate.measure(outcomes, found) for name, found in said.items()},
        "years": by_year,
        "against_raw_codes": str(verdict),
    }


def show(found: Mapping[str, Any], came: str, file: Path | None) -> None:
    """Print for people, `came` being what the cases were asked for; write as JSON when asked."""
    lines = [evaluate.line(name, figures, came) for name, figures in found["figures"].items()]
    lines += [evaluate.line(f"  model, {year}", figures, came) for year, figures in found["years"].items()]
    sys.stdout.write("\n".join([*lines, found["against_raw_codes"]]) + "\n")
    if file is not None:
        file.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", "utf-8")
