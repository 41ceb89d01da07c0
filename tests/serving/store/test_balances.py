"""The kept balances are the legs added up, after whatever happened, on both databases; any other is found and named."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from billing_core import receivable
from billing_core.account import Debtor
from billing_core.ledger import AccountKind, Entry, Owner
from billing_core.registration import Guarantor
from serving.desk.accounts import aged
from serving.store.books import Books, Store
from tests.billing_core import specimens
from tests.billing_core.money_specimens import SECOND_PAYER, charges
from tests.properties.lives import Life, events
from tests.serving.store import filled

BEGAN = date(2026, 1, 5)
VISITS = 3
Share = tuple[str, Owner, str]


def lived(seed: int) -> tuple[Life, list[Entry]]:
    """A random life, spread over some months."""
    life = Life(VISITS)
    for event in events(seed, VISITS, 60):
        life.live(event)
    chance, on, dated = random.Random(seed), BEGAN, []
    for entry in life.entries:
        on += timedelta(chance.randrange(4))
        dated.append(replace(entry, effective=on))
    return life, dated


def register(books: Books, life: Life) -> None:
    filled.register(books)
    books.save_payer(SECOND_PAYER)
    for place, visit in enumerate(life.visits):
        patient = visit.claims[0].patient
        books.save_guarantors([Guarantor(patient.guarantor_id, specimens.NAME, specimens.HOME)])
        books.save_patients([replace(patient, record_number=f"R{place}")])
        books.save_encounter(replace(filled.encounter(), id=f"encounter-{place}", patient_id=patient.id), filled.NOTE)
        made = (replace(c, encounter_id=f"encounter-{place}") for c in charges(visit.claims[0]))
        books.save_charges([replace(c, service_date=c.service_date - timedelta(40 * place)) for c in made])


def shares(entries: Iterable[Entry]) -> dict[Share, tuple[int, date]]:
    """What each debtor owes of each charge, and since when: added up here, by no code of the store."""
    sums: Counter[Share] = Counter()
    since: dict[Share, date] = {}
    for entry in entries:
        for leg in entry.legs:
            if leg.account.owner is not None:
                share = (leg.charge_id, leg.account.owner, leg.account.party)
                sums[share] += leg.amount
                since[share] = min(entry.effective, since.get(share, entry.effective))
    return {share: (amount, since[share]) for share, amount in sums.items() if amount}


def owed(books: Books, as_of: date) -> dict[Share, tuple[int, date]]:
    return {(b.charge_id, b.owner, b.party): (b.amount, b.since) for b in books.open_balances(as_of)}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = filled.new_store(database_url)
    yield store
    store.close()


def test_after_every_event_of_a_random_life_the_kept_balances_are_the_legs(store: Store) -> None:
    for seed in (1, 2, 3):
        life, entries = lived(seed)
        with store._transaction() as connection:
            books = Books(connection, "elm", store.clock, store.new_id)
            register(books, life)
            done = 0
            while done < len(entries):
                step = 1 + done % 7
                books.append_entries(entries[done : done + step])
                done += step
                assert owed(books, entries[min(done, len(entries)) - 1].effective) == shares(entries[:done])
                assert books.differing_balance() == ""
            assert len({share[1] for share in shares(entries[: done // 2])}) > 1, "more than one kind of debtor"
            connection.rollback()


def test_an_earlier_day_is_added_up_from_the_legs(store: Store) -> None:
    life, entries = lived(4)
    with store.open("elm") as books:
        register(books, life)
        books.append_entries(entries)
        for on in {e.effective for e in entries} | {BEGAN - timedelta(1)}:
            assert owed(books, on) == shares(e for e in entries if e.effective <= on)


@pytest.mark.parametrize("by", ["payer", "provider", "practice"])
@pytest.mark.parametrize("since", ["service", "responsibility"])
def test_the_aging_is_that_of_the_single_balances(store: Store, by: str, since: str) -> None:
    life, entries = lived(5)
    with store.open("elm") as books:
        register(books, life)
        books.append_entries(entries)
        names = {"payer": specimens.PAYER.name, "payer-2": SECOND_PAYER.name} if by == "payer" else {}
        seen = set()
        last = entries[-1].effective
        for on in [e.effective for e in entries[::9]] + [last + timedelta(days) for days in (0, 20, 75, 200)]:
            single = [
                receivable.OpenBalance(
                    Debtor(b.owner, specimens.PROVIDER.npi if by == "provider" else names.get(b.party, "")),
                    b.amount,
                    b.service_date if since == "service" else b.since,
                )
                for b in books.open_balances(on)
            ]
            found = receivable.aging(aged(books, on, by, since), on)
            assert found == receivable.aging(single, on)
            seen |= {name for row in found.rows for name, cents in row.buckets if cents}
        assert len(seen) > 2, "more than two ages"


TAMPERING = {
    "an amount": "UPDATE open_balance SET amount = amount + 1 WHERE charge_id = 'v1-2' AND owner = 'payer 1'",
    "whose it is": "UPDATE open_balance SET party = 'nobody' WHERE charge_id = 'v1-2' AND owner = 'payer 1'",
    "its day of service": "UPDATE open_balance SET service_date = '2020-01-01' WHERE charge_id = 'v1-2'",
    "since when": "UPDATE open_balance SET since = '2020-01-01' WHERE charge_id = 'v1-2' AND owner = 'payer 1'",
    "a balance gone": "DELETE FROM open_balance WHERE charge_id = 'v1-2' AND owner = 'payer 1'",
    "who gave the care": "UPDATE open_balance SET provider_id = 'nobody' WHERE charge_id = 'v1-2'",
    "one too many": "INSERT INTO open_balance (practice_id, charge_id, owner, party, provider_id, service_date, amount,"
    " since) VALUES ('elm', 'v1-2', 'collections', 'x', 'provider', '2026-01-05', 0, '2026-01-05')",
    "one added to another": "UPDATE open_balance SET amount = amount + CASE charge_id WHEN 'v1-2' THEN 5 ELSE -5 END"
    " WHERE owner = 'payer 1' AND charge_id IN ('v1-2', 'v1-3')",
}


@pytest.mark.parametrize("case", sorted(TAMPERING))
def test_a_balance_that_the_legs_do_not_prove_is_named(store: Store, case: str) -> None:
    life, entries = lived(6)
    with store.open("elm") as books:
        register(books, life)
        books.append_entries(entries)
    with store.read("elm") as books:
        assert books.verify_ledger().sound
    with store.engine.begin() as connection:
        connection.execute(text(TAMPERING[case]))
    with store.read("elm") as books:
        report = books.verify_ledger()
    assert not report.sound and report.length == len(entries)
    assert (report.broken_id, report.reason) == ("v1-2", "its kept balance is not the sum of its legs")


def test_a_days_total_that_the_legs_do_not_prove_is_named(store: Store) -> None:
    life, entries = lived(8)
    with store.open("elm") as books:
        register(books, life)
        books.append_entries(entries)
        for on in {entries[3].effective, entries[-1].effective}:
            sums: Counter[AccountKind] = Counter()
            for entry in entries:
                for leg in entry.legs if entry.effective <= on else ():
                    sums[leg.account.kind] += leg.amount
            assert books.account_totals(on) == dict(sums)
    day = entries[0].effective
    changes = [
        f"UPDATE day_total SET amount = amount + 1 WHERE effective = '{day}' AND account = 'revenue'",
        f"UPDATE day_total SET effective = '2001-02-03' WHERE effective = '{day}' AND account = 'revenue'",
        "DELETE FROM day_total WHERE account = 'revenue'",
    ]
    for change in changes:
        with store._transaction() as connection:
            books = Books(connection, "elm", store.clock, store.new_id)
            assert books.verify_ledger().sound
            connection.execute(text(change))
            report = books.verify_ledger()
            assert not report.sound and report.broken_id.endswith(" revenue")
            assert report.reason == "its kept total is not the sum of its legs"
            connection.rollback()


def test_another_provider_of_a_visit_takes_its_balances_along(store: Store) -> None:
    life, entries = lived(9)
    with store.open("elm") as books:
        register(books, life)
        books.append_entries(entries[:6])
        other = replace(specimens.PROVIDER, id="other", npi="1234567893")
        books.save_provider(other)
        before = aged(books, BEGAN + timedelta(900), "provider")
        assert {row.debtor.party for row in before} == {specimens.PROVIDER.npi}
        for place in range(VISITS):
            visit = books.encounter(f"encounter-{place}")
            books.save_encounter(replace(visit, provider_id="other"))
        after = aged(books, BEGAN + timedelta(900), "provider")
        assert {row.debtor.party for row in after} == {other.npi}
        assert sum(row.amount for row in after) == sum(row.amount for row in before) != 0
        assert books.verify_ledger().sound


def test_two_practices_with_the_same_ids_keep_their_own_balances(store: Store) -> None:
    life, entries = lived(7)
    for practice, many in (("elm", len(entries)), ("oak", VISITS * 3)):
        with store.open(practice) as books:
            register(books, life)
            books.append_entries(entries[:many])
    for practice, many in (("elm", len(entries)), ("oak", VISITS * 3)):
        with store.read(practice) as books:
            assert owed(books, date(2030, 1, 1)) == shares(entries[:many]) and books.differing_balance() == ""
