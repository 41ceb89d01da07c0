"""What 005010X223A2 asks of an institutional claim file, as tables, and the rules that are its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from billing_core.rule import Finding, Rule, Severity
from billing_core.x12 import claim_837i
from billing_core.x12.claim_codes import DatedCode, validity
from billing_core.x12.claim_rules import (
    CLAIM_CODED,
    CLAIM_TYPED,
    DIAGNOSIS_FORM,
    Service,
    claims,
    cut,
    finding,
    shared,
)
from billing_core.x12.guide import Coded, Guide, Part, Parts, Required, SetRule, Typed, codes
from billing_core.x12.segment import Segment, first, parse_day

REQUIRED = (
    Required("header", "BHT"),
    Required("header", "NM1", ("41",)),
    Required("header", "PER", ("IC",)),
    Required("header", "NM1", ("40",)),
    Required("billing provider", "NM1", ("85",)),
    Required("billing provider", "N3"),
    Required("billing provider", "N4"),
    Required("billing provider", "REF", ("EI",)),
    Required("subscriber", "SBR"),
    Required("subscriber", "NM1", ("IL",)),
    Required("subscriber", "NM1", ("PR",)),
    Required("patient", "PAT"),
    Required("patient", "NM1", ("QC",)),
    Required("patient", "N3"),
    Required("patient", "N4"),
    Required("patient", "DMG"),
    Required("claim", "DTP", ("434",)),
    Required("claim", "CL1"),
    Required("claim", "HI"),
    Required("other payer", "OI"),
    Required("other payer", "NM1", ("IL",)),
    Required("other payer", "NM1", ("PR",)),
    Required("line", "SV2"),
)

DIAGNOSES = codes("ABK BK ABJ BJ APR PR ABN BN ABF BF")
CODE_LISTS = DIAGNOSES | codes("DR BBR BR CAH BBQ BQ BI BH BE BG TC")
PRESENT_ON_ADMISSION = codes("Y N U W 1")
_YES_NO = codes("Y N")

CODED = (
    *CLAIM_CODED,
    Coded("PRV", 1, codes("BI AT")),
    Coded("CLM", 5, codes("A"), component=2),
    Coded("CLM", 5, codes("0 1 2 3 4 5 6 7 8 9"), component=3),
    Coded("HI", 1, CODE_LISTS, component=1),
    Coded("HI", 1, PRESENT_ON_ADMISSION, component=9),
    Coded("SV2", 2, codes("HC HP ER IV WK"), component=1),
    Coded("SV2", 4, codes("DA UN F2")),
    Coded("DTP", 2, codes("D8 RD8 DT TM")),
)

TYPED = (
    *CLAIM_TYPED,
    Typed("SV2", 3, "amount"),
    Typed("SV2", 5, "number"),
)

SEGMENTS = codes(
    "BHT NM1 N3 N4 PER REF HL PRV CUR SBR PAT DMG CLM DTP CL1 PWK CN1 AMT K3 NTE CRC HI HCP QTY CAS OI MIA MOA LX SV2"
    " LIN CTP SVD"
)

_PROCEDURE = re.compile(r"[0-9A-HJ-NP-Z]{7}\Z", re.ASCII)  # ICD-10-PCS: seven characters, never I or O
_REVENUE = re.compile(r"\d{4}\Z", re.ASCII)


def _codes(subject: Parts, _: object) -> Iterator[Finding]:
    for claim, lines in claims(subject):
        principal = [segment for segment, number in _places(claim) if segment.part(number, 1) in ("ABK", "BK")]
        if first(claim.segments, "HI") and len(principal) != 1:
            where = claim.segments[0].where()
            yield finding("837i-diagnosis", "not exactly one principal diagnosis", where, "name one under ABK")
        for segment, number in _places(claim):
            yield from _code(segment, number)
        for line in lines:
            sv2 = first(line.segments, "SV2")
            if sv2 and not _REVENUE.match(sv2.get(1)):
                yield finding("837i-revenue", "a revenue code is four digits", sv2.where(1), "correct the revenue code")


def _places(claim: Part) -> Iterator[tuple[Segment, int]]:
    for segment in claim.segments:
        if segment.id == "HI":
            yield from ((segment, number) for number in range(1, len(segment.elements)))


def _code(segment: Segment, number: int) -> Iterator[Finding]:
    qualifier, code = segment.part(number, 1), segment.part(number, 2)
    if qualifier not in CODE_LISTS:
        yield finding("837i-code-list", "not a code list of the guide", segment.where(number), "correct the qualifier")
    elif qualifier in DIAGNOSES and qualifier.startswith("A") and not DIAGNOSIS_FORM.match(code):
        message = "not of the form of an ICD-10-CM code (no decimal point in X12)"
        yield finding("837i-diagnosis", message, segment.where(number), "correct the diagnosis code")
    elif qualifier in ("BBR", "BBQ") and not _PROCEDURE.match(code):
        message = "not of the form of an ICD-10-PCS code"
        yield finding("837i-procedure", message, segment.where(number), "correct the procedure code")
    elif segment.part(number, 9) not in ("", *PRESENT_ON_ADMISSION):
        message = "not a present-on-admission indicator"
        yield finding("837i-present", message, segment.where(number), "send Y, N, U or W", Severity.ERROR)


def _dated_codes(subject: Parts) -> Iterator[DatedCode]:
    """Each ICD-10-CM and HCPCS code with its day: diagnoses by the last day of the statement, the discharge."""
    for claim, lines in claims(subject):
        statement = first(claim.segments, "DTP", "434")
        through = parse_day(statement.get(3)[-8:]) if statement else None
        for segment, number in _places(claim):
            if segment.part(number, 1) in DIAGNOSES and segment.part(number, 1).startswith("A"):
                yield DatedCode(segment.part(number, 2), through, segment.where(number), is_diagnosis=True)
        for line in lines:
            sv2, served = first(line.segments, "SV2"), first(line.segments, "DTP", "472")
            if sv2 and sv2.part(2, 1) == "HC":
                day = parse_day(served.get(3)[:8]) if served else through
                yield DatedCode(sv2.part(2, 2), day, sv2.where(2))


_GUIDE = "005010X223A2"
RULES: tuple[SetRule, ...] = (
    *shared("837i", Service("SV2", 3, claim_837i.LINES_MAX, _GUIDE)),
    Rule("837i-diagnosis", "The bill's codes have the form of their lists.", f"{_GUIDE} HI, SV201", _codes),
    validity("837i", _dated_codes),
)

GUIDE = Guide(
    kind=claim_837i.KIND,
    name="institutional claim",
    set_id=claim_837i.SET_ID,
    group_id=claim_837i.GROUP_ID,
    versions=claim_837i.VERSIONS,
    cut=cut,
    read=claim_837i.read_set,
    segments=SEGMENTS,
    required=REQUIRED,
    coded=CODED,
    typed=TYPED,
    rules=RULES,
    unknown=Severity.ERROR,
    unread=Severity.WARNING,
)
