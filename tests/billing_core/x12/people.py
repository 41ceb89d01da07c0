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
from billing_core.claim_detail import (
    AmountOf,
    Attachment,
    ClaimDetail,
    Dated,
    Drug,
    Indicator,
    Institutional,
    LineDetail,
    Note,
    OnDay,
    Party,
    Reference,
    Transport,
    ValueCode,
)
from billing_core.identifiers import npi_from
from billing_core.inquiry import (
    Benefit,
    BenefitAnswer,
    BenefitInquiry,
    Insured,
    Organization,
    Refusal,
    Status,
    StatusAnswer,
    StatusInquiry,
    StatusLine,
)
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
    claim_837i,
    claim_837p,
    eligibility_270,
    eligibility_271,
    remittance_835,
    status_276,
    status_277,
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
    plbs: tuple[ProviderAdjustment, ...] = changes.get("provider_adjustments", ())
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
    return replace(whole, **changes)


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


# --- a hospital's bill ---------------------------------------------------------------------------------------------

HOSPITAL_PRACTICE = replace(
    PRACTICE, name="Troy Hospital", npi=npi_from("144444444"), taxonomy="282N00000X", address=HOSPITAL_ADDRESS
)


def room(number: int, revenue: str, amount: int, **changes: object) -> ClaimLine:
    """A line of a bill, by revenue code."""
    detail = LineDetail(revenue=revenue, **changes)
    return ClaimLine(number, f"ELMF00000088L{number}", "", "", (), 1, (), amount, DAY, detail=detail)


INPATIENT = replace(
    OFFICE_VISIT,
    number="ELMF000000088",
    practice=HOSPITAL_PRACTICE,
    location=Location("hospital-id", "Troy Hospital", "11", HOSPITAL_ADDRESS, HOSPITAL_PRACTICE.npi),
    diagnoses=("I21.4", "E11.9", "I10"),
    lines=(
        replace(room(1, "0120", 480000, measure="DA", undated=True), units=4),
        room(2, "0250", 61050, undated=True),
        replace(room(3, "0360", 350000, not_covered=10000), procedure="92928", modifiers=("LD",)),
    ),
    institutional=Institutional(
        statement_from=DAY,
        statement_to=date(2026, 4, 9),
        admission_type="1",
        admission_source="7",
        patient_status="01",
        admitted_on=DAY,
        admitted_at="0915",
        discharged_at="1430",
        present=("Y", "Y", "N"),
        admitting="R07.9",
        external_causes=("W19XXXA",),
        drg="247",
        procedures=(OnDay("02703DZ", DAY), OnDay("4A023N7", DAY)),
        occurrences=(OnDay("11", DAY),),
        spans=(OnDay("71", date(2026, 3, 1), date(2026, 3, 4)),),
        values=(ValueCode("80", "2"), ValueCode("A1", "1676.00")),
    ),
    detail=ClaimDetail(
        conditions=("09",), providers=(Party("72", PersonName("COE", "CARL"), id=npi_from("176543210")),)
    ),
)
OUTPATIENT_BILL = replace(
    INPATIENT,
    number="ELMF000000099",
    location=replace(INPATIENT.location, place_of_service="13"),
    diagnoses=("R07.9",),
    lines=(replace(room(1, "0450", 90000), procedure="99284"),),
    institutional=Institutional(DAY, DAY, patient_status="01", admission_type="1", reasons=("R079",)),
    detail=None,
)

# --- claims with all that a professional claim may carry ----------------------------------------------------------

AMBULANCE = replace(
    OFFICE_VISIT,
    number="ELMF000000101",
    location=replace(LOCATION, place_of_service="41"),
    lines=(
        replace(
            line(1, "A0427", 70000),
            modifiers=("RH",),
            detail=LineDetail(
                emergency=True, references=(Reference("9B", "REPRICED1"),), notes=(Note("ADD", "CARDIAC EMERGENCY"),)
            ),
        ),
        replace(line(2, "A0425", 820), modifiers=("RH",), units=21),
    ),
    detail=ClaimDetail(
        dates=(Dated("439", DAY),),
        causes=("OA",),
        transport=Transport("175", "A", "21", "", "PATIENT IMMOBILIZED"),
        indicators=(Indicator("07", True, ("04", "06")),),
        providers=(
            Party("PW", PersonName("", ""), False, address=Address("1 FIELD RD", "TROY", "NY", "12180")),
            Party(
                "45", PersonName("TROY HOSPITAL", ""), False, address=Address("1 HOSPITAL WAY", "TROY", "NY", "12180")
            ),
        ),
    ),
)
INFUSION = replace(
    OFFICE_VISIT,
    number="ELMF000000102",
    lines=(
        replace(
            line(1, "J1550", 5337),
            units=2,
            detail=LineDetail(
                quantity="1.5",
                drug=Drug("00026063512", "10", "ML", "RX778"),
                dates=(Dated("607", DAY),),
                attachments=(Attachment("OZ", "BM"),),
                providers=(Party("DK", PersonName("POE", "PAUL"), id=SPECIALIST.npi),),
            ),
        ),
    ),
    detail=ClaimDetail(
        dates=(Dated("431", date(2026, 4, 1)),),
        references=(Reference("EA", "MR1001"), Reference("X4", "33D0000001")),
        notes=(Note("ADD", "SECOND INFUSION"),),
        attachments=(Attachment("OZ", "EL", "DOC1"),),
        amounts=(AmountOf("F5", 2000),),
    ),
)
ANESTHESIA = replace(
    OFFICE_VISIT,
    number="ELMF000000103",
    lines=(
        replace(
            line(1, "00790", 90000),
            modifiers=("QK",),
            units=75,
            detail=LineDetail(measure="MJ", through=DAY),
        ),
    ),
    detail=ClaimDetail(anesthesia=("47562",)),
)

# --- inquiries and answers -----------------------------------------------------------------------------------------

_PAYER_ASKED = Organization("PR", "NORTHERN HEALTH", "60054")
_ASKING = Organization("1P", "ELM FAMILY MEDICINE", PRACTICE.npi, "XX")
_RECEIVER = Organization("41", "ELM FAMILY MEDICINE", "CLEANCLAIM", "46")
_ANN = Insured(PersonName("DOE", "ANN", "Q"), "W1234567", date(1980, 2, 3), Sex.FEMALE)
_BO = Insured(PersonName("DOE", "BO"), "", date(2015, 6, 7), Sex.MALE)
ASKED = BenefitInquiry(
    "ASK1", _PAYER_ASKED, _ASKING, _ANN, Dated("291", DAY), ("30", "98"), trace="TRACE1", trace_origin="9123456789"
)
ASKED_FOR_CHILD = replace(ASKED, dependent=replace(_BO, relationship="19"), trace="TRACE2", service_types=("30",))
COVERED = BenefitAnswer(
    reference="ASK1",
    answered_on=DAY,
    payer=_PAYER_ASKED,
    provider=_ASKING,
    subscriber=replace(_ANN, references=(Reference("6P", "GRP77"),), dates=(Dated("346", date(2026, 1, 1)),)),
    trace="TRACE1",
    trace_origin="9123456789",
    benefits=(
        Benefit("1", "IND", ("30", "98"), "HM", "GOLD PLAN"),
        Benefit("B", "IND", ("98",), amount=2500, in_network="Y", messages=("PER VISIT",)),
        Benefit("C", "FAM", ("30",), period="23", amount=150000),
        Benefit("A", "IND", ("30",), percent="0.2"),
        Benefit("R", "IND", ("30",), others=(Organization("PRP", "MEDICARE", "13202"),)),
    ),
)
NOT_COVERED = replace(COVERED, benefits=(Benefit("6", "", ("30",)),))
NOT_FOUND = replace(
    COVERED, reference="ASK2", subscriber=_ANN, benefits=(), refusals=(Refusal("subscriber", "72", "C"),)
)
_SERVED = Dated("472", DAY)
WHAT_OF_IT = StatusInquiry(
    "STATUS1",
    _PAYER_ASKED,
    _RECEIVER,
    _ASKING,
    _ANN,
    "ELMF000000011",
    amount=15850,
    service=_SERVED,
    references=(Reference("EJ", "ELMF000000011"),),
    lines=(StatusLine(("HC", "99213"), 15000, units="1", control="ELMF00000001L1", service=_SERVED),),
)
WHAT_OF_THE_CHILD = replace(WHAT_OF_IT, dependent=_BO, trace="ELMF000000022", lines=())
PAID_ALREADY = StatusAnswer(
    reference="STATUS1",
    answered_on=date(2026, 4, 21),
    payer=_PAYER_ASKED,
    trace="ELMF000000011",
    statuses=(Status("F1", "65", "", date(2026, 4, 20), 15850, 8800, date(2026, 4, 20), "CHECK77"),),
    receiver=_RECEIVER,
    provider=_ASKING,
    subscriber=replace(_ANN, birth_date=None, sex=None),
    service=_SERVED,
    references=(Reference("1K", "NH1"),),
    lines=(
        StatusLine(
            ("HC", "99213"),
            15000,
            8800,
            units="1",
            control="ELMF00000001L1",
            service=_SERVED,
            statuses=(Status("F1", "65", "", date(2026, 4, 20)),),
        ),
    ),
)
STILL_OPEN = replace(
    PAID_ALREADY, trace="ELMF000000022", statuses=(Status("P1", "20", "", DAY, 15000, 0),), references=(), lines=()
)


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
    "837P/ambulance": lambda: _claims(AMBULANCE),
    "837P/infusion-with-drug": lambda: _claims(INFUSION),
    "837P/anesthesia-by-the-minute": lambda: _claims(ANESTHESIA),
    "837I/inpatient": lambda: claim_837i.write([INPATIENT], ENVELOPE, "Northern Health"),
    "837I/emergency-department": lambda: claim_837i.write([OUTPATIENT_BILL], ENVELOPE, "Northern Health"),
    "270/subscriber": lambda: eligibility_270.write([ASKED], ENVELOPE),
    "270/child": lambda: eligibility_270.write([ASKED_FOR_CHILD], ENVELOPE),
    "271/covered": lambda: eligibility_271.write([COVERED], ANSWER),
    "271/ended": lambda: eligibility_271.write([NOT_COVERED], ANSWER),
    "271/not-found": lambda: eligibility_271.write([NOT_FOUND], ANSWER),
    "276/two-claims": lambda: status_276.write([WHAT_OF_IT, WHAT_OF_THE_CHILD], ENVELOPE),
    "277/paid-and-open": lambda: status_277.write([PAID_ALREADY, STILL_OPEN], ANSWER),
    "TA1/interchange-refused": lambda: acknowledgment_ta1.write(
        [InterchangeAcknowledgment(7, date(2026, 4, 9), "R", "025")], ANSWER
    ),
}
