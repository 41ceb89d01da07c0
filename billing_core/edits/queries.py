"""Edits of provider queries: nothing is sent while the note's author has been asked what it means.

Source: ACDIS/AHIMA, Guidelines for Achieving a Compliant Query Practice, 2022; 42 CFR 424.5(a)(6).
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_core.claim import Claim
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.provider_query import QueryState


@edit(
    "query-open",
    "No query to the provider stands on the visit.",
    "ACDIS/AHIMA compliant query practice, 2022; 42 CFR 424.5(a)(6)",
)
def query_open(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Asked and not answered; or answered, and no coder has looked at the answer."""
    for query in context.queries:
        if query.encounter_id != claim.encounter_id or not query.holds:
            continue
        if query.state is QueryState.OPEN:
            yield "a query to the provider is not answered", "note", "wait for the answer, or withdraw the query"
        else:
            yield "a query's answer waits for the coder", "note", "mend the codes if need be, then settle the query"


RULES = (query_open,)
