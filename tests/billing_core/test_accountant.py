"""Twenty and more worked examples: what the mail brought, and how the accounts stand after it, to the cent.

Debit is positive. `line()` gives a charge's figures, zeros left out; `account()` the balance of an account.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_core.account import Debtor
from billing_core.bank import Deposit, Expected, reconcile
from billing_core.claim import Claim, ClaimState
from billing_core.claim_build import secondary
from billing_core.denial import denials, outcome
from billing_core.ledger import AccountKind, Cause, Owner
from billing_core.matching import match
from billing_core.posting import assign, post_patient_payment, refund, undo, write_off
from billing_core.provider_adjustment import settlements
from billing_core.reason import DenialCategory
from billing_core.registration import Payer
from billing_core.remittance import Group, ProviderAdjustment, ServicePayment
from tests.billing_core import specimens
from tests.billing_core.money_specimens import (
    DAY,
    GUARANTOR,
    PAYER_2,
    SECOND_COVERAGE,
    SECOND_PAYER,
    Ledger,
    adjust,
    answer,
    claim,
    number,
    remittance,
    taken_back,
)

CASH, UNAPPLIED = AccountKind.CASH, AccountKind.UNAPPLIED
TAKEBACK, CARRIED, INTEREST = AccountKind.TAKEBACK, AccountKind.CARRIED, AccountKind.INTEREST
THIRD_PAYER = Payer("payer-3", "Western Supplement", "80022", "CI", specimens.HOME)
THIRD_COVERAGE = replace(specimens.COVERAGE, id="coverage-3", payer_id="payer-3", rank=3, member_id="T77")


def rules(posted: object) -> list[str]:
    return [finding.rule for finding in posted.findings]


def three_payers() -> tuple[Ledger, Claim]:
    ledger = Ledger(specimens.COVERAGE, SECOND_COVERAGE, THIRD_COVERAGE)
    return ledger, ledger.bill(claim(20000))


def next_claim(ledger: Ledger, rank: int) -> Claim:
    payer, coverage = {2: (SECOND_PAYER, SECOND_COVERAGE), 3: (THIRD_PAYER, THIRD_COVERAGE)}[rank]
    return ledger.bill(claim(20000, serial=rank, rank=rank, payer=payer, coverage=coverage), charge=False)


# --- the first, second and third payer --------------------------------------------------------------------------------


def test_1_primary_secondary_and_tertiary_each_account_for_the_whole_charge() -> None:
    """200.00: the first allows 150.00 and pays 100.00; the second pays 30.00; the third the last 20.00."""
    ledger, first = three_payers()
    ledger.receive(remittance(answer(first, ("CO-45 50", "PR-1 20", "PR-2 30")), trace="A"))
    assert ledger.line() == {"insurance": 10000, "contractual": 5000, "open": 5000, "owes": "payer 2"}
    second = next_claim(ledger, 2)
    ledger.receive(remittance(answer(second, ("OA-23 150", "PR-1 20"), status="2"), trace="B"), "payer-2")
    assert ledger.line() == {"insurance": 13000, "contractual": 5000, "open": 2000, "owes": "payer 3"}
    third = next_claim(ledger, 3)
    ledger.receive(remittance(answer(third, ("OA-23 180",), status="3"), trace="C"), "payer-3")
    assert ledger.line() == {"insurance": 15000, "contractual": 5000}
    assert (ledger.account(CASH), ledger.account(UNAPPLIED)) == (15000, 0)


def test_2_the_secondary_allows_less_only_the_part_beyond_the_first_discount_posts() -> None:
    """The second payer allows 120.00 of 200.00: 80.00 off, of which the first has taken 50.00."""
    ledger, first = three_payers()
    ledger.receive(remittance(answer(first, ("CO-45 50", "PR-2 50")), trace="A"))
    second = next_claim(ledger, 2)
    ledger.receive(remittance(answer(second, ("OA-23 100", "CO-45 80"), status="2"), trace="B"), "payer-2")
    assert ledger.line() == {"insurance": 12000, "contractual": 8000}


def test_3_a_secondary_discount_larger_than_what_is_open_is_capped_and_the_excess_reviewed() -> None:
    """20.00 of the 50.00 left were written off meanwhile: only 30.00 of the second discount are open."""
    ledger, first = three_payers()
    ledger.receive(remittance(answer(first, ("CO-45 50", "PR-2 50")), trace="A"))
    ledger.post(write_off(ledger.books.standing("charge-1"), 2000, "agreed", "ann", "mia", ledger.new_id(), DAY))
    posted = ledger.receive(
        remittance(answer(next_claim(ledger, 2), ("OA-23 150", "CO-45 50"), status="2"), trace="B"), "payer-2"
    )
    assert ledger.line() == {"insurance": 10000, "contractual": 8000, "written off": 2000}
    assert rules(posted) == ["posting-capped"]


def test_4_the_secondarys_patient_share_replaces_the_first_ones_and_is_never_added() -> None:
    ledger, first = three_payers()
    ledger.coverages = (specimens.COVERAGE, SECOND_COVERAGE)
    ledger.receive(remittance(answer(first, ("CO-45 50", "PR-1 50")), trace="A"))
    second = next_claim(ledger, 2)
    ledger.receive(remittance(answer(second, ("OA-23 150", "PR-3 15"), status="2"), trace="B"), "payer-2")
    assert ledger.line() == {"insurance": 13500, "contractual": 5000, "open": 1500, "owes": "guarantor"}


def test_5_a_secondary_pays_after_the_patient_did_and_the_patient_gets_credit() -> None:
    ledger, first = three_payers()
    ledger.coverages = (specimens.COVERAGE,)
    ledger.receive(remittance(answer(first, ("CO-45 50", "PR-1 50")), trace="A"))
    standing = [ledger.books.standing("charge-1")]
    ledger.post(post_patient_payment(5000, "guarantor", standing, ledger.new_id(), DAY, Cause("desk", "visit")))
    second = next_claim(ledger, 2)
    ledger.receive(remittance(answer(second, ("OA-23 150",), status="2"), trace="B"), "payer-2")
    assert ledger.line() == {"insurance": 15000, "contractual": 5000}
    assert ledger.books.credit("guarantor") == 5000


def test_6_the_secondary_claim_carries_an_answer_that_balances_or_is_not_built() -> None:
    """For each payer the charge = SVD02 + CAS; an answer that leaves a line out cannot be carried on."""
    first = claim(20000, 5000)
    whole = answer(first, ("CO-45 50", "PR-2 50"), ("CO-45 50",))
    given = (DAY, SECOND_COVERAGE, SECOND_PAYER, number(2), "claim-2", DAY)
    made = secondary(first, whole, *given).claim
    assert made is not None and made.rank == 2
    for line, (_, paid, said) in zip(made.lines, made.prior_payers[0].line_adjustments, strict=True):
        assert line.amount == paid + sum(a.amount for a in said)
    part = replace(whole, charge=20000, services=whole.services[:1])
    refused = secondary(first, part, *given)
    assert refused.claim is None and refused.findings[0].rule == "secondary-balance"


@pytest.mark.parametrize("status", ["19", "20", "21"])
def test_7_a_forwarded_claim_waits_for_the_next_payer(status: str) -> None:
    """CLP02 19, 20, 21: posted as any answer; no claim of ours goes out before somebody has waited."""
    ledger, first = three_payers()
    forwarded = answer(first, ("CO-45 50", "PR-2 50"), status=status)
    assert rules(ledger.receive(remittance(forwarded))) == ["posting-forwarded"]
    assert ledger.line() == {"insurance": 10000, "contractual": 5000, "open": 5000, "owes": "payer 2"}
    given = (DAY, SECOND_COVERAGE, SECOND_PAYER, number(2), "claim-2", DAY)
    assert secondary(first, forwarded, *given).claim is None
    assert secondary(first, forwarded, *given, waited=True).claim is not None


# --- denials by their definition --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["96", "204"])
def test_8_what_the_plan_does_not_cover_is_a_denial_the_patient_owes(reason: str) -> None:
    ledger = Ledger()
    payment = answer(ledger.bill(claim(10000)), (f"PR-{reason} 100",), status="1")
    posted = ledger.receive(remittance(payment))
    assert ledger.line() == {"open": 10000, "owes": "guarantor"}
    (denied,) = posted.denials
    assert denied.patient_owes and denied.category is DenialCategory.NOT_COVERED


def test_9_a_request_for_records_leaves_the_balance_with_the_payer() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("CO-252 100",))))
    assert posted.entries == ()
    assert posted.denials[0].category is DenialCategory.INFORMATION
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}


def test_10_ma130_is_unprocessable_no_appeal_a_new_claim() -> None:
    payment = replace(answer(claim(10000), ("CO-16 100",)), remarks=("MA130",))
    assert outcome(payment) is ClaimState.UNPROCESSABLE
    assert outcome(replace(payment, remarks=())) is ClaimState.DENIED


def test_11_zero_paid_is_not_denied_when_the_deductible_took_it_all() -> None:
    """A $0 denial does not look like a $0 payment: CLP02 says 4, yet the deductible accounts for the charge."""
    ledger = Ledger()
    payment = answer(ledger.bill(claim(10000)), ("CO-45 30", "PR-1 70"), status="4")
    posted = ledger.receive(remittance(payment))
    assert denials(payment) == () and posted.answers[0].state is ClaimState.PAID
    assert ledger.line() == {"contractual": 3000, "open": 7000, "owes": "guarantor"}


def test_12_a_predetermination_never_posts_even_beside_a_real_claim() -> None:
    ledger = Ledger()
    real, planned = ledger.bill(claim(10000)), ledger.bill(claim(10000, serial=2), charge=False)
    estimate = replace(
        answer(planned, ("CO-45 20",)), status="25", paid=0, services=(), adjustments=adjust("OA-101 100")
    )
    posted = ledger.receive(remittance(answer(real, ("CO-45 20",)), estimate))
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}
    assert [a.state for a in posted.answers] == [ClaimState.PAID, ClaimState.PENDED]


# --- the payer takes back ---------------------------------------------------------------------------------------------


def paid() -> tuple[Ledger, Claim]:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    ledger.receive(remittance(answer(sent, ("CO-45 20", "PR-3 10")), trace="A"))
    return ledger, sent


def test_13_reversal_and_correction_in_one_file_leave_the_corrected_figures_alone() -> None:
    ledger, sent = paid()
    back = taken_back(answer(sent, ("CO-45 20", "PR-3 10")))
    ledger.receive(remittance(back, answer(sent, ("CO-45 25", "PR-3 25")), trace="B", plb=(("FB", -2000),)))
    assert ledger.line() == {"insurance": 5000, "contractual": 2500, "open": 2500, "owes": "guarantor"}
    assert ledger.account(CASH) == 7000, "the second file moved no money"
    assert ledger.account(CARRIED, "payer") == -2000, "the 20.00 we owe back are a liability, not cash"


def test_14_a_take_back_is_delayed_and_then_withheld_by_wo_linked_to_its_reversal() -> None:
    """The payer takes 70.00 back, waits (WO below zero), and withholds it from a later payment."""
    ledger, sent = paid()
    back = taken_back(replace(answer(sent, ("CO-45 20", "PR-3 10")), payer_reference="ICN123456"))
    delayed = replace(
        remittance(back, trace="B", amount=0),
        provider_adjustments=(ProviderAdjustment("WO", "ICN123456 W1234567", -7000),),
    )
    posted = ledger.receive(delayed)
    assert ledger.line() == {"open": 10000, "owes": "payer 1"}
    assert ledger.account(TAKEBACK, "payer") == -7000
    assert posted.entries[-1].cause.reason.endswith(f"collects the reversal of claim {number()}")
    other = ledger.bill(claim(0, 9000, serial=2), charge=False)
    withheld = replace(
        remittance(replace(answer(other, (), ("CO-45 10",)), number="UNKNOWN"), trace="C", amount=1000),
        provider_adjustments=(ProviderAdjustment("WO", "ICN123456", 7000),),
    )
    ledger.receive(withheld)
    assert ledger.account(TAKEBACK, "payer") == 0
    assert ledger.account(CASH) == 7000 + 0 + 1000


def test_15_a_withholding_that_no_reversal_explains_is_posted_and_reviewed() -> None:
    ledger = Ledger()
    posted = ledger.receive(remittance(answer(ledger.bill(claim(10000)), ("CO-45 20",)), plb=(("WO", 3000),)))
    assert (ledger.account(CASH), ledger.account(TAKEBACK, "payer")) == (5000, 3000)
    assert rules(posted) == ["posting-withheld"]


def test_16_interest_is_posted_once_from_plb_and_amt_i_is_for_information() -> None:
    ledger = Ledger()
    payment = replace(answer(ledger.bill(claim(10000)), ("CO-45 20",)), interest=123)
    given = remittance(payment, plb=(("L6", -123),))
    ledger.receive(given)
    assert (given.amount, ledger.account(CASH), ledger.account(INTEREST)) == (8123, 8123, -123)
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}


@pytest.mark.parametrize(
    ("reason", "amount", "kind"),
    [
        ("WO", 500, TAKEBACK),
        ("FB", 500, CARRIED),
        ("L6", -500, INTEREST),
        ("72", 500, AccountKind.REFUND),
        ("CS", 500, UNAPPLIED),
        ("50", 500, AccountKind.CONTRACTUAL),
        ("CT", -500, AccountKind.REVENUE),
        ("ZZ", 500, UNAPPLIED),
    ],
)
def test_17_every_provider_adjustment_has_one_account_and_the_cash_is_bpr02(
    reason: str, amount: int, kind: AccountKind
) -> None:
    ledger = Ledger()
    revenue = 10000 if kind is AccountKind.REVENUE else 0
    contractual = 2000 if kind is AccountKind.CONTRACTUAL else 0
    given = remittance(answer(ledger.bill(claim(10000)), ("CO-45 20",)), plb=((reason, amount),))
    ledger.receive(given)
    assert ledger.account(kind) == amount - revenue + contractual
    assert ledger.account(CASH) == given.amount == 8000 - amount


def test_18_a_notice_without_money_posts_and_one_that_states_money_is_held() -> None:
    """BPR01 = H moves no cash: the answers post, the payment is zero."""
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    zero = remittance(answer(sent, ("PR-1 100",)), handling="H", method="NON")
    assert zero.amount == 0 and ledger.receive(zero).held == ()
    assert ledger.line() == {"open": 10000, "owes": "guarantor"}
    money = remittance(answer(sent, ("CO-45 20",)), handling="H", method="NON", trace="B")
    assert ledger.receive(money).held and ledger.account(CASH) == 0


# --- lines ------------------------------------------------------------------------------------------------------------


def test_19_bundled_lines_are_answered_by_the_code_sent_in_svc06() -> None:
    """99213 and 36415 sent; the payer pays 99214 for both, each line naming the code we sent."""
    ledger = Ledger()
    sent = ledger.bill(claim(10000, 3000))
    services = (
        ServicePayment("99214", (), 10000, 9000, "1", DAY, adjust("CO-45 10"), submitted="99213"),
        ServicePayment("99214", (), 3000, 0, "1", DAY, adjust("CO-97 30"), submitted="36415"),
    )
    payment = replace(answer(sent, (), ()), paid=9000, services=tuple(replace(s, service_date=None) for s in services))
    ledger.receive(remittance(payment))
    assert ledger.line(1) == {"insurance": 9000, "contractual": 1000}
    assert ledger.line(2) == {"open": 3000, "owes": "payer 1"}, "CO-97 is a denial, to be worked"


def test_20_one_line_unbundled_into_two_is_one_charge_of_ours() -> None:
    """80053 sent for 50.00; the payer pays two of its parts, both naming 80053, without our control number."""
    ledger = Ledger()
    sent = ledger.bill(claim(10000, 3000, 5000))
    services = (
        ServicePayment("82040", (), 3000, 2000, "1", None, adjust("CO-45 10"), submitted="80053"),
        ServicePayment("82247", (), 2000, 1500, "1", None, adjust("CO-45 5"), submitted="80053"),
    )
    other = answer(sent, ("CO-45 20",), ("CO-45 10",), ())
    payment = replace(other, paid=8000 + 2000 + 3500, services=(*other.services[:2], *services))
    assert rules(ledger.receive(remittance(payment))) == []
    assert ledger.line(3) == {"insurance": 3500, "contractual": 1500}
    assert ledger.account(UNAPPLIED) == 0


# --- what comes twice, what matches nothing ---------------------------------------------------------------------------


def test_21_the_same_payment_with_other_claims_under_one_trace_is_held_whole() -> None:
    from billing_core.posting import remittance_key

    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    given = remittance(answer(sent, ("CO-45 20",)))
    ledger.receive(given)
    known = dict([remittance_key(given)])
    assert ledger.receive(given, known=known).repeated
    other = remittance(answer(sent, ("CO-45 30",)))
    assert ledger.receive(other, known=known).held
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}
    assert ledger.receive(replace(other, trace="T2"), known=known).held == (), "another trace is another payment"


def test_22_an_unmatched_answer_is_given_to_its_claim_and_taken_away_again() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    stranger = replace(answer(sent, ("CO-45 20",)), number="OLD-SYSTEM-7")
    held = ledger.receive(remittance(stranger)).entries
    before = ledger.line()
    matched = match(replace(stranger, number=sent.number), ledger.claims, lambda _: ledger.coverages)
    assert matched is not None
    done = assign(stranger, matched, ledger.books, held, ledger.new_id, "835 T1 assigned", DAY, "ben")
    ledger.post(*done.entries)
    assert ledger.line() == {"insurance": 8000, "contractual": 2000}
    assert (ledger.account(CASH), ledger.account(UNAPPLIED)) == (8000, 0)
    ledger.post(*undo(done.entries, ledger.books, ledger.new_id, DAY, Cause("person ben", sent.number, "wrong claim")))
    assert ledger.line() == before
    assert (ledger.account(CASH), ledger.account(UNAPPLIED)) == (8000, -8000)


def test_23_an_assignment_is_not_undone_under_what_was_posted_later() -> None:
    from billing_core.errors import PostingError

    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    stranger = replace(answer(sent, ("CO-45 20", "PR-3 10")), number="OLD-SYSTEM-7")
    held = ledger.receive(remittance(stranger)).entries
    matched = match(replace(stranger, number=sent.number), ledger.claims, lambda _: ledger.coverages)
    assert matched is not None
    done = assign(stranger, matched, ledger.books, held, ledger.new_id, "835 T1 assigned", DAY, "ben")
    ledger.post(*done.entries)
    standing = [ledger.books.standing("charge-1")]
    ledger.post(post_patient_payment(1000, "guarantor", standing, ledger.new_id(), DAY, Cause("desk", "visit")))
    with pytest.raises(PostingError, match="since"):
        undo(done.entries, ledger.books, ledger.new_id, DAY, Cause("person ben", sent.number))


# --- the patient ------------------------------------------------------------------------------------------------------


def test_24_a_patient_overpays_the_rest_is_credit_and_is_refunded() -> None:
    ledger, _ = paid()
    standing = [ledger.books.standing("charge-1")]
    ledger.post(post_patient_payment(1500, "guarantor", standing, ledger.new_id(), DAY, Cause("desk", "visit")))
    assert ledger.line() == {"insurance": 7000, "patient": 1000, "contractual": 2000}
    assert ledger.books.credit("guarantor") == 500
    ledger.post(refund(500, "guarantor", 500, ledger.new_id(), DAY, Cause("person mia", "credit", "overpaid")))
    assert (ledger.books.credit("guarantor"), ledger.account(CASH)) == (0, 8000)


def test_25_a_small_balance_is_written_off_by_two_people() -> None:
    ledger, _ = paid()
    standing = ledger.books.standing("charge-1")
    assert standing.debtor == GUARANTOR
    ledger.post(write_off(standing, 1000, "small balance", "ann", "mia", ledger.new_id(), DAY))
    assert ledger.line() == {"insurance": 7000, "contractual": 2000, "written off": 1000}


def test_26_a_secondary_denies_and_the_balance_stays_with_it_not_with_the_patient() -> None:
    ledger, first = three_payers()
    ledger.receive(remittance(answer(first, ("CO-45 50", "PR-2 50")), trace="A"))
    second = next_claim(ledger, 2)
    posted = ledger.receive(remittance(answer(second, ("OA-23 150", "CO-22 50"), status="2"), trace="B"), "payer-2")
    assert ledger.line() == {"insurance": 10000, "contractual": 5000, "open": 5000, "owes": "payer 2"}
    assert [d.code for d in posted.denials] == ["CO-22"]
    assert ledger.books.standing("charge-1").debtor == PAYER_2 == Debtor(Owner.PAYER_2, "payer-2")


def test_27_budget_cuts_and_agreed_discounts_are_contractual_never_denials() -> None:
    """Medicare: 45 to the fee schedule, 253 sequestration, 2 coinsurance."""
    ledger = Ledger()
    payment = answer(ledger.bill(claim(10000)), ("CO-45 20", "CO-253 1.28", "PR-2 16"))
    assert ledger.receive(remittance(payment)).denials == ()
    assert ledger.line() == {"insurance": 6272, "contractual": 2128, "open": 1600, "owes": "guarantor"}
    assert all(a.group is not Group.OTHER for a in payment.services[0].adjustments)


# --- the bank, and what payers settle among their own codes -----------------------------------------------------------


def test_28_one_remittance_comes_in_two_deposits_and_one_deposit_holds_two_remittances() -> None:
    """Announced: 300.00 and, a day later, 120.00 and 45.00. The bank shows 250.00 + 50.00 of the first, and 165.00."""
    announced = [
        Expected("first", DAY, 30000, "EFT100"),
        Expected("second", DAY + timedelta(days=1), 12000, "EFT101"),
        Expected("third", DAY + timedelta(days=1), 4500, "EFT102"),
    ]
    bank = [
        Deposit(DAY + timedelta(days=1), 25000, "EFT100 part 1", 1),
        Deposit(DAY + timedelta(days=2), 5000, "EFT100 part 2", 2),
        Deposit(DAY + timedelta(days=2), 16500, "branch", 3),
        Deposit(DAY + timedelta(days=3), 2000, "drawer", 4),
    ]
    found = reconcile(bank, announced)
    assert {tuple(d.line for d in m.deposits): tuple(p.key for p in m.payments) for m in found.matches} == {
        (1, 2): ("first",),
        (3,): ("second", "third"),
    }
    assert all(sum(d.amount for d in m.deposits) == sum(p.amount for p in m.payments) for m in found.matches)
    assert ([d.reference for d in found.deposits], found.payments) == (["drawer"], ())


def test_29_what_is_carried_out_as_fb_and_taken_later_as_wo_is_settled_and_owes_nothing() -> None:
    """70.00 taken back of a file that pays nothing: carried (FB -70.00), and withheld from the next file (WO 70.00)."""
    ledger, sent = paid()
    back = taken_back(replace(answer(sent, ("CO-45 20", "PR-3 10")), payer_reference="ICN123456"))
    first = replace(remittance(back, trace="B", amount=0), provider_adjustments=(carried := _plb("FB", -7000),))
    posted = [*ledger.receive(first).entries]
    assert carried.amount == -7000 and ledger.account(CARRIED, "payer") == -7000
    (open_,) = settlements(posted)
    assert (open_.withheld, open_.carried, open_.open) == (0, -7000, -7000)
    other = ledger.bill(claim(0, 9000, serial=2), charge=False)
    paying = remittance(replace(answer(other, (), ("CO-45 10",)), number="UNKNOWN"), trace="C", amount=1000)
    posted += ledger.receive(replace(paying, provider_adjustments=(_plb("WO", 7000),))).entries
    (settled,) = settlements(posted)
    assert (settled.withheld, settled.carried, settled.open) == (7000, -7000, 0)
    assert ledger.account(TAKEBACK, "payer") + ledger.account(CARRIED, "payer") == 0
    assert ledger.account(CASH) == 7000 + 0 + 1000


def _plb(reason: str, amount: int) -> ProviderAdjustment:
    return ProviderAdjustment(reason, "ICN123456", amount)


def test_30_a_tertiary_pays_more_than_is_left_and_the_rest_is_its_credit() -> None:
    """200.00: 100.00 paid and 50.00 cut, 40.00 by the second; the third, owing 10.00, pays 25.00."""
    ledger, first = three_payers()
    ledger.receive(remittance(answer(first, ("CO-45 50", "PR-2 50")), trace="A"))
    second = next_claim(ledger, 2)
    ledger.receive(remittance(answer(second, ("OA-23 150", "PR-2 10"), status="2"), trace="B"), "payer-2")
    third = next_claim(ledger, 3)
    posted = ledger.receive(remittance(answer(third, ("OA-23 175",), status="3"), trace="C"), "payer-3")
    assert ledger.line() == {"insurance": 15000, "contractual": 5000}
    assert ledger.account(UNAPPLIED, "payer-3") == -1500 and rules(posted) == ["posting-overpaid"]
