"""The 999: whether a functional group and each of its transaction sets follow the guide. Guide: 005010X231A1.

A set that was not taken was never read by the payer: mend the file and send it again. What was wrong is kept in the
guide's codes (`SegmentError`) and told in sentences; the offending value itself (IK404) and the context (CTX), which
may hold patient data, are not kept.

    AK1*HC*1*005010X222A1~
    AK2*837*0001*005010X222A1~
    IK3*HI*24*2300*3~          segment 24, loop 2300: a required HI is missing
    IK4*1:2*1271*7~            element 1, component 2: not in the list
    IK5*R*5~
    AK9*R*1*1*0~
"""

from __future__ import annotations

from collections.abc import Sequence

from billing_core.acknowledgment import GroupAcknowledgment, SegmentError, SetAcknowledgment
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.segment import Segment, SegmentWriter, split_before

KIND = "999"
SET_ID = "999"
GROUP_ID = "FA"
VERSION = "005010X231A1"
VERSIONS = ("005010X231",)

CLAIM_GROUP_ID = "HC"
CLAIM_VERSION = "005010X222A1"

SEGMENT_ERRORS = {  # IK304, in our words
    "1": "a segment the guide does not know",
    "2": "a segment the guide does not expect here",
    "3": "a segment the guide requires is missing",
    "4": "a loop occurs more often than the guide allows",
    "5": "a segment occurs more often than the guide allows",
    "6": "a segment that this guide does not use",
    "7": "segments stand in the wrong order",
    "8": "elements of the segment are wrong",
    "I4": "a segment that this guide does not use",
    "I6": "a segment that the situation does not allow",
    "I7": "a segment that the situation requires is missing",
    "I8": "too many segments for the situation",
    "I9": "too few segments for the situation",
}
ELEMENT_ERRORS = {  # IK403, in our words
    "1": "a required element is missing",
    "2": "an element that another one requires is missing",
    "3": "more elements than the segment has",
    "4": "the value is too short",
    "5": "the value is too long",
    "6": "a character that the data type does not allow",
    "7": "a code that is not in the guide's list",
    "8": "not a date",
    "9": "not a time",
    "10": "two elements exclude each other",
    "12": "the element is repeated too often",
    "I6": "a value that the situation does not allow",
    "I9": "an element that the situation requires is missing",
    "I10": "an element that this guide does not use",
    "I11": "an element repeated too often for this guide",
    "I12": "a value that is not of the pattern the guide asks for",
    "I13": "an element that the situation does not allow",
}
SET_ERRORS = {  # IK502, in our words
    "1": "the kind of transaction set is not supported",
    "2": "the trailer of the transaction set is missing",
    "3": "the control numbers of its header and trailer differ",
    "4": "the number of its segments is wrong",
    "5": "segments of it are in error",
    "6": "the kind of transaction set is missing or wrong",
    "7": "its control number is missing or wrong",
    "18": "it does not belong in this functional group",
    "23": "its control number is not unique in the group",
    "I6": "its version is not supported",
}


def sentence(error: SegmentError) -> str:
    """One error in words: which segment, which element, what is wrong."""
    place = f"segment {error.position} {error.segment}" + (f" in loop {error.loop}" if error.loop else "")
    if not error.element:
        return f"{place}: {SEGMENT_ERRORS.get(error.code, f'error {error.code}')}"
    component = f"-{error.component}" if error.component else ""
    said = ELEMENT_ERRORS.get(error.element_code, f"error {error.element_code}")
    return f"{place}, element {error.element}{component}: {said}"


def acknowledge(
    set_control: str, details: Sequence[SegmentError] = (), accepted: bool | None = None
) -> SetAcknowledgment:
    """The acknowledgment of one set, its sentences made from `details`. Accepted when there are none, unless said."""
    taken = not details if accepted is None else accepted
    errors = tuple(sentence(error) for error in details) or (() if taken else (SET_ERRORS["5"],))
    return SetAcknowledgment(set_control, taken, errors, tuple(details))


# --- writing -------------------------------------------------------------------------------------------------------


def write(acknowledgments: GroupAcknowledgment | Sequence[GroupAcknowledgment], envelope: Envelope) -> bytes:
    """One interchange, one 999 for each acknowledged group of professional claims.

    Errors are written from `details`: a 999 has no place for a sentence without codes, so such a set goes out as
    rejected (IK5*R*5) and no more. X12Error when a value is missing or cannot be held.
    """
    groups = [acknowledgments] if isinstance(acknowledgments, GroupAcknowledgment) else list(acknowledgments)
    if not groups:
        raise SegmentWriter().refuse("there is nothing to acknowledge", "AK1", "hand over at least one group")
    sets: list[tuple[str, list[str]]] = []
    for position, group in enumerate(groups, start=1):
        w = SegmentWriter()
        w.about(f"group {position}")
        w.add("AK1", CLAIM_GROUP_ID, w.need(group.group_control, "AK102", "group control number"), CLAIM_VERSION)
        for one in group.sets:
            _set(w, one)
        taken = sum(one.accepted for one in group.sets)
        count = str(len(group.sets))
        w.add("AK9", w.need(group.code, "AK901", "acknowledgment code"), count, count, str(taken))
        sets.append((SET_ID, w.lines))
    return write_interchange(envelope, GROUP_ID, VERSION, sets)


def _set(w: SegmentWriter, one: SetAcknowledgment) -> None:
    w.add("AK2", "837", w.need(one.set_control, "AK202", "set control number"), CLAIM_VERSION)
    previous: tuple[str, int] | None = None
    for error in one.details:
        if not error.element or (error.segment, error.position) != previous:
            w.add("IK3", error.segment, str(error.position), error.loop, error.code)
            previous = error.segment, error.position
        if error.element:
            place = (str(error.element), str(error.component)) if error.component else str(error.element)
            w.add("IK4", place, "", error.element_code)
    if one.accepted:
        w.add("IK5", "E" if one.details else "A")
    else:
        w.add("IK5", "R", "5")


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[GroupAcknowledgment, ...]:
    """Every 999 of a file. X12Error when the file is not whole or not 999."""
    return tuple(read_set(one) for one in sets_of(data, SET_ID, VERSIONS, "999"))


def read_set(one: TransactionSet) -> GroupAcknowledgment:
    """One 999 transaction set. X12Error without AK1 or AK9."""
    header, *pieces = split_before(one.segments, frozenset({"AK2", "AK9"}))
    if not header or header[0].id != "AK1" or not pieces or pieces[-1][0].id != "AK9":
        raise one.header.error("the 999 has no AK1 or no AK9", "ask the payer to send the acknowledgment again")
    code = pieces[-1][0].get(1)
    return GroupAcknowledgment(header[0].get(2), code, tuple(_read_set(piece) for piece in pieces[:-1]))


def _read_set(piece: Sequence[Segment]) -> SetAcknowledgment:
    """One AK2 to IK5."""
    ak2 = piece[0]
    verdict = next((segment for segment in piece if segment.id == "IK5"), None)
    if verdict is None:
        raise ak2.error("a set without verdict (IK5)", "ask the payer to send the acknowledgment again")
    details: list[SegmentError] = []
    for trouble in list(split_before(piece, frozenset({"IK3"})))[1:]:
        details.extend(_read_errors(trouble))
    errors = [sentence(error) for error in details]
    if not errors:
        codes = [verdict.get(place) for place in range(2, 7) if verdict.get(place)]
        errors = [SET_ERRORS.get(code, f"error {code}") for code in codes]
    return SetAcknowledgment(ak2.get(2), verdict.get(1) in ("A", "E"), tuple(errors), tuple(details))


def _read_errors(trouble: Sequence[Segment]) -> list[SegmentError]:
    """One IK3: its IK4s where it has any, else itself."""
    ik3 = trouble[0]
    name, position, loop, code = ik3.get(1), ik3.count(2), ik3.get(3), ik3.get(4)
    found: list[SegmentError] = []
    for ik4 in trouble:
        if ik4.id == "IK4":
            element, component = _place(ik4)
            found.append(SegmentError(name, position, code, loop, element, component, ik4.get(3)))
    return found or [SegmentError(name, position, code, loop)]


def _place(ik4: Segment) -> tuple[int, int]:
    """IK401: element and component number."""
    numbers = [part for part in (ik4.part(1, 1), ik4.part(1, 2)) if part]
    if not numbers or not all(n.isascii() and n.isdecimal() and len(n) <= 3 for n in numbers):
        raise ik4.error("an element position is not a number", "ask the payer to correct it", 1)
    return int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
