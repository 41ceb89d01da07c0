"""Accounts receivable and its figures, each with numerator, denominator and how many cases are not known yet.

Definitions (HFMA MAP Keys in spirit, written out so that nobody need guess):

    clean-claim rate          claims passing all edits without a human touch / claims that entered the edits
    first-pass payment rate   claims paid without denial at their first adjudication / claims adjudicated
    denial rate               claims with a denied line at their first adjudication / claims adjudicated
    days in A/R               open balance / average charges a day over the period
    net collection rate       paid / (charged - contractual); gross collection rate: paid / charged

A submission not adjudicated yet is *unknown*: it is in no numerator and no denominator, and is counted beside them.
What is a denial is said in `denial.py` alone. Aging is by days from the date that the caller gives each balance (date
of service, or date of responsibility) and says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from billing_core.account import Debtor, Standing
from billing_core.claim import ADJUDICATED, REFUSED_BY_PAYER, ClaimState
from billing_core.ledger import Owner
from billing_core.money import Cents

BUCKETS: tuple[tuple[str, int], ...] = (("0-30", 30), ("31-60", 60), ("61-90", 90), ("91-120", 120))
OLDEST = "over 120"
AGES = (*(name for name, _ in BUCKETS), OLDEST)


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that can be checked. Amounts are cents. `unknown` cases are in neither part; `definition` says it."""

    name: str
    numerator: int
    denominator: int
    unknown: int
    as_of: date
    definition: str

    @property
    def value(self) -> Decimal | None:
        """numerator / denominator to four places, half away from zero; None when there is nothing to divide by."""
        if not self.denominator:
            return None
        return (Decimal(self.numerator) / self.denominator).quantize(Decimal("0.0001"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Submission:
    """One claim sent, as the figures see it. `first` is the state its first answer put it in; None: no answer yet.

    `clean`: it passed every edit without a human touch; None: it is not through the edits yet. PENDED and REJECTED are
    no adjudication.
    """

    number: str
    submitted_on: date | None
    clean: bool | None
    first: ClaimState | None = None


def clean_claim_rate(submissions: Iterable[Submission], as_of: date) -> Metric:
    """Claims that passed all edits untouched, of all that entered the edits."""
    given = tuple(submissions)
    entered = [s for s in given if s.clean is not None]
    clean = sum(s.clean is True for s in entered)
    words = "claims passing all edits without a human touch / claims that entered the edits"
    return Metric("clean-claim rate", clean, len(entered), len(given) - len(entered), as_of, words)


def _adjudicated(submissions: Iterable[Submission]) -> tuple[tuple[Submission, ...], int]:
    """The claims the payer decided, and how many were sent and are not decided (rejected ones are neither)."""
    sent = [s for s in submissions if s.submitted_on is not None]
    decided = tuple(s for s in sent if s.first in ADJUDICATED)
    unknown = sum(s.first is None or s.first is ClaimState.PENDED for s in sent)
    return decided, unknown


def first_pass_payment_rate(submissions: Iterable[Submission], as_of: date) -> Metric:
    """Claims paid without denial at first adjudication, of the adjudicated."""
    decided, unknown = _adjudicated(submissions)
    paid = sum(s.first is ClaimState.PAID for s in decided)
    words = "paid without denial at first adjudication / adjudicated"
    return Metric("first-pass payment rate", paid, len(decided), unknown, as_of, words)


def denial_rate(submissions: Iterable[Submission], as_of: date) -> Metric:
    """Claims with a denied line at first adjudication, of the adjudicated."""
    decided, unknown = _adjudicated(submissions)
    refused = sum(s.first in REFUSED_BY_PAYER for s in decided)
    words = "with a denied line at first adjudication / adjudicated"
    return Metric("denial rate", refused, len(decided), unknown, as_of, words)


@dataclass(frozen=True, slots=True)
class OpenBalance:
    """One open balance: who owes it, how much, and the day its age counts from."""

    debtor: Debtor
    amount: Cents
    since: date


@dataclass(frozen=True, slots=True)
class AgingRow:
    """One debtor's open balance by age. `buckets` in order of age; the row adds up to `total`."""

    owner: Owner
    party: str
    buckets: tuple[tuple[str, Cents], ...]
    total: Cents


@dataclass(frozen=True, slots=True)
class Aging:
    """The receivable by debtor and age on a day; `since` says what age counts from."""

    as_of: date
    since: str
    rows: tuple[AgingRow, ...]
    total: Cents


def bucket(since: date, as_of: date) -> str:
    """The name of the age bucket; a day still to come counts as no days."""
    days = (as_of - since).days
    return next((name for name, last in BUCKETS if days <= last), OLDEST)


def first_days(as_of: date) -> tuple[date, ...]:
    """The earliest day of each bucket on a day, latest first; at the end a day of the oldest bucket."""
    return (*(as_of - timedelta(days) for _, days in BUCKETS), as_of - timedelta(BUCKETS[-1][1] + 1))


def aging(balances: Iterable[OpenBalance], as_of: date, since: str = "date of service") -> Aging:
    """Open balances by owner and party, in buckets of age. Owners in payer order, then parties by id."""
    rows: dict[Debtor, dict[str, Cents]] = {}
    for balance in balances:
        row = rows.setdefault(balance.debtor, dict.fromkeys(AGES, 0))
        row[bucket(balance.since, as_of)] += balance.amount
    order = list(Owner)
    made = tuple(
        AgingRow(debtor.owner, debtor.party, tuple(row.items()), sum(row.values()))
        for debtor, row in sorted(rows.items(), key=lambda pair: (order.index(pair[0].owner), pair[0].party))
    )
    return Aging(as_of, since, made, sum(row.total for row in made))


def collection_rates(settled: Iterable[tuple[Owner, Cents, Cents]]) -> dict[Owner, Metric]:
    """What each kind of debtor has paid of what it was owed, from charges that are settled: (owner, owed, paid)."""
    owed: dict[Owner, list[Cents]] = {}
    for owner, due, paid in settled:
        sums = owed.setdefault(owner, [0, 0])
        sums[0] += due
        sums[1] += paid
    words = "paid / owed, of balances that are settled"
    return {o: Metric(f"collected from {o.value}", p, d, 0, date.min, words) for o, (d, p) in owed.items()}


def collectible(owner: Owner, face: Cents, rates: Mapping[Owner, Metric]) -> Cents:
    """What is likely to come of a face value, by the history of such debtors; the face value where there is none."""
    rate = rates[owner].value if owner in rates else None
    if rate is None:
        return face
    return int((Decimal(face) * min(rate, Decimal(1))).quantize(Decimal(1), ROUND_HALF_UP))


def days_in_receivable(open_total: Cents, charged: Cents, period_days: int, as_of: date) -> Metric:
    """Open balance over the average charges a day: how many days of work are still owed."""
    words = f"open balance x {period_days} days / charges of those days"
    return Metric("days in A/R", open_total * period_days, charged, 0, as_of, words)


def net_collection_rate(standings: Iterable[Standing], as_of: date) -> Metric:
    """Paid, of what may be collected under the contracts. Charges still with a payer are unknown."""
    settled, unknown = _settled(standings)
    paid = sum(s.paid for s in settled)
    collectible = sum(s.charged - s.contractual for s in settled)
    words = "paid / (charged - contractual), charges no payer still holds"
    return Metric("net collection rate", paid, collectible, unknown, as_of, words)


def gross_collection_rate(standings: Iterable[Standing], as_of: date) -> Metric:
    """Paid, of what was charged. Charges still with a payer are unknown."""
    settled, unknown = _settled(standings)
    paid, charged = sum(s.paid for s in settled), sum(s.charged for s in settled)
    words = "paid / charged, charges no payer still holds"
    return Metric("gross collection rate", paid, charged, unknown, as_of, words)


def _settled(standings: Iterable[Standing]) -> tuple[tuple[Standing, ...], int]:
    with_patient = frozenset({Owner.GUARANTOR, Owner.COLLECTIONS})
    given = tuple(standings)
    settled = tuple(s for s in given if s.debtor is None or s.debtor.owner in with_patient)
    return settled, len(given) - len(settled)
