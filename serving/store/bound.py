"""One connection inside one transaction, bound to one practice: no query can forget whose books it reads.

Every statement of the store is made here or carries `self._mine(table)`. A row of another practice and a row that
never was get the same NotFound. Database errors become our own, without the values they were about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, CursorResult, Select, Table, and_, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.sql.base import Executable

from billing_core.record import canonical, from_plain, spell
from serving.errors import Busy, Conflict, InputError, NotFound, SealedBooks, ServingError
from serving.ids import Clock, NewId
from serving.store.bulk import BULK, insert_many

Record = TypeVar("Record")
Row = Mapping[str, Any]

CHUNK = 500  # ids per IN list, well under what either database takes


def in_chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The distinct values, sorted, in pieces that fit one IN list."""
    ordered = iter(sorted(set(values)))
    while piece := list(islice(ordered, CHUNK)):
        yield piece


def body(record: Any) -> str:
    """A record, or plain JSON values, as the canonical text that is stored."""
    try:
        if not hasattr(record, "__dataclass_fields__"):
            return canonical(record).decode()
        spelt = spell(record)
        spelt.encode()
        return spelt
    except UnicodeEncodeError:
        raise InputError("holds half a character", mend="save it again as UTF-8") from None


def clean(text: str, field: str) -> str:
    """`text`, when both databases can hold it as it is: no NUL, no half of a surrogate pair."""
    half = not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
    if half or "\x00" in text:
        raise InputError("holds a character that is not text", field=field, mend="save it again as UTF-8 text")
    return text


def translated(error: DBAPIError) -> ServingError:
    """What a database error means to the caller; never the values that caused it."""
    sqlite_name = getattr(error.orig, "sqlite_errorname", "") or ""
    sqlstate = getattr(error.orig, "sqlstate", "") or ""
    if sqlite_name == "SQLITE_CONSTRAINT_FOREIGNKEY" or sqlstate == "23503":
        return NotFound("a record that this one refers to was")
    if sqlite_name == "SQLITE_CONSTRAINT_TRIGGER" or sqlstate == "23000":
        return SealedBooks(str(error.orig).splitlines()[0])
    if isinstance(error, IntegrityError):
        return Conflict("the books already hold another record with this key", mend="look at the one that is there")
    if isinstance(error, OperationalError) and (sqlite_name.startswith("SQLITE_BUSY") or sqlstate[:2] in ("40", "55")):
        return Busy()
    if isinstance(error, DataError):
        return InputError("a value the books cannot hold", mend="look for a NUL character, or a number out of range")
    return ServingError("the database refused the statement", mend="look at the server's log for the table")


def execute(
    connection: Connection, statement: Executable, rows: Sequence[Row] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement, many times when `rows` are given; database errors come out as ServingError."""
    try:
        return connection.execute(statement, rows)
    except DBAPIError as error:
        raise translated(error) from None  # the database's own text may quote a patient's data
    except StatementError as error:  # our own column types refused a value: a float, a moment without its zone
        raise (error.orig or error) from None


class Bound:
    """The shared footing of the parts of `Books`: a connection, a practice, a clock and a maker of ids."""

    def __init__(self, connection: Connection, practice_id: str, clock: Clock, new_id: NewId) -> None:
        self._connection, self.practice_id, self.clock, self.new_id = connection, practice_id, clock, new_id

    def _run(self, statement: Executable, rows: Sequence[Row] | None = None) -> CursorResult[*tuple[Any, ...]]:
        return execute(self._connection, statement, rows)

    def _run_driver(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        """Run a statement in the driver's own words, once for each row of parameters."""
        try:
            self._connection.exec_driver_sql(statement, rows)
        except DBAPIError as error:
            raise translated(error) from None

    def _mine(self, table: Table) -> ColumnElement[bool]:
        """The condition that keeps a query within this practice."""
        return table.c.practice_id == self.practice_id

    def _select(self, table: Table, *columns: Any) -> Select[*tuple[Any, ...]]:
        return select(*(columns or (table,))).where(self._mine(table))

    def _row(self, table: Table, noun: str, **key: str) -> Row:
        """The one row with that key, or NotFound."""
        wanted = self._select(table).where(*(table.c[column] == value for column, value in key.items()))
        row = self._run(wanted).mappings().first()
        if row is None:
            raise NotFound(noun)
        return dict(row)

    def _record(self, cls: type[Record], table: Table, noun: str, **key: str) -> Record:
        """The record kept in the body of the one row with that key, or NotFound."""
        return read(cls, self._row(table, noun, **key)["body"])

    def _records(self, cls: type[Record], query: Select[*tuple[Any, ...]]) -> tuple[Record, ...]:
        """The records of a query over bodies."""
        return tuple(read(cls, text) for text in self._run(query).scalars())

    def _insert(self, table: Table, rows: Iterable[Row]) -> None:
        """New rows, this practice's. An existing key is a Conflict."""
        owned = [{"practice_id": self.practice_id, **row} for row in rows]
        if len(owned) >= BULK:
            names = tuple(owned[0])
            self._insert_tuples(table, names, [tuple([row[name] for name in names]) for row in owned])
        elif owned:
            self._run(insert(table), owned)

    def _insert_tuples(self, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
        """New rows, one value for each column named; the practice's id is among them."""
        try:
            insert_many(self._connection, table, names, rows)
        except DBAPIError as error:
            raise translated(error) from None

    def _save(self, table: Table, rows: Iterable[Row]) -> None:
        """New rows, or new content for the rows of the same key."""
        owned = [{"practice_id": self.practice_id, **row} for row in rows]
        if not owned:
            return
        key = [column.name for column in table.primary_key]
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        saving = dialect.insert(table)
        content = {name: saving.excluded[name] for name in owned[0] if name not in key}
        self._run(saving.on_conflict_do_update(index_elements=key, set_=content), owned)

    def _change(self, table: Table, noun: str, key: Row, content: Row) -> None:
        """New content for the one row with that key, or NotFound."""
        conditions = and_(self._mine(table), *(table.c[column] == value for column, value in key.items()))
        if self._run(update(table).where(conditions).values(**content)).rowcount != 1:
            raise NotFound(noun)


def read(cls: type[Record], text: str) -> Record:
    """The record whose body `text` is."""
    return from_plain(cls, json.loads(text))
