"""`cleanclaim-train promote`: put the registered challenger where the API activates it, if it deserves the place.

The artifact is verified as it is copied and verified again where it arrives. Where a model is already in service, the
challenger must beat it on the judged claims that were sent after it had learned. A person's name goes
on record.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from models import artifact
from models.denial.predictor import KIND as DENIAL
from models.denial.predictor import Predictor
from training import gate, tracking
from training.evaluate import read_predictions

LEAST = 60  # held-out claims below which a comparison says nothing
REFUSED = 3

_RESERVED = ("format", "files", "seal")


class PromotionError(BillingError):
    """The challenger cannot be compared or copied."""


def compare(held_out: Path, in_service: Path, seed: int) -> gate.Verdict:
    """The challenger's recipe against the model in service, on the judged claims sent after the latter had learned:
    each prediction of either was made from what was known before its claim was sent.
    """
    theirs = Predictor.load(in_service)
    first = date.fromisoformat(str(theirs.artifact.manifest["known_by"]))
    rows: list[dict[str, Any]] = [row for row in read_predictions(held_out) if row["submitted_on"] >= first]
    if len(rows) < LEAST:
        raise PromotionError(
            f"only {len(rows)} judged claims were sent after the model in service had learned",
            mend="train again on a later export",
        )
    return gate.compare(
        "the model in service",
        [bool(row["denied"]) for row in rows],
        [float(row["probability"]) for row in rows],
        [ppm / 1_000_000 for ppm in theirs.probabilities_ppm([row["row"] for row in rows])],
        [str(row["patient_key"]) for row in rows],
        seed,
    )


def copy(source: artifact.Artifact, target: Path) -> None:
    """The same model at `target`, file by file verified. Raises ArtifactError or PromotionError."""
    fields = {name: value for name, value in source.manifest.items() if name not in _RESERVED}
    seal = artifact.write(target, {name: source.read(name) for name in source.names}, fields)
    if seal != source.sha256 or artifact.open_artifact(target).sha256 != seal:
        raise PromotionError("the copy is not the model that was registered", mend="promote again")


def promote(
    tracking_url: str, model: str, out: Path, against: Path | None, signed_by: str, seed: int
) -> tuple[int, str]:
    """Exit status and what happened, in words: 0 promoted or already there, REFUSED when the gate says no."""
    version = tracking.by_alias(tracking_url, model)
    challenger = artifact.open_artifact(version.artifact)
    if challenger.kind != model:
        raise PromotionError("the registered files are another kind of model", where=challenger.kind[:40])
    if dict(version.tags).get("gate") != "passed":
        return REFUSED, f"{model} version {version.version} did not pass its gate: nothing changed\n"
    in_service = against or (out if (out / artifact.MANIFEST).exists() else None)
    words = "no model was in service"
    if in_service is not None and artifact.open_artifact(in_service).sha256 == challenger.sha256:
        words = "it is the model in service"
    elif in_service is not None:
        if model != DENIAL:
            raise PromotionError("only denial models can be compared here", mend="promote to another directory")
        verdict = compare(version.beside / "held_out.parquet", in_service, seed)
        words = f"it {verdict}"
        if not verdict.passed:
            return REFUSED, f"{model} version {version.version} {verdict}: nothing changed\n"
    copy(challenger, out)
    tracking.crown(tracking_url, version, signed_by=signed_by)
    return 0, f"{model} version {version.version} is champion ({words}); seal {challenger.sha256}; at {out}\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, to where, against which, signed by whom."""
    parser.add_argument("--tracking", required=True, help="MLflow's database: sqlite:///FILE")
    parser.add_argument("--model", required=True, help="the registered model, such as denial")
    parser.add_argument("--out", type=Path, required=True, help="directory that the API activates")
    parser.add_argument("--against", type=Path, help="model in service; without it, the one at --out if any")
    parser.add_argument("--signed-by", default="nobody", help="user name of the person who answers for it")
    parser.add_argument("--seed", type=int, default=7)


def run(args: argparse.Namespace) -> int:
    """Promote or say why not: 0 promoted, 3 refused by the gate, 2 for unusable input."""
    try:
        status, words = promote(args.tracking, args.model, args.out, args.against, args.signed_by, args.seed)
    except BillingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    (sys.stderr if status else sys.stdout).write(words)
    return status
