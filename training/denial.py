"""`cleanclaim-train denial`: from an export folder to a judged, sealed and, when it earns it, registered denial model.

History is replayed in the order of submission, so each claim's row holds only what was known before it was sent. Then
the months are walked through as they came: at each origin the learner sees what was known and mature, the number of
trees and the calibration follow from earlier months whose outcomes had arrived, and the claims of the next month are
judged. The rivals walk the same months. Only then the same recipe learns from everything known on the day of the
export: that is the model to be served, and the judged months say what the recipe is worth.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from models import artifact
from models.denial import calibration
from models.denial.calibration import Calibration
from models.denial.features import NAMES, encoder, row
from models.denial.history import History
from models.denial.predictor import CALIBRATION, COLUMNS, KIND, LINEAR, TREES, Predictor
from models.denial.replay import replay as through_history
from training import baselines, evaluate, gate, learner, outlook, queue_value, splits, tracking
from training.export_folder import Export, Submission, read
from training.spread import Spread, here, on, one_thread

FLAGGED_SHARE = 0.2  # of claims a biller has time to look at before sending
HISTORY = "history.json"
LATEST_SHARE = 0.25  # the last quarter of the claims, shown beside the whole judged time
WORTH_MORE_TREES = 1.0  # standard errors by which more trees must have been better
CALIBRATED_DAYS = 90  # calibration follows the outcomes of the last quarter: payers drift, and older ones mislead
LEAST_TO_CHOOSE = 60  # judged claims with outcomes before trees and calibration follow them


@dataclass(frozen=True, slots=True)
class Judged:
    """The judged claims, in time: every prediction made before its claim was sent, beside what the rivals said."""

    places: tuple[int, ...]
    outcomes: tuple[bool, ...]
    patients: tuple[str, ...]
    predictions: Mapping[str, tuple[float, ...]]

    @property
    def model(self) -> tuple[float, ...]:
        """Our own predictions."""
        return self.predictions["model"]


@dataclass(frozen=True, slots=True)
class Trained:
    """The model to be served: the artifact's files, the number of trees, how its weights were held, the threshold in
    millionths; and the judgement of the recipe that made it.
    """

    files: Mapping[str, bytes]
    trees: int
    held: str
    threshold_ppm: int
    judged: Judged


@dataclass(slots=True)
class _Past:
    """What earlier months have taught of the number of trees and of calibration, and when each outcome was learned."""

    raw: list[Any]
    denied: list[float]
    known_on: list[int]
    payers: list[str]

    def choose(self, on: int) -> tuple[int, Calibration]:
        """The place in WAYS, from claims whose outcomes were learned before that day, and the calibration, from the
        late ones of them.
        """
        import numpy as np

        seen = [p for p, learned in enumerate(self.known_on) if learned < on]
        if not self._two_kinds(seen):
            return 0, calibration.AS_STATED
        raw, was = np.asarray([self.raw[p] for p in seen]), np.asarray([self.denied[p] for p in seen])
        way = _way(np.logaddexp(0, raw) - was[:, None] * raw)
        late = [p for p in seen if self.known_on[p] >= on - CALIBRATED_DAYS]
        if not self._two_kinds(late):
            return way, calibration.AS_STATED
        stated = [float(1 / (1 + np.exp(-self.raw[p][way]))) for p in late]
        common = calibration.fit(stated, [bool(self.denied[p]) for p in late])
        own = ([float(self.raw[p][way]) for p in seen], was.tolist(), [self.payers[p] for p in seen])
        return way, calibration.with_payers(common, *own)

    def _two_kinds(self, places: Sequence[int]) -> bool:
        return len(places) >= LEAST_TO_CHOOSE and 0 < sum(self.denied[p] for p in places) < len(places)


def _way(losses: Any) -> int:
    """The place in WAYS: the held line that was best, and no more trees on it than have shown their worth. `losses`:
    claims x ways.
    """
    import numpy as np

    width = len(learner.STAGES)
    first = width * int(np.argmin(losses.mean(axis=0)[::width]))
    return first + _fewest_as_good(losses[:, first : first + width])


def _fewest_as_good(losses: Any) -> int:
    """The first stage that is no worse than the best by more than WORTH_MORE_TREES standard errors of the gap."""
    import numpy as np

    worse = losses - losses[:, [int(np.argmin(losses.mean(axis=0)))]]
    allowed = WORTH_MORE_TREES * worse.std(axis=0) / np.sqrt(len(losses))
    return int(np.argmax(worse.mean(axis=0) <= allowed))


def replay(submissions: Sequence[Submission], history: History | None = None) -> Any:
    """The rows of all submissions (in the order sent), n x len(NAMES). Outcomes are handed over at once; the history
    lets none be seen before its day. A `history` that is given knows all of it afterwards.
    """
    import numpy as np

    rows = np.empty((len(submissions), len(NAMES)))
    for place, (sending, known) in enumerate(through_history([s.sending for s in submissions], history)):
        rows[place] = row(sending.facts, known)
    return rows


def outcomes(submissions: Sequence[Submission]) -> Any:
    """Denied as 1.0 and 0.0 by place; places whose outcome is unknown are in no fold."""
    import numpy as np

    return np.asarray([float(s.denied is True) for s in submissions])


@dataclass(frozen=True, slots=True)
class _Shared:
    """What every month is worked out from."""

    submissions: Sequence[Submission]
    rows: Any
    denied: Any
    judged_from: date
    seed: int


def _month(shared: _Shared, fold: splits.Fold) -> tuple[Any, Mapping[str, Sequence[float]]]:
    """One origin by itself: the log-odds of its judged claims in each of the learner's WAYS; and, where the claims
    count, what the rivals say of them.
    """
    rows, denied, learn = shared.rows, shared.denied, list(fold.learn)
    raw = learner.every_way(rows[learn], denied[learn], rows[list(fold.judge)], shared.seed)
    counts = fold.origin >= shared.judged_from
    return raw, _rivals(shared.submissions, rows, denied, fold) if counts else {}


def train(submissions: Sequence[Submission], rows: Any, plan: splits.Plan, seed: int, spread: Spread = here) -> Trained:
    """Walk the months, judge, then learn from all that is known. What a month needs nothing of another for is worked
    out where `spread` says.
    """
    one_thread()
    denied, past = outcomes(submissions), _Past([], [], [], [])
    ours: dict[int, float] = {}
    rivals: dict[str, dict[int, float]] = {}
    months = spread(_month, _Shared(submissions, rows, denied, plan.judged_from, seed), plan.folds)
    for fold, (raw, theirs) in zip(plan.folds, months, strict=True):
        judge = list(fold.judge)
        way, calibrated = past.choose(fold.origin.toordinal())
        if fold.origin >= plan.judged_from:
            stated = zip(judge, raw[:, way], strict=True)
            ours |= {p: calibrated.of_log_odds(float(z), submissions[p].facts.payer) for p, z in stated}
            for name, said in theirs.items():
                rivals.setdefault(name, {}).update(zip(judge, said, strict=True))
        past.raw += list(raw)
        past.denied += list(denied[judge])
        past.known_on += [_learned_on(submissions[p]) for p in judge]
        past.payers += [submissions[p].facts.payer for p in judge]
    judged = _judged(submissions, plan, {"model": ours, **rivals})
    way, calibrated = past.choose(plan.known_by.toordinal())
    return _final(rows, denied, plan, seed, learner.WAYS[way], calibrated, judged)


def _learned_on(submission: Submission) -> int:
    assert submission.adjudicated_on is not None  # a judged claim has an outcome
    return submission.adjudicated_on.toordinal()


def _rivals(
    submissions: Sequence[Submission], rows: Any, denied: Any, fold: splits.Fold
) -> Mapping[str, Sequence[float]]:
    learned, judged = [submissions[p] for p in fold.learn], [submissions[p] for p in fold.judge]
    learn, judge = list(fold.learn), list(fold.judge)
    return {
        baselines.BASE_RATE: baselines.base_rate(learned, judged),
        baselines.TABLE: baselines.rate_table(learned, judged),
        baselines.LINES: baselines.line_table(learned, judged),
        baselines.CODES: baselines.logistic_on_codes(learned, judged),
        baselines.LOGISTIC: baselines.logistic(rows[learn], denied[learn], rows[judge]),
    }


def _judged(submissions: Sequence[Submission], plan: splits.Plan, said: Mapping[str, Mapping[int, float]]) -> Judged:
    places = plan.judged
    return Judged(
        places,
        tuple(submissions[p].denied is True for p in places),
        tuple(submissions[p].facts.patient_key for p in places),
        {name: tuple(found[p] for p in places) for name, found in said.items()},
    )


def _final(
    rows: Any,
    denied: Any,
    plan: splits.Plan,
    seed: int,
    way: tuple[str, int],
    calibrated: Calibration,
    judged: Judged,
) -> Trained:
    final = list(plan.final)
    line, booster = learner.learn(rows[final], denied[final], way, seed)
    stated = sorted(judged.model)
    return Trained(
        files={
            LINEAR: line.as_json().encode(),
            TREES: booster.model_to_string().encode("ascii"),
            CALIBRATION: calibrated.as_json().encode(),
            COLUMNS: json.dumps(encoder(), sort_keys=True).encode(),
        },
        trees=booster.num_trees(),
        held=way[0],
        threshold_ppm=round(1_000_000 * stated[int((1 - FLAGGED_SHARE) * (len(stated) - 1))]),
        judged=judged,
    )


def verdicts(judged: Judged, seed: int, spread: Spread = here) -> tuple[gate.Verdict | gate.Calibrated, ...]:
    """What the gate says: every plain rival beaten, the simple model not better, calibrated."""
    return tuple(spread(_verdict, (judged, seed), (*baselines.PLAIN, baselines.LOGISTIC, _CALIBRATED)))


_CALIBRATED = "calibration"


def _verdict(given: tuple[Judged, int], asked: str) -> gate.Verdict | gate.Calibrated:
    judged, seed = given
    if asked == _CALIBRATED:
        return gate.calibrated(judged.outcomes, judged.model, seed)
    theirs, no_worse = judged.predictions[asked], asked == baselines.LOGISTIC
    return gate.compare(asked, judged.outcomes, judged.model, theirs, judged.patients, seed, no_worse=no_worse)


def by_payer(submissions: Sequence[Submission], judged: Judged, seed: int, spread: Spread = here) -> dict[str, str]:
    """Whether what is stated is met, payer by payer; "too few cases" where that cannot be told."""
    payers: dict[str, list[int]] = {}
    for place, of in enumerate(judged.places):
        payers.setdefault(submissions[of].facts.payer, []).append(place)
    ordered = sorted(payers)
    said = spread(_payers_calibration, (judged, seed), [payers[payer] for payer in ordered])
    return dict(zip(ordered, said, strict=True))


def _payers_calibration(given: tuple[Judged, int], places: Sequence[int]) -> str:
    judged, seed = given
    if len(places) < evaluate.LEAST_IN_SLICE:
        return f"too few cases: {len(places)} of {evaluate.LEAST_IN_SLICE} needed"
    return str(gate.calibrated([judged.outcomes[p] for p in places], [judged.model[p] for p in places], seed))


def _auc_interval(judged: Judged, seed: int) -> tuple[float, float]:
    return evaluate.auc_interval(judged.outcomes, judged.model, judged.patients, seed)


def seal(
    directory: Path, trained: Trained, export: Export, plan: splits.Plan, further: outlook.Found | None = None
) -> str:
    """Write the artifact directory with the judged figures on its card; `further` is what it says beside the risk."""
    figures = evaluate.measure(trained.judged.outcomes, trained.judged.model)
    card: dict[str, Any] = {
        "purpose": "probability that a claim is denied at its first adjudication, for a biller's queue before sending",
        "not_for": "choosing codes, refusing care, or any decision without a person",
        "data": "synthetic practice" if export.synthetic else "this practice's own claims",
        "learned_from": f"{len(plan.final)} claims, outcomes known before {plan.known_by.isoformat()}",
        "judged_on": f"{len(trained.judged.places)} claims sent from {plan.judged_from.isoformat()} on, each by the "
        "same recipe as it stood before the claim was sent",
        "trees": trained.trees,
        "held_out": {
            name: value if isinstance(value, int) else f"{value:.6f}" for name, value in sorted(figures.items())
        },
    }
    fields = {
        "kind": KIND,
        "code_set_release": "none: codes are read as the claim carries them",
        "threshold": trained.threshold_ppm,
        "known_by": plan.known_by.isoformat(),
        "synthetic": export.synthetic,
        "card": card,
    }
    return artifact.write(directory, {**trained.files, **(further.files if further else {})}, fields)


def write_held_out(file: Path, export: Export, rows: Any, judged: Judged) -> None:
    """The judged claims with every prediction and the row it was made from, so that a later model can be compared.
    Under pseudonyms, and with the days on which they were sent: a limited data set, as the export is.
    """
    import pyarrow
    import pyarrow.parquet

    held, lost = [export.submissions[place] for place in judged.places], queue_value.losses(export.submissions)
    columns: dict[str, Any] = {
        "claim_key": [s.facts.claim_key for s in held],
        "patient_key": list(judged.patients),
        "payer": [s.facts.payer for s in held],
        "submitted_on": [s.submitted_on for s in held],
        "denied": list(judged.outcomes),
        "at_stake_cents": [s.facts.total_cents for s in held],
        "refused_cents": [s.refused_cents for s in held],
        queue_value.EXPECTED_LOSS: [lost[s.facts.claim_key] for s in held],
        "days_to_submit": [s.facts.days_to_submit for s in held],
        "groups": [list(evaluate.groups_of(s.facts)) for s in held],
        "probability": list(judged.model),
        **{baselines.column(name): list(found) for name, found in judged.predictions.items() if name != "model"},
        "row": [list(map(float, rows[place])) for place in judged.places],
    }
    if export.synthetic:
        columns["claim_number"] = [s.claim_number for s in held]
    pyarrow.parquet.write_table(pyarrow.table(columns), file)


def summary(export: Export, plan: splits.Plan, trained: Trained, seed: int, spread: Spread = here) -> dict[str, Any]:
    """What is printed, written as JSON and logged: the judged figures, with n, and where they come from."""
    judged = trained.judged
    said = verdicts(judged, seed, spread)
    latest = slice(int((1 - LATEST_SHARE) * len(judged.places)), None)
    ((low, high),) = spread(_auc_interval, judged, (seed,))
    rivals = {name: found for name, found in judged.predictions.items() if name != "model"}
    return {
        **evaluate.measure(judged.outcomes, judged.model),
        "auc_low": low,
        "auc_high": high,
        "data": "synthetic" if export.synthetic else "real",
        "held_out_from": plan.judged_from.isoformat(),
        "origins": sum(fold.origin >= plan.judged_from for fold in plan.folds),
        "learned_from": len(plan.final),
        "unknown": plan.unknown,
        "maturity_days": plan.maturity,
        "trees": trained.trees,
        "held": trained.held,
        "latest": evaluate.measure(judged.outcomes[latest], judged.model[latest]),
        "baselines": {name: evaluate.measure(judged.outcomes, found) for name, found in rivals.items()},
        "slices": evaluate.slices([export.submissions[p] for p in judged.places], judged.model),
        "calibration_by_payer": by_payer(export.submissions, judged, seed, spread),
        "gate": {v.rival if isinstance(v, gate.Verdict) else _CALIBRATED: dataclasses.asdict(v) for v in said},
        "verdicts": [str(v) for v in said],
        "passed": all(v.passed for v in said),
    }


def _text(found: Mapping[str, Any]) -> str:
    data = found["data"]
    lines = [
        f"Denial model, {data} claims, judged over {found['origins']} months, each claim by what was known before it: "
        f"sent from {found['held_out_from']} on, {found['unknown']} more without an answer left out",
        evaluate.line(f"model ({data})", found),
        f"{'':34s} AUC 90 % interval {found['auc_low']:.3f} to {found['auc_high']:.3f}, by patient",
        evaluate.line("  of these, the last quarter", found["latest"]),
        *(evaluate.line(f"{name} ({data})", figures) for name, figures in found["baselines"].items()),
        *(f"gate: {words}" for words in found["verdicts"]),
        *(f"payer {payer} {words}" for payer, words in found["calibration_by_payer"].items()),
        *outlook.text(found["outlook"]),
    ]
    return "\n".join(lines) + "\n"


def _log(args: argparse.Namespace, export: Export, found: Mapping[str, Any]) -> str:
    """Log the run and, when it passed, register it; what happened, in words."""
    params = {
        "export_sha256": export.sha256,
        "as_of": export.as_of.isoformat(),
        "data": found["data"],
        "seed": str(args.seed),
        "trees": str(found["trees"]),
        "maturity_days": str(found["maturity_days"]),
        "learned_from": str(found["learned_from"]),
        "held": str(found["held"]),
        **{name: str(value) for name, value in learner.PARAMETERS.items()},
    }
    metrics = {name: float(value) for name, value in found.items() if isinstance(value, int | float)}
    for name, figures in {**found["baselines"], "latest": found["latest"]}.items():
        metrics |= {f"{name.replace(' ', '_')}.{key}": float(value) for key, value in figures.items()}
    return tracking.enter(
        args.tracking, KIND, args.out / "artifact", params, metrics, data=found["data"], passed=found["passed"],
        beside=args.out / "beside",
    )  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the export is, where runs are recorded, where the model goes."""
    parser.add_argument("--export", type=Path, required=True, help="folder written by cleanclaim export")
    parser.add_argument("--tracking", required=True, help="MLflow's database: sqlite:///FILE")
    parser.add_argument("--out", type=Path, required=True, help="folder for the artifact and what is beside it")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster, as tcp://HOST:PORT")


def run(args: argparse.Namespace) -> int:
    """Train, judge, record. 0 also when the gate was not passed (then nothing is registered); 2 for unusable input."""
    try:
        tracking.database(args.tracking)
        with on(args.dask) as spread:
            _run(args, spread)
    except BillingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _run(args: argparse.Namespace, spread: Spread) -> None:
    export = read(args.export)
    plan = splits.plan(export.submissions, export.as_of)
    history = History()
    rows = replay(export.submissions, history)
    trained = train(export.submissions, rows, plan, args.seed, spread)
    folder, beside = args.out / "artifact", args.out / "beside"
    beside.mkdir(parents=True, exist_ok=True)
    further = outlook.learn(export.submissions, rows, plan, args.seed, spread)
    seal(folder, trained, export, plan, further)
    Predictor.load(folder)  # as the API will; what cannot be loaded is not logged
    # What was known on the day of the export, for cleanclaim score-claims. It is a limited data set, as the export
    # is, and is not logged.
    (args.out / HISTORY).write_text(history.as_json(), "utf-8")
    found = summary(export, plan, trained, args.seed, spread) | {"outlook": dict(further.figures)}
    write_held_out(beside / "held_out.parquet", export, rows, trained.judged)
    text = json.dumps(found, indent=2, sort_keys=True) + "\n"
    (beside / "figures.json").write_text(text, "utf-8")
    (beside / "model_card.md").write_text(evaluate.model_card(found), "utf-8")
    sys.stdout.write(_text(found))
    sys.stdout.write(_log(args, export, found))
    if args.json:
        args.json.write_text(text, "utf-8")
