"""How fast claims are scored: one at a time in a process, and a file of them, beside LightGBM's own predict in the run.

    python -m tests.benchmarks.denial_speed [CLAIMS]

The model is trained here on a planted export, with trees enough (160, the most the recipe ever keeps) to be no easier
than a practice's champion. One claim: each claim is new, all of one day, history asked and row made included. CPU time
of the thread stands beside the wall clock, because a busy machine makes every wall clock long.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import numpy as np

from models.denial import columns
from models.denial.facts import ClaimFacts
from models.denial.features import NAMES, row
from models.denial.history import History
from models.denial.predictor import Predictor
from models.denial.trees import Trees
from tests.training import export_fixture
from training import denial, learner, splits
from training.export_folder import Export, read


def claims(export: Export, count: int) -> list[ClaimFacts]:
    """Claims of the coming day, put together from lines, patients and cards of the past."""
    pick, past = Random(1), [s.facts for s in export.submissions]
    day = export.as_of + timedelta(days=1)
    return [
        replace(pick.choice(past), claim_key=f"new {n}", patient_key=pick.choice(past).patient_key, submitted_on=day)
        for n in range(count)
    ]


def trained(folder: Path) -> tuple[Export, Predictor, History]:
    """A model of the most trees, and the history behind it."""
    export = read(export_fixture.write(folder / "export", export_fixture.cases(4000)))
    history = History()
    rows, plan = denial.replay(export.submissions, history), splits.plan(export.submissions, export.as_of)
    final = list(plan.final)
    outcomes = denial.outcomes(export.submissions)
    made = denial.train(export.submissions, rows, plan, 7)
    line = learner.line(rows[final], outcomes[final])
    forest = learner.trees(rows[final], outcomes[final], line, 7).model_to_string().encode("ascii")
    denial.seal(folder / "model", replace(made, files={**made.files, "trees.txt": forest}), export, plan)
    history.settle()
    return export, Predictor.load(folder / "model"), history


def one_by_one(ask: Callable[[ClaimFacts], object], asked: Sequence[ClaimFacts]) -> str:
    """Percentiles of one call each."""
    wall, thread = [], []
    for claim in asked:
        began, used = time.perf_counter(), time.thread_time_ns()
        ask(claim)
        thread.append((time.thread_time_ns() - used) / 1000)
        wall.append((time.perf_counter() - began) * 1e6)
    (w50, w99), (t50, t99) = (np.percentile(v, (50, 99)) for v in (wall, thread))
    return f"p50 {w50:.0f} us, p99 {w99:.0f} us (CPU time of the thread: p50 {t50:.0f}, p99 {t99:.0f})"


def main(words: Sequence[str]) -> int:
    """Print the figures."""
    count = int(words[0]) if words else 100_000
    with tempfile.TemporaryDirectory() as folder:
        export, model, history = trained(Path(folder))
        trees = Trees(model.artifact.read("trees.txt").decode("ascii"), len(NAMES))
        asked = claims(export, 20_000)
        out = sys.stdout.write
        out(f"one claim, row and calibration: {one_by_one(lambda c: model.probability_ppm(c, history), asked)}\n")
        one = row(asked[0], history)
        out(f"  of this the 160 trees alone: {one_by_one(lambda _: trees.raw_of(one), asked)}\n")
        table = columns.from_facts((claims(export, 20_000) * (count // 20_000 + 1))[:count])
        began = time.process_time()
        rows = columns.rows(table, history)
        encoded = time.process_time() - began
        model.probabilities_ppm(rows)
        whole = time.process_time() - began
        began = time.process_time()
        trees.raw(rows)
        alone = time.process_time() - began
        out(
            f"{count} claims by column, one core: {count / whole:.0f} a second ({count / encoded:.0f} to encode); "
            f"LightGBM alone on the finished rows {count / alone:.0f}; ratio {alone / whole:.2f}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
