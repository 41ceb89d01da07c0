"""Intake: a practice, its people and its visits, from files of records as the front desk's system exports them.

The folder is described in `data/synthetic/README.md`. Every record is checked before any is kept; an error names file,
line and field, never its content.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from billing_core.chargemaster import Price
from billing_core.contract import Contract
from billing_core.encounter import Encounter
from billing_core.record import from_plain
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
from serving.desk.case import Desk, use_case
from serving.desk.paper import NOTE_MOST, lines, made, read_file
from serving.errors import InputError
from serving.ids import local_day

if TYPE_CHECKING:
    from serving.store.books import Books, Store

KINDS = {"guarantor": Guarantor, "patient": Patient, "coverage": Coverage, "authorization": Authorization}
Record = TypeVar("Record")


def _record(cls: type[Record], plain: Any, place: str) -> Record:
    try:
        return from_plain(cls, plain)
    except ValueError as error:
        raise InputError(
            "not usable", field=str(error), place=place, mend="correct the record and import again"
        ) from None


def read_practice(path: Path) -> dict[str, Any]:
    """practice.json as plain values."""
    try:
        plain = json.loads(read_file(path))
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise InputError("not a JSON object", place=path.name, mend="give the exported practice file")
    return plain


def add_practice(store: Store, path: Path) -> Practice:
    """Open the books of a new practice, with its locations, providers, payers, contracts and prices."""
    plain = read_practice(path)
    practice = _record(Practice, plain.get("practice"), path.name)
    with store.access() as access:
        access.add_practice(practice)
    with store.open(practice.id) as books:
        for payer in plain.get("payers", ()):
            books.save_payer(_record(Payer, payer, path.name))
        for location in plain.get("locations", ()):
            books.save_location(_record(Location, location, path.name))
        for provider in plain.get("providers", ()):
            books.save_provider(_record(Provider, provider, path.name))
        for contract in plain.get("contracts", ()):
            books.save_contract(_record(Contract, contract, path.name))
        books.save_prices(_record(Price, price, path.name) for price in plain.get("prices", ()))
        books.log("operator", "practice.create", practice.id)
    return practice


def _known(line: dict[str, Any]) -> tuple[date, Any]:
    return date.fromisoformat(line["known_on"]), line["record"]


def _noted(line: dict[str, Any], folder: Path) -> tuple[Any, Path]:
    return line["record"], folder / line["note"]


@use_case("patient.register")
def register(desk: Desk, books: Books, folder: Path, known_from: date, known_until: date) -> int:
    """Keep the registrations that became known after `known_from`, up to `known_until`; returns how many."""
    kept: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for place, line in lines(folder / "registration.jsonl"):
        if line.get("kind") not in KINDS:
            raise InputError("unknown kind", field="kind", place=place, mend=f"one of {', '.join(KINDS)}")
        # People are kept at once, so that visits can name them; coverages only when the front desk learned of them.
        person = line["kind"] in ("guarantor", "patient") and known_from == date.min
        known_on, record = made(place, partial(_known, line))
        if person or known_from < known_on <= known_until:
            kept[line["kind"]].append(_record(KINDS[line["kind"]], record, place))
    books.save_guarantors(kept["guarantor"])
    books.save_patients(kept["patient"])
    books.save_coverages(kept["coverage"])
    books.save_authorizations(kept["authorization"])
    return sum(len(records) for records in kept.values())


def register_new(desk: Desk, folder: Path) -> int:
    """Keep what the front desk has learned since the last time, up to today; the first time, everything so far.

    To be done before visits are signed: a coverage that the books do not know makes a self-pay visit.
    """
    with desk.store.read(desk.practice_id) as books:
        times, today, zone = books.events(action="patient.register"), desk.today(books), books.practice().zone
    # The day of the last time is taken in again: something may have been learned that evening.
    since = local_day(times[-1].at, zone) - timedelta(days=1) if times else date.min
    return register(desk, folder, since, today)


@use_case("encounter.import")
def take_in(desk: Desk, books: Books, folder: Path) -> int:
    """Keep every visit of the folder with its note; returns how many."""
    from models.coding.note import NoteError, check_note

    count = 0
    for place, line in lines(folder / "encounters.jsonl"):
        record, name = made(place, partial(_noted, line, folder))
        encounter, path = _record(Encounter, record, place), name.resolve()
        if not path.is_relative_to(folder.resolve()):
            raise InputError("points outside the folder", field="note", place=place, mend="keep notes in the folder")
        try:
            text = check_note(read_file(path, NOTE_MOST, f"note of {place}"))
        except NoteError as error:
            raise InputError(error.message, field="note", place=f"{place} {error.where}", mend=error.mend) from None
        books.save_encounter(encounter, text)
        count += 1
    return count
