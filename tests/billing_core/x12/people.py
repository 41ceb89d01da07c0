"""Invented people and the files about them, by story: the golden files and the tests are made of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from billing_core.acknowledgment import (
    ClaimAcknowledgment,
    GroupAcknowledgment,
    InterchangeAcknowledgment,
    SegmentError,
)
from billing_core.claim import Claim, ClaimLine, Frequency, PriorPayer
from billing_core.identifiers import npi_from
from billing_core.registration import (
    Address,
    Coverage,
    Location,
    Patient,
    Payer,
    PersonName,
    Practice,
    Provider,
    Relationship,
    Sex,
    Subscriber,
)
from billing_core.remittance import Adjustment, ClaimPayment, Group, ProviderAdjustment, Remittance, ServicePayment
from billing_core.x12 import (
    acknowledgment_277ca,
    acknowledgment_999,
    acknowledgment_ta1,
    claim_837p,
    remittance_835,
)
from billing_core.x12.envelope import Envelope

ENVELOPE = Envelope("CLEANCLAIM", "60054", 7, datetime(2026, 4, 9, 8, 30))
ANSWER = Envelope("60054", "CLEANCLAIM", 7, datetime(2026, 4, 10, 6, 0))
DAY = date(2026, 4, 7)

OFFICE = Address("12 Elm St", "Troy", "NY", "121801234")
HOME = Address("9 Mill Ln", "Albany", "NY", "122051234", "Apt 4")
HOSPITAL_ADDRESS = Address("1 Hospital Way", "Troy", "NY", "121801111")
PRACTICE = Practice(
    "practice-id",
    "Elm Family Medicine",
    "ELMF",
    "123456789",
    npi_from("123456789"),
    "207Q00000X",
    OFFICE,
    "518-555-0100",
)
SECOND_PRACTICE = replace(
    PRACTICE, name="Oak Pediatrics", tin="987654321", npi=npi_from("155555555"), phone="5185550177"
)
PAYER = Payer("payer-id", "Northern Health", "60054", "CI", Address("PO Box 1", "Albany", "NY", "122010001"))
MEDICARE = Payer("medicare-id", "Medicare NY", "13202", "MB", Address("PO Box 2", "Syracuse", "NY", "132010001"))
ANN = PersonName("Doe", "Ann", "Q")
SUBSCRIBER = Subscriber(ANN, date(1980, 2, 3), Sex.FEMALE, HOME)
PATIENT = Patient("patient-id", "1001", ANN, date(1980, 2, 3), Sex.FEMALE, HOME, "guarantor-id")
CHILD = Patient("child-id", "1002", PersonName("Doe", "Bo", "", "Jr"), date(2015, 6, 7), Sex.MALE, HOME, "guarantor-id")
COVERAGE = Coverage(
    "coverage-id",
    "patient-id",
    "payer-id",
    1,
    "W1234567",
    Relationship.SELF,
    SUBSCRIBER,
    date(2025, 1, 1),
    group_number="GRP77",
)
DOCTOR = Provider("doctor-id", PersonName("Roe", "Rita"), npi_from("198765432"), "207Q00000X", "family")
SPECIALIST = Provider("specialist-id", PersonName("Poe", "Paul"), npi_from("187654321"), "")
LOCATION = Location("location-id", "Main Office", "11", OFFICE)
HOSPITAL = Location("hospital-id", "Troy Hospital", "22", HOSPITAL_ADDRESS, npi_from("144444444"))


def line(number: int = 1, procedure: str = "99213", amount: int = 15000, pointers: tuple[int, ...] = (1,)) -> ClaimLine:
    return ClaimLine(number, f"ELMF00000001L{number}", f"charge-{number}", procedure, (), 1, pointers, amount, DAY)


OFFICE_VISIT = Claim(
    id="claim-id",
    number="ELMF000000011",
    frequency=Frequency.ORIGINAL,
    rank=1,
    encounter_id="encounter-id",
    practice=PRACTICE,
    payer=PAYER,
    coverage=COVERAGE,
    patient=PATIENT,
    rendering=DOCTOR,
    location=LOCATION,
    diagnoses=("E11.9", "I10"),
    lines=(line(pointers=(1, 2)), replace(line(2, "36415", 850), modifiers=("59",), units=2)),
    created_on=date(2026, 4, 9),
)
OF_A_CHILD = replace(
    OFFICE_VISIT,
    number="ELMF000000022",
    patient=CHILD,
    coverage=replace(COVERAGE, relationship=Relationship.CHILD, group_number="", plan="Silver"),
    diagnoses=("J02.0",),
    lines=(line(),),
)
REPLACEMENT = replace(
    OFFICE_VISIT,
    number="ELMF000000033",
    frequency=Frequency.REPLACEMENT,
    payer_reference="NH2026040001",
    authorization="AUTH77",
    referral="REF88",
    referring=SPECIALIST,
    supervising=DOCTOR,
    location=HOSPITAL,
)
SOLO = replace(OFFICE_VISIT, number="ELMF000000044", rendering=replace(DOCTOR, npi=PRACTICE.npi))
TWELVE_DIAGNOSES = replace(
    OFFICE_VISIT,
    number="ELMF000000055",
    diagnoses=(
        "E11.65",
        "I10",
        "E78.5",
        "N18.30",
        "Z79.4",
        "M54.50",
        "J45.909",
        "F41.1",
        "K21.9",
        "G47.33",
        "R05.9",
        "Z00",
    ),
    lines=(line(pointers=(1, 2, 3, 12)),),
)
_CONTRACTUAL = Adjustment(Group.CONTRACTUAL, "45", 4000)
SECONDARY = replace(
    OFFICE_VISIT,
    number="ELMF000000066",
    rank=2,
    payer=PAYER,
    coverage=replace(COVERAGE, rank=2),
    prior_payers=(
        PriorPayer(
            MEDICARE,
            replace(COVERAGE, payer_id="medicare-id", member_id="1EG4TE5MK73", group_number=""),
            9600,
            date(2026, 4, 8),
            (
                (1, 8800, (_CONTRACTUAL, Adjustment(Group.PATIENT, "2", 2200))),
                (2, 800, (Adjustment(Group.CONTRACTUAL, "45", 50),)),
            ),
        ),
    ),
)

_VISIT = ServicePayment(
    "99213",
    (),
    15000,
    8800,
    "1",
    DAY,
    (_CONTRACTUAL, Adjustment(Group.PATIENT, "2", 2200)),
    "ELMF00000001L1",
    (),
    "",
    11000,
)
PAID = ClaimPayment(
    "ELMF000000011",
    "1",
    15000,
    8800,
    2200,
    "NH1",
    (),
    (_VISIT,),
    ("MA01",),
    "12",
    "DOE",
    "ANN",
    "W1234567",
    DAY,
    date(2026, 4, 9),
)
DENIED = replace(
    PAID,
    number="ELMF000000022",
    status="4",
    paid=0,
    patient_responsibility=0,
    services=(
        replace(
            _VISIT,
            paid=0,
            allowed=None,
            adjustments=(Adjustment(Group.CONTRACTUAL, "16", 15000),),
            remarks=("N290", "M51"),
        ),
    ),
)
TAKEN_BACK = replace(
    PAID,
    status="22",
    charge=-15000,
    paid=-8800,
    patient_responsibility=0,
    adjustments=(Adjustment(Group.CONTRACTUAL, "45", -6200),),
    services=(),
    remarks=(),
    received_on=None,
)
SEVEN_ADJUSTMENTS = replace(
    PAID,
    number="ELMF000000033",
    services=(
        replace(
            _VISIT,
            adjustments=(
                *(
                    Adjustment(Group.CONTRACTUAL, code, 500, "1")
                    for code in ("45", "59", "97", "131", "144", "253", "P12")
                ),
                Adjustment(Group.PATIENT, "3", 2700),
            ),
            modifiers=("25", "GT"),
            submitted="99214",
        ),
    ),
    crossover_payer="NEXT PAYER",
    interest=12,
)


def remittance(*claims: ClaimPayment, **changes: object) -> Remittance:
    """A remittance that balances, of these claims."""
    plbs: tuple[ProviderAdjustment, ...] = changes.get("provider_adjustments", ())  # type: ignore[assignment]
    total = sum(c.paid for c in claims) - sum(p.amount for p in plbs)
    whole = Remittance(
        payer_name="NORTHERN HEALTH",
        payer_number="60054",
        payee_npi=PRACTICE.npi,
        payee_tin=PRACTICE.tin,
        trace="TRACE1",
        origin="1234567890",
        paid_on=date(2026, 4, 20),
        handling="I",
        method="CHK",
        amount=total,
        claims=claims,
        payee_name="ELM FAMILY MEDICINE",
        payer_address=Address("PO BOX 1", "ALBANY", "NY", "122010001"),
        payer_phone="8005550100",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


OFFSETS = tuple(
    ProviderAdjustment("WO", f"ELMF00000{n}", 100 * n, PRACTICE.npi, date(2026, 12, 31)) for n in range(1, 7)
)

TAKEN = acknowledgment_999.acknowledge("0001")
NOT_TAKEN = acknowledgment_999.acknowledge(
    "0002", (SegmentError("HI", 24, "3", "2300"), SegmentError("NM1", 12, "8", "2010", 9, 0, "7"))
)
CLAIM_TAKEN = ClaimAcknowledgment(
    "ELMF000000011", "A2", "20", "PR", date(2026, 4, 10), 15850, "", "NH1", "DOE", "ANN", "W1234567", DAY
)
CLAIM_REFUSED = replace(
    CLAIM_TAKEN,
    number="ELMF000000022",
    category="A7",
    status="562",
    entity="85",
    message="NPI UNKNOWN",
    payer_reference="",
)


def _claims(*claims: Claim) -> bytes:
    return claim_837p.write(claims, ENVELOPE, "Northern Health")


STORIES: dict[str, Callable[[], bytes]] = {
    "837P/office-visit": lambda: _claims(OFFICE_VISIT),
    "837P/child-of-the-subscriber": lambda: _claims(OF_A_CHILD),
    "837P/replacement-with-every-provider": lambda: _claims(REPLACEMENT),
    "837P/billing-provider-renders": lambda: _claims(SOLO),
    "837P/twelve-diagnoses": lambda: _claims(TWELVE_DIAGNOSES),
    "837P/secondary-after-medicare": lambda: _claims(SECONDARY),
    "837P/two-billing-providers": lambda: _claims(
        OFFICE_VISIT, replace(OF_A_CHILD, practice=SECOND_PRACTICE), replace(OFFICE_VISIT, number="ELMF000000077")
    ),
    "835/paid-and-denied": lambda: remittance_835.write([remittance(PAID, DENIED)], ANSWER),
    "835/taken-back": lambda: remittance_835.write(
        [remittance(TAKEN_BACK, replace(PAID, number="ELMF000000099"), PAID)], ANSWER
    ),
    "835/seven-adjustments-interest-crossover": lambda: remittance_835.write([remittance(SEVEN_ADJUSTMENTS)], ANSWER),
    "835/nothing-paid": lambda: remittance_835.write([remittance(DENIED, handling="H", method="NON")], ANSWER),
    "835/offsets-make-it-negative": lambda: remittance_835.write(
        [remittance(DENIED, provider_adjustments=OFFSETS)], ANSWER
    ),
    "999/one-taken-one-not": lambda: acknowledgment_999.write(
        GroupAcknowledgment("7", "P", (TAKEN, NOT_TAKEN)), ANSWER
    ),
    "277CA/one-taken-one-refused": lambda: acknowledgment_277ca.write(
        (CLAIM_TAKEN, CLAIM_REFUSED), PAYER, ANSWER, PRACTICE.name, PRACTICE.npi, "0000000070001"
    ),
    "TA1/interchange-refused": lambda: acknowledgment_ta1.write(
        [InterchangeAcknowledgment(7, date(2026, 4, 9), "R", "025")], ANSWER
    ),
}
