"""What an export tells of its notes beside their codes: whose they are, what a coder rejected and why, what was asked.

`visits.tsv` gives each note its patient's key, so that a phrase needs five patients and a split keeps a patient whole.
`decisions.parquet` gives the rejections. A reason is a label of its own kind (`REASONS`): what is denied, past or not
supported was read wrongly, and a coder looked at it, which nobody did for the thousand codes that were simply not
signed; a wrong side is a wrong leaf on a right reading; an integral symptom or a duplicate was read rightly and gave
way to a rule. `queries.parquet` names the codes a note's author was asked about: what was then signed may rest on the
answer, and is not learned from the note's words.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.evaluate_coding import FolderError, LabelledNote
from training.export_folder import MANIFEST, ExportError, verify


@dataclass(frozen=True, slots=True)
class Reason:
    """What a rejection says. `reading`: how many unsigned codes its place of evidence weighs against it; `leaf`: how
    many the code itself weighs as a candidate. Zero: it says nothing, and is left out.
    """

    reading: float
    leaf: float


PLAIN = Reason(1.0, 1.0)  # not signed, and nobody said why
NOTHING = Reason(0.0, 0.0)  # read rightly, or not to be known from the note
REASONS: Mapping[str, Reason] = {
    "negated": Reason(3.0, 3.0),
    "history": Reason(3.0, 3.0),
    "not_supported": Reason(3.0, 3.0),
    "incidental": Reason(2.0, 2.0),
    "wrong_specificity": Reason(0.0, 2.0),
    "wrong_side": Reason(0.0, 2.0),
    "integral_symptom": NOTHING,
    "duplicate": NOTHING,
}
_ASKED = ("answered", "settled")  # an open or withdrawn query has told nobody anything


def reason_of(note: LabelledNote, code: str) -> Reason:
    """What is known of a code that was not signed. A code near one that was asked about says nothing."""
    if code[:3] in note.asked:
        return NOTHING
    return REASONS.get(note.rejected.get(code, ""), PLAIN)


def furnished(folder: Path, notes: Iterable[LabelledNote]) -> tuple[LabelledNote, ...]:
    """The notes with what the folder tells beside their codes; without the files above they stay as they are.

    An export is verified against its manifest first. Raises FolderError.
    """
    try:
        if (folder / MANIFEST).is_file():
            verify(folder)
    except ExportError as error:
        raise FolderError(f"{folder.name}: {error}") from error
    visits = {row["note_id"]: row for row in _table(folder / "visits.tsv")}
    rejected: dict[str, dict[str, str]] = {}
    for row in _rows(folder / "decisions.parquet"):
        if row["decision"] == "reject":
            rejected.setdefault(row["note_id"], {})[row["code"]] = row["reason"]
    asked: dict[str, set[str]] = {}
    for row in _rows(folder / "queries.parquet"):
        if row["state"] in _ASKED:
            asked.setdefault(row["note_id"], set()).add(row["code"][:3])
    return tuple(_furnished(note, visits.get(note.id), rejected, asked) for note in notes)


def _furnished(
    note: LabelledNote,
    visit: Mapping[str, str] | None,
    rejected: Mapping[str, Mapping[str, str]],
    asked: Mapping[str, set[str]],
) -> LabelledNote:
    questioned = frozenset(asked.get(note.id, ()))
    told = replace(
        note,
        diagnoses=tuple(code for code in note.diagnoses if code[:3] not in questioned),
        rejected=dict(rejected.get(note.id, {})),
        asked=questioned,
    )
    if visit is None:
        return told
    return replace(told, patient=visit["patient_key"], age=int(visit["age"]), sex=visit["sex"])


def _table(path: Path) -> Iterator[dict[str, str]]:
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    import pyarrow.parquet as parquet

    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows
