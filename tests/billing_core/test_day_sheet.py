"""The day sheet adds up, and a state digest says whether two books are equal."""

from __future__ import annotations

from datetime import date, timedelta

from billing_core.day_sheet import business_day, day_sheet
from billing_core.ledger import AccountKind, EntryKind
from billing_core.state_digest import NamedBalance, state_digest
from tests.billing_core.money_specimens import DAY, Ledger, answer, claim, remittance


def test_the_sheet_of_a_day_holds_its_entries_and_no_others() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000))
    ledger.receive(remittance(answer(sent, ("CO-45 20", "PR-3 10"))))
    sheet = day_sheet(DAY, ledger.entries)
    assert sheet.entries == len(ledger.entries) == 3
    assert dict(sheet.by_kind) == {EntryKind.CHARGE: 10000, EntryKind.INSURANCE_PAYMENT: 9000, EntryKind.MOVE: 1000}
    assert dict(sheet.by_account)[AccountKind.CASH] == 7000
    assert sum(dict(sheet.by_account).values()) == 0
    assert day_sheet(DAY + timedelta(days=1), ledger.entries).entries == 0


def test_what_is_done_after_a_close_belongs_to_the_next_open_day() -> None:
    assert business_day(DAY, None) == DAY == business_day(DAY, DAY - timedelta(days=3))
    assert business_day(DAY, DAY) == DAY + timedelta(days=1)
    assert business_day(date(2026, 5, 1), DAY) == DAY + timedelta(days=1)


def test_the_digest_is_of_the_state_not_of_the_order() -> None:
    balances = [NamedBalance(f"charge {n}", AccountKind.CASH, None, "60054", n) for n in range(5)]
    assert state_digest(balances) == state_digest(reversed(balances))
    assert state_digest(balances, ["a", "b"]) == state_digest(balances, ["b", "a"]) != state_digest(balances)
    assert state_digest(balances) != state_digest(balances[:-1])
    assert state_digest(balances[1:]) == state_digest(balances), "a balance of nothing is no balance"
