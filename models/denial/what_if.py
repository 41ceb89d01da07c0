"""What would the risk be, were this put right? Only what the front desk can mend honestly before the claim is sent.

Codes, units and modifiers are never touched: they say what was done and what was found, whatever a payer will pay. What
a mend does here is what the model has seen of like claims, not a promise of the payer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from models.denial.facts import ClaimFacts
from models.denial.history import History

WORTH_SAYING_PPM = 50_000  # a mend that lowers the risk by less than five points is not shown


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One mend, in a biller's words, and the probability of denial with it, in millionths."""

    mend: str
    sentence: str
    probability_ppm: int


@dataclass(frozen=True, slots=True)
class Mend:
    """A mend: whether the claim lacks it, and the facts once it is done."""

    name: str
    sentence: str
    lacks: Callable[[ClaimFacts, History], bool]
    mended: Callable[[ClaimFacts], ClaimFacts]


def _coverage_in_doubt(facts: ClaimFacts, history: History) -> bool:
    state, card = history.coverage(facts.coverage_key), history.card(facts.card)
    refused = card is not None and bool(card.not_in_force) and card.paid < facts.service_on.toordinal()
    return not facts.coverage_active or refused or (state is not None and state.coverage_denied == state.day)


MENDS: tuple[Mend, ...] = (
    Mend(
        "authorization",
        "Obtain the prior authorization and put its number on the claim.",
        lambda facts, _: not facts.has_authorization,
        lambda facts: replace(facts, has_authorization=True),
    ),
    Mend(
        "referral",
        "Obtain the referral and put its number on the claim.",
        lambda facts, _: not facts.has_referral,
        lambda facts: replace(facts, has_referral=True),
    ),
    Mend(
        "coverage",
        "Ask the payer which coverage was in force on the date of service and bill that one.",
        _coverage_in_doubt,
        lambda facts: replace(facts, coverage_active=True, coverage_key="", card_key=""),
    ),
    Mend(
        "group_number",
        "Copy the group number from the insurance card.",
        lambda facts, _: not facts.has_group_number,
        lambda facts: replace(facts, has_group_number=True),
    ),
)


def mended(facts: ClaimFacts, history: History) -> Iterator[tuple[Mend, ClaimFacts]]:
    """Each mend the claim lacks, with the facts once it is done."""
    for mend in MENDS:
        if mend.lacks(facts, history):
            yield mend, mend.mended(facts)
