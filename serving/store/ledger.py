"""The ledger on disk: legs first, then the entry that seals them, chained to the entry before. It only grows.

The store refuses by trigger: an entry whose legs are fewer than two or do not sum to zero, a leg of a sealed entry,
an entry out of its place in the chain, and every update or delete. Nothing here works around that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Select, and_, case, func, select, text

from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg, Owner
from billing_core.money import Cents
from serving.errors import Conflict, NotFound
from serving.store import schema
from serving.store.bound import in_chunks
from serving.store.chain import LEDGER, ChainReport, Link, day_text, link_hash, moment_text, walk
from serving.store.chained import Chained

BATCH = 1_000  # entries written at a time
DAY_SHEET = "day sheet"  # the subject of the event that closes a day
_UNREAD = "unread"
BULK = 100  # from here on a batch is a bulk load


@dataclass(frozen=True, slots=True)
class OpenBalance:
    """What one owner owes of one charge. `since` is the first business date of that owner's share."""

    charge_id: str
    encounter_id: str
    patient_id: str
    owner: Owner
    party: str
    amount: Cents
    service_date: date
    since: date


class Ledger(Chained):
    """Entries in, balances out."""

    _closed_through = _UNREAD

    def append_entries(self, entries: Sequence[Entry]) -> int:
        """Write the entries in the order given: their legs, then their seals. Returns how many.

        Conflict for an entry dated on a day that is closed.
        """
        closed = self.closed_through()
        if closed is not None and any(entry.effective <= closed for entry in entries):
            raise Conflict("the day is closed", mend="post it on an open day; correct by a reversal")
        for first in range(0, len(entries), BATCH):
            self._append_batch(entries[first : first + BATCH])
        return len(entries)

    def _append_batch(self, entries: Sequence[Entry]) -> None:
        sealed_at = self.clock.now()
        position, previous = self._head(LEDGER)
        legs: list[dict[str, Any]] = []
        seals: list[dict[str, Any]] = []
        for entry in entries:
            entry_legs, seal = _leg_rows(entry), _seal_row(entry) | {"sealed_at": sealed_at}
            legs.extend(entry_legs)
            position += 1
            hashed = link_hash(previous, _content(self.practice_id, seal, entry_legs))
            seals.append(seal | {"position": position, "prev_hash": previous, "hash": hashed})
            previous = hashed
        if len(entries) >= BULK and self._connection.dialect.name == "postgresql":
            # The seals' plans were made when the tables were smaller, perhaps empty; after a bulk load without
            # fresh statistics they would read all of a practice's entries for each leg.
            self._run(text("DISCARD PLANS"))
        self._insert(schema.ledger_leg, legs)
        self._insert(schema.ledger_entry, seals)
        self._move_head(LEDGER, position, previous)

    def entry(self, entry_id: str) -> Entry:
        """The entry with its legs, or NotFound."""
        found = self._entries(schema.ledger_entry.c.id == entry_id)
        if not found:
            raise NotFound("ledger entry")
        return found[0]

    def entries(self, *, charge_id: str = "", limit: int | None = None) -> tuple[Entry, ...]:
        """Entries in the order they were written; with `charge_id`, those with a leg about that charge."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        chosen = self._select(seal, seal.c.id).order_by(seal.c.position).limit(limit)
        if charge_id:
            about = self._select(leg, leg.c.entry_id).where(leg.c.charge_id == charge_id)
            chosen = chosen.where(seal.c.id.in_(about))
        return self._entries(seal.c.id.in_(select(chosen.subquery().c.id)))

    def entries_on(self, charge_ids: Iterable[str]) -> tuple[Entry, ...]:
        """Every entry with a leg about any of these charges, once each, in the order written."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        found: dict[int, Entry] = {}
        for piece in in_chunks(charge_ids):
            about = self._select(leg, leg.c.entry_id).where(leg.c.charge_id.in_(piece))
            found |= self._placed(seal.c.id.in_(about))
        return tuple(found[position] for position in sorted(found))

    def entries_by_cause(self, source: str, reference: str | None = None) -> tuple[Entry, ...]:
        """Entries whose cause has that source (and reference), in the order they were written."""
        seal = schema.ledger_entry
        about = seal.c.source == source
        return self._entries(about if reference is None else and_(about, seal.c.reference == reference))

    def ledger_head(self) -> str:
        """The hash of the last entry."""
        return self._head(LEDGER)[1]

    def entry_count(self) -> int:
        """How many entries the practice has."""
        return self._head(LEDGER)[0]

    def _entries(self, *conditions: Any) -> tuple[Entry, ...]:
        return tuple(self._placed(*conditions).values())

    def _placed(self, *conditions: Any) -> dict[int, Entry]:
        """Entries by their place in the chain, in its order."""
        rows = self._run(self._sealed().where(*conditions)).mappings()
        return {place: _entry(list(group)) for place, group in groupby(rows, key=lambda row: row["position"])}

    def _sealed(self) -> Select[*tuple[Any, ...]]:
        """Every leg beside its seal, in the order of the chain."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        same = and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id)
        columns = [leg.c[name] for name in ("leg", "account", "owner", "party", "charge_id", "amount")]
        return self._select(seal, seal, *columns).outerjoin(leg, same).order_by(seal.c.position, leg.c.leg)

    # --- days ---

    def closed_through(self, again: bool = False) -> date | None:
        """The last business date that is closed; None while none is. Closing is an event: it is never taken back.

        Read once a transaction; `again` reads it anew, after a close.
        """
        if again or self._closed_through == _UNREAD:
            table = schema.event
            query = self._select(table, table.c.detail).where(table.c.subject == DAY_SHEET)
            last = self._run(query.order_by(table.c.position.desc()).limit(1)).scalar()
            self._closed_through = json.loads(last)["on"] if last else ""
        return date.fromisoformat(self._closed_through) if self._closed_through else None

    def entries_of_day(self, on: date) -> tuple[Entry, ...]:
        """The entries of one business date, in the order they were written."""
        return self._entries(schema.ledger_entry.c.effective == on)

    # --- balances ---

    def charge_names(self) -> dict[str, str]:
        """Charge id -> what people call it: record number, day, procedure, line."""
        charge, patient = schema.charge, schema.patient
        same = and_(patient.c.practice_id == charge.c.practice_id, patient.c.id == charge.c.patient_id)
        named = (charge.c.id, patient.c.record_number, charge.c.service_date, charge.c.procedure, charge.c.line)
        rows = self._run(self._select(charge, *named).join(patient, same))
        return {charge_id: f"{record} {day} {code} {line}" for charge_id, record, day, code, line in rows}

    def standing_balances(self) -> tuple[tuple[str, AccountKind, Owner | None, str, Cents], ...]:
        """The balance of every account by charge and party: (charge id, "" for none; kind; owner; party; cents)."""
        leg = schema.ledger_leg
        named, total = (leg.c.charge_id, leg.c.account, leg.c.owner, leg.c.party), func.sum(leg.c.amount)
        query = self._select(leg, *named, total).group_by(*named).having(total != 0)
        return tuple(
            (charge_id or "", AccountKind(kind), Owner(owner) if owner else None, party, int(amount))
            for charge_id, kind, owner, party, amount in self._run(query)
        )

    def legs_of_charges(self, charge_ids: Iterable[str]) -> dict[str, list[Leg]]:
        """Every leg about these charges, by charge, in the order written; each charge asked for has a list."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        asked = list(charge_ids)
        found: dict[str, list[Leg]] = {charge_id: [] for charge_id in asked}
        same = and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id)
        for piece in in_chunks(asked):
            query = self._select(leg).join(seal, same).where(leg.c.charge_id.in_(piece))
            for row in self._run(query.order_by(seal.c.position, leg.c.leg)).mappings():
                found[row["charge_id"]].append(_leg(row))
        return found

    def ledger_sum(self) -> Cents:
        """The sum of every leg of the practice: zero in sound books."""
        leg = schema.ledger_leg
        return int(self._run(self._select(leg, func.coalesce(func.sum(leg.c.amount), 0))).scalar_one())

    def account_totals(self, as_of: date | None = None) -> dict[AccountKind, Cents]:
        """The balance of each kind of account by business date; kinds without a leg are left out."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        same = and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id)
        query = self._select(leg, leg.c.account, func.sum(leg.c.amount)).join(seal, same).group_by(leg.c.account)
        if as_of is not None:
            query = query.where(seal.c.effective <= as_of)
        return {AccountKind(kind): int(total) for kind, total in self._run(query.order_by(leg.c.account))}

    def unapplied(self) -> dict[str, Cents]:
        """Party -> what we hold of theirs that no charge has taken (positive: our liability); zero is left out."""
        leg = schema.ledger_leg
        held = func.sum(leg.c.amount)
        query = self._select(leg, leg.c.party, held).where(leg.c.account == AccountKind.UNAPPLIED)
        rows = self._run(query.group_by(leg.c.party).having(held != 0).order_by(leg.c.party))
        return {party: -int(amount) for party, amount in rows}

    def unapplied_of(self, party: str) -> Cents:
        """What we hold of one party's that no charge has taken (positive: our liability)."""
        leg = schema.ledger_leg
        held = self._select(leg, func.coalesce(func.sum(leg.c.amount), 0))
        return -int(self._run(held.where(leg.c.account == AccountKind.UNAPPLIED, leg.c.party == party)).scalar_one())

    def payments_of_party(self, party: str, kind: EntryKind, after_position: int = 0) -> Cents:
        """The cash of one party's entries of that kind after a place in the chain."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        same = and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id)
        query = (
            self._select(leg, func.coalesce(func.sum(leg.c.amount), 0))
            .join(seal, same)
            .where(leg.c.party == party, leg.c.account == AccountKind.CASH)
            .where(seal.c.kind == kind, seal.c.position > after_position)
        )
        return int(self._run(query).scalar_one())

    def settled_by_owner(self) -> tuple[tuple[Owner, Cents, Cents], ...]:
        """Of each kind of debtor: what charges that nobody owes any more once put on it, and what was paid of that.

        Paid is what came as cash against the debtor; the rest was adjusted, written off or moved on.
        """
        leg = schema.ledger_leg
        done = (
            self._select(leg, leg.c.charge_id)
            .where(leg.c.owner.is_not(None))
            .group_by(leg.c.charge_id)
            .having(func.sum(leg.c.amount) == 0)
        )
        paid = (
            self._select(leg, leg.c.entry_id, leg.c.charge_id, func.sum(leg.c.amount).label("paid"))
            .where(leg.c.account == AccountKind.CASH, leg.c.charge_id.is_not(None))
            .group_by(leg.c.entry_id, leg.c.charge_id)
            .subquery()
        )
        owed = func.sum(case((leg.c.amount > 0, leg.c.amount), else_=0))
        got = func.sum(case((leg.c.amount < 0, func.coalesce(paid.c.paid, 0)), else_=0))
        query = (
            self._select(leg, leg.c.owner, owed, got)
            .outerjoin(paid, and_(paid.c.entry_id == leg.c.entry_id, paid.c.charge_id == leg.c.charge_id))
            .where(leg.c.owner.is_not(None), leg.c.charge_id.in_(done))
            .group_by(leg.c.owner)
        )
        return tuple((Owner(owner), int(due), int(paid_)) for owner, due, paid_ in self._run(query))

    def open_balances(
        self, as_of: date, *, owner: Owner | None = None, patient_id: str = ""
    ) -> tuple[OpenBalance, ...]:
        """What is owed of each charge by business date `as_of`, zero balances left out, by charge and owner."""
        seal, leg, charge = schema.ledger_entry, schema.ledger_leg, schema.charge
        owed, since = func.sum(leg.c.amount), func.min(seal.c.effective, type_=seal.c.effective.type)
        named = (leg.c.charge_id, charge.c.encounter_id, charge.c.patient_id, leg.c.owner, leg.c.party)
        query = (
            self._select(leg, *named, owed.label("amount"), charge.c.service_date, since.label("since"))
            .join(seal, and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id))
            .join(charge, and_(leg.c.practice_id == charge.c.practice_id, leg.c.charge_id == charge.c.id))
            .where(seal.c.effective <= as_of, leg.c.owner.is_not(None))
            .group_by(*named, charge.c.service_date)
            .having(owed != 0)
            .order_by(leg.c.charge_id, leg.c.owner, leg.c.party)
        )
        if owner is not None:
            query = query.where(leg.c.owner == owner)
        if patient_id:
            query = query.where(charge.c.patient_id == patient_id)
        return tuple(
            OpenBalance(**{**row, "owner": Owner(row["owner"]), "amount": int(row["amount"])})
            for row in self._run(query).mappings()
        )

    # --- the chain ---

    def verify_ledger(self) -> ChainReport:
        """Walk the ledger's chain from the first entry; the report names the first entry that does not hold."""
        report = walk(LEDGER, self._ledger_links(), self._head(LEDGER))
        if not report.sound:
            return report
        seal = schema.ledger_entry
        outside = self._run(
            self._select(seal, seal.c.id).where(~seal.c.position.between(1, report.length)).limit(1)
        ).scalar()
        if outside:
            return replace(report, sound=False, broken_id=str(outside), reason="it has no place in the chain")
        stray = self._unsealed_entry()
        if stray:
            return replace(report, sound=False, broken_id=stray, reason="it has legs and no seal")
        if self.ledger_sum() != 0:  # somebody who could hash the chain anew has written unbalanced legs
            return replace(report, sound=False, reason="the legs do not sum to zero")
        return report

    def _unsealed_entry(self) -> str:
        """The id of an entry that has legs and no seal; "" when every leg is sealed.

        The chain has proved that each seal has the legs it counts, so there are others only if there are more legs.
        """
        seal, leg = schema.ledger_entry, schema.ledger_leg
        counted = self._run(self._select(seal, func.coalesce(func.sum(seal.c.leg_count), 0))).scalar_one()
        if counted == self._run(self._select(leg, func.count())).scalar_one():
            return ""
        sealed = self._select(seal, seal.c.id).where(seal.c.id == leg.c.entry_id).correlate(leg).exists()
        query = self._select(leg, leg.c.entry_id).where(~sealed).order_by(leg.c.entry_id).limit(1)
        return str(self._run(query).scalar() or "")

    def _ledger_links(self) -> Iterator[Link]:
        """Every link as it is stored, read in pages of places in the chain."""
        seal = schema.ledger_entry
        last = self._run(self._select(seal, func.max(seal.c.position))).scalar() or 0
        for first in range(1, last + 1, BATCH):
            page = self._sealed().where(seal.c.position.between(first, first + BATCH - 1))
            for _, group in groupby(self._run(page).mappings(), key=lambda row: row["id"]):
                legs = list(group)
                content = _content(self.practice_id, legs[0], [leg for leg in legs if leg["leg"] is not None])
                yield Link(legs[0]["id"], legs[0]["position"], legs[0]["prev_hash"], legs[0]["hash"], content)


def _leg_rows(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "entry_id": entry.id,
            "leg": number,
            "account": leg.account.kind.value,
            "owner": leg.account.owner.value if leg.account.owner else None,
            "party": leg.account.party,
            "charge_id": leg.charge_id or None,
            "amount": leg.amount,
        }
        for number, leg in enumerate(entry.legs, start=1)
    ]


def _seal_row(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind.value,
        "effective": entry.effective,
        "source": entry.cause.source,
        "reference": entry.cause.reference,
        "reason": entry.cause.reason,
        "reverses": entry.reverses or None,
        "leg_count": len(entry.legs),
    }


def _content(practice_id: str, seal: Any, legs: Iterable[Any]) -> list[Any]:
    """What an entry's hash covers: every stored column of the seal and of its legs but the chain's own."""
    head = [practice_id, seal["id"], seal["kind"], day_text(seal["effective"]), seal["source"], seal["reference"]]
    tail = [seal["reason"], seal["reverses"], seal["leg_count"], moment_text(seal["sealed_at"])]
    sides = [[leg["leg"], leg["account"], leg["owner"], leg["party"], leg["charge_id"], leg["amount"]] for leg in legs]
    return [*head, *tail, sides]


def _leg(row: Any) -> Leg:
    owner = Owner(row["owner"]) if row["owner"] else None
    return Leg(Account(AccountKind(row["account"]), owner, row["party"]), row["amount"], row["charge_id"] or "")


def _entry(rows: list[Any]) -> Entry:
    seal = rows[0]
    cause = Cause(seal["source"], seal["reference"], seal["reason"])
    legs = tuple(_leg(row) for row in rows if row["leg"] is not None)
    return Entry(seal["id"], EntryKind(seal["kind"]), seal["effective"], cause, legs, seal["reverses"] or "")
