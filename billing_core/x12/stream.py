"""A file of any size, segment by segment, in constant memory.

Bytes come in chunks of any size; what is held is one chunk and the segment that it ends in. Limits are those of
`segment`, but for the size of the file: there is none. Text is decoded segment by segment, UTF-8 or else Latin-1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from billing_core.errors import X12Error
from billing_core.x12.segment import (
    BYTE_ORDER_MARK,
    ELEMENT_LENGTH_MAX,
    ELEMENTS_MAX,
    Segment,
    check_limits,
    segment_of,
    unsafe_in,
)
from billing_core.x12.separators import ISA_WIDTH, LINE_BREAKS, Separators, opening_of

SEGMENT_LENGTH_MAX = ELEMENT_LENGTH_MAX * ELEMENTS_MAX
_BLANK = " \t\r\n\x1a"
_MARK = BYTE_ORDER_MARK.decode("latin-1")


def stream_segments(chunks: Iterable[bytes]) -> Iterator[Segment]:
    """Every segment of a file that comes in chunks. X12Error as `segment.read_segments` raises it."""
    reading = _Reading()
    for chunk in chunks:
        if not isinstance(chunk, bytes):
            raise X12Error("bytes expected", mend="read the file in binary mode")
        yield from reading.take(chunk.decode("latin-1"), last=False)
    yield from reading.take("", last=True)
    if not reading.number:
        raise X12Error("the file is empty", where="segment 1", mend="fetch the file again")


class _Reading:
    """The text that no segment has been made of yet, and where in the file it stands."""

    def __init__(self) -> None:
        self.text = ""
        self.number = 0
        self.separators: Separators | None = None
        self.wrapped = False

    def take(self, more: str, *, last: bool) -> Iterator[Segment]:
        """The segments that are whole now."""
        self.text += more.translate(LINE_BREAKS) if self.wrapped else more
        while self.text:
            if self.separators is None and not self._open(last):
                return
            assert self.separators is not None
            pieces = self.text.split(self.separators.segment)
            rest = pieces.pop()
            if last and rest.strip(_BLANK):
                pieces.append(rest)
                rest = ""
            self.text = rest
            for place, raw in enumerate(pieces):
                segment = self._segment(raw, self.separators)
                yield segment
                if segment.elements[0] == "IEA":
                    self._between(pieces[place + 1 :], rest)
                    break
            else:
                break
        if len(self.text) > SEGMENT_LENGTH_MAX:
            raise X12Error(
                "a segment is too long", where=f"segment {self.number + 1}", mend="check the segment terminator"
            )
        if last:
            self.text = ""

    def _between(self, pieces: list[str], rest: str) -> None:
        """After an IEA: what follows is text again until its own ISA says how to split it."""
        assert self.separators is not None
        self.text = self.separators.segment.join((*pieces, rest))
        self.separators = None

    def _open(self, last: bool) -> bool:
        """Find the next ISA; False when more text is needed."""
        self.text = self.text.lstrip(_BLANK)
        if not self.number:
            self.text = self.text.removeprefix(_MARK).lstrip(_BLANK)
        if len(self.text) < 3 * ISA_WIDTH and not last:
            return False
        if not self.text:
            return False
        opening = opening_of(self.text, 0, self.number + 1)
        self.separators = opening.separators
        if opening.wrapped:
            self.wrapped = True
            self.text = self.text.translate(LINE_BREAKS)
        return True

    def _segment(self, raw: str, separators: Separators) -> Segment:
        self.number += 1
        line = raw.strip(" \t\r\n")
        if separators.segment not in "\r\n" and ("\n" in line or "\r" in line):
            line = line.translate(LINE_BREAKS)
        if not line.isascii():
            line = _decoded(line)
        segment = segment_of(self.number, line, separators)
        if len(line) > ELEMENT_LENGTH_MAX or len(segment.elements) > ELEMENTS_MAX:
            check_limits(segment)
        if not line.isprintable() and _has_control(line, separators):
            raise segment.error("a control character inside a segment", "ask the sender for a clean copy")
        return segment


def _decoded(line: str) -> str:
    raw = line.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return line


def _has_control(line: str, separators: Separators) -> bool:
    delimiters = (separators.element, separators.component, separators.repetition)
    return unsafe_in("".join(c for c in line if c not in delimiters))
