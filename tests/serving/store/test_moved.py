"""More answers than one statement takes: kept balances are the sums of their legs, and claims are read as they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from billing_core.claim import Billed, ClaimState
from billing_core.ledger import AccountKind
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.errors import NotFound
from serving.store.books import Books
from serving.store.moved import TOGETHER, adding, moved_balances, moved_days
from tests.billing_core.busy_practice import BILLED, TODAY, Busy, advice, answers, file_of, opened

CLAIMS = TOGETHER // 2 + 7  # of two lines each: one statement that is full, and one that is not


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(database_url, CLAIMS, tmp_path)
    yield desk, busy
    desk.store.close()


def test_what_a_file_moves_is_added_to_every_kept_balance(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    receipt = receive(desk, "a.835", file_of(advice(answers(busy.claims))))
    assert (receipt.posted, receipt.unmatched) == (1, 0)
    with desk.store.read(desk.practice_id) as books:
        assert books.verify_ledger().sound and books.verify_events().sound
        owed = books.open_balances(TODAY)
        assert {b.charge_id for b in owed} <= {line.charge_id for claim in busy.claims for line in claim.lines}
        assert sum(b.amount for b in owed) == books.account_totals()[AccountKind.RECEIVABLE] > 0
        assert {b.since for b in owed} <= {BILLED, TODAY}


def test_what_moves_is_added_up_before_it_is_written(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    with desk.store.read(desk.practice_id) as books:
        charged = books.entries()
    shares, days = moved_balances([*charged, *charged]), moved_days(charged)
    assert len(shares) == 2 * CLAIMS and shares == sorted(shares)
    assert sum(amount for *_, amount, _ in shares) == 2 * sum(claim.total for claim in busy.claims)
    assert days == [(BILLED, "receivable", CLAIMS * 13000), (BILLED, "revenue", -CLAIMS * 13000)]


def test_each_share_is_told_to_the_database_once() -> None:
    shares = [(f"c{n}", "payer 1", "p", n, date(2026, 5, 1)) for n in range(2 * TOGETHER + 3)]
    told = [len(row) - 1 for _, rows in adding("sqlite", "elm", shares) for row in rows]
    assert told == [5 * TOGETHER, 5 * TOGETHER, 5 * 3]
    ((_, ((charges, *_, practice),)),) = adding("postgresql", "elm", shares)
    assert (charges, practice) == ([share[0] for share in shares], "elm")


def test_a_claim_answered_is_the_claim_in_all_that_answers_are_posted_by(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    with desk.store.read(desk.practice_id) as books:
        found = books.claims_answered([claim.number for claim in busy.claims] + ["NONEOFOURS"])
    assert {number: state for number, (_, state) in found.items()} == dict.fromkeys(found, ClaimState.SUBMITTED)
    assert {n: said(claim) for n, (claim, _) in found.items()} == {c.number: said(c) for c in busy.claims}


def said(claim: Billed) -> list[object]:
    names = (name for name, part in vars(Billed).items() if isinstance(part, property))
    return [getattr(claim, name) for name in names]


def test_claims_step_together_only_from_where_they_stand(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    first, second = busy.claims[0].id, busy.claims[1].id
    stands = (ClaimState.SUBMITTED, ClaimState.PAID)
    with pytest.raises(NotFound), desk.store.open(desk.practice_id) as books:
        books.step_claims({first: stands, second: (ClaimState.PAID, ClaimState.CLOSED)})
    with desk.store.open(desk.practice_id) as books:
        books.step_claims({first: stands, second: stands})
        assert states(books, first, second) == {ClaimState.PAID}


def states(books: Books, *claim_ids: str) -> set[ClaimState]:
    return {books.standing_claim(claim_id).state for claim_id in claim_ids}
