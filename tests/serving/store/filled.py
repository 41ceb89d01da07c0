"""A practice whose books hold one of everything, made through the store's own methods. Invented people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from billing_core.charge import Charge
from billing_core.chargemaster import Price
from billing_core.claim import ClaimState
from billing_core.credit_balance import Holder, RefundRule, RefundTerm
from billing_core.eligibility import PayerAnswer
from billing_core.encounter import AssignedCode, CodeSystem, Encounter, Setting, SignedEncounter, Span
from billing_core.identifiers import claim_number
from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg, Owner
from billing_core.provider_query import OTHER, UNDETERMINED, ProviderQuery
from billing_core.registration import Guarantor, Practice
from billing_core.remittance import Adjustment, ClaimPayment, Group, Remittance, ServicePayment
from billing_core.rule import Finding, Severity
from serving.desk.case import Desk, open_desk
from serving.ids import FixedClock, SeededIds
from serving.security import operator
from serving.settings import read
from serving.store.appeals import StoredAppeal
from serving.store.books import Books, Store
from serving.store.files import StoredDenial
from serving.store.queues import StoredWork
from serving.store.states import AppealState, CodeDecision, DenialStatus, Direction, RemittanceState
from serving.store.verifications import StoredVerification
from tests.billing_core import specimens

DAY = date(2026, 4, 9)
NOTE = "Assessment: type 2 diabetes, stable. Plan: continue metformin."
NOTE_SHA256 = hashlib.sha256(NOTE.encode()).hexdigest()


@contextmanager
def desk_at(home: Path, today: date) -> Iterator[Desk]:
    """The operator's desk of the practice "elm", its people registered, on that day."""
    settings = read({"CLEANCLAIM_HOME": str(home)})
    store = new_store(settings.database_url)
    store.clock = FixedClock(today)
    with store.open("elm") as books:
        register(books)
    yield open_desk(settings, store, operator("elm"), store.clock, store.new_id)
    store.close()


def practice(practice_id: str = "elm", mark: str = "ELMF") -> Practice:
    return replace(specimens.PRACTICE, id=practice_id, mark=mark)


def new_store(url: str, *practices: Practice) -> Store:
    store = Store(url, clock=FixedClock(DAY), new_id=SeededIds(7))
    with store.access() as access:
        for record in practices or (practice(), practice("oak", "OAKS")):
            access.add_practice(record)
    return store


def encounter(encounter_id: str = "encounter") -> Encounter:
    return Encounter(
        encounter_id, "patient", "provider", "location", specimens.SERVICE, Setting.OUTPATIENT, NOTE_SHA256
    )


def charge(charge_id: str = "charge-1", amount: int = 15000) -> Charge:
    return Charge(
        charge_id, "encounter", "patient", specimens.SERVICE, "99213", (), 1, ("E11.9",), amount, int(charge_id[7:])
    )


def entry(entry_id: str, amount: int = 15000, charge_id: str = "charge-1", effective: date = DAY) -> Entry:
    legs = (
        Leg(Account(AccountKind.RECEIVABLE, Owner.PAYER_1, "payer"), amount, charge_id),
        Leg(Account(AccountKind.REVENUE), -amount),
    )
    return Entry(entry_id, EntryKind.CHARGE, effective, Cause("charge capture", charge_id), legs)


def payment(number: str) -> ClaimPayment:
    service = ServicePayment(
        "99213", (), 15000, 0, "1", specimens.SERVICE, (Adjustment(Group.CONTRACTUAL, "197", 15000),)
    )
    return ClaimPayment(number, "1", 15000, 0, 0, "PAYERREF", services=(service,))


def remittance(number: str = specimens.NUMBER, trace: str = "TRACE1") -> Remittance:
    return Remittance(
        "Northern Health", "60054", "1234567893", "123456789", trace, "1999999999", DAY, "H", "NON", 0,
        (payment(number),),
    )  # fmt: skip


REFUND_RULE = RefundRule("ZZ", Holder.PAYER, RefundTerm(60), date(2024, 1, 1), "invented code, section 1")


def register(books: Books) -> None:
    """The practice's partners and one patient."""
    books.save_payer(specimens.PAYER)
    books.save_contract(specimens.CONTRACT)
    books.save_prices([Price("99213", 15000, date(2024, 1, 1))])
    books.save_refund_rules([REFUND_RULE])
    books.save_provider(specimens.PROVIDER)
    books.save_location(specimens.LOCATION)
    books.save_guarantors([Guarantor("guarantor", specimens.NAME, specimens.HOME)])
    books.save_patients([specimens.PATIENT])
    books.save_coverages([specimens.COVERAGE])
    books.save_authorizations([specimens.AUTHORIZATION])


def asked() -> ProviderQuery:
    """A query about the visit's note."""
    return ProviderQuery(
        "query", "encounter", "provider", "0" * 64, "E11.9", "complication", (Span(12, 27),), "Was any present?",
        (OTHER, UNDETERMINED), "coder", DAY,
    )  # fmt: skip


def verified(file_id: str = "") -> StoredVerification:
    """The coverage, asked about and confirmed for the day of service."""
    said = PayerAnswer("coverage", specimens.SERVICE, True, DAY)
    return StoredVerification(
        "verification", "coverage", specimens.SERVICE, "ELMF000000001000101", DAY, "0" * 64, said, file_id
    )


def code(books: Books) -> None:
    """One visit from the note to the charge."""
    books.save_encounter(encounter(), NOTE)
    run = books.add_suggestion("encounter", "a" * 64, {"codes": ["E11.9"]})
    books.add_decision("encounter", CodeSystem.ICD10CM, "E11.9", CodeDecision.ACCEPT, "coder", suggestion_id=run)
    diagnosis = AssignedCode(CodeSystem.ICD10CM, "E11.9", "coder", (Span(12, 27),))
    procedure = AssignedCode(CodeSystem.CPT, "99213", "coder", pointers=(1,))
    books.sign(SignedEncounter(encounter(), (diagnosis,), (procedure,), "coder"), DAY)
    books.save_charges([charge()])
    books.append_entries([entry("entry-1")])
    books.save_query(asked())


@dataclass(frozen=True)
class Filled:
    """The ids that the store gave out."""

    file_id: str
    remittance_id: str
    payment_id: str
    statement_id: str
    suggestion_id: str
    key_id: str


def bill(books: Books) -> Filled:
    """One claim from the file to the denial, the work item and the statement."""
    found = (Finding("rule", Severity.WARNING, "message", "line 1", "mend"),)
    books.save_claim(specimens.claim(), ClaimState.READY, findings=found, deadline=date(2026, 7, 6))
    file_id, _ = books.add_file(Direction.OUTBOUND, "837P", "1.837", b"ISA*1~", "1", ["claim"])
    books.step_claim("claim", ClaimState.SUBMITTED, DAY)
    books.save_verifications([verified(file_id)])
    books.add_score("claim", "b" * 64, 250_000, {"reasons": []})
    remittance_id, _ = books.add_remittance(remittance(), file_id, RemittanceState.POSTED, matches={1: "claim"})
    payment_id = books.claim_payments(remittance_id=remittance_id)[0].id
    denied = StoredDenial(
        "denial",
        "claim",
        payment_id,
        1,
        "authorization",
        15000,
        DAY,
        date(2026, 10, 1),
        DenialStatus.OPEN,
        {"c": "197"},
    )
    books.save_denials([denied])
    books.save_work([StoredWork("work", "denials", "claim:claim", DAY, 15000, claim_id="claim", denial_id="denial")])
    statement_id = books.add_statement("guarantor", DAY, 0, {"lines": []}, b"%PDF-1.7")
    books.add_choice("withhold", 5, "to judge the model without its own influence", "manager")
    drafted = StoredAppeal("appeal", "claim", 1, AppealState.DRAFT, DAY, date(2026, 10, 1), None, None, 0, {})
    books.save_appeals([drafted])
    books.add_activation("coding", "a" * 64, "coding/aaaa", "scientist")
    key, _ = books.add_api_key("clearinghouse", ["biller"])
    run = books.latest_suggestion("encounter")
    return Filled(file_id, remittance_id, payment_id, statement_id, run.id if run else "", key.id)


def fill(store: Store, practice_id: str = "elm") -> Filled:
    with store.open(practice_id) as books:
        register(books)
        code(books)
        filled = bill(books)
        books.next_control("interchange")
        books.log("coder", "encounter.sign", "encounter:encounter", "complete", None, encounter(), {"codes": 2})
    return filled


__all__ = ["Filled", "bill", "charge", "claim_number", "code", "entry", "fill", "new_store", "practice", "register"]
