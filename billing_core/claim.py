"""The claim: what is sent to one payer, whole and self-contained, and the steps it may take.

A `Claim` carries snapshots of everything the 837P needs, so writing the file is a pure function of it.
Guides: 005010X222A1 (837 professional), 005010X223A2 (837 institutional).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from billing_core.claim_detail import ClaimDetail, Institutional, LineDetail, PriorDetail
from billing_core.errors import IllegalStep
from billing_core.money import Cents
from billing_core.registration import (
    Address,
    Coverage,
    Location,
    Patient,
    Payer,
    PersonName,
    Practice,
    Provider,
    Subscriber,
)
from billing_core.remittance import Adjustment


class Frequency(StrEnum):
    """CLM05-3: what this submission is to the payer. Interim and late bills are institutional (NUBC)."""

    ORIGINAL = "1"
    INTERIM_FIRST = "2"
    INTERIM_CONTINUING = "3"
    INTERIM_LAST = "4"
    LATE_CHARGES = "5"
    REPLACEMENT = "7"
    VOID = "8"
    FINAL_HOME_HEALTH = "9"


class ClaimState(StrEnum):
    """Where a claim stands. *Rejected* was never adjudicated; *denied* was. A submitted claim is unknown, not paid."""

    HELD = "held"  # built; an edit of ours holds it
    READY = "ready"  # passed every edit
    SUBMITTED = "submitted"  # written in an 837 file
    ACCEPTED = "accepted"  # 277CA: in the payer's adjudication
    REJECTED = "rejected"  # TA1, 999 or 277CA: never adjudicated
    PENDED = "pended"  # the payer says: not finished
    PAID = "paid"  # adjudicated, no line denied
    PARTLY_DENIED = "partly denied"  # adjudicated, some lines denied
    DENIED = "denied"  # adjudicated, every line denied
    UNPROCESSABLE = "unprocessable"  # 835 with MA130: no appeal, a new claim
    REVERSED = "reversed"  # taken back (CLP02 = 22) and not yet corrected
    REPLACED = "replaced"  # another submission of ours stands in its place
    CLOSED = "closed"  # nothing more is expected of the payer


ADJUDICATED = frozenset({ClaimState.PAID, ClaimState.PARTLY_DENIED, ClaimState.DENIED, ClaimState.UNPROCESSABLE})
REFUSED_BY_PAYER = ADJUDICATED - {ClaimState.PAID}  # not by an edit of ours, nor at the payer's door
_WAITING = frozenset({ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.PENDED})
LEGAL_STEPS: dict[ClaimState, frozenset[ClaimState]] = {
    ClaimState.HELD: frozenset({ClaimState.HELD, ClaimState.READY, ClaimState.CLOSED}),
    ClaimState.READY: frozenset({ClaimState.HELD, ClaimState.SUBMITTED, ClaimState.CLOSED}),
    ClaimState.SUBMITTED: ADJUDICATED | {ClaimState.ACCEPTED, ClaimState.REJECTED, ClaimState.PENDED},
    ClaimState.ACCEPTED: ADJUDICATED | {ClaimState.REJECTED, ClaimState.PENDED},
    ClaimState.PENDED: ADJUDICATED | {ClaimState.PENDED},
    ClaimState.REJECTED: frozenset({ClaimState.REPLACED, ClaimState.CLOSED}),
    ClaimState.PAID: frozenset({ClaimState.REVERSED, ClaimState.REPLACED, ClaimState.CLOSED}),
    ClaimState.PARTLY_DENIED: frozenset({ClaimState.REVERSED, ClaimState.REPLACED, ClaimState.CLOSED}),
    ClaimState.DENIED: frozenset({ClaimState.REVERSED, ClaimState.REPLACED, ClaimState.CLOSED}),
    ClaimState.UNPROCESSABLE: frozenset({ClaimState.REVERSED, ClaimState.REPLACED, ClaimState.CLOSED}),
    ClaimState.REVERSED: ADJUDICATED | {ClaimState.REPLACED, ClaimState.CLOSED},
    ClaimState.REPLACED: frozenset({ClaimState.REVERSED}),
    ClaimState.CLOSED: frozenset({ClaimState.REVERSED}),
}


def step(state: ClaimState, to: ClaimState) -> ClaimState:
    """`to`, when a claim may go there from `state`; IllegalStep otherwise."""
    if to not in LEGAL_STEPS[state]:
        raise IllegalStep(
            f"a {state} claim cannot become {to}", mend="look at the claim's history for what happened first"
        )
    return to


def unadjudicated(state: ClaimState) -> bool:
    """Whether the payer has still to decide: the claim's outcome is unknown."""
    return state in _WAITING


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One service line. `pointers` number the claim's diagnoses from 1 (at most four). `control` is REF*6R."""

    number: int
    control: str
    charge_id: str
    procedure: str
    modifiers: tuple[str, ...]
    units: int
    pointers: tuple[int, ...]
    amount: Cents
    service_date: date
    place_of_service: str = ""
    detail: LineDetail | None = None


@dataclass(frozen=True, slots=True)
class PriorPayer:
    """What an earlier payer did with this claim (loops 2320/2330/2430): secondary claims carry it.

    For each payer: claim charge = paid + the sum of its adjustments. `line_adjustments` pairs a line number with
    (paid, adjustments).
    """

    payer: Payer
    coverage: Coverage
    paid: Cents
    paid_on: date
    line_adjustments: tuple[tuple[int, Cents, tuple[Adjustment, ...]], ...]
    detail: PriorDetail | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One submission to one payer. `number` is CLM01, unique per submission; lines carry every charge billed.

    `payer_reference` is the payer's own number of the claim being replaced or voided (REF*F8).
    `authorization` is the prior authorization number (REF*G1), `referral` the referral number (REF*9F).
    """

    id: str
    number: str
    frequency: Frequency
    rank: int
    encounter_id: str
    practice: Practice
    payer: Payer
    coverage: Coverage
    patient: Patient
    rendering: Provider
    location: Location
    diagnoses: tuple[str, ...]
    lines: tuple[ClaimLine, ...]
    created_on: date
    authorization: str = ""
    referral: str = ""
    referring: Provider | None = None
    supervising: Provider | None = None
    payer_reference: str = ""
    replaces: str = ""
    prior_payers: tuple[PriorPayer, ...] = ()
    detail: ClaimDetail | None = None
    institutional: Institutional | None = None

    @property
    def payer_id(self) -> str:
        """Whom it is sent to."""
        return self.payer.id

    @property
    def patient_id(self) -> str:
        """Whose claim it is."""
        return self.patient.id

    @property
    def guarantor_id(self) -> str:
        """Who answers for what insurance leaves."""
        return self.patient.guarantor_id

    @property
    def coverage_rank(self) -> int:
        """The place of its coverage among the patient's."""
        return self.coverage.rank

    @property
    def charge_ids(self) -> tuple[str, ...]:
        """The charges that the lines bill, in the lines' order."""
        return tuple([line.charge_id for line in self.lines])

    @property
    def total(self) -> Cents:
        """CLM02: the sum of the lines."""
        return sum([line.amount for line in self.lines])

    @property
    def service_date(self) -> date:
        """The first date of service on the claim (`created_on` when it has no line)."""
        return min((line.service_date for line in self.lines), default=self.created_on)


class Billed(Protocol):
    """What a payer's answer is matched and posted by: a `Claim`, or no more of it than this."""

    @property
    def id(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def rank(self) -> int: ...
    @property
    def lines(self) -> tuple[ClaimLine, ...]: ...
    @property
    def payer_id(self) -> str: ...
    @property
    def patient_id(self) -> str: ...
    @property
    def guarantor_id(self) -> str: ...
    @property
    def coverage_rank(self) -> int: ...
    @property
    def charge_ids(self) -> tuple[str, ...]: ...
    @property
    def total(self) -> Cents: ...
    @property
    def service_date(self) -> date: ...


@dataclass(frozen=True, slots=True)
class BilledClaim:
    """No more of a claim than its answer is matched and posted by: a file answers many thousand at once."""

    id: str
    number: str
    rank: int
    lines: tuple[ClaimLine, ...]
    payer_id: str
    patient_id: str
    guarantor_id: str
    coverage_rank: int
    charge_ids: tuple[str, ...]
    total: Cents
    service_date: date


__all__ = [
    "Address",
    "Claim",
    "ClaimLine",
    "ClaimState",
    "Frequency",
    "PersonName",
    "PriorPayer",
    "Subscriber",
    "step",
    "unadjudicated",
]
