"""Many new rows of one table at once, by the quickest way of each driver: executemany on SQLite, COPY on PostgreSQL.

What the tables refuse they refuse here as well: keys, references and seals are the database's own, and each column's
type sees its values first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NoReturn

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError

BULK = 50  # from this many rows on a COPY is quicker than the same INSERT again and again


def insert_many(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert the rows: one value for each column named, in that order."""
    bound = [(at, prepare) for at, prepare in enumerate(_preparing(table, names, connection.dialect)) if prepare]
    if bound:
        rows = [_prepared(row, bound) for row in rows]
    columns, postgresql = ", ".join(names), connection.dialect.name == "postgresql"
    if postgresql and len(rows) >= BULK:
        _copy(connection, f"COPY {table.name} ({columns}) FROM STDIN", rows)
    elif rows:
        places = ", ".join(["%s" if postgresql else "?"] * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", list(rows))


@cache
def _preparing(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[Callable[[Any], Any] | None, ...]:
    """For each column what its type does to a value on its way to the database; None for nothing."""
    return tuple(table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)


def _prepared(row: tuple[Any, ...], bound: list[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    values = list(row)
    for at, prepare in bound:
        values[at] = prepare(values[at])
    return tuple(values)


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    import psycopg

    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        _raise(statement, error, connection)


def _raise(statement: str, error: Exception, connection: Connection) -> NoReturn:
    """The driver's error as SQLAlchemy would have raised it."""
    import psycopg

    raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from None
