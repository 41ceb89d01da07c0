"""Where this installation keeps its books and how it is reached: read from the environment, nothing else.

    CLEANCLAIM_HOME           folder of everything we write (default: var)
    CLEANCLAIM_DATABASE_URL   the books (default: SQLite in the home folder); postgresql://... for PostgreSQL
    CLEANCLAIM_SECRET         signs sign-in tokens (default: a random secret kept in the home folder, mode 0600)
    CLEANCLAIM_TOKEN_MINUTES  how long a sign-in lasts (default: 15)
    CLEANCLAIM_HOST, CLEANCLAIM_API_PORT, CLEANCLAIM_APP_PORT   where we listen (default: 127.0.0.1, 8000, 8501)
    CLEANCLAIM_APP_URL        the screens' address as browsers know it, behind a proxy (default: this host, APP_PORT)
    CLEANCLAIM_API_URL        the API's address as browsers know it, behind a proxy (default: this host, API_PORT)
    CLEANCLAIM_NO_999         partners that want no 999 for their files, by interchange id (ISA06), with commas between

This module imports nothing heavy: the command line reads it before it knows what it will do.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from serving.errors import InputError

SECRET_LENGTH_MIN = 32  # characters; HS256 wants a key of at least 256 bits (RFC 7518 section 3.2)


@dataclass(frozen=True, slots=True)
class Settings:
    """The installation, as the environment describes it."""

    home: Path
    database_url: str
    token_minutes: int = 15
    host: str = "127.0.0.1"
    api_port: int = 8000
    app_port: int = 8501
    app_url: str = ""
    given_secret: str = field(default="", repr=False)
    without_999: frozenset[str] = frozenset()

    def secret(self) -> str:
        """The secret that signs tokens: the one given, or the home folder's own, made at the first need."""
        return self.given_secret or _kept_secret(self.home / "secret")

    @property
    def artifacts(self) -> Path:
        """The folder of activated model artifacts."""
        return self.home / "artifacts"

    def need_books(self) -> None:
        """Raises InputError when the SQLite books are not where they are sought: a typo in the folder's name must not
        make new, empty ones.
        """
        file = Path(self.database_url.removeprefix("sqlite:///"))
        if self.database_url.startswith("sqlite:///") and not file.exists():
            raise InputError(
                "there are no books here",
                field="CLEANCLAIM_HOME",
                place=str(file.parent),
                mend="name the folder that holds them, or make new ones: cleanclaim init",
            )


def _whole_number(environ: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise InputError("not usable", field=name, mend=f"give a whole number from 1 to {most}")
    return int(text)


def _address(environ: Mapping[str, str], name: str) -> str:
    text = environ.get(name, "").strip()
    if text and not text.startswith(("http://", "https://")):
        raise InputError("not usable", field=name, mend="give an address that begins with https:// or http://")
    return text


def _kept_secret(path: Path) -> str:
    """The secret in `path`; made first when there is none."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        _make_secret(path)
        seen = path.stat()
    return _secret_in(path, seen.st_ino, seen.st_mtime_ns, seen.st_size)


def _make_secret(path: Path) -> None:
    """Write a secret, readable by the owner alone, unless another process was first."""
    import secrets

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)  # whole or not at all; the first of several starting processes wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()


@lru_cache(maxsize=8)
def _secret_in(path: Path, *_as_it_stands: int) -> str:
    """The secret in `path`, read again when the file is another."""
    kept = path.read_text("ascii").strip()
    if len(kept) < SECRET_LENGTH_MIN:
        raise InputError("the kept secret is too short", field=path.name, mend="delete the file; a new one is made")
    return kept


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises InputError naming the variable that is wrong."""
    environ = os.environ if environ is None else environ
    home = Path(environ.get("CLEANCLAIM_HOME", "").strip() or "var")
    secret = environ.get("CLEANCLAIM_SECRET", "").strip()
    if secret and len(secret) < SECRET_LENGTH_MIN:
        raise InputError(
            "too short", field="CLEANCLAIM_SECRET", mend=f"give at least {SECRET_LENGTH_MIN} random characters"
        )
    return Settings(
        home=home,
        database_url=environ.get("CLEANCLAIM_DATABASE_URL", "").strip() or f"sqlite:///{home / 'cleanclaim.db'}",
        token_minutes=_whole_number(environ, "CLEANCLAIM_TOKEN_MINUTES", 15, 24 * 60),
        host=environ.get("CLEANCLAIM_HOST", "").strip() or "127.0.0.1",
        api_port=_whole_number(environ, "CLEANCLAIM_API_PORT", 8000, 65535),
        app_port=_whole_number(environ, "CLEANCLAIM_APP_PORT", 8501, 65535),
        app_url=_address(environ, "CLEANCLAIM_APP_URL"),
        given_secret=secret,
        without_999=frozenset(
            name for name in environ.get("CLEANCLAIM_NO_999", "").replace(" ", "").split(",") if name
        ),
    )
