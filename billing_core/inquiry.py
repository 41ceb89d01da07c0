"""What a practice asks a payer before and after a claim, and what the payer answers.

Is the patient insured, for what, and what will be left to pay: 270 and 271 (005010X279A1). What has become of a
claim: 276 and 277 (005010X212). Codes stand as the guides have them; each record names its segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing_core.claim_detail import Dated, Reference
from billing_core.money import Cents
from billing_core.registration import Address, PersonName, Sex

ACTIVE = frozenset({"1", "2", "3", "4", "5"})  # EB01: active coverage of some kind
INACTIVE = frozenset({"6", "7", "8"})


@dataclass(frozen=True, slots=True)
class Organization:
    """A payer, provider or receiver: NM101 role, name, and its id under its qualifier."""

    role: str
    name: str
    id: str
    id_qualifier: str = "PI"
    first: str = ""
    person: bool = False


@dataclass(frozen=True, slots=True)
class Insured:
    """Whom an inquiry is about: the subscriber or a dependent. `relationship` is INS02 for a dependent."""

    name: PersonName
    member_id: str = ""
    birth_date: date | None = None
    sex: Sex | None = None
    relationship: str = ""
    address: Address | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[Dated, ...] = ()
    id_qualifier: str = "MI"


@dataclass(frozen=True, slots=True)
class BenefitInquiry:
    """One patient of a 270. `service_types` are EQ01 (30: the plan as a whole); `asked_for` the day (DTP*291)."""

    reference: str
    payer: Organization
    provider: Organization
    subscriber: Insured
    asked_for: Dated | None
    service_types: tuple[str, ...] = ("30",)
    dependent: Insured | None = None
    trace: str = ""
    trace_origin: str = ""
    procedure: str = ""
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """AAA: why a request was not answered, at which level, and what to do (N do not resubmit, C correct, ...)."""

    level: str
    reason: str
    follow_up: str
    valid: bool = False


@dataclass(frozen=True, slots=True)
class Benefit:
    """EB and what follows it: one statement of coverage, limit, copay, deductible or of another payer.

    `code` EB01, `level` EB02, `service_types` EB03, `insurance` EB04, `plan` EB05, `period` EB06, `amount` EB07,
    `percent` EB08 (a decimal: 0.2 is 20 %), quantity EB09 and EB10, `authorization` EB11, `in_network` EB12.
    `others` are the parties of its loop 2120 (another payer, a primary care provider); `related` is that loop as it
    stood, when it says more of them than their names.
    """

    code: str
    level: str = ""
    service_types: tuple[str, ...] = ()
    insurance: str = ""
    plan: str = ""
    period: str = ""
    amount: Cents | None = None
    percent: str = ""
    quantity_qualifier: str = ""
    quantity: str = ""
    authorization: str = ""
    in_network: str = ""
    procedure: tuple[str, ...] = ()
    dates: tuple[Dated, ...] = ()
    references: tuple[Reference, ...] = ()
    messages: tuple[str, ...] = ()
    others: tuple[Organization, ...] = ()
    related: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BenefitAnswer:
    """One patient of a 271. Without patient: the payer refused the request as a whole (`refusals` say why)."""

    reference: str
    answered_on: date
    payer: Organization
    provider: Organization | None = None
    subscriber: Insured | None = None
    dependent: Insured | None = None
    trace: str = ""
    trace_origin: str = ""
    benefits: tuple[Benefit, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def active(self) -> bool | None:
        """Whether the payer says the coverage is active; None when it says neither."""
        codes = {benefit.code for benefit in self.benefits}
        if codes & ACTIVE:
            return True
        return False if codes & INACTIVE else None


@dataclass(frozen=True, slots=True)
class StatusLine:
    """A service line asked about or answered (SVC): `control` is REF*FJ."""

    procedure: tuple[str, ...]
    charge: Cents
    paid: Cents = 0
    revenue: str = ""
    units: str = ""
    control: str = ""
    service: Dated | None = None
    statuses: tuple[Status, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """STC: what has become of a claim or line. Category F1 paid, F2 denied, P pending, A acknowledged, R and E not.

    `code_list` is RX where the code is NCPDP's; `more` are the further statuses of STC10 and STC11.
    """

    category: str
    code: str
    entity: str = ""
    on: date | None = None
    charge: Cents | None = None
    paid: Cents | None = None
    paid_on: date | None = None
    check: str = ""
    code_list: str = ""
    more: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StatusInquiry:
    """One claim of a 276. `trace` is ours and comes back; `account` (EJ) our number, `payer_claim` (1K) the payer's."""

    reference: str
    payer: Organization
    receiver: Organization
    provider: Organization
    subscriber: Insured
    trace: str
    dependent: Insured | None = None
    amount: Cents | None = None
    service: Dated | None = None
    references: tuple[Reference, ...] = ()
    lines: tuple[StatusLine, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """One claim of a 277, or a level that was answered as a whole (`subscriber` is None then)."""

    reference: str
    answered_on: date
    payer: Organization
    trace: str
    statuses: tuple[Status, ...]
    receiver: Organization | None = None
    provider: Organization | None = None
    subscriber: Insured | None = None
    dependent: Insured | None = None
    service: Dated | None = None
    references: tuple[Reference, ...] = ()
    lines: tuple[StatusLine, ...] = ()
    kept: tuple[str, ...] = ()
