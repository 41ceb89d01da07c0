"""What is owed, kept beside the legs that prove it: one row for each charge and each debtor it ever had.

The legs of the ledger are the truth. `open_balance` is their sum, written in the same transaction as they are, so that
the aging and the lists of what is open read what is owed now and not the whole history. `ledger verify` adds the legs
up anew and names the first charge whose kept balance is another (`differing_balance`).

The kept balances are those of today: of the last business date in the ledger. What was owed on an earlier day is added
up from the legs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from billing_core.account import PAYER_OWNERS
from billing_core.ledger import AccountKind, Entry, Owner
from billing_core.money import Cents
from serving.store import schema
from serving.store.bound import Bound, in_chunks
from serving.store.moved import adding, moved_balances, moved_days


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
    provider_id: str


@dataclass(frozen=True, slots=True)
class AgedBalance:
    """Open balances of one kind of debtor, added up by age. `group`: a payer's id, a provider's NPI, or "".

    `amounts` are one for each first day asked for, then what is older than the last of them.
    """

    owner: Owner
    group: str
    amounts: tuple[Cents, ...]


@dataclass(frozen=True, slots=True)
class AgedPart:
    """A part of the aging: one kind of debtor, one row, one age; what is None is not asked for.

    `groups` are the ids behind the row: payers or providers; none of a payer's: what payers do not owe. `age` counts
    from the latest.
    """

    owner: Owner | None = None
    groups: tuple[str, ...] | None = None
    age: int | None = None


class Balances(Bound):
    """The receivable, and the money that no charge has taken."""

    # --- writing, with the legs ---

    def _keep_balances(self, entries: Sequence[Entry]) -> None:
        """Add what these entries move of each debtor's share of each charge, and of each account on each day."""
        dialect, balances = self._connection.dialect.name, moved_balances(entries)
        if balances:
            for statement, parameters in adding(dialect, self.practice_id, balances):
                self._run_driver(statement, parameters)
        days = [
            {"practice_id": self.practice_id, "effective": on, "account": kind, "amount": amount}
            for on, kind, amount in moved_days(entries)
        ]
        if days:
            self._run(_adding_day(dialect), days)

    # --- what is open ---

    def open_balances(
        self, as_of: date, *, owner: Owner | None = None, patient_id: str = ""
    ) -> tuple[OpenBalance, ...]:
        """What is owed of each charge by business date `as_of`, zero balances left out, by charge and owner."""
        charge, owed = schema.charge, self._owed(as_of)
        query = self._of_charges(owed).order_by(owed.c.charge_id, owed.c.owner, owed.c.party)
        if owner is not None:
            query = query.where(owed.c.owner == owner)
        if patient_id:
            query = query.where(charge.c.patient_id == patient_id)
        return tuple(_balance(row) for row in self._run(query).mappings())

    def open_of(self, charge_ids: Iterable[str]) -> dict[str, Cents]:
        """What is owed of each of these charges today, by whomever; a charge that was never posted is left out."""
        kept = schema.open_balance
        found: dict[str, Cents] = {}
        for piece in in_chunks(charge_ids):
            query = self._select(kept, kept.c.charge_id, func.sum(kept.c.amount)).where(kept.c.charge_id.in_(piece))
            found |= {charge_id: int(amount) for charge_id, amount in self._run(query.group_by(kept.c.charge_id))}
        return found

    def _of_charges(self, owed: Subquery) -> Select[*tuple[Any, ...]]:
        """What is owed, beside the visit and the patient of each charge."""
        charge = schema.charge
        same = and_(self._mine(charge), charge.c.id == owed.c.charge_id)
        return select(owed, charge.c.encounter_id, charge.c.patient_id).join(charge, same)

    def balances_behind(
        self, as_of: date, first_days: Sequence[date], *, by: str, since_service: bool, part: AgedPart, limit: int
    ) -> tuple[int, Cents, tuple[OpenBalance, ...]]:
        """How many open balances stand behind a part of the aging, what they add up to, and the oldest of them.

        `first_days`, `by` and `since_service` as for `aged_balances`.
        """
        owed = self._owed(as_of)
        day = owed.c.service_date if since_service else owed.c.since
        conditions = _part(owed, by, part)
        if part.age is not None:
            conditions.append(_ages(day, first_days)[part.age])
        total = select(func.count(), func.coalesce(func.sum(owed.c.amount), 0)).select_from(owed).where(*conditions)
        count, amount = self._run(total).one()
        oldest = (day, owed.c.charge_id, owed.c.owner)
        first = select(owed).where(*conditions).order_by(*oldest).limit(limit).subquery()
        query = self._of_charges(first)
        order = (first.c[day.name], first.c.charge_id, first.c.owner)
        rows = self._run(query.order_by(*order)).mappings()
        return int(count), int(amount), tuple(_balance(row) for row in rows)

    def _owed(self, as_of: date) -> Subquery:
        """What is owed of each charge on that day: as kept, when no entry has a later business date, else added up."""
        kept, seal, charge = schema.open_balance, schema.ledger_entry, schema.charge
        last = self._run(self._select(seal, func.max(seal.c.effective, type_=seal.c.effective.type))).scalar()
        if last is None or last <= as_of:
            columns = [kept.c[name] for name in _OWED]
            return self._select(kept, *columns).where(kept.c.amount != text("0")).subquery()  # as the index says it
        then = self._added_up(as_of).subquery()
        same = and_(self._mine(charge), charge.c.id == then.c.charge_id)
        visit = schema.encounter
        its = and_(self._mine(visit), visit.c.id == charge.c.encounter_id)
        every = select(then, charge.c.service_date, visit.c.provider_id).join(charge, same).join(visit, its)
        return every.where(then.c.amount != 0).subquery()

    def _added_up(self, as_of: date | None = None) -> Select[*tuple[Any, ...]]:
        """Every debtor's share of every charge from the legs alone: all of them, or the business dates to `as_of`."""
        seal, leg = schema.ledger_entry, schema.ledger_leg
        amount, since = func.sum(leg.c.amount), func.min(seal.c.effective, type_=seal.c.effective.type)
        share = (leg.c.charge_id, leg.c.owner, leg.c.party)
        query = (
            self._select(leg, *share, amount.label("amount"), since.label("since"))
            .join(seal, and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id))
            .where(leg.c.owner.is_not(None))
            .group_by(*share)
        )
        return query if as_of is None else query.where(seal.c.effective <= as_of)

    def aged_balances(
        self, as_of: date, first_days: Sequence[date], *, by: str, since_service: bool
    ) -> tuple[AgedBalance, ...]:
        """The open balances of a business date by owner and `by` ("payer", "provider" or "practice"), in ages.

        `first_days`, latest first, are the earliest day of each age. Age counts from the date of service, or from the
        first day of the owner's share. Guarantors are one group: a list by payer names none of them.
        """
        owed = self._owed(as_of)
        day = owed.c.service_date if since_service else owed.c.since
        amounts = [func.sum(case((age, owed.c.amount), else_=0)) for age in _ages(day, first_days)]
        of_payer = owed.c.owner.in_([owner.value for owner in PAYER_OWNERS])
        if by == "payer":  # in the order of the index, both of them
            queries = [
                select(owed.c.owner, owed.c.party, *amounts).where(of_payer).group_by(owed.c.owner, owed.c.party),
                select(owed.c.owner, literal(""), *amounts).where(~of_payer).group_by(owed.c.owner),
            ]
        elif by == "provider":
            who, each = schema.provider, (owed.c.owner, owed.c.provider_id)
            sums = [amount.label(f"age_{place}") for place, amount in enumerate(amounts)]
            of_each = select(*each, *sums).group_by(*each).subquery()
            queries = [
                select(of_each.c.owner, who.c.npi, *(of_each.c[amount.name] for amount in sums)).join(
                    who, and_(self._mine(who), who.c.id == of_each.c.provider_id)
                )
            ]
        else:
            queries = [select(owed.c.owner, literal(""), *amounts).group_by(owed.c.owner)]
        return tuple(
            AgedBalance(Owner(owner), group, tuple(map(int, cents)))
            for query in queries
            for owner, group, *cents in self._run(query)
        )

    # --- the proof ---

    def differing_balance(self) -> str:
        """The first charge whose kept balances are not the sums of its legs; "" when there is none."""
        kept, charge, visit = schema.open_balance, schema.charge, schema.encounter
        nothing = literal(0)
        proved = self._added_up().subquery()
        legs = select(
            proved.c.charge_id, proved.c.owner, proved.c.party, visit.c.provider_id, charge.c.service_date,
            proved.c.since, proved.c.amount.label("proved"), nothing.label("kept"), literal(1).label("side"),
        ).join(charge, and_(self._mine(charge), charge.c.id == proved.c.charge_id)).join(
            visit, and_(self._mine(visit), visit.c.id == charge.c.encounter_id)
        )  # fmt: skip
        rows = self._select(
            kept, kept.c.charge_id, kept.c.owner, kept.c.party, kept.c.provider_id, kept.c.service_date, kept.c.since,
            nothing.label("proved"), kept.c.amount.label("kept"), literal(-1).label("side"),
        )  # fmt: skip
        both = union_all(legs, rows).subquery()
        # A share that stands on both sides with the same days is one group of one leg row and one kept row.
        whose = (both.c.charge_id, both.c.owner, both.c.party, both.c.provider_id)
        share = (*whose, both.c.service_date, both.c.since)
        differs = or_(func.sum(both.c.side) != 0, func.sum(both.c.proved) != func.sum(both.c.kept))
        query = select(both.c.charge_id).group_by(*share).having(differs).order_by(both.c.charge_id).limit(1)
        return str(self._run(query).scalar() or "")

    def differing_day(self) -> str:
        """The first day and account whose kept total is not the sum of its legs ("" for none); a missing one is 0."""
        seal, leg, kept = schema.ledger_entry, schema.ledger_leg, schema.day_total
        of_seal = and_(leg.c.practice_id == seal.c.practice_id, leg.c.entry_id == seal.c.id)
        legs = self._select(leg, seal.c.effective, leg.c.account, leg.c.amount).join(seal, of_seal)
        rows = self._select(kept, kept.c.effective, kept.c.account, (-kept.c.amount).label("amount"))
        both = union_all(legs, rows).subquery()
        each = (both.c.effective, both.c.account)
        query = select(*each).group_by(*each).having(func.sum(both.c.amount) != 0).order_by(*each).limit(1)
        found = self._run(query).first()
        return f"{found[0]} {found[1]}" if found else ""

    # --- what each account holds ---

    def account_totals(self, as_of: date | None = None) -> dict[AccountKind, Cents]:
        """The balance of each kind of account by business date; kinds without a leg are left out."""
        kept = schema.day_total
        query = self._select(kept, kept.c.account, func.sum(kept.c.amount)).group_by(kept.c.account)
        if as_of is not None:
            query = query.where(kept.c.effective <= as_of)
        return {AccountKind(kind): int(total) for kind, total in self._run(query.order_by(kept.c.account))}

    # --- money that no charge has taken ---

    def unapplied(self) -> dict[str, Cents]:
        """Party -> what we hold of theirs that no charge has taken (positive: our liability); zero is left out."""
        leg = schema.ledger_leg
        held = func.sum(leg.c.amount)
        query = self._select(leg, leg.c.party, held).where(leg.c.account == text("'unapplied'"))
        rows = self._run(query.group_by(leg.c.party).having(held != 0).order_by(leg.c.party))
        return {party: -int(amount) for party, amount in rows}

    def unapplied_of(self, party: str) -> Cents:
        """What we hold of one party's that no charge has taken (positive: our liability)."""
        leg = schema.ledger_leg
        held = self._select(leg, func.coalesce(func.sum(leg.c.amount), 0)).where(leg.c.party == party)
        return -int(self._run(held.where(leg.c.account == text("'unapplied'"))).scalar_one())


_OWED = ("charge_id", "owner", "party", "amount", "since", "service_date", "provider_id")


def _balance(row: RowMapping) -> OpenBalance:
    return OpenBalance(**{**row, "owner": Owner(row["owner"]), "amount": int(row["amount"])})


def _part(owed: Subquery, by: str, part: AgedPart) -> list[ColumnElement[bool]]:
    """The conditions of one kind of debtor and one row of the aging."""
    conditions = [] if part.owner is None else [owed.c.owner == part.owner.value]
    if part.groups is None or by == "practice":
        return conditions
    if by == "provider":
        return [*conditions, owed.c.provider_id.in_(part.groups)]
    of_payer = owed.c.owner.in_([owner.value for owner in PAYER_OWNERS])
    return [*conditions, *([of_payer, owed.c.party.in_(part.groups)] if part.groups else [~of_payer])]


def _ages(day: ColumnElement[date], first_days: Sequence[date]) -> list[ColumnElement[bool]]:
    """The condition of each age, latest first; the last is older than every first day."""
    latest, *_ = ages = [day >= first for first in first_days]
    between = [and_(day < later, age) for later, age in zip(first_days, ages[1:], strict=False)]
    return [latest, *between, day < first_days[-1]]


@cache
def _adding_day(dialect: str) -> Executable:
    """The statement that adds to the total of one day's account, or begins it."""
    kept = schema.day_total
    adding = (postgresql if dialect == "postgresql" else sqlite).insert(kept)
    statement: Executable = adding.on_conflict_do_update(
        index_elements=list(kept.primary_key), set_={"amount": kept.c.amount + adding.excluded.amount}
    )
    return statement
