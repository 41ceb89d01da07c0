"""The front door: bytes come in, and each envelope, group and transaction set is taken or turned away.

A TA1 answers an interchange that cannot be opened; a 999 answers each functional group, set by set (005010X231A1).
Only the claims of sets that were taken go further. Nothing that arrives here can crash the payer: whatever is not an
837P becomes one of those two answers. Source: 005010 guides, appendix C.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from billing_core.acknowledgment import GroupAcknowledgment, SetAcknowledgment
from billing_core.claim import Claim
from billing_core.errors import X12Error
from billing_core.x12 import acknowledgment_999, acknowledgment_ta1, claim_837p
from billing_core.x12.envelope import Contents, contents
from billing_core.x12.segment import Segment, parse_day, read_segments, split_before

LARGEST = 64 * 1024 * 1024  # bytes of one interchange; clearinghouses refuse far smaller ones
_ECHOED = re.compile(r"[A-Za-z0-9 .\-/_+#&]*\Z", re.ASCII)
_PREMATURE, _STRUCTURE, _CONTENT = "023", "022", "024"  # TA105
_INTERCHANGE_DEFECTS = ("x12-interchange", "x12-trailer-alone", "x12-misplaced")


@dataclass(frozen=True, slots=True)
class Letter:
    """What one file was: who sent it to whom and when, the TA105 that turns it away, or its groups and claims."""

    control: int
    sender: str
    receiver: str
    on: date | None
    refused: str
    groups: tuple[GroupAcknowledgment, ...]
    claims: tuple[Claim, ...]


def open_letter(data: bytes) -> Letter:
    """The letter that these bytes are. Never raises for bad bytes: a letter that cannot be opened says why."""
    if len(data) > LARGEST:
        return _unopened(data[:106], _CONTENT)
    try:
        segments = read_segments(data)
        found = contents(data)
    except X12Error:
        return _unopened(data[:106], _CONTENT)
    interchange = [d.rule for d in found.defects if d.rule.startswith(_INTERCHANGE_DEFECTS)]
    if len(found.interchanges) != 1 or interchange:
        cut = "x12-interchange-open" in interchange
        return _unopened(data[:106], _PREMATURE if cut else _STRUCTURE)
    isa = segments[0]
    groups: list[GroupAcknowledgment] = []
    claims: list[Claim] = []
    for piece in list(split_before(segments, frozenset({"GS", "IEA"})))[1:]:
        if piece[0].id == "GS":
            group, taken = _group(isa, piece)
            groups.append(group)
            claims += taken
    return Letter(
        _control(isa.get(13)), _party(isa.get(6)), _party(isa.get(8)), _isa_day(isa), "", tuple(groups), tuple(claims)
    )


def read_verdicts(data: bytes) -> dict[str, str] | None:
    """What a 999 or TA1 says of our files: sender|control -> AK901 or TA104. None when the file holds anything else.

    An acknowledgment is never acknowledged, not even one that cannot be read.
    """
    try:
        found = contents(data)
    except X12Error:
        return None
    if not found.interchanges or any(group.id != "FA" for group in found.groups()):
        return None
    heard: dict[str, str] = {}
    try:
        for ta1 in acknowledgment_ta1.acknowledgments(found):
            heard[f"{_to(found)}|{ta1.control}"] = ta1.code
        for group in acknowledgment_999.read(data) if any(found.groups()) else ():
            heard[f"{_to(found)}|{_control(group.group_control.zfill(9))}"] = group.code
    except X12Error:
        heard[f"{_to(found)}|0"] = "unreadable"
    return heard


def _to(found: Contents) -> str:
    """Whom the file is addressed to: us, under one of our payers' ids."""
    return _party(found.interchanges[0].header.get(8))


def _unopened(head: bytes, note: str) -> Letter:
    """A letter turned away: the little its ISA still shows (fixed positions), or nothing."""
    text = head.decode("latin-1")
    fields = text.split(text[3]) if text.startswith("ISA") and len(text) > 3 else []
    fields += [""] * (17 - len(fields))
    return Letter(_control(fields[13]), _party(fields[6]), _party(fields[8]), None, note, (), ())


def _control(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{9}", text, re.ASCII) else 0


def _party(text: str) -> str:
    """An interchange id that can be written back; anything else becomes UNKNOWN."""
    kept = text.strip()
    return kept if re.fullmatch(r"[A-Za-z0-9 \-._/&]{2,15}", kept, re.ASCII) else "UNKNOWN"


def _isa_day(isa: Segment) -> date | None:
    return parse_day(f"20{isa.get(9)}")


def _group(isa: Segment, piece: Sequence[Segment]) -> tuple[GroupAcknowledgment, list[Claim]]:
    """The 999 of one GS to GE, and the claims of the sets it takes."""
    header, closing = piece[0], piece[-1]
    whole_defects = [
        d.message
        for d in contents(_interchange(isa, piece)).defects
        if d.rule.startswith(("x12-group", "x12-misplaced", "x12-trailer", "x12-interchange", "x12-set-repeated"))
    ]
    if header.get(1) != claim_837p.GROUP_ID:
        whole_defects.append("the functional group is not of health care claims (GS01 HC)")
    sets: list[SetAcknowledgment] = []
    claims: list[Claim] = []
    for body in list(split_before(piece[1:], frozenset({"ST", "GE"}))):
        if not body or body[0].id != "ST":
            continue
        control = body[0].get(2)
        errors, taken = _set(isa, header, closing, body)
        errors = (*whole_defects, *errors)
        sets.append(SetAcknowledgment(_code(control, "0000"), not errors, errors))
        claims += [] if errors else taken
    accepted = sum(one.accepted for one in sets)
    code = "A" if sets and accepted == len(sets) else "P" if accepted else "R"
    return GroupAcknowledgment(_code(header.get(6), "0"), code, tuple(sets)), claims


def _code(text: str, otherwise: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9]{1,9}", text, re.ASCII) else otherwise


def _set(
    isa: Segment, header: Segment, closing: Segment, body: Sequence[Segment]
) -> tuple[tuple[str, ...], tuple[Claim, ...]]:
    """What is wrong with one ST to SE, read alone; or its claims."""
    ending = Segment(closing.number, ("GE", "1", header.get(6)), header.separators)
    try:
        claims = claim_837p.read(_interchange(isa, (header, *body, ending)))
    except X12Error as error:
        return (str(error),), ()
    if not claims:
        return ("the set holds no claim",), ()
    wrong = next(_unwritable(claims), "")
    return ((wrong,), ()) if wrong else ((), claims)


def _unwritable(claims: Sequence[Claim]) -> Iterator[str]:
    """Values that every answer has to repeat, and that are missing or that no X12 identifier can hold."""
    for position, claim in enumerate(claims, start=1):
        if not claim.number or not claim.payer.number or not claim.practice.npi or not claim.payer.name:
            yield f"claim {position}: its number, its payer or its billing provider is missing"
        ids = [claim.number, claim.payer.number, claim.practice.npi, claim.practice.tin, claim.coverage.member_id]
        for line in claim.lines:
            ids += [line.procedure, line.control, *line.modifiers]
            if not line.procedure:
                yield f"claim {position}: a line without procedure"
        if len(claim.number) > 38 or not all(_ECHOED.match(text) for text in ids):
            yield f"claim {position}: an identifier holds a character that X12 does not allow"


def _interchange(isa: Segment, piece: Sequence[Segment]) -> bytes:
    """One group as a file of its own, with the delimiters it came with."""
    mark = isa.separators
    closing = ("IEA", "1", isa.get(13))
    lines = [mark.element.join(elements) for elements in (isa.elements, *(s.elements for s in piece), closing)]
    return "".join(f"{line}{mark.segment}" for line in lines).encode("utf-8")
