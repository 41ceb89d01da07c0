"""The ledger on disk: legs first, then the entry that seals them, chained to the entry before. It only grows.

The store refuses by trigger: an entry whose legs are fewer than two or do not sum to zero, a leg of a sealed entry,
an entry out of its place in the chain, and every update or delete. Nothing here works around that.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import groupby
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, func, select, text, type_coerce

from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg, Owner
from billing_core.money import Cents
from serving.errors import Conflict, NotFound
from serving.store import schema
from serving.store.balances import Balances
from serving.store.bound import in_chunks
from serving.store.bulk import BULK
from serving.store.chain import LEDGER, ChainReport, Link, day_text, moment_text, spelled_hash, walk
from serving.store.chained import Chained

BATCH = 1_000  # entries written at a time
DAY_SHEET = "day sheet"  # the subject of the event that closes a day
_UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class ChargeSum:
    """What stands on one account of one charge: the sum of its legs there. `owner` is given for receivables only."""

    charge_id: str
    encounter_id: str
    patient_id: str
    procedure: str
    service_date: date
    account: AccountKind
    owner: Owner | None
    party: str
    amount: Cents


class Ledger(Balances, Chained):
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
        self._keep_balances(entries)
        return len(entries)

    def _append_batch(self, entries: Sequence[Entry]) -> None:
        practice, sealed_at = self.practice_id, self.clock.now()
        position, previous = self._head(LEDGER)
        tail = f",{_quoted(moment_text(sealed_at))},["
        legs: list[tuple[Any, ...]] = []
        seals: list[tuple[Any, ...]] = []
        for entry in entries:
            spelt, entry_legs = _spelled_legs(practice, entry)
            legs += entry_legs
            position += 1
            hashed = spelled_hash(previous, f"{_spelled_seal(practice, entry)}{tail}{spelt}]]")
            seals.append((*_seal(practice, entry), sealed_at, position, previous, hashed))
            previous = hashed
        if len(entries) >= BULK and self._connection.dialect.name == "postgresql":
            # The plans of the references were made when the tables were smaller, perhaps empty; after a bulk load
            # without fresh statistics they would read all of a practice's charges for each leg.
            self._run(text("DISCARD PLANS"))
        self._insert_tuples(schema.ledger_leg, _LEG, legs)
        self._insert_tuples(schema.ledger_entry, _SEAL, seals)
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

    def entries_from(self, first: int, count: int, reference: str = "", kind: str = "") -> tuple[Entry, ...]:
        """The entries at `count` places of the chain from `first` on; of one reference or one kind, when given."""
        seal = schema.ledger_entry
        conditions: list[Any] = [seal.c.position.between(first, first + count - 1)]
        conditions += [seal.c.reference == reference] if reference else []
        conditions += [seal.c.kind == kind] if kind else []
        return self._entries(*conditions)

    def entries_of_kind(self, kind: EntryKind) -> tuple[Entry, ...]:
        """Every entry of that kind, in the order they were written."""
        return self._entries(schema.ledger_entry.c.kind == kind)

    def totals_from(self, first: int, count: int) -> dict[AccountKind, Cents]:
        """What the entries at `count` places of the chain from `first` on moved, by kind of account."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        same = and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id)
        query = self._select(leg, leg.c.account, func.sum(leg.c.amount)).join(seal, same)
        rows = self._run(query.where(seal.c.position.between(first, first + count - 1)).group_by(leg.c.account))
        return {AccountKind(kind): int(total) for kind, total in rows}

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
        seal, leg = schema.ledger_entry, schema.ledger_leg
        columns = (
            *(seal.c[name] for name in ("position", "id", "kind", "effective", "source", "reference", "reason")),
            *(seal.c.reverses, leg.c.account, leg.c.owner, leg.c.party, leg.c.charge_id),
            type_coerce(leg.c.amount, BigInteger),
        )
        query = self._select(seal, *columns).join(leg, _same_entry()).order_by(seal.c.position, leg.c.leg)
        legs: defaultdict[int, list[Leg]] = defaultdict(list)
        seals: dict[int, tuple[str, str, date, Cause, str | None]] = {}
        for row in self._run(query.where(*conditions)).all():
            place, entry_id, what, on, source, reference, reason, reverses, kind, owner, party, charge_id, amount = row
            legs[place].append(Leg(_account(kind, owner, party), amount, charge_id or ""))
            if place not in seals:
                seals[place] = (entry_id, what, on, _cause(source, reference, reason), reverses)
        return {
            place: Entry(entry_id, _ENTRY_KINDS[what], on, cause, tuple(legs[place]), reverses or "")
            for place, (entry_id, what, on, cause, reverses) in seals.items()
        }

    def _sealed(self) -> Select[*tuple[Any, ...]]:
        """Every leg beside its seal, in the order of the chain."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        columns = [leg.c[name] for name in ("leg", "account", "owner", "party", "charge_id", "amount")]
        return self._select(seal, seal, *columns).outerjoin(leg, _same_entry()).order_by(seal.c.position, leg.c.leg)

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
        seal = schema.ledger_entry  # found by their day first, in a query of its own: the planner would walk the chain
        return self._entries(seal.c.id.in_(self._select(seal, seal.c.id).where(seal.c.effective == on)))

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

    def ledger_sum(self) -> Cents:
        """The sum of every leg of the practice: zero in sound books."""
        leg = schema.ledger_leg
        return int(self._run(self._select(leg, func.coalesce(func.sum(leg.c.amount), 0))).scalar_one())

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

    def sums_of_services(self, since: date, until: date) -> tuple[ChargeSum, ...]:
        """Of each charge with a day of service in the period (both ends): the sum of its legs by account and owner."""
        leg, charge = schema.ledger_leg, schema.charge
        named = (leg.c.charge_id, charge.c.encounter_id, charge.c.patient_id, charge.c.procedure, charge.c.service_date)
        by = (*named, leg.c.account, leg.c.owner, leg.c.party)
        query = (
            self._select(leg, *by, func.sum(leg.c.amount).label("amount"))
            .join(charge, and_(leg.c.practice_id == charge.c.practice_id, leg.c.charge_id == charge.c.id))
            .where(charge.c.service_date.between(since, until))
            .group_by(*by)
            .order_by(leg.c.charge_id)
        )
        return tuple(
            ChargeSum(
                **{
                    **row,
                    "account": AccountKind(row["account"]),
                    "owner": Owner(row["owner"]) if row["owner"] else None,
                    "amount": int(row["amount"]),
                }
            )
            for row in self._run(query).mappings()
        )

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

    # --- the chain ---

    def verify_ledger(self) -> ChainReport:
        """Walk the ledger's chain from the first entry, and add up every balance kept beside it.

        The report names the first entry that does not hold, or the first charge whose kept balance does not.
        """
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
        charge = self.differing_balance()
        if charge:
            return replace(report, sound=False, broken_id=charge, reason="its kept balance is not the sum of its legs")
        day = self.differing_day()
        if day:
            return replace(report, sound=False, broken_id=day, reason="its kept total is not the sum of its legs")
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


_ENTRY_KINDS = {kind.value: kind for kind in EntryKind}
_cause = lru_cache(1_000)(Cause)  # many entries have the same


@lru_cache(10_000)
def _account(kind: str, owner: str | None, party: str) -> Account:
    return Account(AccountKind(kind), Owner(owner) if owner else None, party)


def _same_entry() -> ColumnElement[bool]:
    seal, leg = schema.ledger_entry, schema.ledger_leg
    return and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id)


# An entry is spelled twice over: here, straight from the record, when it is sealed, and by `_content` with
# `canonical`, from the stored columns, when it is proved. The two must agree, or nothing proves.

_LEG = ("practice_id", "entry_id", "leg", "account", "owner", "party", "charge_id", "amount")
_SEAL = (
    *("practice_id", "id", "kind", "effective", "source", "reference", "reason", "reverses", "leg_count"),
    *("sealed_at", "position", "prev_hash", "hash"),
)
_quoted = encode_basestring  # a text in quotation marks, as `canonical` writes it


def _spelled_legs(practice_id: str, entry: Entry) -> tuple[str, list[tuple[Any, ...]]]:
    """The legs as the hash covers them, and as rows in the order of `_LEG`."""
    spelt: list[str] = []
    rows: list[tuple[Any, ...]] = []
    entry_id = entry.id
    for number, leg in enumerate(entry.legs, start=1):
        account, charge, amount = leg.account, leg.charge_id, leg.amount
        spelt_account, named = _named(account.kind, account.owner, account.party)
        spelt.append(f"[{number},{spelt_account},{_quoted(charge) if charge else 'null'},{amount}]")
        rows.append((practice_id, entry_id, number, *named, charge or None, amount))
    return ",".join(spelt), rows


@lru_cache(10_000)
def _named(kind: AccountKind, owner: Owner | None, party: str) -> tuple[str, tuple[str, str | None, str]]:
    """An account as the hash covers it, and as its columns hold it: a file's legs stand on few accounts."""
    owner_text = str(owner) if owner else None
    return f'"{kind}",{_or_null(owner_text)},{_quoted(party)}', (str(kind), owner_text, party)


def _or_null(name: str | None) -> str:
    return _quoted(name) if name else "null"


def _spelled_seal(practice_id: str, entry: Entry) -> str:
    """The beginning of what the hash covers, up to the moment of sealing."""
    cause = entry.cause
    who = f"[{_quoted(practice_id)},{_quoted(entry.id)},{_quoted(entry.kind)},{_quoted(day_text(entry.effective))}"
    why = f"{_quoted(cause.source)},{_quoted(cause.reference)},{_quoted(cause.reason)}"
    return f"{who},{why},{_or_null(entry.reverses)},{len(entry.legs)}"


def _seal(practice_id: str, entry: Entry) -> tuple[Any, ...]:
    """The seal in the order of `_SEAL`, up to the moment of sealing."""
    cause = entry.cause
    named = (practice_id, entry.id, str(entry.kind), entry.effective, cause.source, cause.reference, cause.reason)
    return (*named, entry.reverses or None, len(entry.legs))


def _content(practice_id: str, seal: Any, legs: Iterable[Any]) -> list[Any]:
    """What an entry's hash covers: every stored column of the seal and of its legs but the chain's own."""
    head = [practice_id, seal["id"], seal["kind"], day_text(seal["effective"]), seal["source"], seal["reference"]]
    tail = [seal["reason"], seal["reverses"], seal["leg_count"], moment_text(seal["sealed_at"])]
    sides = [[leg["leg"], leg["account"], leg["owner"], leg["party"], leg["charge_id"], leg["amount"]] for leg in legs]
    return [*head, *tail, sides]
