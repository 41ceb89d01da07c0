"""Who may: passwords, tokens, keys, roles, and the one table of what each role is allowed.

Everything is denied unless `ACTIONS` allows it. A token says who the user is and nothing else: roles are read from
the store at each request, so taking a role away works at once. Passwords are kept as argon2id hashes (RFC 9106),
tokens are JWT HS256 (RFC 7519), API keys are kept as sha256 only.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from serving.errors import Forbidden, InputError, SignInFailed

if TYPE_CHECKING:
    from argon2 import PasswordHasher

PASSWORD_LENGTH_MIN = 10
FAILURES_ALLOWED = 5
LOCK_SECONDS = 60
TOKENS_REMEMBERED = 4096
KEY_MARK = "cck_"  # begins every API key, so that a leaked one is recognised


class Role(StrEnum):
    """What a person does in the practice. One person may have several."""

    CODER = "coder"
    BILLER = "biller"
    FRONT_DESK = "front_desk"
    MANAGER = "manager"
    DATA_SCIENTIST = "data_scientist"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, or a machine with a key, in one practice. Rights never reach beyond that practice."""

    user_id: str
    login: str
    practice_id: str
    roles: frozenset[Role]


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


_CODER, _BILLER, _DESK = Role.CODER, Role.BILLER, Role.FRONT_DESK
_MANAGER, _SCIENTIST, _ADMINISTRATOR = Role.MANAGER, Role.DATA_SCIENTIST, Role.ADMINISTRATOR

# The policy. An action that is not listed is nobody's. The administrator keeps the installation and its users and
# sees no patient; the data scientist sees figures and pseudonymised exports only.
ACTIONS: dict[str, frozenset[Role]] = {
    "practice.create": _roles(_ADMINISTRATOR),
    "user.manage": _roles(_ADMINISTRATOR),
    "user.read": _roles(_ADMINISTRATOR),
    "event.read": _roles(_MANAGER, _ADMINISTRATOR),
    "patient.read": _roles(_CODER, _BILLER, _DESK, _MANAGER),
    "patient.register": _roles(_DESK, _BILLER, _MANAGER),
    "eligibility.read": _roles(_BILLER, _DESK, _MANAGER),
    "eligibility.ask": _roles(_BILLER, _DESK, _MANAGER),
    "contract.read": _roles(_BILLER, _MANAGER),
    "contract.write": _roles(_MANAGER),
    "estimate.make": _roles(_BILLER, _DESK, _MANAGER),
    "encounter.read": _roles(_CODER, _BILLER, _MANAGER),
    "encounter.import": _roles(_CODER, _DESK, _MANAGER),
    "note.suggest": _roles(_CODER, _MANAGER),
    "code.decide": _roles(_CODER),
    "encounter.sign": _roles(_CODER),
    "encounter.close": _roles(_CODER, _BILLER, _MANAGER),
    "query.ask": _roles(_CODER),
    "query.answer": _roles(_CODER, _MANAGER),
    "claim.read": _roles(_CODER, _BILLER, _MANAGER),
    "claim.build": _roles(_BILLER, _MANAGER),
    "claim.submit": _roles(_BILLER, _MANAGER),
    "claim.mend": _roles(_BILLER, _MANAGER),
    "file.receive": _roles(_BILLER, _MANAGER),
    "remittance.read": _roles(_BILLER, _MANAGER),
    "remittance.key": _roles(_BILLER, _MANAGER),
    "remittance.post": _roles(_BILLER, _MANAGER),
    "ledger.read": _roles(_BILLER, _MANAGER),
    "statement.run": _roles(_BILLER, _MANAGER),
    "statement.read": _roles(_BILLER, _DESK, _MANAGER),
    "payment.take": _roles(_BILLER, _DESK, _MANAGER),
    "collections.place": _roles(_MANAGER),
    "bank.match": _roles(_BILLER, _MANAGER),
    "day.close": _roles(_MANAGER),
    "refund.ask": _roles(_BILLER, _MANAGER),
    "refund.approve": _roles(_MANAGER),
    "appeal.read": _roles(_BILLER, _MANAGER),
    "appeal.write": _roles(_BILLER, _MANAGER),
    "queue.read": _roles(_BILLER, _MANAGER),
    "queue.work": _roles(_BILLER, _MANAGER),
    "writeoff.ask": _roles(_BILLER, _MANAGER),
    "writeoff.read": _roles(_BILLER, _MANAGER),
    "writeoff.approve": _roles(_MANAGER),
    "analytics.read": _roles(_BILLER, _MANAGER, _SCIENTIST),
    "export.write": _roles(_SCIENTIST, _MANAGER),
    "model.read": _roles(_CODER, _BILLER, _MANAGER, _SCIENTIST),
    "model.score": _roles(_BILLER, _MANAGER, _SCIENTIST),
    "model.activate": _roles(_SCIENTIST, _MANAGER),
    "advice.withhold": _roles(_MANAGER),
}


def may(actor: Actor, action: str, practice_id: str) -> None:
    """Return when the actor may do `action` in the practice; raise Forbidden otherwise.

    An unknown action, an actor without roles and another practice are all denied, in the same words.
    """
    allowed = ACTIONS.get(action, frozenset())
    if not actor.practice_id or actor.practice_id != practice_id or allowed.isdisjoint(actor.roles):
        raise Forbidden(action, allowed)


def operator(practice_id: str, login: str = "operator") -> Actor:
    """Who works at the command line on the machine that holds the books, with every role in one practice."""
    return Actor("", login, practice_id, frozenset(Role))


def parse_roles(names: Iterable[str]) -> frozenset[Role]:
    """The roles of these names. Raises InputError for a name that is no role."""
    try:
        return frozenset(Role(name) for name in names)
    except ValueError:
        raise InputError("not a role", field="roles", mend="choose from: " + ", ".join(Role)) from None


# --- passwords ------------------------------------------------------------------------------------------------------


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()  # argon2id with the parameters of RFC 9106's low-memory profile


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """The argon2id hash to keep. Raises InputError when the password is too short."""
    if len(password) < PASSWORD_LENGTH_MIN:
        raise InputError("too short", field="password", mend=f"choose at least {PASSWORD_LENGTH_MIN} characters")
    return _hasher().hash(password)


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one hashed. None (no such user) takes just as long and is False."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


# --- tokens ---------------------------------------------------------------------------------------------------------


def issue_token(user_id: str, secret: str, minutes: int, now: datetime, signed_in: datetime | None = None) -> str:
    """A token that says who signed in, and when (now, unless it renews an earlier one), until `minutes` from `now`."""
    import jwt

    claims = {"sub": user_id, "iat": now, "exp": now + timedelta(minutes=minutes)}
    claims["auth_time"] = int((signed_in or now).timestamp())  # the name of OpenID Connect core, section 2
    return jwt.encode(claims, secret, algorithm="HS256")


def read_token(token: str, secret: str, now: datetime) -> str:
    """The user id in a token of ours. Raises SignInFailed when it is not ours, altered or past its time."""
    return read_session(token, secret, now)[0]


def read_session(token: str, secret: str, now: datetime) -> tuple[str, datetime]:
    """The user id in a token of ours, and when that user gave the password. Raises SignInFailed as `read_token`."""
    user_id, expires, signed_in = _signed(token, secret)
    if now >= expires:
        raise SignInFailed("the sign-in has run out", mend="sign in again")
    return user_id, signed_in


@lru_cache(maxsize=TOKENS_REMEMBERED)
def _signed(token: str, secret: str) -> tuple[str, datetime, datetime]:
    """Who, until when and since when, of a token that this secret signed. Its signature never changes and is not worked
    out at each request; whether its time is over, and what its user may still do, is asked each time.
    """
    import jwt

    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            options={"require": ["sub", "exp", "auth_time"], "verify_exp": False, "verify_iat": False},
        )
        expires = datetime.fromtimestamp(int(claims["exp"]), UTC)
        signed_in = datetime.fromtimestamp(int(claims["auth_time"]), UTC)
    except (jwt.InvalidTokenError, ValueError, OverflowError, OSError, TypeError):
        raise SignInFailed("the sign-in is not valid", mend="sign in again") from None
    return str(claims["sub"]), expires, signed_in


# --- keys for machines ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh API key. `text` is shown once and never kept; `prefix` and `sha256` are."""

    text: str
    prefix: str
    sha256: str

    def __repr__(self) -> str:
        return f"NewKey(prefix={self.prefix!r})"


def new_key() -> NewKey:
    """A random API key of 32 bytes."""
    text = KEY_MARK + secrets.token_urlsafe(32)
    return NewKey(text, text[: len(KEY_MARK) + 6], key_sha256(text))


def key_sha256(text: str) -> str:
    """What is kept of an API key. 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
