"""Edits of the diagnoses: there is one, each is complete and valid on the day, and each line points at its own.

Guide: 005010X222A1 HI (loop 2300) and SV107 (loop 2400). Coding: ICD-10-CM Official Guidelines for Coding and Reporting
(CMS and NCHS), section numbers as of FY2026. Verdicts come from the table release of the date of service.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from billing_core.claim import Claim
from billing_core.codesets.tables import Verdict, plain_code
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.registration import Sex
from billing_core.rule import Severity

MOST_DIAGNOSES = 12
MOST_POINTERS = 4
_GUIDE = "005010X222A1 "
_GUIDELINES = "ICD-10-CM Official Guidelines "


def _with_verdict(claim: Claim, context: ClaimContext, verdict: Verdict) -> Iterator[str]:
    """Where the diagnoses with that verdict stand."""
    on = claim.service_date
    for place, code in enumerate(claim.diagnoses, start=1):
        if context.tables.diagnosis(code, on) is verdict:
            yield f"diagnosis {place}"


@edit("no-diagnosis", "A claim has at least one diagnosis.", _GUIDE + "2300 HI01")
def no_diagnosis(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The first-listed diagnosis is required."""
    if not claim.diagnoses:
        yield "the claim has no diagnosis", "diagnoses", "sign at least one diagnosis for the visit"


@edit("too-many-diagnoses", "A professional claim has at most twelve diagnoses.", _GUIDE + "2300 HI01 to HI12")
def too_many_diagnoses(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The thirteenth has no place in the file."""
    if len(claim.diagnoses) > MOST_DIAGNOSES:
        yield f"{len(claim.diagnoses)} diagnoses", "diagnoses", "keep the twelve that the services were for"


@edit("repeated-diagnosis", "A diagnosis is reported once for an encounter.", _GUIDELINES + "I.B.12")
def repeated_diagnosis(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The same code twice on one claim."""
    codes = [plain_code(code) for code in claim.diagnoses]
    if len(set(codes)) == len(codes):
        return
    for place, code in enumerate(codes, start=1):
        if code in codes[: place - 1]:
            yield "the diagnosis is listed twice", f"diagnosis {place}", "remove it and renumber the pointers"


@edit(
    "diagnosis-unknown", "Every diagnosis is a code of the release in force on the day.", _GUIDELINES + "I.A.1; I.B.1"
)
def diagnosis_unknown(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Not in the tabular list of the day: mistyped, deleted, or not yet in force."""
    for where in _with_verdict(claim, context, Verdict.INVALID):
        yield "not an ICD-10-CM code on the date of service", where, "look the code up in the release of that day"


@edit("diagnosis-incomplete", "Every diagnosis is coded to its last character.", _GUIDELINES + "I.B.2; I.A.5")
def diagnosis_incomplete(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """A category or a code that lacks its 7th character is not billable."""
    on = claim.service_date
    for place, code in enumerate(claim.diagnoses, start=1):
        if context.tables.diagnosis(code, on) is Verdict.NOT_BILLABLE:
            below = len(context.tables.more_specific(code, on))
            yield "the code needs more characters", f"diagnosis {place}", f"choose one of the {below} complete codes"


@edit(
    "diagnosis-not-checked",
    "Diagnoses are checked against the release of the date of service.",
    "45 CFR 162.1002 (the code set in force on the date of service)",
    Severity.NOT_CHECKED,
)
def diagnosis_not_checked(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """No loaded release speaks of the day."""
    if claim.diagnoses and context.tables.release("icd10cm", claim.service_date) is None:
        yield "no ICD-10-CM release is loaded for the date of service", "diagnoses", "load the release of that day"


@edit("pointer-missing", "Every line points at one to four diagnoses.", _GUIDE + "2400 SV107")
def pointer_missing(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The pointers tell the payer what the service was for."""
    for line in claim.lines:
        if not 1 <= len(line.pointers) <= MOST_POINTERS:
            yield f"{len(line.pointers)} diagnosis pointers", f"line {line.number}", "point at one to four diagnoses"


@edit("pointer-out-of-range", "Every pointer names a diagnosis of the claim, once.", _GUIDE + "2400 SV107")
def pointer_out_of_range(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Pointers count the claim's diagnoses from 1."""
    most = len(claim.diagnoses)
    for line in claim.lines:
        for pointer in line.pointers:
            if not 1 <= pointer <= most:
                yield f"points at diagnosis {pointer} of {most}", f"line {line.number}", "correct the pointer"
        if len(set(line.pointers)) != len(line.pointers):
            yield "points at one diagnosis twice", f"line {line.number}", "name each diagnosis once"


@edit("external-cause-first", "An external cause is never the first-listed diagnosis.", _GUIDELINES + "I.C.20.a.6")
def external_cause_first(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """V00 to Y99 say how it happened; the injury comes first."""
    if claim.diagnoses and plain_code(claim.diagnoses[0])[:1] in ("V", "W", "X", "Y"):
        yield "an external cause is listed first", "diagnosis 1", "list the injury or condition first"


@edit(
    "manifestation-first",
    "A manifestation follows the disease that causes it and is never listed first.",
    _GUIDELINES + "I.A.13",
)
def manifestation_first(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Codes titled 'in diseases classified elsewhere'."""
    if claim.diagnoses and context.tables.manifestation(claim.diagnoses[0], claim.service_date):
        yield "a manifestation is listed first", "diagnosis 1", "list the underlying disease before it"


@edit(
    "diagnosis-age", "A diagnosis fits the patient's age.", "CMS Medicare Code Editor, age conflict", Severity.WARNING
)
def diagnosis_age(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Where a loaded table gives an age range. Payers differ, so the biller decides."""
    on = claim.service_date
    if context.tables.release("age_sex", on) is None:
        return
    age = whole_years(claim.patient.birth_date, on)
    for place, code in enumerate(claim.diagnoses, start=1):
        fits = context.tables.age_sex(code, on)
        if fits is not None and not fits.age_from <= age <= fits.age_to:
            yield "unusual at the patient's age", f"diagnosis {place}", "check the birth date and the diagnosis"


@edit(
    "diagnosis-sex", "A diagnosis fits the patient's sex.", "CMS Medicare Code Editor, sex conflict", Severity.WARNING
)
def diagnosis_sex(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Where a loaded table gives a sex; CMS has since retired some of these."""
    on, sex = claim.service_date, claim.patient.sex
    if sex is Sex.UNKNOWN or context.tables.release("age_sex", on) is None:
        return
    for place, code in enumerate(claim.diagnoses, start=1):
        fits = context.tables.age_sex(code, on)
        if fits is not None and fits.sex and fits.sex != sex:
            yield (
                "unusual for the registered sex",
                f"diagnosis {place}",
                "check the registration; modifier KX may apply",
            )


def whole_years(born: date, on: date) -> int:
    """The age in whole years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


RULES = (
    no_diagnosis,
    too_many_diagnoses,
    repeated_diagnosis,
    diagnosis_unknown,
    diagnosis_incomplete,
    diagnosis_not_checked,
    pointer_missing,
    pointer_out_of_range,
    external_cause_first,
    manifestation_first,
    diagnosis_age,
    diagnosis_sex,
)
