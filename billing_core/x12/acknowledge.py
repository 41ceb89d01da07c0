"""Our answer to a file received: a 999 for each functional group, a TA1 where it is due. Guides: 005010X231A1; X12.5.

A 999 is answered to every group but a group of acknowledgments (FA), so that two systems never answer each other's
answers. A TA1 is due when the sender asks for it (ISA14 = 1) or the envelope fails, and never for an interchange that
itself holds nothing but TA1. What `check` finds in error is told in the guide's codes; a warning refuses nothing.

A file that our books have read and taken in is never answered as if they had not: what is in error there is noted
(IK5*E, AK9*E, TA1*...*E), and nothing is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from billing_core.acknowledgment import (
    GroupAcknowledgment,
    InterchangeAcknowledgment,
    SegmentError,
    SetAcknowledgment,
)
from billing_core.rule import Finding, Severity
from billing_core.x12 import acknowledgment_999, acknowledgment_ta1
from billing_core.x12.check import KINDS, PARTY_QUALIFIERS, check_interchange, check_set
from billing_core.x12.envelope import Envelope, FunctionalGroup, Interchange, TransactionSet, contents
from billing_core.x12.segment import Segment, parse_day

ACKNOWLEDGMENTS = "FA"
GROUPS = frozenset(row[3] for row in KINDS)
NOTES = {  # rule or ISA element -> TA105
    "x12-interchange-control": "001",
    "x12-interchange-count": "021",
    "x12-interchange-open": "023",
    "x12-isa-width": "022",
    "x12-misplaced": "024",
    "x12-interchange-empty": "024",
    "ISA01": "010",
    "ISA03": "012",
    "ISA05": "005",
    "ISA07": "007",
    "ISA09": "014",
    "ISA13": "018",
    "ISA14": "019",
    "ISA15": "020",
}
_GROUP_CODES = {"x12-group-open": "3", "x12-group-control": "4", "x12-group-count": "5", "x12-group-repeated": "19"}
_SET_CODES = {"x12-set-open": "2", "x12-set-control": "3", "x12-set-count": "4", "x12-set-repeated": "23"}
_SEGMENT_CODES = {"x12-required": "3", "x12-unknown-segment": "1", "x12-segment-id": "1", "x12-segment-empty": "1"}
_ELEMENT_CODES = {"x12-code": "7", "x12-length": "5", "x12-character": "6", "x12-type": "6"}
_PATTERN = "I12"
_WHERE = re.compile(r"segment (\d+)(?: ([A-Z][A-Z0-9]{1,2})(\d\d)?)?(?:-(\d+))?(?: .*)?\Z", re.ASCII)
_ADD = re.compile(r"add the ([A-Z][A-Z0-9]{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Due:
    """What is due for one interchange received, and between whom: sender and receiver are those of the answer."""

    sender: str
    receiver: str
    sender_qualifier: str
    receiver_qualifier: str
    usage: str
    interchange: InterchangeAcknowledgment | None
    groups: tuple[GroupAcknowledgment, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One interchange to send back: its kind (999 or TA1), to whom (an interchange id), control number, bytes."""

    kind: str
    receiver: str
    control: int
    data: bytes


def due(data: bytes, *, taken: bool = False) -> tuple[Due, ...]:
    """What is due for each interchange of a file. X12Error when not even an ISA can be read: nobody can be answered.

    `taken`: the file was read and taken in, so errors are noted and refuse nothing.
    """
    found = contents(data)
    return tuple(
        _due(interchange, _of(found.defects, interchange, found.interchanges), taken)
        for interchange in found.interchanges
    )


def answer(
    data: bytes, controls: Iterator[int], on: datetime, *, taken: bool = False, without_999: Collection[str] = ()
) -> tuple[Answer, ...]:
    """The interchanges to send back, each under the next of `controls`, which the store allocates. Nothing due: none.

    A TA1 and the 999s of the same interchange go in files of their own. `without_999` are the interchange ids of
    senders that want no 999; a TA1 they ask for themselves.
    """
    answers: list[Answer] = []
    for one in due(data, taken=taken):
        if one.interchange is not None:
            told = [one.interchange]
            answers.append(
                _answer(one, acknowledgment_ta1.KIND, next(controls), on, partial(acknowledgment_ta1.write, told))
            )
        if one.groups and one.receiver not in without_999:
            write = partial(acknowledgment_999.write, one.groups)
            answers.append(_answer(one, acknowledgment_999.KIND, next(controls), on, write))
    return tuple(answers)


def _answer(one: Due, kind: str, control: int, on: datetime, write: Callable[[Envelope], bytes]) -> Answer:
    envelope = Envelope(one.sender, one.receiver, control, on, one.usage, one.sender_qualifier, one.receiver_qualifier)
    return Answer(kind, one.receiver, control, write(envelope))


def _of(defects: Iterable[Finding], one: Interchange, all_of_them: Sequence[Interchange]) -> tuple[Finding, ...]:
    """The envelope defects that stand between this interchange's ISA and the next."""
    later = [other.header.number for other in all_of_them if other.header.number > one.header.number]
    end = min(later, default=10**9)
    return tuple(defect for defect in defects if one.header.number <= _number(defect) < end)


def _number(finding: Finding) -> int:
    place = _WHERE.match(finding.where)
    return int(place.group(1)) if place else 0


def _due(interchange: Interchange, defects: Sequence[Finding], taken: bool) -> Due:
    isa = interchange.header
    groups = tuple(_group(group, defects, taken) for group in interchange.groups if group.id != ACKNOWLEDGMENTS)
    return Due(
        sender=isa.get(8),
        receiver=isa.get(6),
        sender_qualifier=_qualifier(isa.get(7)),
        receiver_qualifier=_qualifier(isa.get(5)),
        usage=isa.get(15) if isa.get(15) in ("T", "P") else "T",
        interchange=_interchange(interchange, defects, taken),
        groups=groups,
    )


def _qualifier(stated: str) -> str:
    """The qualifier of a party, or "mutually defined" where the sender gave none of the list."""
    return stated if stated in PARTY_QUALIFIERS else "ZZ"


def _interchange(interchange: Interchange, defects: Sequence[Finding], taken: bool) -> InterchangeAcknowledgment | None:
    """The TA1 that is due, or None."""
    isa = interchange.header
    if interchange.acknowledgments and not interchange.groups:
        return None
    errors = [f for f in check_interchange(interchange) if f.severity is Severity.ERROR]
    note = next((n for f in (*defects, *errors) if (n := NOTES.get(f.rule) or NOTES.get(f.where.split()[-1]))), "")
    if not note and isa.get(14) != "1":
        return None
    control = isa.get(13)
    number = int(control) if control.isascii() and control.isdecimal() and len(control) <= 9 else 0
    day = parse_day(f"20{isa.get(9)}") or date(2000, 1, 1)
    at = isa.get(10) if re.fullmatch(r"\d{4}", isa.get(10), re.ASCII) else ""
    code = "A" if not note else "E" if taken else "R"
    return InterchangeAcknowledgment(number, day, code, note or "000", at)


def _group(group: FunctionalGroup, defects: Sequence[Finding], taken: bool) -> GroupAcknowledgment:
    end = _end(group)
    codes = [
        _GROUP_CODES[d.rule] for d in defects if d.rule in _GROUP_CODES and group.header.number <= _number(d) <= end
    ]
    if group.id not in GROUPS:
        codes.append("1")
    sets = tuple(_set(group, one, defects, None if taken else bool(codes)) for one in group.sets)
    code = _group_code(sets, bool(codes), taken)
    control = group.control if re.fullmatch(r"\d{1,9}", group.control, re.ASCII) else "0"
    version = group.version if re.fullmatch(r"[0-9A-Z]{1,12}", group.version, re.ASCII) else ""
    return GroupAcknowledgment(control, code, sets, group.id, version, tuple(dict.fromkeys(codes)))


def _group_code(sets: Sequence[SetAcknowledgment], faulty: bool, taken: bool) -> str:
    """AK901: accepted, accepted with errors noted, in part, rejected."""
    if taken:
        return "E" if faulty or any(one.errors for one in sets) else "A"
    accepted = sum(one.accepted for one in sets)
    return "R" if faulty or not accepted else "A" if accepted == len(sets) else "P"


def _end(group: FunctionalGroup) -> int:
    """The number of the segment that closes the group (its GE), as far as it can be known."""
    last = group.sets[-1].segments[-1:] if group.sets else ()
    return max((segment.number for segment in last), default=group.header.number) + 3


def _set(
    group: FunctionalGroup, one: TransactionSet, defects: Sequence[Finding], refused: bool | None
) -> SetAcknowledgment:
    """One set judged; refused with its group, or, when `refused` is None, taken whatever is found."""
    first = one.header.number
    last = (one.segments[-1].number if one.segments else first) + 1
    own = [defect for defect in defects if first <= _number(defect) <= last]
    codes = [_SET_CODES[d.rule] for d in own if d.rule in _SET_CODES]
    errors = [f for f in (*own, *check_set(group, one)) if f.severity is Severity.ERROR and f.rule not in _SET_CODES]
    details = tuple(dict.fromkeys(detail for f in errors if (detail := _detail(f, one.header))))
    if details:
        codes.append("5")
    if len(details) < len(errors) and not details:
        codes.append("I5")
    control = one.control if re.fullmatch(r"[0-9A-Za-z]{4,9}", one.control, re.ASCII) else "0000"
    accepted = refused is None or not (codes or refused)
    set_id = one.id if re.fullmatch(r"\d{3}", one.id, re.ASCII) else "837"
    version = one.version if re.fullmatch(r"[0-9A-Z]{1,35}", one.version, re.ASCII) else ""
    return acknowledgment_999.acknowledge(control, details, accepted, tuple(dict.fromkeys(codes)), set_id, version)


def _detail(finding: Finding, st: Segment) -> SegmentError | None:
    """A finding in the guide's codes; None when it speaks of the set as a whole."""
    place = _WHERE.match(finding.where)
    if place is None or int(place.group(1)) <= st.number:
        return None
    position = int(place.group(1)) - st.number + 1
    id = place.group(2) or "ZZZ"
    if finding.rule == "x12-required":
        missing = _ADD.search(finding.mend)
        return SegmentError(missing.group(1) if missing else id, position, "3")
    if finding.rule in _SEGMENT_CODES:
        return SegmentError(id, position, _SEGMENT_CODES[finding.rule])
    if place.group(3) is None:
        return SegmentError(id, position, "I6" if "missing" in finding.message or "without" in finding.message else "8")
    code = _ELEMENT_CODES.get(finding.rule, _PATTERN)
    if "date" in finding.message and finding.rule == "x12-type":
        code = "8"
    return SegmentError(id, position, "8", "", int(place.group(3)), int(place.group(4) or 0), code)
