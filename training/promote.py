"""`cleanclaim-train promote`: put the registered challenger where the API activates it, if it deserves the place.

The artifact is verified as it is copied and verified again where it arrives. Where a model is already in service, the
challenger must deserve its place: a denial model by every check of training/denial_gate.py on the judged claims that
were sent after the one in service had learned, a code suggester by beating it on the held-out patients of an export
(`--data`). What each check found is printed and noted on the version in MLflow, also when it is refused. A person's
name goes on record, in MLflow and in `OUT.promotion.json`, which the practice reads when the model is offered to it.
The alias `champion` moves with the promotion, and back with `--back-to`; where the practice signed another model into
service on its own page, `cleanclaim-train reconcile` brings the register after its books.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from billing_core.errors import BillingError
from models import artifact
from models.coding.suggester import KIND as CODING
from models.denial.predictor import KIND as DENIAL
from models.denial.predictor import Predictor
from training import coding_gate, denial_gate, tracking
from training.evaluate import read_predictions
from training.evaluate_coding import FolderError

REFUSED = 3

_RESERVED = ("format", "files", "seal")


class PromotionError(BillingError):
    """The challenger cannot be compared or copied."""


def compare(held_out: Path, in_service: Path, seed: int) -> denial_gate.Judgement:
    """The challenger's recipe against the model in service, on the judged claims sent after the latter had learned:
    each prediction of either was made from what was known before its claim was sent. Raises GateError.
    """
    theirs = Predictor.load(in_service)
    first = date.fromisoformat(str(theirs.artifact.manifest["known_by"]))
    rows = [row for row in read_predictions(held_out) if row["submitted_on"] >= first]
    payers = [str(row.get("payer", "")) for row in rows]
    said = [ppm / 1_000_000 for ppm in theirs.probabilities_ppm([row["row"] for row in rows], payers=payers)]
    return denial_gate.judge(rows, said, first.isoformat(), seed)


def copy(source: artifact.Artifact, target: Path) -> None:
    """The same model at `target`, file by file verified. Raises ArtifactError or PromotionError."""
    fields = {name: value for name, value in source.manifest.items() if name not in _RESERVED}
    seal = artifact.write(target, {name: source.read(name) for name in source.names}, fields)
    if seal != source.sha256 or artifact.open_artifact(target).sha256 != seal:
        raise PromotionError("the copy is not the model that was registered", mend="promote again")


NOBODY = "nobody"


def promotion_file(out: Path) -> Path:
    """Where the promotion of the model at `out` is written down: beside it, since its own folder is sealed."""
    return out.with_name(f"{out.name}.promotion.json")


def verdict_on(
    model: str, version: tracking.Registered, challenger: Path, in_service: Path, data: Sequence[Path], seed: int
) -> denial_gate.Judgement | coding_gate.Verdict:
    """The challenger against the model in service, by the gate of its kind. Raises PromotionError."""
    if model == DENIAL:
        return compare(version.beside / "held_out.parquet", in_service, seed)
    if model != CODING:
        raise PromotionError(
            f"one model of kind {model} is not compared with another", mend=f"cleanclaim model offer --kind {model}"
        )
    if not data:
        raise PromotionError("a code suggester is compared on notes", mend="give the export's folder: --data DIR")
    return coding_gate.compare(challenger, in_service, data)


def promote(
    tracking_url: str,
    model: str,
    out: Path,
    against: Path | None,
    signed_by: str,
    seed: int,
    data: Sequence[Path] = (),
) -> tuple[int, str]:
    """Exit status and what happened, in words: 0 promoted or already there, REFUSED when the gate says no."""
    if model == CODING and signed_by == NOBODY:
        raise PromotionError("a code suggester is promoted by a person", mend="say who signs: --signed-by NAME")
    version = tracking.candidate(tracking_url, model)
    challenger = artifact.open_artifact(version.artifact)
    if challenger.kind != model:
        raise PromotionError("the registered files are another kind of model", where=challenger.kind[:40])
    if dict(version.tags).get("gate") != "passed":
        return REFUSED, f"{model} version {version.version} did not pass its gate: nothing changed\n"
    in_service = against or (out if (out / artifact.MANIFEST).exists() else None)
    words, told = "no model was in service", ""
    if in_service is not None and artifact.open_artifact(in_service).sha256 == challenger.sha256:
        words = "it is the model in service"
    elif in_service is not None:
        verdict = verdict_on(model, version, challenger.path, in_service, data, seed)
        words = f"it {verdict}"
        if isinstance(verdict, denial_gate.Judgement):
            told = verdict.text()
            tracking.note(tracking_url, version, _noted(verdict))
        if not verdict.passed:
            return REFUSED, f"{told}{model} version {version.version} is refused: {verdict}; nothing changed\n"
    return 0, told + _crown(tracking_url, version, challenger, out, signed_by, words)


def _noted(verdict: denial_gate.Judgement) -> dict[str, str]:
    """What the checks found, as tags of the version; the names are ours and the payers' numbers."""
    refused = " / ".join(check.name for check in verdict.refusals)
    return {
        "promotion": "passed" if verdict.passed else "refused",
        "promotion_claims": str(verdict.n),
        "promotion_checks": f"{len(verdict.checks) - len(verdict.refusals)} of {len(verdict.checks)} hold",
        "promotion_refused_by": refused[:200] or "none",
    }


def go_back(tracking_url: str, model: str, number: int, out: Path, signed_by: str) -> tuple[int, str]:
    """Put a version that was champion before at `out` again, by a person's signature and without a comparison: the way
    out of a promotion that went wrong. REFUSED for a version that nobody ever signed for.
    """
    if signed_by == NOBODY:
        raise PromotionError("a model is taken back by a person", mend="say who signs: --signed-by NAME")
    version = tracking.by_version(tracking_url, model, number)
    if "signed_by" not in dict(version.tags):
        return REFUSED, f"{model} version {number} was never champion: nothing changed\n"
    before = artifact.open_artifact(version.artifact)
    return 0, _crown(tracking_url, version, before, out, signed_by, "taken back")


def _crown(
    tracking_url: str, version: tracking.Registered, sound: artifact.Artifact, out: Path, signed_by: str, words: str
) -> str:
    """Copy it, give it the alias, write down who signed; what happened, in words."""
    copy(sound, out)
    tracking.crown(tracking_url, version, signed_by=signed_by)
    promotion = {
        "model": version.model,
        "version": version.version,
        "sha256": sound.sha256,
        "signed_by": signed_by,
        "because": words,
    }
    promotion_file(out).write_text(json.dumps(promotion, indent=2, sort_keys=True) + "\n", "utf-8")
    return f"{version.model} version {version.version} is champion ({words}); seal {sound.sha256}; at {out}\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, to where, against which, signed by whom."""
    parser.add_argument("--tracking", required=True, help="MLflow's database: sqlite:///FILE")
    parser.add_argument("--model", required=True, help="the registered model, such as denial")
    parser.add_argument("--out", type=Path, required=True, help="directory that the API activates")
    parser.add_argument("--against", type=Path, help="model in service; without it, the one at --out if any")
    parser.add_argument("--signed-by", default=NOBODY, help="user name of the person who answers for it")
    parser.add_argument(
        "--data", type=Path, action="append", default=[], help="a code suggester: the export to judge on"
    )
    parser.add_argument("--back-to", type=int, metavar="VERSION", help="take an earlier champion back, uncompared")
    parser.add_argument("--seed", type=int, default=7)


def run(args: argparse.Namespace) -> int:
    """Promote or say why not: 0 promoted, 3 refused by the gate, 2 for unusable input."""
    try:
        if args.back_to is not None:
            status, words = go_back(args.tracking, args.model, args.back_to, args.out, args.signed_by)
        else:
            status, words = promote(
                args.tracking, args.model, args.out, args.against, args.signed_by, args.seed, args.data
            )
    except (BillingError, FolderError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    (sys.stderr if status else sys.stdout).write(words)
    return status
