"""Whatever happens to the bytes, a reader gives records or X12Error, and the check gives a report."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_core.errors import X12Error
from billing_core.x12 import remittance_835
from billing_core.x12.check import check, kind_of
from billing_core.x12.explain import explain
from tests.billing_core.x12 import fuzz
from tests.billing_core.x12.people import STORIES
from tests.billing_core.x12.test_golden import READERS as GUIDES

READERS: tuple[Callable[[bytes], object], ...] = (
    *GUIDES.values(),
    kind_of,
    lambda data: list(explain(data)),
)
FILES = {name: write() for name, write in STORIES.items()}
MEANINGFUL = [
    b"*",
    b"~",
    b":",
    b"^",
    b"\n",
    b"-",
    b".",
    b"0",
    b"99999999999",
    b"\xc3\xa9",
    b"\x00",
    b"",
    b"ISA*",
    b"~SE*",
]


def only_x12_errors(data: bytes) -> None:
    for read in READERS:
        try:
            read(data)
        except X12Error as error:
            assert error.mend
    check(data)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 12), st.sampled_from(MEANINGFUL) | st.binary(max_size=3)),
        min_size=1,
        max_size=6,
    ),
)
def test_mutated_bytes(name: str, changes: list[tuple[int, int, bytes]]) -> None:
    data = FILES[name]
    for at, gone, new in changes:
        at %= len(data) + 1
        data = data[:at] + new + data[at + gone :]
    only_x12_errors(data)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(FILES)),
    st.integers(0, 200),
    st.integers(0, 20),
    st.sampled_from(MEANINGFUL) | st.binary(max_size=4),
)
def test_one_element_replaced(name: str, segment: int, element: int, new: bytes) -> None:
    lines = FILES[name].split(b"~\n")
    elements = lines[segment % len(lines)].split(b"*")
    elements[element % len(elements)] = new
    lines[segment % len(lines)] = b"*".join(elements)
    only_x12_errors(b"~\n".join(lines))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(FILES)), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=4), st.data()
)
def test_segments_moved_doubled_and_lost(name: str, swaps: list[tuple[int, int]], data: st.DataObject) -> None:
    lines = FILES[name].split(b"~\n")
    for left, right in swaps:
        left, right = left % len(lines), right % len(lines)
        lines[left], lines[right] = lines[right], lines[left]
    gone = data.draw(st.integers(0, len(lines) - 1))
    only_x12_errors(b"~\n".join(lines[:gone] + lines[gone + 1 :]))
    only_x12_errors(b"~\n".join(lines[:gone] + lines[gone:] + lines[gone:]))


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    only_x12_errors(data)
    only_x12_errors(FILES["835/paid-and-denied"][:106] + data)


@pytest.mark.parametrize("kind", [None, "text", 5])
def test_what_is_not_bytes(kind: object) -> None:
    with pytest.raises(X12Error):
        remittance_835.read(kind)


SOAK = bool(os.environ.get("CLEANCLAIM_SOAK"))
SEED = int(os.environ.get("CLEANCLAIM_SEED", "2026"))


@pytest.mark.slow
def test_damaged_by_chance_nothing_but_our_own_error_and_bounded_memory() -> None:
    """Two million inputs under CLEANCLAIM_SOAK=1, a hundredth else. The seed is CLEANCLAIM_SEED."""
    count = 2_000_000 if SOAK else 20_000
    figures = fuzz.run(SEED, count)
    print(figures)
    assert figures["inputs"] == count and int(str(figures["memory_grown_kib"])) < 256 * 1024
