"""What a claim may carry beyond who, what and how much: dates, references, notes, attachments, drugs, transport,
further providers, and on institutional claims the bill's own codes. Guides: 005010X222A1, 005010X223A2.

Codes and qualifiers stand as the guide has them (DTP01, REF01, AMT01 ...); each record names its segment. What no
record here models is kept as it stood (`Kept`) and written back in its loop, in the guide's order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing_core.money import Cents
from billing_core.registration import Address, PersonName


@dataclass(frozen=True, slots=True)
class Kept:
    """A segment that no record models, in the loop it stood in. `segment` is written with * and : as delimiters."""

    loop: str
    segment: str


@dataclass(frozen=True, slots=True)
class Reference:
    """REF: a number under its qualifier (X4 CLIA number, D9 clearinghouse trace, EA medical record ...)."""

    qualifier: str
    value: str


@dataclass(frozen=True, slots=True)
class Dated:
    """DTP: a date, a period, or a date with a time (HHMM), under its qualifier (431 onset, 439 accident ...)."""

    qualifier: str
    day: date
    last: date | None = None
    time: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """NTE: ADD additional information, CER certification, DGN diagnosis, TPO third party ..."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """PWK: a document that goes with the claim: what it is, how it travels (BM, EL, FX ...), its control number."""

    report: str
    transmission: str
    control: str = ""


@dataclass(frozen=True, slots=True)
class AmountOf:
    """AMT: F5 what the patient has paid, A8 not covered, EAF what the patient still owes, T tax ..."""

    qualifier: str
    amount: Cents


@dataclass(frozen=True, slots=True)
class Transport:
    """CR1: an ambulance trip. `weight` in pounds, `miles` as decimal strings; `reason` A to E; purposes in words."""

    weight: str
    reason: str
    miles: str
    round_trip: str = ""
    stretcher: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """CRC: conditions of a category (07 ambulance, 75 functional limits, E1 vision, ZZ EPSDT) that apply or do not."""

    category: str
    applies: bool
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drug:
    """LIN and CTP (2410): the NDC of what was given, its quantity and unit, and the prescription number."""

    ndc: str
    quantity: str = ""
    unit: str = ""
    prescription: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """An NM1 loop: someone in a role (NM101). An organization's name is `name.last`."""

    role: str
    name: PersonName
    person: bool = True
    id: str = ""
    id_qualifier: str = ""
    taxonomy: str = ""
    address: Address | None = None
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimDetail:
    """What loop 2300 and the levels above it may add to a claim.

    `signature`, `assignment`, `benefits_assigned`, `release` and `signed_for` are CLM06 to CLM10. `causes` are CLM11-1
    to -3 (AA auto accident, EM employment, OA other); `cause_state` is CLM11-4. `anesthesia` are the procedures of
    HI*BP, `conditions` the codes of HI*BG. `insurance_type` is SBR05; `relationship` is PAT01 where the record's own
    list has no such code; `billing_person` names a billing provider who is a person; `tax_qualifier` is EI or SY.
    """

    dates: tuple[Dated, ...] = ()
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    amounts: tuple[AmountOf, ...] = ()
    transport: Transport | None = None
    indicators: tuple[Indicator, ...] = ()
    anesthesia: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    cause_state: str = ""
    special_program: str = ""
    delay_reason: str = ""
    signature: str = "Y"
    assignment: str = "A"
    benefits_assigned: str = "Y"
    release: str = "Y"
    signed_for: str = ""
    providers: tuple[Party, ...] = ()
    pay_to: Address | None = None
    insurance_type: str = ""
    relationship: str = ""
    billing_person: PersonName | None = None
    tax_qualifier: str = "EI"
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class LineDetail:
    """What loop 2400 and those below it may add to a line.

    `measure` is SV103 (MJ: the units are anesthesia minutes; DA days); `quantity` is SV104 where it is no whole
    number. `revenue` is SV201, `not_covered` SV207 (institutional). `through` ends a period of service; `undated`: the
    line names no date (institutional), and the first day of the statement stands in for it.
    """

    measure: str = "UN"
    quantity: str = ""
    qualifier: str = "HC"
    description: str = ""
    emergency: bool = False
    epsdt: bool = False
    family_planning: bool = False
    copay_exempt: bool = False
    revenue: str = ""
    not_covered: Cents = 0
    through: date | None = None
    undated: bool = False
    dates: tuple[Dated, ...] = ()
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    amounts: tuple[AmountOf, ...] = ()
    transport: Transport | None = None
    indicators: tuple[Indicator, ...] = ()
    drug: Drug | None = None
    providers: tuple[Party, ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """What SVD says beyond amount paid: the procedure paid for, units, when, into which line it was bundled."""

    procedure: str
    modifiers: tuple[str, ...]
    units: str
    paid_on: date
    qualifier: str = "HC"
    revenue: str = ""
    bundled_into: str = ""
    amounts: tuple[AmountOf, ...] = ()


@dataclass(frozen=True, slots=True)
class PriorDetail:
    """What loops 2320 and 2330 may add to an earlier payer. `verdicts` go with its lines, one for each."""

    insurance_type: str = ""
    relationship: str = ""
    benefits_assigned: str = "Y"
    signed_for: str = ""
    release: str = "Y"
    amounts: tuple[AmountOf, ...] = ()
    references: tuple[Reference, ...] = ()
    providers: tuple[Party, ...] = ()
    verdicts: tuple[LineVerdict, ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class OnDay:
    """A code with its day, or its period: an occurrence, an occurrence span, a procedure of ICD-10-PCS."""

    code: str
    day: date
    last: date | None = None


@dataclass(frozen=True, slots=True)
class ValueCode:
    """HI*BE: a value code and its amount (a decimal in the guide: some values are not money)."""

    code: str
    value: str


@dataclass(frozen=True, slots=True)
class Institutional:
    """What only the institutional claim has. The claim's `rendering` is its attending provider (2310A).

    Facility type (CLM05-1) is the location's place of service. `present` are the present-on-admission indicators of
    the diagnoses, `external_present` those of the external causes: one for each, or none. `admitted_at` and
    `discharged_at` are hours (HHMM). `procedures` are ICD-10-PCS, the principal one first.
    """

    statement_from: date
    statement_to: date
    admission_type: str = ""
    admission_source: str = ""
    patient_status: str = ""
    admitted_on: date | None = None
    admitted_at: str = ""
    discharged_at: str = ""
    present: tuple[str, ...] = ()
    admitting: str = ""
    reasons: tuple[str, ...] = ()
    external_causes: tuple[str, ...] = ()
    external_present: tuple[str, ...] = ()
    drg: str = ""
    procedures: tuple[OnDay, ...] = ()
    occurrences: tuple[OnDay, ...] = ()
    spans: tuple[OnDay, ...] = ()
    values: tuple[ValueCode, ...] = ()


NO_CLAIM_DETAIL = ClaimDetail()
NO_LINE_DETAIL = LineDetail()
NO_PRIOR_DETAIL = PriorDetail()
