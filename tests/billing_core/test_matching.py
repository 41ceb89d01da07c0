"""Which claim, which line, and who is next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from billing_core.matching import candidates, find_claim, line_answers, match, match_lines, next_debtor
from billing_core.remittance import Adjustment
from tests.billing_core import specimens
from tests.billing_core.money_specimens import (
    CO,
    GUARANTOR,
    PAYER_2,
    SECOND_COVERAGE,
    answer,
    claim,
    number,
)

SENT = claim(10000, 5000)
OURS = {SENT.number: SENT}


def test_a_claim_is_found_by_its_number_alone() -> None:
    payment = answer(SENT, (), ())
    assert find_claim(payment, OURS) is SENT
    assert find_claim(replace(payment, number=SENT.number.lower() + " "), OURS) is SENT
    for wrong in (number(2), SENT.number[:-1] + "0", "", "12345", SENT.number + "X"):
        assert find_claim(replace(payment, number=wrong), OURS) is None
        assert match(replace(payment, number=wrong), OURS, lambda _: ()) is None


def test_candidates_are_ranked_with_what_agreed() -> None:
    same_member = claim(7000, serial=2, created_on=date(2026, 4, 10))
    stranger = claim(9000, serial=3, coverage=replace(specimens.COVERAGE, member_id="X1"))
    payment = replace(answer(SENT, (), ()), number="?", patient_last="DOE")
    found = candidates(payment, [stranger, same_member, SENT])
    assert [c.number for c in found] == [SENT.number, same_member.number, stranger.number]
    assert (found[0].score, found[0].agreed) == (
        100,
        ("member id", "date of service", "amount charged", "name", "procedures"),
    )
    assert found[1].score == 75
    assert len(candidates(payment, [stranger, same_member, SENT], limit=1)) == 1
    nobody = replace(payment, member_id="", service_date=None, charge=1, patient_last="", services=())
    assert candidates(nobody, [SENT]) == ()


def test_lines_by_control_number_whatever_code_was_paid() -> None:
    payment = answer(SENT, (), ())
    first, second = payment.services
    recoded = replace(second, procedure="99999", submitted="")
    assert match_lines(replace(payment, services=(recoded, first)), SENT) == ("charge-2", "charge-1")


def test_lines_by_code_when_the_payer_returns_no_control() -> None:
    twice = claim(10000, 5000)
    lines = (twice.lines[0], replace(twice.lines[1], procedure="99213", modifiers=("25",)))
    twice = replace(twice, lines=lines)
    payment = answer(twice, (), ())
    services = tuple(replace(s, control="") for s in payment.services)
    services = (replace(services[1], modifiers=("25",)), services[0])
    assert match_lines(replace(payment, services=services), twice) == ("charge-2", "charge-1")


def test_the_code_we_sent_comes_before_the_code_that_was_paid() -> None:
    payment = answer(SENT, (), ())
    services = tuple(replace(s, control="", procedure="80050", submitted=s.procedure) for s in payment.services)
    assert match_lines(replace(payment, services=services), SENT) == ("charge-1", "charge-2")


def test_a_line_the_payer_split_is_one_of_ours_and_a_stranger_is_none() -> None:
    payment = answer(SENT, (), ())
    first = payment.services[0]
    half = replace(first, charge=5000, paid=5000)
    stranger = replace(first, control="", procedure="00000")
    services = (half, half, payment.services[1], stranger)
    assert match_lines(replace(payment, services=services), SENT) == ("charge-1", "charge-1", "charge-2", "")


def test_who_owes_next() -> None:
    both = (specimens.COVERAGE, SECOND_COVERAGE)
    assert next_debtor(SENT, both) == PAYER_2
    assert next_debtor(SENT, (specimens.COVERAGE,)) == GUARANTOR
    ended = replace(SECOND_COVERAGE, terminated=date(2025, 12, 31))
    assert next_debtor(SENT, (specimens.COVERAGE, ended)) == GUARANTOR
    second = claim(10000, serial=2, rank=2, coverage=SECOND_COVERAGE)
    assert next_debtor(second, both) == GUARANTOR


def test_each_of_our_lines_is_answered_once_and_balances() -> None:
    payment = answer(SENT, ("CO-45 20",), ("CO-45 10",))
    first = payment.services[0]
    halves = (
        replace(first, charge=4000, paid=2000, adjustments=(Adjustment(CO, "45", 2000),)),
        replace(first, charge=6000, paid=6000, adjustments=()),
    )
    split_up = replace(
        payment,
        services=(*halves, payment.services[1]),
        adjustments=(Adjustment(CO, "253", 121),),
        paid=payment.paid - 121,
    )
    one, two = line_answers(split_up, match_lines(split_up, SENT), SENT)
    assert (one.charge, two.charge) == (10000, 5000)
    for line in (one, two):
        assert line.charge - sum(a.amount for a in line.adjustments) == line.paid
    assert one.paid + two.paid == split_up.paid
    assert sum(a.amount for line in (one, two) for a in line.adjustments if a.reason == "253") == 121


def test_an_answer_without_lines_never_takes_a_line_below_zero() -> None:
    of = claim(3333, 3333, 3334)
    payment = replace(
        answer(of, (), (), ()),
        services=(),
        paid=0,
        adjustments=(Adjustment(CO, "45", 5000), Adjustment(CO, "29", 5000)),
    )
    lines = line_answers(payment, (), of)
    assert [line.paid for line in lines] == [0, 0, 0]
