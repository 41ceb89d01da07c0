"""CAS: the adjustments of a claim or a line, up to six triplets in a segment, in the 835 and in a secondary 837.

CAS*CO*45*31.5**97*12~        contractual: 45 takes 31.50, 97 takes 12.00
CAS*PR*1*150**2*70~           patient: 1 takes 150.00, 2 takes 70.00
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from billing_core.money import x12_amount
from billing_core.remittance import Adjustment, Group
from billing_core.x12.segment import Segment, SegmentWriter

TRIPLETS_MAX = 6


def by_group(adjustments: Sequence[Adjustment]) -> tuple[Adjustment, ...]:
    """`adjustments` with those of a group together, in the order in which the groups first occur."""
    groups = list(dict.fromkeys(adjustment.group for adjustment in adjustments))
    return tuple(sorted(adjustments, key=lambda adjustment: groups.index(adjustment.group)))


def write_adjustments(writer: SegmentWriter, adjustments: Sequence[Adjustment]) -> None:
    """One CAS for each run of adjustments of the same group, a new one after six; their order is kept."""
    for group, run in groupby(adjustments, key=lambda a: a.group):
        same = list(run)
        for start in range(0, len(same), TRIPLETS_MAX):
            values: list[str] = []
            for adjustment in same[start : start + TRIPLETS_MAX]:
                reason = writer.need(adjustment.reason, "CAS02", "adjustment reason code")
                values += [reason, x12_amount(adjustment.amount), adjustment.quantity]
            writer.add("CAS", group.value, *values)


def read_adjustments(segments: Iterable[Segment]) -> tuple[Adjustment, ...]:
    """Every triplet of every CAS among `segments`. X12Error for an unknown group code or a malformed amount."""
    found: list[Adjustment] = []
    for segment in segments:
        if segment.id == "CAS":
            read_adjustment_segment(segment, found)
    return tuple(found)


_GROUPS = {group.value: group for group in Group}
_adjustment = lru_cache(16_384)(Adjustment)  # many lines are adjusted alike


def read_adjustment_segment(segment: Segment, found: list[Adjustment]) -> None:
    """Append every triplet of one CAS."""
    group = _GROUPS.get(segment.get(1))
    if group is None:
        raise segment.error("an unknown adjustment group code", "ask the payer to send CO, OA, PI, PR or CR", 1)
    for place in range(2, len(segment.elements), 3):
        reason = segment.get(place)
        if reason or segment.get(place + 1):
            if not reason:
                raise segment.error("an adjustment without reason code", "ask the payer to correct it", place)
            found.append(_adjustment(group, reason, segment.amount(place + 1), segment.get(place + 2)))
