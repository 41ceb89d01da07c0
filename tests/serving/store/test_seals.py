"""The store itself refuses to unbalance, reorder or change the books, whoever asks, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from serving.errors import Conflict, NotFound, SealedBooks
from serving.store import schema
from serving.store.books import Store
from serving.store.bound import execute
from serving.store.chain import GENESIS
from tests.serving.store import filled

NOW = datetime(2026, 4, 9, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Any:
    store = filled.new_store(database_url)
    filled.fill(store)
    yield store
    store.close()


def leg(number: int, amount: Any, entry_id: str = "by hand", practice_id: str = "elm") -> dict[str, Any]:
    return {
        "practice_id": practice_id, "entry_id": entry_id, "leg": number, "account": "cash", "owner": None,
        "party": "", "charge_id": None, "amount": amount,
    }  # fmt: skip


def seal(store: Store, legs: int = 2, **changes: Any) -> dict[str, Any]:
    with store.read("elm") as books:
        last = books._head("ledger")
    fields = {
        "practice_id": "elm", "id": "by hand", "position": last[0] + 1, "kind": "charge", "effective": filled.DAY,
        "source": "hand", "reference": "", "reason": "", "reverses": None, "leg_count": legs, "sealed_at": NOW,
        "prev_hash": last[1], "hash": "f" * 64,
    }  # fmt: skip
    return fields | changes


def write(store: Store, legs: list[dict[str, Any]], seals: list[dict[str, Any]]) -> None:
    with store.engine.begin() as connection:
        for row in legs:
            execute(connection, insert(schema.ledger_leg), [row])
        for row in seals:
            execute(connection, insert(schema.ledger_entry), [row])


def test_a_balanced_entry_written_in_order_is_taken(store: Store) -> None:
    write(store, [leg(1, 5), leg(2, -5)], [seal(store)])
    with store.read("elm") as books:
        assert books.entry("by hand").legs[0].amount == 5


@pytest.mark.parametrize(
    "amounts", [(), (0,), (5, -4), (5, 5), (9_000_000_000_000_000, -9_000_000_000_000_001)], ids=str
)
def test_legs_that_are_too_few_or_do_not_sum_to_zero_are_refused(store: Store, amounts: tuple[int, ...]) -> None:
    legs = [leg(number, amount) for number, amount in enumerate(amounts, start=1)]
    with pytest.raises(SealedBooks, match="sum to zero"):
        write(store, legs, [seal(store, legs=len(legs))])


def test_a_seal_that_counts_other_legs_than_there_are_is_refused(store: Store) -> None:
    with pytest.raises(SealedBooks, match="all its legs"):
        write(store, [leg(1, 5), leg(2, -5)], [seal(store, legs=3)])


def test_a_sealed_entry_takes_no_more_legs_not_even_balanced_ones(store: Store) -> None:
    with pytest.raises(SealedBooks, match="no more legs"):
        write(store, [leg(3, 1, "entry-1"), leg(4, -1, "entry-1")], [])


def test_legs_that_nobody_seals_do_not_stay(store: Store) -> None:
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        connection.execute(insert(schema.ledger_leg), [leg(1, 5), leg(2, -5)])
    with store.read("elm") as books:
        assert books.ledger_sum() == 0 and books.verify_ledger().sound


@pytest.mark.parametrize(
    "changes",
    [
        {"position": 1},
        {"position": 7},
        {"prev_hash": GENESIS},
        {"prev_hash": "e" * 64},
        {"position": 1, "prev_hash": GENESIS},
    ],
    ids=str,
)
def test_an_entry_out_of_its_place_in_the_chain_is_refused(store: Store, changes: dict[str, Any]) -> None:
    with pytest.raises(Conflict):
        write(store, [leg(1, 5), leg(2, -5)], [seal(store, **changes)])


GROWING = [schema.ledger_leg, schema.ledger_entry, schema.event, schema.decision]


@pytest.mark.parametrize("table", GROWING, ids=lambda table: table.name)
def test_what_is_written_is_neither_changed_nor_deleted(store: Store, table: Any) -> None:
    column = next(c for c in table.columns if c.name in ("amount", "reason"))
    value = 1 if column.name == "amount" else "another reason"
    for statement in (update(table).values({column: value}), delete(table)):
        with pytest.raises(SealedBooks, match="only grows"), store.engine.begin() as connection:
            execute(connection, statement)


@pytest.mark.parametrize("table", GROWING, ids=lambda table: table.name)
def test_no_back_door_through_replace_or_truncate(store: Store, table: Any) -> None:
    with store.engine.connect() as connection:
        before = connection.execute(table.select()).all()
        names = ", ".join(column.name for column in table.columns)
        back_door = (
            f"TRUNCATE {table.name} CASCADE"
            if connection.dialect.name == "postgresql"
            else f"INSERT OR REPLACE INTO {table.name} ({names}) SELECT {names} FROM {table.name}"
        )
        with pytest.raises(DBAPIError):
            connection.execute(text(back_door))
        connection.rollback()
        assert connection.execute(table.select()).all() == before != []


def test_a_fraction_of_a_cent_never_reaches_the_ledger(sqlite_url: str) -> None:
    store = filled.new_store(sqlite_url)
    with pytest.raises(IntegrityError, match="whole cents"), store.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO ledger_leg (practice_id, entry_id, leg, account, party, amount)"
            " VALUES ('elm', 'x', 1, 'cash', '', 0.5)"
        )


def test_the_same_entry_twice_is_refused_and_the_books_stay(store: Store) -> None:
    for again in ([filled.entry("entry-1")], [filled.entry("entry-2"), filled.entry("entry-2")]):
        with pytest.raises(Conflict), store.open("elm") as books:
            books.append_entries(again)
    with store.read("elm") as books:
        assert books.entry_count() == 1 and books.verify_ledger().sound


def test_a_leg_about_a_charge_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(NotFound), store.open("elm") as books:
        books.append_entries([filled.entry("entry-2", charge_id="charge-9")])


def test_a_reversal_names_an_entry_that_is_there(store: Store) -> None:
    with pytest.raises(NotFound), store.open("elm") as books:
        books.append_entries([replace(filled.entry("entry-2"), reverses="nothing")])
