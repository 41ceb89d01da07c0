"""Who comes in: the credential of a request becomes a desk in one practice, or the request is refused.

A bearer token (RFC 6750) or an API key in its place; never a cookie, so that no other site's page can act for a user.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path as Folder
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from fastapi.security import OAuth2PasswordBearer

from billing_core.codesets.layout import SUFFIX
from billing_core.codesets.tables import Tables
from serving.artifacts import Shelf
from serving.desk.case import Desk, open_desk, open_tables
from serving.errors import SignInFailed
from serving.ids import Clock, NewId
from serving.security import Actor
from serving.settings import Settings
from serving.sign_in import identify
from serving.store.books import Store


class CodeTables:
    """The installed code tables, opened again when their folder has changed: a new release needs no restart.

    A request keeps the tables it began with; those replaced are closed when the last of them is done.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, threading.Lock()
        self._seen = _stamps(settings.home / "tables")
        self._tables = open_tables(settings)

    def now(self) -> Tables:
        """The tables as installed now. Raises TableError when a release that came since is damaged."""
        with self._lock:
            if (found := _stamps(self._settings.home / "tables")) != self._seen:
                self._tables, self._seen = open_tables(self._settings), found
            return self._tables


def _stamps(folder: Folder) -> tuple[tuple[str, int, int], ...]:
    """The name, time and size of every table of the folder."""
    told = ((path.name, path.stat()) for path in sorted(folder.glob(f"*{SUFFIX}")))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in told)


@dataclass(frozen=True, slots=True)
class House:
    """What the application was opened with; code tables and models are shared between requests."""

    settings: Settings
    store: Store
    clock: Clock
    new_id: NewId
    tables: CodeTables
    shelf: Shelf


def house_of(request: Request) -> House:
    """The house behind this door."""
    house: House = request.app.state.house
    return house


_bearer = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)


async def _here(request: Request) -> House:
    """The same for what depends on it: `async`, because what waits for nothing needs no thread of its own."""
    return house_of(request)


TheHouse = Annotated[House, Depends(_here)]
PracticeId = Annotated[str, Header(alias="X-Cleanclaim-Practice", max_length=64)]
Id = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")]


async def presented(token: Annotated[str | None, Depends(_bearer)]) -> str:
    """The credential presented. Raises SignInFailed when there is none."""
    if not token:
        raise SignInFailed("not signed in", mend="send a bearer token from POST /token, or an API key in its place")
    return token


Credential = Annotated[str, Depends(presented)]


def caller(house: TheHouse, credential: Credential, practice_id: PracticeId = "") -> Actor:
    """Who is asking, in which practice."""
    return identify(house.store, house.settings, credential, practice_id)


def desk_of(house: TheHouse, actor: Annotated[Actor, Depends(caller)]) -> Desk:
    """The caller's desk in the practice."""
    return open_desk(house.settings, house.store, actor, house.clock, house.new_id, house.tables.now(), house.shelf)


AtDesk = Annotated[Desk, Depends(desk_of)]
