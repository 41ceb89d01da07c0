"""The docket: what the payers remember from run to run. One JSON file, sorted, replaced whole or not at all.

A run that is killed leaves either the docket of before or the docket of after. Answers are first laid in `outgoing/`
beside the docket, then the docket that names them replaces the old one, then they go to the outbox: whatever was
begun is finished, or begun again with the same result.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from billing_core.accumulator import Accumulators
from billing_core.money import Cents, amount_text, parse_amount
from billing_core.record import from_plain, to_plain
from billing_core.remittance import ClaimPayment, ProviderAdjustment
from training.simulated_payer.habits import Service, WorldError

FORMAT = 1
_DOCKET, _OUTGOING, _ORACLE = "docket.json", "outgoing", "oracle.csv"
Record = TypeVar("Record")


class Standing(StrEnum):
    """How far the payer is with a claim. A pended claim is held longer than others; ANSWERED: its 835 is out."""

    PENDED = "pended"
    DECIDED = "decided"
    ANSWERED = "answered"
    REVERSED = "reversed"
    REPLACED = "replaced"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Payee:
    """Whom an 835 pays, and the mailbox (interchange id) that the claims came from."""

    npi: str
    tin: str
    name: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim in the payer's hands. `reference` is the payer's own number of it (CLP07, REF*1K).

    `issued` is the last answer sent and not taken back; `counted` what the member's accumulators and history hold of
    it. `probability` and `cause` are for the oracle alone; a void has none.
    """

    payer: str
    number: str
    reference: str
    member: str  # payer|patient: whose history it is in
    accumulators: str  # coverage|year
    received_on: date
    pay_on: date
    standing: Standing
    probability: str
    denied: bool
    cause: str
    counted: ClaimPayment | None = None
    issued: ClaimPayment | None = None
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One answer waiting for its pay day, with the provider-level adjustments that go with it.

    `step` orders what one claim has on one pay day: a reversal before its correction.
    """

    payer: str
    pay_on: date
    number: str
    step: int
    payee: Payee
    payment: ClaimPayment | None
    adjustments: tuple[ProviderAdjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """The services this payer has paid for one member, in the order decided."""

    services: tuple[Service, ...] = ()


class Shelf(Generic[Record]):
    """Records by key, read from their plain form only when asked for: most of a long docket is never looked at."""

    def __init__(self, cls: type[Record], plain: Mapping[str, Any] | None = None) -> None:
        self._cls, self._plain = cls, dict(plain or {})
        self._read: dict[str, Record] = {}
        self._changed: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._plain or key in self._read

    def __getitem__(self, key: str) -> Record:
        if key not in self._read:
            self._read[key] = from_plain(self._cls, self._plain[key])
        return self._read[key]

    def __setitem__(self, key: str, record: Record) -> None:
        self._read[key] = record
        self._changed.add(key)

    def get(self, key: str, otherwise: Record) -> Record:
        """The record, or `otherwise`."""
        return self[key] if key in self else otherwise  # noqa: SIM401 - this is that method

    def take(self, key: str) -> Record:
        """The record, no longer on the shelf."""
        record = self[key]
        self._plain.pop(key, None)
        self._changed.discard(key)
        del self._read[key]
        return record

    def keys(self) -> set[str]:
        """Every key."""
        return self._plain.keys() | self._read.keys()

    def plain(self) -> dict[str, Any]:
        """Everything on the shelf as JSON values."""
        self._plain |= {key: to_plain(self._read[key]) for key in self._changed}
        self._changed.clear()
        return self._plain


@dataclass(slots=True)
class Docket:
    """Everything remembered. Keys are joined by "|" so that the file is plain JSON."""

    last_day: date | None = None
    files: dict[str, str] = field(default_factory=dict)  # sha256 of what was read -> interchange control number
    counters: dict[str, int] = field(default_factory=dict)
    entries: Shelf[Entry] = field(default_factory=lambda: Shelf(Entry))  # payer|claim number
    references: dict[str, str] = field(default_factory=dict)  # payer|reference -> claim that may still be replaced
    seen: dict[str, str] = field(default_factory=dict)  # payer|line key -> reference
    past: Shelf[Past] = field(default_factory=lambda: Shelf(Past))  # payer|patient
    accumulators: Shelf[Accumulators] = field(default_factory=lambda: Shelf(Accumulators))  # coverage|year
    due: Shelf[Due] = field(default_factory=lambda: Shelf(Due))  # pay day|payer|claim number|step
    forward: dict[str, Cents] = field(default_factory=dict)  # payer|payee NPI -> what we still owe the payer
    outgoing: tuple[str, ...] = ()
    heard: dict[str, str] = field(default_factory=dict)  # sender|control of our file -> what its receiver said of it

    def next(self, counter: str) -> int:
        """The next number of a counter, from 1."""
        self.counters[counter] = self.counters.get(counter, 0) + 1
        return self.counters[counter]

    def promise(self, due: Due) -> None:
        """Keep an answer for its pay day."""
        self.due[f"{due.pay_on.isoformat()}|{due.payer}|{due.number}|{due.step}"] = due

    def due_of(self, payer: str, number: str) -> list[str]:
        """The keys of what still waits for one claim."""
        keys = self.due.keys()
        return sorted(key for key in keys if key.split("|")[1:3] == [payer, number])

    def due_until(self, day: date) -> list[Due]:
        """What is due up to that day, taken off the shelf."""
        last = day.isoformat()
        return [self.due.take(key) for key in sorted(self.due.keys()) if key[: len(last)] <= last]


def _plain(docket: Docket) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "last_day": docket.last_day.isoformat() if docket.last_day else None,
        "files": docket.files,
        "counters": docket.counters,
        "entries": docket.entries.plain(),
        "references": docket.references,
        "seen": docket.seen,
        "past": docket.past.plain(),
        "accumulators": docket.accumulators.plain(),
        "due": docket.due.plain(),
        "forward": {key: amount_text(amount) for key, amount in docket.forward.items() if amount},
        "outgoing": list(docket.outgoing),
        "heard": docket.heard,
    }


def _read(plain: Any) -> Docket:
    if plain.get("format") != FORMAT:
        raise ValueError("another format")
    day = plain["last_day"]
    return Docket(
        last_day=date.fromisoformat(day) if day else None,
        files=dict(plain["files"]),
        counters=dict(plain["counters"]),
        entries=Shelf(Entry, plain["entries"]),
        references=dict(plain["references"]),
        seen=dict(plain["seen"]),
        past=Shelf(Past, plain["past"]),
        accumulators=Shelf(Accumulators, plain["accumulators"]),
        due=Shelf(Due, plain["due"]),
        forward={key: parse_amount(amount) for key, amount in plain["forward"].items()},
        outgoing=tuple(plain["outgoing"]),
        heard=dict(plain["heard"]),
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write the file under a temporary name, then rename it: readers see all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def open_docket(folder: Path, outbox: Path) -> Docket:
    """The docket of the folder (a new one when there is none), after finishing what a killed run had begun."""
    try:
        data = (folder / _DOCKET).read_bytes()
    except FileNotFoundError:
        docket = Docket()
    else:
        try:
            docket = _read(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorldError(
                "the payer's docket is damaged",
                where=_DOCKET,
                mend="restore it from a copy, or start over with an empty --state folder",
            ) from error
    _publish(folder, outbox, docket)
    return docket


def _publish(folder: Path, outbox: Path, docket: Docket) -> None:
    """Carry the answers that the docket names to the outbox; what it does not name was never decided."""
    outgoing = folder / _OUTGOING
    for path in sorted(outgoing.glob("*")) if outgoing.is_dir() else ():
        if path.name in docket.outgoing:
            write_whole(outbox / path.name, path.read_bytes())
        path.unlink()


def close_docket(folder: Path, outbox: Path, docket: Docket, answers: dict[str, bytes]) -> None:
    """Keep the docket and hand out the answers, in the order that survives a kill at any moment; then the oracle."""
    for name, data in sorted(answers.items()):
        write_whole(folder / _OUTGOING / name, data)
    docket.outgoing = tuple(sorted(answers))
    plain = json.dumps(_plain(docket), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    write_whole(folder / _DOCKET, plain.encode())
    _publish(folder, outbox, docket)
    write_whole(folder / _ORACLE, oracle(docket))


def oracle(docket: Docket) -> bytes:
    """The true probability of denial of every adjudicated claim, with what was drawn. CSV, by claim number."""
    rows = ["claim_number,probability,denied,cause"]
    for entry in sorted(docket.entries.plain().values(), key=lambda e: (e["number"], e["payer"])):
        if entry["probability"]:
            denied = "true" if entry["denied"] else "false"
            rows.append(f"{entry['number']},{entry['probability']},{denied},{entry['cause']}")
    return "".join(f"{row}\n" for row in rows).encode()
