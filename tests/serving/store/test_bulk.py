"""Many rows at once are the same rows as one by one, and what the tables refuse they refuse as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from billing_core.charge import Charge
from billing_core.errors import MoneyError
from billing_core.ledger import Entry, reverse
from serving.errors import Conflict, InputError, NotFound, SealedBooks
from serving.store import schema
from serving.store.books import Books, Store
from serving.store.bulk import BULK
from serving.store.events import Happened
from serving.store.ledger import _LEG, _SEAL
from tests.serving.store import filled

ODD = ("tab\there", "back\\slash \\N \\.", "two\nlines\r", "caf\u00e9 \u2713 \U0001f4b5", 'a "quoted" word', "", "%s ?")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = filled.new_store(database_url)
    filled.fill(store)
    yield store
    store.close()


def entries(many: int) -> list[Entry]:
    """Entries with every odd text in their cause, and a reversal after each."""
    made: list[Entry] = []
    for n in range(many):
        one = filled.entry(f"bulk-{n}", 100 + n)
        cause = replace(one.cause, source=f"file {ODD[n % 7]}", reference=ODD[n % 5], reason=ODD[n % 3])
        made += [replace(one, cause=cause), reverse(one, f"undo-{n}", filled.DAY, cause)]
    return made


def written(store: Store, posted: list[Entry], at_once: int) -> tuple[list[object], str]:
    """The rows of the ledger after appending so many at once, and its chain."""
    with store._transaction() as connection:
        books = Books(connection, "elm", store.clock, store.new_id)
        for first in range(0, len(posted), at_once):
            books.append_entries(posted[first : first + at_once])
        assert books.verify_ledger().sound and books.entries()[1:] == tuple(posted)
        rows = [tuple(row) for name in ("ledger_entry", "ledger_leg", "open_balance")
                for row in connection.execute(schema.metadata.tables[name].select()).all()]  # fmt: skip
        head = books.ledger_head()
        connection.rollback()
    return sorted(rows, key=repr), head


def test_entries_in_bulk_are_the_rows_and_the_chain_of_entries_one_by_one(store: Store) -> None:
    posted = entries(BULK)
    assert written(store, posted, 2 * BULK) == written(store, posted, 1)


def test_events_in_bulk_hold_together_and_say_what_they_said(store: Store) -> None:
    with store.open("elm") as books:
        before = books.event_count()
        happened = [happening(n) for n in range(2 * BULK)]
        books.log_all("coder", happened)
        assert books.verify_events().sound and books.event_count() == before + 2 * BULK
        assert [e.reason for e in books.events(after_position=before)] == [e.reason for e in happened]


def happening(n: int) -> Happened:
    return Happened("claim.paid", f"claim:{n}", ODD[n % 7], {"state": "a"}, {"state": "b"}, {"n": n} if n % 2 else None)


def test_a_bulk_that_the_books_refuse_is_named_and_leaves_nothing(store: Store) -> None:
    good = entries(BULK)
    with store.open("elm") as books:
        books.append_entries(good[:2])
    refused = {
        Conflict: [*good[2:], good[0]],  # an entry that is there
        NotFound: [*good[2:], filled.entry("stranger", 5, "charge-9")],  # a charge that is not there
    }
    for error, bad in refused.items():
        with pytest.raises(error), store.open("elm") as books:
            books.append_entries(bad)
    with pytest.raises(InputError), store.open("elm") as books:
        books.save_charges([filled.charge(f"charge-{n}") for n in range(2, BULK)] + [unspeakable()])
    with store.read("elm") as books:
        assert books.entry_count() == 3 and books.verify_ledger().sound and books.charges("encounter")[1:] == ()


def unspeakable() -> Charge:
    return replace(filled.charge(f"charge-{BULK}"), procedure="half \ud800")


def test_no_float_comes_in_by_bulk(store: Store) -> None:
    rows = [{"procedure": f"p{n}", "effective": filled.DAY, "terminated": None, "amount": 0.5} for n in range(BULK)]
    with pytest.raises(MoneyError), store.open("elm") as books:
        books._insert(schema.price, rows)


def test_legs_that_do_not_sum_to_zero_are_refused_in_bulk(store: Store) -> None:
    with pytest.raises(SealedBooks, match="sum to zero"), store.open("elm") as books:
        position, last = books._head("ledger")
        legs = [("elm", f"e{n}", side, "cash", None, "", None, 5) for n in range(BULK) for side in (1, 2)]
        books._insert_tuples(schema.ledger_leg, _LEG, legs)
        hashes = [last, *(f"{n:064d}" for n in range(BULK))]
        seals = [
            (
                "elm",
                f"e{n}",
                "charge",
                filled.DAY,
                "",
                "",
                "",
                None,
                2,
                store.clock.now(),
                position + 1 + n,
                *hashes[n : n + 2],
            )
            for n in range(BULK)
        ]
        books._insert_tuples(schema.ledger_entry, _SEAL, seals)
