"""`cleanclaim-train reconcile`: the register of models brought after the practice's books, and where the two differ.

Which model serves is a person's signature in the practice's books, on the page Models, through the API or by
`cleanclaim model serve`; serving knows nothing of MLflow. The aliases in MLflow are the data scientist's note of it. So
after a signature, the way back included, this command reads what the books say and moves the aliases after it:

    cleanclaim model list --json models.json ...
    cleanclaim-train reconcile --tracking sqlite:///var/mlflow.db --model denial --books models.json [--check]

A model is known by its seal, in both. `--check` changes nothing and ends with 1 where they differ. A model in service
that the register does not know is said, and nothing is changed: exit status 3.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from billing_core.errors import BillingError
from models import artifact
from training import tracking

DIFFER, UNKNOWN = 1, 3


class BooksError(BillingError):
    """The file does not say which models a practice keeps."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the books say of one kind of model: the seal in service, who signed it in and on which day, and the seal
    that scores in the shadow. "" where there is none.
    """

    serving: str
    signed_by: str
    since: str
    shadow: str


def read_books(file: Path, model: str) -> Standing:
    """What `cleanclaim model list --json FILE` wrote. Raises BooksError."""
    try:
        views = [view for view in json.loads(file.read_bytes()) if view["kind"] == model]
        serving = next((view for view in views if view["in_service"]), None)
        shadow = next((str(view["sha256"]) for view in views if view["challenger"]), "")
        if serving is None:
            return Standing("", "", "", shadow)
        return Standing(str(serving["sha256"]), str(serving["activated_by"]), str(serving["activated_at"])[:10], shadow)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BooksError(
            "not a list of a practice's models", where=file.name, mend="cleanclaim model list --json FILE"
        ) from error


def by_seal(tracking_url: str, model: str) -> Mapping[str, tracking.Registered]:
    """The versions by the seal of their artifact; one whose files are damaged has none. The newest of equal seals."""
    found = {}
    for version in tracking.versions(tracking_url, model):
        try:
            found[artifact.open_artifact(version.artifact).sha256] = version
        except artifact.ArtifactError:
            continue
    return found


def reconcile(tracking_url: str, model: str, books: Standing, *, check: bool) -> tuple[int, str]:
    """Exit status and what was found, in words; without `check` the aliases follow the books."""
    known = by_seal(tracking_url, model)
    champion = tracking.holder(tracking_url, model, tracking.CHAMPION)
    challenger = tracking.holder(tracking_url, model, tracking.CHALLENGER)
    if not books.serving:
        return UNKNOWN, f"no {model} model is in service by the books: nothing changed\n"
    signed = f"signed by {books.signed_by} on {books.since}"
    if books.serving not in known:
        return UNKNOWN, (
            f"the {model} model in service, seal {books.serving[:12]}, {signed}, is not in the register: "
            "nothing changed\n"
        )
    serving, shadow = known[books.serving], known.get(books.shadow)
    lines, differ = [f"by the books {model} version {serving.version} serves, {signed}"], False
    if champion != serving.version:
        differ = True
        lines.append(f"by the register the champion is {_version(champion)}")
        if not check:
            tracking.crown(tracking_url, serving, signed_by=books.signed_by)
            lines.append(f"champion is now version {serving.version}")
    if shadow is not None and challenger != shadow.version:
        differ = True
        lines.append(
            f"by the books version {shadow.version} scores in the shadow, by the register {_version(challenger)}"
        )
        if not check:
            tracking.challenge(tracking_url, shadow)
            lines.append(f"challenger is now version {shadow.version}")
    if not differ:
        lines.append("the register says the same")
    return DIFFER if differ and check else 0, "\n".join(lines) + "\n"


def _version(number: int | None) -> str:
    return "none" if number is None else f"version {number}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The register, the books' list, and whether to change anything."""
    parser.add_argument("--tracking", required=True, help="MLflow's database: sqlite:///FILE")
    parser.add_argument("--model", required=True, help="the registered model, such as denial")
    parser.add_argument("--books", type=Path, required=True, help="what `cleanclaim model list --json FILE` wrote")
    parser.add_argument("--check", action="store_true", help="only say where they differ: status 1 then")


def run(args: argparse.Namespace) -> int:
    """0 when the register says what the books say, or says so now; 1 and 3 as above; 2 for unusable input."""
    try:
        status, words = reconcile(args.tracking, args.model, read_books(args.books, args.model), check=args.check)
    except BillingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(words)
    return status
