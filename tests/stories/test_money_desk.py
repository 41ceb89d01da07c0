"""The books at work, on both databases: what finds no claim, what is keyed, the bank, credits, the end of the day."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_core.account import Books as Accounts
from billing_core.account import Standing
from billing_core.claim import ClaimState
from billing_core.errors import PostingError
from billing_core.ledger import AccountKind
from serving.desk import accounts, bank, credits, follow_up, keyed, unmatched
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.errors import Conflict, InputError
from serving.ids import FixedClock
from serving.schemas.money import AssignIn, BatchIn, ReasonIn, RefundIn
from serving.security import Actor, Role
from serving.sheets import csv_bytes, harmless, xlsx_bytes
from tests.billing_core import specimens
from tests.billing_core.busy_practice import TODAY, Busy, advice, file_of, opened
from tests.billing_core.money_specimens import answer

WRONG = ReasonIn(reason="the wrong claim")


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(database_url, 6, tmp_path)
    yield desk, busy
    desk.store.close()


def someone(desk: Desk, login: str) -> Desk:
    return replace(desk, actor=Actor(login, login, desk.practice_id, frozenset({Role.BILLER, Role.MANAGER})))


def standing(desk: Desk, charge: str = "charge-1-1") -> Standing:
    with desk.store.read(desk.practice_id) as books:
        return Accounts(books.entries_on([charge])).standing(charge)


def total(desk: Desk, kind: AccountKind) -> int:
    with desk.store.read(desk.practice_id) as books:
        assert books.verify_ledger().sound
        return books.account_totals().get(kind, 0)


def state(desk: Desk, claim_id: str = "claim-1") -> ClaimState:
    with desk.store.read(desk.practice_id) as books:
        return books.standing_claim(claim_id).state


def stranger(busy: Busy) -> bytes:
    """An answer to the first claim under a number of an older system, beside a good one to the second."""
    odd = replace(answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",)), number="OLD-1", patient_last="DOE")
    return file_of(advice([odd, answer(busy.claims[1], ("CO-45 40",), ("CO-45 10",))]))


# --- what finds no claim ----------------------------------------------------------------------------------------------


def test_an_unmatched_answer_waits_with_candidates_is_assigned_and_taken_back(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    receipt = receive(desk, "a.835", stranger(busy))
    assert (receipt.posted, receipt.unmatched) == (1, 1)
    (item,) = unmatched.unmatched(desk)
    assert (item.number, item.paid, item.status) == ("OLD-1", "65.00", "open")
    best = item.candidates[0]
    assert best.claim_number == busy.claims[0].number and "member id" in best.agreed
    before, digest = standing(desk), accounts.digest(desk).sha256
    done = unmatched.assign(desk, item.id, AssignIn(claim_number=best.claim_number))
    assert done.status == "assigned" and unmatched.unmatched(desk) == []
    assert (standing(desk).insurance_paid, state(desk)) == (4500, ClaimState.PAID)
    assert total(desk, AccountKind.UNAPPLIED) == 0
    with pytest.raises(Conflict):
        unmatched.assign(desk, item.id, AssignIn(claim_number=best.claim_number))
    again = unmatched.undo_assignment(desk, item.id, WRONG)
    assert again.status == "open" and standing(desk) == before
    assert accounts.digest(desk).sha256 == digest, "the books are as before the assignment"
    assert state(desk) is ClaimState.REVERSED
    unmatched.assign(desk, item.id, AssignIn(claim_number=best.claim_number))
    assert (standing(desk).insurance_paid, state(desk)) == (4500, ClaimState.PAID)


def test_an_unmatched_answer_is_left_and_looked_at_again(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    receive(desk, "a.835", stranger(busy))
    (item,) = unmatched.unmatched(desk)
    assert unmatched.leave(desk, item.id, ReasonIn(reason="before our time")).status == "left"
    assert unmatched.unmatched(desk) == [] and len(unmatched.unmatched(desk, every=True)) == 1
    assert total(desk, AccountKind.UNAPPLIED) == -6500
    assert unmatched.undo_assignment(desk, item.id, WRONG).status == "open"


def test_an_assignment_is_not_undone_under_a_later_posting(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    receive(desk, "a.835", stranger(busy))
    (item,) = unmatched.unmatched(desk)
    unmatched.assign(desk, item.id, AssignIn(claim_number=busy.claims[0].number))
    corrected = answer(busy.claims[0], ("CO-45 40",), ("CO-45 10",))
    receive(desk, "b.835", file_of(advice([corrected], trace="T2"), control=2))
    with pytest.raises(PostingError, match="since"):
        unmatched.undo_assignment(desk, item.id, WRONG)


# --- held, corrected, repeated ----------------------------------------------------------------------------------------


def test_a_held_set_posts_nothing_and_its_correction_under_the_same_trace_posts_whole(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    payment = answer(busy.claims[0], ("CO-45 40",), ("CO-45 10",))
    bad = replace(payment, services=(replace(payment.services[0], paid=1), payment.services[1]))
    receipt = receive(desk, "bad.835", file_of(replace(advice([bad]), amount=payment.paid)))
    assert (receipt.posted, len(receipt.held)) == (0, 1) and "line" in receipt.held[0]
    assert total(desk, AccountKind.CASH) == 0
    receipt = receive(desk, "good.835", file_of(advice([payment]), control=2))
    assert (receipt.posted, receipt.held) == (1, [])
    assert state(desk) is ClaimState.PAID and total(desk, AccountKind.CASH) == payment.paid
    with desk.store.read(desk.practice_id) as books:
        (row,) = books.remittances()
        assert (row.state, len(books.claim_payments(remittance_id=row.id))) == ("posted", 1)


def test_the_same_payment_in_another_envelope_changes_nothing(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    given = advice([answer(claim, ("CO-45 40",), ("CO-45 10",)) for claim in busy.claims])
    receive(desk, "a.835", file_of(given))
    digest, cash = accounts.digest(desk), total(desk, AccountKind.CASH)
    receipt = receive(desk, "b.835", file_of(given, control=2))
    assert receipt.held == ["set 1: posted before; nothing changed"]
    other = replace(given, claims=given.claims[:-1], amount=given.amount - given.claims[-1].paid)
    assert "other claims" in receive(desk, "c.835", file_of(other, control=3)).held[0]
    assert (accounts.digest(desk), total(desk, AccountKind.CASH)) == (digest, cash)


# --- keyed by hand ----------------------------------------------------------------------------------------------------


def batch(busy: Busy, amount: str = "80.00", claims: int = 1) -> BatchIn:
    line = {"procedure": "99213", "charge": "100.00", "paid": "60.00"}
    other = {"procedure": "36415", "charge": "30.00", "paid": "20.00"}
    lines = [
        {**line, "adjustments": [{"group": "CO", "reason": "45", "amount": "40.00"}]},
        {**other, "adjustments": [{"group": "CO", "reason": "45", "amount": "10.00"}]},
    ]
    paper = {
        "payer_number": "60054",
        "method": "CHK",
        "trace": "CHECK 1001",
        "paid_on": "2026-05-01",
        "amount": "80.00",
        "claims": [{"claim_number": busy.claims[0].number, "charge": "130.00", "paid": "80.00", "lines": lines}],
    }
    return BatchIn.model_validate(
        {"name": "lockbox 7", "control_amount": amount, "control_claims": claims, "remittances": [paper]}
    )


def test_a_keyed_batch_posts_as_an_835_does_and_only_with_its_control_totals(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    for wrong in (batch(busy, amount="81.00"), batch(busy, claims=2)):
        with pytest.raises(InputError, match=r"control_|add to"):
            keyed.key_batch(desk, wrong)
    assert total(desk, AccountKind.CASH) == 0
    receipt = keyed.key_batch(desk, batch(busy))
    assert (receipt.posted, receipt.held, receipt.findings) == (1, [], [])
    assert standing(desk).insurance_paid == 6000 and state(desk) is ClaimState.PAID
    assert keyed.key_batch(desk, batch(busy)).is_new is False
    assert total(desk, AccountKind.CASH) == 8000


# --- the bank ---------------------------------------------------------------------------------------------------------


def test_deposits_move_undeposited_cash_to_the_bank_and_both_sides_say_what_is_missing(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    for number, claim in enumerate(busy.claims[:3], start=1):
        given = advice([answer(claim, ("CO-45 40",), ("CO-45 10",))], trace=f"TRACE{number}")
        receive(desk, f"{number}.835", file_of(given, control=number))
    first = "date,amount,reference\n2026-05-05,160.00,TRACE1 TRACE2\n2026-05-05,7.00,drawer\n"
    found = bank.match_deposits(desk, "may.csv", first.encode())
    assert (found.matched, found.matched_amount) == (1, "160.00")
    assert [d.reference for d in found.unmatched_deposits] == ["drawer"]
    assert [p.reference for p in found.waiting_remittances] == ["TRACE3"]
    assert (total(desk, AccountKind.BANK), total(desk, AccountKind.CASH)) == (16000, 8000)
    assert bank.match_deposits(desk, "may.csv", first.encode()).matched == 0, "the same file is the same money"
    more = "date,amount,reference\n2026-05-06,50.00,TRACE3 a\n2026-05-07,30.00,TRACE3 b\n"
    assert bank.match_deposits(desk, "june.csv", more.encode()).matched == 1
    assert (total(desk, AccountKind.BANK), total(desk, AccountKind.CASH)) == (24000, 0)
    assert bank.bank_standing(desk).waiting_remittances == []


# --- credits ----------------------------------------------------------------------------------------------------------


def test_a_credit_has_a_clock_and_a_refund_two_people(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    lump = replace(advice([answer(busy.claims[0], ("CO-45 40",), ("CO-45 10",))]), amount=8000 + 500)
    receive(desk, "a.835", file_of(replace(lump, provider_adjustments=_lump(500))))
    (credit,) = credits.find_credits(desk)
    assert (credit.amount, credit.party, credit.identified_on) == ("5.00", "payer", TODAY.isoformat())
    assert credits.find_credits(desk) == [credit] == credits.credits(desk), "identified once"
    ann, mia = someone(desk, "ann"), someone(desk, "mia")
    with pytest.raises(InputError):
        credits.ask_refund(ann, credit.id, RefundIn(amount="5.01", reason="overpaid"))
    asked = credits.ask_refund(ann, credit.id, RefundIn(amount="5.00", reason="overpaid"))
    with pytest.raises(Conflict, match="does not approve"):
        credits.approve_refund(ann, asked.id)
    credits.approve_refund(mia, asked.id)
    assert total(desk, AccountKind.UNAPPLIED) == 0 and total(desk, AccountKind.CASH) == 8000
    assert credits.find_credits(desk) == []


def _lump(amount: int) -> tuple[Any, ...]:
    from billing_core.remittance import ProviderAdjustment

    return (ProviderAdjustment("LS", "LUMP", -amount, fiscal_period=date(2026, 12, 31), provider="1234567893"),)


# --- the day ----------------------------------------------------------------------------------------------------------


def test_a_closed_day_stays_closed_and_what_comes_later_belongs_to_the_next(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    receive(desk, "a.835", file_of(advice([answer(busy.claims[0], ("CO-45 40",), ("CO-45 10",))])))
    sheet = accounts.close_day(desk, TODAY)
    assert sheet.closed and sheet.by_account["cash"] == "80.00"
    receive(desk, "b.835", file_of(advice([answer(busy.claims[1], ("CO-45 40",), ())], trace="T2"), control=2))
    assert accounts.read_day(desk, TODAY).by_account == sheet.by_account
    assert accounts.read_day(desk, TODAY + timedelta(days=1)).entries == 1
    for again in (TODAY, TODAY - timedelta(days=9)):
        with pytest.raises(Conflict):
            accounts.close_day(desk, again)
    with pytest.raises(InputError):
        accounts.close_day(desk, TODAY + timedelta(days=1))
    with desk.store.open(desk.practice_id) as books:
        late = replace(books.entries(limit=1)[0], id=books.new_id(), effective=TODAY)
        with pytest.raises(Conflict, match="closed"):
            books.append_entries([late])


def test_accounts_and_aging_add_up(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    receive(desk, "a.835", file_of(advice([answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-197 30",))])))
    view = accounts.account(desk, busy.claims[0].patient.id)
    assert (view.charged, view.paid, view.adjusted, view.open) == ("390.00", "45.00", "40.00", "305.00")
    assert [entry.kind for entry in view.lines[0].history] == ["charge", "insurance payment", "move"]
    for by in ("payer", "provider", "practice"):
        for since in ("service", "responsibility"):
            found = accounts.aging(desk, by, since, collectible=True)
            assert found.total == "695.00" and found.since.startswith("date of")
            assert sum(Decimal(row["total"]) for row in found.rows) == 695
            named = {specimens.PROVIDER.npi: "Doe, Ann"} if by == "provider" else {}
            assert found.names == named, "a row keeps the NPI, by which its balances are asked for"
    with pytest.raises(InputError):
        accounts.aging(desk, "planet")


def test_a_claim_without_an_answer_gets_one_dated_follow_up_which_ends_when_it_comes(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    assert follow_up.find_silent(desk) == 0, "25 days are not too long"
    later = replace(desk, clock=FixedClock(TODAY + timedelta(days=5)))
    assert follow_up.find_silent(later) == follow_up.find_silent(later) == len(busy.claims)
    with desk.store.read(desk.practice_id) as books:
        assert len(books.work(follow_up.QUEUE)) == len(busy.claims)
    receive(later, "a.835", file_of(advice([answer(busy.claims[0], ("CO-45 40",), ("CO-45 10",))])))
    assert follow_up.find_silent(later) == len(busy.claims) - 1
    with desk.store.read(desk.practice_id) as books:
        assert busy.claims[0].id not in {work.claim_id for work in books.work(follow_up.QUEUE)}


# --- spreadsheets -----------------------------------------------------------------------------------------------------


def test_no_cell_of_an_export_is_a_formula() -> None:
    rows = [{"name": text, "amount": "-12.50"} for text in ("=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "Doe")]
    for name, amount in csv.reader(io.StringIO(csv_bytes(("name", "amount"), rows).decode(), newline="")):
        assert not name.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert amount in ("amount", "-12.50")
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(("name", "amount"), rows))) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        assert package.testzip() is None
    assert "<f>" not in sheet and "'=1+1" in sheet and "<v>-12.50</v>" in sheet
    assert harmless("=cmd|' /C calc'!A0").startswith("'=")
    assert xlsx_bytes(("a",), [{"a": "x"}]) == xlsx_bytes(("a",), [{"a": "x"}])
