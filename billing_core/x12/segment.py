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

import gc
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from operator import gt
from typing import Any, NamedTuple

from billing_core.errors import MoneyError, X12Error
from billing_core.money import Cents, parse_amount
from billing_core.x12.separators import STANDARD, Separators, opening_of

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
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


class Segment(NamedTuple):
    """One segment: `number` counts from 1 in the file; `elements[0]` is its id. Elements it lacks read as "".

    Its elements stand without trailing blanks, but for an ISA's, whose width is part of it.

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
        """The element of that number (from 1); "" when the segment lacks it."""
        elements = self[1]
        return elements[element] if element < len(elements) else ""

    def parts(self, element: int) -> tuple[str, ...]:
        """The components of a composite element; () when it is empty."""
        text = self.get(element)
        return tuple(text.split(self[2].component)) if text else ()

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
            return _cents(text)
        except MoneyError as error:
            raise self.error("an amount is missing or malformed", "ask the sender to send it again", element) from error

    def amount_or(self, element: int, absent: Cents = 0) -> Cents:
        """An amount in cents, or `absent` when the element is empty."""
        return self.amount(element) if self.get(element) else absent

    def day(self, element: int) -> date:
        """A date written CCYYMMDD; of a range CCYYMMDD-CCYYMMDD its first day. X12Error otherwise."""
        return self.day_of(self.get(element).partition("-")[0], element)

    def day_of(self, text: str, element: int) -> date:
        """The date that `text`, a part of an element, names. X12Error otherwise."""
        found = parse_day(text)
        if found is None:
            raise self.error("a date is missing or is not CCYYMMDD", "ask the sender to correct it", element)
        return found

    def count(self, element: int) -> int:
        """A whole number of at most nine digits. X12Error otherwise."""
        text = self.get(element)
        if not _WHOLE.match(text):
            raise self.error("a whole number is expected", "correct the count and send it again", element)
        return int(text.partition(".")[0])


class Header(Segment):
    """An ISA: its elements keep their padding, and are read without it."""

    __slots__ = ()

    def get(self, element: int) -> str:
        """The element of that number (from 1), without trailing blanks."""
        return self.elements[element].rstrip(" ") if element < len(self.elements) else ""


def segment_of(number: int, line: str, separators: Separators) -> Segment:
    """The segment that a line of text holds, blanks around it taken off."""
    elements = line.split(separators.element)
    if elements[0] == "ISA":  # its padding always shows: ISA02 and ISA04 are blank
        return Header(number, tuple(elements), separators)
    if f" {separators.element}" in line:
        elements = [element.rstrip(" ") for element in elements]
    return Segment(number, tuple(elements), separators)


def unsafe_in(value: str) -> bool:
    """Whether a value holds a control character, line breaks among them."""
    return _CONTROL.search(value) is not None


@lru_cache(maxsize=65_536)
def _cents(text: str) -> Cents:
    """`parse_amount`, quicker for the plain amounts that nearly all are, and for those that come again."""
    whole, _, fraction = text.partition(".")
    if text.isascii() and whole.isdigit() and len(whole) <= 15:
        if not fraction:
            return int(whole) * 100
        if len(fraction) <= 2 and fraction.isdigit():
            return int(whole + fraction) * (10 if len(fraction) == 1 else 1)
    return parse_amount(text)


@lru_cache(maxsize=65_536)
def parse_day(text: str) -> date | None:
    """The date that CCYYMMDD names, or None."""
    if not _DIGITS8.match(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


# --- reading -------------------------------------------------------------------------------------------------------


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's cycle collector from walking a large file's records again and again: they hold no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
    data = data.removeprefix(BYTE_ORDER_MARK)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_segments(data: bytes) -> tuple[Segment, ...]:
    """Every segment of a file of one or more interchanges, each read with the delimiters of its own ISA.

    Line breaks carry no meaning unless they are the terminator, so files wrapped at 80 columns are read too.
    Raises X12Error: not X12, a control character, or beyond the limits of this module. A file cut off at the end of
    a segment, and one with empty segments, is read; `envelope` says what is wrong with it.
    """
    text = decode(data)
    found: list[Segment] = []
    place = _skip_blanks(text, 0)
    while place < len(text):
        opening = opening_of(text, place, len(found) + 1)
        if opening.wrapped:  # so is the whole file; happens at most once
            text, place = _LINE_BREAK.sub("", text[place:]), 0
        separators = opening.separators
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
    number, mark, blank = len(found), separators.element, f" {separators.element}"
    for raw in pieces:
        line = raw.strip(" \t\r\n")
        number += 1
        if blank in line:
            segment = segment_of(number, line, separators)
        else:
            segment = Segment(number, tuple(line.split(mark)), separators)
        if len(line) > ELEMENT_LENGTH_MAX or len(segment[1]) > ELEMENTS_MAX:
            check_limits(segment)
        if odd and any(c not in delimiters for c in _CONTROL.findall(line)):
            raise segment.error("a control character inside a segment", "ask the sender for a clean copy")
        found.append(segment)


def check_limits(segment: Segment) -> None:
    """X12Error when a segment has too many elements, or one that is too long."""
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
        if segment[1][0] == id and (not qualifiers or segment.get(1) in qualifiers):
            return segment
    return None


def text_of(segments: Iterable[Segment], id: str, qualifier: str, element: int = 2) -> str:
    """That element of the first segment of that id and qualifier, or ""."""
    segment = first(segments, id, qualifier)
    return segment.get(element) if segment else ""


# --- writing -------------------------------------------------------------------------------------------------------

Value = str | tuple[str, ...]


class Repeated(tuple[str, ...]):
    """A repeating element: its values stand with the repetition separator between them (EB03, DMG05)."""

    __slots__ = ()


_SAFE = re.compile(r"[A-Za-z0-9!\"&'()+,\-./;?= %@\[\]_{}\\|<>#$]*\Z", re.ASCII)  # extended set less * : ~ ^ `
_SAFE_LINE = re.compile(r"[A-Za-z0-9!\"&'()+,\-./;?= %@\[\]_{}\\|<>#$*:]*\Z", re.ASCII)
_CLEAN = re.compile(r"(?:[A-Z0-9!\"&'()+,\-./;?=%@\[\]_{}\\|<>#$]+(?: (?! |\Z)|\Z))*\Z", re.ASCII)
_KEPT = re.compile(r"[A-Z][A-Z0-9]{1,2}(\*[^*~\x00-\x1f\x7f]{0,1000}){0,100}\Z")
_TRAILING = re.compile(r":+(?=\*|\Z)|[*:]+\Z")
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


_LIMIT_OTHER = (LENGTH_MAX_OTHER,) * (ELEMENTS_MAX + 1)


def _limits(id: str) -> tuple[int, ...]:
    """The maximum lengths of a segment's elements by number; at 0 the least of them, below which none can be passed."""
    given = LENGTH_MAX[id]
    by_number = [given.get(number, LENGTH_MAX_OTHER) for number in range(1, ELEMENTS_MAX + 1)]
    return (max(min(by_number), 3), *by_number)


_LIMITS = {id: _limits(id) for id in LENGTH_MAX}


def free_text(text: str) -> str:
    """A name, address or message as the file carries it: upper case, no accents, nothing a delimiter could be.

    >>> free_text("O'Brien~*:^ José")
    "O'BRIEN JOSE"
    """
    upper = text.upper()
    if _CLEAN.match(upper):
        return upper
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
        plain: Sequence[Any] = (id, *values)  # join raises when a composite is among them
        colons = 0
        try:
            line = "*".join(plain)
        except TypeError:
            plain, colons = _composites(id, values)
            line = "*".join(plain)
        if (
            " *" in line
            or "* " in line
            or line[-1] == " "
            or not _SAFE_LINE.match(line)
            or line.count("*") != len(values)
            or line.count(":") != colons
        ):
            plain = self._plain(id, values)
            line = "*".join(plain)
        limits = _LIMITS.get(id, _LIMIT_OTHER)
        if len(line) > limits[0] and any(map(gt, map(len, plain), limits)):
            self._refuse_length(id, plain, limits)
        if line[-1] in "*:" or (colons > 0 and ":*" in line):
            line = _TRAILING.sub("", line)
        self.lines.append(line)

    def _plain(self, id: str, values: Sequence[Value]) -> list[str]:
        """The elements of a segment without blanks around them; X12Error for a character that none may hold."""
        elements = [id]
        for number, value in enumerate(values, start=1):
            parts = (value,) if isinstance(value, str) else value
            if not all(_SAFE.match(part) for part in parts):
                raise self.refuse(
                    "a character that an X12 identifier or code cannot hold",
                    f"{id}{number:02d}",
                    "remove delimiters (* : ~ ^), line breaks and characters outside the X12 set",
                )
            between = STANDARD.repetition if isinstance(value, Repeated) else STANDARD.component
            elements.append(between.join(part.strip(" ") for part in parts))
        return elements

    def _refuse_length(self, id: str, elements: Sequence[str], limits: tuple[int, ...]) -> None:
        for number, element in enumerate(elements):
            if number and len(element) > limits[min(number, len(limits) - 1)]:
                raise self.refuse("longer than the guide allows", f"{id}{number:02d}", "shorten the value")

    def add_kept(self, line: str) -> None:
        """Append a segment that was kept as it stood (`standard_text`)."""
        if not _KEPT.match(line):
            raise self.refuse("a kept segment is not X12", line[:3].strip("*"), "read the file again")
        self.lines.append(line)


def _composites(id: str, values: Sequence[Value]) -> tuple[list[str], int]:
    """The elements of a segment that has composites, and how many colons they hold (-1: check one by one)."""
    plain, colons = [id], 0
    for value in values:
        if isinstance(value, str):
            plain.append(value)
        elif isinstance(value, Repeated):
            plain.append("")
            colons = -1_000
        else:
            plain.append(":".join(value))
            colons += max(len(value) - 1, 0)
    return plain, colons


def standard_text(segment: Segment) -> str:
    """The segment with our own delimiters. Data that would read as one of them becomes a space."""
    own = segment.separators
    if own == STANDARD:
        return "*".join(segment.elements).rstrip("*")
    elements = []
    for element in segment.elements:
        repeated = element.split(own.repetition) if own.repetition else [element]
        elements.append("^".join(":".join(map(_no_delimiter, one.split(own.component))) for one in repeated))
    return "*".join(elements).rstrip("*")


def _no_delimiter(text: str) -> str:
    return text.translate(_DELIMITERS)


_DELIMITERS = dict.fromkeys(map(ord, "*:^~"), " ")
