"""How a contract prices a line: schedules, rates, and the rules that cut or raise them. Records; pricing.py reads them.

A `Schedule` is a list of fees, or Medicare's formula: (work RVU x work GPCI + practice expense RVU x its GPCI +
malpractice RVU x its GPCI) x the conversion factor of the day. A `Rate` says which lines it prices and how; the rules
below it say what happens when a service is done on both sides, with others, or by an assistant.
Sources: 42 CFR 414.20 to 414.44 (formula, multiple and bilateral surgery); Medicare Claims Processing Manual (CMS Pub.
100-04) chapter 12 sections 20 and 40, chapter 5 section 10.7 and chapter 13 section 40 (multiple procedure reductions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from billing_core.money import Cents

ONE = Decimal(1)
ZERO = Decimal(0)


@lru_cache(maxsize=65536)
def listed(patterns: tuple[str, ...], code: str) -> bool:
    """Whether the code is one of the patterns: a code, a beginning ("J*"), or a range of codes of equal length.

    >>> listed(("99213", "70010-79999", "J*"), "73721"), listed(("J*",), "J3301"), listed((), "99213")
    (True, True, False)
    """
    for pattern in patterns:
        if pattern == code:
            return True
        if pattern.endswith("*"):
            if code.startswith(pattern[:-1]):
                return True
        elif "-" in pattern:
            first, _, last = pattern.partition("-")
            if len(code) == len(first) and first <= code <= last:
                return True
    return False


class Basis(StrEnum):
    """What a rate is reckoned from."""

    FEE = "fee"  # an amount a unit
    CHARGE = "charge"  # a share of what we charge
    SCHEDULE = "schedule"  # a share of a schedule's fee
    PER_DAY = "per day"  # one amount for all these lines of a day (per diem)
    CASE = "case"  # one amount for all these lines of the claim


@dataclass(frozen=True, slots=True)
class Rate:
    """One way to price the lines it names. Empty `codes`, `modifiers` or `places` take every line.

    `modifiers`: the line carries one of them; `places`: its place of service is one of them. Dates include both ends.
    """

    name: str
    basis: Basis
    codes: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    amount: Cents | None = None
    percent: Decimal = ONE
    schedule: str = ""
    effective: date | None = None
    terminated: date | None = None

    def takes(self, code: str, modifiers: tuple[str, ...], place: str, on: date) -> bool:
        """Whether the rate prices such a line."""
        return (
            (not self.codes or listed(self.codes, code))
            and (not self.modifiers or any(m in self.modifiers for m in modifiers))
            and (not self.places or place in self.places)
            and (self.effective is None or self.effective <= on)
            and (self.terminated is None or on <= self.terminated)
        )


@dataclass(frozen=True, slots=True)
class Rvu:
    """The relative values of one code (or code and modifier, "73721-26"), with CMS's payment policy indicators.

    `office` and `facility` are the practice expense values outside and inside a facility. `multiple` is CMS's multiple
    procedure indicator (0 none, 2 ranked surgery, 3 endoscopy, 4 imaging, 5 therapy, 6 cardiovascular, 7 eye studies),
    `bilateral` 0 to 3 or 9, `endoscopy_base` the code whose fee is part of this one's.
    """

    work: Decimal
    office: Decimal
    facility: Decimal
    malpractice: Decimal
    status: str = ""
    multiple: str = ""
    bilateral: str = ""
    assistant: str = ""
    endoscopy_base: str = ""


@dataclass(frozen=True, slots=True)
class Gpci:
    """Geographic practice cost indices of one Medicare locality."""

    work: Decimal = ONE
    practice_expense: Decimal = ONE
    malpractice: Decimal = ONE


@dataclass(frozen=True, slots=True)
class ConversionFactor:
    """Dollars for one adjusted RVU, from `effective` to `terminated`. A year may have several (2024 had two)."""

    effective: date
    terminated: date | None
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Schedule:
    """A list of fees, or Medicare's formula. RVUs not given here are read from the imported `rvu` table of the day."""

    fees: Mapping[str, Cents] = field(default_factory=dict)
    conversion_factors: tuple[ConversionFactor, ...] = ()
    gpci: Gpci = field(default_factory=Gpci)
    rvus: Mapping[str, Rvu] = field(default_factory=dict)
    locality: str = ""

    def factor(self, on: date) -> Decimal | None:
        """The conversion factor of the day, or None."""
        for one in self.conversion_factors:
            if one.effective <= on and (one.terminated is None or on <= one.terminated):
                return one.factor
        return None


class Reduction(StrEnum):
    """What a multiple-procedure rule cuts."""

    RANKED = "ranked"  # the whole fee, by rank: surgery
    ENDOSCOPY = "endoscopy"  # all but the highest: less the fee of their base procedure
    PRACTICE_EXPENSE = "practice expense"  # the practice expense part of all units but the highest: therapy
    TECHNICAL = "technical"  # the technical component of all but the highest: cardiovascular, ophthalmology
    COMPONENTS = "components"  # technical and professional, each ranked by itself: imaging


@dataclass(frozen=True, slots=True)
class MultipleProcedures:
    """What is paid of services done on one day: `percents` by rank, the last one for all that follow.

    A line is under the rule when its code is in `codes` or its RVU indicator in `indicators`; `exempt` codes never are.
    `percents` is for the fee or the technical part; `professional_percents` for the professional part (COMPONENTS).
    `bases`: by code, the endoscopy it is built on, where the RVUs do not say.
    """

    name: str
    kind: Reduction
    percents: tuple[Decimal, ...]
    codes: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    professional_percents: tuple[Decimal, ...] = (ONE,)
    bases: Mapping[str, str] = field(default_factory=dict)

    def percent(self, rank: int) -> Decimal:
        """What is paid at that rank, from 0."""
        return self.percents[min(rank, len(self.percents) - 1)]

    def professional_percent(self, rank: int) -> Decimal:
        """What is paid of the professional part at that rank, from 0."""
        return self.professional_percents[min(rank, len(self.professional_percents) - 1)]


@dataclass(frozen=True, slots=True)
class Bilateral:
    """Both sides in one session (modifier 50): `percent` of the fee of one side. Empty `codes`: every code.

    Where RVUs are known their indicator decides: 1 takes `percent`, 0 and 2 take 100 %, 3 takes 200 %.
    """

    percent: Decimal
    codes: tuple[str, ...] = ()


class CapPer(StrEnum):
    """Over what a cap counts."""

    UNIT = "unit"
    LINE = "line"
    DAY = "day"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that is allowed for these codes together. Empty `codes`: every code."""

    name: str
    per: CapPer
    amount: Cents
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentReduction:
    """A cut of the payer's own payment, after the patient's shares: sequestration (CARC 253), a withhold (104)."""

    name: str
    percent: Decimal
    reason: str
    effective: date | None = None
    terminated: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether it cuts payment for a service of that day."""
        return (self.effective is None or self.effective <= on) and (self.terminated is None or on <= self.terminated)
