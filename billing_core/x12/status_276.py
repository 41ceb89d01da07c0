"""The claim status inquiry: what has become of this claim? Guide: 005010X212 (276).

NM1*IL*1*DOE*ANN****MI*W1234567~
TRN*1*ELMF000000011~
REF*EJ*ELMF000000011~
AMT*T3*158.5~
DTP*472*D8*20260407~
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from billing_core.claim_detail import Reference
from billing_core.inquiry import Insured, StatusInquiry
from billing_core.money import x12_amount
from billing_core.x12.claim_segments import loops, read_date, write_date, write_references
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.inquiry_levels import (
    Beginning,
    Level,
    begin_inquiry,
    by_reference,
    need_organization,
    read_insured,
    read_levels,
    write_demographics,
    write_insured,
    write_organization,
)
from billing_core.x12.segment import Segment, SegmentWriter, collector_paused, first, standard_text
from billing_core.x12.status_lines import read_line, write_line

KIND = "276"
SET_ID = "276"
GROUP_ID = "HR"
VERSION = "005010X212"
VERSIONS = ("005010X212",)

PROVIDER = ("1P",)
RECEIVER = ("41",)
_TRN = frozenset({"TRN"})
_SVC = frozenset({"SVC"})
_NONE: frozenset[str] = frozenset()


# --- writing -------------------------------------------------------------------------------------------------------


def write(inquiries: Sequence[StatusInquiry], envelope: Envelope) -> bytes:
    """One interchange; inquiries with the same reference share a transaction set. X12Error as in every writer."""
    sets = [(SET_ID, _set(some, envelope)) for some in by_reference(inquiries, "TRN")]
    return write_interchange(envelope, GROUP_ID, VERSION, sets)


def _set(inquiries: Sequence[StatusInquiry], envelope: Envelope) -> list[str]:
    levels = begin_inquiry("0010", inquiries[0].reference, envelope)
    w = levels.w
    for position, one in enumerate(inquiries, start=1):
        w.about(f"inquiry {position}")
        for depth, code, who in ((0, "20", one.payer), (1, "21", one.receiver), (2, "19", one.provider)):
            if levels.level(depth, code, who, parent=True):
                write_organization(w, who)
        levels.level(3, "22", (position, one.subscriber), parent=one.dependent is not None)
        write_patient(w, one.subscriber, "IL", alone=one.dependent is None)
        if one.dependent is not None:
            levels.level(4, "23", position, parent=None)
            write_patient(w, one.dependent, "QC", alone=True)
        _claim(w, one)
    return w.lines


def write_patient(w: SegmentWriter, who: Insured, role: str, *, alone: bool) -> None:
    """DMG before the name, as this guide has it, for the one who was treated."""
    if alone:
        write_demographics(w, who)
    write_insured(w, role, replace(who, birth_date=None))


def _claim(w: SegmentWriter, one: StatusInquiry) -> None:
    """2200D or 2200E."""
    w.add("TRN", "1", w.need(one.trace, "TRN02", "trace number"))
    write_references(w, one.references)
    if one.amount is not None:
        w.add("AMT", "T3", x12_amount(one.amount))
    if one.service is not None:
        write_date(w, one.service)
    for line in one.kept:
        w.add_kept(line)
    for asked in one.lines:
        write_line(w, asked, answer=False, default_day="")


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[StatusInquiry, ...]:
    """Every claim asked about. X12Error when the file is not whole or not 276."""
    with collector_paused():
        found = sets_of(data, SET_ID, VERSIONS, "claim status inquiry (276)")
        return tuple(one for some in found for one in read_set(some))


def read_set(one: TransactionSet) -> Iterator[StatusInquiry]:
    """The inquiries of one transaction set: one for each TRN of a subscriber or dependent."""
    beginning, levels = read_levels(one)
    for level in levels:
        if level.code in ("22", "23"):
            own, claims = loops(level.segments, _TRN)
            for piece in claims:
                yield _inquiry(beginning, level, own, piece)


def read_patients(level: Level, own: Sequence[Segment], kept: list[str]) -> tuple[Insured | None, Insured | None]:
    """The subscriber and, where the level is a dependent's, the dependent."""
    above = level.party("22")
    subscriber = None
    if above is not None:
        before = own if above is level else loops(above.segments, _TRN)[0]
        subscriber = read_insured(before, "IL", kept if above is level else [], _NONE)
        if subscriber is None:
            raise above.hl.error("the subscriber is not named", "ask the sender for the whole file")
    dependent = read_insured(own, "QC", kept, _NONE) if level.code == "23" else None
    return subscriber, dependent


def _inquiry(beginning: Beginning, level: Level, own: Sequence[Segment], piece: Sequence[Segment]) -> StatusInquiry:
    kept: list[str] = []
    subscriber, dependent = read_patients(level, own, kept)
    if subscriber is None:
        raise level.hl.error("a dependent without the subscriber's level", "order the levels 20, 21, 19, 22, 23")
    claim, lines = loops(piece, _SVC)
    amount, day = first(claim, "AMT", "T3"), first(claim, "DTP", "472")
    when = read_date(day) if day else None
    references: list[Reference] = []
    for segment in claim[1:]:
        if segment.id == "REF" and len(segment.elements) == 3:
            references.append(Reference(segment.get(1), segment.get(2)))
        elif segment is not amount and not (segment is day and when):
            kept.append(standard_text(segment))
    return StatusInquiry(
        reference=beginning.reference,
        payer=need_organization(level, "20", "payer"),
        receiver=need_organization(level, "21", "receiver"),
        provider=need_organization(level, "19", "provider"),
        subscriber=subscriber,
        trace=piece[0].get(2),
        dependent=dependent,
        amount=amount.amount(2) if amount else None,
        service=when,
        references=tuple(references),
        lines=tuple(read_line(line, kept) for line in lines),
        kept=tuple(kept),
    )
