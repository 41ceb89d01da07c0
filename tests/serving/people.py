"""Users of the tests' practices, and how they sign in as a program does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serving.store.books import Store

PASSWORD = "correct horse battery"


def enrol(store: Store, people: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, str]:
    """Add users, each login with its roles by practice; the users' ids by login."""
    with store.access() as access:
        ids = {login: access.add_user(login, PASSWORD).id for login in people}
    for login, places in people.items():
        for practice_id, roles in places.items():
            with store.open(practice_id) as books:
                books.grant(ids[login], list(roles))
    return ids


def token(client: Any, login: str) -> str:
    """What the API gives the user for their password."""
    return str(client.post("/token", data={"username": login, "password": PASSWORD}).json()["access_token"])


def sign_in(client: Any, login: str, practice_id: str = "elm") -> None:
    """From now on the client asks as this user in that practice."""
    client.headers.update({"Authorization": f"Bearer {token(client, login)}", "X-Cleanclaim-Practice": practice_id})
