"""How long the account view, the aging and the open balances take on books of a million entries.

    python -m tests.benchmarks.looking_speed [--entries N] [--database sqlite|postgresql] [--keep FOLDER]
    python -m tests.benchmarks.looking_speed --claims 20000 [--database sqlite|postgresql]

With `--keep` the books are built in that folder once and looked at there again the next time. With `--claims` other
books are looked at: those of one posted remittance of that many claims, by its pages and its single answers.

The books are those of a practice with three years of visits, two charges each, all from a seed: charged, answered by
the payer after 20 to 64 days, the patient's share moved and, seven times of eight, paid 45 days later. Patients, visits
and charges are put into their tables directly; the entries go through the store's own `append_entries`: legs, seals,
chain and kept balances. Nothing here is asserted: a machine under load is slow, not wrong.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from billing_core.charge import Charge
from billing_core.encounter import Encounter, Setting
from billing_core.identifiers import npi_from
from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg, Owner
from billing_core.registration import Guarantor
from billing_core.x12.segment import collector_paused
from serving.desk import accounts, remitted
from serving.desk.case import Desk
from serving.errors import NotFound
from serving.ids import FixedClock, SeededIds
from serving.store import schema
from serving.store.books import Books, Store
from serving.store.bound import body
from tests.benchmarks.posting_speed import database, post, settle, timed, timed_value, which_databases
from tests.billing_core import specimens
from tests.billing_core.busy_practice import PRACTICE, advice, answers, desk_over, file_of, opened

TODAY = date(2026, 5, 4)
DAYS, WAITING = 3 * 365, 45
PAYERS = 12
PROVIDERS = 20
VISITS_A_PATIENT = 8
AT_ONCE = 10_000  # visits in one transaction


def register(books: Books, patients: int) -> None:
    """The practice's partners, and that many patients."""
    for n in range(PAYERS):
        books.save_payer(replace(specimens.PAYER, id=f"payer-{n}", number=f"{60000 + n}", name=f"Payer {n}"))
    for n in range(PROVIDERS):
        npi = npi_from(f"1{n:08}")
        books.save_provider(replace(specimens.PROVIDER, id=f"provider-{n}", npi=npi))
    books.save_location(specimens.LOCATION)
    people = range(patients)
    books.save_guarantors([Guarantor(f"guarantor-{n}", specimens.NAME, specimens.HOME) for n in people])
    same = replace(specimens.PATIENT, guarantor_id="")
    books.save_patients(
        [replace(same, id=f"patient-{n}", record_number=str(n), guarantor_id=f"guarantor-{n}") for n in people]
    )


def put_visits(books: Books, visits: range, days: dict[int, date]) -> None:
    """The visits and their charges, straight into their tables."""
    made, charged = [], []
    for n in visits:
        patient, on = f"patient-{n // VISITS_A_PATIENT}", days[n]
        visit = Encounter(f"visit-{n}", patient, f"provider-{n % PROVIDERS}", "location", on, Setting.OUTPATIENT, "")
        made.append(
            {
                "id": visit.id,
                "patient_id": patient,
                "provider_id": visit.provider_id,
                "location_id": "location",
                "service_date": on,
                "status": "charged",
                "status_reason": "",
                "body": body(visit),
            }
        )
        charged += [
            Charge(f"charge-{n}-{line}", visit.id, patient, on, code, (), 1, ("I10",), amount, line)
            for line, (code, amount) in enumerate((("99213", 10000), ("36415", 3000)), start=1)
        ]
    books._insert(schema.encounter, made)
    books.save_charges(charged)


def _receivable(owner: Owner, party: str, amount: int, charge: str) -> Leg:
    return Leg(Account(AccountKind.RECEIVABLE, owner, party), amount, charge)


def entries_of(books: Books, number: int, on: date, chance: random.Random) -> Iterator[Entry]:
    """What befell one visit: 130.00 charged, 50.00 adjusted, 65.00 paid by the payer, 15.00 left to the patient."""
    payer, person = f"payer-{chance.randrange(PAYERS)}", f"guarantor-{number // VISITS_A_PATIENT}"
    seen, other = f"charge-{number}-1", f"charge-{number}-2"
    for charge, amount in ((seen, 10000), (other, 3000)):
        revenue = Leg(Account(AccountKind.REVENUE), -amount, charge)
        cause = Cause("person coder", charge, "charge capture")
        legs = (_receivable(Owner.PAYER_1, payer, amount, charge), revenue)
        yield Entry(books.new_id(), EntryKind.CHARGE, on, cause, legs)
    answered = on + timedelta(20 + chance.randrange(WAITING))
    if answered > TODAY:
        return
    cash, cut = Account(AccountKind.CASH, None, payer), Account(AccountKind.CONTRACTUAL, None, payer)
    paid = (
        Leg(cash, 4500, seen), Leg(cut, 4000, seen), _receivable(Owner.PAYER_1, payer, -8500, seen),
        Leg(cash, 2000, other), Leg(cut, 1000, other), _receivable(Owner.PAYER_1, payer, -3000, other),
    )  # fmt: skip
    cause = Cause(f"file of {answered}", f"claim {number}", "insurance payment and contractual adjustment")
    yield Entry(books.new_id(), EntryKind.INSURANCE_PAYMENT, answered, cause, paid)
    moved = (_receivable(Owner.GUARANTOR, person, 1500, seen), _receivable(Owner.PAYER_1, payer, -1500, seen))
    yield Entry(books.new_id(), EntryKind.MOVE, answered, Cause(cause.source, cause.reference, "your copay"), moved)
    if answered + timedelta(WAITING) < TODAY and chance.randrange(8):
        given = (
            Leg(Account(AccountKind.CASH, None, person), 1500, seen),
            _receivable(Owner.GUARANTOR, person, -1500, seen),
        )
        desk = Cause("person desk", seen, "payment")
        yield Entry(books.new_id(), EntryKind.PATIENT_PAYMENT, answered + timedelta(WAITING), desk, given)


def built(url: str, entries: int, home: Path) -> tuple[Desk, int]:
    """The books, and how many visits are in them; books that were kept are taken as they are."""
    store, visits, chance = Store(url, FixedClock(TODAY), SeededIds(1)), entries // 5 + 1, random.Random(3)
    with suppress(NotFound), store.read(PRACTICE.id):
        return desk_over(store, url, home), visits
    with store.access() as access:
        access.add_practice(PRACTICE)
    with store.open(PRACTICE.id) as books:
        register(books, visits // VISITS_A_PATIENT + 1)
    for first in range(0, visits, AT_ONCE):
        some = range(first, min(first + AT_ONCE, visits))
        days = {n: TODAY - timedelta(DAYS - DAYS * n // visits) for n in some}
        with store.open(PRACTICE.id) as books, collector_paused():
            put_visits(books, some, days)
            books.append_entries([entry for n in some for entry in entries_of(books, n, days[n], chance)])
    return desk_over(store, url, home), visits


@contextmanager
def home_of(kind: str, keep: Path | None) -> Iterator[tuple[Path, str]]:
    """A folder, and the url of the database in it: for this run alone, or kept."""
    if keep is None:
        with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
            yield Path(folder), url
        return
    (keep / kind).mkdir(parents=True, exist_ok=True)
    with database(kind, keep / kind, keep=True) as url:
        yield keep / kind, url


def measure(kind: str, entries: int, keep: Path | None) -> None:
    """Build the books, look at them, and print what it took."""
    with home_of(kind, keep) as (home, url):
        (clock, cpu), (desk, visits) = timed_value(lambda: built(url, entries, home))
        settle(desk)
        with desk.store.read(desk.practice_id) as books:
            total, still = books.entry_count(), len(books.open_balances(TODAY))
            proving, proved = timed_value(books.verify_ledger)
        print(
            f"{kind}: {total} entries of {visits} visits, {still} open balances; built in {clock:.0f} s ({cpu:.0f} cpu)"
        )
        proof = f"ledger verify (sound: {proved.sound})"
        print(f"  {proof:44s} {proving[0]:8.1f} s   cpu {proving[1]:8.1f} s")
        middle = f"patient-{visits // 2 // VISITS_A_PATIENT}"
        looks: dict[str, Callable[[], object]] = {
            "account view": lambda: accounts.account(desk, middle),
            "aging by payer, date of service": lambda: accounts.aging(desk),
            "aging by payer, date of responsibility": lambda: accounts.aging(desk, "payer", "responsibility"),
            "aging by practice": lambda: accounts.aging(desk, "practice"),
            "aging by provider, date of service": lambda: accounts.aging(desk, "provider"),
            "aging by provider, date of responsibility": lambda: accounts.aging(desk, "provider", "responsibility"),
            "A/R list of one payer (1,000 lines)": lambda: accounts.aging_lines(
                desk, "payer", "service", "payer 1", "Payer 1"
            ),
            "A/R list of all (1,000 lines)": lambda: accounts.aging_lines(desk),
            "day sheet": lambda: accounts.read_day(desk, TODAY - timedelta(200)),
        }
        _print_looks(looks)
        desk.store.close()


def _print_looks(looks: Mapping[str, Callable[[], object]]) -> None:
    for name, look in looks.items():
        took = sorted(timed(look) for _ in range(5))
        print(f"  {name:44s} {took[0][0] * 1000:8.1f} ms  cpu {min(c for _, c in took) * 1000:8.1f} ms (best of 5)")


def measure_remittance(kind: str, claims: int) -> None:
    """Post one remittance of so many claims, look at it as the screen does, and print what it took."""
    with tempfile.TemporaryDirectory() as name, database(kind, folder := Path(name)) as url:
        desk, busy = opened(url, claims, folder)
        post(desk, file_of(advice(answers(busy.claims))))
        settle(desk)
        (row,) = remitted.remittances(desk)
        print(f"{kind}: a remittance of {claims} claims")
        _print_looks(
            {
                "its first page": lambda: remitted.remittance(desk, row.id),
                "its last page": lambda: remitted.remittance(desk, row.id, -(-claims // remitted.PAGE)),
                "a claim found by a part of its number": lambda: remitted.remittance(desk, row.id, find="1999"),
                "its last answer, with its segments": lambda: remitted.answer(desk, row.id, claims),
            }
        )
        desk.store.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(parents=[which_databases()])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--claims", type=int, default=0)
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    for kind in args.databases:
        if args.claims:
            measure_remittance(kind, args.claims)
        else:
            measure(kind, args.entries, args.keep)


if __name__ == "__main__":
    main()
