"""Time, and only time, divides the claims: a model is judged on claims sent after everything it learned from was known.

The origin rolls through time, a month a step, as a practice retrains on last month's remittances: at each origin a
model learns what was known before it and judges the claims sent in the month that follows. So many more claims are
judged than one held-out stretch would hold, each by a model that could not have seen it.

*Mature* claims are old enough that nearly every payer has answered. Younger claims are left out of every part, answered
or not: those already answered are the quick ones, and to learn from them alone would mistake speed for outcome. A claim
without an answer is unknown; it is counted, never taken as paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing_core.errors import BillingError
from models import watch
from training.export_folder import Submission

STEP_DAYS = 30
WARM_UP = 0.25  # share of the mature claims sent before the first origin: from there on calibration is learned
JUDGED_FROM = 0.4  # share sent before the claims that count
LEAST_JUDGED = 60
LEAST_OF_A_KIND = 8


class TooFew(BillingError):
    """Too few claims with an outcome to train or to judge."""


@dataclass(frozen=True, slots=True)
class Fold:
    """At `origin` only `learn` was known and mature; `judge` was sent from then until the next origin. Places."""

    origin: date
    learn: tuple[int, ...]
    judge: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """`folds` in time; those from `judged_from` on count. `final` is everything known on the day of the export, from
    which the model to be served learns. `unknown` counts claims of the judged time, old enough to be answered, that
    were not.
    """

    maturity: int
    folds: tuple[Fold, ...]
    judged_from: date
    final: tuple[int, ...]
    known_by: date
    unknown: int

    @property
    def judged(self) -> tuple[int, ...]:
        """The places that count, in time."""
        return tuple(place for fold in self.folds if fold.origin >= self.judged_from for place in fold.judge)


def maturity_days(submissions: Sequence[Submission]) -> int:
    """Days within which most answers arrive, as the watch of the model at work reckons them too. Raises TooFew."""
    waits = [(s.adjudicated_on - s.submitted_on).days for s in submissions if s.adjudicated_on is not None]
    if not waits:
        raise TooFew("no claim has an outcome yet", mend="post remittances, then export again")
    return watch.maturity_days(waits)


def known(submissions: Sequence[Submission], origin: date, maturity: int) -> tuple[int, ...]:
    """The places of claims that on `origin` were mature and whose outcome had been learned before it."""
    last = origin - timedelta(days=maturity)
    return tuple(
        place
        for place, s in enumerate(submissions)
        if s.submitted_on <= last and s.adjudicated_on is not None and s.adjudicated_on < origin
    )


def plan(submissions: Sequence[Submission], as_of: date) -> Plan:
    """The division of `submissions` (in the order sent). Raises TooFew when a part would be too small to mean much."""
    maturity = maturity_days(submissions)
    tomorrow = as_of + timedelta(days=1)  # what was learned on the day of the export is known in it
    mature = known(submissions, tomorrow, maturity)
    folds = []
    judged_from = _boundary(submissions, mature, JUDGED_FROM)
    end = submissions[mature[-1]].submitted_on + timedelta(days=1)
    warm = _steps(_boundary(submissions, mature, WARM_UP), judged_from)
    for origin, until in (*warm, *_steps(judged_from, end)):
        judge = tuple(place for place in mature if origin <= submissions[place].submitted_on < until)
        learn = known(submissions, origin, maturity)
        if judge and _two_kinds(submissions, learn):
            folds.append(Fold(origin, learn, judge))
    old = (s for s in submissions if judged_from <= s.submitted_on <= tomorrow - timedelta(days=maturity))
    made = Plan(maturity, tuple(folds), judged_from, mature, tomorrow, sum(s.denied is None for s in old))
    _refuse_few(submissions, made)
    return made


def _steps(start: date, end: date) -> list[tuple[date, date]]:
    """The time from `start` to before `end` in steps of STEP_DAYS; the last one is as short as it must be."""
    origins = [start + timedelta(days=days) for days in range(0, max((end - start).days, 0), STEP_DAYS)]
    return list(zip(origins, [*origins[1:], end], strict=True)) if origins else []


def _boundary(submissions: Sequence[Submission], places: Sequence[int], share: float) -> date:
    """The day on which `share` of the places had been sent."""
    if not places:
        raise TooFew("no claim is both mature and answered", mend="wait for answers, then export again")
    return submissions[places[min(int(share * len(places)), len(places) - 1)]].submitted_on


def _denied(submissions: Sequence[Submission], places: Sequence[int]) -> int:
    return sum(submissions[place].denied is True for place in places)


def _two_kinds(submissions: Sequence[Submission], learn: Sequence[int]) -> bool:
    """Whether there is something of each kind to learn from."""
    return LEAST_OF_A_KIND <= _denied(submissions, learn) <= len(learn) - LEAST_OF_A_KIND


def _refuse_few(submissions: Sequence[Submission], made: Plan) -> None:
    for part, places, least in (
        ("to learn from", made.final, 2 * LEAST_JUDGED),
        ("to be judged by", made.judged, LEAST_JUDGED),
    ):
        denied = _denied(submissions, places)
        if len(places) < least or not LEAST_OF_A_KIND <= denied <= len(places) - LEAST_OF_A_KIND:
            raise TooFew(
                f"{len(places)} claims {part}, {denied} of them denied: too few",
                mend=f"at least {least} claims with {LEAST_OF_A_KIND} of each outcome are needed; export later",
            )
