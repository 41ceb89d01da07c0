"""What is written down is read back the same, on both databases; and the rules of each shelf."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from billing_core.claim import ClaimState, Frequency
from billing_core.encounter import CodeSystem, SignedEncounter
from billing_core.errors import IllegalStep, MoneyError
from billing_core.identifiers import claim_number
from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg, Owner, reverse
from billing_core.registration import Guarantor, PersonName
from serving.errors import Conflict, InputError, NotFound
from serving.store.books import Books, Store
from serving.store.states import (
    CodeDecision,
    DenialStatus,
    Direction,
    EncounterStatus,
    RemittanceState,
    WorkStatus,
)
from tests.billing_core import specimens
from tests.serving.store import filled

DAY = filled.DAY


@pytest.fixture
def store(database_url: str) -> Any:
    store = filled.new_store(database_url)
    yield store
    store.close()


@pytest.fixture
def ids(store: Store) -> filled.Filled:
    return filled.fill(store)


@pytest.fixture
def books(store: Store, ids: filled.Filled) -> Any:
    with store.open("elm") as books:
        yield books


def test_parties_come_back_as_they_went(books: Books) -> None:
    assert books.practice() == filled.practice()
    assert books.payer("payer") == specimens.PAYER
    assert books.payers() == (specimens.PAYER,) and books.providers() == (specimens.PROVIDER,)
    assert books.contract("payer", DAY) == books.contracts("payer")[0] == specimens.CONTRACT
    assert books.chargemaster().price("99213", DAY) == 15000
    assert books.provider("provider") == specimens.PROVIDER and books.location("location") == specimens.LOCATION
    assert books.guarantor("guarantor") == Guarantor("guarantor", specimens.NAME, specimens.HOME)
    assert books.patient("patient") == books.patients("guarantor")[0] == specimens.PATIENT
    assert books.coverages("patient") == (specimens.COVERAGE,)
    assert books.authorizations("patient") == (specimens.AUTHORIZATION,)


def test_a_contract_is_found_by_its_dates(books: Books) -> None:
    later = replace(specimens.CONTRACT, effective=date(2026, 6, 1))
    books.save_contract(replace(specimens.CONTRACT, terminated=date(2026, 5, 30)))
    books.save_contract(later)
    assert books.contract("payer", date(2026, 5, 30)).effective == date(2024, 1, 1)
    assert books.contract("payer", date(2026, 6, 1)) == later
    for day in (date(2026, 5, 31), date(2023, 12, 31)):
        with pytest.raises(NotFound):
            books.contract("payer", day)


def test_the_front_desk_finds_a_patient_by_the_beginning_of_the_name(books: Books) -> None:
    odd = replace(specimens.PATIENT, id="odd", record_number="2002", name=PersonName("O'Do%e~*:", "Al"))
    books.save_patients([odd])
    assert books.find_patients("do") == books.find_patients("1001") == (specimens.PATIENT,)
    assert books.find_patients("o'do%") == (odd,)
    assert books.find_patients("%") == books.find_patients("_oe") == ()


def test_saving_again_replaces(books: Books) -> None:
    books.save_patients([replace(specimens.PATIENT, name=PersonName("Smith", "Ann"))])
    assert books.patient("patient").name.last == "Smith"
    assert books.find_patients("smith") and not books.find_patients("doe")


def test_the_practice_may_move_but_not_change_its_mark(books: Books) -> None:
    books.save_practice(replace(filled.practice(), phone="5185550111"))
    assert books.practice().phone == "5185550111"
    with pytest.raises(InputError):
        books.save_practice(replace(filled.practice(), mark="XXXX"))


# --- visits ---


def test_a_visit_goes_its_way_and_no_other(books: Books) -> None:
    assert books.visit("encounter").status is EncounterStatus.OPEN
    for to in (EncounterStatus.CODED, EncounterStatus.SIGNED, EncounterStatus.CHARGED):
        books.step_encounter("encounter", to)
    with pytest.raises(Conflict, match="charged cannot become open"):
        books.step_encounter("encounter", EncounterStatus.OPEN)
    with pytest.raises(InputError, match="reason"):
        books.step_encounter("encounter", EncounterStatus.CLOSED, " ")
    books.step_encounter("encounter", EncounterStatus.CLOSED, "charity care")
    assert books.encounters("closed")[0].reason == "charity care"
    assert books.encounter_counts() == {EncounterStatus.CLOSED: 1}


def test_importing_a_visit_again_keeps_where_it_stands(books: Books) -> None:
    books.step_encounter("encounter", EncounterStatus.SIGNED)
    books.save_encounter(replace(filled.encounter(), authorization_id="authorization"), filled.NOTE)
    assert books.visit("encounter").status is EncounterStatus.SIGNED
    assert books.encounter("encounter").authorization_id == "authorization"


def test_the_note_is_the_one_the_visit_names(books: Books) -> None:
    assert books.note_text("encounter") == filled.NOTE
    for other in ("another note", filled.NOTE + " ", "nul \x00", "half \ud800"):
        with pytest.raises(InputError):
            books.save_note("encounter", other)
    assert books.note_text("encounter") == filled.NOTE


def test_the_last_word_on_a_code_counts_and_all_words_are_kept(books: Books) -> None:
    say = books.add_decision
    say("encounter", CodeSystem.ICD10CM, "I10", CodeDecision.ADD, "coder", detail={"pointers": [2]})
    say("encounter", CodeSystem.ICD10CM, "E11.9", CodeDecision.REJECT, "coder", "not assessed")
    say("encounter", CodeSystem.ICD10CM, "J45.909", CodeDecision.ACCEPT, "coder")
    say("encounter", CodeSystem.ICD10CM, "J45.909", CodeDecision.WITHDRAW, "coder")
    counting = books.decisions("encounter")
    assert [(d.code, d.decision.value, d.reason) for d in counting] == [
        ("I10", "add", ""),
        ("E11.9", "reject", "not assessed"),
    ]
    assert counting[0].detail == {"pointers": [2]}
    assert [d.position for d in books.decision_history("encounter")] == [1, 2, 3, 4, 5]


def test_an_unsaved_decision_survives_a_refresh(store: Store, ids: filled.Filled) -> None:
    with store.open("elm") as books:
        books.add_decision("encounter", CodeSystem.CPT, "99213", CodeDecision.ACCEPT, "coder")
    with Store(str(store.engine.url.render_as_string(hide_password=False))).read("elm") as books:
        assert [d.code for d in books.decisions("encounter")] == ["E11.9", "99213"]


def test_signing_again_adds_a_version(books: Books) -> None:
    assert len(books.signed("encounter").diagnoses) == 1
    assert books.sign(SignedEncounter(filled.encounter(), (), (), "second"), date(2026, 4, 10)) == 2
    assert books.signed("encounter").signed_by == "second" and books.signed_on("encounter") == date(2026, 4, 10)


def test_charges_come_back_and_are_never_replaced(books: Books) -> None:
    assert books.charge("charge-1") == books.charges("encounter")[0] == filled.charge()
    assert books.charges_by_id(["charge-1", "nothing"]) == {"charge-1": filled.charge()}
    with pytest.raises(Conflict):
        books.save_charges([filled.charge(amount=1)])


# --- claims ---


def test_a_claim_comes_back_with_its_standing(books: Books) -> None:
    standing = books.claim_by_number(specimens.NUMBER)
    assert standing.claim == books.claim("claim") == specimens.claim()
    assert (standing.state, standing.row.total, standing.row.submitted_on) == (ClaimState.SUBMITTED, 15000, DAY)
    assert standing.findings[0].rule == "rule"
    assert books.claims_by_number([specimens.NUMBER, "X"]).keys() == {specimens.NUMBER}
    assert books.claim_rows(ClaimState.SUBMITTED, payer_id="payer") == (standing.row,)
    assert books.claim_rows([ClaimState.HELD, ClaimState.PAID]) == ()
    assert books.claim_counts() == {ClaimState.SUBMITTED: 1}


def test_a_claim_takes_legal_steps_only(books: Books) -> None:
    assert books.step_claim("claim", ClaimState.ACCEPTED) is ClaimState.SUBMITTED
    with pytest.raises(IllegalStep):
        books.step_claim("claim", ClaimState.READY)
    assert books.standing_claim("claim").state is ClaimState.ACCEPTED


def test_a_sent_claim_stays_as_it_was_sent(books: Books) -> None:
    with pytest.raises(Conflict, match="stays as it was sent"):
        books.save_claim(specimens.claim(diagnoses=("I10",)), ClaimState.READY)


def test_a_replacement_names_the_claim_by_id_or_number(books: Books) -> None:
    for serial, name in ((2, "claim"), (3, specimens.NUMBER)):
        number = claim_number("ELMF", serial)
        claim = specimens.claim(id=number, number=number, frequency=Frequency.REPLACEMENT, replaces=name)
        books.save_claim(claim, ClaimState.HELD)
        assert books.standing_claim(number).row.replaces == "claim"
    with pytest.raises(NotFound):
        books.save_claim(replace(claim, id="x", number="X", replaces="stranger"), ClaimState.HELD)


def test_a_claim_number_is_used_once(books: Books) -> None:
    with pytest.raises(Conflict):
        books.save_claim(specimens.claim(id="other"), ClaimState.HELD)


def test_the_latest_score_counts(books: Books) -> None:
    books.add_score("claim", "c" * 64, 300_000, {"reasons": ["payer"]})
    score = books.latest_scores(["claim", "nothing"])["claim"]
    assert (score.probability_ppm, score.body) == (300_000, {"reasons": ["payer"]})


# --- files and answers ---


def test_the_same_file_twice_is_one_file(books: Books, ids: filled.Filled) -> None:
    first = books.add_file(Direction.INBOUND, "835", "a.835", b"ISA*2~\x00\xff", "7")
    assert books.add_file(Direction.INBOUND, "835", "renamed.835", b"ISA*2~\x00\xff") == (first[0], False)
    assert first[1] and books.file_bytes(first[0]) == b"ISA*2~\x00\xff"
    assert [f.name for f in books.files(Direction.INBOUND)] == ["a.835"]
    books.set_file_outcome(first[0], "posted")
    assert books.file(first[0]).outcome == "posted"


def test_a_999_finds_the_file_and_the_claims_it_speaks_of(books: Books, ids: filled.Filled) -> None:
    sent = books.file_by_control(Direction.OUTBOUND, "837P", "1")
    assert (sent.id, books.claims_in_file(sent.id)) == (ids.file_id, ("claim",))
    with pytest.raises(NotFound):
        books.file_by_control(Direction.OUTBOUND, "837P", "2")


def test_the_same_remittance_twice_changes_nothing(books: Books, ids: filled.Filled) -> None:
    assert books.add_remittance(filled.remittance()) == (ids.remittance_id, False)
    assert len(books.answers("claim")) == 1
    stored = books.remittance(ids.remittance_id)
    assert (stored.remittance, stored.state) == (filled.remittance(), RemittanceState.POSTED)
    other_day = replace(filled.remittance(), paid_on=date(2026, 4, 10))
    assert books.add_remittance(other_day)[1]


def test_a_held_remittance_says_why_and_its_payments_wait(books: Books) -> None:
    held, _ = books.add_remittance(filled.remittance("X", "TRACE2"), reasons=("does not balance",))
    assert [row.reasons for row in books.remittances(RemittanceState.HELD)] == [("does not balance",)]
    (waiting,) = books.claim_payments(held)
    assert (waiting.claim_id, waiting.payment.number) == ("", "X")
    answered = books.answers("claim")
    books.match_payment(waiting.id, "claim")
    assert books.answers("claim") == answered, "what is held is no answer yet"
    books.add_remittance(filled.remittance("X", "TRACE2"), "", RemittanceState.POSTED, matches={1: "claim"})
    assert [p.payment.number for p in books.answers("claim")] == [*(p.payment.number for p in answered), "X"]


def test_denials_work_and_statements(books: Books, ids: filled.Filled) -> None:
    assert list(books.denials_of_claims(["claim", "x"])) == ["claim"]
    assert books.denial_totals() == {"authorization": (1, 15000)}
    books.set_denial_status("denial", DenialStatus.WORKED)
    (denial,) = books.denials_of_claims(["claim"])["claim"]
    assert (denial.status, denial.body) == (DenialStatus.WORKED, {"c": "197"})
    assert [w.id for w in books.work("denials", claim_id="claim")] == ["work"]
    books.finish_work("work", "appealed")
    done = books.work_item("work")
    assert (done.status, done.outcome) == (WorkStatus.DONE, "appealed")
    assert books.work("denials") == ()
    assert books.statements("guarantor") == (books.statement(ids.statement_id),)
    assert books.statement_pdf(ids.statement_id) == b"%PDF-1.7"


# --- money ---


def test_an_entry_comes_back_and_is_found_by_charge(books: Books) -> None:
    entry = filled.entry("entry-1")
    assert books.entry("entry-1") == entry and books.entries(charge_id="charge-1") == (entry,)
    undo = reverse(entry, "entry-2", date(2026, 4, 10), Cause("person", "x", "wrong visit"))
    books.append_entries([undo])
    assert books.entries() == (entry, undo) and books.entries(limit=1) == (entry,)


def move(entry_id: str, amount: int, on: date) -> Entry:
    legs = (
        Leg(Account(AccountKind.RECEIVABLE, Owner.GUARANTOR, "guarantor"), amount, "charge-1"),
        Leg(Account(AccountKind.RECEIVABLE, Owner.PAYER_1, "payer"), -amount, "charge-1"),
    )
    return Entry(entry_id, EntryKind.MOVE, on, Cause("835", "x"), legs)


def test_open_balances_by_business_date_and_owner(books: Books) -> None:
    books.append_entries([move("entry-2", 15000, date(2026, 5, 1))])
    before, after = books.open_balances(date(2026, 4, 30)), books.open_balances(date(2026, 5, 1))
    assert [(b.owner, b.amount, b.since) for b in before] == [(Owner.PAYER_1, 15000, DAY)]
    assert [(b.owner, b.amount, b.since) for b in after] == [(Owner.GUARANTOR, 15000, date(2026, 5, 1))]
    assert (after[0].patient_id, after[0].encounter_id, after[0].service_date) == (
        "patient",
        "encounter",
        specimens.SERVICE,
    )
    assert books.open_balances(date(2026, 5, 1), owner=Owner.PAYER_1) == ()
    assert books.open_balances(DAY, patient_id="nobody") == () == books.open_balances(date(2026, 4, 8))
    assert books.account_totals() == {AccountKind.RECEIVABLE: 15000, AccountKind.REVENUE: -15000}
    assert books.account_totals(date(2026, 4, 8)) == {} and books.ledger_sum() == 0


def test_a_float_is_refused_before_it_reaches_the_database(books: Books) -> None:
    with pytest.raises(MoneyError):
        books.add_statement("guarantor", DAY, 1.5, {}, b"")


# --- what happened ---


def test_an_event_names_hashes_and_never_shows(books: Books) -> None:
    books.log("coder", "patient.register", "patient:patient", "moved", specimens.PATIENT, specimens.PATIENT)
    event = books.events(subject="patient:patient")[0]
    assert len(event.before_hash) == 64 and event.before_hash == event.after_hash
    assert "Doe" not in repr(event) and event.position == 2 and event.at.tzinfo is not None
    assert [e.action for e in books.events(after_position=1)] == ["patient.register"]
    assert books.events(action="encounter.sign")[0].detail == {"codes": 2}


def test_activations_are_a_history(books: Books) -> None:
    books.add_activation("coding", "c" * 64, "coding/cccc", "scientist")
    assert [(a.version, a.sha256[0]) for a in books.activations("coding")] == [(2, "c"), (1, "a")]
    assert books.activations("denial") == ()


def test_entries_on_charges_come_in_the_order_written_whatever_their_ids(books: Books) -> None:
    later, earlier = filled.entry("entry-a"), filled.entry("entry-z")
    books.append_entries([earlier])
    books.append_entries([later])
    found = [e.id for e in books.entries_on(["charge-1"])]
    assert found.index("entry-z") < found.index("entry-a")


def test_money_that_no_charge_has_taken_is_told_by_party(books: Books) -> None:
    before = books.unapplied()
    copay = (
        Leg(Account(AccountKind.CASH, None, "guarantor"), 2500),
        Leg(Account(AccountKind.UNAPPLIED, None, "guarantor"), -2500),
    )
    books.append_entries([Entry("copay", EntryKind.PATIENT_PAYMENT, filled.DAY, Cause("desk", "r"), copay)])
    assert books.unapplied() == before | {"guarantor": before.get("guarantor", 0) + 2500}
