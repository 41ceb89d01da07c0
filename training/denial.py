"""`cleanclaim-train denial`: from an export folder to a judged, sealed and, when it earns it, registered denial model.

History is replayed in the order of submission, so each claim's row holds only what was known before it was sent. The
number of trees and the calibration come from earlier stretches of time, each judged by a model that saw only what came
before; the last mature stretch is held out and looked at once, with the model loaded from disk as the API loads it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from models import artifact
from models.denial import calibration
from models.denial.features import NAMES, History, encoder, row
from models.denial.predictor import CALIBRATION, COLUMNS, KIND, TREES, Predictor
from training import baselines, evaluate, gate, splits, tracking
from training.export_folder import Export, Submission, read

MOST_TREES = 400
FLAGGED_SHARE = 0.2  # of claims a biller has time to look at before sending
PARAMETERS: Mapping[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 8,
    "min_data_in_leaf": 5,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
_RISING = ("lift_", "recent_", "missing_")  # more denials among its like never make a claim safer


@dataclass(frozen=True, slots=True)
class Trained:
    """A model before it is judged: the artifact's files, the number of trees, the threshold in millionths."""

    files: Mapping[str, bytes]
    trees: int
    threshold_ppm: int


@dataclass(frozen=True, slots=True)
class Judged:
    """The held-out figures of the model and its rivals, and whether it passed the gate."""

    figures: Mapping[str, Mapping[str, Any]]
    auc_interval: tuple[float, float]
    verdicts: tuple[gate.Verdict, ...]
    predictions: Mapping[str, Sequence[float]]

    @property
    def passed(self) -> bool:
        """Whether every plain rival is beaten."""
        return all(verdict.passed for verdict in self.verdicts)


def replay(submissions: Sequence[Submission]) -> Any:
    """The rows of all submissions (in the order sent), n x len(NAMES). Outcomes are handed over at once; the history
    lets none be seen before its day.
    """
    import numpy as np

    history = History()
    rows = np.empty((len(submissions), len(NAMES)))
    for place, submission in enumerate(submissions):
        rows[place] = row(submission.facts, history)
        history.submitted(submission.facts)
        if submission.denied is not None and submission.adjudicated_on is not None:
            history.adjudicated(submission.facts, submission.denied, submission.adjudicated_on, submission.categories)
    return rows


def train(rows: Any, denied: Any, plan: splits.Plan, seed: int) -> Trained:
    """Choose the number of trees on the rolling folds, calibrate on their judgements, and learn from all before the
    held-out stretch. `denied` is 0/1 by place; places whose outcome is unknown are in no fold.
    """
    import numpy as np

    folds = [fold for fold in plan.rolling if _usable(fold, denied)]
    if not folds:
        raise splits.TooFew("no stretch of time has claims to learn from and to judge", mend="export later")
    boosted = [_boost(rows, denied, fold, seed, MOST_TREES) for fold in folds]
    trees = int(np.argmin(np.sum([losses for _, losses in boosted], axis=0))) + 1
    raw: list[float] = []
    labels: list[bool] = []
    for (booster, _), fold in zip(boosted, folds, strict=True):
        judged = list(fold.judge)
        raw += [float(p) for p in booster.predict(rows[judged], num_iteration=trees)]
        labels += [bool(was) for was in denied[judged]]
    calibrated = calibration.fit(raw, labels)
    more = len(plan.test.learn) * len(folds) / sum(len(fold.learn) for fold in folds)  # more claims carry more trees
    final, _ = _boost(rows, denied, dataclasses.replace(plan.test, judge=()), seed, round(trees * more))
    stated = sorted(calibrated.apply(p) for p in raw)
    return Trained(
        files={
            TREES: final.model_to_string().encode("ascii"),
            CALIBRATION: calibrated.as_json().encode(),
            COLUMNS: json.dumps(encoder(), sort_keys=True).encode(),
        },
        trees=final.num_trees(),
        threshold_ppm=round(1_000_000 * stated[int((1 - FLAGGED_SHARE) * (len(stated) - 1))]),
    )


def _usable(fold: splits.Fold, denied: Any) -> bool:
    learned = denied[list(fold.learn)]
    return bool(len(fold.judge)) and 0 < learned.sum() < len(learned)


def _boost(rows: Any, denied: Any, fold: splits.Fold, seed: int, trees: int) -> tuple[Any, Any]:
    """A model of the fold's `learn`, and its summed log loss on `judge` after each tree."""
    import lightgbm
    import numpy as np

    rising = [int(name.startswith(_RISING)) for name in NAMES]
    parameters = {**PARAMETERS, "seed": seed, "monotone_constraints": rising}
    learned = lightgbm.Dataset(rows[list(fold.learn)], denied[list(fold.learn)], feature_name=list(NAMES))
    if not fold.judge:
        return lightgbm.train(parameters, learned, trees), np.zeros(trees)
    judged = lightgbm.Dataset(rows[list(fold.judge)], denied[list(fold.judge)], reference=learned)
    seen: dict[str, dict[str, list[float]]] = {}
    watch = [lightgbm.record_evaluation(seen)]
    booster = lightgbm.train(parameters, learned, trees, valid_sets=[judged], callbacks=watch)
    return booster, len(fold.judge) * np.asarray(seen["valid_0"]["binary_logloss"])


def judge(predictor: Predictor, export: Export, rows: Any, denied: Any, plan: splits.Plan, seed: int) -> Judged:
    """The held-out stretch: the model as the API would run it, beside its rivals."""
    learned = [export.submissions[place] for place in plan.test.learn]
    judged = [export.submissions[place] for place in plan.test.judge]
    outcomes = [bool(s.denied) for s in judged]
    patients = [s.facts.patient_key for s in judged]
    learn, test = list(plan.test.learn), list(plan.test.judge)
    predictions: dict[str, Sequence[float]] = {
        "model": [ppm / 1_000_000 for ppm in predictor.probabilities_ppm(rows[test])],
        "base rate": baselines.base_rate(learned, judged),
        "payer x procedure table": baselines.rate_table(learned, judged),
        "logistic regression": baselines.logistic(rows[learn], denied[learn], rows[test]),
    }
    verdicts = tuple(
        gate.compare(rival, outcomes, predictions["model"], predictions[rival], patients, seed)
        for rival in baselines.PLAIN
    )
    return Judged(
        figures={name: evaluate.measure(outcomes, found) for name, found in predictions.items()},
        auc_interval=evaluate.auc_interval(outcomes, predictions["model"], patients, seed),
        verdicts=verdicts,
        predictions=predictions,
    )


def seal(directory: Path, trained: Trained, export: Export, plan: splits.Plan, judged: Judged | None) -> str:
    """Write the artifact directory; with the held-out figures on its card once it has been judged."""
    learned = plan.test.learn
    card: dict[str, Any] = {
        "purpose": "probability that a claim is denied at its first adjudication, for a biller's queue before sending",
        "not_for": "choosing codes, refusing care, or any decision without a person",
        "data": "synthetic practice" if export.synthetic else "this practice's own claims",
        "learned_from": f"{len(learned)} claims, outcomes known before {plan.test.origin.isoformat()}",
        "trees": trained.trees,
    }
    if judged is not None:
        card["held_out"] = {
            name: value if isinstance(value, int) else f"{value:.6f}"
            for name, value in sorted(judged.figures["model"].items())
        }
    fields = {
        "kind": KIND,
        "code_set_release": "none: codes are read as the claim carries them",
        "threshold": trained.threshold_ppm,
        "known_by": plan.test.origin.isoformat(),
        "synthetic": export.synthetic,
        "card": card,
    }
    return artifact.write(directory, trained.files, fields)


def write_held_out(file: Path, export: Export, plan: splits.Plan, rows: Any, judged: Judged) -> None:
    """The held-out claims with every prediction and the row it was made from, so that a later model can be compared."""
    import pyarrow
    import pyarrow.parquet

    held = [export.submissions[place] for place in plan.test.judge]
    columns: dict[str, Any] = {
        "claim_key": [s.facts.claim_key for s in held],
        "patient_key": [s.facts.patient_key for s in held],
        "submitted_on": [s.submitted_on for s in held],
        "denied": [bool(s.denied) for s in held],
        "probability": list(judged.predictions["model"]),
        **{name.replace(" ", "_"): list(found) for name, found in judged.predictions.items() if name != "model"},
        "row": [list(map(float, rows[place])) for place in plan.test.judge],
    }
    if export.synthetic:
        columns["claim_number"] = [s.claim_number for s in held]
    pyarrow.parquet.write_table(pyarrow.table(columns), file)


def summary(export: Export, plan: splits.Plan, trained: Trained, judged: Judged) -> dict[str, Any]:
    """What is printed, written as JSON and logged: the held-out figures, with n, and where they come from."""
    low, high = judged.auc_interval
    return {
        **judged.figures["model"],
        "auc_low": low,
        "auc_high": high,
        "data": "synthetic" if export.synthetic else "real",
        "held_out_from": plan.test.origin.isoformat(),
        "learned_from": len(plan.test.learn),
        "unknown": plan.unknown,
        "maturity_days": plan.maturity,
        "trees": trained.trees,
        "baselines": {name: figures for name, figures in judged.figures.items() if name != "model"},
        "gate": {verdict.rival: dataclasses.asdict(verdict) for verdict in judged.verdicts},
        "passed": judged.passed,
    }


def _text(found: Mapping[str, Any], judged: Judged) -> str:
    data = found["data"]
    lines = [
        f"Denial model, {data} claims, held out by time: sent from {found['held_out_from']} on, "
        f"{found['unknown']} more without an answer left out",
        evaluate.line(f"model ({data})", judged.figures["model"]),
        f"{'':34s} AUC 90 % interval {found['auc_low']:.3f} to {found['auc_high']:.3f}, by patient",
        *(evaluate.line(f"{name} ({data})", figures) for name, figures in found["baselines"].items()),
        *(f"gate: {verdict}" for verdict in judged.verdicts),
    ]
    return "\n".join(lines) + "\n"


def _log(args: argparse.Namespace, export: Export, trained: Trained, found: Mapping[str, Any]) -> str:
    """Log the run and, when it passed, register it; what happened, in words."""
    params = {
        "export_sha256": export.sha256,
        "as_of": export.as_of.isoformat(),
        "data": found["data"],
        "seed": str(args.seed),
        "trees": str(trained.trees),
        "maturity_days": str(found["maturity_days"]),
        "learned_from": str(found["learned_from"]),
        **{name: str(value) for name, value in PARAMETERS.items()},
    }
    metrics = {name: float(value) for name, value in found.items() if isinstance(value, int | float)}
    for name, figures in found["baselines"].items():
        metrics |= {f"{name.replace(' ', '_')}.{key}": float(value) for key, value in figures.items()}
    tags = {"gate": "passed" if found["passed"] else "failed", "data": found["data"]}
    run_id = tracking.log_run(
        args.tracking, KIND, args.out / "artifact", params, metrics, beside=args.out / "beside", tags=tags
    )
    if not found["passed"]:
        return "not registered: it does not beat every plain rival\n"
    registered = tracking.register(args.tracking, KIND, run_id, tags=tags)
    return f"registered as {KIND} version {registered.version}, challenger\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the export is, where runs are recorded, where the model goes."""
    parser.add_argument("--export", type=Path, required=True, help="folder written by cleanclaim export")
    parser.add_argument("--tracking", required=True, help="MLflow's database: sqlite:///FILE")
    parser.add_argument("--out", type=Path, required=True, help="folder for the artifact and what is beside it")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here too")


def run(args: argparse.Namespace) -> int:
    """Train, judge, record. 0 also when the gate was not passed (then nothing is registered); 2 for unusable input."""
    import numpy as np

    try:
        tracking.database(args.tracking)
        export = read(args.export)
        plan = splits.plan(export.submissions, export.as_of)
        rows = replay(export.submissions)
        denied = np.asarray([float(s.denied is True) for s in export.submissions])
        trained = train(rows, denied, plan, args.seed)
        folder, beside = args.out / "artifact", args.out / "beside"
        beside.mkdir(parents=True, exist_ok=True)
        seal(folder, trained, export, plan, None)
        judged = judge(Predictor.load(folder), export, rows, denied, plan, args.seed)
        seal(folder, trained, export, plan, judged)
        found = summary(export, plan, trained, judged)
        write_held_out(beside / "held_out.parquet", export, plan, rows, judged)
        text = json.dumps(found, indent=2, sort_keys=True) + "\n"
        (beside / "figures.json").write_text(text, "utf-8")
        sys.stdout.write(_text(found, judged))
        sys.stdout.write(_log(args, export, trained, found))
        if args.json:
            args.json.write_text(text, "utf-8")
    except BillingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
