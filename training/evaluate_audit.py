"""`cleanclaim-train evaluate-audit --data CSV [--history CSV]`: the learner on Medicare's CERT sample, by claim.

`--history` are counts of disagreement by HCPCS in earlier years. A benchmark only: see training.benchmarks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training import benchmarks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files."""
    parser.add_argument("--data", type=Path, required=True, help="audited lines as published")
    parser.add_argument("--history", type=Path, help="lines and disagreements by HCPCS of earlier years")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here too")


def run(args: argparse.Namespace) -> int:
    """Print the figures; 2 when a file cannot be used."""
    try:
        cases = benchmarks.audits(args.data)
        if len({benchmarks.fold_of(case.group) for case in cases}) < benchmarks.FOLDS:
            raise benchmarks.BenchmarkError("too few claims to divide", mend="give more audited lines")
        history = benchmarks.read_history(args.history) if args.history else {}
    except benchmarks.BenchmarkError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    judged, said = benchmarks.by_claim(cases, history, args.seed)
    benchmarks.show(benchmarks.report(judged, said, args.seed), "improper", args.json)
    return 0
