"""Work for people, statements for guarantors, and which model artifact serves: the practice's standing papers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func

from billing_core.money import Cents
from serving.store import schema
from serving.store.bound import Bound, body
from serving.store.states import WorkStatus


@dataclass(frozen=True, slots=True)
class StoredWork:
    """One item of a work queue. `subject` names what it is about ("claim:<id>"); `reason` why it is here."""

    id: str
    queue: str
    subject: str
    created_on: date
    amount: Cents = 0
    risk_ppm: int | None = None
    due: date | None = None
    claim_id: str = ""
    denial_id: str = ""
    status: WorkStatus = WorkStatus.OPEN
    assigned_to: str = ""
    reason: str = ""
    outcome: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """One statement to one guarantor, without its PDF. `body` is the statement as plain values."""

    id: str
    guarantor_id: str
    statement_on: date
    total: Cents
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation of a model artifact; the highest version of a kind serves."""

    kind: str
    version: int
    sha256: str
    folder: str
    activated_at: datetime
    activated_by: str


_STATEMENT = [schema.statement.c[name] for name in StoredStatement.__dataclass_fields__]


class Queues(Bound):
    """Work items, statements, activations."""

    # --- work ---

    def save_work(self, items: Iterable[StoredWork]) -> None:
        """Add work items, or replace those of the same id."""
        names = StoredWork.__dataclass_fields__
        rows = [
            {name: getattr(item, name) for name in names}
            | {"claim_id": item.claim_id or None, "denial_id": item.denial_id or None, "body": body(dict(item.body))}
            for item in items
        ]
        self._save(schema.work_item, rows)

    def work_item(self, work_id: str) -> StoredWork:
        """The work item, or NotFound."""
        return _work(self._row(schema.work_item, "work item", id=work_id))

    def work(
        self,
        queue: str = "",
        status: WorkStatus | None = WorkStatus.OPEN,
        *,
        claim_id: str = "",
        subject: str = "",
        limit: int | None = None,
    ) -> tuple[StoredWork, ...]:
        """Work items as they came; what to work first is `billing_core.work_queue.order`'s to say."""
        table = schema.work_item
        query = self._select(table).order_by(table.c.created_on, table.c.id).limit(limit)
        if queue:
            query = query.where(table.c.queue == queue)
        if status is not None:
            query = query.where(table.c.status == status)
        if claim_id:
            query = query.where(table.c.claim_id == claim_id)
        if subject:
            query = query.where(table.c.subject == subject)
        return tuple(_work(row) for row in self._run(query).mappings())

    def finish_work(self, work_id: str, outcome: str) -> None:
        """Close a work item, saying what came of it."""
        self._change(schema.work_item, "work item", {"id": work_id}, {"status": WorkStatus.DONE, "outcome": outcome})

    # --- statements ---

    def add_statement(self, guarantor_id: str, statement_on: date, total: Cents, statement: Any, pdf: bytes) -> str:
        """Keep a statement (a record or plain values) and its PDF as sent; returns its id."""
        row = {
            "id": self.new_id(),
            "guarantor_id": guarantor_id,
            "statement_on": statement_on,
            "total": total,
            "body": body(statement),
            "pdf": pdf,
        }
        self._insert(schema.statement, [row])
        return str(row["id"])

    def statement(self, statement_id: str) -> StoredStatement:
        """The statement, or NotFound."""
        return _statement(self._row(schema.statement, "statement", id=statement_id))

    def statement_pdf(self, statement_id: str) -> bytes:
        """The statement's PDF as it was sent, or NotFound."""
        return bytes(self._row(schema.statement, "statement", id=statement_id)["pdf"])

    def statements(self, guarantor_id: str = "", limit: int | None = None) -> tuple[StoredStatement, ...]:
        """Statements (of one guarantor, when given), oldest first."""
        table = schema.statement
        query = self._select(table, *_STATEMENT).order_by(table.c.statement_on, table.c.id).limit(limit)
        rows = self._run(query.where(table.c.guarantor_id == guarantor_id) if guarantor_id else query).mappings()
        return tuple(_statement(row) for row in rows)

    def statements_sent(self) -> dict[str, tuple[tuple[date, Cents], ...]]:
        """Guarantor -> (day, total) of each statement, oldest first."""
        table = schema.statement
        query = self._select(table, table.c.guarantor_id, table.c.statement_on, table.c.total)
        found: dict[str, tuple[tuple[date, Cents], ...]] = {}
        for guarantor_id, on, total in self._run(query.order_by(table.c.statement_on, table.c.id)):
            found[guarantor_id] = (*found.get(guarantor_id, ()), (on, total))
        return found

    # --- model artifacts ---

    def add_activation(self, kind: str, sha256: str, folder: str, activated_by: str) -> Activation:
        """Let this artifact serve for the practice from now on."""
        table = schema.artifact
        last = self._run(self._select(table, func.max(table.c.version)).where(table.c.kind == kind)).scalar()
        made = Activation(kind, (last or 0) + 1, sha256, folder, self.clock.now(), activated_by)
        self._insert(table, [{name: getattr(made, name) for name in Activation.__dataclass_fields__}])
        return made

    def activations(self, kind: str) -> tuple[Activation, ...]:
        """Every activation of that kind, the one that should serve first."""
        table = schema.artifact
        columns = [table.c[name] for name in Activation.__dataclass_fields__]
        query = self._select(table, *columns).where(table.c.kind == kind).order_by(table.c.version.desc())
        return tuple(Activation(**row) for row in self._run(query).mappings())


def _work(row: Any) -> StoredWork:
    values = {name: row[name] for name in StoredWork.__dataclass_fields__}
    values |= {"claim_id": row["claim_id"] or "", "denial_id": row["denial_id"] or ""}
    return StoredWork(**values | {"status": WorkStatus(row["status"]), "body": json.loads(row["body"])})


def _statement(row: Any) -> StoredStatement:
    values = {name: row[name] for name in StoredStatement.__dataclass_fields__}
    return StoredStatement(**values | {"body": json.loads(row["body"])})
