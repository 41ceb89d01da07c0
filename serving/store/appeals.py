"""Appeals by claim and level, and the choices a manager has made for the practice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func

from billing_core.money import Cents
from serving.store import schema
from serving.store.bound import Bound, body, clean
from serving.store.states import AppealState


@dataclass(frozen=True, slots=True)
class StoredAppeal:
    """One level of a claim's appeal, without its PDF. `body`: what it is about, the letter, and the letter as filed."""

    id: str
    claim_id: str
    level: int
    state: AppealState
    drafted_on: date
    deadline: date | None
    filed_on: date | None
    decided_on: date | None
    recovered: Cents
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody with the right to do so chose for the practice, and why; the highest version of a name holds."""

    name: str
    version: int
    value: int
    reason: str
    chosen_at: datetime
    chosen_by: str


_APPEAL = [schema.appeal.c[name] for name in StoredAppeal.__dataclass_fields__]


class Appeals(Bound):
    """Appeals, and the practice's choices."""

    def save_appeals(self, items: Iterable[StoredAppeal]) -> None:
        """Add appeals, or replace those of the same id; a filed letter's PDF stays."""
        self._save(
            schema.appeal,
            [
                {name: getattr(item, name) for name in StoredAppeal.__dataclass_fields__}
                | {"body": body(dict(item.body))}
                for item in items
            ],
        )

    def appeal(self, appeal_id: str) -> StoredAppeal:
        """The appeal, or NotFound."""
        return _appeal(self._row(schema.appeal, "appeal", id=appeal_id))

    def appeals(self, claim_id: str = "", state: AppealState | None = None) -> tuple[StoredAppeal, ...]:
        """Appeals (of one claim, or in one state, when given), oldest first, level by level."""
        table = schema.appeal
        query = self._select(table, *_APPEAL).order_by(table.c.drafted_on, table.c.level, table.c.id)
        if claim_id:
            query = query.where(table.c.claim_id == claim_id)
        if state is not None:
            query = query.where(table.c.state == state)
        return tuple(_appeal(row) for row in self._run(query).mappings())

    def appeal_levels(self) -> dict[str, int]:
        """The highest level that was filed, by claim."""
        table = schema.appeal
        query = self._select(table, table.c.claim_id, func.max(table.c.level)).where(table.c.filed_on.is_not(None))
        return {str(row[0]): int(row[1]) for row in self._run(query.group_by(table.c.claim_id))}

    def set_appeal_pdf(self, appeal_id: str, pdf: bytes) -> None:
        """Keep the letter as it was filed."""
        self._change(schema.appeal, "appeal", {"id": appeal_id}, {"pdf": pdf})

    def appeal_pdf(self, appeal_id: str) -> bytes:
        """The letter as it was filed; b"" while it is a draft. NotFound when there is no such appeal."""
        return bytes(self._row(schema.appeal, "appeal", id=appeal_id)["pdf"] or b"")

    # --- choices ---

    def add_choice(self, name: str, value: int, reason: str, chosen_by: str) -> Choice:
        """Let this value hold from now on."""
        table = schema.choice
        last = self._run(self._select(table, func.max(table.c.version)).where(table.c.name == name)).scalar()
        made = Choice(name, (last or 0) + 1, value, clean(reason, "reason"), self.clock.now(), chosen_by)
        self._insert(table, [{field: getattr(made, field) for field in Choice.__dataclass_fields__}])
        return made

    def choices(self, name: str) -> tuple[Choice, ...]:
        """Every choice of that name, the one that holds first."""
        table = schema.choice
        columns = [table.c[field] for field in Choice.__dataclass_fields__]
        query = self._select(table, *columns).where(table.c.name == name).order_by(table.c.version.desc())
        return tuple(Choice(**row) for row in self._run(query).mappings())


def _appeal(row: Any) -> StoredAppeal:
    values = {name: row[name] for name in StoredAppeal.__dataclass_fields__}
    return StoredAppeal(**values | {"state": AppealState(row["state"]), "body": json.loads(row["body"])})
