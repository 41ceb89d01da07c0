"""A file is kept to the byte, whatever its guide, delimiters, line ends and padding."""

from __future__ import annotations

import pytest

from billing_core.errors import X12Error
from billing_core.x12 import document
from billing_core.x12.segment import read_segments
from tests.billing_core.x12.people import STORIES
from tests.billing_core.x12.test_published_files import ALL, name
from tests.real_data import needs

FILES = {story: write() for story, write in STORIES.items()}
VISIT = FILES["837P/office-visit"]
OTHER_DELIMITERS = VISIT.translate(bytes.maketrans(b"*:~^", b"|>!~"))
WRAPPED = b"\r\n".join(VISIT.replace(b"\n", b"")[at : at + 80] for at in range(0, len(VISIT), 80))
SHAPES = {
    "as written": VISIT,
    "carriage returns": VISIT.replace(b"\n", b"\r\n"),
    "one line": VISIT.replace(b"\n", b""),
    "blank lines": VISIT.replace(b"~\n", b"~\n\n  "),
    "byte-order mark": b"\xef\xbb\xbf" + VISIT,
    "other delimiters": OTHER_DELIMITERS,
    "line feed ends a segment": VISIT.replace(b"~\n", b"\n"),
    "wrapped at 80": WRAPPED,
    "two interchanges": VISIT + OTHER_DELIMITERS,
    "padding and end-of-file mark": b"\r\n " + VISIT + b"\x1a\x1a\r\n",
    "something after the end": VISIT + b"-- end of transmission --",
    "latin-1": VISIT.replace(b"DOE", b"DO\xc9"),
    "utf-8": VISIT.replace(b"DOE", "DOÉ".encode()),
    "cut off": VISIT[:700],
    "doubled terminator": VISIT.replace(b"~\nHI", b"~\n~\nHI"),
    "narrow ISA": VISIT.replace(b"CLEANCLAIM     ", b"CLEANCLAIM"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_written_back_to_the_byte(shape: str) -> None:
    assert document.read(SHAPES[shape]).write() == SHAPES[shape]


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"something after the end"}))
def test_the_same_segments_as_the_readers_see(shape: str) -> None:
    assert tuple(document.read(SHAPES[shape]).segments()) == read_segments(SHAPES[shape])


def test_what_follows_the_end_is_kept_apart() -> None:
    assert document.read(SHAPES["something after the end"]).after == "\n-- end of transmission --"


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"latin-1", "cut off", "wrapped at 80"}))
def test_one_element_changes_and_nothing_else(shape: str) -> None:
    whole = document.read(SHAPES[shape])
    number = next(segment.number for segment in whole.segments() if segment.id == "CLM")
    changed = whole.with_element(number, 1, "CHANGED1").write()
    assert changed == SHAPES[shape].replace(b"ELMF000000011", b"CHANGED1", 1)


def test_an_element_beyond_the_last_is_added() -> None:
    whole = document.read(VISIT)
    number = next(segment.number for segment in whole.segments() if segment.id == "CLM")
    assert b"*Y*Y*P~" in whole.with_element(number, 10, "P").write()


@pytest.mark.parametrize(("number", "element", "value"), [(1, 6, "X"), (0, 1, "X"), (999, 1, "X"), (4, 0, "X")])
def test_what_cannot_be_changed(number: int, element: int, value: str) -> None:
    with pytest.raises(X12Error):
        document.read(VISIT).with_element(number, element, value)


@pytest.mark.parametrize("value", ["A*B", "A~B", "A\nB", "A\x00B"])
def test_a_delimiter_never_enters_by_a_value(value: str) -> None:
    with pytest.raises(X12Error, match="delimiter"):
        document.read(VISIT).with_element(4, 3, value)


@pytest.mark.parametrize("data", [b"", b"  ", b"hello", b"ISA", VISIT[10:]])
def test_what_does_not_begin_with_an_isa(data: bytes) -> None:
    with pytest.raises(X12Error):
        document.read(data)


@pytest.mark.real_data
@needs("edi")
def test_every_published_file_is_written_back_to_the_byte() -> None:
    published = [path for path in ALL if path.parent.name != "bad"]
    assert len(published) == 107
    differs = [name(path) for path in published if document.read(path.read_bytes()).write() != path.read_bytes()]
    assert not differs
