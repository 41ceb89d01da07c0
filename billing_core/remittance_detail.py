"""What an 835 says beyond the money: bank details, corrected names, references, amounts for information, inpatient and
outpatient adjudication. Guide: 005010X221A1.

Codes and qualifiers stand as the guide has them; each field names its element. None of it enters a balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing_core.claim_detail import AmountOf, Reference
from billing_core.registration import PersonName


@dataclass(frozen=True, slots=True)
class PartyNamed:
    """An NM1 of a claim payment: IL the insured, 74 as corrected, 82 rendering, TT crossover, PR another payer first.

    For an organization `name.last` is its name.
    """

    role: str
    name: PersonName
    person: bool = True
    id_qualifier: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class QuantityOf:
    """QTY: CA covered days, ZK federal category 1 ..."""

    qualifier: str
    quantity: str


@dataclass(frozen=True, slots=True)
class DayOf:
    """DTM: 232 and 233 the statement's period, 036 coverage ends, 050 received, 150 and 151 a period of service."""

    qualifier: str
    day: date


@dataclass(frozen=True, slots=True)
class Adjudication:
    """MIA or MOA as it stands: `elements` are its elements in order (rates, amounts; remark codes stand elsewhere)."""

    segment: str
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceDetail:
    """What loop 2110 may add to a service payment.

    `qualifier` is SVC01-1 where it is not the usual one of the code's form, `revenue` SVC04, `submitted` the rest of
    SVC06 (qualifier, code, modifiers) where it is more than a code, `submitted_units` SVC07.
    """

    qualifier: str = ""
    description: str = ""
    revenue: str = ""
    submitted: tuple[str, ...] = ()
    submitted_units: str = ""
    days: tuple[DayOf, ...] = ()
    references: tuple[Reference, ...] = ()
    amounts: tuple[AmountOf, ...] = ()
    quantities: tuple[QuantityOf, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimPaymentDetail:
    """What loop 2100 may add to a claim payment: `facility` CLP08, `frequency` CLP09, `drg` CLP11, `weight` CLP12,
    `discharge_fraction` CLP13; `patient` is the rest of NM1*QC.
    """

    facility: str = ""
    frequency: str = ""
    drg: str = ""
    weight: str = ""
    discharge_fraction: str = ""
    patient: PartyNamed | None = None
    parties: tuple[PartyNamed, ...] = ()
    adjudications: tuple[Adjudication, ...] = ()
    days: tuple[DayOf, ...] = ()
    references: tuple[Reference, ...] = ()
    amounts: tuple[AmountOf, ...] = ()
    quantities: tuple[QuantityOf, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """LX and what follows it before its claims (TS3, TS2): from claim `first` on, counted from 0."""

    first: int
    number: str
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemittanceDetail:
    """What the header of an 835 may add. `credit` is BPR03 (C or D), `form` BPR05, `bank` BPR06 to BPR15 as they stand.

    `produced_on` is DTM*405; `payer_kept` and `payee_kept` are the rest of the payer's and payee's loops, `header_kept`
    what stands before them.
    """

    credit: str = "C"
    form: str = ""
    bank: tuple[str, ...] = ()
    supplemental: str = ""
    produced_on: date | None = None
    receiver: str = ""
    header_kept: tuple[str, ...] = ()
    payer_kept: tuple[str, ...] = ()
    payee_kept: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


NO_SERVICE_DETAIL = ServiceDetail()
NO_CLAIM_PAYMENT_DETAIL = ClaimPaymentDetail()
NO_REMITTANCE_DETAIL = RemittanceDetail()
