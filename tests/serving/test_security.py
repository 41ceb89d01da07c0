"""Deny by default; tokens, keys and passwords that cannot be bent."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from serving.errors import Forbidden, InputError, SignInFailed
from serving.security import (
    ACTIONS,
    Actor,
    Role,
    hash_password,
    issue_token,
    key_sha256,
    may,
    new_key,
    operator,
    parse_roles,
    password_fits,
    read_token,
)

SECRET = "k" * 40
NOW = datetime(2026, 4, 9, 12, tzinfo=UTC)


def actor(*roles: Role, practice_id: str = "elm") -> Actor:
    return Actor("user", "login", practice_id, frozenset(roles))


@pytest.mark.parametrize("action", sorted(ACTIONS))
@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_exactly_what_the_table_says_and_only_at_home(action: str, role: Role) -> None:
    if role in ACTIONS[action]:
        may(actor(role), action, "elm")
    else:
        with pytest.raises(Forbidden):
            may(actor(role), action, "elm")
    with pytest.raises(Forbidden, match=re.escape(f"not allowed in your role ({action})")):
        may(actor(*Role), action, "oak")


def test_a_refusal_names_who_may() -> None:
    with pytest.raises(Forbidden) as refused:
        may(actor(Role.BILLER), "writeoff.approve", "elm")
    assert refused.value.mend == "ask a manager, or ask an administrator for that role"


@pytest.mark.parametrize(
    ("who", "action", "practice_id"),
    [
        (actor(), "claim.read", "elm"),
        (actor(*Role), "claim.steal", "elm"),
        (actor(*Role), "", "elm"),
        (actor(*Role, practice_id=""), "claim.read", ""),
    ],
)
def test_what_is_not_allowed_is_denied(who: Actor, action: str, practice_id: str) -> None:
    with pytest.raises(Forbidden):
        may(who, action, practice_id)


def test_separations_of_duty_hold() -> None:
    """Who keeps the users sees no patient; who signs codes takes no money; a write-off needs a manager."""
    seen = {name for name, roles in ACTIONS.items() if Role.ADMINISTRATOR in roles}
    assert seen == {"practice.create", "user.manage", "user.read", "event.read"}
    science = {name for name, roles in ACTIONS.items() if Role.DATA_SCIENTIST in roles}
    assert not {n for n in science if n.split(".")[0] in ("patient", "encounter", "claim", "ledger", "statement")}
    assert ACTIONS["encounter.sign"] == {Role.CODER} and ACTIONS["writeoff.approve"] == {Role.MANAGER}
    assert all(roles for roles in ACTIONS.values())


def test_the_operator_works_in_one_practice() -> None:
    may(operator("elm"), "claim.submit", "elm")
    with pytest.raises(Forbidden):
        may(operator("elm"), "claim.submit", "oak")


def test_roles_are_parsed_or_refused() -> None:
    assert parse_roles(["coder", "coder", "biller"]) == {Role.CODER, Role.BILLER}
    with pytest.raises(InputError, match="front_desk"):
        parse_roles(["root"])


def test_a_token_says_who_and_nothing_else() -> None:
    token = issue_token("user", SECRET, 15, NOW)
    body = token.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert said.keys() == {"sub", "iat", "exp", "auth_time"} and read_token(token, SECRET, NOW) == "user"


def test_a_token_ends_on_the_minute() -> None:
    token = issue_token("user", SECRET, 15, NOW)
    assert read_token(token, SECRET, NOW + timedelta(minutes=15, seconds=-1)) == "user"
    with pytest.raises(SignInFailed, match="run out"):
        read_token(token, SECRET, NOW + timedelta(minutes=15))


ANOTHER = "another secret of forty characters......"


def _forged() -> list[str]:
    good = issue_token("user", SECRET, 15, NOW)
    head, body, signature = good.split(".")
    exp = int((NOW + timedelta(hours=1)).timestamp())
    return [
        "", "x", "a.b.c", good[:-2], f"{head}.{body}.", f"{head}.{signature}.{body}",
        jwt.encode({"sub": "user", "auth_time": 0, "exp": exp}, ANOTHER, algorithm="HS256"),
        jwt.encode({"sub": "user", "auth_time": 0, "exp": exp}, None, algorithm="none"),
        jwt.encode({"sub": "user", "auth_time": 0, "exp": exp}, SECRET * 2, algorithm="HS512"),
        jwt.encode({"sub": "user", "auth_time": 0}, SECRET, algorithm="HS256"),
        jwt.encode({"auth_time": 0, "exp": exp}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "user", "exp": exp}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "user", "auth_time": 0, "exp": 10**30}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "user", "auth_time": 0, "exp": "soon"}, SECRET, algorithm="HS256"),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(len(_forged())))
def test_a_forged_token_opens_nothing(number: int) -> None:
    with pytest.raises(SignInFailed):
        read_token(_forged()[number], SECRET, NOW)


def test_a_password_fits_its_own_hash_only() -> None:
    kept = hash_password("correct horse battery")
    assert kept.startswith("$argon2id$") and password_fits(kept, "correct horse battery")
    assert not password_fits(kept, "correct horse batterY") and not password_fits(kept, "")
    assert not password_fits(None, "correct horse battery") and not password_fits("damaged", "x")
    assert hash_password("correct horse battery") != kept
    with pytest.raises(InputError, match="10 characters"):
        hash_password("short")


def test_a_key_is_shown_once_and_kept_as_its_hash() -> None:
    key = new_key()
    assert key.text.startswith(key.prefix) and key.sha256 == key_sha256(key.text)
    assert len(key.text) > 40 and key.text not in repr(key) and new_key().text != key.text
