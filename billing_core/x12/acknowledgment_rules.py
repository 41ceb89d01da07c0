"""What the acknowledgment guides ask: 005010X231A1 (999) and 005010X214 (277CA), as tables."""

from __future__ import annotations

from collections.abc import Iterator

from billing_core.rule import Severity
from billing_core.x12 import acknowledgment_277ca, acknowledgment_999
from billing_core.x12.envelope import TransactionSet
from billing_core.x12.guide import Coded, Guide, Part, Required, Typed, codes
from billing_core.x12.segment import split_before


def cut_999(one: TransactionSet) -> Iterator[Part]:
    """The group with its verdict, and each acknowledged set."""
    header, *pieces = split_before(one.segments, frozenset({"AK2", "AK9"}))
    sets = [piece for piece in pieces if piece[0].id == "AK2"]
    verdict = [segment for piece in pieces if piece[0].id == "AK9" for segment in piece]
    yield Part("group", (*header, *verdict))
    for piece in sets:
        yield Part("set", piece)


def cut_277ca(one: TransactionSet) -> Iterator[Part]:
    """The header, the levels above, and each patient's claims."""
    header, *levels = split_before(one.segments, frozenset({"HL"}))
    yield Part("header", header)
    for level in levels:
        kind = level[0].get(3)
        traced = kind == "19" and any(segment.id == "TRN" for segment in level)
        yield Part("claim" if kind == "PT" else "traced provider" if traced else "level", level)


GUIDE_999 = Guide(
    kind=acknowledgment_999.KIND,
    name="implementation acknowledgment",
    set_id=acknowledgment_999.SET_ID,
    group_id=acknowledgment_999.GROUP_ID,
    versions=acknowledgment_999.VERSIONS,
    cut=cut_999,
    read=acknowledgment_999.read_set,
    segments=codes("AK1 AK2 IK3 CTX IK4 IK5 AK9"),
    required=(Required("group", "AK1"), Required("group", "AK9"), Required("set", "IK5")),
    coded=(
        Coded("AK9", 1, codes("A E M P R W X")),
        Coded("IK5", 1, codes("A E M R W X")),
        Coded("IK3", 4, frozenset(acknowledgment_999.SEGMENT_ERRORS), severity=Severity.WARNING),
        Coded("IK4", 3, frozenset(acknowledgment_999.ELEMENT_ERRORS), severity=Severity.WARNING),
    ),
    typed=(Typed("AK9", 2, "number"), Typed("AK9", 3, "number"), Typed("AK9", 4, "number")),
    rules=(),
)

GUIDE_277CA = Guide(
    kind=acknowledgment_277ca.KIND,
    name="claim acknowledgment",
    set_id=acknowledgment_277ca.SET_ID,
    group_id=acknowledgment_277ca.GROUP_ID,
    versions=acknowledgment_277ca.VERSIONS,
    cut=cut_277ca,
    read=lambda one: tuple(acknowledgment_277ca.read_set(one)),
    segments=codes("BHT HL NM1 TRN DTP STC QTY AMT REF SVC"),
    required=(
        Required("header", "BHT"),
        Required("claim", "NM1", ("QC",), Severity.WARNING),
        Required("claim", "TRN", ("2",)),
        Required("claim", "STC"),
        Required("traced provider", "STC", severity=Severity.WARNING),
    ),
    coded=(
        Coded("BHT", 1, codes("0085")),
        Coded("HL", 3, codes("20 21 19 PT")),
        Coded("STC", 1, codes("A0 A1 A2 A3 A4 A5 A6 A7 A8"), component=1),
        Coded("STC", 3, codes("WQ U")),
    ),
    typed=(Typed("BHT", 4, "date"), Typed("STC", 2, "date"), Typed("STC", 4, "amount"), Typed("AMT", 2, "amount")),
    rules=(),
)
