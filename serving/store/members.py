"""Who works in this practice: its members and their roles, and the keys of its machines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from serving.errors import NotFound
from serving.security import NewKey, Role, new_key, parse_roles
from serving.store import schema
from serving.store.bound import Bound, body, clean


@dataclass(frozen=True, slots=True)
class Member:
    """A user as this practice sees them."""

    user_id: str
    login: str
    name: str
    active: bool
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key of this practice. The key itself is not kept."""

    id: str
    name: str
    prefix: str
    roles: frozenset[Role]
    created_at: datetime
    revoked_at: datetime | None


_KEY = [schema.api_key.c[name] for name in StoredKey.__dataclass_fields__]


def roles_text(roles: Iterable[str]) -> str:
    """Roles as they are stored."""
    return body(sorted(parse_roles(roles)))


def read_roles(text: str) -> frozenset[Role]:
    """Roles as they were stored."""
    return parse_roles(json.loads(text))


class Members(Bound):
    """Members and keys."""

    def grant(self, user_id: str, roles: Iterable[str]) -> None:
        """Give a user exactly these roles in this practice; none takes the membership away."""
        table = schema.membership
        row = {"user_id": user_id, "roles": roles_text(roles), "granted_at": self.clock.now()}
        if row["roles"] == "[]":
            self._run(delete(table).where(self._mine(table), table.c.user_id == user_id))
        else:
            self._save(table, [row])

    def members(self) -> tuple[Member, ...]:
        """The practice's members, by login."""
        return self._members()

    def member(self, user_id: str) -> Member:
        """The member, or NotFound: also for a user of other practices only."""
        found = self._members(schema.membership.c.user_id == user_id)
        if not found:
            raise NotFound("user")
        return found[0]

    def _members(self, *conditions: Any) -> tuple[Member, ...]:
        user, table = schema.app_user, schema.membership
        columns = (table.c.user_id, user.c.login, user.c.name, user.c.active, table.c.roles)
        query = self._select(table, *columns).join(user, user.c.id == table.c.user_id).where(*conditions)
        rows = self._run(query.order_by(user.c.login)).mappings()
        return tuple(Member(**{**row, "roles": read_roles(row["roles"])}) for row in rows)

    def add_api_key(self, name: str, roles: Iterable[str]) -> tuple[StoredKey, NewKey]:
        """Make a key for a machine with these roles. The key's text is in the second value only, once."""
        fresh = new_key()
        kept = StoredKey(self.new_id(), clean(name, "name"), fresh.prefix, parse_roles(roles), self.clock.now(), None)
        row = {column: getattr(kept, column) for column in StoredKey.__dataclass_fields__}
        self._insert(schema.api_key, [row | {"roles": roles_text(kept.roles), "sha256": fresh.sha256}])
        return kept, fresh

    def api_keys(self) -> tuple[StoredKey, ...]:
        """The practice's keys, revoked ones too, oldest first."""
        table = schema.api_key
        rows = self._run(self._select(table, *_KEY).order_by(table.c.created_at, table.c.id)).mappings()
        return tuple(StoredKey(**{**row, "roles": read_roles(row["roles"])}) for row in rows)

    def revoke_api_key(self, key_id: str) -> None:
        """Let the key open nothing any more."""
        self._change(schema.api_key, "API key", {"id": key_id}, {"revoked_at": self.clock.now()})
