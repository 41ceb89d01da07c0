"""A million claims through `cleanclaim score-claims`, files read and written included: in one process, in two, on Dask.

    python -m tests.benchmarks.scale_speed [--claims N] [--files N]

The model is trained here on a planted export, with trees enough (160, the most the recipe ever keeps) to be no easier
than a practice's champion. Each way is the command as a person gives it, from its start to its end, so loading the
model and the history is in it; on Dask the cluster (two processes of one thread) stands already. Beside them LightGBM's
own predict on the finished rows, nothing else. Processor time stands beside the clock, because a busy machine makes
every clock long. The three folders of scores must be the same to the byte.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from billing_core.record import to_plain
from models.denial.features import NAMES
from models.denial.history import History
from models.denial.predictor import Predictor
from models.denial.trees import Trees
from tests.benchmarks.denial_speed import trained
from training.export_folder import Export

_COMMAND = "import sys; from serving.cli import main; sys.exit(main(sys.argv[1:]))"
_CLUSTER = """
import json, sys, distributed
if __name__ == "__main__":
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        print(json.dumps(cluster.scheduler_address), flush=True)
        sys.stdin.read()
"""
ROWS_ALONE = 100_000  # for LightGBM alone


def write_claims(folder: Path, export: Export, claims: int, files: int) -> None:
    """Claims of the coming day, put together from lines, patients and cards of the past."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    past, pick = pa.Table.from_pylist([to_plain(s.facts) for s in export.submissions]), np.random.default_rng(1)
    folder.mkdir()
    for number in range(files):
        count = claims // files
        table = past.take(pa.array(pick.integers(0, past.num_rows, count)))
        others = past["patient_key"].take(pa.array(pick.integers(0, past.num_rows, count)))
        given = {
            "claim_key": pa.array([f"new {number * count + n}" for n in range(count)]),
            "patient_key": others,
            "submitted_on": pa.array([(export.as_of + timedelta(days=1)).isoformat()] * count),
        }
        for name, column in given.items():
            table = table.set_column(table.column_names.index(name), name, column)
        pq.write_table(table, folder / f"{number:03d}.parquet")


def run(home: Path, out: str, *words: str) -> tuple[float, float]:
    """Seconds of the clock and of the processor (of the command's own processes)."""
    asked = ["score-claims", "--in", str(home / "in"), "--out", str(home / out), "--model", str(home / "model")]
    asked += ["--history", str(home / "history.json"), *words]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", _COMMAND, *asked], check=True, stderr=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})  # fmt: skip
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@contextmanager
def cluster(home: Path) -> Iterator[str]:
    """The address of a scheduler with two workers, each a process of one thread."""
    program = home / "cluster.py"
    program.write_text(_CLUSTER)
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               cwd=root, env=os.environ | {"PYTHONPATH": str(root)})  # fmt: skip
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.communicate()


def alone(home: Path, history: History) -> float:
    """Processor seconds a claim of LightGBM's own predict on finished rows."""
    import pyarrow.parquet as pq

    from models.denial.columns import rows
    from serving.score_claims import columns_of

    model = Predictor.load(home / "model")
    trees = Trees(model.artifact.read("trees.txt").decode("ascii"), len(NAMES))
    made = rows(columns_of(pq.read_table(home / "in" / "000.parquet")), history)[:ROWS_ALONE]
    began = time.process_time()
    trees.raw(made)
    return (time.process_time() - began) / len(made)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=20)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        export, _, history = trained(home)
        (home / "history.json").write_text(history.as_json())
        write_claims(home / "in", export, args.claims, args.files)
        predict = alone(home, history)
        took = {"one process": run(home, "one"), "--workers 2": run(home, "two", "--workers", "2")}
        with cluster(home) as address:
            took["--dask, 2 workers"] = run(home, "dask", "--dask", address)
        ways = ("one", "two", "dask")
        written = [{f.name: f.read_bytes() for f in sorted((home / out).glob("*.parquet"))} for out in ways]
        assert len(written[0]) == args.files and written[0] == written[1] == written[2]
    print(
        f"{args.claims} claims in {args.files} files, {os.cpu_count()} cores, load at the end {os.getloadavg()[0]:.1f}"
    )
    print(f"  LightGBM alone, rows finished: {1 / predict:.0f} a second and core")
    for name, (wall, processor) in took.items():
        words = "" if name.startswith("--dask") else f"; {args.claims / processor:.0f} a processor second, "
        words += f"ratio to LightGBM alone {predict * args.claims / processor:.2f}" if words else ""
        print(f"  {name:18s} {args.claims / wall:.0f} a second of the clock{words}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
