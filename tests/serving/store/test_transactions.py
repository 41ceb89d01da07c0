"""All or nothing, one writer per practice, numbers given out once: across threads and processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from billing_core.claim import ClaimState
from billing_core.identifiers import claim_number
from serving.errors import Conflict, NotFound, ServingError
from serving.store.books import Store
from serving.store.claims import CONTROL_MOST
from serving.store.states import Direction
from tests.billing_core import specimens
from tests.serving.store import filled
from tests.serving.store.test_practices_apart import rows_of


@pytest.fixture
def store(database_url: str) -> Any:
    store = filled.new_store(database_url)
    yield store
    store.close()


def test_an_error_at_the_end_leaves_the_books_as_they_were(store: Store) -> None:
    filled.fill(store)
    before = rows_of(store, "elm")
    with pytest.raises(RuntimeError), store.open("elm") as books:
        books.save_charges([filled.charge("charge-2")])
        books.append_entries([filled.entry("entry-2", charge_id="charge-2")])
        books.step_claim("claim", ClaimState.ACCEPTED)
        books.add_file(Direction.INBOUND, "835", "x.835", b"ISA*2~")
        books.next_control("interchange")
        books.log("biller", "file.receive", "file:x")
        raise RuntimeError("the power went")
    assert rows_of(store, "elm") == before


def test_a_refused_statement_takes_the_whole_transaction_with_it(store: Store) -> None:
    with pytest.raises(NotFound), store.open("elm") as books:
        books.save_payer(specimens.PAYER)
        books.save_patients([specimens.PATIENT])  # its guarantor is not there
    with store.read("elm") as books:
        assert books.payers() == ()


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(ServingError), store.read("elm") as books:
        books.save_payer(specimens.PAYER)
    with store.open("elm") as books:  # the connection goes back to the pool able to write
        books.save_payer(specimens.PAYER)
    with store.read("elm") as books:
        assert books.payers() == (specimens.PAYER,)


def test_a_reader_sees_one_moment_and_does_not_wait(store: Store) -> None:
    with store.read("elm") as reading:
        assert reading.payers() == ()
        with store.open("elm") as writing:
            writing.save_payer(specimens.PAYER)
        assert reading.payers() == ()
    with store.read("elm") as reading:
        assert reading.payers() == (specimens.PAYER,)


def test_an_error_message_holds_no_patient_data(store: Store) -> None:
    filled.fill(store)
    with pytest.raises(Conflict) as caught, store.open("elm") as books:
        books.save_patients([specimens.claim().patient.__class__(
            "another", specimens.PATIENT.record_number, specimens.NAME, specimens.PATIENT.birth_date,
            specimens.PATIENT.sex, specimens.HOME, "guarantor",
        )])  # fmt: skip
    said = repr(caught.value) + str(caught.value.__cause__)
    assert "Doe" not in said and "1001" not in said and caught.value.__suppress_context__


def test_writers_in_threads_keep_both_chains_whole(store: Store) -> None:
    with store.open("elm") as books:
        filled.register(books)
        filled.code(books)
    barrier = threading.Barrier(4)

    def work(worker: int) -> list[int]:
        barrier.wait()
        numbers = []
        for turn in range(5):
            with store.open("elm") as books:
                # Chains and counters in another order each time: no order may lead to a deadlock.
                steps = [
                    lambda: numbers.append(books.next_control("interchange")),
                    lambda: books.append_entries([filled.entry(f"e-{worker}-{turn}")]),  # noqa: B023
                    lambda: books.log("biller", "x", "y"),
                ]
                for step in steps[worker % 3 :] + steps[: worker % 3]:
                    step()
        return numbers

    with ThreadPoolExecutor(4) as pool:
        numbers = [number for given in pool.map(work, range(4)) for number in given]
    assert sorted(numbers) == list(range(1, 21))
    with store.read("elm") as books:
        assert books.verify_ledger().length == 21 and books.verify_ledger().sound
        assert books.verify_events().length == 20 and books.verify_events().sound


PROGRAM = """
import sys
from serving.store.books import Store
store = Store(sys.argv[1])
for _ in range(25):
    with store.open("elm") as books:
        print(books.next_control("interchange"), books.next_claim_serial(2))
"""


def test_numbers_are_unique_across_processes(store: Store, database_url: str) -> None:
    command = [sys.executable, "-c", PROGRAM, database_url]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    given = [tuple(map(int, line.split())) for process in started for line in process.communicate()[0].splitlines()]
    assert sorted(control for control, _ in given) == list(range(1, 76))
    assert sorted(serial for _, serial in given) == list(range(1, 150, 2))


def test_each_kind_and_each_practice_counts_for_itself(store: Store) -> None:
    with store.open("elm") as books:
        assert [books.next_control("interchange"), books.next_control("interchange", 3)] == [1, 2]
        assert [books.next_control("interchange"), books.next_control("group"), books.next_claim_serial()] == [5, 1, 1]
    with store.open("oak") as books:
        assert books.next_control("interchange") == 1


def test_control_numbers_end_with_a_mend_instead_of_repeating(store: Store) -> None:
    with store.open("elm") as books:
        assert books.next_control("interchange", CONTROL_MOST) == 1
    with pytest.raises(Conflict, match="used up"), store.open("elm") as books:
        books.next_control("interchange")


def test_claim_numbers_of_two_practices_never_meet(store: Store) -> None:
    with pytest.raises(Conflict), store.access() as access:
        access.add_practice(filled.practice("third", "ELMF"))
    assert claim_number("ELMF", 1) != claim_number("OAKS", 1)
