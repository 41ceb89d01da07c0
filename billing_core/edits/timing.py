"""Edits of time: no service of tomorrow, and no claim after the payer's deadline (timely filing).

Sources: the contract's deadlines; for Medicare, CMS Claims Processing Manual ch. 1 section 70 (one calendar year).
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_core.claim import Claim, Frequency
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.refusal import filing_deadline
from billing_core.rule import Severity

NEAR_DAYS = 14
_TIMELY = "contract filing deadline; CMS Claims Processing Manual ch. 1 section 70; CARC 29"


def _days_left(claim: Claim, context: ClaimContext) -> int | None:
    """Days until the first of the lines' deadlines, negative once it has passed; None when it is not known."""
    terms = context.terms(claim)
    if terms is None or not claim.lines:
        return None
    deadlines = [filing_deadline(claim, line, terms, context.corrected_from) for line in claim.lines]
    return (min(deadlines) - context.as_of).days


@edit("future-service", "No date of service lies in the future.", "005010X222A1 2400 DTP*472")
def future_service(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """As of the day the claim would be sent."""
    for line in claim.lines:
        if line.service_date > context.as_of:
            yield "a date of service in the future", f"line {line.number}", "correct the date, or wait for the visit"


@edit("filing-deadline-passed", "The claim reaches the payer within its filing deadline (timely filing).", _TIMELY)
def filing_deadline_passed(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Late claims are denied without recourse to the patient."""
    left = _days_left(claim, context)
    if left is not None and left < 0:
        yield (
            f"the payer's filing deadline passed {-left} days ago",
            "claim",
            "attach proof of an earlier filing, or write the claim off as late",
        )


@edit("filing-deadline-near", "A claim near its filing deadline goes out first.", _TIMELY, Severity.WARNING)
def filing_deadline_near(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Within fourteen days."""
    left = _days_left(claim, context)
    if left is not None and 0 <= left <= NEAR_DAYS:
        yield f"the payer's filing deadline is {left} days away", "claim", "send it today"


@edit(
    "corrected-deadline-not-checked",
    "A replacement's deadline counts from the remittance it corrects.",
    "contract corrected-claim deadline",
    Severity.NOT_CHECKED,
)
def corrected_deadline_not_checked(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Without that date the original's deadline is used, which may be too strict or too kind."""
    if claim.frequency is Frequency.REPLACEMENT and context.corrected_from is None:
        yield "the remittance that this claim corrects is not known", "claim", "link the claim to its remittance"


@edit(
    "terms-not-checked",
    "Deadline, authorization and referral are checked against the payer's terms of the day.",
    "contract",
    Severity.NOT_CHECKED,
)
def terms_not_checked(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """No contract loaded, or none in force on the date of service."""
    if context.terms(claim) is None:
        yield "no contract with the payer is in force on the date of service", "payer", "load the payer's terms"


RULES = (
    future_service,
    filing_deadline_passed,
    filing_deadline_near,
    corrected_deadline_not_checked,
    terms_not_checked,
)
