"""How many notes a second the suggester reads, beside its peer: `python -m tests.benchmarks.coding_speed`.

The notes are synthetic, about 2,000 characters each, or those of a folder (`--notes DIR`, *.txt). The peer is the plain
spaCy pipeline that people build first: `spacy.blank("en")`, a sentencizer, and a PhraseMatcher in lower case over the
same phrases that our finder looks for. It finds phrases; ours reads sections, contexts, sides and guidelines as well
and gives codes with their evidence. With `--model DIR` a model trained on charts is measured too. Each is measured in
a process of its own, one thread, the best of three: CPU seconds of all notes, the median and slowest note by the clock,
and the most memory the process held. Nothing is asserted: a machine under load is slow, not wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from billing_core.encounter import Setting
from models.coding.suggester import Suggester

NOTES, LENGTH, ROUNDS = 100, 2_000, 3
DAY = date(2026, 4, 1)
_SAID = (
    "The patient reports {} for three days and denies {}.",
    "On examination there was {} without {}.",
    "She has a history of {} and takes her tablets.",
    "The scan showed {} on the left and no {}.",
    "Treatment of {} was continued and {} improved.",
)


def synthetic_notes(model: Path, count: int = NOTES, seed: int = 6) -> list[str]:
    """Invented notes: sentences around phrases drawn from the model's own dictionary."""
    phrases = [line.split("\t")[0] for line in (model / "phrases.tsv").read_text(encoding="utf-8").splitlines()]
    draw = random.Random(seed)
    notes = []
    for _ in range(count):
        said = ["A 54-year-old woman was seen today."]
        while sum(map(len, said)) < LENGTH:
            said.append(draw.choice(_SAID).format(draw.choice(phrases), draw.choice(phrases)))
        notes.append(" ".join(said))
    return notes


def ours(model: Path) -> Callable[[str], Any]:
    """The whole pipeline: a note to its suggestions."""
    suggester = Suggester.load(model)
    return lambda text: suggester.suggest(text, Setting.OUTPATIENT, DAY, 54, "F")


def spacy_phrases(model: Path) -> Callable[[str], Any]:
    """The plain pipeline over the same phrases."""
    import spacy
    from spacy.matcher import PhraseMatcher

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    lines = (model / "phrases.tsv").read_text(encoding="utf-8").splitlines()
    matcher.add("TERM", list(nlp.tokenizer.pipe(line.split("\t")[0] for line in lines)))
    return lambda text: matcher(nlp(text))


READERS = {"spaCy blank + PhraseMatcher": spacy_phrases, "ours, cold": ours, "ours, trained": ours}


def measure_here(reader: str, model: Path, notes: list[str]) -> dict[str, float]:
    """The figures of one reader in this process."""
    read = READERS[reader](model)
    read(notes[0])
    best, clocks = float("inf"), []
    for _ in range(ROUNDS):
        start = time.process_time()
        for note in notes:
            began = time.perf_counter()
            read(note)
            clocks.append(1000 * (time.perf_counter() - began))
        best = min(best, time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rate": len(notes) / best, "median": statistics.median(clocks), "slowest": max(clocks), "memory": peak}


def table(found: dict[str, dict[str, float]]) -> str:
    """The figures as a table of Markdown, and ours against the peer."""
    peer = found["spaCy blank + PhraseMatcher"]["rate"]
    lines = [
        "| reader | notes/CPU-s of one core | against the peer | ms a note, median | slowest | MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, one in found.items():
        ratio = one["rate"] / peer
        lines.append(
            f"| {name} | {one['rate']:.0f} | {ratio:.2f} times | {one['median']:.0f} | {one['slowest']:.0f} "
            f"| {one['memory']:.0f} |"
        )
    return "\n".join(lines)


def _in_a_process(reader: str, model: Path, notes: Path) -> dict[str, float]:
    words = ["--reader", reader, "--model", str(model), "--notes", str(notes)]
    out = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.coding_speed", *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ).stdout
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    return found


def _read_notes(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))[:NOTES]]


def main(args: argparse.Namespace) -> None:
    """All readers in turn, each in a process of its own; the table is printed."""
    from training.coding import build  # not in the processes that are measured

    with tempfile.TemporaryDirectory() as place:
        cold, folder = Path(place) / "cold", Path(place) / "notes"
        build(cold)
        folder.mkdir()
        for number, text in enumerate(_read_notes(args.notes) if args.notes else synthetic_notes(cold)):
            (folder / f"{number:03d}.txt").write_text(text, encoding="utf-8")
        models = {name: cold for name in READERS if name != "ours, trained"}
        models |= {"ours, trained": args.model} if args.model else {}
        print(f"{len(list(folder.iterdir()))} {'published' if args.notes else 'synthetic'} notes")
        print(table({name: _in_a_process(name, model, folder) for name, model in models.items()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--notes", type=Path, help="a folder of *.txt instead of synthetic notes; the first 100 are read"
    )
    parser.add_argument("--model", type=Path, help="a model trained on charts, measured beside the cold one")
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.reader:
        print(json.dumps(measure_here(chosen.reader, chosen.model, _read_notes(chosen.notes))))
    else:
        main(chosen)
