"""What payers were asked about coverages (270), and what they answered (271)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement

from billing_core.eligibility import PayerAnswer
from billing_core.record import from_plain, to_plain
from serving.store import schema
from serving.store.bound import Bound, body, in_chunks


@dataclass(frozen=True, slots=True)
class StoredVerification:
    """A coverage on a day: the question, its answer, or both. `trace` (TRN02) is the question's and comes back; `asked`
    the digest of who was asked about. An answer to no question of ours has no trace. `file_id`: the 271.
    """

    id: str
    coverage_id: str
    service_date: date
    trace: str = ""
    asked_on: date | None = None
    asked: str = ""
    answer: PayerAnswer | None = None
    file_id: str = ""


class Verifications(Bound):
    """Questions and answers, in the order of their ids, which grow. The same answer in another file is one more."""

    def save_verifications(self, records: Iterable[StoredVerification]) -> None:
        """Add questions and answers, or replace those of the same id."""
        rows = [
            {
                "id": one.id,
                "coverage_id": one.coverage_id,
                "service_date": one.service_date,
                "trace": one.trace,
                "asked_on": one.asked_on,
                "answered_on": one.answer.answered_on if one.answer else None,
                "transmission_id": one.file_id or None,
                "body": body({"asked": one.asked, "answer": to_plain(one.answer) if one.answer else None}),
            }
            for one in records
        ]
        self._save(schema.verification, rows)

    def verifications(self, coverage_ids: Iterable[str]) -> tuple[StoredVerification, ...]:
        """All that was asked and answered of these coverages."""
        column = schema.verification.c.coverage_id
        return tuple(one for piece in in_chunks(coverage_ids) for one in self._verifications(column.in_(piece)))

    def payer_answers(self, coverage_ids: Iterable[str]) -> tuple[PayerAnswer, ...]:
        """What payers have said of these coverages."""
        return tuple(one.answer for one in self.verifications(coverage_ids) if one.answer is not None)

    def verifications_traced(self, traces: Iterable[str]) -> tuple[StoredVerification, ...]:
        """The questions with these traces, and what was answered to them."""
        column = schema.verification.c.trace
        named = (trace for trace in traces if trace)
        return tuple(one for piece in in_chunks(named) for one in self._verifications(column.in_(piece)))

    def verifications_asked(self, trace: str) -> tuple[StoredVerification, ...]:
        """The questions whose trace begins with that: those of one file."""
        return self._verifications(schema.verification.c.trace.startswith(trace, autoescape=True)) if trace else ()

    def _verifications(self, condition: ColumnElement[bool]) -> tuple[StoredVerification, ...]:
        table = schema.verification
        query = self._select(table).where(condition).order_by(table.c.coverage_id, table.c.id)
        return tuple(_verification(row) for row in self._run(query).mappings())


def _verification(row: Any) -> StoredVerification:
    kept = json.loads(row["body"])
    return StoredVerification(
        row["id"], row["coverage_id"], row["service_date"], row["trace"], row["asked_on"], kept["asked"],
        from_plain(PayerAnswer, kept["answer"]) if kept["answer"] else None, row["transmission_id"] or "",
    )  # fmt: skip
