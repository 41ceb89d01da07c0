"""What the guarantor reads."""

from __future__ import annotations

from datetime import date

import pytest

from billing_core.account import Debtor
from billing_core.ledger import Cause, Owner, reverse
from billing_core.posting import move, post_patient_payment
from billing_core.registration import Guarantor
from billing_core.statement import (
    SELF_PAY,
    InsuranceAnswer,
    Names,
    Statement,
    procedure_words,
    statement,
    statement_due,
)
from tests.billing_core import specimens
from tests.billing_core.money_specimens import DAY, GUARANTOR, Ledger, answer, charges, claim, remittance, taken_back

WHO = Guarantor("guarantor", specimens.NAME, specimens.HOME)
SENT = claim(10000, 5000)


def bill(ledger: Ledger) -> Statement | None:
    return statement(WHO, charges(SENT), ledger.entries, DAY)


def pay(ledger: Ledger, amount: int) -> None:
    standings = [ledger.books.standing(f"charge-{n}") for n in (1, 2)]
    ledger.post(post_patient_payment(amount, "guarantor", standings, ledger.new_id(), DAY, Cause("desk", "r")))


def answered(*lines: tuple[str, ...]) -> Ledger:
    ledger = Ledger()
    ledger.bill(SENT)
    ledger.receive(remittance(answer(SENT, *lines)))
    return ledger


def test_each_line_says_what_was_paid_and_why_the_rest_is_owed() -> None:
    made = bill(answered(("CO-45 20", "PR-3 15"), ("CO-45 10", "PR-1 40")))
    assert made is not None
    first, second = made.lines[1], made.lines[0]
    assert (first.charge, first.insurance_paid, first.adjusted, first.you_paid, first.you_owe) == (
        10000,
        6500,
        2000,
        0,
        1500,
    )
    assert (first.words, first.reason) == ("Office visit", "your copay 15.00")
    assert (second.words, second.reason) == ("Blood draw", "your plan's deductible 40.00")
    assert (made.total, made.due, made.credit, made.payments) == (5500, 5500, 0, ())
    for line in made.lines:
        assert line.charge - line.insurance_paid - line.adjusted - line.you_paid == line.you_owe


def test_each_line_says_what_the_insurance_did_and_when() -> None:
    names = Names({"charge-1": "Ann Doe"}, {"charge-1": "Ben Roe"}, {"payer": "Northern Health", "payer-2": "Southern"})
    ledger = answered(("CO-45 20", "PR-3 15"), ("PR-96 50",))
    made = statement(WHO, charges(SENT), ledger.entries, DAY, names=names)
    assert made is not None
    denied, paid = made.lines
    assert paid.insurance == (InsuranceAnswer("Northern Health", 6500, DAY),)
    assert denied.insurance == (InsuranceAnswer("Northern Health", 0, DAY),)
    assert (paid.patient, paid.provider, denied.patient) == ("Ann Doe", "Ben Roe", "")


def test_an_answer_that_was_taken_back_is_not_told() -> None:
    ledger = answered(("CO-45 20", "PR-3 15"), ())
    first = answer(SENT, ("CO-45 20", "PR-3 15"), ())
    ledger.receive(remittance(taken_back(first), trace="T2", plb=(("FB", -first.paid),)))
    ledger.receive(remittance(answer(SENT, ("CO-45 20", "PR-2 16"), ()), trace="T3"))
    made = statement(WHO, charges(SENT), ledger.entries, DAY, names=Names(payers={"payer": "Northern Health"}))
    assert made is not None and made.lines[0].insurance == (InsuranceAnswer("Northern Health", 6400, DAY),)


def test_the_credit_is_that_of_the_account_as_a_whole_where_it_is_given() -> None:
    """A payment that once left credit, which has gone back since, lowers nothing when its charge is owed again."""
    ledger = answered(("CO-45 20", "PR-3 15"), ("PR-1 50",))
    pay(ledger, 7000)
    first = answer(SENT, ("CO-45 20", "PR-3 15"), ("PR-1 50",))
    ledger.receive(remittance(taken_back(first), trace="T2", plb=(("FB", -first.paid),)))
    ledger.receive(remittance(answer(SENT, ("CO-45 20", "PR-3 40"), ("PR-1 50",)), trace="T3"))
    alone = statement(WHO, charges(SENT), ledger.entries, DAY, credit=0)
    assert alone is not None and (alone.credit, alone.due) == (0, alone.total)


def test_no_line_while_a_payer_is_pending() -> None:
    made = bill(answered(("CO-45 20", "PR-3 15"), ("CO-197 50",)))
    assert made is not None
    assert [line.charge_id for line in made.lines] == ["charge-1"]


def test_no_statement_at_zero_nor_before_the_payer_answers() -> None:
    assert bill(answered(("CO-45 20",), ())) is None
    ledger = Ledger()
    ledger.bill(SENT)
    assert bill(ledger) is None
    paid = answered(("CO-45 20", "PR-3 15"), ())
    pay(paid, 1500)
    assert bill(paid) is None


def test_payments_are_listed_and_credit_lowers_what_is_due() -> None:
    ledger = answered(("CO-45 20", "PR-3 15"), ("PR-1 50",))
    pay(ledger, 1000)
    made = bill(ledger)
    assert made is not None
    assert [(p.on, p.amount) for p in made.payments] == [(DAY, 1000)]
    assert {line.charge_id: line.you_owe for line in made.lines} == {"charge-1": 500, "charge-2": 5000}
    ledger.post(post_patient_payment(300, "guarantor", [], ledger.new_id(), DAY, Cause("desk", "r2")))
    credited = bill(ledger)
    assert credited is not None
    assert (credited.total, credited.credit, credited.due) == (5500, 300, 5200)
    ledger.post(post_patient_payment(5200, "guarantor", [], ledger.new_id(), DAY, Cause("desk", "r3")))
    assert bill(ledger) is None


def test_a_payment_that_bounced_is_owed_again_and_not_listed() -> None:
    ledger = answered(("CO-45 20", "PR-3 15"), ())
    pay(ledger, 1500)
    ledger.post(reverse(ledger.entries[-1], ledger.new_id(), DAY, Cause("bank", "returned")))
    made = bill(ledger)
    assert made is not None
    assert (made.due, made.payments, made.lines[0].you_paid) == (1500, (), 0)


def test_self_pay_says_so() -> None:
    ledger = Ledger()
    ledger.bill(SENT, debtor=GUARANTOR)
    made = bill(ledger)
    assert made is not None
    assert {line.reason for line in made.lines} == {SELF_PAY}
    assert made.due == 15000


def test_after_a_takeback_nobody_is_billed_and_the_corrected_answer_gives_the_reason() -> None:
    ledger = answered(("CO-45 20", "PR-3 15"), ())
    first = answer(SENT, ("CO-45 20", "PR-3 15"), ())
    ledger.receive(remittance(taken_back(first), trace="T2", plb=(("FB", -first.paid),)))
    assert bill(ledger) is None
    ledger.receive(remittance(answer(SENT, ("CO-45 20", "PR-2 16"), ()), trace="T3"))
    made = bill(ledger)
    assert made is not None
    assert made.lines[0].reason == "your share of the cost (coinsurance) 16.00"


def test_a_movement_that_was_undone_gives_no_reason() -> None:
    ledger = answered(("CO-45 20", "PR-3 15"), ())
    payer = Debtor(Owner.PAYER_1, "payer")

    def by_hand(to: Debtor, words: str) -> None:
        cause = Cause("person ann", "charge-1", words)
        ledger.post(move(ledger.books.standing("charge-1"), to, ledger.new_id(), DAY, cause))

    by_hand(payer, "ask the payer again")
    by_hand(GUARANTOR, "a mistake")
    for entry in ledger.entries[:-3:-1]:
        ledger.post(reverse(entry, ledger.new_id(), DAY, Cause("person ann", "charge-1", "undone")))
    made = bill(ledger)
    assert made is not None
    assert made.lines[0].reason == "your copay 15.00"


def test_what_collections_holds_is_not_on_the_statement() -> None:
    ledger = answered(("CO-45 20", "PR-3 15"), ())
    to = Debtor(Owner.COLLECTIONS, "guarantor")
    ledger.post(move(ledger.books.standing("charge-1"), to, ledger.new_id(), DAY, Cause("person ann", "charge-1")))
    assert bill(ledger) is None


def test_procedures_have_family_names() -> None:
    for code, words in {
        "99213": "Office visit",
        "99285": "Emergency visit",
        "36415": "Blood draw",
        "80053": "Laboratory test",
        "71046": "X-ray or imaging",
        "00100": "Anesthesia",
        "11102": "Procedure or surgery",
        "90834": "Mental health care",
        "90471": "Giving a vaccine",
        "97110": "Physical or occupational therapy",
        "J1885": "Medicine",
        "0001F": "Medical service",
        "": "Medical service",
    }.items():
        assert procedure_words(code) == words


DUE = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("sent", "total", "due"),
    [
        ([], 100, True),
        ([(date(2026, 2, 2), 100)], 100, False),  # 27 days
        ([(date(2026, 2, 1), 100)], 100, True),  # 28 days
        ([(date(2025, 11, 1), 100), (date(2025, 12, 1), 100)], 100, True),  # the third
        ([(date(2025, 11, 1), 100), (date(2025, 12, 1), 100), (date(2026, 1, 1), 100)], 100, False),  # in vain
        ([(date(2025, 11, 1), 100), (date(2025, 12, 1), 100), (date(2026, 1, 1), 100)], 150, True),  # a new service
        ([(date(2025, 11, 1), 100), (date(2025, 12, 1), 100), (date(2026, 1, 1), 100)], 60, True),  # they pay
        ([(date(2025, 11, 1), 100), (date(2025, 12, 1), 80), (date(2026, 1, 1), 80)], 80, True),  # they paid once
    ],
)
def test_statements_stop_when_nobody_answers(sent: list[tuple[date, int]], total: int, due: bool) -> None:
    assert statement_due(sent, total, DUE) is due
