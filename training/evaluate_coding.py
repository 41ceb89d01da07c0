"""How good the suggestions are: `cleanclaim-train evaluate-coding --data DIR --model DIR [--json FILE]`.

Micro-averaged over all notes of a folder, as published work on these corpora counts: a code is right when the note's
coder signed exactly it. Category figures compare the first three characters. Candidate recall counts signed codes that
were considered at any score: what no threshold can win back. Every count is written beside its ratio.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from billing_core.encounter import CodeSystem, Setting
from models.coding.suggester import Suggester

_ANY_DAY = date(2026, 4, 1)


@dataclass(frozen=True, slots=True)
class LabelledNote:
    """A note and the codes a coder signed for it."""

    id: str
    text: str
    diagnoses: tuple[str, ...]
    procedures: tuple[str, ...] = ()
    age: int | None = None
    sex: str = "U"


class FolderError(ValueError):
    """A folder of notes that is not of the expected shape."""


def read_folder(folder: Path) -> tuple[LabelledNote, ...]:
    """The notes of notes/*.txt with their codes from codes.tsv (note_id, system, code), in order of id.

    A note without a line in codes.tsv has no codes. A folder of a synthetic practice (answers.jsonl) is read as well,
    with each patient's age and sex. Raises FolderError.
    """
    if (folder / "answers.jsonl").is_file():
        return _read_world(folder)
    table, notes = folder / "codes.tsv", folder / "notes"
    if not table.is_file() or not notes.is_dir():
        raise FolderError(f"{folder.name}: expected notes/ and codes.tsv; write them with cleanclaim export")
    diagnoses: dict[str, list[str]] = {}
    procedures: dict[str, list[str]] = {}
    with table.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"note_id", "system", "code"} <= set(reader.fieldnames or ()):
            raise FolderError(f"{table.name}: the columns note_id, system, code are expected")
        for row in reader:
            target = diagnoses if row["system"] == CodeSystem.ICD10CM else procedures
            target.setdefault(row["note_id"], []).append(row["code"].strip().upper())
    return tuple(
        LabelledNote(
            path.stem,
            path.read_text(encoding="utf-8"),
            tuple(diagnoses.get(path.stem, ())),
            tuple(procedures.get(path.stem, ())),
        )
        for path in sorted(notes.glob("*.txt"))
    )


def _read_world(folder: Path) -> tuple[LabelledNote, ...]:
    """The notes of a synthetic practice with the certified coder's key."""
    people = {r["record"]["id"]: r["record"] for r in _lines(folder / "registration.jsonl") if r["kind"] == "patient"}
    key = {row["encounter_id"]: row for row in _lines(folder / "answers.jsonl")}
    found: list[LabelledNote] = []
    for row in _lines(folder / "encounters.jsonl"):
        visit = row["record"]
        patient, answer = people[visit["patient_id"]], key[visit["id"]]
        born, on = date.fromisoformat(patient["birth_date"]), date.fromisoformat(visit["service_date"])
        found.append(
            LabelledNote(
                visit["id"],
                (folder / row["note"]).read_text(encoding="utf-8"),
                tuple(answer["diagnoses"]),
                tuple(line["code"] for line in answer["procedures"]),
                on.year - born.year - ((on.month, on.day) < (born.month, born.day)),
                patient["sex"],
            )
        )
    return tuple(sorted(found, key=lambda n: n.id))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class Counts:
    """Right, offered and signed codes; the ratios are None where nothing was offered or signed."""

    right: int
    offered: int
    signed: int

    @property
    def precision(self) -> float | None:
        """Right of offered."""
        return self.right / self.offered if self.offered else None

    @property
    def recall(self) -> float | None:
        """Right of signed."""
        return self.right / self.signed if self.signed else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall: 2 right / (offered + signed)."""
        return 2 * self.right / (self.offered + self.signed) if self.offered + self.signed else None


def count(pairs: Iterable[tuple[Iterable[str], Iterable[str]]]) -> Counts:
    """Counts over (offered, signed) of each note; a code counts once per note.

    >>> count([(["I10", "E11.9"], ["I10"]), ([], ["J02.9"])])
    Counts(right=1, offered=2, signed=2)
    """
    right = offered = signed = 0
    for ours, theirs in pairs:
        mine, truth = set(ours), set(theirs)
        right, offered, signed = right + len(mine & truth), offered + len(mine), signed + len(truth)
    return Counts(right, offered, signed)


def evaluate(suggester: Suggester, folder: Path | str, only: Iterable[str] | None = None) -> dict[str, Any]:
    """The metrics of the suggester on a folder (of the notes named in `only`, where given)."""
    wanted = None if only is None else frozenset(only)
    notes = [n for n in read_folder(Path(folder)) if wanted is None or n.id in wanted]
    return evaluate_notes(suggester, notes)


def evaluate_notes(suggester: Suggester, notes: Iterable[LabelledNote]) -> dict[str, Any]:
    """The metrics of the suggester on labelled notes, each read as an outpatient visit."""
    exact, category, candidate, procedures = [], [], [], []
    abstained = n_notes = 0
    for note in notes:
        suggestions = suggester.suggest(note.text, Setting.OUTPATIENT, _ANY_DAY, note.age, note.sex)
        ours = [s.code for s in suggestions.codes if s.system is CodeSystem.ICD10CM]
        billed = [s.code for s in suggestions.codes if s.system is not CodeSystem.ICD10CM]
        considered = suggester.considered(note.text, Setting.OUTPATIENT, note.age, note.sex)
        exact.append((ours, note.diagnoses))
        category.append(([c[:3] for c in ours], [c[:3] for c in note.diagnoses]))
        candidate.append((list(considered), note.diagnoses))
        procedures.append((billed, note.procedures))
        abstained += suggestions.abstained
        n_notes += 1
    return {
        "n_notes": n_notes,
        "abstained": abstained,
        **_figures("micro", count(exact)),
        **_figures("category", count(category)),
        "candidate_recall": _ratio(count(candidate).recall),
        **_figures("procedure", count(procedures)),
        "threshold": suggester.threshold,
        "artifact_sha256": suggester.artifact_sha256,
        "code_set_release": suggester.code_set_release,
    }


def _figures(name: str, counts: Counts) -> Mapping[str, Any]:
    return {
        f"{name}_right": counts.right,
        f"{name}_offered": counts.offered,
        f"{name}_signed": counts.signed,
        f"{name}_precision": _ratio(counts.precision),
        f"{name}_recall": _ratio(counts.recall),
        f"{name}_f1": _ratio(counts.f1),
    }


def _ratio(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `cleanclaim-train evaluate-coding`."""
    parser.add_argument("--data", type=Path, required=True, help="a folder of notes/*.txt and codes.tsv")
    parser.add_argument("--model", type=Path, required=True, help="the suggester's model directory")
    parser.add_argument("--json", type=Path, help="where to write the metrics")
    parser.add_argument("--only", type=Path, help="a file of note ids, one a line: judge these alone")


def run(args: argparse.Namespace) -> int:
    """Evaluate and print; 0 when done."""
    only = args.only.read_text(encoding="utf-8").split() if args.only else None
    metrics = evaluate(Suggester.load(args.model), args.data, only)
    text = json.dumps(metrics, indent=2, sort_keys=True) + "\n"
    if args.json:
        args.json.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0
