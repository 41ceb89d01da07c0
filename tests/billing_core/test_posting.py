"""Worked examples, as an accountant would write them: what comes in, and how each account stands after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_core.account import Debtor
from billing_core.claim import ClaimState
from billing_core.errors import MoneyError, PostingError
from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg, Owner
from billing_core.matching import match
from billing_core.posting import (
    apply_credit,
    move,
    post_charge,
    post_claim_payment,
    post_patient_payment,
    refund,
    remittance_key,
    write_off,
)
from billing_core.provider_adjustment import PROVIDER_ADJUSTMENTS
from billing_core.remittance import Adjustment
from tests.billing_core import specimens
from tests.billing_core.money_specimens import (
    CO,
    DAY,
    GUARANTOR,
    PAYER_1,
    PR,
    SECOND_COVERAGE,
    SECOND_PAYER,
    Ledger,
    answer,
    charges,
    claim,
    number,
    remittance,
    taken_back,
)

CASH, UNAPPLIED, TAKEBACK = AccountKind.CASH, AccountKind.UNAPPLIED, AccountKind.TAKEBACK
CARRIED = AccountKind.CARRIED
BY_HAND = Cause("person biller", "charge-1", "patient asked to be billed")


def rules(posted: object) -> list[str]:
    return [finding.rule for finding in posted.findings]


def paid_with_share() -> tuple[Ledger, object]:
    """100.00 charged; the payer allows 80.00 and leaves copay and deductible to the patient."""
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    payment = answer(sent, ("CO-45 20", "PR-3 15", "PR-1 25"))
    ledger.receive(remittance(payment))
    return ledger, payment


def test_a_charge_is_owed_by_its_first_payer() -> None:
    ledger = Ledger()
    ledger.bill(claim(10000))
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}
    assert ledger.account(AccountKind.REVENUE) == -10000


def test_paid_in_full_by_contract() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("CO-45 20",))))
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}
    assert ledger.account(CASH) == 8000
    assert [a.state for a in posted.answers] == [ClaimState.PAID]
    assert posted.findings == ()


def test_paid_with_copay_and_deductible_moves_the_rest_to_the_guarantor() -> None:
    ledger, _ = paid_with_share()
    assert ledger.line() == {"insurance": 4000, "contractual": 2000, "open": 4000, "owes": "guarantor"}
    moved = ledger.entries[-1]
    assert moved.cause.reason == "your copay 15.00; your plan's deductible 25.00"
    assert moved.cause.reference == number()


def test_a_denial_posts_nothing_and_stays_with_its_payer() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("CO-197 100",))))
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}
    assert posted.entries == ()
    assert [d.code for d in posted.denials] == ["CO-197"]
    assert posted.answers[0].state is ClaimState.DENIED


def test_a_denial_with_a_contractual_part_writes_nothing_off() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("CO-45 30", "CO-50 70"))))
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}
    assert posted.denials[0].amount == 7000


def test_denied_then_corrected_and_paid() -> None:
    ledger = Ledger()
    first = ledger.bill(claim(10000))
    ledger.receive(remittance(answer(first, ("CO-197 100",)), trace="T1"))
    second = ledger.bill(claim(10000, serial=2, authorization="AUTH77"), charge=False)
    ledger.receive(remittance(answer(second, ("CO-45 20", "PR-2 16")), trace="T2"))
    assert ledger.line() == {"insurance": 6400, "contractual": 2000, "open": 1600, "owes": "guarantor"}


def test_a_partial_denial_pays_one_line_and_leaves_the_other_with_the_payer() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000, 5000)), ("CO-45 20",), ("CO-97 50",))))
    assert ledger.line(1) == {"insurance": 8000, "contractual": 2000}
    assert ledger.line(2) == {"open": 5000, "owes": "payer 1"}
    assert posted.answers[0].state is ClaimState.PARTLY_DENIED
    assert [(d.line, d.code) for d in posted.denials] == [(2, "CO-97")]


def test_a_denial_the_patient_owes_goes_to_the_guarantor() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("CO-45 30", "PR-96 70"))))
    assert ledger.line() == {"contractual": 3000, "open": 7000, "owes": "guarantor"}
    assert posted.denials[0].patient_owes


def test_a_line_cut_without_denial_stays_with_the_payer_for_review() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("CO-45 20", "CO-151 30", "PR-3 10"))))
    assert ledger.line() == {"insurance": 4000, "contractual": 2000, "open": 4000, "owes": "payer 1"}
    assert rules(posted) == ["posting-cut"]


def test_the_rest_of_a_cut_line_is_paid_later_and_counted_once() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    ledger.receive(remittance(answer(sent, ("CO-45 20", "CO-151 30")), trace="T1"))
    ledger.receive(remittance(answer(sent, ("CO-45 20", "CO-B13 50")), trace="T2"))
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}


def test_what_was_paid_before_does_not_keep_the_patients_share_from_moving() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    ledger.receive(remittance(answer(sent, ("CO-45 20", "CO-151 30")), trace="T1"))
    posted = ledger.receive(remittance(answer(sent, ("CO-45 20", "OA-B13 50", "PR-3 10")), trace="T2"))
    assert ledger.line() == {"insurance": 7000, "contractual": 2000, "open": 1000, "owes": "guarantor"}
    assert posted.findings == ()


def test_an_answer_never_takes_a_balance_from_whom_a_person_gave_it_to() -> None:
    ledger = Ledger(specimens.COVERAGE, SECOND_COVERAGE)
    sent = ledger.bill(claim(10000))
    ledger.receive(remittance(answer(sent, ("CO-27 100",)), trace="T1"))
    ledger.post(move(ledger.books.standing("charge-1"), GUARANTOR, ledger.new_id(), DAY, BY_HAND))
    ledger.receive(remittance(answer(sent, ("CO-45 20", "PR-3 15")), trace="T2"))
    assert ledger.line() == {"insurance": 6500, "contractual": 2000, "open": 1500, "owes": "guarantor"}


def test_a_reversal_undoes_each_entry_of_the_answer() -> None:
    ledger, payment = paid_with_share()
    answered = [e.id for e in ledger.entries if e.cause.source == "835 T1"]
    posted = ledger.receive(remittance(taken_back(payment), trace="T2", plb=(("FB", -4000),)))
    assert len(answered) == 2
    assert [e.reverses for e in posted.entries if e.reverses] == answered[::-1]


def test_only_the_answer_that_is_taken_back_is_undone() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    denied = answer(sent, ("CO-197 100",))
    cut, rest = answer(sent, ("CO-45 20", "CO-151 30")), answer(sent, ("CO-45 20", "OA-B13 50"))
    for n, payment in enumerate((denied, cut, rest), start=1):
        ledger.receive(remittance(payment, trace=f"T{n}"))
    posted = ledger.receive(remittance(taken_back(denied), trace="T4"))
    assert (posted.entries, posted.findings) == ((), ())
    posted = ledger.receive(remittance(taken_back(rest), trace="T5", plb=(("FB", -3000),)))
    assert ledger.line() == {"insurance": 5000, "contractual": 2000, "open": 3000, "owes": "payer 1"}
    assert posted.findings == ()


def test_books_with_two_debtors_of_one_balance_are_refused() -> None:
    ledger = Ledger()
    ledger.bill(claim(10000))
    halves = (Leg(Account(AccountKind.RECEIVABLE, Owner.GUARANTOR, "guarantor"), 100, "charge-1"),)
    halves += (Leg(Account(AccountKind.RECEIVABLE, Owner.PAYER_1, "payer"), -100, "charge-1"),)
    ledger.post(Entry("unsound", EntryKind.MOVE, DAY, BY_HAND, halves))
    with pytest.raises(PostingError, match="two debtors"):
        ledger.books.standing("charge-1")


def test_taken_back_and_corrected_in_one_file() -> None:
    ledger, payment = paid_with_share()
    corrected = answer(ledger.claims[number()], ("CO-45 20", "PR-3 15"))
    posted = ledger.receive(remittance(taken_back(payment), corrected, trace="T2"))
    assert ledger.line() == {"insurance": 6500, "contractual": 2000, "open": 1500, "owes": "guarantor"}
    assert ledger.account(CASH) == 6500
    assert [a.state for a in posted.answers] == [ClaimState.REVERSED, ClaimState.PAID]


def test_a_correction_written_before_its_reversal_posts_the_same() -> None:
    ledger, payment = paid_with_share()
    corrected = answer(ledger.claims[number()], ("CO-45 20", "PR-3 15"))
    ledger.receive(remittance(corrected, taken_back(payment), trace="T2"))
    assert ledger.line() == {"insurance": 6500, "contractual": 2000, "open": 1500, "owes": "guarantor"}


def test_taken_back_alone_returns_the_whole_balance_to_the_payer() -> None:
    ledger, payment = paid_with_share()
    posted = ledger.receive(remittance(taken_back(payment), trace="T2", plb=(("FB", -4000),)))
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}
    # The payer takes 40.00 we no longer have: no cash moves, the debt is carried.
    assert ledger.account(CASH) == 4000
    assert ledger.account(CARRIED, "payer") == -4000
    assert posted.findings == ()


def test_a_takeback_carried_forward_is_withheld_from_the_next_payment() -> None:
    ledger, payment = paid_with_share()
    ledger.receive(remittance(taken_back(payment), trace="T2", plb=(("FB", -4000),)))
    other = ledger.bill(claim(10000, serial=2), charge=False)
    ledger.receive(remittance(answer(other, ("CO-45 20",)), trace="T3", plb=(("FB", 4000),)))
    assert ledger.account(CARRIED, "payer") == 0
    assert ledger.account(CASH) == 4000 + 0 + (8000 - 4000)
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}


def test_money_the_patient_paid_stays_on_the_charge_when_the_payer_takes_back() -> None:
    ledger, payment = paid_with_share()
    ledger.post(
        post_patient_payment(
            4000, "guarantor", [ledger.books.standing("charge-1")], ledger.new_id(), DAY, Cause("desk", "r1")
        )
    )
    assert ledger.line() == {"insurance": 4000, "patient": 4000, "contractual": 2000}
    corrected = answer(ledger.claims[number()], ("CO-45 20", "PR-3 15"))
    ledger.receive(remittance(taken_back(payment), corrected, trace="T2"))
    # The patient owes 15.00 now and gave 40.00: 25.00 is theirs.
    assert ledger.line() == {"insurance": 6500, "patient": 1500, "contractual": 2000}
    assert ledger.books.credit("guarantor") == 2500


def test_a_reversal_of_another_amount_posts_the_difference_for_review() -> None:
    ledger, payment = paid_with_share()
    wrong = replace(taken_back(payment), paid=-3000, services=(), adjustments=(Adjustment(CO, "45", -7000),))
    posted = ledger.receive(remittance(wrong, trace="T2", plb=(("FB", -3000),)))
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}
    assert rules(posted) == ["posting-reversal-differs"]
    assert ledger.account(UNAPPLIED, "payer") == -1000


def test_a_reversal_of_a_denial_changes_nothing() -> None:
    ledger = Ledger()
    payment = answer(ledger.bill(claim(10000)), ("CO-197 100",))
    ledger.receive(remittance(payment))
    posted = ledger.receive(remittance(taken_back(payment), trace="T2"))
    assert (posted.entries, posted.findings) == ((), ())


# --- two payers -------------------------------------------------------------------------------------------------------


def two_payers() -> Ledger:
    ledger = Ledger(specimens.COVERAGE, SECOND_COVERAGE)
    first = ledger.bill(claim(10000))
    ledger.receive(remittance(answer(first, ("CO-45 20", "PR-2 20"))))
    return ledger


def second(ledger: Ledger):
    made = claim(10000, serial=2, rank=2, payer=SECOND_PAYER, coverage=SECOND_COVERAGE)
    return ledger.bill(made, charge=False)


def test_what_the_first_payer_leaves_is_the_second_payers() -> None:
    assert two_payers().line() == {"insurance": 6000, "contractual": 2000, "open": 2000, "owes": "payer 2"}


@pytest.mark.parametrize(
    ("adjustments", "share"),
    [
        (("OA-23 80", "PR-2 5"), 500),  # OA-23 is what the first paid and adjusted
        (("OA-23 60", "CO-45 20", "PR-2 5"), 500),  # OA-23 is what the first paid; its discount is repeated
        (("OA-23 60", "CO-45 25", "PR-2 5"), 500),  # the second's discount goes 5.00 beyond the first's
        (("OA-23 80", "CO-45 5", "PR-2 5"), 500),
    ],
)
def test_the_second_payers_share_replaces_the_firsts(adjustments: tuple[str, ...], share: int) -> None:
    ledger = two_payers()
    posted = ledger.receive(remittance(answer(second(ledger), adjustments, status="2"), trace="T2"), "payer-2")
    line = ledger.line()
    assert (line["open"], line["owes"]) == (share, "guarantor")
    assert line["insurance"] + line["contractual"] == 10000 - share
    assert posted.findings == ()


def test_a_discount_beyond_what_is_open_is_capped_and_reviewed() -> None:
    ledger = two_payers()
    posted = ledger.receive(remittance(answer(second(ledger), ("OA-23 30", "CO-45 70"), status="2"), trace="T2"))
    # Already settled: 80.00, of which 30.00 stated: 70.00 - 50.00 = 20.00 is beyond, and 20.00 is open.
    assert ledger.line() == {"insurance": 6000, "contractual": 4000}
    assert posted.findings == ()
    ledger = two_payers()
    posted = ledger.receive(remittance(answer(second(ledger), ("OA-23 95", "PR-2 5"), status="2"), trace="T2"))
    assert ledger.line() == {"insurance": 6000, "contractual": 2000, "open": 2000, "owes": "payer 2"}
    assert rules(posted) == ["posting-unexplained"]
    ledger = two_payers()
    posted = ledger.receive(remittance(answer(second(ledger), ("OA-23 70", "CO-45 30"), status="2"), trace="T2"))
    assert ledger.line() == {"insurance": 6000, "contractual": 4000}
    ledger = two_payers()
    posted = ledger.receive(remittance(answer(second(ledger), ("OA-23 80", "CO-45 15"), status="2"), trace="T2"))
    assert ledger.line() == {"insurance": 6500, "contractual": 3500}
    ledger = two_payers()
    ledger.post(
        write_off(ledger.books.standing("charge-1"), 1000, "hardship", "biller", "manager", ledger.new_id(), DAY)
    )
    posted = ledger.receive(remittance(answer(second(ledger), ("OA-23 80", "CO-45 15"), status="2"), trace="T2"))
    assert ledger.line() == {"insurance": 6500, "contractual": 2500, "written off": 1000}
    assert rules(posted) == ["posting-capped"]


def test_the_first_payer_takes_back_after_the_second_has_paid() -> None:
    ledger = two_payers()
    ledger.receive(remittance(answer(second(ledger), ("OA-23 80", "PR-2 5"), status="2"), trace="T2"), "payer-2")
    first = answer(ledger.claims[number()], ("CO-45 20", "PR-2 20"))
    ledger.receive(remittance(taken_back(first), trace="T3", plb=(("FB", -6000),)))
    # What the second paid stays; everything else is the first payer's again.
    assert ledger.line() == {"insurance": 1500, "open": 8500, "owes": "payer 1"}


def test_a_forwarded_answer_says_wait() -> None:
    ledger = Ledger(specimens.COVERAGE, SECOND_COVERAGE)
    sent = ledger.bill(claim(10000))
    posted = ledger.receive(remittance(answer(sent, ("CO-45 20", "PR-2 20"), status="19")))
    assert rules(posted) == ["posting-forwarded"]
    assert ledger.line()["owes"] == "payer 2"


# --- the patient ------------------------------------------------------------------------------------------------------


def test_self_pay_is_the_guarantors_from_the_first_day() -> None:
    ledger = Ledger()
    ledger.bill(claim(10000), debtor=GUARANTOR)
    ledger.post(
        post_patient_payment(
            6000, "guarantor", [ledger.books.standing("charge-1")], ledger.new_id(), DAY, Cause("desk", "r1")
        )
    )
    assert ledger.line() == {"patient": 6000, "open": 4000, "owes": "guarantor"}


def test_a_copay_at_the_visit_waits_until_it_is_owed() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    standing = ledger.books.standing("charge-1")
    ledger.post(post_patient_payment(1500, "guarantor", [standing], ledger.new_id(), DAY, Cause("desk", "r1")))
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}
    assert ledger.books.credit("guarantor") == 1500
    ledger.receive(remittance(answer(sent, ("CO-45 20", "PR-3 15"))))
    owed = [ledger.books.standing("charge-1")]
    ledger.post(apply_credit(1500, "guarantor", owed, ledger.new_id(), DAY, Cause("desk", "r1")))
    assert ledger.line() == {"insurance": 6500, "patient": 1500, "contractual": 2000}
    assert ledger.books.credit("guarantor") == 0


def test_a_patient_who_pays_too_much_has_credit_and_may_have_it_back() -> None:
    ledger, _ = paid_with_share()
    ledger.post(
        post_patient_payment(
            5000, "guarantor", [ledger.books.standing("charge-1")], ledger.new_id(), DAY, Cause("desk", "r1")
        )
    )
    assert ledger.books.credit("guarantor") == 1000
    with pytest.raises(PostingError, match="more than the credit"):
        refund(1001, "guarantor", 1000, ledger.new_id(), DAY, Cause("person manager", "r2"))
    ledger.post(refund(1000, "guarantor", 1000, ledger.new_id(), DAY, Cause("person manager", "r2")))
    assert (ledger.books.credit("guarantor"), ledger.account(CASH)) == (0, 4000 + 5000 - 1000)


@pytest.mark.parametrize("amount", [0, -1])
def test_no_payment_of_nothing_or_less(amount: int) -> None:
    with pytest.raises(PostingError, match="more than zero"):
        post_patient_payment(amount, "guarantor", [], "e", DAY, Cause("desk", "r"))


def test_no_payment_in_floats() -> None:
    with pytest.raises(MoneyError):
        post_patient_payment(10.5, "guarantor", [], "e", DAY, Cause("desk", "r"))


def test_a_payment_never_touches_what_another_owes() -> None:
    ledger = Ledger()
    ledger.bill(claim(10000))
    entry = post_patient_payment(100, "someone else", [ledger.books.standing("charge-1")], "e", DAY, Cause("desk", "r"))
    assert {leg.account.kind for leg in entry.legs} == {CASH, UNAPPLIED}


def test_who_asks_for_a_write_off_does_not_approve_it() -> None:
    ledger, _ = paid_with_share()
    standing = ledger.books.standing("charge-1")
    for asked, approved, amount, reason in (
        ("ann", "ann", 4000, "small"),
        ("", "bob", 4000, "small"),
        ("ann", "bob", 4001, "small"),
        ("ann", "bob", 0, "small"),
        ("ann", "bob", 4000, " "),
    ):
        with pytest.raises(PostingError):
            write_off(standing, amount, reason, asked, approved, "e", DAY)
    ledger.post(write_off(standing, 4000, "hardship", "ann", "bob", ledger.new_id(), DAY))
    assert ledger.line() == {"insurance": 4000, "contractual": 2000, "written off": 4000}


def test_a_person_moves_a_balance_and_cannot_move_nothing() -> None:
    ledger, _ = paid_with_share()
    collections = Debtor(Owner.COLLECTIONS, "guarantor")
    ledger.post(move(ledger.books.standing("charge-1"), collections, ledger.new_id(), DAY, BY_HAND))
    assert ledger.line()["owes"] == "collections"
    with pytest.raises(PostingError):
        move(ledger.books.standing("charge-1"), collections, ledger.new_id(), DAY, BY_HAND)


def test_insurance_pays_after_the_patient_did() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000), debtor=GUARANTOR)
    ledger.post(
        post_patient_payment(
            10000, "guarantor", [ledger.books.standing("charge-1")], ledger.new_id(), DAY, Cause("desk", "r1")
        )
    )
    posted = ledger.receive(remittance(answer(sent, ("CO-45 20", "PR-3 15"))))
    # Paid 65.00, discount 20.00: the patient's part is 15.00 of the 100.00 given.
    assert ledger.line() == {"insurance": 6500, "patient": 1500, "contractual": 2000}
    assert ledger.books.credit("guarantor") == 8500
    assert posted.findings == ()


# --- the remittance, whole --------------------------------------------------------------------------------------------


def test_interest_and_a_withholding_make_the_cash_equal_to_the_payment() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    given = remittance(answer(sent, ("CO-45 20",)), plb=(("L6", -123), ("WO", 2000)))
    ledger.receive(given)
    assert given.amount == 8000 + 123 - 2000
    assert ledger.account(CASH) == given.amount
    assert ledger.account(AccountKind.INTEREST) == -123
    assert ledger.account(TAKEBACK, "payer") == 2000


def test_an_unknown_provider_adjustment_is_unapplied_and_reviewed() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("CO-45 20",)), plb=(("ZZ", 500),)))
    assert rules(posted) == ["posting-provider-adjustment"]
    assert ledger.account(UNAPPLIED, "payer") == 500
    assert "ZZ" not in PROVIDER_ADJUSTMENTS


def test_an_answer_to_no_claim_of_ours_is_unapplied() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    stranger = replace(answer(sent, ("CO-45 20",)), number="NOT OURS")
    posted = ledger.receive(remittance(stranger))
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}
    assert (ledger.account(CASH), ledger.account(UNAPPLIED, "payer")) == (8000, -8000)
    assert rules(posted) == ["posting-unmatched"]
    assert posted.answers[0].claim_id == ""
    assert all("NOT OURS" not in f"{f.message} {f.where}" for f in posted.findings)


def test_a_service_that_is_not_ours_is_unapplied() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    payment = answer(sent, ("CO-45 20",))
    extra = replace(payment.services[0], procedure="11111", control="", charge=500, paid=500, adjustments=())
    payment = replace(payment, services=(*payment.services, extra), charge=10500, paid=8500)
    posted = ledger.receive(remittance(payment))
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}
    assert ledger.account(UNAPPLIED, "payer") == -500
    assert rules(posted) == ["posting-line-unknown", "posting-charge-differs"]


def test_adjustments_and_payment_at_claim_level_are_shared_by_charge() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000, 5000))
    payment = replace(
        answer(sent, (), ()),
        services=(),
        adjustments=(Adjustment(CO, "45", 3000), Adjustment(PR, "1", 3001)),
        paid=8999,
    )
    ledger.receive(remittance(payment))
    one, two = ledger.line(1), ledger.line(2)
    assert (one["contractual"], two["contractual"]) == (2000, 1000)
    assert one["open"] + two["open"] == 3001
    assert one["insurance"] + two["insurance"] == 8999


def test_a_claim_level_denial_posts_nothing() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000, 5000))
    payment = replace(answer(sent, (), ()), services=(), adjustments=(Adjustment(CO, "29", 15000),), paid=0)
    posted = ledger.receive(remittance(payment))
    assert posted.entries == ()
    assert [(d.line, d.code) for d in posted.denials] == [(0, "CO-29")]


def test_overpaid_beyond_the_open_balance_is_credit_and_reviewed() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    ledger.receive(remittance(answer(sent, ("CO-45 20",)), trace="T1"))
    posted = ledger.receive(remittance(answer(sent, ("CO-45 20",)), trace="T2"))
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}
    assert ledger.books.credit("payer") == 8000
    assert rules(posted) == ["posting-overpaid"]


def test_a_predetermination_never_posts() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("OA-101 100",), status="25")))
    assert posted.entries == ()
    assert posted.denials == ()
    assert rules(posted) == ["posting-predetermination"]


@pytest.mark.parametrize("adjustments", [("OA-133 100",), ("CO-45 20", "OA-133 80")])
def test_an_undecided_line_stays_as_it_is(adjustments: tuple[str, ...]) -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), adjustments)))
    assert posted.entries == ()
    assert posted.answers[0].state is ClaimState.PENDED


def test_what_does_not_balance_is_held_whole_with_its_reasons() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    good = answer(sent, ("CO-45 20",))
    bad = replace(good, paid=good.paid + 1)
    posted = ledger.receive(remittance(good, bad))
    assert posted.entries == ()
    assert posted.held == ("claim 2: adds to 80.00, states 80.01",)
    assert ledger.receive(remittance(good, amount=7999)).held == ("BPR02: adds to 80.00, states 79.99",)


def test_a_negative_payment_or_a_notice_with_money_is_held() -> None:
    ledger, payment = paid_with_share()
    assert ledger.receive(remittance(taken_back(payment), trace="T2")).held
    sent = ledger.claims[number()]
    assert ledger.receive(remittance(answer(sent, ("CO-45 20",)), trace="T3", handling="H")).held
    assert ledger.line()["owes"] == "guarantor"


def test_the_same_remittance_again_changes_nothing_and_another_under_its_trace_is_held() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    given = remittance(answer(sent, ("CO-45 20",)))
    key, content = remittance_key(given)
    ledger.receive(given)
    before = list(ledger.entries)
    again = ledger.receive(given, known={key: content})
    assert again.repeated
    assert (again.entries, again.held) == ((), ())
    other = remittance(answer(sent, ("CO-45 30",)))
    assert ledger.receive(other, known={key: content}).held
    assert ledger.entries == before


def test_posting_the_same_answer_twice_gives_the_same_entries() -> None:
    def run() -> list[object]:
        ledger, _ = paid_with_share()
        return list(ledger.entries)

    assert run() == run()


def test_misuse_is_refused() -> None:
    ledger = Ledger()
    sent = claim(10000)
    payment = answer(sent, ("CO-45 20",))
    matched = match(payment, {sent.number: sent}, lambda _: (specimens.COVERAGE,))
    assert matched is not None
    with pytest.raises(PostingError, match="not in the books"):
        post_claim_payment(payment, matched, ledger.books, ledger.new_id, "835", DAY)
    with pytest.raises(PostingError, match="post_reversal"):
        post_claim_payment(taken_back(payment), matched, ledger.books, ledger.new_id, "835", DAY)
    with pytest.raises(PostingError, match="negative"):
        post_charge(replace(charges(sent)[0], amount=-1), PAYER_1, "e", DAY, Cause("x", "y"))
    ledger.bill(sent)
    with pytest.raises(PostingError, match="already"):
        ledger.books.add(ledger.entries[0])
