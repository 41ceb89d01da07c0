"""Above the practices: which practices there are, who the users are, and how often a login has failed.

Nothing here reads a practice's books.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping

from billing_core.registration import Practice
from serving.errors import Conflict, NotFound
from serving.ids import Clock, NewId
from serving.security import FAILURES_ALLOWED, LOCK_SECONDS, Actor, hash_password, key_sha256
from serving.store import schema
from serving.store.bound import body, clean, execute, read
from serving.store.chain import EVENTS, GENESIS, LEDGER
from serving.store.members import read_roles


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in. `password_hash` stays out of its text."""

    id: str
    login: str
    name: str
    active: bool
    password_hash: str

    def __repr__(self) -> str:
        return f"User(login={self.login!r}, active={self.active})"


class Access:
    """Practices, users, sign-in attempts; inside one transaction."""

    def __init__(self, connection: Connection, clock: Clock, new_id: NewId) -> None:
        self._connection, self.clock, self.new_id = connection, clock, new_id

    # --- practices ---

    def add_practice(self, record: Practice) -> None:
        """Open the books of a new practice. Its id and its mark must be new."""
        row = {"id": record.id, "mark": record.mark, "body": body(record)}
        execute(self._connection, insert(schema.practice), [row])
        heads = [
            {"practice_id": record.id, "chain": chain, "position": 0, "hash": GENESIS} for chain in (EVENTS, LEDGER)
        ]
        execute(self._connection, insert(schema.chain_head), heads)

    def practices(self) -> tuple[Practice, ...]:
        """Every practice, by id."""
        query = select(schema.practice.c.body).order_by(schema.practice.c.id)
        return tuple(read(Practice, text) for text in execute(self._connection, query).scalars())

    # --- users ---

    def add_user(self, login: str, password: str, name: str = "") -> User:
        """A new user without any role. The login must be new; it is kept in lower case."""
        user = User(self.new_id(), _login(login), clean(name or login, "name"), True, hash_password(password))
        row = {column: getattr(user, column) for column in User.__dataclass_fields__}
        if self.user_by_login(login) is not None:
            raise Conflict("this login is taken", mend="choose another login")
        execute(self._connection, insert(schema.app_user), [row | {"created_at": self.clock.now()}])
        return user

    def user(self, user_id: str) -> User:
        """The user, or NotFound."""
        row = self._user(schema.app_user.c.id == user_id)
        if row is None:
            raise NotFound("user")
        return row

    def user_by_login(self, login: str) -> User | None:
        """The user of that login; None when there is none."""
        return self._user(schema.app_user.c.login == _login(login))

    def _user(self, condition: ColumnElement[bool]) -> User | None:
        columns = [schema.app_user.c[name] for name in User.__dataclass_fields__]
        row = execute(self._connection, select(*columns).where(condition)).mappings().first()
        return User(**row) if row else None

    def set_password(self, user_id: str, password: str) -> None:
        """A new password for the user."""
        self._change_user(user_id, password_hash=hash_password(password))

    def set_active(self, user_id: str, active: bool) -> None:
        """Let the user sign in, or no more."""
        self._change_user(user_id, active=active)

    def _change_user(self, user_id: str, **content: object) -> None:
        changing = update(schema.app_user).where(schema.app_user.c.id == user_id).values(**content)
        if execute(self._connection, changing).rowcount != 1:
            raise NotFound("user")

    # --- who a caller is in a practice ---

    def memberships(self, user_id: str) -> tuple[Actor, ...]:
        """What an active user is in each practice, by practice id; nothing for a stranger."""
        user, member = schema.app_user, schema.membership
        query = (
            select(user.c.id, user.c.login, member.c.practice_id, member.c.roles)
            .join(member, member.c.user_id == user.c.id)
            .where(user.c.id == user_id, user.c.active)
            .order_by(member.c.practice_id)
        )
        return tuple(_actor(row) for row in execute(self._connection, query).mappings())

    def actor(self, user_id: str, practice_id: str) -> Actor:
        """The user in one practice; NotFound alike for no such practice and for one they are not of."""
        for actor in self.memberships(user_id):
            if actor.practice_id == practice_id:
                return actor
        raise NotFound("practice")

    def actor_by_key(self, key_text: str) -> Actor | None:
        """The machine that holds this API key, in the key's practice; None for an unknown or revoked key."""
        key = schema.api_key
        query = select(key.c.id, key.c.name.label("login"), key.c.practice_id, key.c.roles).where(
            key.c.sha256 == key_sha256(key_text), key.c.revoked_at.is_(None)
        )
        row = execute(self._connection, query).mappings().first()
        return _actor(row, "key:") if row else None

    # --- sign-in attempts ---

    def begin_attempt(self, login: str) -> int:
        """Count an attempt before its password is looked at; returns for how many seconds the login is locked (0: go).

        Five attempts within the window lock the login for a minute, so that many guesses at once gain nothing;
        `forget_failures` after a right password wipes the slate. Attempts while locked do not lengthen the lock.
        """
        now, table, window = self.clock.now(), schema.sign_in_attempt, timedelta(seconds=LOCK_SECONDS)
        execute(self._connection, delete(table).where(table.c.last_at <= now - window))  # also strangers' logins
        key = _login(login)
        there = select(table.c.locked_until).where(table.c.login == key).with_for_update()
        until = execute(self._connection, there).scalar()
        if until is not None and until > now:
            left: timedelta = until - now
            return ceil(left.total_seconds())
        row = {"login": key, "failures": 1, "last_at": now, "locked_until": None}
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        counted = {"failures": table.c.failures + 1, "last_at": now}
        counting = dialect.insert(table).values(row).on_conflict_do_update(index_elements=["login"], set_=counted)
        if execute(self._connection, counting.returning(table.c.failures)).scalar_one() >= FAILURES_ALLOWED:
            locking = update(table).where(table.c.login == key).values(locked_until=now + window)
            execute(self._connection, locking)
        return 0

    def forget_failures(self, login: str) -> None:
        """A right password wipes the slate."""
        table = schema.sign_in_attempt
        execute(self._connection, delete(table).where(table.c.login == _login(login)))


def _login(login: str) -> str:
    return clean(login, "login").strip().lower()[:200]


def _actor(row: RowMapping, mark: str = "") -> Actor:
    return Actor(row["id"], mark + row["login"], row["practice_id"], read_roles(row["roles"]))
