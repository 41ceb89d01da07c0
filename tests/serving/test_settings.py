"""What the environment says is taken; what it does not say has a default; what makes no sense names its variable."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from serving import settings
from serving.errors import InputError


def test_defaults_lie_in_the_home_folder() -> None:
    found = settings.read({})
    assert found.home == Path("var") and found.database_url == "sqlite:///var/cleanclaim.db"
    assert (found.token_minutes, found.api_port, found.app_port) == (15, 8000, 8501)


def test_the_environment_is_heard() -> None:
    found = settings.read(
        {
            "CLEANCLAIM_HOME": "/srv/books",
            "CLEANCLAIM_DATABASE_URL": "postgresql://books",
            "CLEANCLAIM_TOKEN_MINUTES": "5",
            "CLEANCLAIM_API_PORT": "9000",
            "CLEANCLAIM_SECRET": "s" * 32,
            "CLEANCLAIM_NO_999": "PAYER1, PAYER2,",
        }
    )
    assert (found.home, found.database_url) == (Path("/srv/books"), "postgresql://books")
    assert (found.token_minutes, found.api_port, found.secret()) == (5, 9000, "s" * 32)
    assert "s" * 32 not in repr(found)
    assert found.without_999 == {"PAYER1", "PAYER2"} and not settings.read({}).without_999


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLEANCLAIM_TOKEN_MINUTES", "0"),
        ("CLEANCLAIM_TOKEN_MINUTES", "soon"),
        ("CLEANCLAIM_API_PORT", "70000"),
        ("CLEANCLAIM_APP_PORT", "-1"),
        ("CLEANCLAIM_APP_PORT", "²"),
        ("CLEANCLAIM_SECRET", "hush"),
    ],
)
def test_a_value_that_makes_no_sense_names_its_variable_and_the_mend(name: str, value: str) -> None:
    with pytest.raises(InputError, match=name) as caught:
        settings.read({name: value})
    assert caught.value.mend and value not in str(caught.value).replace(caught.value.mend, "")


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    found = settings.read({"CLEANCLAIM_HOME": str(tmp_path / "home")})
    secret = found.secret()
    assert len(secret) >= 32 and found.secret() == secret
    assert settings.read({"CLEANCLAIM_HOME": str(tmp_path / "home")}).secret() == secret
    assert stat.S_IMODE((tmp_path / "home" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret"]


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    program = "import sys; from serving.settings import read; print(read({'CLEANCLAIM_HOME': sys.argv[1]}).secret())"
    command = [sys.executable, "-c", program, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in started}) == 1


def test_a_spoilt_secret_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(InputError, match="secret"):
        settings.read({"CLEANCLAIM_HOME": str(tmp_path)}).secret()


def test_a_typo_in_the_folder_makes_no_new_books(tmp_path: Path) -> None:
    home = tmp_path / "hmoe"
    with pytest.raises(InputError, match="there are no books here; name the folder that holds them"):
        settings.read({"CLEANCLAIM_HOME": str(home)}).need_books()
    assert not home.exists()
    home.mkdir()
    (home / "cleanclaim.db").touch()
    settings.read({"CLEANCLAIM_HOME": str(home)}).need_books()
    settings.read(
        {"CLEANCLAIM_DATABASE_URL": "postgresql://books"}
    ).need_books()  # a server says itself what it has not


def test_light_modules_stay_light() -> None:
    program = (
        "import sys; import serving.settings, serving.errors, serving.ids, serving.security, serving.store.states;"
        "import serving.artifacts;"
        "print([m for m in ('sqlalchemy','alembic','argon2','jwt','fastapi','pydantic','numpy') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
