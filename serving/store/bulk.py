"""Many new rows of one table at once, by the quickest way of each driver: COPY on PostgreSQL, many rows to a statement
on SQLite.

What the tables refuse they refuse here as well: keys, references and seals are the database's own, and each column's
type sees its values first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any, NoReturn

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError

BULK = 50  # from this many rows on a COPY is quicker than the same INSERT again and again
_TOGETHER = 50  # rows of one SQLite statement: it begins its triggers once, which costs more than a row


def insert_many(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert the rows: one value for each column named, in that order."""
    if not rows:
        return
    rows, into = _prepared(rows, _preparing(table, names, connection.dialect)), f"{table.name} ({', '.join(names)})"
    if connection.dialect.name != "postgresql":
        _insert(connection, into, rows)
    elif len(rows) >= BULK:
        _copy(connection, f"COPY {into} FROM STDIN", rows)
    else:
        connection.exec_driver_sql(_statement(into, "%s", len(names)), rows)


def _insert(connection: Connection, into: str, rows: list[tuple[Any, ...]]) -> None:
    width, whole = len(rows[0]), len(rows) - len(rows) % _TOGETHER
    if whole:
        together = [tuple(chain.from_iterable(rows[at : at + _TOGETHER])) for at in range(0, whole, _TOGETHER)]
        connection.exec_driver_sql(_statement(into, "?", width, _TOGETHER), together)
    if len(rows) > whole:
        connection.exec_driver_sql(_statement(into, "?", width), rows[whole:])


@cache
def _statement(into: str, mark: str, width: int, together: int = 1) -> str:
    row = f"({', '.join([mark] * width)})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * together)}"


_Prepare = Callable[[Any], Any]


@cache
def _preparing(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[tuple[int, _Prepare], ...]:
    """The place of each column whose type does something to a value on its way to the database, and what it does."""
    processors = (table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)
    return tuple((at, prepare) for at, prepare in enumerate(processors) if prepare)


def _prepared(rows: Sequence[tuple[Any, ...]], preparing: tuple[tuple[int, _Prepare], ...]) -> list[tuple[Any, ...]]:
    if not preparing:
        return list(rows)
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for at, prepare in preparing:
        values = columns[at]
        if len(set(map(type, values))) == 1:  # among values of one type, equal ones are the same; many rows have it
            prepare = {value: prepare(value) for value in set(values)}.__getitem__
        columns[at] = list(map(prepare, values))
    return list(zip(*columns, strict=True))


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    import psycopg

    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        _raise(statement, error)


def _raise(statement: str, error: Exception) -> NoReturn:
    """The driver's error as SQLAlchemy would have raised it."""
    import psycopg

    raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from None
