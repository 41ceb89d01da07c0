"""Claim edits: what would make a payer refuse the claim, found before it is sent. One file per family.

`scrub` runs every rule of RULES, in this order, and returns what they find; `rule.blocking` keeps what holds the claim.
"""

from __future__ import annotations

from billing_core.claim import Claim
from billing_core.edits import (
    amounts,
    authorization,
    coverage,
    diagnoses,
    duplicates,
    ncci,
    parties,
    procedures,
    queries,
    timing,
)
from billing_core.edits.context import ClaimContext, ClaimRule
from billing_core.rule import Finding, run

RULES: tuple[ClaimRule, ...] = (
    *parties.RULES,
    *diagnoses.RULES,
    *procedures.RULES,
    *amounts.RULES,
    *timing.RULES,
    *coverage.RULES,
    *authorization.RULES,
    *duplicates.RULES,
    *ncci.RULES,
    *queries.RULES,
)


def scrub(claim: Claim, context: ClaimContext) -> tuple[Finding, ...]:
    """Every finding of every rule in force on the claim's first date of service, in the order of RULES."""
    return run(RULES, claim, context, claim.service_date)


__all__ = ["RULES", "ClaimContext", "ClaimRule", "scrub"]
