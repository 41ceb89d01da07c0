"""The claim status answer: what has become of the claim we asked about. Guide: 005010X212 (277).

Not the 277CA (005010X214), which comes unasked and speaks of acceptance alone. A payer may answer for a claim, or for
a whole level (all claims of a provider, or the inquiry itself).

    TRN*2*ELMF000000011~
    STC*F1:65*20260420**158.5*130*20260420**CHECK77~
    REF*1K*NH2026040001~
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing_core.claim_detail import Reference
from billing_core.inquiry import StatusAnswer
from billing_core.x12.claim_segments import loops, read_date, write_date, write_references
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.inquiry_levels import (
    Beginning,
    Level,
    LevelWriter,
    need_organization,
    read_levels,
    read_organization,
    write_insured,
    write_organization,
)
from billing_core.x12.segment import Segment, SegmentWriter, collector_paused, day_text, first, standard_text
from billing_core.x12.status_276 import read_patients
from billing_core.x12.status_lines import read_line, read_status, write_line, write_status

KIND = "277"
SET_ID = "277"
GROUP_ID = "HN"
VERSION = "005010X212"
VERSIONS = ("005010X212",)

_TRN = frozenset({"TRN"})
_SVC = frozenset({"SVC"})


# --- writing -------------------------------------------------------------------------------------------------------


def write(answers: Sequence[StatusAnswer], envelope: Envelope) -> bytes:
    """One interchange; answers with the same reference share a transaction set. X12Error as in every writer."""
    if not answers:
        raise SegmentWriter().refuse("there is no answer to write", "STC", "hand over at least one answer")
    sets: dict[tuple[str, object], list[StatusAnswer]] = {}
    for one in answers:
        sets.setdefault((one.reference, one.answered_on), []).append(one)
    return write_interchange(envelope, GROUP_ID, VERSION, [(SET_ID, _set(some, envelope)) for some in sets.values()])


def _set(answers: Sequence[StatusAnswer], envelope: Envelope) -> list[str]:
    w = SegmentWriter()
    w.about("answer 1")
    day = day_text(answers[0].answered_on)
    w.add("BHT", "0010", "08", answers[0].reference, day, f"{envelope.on:%H%M}", "DG")
    levels = LevelWriter(w)
    for position, one in enumerate(answers, start=1):
        w.about(f"answer {position}")
        above = ((0, "20", one.payer, one.receiver), (1, "21", one.receiver, one.provider))
        for depth, code, who, below in (*above, (2, "19", one.provider, one.subscriber)):
            if who is not None and levels.level(depth, code, who, parent=below is not None):
                write_organization(w, who)
        if one.subscriber is not None:
            levels.level(3, "22", (position, one.subscriber), parent=one.dependent is not None)
            write_insured(w, "IL", one.subscriber)
        if one.dependent is not None:
            levels.level(4, "23", position, parent=None)
            write_insured(w, "QC", one.dependent)
        _claim(w, one, day)
    return w.lines


def _claim(w: SegmentWriter, one: StatusAnswer, day: str) -> None:
    of_provider = one.provider is not None and one.subscriber is None
    w.add("TRN", "1" if of_provider else "2", w.need(one.trace, "TRN02", "trace number of the inquiry"))
    if not one.statuses:
        raise w.refuse("an answer without status", "STC", "say what has become of the claim")
    for status in one.statuses:
        write_status(w, status, day)
    write_references(w, one.references)
    if one.service is not None:
        write_date(w, one.service)
    for line in one.kept:
        w.add_kept(line)
    for said in one.lines:
        write_line(w, said, answer=True, default_day=day)


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[StatusAnswer, ...]:
    """Every claim or level answered. X12Error when the file is not whole or not a 277 of this guide."""
    with collector_paused():
        found = sets_of(data, SET_ID, VERSIONS, "claim status answer (277)")
        return tuple(one for some in found for one in read_set(some))


def read_set(one: TransactionSet) -> Iterator[StatusAnswer]:
    """The answers of one transaction set: one for each TRN, at whatever level."""
    beginning, levels = read_levels(one)
    for level in levels:
        own, claims = loops(level.segments, _TRN)
        for piece in claims:
            yield _answer(beginning, level, own, piece)


def _answer(beginning: Beginning, level: Level, own: Sequence[Segment], piece: Sequence[Segment]) -> StatusAnswer:
    kept: list[str] = []
    subscriber, dependent = read_patients(level, own, kept)
    claim, lines = loops(piece, _SVC)
    day = first(claim, "DTP", "472")
    when = read_date(day) if day else None
    references: list[Reference] = []
    for segment in claim[1:]:
        if segment.id == "REF" and len(segment.elements) == 3:
            references.append(Reference(segment.get(1), segment.get(2)))
        elif segment.id != "STC" and not (segment is day and when):
            kept.append(standard_text(segment))
    return StatusAnswer(
        reference=beginning.reference,
        answered_on=beginning.on,
        payer=need_organization(level, "20", "payer"),
        trace=piece[0].get(2),
        statuses=tuple(read_status(stc) for stc in claim if stc.id == "STC"),
        receiver=read_organization(level.party("21")),
        provider=read_organization(level.party("19")),
        subscriber=subscriber,
        dependent=dependent,
        service=when,
        references=tuple(references),
        lines=tuple(read_line(line, kept) for line in lines),
        kept=tuple(kept),
    )
