"""`make bench`: every benchmark of this folder, one after the other, each in a process of its own.

A benchmark is a module whose name ends in `_speed`; it prints what it measured beside its peers in the same run, as
ratios. Nothing is asserted: a machine under load is slow, not wrong.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run them all; the status is that of the worst."""
    worst = 0
    for path in sorted(Path(__file__).parent.glob("*_speed.py")):
        print(f"== {path.stem.removesuffix('_speed').replace('_', ' ')}", flush=True)
        worst = max(
            worst, subprocess.run([sys.executable, "-m", f"tests.benchmarks.{path.stem}"], check=False).returncode
        )
        print()
    return worst


if __name__ == "__main__":
    sys.exit(main())
