"""Edits of prior authorization and referral: where the payer asks for one, the right one is on the claim.

Sources: the contract's lists; 005010X222A1 2300 REF*G1 and REF*9F; CARC 197, 15, 198, 288.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_core.claim import Claim, ClaimLine
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.registration import Authorization
from billing_core.rule import Severity


def _lines_needing_one(claim: Claim, context: ClaimContext) -> tuple[ClaimLine, ...]:
    terms = context.terms(claim)
    if terms is None or not terms.authorization_required:
        return ()
    return tuple(line for line in claim.lines if line.procedure in terms.authorization_required)


def _on_file(claim: Claim, context: ClaimContext) -> tuple[Authorization, ...]:
    """The records of the claim's authorization number with its payer; one number may stand for several services."""
    return tuple(a for a in context.authorizations if a.number == claim.authorization and a.payer_id == claim.payer.id)


@edit(
    "authorization-missing",
    "A service that needs prior authorization carries its number.",
    "contract; 005010X222A1 2300 REF*G1; CARC 197",
)
def authorization_missing(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Whether one is on file decides the mend."""
    if claim.authorization:
        return
    for line in _lines_needing_one(claim, context):
        on_file = any(
            a.procedure == line.procedure
            and a.payer_id == claim.payer.id
            and a.effective <= line.service_date <= a.terminated
            for a in context.authorizations
        )
        mend = "one is on file: put its number on the claim" if on_file else "ask the payer for authorization"
        yield "the payer requires prior authorization", f"line {line.number}", mend


@edit(
    "authorization-not-checked",
    "An authorization number on the claim is on file.",
    "contract; CARC 15",
    Severity.NOT_CHECKED,
)
def authorization_not_checked(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Its service, dates and units cannot be compared otherwise."""
    if claim.authorization and _lines_needing_one(claim, context) and not _on_file(claim, context):
        yield "the authorization number is not on file", "authorization", "record the payer's authorization letter"


@edit("authorization-service", "The authorization is for the service billed.", "contract; CARC 15")
def authorization_service(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Another code than the one authorized."""
    lines = _lines_needing_one(claim, context) if claim.authorization else ()
    given = _on_file(claim, context) if lines else ()
    for line in lines if given else ():
        if all(a.procedure != line.procedure for a in given):
            yield "the authorization is for another service", f"line {line.number}", "ask the payer to amend it"


@edit("authorization-dates", "The authorization covers the date of service.", "contract; CARC 15")
def authorization_dates(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Both ends included."""
    lines = _lines_needing_one(claim, context) if claim.authorization else ()
    given = _on_file(claim, context) if lines else ()
    for line in lines:
        same = [a for a in given if a.procedure == line.procedure]
        if same and not any(a.effective <= line.service_date <= a.terminated for a in same):
            yield "the authorization does not cover the date", f"line {line.number}", "ask the payer to extend it"


@edit("authorization-units", "Units billed under an authorization stay within it.", "contract; CARC 198")
def authorization_units(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Units of this claim and of the patient's other claims under the same number."""
    lines = _lines_needing_one(claim, context) if claim.authorization else ()
    given = _on_file(claim, context) if lines else ()
    for procedure in dict.fromkeys(line.procedure for line in lines):
        allowed = sum(a.units for a in given if a.procedure == procedure)
        others = [c for c in context.other_claims if c.authorization == claim.authorization and c.id != claim.replaces]
        billed = sum(o.units for c in (claim, *others) for o in c.lines if o.procedure == procedure)
        if allowed and billed > allowed:
            first = next(line.number for line in lines if line.procedure == procedure)
            yield (
                f"{billed} units billed, {allowed} authorized",
                f"line {first}",
                "ask the payer for more units, or correct the units",
            )


@edit(
    "referral-missing",
    "A service that needs a referral carries its number.",
    "contract; 005010X222A1 2300 REF*9F; CARC 288",
)
def referral_missing(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """From the patient's primary care provider."""
    terms = context.terms(claim)
    if claim.referral or terms is None or not terms.referral_required:
        return
    for line in claim.lines:
        if line.procedure in terms.referral_required:
            yield "the payer requires a referral", f"line {line.number}", "ask the primary care provider for it"


RULES = (
    authorization_missing,
    authorization_not_checked,
    authorization_service,
    authorization_dates,
    authorization_units,
    referral_missing,
)
