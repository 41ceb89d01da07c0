"""Deposits beside remittances: one for one, one for many, many for one, and what is missing on each side."""

from __future__ import annotations

from datetime import date

import pytest

from billing_core.bank import Deposit, Expected, read_deposits, reconcile
from billing_core.errors import BankFileError

DAY = date(2026, 5, 4)
BAI2 = """01,BANK,ELM,260505,0200,1,80,1,2/
02,ELM,BANK,1,260504,2359,USD,2/
03,0012345,USD,015,500000,,,045,400000,2,S,1,2,3/
16,165,812345,Z,REF1,,PAYER ACH TRN*1*T1*1999999999/
88,SECOND LINE OF TEXT
16,475,5000,,CHK9,,CHECK PAID/
16,301,30000,S,0,0,30000,REF2,,BRANCH DEPOSIT/
49,1747345,6/
98,1747345,1,8/
99,1747345,1,10/
"""


def expected(key: str, amount: int, trace: str = "", day: int = 4) -> Expected:
    return Expected(key, date(2026, 5, day), amount, trace or f"TRACE-{key}")


def deposit(amount: int, reference: str = "", day: int = 4) -> Deposit:
    return Deposit(date(2026, 5, day), amount, reference, amount)


def test_a_bai2_file_gives_its_credits_with_all_their_text() -> None:
    first, second = read_deposits(BAI2.encode())
    assert (first.on, first.amount) == (DAY, 812345)
    assert "TRN*1*T1*1999999999" in first.reference and first.reference.endswith("SECOND LINE OF TEXT")
    assert (second.amount, second.reference) == (30000, "REF2 BRANCH DEPOSIT")


def test_a_bai2_file_cut_short_or_changed_is_refused_by_its_control_totals() -> None:
    with pytest.raises(BankFileError, match="control total"):
        read_deposits(BAI2.replace("812345", "812346").encode())


def test_a_csv_file_gives_its_credits_and_leaves_the_debits() -> None:
    text = 'Date,Amount,Reference,Description\n05/04/2026,"1,234.56",R1,ACH T1\n2026-05-05,-9.00,R2,fee\n'
    assert read_deposits(text.encode()) == (Deposit(DAY, 123456, "R1 ACH T1", 2),)


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"a,b\n1,2\n", b"date,amount\n2026-05-04,ten\n", b"date,amount\nMay,1\n"]
)
def test_an_unreadable_file_is_refused_with_its_mend(data: bytes) -> None:
    with pytest.raises(BankFileError) as refused:
        read_deposits(data)
    assert refused.value.mend


def test_a_deposit_that_names_the_trace_is_that_payment() -> None:
    found = reconcile([deposit(8000, "ACH T900")], [expected("a", 8000, "T900"), expected("b", 8000, "T901")])
    assert [m.payments[0].key for m in found.matches] == ["a"]
    assert [p.key for p in found.payments] == ["b"] and found.deposits == ()


def test_one_deposit_covers_many_remittances_and_one_remittance_many_deposits() -> None:
    payments = [expected("a", 1000, "T900"), expected("b", 2500, "T901"), expected("c", 7000, "T902")]
    deposits = [deposit(3500, "T900 T901"), deposit(4000, "T902 1/2"), deposit(3000, "T902 2/2")]
    found = reconcile(deposits, payments)
    assert [(len(m.deposits), len(m.payments)) for m in found.matches] == [(1, 2), (2, 1)]
    assert found.deposits == () and found.payments == ()
    for match in found.matches:
        assert sum(d.amount for d in match.deposits) == sum(p.amount for p in match.payments)


def test_checks_of_one_branch_deposit_are_found_by_their_only_sum() -> None:
    payments = [expected("a", 1000), expected("b", 2500), expected("c", 7000)]
    assert [p.key for p in reconcile([deposit(9500)], payments).matches[0].payments] == ["b", "c"]


def test_what_could_be_two_things_is_left_to_a_person() -> None:
    twice = [expected("a", 1000), expected("b", 1000)]
    assert reconcile([deposit(1000)], twice).matches == ()
    sums = [expected("a", 1000), expected("b", 2000), expected("c", 1500), expected("d", 1500)]
    assert reconcile([deposit(3000)], sums).matches == ()


def test_what_lies_too_far_apart_is_not_the_same() -> None:
    assert reconcile([deposit(1000, day=30)], [expected("a", 1000)]).matches == ()


def test_a_payment_of_nothing_waits_for_no_deposit() -> None:
    assert reconcile([], [expected("a", 0)]).payments == ()
