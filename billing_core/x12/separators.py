"""The four delimiters of an interchange, read from its ISA and never guessed (005010 guides, appendix B.1.1.2.5).

The ISA is 106 characters wide, whatever its delimiters: the element separator stands at 4, the repetition separator
at 83 (ISA11), the component separator at 105 (ISA16), the segment terminator at 106.

    ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *241101*0800*^*00501*000000001*0*T*:~
"""

from __future__ import annotations

from dataclasses import dataclass

from billing_core.errors import X12Error

ISA_WIDTH = 106
_FIELD_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)  # ISA01 to ISA16


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
    for field, width in enumerate(_FIELD_WIDTHS, start=1):
        if isa[place] != element:
            raise _refuse(
                number, f"ISA{field:02d} does not stand at its place", "pad the ISA to its fixed width of 106"
            )
        place += width + 1
    component, segment = isa[104], isa[105]
    repetition = isa[82] if isa[84:89] >= "00402" and isa[82] not in (element, component, segment) else ""
    found = Separators(element, component, repetition, segment)
    _check(found, number)
    return found


def _check(found: Separators, number: int) -> None:
    """Refuse delimiters that could be data, or that are not distinct."""
    for character in (found.element, found.component, found.segment):
        if character.isalnum() or character == " ":
            raise _refuse(number, "a delimiter is a letter, digit or space", "pad the ISA to its fixed width of 106")
    if len({found.element, found.component, found.segment}) < 3:
        raise _refuse(number, "two delimiters are the same character", "declare distinct delimiters in the ISA")
