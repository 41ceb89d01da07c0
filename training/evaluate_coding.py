"""How good the suggestions are: `cleanclaim-train evaluate-coding --data DIR [--train DIR...] [--model DIR]`.

The notes of a folder are read one by one as a coder would see them, and set beside the codes their coders signed; the
definitions are in `training.coding_metrics`. With `--train` a suggester is first trained on those folders of published
notes (phrases of a single note are learned: not for a practice's own charts); with `--model` that one is judged; with
neither, the shipped cold one, built here. Notes without a date are read as visits of the first day of the code set's
release, or, by a suggester trained on undated notes, of the day before it (their codes may be older).
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from billing_core.encounter import CodeSystem, Setting
from models.coding.suggester import Suggester
from training.coding_metrics import (
    Counts,
    Judged,
    count,
    interval,
    mean,
    mean_average_precision,
    micro,
    note_f1,
    recall_at,
)

DAY_OF_RELEASE = date(2026, 4, 1)


@dataclass(frozen=True, slots=True)
class LabelledNote:
    """A note and the codes a coder signed for it."""

    id: str
    text: str
    diagnoses: tuple[str, ...]
    procedures: tuple[str, ...] = ()
    age: int | None = None
    sex: str = "U"
    patient: str = ""  # a key; a note without one is its own patient
    rejected: Mapping[str, str] = field(default_factory=dict)  # code -> why a coder rejected it
    asked: frozenset[str] = frozenset()  # categories that the note's author was asked about

    @property
    def owner(self) -> str:
        """The patient whose notes stay together."""
        return self.patient or self.id


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


def evaluate(
    suggester: Suggester, folder: Path | str, only: Iterable[str] | None = None, older: bool = False
) -> dict[str, Any]:
    """The metrics of the suggester on a folder (of the notes named in `only`, where given).

    `older`: the notes are read as of the day before the code set's release, so that codes of its charts count.
    """
    wanted = None if only is None else frozenset(only)
    notes = [n for n in read_folder(Path(folder)) if wanted is None or n.id in wanted]
    return evaluate_notes(suggester, notes, older)


def evaluate_notes(suggester: Suggester, notes: Iterable[LabelledNote], older: bool = False) -> dict[str, Any]:
    """The metrics of the suggester on labelled notes, each read as an outpatient visit."""
    day = suggester.release_from - timedelta(days=1) if older else DAY_OF_RELEASE
    judged: list[Judged] = []
    procedures: list[tuple[Sequence[str], Sequence[str]]] = []
    abstained, seconds = 0, 0.0
    for note in notes:
        start = time.perf_counter()
        suggestions = suggester.suggest(note.text, Setting.OUTPATIENT, day, note.age, note.sex)
        seconds += time.perf_counter() - start
        ours = tuple(s.code for s in suggestions.codes if s.system is CodeSystem.ICD10CM)
        billed = [s.code for s in suggestions.codes if s.system is not CodeSystem.ICD10CM]
        ranked = suggester.ranked(note.text, Setting.OUTPATIENT, day, note.age, note.sex)
        judged.append(Judged(ours, tuple(code for code, _ in ranked), frozenset(note.diagnoses)))
        procedures.append((billed, note.procedures))
        abstained += suggestions.abstained
    return {
        "n_notes": len(judged),
        "abstained": abstained,
        "notes_per_second": round(len(judged) / seconds, 1) if seconds else None,
        **figures(judged),
        **_counts("procedure", count(procedures)),
        "threshold": suggester.threshold,
        "artifact_sha256": suggester.artifact_sha256,
        "code_set_release": suggester.code_set_release,
    }


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Every figure on diagnoses, rounded to four places."""
    categories = [note.categories() for note in judged]
    between = interval(judged, lambda counts: counts.f1)
    return {
        "n_gold": micro(judged).signed,
        "map": _ratio(mean_average_precision(judged)),
        **_counts("micro", micro(judged)),
        "micro_f1_ci95": None if between is None else [_ratio(end) for end in between],
        "mean_note_f1": _ratio(mean([note_f1(note) for note in judged])),
        **{f"recall_at_{k}": _ratio(recall_at(judged, k)) for k in (5, 10, 20)},
        "category_map": _ratio(mean_average_precision(categories)),
        **_counts("category_micro", micro(categories)),
        "candidate_recall": _ratio(recall_at(judged, None)),
    }


def _counts(name: str, counts: Counts) -> Mapping[str, Any]:
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
    parser.add_argument("--train", type=Path, action="append", default=[], help="a folder of published notes to learn")
    parser.add_argument("--model", type=Path, help="the suggester's model directory; without it the shipped one")
    parser.add_argument("--json", type=Path, help="where to write the metrics")
    parser.add_argument("--only", type=Path, help="a file of note ids, one a line: judge these alone")


def run(args: argparse.Namespace) -> int:
    """Evaluate and print; 0 when done."""
    if args.train and args.model:
        raise SystemExit("give --train or --model, not both")
    only = args.only.read_text(encoding="utf-8").split() if args.only else None
    try:
        with tempfile.TemporaryDirectory() as folder:
            suggester = Suggester.load(args.model or _built(Path(folder) / "model", args.train))
            metrics = evaluate(suggester, args.data, only, older=bool(args.train))
    except FolderError as error:
        raise SystemExit(str(error)) from error
    text = json.dumps(metrics, indent=2, sort_keys=True) + "\n"
    if args.json:
        args.json.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


def _built(model: Path, folders: Sequence[Path]) -> Path:
    """The shipped suggester, or one trained on the folders, at `model`."""
    from training.coding import build, read_training

    build(model, read_training(folders), published=True)
    return model
