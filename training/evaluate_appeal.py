"""`cleanclaim-train evaluate-appeal --train CSV [--test CSV]`: the learner on California's independent medical reviews.

Each year is judged by what was known at the end of the year before. Without `--test` the years from 2008 on of the
training file are walked; with it, its years are, after all of the training file. A benchmark only: training.benchmarks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training import benchmarks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files."""
    parser.add_argument("--train", type=Path, required=True, help="reviews as published, earlier years")
    parser.add_argument("--test", type=Path, help="later years to judge; without it, the training file's from 2008 on")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here too")


def run(args: argparse.Namespace) -> int:
    """Print the figures; 2 when a file cannot be used."""
    try:
        cases = benchmarks.appeals(args.train)
        years = {case.year for case in cases if case.year >= benchmarks.FIRST_JUDGED}
        if args.test:
            later = benchmarks.appeals(args.test)
            years = {case.year for case in later}
            cases = [case for case in cases if case.year not in years] + later
        judged, said = benchmarks.walk_years(cases, years, args.seed)
        if not judged:
            raise benchmarks.BenchmarkError(
                "no year can be judged", mend="give two earlier years or more to learn from, with reviews won and lost"
            )
    except benchmarks.BenchmarkError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    benchmarks.show(benchmarks.report(judged, said, args.seed), "overturned", args.json)
    return 0
