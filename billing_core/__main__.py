"""The rule index: `python -m billing_core timely` prints every rule that speaks of it.

Id, sentence, source, and file:line of the code that decides. Without a word it prints all of them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

# Where rules live, in the order of the path: (module, name of its ordered tuple).
SHELVES = (
    ("billing_core.edits", "RULES"),
    ("billing_core.adjudication", "ORDER"),
    ("billing_core.posting", "RULES"),
    ("billing_core.denial", "RULES"),
    ("billing_core.work_queue", "RULES"),
)


class IndexedRule(NamedTuple):
    """One rule as the index shows it."""

    shelf: str
    id: str
    sentence: str
    source: str
    place: str


def index() -> Iterator[IndexedRule]:
    """Every rule of every shelf that exists."""
    for module_name, tuple_name in SHELVES:
        if find_spec(module_name) is None:
            continue
        for rule in getattr(import_module(module_name), tuple_name, ()):
            yield IndexedRule(module_name, rule.id, rule.sentence, rule.source, _place(getattr(rule, "check", None)))


def find(words: Iterable[str]) -> tuple[IndexedRule, ...]:
    """The rules that carry every one of the words, in whatever field, upper or lower case."""
    wanted = [word.lower() for word in words]
    return tuple(rule for rule in index() if all(word in " ".join(rule).lower() for word in wanted))


def _place(check: Callable[..., Any] | None) -> str:
    """`billing_core/edits/timing.py:44`: where the check begins."""
    if check is None:
        return ""
    code = inspect.unwrap(check).__code__
    root = Path(__file__).resolve().parents[1]
    path = Path(code.co_filename).resolve()
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return f"{shown.as_posix()}:{code.co_firstlineno}"


def main(words: list[str]) -> int:
    """Print the matching rules; 1 when there is none."""
    found = find(words)
    for rule in found:
        print(f"{rule.id}\n    {rule.sentence}\n    source: {rule.source}\n    {rule.place}")
    if not found:
        print("no rule carries all of these words; try one, such as: timely, modifier, authorization, duplicate")
    return 0 if found else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:  # piped into head
        sys.stderr.close()
