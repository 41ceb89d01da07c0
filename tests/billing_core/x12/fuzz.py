"""Damaged files by the million: `python -m tests.billing_core.x12.fuzz --count 2000000 --seed 7` prints what happened.

Every story is damaged by chance (bytes, elements, segments; changed, doubled, moved, cut, spliced with another story)
and handed to `check`, to the reader of its guide, to the streaming reader, to the document and to the acknowledger.
Anything but records, a report or an X12Error ends the run. `--atheris FOLDER` lets the coverage-guided fuzzer choose
the bytes and keeps in the folder those that reached something new.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random
from types import FunctionType

from billing_core.errors import X12Error
from billing_core.x12 import document
from billing_core.x12.acknowledge import answer
from billing_core.x12.check import check
from billing_core.x12.narrate import narrate
from billing_core.x12.remittance_stream import claim_payments, survey
from tests.billing_core.x12.people import STORIES
from tests.billing_core.x12.test_golden import READERS

HANG = 20  # seconds for one input
ON = datetime(2026, 4, 9, 8, 30)
_BYTES = (b"*", b"~", b":", b"^", b"\n", b"\r\n", b"-", b".", b"0", b"9" * 12, b"\xc3\xa9", b"\xff", b"\x00", b"", b" ")
_TOKENS = (b"ISA*", b"~SE*", b"~IEA*1*1~", b"~ST*835*9~", b"~HL*1**20*1~", b"~CLP*A*1*1*1~", b"~LX*1~", b"A" * 1100)


def stories() -> dict[str, bytes]:
    """Every story's file, by name."""
    return {name: write() for name, write in STORIES.items()}


def damage(dice: Random, data: bytes, other: bytes) -> bytes:
    """`data` with one to six changes."""
    for _ in range(dice.randint(1, 6)):
        data = dice.choice(_WAYS)(dice, data, other)
    return data


def _bytes(dice: Random, data: bytes, other: bytes) -> bytes:
    at, gone = dice.randrange(len(data) + 1), dice.choice((0, 0, 1, 2, 9))
    return data[:at] + dice.choice(_BYTES + _TOKENS) + data[at + gone :]


def _bits(dice: Random, data: bytes, other: bytes) -> bytes:
    if not data:
        return other
    at = dice.randrange(len(data))
    return data[:at] + bytes((dice.randrange(256),)) + data[at + 1 :]


def _element(dice: Random, data: bytes, other: bytes) -> bytes:
    lines = data.split(b"~")
    line = dice.randrange(len(lines))
    elements = lines[line].split(b"*")
    theirs = dice.choice(other.split(b"~")).split(b"*")
    elements[dice.randrange(len(elements))] = dice.choice((*_BYTES, dice.choice(theirs)))
    lines[line] = b"*".join(elements)
    return b"~".join(lines)


def _segments(dice: Random, data: bytes, other: bytes) -> bytes:
    lines = data.split(b"~")
    at, to = dice.randrange(len(lines)), dice.randrange(len(lines))
    moved = lines.pop(at) if dice.random() < 0.5 else lines[at]
    lines.insert(to, dice.choice((moved, dice.choice(other.split(b"~")))))
    return b"~".join(lines)


def _cut(dice: Random, data: bytes, other: bytes) -> bytes:
    at = dice.randrange(len(data) + 1)
    return dice.choice((data[:at], data[:at] + other, data[at:], data[:at] + data[at // 2 :]))


_WAYS: tuple[Callable[[Random, bytes, bytes], bytes], ...] = (
    _bytes,
    _bytes,
    _bits,
    _element,
    _element,
    _segments,
    _cut,
)


def hand_over(data: bytes) -> str:
    """Everything that takes bytes from outside takes these. Gives the outcome: accepted, refused or unreadable."""
    report = check(data)
    for take in (READERS.get(report.kind), _stream, _document, _answer, lambda d: list(narrate(d))):
        if take is not None:
            try:
                take(data)
            except X12Error as error:
                assert error.mend and error.message
    return "accepted" if report.accepted else "refused" if report.readable else "unreadable"


def _stream(data: bytes) -> None:
    survey([data[at : at + 400] for at in range(0, len(data), 400)])
    for _ in claim_payments([data]):
        pass


def _document(data: bytes) -> None:
    assert document.read(data).write() == data


def _answer(data: bytes) -> None:
    for taken in (False, True):
        for file in answer(data, count(1), ON, taken=taken):
            assert check(file.data).accepted


def run(seed: int, inputs: int) -> dict[str, object]:
    """`inputs` damaged files from `seed`. The figures of the run; an exception names the seed and the number."""
    dice = Random(seed)
    files = stories()
    names = sorted(files)
    outcomes: Counter[str] = Counter()
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(inputs):
        data = damage(dice, files[dice.choice(names)], files[dice.choice(names)])
        signal.alarm(HANG)
        try:
            outcomes[hand_over(data)] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed} input {number}: {data!r}") from error
        finally:
            signal.alarm(0)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    seconds = round(time.process_time() - started, 1)
    return {"seed": seed, "inputs": inputs, **outcomes, "cpu_seconds": seconds, "memory_grown_kib": grown}


def _atheris(seed: int, inputs: int, kept: Path) -> None:
    """The coverage-guided fuzzer, beginning with the golden files; what it finds worth keeping goes to `kept`.

    An input that breaks something is written to `kept` as crash-..., and ends the run.
    """
    import atheris

    for function in _own_functions():
        atheris.instrument_func(function)
    kept.mkdir(parents=True, exist_ok=True)
    golden = Path(__file__).resolve().parents[2] / "golden"
    own = [f"-runs={inputs}", f"-seed={seed}", f"-timeout={HANG}", "-rss_limit_mb=1024", f"-artifact_prefix={kept}/"]
    # libFuzzer writes into the first folder and only reads the others
    folders = [str(folder) for folder in (kept, *sorted(golden.glob("*/*")))]
    atheris.Setup([sys.argv[0], *own, *folders], hand_over_quietly)
    atheris.Fuzz()


def _own_functions() -> Iterator[FunctionType]:
    """Every function and method of `billing_core`: what new input should reach more of."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith("billing_core"):
            for thing in vars(module).values():
                members = vars(thing).values() if isinstance(thing, type) and thing.__module__ == name else (thing,)
                yield from (f for f in members if isinstance(f, FunctionType) and f.__module__ == name)


def hand_over_quietly(data: bytes) -> None:
    """`hand_over` as libFuzzer calls it: it wants no outcome."""
    hand_over(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--atheris", type=Path, metavar="FOLDER", help="let atheris choose the bytes; keep them there")
    args = parser.parse_args()
    if args.atheris:
        _atheris(args.seed, args.count, args.atheris)
    else:
        print(json.dumps(run(args.seed, args.count)))
