"""A segment, and the two gates it passes: out of the bytes, and into them.

Reading: delimiters come from the ISA; line breaks after a terminator, a byte-order mark and trailing blanks are
passed over; a control character, an element or a file beyond the limits below is refused with X12Error, which names
the segment and the mend and never quotes what stands there.

Writing, the rule that keeps every value inside its element: free text (names, addresses, messages) is set in upper
case, its accents are taken off, and each character that is a delimiter or lies outside the X12 extended character
set becomes a space; an identifier, code, number or date with such a character is refused, and so is any value that
is longer than the guide allows. Nothing is cut short in silence. (005010 guides, appendix B.1.1.2.2, B.1.1.2.5.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from billing_core.errors import MoneyError, X12Error
from billing_core.money import Cents, parse_amount
from billing_core.x12.separators import ISA_WIDTH, STANDARD, Separators, separators_of

BYTES_MAX = 512 * 1024 * 1024
SEGMENTS_MAX = 5_000_000
ELEMENTS_MAX = 100  # of one segment; the longest the guides use is PLB and CAS with 19
ELEMENT_LENGTH_MAX = 1_000  # the longest of the guides read here is MSG01 and STC12 with 264

NO_DATE = date.min
"""Stands in a record where the file carries no date and the record must have one."""

_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}\Z", re.ASCII)
_DIGITS8 = re.compile(r"\d{8}\Z", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}(\.0*)?\Z", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LINE_BREAK = re.compile(r"[\r\n]")
_BLANKS = re.compile(r"[\r\n\t \x1a]*")


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: `number` counts from 1 in the file; `elements[0]` is its id. Elements it lacks read as "".

    SVC*HC:99213:25*120*95.5**1~
    """

    number: int
    elements: tuple[str, ...]
    separators: Separators = STANDARD

    @property
    def id(self) -> str:
        """The two or three characters that name the segment."""
        return self.elements[0]

    def get(self, element: int) -> str:
        """The element of that number (from 1), without trailing blanks; "" when the segment lacks it."""
        return self.elements[element].rstrip(" ") if element < len(self.elements) else ""

    def parts(self, element: int) -> tuple[str, ...]:
        """The components of a composite element; () when it is empty."""
        text = self.get(element)
        return tuple(text.split(self.separators.component)) if text else ()

    def part(self, element: int, component: int) -> str:
        """One component (from 1) of a composite element; "" when absent."""
        parts = self.parts(element)
        return parts[component - 1] if component <= len(parts) else ""

    def repeats(self, element: int) -> tuple[str, ...]:
        """The repetitions of an element; () when it is empty."""
        text = self.get(element)
        if not text:
            return ()
        return tuple(text.split(self.separators.repetition)) if self.separators.repetition else (text,)

    def where(self, element: int = 0) -> str:
        """The place as messages name it, such as "segment 12 CLP04"; a malformed id is not quoted."""
        name = self.id if _ID.match(self.id) else ""
        return f"segment {self.number} {name}{f'{element:02d}' if element else ''}".rstrip()

    def error(self, message: str, mend: str, element: int = 0) -> X12Error:
        """An X12Error at this segment."""
        return X12Error(message, where=self.where(element), mend=mend)

    def amount(self, element: int, component: int = 0) -> Cents:
        """An amount in cents. X12Error when it is missing or is not an amount in whole cents."""
        text = self.part(element, component) if component else self.get(element)
        try:
            return parse_amount(text)
        except MoneyError as error:
            raise self.error("an amount is missing or malformed", "ask the sender to send it again", element) from error

    def amount_or(self, element: int, absent: Cents = 0) -> Cents:
        """An amount in cents, or `absent` when the element is empty."""
        return self.amount(element) if self.get(element) else absent

    def day(self, element: int) -> date:
        """A date written CCYYMMDD; of a range CCYYMMDD-CCYYMMDD its first day. X12Error otherwise."""
        found = parse_day(self.get(element).partition("-")[0])
        if found is None:
            raise self.error("a date is missing or is not CCYYMMDD", "ask the sender to correct it", element)
        return found

    def count(self, element: int) -> int:
        """A whole number of at most nine digits. X12Error otherwise."""
        text = self.get(element)
        if not _WHOLE.match(text):
            raise self.error("a whole number is expected", "correct the count and send it again", element)
        return int(text.partition(".")[0])


def parse_day(text: str) -> date | None:
    """The date that CCYYMMDD names, or None."""
    if not _DIGITS8.match(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


# --- reading -------------------------------------------------------------------------------------------------------


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 with or without its mark, else Latin-1 (legacy senders). X12Error for anything else."""
    if not isinstance(data, bytes):
        raise X12Error("bytes expected", mend="read the file in binary mode")
    if len(data) > BYTES_MAX:
        raise X12Error("the file is too large", mend="split it into several interchanges")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise X12Error("the file is UTF-16", where="segment 1", mend="save it as plain text and send it again")
    if not data.strip():
        raise X12Error("the file is empty", where="segment 1", mend="fetch the file again")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_segments(data: bytes) -> tuple[Segment, ...]:
    """Every segment of a file of one or more interchanges, each read with the delimiters of its own ISA.

    Line breaks carry no meaning unless they are the terminator, so files wrapped at 80 columns are read too.
    Raises X12Error: not X12, a control character, or beyond the limits of this module. A file cut off at the end of
    a segment is read; `envelope` says what it lacks.
    """
    text = decode(data)
    found: list[Segment] = []
    place = _skip_blanks(text, 0)
    while place < len(text):
        if _LINE_BREAK.search(text, place, place + ISA_WIDTH - 1):  # the whole file is wrapped; happens at most once
            text, place = _LINE_BREAK.sub("", text[place:]), 0
        separators = separators_of(text[place : place + ISA_WIDTH], len(found) + 1)
        end = _end_of_interchange(text, place, separators)
        _split(text[place:end], separators, found)
        place = _skip_blanks(text, end + 1)
    return tuple(found)


def _skip_blanks(text: str, place: int) -> int:
    """The next place that is no blank, line break or end-of-file mark (0x1A)."""
    after = _BLANKS.match(text, place)
    return after.end() if after else place


def _end_of_interchange(text: str, place: int, separators: Separators) -> int:
    """Where the terminator of the next IEA stands; the end of the text when there is none."""
    terminator = re.escape(separators.segment)
    trailer = re.compile(rf"{terminator}[\r\n\t ]*IEA{re.escape(separators.element)}[^{terminator}]*").search(
        text, place
    )
    return trailer.end() if trailer else len(text)


def _split(body: str, separators: Separators, found: list[Segment]) -> None:
    """Append the segments of one interchange to `found`."""
    if separators.segment not in "\r\n":
        body = _LINE_BREAK.sub("", body)
    pieces = body.split(separators.segment)
    if not pieces[-1].strip(" \t\r\n"):
        pieces.pop()  # what follows the last terminator of a file that is cut off
    delimiters = {separators.element, separators.component, separators.repetition, separators.segment}
    odd = any(c not in delimiters and c not in "\r\n" for c in set(_CONTROL.findall(body)))
    if len(found) + len(pieces) > SEGMENTS_MAX:
        raise X12Error("too many segments", where=f"segment {len(found) + 1}", mend="split the file")
    for raw in pieces:
        line = raw.strip(" \t\r\n")
        segment = Segment(len(found) + 1, tuple(line.split(separators.element)), separators)
        if not line:
            raise segment.error("an empty segment", "remove the doubled terminator")
        if len(line) > ELEMENT_LENGTH_MAX or len(segment.elements) > ELEMENTS_MAX:
            _check_limits(segment)
        if odd and any(c not in delimiters for c in _CONTROL.findall(line)):
            raise segment.error("a control character inside a segment", "ask the sender for a clean copy")
        found.append(segment)


def _check_limits(segment: Segment) -> None:
    if len(segment.elements) > ELEMENTS_MAX:
        raise segment.error("too many elements", "check that the terminators are those the ISA declares")
    for number, element in enumerate(segment.elements):
        if len(element) > ELEMENT_LENGTH_MAX:
            raise segment.error("an element is too long", "check that the delimiters are those of the ISA", number)


def split_before(segments: Iterable[Segment], starts: frozenset[str]) -> Iterator[tuple[Segment, ...]]:
    """`segments` in pieces, each beginning at a segment whose id is in `starts`; what precedes is the first piece.

    The first piece is always given, empty when the very first segment begins a piece.
    """
    piece: list[Segment] = []
    for segment in segments:
        if segment.id in starts:
            yield tuple(piece)
            piece = []
        piece.append(segment)
    yield tuple(piece)


def first(segments: Iterable[Segment], id: str, *qualifiers: str) -> Segment | None:
    """The first segment of that id whose first element is one of `qualifiers` (any, when none is given)."""
    for segment in segments:
        if segment.id == id and (not qualifiers or segment.get(1) in qualifiers):
            return segment
    return None


def text_of(segments: Iterable[Segment], id: str, qualifier: str, element: int = 2) -> str:
    """That element of the first segment of that id and qualifier, or ""."""
    segment = first(segments, id, qualifier)
    return segment.get(element) if segment else ""


# --- writing -------------------------------------------------------------------------------------------------------

Value = str | tuple[str, ...]

_SAFE = re.compile(r"[A-Za-z0-9!\"&'()+,\-./;?= %@\[\]_{}\\|<>#$]*\Z", re.ASCII)  # extended set less * : ~ ^ `
_UNSAFE = re.compile(r"[^A-Z0-9!\"&'()+,\-./;?= %@\[\]_{}\\|<>#$]", re.ASCII)
LENGTH_MAX_OTHER = 80
LENGTH_MAX: dict[str, dict[int, int]] = {  # the guides' maximum lengths; an element not named here has 80
    "NM1": {3: 60, 4: 35, 5: 25, 7: 10},
    "N1": {2: 60},
    "N3": {1: 55, 2: 55},
    "N4": {1: 30, 2: 2, 3: 15},
    "PER": {2: 60},
    "REF": {2: 50},
    "SBR": {3: 50, 4: 60, 9: 2},
    "PRV": {3: 50},
    "CLM": {1: 38, 2: 18},
    "SV1": {2: 18, 4: 15, 5: 2},
    "TRN": {2: 50, 3: 10},
    "CLP": {1: 38, 7: 50},
    "STC": {12: 264},
    "DTP": {3: 35},
    "HI": dict.fromkeys(range(1, 13), 40),
    "PLB": {1: 50, **dict.fromkeys((3, 5, 7, 9, 11, 13), 55)},
}


def free_text(text: str) -> str:
    """A name, address or message as the file carries it: upper case, no accents, nothing a delimiter could be.

    >>> free_text("O'Brien~*:^ José")
    "O'BRIEN JOSE"
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(_UNSAFE.sub(" ", kept.upper()).split())


def day_text(day: date) -> str:
    """CCYYMMDD."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


class SegmentWriter:
    """Builds the segments of one transaction set. The only way from a value to a byte; see the module's rule."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.subject = ""

    def about(self, subject: str) -> None:
        """Name what is being written ("claim 3"), for the errors that follow."""
        self.subject = subject

    def refuse(self, message: str, place: str, mend: str) -> X12Error:
        """An X12Error that names the subject and the element."""
        return X12Error(message, where=f"{self.subject} {place}".strip(), mend=mend)

    def need(self, value: str, place: str, what: str) -> str:
        """`value`; X12Error when it is blank, since the guide requires it."""
        if not value.strip():
            raise self.refuse(f"{what} is missing", place, f"enter the {what} and write the file again")
        return value

    def add(self, id: str, *values: Value) -> None:
        """Append one segment. A tuple is a composite; trailing empty elements and components are left off."""
        limits = LENGTH_MAX.get(id, {})
        elements = [id]
        for number, value in enumerate(values, start=1):
            text = value if isinstance(value, str) else _composite(value)
            parts = (value,) if isinstance(value, str) else value
            if not all(_SAFE.match(part) for part in parts):
                raise self.refuse(
                    "a character that an X12 identifier or code cannot hold",
                    f"{id}{number:02d}",
                    "remove delimiters (* : ~ ^), line breaks and characters outside the X12 set",
                )
            if len(text) > limits.get(number, LENGTH_MAX_OTHER):
                raise self.refuse("longer than the guide allows", f"{id}{number:02d}", "shorten the value")
            elements.append(text.strip(" "))
        while len(elements) > 1 and not elements[-1]:
            elements.pop()
        self.lines.append(STANDARD.element.join(elements))


def _composite(parts: tuple[str, ...]) -> str:
    text = STANDARD.component.join(part.strip(" ") for part in parts)
    return text.rstrip(STANDARD.component)
