"""Time, and only time, divides the claims: a model is judged on claims sent after everything it learned from was known.

*Mature* claims are old enough that nearly every payer has answered. Younger claims are left out of every part, answered
or not: those already answered are the quick ones, and to learn from them alone would mistake speed for outcome. A claim
without an answer is unknown; it is counted, never taken as paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing_core.errors import BillingError
from training.export_folder import Submission

TEST_SHARE = 0.25
ORIGINS = 5
FIRST_ORIGIN = 0.6  # of the claims before the held-out stretch: a model of few claims tells little of one of many
MATURE_SHARE = 0.95  # of answers arrive within the maturity
MATURITY_DAYS = (14, 120)
LEAST_TEST = 60
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
    """`test` is the last fold, held out; `rolling` are earlier ones, for rounds and calibration. `unknown` counts
    claims in the test period, old enough to be answered, that were not.
    """

    maturity: int
    test: Fold
    rolling: tuple[Fold, ...]
    unknown: int


def maturity_days(submissions: Sequence[Submission]) -> int:
    """Days within which most answers arrive, within MATURITY_DAYS."""
    waits = sorted((s.adjudicated_on - s.submitted_on).days for s in submissions if s.adjudicated_on is not None)
    if not waits:
        raise TooFew("no claim has an outcome yet", mend="post remittances, then export again")
    least, most = MATURITY_DAYS
    return min(max(waits[int(MATURE_SHARE * (len(waits) - 1))], least), most)


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
    start = _boundary(submissions, mature, 1 - TEST_SHARE)
    test = Fold(start, known(submissions, start, maturity), _sent(submissions, mature, start, tomorrow))
    _refuse_few(submissions, test)
    starts = [
        _boundary(submissions, test.learn, FIRST_ORIGIN + (1 - FIRST_ORIGIN) * k / ORIGINS) for k in range(ORIGINS)
    ]
    rolling = tuple(
        Fold(origin, known(submissions, origin, maturity), _sent(submissions, test.learn, origin, until))
        for origin, until in zip(starts, [*starts[1:], start], strict=True)
        if origin < until
    )
    old = (s for s in submissions if start <= s.submitted_on <= tomorrow - timedelta(days=maturity))
    return Plan(maturity, test, rolling, sum(s.denied is None for s in old))


def _boundary(submissions: Sequence[Submission], places: Sequence[int], share: float) -> date:
    """The day on which `share` of the places had been sent."""
    if not places:
        raise TooFew("no claim is both mature and answered", mend="wait for answers, then export again")
    return submissions[places[min(int(share * len(places)), len(places) - 1)]].submitted_on


def _sent(submissions: Sequence[Submission], places: Sequence[int], start: date, until: date) -> tuple[int, ...]:
    return tuple(place for place in places if start <= submissions[place].submitted_on < until)


def _refuse_few(submissions: Sequence[Submission], test: Fold) -> None:
    for part, places, least in (("to learn from", test.learn, 2 * LEAST_TEST), ("held out", test.judge, LEAST_TEST)):
        denied = sum(submissions[place].denied is True for place in places)
        if len(places) < least or not LEAST_OF_A_KIND <= denied <= len(places) - LEAST_OF_A_KIND:
            raise TooFew(
                f"{len(places)} claims {part}, {denied} of them denied: too few",
                mend=f"at least {least} claims with {LEAST_OF_A_KIND} of each outcome are needed; export later",
            )
