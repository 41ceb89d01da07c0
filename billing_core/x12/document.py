"""A file of any guide, kept to the byte: what was not changed is written back as it stood.

`read` splits a file into its segments and keeps everything between and around them: terminators, line ends, padding,
a byte-order mark, several interchanges each with delimiters of its own, even what follows the last IEA. Unknown
segments and guides are kept like any other. `Document.with_element` changes one element and nothing else.

The domain readers (`claim_837p` and the rest) ask for meaning and may refuse; this module asks only that a file begin
with an ISA.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from billing_core.errors import X12Error
from billing_core.x12.segment import BYTE_ORDER_MARK, BYTES_MAX, SEGMENTS_MAX, Segment, segment_of, unsafe_in
from billing_core.x12.separators import ISA_WIDTH, LINE_BREAKS, Separators, opening_of

_BLANK = " \t\r\n\x1a\ufeff"


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment as it stood: its elements to the letter, the blanks before it, and its terminator."""

    number: int
    before: str
    elements: tuple[str, ...]
    terminator: str
    separators: Separators

    @property
    def text(self) -> str:
        """The piece as it stands in the file."""
        return f"{self.before}{self.separators.element.join(self.elements)}{self.terminator}"

    @property
    def segment(self) -> Segment:
        """The segment for reading: without the line breaks of a wrapped file and without blanks around it."""
        line = self.separators.element.join(self.elements)
        if self.separators.segment not in "\r\n":
            line = line.translate(LINE_BREAKS)
        return segment_of(self.number, line.strip(" \t\r\n"), self.separators)


@dataclass(frozen=True, slots=True)
class Document:
    """A file: its pieces in order, and what stands after the last of them. `encoding` is utf-8 or latin-1."""

    pieces: tuple[Piece, ...]
    after: str
    encoding: str

    def write(self) -> bytes:
        """The file's bytes: those it was read from, but for what was changed."""
        return ("".join(piece.text for piece in self.pieces) + self.after).encode(self.encoding)

    def segments(self) -> Iterator[Segment]:
        """Every segment, in file order."""
        return (piece.segment for piece in self.pieces)

    def with_element(self, number: int, element: int, value: str) -> Document:
        """The document with one element of segment `number` changed; missing elements before it become empty.

        X12Error when there is no such segment, when it is an ISA (its width is fixed), or when the value holds a
        delimiter of the interchange or a control character.
        """
        if not 1 <= number <= len(self.pieces):
            raise X12Error("no such segment", where=f"segment {number}", mend="number the segments from 1")
        piece = self.pieces[number - 1]
        if piece.elements[0] == "ISA" or element < 1:
            raise piece.segment.error("this element is fixed", "write a new interchange instead", element)
        delimiters = piece.separators
        if unsafe_in(value) or any(c in value for c in (delimiters.element, delimiters.segment)):
            raise piece.segment.error("a delimiter or control character in a value", "remove it", element)
        elements = [*piece.elements, *[""] * (element + 1 - len(piece.elements))]
        elements[element] = value
        changed = replace(piece, elements=tuple(elements))
        return replace(self, pieces=(*self.pieces[: number - 1], changed, *self.pieces[number:]))


def read(data: bytes) -> Document:
    """The document of a file. X12Error when it does not begin with an ISA, or is beyond the limits of `segment`."""
    if not isinstance(data, bytes) or len(data) > BYTES_MAX:
        raise X12Error("bytes of a file of at most 512 MiB expected", mend="read the file in binary mode, or split it")
    try:
        text, encoding = data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = data.decode("latin-1"), "latin-1"
    pieces: list[Piece] = []
    place, mark = 0, 3 if encoding == "latin-1" and data.startswith(BYTE_ORDER_MARK) else 0
    while True:
        start = _past_blanks(text, place or mark)
        if pieces and not _begins_isa(text, start):
            return Document(tuple(pieces), text[place:], encoding)
        place = _interchange(text, place, start, pieces)


def _past_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANK:
        place += 1
    return place


def _begins_isa(text: str, start: int) -> bool:
    return text[start : start + ISA_WIDTH].translate(LINE_BREAKS).startswith("ISA")


def _interchange(text: str, place: int, start: int, pieces: list[Piece]) -> int:
    """Append the pieces of the interchange that begins at `start`; `place` is where its blanks begin. Gives its end."""
    opening = opening_of(text, start, len(pieces) + 1)
    separators, end = opening.separators, opening.end
    before, body = text[place:start], text[start:end]
    while True:
        elements = tuple(body.split(separators.element))
        terminator = separators.segment if text.startswith(separators.segment, end) else ""
        if len(pieces) >= SEGMENTS_MAX:
            raise X12Error("too many segments", where=f"segment {len(pieces) + 1}", mend="split the file")
        pieces.append(Piece(len(pieces) + 1, before, elements, terminator, separators))
        place = end + len(terminator)
        if not terminator or elements[0].translate(LINE_BREAKS) == "IEA":
            return place
        start = _past_blanks(text, place)
        if start >= len(text):
            return place
        found = text.find(separators.segment, start)
        end = found if found >= 0 else len(text)
        before, body = text[place:start], text[start:end]
