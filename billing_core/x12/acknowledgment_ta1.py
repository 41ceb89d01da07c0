"""TA1: whether an interchange as a whole was taken. Source: X12.5; 005010 guides, appendix C.1.5.

TA1*000000001*241101*0800*R*022~     interchange 1 was refused: 022, an invalid control structure
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from billing_core.acknowledgment import InterchangeAcknowledgment
from billing_core.errors import X12Error
from billing_core.x12.envelope import (
    CONTROL_MAX,
    Contents,
    Envelope,
    Interchange,
    whole,
    write_acknowledgments,
)
from billing_core.x12.segment import Segment, SegmentWriter, day_text, parse_day

KIND = "TA1"
NOTES = {  # TA105, in our words; others are shown by number
    "000": "no error",
    "001": "the control number of header and trailer differ",
    "002": "the standard is not supported",
    "003": "the version is not supported",
    "004": "the segment terminator is invalid",
    "005": "the sender's id qualifier is invalid",
    "006": "the sender's id is not known",
    "007": "the receiver's id qualifier is invalid",
    "008": "the receiver's id is not known",
    "009": "the receiver is not known",
    "010": "the authorization qualifier is invalid",
    "012": "the security qualifier is invalid",
    "014": "the interchange date is invalid",
    "015": "the interchange time is invalid",
    "017": "the version is invalid",
    "018": "the control number is invalid",
    "019": "the acknowledgment request is invalid",
    "020": "the test indicator is invalid",
    "021": "the number of groups is wrong",
    "022": "the control structure is invalid",
    "023": "the file ends early",
    "024": "the content is invalid",
    "025": "the control number was used before",
}


def write(acknowledgments: Sequence[InterchangeAcknowledgment], envelope: Envelope) -> bytes:
    """One interchange that holds only TA1 segments. X12Error when a value is out of range."""
    writer = SegmentWriter()
    if not acknowledgments:
        raise writer.refuse("there is nothing to acknowledge", "TA1", "hand over at least one acknowledgment")
    for one in acknowledgments:
        if one.code not in ("A", "E", "R") or not 0 <= one.control <= CONTROL_MAX:
            raise writer.refuse("not an interchange acknowledgment", "TA1", "give a control number and A, E or R")
        writer.add(
            "TA1", f"{one.control:09d}", day_text(one.on)[2:], one.at or f"{envelope.on:%H%M}", one.code, one.note
        )
    return write_acknowledgments(envelope, writer.lines)


def read(data: bytes) -> tuple[InterchangeAcknowledgment, ...]:
    """Every TA1 of a whole file. X12Error when the file is cut off or holds none."""
    found = acknowledgments(whole(data))
    if not found:
        raise X12Error("the file holds no TA1", where="segment 2", mend="hand a TA1 file to this reader")
    return found


def acknowledgments(found: Contents) -> tuple[InterchangeAcknowledgment, ...]:
    """Every TA1 of a file's interchanges; one may also stand before the groups of an interchange that holds more."""
    return tuple(_read(ta1, one) for one in found.interchanges for ta1 in one.acknowledgments)


def _read(ta1: Segment, answer: Interchange) -> InterchangeAcknowledgment:
    """TA102 is the date of the interchange acknowledged, YYMMDD of this century."""
    day: date | None = parse_day(f"20{ta1.get(2)}")
    if day is None:
        raise ta1.error("a date is missing or is not YYMMDD", "ask the sender to correct it", 2)
    if ta1.get(4) not in ("A", "E", "R"):
        raise ta1.error("an unknown acknowledgment code", "ask the sender for A, E or R", 4)
    answered_on = parse_day(f"20{answer.header.get(9)}")
    return InterchangeAcknowledgment(ta1.count(1), day, ta1.get(4), ta1.get(5), ta1.get(3), answered_on, answer.control)
