"""What the payers know: their members, authorizations and contracts, and each payer's habits. Read once, never changed.

Sources are two files of the world folder: `payer_side.json` (the truth, which the front desk may not have) and
`world.toml` (the habits). Who the payers are, and which providers they have enrolled, is known to both sides: it is
taken from `payer_side.json` when it says so, else from `practice.json`. So are the members' own names and birth dates:
from `patients` of `payer_side.json`, else from the registrations, which a member of a family is told apart by.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from billing_core.claim import Claim
from billing_core.contract import Contract
from billing_core.record import from_plain
from billing_core.registration import Authorization, Coverage, Patient, Payer, PersonName, Provider
from training.simulated_payer.habits import Habits, WorldError, read_habits

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Office:
    """One payer: who it is and how it behaves."""

    payer: Payer
    habits: Habits


@dataclass(frozen=True, slots=True)
class Known:
    """Everything the payers of one world know. `seed` is a fingerprint of their files: all draws are made from it."""

    seed: str
    offices: Mapping[str, Office]  # by payer number
    members: Mapping[tuple[str, str], tuple[Coverage, ...]]  # by payer id and member id
    by_patient: Mapping[str, tuple[Coverage, ...]]
    authorizations: Mapping[tuple[str, str], tuple[Authorization, ...]]  # by payer id and patient id
    contracts: Mapping[str, tuple[Contract, ...]]  # by payer id
    providers: Mapping[str, Provider]  # by NPI
    patients: Mapping[str, Patient]  # by patient id

    def members_named(self, payer: Payer, claim: Claim) -> tuple[Coverage, ...]:
        """The coverages of the member the claim names: member id, the subscriber, and the patient among the family.

        A person is recognised by birth date or by name, as payers do.
        """
        subscriber = claim.coverage.subscriber
        found = [
            coverage
            for coverage in self.members.get((payer.id, claim.coverage.member_id.upper()), ())
            if coverage.subscriber.birth_date == subscriber.birth_date
            or same_person(coverage.subscriber.name, subscriber.name)
        ]
        return tuple(c for c in found if self._is_patient(c, claim.patient)) or tuple(
            c for c in found if c.patient_id not in self.patients
        )

    def _is_patient(self, coverage: Coverage, patient: Patient) -> bool:
        known = self.patients.get(coverage.patient_id)
        return known is not None and (
            (known.birth_date == patient.birth_date and _letters(known.name.first) == _letters(patient.name.first))
            or (same_person(known.name, patient.name) and known.birth_date.year == patient.birth_date.year)
        )

    def coverage(self, payer: Payer, claim: Claim) -> Coverage | None:
        """The true coverage on the date of service, or the one nearest to that day; None: no such member."""
        on = claim.service_date
        return min(
            self.members_named(payer, claim), key=lambda c: (not c.active(on), _days_apart(c, on), c.id), default=None
        )

    def contract(self, payer: Payer, on: date) -> Contract | None:
        """The terms in force on the date of service; None: the payer has no contract with the practice then."""
        in_force = [c for c in self.contracts.get(payer.id, ()) if c.covers(on)]
        return max(in_force, key=lambda c: c.effective, default=None)

    def primary_elsewhere(self, coverage: Coverage, on: date) -> bool:
        """Whether another payer comes before this coverage on that day."""
        return any(
            other.rank < coverage.rank and other.payer_id != coverage.payer_id and other.active(on)
            for other in self.by_patient.get(coverage.patient_id, ())
        )


def _days_apart(coverage: Coverage, on: date) -> int:
    if on < coverage.effective:
        return (coverage.effective - on).days
    return 0 if coverage.terminated is None else max(0, (on - coverage.terminated).days)


def same_person(one: PersonName, other: PersonName) -> bool:
    """Whether last and first name agree, letters alone, upper case (files carry no accents or hyphens reliably)."""
    return _letters(one.last) == _letters(other.last) and _letters(one.first) == _letters(other.first)


def _letters(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalpha())


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise WorldError("cannot be read", where=path.name, mend="give the world folder with --world") from error
    except ValueError as error:
        raise WorldError("not JSON", where=path.name, mend="make the world again") from error
    if not isinstance(found, Mapping):
        raise WorldError("an object expected", where=path.name, mend="make the world again")
    return found


def _records(cls: type[Record], plain: Any, where: str) -> tuple[Record, ...]:
    if not isinstance(plain, list):
        raise WorldError("a list expected", where=where, mend="make the world again")
    try:
        return tuple(from_plain(cls, item, f"{where}[{n}]") for n, item in enumerate(plain))
    except ValueError as error:
        raise WorldError(str(error), where=where, mend="make the world again") from error


def read_habits_of(world: bytes) -> dict[str, Habits]:
    """The habits of each payer of a world file, by payer number. Raises WorldError for a file that is not right."""
    try:
        plain = tomllib.loads(world.decode("utf-8"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorldError("not TOML", where="world.toml", mend="copy the world file again") from error
    payers = plain.get("payers", ())
    if not isinstance(payers, list):
        raise WorldError("a list of [[payers]] expected", where="world.toml", mend="write one [[payers]] per payer")
    habits: dict[str, Habits] = {}
    for n, payer in enumerate(payers, start=1):
        if not isinstance(payer, Mapping) or not isinstance(payer.get("number"), str):
            raise WorldError("a payer without number", where=f"payers[{n}]", mend="give its electronic payer id")
        habits[payer["number"]] = read_habits(payer.get("habits", {}), f"payers[{n}].habits")
    return habits


def _gathered(pairs: list[tuple[Any, Record]]) -> dict[Any, tuple[Record, ...]]:
    found: dict[Any, list[Record]] = {}
    for key, record in pairs:
        found.setdefault(key, []).append(record)
    return {key: tuple(records) for key, records in found.items()}


def _patients(side: Mapping[str, Any], folder: Path) -> tuple[Patient, ...]:
    if "patients" in side:
        return _records(Patient, side["patients"], "payer_side.json patients")
    try:
        lines = (folder / "registration.jsonl").read_text("utf-8").splitlines()
        registered = [json.loads(line) for line in lines if line]
        plain = [one["record"] for one in registered if one["kind"] == "patient"]
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        raise WorldError("not lines of JSON", where="registration.jsonl", mend="make the world again") from error
    return _records(Patient, plain, "registration.jsonl patient")


def read_world(folder: Path) -> Known:
    """What the payers of the world folder know. Raises WorldError naming the file and the field."""
    side = _json(folder / "payer_side.json")
    try:
        world = (folder / "world.toml").read_bytes()
    except OSError as error:
        raise WorldError("cannot be read", where="world.toml", mend="give the world folder with --world") from error
    public = side if "payers" in side and "providers" in side else _json(folder / "practice.json")
    payers = _records(Payer, public.get("payers"), "payers")
    providers = _records(Provider, public.get("providers"), "providers")
    coverages = _records(Coverage, side.get("coverages"), "payer_side.json coverages")
    authorizations = _records(Authorization, side.get("authorizations"), "payer_side.json authorizations")
    contracts = _records(Contract, side.get("contracts"), "payer_side.json contracts")
    habits = read_habits_of(world)
    return Known(
        seed=hashlib.sha256((folder / "payer_side.json").read_bytes()).hexdigest(),
        offices={p.number: Office(p, habits.get(p.number, Habits())) for p in payers},
        members=_gathered([((c.payer_id, c.member_id.upper()), c) for c in coverages]),
        by_patient=_gathered([(c.patient_id, c) for c in coverages]),
        authorizations=_gathered([((a.payer_id, a.patient_id), a) for a in authorizations]),
        contracts=_gathered([(c.payer_id, c) for c in contracts]),
        providers={p.npi: p for p in providers},
        patients={p.id: p for p in _patients(side, folder)},
    )
