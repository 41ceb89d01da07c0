"""Posting cut anywhere (SIGKILL) and done again ends in the books of a run that nobody disturbed; eight writers at once
post overlapping files, and nothing is lost and nothing twice. On both databases.

A run makes a few cuts; CLEANCLAIM_SOAK=1 makes two hundred on each database, at steps drawn from CLEANCLAIM_SEED.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, make_url

from serving.desk import accounts
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.ids import FixedClock
from serving.store.books import Store
from tests.billing_core.busy_practice import TODAY, Busy, advice, answers, desk_over, file_of, opened
from tests.stories.cut_short import Steps

SOAK = os.environ.get("CLEANCLAIM_SOAK") == "1"
CUTS = int(os.environ.get("CLEANCLAIM_CUTS", "200" if SOAK else "5"))
SEED = int(os.environ.get("CLEANCLAIM_SEED", "5"))
CLAIMS = 12
Copy = Callable[[str], str]


def files(busy: Busy) -> list[bytes]:
    """Three files of two sets each, over all the claims; the last says the first one's again."""
    said = answers(busy.claims)
    sets = [advice(said[first : first + 2], trace=f"T{first}") for first in range(0, CLAIMS, 2)]
    made = [file_of(*sets[first : first + 2], control=first + 1) for first in range(0, len(sets), 2)]
    return [*made, file_of(*sets[:2], control=99)]


def desk_at(url: str, home: Path) -> Desk:
    return desk_over(Store(url, FixedClock(TODAY)), url, home)


def post_all(desk: Desk, given: list[bytes]) -> None:
    for number, data in enumerate(given):
        receive(desk, f"{number}.835", data)


def state(url: str, home: Path) -> tuple[str, int, int]:
    """The digest of the books, how many entries and events they have; both chains proved."""
    desk = desk_at(url, home)
    try:
        with desk.store.read(desk.practice_id) as books:
            assert books.verify_ledger().sound and books.verify_events().sound and books.ledger_sum() == 0
            entries = books.entry_count()
            claims = len([e for e in books.events() if e.action.startswith("claim.")])
        return accounts.digest(desk).sha256, entries, claims
    finally:
        desk.store.close()


@dataclass(frozen=True)
class Pattern:
    """Books before any file came, how to copy them, and what the files make of them."""

    copy: Copy
    given: list[bytes]
    after: tuple[str, int, int]
    steps: int


def child(url: str, home: Path, given: list[bytes], cut: int) -> int:
    """The files posted in a process of its own, killed at that step (0: not at all); how it ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 3
    try:
        desk = desk_at(url, home)
        steps = Steps(cut)
        event.listen(Engine, "before_cursor_execute", steps)
        event.listen(Engine, "commit", steps)
        post_all(desk, given)
        (home / "steps").write_text(str(steps.made))
        status = 0
    finally:
        os._exit(status)


def _copy_sqlite(url: str) -> Copy:
    source = Path(make_url(url).database or "")

    def copy(name: str) -> str:
        target = source.with_name(f"{name}.db")
        shutil.copyfile(source, target)
        return f"sqlite:///{target}"

    return copy


def _copy_postgres(url: str) -> Copy:
    import psycopg

    pattern = make_url(url).database or ""

    def copy(name: str) -> str:
        with psycopg.connect(url.replace(f"/{pattern}?", "/postgres?"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{pattern}_{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{pattern}_{name}" TEMPLATE "{pattern}"')
        return url.replace(f"/{pattern}?", f"/{pattern}_{name}?")

    return copy


@pytest.fixture
def pattern(database_url: str, tmp_path: Path) -> Pattern:
    desk, busy = opened(database_url, CLAIMS, tmp_path)
    if database_url.startswith("sqlite"):
        with desk.store.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    desk.store.close()
    copy = (_copy_sqlite if database_url.startswith("sqlite") else _copy_postgres)(database_url)
    given, undisturbed = files(busy), copy("undisturbed")
    assert child(undisturbed, tmp_path, given, 0) == 0
    return Pattern(copy, given, state(undisturbed, tmp_path), int((tmp_path / "steps").read_text()))


def test_posting_cut_anywhere_and_done_again_is_the_same_posting(pattern: Pattern, tmp_path: Path) -> None:
    assert pattern.steps > 60, "posting does something"
    cuts = [random.Random(f"{SEED}|{n}").randint(1, pattern.steps) for n in range(CUTS)]
    for cut in cuts:
        url = pattern.copy("cut")
        assert child(url, tmp_path, pattern.given, cut) == -signal.SIGKILL, cut
        assert child(url, tmp_path, pattern.given, 0) == 0, cut
        assert state(url, tmp_path) == pattern.after, f"cut at step {cut} of {pattern.steps}"
        for left in tmp_path.glob("cut.db*"):
            left.unlink()
    print(f"seed {SEED}: {len(cuts)} cuts among {pattern.steps} steps")


@pytest.mark.postgres
def test_eight_writers_posting_overlapping_files_lose_nothing_and_post_nothing_twice(
    postgres_url: str, tmp_path: Path
) -> None:
    desk, busy = opened(postgres_url, CLAIMS, tmp_path)
    desk.store.close()
    copy, given = _copy_postgres(postgres_url), files(busy)
    alone, together = copy("alone"), copy("together")
    assert child(alone, tmp_path, given, 0) == 0
    failed: list[Exception] = []

    def write(number: int) -> None:
        own = desk_at(together, tmp_path)
        try:
            post_all(own, random.Random(number).sample(given, len(given)))
        except Exception as error:  # of a thread: shown by the assertion at the end
            failed.append(error)
        finally:
            own.store.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
    assert not any(writer.is_alive() for writer in writers), "a deadlock stands"
    assert failed == []
    assert state(together, tmp_path) == state(alone, tmp_path)
