"""What a claim status inquiry and its answer share below the patient: SVC lines and STC statuses. Guide: 005010X212.

STC*F1:65*20260420**158.5*130*20260420**CHECK77~      paid 130.00 of 158.50
SVC*HC:99213*150*88****1~
"""

from __future__ import annotations

from collections.abc import Sequence

from billing_core.inquiry import Status, StatusLine
from billing_core.money import x12_amount
from billing_core.x12.claim_segments import read_date, write_date
from billing_core.x12.segment import Segment, SegmentWriter, day_text, first, parse_day, standard_text, text_of


def write_status(w: SegmentWriter, one: Status, default_day: str) -> None:
    """STC; up to three statuses in one segment (STC01, STC10, STC11)."""
    composite = (w.need(one.category, "STC01-1", "status category"), w.need(one.code, "STC01-2", "status"), one.entity)
    amounts = ["" if value is None else x12_amount(value) for value in (one.charge, one.paid)]
    day = day_text(one.on) if one.on else default_day
    paid_on = day_text(one.paid_on) if one.paid_on else ""
    w.add("STC", (*composite, one.code_list), day, "", *amounts, paid_on, "", "", one.check, *one.more)


def read_status(stc: Segment) -> Status:
    """STC; a date that is none is left out."""
    more = tuple((stc.part(at, 1), stc.part(at, 2), stc.part(at, 3)) for at in (10, 11) if stc.get(at))
    return Status(
        category=stc.part(1, 1),
        code=stc.part(1, 2),
        entity=stc.part(1, 3),
        on=parse_day(stc.get(2)),
        charge=stc.amount(4) if stc.get(4) else None,
        paid=stc.amount(5) if stc.get(5) else None,
        paid_on=parse_day(stc.get(6)),
        check=stc.get(9),
        code_list=stc.part(1, 4),
        more=more,
    )


def write_line(w: SegmentWriter, one: StatusLine, *, answer: bool, default_day: str) -> None:
    """2210 (276) or 2220 (277)."""
    procedure = one.procedure or ("NU", w.need(one.revenue, "SVC01", "procedure or revenue code"))
    revenue = one.revenue if one.procedure else ""
    paid = x12_amount(one.paid) if answer else ""
    w.add("SVC", procedure, x12_amount(one.charge), paid, revenue, "", "", one.units)
    for status in one.statuses:
        write_status(w, status, default_day)
    if one.control:
        w.add("REF", "FJ", one.control)
    if one.service is not None:
        write_date(w, one.service)


def read_line(piece: Sequence[Segment], kept: list[str]) -> StatusLine:
    """One SVC loop; what the record does not model is appended to `kept`."""
    svc = piece[0]
    day = first(piece, "DTP", "472")
    when = read_date(day) if day else None
    for segment in piece[1:]:
        known = (segment is day and when) or segment.id == "STC" or (segment.id, segment.get(1)) == ("REF", "FJ")
        if not known:
            kept.append(standard_text(segment))
    alone = svc.part(1, 1) == "NU" and not svc.get(4)
    return StatusLine(
        procedure=() if alone else svc.parts(1),
        charge=svc.amount_or(2),
        paid=svc.amount_or(3),
        revenue=svc.part(1, 2) if alone else svc.get(4),
        units=svc.get(7),
        control=text_of(piece, "REF", "FJ"),
        service=when,
        statuses=tuple(read_status(stc) for stc in piece if stc.id == "STC"),
    )
