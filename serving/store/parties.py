"""The parties: the practice itself, payers and their contracts, prices, providers, locations, and the patients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Table, or_, update

from billing_core.chargemaster import Chargemaster, Price
from billing_core.contract import Contract
from billing_core.credit_balance import RefundRule
from billing_core.registration import (
    Authorization,
    Coverage,
    Guarantor,
    Location,
    Patient,
    Payer,
    Practice,
    Provider,
)
from serving.errors import InputError, NotFound
from serving.ids import Clock, NewId
from serving.store import schema
from serving.store.bound import Bound, Row, body, execute, in_chunks, read

_PARTNERS = (schema.payer, schema.contract, schema.price, schema.provider, schema.location)
Given = ParamSpec("Given")
Found = TypeVar("Found")


def _once(
    method: Callable[Concatenate[Parties, Given], Found],
) -> Callable[Concatenate[Parties, Given], Found]:
    """A partner is read once a transaction: a night asks for the same few payers and prices some thousand times."""

    @wraps(method)
    def asked(self: Parties, *given: Given.args, **named: Given.kwargs) -> Found:
        key = (method.__name__, given, *sorted(named.items()))
        if key not in self._known:
            self._known[key] = method(self, *given, **named)
        found: Found = self._known[key]
        return found

    return asked  # type: ignore[return-value]  # mypy keeps the name of the first parameter


class Parties(Bound):
    """Saving a record of the same id replaces it; the event log keeps the hash before and after."""

    def __init__(self, connection: Connection, practice_id: str, clock: Clock, new_id: NewId) -> None:
        super().__init__(connection, practice_id, clock, new_id)
        self._known: dict[Any, Any] = {}

    def _save(self, table: Table, rows: Iterable[Row]) -> None:
        if table in _PARTNERS:
            self._known.clear()
        super()._save(table, rows)

    # --- the practice and its partners ---

    @_once
    def practice(self) -> Practice:
        """The practice whose books these are."""
        query = schema.practice.select().where(schema.practice.c.id == self.practice_id)
        row = self._run(query).mappings().one()
        return read(Practice, row["body"])

    def save_practice(self, record: Practice) -> None:
        """New particulars of this practice. Its id and its mark stay as they are."""
        if record.id != self.practice_id or record.mark != self.practice().mark:
            raise InputError("id and mark of a practice stay", field="practice", mend="keep the id and the mark")
        mine = schema.practice.c.id == self.practice_id
        self._known.clear()
        execute(self._connection, update(schema.practice).where(mine).values(body=body(record)))

    def save_payer(self, record: Payer) -> None:
        """Add a payer, or replace the one of that id."""
        self.save_payers([record])

    def save_payers(self, records: Iterable[Payer]) -> None:
        """Many payers at once."""
        self._save(schema.payer, [{"id": r.id, "number": r.number, "body": body(r)} for r in records])

    @_once
    def payer(self, payer_id: str) -> Payer:
        """The payer, or NotFound."""
        return self._record(Payer, schema.payer, "payer", id=payer_id)

    @_once
    def payers(self) -> tuple[Payer, ...]:
        """Every payer, by id."""
        table = schema.payer
        return self._records(Payer, self._select(table, table.c.body).order_by(table.c.id))

    def save_contract(self, record: Contract) -> None:
        """Add a contract, or replace the one of that payer and first day."""
        row = {
            "payer_id": record.payer_id,
            "effective": record.effective,
            "terminated": record.terminated,
            "body": body(record),
        }
        self._save(schema.contract, [row])

    @_once
    def contract(self, payer_id: str, on: date) -> Contract:
        """The contract in force with the payer on that day (the latest first), or NotFound."""
        known = reversed(self.contracts(payer_id)) if payer_id else iter(())
        found = next((contract for contract in known if contract.covers(on)), None)
        if found is None:
            raise NotFound("contract", "load the payer's contract of that day")
        return found

    @_once
    def contracts(self, payer_id: str = "") -> tuple[Contract, ...]:
        """Every contract (of one payer, when given), by payer and first day."""
        table = schema.contract
        query = self._select(table, table.c.body).order_by(table.c.payer_id, table.c.effective)
        return self._records(Contract, query.where(table.c.payer_id == payer_id) if payer_id else query)

    def save_prices(self, records: Iterable[Price]) -> None:
        """Add prices, or replace those of the same procedure and first day."""
        rows = [
            {"procedure": r.procedure, "effective": r.effective, "terminated": r.terminated, "amount": r.amount}
            for r in records
        ]
        self._save(schema.price, rows)

    def save_refund_rules(self, records: Iterable[RefundRule]) -> None:
        """Put these rules in the place of all that were kept: a file holds what the site knows."""
        table = schema.refund_rule
        self._run(table.delete().where(self._mine(table)))
        self._insert(
            table,
            [{"state": r.state, "whose": r.whose, "effective": r.effective, "body": body(r)} for r in records],
        )

    def refund_rules(self) -> tuple[RefundRule, ...]:
        """The states' rules about credits that the site keeps, by state."""
        table = schema.refund_rule
        query = self._select(table, table.c.body).order_by(table.c.state, table.c.whose, table.c.effective)
        return self._records(RefundRule, query)

    @_once
    def chargemaster(self) -> Chargemaster:
        """All prices of the practice."""
        table = schema.price
        columns = (table.c.procedure, table.c.amount, table.c.effective, table.c.terminated)
        rows = self._run(self._select(table, *columns).order_by(table.c.procedure, table.c.effective))
        return Chargemaster(tuple(Price(**row) for row in rows.mappings()))

    def save_provider(self, record: Provider) -> None:
        """Add a provider, or replace the one of that id."""
        self._save(schema.provider, [{"id": record.id, "npi": record.npi, "body": body(record)}])

    @_once
    def provider(self, provider_id: str) -> Provider:
        """The provider, or NotFound."""
        return self._record(Provider, schema.provider, "provider", id=provider_id)

    @_once
    def providers(self) -> tuple[Provider, ...]:
        """Every provider, by id."""
        table = schema.provider
        return self._records(Provider, self._select(table, table.c.body).order_by(table.c.id))

    def save_location(self, record: Location) -> None:
        """Add a location, or replace the one of that id."""
        self._save(schema.location, [{"id": record.id, "body": body(record)}])

    @_once
    def location(self, location_id: str) -> Location:
        """The location, or NotFound."""
        return self._record(Location, schema.location, "location", id=location_id)

    def locations(self) -> tuple[Location, ...]:
        """Every location, by id."""
        table = schema.location
        return self._records(Location, self._select(table, table.c.body).order_by(table.c.id))

    # --- the patients ---

    def save_guarantors(self, records: Iterable[Guarantor]) -> None:
        """Add guarantors, or replace those of the same id."""
        self._save(schema.guarantor, [{"id": r.id, "body": body(r)} for r in records])

    def guarantor(self, guarantor_id: str) -> Guarantor:
        """The guarantor, or NotFound."""
        return self._record(Guarantor, schema.guarantor, "guarantor", id=guarantor_id)

    def guarantors(self) -> tuple[Guarantor, ...]:
        """Every guarantor, by id."""
        table = schema.guarantor
        return self._records(Guarantor, self._select(table, table.c.body).order_by(table.c.id))

    def save_patients(self, records: Iterable[Patient]) -> None:
        """Add patients, or replace those of the same id. Their guarantors must be there."""
        rows = [
            {
                "id": r.id,
                "record_number": r.record_number,
                "guarantor_id": r.guarantor_id,
                "last_name": r.name.last.lower(),
                "birth_date": r.birth_date,
                "body": body(r),
            }
            for r in records
        ]
        self._save(schema.patient, rows)

    def patient(self, patient_id: str) -> Patient:
        """The patient, or NotFound."""
        return self._record(Patient, schema.patient, "patient", id=patient_id)

    def patients(self, guarantor_id: str = "", limit: int | None = None) -> tuple[Patient, ...]:
        """Every patient (of one guarantor, when given), by id."""
        table = schema.patient
        query = self._select(table, table.c.body).order_by(table.c.id).limit(limit)
        return self._records(Patient, query.where(table.c.guarantor_id == guarantor_id) if guarantor_id else query)

    def patients_by_id(self, patient_ids: Iterable[str]) -> dict[str, Patient]:
        """The patients with these ids; ids that are not of this practice are left out."""
        table, found = schema.patient, dict[str, Patient]()
        for piece in in_chunks(patient_ids):
            query = self._select(table, table.c.body).where(table.c.id.in_(piece))
            found |= {record.id: record for record in self._records(Patient, query)}
        return found

    def find_patients(self, text: str, limit: int = 20) -> tuple[Patient, ...]:
        """Patients whose last name begins with `text`, or whose record number it is."""
        table = schema.patient
        matches = or_(
            table.c.last_name.startswith(text.strip().lower(), autoescape=True),
            table.c.record_number == text.strip(),
        )
        query = self._select(table, table.c.body).where(matches).order_by(table.c.last_name, table.c.id)
        return self._records(Patient, query.limit(limit))

    def save_coverages(self, records: Iterable[Coverage]) -> None:
        """Add coverages, or replace those of the same id."""
        rows = [
            {
                "id": r.id,
                "patient_id": r.patient_id,
                "payer_id": r.payer_id,
                "rank": r.rank,
                "member_id": r.member_id,
                "effective": r.effective,
                "terminated": r.terminated,
                "body": body(r),
            }
            for r in records
        ]
        self._save(schema.coverage, rows)

    def coverage(self, coverage_id: str) -> Coverage:
        """The coverage, or NotFound."""
        return self._record(Coverage, schema.coverage, "coverage", id=coverage_id)

    def coverages_by_id(self, coverage_ids: Iterable[str]) -> dict[str, Coverage]:
        """The coverages with these ids; ids that are not of this practice are left out."""
        table, found = schema.coverage, dict[str, Coverage]()
        for piece in in_chunks(coverage_ids):
            query = self._select(table, table.c.body).where(table.c.id.in_(piece))
            found |= {record.id: record for record in self._records(Coverage, query)}
        return found

    def coverages(self, patient_id: str) -> tuple[Coverage, ...]:
        """Every coverage of the patient, first payer first, whatever its dates."""
        table = schema.coverage
        query = self._select(table, table.c.body).where(table.c.patient_id == patient_id)
        return self._records(Coverage, query.order_by(table.c.rank, table.c.effective, table.c.id))

    def coverages_of(self, patient_ids: Iterable[str], *, from_rank: int = 1) -> dict[str, tuple[Coverage, ...]]:
        """The coverages of many patients, each as `coverages` gives them, from that payer in order on; a patient
        without one is left out.
        """
        table = schema.coverage
        found: dict[str, tuple[Coverage, ...]] = {}
        for piece in in_chunks(patient_ids):
            query = self._select(table, table.c.body).where(table.c.patient_id.in_(piece), table.c.rank >= from_rank)
            for record in self._records(Coverage, query.order_by(table.c.rank, table.c.effective, table.c.id)):
                found[record.patient_id] = (*found.get(record.patient_id, ()), record)
        return found

    def patients_of_members(self, member_ids: Iterable[str]) -> frozenset[str]:
        """The ids of the patients who have, or had, a coverage with one of these member ids."""
        table = schema.coverage
        found: set[str] = set()
        for piece in in_chunks(member_ids):
            found.update(
                self._run(self._select(table, table.c.patient_id).where(table.c.member_id.in_(piece))).scalars()
            )
        return frozenset(found)

    def save_authorizations(self, records: Iterable[Authorization]) -> None:
        """Add prior authorizations, or replace those of the same id."""
        rows = [
            {
                "id": r.id,
                "patient_id": r.patient_id,
                "payer_id": r.payer_id,
                "number": r.number,
                "body": body(r),
            }
            for r in records
        ]
        self._save(schema.prior_authorization, rows)

    def authorization(self, authorization_id: str) -> Authorization:
        """The prior authorization, or NotFound."""
        return self._record(Authorization, schema.prior_authorization, "authorization", id=authorization_id)

    def authorizations(self, patient_id: str) -> tuple[Authorization, ...]:
        """Every prior authorization of the patient, by id."""
        table = schema.prior_authorization
        query = self._select(table, table.c.body).where(table.c.patient_id == patient_id)
        return self._records(Authorization, query.order_by(table.c.id))

    def authorizations_of(self, patient_ids: Iterable[str]) -> dict[str, tuple[Authorization, ...]]:
        """The prior authorizations of many patients, each as `authorizations` gives them; a patient without one is
        left out.
        """
        table = schema.prior_authorization
        found: dict[str, tuple[Authorization, ...]] = {}
        for piece in in_chunks(patient_ids):
            query = self._select(table, table.c.body).where(table.c.patient_id.in_(piece))
            for record in self._records(Authorization, query.order_by(table.c.id)):
                found[record.patient_id] = (*found.get(record.patient_id, ()), record)
        return found
