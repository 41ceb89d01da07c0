"""One glance at the books, in one statement: who a caller is, and all that an answer kept at hand rests on.

For the one door that is asked a thousand times a second (`POST /risks`). A process may answer there from what it
already holds, but only as the books now stand: each request reads here, anew, the caller's right to be in the practice,
the head of its event log and which model serves it. So a role taken away, a day closed or a model put in service count
from the next request on, in every process. The statement is made by SQLAlchemy once and then run by the database's own
driver, outside any transaction: one statement sees one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Engine, Select, bindparam, func, literal_column, select
from sqlalchemy.exc import DBAPIError

from serving.security import KEY_MARK, Actor, key_sha256
from serving.store import schema
from serving.store.chain import EVENTS
from serving.store.members import read_roles

_KEPT_OPEN = 8  # connections a process keeps for this; more are opened under load and closed again


@dataclass(frozen=True, slots=True)
class Glance:
    """What was seen: the caller in the one practice meant, the practice's own record as it is kept, the hash of the
    last event of its log, and the number of the latest activation of the kind of model asked for (0: none).
    """

    actor: Actor
    practice: str
    events: str
    version: int


class Glances:
    """The statement, prepared for one database, and the connections it is run on. Safe for several threads.

    `waits` says whether a glance may wait for another machine: then it is no thing to do in an event loop.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self.waits = engine, engine.dialect.name != "sqlite"
        self._of_user, self._of_key = (_prepared(engine, query) for query in (_user(), _key()))
        self._trouble: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._idle: list[Any] = []

    def look(self, credential: str, practice_id: str, kind: str) -> Glance | None:
        """Look as the user of that id, or as the machine with that API key, in the practice named or, when none is, in
        the only one there is. None when there is nothing to be seen, or it cannot be seen at once: ask in the ordinary
        way, which says why.
        """
        machine = credential.startswith(KEY_MARK)
        statement, order = self._of_key if machine else self._of_user
        given = {"who": key_sha256(credential) if machine else credential, "practice": practice_id, "kind": kind}
        try:
            connection = self._idle.pop() if self._idle else self._connect()
        except (DBAPIError, IndexError, self._trouble):
            return None
        try:
            asked = given if order is None else [given[name] for name in order]
            rows = connection.execute(statement, asked).fetchmany(2)
        except self._trouble:  # also a writer in the way: nobody waits for it here
            connection.close()
            return None
        self._idle.append(connection)
        if len(self._idle) > _KEPT_OPEN:
            self._idle.pop(0).close()
        if len(rows) != 1:
            return None
        user_id, login, practice, roles, record, events, version = rows[0]
        mark = "key:" if machine else ""
        return Glance(Actor(user_id, mark + login, practice, read_roles(roles)), record, events, version or 0)

    def _connect(self) -> Any:
        """A connection of the driver's own, that only reads."""
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()  # the pool is for transactions; this one is ours to close
        if self.waits:
            connection.autocommit = True
            connection.execute("SET default_transaction_read_only = on")
        else:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA busy_timeout=0")
        return connection

    def close(self) -> None:
        """Let go of the connections."""
        while self._idle:
            self._idle.pop().close()


def _user() -> Select[*tuple[Any, ...]]:
    user, member = schema.app_user, schema.membership
    who = select(user.c.id, user.c.login, member.c.practice_id, member.c.roles)
    joined = who.select_from(user.join(member, member.c.user_id == user.c.id))
    return _in_practice(joined.where(user.c.id == bindparam("who"), user.c.active), member.c.practice_id)


def _key() -> Select[*tuple[Any, ...]]:
    key = schema.api_key
    who = select(key.c.id, key.c.name, key.c.practice_id, key.c.roles)
    return _in_practice(who.where(key.c.sha256 == bindparam("who"), key.c.revoked_at.is_(None)), key.c.practice_id)


def _in_practice(who: Select[*tuple[Any, ...]], practice_id: Any) -> Select[*tuple[Any, ...]]:
    """The same, with what is seen of the practice; one row for each practice that may be meant."""
    practice, head, served = schema.practice, schema.chain_head, schema.artifact
    meant: BindParameter[str] = bindparam("practice")
    latest = select(func.max(served.c.version)).where(
        served.c.practice_id == practice.c.id, served.c.kind == bindparam("kind")
    )
    return (
        who.add_columns(practice.c.body, head.c.hash, latest.correlate(practice).scalar_subquery())
        .join(practice, practice.c.id == practice_id)
        .join(head, (head.c.practice_id == practice_id) & (head.c.chain == _spelled(EVENTS)))
        .where((practice_id == meant) | (meant == _spelled("")))
    )


def _spelled(text: str) -> ColumnElement[str]:
    """A text of ours written into the statement itself, so that only what is given each time is to be given."""
    return literal_column(f"'{text}'")


def _prepared(engine: Engine, query: Select[*tuple[Any, ...]]) -> tuple[str, list[str] | None]:
    """The statement as the driver takes it, and the order of its values; None where it takes them by name."""
    compiled = query.compile(engine)
    fixed = {name: value for name, value in compiled.params.items() if name not in ("who", "practice", "kind")}
    assert not fixed, "a value that is not given each time would be lost"
    return str(compiled), list(compiled.positiontup) if compiled.positiontup else None
