"""Edits of coverage: the right payer, in the right order, on a day it covers, for a provider it knows.

Sources: 005010X222A1 loops 2000B and 2320 (payer order); CARC 26, 27, 22, 96, B7 for what the payer would answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_core.claim import Claim
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.eligibility import Standing, check_coverage
from billing_core.rule import Severity


@edit("coverage-not-active", "The coverage is active on every date of service.", "CARC 26 and 27; 005010X279A1 EB*1")
def coverage_not_active(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """By our record, both ends included, where the payer has not answered."""
    for line in claim.lines:
        (found,) = check_coverage((claim.coverage,), line.service_date, context.answers).standings
        if found.standing in (Standing.NOT_YET, Standing.ENDED):
            yield (
                "the coverage is not active on the date of service",
                f"line {line.number}",
                "verify eligibility and bill the coverage of that day",
            )


@edit("coverage-refused", "The payer itself has not called the coverage inactive.", "005010X279A1 EB*6; CARC 26 and 27")
def coverage_refused(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """By its latest answer of the date of service, or of an earlier day on which the coverage had ended."""
    for line in claim.lines:
        (found,) = check_coverage((claim.coverage,), line.service_date, context.answers).standings
        if found.standing is Standing.REFUSED:
            yield (
                "the payer says that the coverage is not active on the date of service",
                f"line {line.number}",
                "ask the patient, and bill the coverage of that day; ask the payer again if it was put in force since",
            )


@edit("coverage-not-theirs", "Patient, coverage and payer of a claim belong together.", "005010X222A1 loop 2000B")
def coverage_not_theirs(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """A coverage of another patient, or of another payer than the claim's."""
    if claim.coverage.patient_id != claim.patient.id:
        yield "the coverage is another patient's", "coverage", "choose one of this patient's coverages"
    if claim.coverage.payer_id != claim.payer.id:
        yield "the coverage is with another payer", "payer", "send the claim to the payer of the coverage"


@edit("payer-order", "Every coverage that pays earlier has answered first.", "005010X222A1 SBR01, loop 2320; CARC 22")
def payer_order(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """A second payer needs the first one's answer."""
    if claim.rank > 1 and not claim.prior_payers:
        yield "no answer of an earlier payer", "claim", "post the first payer's remittance before billing the next"
        return
    answered = {prior.coverage.id for prior in claim.prior_payers}
    for other in check_coverage(context.coverages, claim.service_date, context.answers).payable:
        if other.rank < claim.coverage.rank and other.id not in answered:
            yield "another active coverage pays first", f"coverage {other.rank}", "bill the coverages in their order"


@edit("service-not-covered", "The plan covers the service.", "contract; CARC 96", Severity.WARNING)
def service_not_covered(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The patient will owe it, and should have been told before the visit."""
    terms = context.terms(claim)
    for line in claim.lines if terms is not None and terms.not_covered else ():
        if terms is not None and line.procedure in terms.not_covered:
            yield (
                "the payer does not cover the service",
                f"line {line.number}",
                "bill it with the signed notice, or not",
            )


@edit("provider-not-enrolled", "The rendering provider is enrolled with the payer.", "payer enrollment; CARC B7")
def provider_not_enrolled(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """On every date of service."""
    if not context.enrolled_known:
        return
    for line in claim.lines:
        if not claim.rendering.enrolled_with(claim.payer.id, line.service_date):
            yield (
                "the rendering provider is not enrolled with the payer on the date of service",
                f"line {line.number}",
                "finish the enrollment, then send the claim",
            )


@edit(
    "enrollment-not-checked",
    "Enrollment is checked where it is recorded.",
    "payer enrollment",
    Severity.NOT_CHECKED,
)
def enrollment_not_checked(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The practice keeps no enrollments with this payer."""
    if not context.enrolled_known:
        yield "enrollments with this payer are not recorded", "rendering provider", "record the provider's enrollment"


RULES = (
    coverage_not_active,
    coverage_refused,
    coverage_not_theirs,
    payer_order,
    service_not_covered,
    provider_not_enrolled,
    enrollment_not_checked,
)
