"""A remittance of many claims: a page of it is read from the database, its totals by a query, whatever its size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from serving.desk import remitted
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.errors import NotFound
from tests.billing_core.busy_practice import Busy, advice, file_of, opened
from tests.billing_core.money_specimens import answer

CLAIMS = 230


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(database_url, CLAIMS, tmp_path)
    receive(desk, "big.835", file_of(advice([answer(c, ("CO-45 40",), ("CO-45 10",)) for c in busy.claims])))
    yield desk, busy
    desk.store.close()


def test_a_page_is_read_and_not_the_whole(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    (row,) = remitted.remittances(desk)
    read: list[int] = []

    def listen(c: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "FROM claim_payment" in statement:
            read.append(1)
        if "claim_payment.body" in statement:
            assert "LIMIT" in statement or "position =" in statement, "a page, or one, never all"

    event.listen(desk.store.engine, "before_cursor_execute", listen)
    try:
        pages = [remitted.remittance(desk, row.id, page) for page in (1, 2, 3, 4)]
        one = remitted.answer(desk, row.id, CLAIMS)
    finally:
        event.remove(desk.store.engine, "before_cursor_execute", listen)
    assert len(read) == 9, "two questions a page, one for an answer"
    assert [len(page.claims) for page in pages] == [100, 100, 30, 0]
    assert [claim.number for page in pages for claim in page.claims] == [c.number for c in busy.claims]
    assert {(p.claims_count, p.claims_paid, p.claims_unmatched) for p in pages} == {(CLAIMS, "18400.00", 0)}
    assert pages[0].cash_posted == pages[0].amount == "18400.00"
    assert one.number == busy.claims[-1].number and one.entries
    with pytest.raises(NotFound):
        remitted.answer(desk, row.id, CLAIMS + 1)


def test_a_claim_is_found_by_a_part_of_its_number(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    (row,) = remitted.remittances(desk)
    wanted = busy.claims[150].number
    found = remitted.remittance(desk, row.id, find=wanted.lower()[4:])
    assert [claim.number for claim in found.claims] == [wanted] and found.claims[0].position == 151
    assert (found.claims_count, found.claims_paid) == (1, "80.00") and found.amount == "18400.00"
    assert remitted.remittance(desk, row.id, find="%").claims == []
