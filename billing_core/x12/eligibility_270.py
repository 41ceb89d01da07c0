"""The eligibility inquiry: is this patient insured, and for what? Guide: 005010X279A1 (270).

TRN*1*TRACE0001*9123456789~
NM1*IL*1*DOE*ANN****MI*W1234567~
DMG*D8*19800203*F~
DTP*291*D8*20260407~
EQ*30~
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from billing_core.inquiry import BenefitInquiry, Insured
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.inquiry_levels import (
    Beginning,
    Level,
    begin_inquiry,
    by_reference,
    need_organization,
    read_insured,
    read_levels,
    write_dates,
    write_demographics,
    write_insured,
    write_organization,
)
from billing_core.x12.segment import Repeated, SegmentWriter, collector_paused, first

KIND = "270"
SET_ID = "270"
GROUP_ID = "HS"
VERSION = "005010X279A1"
VERSIONS = ("005010X279",)

INQUIRIES_MAX = 99  # of one transaction set sent in a batch (guide, section 1.3.2: real time carries one)
_ASKED = frozenset({"TRN", "EQ"})


# --- writing -------------------------------------------------------------------------------------------------------


def write(inquiries: Sequence[BenefitInquiry], envelope: Envelope) -> bytes:
    """One interchange; inquiries with the same reference share a transaction set. X12Error as in every writer."""
    sets = [(SET_ID, _set(some, envelope)) for some in by_reference(inquiries, "EQ")]
    return write_interchange(envelope, GROUP_ID, VERSION, sets)


def _set(inquiries: Sequence[BenefitInquiry], envelope: Envelope) -> list[str]:
    levels = begin_inquiry("0022", inquiries[0].reference, envelope)
    w = levels.w
    for position, one in enumerate(inquiries, start=1):
        w.about(f"inquiry {position}")
        if levels.level(0, "20", one.payer, parent=True):
            write_organization(w, one.payer)
        if levels.level(1, "21", one.provider, parent=True):
            write_organization(w, one.provider)
        levels.level(2, "22", (position, one.subscriber), parent=one.dependent is not None)
        _person(w, one, one.subscriber, "IL")
        if one.dependent is not None:
            levels.level(3, "23", position, parent=False)
            _person(w, one, one.dependent, "03")
    return w.lines


def _person(w: SegmentWriter, one: BenefitInquiry, who: Insured, role: str) -> None:
    """2000C or 2000D: the trace and the questions stand with the patient."""
    asked = role == "03" or one.dependent is None
    if asked and one.trace:
        w.add("TRN", "1", one.trace, w.need(one.trace_origin, "TRN03", "originating id of the trace"))
    write_insured(w, role, replace(who, birth_date=None))
    for line in one.kept if asked else ():
        w.add_kept(line)
    write_demographics(w, who)
    if who.relationship:
        w.add("INS", "N", who.relationship)
    write_dates(w, who.dates)
    if asked:
        if one.asked_for is not None:
            write_dates(w, (one.asked_for,))
        procedure = tuple(one.procedure.split(":")) if one.procedure else ""
        w.add("EQ", Repeated(one.service_types), procedure)


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[BenefitInquiry, ...]:
    """Every patient asked about. X12Error when the file is not whole or not 270."""
    with collector_paused():
        return tuple(
            one for found in sets_of(data, SET_ID, VERSIONS, "eligibility inquiry (270)") for one in read_set(found)
        )


def read_set(one: TransactionSet) -> Iterator[BenefitInquiry]:
    """The inquiries of one transaction set: one for each subscriber or dependent with an EQ."""
    beginning, levels = read_levels(one)
    for level in levels:
        if level.code in ("22", "23") and first(level.segments, "EQ"):
            yield _inquiry(beginning, level)


def _inquiry(beginning: Beginning, level: Level) -> BenefitInquiry:
    kept: list[str] = []
    above = level.party("22")
    subscriber = read_insured(above.segments, "IL", kept, _ASKED) if above else None
    dependent = read_insured(level.segments, "03", kept, _ASKED) if level.code == "23" else None
    if subscriber is None:
        raise level.hl.error("the subscriber is not named", "ask the sender for the whole inquiry")
    asked = dependent or subscriber
    when = next((day for day in asked.dates if day.qualifier == "291"), None)
    patient = replace(asked, dates=tuple(day for day in asked.dates if day is not when))
    questions = [segment for segment in level.segments if segment.id == "EQ"]
    types = tuple(type for eq in questions for type in eq.repeats(1) if type)
    trn = first(level.segments, "TRN")
    procedure = next((":".join(eq.parts(2)) for eq in questions if eq.get(2)), "")
    return BenefitInquiry(
        reference=beginning.reference,
        payer=need_organization(level, "20", "payer"),
        provider=need_organization(level, "21", "provider"),
        subscriber=subscriber if dependent else patient,
        asked_for=when,
        service_types=types,
        dependent=patient if dependent else None,
        trace=trn.get(2) if trn else "",
        trace_origin=trn.get(3) if trn else "",
        procedure=procedure,
        kept=tuple(kept),
    )
