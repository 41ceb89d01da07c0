"""A third practice in the house, Ash, that has lived: claims of half a year, remittances of every kind, a bank's file.

Everything was done by the desk, on the day it happened. Invented people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from billing_core.claim import Claim, ClaimState
from billing_core.encounter import Encounter, Setting
from billing_core.ledger import Cause
from billing_core.posting import post_charge
from billing_core.registration import Guarantor, Payer, PersonName
from billing_core.remittance import ClaimPayment, ProviderAdjustment, Remittance, ServicePayment
from serving.desk import bank, credits, money
from serving.desk.answers import receive
from serving.desk.case import Desk, open_desk
from serving.ids import FixedClock, uuid7
from serving.security import operator
from serving.settings import Settings
from serving.store.books import Books, Store
from serving.store.states import EncounterStatus
from tests.billing_core import specimens
from tests.billing_core.busy_practice import ANSWERS, advice, claim_of, file_of
from tests.billing_core.money_specimens import PAYER_1, answer, charges, taken_back

ASH = "ash"
MEDICARE = Payer("medicare", "Medicare Part B", "SMMC0", "MB", specimens.HOME)
NAMES = ("Abel", "Brandt", "Castro", "Dolan", "Engel", "Fabre", "Grant")
COUNT = 28
FIRST = 180  # days ago of the first visit; one every six days


def claims(today: date) -> list[Claim]:
    """One visit every six days, four to a patient."""
    made = []
    for serial in range(1, COUNT + 1):
        on = today - timedelta(days=FIRST - 6 * (serial - 1))
        claim = claim_of(serial)
        name = PersonName(NAMES[serial // 4 % len(NAMES)], "Ann")
        lines = tuple(replace(line, service_date=on) for line in claim.lines)
        patient = replace(claim.patient, name=name)
        made.append(replace(claim, lines=lines, created_on=on + timedelta(days=2), patient=patient))
    return made


def _register(books: Books, sent: Iterable[Claim]) -> None:
    for payer in (specimens.PAYER, MEDICARE):
        books.save_payer(payer)
    books.save_contract(specimens.CONTRACT)
    books.save_provider(specimens.PROVIDER)
    books.save_location(specimens.LOCATION)
    for claim in sent:
        books.save_guarantors([Guarantor(claim.patient.guarantor_id, claim.patient.name, specimens.HOME)])
        books.save_patients([claim.patient])
        books.save_coverages([claim.coverage])
        visit = Encounter(
            claim.encounter_id, claim.patient.id, "provider", "location", claim.service_date, Setting.OUTPATIENT, ""
        )
        books.save_encounter(visit)
        for status in (EncounterStatus.SIGNED, EncounterStatus.CHARGED):
            books.step_encounter(visit.id, status)
        books.save_charges(charges(claim))
        cause = Cause("person coder", claim.encounter_id, "coding signed")
        on = claim.created_on
        books.append_entries([post_charge(c, PAYER_1, books.new_id(), on, cause) for c in charges(claim)])
        books.save_claim(claim, ClaimState.SUBMITTED, submitted_on=on)


def _paid(claim: Claim, serial: int) -> ClaimPayment:
    given = answer(claim, *ANSWERS[serial % len(ANSWERS)], payer_reference=f"ICN{serial:05}")
    return replace(given, patient_last=claim.patient.name.last, patient_first=claim.patient.name.first)


def _advice(payments: list[ClaimPayment], trace: str, on: date, *adjusted: ProviderAdjustment) -> Remittance:
    total = sum(p.paid for p in payments) - sum(a.amount for a in adjusted)
    given = advice(payments, trace, paid_on=on)
    return replace(given, amount=total, provider_adjustments=adjusted)


def _adjusted(reason: str, reference: str, amount: int, on: date) -> ProviderAdjustment:
    return ProviderAdjustment(reason, reference, amount, fiscal_period=date(on.year, 12, 31), provider="1234567893")


def fill(store: Store, ours: Settings, today: date) -> None:
    """Half a year of Ash's books, as its desk made them."""
    with store.open(ASH) as books:
        sent = claims(today)
        _register(books, sent)
    _answers(store, ours, sent, today)
    desk = _on(store, ours, today)
    deposits = [
        f"{today - timedelta(days=90)},{_money(store, 'EFT1')},ACH EFT1",
        f"{today - timedelta(days=3)},40.00,branch drawer",
        f"{today - timedelta(days=2)},55.00,branch 0412",
    ]
    bank.match_deposits(desk, "bank.csv", "\n".join(["date,amount,reference", *deposits, ""]).encode())
    money.run_statements(desk)
    credits.find_credits(desk)


def _on(store: Store, ours: Settings, day: date) -> Desk:
    store.clock = FixedClock(day)
    return open_desk(ours, store, operator(ASH), store.clock, uuid7)


def _answers(store: Store, ours: Settings, sent: list[Claim], today: date) -> None:
    """First half, with late interest; then one taken back and withheld, one unmatched, one held; a lump of Medicare."""
    then, lately = today - timedelta(days=92), today - timedelta(days=10)
    first = [_paid(claim, serial) for serial, claim in enumerate(sent[:12], start=1)]
    _take(store, ours, then, _advice(first, "EFT1", then, _adjusted("L6", "ICN00002", -125, then)))
    back = taken_back(first[2])
    second = [_paid(claim, serial) for serial, claim in enumerate(sent[12:18], start=13)]
    stray = replace(_paid(sent[18], 19), number="OLD-4471", services=_without_control(_paid(sent[18], 19)))
    _take(
        store, ours, lately, _advice([back, *second, stray], "EFT2", lately, _adjusted("WO", "ICN09999", 700, lately))
    )
    bad = _paid(sent[19], 20)
    wrong = replace(bad, services=(replace(bad.services[0], paid=bad.services[0].paid + 100), *bad.services[1:]))
    _take(store, ours, lately, replace(_advice([wrong], "EFT3", lately), amount=bad.paid))
    lump = replace(_advice([], "MC77", lately, _adjusted("LS", "LUMP", -8640, lately)), payer_number=MEDICARE.number)
    _take(store, ours, lately, replace(lump, payer_name=MEDICARE.name))


def _without_control(payment: ClaimPayment) -> tuple[ServicePayment, ...]:
    return tuple(replace(line, control="") for line in payment.services)


def _take(store: Store, ours: Settings, day: date, remittance: Remittance) -> None:
    receive(_on(store, ours, day), f"{remittance.trace}.835", file_of(remittance))


def _money(store: Store, trace: str) -> str:
    with store.read(ASH) as books:
        (row,) = books.remittances(trace=trace)
    return f"{row.amount / 100:.2f}"
