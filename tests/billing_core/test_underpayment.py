"""Paid against expected: what is missing, under which clause, and what is not an underpayment at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_core.adjudication import Decision, adjudicate
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.fee_terms import PaymentReduction
from billing_core.refusal import PayerFacts
from billing_core.remittance import Adjustment, ClaimPayment, Group
from billing_core.underpayment import by_payer_and_clause, compare, sentence
from tests.billing_core.specimens import CONTRACT, COVERAGE, claim, line
from tests.billing_core.test_adjudication import MET, RECEIVED

TERMS = replace(CONTRACT, payment_reductions=(PaymentReduction("sequestration", Decimal("0.02"), "253"),))


def expected(terms: Contract = TERMS) -> Decision:
    bill = claim(line(), line(2, "36415", 1500))
    return adjudicate(bill, COVERAGE, terms, MET, Tables.empty(), RECEIVED, PayerFacts())


def paid(decision: Decision, amount: int, reasons: str) -> ClaimPayment:
    """The expected answer with its first line answered otherwise: "CO-45 7000, PR-3 2500"."""
    first, *others = decision.payment.services
    parts = [part.split() for part in reasons.split(", ")]
    adjustments = tuple(Adjustment(Group(code[:2]), code[3:], int(cents)) for code, cents in parts)
    first = replace(first, paid=amount, adjustments=adjustments, allowed=None)
    services = (first, *others)
    return replace(decision.payment, services=services, paid=sum(s.paid for s in services))


def test_an_answer_by_contract_falls_short_of_nothing() -> None:
    decision = expected()
    assert compare("payer", TERMS, decision, decision.payment).shortfalls == ()


def test_a_lower_fee_is_named_with_its_clause_and_dollars() -> None:
    decision = expected()  # 90.00: copay 25.00, coinsurance 13.00, payment 52.00 less 1.04
    lower = paid(decision, 4312, "CO-45 7000, PR-3 2500, PR-2 1100, CO-253 88")
    (one,) = compare("payer", TERMS, decision, lower).shortfalls
    assert (one.line, one.clause, one.expected_paid, one.paid) == (1, "fees.99213", 5096, 4312)
    assert (one.amount, one.moved, one.denied) == (5096 + 3800 - 4312 - 3600, -200, False)
    assert "short by 9.84 (fees.99213)" in sentence(one) and "fee 90.00 x 1" in one.words


def test_a_share_moved_to_the_patient_is_shown_and_is_not_missing() -> None:
    decision = expected()
    moved = paid(decision, 4596, "CO-45 6000, PR-3 2500, PR-2 1800, CO-253 104")
    (one,) = compare("payer", TERMS, decision, moved).shortfalls
    assert (one.amount, one.moved, one.clause) == (0, 500, "plans.silver.copay")
    assert "5.00 laid on the patient" in sentence(one)


def test_a_reduction_taken_twice_is_laid_to_its_clause() -> None:
    decision = expected()
    twice = paid(decision, 4992, "CO-45 6000, PR-3 2500, PR-2 1300, CO-253 208")
    (one,) = compare("payer", TERMS, decision, twice).shortfalls
    assert (one.clause, one.amount) == ("payment_reductions.sequestration", 104)


def test_a_denied_line_is_counted_apart() -> None:
    decision = expected()
    denied = paid(decision, 0, "CO-197 15000")
    (one,) = compare("payer", TERMS, decision, denied).shortfalls
    assert one.denied and one.amount == 5096 + 3800
    (total,) = by_payer_and_clause([one])
    assert (total.amount, total.lines, total.denied_amount, total.denied_lines) == (0, 0, 8896, 1)


def test_dollars_are_grouped_by_payer_and_clause_the_most_first() -> None:
    decision = expected()
    (one,) = compare("payer", TERMS, decision, paid(decision, 0, "CO-45 15000")).shortfalls
    small = replace(one, clause="rates.drugs", amount=5)
    totals = by_payer_and_clause([small, one, one, replace(one, payer_id="other", amount=-7)])
    assert [(t.payer_id, t.clause, t.lines, t.amount) for t in totals] == [
        ("payer", "fees.99213", 2, 2 * one.amount), ("payer", "rates.drugs", 1, 5), ("other", "fees.99213", 1, -7),
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["no lines", "unknown line"])
def test_what_cannot_be_compared_is_said_and_not_passed_over(how: str) -> None:
    decision = expected()
    services = tuple(replace(s, control="OTHER") for s in decision.payment.services) if how == "unknown line" else ()
    result = compare("payer", TERMS, decision, replace(decision.payment, services=services))
    assert result.findings and not result.shortfalls
    assert all(f.where and f.mend for f in result.findings)


def test_a_reversal_is_not_compared() -> None:
    decision = expected()
    result = compare("payer", TERMS, decision, replace(decision.payment, status="22"))
    assert result.shortfalls == () and result.findings == ()
