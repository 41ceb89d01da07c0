"""What a guarantor owes and does not pay: a plan, a write-off by two people, collections and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from billing_core.errors import MoneyError, PostingError
from billing_core.ledger import Owner
from billing_core.payment_plan import PlanState, installments, plan_state
from serving.desk import money, patient_balance
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.errors import Conflict, InputError
from serving.ids import FixedClock
from serving.schemas.billing import PaymentIn
from serving.schemas.money import PatientWriteOffIn, PlanIn, ReasonIn
from tests.billing_core.busy_practice import TODAY, advice, file_of, opened
from tests.billing_core.money_specimens import answer
from tests.stories.test_money_desk import someone, standing

WHO = "guarantor-0"
WHY = ReasonIn(reason="three statements unanswered")


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """One claim answered: the guarantor owes 15.00."""
    desk, busy = opened(database_url, 2, tmp_path)
    receive(desk, "a.835", file_of(advice([answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",))])))
    yield desk
    desk.store.close()


def test_a_plan_is_kept_or_broken_by_what_was_paid_since(desk: Desk) -> None:
    plan = patient_balance.make_plan(desk, WHO, PlanIn(monthly="10.00", first_due="2026-05-31"))
    assert [i["due"] for i in plan.installments] == ["2026-05-31", "2026-06-30"]
    assert (plan.total, plan.paid, plan.state) == ("15.00", "0.00", "kept")
    with pytest.raises(Conflict):
        patient_balance.make_plan(desk, WHO, PlanIn(monthly="10.00", first_due="2026-05-31"))
    money.take_payment(desk, PaymentIn(encounter_id="encounter-1", amount="10.00", method="cash"))
    later = replace(desk, clock=FixedClock(date(2026, 6, 20)))
    assert [(p.paid, p.state) for p in patient_balance.plans(later)] == [("10.00", "kept")]
    late = replace(desk, clock=FixedClock(date(2026, 7, 20)))
    assert [p.state for p in patient_balance.plans(late)] == ["broken"]
    money.take_payment(desk, PaymentIn(encounter_id="encounter-1", amount="5.00", method="cash"))
    assert [p.state for p in patient_balance.plans(late)] == ["done"]


def test_a_plan_adds_up_and_says_where_it_stands() -> None:
    plan = installments(25000, 10000, date(2026, 1, 31))
    assert sum(i.amount for i in plan) == 25000
    first = plan[0].due
    for paid, days, state in (
        (0, 0, PlanState.KEPT),
        (0, 15, PlanState.BEHIND),
        (0, 16, PlanState.BROKEN),
        (10000, 16, PlanState.KEPT),
        (25000, 999, PlanState.DONE),
    ):
        assert plan_state(plan, paid, first + timedelta(days=days)) is state
    for total, monthly in ((0, 100), (100, 0), (100000, 1)):
        with pytest.raises(MoneyError):
            installments(total, monthly, first)


def test_a_hardship_write_off_needs_two_people_and_a_small_balance_is_small(desk: Desk) -> None:
    ann, mia = someone(desk, "ann"), someone(desk, "mia")
    with pytest.raises(InputError, match=r"10\.00"):
        patient_balance.ask_write_off(ann, WHO, PatientWriteOffIn(kind="small balance", reason="not worth it"))
    asked = patient_balance.ask_write_off(ann, WHO, PatientWriteOffIn(kind="hardship", reason="income below the limit"))
    assert (asked.amount, standing(desk).open) == ("15.00", 1500)
    with pytest.raises(PostingError, match="who asks"):
        patient_balance.approve_write_off(ann, asked.id)
    patient_balance.approve_write_off(mia, asked.id)
    assert (standing(desk).open, standing(desk).written_off) == (0, 1500)
    with pytest.raises(Conflict):
        patient_balance.approve_write_off(mia, asked.id)


def test_a_charge_that_no_statement_asked_for_thrice_stays_with_us(database_url: str, tmp_path: Path) -> None:
    desk, busy = opened(database_url, 2, tmp_path)
    first, later = (answer(claim, ("CO-45 40", "PR-3 15"), ("CO-45 10",)) for claim in busy.claims)
    receive(desk, "a.835", file_of(advice([first], "T1")))
    for month in range(3):
        assert len(money.run_statements(replace(desk, clock=FixedClock(TODAY + timedelta(days=30 * month))))) == 1
    receive(desk, "b.835", file_of(advice([later], "T2"), control=2))
    assert patient_balance.place(desk, WHO, WHY).amount == "15.00"
    owners = [debtor.owner for n in (1, 2) if (debtor := standing(desk, f"charge-{n}-1").debtor)]
    assert owners == [Owner.COLLECTIONS, Owner.GUARANTOR]
    with pytest.raises(Conflict, match="statements"):
        patient_balance.place(desk, WHO, WHY)
    desk.store.close()


def test_collections_come_after_the_statements_and_come_back(desk: Desk) -> None:
    with pytest.raises(Conflict, match="statements"):
        patient_balance.place(desk, WHO, WHY)
    for month in range(3):
        dated = replace(desk, clock=FixedClock(TODAY + timedelta(days=30 * month)))
        assert len(money.run_statements(dated)) == 1
    placed = patient_balance.place(desk, WHO, WHY)
    debtor = standing(desk).debtor
    assert placed.amount == "15.00" and debtor is not None and debtor.owner is Owner.COLLECTIONS
    with pytest.raises(InputError):
        patient_balance.place(desk, WHO, WHY)
    patient_balance.give_back(desk, WHO, ReasonIn(reason="the agency gave up"))
    debtor = standing(desk).debtor
    assert debtor is not None and debtor.owner is Owner.GUARANTOR and standing(desk).open == 1500
    with pytest.raises(InputError):
        patient_balance.give_back(desk, WHO, WHY)
