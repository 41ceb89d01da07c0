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

import re
from collections.abc import Sequence

from billing_core.acknowledgment import GroupAcknowledgment, SegmentError, SetAcknowledgment
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.segment import Segment, SegmentWriter, split_before

KIND = "999"
SET_ID = "999"
GROUP_ID = "FA"
VERSION = "005010X231A1"
VERSIONS = ("005010X231",)

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
    "I6": "a segment that the situation requires is missing",
    "I7": "a loop occurs less often than the guide asks",
    "I8": "a segment occurs less often than the guide asks",
    "I9": "a segment that the situation does not allow",
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
    "13": "more components than the element has",
    "I6": "a code that this guide does not use",
    "I9": "an element that the situation requires is missing",
    "I10": "an element that this guide does not use",
    "I11": "an element repeated less often than the guide asks",
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
    "19": "its version is missing or wrong",
    "23": "its control number is not unique in the group",
    "I5": "segments of it are in error by the guide",
    "I6": "its version is not supported",
}
VERDICTS = {  # AK901, in our words
    "A": "taken",
    "E": "taken, with errors noted",
    "P": "taken in part",
    "R": "not taken",
    "M": "not taken: its authentication failed",
    "W": "not taken: its assurance failed",
    "X": "not taken: it could not be decrypted",
}
GROUP_ERRORS = {  # AK905, in our words
    "1": "the kind of functional group is not supported",
    "2": "the version of the group is not supported",
    "3": "the trailer of the group is missing",
    "4": "the control numbers of its header and trailer differ",
    "5": "the number of its transaction sets is wrong",
    "6": "its control number is malformed",
    "19": "its control number was used before",
}


_ID = re.compile(r"[0-9A-Z]{1,6}\Z", re.ASCII)  # what else stands there may be a value, and is not repeated


def sentence(error: SegmentError) -> str:
    """One error in words: which segment, which element, what is wrong."""
    named = error.segment if _ID.match(error.segment) else "of unreadable name"
    place = f"segment {error.position} {named}" + (f" in loop {error.loop}" if _ID.match(error.loop) else "")
    if not error.element:
        return f"{place}: {SEGMENT_ERRORS.get(error.code, f'error {error.code}')}"
    component = f"-{error.component}" if error.component else ""
    said = ELEMENT_ERRORS.get(error.element_code, f"error {error.element_code}")
    return f"{place}, element {error.element}{component}: {said}"


def acknowledge(
    set_control: str,
    details: Sequence[SegmentError] = (),
    accepted: bool | None = None,
    codes: Sequence[str] = (),
    set_id: str = "837",
    version: str = "005010X222A1",
) -> SetAcknowledgment:
    """The acknowledgment of one set, its sentences made from `details` and `codes` (IK502). Accepted without any."""
    taken = not details and not codes if accepted is None else accepted
    own = tuple(codes) or (() if taken else ("5",))
    return SetAcknowledgment(set_control, taken, _errors(details, own), tuple(details), own, set_id, version)


def _errors(details: Sequence[SegmentError], codes: Sequence[str]) -> tuple[str, ...]:
    """In sentences: the errors of segments; "segments are in error" (5, I5) only where none is named."""
    said = [SET_ERRORS.get(code, f"error {code}") for code in codes if not details or code not in ("5", "I5")]
    return (*said, *map(sentence, details))


# --- writing -------------------------------------------------------------------------------------------------------


def write(acknowledgments: GroupAcknowledgment | Sequence[GroupAcknowledgment], envelope: Envelope) -> bytes:
    """One interchange, one 999 for each acknowledged group.

    Errors are written from `details` and `codes`: a 999 has no place for a sentence without codes, so a set refused
    without any goes out as rejected (IK5*R*5) and no more. X12Error when a value is missing or cannot be held.
    """
    groups = [acknowledgments] if isinstance(acknowledgments, GroupAcknowledgment) else list(acknowledgments)
    if not groups:
        raise SegmentWriter().refuse("there is nothing to acknowledge", "AK1", "hand over at least one group")
    sets: list[tuple[str, list[str]]] = []
    for position, group in enumerate(groups, start=1):
        w = SegmentWriter()
        w.about(f"group {position}")
        w.add("AK1", group.group_id, w.need(group.group_control, "AK102", "group control number"), group.version)
        for one in group.sets:
            _set(w, one)
        taken = sum(one.accepted for one in group.sets)
        count = str(len(group.sets))
        code = w.need(group.code, "AK901", "acknowledgment code")
        w.add("AK9", code, count, count, str(taken), *group.codes[:CODES_MAX])
        sets.append((SET_ID, w.lines))
    return write_interchange(envelope, GROUP_ID, VERSION, sets)


CODES_MAX = 5  # IK502 to IK506, AK905 to AK909


def _set(w: SegmentWriter, one: SetAcknowledgment) -> None:
    w.add("AK2", one.set_id, w.need(one.set_control, "AK202", "set control number"), one.version)
    previous: tuple[str, int] | None = None
    for error in one.details:
        if not error.element or (error.segment, error.position) != previous:
            w.add("IK3", error.segment, str(error.position), error.loop, error.code)
            previous = error.segment, error.position
        if error.element:
            place = (str(error.element), str(error.component)) if error.component else str(error.element)
            w.add("IK4", place, "", error.element_code)
    codes = one.codes[:CODES_MAX] or ("5",)
    if not one.accepted:
        w.add("IK5", "R", *codes)
    elif one.details or one.codes:
        w.add("IK5", "E", *codes)
    else:
        w.add("IK5", "A")


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[GroupAcknowledgment, ...]:
    """Every 999 of a file. X12Error when the file is not whole or not 999."""
    return tuple(read_set(one) for one in sets_of(data, SET_ID, VERSIONS, "999"))


def read_set(one: TransactionSet) -> GroupAcknowledgment:
    """One 999 transaction set. X12Error without AK1 or AK9."""
    header, *pieces = split_before(one.segments, frozenset({"AK2", "AK9"}))
    if not header or header[0].id != "AK1" or not pieces or pieces[-1][0].id != "AK9":
        raise one.header.error("the 999 has no AK1 or no AK9", "ask the payer to send the acknowledgment again")
    ak1, ak9 = header[0], pieces[-1][0]
    return GroupAcknowledgment(
        group_control=ak1.get(2),
        code=ak9.get(1),
        sets=tuple(_read_set(piece) for piece in pieces[:-1]),
        group_id=ak1.get(1),
        version=ak1.get(3),
        codes=tuple(ak9.get(place) for place in range(5, 10) if ak9.get(place)),
        answered_on=one.sent_on,
        trace=f"{one.interchange}/{one.control}",
    )


def _read_set(piece: Sequence[Segment]) -> SetAcknowledgment:
    """One AK2 to IK5."""
    ak2 = piece[0]
    verdict = next((segment for segment in piece if segment.id == "IK5"), None)
    if verdict is None:
        raise ak2.error("a set without verdict (IK5)", "ask the payer to send the acknowledgment again")
    details: list[SegmentError] = []
    for trouble in list(split_before(piece, frozenset({"IK3"})))[1:]:
        details.extend(_read_errors(trouble))
    codes = tuple(verdict.get(place) for place in range(2, 7) if verdict.get(place))
    return SetAcknowledgment(
        set_control=ak2.get(2),
        accepted=verdict.get(1) in ("A", "E"),
        errors=_errors(details, codes),
        details=tuple(details),
        codes=codes,
        set_id=ak2.get(1),
        version=ak2.get(3),
    )


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
