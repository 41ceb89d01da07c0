"""Credit balances: money of a payer or guarantor that no charge has taken, and the day by which it goes back.

The first that speaks decides:

1. Medicare (filing MA, MB, 16) and Medicaid (MC): 60 days from the day the overpayment is identified; a good-faith
   investigation suspends the clock for at most 180 days. Source: 42 CFR 401.305 (as amended for 2025); Medicaid:
   section 1128J(d) of the Social Security Act.
2. Another payer: the term of the contract (`refund` in its file), from identification or from the payer's request.
3. Another payer, or a patient: the rule of the state, where the site keeps one (`refund_rules`).
4. A patient: 30 days, which is the practice's own promise and no law. Another payer: not decidable until a person has
   read the contract or the state's rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

GOVERNMENT = frozenset({"MA", "MB", "MC", "16"})  # SBR09: Medicare A and B, Medicaid, Medicare Advantage
GOVERNMENT_DAYS = 60
INVESTIGATION_MOST = 180
PATIENT_DAYS = 30
NO_TERM = "no term is on file: look at the contract and at the state's rule"


class RefundSince(StrEnum):
    """The day from which the days to return a credit run."""

    IDENTIFIED = "identified"
    REQUEST = "request"


class Holder(StrEnum):
    """Whose money a state's rule speaks of."""

    PAYER = "payer"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class RefundTerm:
    """So many days to return a credit, from identification or from the request. `says`: where it stands, own words."""

    days: int
    since: RefundSince = RefundSince.IDENTIFIED
    says: str = ""

    def clock(self, identified_on: date, requested_on: date | None, by: str) -> RefundClock:
        """The last day; None while nobody has asked for money that goes back on request. `by` is whose term it is."""
        named = f"{by}: {self.says}" if self.says else by
        if self.since is RefundSince.IDENTIFIED:
            due = identified_on + timedelta(days=self.days)
            return RefundClock(due, f"{self.days} days from the day it was identified ({named})")
        if requested_on is None:
            return RefundClock(None, f"{self.days} days from the request, and none is noted ({named})")
        due = requested_on + timedelta(days=self.days)
        return RefundClock(due, f"{self.days} days from the request of {requested_on.isoformat()} ({named})")


@dataclass(frozen=True, slots=True)
class RefundRule:
    """What a state says of credits, as the site read it: in force from `effective` to `terminated`.

    `source` is the statute or regulation that was read, `term.says` what it says in the site's own words.
    """

    state: str
    whose: Holder
    term: RefundTerm
    effective: date
    source: str
    terminated: date | None = None

    def covers(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return self.effective <= on and (self.terminated is None or on <= self.terminated)


@dataclass(frozen=True, slots=True)
class RefundClock:
    """The last day to return a credit, and the rule that says so; None where no rule is known, or nobody asked."""

    due: date | None
    rule: str


@dataclass(frozen=True, slots=True)
class Investigation:
    """A good-faith investigation of an overpayment, between two days."""

    begun: date
    ends: date


def rule_of_state(rules: Iterable[RefundRule], state: str, whose: Holder, on: date) -> RefundRule | None:
    """The rule of that state in force on a day, the latest first; None where the site keeps none."""
    found = [rule for rule in rules if rule.state == state and rule.whose is whose and rule.covers(on)]
    return max(found, key=lambda rule: rule.effective, default=None)


def refund_clock(
    filing: str,
    identified_on: date,
    investigation: Investigation | None = None,
    *,
    requested_on: date | None = None,
    contract: RefundTerm | None = None,
    rule: RefundRule | None = None,
) -> RefundClock:
    """By when a credit identified on a day goes back. `filing` is the payer's claim filing code, "" for a patient.

    >>> refund_clock("MB", date(2026, 1, 1)).due
    datetime.date(2026, 3, 2)
    >>> refund_clock("MB", date(2026, 1, 1), Investigation(date(2026, 1, 1), date(2026, 12, 1))).due
    datetime.date(2026, 8, 29)
    >>> refund_clock("CI", date(2026, 1, 1), contract=RefundTerm(45)).due
    datetime.date(2026, 2, 15)
    """
    if filing in GOVERNMENT:
        pause = timedelta(0)
        if investigation is not None:
            pause = min(max(investigation.ends - investigation.begun, pause), timedelta(days=INVESTIGATION_MOST))
        words = "60 days from the day it was identified (42 CFR 401.305)"
        if pause:
            words += f"; {pause.days} days of good-faith investigation"
        return RefundClock(identified_on + timedelta(days=GOVERNMENT_DAYS) + pause, words)
    if filing and contract is not None:
        return contract.clock(identified_on, requested_on, "by the contract")
    if rule is not None:
        return rule.term.clock(identified_on, requested_on, f"{rule.state}, {rule.source}")
    if not filing:
        due = identified_on + timedelta(days=PATIENT_DAYS)
        return RefundClock(due, "a patient's money goes back within 30 days (the practice's own promise)")
    return RefundClock(None, NO_TERM)
