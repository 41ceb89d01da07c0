"""The world folder: a synthetic practice written as files. The same world file, number and seed give the same bytes.

practice.json        practice, locations, providers, payers, contracts and prices, as the practice knows them
registration.jsonl   guarantors, patients, coverages and authorizations as the front desk learned them, day by day;
                     a later line of the same kind and id replaces the earlier
encounters.jsonl     visits in the order of signing, with the path of their note
notes/<id>.txt       the notes
answers.jsonl        what the simulated coder signs, slips included
truth.jsonl          what would have been right, the slips by name, and the coverage that truly pays first
payer_side.json      what the payers know: true coverages, authorizations, contracts, and who is enrolled since when
world.toml           the world file as it was given
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from billing_core.contract import short_plain
from billing_core.encounter import Encounter, Setting
from billing_core.record import to_plain
from training.synthetic import house as houses
from training.synthetic import notes, visits
from training.synthetic.chance import Chance
from training.synthetic.house import House
from training.synthetic.population import Person
from training.synthetic.slips import Codes, Desk, Entry
from training.synthetic.visits import Visit
from training.synthetic.world import World

_ORDER = {"guarantor": 0, "patient": 1, "coverage": 2, "authorization": 3}


@dataclass(frozen=True, slots=True)
class Made:
    """A world made: the practice, the entries in the order of signing, and the notes by entry id."""

    house: House
    entries: tuple[Entry, ...]
    notes: dict[str, str]

    @property
    def persons(self) -> tuple[Person, ...]:
        """Everyone seen, once, in the order of their record numbers."""
        return _by_record({e.visit.person.patient.id: e.visit.person for e in self.entries})

    @property
    def charts(self) -> tuple[Person, ...]:
        """Every chart registered: the persons, and the second charts of some."""
        own = {p.patient.id: p for p in self.persons}
        return _by_record(own | {e.person.patient.id: e.person for e in self.entries})


def _by_record(found: dict[str, Person]) -> tuple[Person, ...]:
    return tuple(sorted(found.values(), key=lambda p: p.patient.record_number))


def make(world: World, encounters: int, seed: int) -> Made:
    """The world with that many encounters, in memory."""
    house = houses.build(world, seed)
    desk = Desk(world, house, seed)
    entries: list[Entry] = []
    texts: dict[str, str] = {}
    before: dict[str, tuple[Visit, ...]] = {}
    for visit, twice in visits.plan(world, house, seed, encounters, Chance(seed, "entered twice")):
        who = visit.person.patient.id
        text = notes.write(world, visit, before.get(who, ()), Chance(seed, f"note {visit.id}"))
        before[who] = (*before.get(who, ()), visit)
        for entry in desk.entries(visit, twice):
            entries.append(entry)
            texts[entry.id] = text
    entries.sort(key=lambda e: (e.signed_on, e.id))
    return Made(house, tuple(entries), texts)


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False) + "\n"


def _registration(made: Made) -> Iterator[dict[str, Any]]:
    """Every line the front desk wrote, by the day it was known; guarantors before patients before coverages."""
    lines: list[tuple[date, int, int, dict[str, Any]]] = []

    def add(known_on: date, kind: str, record: Any) -> None:
        plain = {"kind": kind, "record": to_plain(record), "known_on": known_on.isoformat()}
        lines.append((known_on, _ORDER[kind], len(lines), plain))

    guarantors: set[str] = set()
    for person in made.charts:
        if person.guarantor.id not in guarantors:
            guarantors.add(person.guarantor.id)
            add(person.joined, "guarantor", person.guarantor)
        add(person.joined, "patient", person.patient)
        for filed in person.filed:
            add(max(filed.known_on, person.joined), "coverage", filed.coverage)
    for entry in made.entries:
        if entry.authorization is not None and entry.authorization_filed and not entry.duplicate_of:
            # never before its patient, however early the payer's letter is dated
            add(max(entry.authorization.effective, entry.person.joined), "authorization", entry.authorization)
    for _, _, _, plain in sorted(lines, key=lambda x: x[:3]):
        yield plain


def _linked(entry: Entry) -> str:
    """The authorization the desk linked to the visit: only one that it filed and whose number was copied right."""
    right = entry.authorization
    linked = right is not None and entry.authorization_filed and entry.signed.authorization_number == right.number
    return right.id if right is not None and linked else ""


def _encounter(made: Made, entry: Entry) -> dict[str, Any]:
    visit = entry.visit
    record = Encounter(
        id=entry.id,
        patient_id=entry.person.patient.id,
        provider_id=visit.doctor.id,
        location_id=made.house.locations[visit.specialty.location - 1].id,
        service_date=visit.on,
        setting=Setting.OUTPATIENT,
        note_sha256=hashlib.sha256(made.notes[entry.id].encode()).hexdigest(),
        referring_provider_id=visit.referring.id if visit.referring else "",
        authorization_id=_linked(entry),
    )
    return {"record": to_plain(record), "note": f"notes/{entry.id}.txt", "signed_on": entry.signed_on.isoformat()}


def codes_plain(codes: Codes) -> dict[str, Any]:
    """Signed or right codes as the answers file holds them."""
    return {
        "diagnoses": list(codes.diagnoses),
        "procedures": [
            {"code": b.code, "modifiers": list(b.modifiers), "units": b.units, "pointers": list(b.pointers)}
            for b in codes.procedures
        ],
        "referral": codes.referral,
        "authorization_number": codes.authorization_number,
    }


def _truth(entry: Entry) -> dict[str, Any]:
    first = entry.visit.person.first_payer(entry.visit.on)
    return {
        "encounter_id": entry.id,
        **codes_plain(entry.right),
        "slips": list(entry.slips),
        "duplicate_of": entry.duplicate_of,
        "coverage": to_plain(first) if first is not None else None,
        "never_coded": sorted({s for p in entry.visit.problems for s in p.suspects}),
    }


def _payer_side(made: Made) -> dict[str, Any]:
    authorizations = {e.authorization.id: e.authorization for e in made.entries if e.authorization is not None}
    return {
        "coverages": [to_plain(c) for p in made.persons for c in p.true],
        "authorizations": [to_plain(a) for _, a in sorted(authorizations.items())],
        "contracts": [short_plain(c) for c in made.house.true_contracts],
        "payers": [to_plain(p) for _, p in made.house.payers],
        "providers": [to_plain(p) for p in made.house.true_providers],
    }


def _practice(house: House) -> dict[str, Any]:
    return {
        "practice": to_plain(house.practice),
        "locations": [to_plain(x) for x in house.locations],
        "providers": [to_plain(x) for x in house.providers],
        "payers": [to_plain(payer) for _, payer in house.payers],
        "contracts": [short_plain(x) for x in house.contracts],
        "prices": [to_plain(x) for x in house.prices],
    }


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(_line(x) for x in lines), encoding="utf-8", newline="\n")


def _write_object(path: Path, value: dict[str, Any]) -> None:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def write(made: Made, world_file: bytes, out: Path) -> None:
    """Write the folder. Notes of an earlier run there are removed first, so that none is left without its encounter."""
    folder = out / "notes"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.txt"):
        old.unlink()
    for entry in made.entries:
        (folder / f"{entry.id}.txt").write_bytes(made.notes[entry.id].encode())
    _write_object(out / "practice.json", _practice(made.house))
    _write_lines(out / "registration.jsonl", _registration(made))
    _write_lines(out / "encounters.jsonl", (_encounter(made, e) for e in made.entries))
    _write_lines(out / "answers.jsonl", ({"encounter_id": e.id, **codes_plain(e.signed)} for e in made.entries))
    _write_lines(out / "truth.jsonl", (_truth(e) for e in made.entries))
    _write_object(out / "payer_side.json", _payer_side(made))
    (out / "world.toml").write_bytes(world_file)
