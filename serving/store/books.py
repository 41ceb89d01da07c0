"""The store, and the books of one practice: `with store.open(practice_id) as books:` is one transaction.

Everything done to `books` inside the block is kept together at its end, or, when it raises, not at all. `open` writes
and lets in one writer per practice at a time; `read` sees one unchanging moment and waits for nobody.

SQLite: WAL, foreign keys on, BEGIN IMMEDIATE for writers. PostgreSQL: READ COMMITTED behind a lock on the practice's
chain heads for writers, REPEATABLE READ READ ONLY for readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import DBAPIError

from serving.errors import NotFound
from serving.ids import Clock, NewId, SystemClock, uuid7
from serving.store import schema
from serving.store.access import Access
from serving.store.appeals import Appeals
from serving.store.bound import execute, translated
from serving.store.claims import Claims
from serving.store.encounters import Encounters
from serving.store.events import Events
from serving.store.files import Files
from serving.store.glance import Glances
from serving.store.ledger import Ledger
from serving.store.members import Members
from serving.store.migrate import migrate
from serving.store.parties import Parties
from serving.store.queues import Queues
from serving.store.verifications import Verifications

BUSY_SECONDS = 30
WRITER_KIB = 262_144  # pages SQLite's one writer may keep: a large file's entries are written out once, at the end
READER_KIB = 16_384
PAGE_BYTES = 8_192  # a file's rows fill fewer pages, of which less is written twice, than at SQLite's 4,096
_READING = "cleanclaim_reading"


class Books(Parties, Encounters, Claims, Files, Verifications, Queues, Appeals, Ledger, Events, Members):
    """Everything one practice has written down, inside one transaction."""


class Store:
    """The database of an installation. `url` as in CLEANCLAIM_DATABASE_URL; tables are made and brought up to date."""

    def __init__(self, url: str, clock: Clock | None = None, new_id: NewId = uuid7) -> None:
        self.clock, self.new_id = clock or SystemClock(), new_id
        self.engine = make_engine(url)
        migrate(self.engine)
        self.glances = Glances(self.engine)

    def close(self) -> None:
        """Let go of the database."""
        self.glances.close()
        self.engine.dispose()

    @contextmanager
    def open(self, practice_id: str) -> Iterator[Books]:
        """The practice's books for writing: kept whole at the end of the block, or not at all. NotFound if unknown."""
        with self._transaction() as connection:
            head = schema.chain_head
            mine = select(head.c.chain).where(head.c.practice_id == practice_id).order_by(head.c.chain)
            if execute(connection, mine.with_for_update()).first() is None:
                raise NotFound("practice")
            yield Books(connection, practice_id, self.clock, self.new_id)

    @contextmanager
    def read(self, practice_id: str) -> Iterator[Books]:
        """The practice's books as of one moment, for reading only. NotFound if unknown."""
        with self._transaction(reading=True) as connection:
            known = select(schema.practice.c.id).where(schema.practice.c.id == practice_id)
            if execute(connection, known).first() is None:
                raise NotFound("practice")
            yield Books(connection, practice_id, self.clock, self.new_id)

    @contextmanager
    def access(self, reading: bool = False) -> Iterator[Access]:
        """Practices, users and sign-in attempts: one transaction; with `reading` it waits for no writer."""
        with self._transaction(reading) as connection:
            yield Access(connection, self.clock, self.new_id)

    @contextmanager
    def _transaction(self, reading: bool = False) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(**{_READING: reading})
                with connection.begin():
                    yield connection
        except DBAPIError as error:  # BEGIN found the books locked, or COMMIT found a leg that nobody sealed
            raise translated(error) from None


def make_engine(url: str) -> Engine:
    """The engine for a database url, set up so that both databases keep the same promises."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _connect_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connect_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    page = f"page_size={PAGE_BYTES}"  # of a new file; one that is there keeps its own
    for pragma in (page, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "recursive_triggers=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
    connection.exec_driver_sql(f"PRAGMA cache_size=-{READER_KIB if reading else WRITER_KIB}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_READING, False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
