"""What the payer's front door says of a file and of each claim in it, before adjudication.

TA1 speaks of the interchange, 999 of functional group and transaction set (005010X231A1), 277CA of each claim
(005010X214). A rejected claim was never adjudicated: mend it and send a new claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing_core.money import Cents


@dataclass(frozen=True, slots=True)
class InterchangeAcknowledgment:
    """TA1: was the interchange `control` taken? `code` is A, E (with errors noted) or R; `note` is TA105."""

    control: int
    on: date
    code: str
    note: str = "000"

    @property
    def accepted(self) -> bool:
        """Whether the interchange was taken (A or E)."""
        return self.code in ("A", "E")


@dataclass(frozen=True, slots=True)
class SegmentError:
    """One IK3, or one IK4 below it: the segment `position` counts from ST = 1; `element` 0 means the segment itself.

    `code` is IK304, `element_code` IK403. The bad value itself (IK404) is never kept: it may be patient data.
    """

    segment: str
    position: int
    code: str
    loop: str = ""
    element: int = 0
    component: int = 0
    element_code: str = ""


@dataclass(frozen=True, slots=True)
class SetAcknowledgment:
    """One AK2/IK5 of a 999: was the transaction set taken? `errors` are sentences naming segment and element.

    `details` are the same errors in the guide's codes, where the 999 states them.
    """

    set_control: str
    accepted: bool
    errors: tuple[str, ...] = ()
    details: tuple[SegmentError, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupAcknowledgment:
    """One 999: which functional group (AK102) it speaks of, and each of its sets. `code` is AK901 (A, E, P, R)."""

    group_control: str
    code: str
    sets: tuple[SetAcknowledgment, ...]

    @property
    def accepted(self) -> bool:
        """Whether the whole group was taken (A, or E: with errors noted)."""
        return self.code in ("A", "E")


@dataclass(frozen=True, slots=True)
class ClaimAcknowledgment:
    """One claim of a 277CA. `number` is our CLM01 (TRN02 of the patient level).

    `category` and `status` are STC01-1 and STC01-2. Categories A1, A2 accept; A3, A6, A7, A8 reject.
    `payer_reference` is the payer's claim number (REF*1K).
    """

    number: str
    category: str
    status: str
    entity: str
    on: date
    amount: Cents
    message: str = ""
    payer_reference: str = ""
    patient_last: str = ""
    patient_first: str = ""
    member_id: str = ""
    service_date: date | None = None

    @property
    def accepted(self) -> bool:
        """Whether the claim entered adjudication."""
        return self.category in ("A0", "A1", "A2", "A5")
