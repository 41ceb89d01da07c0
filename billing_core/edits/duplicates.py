"""Edits of duplicates and of what a claim replaces.

Sources: CMS Claims Processing Manual ch. 1 section 120 (exact duplicates: same member, provider, day, service, place
and amount); 005010X222A1 CLM05-3 and REF*F8; CARC 18. Two services are the same to us when they are to the payer
(`adjudication.line_key`).
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_core.claim import Claim, Frequency
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.refusal import line_key

_MANUAL = "CMS Claims Processing Manual ch. 1 section 120; CARC 18"


@edit("duplicate-line", "No service is billed twice on one claim.", _MANUAL)
def duplicate_line(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Unless a modifier says it was repeated."""
    if len(claim.lines) < 2:
        return
    seen = set()
    for line in claim.lines:
        key = line_key(claim, line)
        if key in seen:
            yield (
                "the same service is on the claim twice",
                f"line {line.number}",
                "raise the units, or give the repeat modifier 76, 77 or 91",
            )
        seen.add(key)


@edit("duplicate-claim", "No service of the patient is billed to the payer twice.", _MANUAL)
def duplicate_claim(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Another claim that stands carries it, and this one does not say that it replaces that one."""
    others = [
        other
        for other in context.other_claims
        if other.id not in (claim.id, claim.replaces)
        and other.payer.number == claim.payer.number
        and other.frequency is not Frequency.VOID
    ]
    if not others or claim.frequency is Frequency.VOID:
        return
    billed = {line_key(other, line) for other in others for line in other.lines}
    for line in claim.lines:
        if line_key(claim, line) in billed:
            yield (
                "another claim to this payer carries the same service",
                f"line {line.number}",
                "close this claim, or send it as a replacement of the other",
            )


@edit(
    "replacement-reference",
    "A replacement or void names the payer's number of the claim it is about.",
    "005010X222A1 2300 CLM05-3 and REF*F8",
)
def replacement_reference(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Without it the payer takes it for a duplicate, or rejects it."""
    if claim.frequency is not Frequency.ORIGINAL and not claim.payer_reference:
        yield (
            "the payer's claim number of the original is missing",
            "claim",
            "copy it from the remittance or the 277CA",
        )


@edit("original-with-reference", "An original claim names no earlier claim.", "005010X222A1 2300 REF*F8")
def original_with_reference(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Either the frequency or the number is wrong. A new claim in place of a rejected one names no payer number."""
    if claim.frequency is Frequency.ORIGINAL and claim.payer_reference:
        yield "an original claim that names an earlier one", "claim", "send it as a replacement, or drop the number"


RULES = (duplicate_line, duplicate_claim, replacement_reference, original_with_reference)
