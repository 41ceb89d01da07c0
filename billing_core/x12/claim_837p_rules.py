"""What 005010X222A1 asks of a professional claim file, as tables, and the rules that are its own.

Sources are the guide's own sections unless a rule names another. A code must have the form of one; whether it exists
on the day is asked of the code tables where they are given, and is the claim edits' question otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from billing_core.codesets.tables import Tables
from billing_core.rule import Finding, Rule, Severity
from billing_core.x12 import claim_837p
from billing_core.x12.claim_codes import DatedCode, validity
from billing_core.x12.claim_rules import (
    CLAIM_CODED,
    CLAIM_TYPED,
    DIAGNOSIS_FORM,
    FREQUENCIES,
    PLACES_OF_SERVICE,
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
    Required("billing provider", "REF", ("EI", "SY")),
    Required("subscriber", "SBR"),
    Required("subscriber", "NM1", ("IL",)),
    Required("subscriber", "NM1", ("PR",)),
    Required("patient", "PAT"),
    Required("patient", "NM1", ("QC",)),
    Required("patient", "N3"),
    Required("patient", "N4"),
    Required("patient", "DMG"),
    Required("claim", "HI"),
    Required("other payer", "OI"),
    Required("other payer", "NM1", ("IL",)),
    Required("other payer", "NM1", ("PR",)),
    Required("line", "SV1"),
    Required("line", "DTP", ("472",)),
)

_YES_NO = codes("Y N")

CODED = (
    *CLAIM_CODED,
    Coded("SBR", 5, codes("12 13 14 15 16 41 42 43 47")),
    Coded("PRV", 1, codes("BI PE")),
    Coded("CLM", 5, PLACES_OF_SERVICE, component=1),
    Coded("CLM", 5, codes("B"), component=2),
    Coded("CLM", 5, FREQUENCIES, component=3),
    Coded("CLM", 6, _YES_NO),
    Coded("CLM", 10, codes("P")),
    Coded("HI", 1, codes("ABK BK BP BG"), component=1),
    Coded("SV1", 1, codes("HC ER IV WK"), component=1),
    Coded("SV1", 3, codes("UN MJ")),
    Coded("SV1", 5, PLACES_OF_SERVICE),
    Coded("SV1", 9, _YES_NO),
    Coded("DTP", 2, codes("D8 RD8 TM DT")),
)

TYPED = (
    *CLAIM_TYPED,
    Typed("SV1", 2, "charge"),
    Typed("SV1", 4, "quantity"),
)

SEGMENTS = codes(
    "BHT NM1 N3 N4 PER REF HL PRV CUR SBR PAT DMG CLM DTP PWK CN1 AMT K3 NTE CR1 CR2 CR3 CRC HI HCP QTY CAS OI MIA MOA"
    " LX SV1 SV5 PS1 MEA LIN CTP SVD LQ FRM TST"
)

# --- rules of this guide alone -------------------------------------------------------------------------------------

_PROCEDURE = re.compile(r"(\d{5}|\d{4}[A-Z]|[A-Z]\d{4})\Z", re.ASCII)  # CPT I, II, III and HCPCS level II
_MODIFIER = re.compile(r"[0-9A-Z]{2}\Z", re.ASCII)


def _pointers(subject: Parts, _: Tables | None) -> Iterator[Finding]:
    for claim, lines in claims(subject):
        count = len(list(_diagnoses(claim)))
        for line in lines:
            sv1 = first(line.segments, "SV1")
            pointers = sv1.parts(7) if sv1 else ()
            if sv1 and not 1 <= len(pointers) <= 4:
                yield finding("837p-pointer", "a line points at 1 to 4 diagnoses", sv1.where(7), "link a diagnosis")
            for pointer in pointers:
                if sv1 and pointer not in {str(n) for n in range(1, count + 1)}:
                    message = "a line points at a diagnosis that the claim does not have"
                    yield finding("837p-pointer", message, sv1.where(7), "point at a diagnosis of the claim")


def _diagnoses(claim: Part) -> Iterator[tuple[Segment, int]]:
    """Each place of a diagnosis: segment and element."""
    for segment in claim.segments:
        if segment.id == "HI":
            for number in range(1, len(segment.elements)):
                if segment.part(number, 1) in ("ABK", "ABF", "BK", "BF"):
                    yield segment, number


def _codes_have_form(subject: Parts, _: Tables | None) -> Iterator[Finding]:
    for claim, lines in claims(subject):
        places = list(_diagnoses(claim))
        if len(places) > claim_837p.DIAGNOSES_MAX:
            yield finding("837p-diagnosis", "more than 12 diagnoses", places[-1][0].where(), "keep the first twelve")
        seen: set[str] = set()
        for segment, number in places:
            code = segment.part(number, 2)
            if segment.part(number, 1).startswith("A") and not DIAGNOSIS_FORM.match(code):
                message = "not of the form of an ICD-10-CM code (no decimal point in X12)"
                yield finding("837p-diagnosis", message, segment.where(number), "correct the diagnosis code")
            if code in seen:
                message = "the same diagnosis twice on a claim"
                yield finding("837p-diagnosis", message, segment.where(number), "name it once", Severity.WARNING)
            seen.add(code)
        for line in lines:
            sv1 = first(line.segments, "SV1")
            if sv1 and sv1.part(1, 1) == "HC":
                if not _PROCEDURE.match(sv1.part(1, 2)):
                    message = "not of the form of a CPT or HCPCS code"
                    yield finding("837p-procedure", message, sv1.where(1), "correct the procedure code")
                if not all(not modifier or _MODIFIER.match(modifier) for modifier in sv1.parts(1)[2:6]):
                    yield finding("837p-modifier", "a modifier is two characters", sv1.where(1), "correct the modifier")


def _dated_codes(subject: Parts) -> Iterator[DatedCode]:
    """Each ICD-10-CM and HCPCS code with its day: diagnoses by the first service of the claim."""
    for claim, lines in claims(subject):
        first_day = min((day for line in lines if (day := _served(line))), default=None)
        for segment, number in _diagnoses(claim):
            if segment.part(number, 1).startswith("A"):
                yield DatedCode(segment.part(number, 2), first_day, segment.where(number), is_diagnosis=True)
        for line in lines:
            sv1 = first(line.segments, "SV1")
            if sv1 and sv1.part(1, 1) == "HC":
                yield DatedCode(sv1.part(1, 2), _served(line), sv1.where(1))


def _served(line: Part) -> date | None:
    dtp = first(line.segments, "DTP", "472")
    return parse_day(dtp.get(3)[:8]) if dtp else None


_GUIDE = "005010X222A1"
RULES: tuple[SetRule, ...] = (
    *shared("837p", Service("SV1", 2, claim_837p.LINES_MAX, _GUIDE)),
    Rule("837p-pointer", "Each line points at diagnoses of its claim.", f"{_GUIDE} SV107", _pointers),
    Rule("837p-diagnosis", "Codes have the form of their code set.", f"{_GUIDE} HI, SV101", _codes_have_form),
    validity("837p", _dated_codes),
)

GUIDE = Guide(
    kind=claim_837p.KIND,
    name="professional claim",
    set_id=claim_837p.SET_ID,
    group_id=claim_837p.GROUP_ID,
    versions=claim_837p.VERSIONS,
    cut=cut,
    read=claim_837p.read_set,
    segments=SEGMENTS,
    required=REQUIRED,
    coded=CODED,
    typed=TYPED,
    rules=RULES,
    unknown=Severity.ERROR,
    unread=Severity.WARNING,
)
