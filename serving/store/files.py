"""Every file that came or went, byte for byte, and the payers' answers that were read from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, func

from billing_core.money import Cents
from billing_core.remittance import ClaimPayment, Remittance
from serving.errors import NotFound
from serving.store import schema
from serving.store.bound import Bound, body, in_chunks, read
from serving.store.states import DenialStatus, Direction, RemittanceState


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file, without its bytes. `kind` as `x12.check.kind_of` names it; `outcome` says what came of it."""

    id: str
    direction: Direction
    kind: str
    name: str
    control: str
    sha256: str
    size: int
    at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class StoredRemittance:
    """A remittance as read, its place in its file, and whether it was posted; when held, `reasons` say why.

    What it posted are `entries` entries of the ledger from place `first_entry` on.
    """

    id: str
    file_id: str
    set_number: int
    first_entry: int
    entries: int
    remittance: Remittance
    state: RemittanceState
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemittanceRow:
    """A remittance as a list shows it."""

    id: str
    payer_number: str
    trace: str
    origin: str
    paid_on: date
    amount: Cents
    state: RemittanceState
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredPayment:
    """One claim payment of a remittance; `claim_id` is "" while it is matched to no claim of ours."""

    id: str
    remittance_id: str
    position: int
    claim_id: str
    payment: ClaimPayment


@dataclass(frozen=True, slots=True)
class StoredDenial:
    """One denied line (`line` 0: the whole claim). `body` holds what `billing_core.denial` said, as plain values."""

    id: str
    claim_id: str
    claim_payment_id: str
    line: int
    category: str
    amount: Cents
    found_on: date
    deadline: date | None
    status: DenialStatus
    body: Mapping[str, Any]


_FILE = [schema.transmission.c[name] for name in StoredFile.__dataclass_fields__]


class Files(Bound):
    """Files and answers. The same file twice, or the same remittance twice, changes nothing."""

    # --- files ---

    def add_file(
        self,
        direction: Direction,
        kind: str,
        name: str,
        content: bytes,
        control: str = "",
        claim_ids: Iterable[str] = (),
        outcome: str = "",
    ) -> tuple[str, bool]:
        """Keep a file; returns (its id, whether it is new). Equal bytes in the same direction are the same file."""
        sha256 = hashlib.sha256(content).hexdigest()
        table = schema.transmission
        same = (table.c.direction == direction, table.c.sha256 == sha256)
        there = self._run(self._select(table, table.c.id).where(*same)).scalar()
        if there is not None:
            return str(there), False
        file_id = self.new_id()
        row = {
            "id": file_id,
            "direction": Direction(direction),
            "kind": kind,
            "name": name,
            "control": control,
            "sha256": sha256,
            "size": len(content),
            "content": content,
            "at": self.clock.now(),
            "outcome": outcome,
        }
        self._insert(table, [row])
        self._insert(schema.sent_claim, [{"transmission_id": file_id, "claim_id": c} for c in claim_ids])
        return file_id, True

    def set_file_outcome(self, file_id: str, outcome: str) -> None:
        """Say in a sentence what came of a file (no patient data)."""
        self._change(schema.transmission, "file", {"id": file_id}, {"outcome": outcome})

    def file(self, file_id: str) -> StoredFile:
        """The file without its bytes, or NotFound."""
        row = self._run(self._select(schema.transmission, *_FILE).where(schema.transmission.c.id == file_id))
        found = row.mappings().first()
        if found is None:
            raise NotFound("file")
        return _file(found)

    def file_bytes(self, file_id: str) -> bytes:
        """The file's bytes, or NotFound."""
        return bytes(self._row(schema.transmission, "file", id=file_id)["content"])

    def file_by_control(self, direction: Direction, kind: str, control: str) -> StoredFile:
        """The latest file with that control number, or NotFound: which of ours a 999 speaks of."""
        table = schema.transmission
        query = self._select(table, *_FILE).where(
            table.c.direction == direction, table.c.kind == kind, table.c.control == control
        )
        row = self._run(query.order_by(table.c.at.desc(), table.c.id.desc()).limit(1)).mappings().first()
        if row is None:
            raise NotFound("file")
        return _file(row)

    def files(
        self, direction: Direction | None = None, kind: str = "", limit: int | None = None
    ) -> tuple[StoredFile, ...]:
        """Files in the order they came or went."""
        table = schema.transmission
        query = self._select(table, *_FILE).order_by(table.c.at, table.c.id).limit(limit)
        if direction is not None:
            query = query.where(table.c.direction == direction)
        return tuple(_file(row) for row in self._run(query.where(table.c.kind == kind) if kind else query).mappings())

    def claims_in_file(self, file_id: str) -> tuple[str, ...]:
        """The ids of the claims that an outbound file carried."""
        table = schema.sent_claim
        query = self._select(table, table.c.claim_id).where(table.c.transmission_id == file_id)
        return tuple(self._run(query.order_by(table.c.claim_id)).scalars())

    # --- remittances ---

    def add_remittance(
        self,
        remittance: Remittance,
        file_id: str = "",
        state: RemittanceState = RemittanceState.HELD,
        reasons: Sequence[str] = (),
        matches: Mapping[int, str] | None = None,
        set_number: int = 1,
        entries: tuple[int, int] = (0, 0),
    ) -> tuple[str, bool]:
        """Keep a remittance and its claim payments; returns (its id, whether it is new).

        A remittance is known by payer, trace, origin and date. `matches` maps the position of a claim payment in the
        remittance (from 1) to the id of our claim; the others stay unmatched. `entries` are the place in the ledger of
        the first entry that it posts, and how many there are. One that was held is replaced by the corrected one; one
        that was posted stays, and False is returned.
        """
        table = schema.remittance
        key = {
            "payer_number": remittance.payer_number,
            "trace": remittance.trace,
            "origin": remittance.origin,
            "paid_on": remittance.paid_on,
        }
        same = self._select(table, table.c.id, table.c.state).where(*(table.c[n] == value for n, value in key.items()))
        there = self._run(same).first()
        if there is not None and there.state == RemittanceState.POSTED:
            return str(there.id), False
        if there is not None:
            paid = schema.claim_payment
            self._run(paid.delete().where(self._mine(paid), paid.c.remittance_id == there.id))
        row = {
            "id": str(there.id) if there else self.new_id(),
            "transmission_id": file_id or None,
            "set_number": set_number,
            "first_entry": entries[0],
            "entries": entries[1],
            **key,
            "amount": remittance.amount,
            "state": RemittanceState(state),
            "reasons": body(list(reasons)),
            "body": body(replace(remittance, claims=())),
        }
        self._save(table, [row])
        self._insert(schema.claim_payment, self._payment_rows(str(row["id"]), remittance.claims, matches or {}))
        return str(row["id"]), True

    def _payment_rows(
        self, remittance_id: str, payments: Sequence[ClaimPayment], matches: Mapping[int, str]
    ) -> list[dict[str, Any]]:
        return [
            {
                "id": self.new_id(),
                "remittance_id": remittance_id,
                "position": position,
                "claim_id": matches.get(position) or None,
                "number": payment.number,
                "status": payment.status,
                "paid": payment.paid,
                "body": body(payment),
            }
            for position, payment in enumerate(payments, start=1)
        ]

    def remittance(self, remittance_id: str) -> StoredRemittance:
        """The remittance whole, or NotFound."""
        payments = tuple(stored.payment for stored in self.claim_payments(remittance_id=remittance_id))
        stored = self.remittance_head(remittance_id)
        return replace(stored, remittance=replace(stored.remittance, claims=payments))

    def remittance_head(self, remittance_id: str) -> StoredRemittance:
        """The remittance without its claims, which may be many thousand, or NotFound."""
        row = self._row(schema.remittance, "remittance", id=remittance_id)
        whole = read(Remittance, row["body"])
        state, reasons = RemittanceState(row["state"]), tuple(json.loads(row["reasons"]))
        places = (row["set_number"], row["first_entry"], row["entries"])
        return StoredRemittance(row["id"], row["transmission_id"] or "", *places, whole, state, reasons)

    def remittance_row(self, remittance_id: str) -> RemittanceRow:
        """The remittance as a list shows it, or NotFound."""
        return _remittance_row(self._row(schema.remittance, "remittance", id=remittance_id))

    def remittances(
        self, state: RemittanceState | None = None, limit: int | None = None, *, trace: str | None = None
    ) -> tuple[RemittanceRow, ...]:
        """Remittances as a list shows them (of one trace, when given), oldest payment first."""
        table = schema.remittance
        columns = [table.c[name] for name in RemittanceRow.__dataclass_fields__]
        query = self._select(table, *columns).order_by(table.c.paid_on, table.c.id).limit(limit)
        if trace is not None:
            query = query.where(table.c.trace == trace)
        rows = self._run(query if state is None else query.where(table.c.state == state)).mappings()
        return tuple(_remittance_row(row) for row in rows)

    def claim_payments(self, remittance_id: str) -> tuple[StoredPayment, ...]:
        """The claim payments of a remittance, in its order."""
        query = self._select(schema.claim_payment).where(*self._of_remittance(remittance_id, ""))
        return tuple(_payment(row) for row in self._run(query.order_by(schema.claim_payment.c.position)).mappings())

    def answers(self, claim_id: str) -> tuple[StoredPayment, ...]:
        """The payers' posted answers to the claim, in the order they came. What a remittance that is held says of it
        is no answer yet.
        """
        return self.answers_of([claim_id]).get(claim_id, ())

    def answers_of(self, claim_ids: Iterable[str]) -> dict[str, tuple[StoredPayment, ...]]:
        """The payers' posted answers to these claims, each as `answers` gives them; a claim without one is left out."""
        table, parent = schema.claim_payment, schema.remittance
        query = (
            self._select(table)
            .join(parent, (parent.c.practice_id == table.c.practice_id) & (parent.c.id == table.c.remittance_id))
            .where(parent.c.state == RemittanceState.POSTED)
            .order_by(parent.c.paid_on, table.c.remittance_id, table.c.position)
        )
        found: dict[str, tuple[StoredPayment, ...]] = {}
        for piece in in_chunks(claim_ids):
            for row in self._run(query.where(table.c.claim_id.in_(piece))).mappings():
                found[row["claim_id"]] = (*found.get(row["claim_id"], ()), _payment(row))
        return found

    def page_of_payments(
        self, remittance_id: str, first: int, count: int, number: str = ""
    ) -> tuple[StoredPayment, ...]:
        """`count` claim payments of a remittance from place `first` (from 0) on; of those whose number holds a text."""
        table = schema.claim_payment
        query = self._select(table).where(*self._of_remittance(remittance_id, number)).order_by(table.c.position)
        return tuple(_payment(row) for row in self._run(query.limit(count).offset(first)).mappings())

    def payment_totals(self, remittance_id: str, number: str = "") -> tuple[int, Cents, int]:
        """Of these claim payments: how many, what they paid, and how many are matched to no claim of ours."""
        table = schema.claim_payment
        strangers = func.count().filter(table.c.claim_id.is_(None))
        query = self._select(table, func.count(), func.coalesce(func.sum(table.c.paid), 0), strangers)
        count, paid, unmatched = self._run(query.where(*self._of_remittance(remittance_id, number))).one()
        return int(count), int(paid), int(unmatched)

    def _of_remittance(self, remittance_id: str, number: str) -> list[ColumnElement[bool]]:
        table = schema.claim_payment
        holds = [table.c.number.contains(number.upper(), autoescape=True)] if number else []
        return [table.c.remittance_id == remittance_id, *holds]

    def payment_at(self, remittance_id: str, position: int) -> StoredPayment:
        """The claim payment at that place of a remittance (from 1), or NotFound."""
        table = schema.claim_payment
        query = self._select(table).where(table.c.remittance_id == remittance_id, table.c.position == position)
        row = self._run(query).mappings().first()
        if row is None:
            raise NotFound("answer")
        return _payment(row)

    def payment_ids(self, remittance_id: str) -> dict[int, str]:
        """Position (from 1) -> id of each claim payment of a remittance."""
        table = schema.claim_payment
        rows = self._run(
            self._select(table, table.c.position, table.c.id).where(table.c.remittance_id == remittance_id)
        )
        return {int(position): str(payment_id) for position, payment_id in rows}

    def claim_payment(self, claim_payment_id: str) -> StoredPayment:
        """The claim payment, or NotFound."""
        return _payment(self._row(schema.claim_payment, "claim payment", id=claim_payment_id))

    def reversals(self, payer_number: str) -> dict[str, str]:
        """The payer's references (CLP07) of the claims it took back, and our numbers of them, to our numbers."""
        table, parent = schema.claim_payment, schema.remittance
        query = (
            self._select(table, table.c.body)
            .join(parent, (parent.c.practice_id == table.c.practice_id) & (parent.c.id == table.c.remittance_id))
            .where(
                parent.c.payer_number == payer_number, parent.c.state == RemittanceState.POSTED, table.c.status == "22"
            )
        )
        taken = self._records(ClaimPayment, query)
        return {reference: p.number for p in taken for reference in (p.payer_reference, p.number) if reference}

    def match_payment(self, claim_payment_id: str, claim_id: str) -> None:
        """Say which claim of ours a claim payment is about; with "" it is unmatched again."""
        self._change(schema.claim_payment, "claim payment", {"id": claim_payment_id}, {"claim_id": claim_id or None})

    # --- denials ---

    def save_denials(self, denials: Iterable[StoredDenial]) -> None:
        """Add denied lines, or replace those of the same id."""
        names = StoredDenial.__dataclass_fields__
        rows = [{name: getattr(d, name) for name in names} | {"body": body(dict(d.body))} for d in denials]
        self._save(schema.denial, rows)

    def add_denials(self, denials: Iterable[StoredDenial]) -> None:
        """Add denied lines whose ids are new."""
        practice = self.practice_id
        rows = [(practice, *_denial_values(d), d.status.value, body(dict(d.body))) for d in denials]
        self._insert_tuples(schema.denial, _DENIAL, rows)

    def remove_denials(self, claim_payment_id: str) -> None:
        """Forget the denied lines of an answer that is about another claim; the answer itself is kept."""
        table = schema.denial
        self._run(table.delete().where(self._mine(table), table.c.claim_payment_id == claim_payment_id))

    def denials_of_claims(self, claim_ids: Iterable[str]) -> dict[str, tuple[StoredDenial, ...]]:
        """Denied lines by claim; claims without one are left out."""
        table = schema.denial
        found: dict[str, tuple[StoredDenial, ...]] = {}
        for piece in in_chunks(claim_ids):
            query = self._select(table).where(table.c.claim_id.in_(piece)).order_by(table.c.found_on, table.c.id)
            for row in self._run(query).mappings():
                found[row["claim_id"]] = (*found.get(row["claim_id"], ()), _denial(row))
        return found

    def set_denial_status(self, denial_id: str, status: DenialStatus) -> None:
        """Say where the work on a denied line stands."""
        self._change(schema.denial, "denial", {"id": denial_id}, {"status": DenialStatus(status)})

    def denial_totals(self) -> dict[str, tuple[int, Cents]]:
        """By category: how many denied lines, and their charges."""
        table = schema.denial
        query = self._select(table, table.c.category, func.count(), func.sum(table.c.amount))
        rows = self._run(query.group_by(table.c.category).order_by(table.c.category))
        return {category: (count, int(amount)) for category, count, amount in rows}


_DENIAL = ("practice_id", *StoredDenial.__dataclass_fields__)
_denial_values = attrgetter(*(name for name in StoredDenial.__dataclass_fields__ if name not in ("status", "body")))


def _file(row: Any) -> StoredFile:
    return StoredFile(**{**row, "direction": Direction(row["direction"])})


def _remittance_row(row: Any) -> RemittanceRow:
    values = {name: row[name] for name in RemittanceRow.__dataclass_fields__}
    return RemittanceRow(
        **values | {"state": RemittanceState(row["state"]), "reasons": tuple(json.loads(row["reasons"]))}
    )


def _payment(row: Any) -> StoredPayment:
    payment = read(ClaimPayment, row["body"])
    return StoredPayment(row["id"], row["remittance_id"], row["position"], row["claim_id"] or "", payment)


def _denial(row: Any) -> StoredDenial:
    values = {name: row[name] for name in StoredDenial.__dataclass_fields__}
    return StoredDenial(**values | {"status": DenialStatus(row["status"]), "body": json.loads(row["body"])})
