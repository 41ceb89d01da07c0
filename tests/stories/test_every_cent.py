"""Every cent explained, on both databases: what a remittance posted and why, what waits, and who decided the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_core.chargemaster import Price
from billing_core.credit_balance import RefundSince, RefundTerm
from billing_core.encounter import Encounter, Setting
from billing_core.errors import PostingError
from billing_core.identifiers import npi_from
from billing_core.ledger import AccountKind, EntryKind
from billing_core.registration import Payer
from billing_core.remittance import ProviderAdjustment
from serving.desk import (
    accounts,
    bank,
    billing,
    coding,
    credits,
    follow_up,
    money,
    patient_balance,
    refund_rules,
    remitted,
    unmatched,
)
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.errors import Conflict, InputError, NotFound
from serving.ids import FixedClock
from serving.schemas.billing import MendIn
from serving.schemas.coding import SignatureIn
from serving.schemas.money import (
    AssignIn,
    GuarantorPaymentIn,
    HandMatchIn,
    InvestigationIn,
    PatientWriteOffIn,
    PlanIn,
    ReasonIn,
    RefundIn,
    RefundRulesIn,
    RefundTermIn,
    RequestedIn,
)
from serving.store.states import EncounterStatus
from tests.billing_core import specimens
from tests.billing_core.busy_practice import TODAY, Busy, advice, file_of, opened
from tests.billing_core.money_specimens import answer, taken_back
from tests.stories.test_money_desk import someone, standing, stranger, total

WHY = ReasonIn(reason="looked at together")


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(database_url, 6, tmp_path)
    yield desk, busy
    desk.store.close()


def plb(reason: str, reference: str, amount: int) -> ProviderAdjustment:
    return ProviderAdjustment(reason, reference, amount, fiscal_period=date(2026, 12, 31), provider="1234567893")


def paid_with(desk: Desk, busy: Busy, trace: str, control: int, *adjusted: ProviderAdjustment, **more: Any) -> None:
    given = advice([answer(busy.claims[control - 1], ("CO-45 40",), ("CO-45 10",))], trace, **more)
    given = replace(given, amount=given.amount - sum(a.amount for a in adjusted), provider_adjustments=adjusted)
    assert receive(desk, f"{trace}.835", file_of(given, control=control)).posted == 1


# --- what a remittance posted -----------------------------------------------------------------------------------------


def test_a_remittance_shows_each_answer_with_its_entries_their_cause_and_the_payers_words(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    first = answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",))
    second = answer(busy.claims[1], ("CO-197 100",), ("CO-45 10",))
    given = [advice([first], "T1"), replace(advice([second], "T2"), provider_adjustments=())]
    receive(desk, "two sets.835", file_of(*given))
    second_row, first_row = remitted.remittances(desk)
    assert {first_row.trace, second_row.trace} == {"T1", "T2"}
    for row, set_number, entries in ((first_row, 1, 2), (second_row, 2, 1)):
        view = remitted.remittance(desk, row.id)
        assert (view.cash_posted, view.set_number, view.file_name) == (view.amount, set_number, "two sets.835")
        one = remitted.answer(desk, row.id, 1)
        assert len(one.entries) == entries and all(e.cause == f"two sets.835, set {set_number}" for e in one.entries)
        assert one.segments[0].text.startswith(f"CLP*{one.number}*")
        assert sum(Decimal(leg.amount) for e in one.entries for leg in e.legs) == 0
    assert remitted.answer(desk, first_row.id, 1).lines[0].adjustments[1].words == "your copay"
    denied = remitted.answer(desk, second_row.id, 1)
    assert [line.denied for line in denied.lines] == [True, False] and denied.entries[0].legs[0].amount == "20.00"
    assert [r.trace for r in remitted.remittances(desk, find="t2")] == ["T2"]
    with pytest.raises(NotFound):
        remitted.answer(desk, first_row.id, 2)


def test_an_answer_given_to_a_claim_shows_what_that_posted_and_where_the_payer_said_it(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    receive(desk, "a.835", stranger(busy))
    (row,) = remitted.remittances(desk)
    (held,) = remitted.answer(desk, row.id, 1).entries
    assert [leg.account for leg in held.legs] == ["paid", "unapplied"]
    (item,) = unmatched.unmatched(desk)
    assert item.candidates[0].patient == "Doe, Ann" and item.payer == "Northern Health"
    unmatched.assign(desk, item.id, AssignIn(claim_number=busy.claims[0].number))
    one = remitted.answer(desk, row.id, 1)
    assert one.claim_number == busy.claims[0].number
    assert [e.kind for e in one.entries] == ["unapplied", "reversal", "insurance payment", "move"]
    posted = next(e for e in one.entries if e.kind == "insurance payment")
    assert posted.cause == "a.835, set 1, claim 1, given to the claim by operator"
    explained = accounts.explain(desk, posted.id)
    assert explained.segments and explained.segments == remitted.answer(desk, row.id, 1).segments


def test_every_movement_of_an_account_names_a_person_or_a_file_and_segment(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    receive(desk, "a.835", file_of(advice([answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",))])))
    patient_balance.take_guarantor_payment(desk, "guarantor-0", GuarantorPaymentIn(amount="20.00", method="cash"))
    view = accounts.account(desk, busy.claims[0].patient.id)
    assert (view.patient, view.credit, view.patient_paid, view.owed_by_guarantor) == (
        "Doe, Ann",
        "5.00",
        "15.00",
        "0.00",
    )
    for line in view.lines:
        parts = (line.insurance_paid, line.patient_paid, line.contractual, line.written_off, line.open)
        assert Decimal(line.charged) == sum(map(Decimal, parts))
        for movement in line.history:
            explained = accounts.explain(desk, movement.id)
            assert explained.cause in ("coder", "operator", "a.835, set 1")
            assert bool(explained.segments) is (explained.cause == "a.835, set 1")


def test_a_withholding_and_a_carried_balance_under_one_reference_settle_each_other(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    paid_with(desk, busy, "T1", 1, plb("FB", "ICN0001", -5000))  # carried out: not cash of ours
    assert [(c.open, c.says) for c in remitted.carried(desk)] == [("-50.00", "will be taken from a later payment")]
    paid_with(desk, busy, "T2", 2, plb("WO", "ICN0001 20260401", 5000))  # and taken by the other code
    assert remitted.carried(desk) == []
    (settled,) = remitted.carried(desk, every=True)
    assert (settled.withheld, settled.carried, settled.open, settled.says) == ("50.00", "-50.00", "0.00", "settled")
    paid_with(desk, busy, "T3", 3, plb("WO", "ICN9999", 700))
    assert [(c.reference, c.open) for c in remitted.carried(desk)] == [("ICN9999", "7.00")]


# --- the bank ---------------------------------------------------------------------------------------------------------


def test_what_fits_in_more_than_one_way_a_person_matches_and_the_drawer_is_explained(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    for control in (1, 2, 3):
        paid_with(desk, busy, f"CHECK{control}", control)  # three checks of 80.00 on one day
    patient_balance.take_guarantor_payment(desk, "guarantor-0", GuarantorPaymentIn(amount="12.00", method="cash"))
    found = bank.match_deposits(
        desk, "b.csv", b"date,amount,reference\n2026-05-05,80.00,branch\n2026-05-05,12.00,drawer\n"
    )
    branch, drawer = found.unmatched_deposits
    assert found.matched == 0 and found.undeposited == "252.00"
    one, two, _ = (row.id for row in found.waiting_remittances)
    with pytest.raises(InputError, match=r"80\.00 more"):
        bank.match_by_hand(desk, HandMatchIn(deposits=[branch.id], remittances=[one, two], reason="the slip"))
    done = bank.match_by_hand(desk, HandMatchIn(deposits=[branch.id], remittances=[two], reason="the slip"))
    assert [d.id for d in done.unmatched_deposits] == [drawer.id] and two not in {
        r.id for r in done.waiting_remittances
    }
    with pytest.raises(Conflict, match="matched already"):
        bank.patients_money(desk, branch.id, WHY)
    done = bank.patients_money(desk, drawer.id, WHY)
    assert (done.unmatched_deposits, total(desk, AccountKind.BANK), total(desk, AccountKind.CASH)) == ([], 9200, 16000)
    bank.match_deposits(desk, "c.csv", b"date,amount,reference\n2026-05-05,1.00,drawer\n")
    with pytest.raises(InputError, match=r"only 0\.00 of patients"):
        bank.patients_money(desk, bank.bank_standing(desk).unmatched_deposits[0].id, WHY)
    row = next(r for r in remitted.remittances(desk) if r.id == two)
    assert remitted.remittance(desk, row.id).deposited == "2026-05-05"


def test_a_match_is_undone_by_name_with_a_reason_and_no_rule_makes_it_again(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    paid_with(desk, busy, "CHECK1", 1)
    lines = "date,amount,reference\n2026-05-05,50.00,CHECK1 a\n2026-05-06,30.00,CHECK1 b\n"
    found = bank.match_deposits(desk, "b.csv", lines.encode())
    assert (found.matched, total(desk, AccountKind.BANK)) == (1, 8000)
    first, second = bank.matches(desk)
    assert first.entry_id == second.entry_id and first.traces == ["CHECK1"]
    assert bank.matches(desk, "30.00") == [first]
    sheet = accounts.close_day(desk, TODAY)
    done = bank.undo_match(desk, first.id, ReasonIn(reason="the bank took it back"))
    assert (len(done.unmatched_deposits), len(done.waiting_remittances)) == (2, 1) and bank.matches(desk) == []
    assert (total(desk, AccountKind.BANK), total(desk, AccountKind.CASH)) == (0, 8000)
    assert accounts.read_day(desk, TODAY).by_account == sheet.by_account, "the closed day stays closed"
    assert accounts.read_day(desk, TODAY + timedelta(days=1)).by_kind == {"reversal": "80.00"}
    with desk.store.read(desk.practice_id) as books:
        (reversal,) = books.entries_of_kind(EntryKind.REVERSAL)
    assert reversal.reverses == first.entry_id and accounts.explain(desk, reversal.id).cause == desk.actor.login
    assert "the bank took it back" in reversal.cause.reason
    with pytest.raises(Conflict, match="is not matched"):
        bank.undo_match(desk, first.id, WHY)
    again = bank.match_deposits(desk, "c.csv", b"date,amount,reference\n2026-05-06,1.00,drawer\n")
    assert (again.matched, len(again.unmatched_deposits)) == (0, 3), "what a person undid waits for a person"
    ids = [d.id for d in again.unmatched_deposits if d.amount != "1.00"]
    both = [r.id for r in again.waiting_remittances]
    bank.match_by_hand(desk, HandMatchIn(deposits=ids, remittances=both, reason="it came after all"))
    assert (total(desk, AccountKind.BANK), len(bank.matches(desk))) == (8000, 2)


def test_patients_money_goes_back_to_the_drawer(practice: tuple[Desk, Busy]) -> None:
    desk, _ = practice
    patient_balance.take_guarantor_payment(desk, "guarantor-0", GuarantorPaymentIn(amount="12.00", method="cash"))
    found = bank.match_deposits(desk, "b.csv", b"date,amount,reference\n2026-05-05,12.00,drawer\n")
    (drawer,) = found.unmatched_deposits
    bank.patients_money(desk, drawer.id, WHY)
    (done,) = bank.matches(desk)
    assert done.traces == [] and done.how.startswith("patients' money")
    assert [d.id for d in bank.undo_match(desk, done.id, WHY).unmatched_deposits] == [drawer.id]
    assert (total(desk, AccountKind.BANK), total(desk, AccountKind.CASH)) == (0, 1200)


# --- credits ----------------------------------------------------------------------------------------------------------


def lump(desk: Desk, busy: Busy, filing: str) -> None:
    with desk.store.open(desk.practice_id) as books:
        books.save_payer(Payer("lump", "Lump Health", "LUMP1", filing, specimens.HOME))
    paid_with(desk, busy, "L1", 1, plb("LS", "LUMP", -500), payer_number="LUMP1", payer_name="Lump Health")


def test_a_good_faith_investigation_suspends_the_sixty_days_and_no_longer_than_half_a_year(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    lump(desk, busy, "MB")
    (credit,) = credits.find_credits(desk)
    assert (credit.due, credit.days_left, credit.name) == ("2026-07-03", 60, "Lump Health")
    asked = credits.investigate(desk, credit.id, InvestigationIn(until="2026-06-03", reason="which claims"))
    assert (asked.due, asked.suspended_until) == ("2026-08-02", "2026-06-03")
    asked = credits.investigate(desk, credit.id, InvestigationIn(until="2027-06-03", reason="still"))
    assert date.fromisoformat(asked.due) == TODAY + timedelta(days=60 + 180)
    with pytest.raises(InputError, match="before it begins"):
        credits.investigate(desk, credit.id, InvestigationIn(until="2026-05-04", reason="which claims"))
    with pytest.raises(Conflict, match="law"):
        credits.name_term(desk, credit.id, RefundTermIn(due="2027-06-03", rule="we like it so"))


def test_a_commercial_credit_has_the_term_a_person_read_in_the_contract_and_a_refund_can_be_declined(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    lump(desk, busy, "CI")
    (credit,) = credits.find_credits(desk)
    assert (credit.due, credit.days_left) == ("", None) and "state" in credit.rule
    with pytest.raises(InputError, match="no clock"):
        credits.investigate(desk, credit.id, InvestigationIn(until="2026-06-03", reason="which claims"))
    named = credits.name_term(desk, credit.id, RefundTermIn(due="2026-06-18", rule="contract, section 7.2: 45 days"))
    assert (named.due, named.rule) == ("2026-06-18", "contract, section 7.2: 45 days (entered by operator)")
    asked = credits.ask_refund(someone(desk, "ann"), credit.id, RefundIn(amount="5.00", reason="overpaid"))
    assert [r.reason for r in credits.refunds(desk)] == ["overpaid"]
    credits.decline_refund(someone(desk, "mia"), asked.id, WHY)
    assert credits.refunds(desk) == [] and [c.amount for c in credits.credits(desk)] == ["5.00"]
    with pytest.raises(Conflict, match="decided already"):
        credits.approve_refund(someone(desk, "mia"), asked.id)


RULE = """format = 1
[[rules]]
state = "NY"
whose = "{whose}"
days = {days}
from = "identified"
effective = 2020-01-01
source = "an invented statute for this test"
"""


def in_force(desk: Desk, whose: str = "payer", days: int = 90) -> None:
    assert refund_rules.save_rules(desk, RefundRulesIn(text=RULE.format(whose=whose, days=days))).findings == []


def test_where_a_term_is_on_file_the_system_decides(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    lump(desk, busy, "CI")
    (credit,) = credits.find_credits(desk)
    assert not credit.decidable and credit.due == ""
    credits.name_term(desk, credit.id, RefundTermIn(due="2026-06-18", rule="as it was read"))
    in_force(desk)
    (credit,) = credits.credits(desk)
    assert credit.decidable and credit.due == (TODAY + timedelta(90)).isoformat() and "NY" in credit.rule
    with pytest.raises(Conflict, match="a term is on file"):
        credits.name_term(desk, credit.id, RefundTermIn(due="2026-06-18", rule="as it was read"))
    with desk.store.open(desk.practice_id) as books:
        term = RefundTerm(30, RefundSince.REQUEST, "section 7")
        books.save_contract(replace(specimens.CONTRACT, payer_id="lump", refund=term))
    (credit,) = credits.find_credits(desk)
    assert (credit.due, credit.decidable) == ("", True) and "none is noted" in credit.rule
    with pytest.raises(InputError, match="a day to come"):
        credits.requested(desk, credit.id, RequestedIn(on="2030-01-01", reason="letter 9"))
    noted = credits.requested(desk, credit.id, RequestedIn(on="2026-05-01", reason="letter 9"))
    assert (noted.due, noted.requested_on) == ("2026-05-31", "2026-05-01") and "section 7" in noted.rule
    assert [c.due for c in credits.credits(desk)] == ["2026-05-31"]


def test_a_patients_credit_goes_by_the_states_rule_else_by_our_own_promise(practice: tuple[Desk, Busy]) -> None:
    desk, _ = practice
    patient_balance.take_guarantor_payment(desk, "guarantor-0", GuarantorPaymentIn(amount="12.00", method="cash"))
    (credit,) = credits.find_credits(desk)
    assert credit.due == (TODAY + timedelta(30)).isoformat() and "own promise" in credit.rule
    in_force(desk, "patient", 60)
    assert [c.due for c in credits.credits(desk)] == [(TODAY + timedelta(60)).isoformat()]


def test_a_file_of_rules_that_is_not_sound_changes_nothing(practice: tuple[Desk, Busy]) -> None:
    desk, _ = practice
    in_force(desk)
    wrong = refund_rules.save_rules(desk, RefundRulesIn(text=RULE.format(whose="payer", days=0)))
    assert wrong.findings and [rule.days for rule in wrong.rules] == [90] == [
        rule.days for rule in refund_rules.rules(desk).rules
    ]
    assert wrong.ours == "NY"


# --- what patients owe ------------------------------------------------------------------------------------------------


def owing(desk: Desk, busy: Busy) -> None:
    receive(desk, "a.835", file_of(advice([answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",))])))


@pytest.mark.parametrize("amount", ["-1.00", "0.001", "NaN", "Infinity", "1e3", "", " 5"])
def test_no_payment_is_negative_or_no_number(amount: str) -> None:
    with pytest.raises(ValueError):
        GuarantorPaymentIn(amount=amount, method="cash")


def test_a_payment_of_nothing_is_refused_and_moves_nothing(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    owing(desk, busy)
    with pytest.raises(PostingError, match="more than zero"):
        patient_balance.take_guarantor_payment(desk, "guarantor-0", GuarantorPaymentIn(amount="0.00", method="cash"))
    assert total(desk, AccountKind.CASH) == 6500


def test_who_owes_is_one_row_with_what_was_done_about_it(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    assert patient_balance.guarantors(desk) == []
    owing(desk, busy)
    assert [s.total for s in money.run_statements(desk)] == ["15.00"]
    assert money.run_statements(desk) == [], "twice on one day sends nothing twice"
    plan = patient_balance.make_plan(desk, "guarantor-0", PlanIn(monthly="10.00", first_due="2026-05-31"))
    (row,) = patient_balance.guarantors(desk)
    assert (row.name, row.owed, row.statements, row.plan) == ("Doe, Ann", "15.00", 1, "kept")
    patient_balance.end_plan(desk, plan.id, WHY)
    with pytest.raises(Conflict, match="ended already"):
        patient_balance.end_plan(desk, plan.id, WHY)
    asked = patient_balance.ask_write_off(
        someone(desk, "ann"), "guarantor-0", PatientWriteOffIn(kind="hardship", reason="out of work")
    )
    assert [w.guarantor for w in patient_balance.asked_write_offs(desk)] == ["Doe, Ann"]
    assert patient_balance.guarantors(desk)[0].write_off_asked
    patient_balance.decline_write_off(someone(desk, "mia"), asked.id, WHY)
    assert patient_balance.asked_write_offs(desk) == [] and standing(desk).open == 1500
    with pytest.raises(Conflict, match="decided already"):
        patient_balance.approve_write_off(someone(desk, "mia"), asked.id)


def test_a_statement_beside_a_plan_asks_for_its_installment_and_names_what_the_insurance_did(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    owing(desk, busy)
    plan = patient_balance.make_plan(desk, "guarantor-0", PlanIn(monthly="5.00", first_due="2026-05-20"))
    (sent,) = money.run_statements(desk)
    with desk.store.read(desk.practice_id) as books:
        (kept,) = books.statements()
        (line,) = kept.body["lines"]
    assert (sent.total, kept.body["installment"]) == ("15.00", {"due": "2026-05-20", "amount": "5.00"})
    assert (line["patient"], line["provider"]) == ("Ann Doe (record 0)", "Ann Doe")
    assert line["insurance"] == [{"payer": "Northern Health", "paid": "45.00", "on": TODAY.isoformat()}]
    broken = replace(desk, clock=FixedClock(date(2026, 7, 1)))
    with broken.store.read(desk.practice_id) as books:
        assert patient_balance.next_installment(books, "guarantor-0", date(2026, 7, 1)) is None, (
            "the whole is asked for"
        )
        late = patient_balance.next_installment(books, "guarantor-0", date(2026, 5, 25))
    assert late is not None and (late.due, late.amount) == (date(2026, 6, 20), 1000)
    patient_balance.end_plan(desk, plan.id, WHY)


# --- the receivable, the day, and what has not ended ------------------------------------------------------------------


@pytest.mark.parametrize("since", ["service", "responsibility"])
@pytest.mark.parametrize("by", ["payer", "provider", "practice"])
def test_behind_each_figure_of_the_aging_stand_the_balances_that_add_up_to_it(
    practice: tuple[Desk, Busy], by: str, since: str
) -> None:
    desk, busy = practice
    owing(desk, busy)
    later = replace(desk, clock=FixedClock(TODAY + timedelta(days=70)))
    found = accounts.aging(later, by, since)
    assert accounts.aging_lines(later, by, since).total == found.total
    for row in found.rows:
        of_row = {"by": by, "since": since, "owner": row["owner"], "name": row[by]}
        assert accounts.aging_lines(later, **of_row).total == row["total"]
        for age in ("0-30", "31-60", "61-90", "91-120", "over 120"):
            behind = accounts.aging_lines(later, **of_row, bucket=age)
            assert behind.total == row[age] and all(line.bucket == age for line in behind.rows)
    oldest = accounts.aging_lines(later, by, since).rows[0]
    assert oldest.claim_number and oldest.patient == "Doe, Ann"


def test_a_closed_day_keeps_the_chain_it_was_closed_with(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    owing(desk, busy)
    closed = accounts.close_day(desk, TODAY)
    paid_with(desk, busy, "T2", 2)
    again = accounts.read_day(desk, TODAY)
    assert again == closed and again.closed_through == TODAY.isoformat()
    assert accounts.read_day(desk, TODAY + timedelta(days=1)).chain != closed.chain


def test_nothing_is_silent_each_visit_and_claim_is_listed_until_it_ends(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    with desk.store.open(desk.practice_id) as books:
        for claim in busy.claims[1:]:
            for status in (EncounterStatus.SIGNED, EncounterStatus.CHARGED):
                books.step_encounter(claim.encounter_id, status)
    ends = follow_up.open_ends(desk)
    assert [e.what for e in ends if e.kind == "visit"] == ["Doe, Ann: nobody has coded the visit"]
    assert sum(e.kind == "claim" for e in ends) == len(busy.claims)
    assert {e.mend for e in ends if e.kind == "claim"} == {"wait: a follow-up opens on 2026-05-09"}
    with desk.store.open(desk.practice_id) as books:
        books.step_encounter(busy.claims[0].encounter_id, EncounterStatus.CLOSED, "no_charge")
    receive(desk, "a.835", file_of(advice([answer(c, ("CO-45 40",), ("CO-45 10",)) for c in busy.claims[:5]])))
    later = replace(desk, clock=FixedClock(TODAY + timedelta(days=30)))
    follow_up.find_silent(later)
    (left,) = follow_up.open_ends(later)
    assert busy.claims[5].number in left.what and left.mend == "ask the payer for its status"


def test_a_claim_whose_answer_was_taken_back_is_waited_for_unless_another_was_sent_in_its_place(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    claim, replaced = busy.claims[:2]
    denied = (("CO-197 100",), ("CO-197 30",))
    receive(desk, "a.835", file_of(advice([answer(claim, *denied), answer(replaced, *denied)])))
    with desk.store.open(desk.practice_id) as books:
        books.next_claim_serial(len(busy.claims))
    anew = billing.mend(desk, replaced.id, MendIn(action="resubmit", reason="the payer asked for it"))
    assert billing.read_claim(desk, replaced.id).replaced_by == anew.claim_id
    back = [taken_back(answer(one, *denied)) for one in (claim, replaced)]
    receive(desk, "b.835", file_of(advice(back, "T2"), control=2))
    ends = {end.id: end for end in follow_up.open_ends(desk)}
    due = TODAY + timedelta(days=30)
    assert (ends[claim.id].days, ends[claim.id].mend) == (0, f"wait: a follow-up opens on {due}")
    assert ends[claim.id].what == f"{claim.number}: claim reversed" and replaced.id not in ends
    late = replace(desk, clock=FixedClock(due))
    assert follow_up.find_silent(late) == len(busy.claims) - 1, "the four that nobody answered as well"
    receive(desk, "c.835", file_of(advice([answer(claim, ("CO-45 40",), ("CO-45 10",))], "T3"), control=3))
    assert follow_up.find_silent(late) == len(busy.claims) - 2
    assert claim.id not in {end.id for end in follow_up.open_ends(late)}


def test_a_signed_visit_that_could_not_be_billed_says_why_and_is_billed_once_that_is_mended(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    referrer = replace(specimens.PROVIDER, id="referrer", npi=npi_from("123123123"))
    note = "Assessment: hypertension."
    visit = Encounter(
        "late", busy.claims[0].patient.id, "provider", "location", specimens.SERVICE, Setting.OUTPATIENT,
        hashlib.sha256(note.encode()).hexdigest(), referring_provider_id="referrer",
    )  # fmt: skip
    with desk.store.open(desk.practice_id) as books:
        books.save_prices([Price("99213", 10000, date(2024, 1, 1))])
        books.save_encounter(visit, note)
        books.next_claim_serial(len(busy.claims))  # their numbers were given out by hand
    signature = SignatureIn.model_validate({"diagnoses": ["I10"], "procedures": [{"code": "99213"}]})
    assert coding.sign(desk, "late", signature).claim_id == ""
    (end,) = [e for e in follow_up.open_ends(desk) if e.id == "late"]
    assert "signed and not charged" in end.what and "close it with a reason" in end.mend and ";" in end.mend
    assert follow_up.bill_signed(desk) == 0
    with desk.store.open(desk.practice_id) as books:
        books.save_provider(referrer)
    assert (follow_up.bill_signed(desk), follow_up.bill_signed(desk)) == (1, 0)
    with desk.store.read(desk.practice_id) as books:
        (claim,) = books.claims(encounter_id="late")
        assert claim.claim.total == 10000 and books.visit("late").status is EncounterStatus.CHARGED


def test_what_was_taken_back_stands_on_the_account_with_both_causes(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    first = answer(busy.claims[0], ("CO-45 40",), ("CO-45 10",))
    receive(desk, "a.835", file_of(advice([first])))
    corrected = answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",))
    other = answer(busy.claims[1], ("CO-45 40",), ("CO-45 10",))
    receive(desk, "b.835", file_of(advice([taken_back(first), corrected, other], "T2"), control=2))
    line = accounts.account(desk, busy.claims[0].patient.id).lines[0]
    assert [e.cause for e in line.history][:3] == ["coder", "a.835, set 1", "b.835, set 1"]
    assert (line.open, line.owner, line.insurance_paid) == ("15.00", "guarantor", "45.00")
