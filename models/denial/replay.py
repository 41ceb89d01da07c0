"""The practice's submissions in the order in which they were sent, each beside what was known when it was sent.

Training, scoring and evaluation all walk this one path, so a row made for learning and the row made for a biller are
the same row. An outcome is handed over with the day on which it became known; `History` lets nobody see it before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from models.denial.facts import ClaimFacts
from models.denial.history import History


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a claim was first adjudicated and the day the practice learned it. Of a denial: the DenialCategory values,
    and the procedures of the denied lines (none named: the whole claim).
    """

    denied: bool
    known_on: date
    categories: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sending:
    """One submission and, once it is known, its outcome. `mark` is the caller's own (a claim's id or number)."""

    facts: ClaimFacts
    outcome: Outcome | None = None
    mark: str = ""


def in_order(sendings: Iterable[Sending]) -> list[Sending]:
    """The order of history: by day; within a day as given, which is the order in which the claims were built."""
    return sorted(sendings, key=lambda s: s.facts.submitted_on)


def replay(sendings: Iterable[Sending], history: History | None = None) -> Iterator[tuple[Sending, History]]:
    """Each sending, given `in_order`, with the history as it stands at its submission. The history is one object that
    grows: take what is wanted from it before asking for the next.
    """
    known = History() if history is None else history
    for sending in sendings:
        yield sending, known
        known.submitted(sending.facts)
        if (outcome := sending.outcome) is not None:
            known.adjudicated(sending.facts, outcome.denied, outcome.known_on, outcome.categories, outcome.refused)
