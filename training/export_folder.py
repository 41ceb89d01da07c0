"""The export folder as training sees it: verified file by file, then read as facts and outcomes.

`manifest.json` holds the format, the day as of which the books were read, and the sha256 of each file.
`claims.parquet` has one row a submission: every field of `ClaimFacts` and `state`, `adjudicated_on`, `denied`,
`categories`, `refused` (the procedures denied); in a synthetic export also `claim_number`. An outcome that is not known
is null, never "paid".
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from billing_core.errors import BillingError
from billing_core.record import from_plain
from models.denial.facts import ClaimFacts
from models.denial.replay import Outcome, Sending

FORMAT = 1
MANIFEST = "manifest.json"
CLAIMS = "claims.parquet"

_AGAIN = "export again: cleanclaim export --out DIR"
_FACTS = tuple(field.name for field in dataclasses.fields(ClaimFacts))
_OUTCOME = ("state", "adjudicated_on", "denied", "categories", "refused")


class ExportError(BillingError):
    """An export folder that is not one, is damaged, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One claim as sent, and what became of it. `denied` and `adjudicated_on` are None while the payer is silent.

    `adjudicated_on` is the day the practice learned the outcome.
    """

    facts: ClaimFacts
    state: str
    adjudicated_on: date | None
    denied: bool | None
    categories: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    claim_number: str = ""

    @property
    def submitted_on(self) -> date:
        """The day the claim was sent."""
        return self.facts.submitted_on

    @property
    def refused_cents(self) -> int:
        """The charges of the lines that were refused: all of them when no line is named, none when nothing was."""
        if not self.denied:
            return 0
        lines = zip(self.facts.procedures, self.facts.amounts_cents, strict=True)
        return sum(cents for procedure, cents in lines if not self.refused or procedure in self.refused)

    @property
    def sending(self) -> Sending:
        """The submission as history takes it."""
        if self.denied is None or self.adjudicated_on is None:
            return Sending(self.facts)
        return Sending(self.facts, Outcome(self.denied, self.adjudicated_on, self.categories, self.refused))


@dataclass(frozen=True, slots=True)
class Export:
    """A verified export, its submissions in the order in which they were sent. `sha256` is that of the manifest."""

    as_of: date
    synthetic: bool
    submissions: tuple[Submission, ...]
    sha256: str


def verify(folder: Path) -> tuple[dict[str, Any], str]:
    """The manifest of an export whose files are all what it says, and its sha256. Raises ExportError."""
    manifest, sha256 = _manifest(folder)
    for name, expected in sorted(manifest["files"].items()):
        _verify(folder, name, expected)
    return manifest, sha256


def read(folder: Path) -> Export:
    """The export at `folder`. Raises ExportError naming the file and the mend."""
    manifest, sha256 = verify(folder)
    if CLAIMS not in manifest["files"]:
        raise ExportError("the export holds no claims", where=CLAIMS, mend=_AGAIN)
    as_of = _day(manifest["as_of"], "manifest.as_of")
    submissions = [_submission(plain, place, as_of) for place, plain in enumerate(_rows(folder / CLAIMS), start=1)]
    submissions.sort(key=lambda s: s.submitted_on)  # within a day as written: in the order they were built
    return Export(as_of, bool(manifest.get("synthetic", False)), tuple(submissions), sha256)


def _manifest(folder: Path) -> tuple[dict[str, Any], str]:
    try:
        data = (folder / MANIFEST).read_bytes()
        manifest = json.loads(data)
    except OSError as error:
        raise ExportError("not an export folder: it has no readable manifest", where=MANIFEST, mend=_AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise ExportError("the manifest is not readable JSON", where=MANIFEST, mend=_AGAIN) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ExportError(f"not an export of format {FORMAT}", where=MANIFEST, mend=_AGAIN)
    files = manifest.get("files")
    if not isinstance(files, dict) or "as_of" not in manifest:
        raise ExportError("the manifest lacks its files or its day", where=MANIFEST, mend=_AGAIN)
    return manifest, hashlib.sha256(data).hexdigest()


def _verify(folder: Path, name: str, expected: object) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ExportError("the manifest lists a file outside the folder", where=MANIFEST, mend=_AGAIN)
    try:
        data = (folder / path).read_bytes()
    except OSError as error:
        raise ExportError("a listed file is missing", where=ascii(name)[:80], mend=_AGAIN) from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise ExportError("a file is damaged or cut short: its sha256 differs", where=ascii(name)[:80], mend=_AGAIN)


def _rows(file: Path) -> list[dict[str, Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(file)
    except (pyarrow.ArrowException, OSError) as error:
        raise ExportError("not a parquet file", where=CLAIMS, mend=_AGAIN) from error
    missing = [name for name in (*_FACTS, *_OUTCOME) if name not in table.column_names]
    if missing:
        raise ExportError(f"the column {missing[0]} is missing", where=CLAIMS, mend=_AGAIN)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _submission(plain: Mapping[str, Any], place: int, as_of: date) -> Submission:
    where = f"{CLAIMS} row {place}"
    values = {name: plain[name] for name in _FACTS}
    values["submitted_on"] = _day(values["submitted_on"], where).isoformat()
    try:
        facts = from_plain(ClaimFacts, values)
    except ValueError as error:
        raise ExportError(str(error), where=where, mend=_AGAIN) from error
    if len({len(values[name]) for name in ("procedures", "modifiers", "units", "amounts_cents", "pointed")}) != 1:
        raise ExportError("the line columns differ in length", where=where, mend=_AGAIN)
    denied, learned = plain["denied"], plain["adjudicated_on"]
    day = None if learned is None else _day(learned, where)
    if not isinstance(denied, bool | None) or (denied is None) != (day is None):
        raise ExportError("an outcome without its day, or a day without its outcome", where=where, mend=_AGAIN)
    if facts.submitted_on > as_of or (day is not None and not facts.submitted_on <= day <= as_of):
        raise ExportError("the days of the claim are out of order", where=where, mend=_AGAIN)
    categories = tuple(str(category) for category in plain["categories"] or ())
    refused = tuple(str(procedure) for procedure in plain["refused"] or ())
    number = str(plain.get("claim_number") or "")
    return Submission(facts, str(plain["state"]), day, denied, categories, refused, number)


def _day(value: object, where: str) -> date:
    try:
        return value if isinstance(value, date) and not isinstance(value, datetime) else date.fromisoformat(str(value))
    except ValueError as error:
        raise ExportError("not a date", where=where, mend=_AGAIN) from error
