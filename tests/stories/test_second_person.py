"""Whom a wish waits for is said with it: who asked may not approve, who may not approve sees who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from serving.desk import accounts, credits, patient_balance, write_off
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.schemas.access import SecondPerson
from serving.schemas.billing import WriteOffIn
from serving.schemas.money import PatientWriteOffIn, RefundIn
from serving.security import Actor, Role
from tests.billing_core.busy_practice import TODAY, Busy, advice, file_of, opened
from tests.billing_core.money_specimens import answer
from tests.stories.test_money_desk import _lump

STAFF = {"bill": [Role.BILLER], "mia": [Role.MANAGER], "max": [Role.MANAGER, Role.BILLER], "cora": [Role.CODER]}


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 2, tmp_path)
    with desk.store.access() as access:
        ids = {login: access.add_user(login, "a long enough password").id for login in STAFF}
    with desk.store.open(desk.practice_id) as books:
        for login, roles in STAFF.items():
            books.grant(ids[login], roles)
    owed = answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",))
    receive(desk, "a.835", file_of(replace(advice([owed]), amount=6500 + 500, provider_adjustments=_lump(500))))
    denied = answer(busy.claims[1], ("CO-197 100",), ("CO-197 30",))
    receive(desk, "b.835", file_of(advice([denied], trace="T2"), control=2))
    credits.find_credits(desk)
    yield desk, busy
    desk.store.close()


def at(desk: Desk, login: str) -> Desk:
    return replace(desk, actor=Actor(login, login, desk.practice_id, frozenset(STAFF[login])))


def seen(desk: Desk, login: str) -> list[SecondPerson]:
    """What that person is shown of every wish: of a claim's write-off, of a patient's, of a refund."""
    who = at(desk, login)
    lists = (write_off.asked(who), patient_balance.asked_write_offs(who), credits.refunds(who))
    return [item.second for items in lists for item in items]


def ask(desk: Desk, busy: Busy, login: str) -> None:
    who = at(desk, login)
    write_off.ask(who, busy.claims[1].id, WriteOffIn(reason="too late to appeal"))
    patient_balance.ask_write_off(who, "guarantor-0", PatientWriteOffIn(kind="hardship", reason="out of work"))
    (credit,) = credits.credits(who)
    credits.ask_refund(who, credit.id, RefundIn(amount="5.00", reason="no claim of ours"))


def test_a_biller_asks_and_sees_who_may_approve(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    ask(desk, busy, "bill")
    assert seen(desk, "bill") == [SecondPerson(waits_for=["max", "mia"])] * 3
    assert seen(desk, "mia") == [SecondPerson(may_approve=True, may_decline=True, waits_for=["max", "mia"])] * 3


def test_a_manager_who_asked_may_take_it_back_and_not_approve_it(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    ask(desk, busy, "mia")
    assert seen(desk, "mia") == [SecondPerson(may_decline=True, waits_for=["max"])] * 3
    assert seen(desk, "max") == [SecondPerson(may_approve=True, may_decline=True, waits_for=["max"])] * 3


def test_what_a_manager_alone_does_is_said_too(practice: tuple[Desk, Busy]) -> None:
    desk, _ = practice
    for login, may in (("bill", False), ("mia", True)):
        assert accounts.read_day(at(desk, login), TODAY).may_close is may
        assert {item.may_place for item in patient_balance.guarantors(at(desk, login))} == {may}
