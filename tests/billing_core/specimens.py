"""One sound claim and what surrounds it: tests change one thing and look at what follows. Invented people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.contract import BenefitPlan, Contract, Remedy
from billing_core.identifiers import claim_number, line_control_number, npi_from
from billing_core.registration import (
    Address,
    Authorization,
    Coverage,
    Enrollment,
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

SERVICE = date(2026, 4, 7)
NUMBER = claim_number("ELMF", 1)
HOME = Address("12 Elm St", "Troy", "NY", "121801234")
NAME = PersonName("Doe", "Ann")
PRACTICE = Practice(
    "practice", "Elm Family Medicine", "ELMF", "123456789", npi_from("123456789"), "207Q00000X", HOME, "5185550100"
)
PAYER = Payer("payer", "Northern Health", "60054", "CI", HOME)
SUBSCRIBER = Subscriber(NAME, date(1980, 2, 3), Sex.FEMALE, HOME)
PATIENT = Patient("patient", "1001", NAME, date(1980, 2, 3), Sex.FEMALE, HOME, "guarantor")
COVERAGE = Coverage(
    "coverage", "patient", "payer", 1, "W1234567", Relationship.SELF, SUBSCRIBER, date(2025, 1, 1), plan="silver"
)
PROVIDER = Provider(
    "provider", NAME, npi_from("198765432"), "207Q00000X", "family", (Enrollment("payer", date(2020, 1, 1)),)
)
LOCATION = Location("location", "Main office", "11", HOME)
PLAN = BenefitPlan("silver", 2500, 100000, Decimal("0.20"), 400000)
CONTRACT = Contract(
    payer_id="payer",
    effective=date(2024, 1, 1),
    terminated=None,
    fees={"99213": 9000, "36415": 400, "73721": 30000, "90834": 10000},
    default_percent=None,
    plans=(PLAN,),
    filing_days=90,
    corrected_days=60,
    appeal_days=180,
    corrected_by=Remedy.REPLACEMENT,
    authorization_required=frozenset({"73721"}),
    referral_required=frozenset({"90834"}),
    not_covered=frozenset({"99999"}),
)
AUTHORIZATION = Authorization(
    "authorization", "patient", "payer", "AUTH77", "73721", 1, date(2026, 1, 1), date(2026, 12, 31)
)


def line(number: int = 1, procedure: str = "99213", amount: int = 15000, **changes: Any) -> ClaimLine:
    fields: dict[str, Any] = {
        "number": number,
        "control": line_control_number(NUMBER, number),
        "charge_id": f"charge-{number}",
        "procedure": procedure,
        "modifiers": (),
        "units": 1,
        "pointers": (1,),
        "amount": amount,
        "service_date": SERVICE,
    }
    return ClaimLine(**{**fields, **changes})


def claim(*lines: ClaimLine, **changes: Any) -> Claim:
    fields: dict[str, Any] = {
        "id": "claim",
        "number": NUMBER,
        "frequency": Frequency.ORIGINAL,
        "rank": 1,
        "encounter_id": "encounter",
        "practice": PRACTICE,
        "payer": PAYER,
        "coverage": COVERAGE,
        "patient": PATIENT,
        "rendering": PROVIDER,
        "location": LOCATION,
        "diagnoses": ("E11.9", "I10"),
        "lines": lines or (line(),),
        "created_on": date(2026, 4, 9),
    }
    return Claim(**{**fields, **changes})
