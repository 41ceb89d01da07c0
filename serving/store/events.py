"""What happened: one append-only log of who did what to which thing and why, hash-chained per practice.

Things are named, never shown: an event carries the sha256 of the thing before and after, not the thing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any

from billing_core.record import digest
from serving.security import Actor
from serving.store import schema
from serving.store.bound import body, clean, in_chunks
from serving.store.chain import EVENTS, ChainReport, Link, moment_text, spelled_hash, walk
from serving.store.chained import Chained

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `subject` names what it happened to ("claim:<id>"); hashes are "" for nothing."""

    id: str
    position: int
    at: datetime
    actor: str
    actor_id: str
    action: str
    subject: str
    reason: str
    before_hash: str
    after_hash: str
    detail: Mapping[str, Any]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Happened:
    """What is to be written down of one event; the fields as `Events.log` takes them."""

    action: str
    subject: str
    reason: str = ""
    before: Any = None
    after: Any = None
    detail: Mapping[str, Any] | None = None


class Events(Chained):
    """The log. Every use case leaves a line in it, in the same transaction as what it did."""

    def log(
        self,
        actor: Actor | str,
        action: str,
        subject: str,
        reason: str = "",
        before: Any = None,
        after: Any = None,
        detail: Mapping[str, Any] | None = None,
    ) -> str:
        """Add an event; returns its id. `before` and `after` are records, plain values or sha256 digests.

        `detail` is a small mapping of counts and codes; neither it nor `reason` may hold patient data.
        """
        return self.log_all(actor, [Happened(action, subject, reason, before, after, detail)])[0]

    def log_all(self, actor: Actor | str, events: Sequence[Happened]) -> tuple[str, ...]:
        """Add events in the order given; returns their ids."""
        login, user_id = (actor, "") if isinstance(actor, str) else (actor.login, actor.user_id)
        practice, now, ids = self.practice_id, self.clock.now(), [self.new_id() for _ in events]
        who = (now, login, user_id)
        spelled_who = ",".join(_quoted(text) for text in (moment_text(now), login, user_id))
        position, previous = self._head(EVENTS)
        rows: list[tuple[Any, ...]] = []
        for event_id, event in zip(ids, events, strict=True):
            said = (
                event.action,
                event.subject,
                clean(event.reason, "reason"),
                _hash_of(event.before),
                _hash_of(event.after),
                body(dict(event.detail)) if event.detail else "{}",
            )
            # The content as `canonical` spells `_content`: proving the chain spells it that way, from the columns.
            content = f"[{_quoted(practice)},{_quoted(event_id)},{spelled_who},{','.join(map(_quoted, said))}]"
            position, before = position + 1, previous
            previous = spelled_hash(before, content)
            rows.append((practice, event_id, position, *who, *said, before, previous))
        self._insert_tuples(schema.event, _EVENT, rows)
        self._move_head(EVENTS, position, previous)
        return tuple(ids)

    def events(
        self, *, subject: str = "", action: str = "", after_position: int = 0, limit: int | None = None
    ) -> tuple[Event, ...]:
        """Events in the order they happened; `after_position` begins after a page's last one."""
        table = schema.event
        query = self._select(table).where(table.c.position > after_position).order_by(table.c.position).limit(limit)
        if subject:
            query = query.where(table.c.subject == subject)
        if action:
            query = query.where(table.c.action == action)
        return tuple(_event(row) for row in self._run(query).mappings())

    def events_of(self, claim_ids: Iterable[str], action: str) -> dict[str, tuple[Event, ...]]:
        """The events of that action by claim, as they happened; a claim without one is left out."""
        table = schema.event
        found: dict[str, tuple[Event, ...]] = {}
        for piece in in_chunks(claim_ids):
            query = self._select(table).where(table.c.subject.in_(piece), table.c.action == action)
            for row in self._run(query.order_by(table.c.position)).mappings():
                found[row["subject"]] = (*found.get(row["subject"], ()), _event(row))
        return found

    def last_position(self, actions: Iterable[str]) -> int:
        """The position of the last event of any of these actions; 0 when there is none."""
        table = schema.event
        query = self._select(table, table.c.position).where(table.c.action.in_(sorted(actions)))
        return int(self._run(query.order_by(table.c.position.desc()).limit(1)).scalar() or 0)

    def last_event(self) -> str:
        """The hash of the log's last event: while it stands, so does everything the log tells."""
        return self._head(EVENTS)[1]

    def event_count(self) -> int:
        """How many events the practice has."""
        return self._head(EVENTS)[0]

    def verify_events(self) -> ChainReport:
        """Walk the log's chain from the first event; the report names the first event that does not hold."""
        table = schema.event
        query = self._select(table).order_by(table.c.position).execution_options(yield_per=2_000)
        return walk(EVENTS, self._event_links(self._run(query).mappings()), self._head(EVENTS))

    def _event_links(self, rows: Any) -> Iterator[Link]:
        for row in rows:
            content = _content(self.practice_id, row)
            yield Link(row["id"], row["position"], row["prev_hash"], row["hash"], content)


_EVENT = (
    *("practice_id", "id", "position", "at", "actor", "actor_id", "action", "subject", "reason"),
    *("before_hash", "after_hash", "detail", "prev_hash", "hash"),
)
_quoted = encode_basestring  # a text in quotation marks, as `canonical` writes it


def _hash_of(thing: Any) -> str:
    """ "" for nothing, a digest as it is, anything else hashed."""
    if thing is None or thing == "":
        return ""
    return thing if isinstance(thing, str) and _SHA256.fullmatch(thing) else digest(thing)


def _content(practice_id: str, row: Any) -> list[Any]:
    """What an event's hash covers: every stored column but the chain's own."""
    who = [practice_id, row["id"], moment_text(row["at"]), row["actor"], row["actor_id"], row["action"]]
    return [*who, row["subject"], row["reason"], row["before_hash"], row["after_hash"], row["detail"]]


def _event(row: Any) -> Event:
    values = {name: row[name] for name in Event.__dataclass_fields__}
    return Event(**values | {"detail": json.loads(row["detail"])})
