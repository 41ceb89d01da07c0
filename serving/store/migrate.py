"""Brings a database to the newest shape of the books, from nothing or from any older release.

A database that is up to date is left alone after one query, without loading Alembic. Several processes may start at
once: the first migrates, the others wait and find it done.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from serving.errors import Conflict

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0002"  # the newest revision in migrations/versions; a test holds the two together
_MIGRATION_LOCK = 0x636C_6561_6E63  # any constant of our own, for PostgreSQL's advisory lock


def migrate(engine: Engine) -> None:
    """Build or update every table and trigger. Raises Conflict for books that a newer release has written."""
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with engine.begin() as connection:  # SQLite: BEGIN IMMEDIATE lets one process in
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        if _revision(connection) != HEAD:
            _upgrade(connection)


def _revision(connection: Connection) -> str:
    """The revision the database is at; "" for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        if "Can't locate revision" in str(error):
            raise Conflict(
                "these books were written by a newer release", mend="install that release or a newer one"
            ) from None
        raise


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our migrations, made here instead of in a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
