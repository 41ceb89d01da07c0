"""The whole path as a story: four visits are signed; claims leave as an 837, answers come back as an 835.

The edits, the files and the payer's adjudication are the real ones; only the people are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from billing_core.accumulator import Accumulators
from billing_core.adjudication import adjudicate
from billing_core.chargemaster import Chargemaster, Price
from billing_core.claim import Claim, ClaimState
from billing_core.claim_build import Registration
from billing_core.codesets.tables import Tables
from billing_core.contract import BenefitPlan, Contract
from billing_core.cycle import Day, Done, Practised, run_cycle
from billing_core.edits import ClaimContext, scrub
from billing_core.encounter import AssignedCode, CodeSystem, Encounter, Setting, SignedEncounter
from billing_core.ledger import AccountKind
from billing_core.refusal import PayerFacts
from billing_core.registration import Coverage, Guarantor
from billing_core.remittance import ClaimPayment, Remittance
from billing_core.rule import Finding
from billing_core.statement import SELF_PAY
from billing_core.work_queue import WorkKind
from billing_core.x12 import claim_837p, remittance_835
from billing_core.x12.envelope import Envelope
from tests.billing_core import specimens
from tests.billing_core.money_specimens import ids, number, remittance

MONDAY, FRIDAY, MAY = date(2026, 4, 13), date(2026, 4, 17), date(2026, 5, 4)
PLAN = BenefitPlan("silver", 1500, 1000, specimens.PLAN.coinsurance, 400000)
CONTRACT = replace(specimens.CONTRACT, plans=(PLAN,))
UNINSURED = replace(specimens.PATIENT, id="patient-2", record_number="1002", guarantor_id="guarantor-2")
STRANGER = replace(specimens.PATIENT, id="patient-3", record_number="1003", guarantor_id="guarantor-3")
PATIENTS = {p.id: p for p in (specimens.PATIENT, UNINSURED, STRANGER)}
COVERAGES = {
    "patient": (specimens.COVERAGE,),
    "patient-3": (replace(specimens.COVERAGE, id="coverage-3", patient_id="patient-3", member_id="W7777777"),),
}
CHARGEMASTER = Chargemaster(
    (Price("99213", 15000, date(2024, 1, 1)), Price("36415", 1000, date(2024, 1, 1)), Price("73721", 60000, date.min))
)
GUARANTORS = tuple(Guarantor(p.guarantor_id, p.name, p.address) for p in PATIENTS.values())


def signed(visit: str, patient: str, *procedures: str) -> SignedEncounter:
    encounter = Encounter(visit, patient, "provider", "location", specimens.SERVICE, Setting.OUTPATIENT, "0" * 64)
    diagnosis = AssignedCode(CodeSystem.ICD10CM, "I10", "coder")
    codes = tuple(AssignedCode(CodeSystem.CPT, code, "coder", pointers=(1,)) for code in procedures)
    return SignedEncounter(encounter, (diagnosis,), codes, "coder")


def registration(encounter: Encounter) -> Registration:
    return Registration(
        practice=specimens.PRACTICE,
        patient=PATIENTS[encounter.patient_id],
        coverages=coverages(encounter.patient_id),
        location=specimens.LOCATION,
        providers={"provider": specimens.PROVIDER},
        payers={"payer": specimens.PAYER},
    )


def coverages(patient_id: str) -> tuple[Coverage, ...]:
    return COVERAGES.get(patient_id, ())


def numbers() -> Iterator[str]:
    return (number(serial) for serial in range(1, 100))


class Payer:
    """The other side: bytes in, bytes out. It knows one member; the other it has never heard of."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.inbox: list[bytes] = []

    def receive(self, claims: tuple[Claim, ...]) -> None:
        if claims:
            self.inbox.append(claim_837p.write(claims, envelope(1), "Northern Health"))

    def _adjudicate(self, claim: Claim) -> ClaimPayment:
        known = specimens.COVERAGE if claim.coverage.member_id == specimens.COVERAGE.member_id else None
        used = Accumulators("coverage", 2026)
        facts = PayerFacts(reference="ICN1")
        return adjudicate(claim, known, self.contract, used, Tables.empty(), MONDAY, facts).payment

    def answers(self) -> tuple[Remittance, ...]:
        payments = [self._adjudicate(claim) for file in self.inbox for claim in claim_837p.read(file)]
        made = remittance(
            *payments, payee_name="Elm Family Medicine", payer_address=specimens.HOME, payer_phone="8005550100"
        )
        return remittance_835.read(remittance_835.write([made], envelope(2)))


def envelope(control: int) -> Envelope:
    return Envelope("SENDER", "RECEIVER", control, datetime(2026, 4, 13, 8), "T")


def day(
    on: date, before: Practised, payer: Payer, *visits: SignedEncounter, answers: tuple[Remittance, ...] = ()
) -> Day:
    def edits(claim: Claim) -> tuple[Finding, ...]:
        return scrub(claim, ClaimContext(on, Tables.empty(), CONTRACT, coverages=coverages(claim.patient.id)))

    return Day(
        on=on,
        signed=visits,
        remittances=answers,
        before=before,
        chargemaster=CHARGEMASTER,
        guarantors=GUARANTORS,
        contracts={"payer": CONTRACT},
        registration=registration,
        coverages=coverages,
        scrub=edits,
        send=payer.receive,
        numbers=numbers(),
        new_id=ids(on.isoformat()),
    )


def story() -> tuple[Payer, Done, Done]:
    payer = Payer(CONTRACT)
    monday = run_cycle(
        day(
            MONDAY,
            Practised(),
            payer,
            signed("visit-1", "patient", "99213", "36415"),
            signed("visit-2", "patient-2", "99213"),
            signed("visit-3", "patient-3", "99213"),
            signed("visit-4", "patient", "73721"),
        )
    )
    friday = run_cycle(day(FRIDAY, monday.after, payer, answers=payer.answers()))
    return payer, monday, friday


def test_claims_leave_held_claims_stay_and_self_pay_is_billed() -> None:
    payer, monday, _ = story()
    assert [c.encounter_id for c in monday.sent] == ["visit-1", "visit-3"]
    assert len(payer.inbox) == 1
    (held,) = monday.queue
    assert (held.item.kind, held.item.claim_number) == (WorkKind.HELD_EDIT, number(3))
    assert "authorization" in " ".join(held.item.reasons)
    (bill,) = monday.statements
    assert (bill.guarantor.id, bill.due, bill.lines[0].reason) == ("guarantor-2", 15000, SELF_PAY)


def test_the_answers_post_the_denied_is_queued_and_the_patient_billed() -> None:
    _, _, friday = story()
    (posted,) = friday.posted
    assert [(a.number, a.state) for a in posted.answers] == [
        (number(1), ClaimState.PAID),
        (number(2), ClaimState.DENIED),
    ]
    # 99213: allowed 90.00 less copay 15.00, deductible 10.00, and 20 % of 65.00; 36415: allowed 4.00 less 20 %.
    bills = {s.guarantor.id: s for s in friday.statements}
    assert set(bills) == {"guarantor", "guarantor-2"}
    assert bills["guarantor"].due == 1500 + 1000 + 1300 + 80
    assert [r.item.kind for r in friday.queue] == [WorkKind.DENIAL]
    assert friday.queue[0].item.carcs == ("31",)
    assert posted.findings == ()


def test_every_cent_is_explained() -> None:
    _, _, friday = story()
    legs = [leg for entry in friday.after.entries for leg in entry.legs]
    totals = {kind: sum(leg.amount for leg in legs if leg.account.kind is kind) for kind in AccountKind}
    assert sum(totals.values()) == 0
    charged = 16000 + 15000 + 15000 + 60000
    assert totals[AccountKind.REVENUE] == -charged
    assert totals[AccountKind.CASH] == friday.posted[0].entries[0].legs[0].amount + 320
    assert totals[AccountKind.CASH] == 5200 + 320
    assert totals[AccountKind.CONTRACTUAL] == 6000 + 600
    assert totals[AccountKind.RECEIVABLE] == charged - 5520 - 6600


def test_the_same_remittance_the_next_day_changes_nothing() -> None:
    payer, _, friday = story()
    again = run_cycle(day(MAY, friday.after, payer, answers=payer.answers()))
    assert again.posted[0].repeated
    assert again.after.entries == friday.after.entries


def test_the_same_days_give_the_same_bytes() -> None:
    first, second = story(), story()
    assert first[0].inbox == second[0].inbox
    assert first[2] == second[2]


def test_a_visit_that_cannot_be_charged_says_why() -> None:
    payer = Payer(CONTRACT)
    done = run_cycle(day(MONDAY, Practised(), payer, signed("visit-9", "patient", "00000")))
    assert {f.rule for f in done.findings} == {"capture-no-price", "build-no-charge"}
    assert (done.sent, done.after.entries, payer.inbox) == ((), (), [])
