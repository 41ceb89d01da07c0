"""The gate of the code suggester: `cleanclaim-train coding --data EXPORT --tracking URL --out DIR [--in-service DIR]`.

A fifth of the patients, told by their keys alone, is never learned from by any version, so that whatever is trained
today or next year is judged on people it has not seen, and beside the one in service on the very same notes. What is
judged is what is registered: the same artifact. It is registered only if its micro F1 is higher than that of the plain
baseline and of the suggester in service, by the paired bootstrap over patients (the lower end of the 95 % interval of
the difference above zero). Where none is in service the shipped cold one stands for it. MLflow gets figures by section
of the note and by family of codes, parameters, the artifact and a model card: no word of a note.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_core.encounter import CodeSystem, Setting
from billing_core.errors import BillingError
from models.coding.note import problem_headers, sections
from models.coding.suggester import KIND, Suggester
from models.coding.words import normal_phrase
from training import tracking
from training.coding_metrics import Counts, Judged, micro, paired_interval
from training.evaluate_coding import DAY_OF_RELEASE, LabelledNote, figures

HELD_OUT = 5  # one patient in so many is judged and never learned from
LEAST_JUDGED, LEAST_LEARNED = 20, 40  # notes
PLAIN, IN_SERVICE = "plain baseline", "in service"


class TooFewNotes(BillingError):
    """Too few notes to learn from or to be judged by."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ours against a rival on the same notes: micro F1 of both, and the 95 % interval of the difference."""

    rival: str
    ours: float
    theirs: float
    low: float
    high: float
    notes: int
    patients: int

    @property
    def passed(self) -> bool:
        """Better, beyond what the choice of patients could make of it."""
        return self.low > 0

    def __str__(self) -> str:
        word = "beats" if self.passed else "does not beat"
        return (
            f"{word} {self.rival}: micro F1 {self.ours:.3f} against {self.theirs:.3f}, difference 95 % "
            f"{self.low:+.3f} to {self.high:+.3f}, n = {self.notes} notes of {self.patients} patients"
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a suggester offered on the held-out notes: judged note by note, and where each offered code stood."""

    judged: tuple[Judged, ...]
    places: tuple[tuple[str, bool], ...] = ()  # (section of the best evidence, whether it was signed)


def held_out(note: LabelledNote) -> bool:
    """Whether the note's patient is of those that no version learns from."""
    return int(hashlib.sha256(f"held out|{note.owner}".encode()).hexdigest()[:8], 16) % HELD_OUT == 0


def parted(notes: Sequence[LabelledNote]) -> tuple[list[LabelledNote], list[LabelledNote]]:
    """The notes to learn from and those to be judged by. Raises TooFewNotes."""
    learn = [note for note in notes if not held_out(note)]
    judge = [note for note in notes if held_out(note)]
    if len(learn) < LEAST_LEARNED or len(judge) < LEAST_JUDGED:
        raise TooFewNotes(
            f"{len(learn)} notes to learn from and {len(judge)} to be judged by: too few",
            mend=f"at least {LEAST_LEARNED} and {LEAST_JUDGED} are needed; sign more visits, then export again",
        )
    return learn, judge


def read_notes(suggester: Suggester, notes: Iterable[LabelledNote]) -> Reading:
    """Every note as a coder would have seen it."""
    judged: list[Judged] = []
    places: list[tuple[str, bool]] = []
    for note in notes:
        given = (note.text, Setting.OUTPATIENT, DAY_OF_RELEASE, note.age, note.sex)
        codes = [c for c in suggester.suggest(*given).codes if c.system is CodeSystem.ICD10CM]
        signed = frozenset(note.diagnoses)
        parts = sections(note.text)
        for code in codes:
            at = code.spans[0].start
            kind = next((str(part.kind) for part in parts if part.start <= at < part.end), "none")
            places.append((kind, code.code in signed))
        ranked = tuple(code for code, _ in suggester.ranked(*given))
        judged.append(Judged(tuple(c.code for c in codes), ranked, signed))
    return Reading(tuple(judged), tuple(places))


def plain_reading(learn: Iterable[LabelledNote], judge: Iterable[LabelledNote], suggester: Suggester) -> Reading:
    """The baseline that needs no model: each problem header as the code it was most often signed with."""

    def headers(note: LabelledNote) -> list[str]:
        found = (normal_phrase(note.text[h.start : h.end], suggester.synonyms) for h in problem_headers(note.text))
        return list(dict.fromkeys(filter(None, found)))

    seen: dict[str, Counter[str]] = {}
    for note in learn:
        for header in headers(note):
            seen.setdefault(header, Counter()).update(set(note.diagnoses))
    best = {header: min(codes, key=lambda c: (-codes[c], c)) for header, codes in seen.items() if codes}
    judged = []
    for note in judge:
        codes = tuple(dict.fromkeys(best[header] for header in headers(note) if header in best))
        judged.append(Judged(codes, codes, frozenset(note.diagnoses)))
    return Reading(tuple(judged))


def against(rival: str, ours: Reading, theirs: Reading, notes: Sequence[LabelledNote]) -> Verdict:
    """The verdict on the same notes, a patient's notes drawn together."""
    owners = [note.owner for note in notes]
    low, high = paired_interval(ours.judged, theirs.judged, owners) or (0.0, 0.0)
    f1 = [micro(reading.judged).f1 or 0.0 for reading in (ours, theirs)]
    return Verdict(rival, f1[0], f1[1], low, high, len(notes), len(set(owners)))


def by_section(reading: Reading) -> dict[str, Counts]:
    """Suggestions and how many were right, by the section in which their best evidence stands."""
    found: dict[str, Counts] = {}
    for kind in sorted({kind for kind, _ in reading.places}):
        rights = [right for section, right in reading.places if section == kind]
        found[kind] = Counts(sum(rights), len(rights), 0)
    return found


def by_family(reading: Reading) -> dict[str, Counts]:
    """The same by the first letter of the code, with how many were signed."""
    letters = sorted({code[0] for note in reading.judged for code in (*note.offered, *note.signed)})
    return {letter: micro(_only(note, letter) for note in reading.judged) for letter in letters}


def _only(note: Judged, letter: str) -> Judged:
    offered = tuple(code for code in note.offered if code[0] == letter)
    return Judged(offered, (), frozenset(code for code in note.signed if code[0] == letter))


def summary(
    suggester: Suggester, ours: Reading, said: Sequence[Verdict], notes: int, data: Mapping[str, str]
) -> dict[str, Any]:
    """What is printed, written as JSON and logged."""
    return {
        **figures(ours.judged),
        **data,
        "n_learned": notes,
        "n_notes": len(ours.judged),
        "threshold": suggester.threshold,
        "artifact_sha256": suggester.artifact_sha256,
        "code_set_release": suggester.code_set_release,
        "sections": {k: {"right": c.right, "offered": c.offered} for k, c in by_section(ours).items()},
        "families": {
            k: {"right": c.right, "offered": c.offered, "signed": c.signed, "f1": round(c.f1 or 0.0, 4)}
            for k, c in by_family(ours).items()
        },
        "verdicts": [str(verdict) for verdict in said],
        "passed": all(verdict.passed for verdict in said),
    }


def model_card(found: Mapping[str, Any]) -> str:
    """The card beside the model, in words and tables."""
    interval = found["micro_f1_ci95"] or ["", ""]
    lines = [
        "# Code suggester",
        "",
        "Suggests codes with their evidence for a coder to decide; signs nothing, and names no payment.",
        "",
        f"Learned from {found['n_learned']} notes ({found['data']}), judged on {found['n_notes']} notes of patients "
        f"that no version learns from. Code set: {found['code_set_release']}. Seal: {found['artifact_sha256']}.",
        "",
        f"Micro F1 {found['micro_f1']} (95 % {interval[0]} to {interval[1]}), precision {found['micro_precision']}, "
        f"recall {found['micro_recall']}, candidates {found['candidate_recall']}.",
        "",
        *(f"- gate: {words}" for words in found["verdicts"]),
        "",
        "| section of the best evidence | suggested | right |",
        "|---|---|---|",
        *(f"| {kind} | {c['offered']} | {c['right']} |" for kind, c in found["sections"].items()),
        "",
        "| codes | signed | suggested | right | F1 |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {c['signed']} | {c['offered']} | {c['right']} | {c['f1']} |"
            for name, c in found["families"].items()
        ),
        "",
        "Problems the author does not name are not coded. Signed codes are the habits of their coders, errors too.",
    ]
    return "\n".join(lines) + "\n"


def metrics(found: Mapping[str, Any]) -> dict[str, float]:
    """Every number of the summary under one flat name, for MLflow."""
    flat = {k: float(v) for k, v in found.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    for group in ("sections", "families"):
        for name, counts in found[group].items():
            flat |= {f"{group}.{name}.{key}": float(value) for key, value in counts.items()}
    return flat


def train_and_judge(args: argparse.Namespace) -> dict[str, Any]:
    """Learn, judge, write the artifact and what is beside it; the summary."""
    from training.coding import build, read_training

    signed = read_training(args.data)
    learn, judge = parted([each.note for each in signed])
    kept = {note.id for note in learn}
    model, beside = args.out / "artifact", args.out / "beside"
    build(model, [each for each in signed if each.note.id in kept], args.published)
    suggester = Suggester.load(model)
    ours = read_notes(suggester, judge)
    with tempfile.TemporaryDirectory() as folder:
        rival = args.in_service or Path(folder) / "shipped"
        if not args.in_service:
            build(rival)
        theirs = read_notes(Suggester.load(rival), judge)
    said = (
        against(PLAIN, ours, plain_reading(learn, judge, suggester), judge),
        against(IN_SERVICE if args.in_service else "the shipped suggester", ours, theirs, judge),
    )
    found = summary(suggester, ours, said, len(learn), {"data": "published" if args.published else "practice"})
    beside.mkdir(parents=True, exist_ok=True)
    (beside / "figures.json").write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", "utf-8")
    (beside / "model_card.md").write_text(model_card(found), "utf-8")
    return found


def record(args: argparse.Namespace, found: Mapping[str, Any]) -> str:
    """Log the run and, when it passed, register it; what happened, in words."""
    params = {
        "learned_from": str(found["n_learned"]),
        "judged_by": str(found["n_notes"]),
        "held_out": f"one patient in {HELD_OUT}",
        "artifact_sha256": str(found["artifact_sha256"]),
        "code_set_release": str(found["code_set_release"]),
        "threshold": str(found["threshold"]),
    }
    return tracking.enter(
        args.tracking, KIND, args.out / "artifact", params, metrics(found), data=str(found["data"]),
        passed=bool(found["passed"]), beside=args.out / "beside",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Train, judge, record: 0 also where the gate says no (then nothing is registered). Raises BillingError."""
    tracking.database(args.tracking)
    found = train_and_judge(args)
    for words in found["verdicts"]:
        sys.stdout.write(f"gate: {words}\n")
    sys.stdout.write(record(args, found))
    if args.json:
        args.json.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", "utf-8")
    return 0


def compare(challenger: Path, in_service: Path, data: Sequence[Path]) -> Verdict:
    """The challenger against the suggester now in service, on the held-out patients of an export."""
    from training.coding import read_training

    _, judge = parted([each.note for each in read_training(data)])
    ours, theirs = (read_notes(Suggester.load(model), judge) for model in (challenger, in_service))
    return against("the suggester in service", ours, theirs, judge)
