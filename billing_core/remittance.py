"""What a payer says it paid: the 835 as records, and whether it balances. Guide: 005010X221A1.

The law: at each line, charge - adjustments = paid; at each claim, charge - all its adjustments = paid; in the
transaction, the sum of claims paid - provider-level adjustments = BPR02 (X221A1 section 1.10.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_core.money import Cents, amount_text
from billing_core.registration import Address
from billing_core.remittance_detail import ClaimPaymentDetail, RemittanceDetail, ServiceDetail


class Group(StrEnum):
    """CAS01, who bears the adjustment: contractual, other, payer-initiated, patient, correction and reversal."""

    CONTRACTUAL = "CO"
    OTHER = "OA"
    PAYER_INITIATED = "PI"
    PATIENT = "PR"
    CORRECTION = "CR"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One CAS triplet: group, reason code (CARC), amount; positive reduces the payment."""

    group: Group
    reason: str
    amount: Cents
    quantity: str = ""


@dataclass(frozen=True, slots=True)
class ServicePayment:
    """SVC: one line as the payer adjudicated it. `control` is our REF*6R when the payer returned it.

    `submitted` is SVC06, the procedure we sent when the payer paid another one. `remarks` are RARCs (LQ*HE).
    """

    procedure: str
    modifiers: tuple[str, ...]
    charge: Cents
    paid: Cents
    units: str
    service_date: date | None
    adjustments: tuple[Adjustment, ...] = ()
    control: str = ""
    remarks: tuple[str, ...] = ()
    submitted: str = ""
    allowed: Cents | None = None
    detail: ServiceDetail | None = None

    @property
    def adjusted(self) -> Cents:
        """The sum of the line's adjustments."""
        return sum(a.amount for a in self.adjustments)


@dataclass(frozen=True, slots=True)
class ClaimPayment:
    """CLP: one claim as the payer adjudicated it. `number` is our CLM01 as returned in CLP01.

    `status` is CLP02 (1 primary, 2 secondary, 3 tertiary, 4 denied, 19/20/21 forwarded, 22 reversal, 25
    predetermination): it tells what kind of answer this is, never whether it is a denial.
    `payer_reference` is CLP07. `interest` is AMT*I.
    """

    number: str
    status: str
    charge: Cents
    paid: Cents
    patient_responsibility: Cents
    payer_reference: str
    adjustments: tuple[Adjustment, ...] = ()
    services: tuple[ServicePayment, ...] = ()
    remarks: tuple[str, ...] = ()
    filing: str = ""
    patient_last: str = ""
    patient_first: str = ""
    member_id: str = ""
    service_date: date | None = None
    received_on: date | None = None
    crossover_payer: str = ""
    interest: Cents = 0
    detail: ClaimPaymentDetail | None = None

    @property
    def is_reversal(self) -> bool:
        """CLP02 = 22: takes back an earlier answer."""
        return self.status == "22"

    @property
    def adjusted(self) -> Cents:
        """Every adjustment of the claim, claim level and lines together."""
        return sum(a.amount for a in self.adjustments) + sum(s.adjusted for s in self.services)


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """One PLB pair. Positive reduces the payment (as in the file). `reference` often names a claim."""

    reason: str
    reference: str
    amount: Cents
    provider: str = ""
    fiscal_period: date | None = None


@dataclass(frozen=True, slots=True)
class Remittance:
    """One 835 transaction set. `trace` is TRN02, `origin` TRN03; `handling` BPR01, `method` BPR04 (ACH, CHK, NON).

    The guide requires a payee name, and an address and telephone number of the payer: a payer that writes an 835
    gives them; posting does not use them.
    """

    payer_name: str
    payer_number: str
    payee_npi: str
    payee_tin: str
    trace: str
    origin: str
    paid_on: date
    handling: str
    method: str
    amount: Cents
    claims: tuple[ClaimPayment, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()
    payee_name: str = ""
    payer_address: Address | None = None
    payer_phone: str = ""
    detail: RemittanceDetail | None = None


@dataclass(frozen=True, slots=True)
class Imbalance:
    """One place where the remittance does not balance. Amounts in cents; `where` gives claim or line by position."""

    level: str
    where: str
    expected: Cents
    stated: Cents

    def __str__(self) -> str:
        return f"{self.where}: adds to {amount_text(self.expected)}, states {amount_text(self.stated)}"


def claim_imbalances(position: int, claim: ClaimPayment) -> Iterator[Imbalance]:
    """Where one claim payment, the `position`th of its remittance, fails the balance of a line or of the claim."""
    total = 0
    for adjustment in claim.adjustments:
        total += adjustment.amount
    for number, service in enumerate(claim.services, start=1):
        adjusted = 0
        for adjustment in service.adjustments:
            adjusted += adjustment.amount
        total += adjusted
        if service.charge - adjusted != service.paid:
            expected = service.charge - adjusted
            yield Imbalance("line", f"claim {position} line {number}", expected, service.paid)
    if claim.charge - total != claim.paid:
        yield Imbalance("claim", f"claim {position}", claim.charge - total, claim.paid)


def imbalances(remittance: Remittance) -> tuple[Imbalance, ...]:
    """Every place at which the remittance fails one of its three balances; empty when it balances."""
    found: list[Imbalance] = []
    for position, claim in enumerate(remittance.claims, start=1):
        found.extend(claim_imbalances(position, claim))
    expected = sum(c.paid for c in remittance.claims) - sum(p.amount for p in remittance.provider_adjustments)
    if expected != remittance.amount:
        found.append(Imbalance("transaction", "BPR02", expected, remittance.amount))
    return tuple(found)
