"""How good probabilities of denial are, in figures that always carry their n; and, for a synthetic world, how far from
the oracle they are.

`cleanclaim-train evaluate-denial --predictions FILE --oracle FILE` joins held-out predictions with the true
probabilities that the simulated payer wrote. No training reads the oracle: it is compared with afterwards, here alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from models.denial.facts import ClaimFacts
from training import baselines, queue_value
from training.export_folder import Submission

BINS = 10
LEAST_IN_SLICE = 60
OWN_COLUMNS = baselines.column(baselines.LOGISTIC)  # the rival that is given the model's own columns
RIVALS = (*map(baselines.column, baselines.PLAIN), OWN_COLUMNS)
DOLLAR_BANDS: tuple[tuple[float, str], ...] = (
    (10_000, "under 100"),
    (30_000, "100 to 300"),
    (100_000, "300 to 1000"),
    (inf, "1000 and over"),
)


class PredictionsError(BillingError):
    """A predictions or oracle file that cannot be read or joined."""


def measure(denied: Sequence[bool], probabilities: Sequence[float]) -> dict[str, float | int]:
    """AUC, average precision, Brier score, expected calibration error and log loss, with n and the number denied."""
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    both = 0 < sum(denied) < len(denied)
    return {
        "n": len(denied),
        "denied": sum(denied),
        "auc": float(roc_auc_score(denied, probabilities)) if both else float("nan"),
        "average_precision": float(average_precision_score(denied, probabilities)) if any(denied) else float("nan"),
        "brier": float(brier_score_loss(denied, probabilities)),
        "ece": calibration_error(denied, probabilities),
        "log_loss": float(log_loss(denied, probabilities, labels=[False, True])),
    }


def calibration_error(denied: Sequence[bool], probabilities: Sequence[float]) -> float:
    """Mean distance between stated and observed share over BINS bins of equal count, weighted by count."""
    order = sorted(range(len(denied)), key=lambda place: (probabilities[place], place))
    edges = [len(order) * b // BINS for b in range(BINS + 1)]
    distance = 0.0
    for low, high in pairwise(edges):
        places = order[low:high]
        distance += abs(sum(probabilities[p] for p in places) - sum(denied[p] for p in places))
    return distance / len(order) if order else float("nan")


def slices(submissions: Sequence[Submission], probabilities: Sequence[float]) -> dict[str, dict[str, Any]]:
    """Stated and observed shares by payer, dollars and patient group, and by category the mean stated for its denials.

    A slice of fewer than LEAST_IN_SLICE claims is named with its n and "too few", without figures.
    """
    groups: dict[str, list[int]] = {}
    for place, submission in enumerate(submissions):
        for name in _slices_of(submission):
            groups.setdefault(name, []).append(place)
    found: dict[str, dict[str, Any]] = {}
    for name, places in sorted(groups.items()):
        denied = [submissions[p].denied is True for p in places]
        stated = [probabilities[p] for p in places]
        figures: dict[str, Any] = {"n": len(places), "denied": sum(denied)}
        if name.startswith("category ") or len(places) >= LEAST_IN_SLICE:
            figures["stated"] = sum(stated) / len(stated)
        if len(places) < LEAST_IN_SLICE:
            figures["words"] = "too few"
        elif 0 < sum(denied) < len(denied):
            figures["auc"] = measure(denied, stated)["auc"]
        found[name] = figures
    return found


def groups_of(facts: ClaimFacts) -> tuple[str, ...]:
    """The groups of a claim that are looked at apart: its payer, its band of dollars, its patient's age and sex."""
    band = next(words for most, words in DOLLAR_BANDS if facts.total_cents < most)
    age = "under 18" if facts.age_band < 18 else "18 to 64" if facts.age_band < 65 else "65 and over"
    return (f"payer {facts.payer}", f"dollars {band}", f"age {age}", f"sex {facts.sex}")


def _slices_of(submission: Submission) -> tuple[str, ...]:
    categories = tuple(f"category {category}" for category in submission.categories) if submission.denied else ()
    return (*groups_of(submission.facts), *categories)


def model_card(found: Mapping[str, Any]) -> str:
    """The model card in Markdown, filled from the run's figures: what it is for, how good, for whom, and its limits."""
    rows = [
        f"| {name} | {f['n']} | {f['denied']} | {_shown(f, 'stated')} | {_shown(f, 'auc')} |"
        for name, f in found["slices"].items()
    ]
    figures = [line("model", found), *(line(name, f) for name, f in found["baselines"].items())]
    return "\n".join(
        [
            "# Denial model",
            "",
            "Probability that a claim is denied at its first adjudication, for a biller's queue before sending.",
            "Not for choosing codes, refusing care, or any decision without a person.",
            "",
            f"Data: {found['data']} claims. Learned from {found['learned_from']}; judged on {found['n']} sent from "
            f"{found['held_out_from']} on, each by the recipe as it stood before the claim was sent; "
            f"{found['unknown']} of that time have no answer and are left out.",
            "",
            "```",
            *figures,
            "```",
            "",
            *(f"- Gate: {words}" for words in found["verdicts"]),
            "",
            "| slice | claims | denied | mean stated | AUC |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"A slice of fewer than {LEAST_IN_SLICE} claims has too few to be judged alone.",
            "",
        ]
    )


def _shown(figures: Mapping[str, Any], name: str) -> str:
    return f"{figures[name]:.3f}" if name in figures else str(figures.get("words", ""))


def auc_interval(
    denied: Sequence[bool], probabilities: Sequence[float], patients: Sequence[str], seed: int, draws: int = 300
) -> tuple[float, float]:
    """The 90 % interval of the AUC, drawing patients, not claims."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    places: dict[str, list[int]] = {}
    for place, patient in enumerate(patients):
        places.setdefault(patient, []).append(place)
    groups = [np.asarray(found) for found in places.values()]
    labels, scores = np.asarray(denied), np.asarray(probabilities)
    random = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = np.concatenate([groups[g] for g in random.integers(0, len(groups), len(groups))])
        if 0 < labels[drawn].sum() < len(drawn):
            found.append(roc_auc_score(labels[drawn], scores[drawn]))
    low, high = np.quantile(found, (0.05, 0.95)) if found else (float("nan"), float("nan"))
    return float(low), float(high)


def line(name: str, figures: Mapping[str, Any], came: str = "denied") -> str:
    """One line of figures for people; `came`: what it was that came true of so many."""
    return (
        f"{name:34s} AUC {figures['auc']:.3f}  AP {figures['average_precision']:.3f}  "
        f"Brier {figures['brier']:.4f}  ECE {figures['ece']:.3f}  log loss {figures['log_loss']:.4f}  "
        f"n {figures['n']} ({figures['denied']} {came})"
    )


def read_predictions(file: Path) -> list[dict[str, Any]]:
    """The rows of a held-out predictions file. Raises PredictionsError."""
    import pyarrow
    import pyarrow.parquet

    try:
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(file).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise PredictionsError("not a predictions file", where=file.name, mend="name the held_out.parquet") from error
    return rows


def against_oracle(rows: Sequence[Mapping[str, Any]], oracle: Mapping[str, float]) -> dict[str, Any]:
    """The model, its rivals and the oracle on the claims that both files know. `gap_auc` is what is left to learn,
    `way` the share of the way from the best rival to the oracle that the model has gone.
    """
    joined = [row for row in rows if row.get("claim_number") in oracle]
    if not joined:
        raise PredictionsError(
            "no claim is in both files", mend="the export must be a synthetic one, of the same world as the oracle"
        )
    denied = [bool(row["denied"]) for row in joined]
    model = measure(denied, [float(row["probability"]) for row in joined])
    best = measure(denied, [oracle[row["claim_number"]] for row in joined])
    names = [name for name in RIVALS if name in joined[0]]
    rivals = {name: measure(denied, [float(row[name]) for row in joined]) for name in names}
    plain = max((float(rivals[name]["auc"]) for name in names if name != OWN_COLUMNS), default=0.5)
    strongest = max((float(figures["auc"]) for figures in rivals.values()), default=0.5)
    away = [abs(float(row["probability"]) - oracle[row["claim_number"]]) for row in joined]
    return {
        "synthetic": True,
        "n": len(joined),
        "not_in_oracle": len(rows) - len(joined),
        "model": model,
        "oracle": best,
        "rivals": rivals,
        "gap_auc": best["auc"] - model["auc"],
        "way": {
            "from the best rival that sees claims alone": queue_value.way(model["auc"], plain, best["auc"]),
            "from the best rival of all": queue_value.way(model["auc"], strongest, best["auc"]),
        },
        "dollars": queue_value.compared(joined, oracle) if joined[0].keys() >= set(queue_value.COLUMNS) else None,
        "mean_distance": sum(away) / len(away),
    }


def _share(gone: float | None) -> str:
    return "no way to go" if gone is None else f"{gone:.0%}"


def read_oracle(file: Path) -> dict[str, float]:
    """Claim number to true probability, of `claim_number,probability,denied,cause`. Raises PredictionsError."""
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            found = {row["claim_number"]: float(row["probability"]) for row in csv.DictReader(lines)}
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise PredictionsError("not an oracle file", where=file.name, mend="name the payer's oracle.csv") from error
    if not all(0 <= p <= 1 for p in found.values()):
        raise PredictionsError("a probability outside 0..1", where=file.name, mend="name the payer's oracle.csv")
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two files."""
    parser.add_argument("--predictions", type=Path, required=True, help="held_out.parquet of a training run")
    parser.add_argument("--oracle", type=Path, required=True, help="oracle.csv of the simulated payer")
    parser.add_argument("--json", type=Path, help="write the figures here too")


def run(args: argparse.Namespace) -> int:
    """Print the model beside the oracle; 2 when the files cannot be used."""
    try:
        figures = against_oracle(read_predictions(args.predictions), read_oracle(args.oracle))
    except PredictionsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    out = [
        line("model (synthetic, held out)", figures["model"]),
        *(line(f"{name.replace('_', ' ')} (synthetic)", found) for name, found in figures["rivals"].items()),
        line("oracle (synthetic)", figures["oracle"]),
        f"AUC left to learn {figures['gap_auc']:.3f}; mean distance from the true probability "
        f"{figures['mean_distance']:.3f}; {figures['not_in_oracle']} held-out claims are not in the oracle",
    ]
    out += [f"AUC, share of the way {name} to the oracle: {_share(gone)}" for name, gone in figures["way"].items()]
    if figures["dollars"]:
        out += queue_value.text(figures["dollars"])
    sys.stdout.write("\n".join(out) + "\n")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n", "utf-8")
    return 0
