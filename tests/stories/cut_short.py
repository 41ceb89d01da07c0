"""Runs one command of `cleanclaim` and kills its own process (SIGKILL) at the n-th step towards the disk.

    python -m tests.stories.cut_short N WORDS...     (N = 0: runs through and counts the steps)

A step is a statement or a commit of the database, a file opened for writing, or a file renamed: whatever a power cut
could fall between. No clock decides, so every cut can be repeated.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from serving.cli import main

_WRITING = os.O_WRONLY | os.O_RDWR


class Steps:
    """Counts steps and dies at the one asked for."""

    def __init__(self, last: int) -> None:
        self.last, self.made, self.renames = last, 0, list[int]()

    def __call__(self, *_: Any) -> None:
        self.made += 1
        if self.made == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(self, what: str, given: tuple[Any, ...]) -> None:
        """Python's own account of what reaches the file system (PEP 578)."""
        if what == "os.rename":
            self.renames.append(self.made + 1)
        if what == "os.rename" or (what == "open" and isinstance(given[2], int) and given[2] & _WRITING):
            self()


def run(last: int, words: list[str]) -> int:
    """The command, until the step."""
    steps = Steps(last)
    event.listen(Engine, "before_cursor_execute", steps)
    event.listen(Engine, "commit", steps)
    sys.addaudithook(steps.heard)
    status = main(words)
    print(f"steps {steps.made} renames {' '.join(map(str, steps.renames))}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2:]))
