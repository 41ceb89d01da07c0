"""Registration: who is treated, who treats, who guarantees, and which coverages pay in which order.

Records are frozen; a change is a new record. Dates are business dates. Money is cents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """A US postal address. `postal_code` is 5 or 9 digits without hyphen."""

    line1: str
    city: str
    state: str
    postal_code: str
    line2: str = ""


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name as the insurance card has it."""

    last: str
    first: str
    middle: str = ""
    suffix: str = ""


class Sex(StrEnum):
    """DMG03 of 005010X222A1."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "U"


class Relationship(StrEnum):
    """How the patient is related to the subscriber (SBR02, PAT01)."""

    SELF = "18"
    SPOUSE = "01"
    CHILD = "19"
    OTHER = "G8"


@dataclass(frozen=True, slots=True)
class Practice:
    """The billing entity: one TIN and NPI, one set of books. `mark` begins its claim numbers; `zone` closes its day."""

    id: str
    name: str
    mark: str
    tin: str
    npi: str
    taxonomy: str
    address: Address
    phone: str
    zone: str = "America/New_York"


@dataclass(frozen=True, slots=True)
class Location:
    """Where care is given. `place_of_service` is the CMS two-digit code (11 office, 22 outpatient hospital)."""

    id: str
    name: str
    place_of_service: str
    address: Address
    npi: str = ""


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A provider's participation with a payer, from `effective` to `terminated` (None: still enrolled)."""

    payer_id: str
    effective: date
    terminated: date | None = None

    def covers(self, on: date) -> bool:
        """Whether the provider is enrolled on that day."""
        return self.effective <= on and (self.terminated is None or on <= self.terminated)


@dataclass(frozen=True, slots=True)
class Provider:
    """A person who renders, supervises or refers."""

    id: str
    name: PersonName
    npi: str
    taxonomy: str
    specialty: str = ""
    enrollments: tuple[Enrollment, ...] = ()

    def enrolled_with(self, payer_id: str, on: date) -> bool:
        """Whether any enrollment with this payer covers the day."""
        return any(e.payer_id == payer_id and e.covers(on) for e in self.enrollments)


@dataclass(frozen=True, slots=True)
class Payer:
    """An insurance payer. `number` is its electronic payer id (NM109); `filing` is SBR09 (MB, CI, MC, BL, HM)."""

    id: str
    name: str
    number: str
    filing: str
    address: Address


@dataclass(frozen=True, slots=True)
class Guarantor:
    """Who answers for the patient's share."""

    id: str
    name: PersonName
    address: Address


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The person who holds the insurance. For a patient who is the subscriber these equal the patient's."""

    name: PersonName
    birth_date: date
    sex: Sex
    address: Address


@dataclass(frozen=True, slots=True)
class Coverage:
    """One insurance of one patient. `rank` 1, 2, 3 is the order in which coverages pay."""

    id: str
    patient_id: str
    payer_id: str
    rank: int
    member_id: str
    relationship: Relationship
    subscriber: Subscriber
    effective: date
    terminated: date | None = None
    group_number: str = ""
    plan: str = ""

    def active(self, on: date) -> bool:
        """Whether the coverage is in force on that day (both ends included)."""
        return self.effective <= on and (self.terminated is None or on <= self.terminated)


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient with the guarantor who answers for them. `record_number` is the chart number."""

    id: str
    record_number: str
    name: PersonName
    birth_date: date
    sex: Sex
    address: Address
    guarantor_id: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """A payer's prior authorization: `number` as the payer gave it, for a code, units and dates."""

    id: str
    patient_id: str
    payer_id: str
    number: str
    procedure: str
    units: int
    effective: date
    terminated: date


def in_payer_order(coverages: tuple[Coverage, ...], on: date) -> tuple[Coverage, ...]:
    """The coverages active on the day, first payer first."""
    return tuple(sorted((c for c in coverages if c.active(on)), key=lambda c: (c.rank, c.id)))
