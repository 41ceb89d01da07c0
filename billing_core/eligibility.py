"""Eligibility: which coverage is active on the date of service, which pays first, and why one is not.

Decided from the coverages on file; an answer of the payer (271, 005010X279A1 EB*1 active, EB*6 inactive) may be laid
over it and wins, because the front desk's record may be stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_core.registration import Coverage, in_payer_order


class Standing(StrEnum):
    """How a coverage stands on a day."""

    ACTIVE = "active"
    NOT_YET = "not yet in force"
    ENDED = "ended"
    REFUSED = "inactive by the payer's own answer"


@dataclass(frozen=True, slots=True)
class PayerAnswer:
    """What the payer said of one coverage for a day (271): active or not, and when it said so."""

    coverage_id: str
    service_date: date
    active: bool
    answered_on: date


@dataclass(frozen=True, slots=True)
class CoverageStanding:
    """One coverage on the day; `confirmed` when the payer itself has answered for that day."""

    coverage: Coverage
    standing: Standing
    confirmed: bool


@dataclass(frozen=True, slots=True)
class EligibilityAnswer:
    """All coverages of a patient on a day, in the order in which they pay: active ones first."""

    on: date
    standings: tuple[CoverageStanding, ...]

    @property
    def payable(self) -> tuple[Coverage, ...]:
        """The active coverages, first payer first."""
        return tuple(s.coverage for s in self.standings if s.standing is Standing.ACTIVE)

    @property
    def first(self) -> Coverage | None:
        """Who pays first; None: the patient pays alone (self-pay)."""
        return next(iter(self.payable), None)

    def after(self, coverage_id: str) -> Coverage | None:
        """Who pays next once that coverage has answered; None when nobody does."""
        ids = [coverage.id for coverage in self.payable]
        place = ids.index(coverage_id) + 1 if coverage_id in ids else len(ids)
        return self.payable[place] if place < len(ids) else None


def check_coverage(coverages: Iterable[Coverage], on: date, answers: Iterable[PayerAnswer] = ()) -> EligibilityAnswer:
    """How each coverage stands on the date of service. The latest payer answer for that day wins over the record."""
    heard: dict[str, PayerAnswer] = {}
    for answer in sorted(answers, key=lambda a: a.answered_on):
        if answer.service_date == on:
            heard[answer.coverage_id] = answer
    standings = [_standing(coverage, on, heard.get(coverage.id)) for coverage in coverages]
    standings.sort(key=lambda s: (s.standing is not Standing.ACTIVE, s.coverage.rank, s.coverage.id))
    return EligibilityAnswer(on, tuple(standings))


def active_coverage(coverages: Iterable[Coverage], on: date) -> Coverage | None:
    """The coverage that pays first on the day by the record alone; None: self-pay."""
    return next(iter(in_payer_order(tuple(coverages), on)), None)


def _standing(coverage: Coverage, on: date, answer: PayerAnswer | None) -> CoverageStanding:
    if answer is not None:
        return CoverageStanding(coverage, Standing.ACTIVE if answer.active else Standing.REFUSED, True)
    if on < coverage.effective:
        return CoverageStanding(coverage, Standing.NOT_YET, False)
    ended = coverage.terminated is not None and on > coverage.terminated
    return CoverageStanding(coverage, Standing.ENDED if ended else Standing.ACTIVE, False)
