"""`cleanclaim-train overturn --export DIR`: how likely an appeal is to be won, from the practice's own decided appeals.

Appeals are few. With fewer than LEAST decided ones, or fewer than LEAST_OF_A_KIND won or lost, nothing is learned and
that is said: "too few cases" is an answer, and the exit status is 0. With enough, each appeal of the later part is
judged by what was decided before it was filed; the baseline is the share won until then. A model that does not beat it
is not sealed. With `--tracking` a judged run is recorded in MLflow, and registered as challenger when it was sealed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from models import artifact
from models.denial.overturn import ALIKE, KIND, MODEL, AppealFacts, Overturn, count
from training import evaluate, gate, learner, tracking
from training.export_folder import ExportError, Submission, read
from training.spread import one_thread

APPEALS = "appeals.parquet"
LEAST = 60
LEAST_OF_A_KIND = 8
JUDGED_FROM = 0.5  # share of the appeals, in the order filed, before those that are judged
STEP = 10  # appeals judged by one model before the next learns
COLUMNS = learner.Columns(tuple(ALIKE), dict.fromkeys(ALIKE, 1))


@dataclass(frozen=True, slots=True)
class Decided:
    """One decided appeal."""

    facts: AppealFacts
    claim_key: str
    filed_on: date
    decided_on: date
    won: bool


def decided(folder: Path, submissions: Sequence[Submission]) -> tuple[list[Decided], int]:
    """The decided appeals of an export in the order filed, and how many still wait. Raises ExportError."""
    import pyarrow
    import pyarrow.parquet

    payers = {s.facts.claim_key: s.facts.payer for s in submissions}
    try:
        rows = pyarrow.parquet.read_table(folder / APPEALS).to_pylist()
        found = [_decided(row, payers) for row in rows if row["overturned"] is not None]
        waiting = sum(row["overturned"] is None for row in rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise ExportError(
            "the export holds no appeals", where=APPEALS, mend="export again: cleanclaim export"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError("not appeals as cleanclaim export writes them", where=APPEALS, mend="export again") from error
    return sorted(found, key=lambda d: (d.filed_on, d.claim_key, d.facts.level)), waiting


def _decided(row: dict[str, Any], payers: dict[str, str]) -> Decided:
    facts = AppealFacts(
        payers.get(row["claim_key"], ""),
        int(row["level"]),
        tuple(map(str, row["codes"])),
        tuple(map(str, row["categories"])),
        tuple(map(str, row["procedures"])),
        bool(row["quotes_the_chart"]),
    )
    filed_on, decided_on = (date.fromisoformat(str(row[name])) for name in ("filed_on", "decided_on"))
    return Decided(facts, str(row["claim_key"]), filed_on, decided_on, bool(row["overturned"]))


def enough(found: Sequence[Decided]) -> bool:
    """Whether there is enough to learn from and to be judged by."""
    won = sum(d.won for d in found)
    return len(found) >= LEAST and LEAST_OF_A_KIND <= won <= len(found) - LEAST_OF_A_KIND


def fit(found: Sequence[Decided]) -> Overturn:
    """Rates of all, weights from rows whose own case is left out of their rates."""
    import numpy as np

    rates = count([(d.facts, d.won) for d in found])
    rows = [rates.without(d.facts, d.won).lifts(d.facts) for d in found]
    line = learner.line(np.asarray(rows), np.asarray([float(d.won) for d in found]), COLUMNS)
    start = line.intercept - sum(w * m for w, m in zip(line.weights, line.means, strict=True))
    return Overturn(rates, line.weights, start)


def judge(found: Sequence[Decided]) -> tuple[list[Decided], list[float], list[float]]:
    """The later appeals, what the recipe said of each from what was decided before, and the share won until then."""
    judged: list[Decided] = []
    ours: list[float] = []
    theirs: list[float] = []
    for first in range(int(JUDGED_FROM * len(found)), len(found), STEP):
        asked = found[first : first + STEP]
        known = [d for d in found[:first] if d.decided_on < asked[0].filed_on]
        won = sum(d.won for d in known)
        if not LEAST_OF_A_KIND <= won <= len(known) - LEAST_OF_A_KIND:
            continue
        model = fit(known)
        judged += asked
        ours += [model.probability_ppm(d.facts) / 1_000_000 for d in asked]
        theirs += [(won + 1) / (len(known) + 2)] * len(asked)
    return judged, ours, theirs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the export is and where the model goes."""
    parser.add_argument("--export", type=Path, required=True, help="folder written by cleanclaim export")
    parser.add_argument("--out", type=Path, help="folder for the artifact")
    parser.add_argument("--tracking", help="MLflow's database: sqlite:///FILE; with --out")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here too")


def run(args: argparse.Namespace) -> int:
    """Judge, and seal what earns it. 0 also with too few cases; 2 for unusable input."""
    one_thread()
    try:
        export = read(args.export)
        found, waiting = decided(args.export, export.submissions)
        figures = _figures(found, waiting, export.synthetic, args.seed)
        recorded = ""
        if figures["passed"] and args.out:
            _seal(args.out / "artifact", fit(found), figures, export.as_of)
            recorded = _record(args, export.sha256, figures) if args.tracking else ""
    except BillingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(_text(figures) + recorded)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n", "utf-8")
    return 0


def _record(args: argparse.Namespace, export_sha256: str, figures: dict[str, Any]) -> str:
    """Log the run that was sealed and register it; what happened, in words."""
    counted = {name: str(figures[name]) for name in ("decided", "won", "waiting")}
    params = {"export_sha256": export_sha256, "data": str(figures["data"]), "seed": str(args.seed), **counted}
    metrics = {name: float(value) for name, value in figures["model"].items()}
    metrics |= {f"share_won_so_far.{name}": float(value) for name, value in figures["share won so far"].items()}
    folder = args.out / "artifact"
    return tracking.enter(args.tracking, KIND, folder, params, metrics, data=str(figures["data"]), passed=True)


def _figures(found: Sequence[Decided], waiting: int, synthetic: bool, seed: int) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "data": "synthetic" if synthetic else "real",
        "decided": len(found),
        "won": sum(d.won for d in found),
        "waiting": waiting,
        "needed": LEAST,
        "passed": False,
    }
    judged, ours, theirs = judge(found) if enough(found) else ([], [], [])
    won = [d.won for d in judged]
    if len(judged) < LEAST // 2 or not 0 < sum(won) < len(won):
        return {**figures, "verdict": "too few cases"}
    said = gate.compare("the share won so far", won, ours, theirs, [d.claim_key for d in judged], seed)
    return {
        **figures,
        "model": evaluate.measure(won, ours),
        "share won so far": evaluate.measure(won, theirs),
        "verdict": str(said),
        "passed": said.passed,
    }


def _text(figures: dict[str, Any]) -> str:
    head = (
        f"Appeals ({figures['data']}): {figures['decided']} decided, {figures['won']} of them won in whole or in part, "
        f"{figures['waiting']} waiting\n"
    )
    if "model" not in figures:
        return (
            f"{head}too few cases: at least {LEAST} decided appeals, {LEAST_OF_A_KIND} won and {LEAST_OF_A_KIND} lost, "
            "are needed; nothing was learned, and the queue goes on with the trade's average\n"
        )
    lines = [evaluate.line(name, figures[name], "won") for name in ("model", "share won so far")]
    return "\n".join([head.rstrip(), *lines, figures["verdict"], ""])


def _seal(directory: Path, model: Overturn, figures: dict[str, Any], known_by: date) -> None:
    card = {
        "purpose": "probability that an appeal is won, for the order of a biller's work",
        "not_for": "giving up an appeal without a person",
        "data": f"{figures['decided']} decided appeals, {figures['data']}",
        "held_out": {
            name: value if isinstance(value, int) else f"{value:.6f}"
            for name, value in sorted(figures["model"].items())
        },
        "verdict": figures["verdict"],
    }
    fields = {
        "kind": KIND,
        "code_set_release": "none: codes are read as the remittance carries them",
        "threshold": 0,
        "known_by": known_by.isoformat(),
        "synthetic": figures["data"] == "synthetic",
        "card": card,
    }
    artifact.write(directory, {MODEL: model.as_json().encode()}, fields)
