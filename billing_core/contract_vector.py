"""Test vectors of a contract: a worked claim and what it should come to, kept with the terms they prove.

A vector names its source: the published example it repeats, or "own". Amounts are expected to the cent. Records alone;
contract_check.py runs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from billing_core.money import Cents


@dataclass(frozen=True, slots=True)
class VectorPrior:
    """What an earlier payer did with a line or with the claim as a whole. Adjustments by "PR-2"."""

    paid: Cents = 0
    adjustments: Mapping[str, Cents] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VectorLine:
    """One service line; `on` and `place` where they are not the claim's. `prior`: earlier payers, first one first."""

    code: str
    charge: Cents
    units: int = 1
    modifiers: tuple[str, ...] = ()
    place: str = ""
    on: date | None = None
    prior: tuple[VectorPrior, ...] = ()


@dataclass(frozen=True, slots=True)
class VectorUsed:
    """What member and family have used before; `year` is the benefit year, the one of the service when left out.

    `services`: visits, or cents, of limited services by their name.
    """

    year: int | None = None
    deductible: Cents = 0
    out_of_pocket: Cents = 0
    family_deductible: Cents = 0
    family_out_of_pocket: Cents = 0
    services: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VectorAuthorization:
    """An authorization the payer gave for the year of service."""

    number: str
    code: str
    units: int


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """What one line should come to; what is None is not looked at."""

    allowed: Cents | None = None
    paid: Cents | None = None
    patient: Cents | None = None
    adjustments: Mapping[str, Cents] | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the claim should come to, its lines in order, or the words of the error that refuses it."""

    allowed: Cents | None = None
    paid: Cents | None = None
    patient: Cents | None = None
    adjustments: Mapping[str, Cents] | None = None
    lines: tuple[ExpectedLine, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Vector:
    """One worked claim under the contract. `received` is ten days after the service when left out."""

    name: str
    source: str
    on: date
    plan: str
    lines: tuple[VectorLine, ...]
    expect: Expected
    published: bool = False
    received: date | None = None
    rank: int = 1
    used: VectorUsed = field(default_factory=VectorUsed)
    prior: tuple[VectorPrior, ...] = ()
    prior_paid_on: date | None = None
    taxonomy: str = ""
    authorization: str = ""
    authorized: tuple[VectorAuthorization, ...] = ()
    referral: str = ""
    coverage_begins: date | None = None
    coverage_ends: date | None = None
    coordination: str = ""
