"""Contract terms: what a payer promised to pay, by when we must file, and which remedy a refusal allows.

A `Contract` is one payer's terms for one practice between two dates: how lines are priced (fees, rates, schedules and
their rules: fee_terms.py), what each plan leaves to the patient, how it coordinates with an earlier payer, from which
day each deadline runs, and what may be done after a refusal. The file format is contract_file.py; docs/contracts.md
teaches it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any

from billing_core.contract_vector import Vector
from billing_core.credit_balance import RefundTerm
from billing_core.errors import ContractError
from billing_core.fee_terms import (
    Bilateral,
    Cap,
    MultipleProcedures,
    PaymentReduction,
    Rate,
    Schedule,
    listed,
)
from billing_core.money import Cents
from billing_core.record import to_plain

NO_MAXIMUM: Cents = 10**12  # a plan without an out-of-pocket maximum (Medicare Part B)


class Remedy(StrEnum):
    """How a refused claim may be put right with this payer."""

    NEW_CLAIM = "new claim"
    REPLACEMENT = "replacement claim (frequency 7 with the payer's claim number)"
    APPEAL = "appeal"
    VOID = "void (frequency 8 with the payer's claim number)"
    REOPENING = "reopening"
    RECONSIDERATION = "reconsideration"


class Since(StrEnum):
    """The day from which a window runs."""

    SERVICE = "date of service"
    LAST_SERVICE = "last date of service on the claim"
    REMITTANCE = "remittance"
    EARLIER_PAYER = "remittance of the payer before"
    LEVEL_BEFORE = "decision of the level before"


@dataclass(frozen=True, slots=True)
class RemedyTerm:
    """One remedy this payer allows, and its window of months and days. `level` orders appeals: 1 before 2."""

    remedy: Remedy
    since: Since
    days: int = 0
    months: int = 0
    level: int = 1
    name: str = ""

    def until(self, start: date) -> date:
        """The last day of the window that opens on `start`."""
        return window_end(start, self.months, self.days)


class CobMethod(StrEnum):
    """How a second payer reckons its payment after the first.

    STANDARD: its own benefit, at most what the first left to the patient (NAIC model regulation 120).
    NON_DUPLICATION (carve-out): its own benefit less what the first paid.
    MAINTENANCE_OF_BENEFITS: its shares are taken of what the first left of its own allowed amount.
    MEDICARE_SECONDARY: the lowest of the three amounts of 42 CFR 411.33(a).
    UP_TO_ALLOWED: its allowed amount less what the first paid, without shares (Medicaid's lesser-of).
    """

    STANDARD = "standard"
    NON_DUPLICATION = "non-duplication"
    MAINTENANCE_OF_BENEFITS = "maintenance of benefits"
    MEDICARE_SECONDARY = "medicare secondary"
    UP_TO_ALLOWED = "up to allowed"


@dataclass(frozen=True, slots=True)
class Limit:
    """The most a plan gives of a benefit in a benefit year: visits (days of service), or dollars of allowed amount."""

    visits: int | None = None
    amount: Cents | None = None


@dataclass(frozen=True, slots=True)
class ServiceShare:
    """What the plan leaves to the patient for some services, where it is not the plan's general share.

    A share that is None is the plan's own. `limit` ends the benefit for the year; `covered` false: not covered at all.
    """

    name: str
    codes: tuple[str, ...]
    copay: Cents | None = None
    coinsurance: Decimal | None = None
    deductible_applies: bool = True
    covered: bool = True
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class BenefitPlan:
    """What the plan leaves to the patient, per benefit year. `coinsurance` is the patient's share of the allowed.

    The family's deductible and maximum, where there are any, end the shares of each member once the family has met
    them; with `family_aggregate` only the family's count. `deductible_first`: before the copay. The benefit year
    begins in `year_begins` (1: January).
    """

    plan: str
    copay: Cents
    deductible: Cents
    coinsurance: Decimal
    out_of_pocket_max: Cents
    family_deductible: Cents | None = None
    family_out_of_pocket_max: Cents | None = None
    family_aggregate: bool = False
    deductible_first: bool = False
    year_begins: int = 1
    services: tuple[ServiceShare, ...] = ()

    def benefit_year(self, on: date) -> int:
        """The benefit year of the day, named by the calendar year in which it began."""
        return on.year if on.month >= self.year_begins else on.year - 1

    def service(self, code: str) -> ServiceShare | None:
        """The first of `services` that lists the code."""
        for one in self.services:
            if listed(one.codes, code):
                return one
        return None


@dataclass(frozen=True, slots=True)
class Contract:
    """One payer's terms for one practice, from `effective` to `terminated`.

    A line is priced by the first that speaks of it: `fees` (a unit; "73721-26" for a code with its modifier), `rates`
    in order, `default_percent` of the charge (None: the contract has no rate, and asking for one raises ContractError:
    never a silent zero). Deadlines are days: `filing_days` from `filing_since` (or `filing_months` calendar months),
    `corrected_days` and `appeal_days` from the remittance. `remedies` says more, where the payer does. `vectors` are
    worked claims that prove the terms (contract_check.py). `refund` says by when money that is the payer's goes back.
    """

    payer_id: str
    effective: date
    terminated: date | None
    fees: Mapping[str, Cents]
    default_percent: Decimal | None
    plans: tuple[BenefitPlan, ...]
    filing_days: int
    corrected_days: int
    appeal_days: int
    corrected_by: Remedy
    authorization_required: frozenset[str] = field(default_factory=frozenset)
    referral_required: frozenset[str] = field(default_factory=frozenset)
    not_covered: frozenset[str] = field(default_factory=frozenset)
    name: str = ""
    rates: tuple[Rate, ...] = ()
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    lesser_of: bool = True
    multiple_procedures: tuple[MultipleProcedures, ...] = ()
    bilateral: Bilateral | None = None
    modifier_percents: Mapping[str, Decimal] = field(default_factory=dict)
    provider_percents: Mapping[str, Decimal] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    payment_reductions: tuple[PaymentReduction, ...] = ()
    coordination: CobMethod = CobMethod.STANDARD
    filing_since: Since = Since.SERVICE
    filing_months: int = 0
    secondary_filing_days: int | None = None
    remedies: tuple[RemedyTerm, ...] = ()
    vectors: tuple[Vector, ...] = ()
    refund: RefundTerm | None = None

    def __post_init__(self) -> None:
        """Raises ContractError for the first contradiction: the file reader names them all before it comes here."""
        for message, where, mend in contradictions(self):
            raise ContractError(message, where=f"payer {self.payer_id}, {where}", mend=mend)

    def covers(self, on: date) -> bool:
        """Whether these terms are in force on that day."""
        return self.effective <= on and (self.terminated is None or on <= self.terminated)

    def file_by(self, service_date: date) -> date:
        """The last day on which an original claim for that day of service is in time."""
        return window_end(service_date, self.filing_months, 0 if self.filing_months else self.filing_days)

    def file_second_by(self, remitted_on: date) -> date:
        """The last day on which a second payer's claim is in time after the first one's remittance."""
        if self.secondary_filing_days is not None:
            return remitted_on + timedelta(days=self.secondary_filing_days)
        return self.file_by(remitted_on)

    def correct_by(self, remitted_on: date) -> date:
        """The last day on which a corrected claim is in time after the remittance of that day."""
        return remitted_on + timedelta(days=self.corrected_days)

    def appeal_by(self, remitted_on: date) -> date:
        """The last day on which the first appeal is in time after the remittance of that day."""
        return remitted_on + timedelta(days=self.appeal_days)

    def plan(self, name: str) -> BenefitPlan:
        """The plan of that name; ContractError when the contract does not carry it."""
        for plan in self.plans:
            if plan.plan == name:
                return plan
        raise ContractError(
            f"plan {name or '(none named)'} is not in the contract",
            where=f"payer {self.payer_id}, plans",
            mend="add the plan's benefits to the contract, or correct the plan of the coverage",
        )


def short_plain(contract: Contract) -> dict[str, Any]:
    """The contract as JSON values, the terms that have come since the first format left out where they say nothing.

    World folders are written so: a world without such terms keeps its bytes, and with them its chances.
    """
    plain = to_plain(contract)
    for name, value in _SILENT_TERMS.items():
        if plain[name] == value:
            del plain[name]
    for plan in plain["plans"]:
        for name, value in _SILENT_SHARES.items():
            if plan[name] == value:
                del plan[name]
    return plain


_SILENT_TERMS: dict[str, Any] = {
    "name": "",
    "rates": [],
    "schedules": {},
    "lesser_of": True,
    "multiple_procedures": [],
    "bilateral": None,
    "modifier_percents": {},
    "provider_percents": {},
    "caps": [],
    "payment_reductions": [],
    "coordination": CobMethod.STANDARD.value,
    "filing_since": Since.SERVICE.value,
    "filing_months": 0,
    "secondary_filing_days": None,
    "remedies": [],
    "vectors": [],
}
_SILENT_SHARES: dict[str, Any] = {
    "family_deductible": None,
    "family_out_of_pocket_max": None,
    "family_aggregate": False,
    "deductible_first": False,
    "year_begins": 1,
    "services": [],
}


def window_end(start: date, months: int, days: int) -> date:
    """`start` and that many calendar months (the month's last day where it is shorter), then days.

    >>> window_end(date(2024, 2, 29), 12, 0), window_end(date(2026, 4, 7), 0, 90)
    (datetime.date(2025, 2, 28), datetime.date(2026, 7, 6))
    """
    if months:
        year, month = divmod(start.month - 1 + months, 12)
        year, month = start.year + year, month + 1
        start = date(year, month, min(start.day, monthrange(year, month)[1]))
    return start + timedelta(days=days)


Contradiction = tuple[str, str, str]  # what is wrong, where in the contract, what mends it


def contradictions(contract: Contract) -> Iterator[Contradiction]:
    """Every way in which the terms contradict themselves, each with its place and mend."""
    if contract.terminated is not None and contract.terminated < contract.effective:
        yield "the contract ends before it begins", "terminated", "correct the dates"
    for name in ("filing_days", "corrected_days", "appeal_days"):
        if getattr(contract, name) <= 0:
            yield "a deadline of no days", name, "give the deadline in days"
    if contract.filing_months < 0:
        yield "a deadline of fewer than no months", "filing_months", "give the deadline in months"
    yield from _fee_contradictions(contract)
    yield from _rate_contradictions(contract)
    yield from _schedule_contradictions(contract)
    yield from _rule_contradictions(contract)
    seen: set[str] = set()
    for plan in contract.plans:
        if plan.plan in seen:
            yield "two plans have the same name", f"plans.{plan.plan}", "give each plan a name of its own"
        seen.add(plan.plan)
        yield from _plan_contradictions(plan)
    for remedy in contract.remedies:
        if remedy.days <= 0 and remedy.months <= 0:
            yield "a remedy without a window", f"remedies.{remedy.remedy.name.lower()}", "give days or months"


def _fee_contradictions(contract: Contract) -> Iterator[Contradiction]:
    for code, fee in contract.fees.items():
        if fee < 0:
            yield "a negative fee", f"fees.{code}", "write what is allowed a unit, zero or more"
    if contract.default_percent is not None and contract.default_percent < 0:
        yield "a negative percentage", "default_percent", "write the share of the charge, such as 0.60"


def _rate_contradictions(contract: Contract) -> Iterator[Contradiction]:
    names: set[str] = set()
    for place, rate in enumerate(contract.rates):
        where = f"rates.{rate.name}"
        if rate.name in names:
            yield "two rates have the same name", where, "give each rate a name of its own"
        names.add(rate.name)
        if rate.basis in ("fee", "per day", "case") and rate.amount is None:
            yield f"a rate by {rate.basis} without an amount", where, "give its amount"
        if rate.amount is not None and rate.amount < 0:
            yield "a negative rate", where, "give an amount of zero or more"
        if rate.percent < 0:
            yield "a negative percentage", where, "write 1.15 for 115 percent"
        if rate.basis == "schedule" and rate.schedule not in contract.schedules:
            yield (
                "the schedule is not in the contract",
                f"{where}.schedule",
                "add [schedules.NAME], or correct the name",
            )
        if rate.effective and rate.terminated and rate.terminated < rate.effective:
            yield "the rate ends before it begins", where, "correct its dates"
        for earlier in contract.rates[:place]:
            if _hides(earlier, rate):
                yield (
                    f"the rate can never apply: {earlier.name} comes first and takes the same lines",
                    where,
                    "put the narrower rate first, or give them dates that do not meet",
                )


def _hides(earlier: Rate, later: Rate) -> bool:
    """Whether the earlier rate takes every line of the later one, as far as the words of the two can tell."""

    def within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
        return not outer or (bool(inner) and set(inner) <= set(outer))

    return (
        within(later.codes, earlier.codes)
        and within(later.modifiers, earlier.modifiers)
        and within(later.places, earlier.places)
        and (earlier.effective is None or (later.effective is not None and earlier.effective <= later.effective))
        and (earlier.terminated is None or (later.terminated is not None and later.terminated <= earlier.terminated))
    )


def _schedule_contradictions(contract: Contract) -> Iterator[Contradiction]:
    for name, schedule in contract.schedules.items():
        where = f"schedules.{name}"
        if not schedule.fees and not schedule.conversion_factors:
            yield "a schedule without fees and without conversion factor", where, "give one of the two"
        for code, fee in schedule.fees.items():
            if fee < 0:
                yield "a negative fee", f"{where}.fees.{code}", "write what is allowed a unit, zero or more"
        factors = sorted(schedule.conversion_factors, key=lambda f: f.effective)
        for one in factors:
            if one.factor <= 0 or (one.terminated is not None and one.terminated < one.effective):
                yield "a conversion factor that is not above zero, or ends before it begins", where, "correct it"
        for one, two in pairwise(factors):
            if one.terminated is None or two.effective <= one.terminated:
                yield (
                    "two conversion factors speak of the same day",
                    f"{where}.conversion_factors",
                    "end the earlier one on the day before the later one begins",
                )


def _rule_contradictions(contract: Contract) -> Iterator[Contradiction]:
    for rule in contract.multiple_procedures:
        where = f"multiple_procedures.{rule.name}"
        for percents in (rule.percents, rule.professional_percents):
            if not percents or any(not 0 <= p <= 1 for p in percents) or list(percents) != sorted(percents)[::-1]:
                yield "percents are shares of 0 to 1, none higher than the one before", where, "such as 1, 0.5, 0.5"
        if not rule.codes and not rule.indicators:
            yield "a multiple-procedure rule for no code", where, "give codes, or RVU indicators"
    for code, percent in (*contract.modifier_percents.items(), *contract.provider_percents.items()):
        if percent < 0:
            yield "a negative percentage", f"modifiers or provider_percents {code}", "write 0.16 for 16 percent"
    if contract.bilateral is not None and not 0 <= contract.bilateral.percent <= 2:
        yield "both sides are paid between none and twice one side", "bilateral.percent", "such as 1.5"
    for cap in contract.caps:
        if cap.amount < 0:
            yield "a negative cap", f"caps.{cap.name}", "give an amount of zero or more"
    for cut in contract.payment_reductions:
        if not 0 <= cut.percent <= 1:
            yield "a reduction is a share of 0 to 1", f"payment_reductions.{cut.name}", "write 0.02 for 2 percent"


def _plan_contradictions(plan: BenefitPlan) -> Iterator[Contradiction]:
    where = f"plans.{plan.plan}"
    for name in ("copay", "deductible", "out_of_pocket_max", "family_deductible", "family_out_of_pocket_max"):
        amount = getattr(plan, name)
        if amount is not None and amount < 0:
            yield f"a negative {name.replace('_', ' ')}", f"{where}.{name}", "write an amount of zero or more"
    if not 0 <= plan.coinsurance <= 1:
        yield "coinsurance outside 0 to 1", f"{where}.coinsurance", "write the patient's share: 0.20 for 20 percent"
    if plan.family_deductible is not None and 0 <= plan.family_deductible < plan.deductible:
        yield (
            "the family's deductible is lower than one member's",
            f"{where}.family_deductible",
            "raise it, or say family_aggregate = true and give the member the family's amount",
        )
    if plan.family_aggregate and plan.family_deductible is None:
        yield "an aggregate family deductible that is not given", f"{where}.family_deductible", "give it"
    if not 1 <= plan.year_begins <= 12:
        yield "the benefit year begins in no month", f"{where}.year_begins", "write 1 for January"
    for one in plan.services:
        place = f"{where}.services.{one.name}"
        if not one.codes:
            yield "a service share for no code", place, "list its codes"
        if (one.copay is not None and one.copay < 0) or not 0 <= (one.coinsurance or 0) <= 1:
            yield "a negative copay, or coinsurance outside 0 to 1", place, "correct the share"
        if one.limit is not None and (one.limit.visits or 0) <= 0 and (one.limit.amount or 0) <= 0:
            yield "a limit of nothing", f"{place}.limit", "give visits or an amount, or write covered = false"
