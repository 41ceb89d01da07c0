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
    """TA1: was the interchange `control` taken? `code` is A, E (with errors noted) or R; `note` is TA105.

    `on` and `at` are date and time (HHMM) of the interchange that is spoken of. `answered_on` is the day of the
    payer's answer and `trace` the control number of its interchange: with our file, proof of timely filing.
    """

    control: int
    on: date
    code: str
    note: str = "000"
    at: str = ""
    answered_on: date | None = None
    trace: str = ""

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

    `details` are the same errors in the guide's codes, where the 999 states them; `codes` are IK502 to IK506, of the
    set as a whole. `set_id` and `version` are AK201 and AK203.
    """

    set_control: str
    accepted: bool
    errors: tuple[str, ...] = ()
    details: tuple[SegmentError, ...] = ()
    codes: tuple[str, ...] = ()
    set_id: str = "837"
    version: str = "005010X222A1"


@dataclass(frozen=True, slots=True)
class GroupAcknowledgment:
    """One 999: which functional group (AK102) it speaks of, and each of its sets. `code` is AK901 (A, E, P, R).

    `group_id` and `version` are AK101 and AK103; `codes` are AK905 to AK909. `answered_on` is the
    day of the payer's file and `trace` its interchange and set control number: with our file, proof of timely filing.
    """

    group_control: str
    code: str
    sets: tuple[SetAcknowledgment, ...]
    group_id: str = "HC"
    version: str = "005010X222A1"
    codes: tuple[str, ...] = ()
    answered_on: date | None = None
    trace: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the whole group was taken (A, or E: with errors noted)."""
        return self.code in ("A", "E")


@dataclass(frozen=True, slots=True)
class FurtherStatus:
    """A status beside the one that decides (STC01, STC10, STC11). `line` is its service line, "" for all."""

    category: str
    status: str
    entity: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class ClaimAcknowledgment:
    """One claim of a 277CA. `number` is our CLM01 (TRN02 of the patient level).

    `category` and `status` are STC01-1 and STC01-2. Categories A1, A2 accept; A3, A6, A7, A8 reject.
    `payer_reference` is the payer's claim number (REF*1K). `received_on` is the day on which the payer received the
    claim (DTP*050) and `trace` its own trace number (TRN*1): proof of timely filing. `further` are the other statuses
    given, of the claim and of its lines.
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
    received_on: date | None = None
    trace: str = ""
    further: tuple[FurtherStatus, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the claim entered adjudication."""
        return self.category in ("A0", "A1", "A2", "A5")
