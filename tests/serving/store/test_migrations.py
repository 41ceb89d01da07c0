"""From nothing to the newest books by Alembic, the same on both databases."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import ForeignKeyConstraint, inspect, text

from serving.errors import Conflict
from serving.store import schema
from serving.store.books import Store, make_engine
from serving.store.migrate import HEAD, alembic_config, migrate
from tests.serving.store import filled

ABOVE_PRACTICES = {"practice", "app_user", "sign_in_attempt"}


def test_head_is_the_newest_revision() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_the_migrated_tables_are_those_of_the_schema(database_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = make_engine(database_url)
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_keys_and_references_begin_with_the_practice() -> None:
    for table in schema.metadata.tables.values():
        if table.name in ABOVE_PRACTICES:
            continue
        assert next(c.name for c in table.primary_key) == "practice_id", table.name
        for constraint in table.constraints:
            if isinstance(constraint, ForeignKeyConstraint) and constraint.referred_table.name not in ABOVE_PRACTICES:
                assert constraint.column_keys[0] == "practice_id", constraint.name
                assert constraint.elements[0].column.name == "practice_id", constraint.name


def test_a_second_start_changes_nothing_and_keeps_the_books(database_url: str) -> None:
    filled.fill(filled.new_store(database_url))
    with Store(database_url).read("elm") as books:
        assert books.entry_count() == 1 and books.verify_ledger().sound


def test_from_nothing_takes_under_a_second(sqlite_url: str) -> None:
    import alembic.command  # noqa: F401 - its import is not what is measured

    engine = make_engine(sqlite_url)
    began = time.process_time()
    migrate(engine)
    assert time.process_time() - began < 1.0
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {*schema.metadata.tables, "alembic_version"}


def test_books_of_a_newer_release_are_refused_with_the_mend(database_url: str) -> None:
    store = Store(database_url)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(Conflict, match="newer release"):
        Store(database_url)


def test_several_processes_may_start_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'books.db'}"
    program = "import sys; from serving.store.books import Store; Store(sys.argv[1]).close()"
    started = [
        subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in started:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
