"""The four delimiters of an interchange, read from its ISA and never guessed (005010 guides, appendix B.1.1.2.5).

The ISA is 106 characters wide, whatever its delimiters: the element separator stands at 4, the repetition separator
at 83 (ISA11), the component separator at 105 (ISA16), the segment terminator at 106.

    ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *241101*0800*^*00501*000000001*0*T*:~
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing_core.errors import X12Error

ISA_WIDTH = 106
LINE_BREAKS = {ord("\r"): None, ord("\n"): None}
"""For str.translate: takes line breaks away."""
_LINE_BREAK = re.compile(r"[\r\n]")
FIELD_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)  # ISA01 to ISA16


@dataclass(frozen=True, slots=True)
class Separators:
    """Element, component, repetition separator and segment terminator. `repetition` is "" where the ISA declares none.

    That is before version 00402, and where ISA11 repeats another delimiter (some senders do): no guide read here
    repeats an element that matters, so the other delimiter wins.
    """

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"


STANDARD = Separators()


def _refuse(number: int, message: str, mend: str) -> X12Error:
    return X12Error(message, where=f"segment {number} ISA", mend=mend)


def separators_of(isa: str, number: int = 1) -> Separators:
    """The delimiters declared by an interchange that begins with `isa` (106 characters); its segment is `number`.

    Raises X12Error when the text does not begin with a 106-character ISA, or when two delimiters are the same.
    """
    if not isa.startswith("ISA"):
        what = "the file does not begin with an ISA segment" if number == 1 else "something follows the IEA"
        raise _refuse(number, what, "send the X12 file itself, from its ISA to its IEA")
    if len(isa) < ISA_WIDTH:
        raise _refuse(number, "the ISA is cut short", "fetch the file again; an ISA is 106 characters wide")
    element = isa[3]
    place = 3
    for field, width in enumerate(FIELD_WIDTHS, start=1):
        if isa[place] != element:
            raise _refuse(
                number, f"ISA{field:02d} does not stand at its place", "pad the ISA to its fixed width of 106"
            )
        place += width + 1
    component, segment = isa[104], isa[105]
    repetition = _repetition(isa[82], isa[84:89], (element, component, segment))
    found = Separators(element, component, repetition, segment)
    _check(found, number)
    return found


@dataclass(frozen=True, slots=True)
class Opening:
    """Where an interchange begins: its delimiters, where its ISA's terminator stands, and whether lines are wrapped."""

    separators: Separators
    end: int
    wrapped: bool


def opening_of(text: str, place: int, number: int = 1) -> Opening:
    """The opening of the interchange at `place`. X12Error when no ISA stands there or its delimiters are not certain.

    Line breaks inside the ISA are passed over (a file wrapped at 80 columns). An ISA that is not 106 wide is read all
    the same when its 16 elements are there and one character each follows as component separator and terminator;
    `envelope` reports its width.
    """
    if _LINE_BREAK.search(text, place, place + ISA_WIDTH - 1) is None:
        try:
            return Opening(separators_of(text[place : place + ISA_WIDTH], number), place + ISA_WIDTH - 1, False)
        except X12Error as error:
            return _narrow(text, place, number) or _raise(error)
    kept = [at for at in range(place, min(len(text), place + 2 * ISA_WIDTH)) if text[at] not in "\r\n"][:ISA_WIDTH]
    try:
        return Opening(separators_of("".join(text[at] for at in kept), number), kept[-1], True)
    except X12Error as error:
        return _narrow(text, place, number) or _raise(error)


def _raise(error: X12Error) -> Opening:
    raise error


def _narrow(text: str, place: int, number: int) -> Opening | None:
    """An ISA of 16 elements whose fields are not padded to their width, or None."""
    element = text[place + 3 : place + 4]
    if not text.startswith("ISA", place) or not element or element.isalnum() or element.isspace():
        return None
    pieces = text[place : place + 2 * ISA_WIDTH].split(element, 16)
    if len(pieces) < 17 or len(pieces[16]) < 2:
        return None
    end = place + len(element.join(pieces[:16])) + 2
    component, segment = pieces[16][0], pieces[16][1]
    found = Separators(element, component, _repetition(pieces[11], pieces[12], (element, component, segment)), segment)
    try:
        _check(found, number)
    except X12Error:
        return None
    return Opening(found, end, False)


def _repetition(isa11: str, isa12: str, others: tuple[str, ...]) -> str:
    plausible = len(isa11) == 1 and not isa11.isalnum() and isa11 != " " and isa11 not in others
    return isa11 if isa12 >= "00402" and plausible else ""


def _check(found: Separators, number: int) -> None:
    """Refuse delimiters that could be data, or that are not distinct."""
    for character in (found.element, found.component, found.segment):
        if character.isalnum() or character == " ":
            raise _refuse(number, "a delimiter is a letter, digit or space", "pad the ISA to its fixed width of 106")
    if len({found.element, found.component, found.segment}) < 3:
        raise _refuse(number, "two delimiters are the same character", "declare distinct delimiters in the ISA")
