"""Somebody with the database in their hands changes the books: walking the chain names the first link that broke."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from serving.store.books import Store
from serving.store.chain import GENESIS, ChainReport, link_hash
from serving.store.ledger import _content
from tests.serving.store import filled


@pytest.fixture
def store(database_url: str) -> Any:
    store = filled.new_store(database_url)
    filled.fill(store)
    with store.open("elm") as books:
        books.save_charges([filled.charge("charge-2")])
        books.append_entries([filled.entry(f"entry-{n}", n, "charge-2") for n in (2, 3, 4)])
        for n in range(3):
            books.log("biller", "claim.submit", f"claim:{n}", "sent")
    yield store
    store.close()


def by_hand(store: Store, *statements: str) -> None:
    """Change rows as somebody could who may drop triggers and references."""
    with store.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = origin"))
            connection.commit()


def reports(store: Store) -> tuple[ChainReport, ChainReport]:
    with store.read("elm") as books:
        return books.verify_ledger(), books.verify_events()


def test_untouched_books_are_sound_and_an_empty_practice_too(store: Store) -> None:
    ledger, events = reports(store)
    assert (ledger.sound, ledger.length, events.sound, events.length) == (True, 4, True, 4)
    with store.read("oak") as books:
        assert books.verify_ledger() == ChainReport("ledger", 0, GENESIS)
        assert books.verify_events() == ChainReport("events", 0, GENESIS)


LEDGER_TAMPERING = {
    "an amount, with its other leg": (
        "UPDATE ledger_leg SET amount = amount * 2 WHERE entry_id = 'entry-2'", "entry-2", "not what was sealed"),
    "the owner of a balance": (
        "UPDATE ledger_leg SET owner = 'guarantor' WHERE entry_id = 'entry-3' AND leg = 1", "entry-3", "not what"),
    "a business date": (
        "UPDATE ledger_entry SET effective = '2020-01-01' WHERE id = 'entry-2'", "entry-2", "not what was sealed"),
    "a cause": ("UPDATE ledger_entry SET reference = 'x' WHERE id = 'entry-1'", "entry-1", "not what was sealed"),
    "a leg gone": ("DELETE FROM ledger_leg WHERE entry_id = 'entry-3' AND leg = 2", "entry-3", "not what was sealed"),
    "an entry gone": ("DELETE FROM ledger_entry WHERE id = 'entry-2'", "entry-3", "link 2 is missing"),
    "the last entry gone": ("DELETE FROM ledger_entry WHERE id = 'entry-4'", "", "does not end"),
    "a hash": (f"UPDATE ledger_entry SET hash = '{'0' * 64}' WHERE id = 'entry-2'", "entry-2", "not what was sealed"),
    "an entry beside the chain": (
        "INSERT INTO ledger_entry SELECT practice_id, 'ghost', -1, kind, effective, source, reference, reason,"
        " reverses, 0, sealed_at, prev_hash, hash FROM ledger_entry WHERE id = 'entry-1'", "ghost", "no place"),
    "a leg that no entry sealed": (
        "INSERT INTO ledger_leg (practice_id, entry_id, leg, account, party, amount)"
        " VALUES ('elm', 'ghost', 1, 'cash', '', 7)", "ghost", "no seal"),
    "legs that no entry sealed, in balance": (
        "INSERT INTO ledger_leg (practice_id, entry_id, leg, account, party, amount)"
        " VALUES ('elm', 'ghost', 1, 'cash', '', 7), ('elm', 'ghost', 2, 'revenue', '', -7)", "ghost", "no seal"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(LEDGER_TAMPERING))
def test_tampering_with_the_ledger_is_found_and_named(store: Store, case: str) -> None:
    statement, broken, reason = LEDGER_TAMPERING[case]
    by_hand(store, statement)
    ledger, events = reports(store)
    assert not ledger.sound and events.sound
    assert ledger.broken_id == broken and reason in ledger.reason


EVENT_TAMPERING = {
    "the actor": "UPDATE event SET actor = 'nobody' WHERE position = 2",
    "the reason": "UPDATE event SET reason = 'because' WHERE position = 2",
    "the hash after": f"UPDATE event SET after_hash = '{'1' * 64}' WHERE position = 2",
    "the detail": "UPDATE event SET detail = '[]' WHERE position = 2",
    "the moment": "UPDATE event SET at = '2020-01-01 00:00:00.000000' WHERE position = 2",
}


@pytest.mark.parametrize("case", sorted(EVENT_TAMPERING))
def test_tampering_with_an_event_is_found_and_named(store: Store, case: str) -> None:
    with store.read("elm") as books:
        second = books.events()[1].id
    by_hand(store, EVENT_TAMPERING[case])
    ledger, events = reports(store)
    assert ledger.sound and not events.sound
    assert (events.broken_id, events.length) == (second, 1)


def test_rows_moved_to_another_practice_do_not_pass_there(store: Store) -> None:
    with store.read("elm") as books:
        position, head = books._head("events")
    by_hand(
        store,
        "UPDATE event SET practice_id = 'oak'",
        f"UPDATE chain_head SET position = {position}, hash = '{head}' WHERE practice_id = 'oak' AND chain = 'events'",
    )
    with store.read("oak") as books:
        assert not books.verify_events().sound


def test_a_rewritten_tail_with_its_head_is_told_by_a_head_that_was_noted(store: Store) -> None:
    noted = reports(store)[0].head
    with store.read("elm") as books:
        hashes = [row.hash for row in books._run(text("SELECT hash FROM ledger_entry ORDER BY position"))]
    by_hand(
        store,
        "DELETE FROM ledger_leg WHERE entry_id = 'entry-4'",
        "DELETE FROM ledger_entry WHERE id = 'entry-4'",
        "UPDATE open_balance SET amount = (SELECT sum(l.amount) FROM ledger_leg l WHERE l.owner IS NOT NULL"
        " AND l.charge_id = open_balance.charge_id)",
        "UPDATE day_total SET amount = (SELECT coalesce(sum(l.amount), 0) FROM ledger_leg l JOIN ledger_entry e"
        " ON e.practice_id = l.practice_id AND e.id = l.entry_id WHERE e.effective = day_total.effective"
        " AND l.account = day_total.account)",
        f"UPDATE chain_head SET position = 3, hash = '{hashes[2]}' WHERE practice_id = 'elm' AND chain = 'ledger'",
    )
    ledger = reports(store)[0]
    assert ledger.sound and ledger.head != noted


def test_unbalanced_legs_under_a_hash_made_anew_still_show_in_the_sum(store: Store) -> None:
    with store.read("elm") as books:
        legs = [dict(row) for row in books._run(books._sealed()).mappings() if row["id"] == "entry-4"]
    legs[0]["amount"] += 1
    forged = link_hash(legs[0]["prev_hash"], _content("elm", legs[0], legs))
    by_hand(
        store,
        "UPDATE ledger_leg SET amount = amount + 1 WHERE entry_id = 'entry-4' AND leg = 1",
        f"UPDATE ledger_entry SET hash = '{forged}' WHERE id = 'entry-4'",
        f"UPDATE chain_head SET hash = '{forged}' WHERE practice_id = 'elm' AND chain = 'ledger'",
    )
    ledger = reports(store)[0]
    assert (ledger.sound, ledger.length, ledger.reason) == (False, 4, "the legs do not sum to zero")
