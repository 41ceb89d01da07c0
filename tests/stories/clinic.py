"""A small practice with payers that do as they are told: its world folder, its desk by public commands, its nights.

Every outcome is forced by the world file (a mechanism with probability 1) or by what the front desk got wrong.
Invented people.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_core.account import Books as Accounts
from billing_core.account import Standing
from billing_core.chargemaster import Price
from billing_core.contract import BenefitPlan, Contract, Remedy
from billing_core.encounter import Encounter, Setting
from billing_core.identifiers import npi_from
from billing_core.record import to_plain
from billing_core.registration import (
    Address,
    Coverage,
    Enrollment,
    Guarantor,
    Location,
    Patient,
    Payer,
    PersonName,
    Practice,
    Provider,
    Relationship,
    Sex,
    Subscriber,
)
from serving import settings
from serving.cli import main as cleanclaim
from serving.ids import FixedClock
from serving.security import Role
from serving.store.books import Books, Store
from serving.store.claims import StandingClaim
from serving.store.files import StoredFile
from serving.store.states import Direction
from training.__main__ import main as train

PASSWORD = "a long enough password"
ANN = PersonName("Doe", "Ann")
VISIT = date(2026, 1, 5)
SIGNED = date(2026, 1, 7)  # two days later
STREET = Address("12 Elm St", "Troy", "NY", "121801234")
TINS = {"ELMF": "123456789", "OAKS": "234567891"}
PRICES = {"99213": 20_000, "20610": 30_000, "36415": 3_000}
FEES = {"99213": 12_000, "20610": 18_000, "36415": 2_000}
USERS = [str(role) for role in Role if role is not Role.ADMINISTRATOR]

# payer number -> the habits that force its answers, and the patient's share it leaves
PAYERS: Mapping[str, tuple[str, BenefitPlan]] = {
    "FULL1": ("", BenefitPlan("all", 0, 0, Decimal(0), 0)),
    "SHARE": ("", BenefitPlan("share", 0, 2_000, Decimal("0.20"), 500_000)),
    "DENY3": ('{ kind = "missing_modifier_25", probability = 1 }', BenefitPlan("strict", 0, 0, Decimal(0), 0)),
}
WORLD = '[[payers]]\nnumber = "{0}"\n[payers.habits]\ndays_to_pay = [7, 7]\nmechanisms = [{1}]\n'


@dataclass(frozen=True)
class Person:
    """One patient who came once. `member_at_desk` is what the front desk typed, when it mistyped it; the coder signs
    two days after the visit. `home` is where patient, guarantor and subscriber live.
    """

    key: str
    payers: tuple[str, ...]
    procedures: tuple[str, ...] = ("99213",)
    member_at_desk: str = ""
    name: PersonName = ANN
    note: str = "Assessment: essential hypertension. Plan: continue lisinopril."
    visit: date = VISIT
    home: Address = STREET

    @property
    def encounter_id(self) -> str:
        return f"visit-{self.key}"

    @property
    def member(self) -> str:
        return f"W{self.key.upper():0>8}"

    @property
    def signed(self) -> date:
        return self.visit + timedelta(days=2)


PEOPLE = (
    Person("paid", ("FULL1",), name=PersonName("Adams", "Ada")),
    Person("denied", ("DENY3",), ("99213", "20610"), name=PersonName("Brook", "Ben")),
    Person("rejected", ("FULL1",), member_at_desk="W99999999", name=PersonName("Clay", "Cleo")),
    Person("share", ("SHARE",), ("99213", "36415"), name=PersonName("Dale", "Dora")),
    Person("taken", ("FULL1",), name=PersonName("Eames", "Eve")),
    Person("self", (), name=PersonName("Frost", "Finn")),
    Person("both", ("SHARE", "FULL1"), name=PersonName("Gale", "Gus")),
)


# --- the world folder -------------------------------------------------------------------------------------------------


def _payers() -> list[Payer]:
    return [Payer(f"payer-{number}", f"{number} Health", number, "CI", STREET) for number in PAYERS]


def _contracts() -> list[Contract]:
    return [
        Contract(
            payer_id=f"payer-{number}",
            effective=date(2024, 1, 1),
            terminated=None,
            fees=FEES,
            default_percent=None,
            plans=(plan,),
            filing_days=365,
            corrected_days=180,
            appeal_days=180,
            corrected_by=Remedy.REPLACEMENT,
        )
        for number, (_, plan) in PAYERS.items()
    ]


def practice(mark: str = "ELMF") -> dict[str, Any]:
    """practice.json of the clinic."""
    enrolled = tuple(Enrollment(f"payer-{number}", date(2020, 1, 1)) for number in PAYERS)
    doctor = Provider(
        "provider", PersonName("Gray", "Gil"), npi_from("198765432"), "207Q00000X", "family medicine", enrolled
    )
    own = Practice(
        f"practice-{mark}", f"{mark} Family Medicine", mark, TINS[mark], npi_from(TINS[mark]), "207Q00000X", STREET,
        "5185550100",
    )  # fmt: skip
    return {
        "practice": to_plain(own),
        "locations": [to_plain(Location("location", "Main office", "11", STREET))],
        "providers": [to_plain(doctor)],
        "payers": [to_plain(payer) for payer in _payers()],
        "contracts": [to_plain(contract) for contract in _contracts()],
        "prices": [to_plain(Price(code, amount, date(2024, 1, 1))) for code, amount in PRICES.items()],
    }


def _patient(person: Person) -> Patient:
    return Patient(
        f"patient-{person.key}", f"R{person.key}", person.name, date(1980, 2, 3), Sex.FEMALE, person.home,
        f"guarantor-{person.key}",
    )  # fmt: skip


def _coverages(person: Person) -> list[Coverage]:
    subscriber = Subscriber(person.name, date(1980, 2, 3), Sex.FEMALE, person.home)
    return [
        Coverage(
            f"coverage-{person.key}-{rank}", f"patient-{person.key}", f"payer-{number}", rank, person.member,
            Relationship.SELF, subscriber, date(2025, 1, 1), plan=PAYERS[number][1].plan,
        )
        for rank, number in enumerate(person.payers, start=1)
    ]  # fmt: skip


def _registrations(person: Person) -> Iterator[dict[str, Any]]:
    records: list[tuple[str, Any]] = [
        ("guarantor", Guarantor(f"guarantor-{person.key}", person.name, person.home)),
        ("patient", _patient(person)),
        *(("coverage", replace(c, member_id=person.member_at_desk or c.member_id)) for c in _coverages(person)),
    ]
    for kind, record in records:
        yield {"kind": kind, "record": to_plain(record), "known_on": person.visit.isoformat()}


def _lines(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def encounter_line(person: Person) -> dict[str, Any]:
    """The person's visit as a line of encounters.jsonl."""
    digest = hashlib.sha256(person.note.encode()).hexdigest()
    visit = Encounter(
        person.encounter_id, f"patient-{person.key}", "provider", "location", person.visit, Setting.OUTPATIENT, digest
    )
    return {
        "record": to_plain(visit),
        "note": f"notes/{person.encounter_id}.txt",
        "signed_on": person.signed.isoformat(),
    }


def write_world(folder: Path, people: Sequence[Person] = PEOPLE, mark: str = "ELMF") -> Path:
    """The world folder: the practice's side and the payers'."""
    (folder / "notes").mkdir(parents=True)
    (folder / "practice.json").write_text(json.dumps(practice(mark)), "utf-8")
    (folder / "registration.jsonl").write_text(_lines([r for p in people for r in _registrations(p)]), "utf-8")
    (folder / "encounters.jsonl").write_text(_lines([encounter_line(p) for p in people]), "utf-8")
    for person in people:
        (folder / "notes" / f"{person.encounter_id}.txt").write_bytes(person.note.encode())
    side = {
        "coverages": [to_plain(c) for p in people for c in _coverages(p)],
        "authorizations": [],
        "contracts": [to_plain(c) for c in _contracts()],
    }
    (folder / "payer_side.json").write_text(json.dumps(side), "utf-8")
    habits = [WORLD.format(number, mechanism) for number, (mechanism, _) in PAYERS.items()]
    (folder / "world.toml").write_text("\n".join(habits), "utf-8")
    return folder


def signature(person: Person) -> dict[str, Any]:
    """What the coder signs for the person's visit: a line of the file for `coding sign`."""
    return {
        "encounter_id": person.encounter_id,
        "signed_on": person.signed.isoformat(),
        "decisions": [{"system": "ICD-10-CM", "code": "I10", "decision": "add", "reason": ""}],
        "diagnoses": ["I10"],
        "procedures": [{"code": code, "modifiers": [], "units": 1, "pointers": [1]} for code in person.procedures],
    }


# --- the desk and its nights ------------------------------------------------------------------------------------------


class Clinic:
    """The installation of one practice in one folder, worked by public commands."""

    def __init__(self, root: Path, people: Sequence[Person] = PEOPLE, mark: str = "ELMF") -> None:
        self.root, self.people, self.mark, self.world = root, people, mark, root / "world"
        self.to_payers, self.from_payers, self.mends = root / "to", root / "from", root / "mends.jsonl"
        self.practice_id = f"practice-{mark}"
        self.seen_when_taken_back: tuple[Any, ...] = ()

    def login(self, role: str) -> str:
        """The login of the practice's user who has that role alone."""
        return f"{role}@{self.mark.lower()}"

    def run(self, *words: str, by: str, today: date) -> int:
        """One command of `cleanclaim` by the user with that role on that day; its exit status."""
        return cleanclaim([*words, "--practice", self.mark, "--as", self.login(by), "--today", today.isoformat()])

    def must(self, *words: str, by: str, today: date) -> None:
        assert self.run(*words, by=by, today=today) == 0, words

    def open(self, today: date = VISIT) -> Clinic:
        """The practice with its users, people, visits and notes."""
        write_world(self.world, self.people, self.mark)
        self.to_payers.mkdir()
        self.from_payers.mkdir()
        own, first = str(self.world / "practice.json"), self.login(Role.ADMINISTRATOR)
        assert cleanclaim(["practice", "add", "--from", own, "--admin", first]) == 0
        for role in USERS:
            self.must("user", "add", self.login(role), "--role", role, by=Role.ADMINISTRATOR, today=today)
        self.must("import", "--dir", str(self.world), by="manager", today=today)
        return self

    def sign(self, today: date = SIGNED) -> None:
        """The front desk enters what it learned; the coder signs every visit that is due."""
        self.must("register", "--dir", str(self.world), by="front_desk", today=today)
        path = self.root / "signed.jsonl"
        path.write_text(_lines([signature(person) for person in self.people]), "utf-8")
        self.must("coding", "sign", "--file", str(path), by="coder", today=today)

    def cycle_words(self) -> list[str]:
        """The words of a night's command."""
        words = ["cycle", "--inbox", str(self.from_payers), "--outbox", str(self.to_payers)]
        return [*words, "--intake", str(self.world), "--mends", str(self.mends)]

    def cycle(self, today: date, *mends: Mapping[str, Any]) -> None:
        """One night of the practice."""
        self.mends.write_text(_lines(mends), "utf-8")
        self.must(*self.cycle_words(), by="biller", today=today)

    def payers_answer(self, today: date) -> None:
        """One run of the simulated payers' folder door."""
        doors = ["--inbox", str(self.to_payers), "--outbox", str(self.from_payers), "--state", str(self.root / "payer")]
        assert train(["payer", "--world", str(self.world), "--today", today.isoformat(), *doors]) == 0

    def night(self, today: date, *mends: Mapping[str, Any]) -> None:
        """A night of the practice, and the payers' answers to it."""
        self.cycle(today, *mends)
        self.payers_answer(today)

    def store(self, today: date) -> Store:
        return Store(settings.read().database_url, FixedClock(today))

    @contextmanager
    def books(self) -> Iterator[Books]:
        """The practice's books, for reading."""
        store = self.store(VISIT)
        try:
            with store.read(self.practice_id) as books:
                yield books
        finally:
            store.close()


@contextmanager
def environment(home: Path, database_url: str = "") -> Iterator[None]:
    """The environment of an installation in `home` (its books in SQLite there, unless given), put back at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEANCLAIM_HOME", str(home))
        patch.setenv("CLEANCLAIM_PASSWORD", PASSWORD)
        for name in ("CLEANCLAIM_SEED", "CLEANCLAIM_DATABASE_URL", "CLEANCLAIM_SECRET"):
            patch.delenv(name, raising=False)
        if database_url:
            patch.setenv("CLEANCLAIM_DATABASE_URL", database_url)
        yield


def claims_of(books: Books, person_key: str) -> list[StandingClaim]:
    """Every submission for the person's visit, oldest first."""
    return list(books.claims(encounter_id=f"visit-{person_key}"))


def standings(books: Books, person_key: str) -> list[Standing]:
    """The accounts of the person's charges, by line."""
    ids = [charge.id for charge in books.charges(f"visit-{person_key}")]
    accounts = Accounts(books.entries_on(ids))
    return [accounts.standing(charge_id) for charge_id in ids]


def main(root: Path) -> int:
    """`python -m tests.stories.clinic DIR`: the clinic's first three nights in a process of their own."""
    root.mkdir()
    with environment(root / "home"):
        clinic = Clinic(root).open()
        clinic.sign()
        for day in (date(2026, 1, 8), date(2026, 1, 30), date(2026, 1, 31)):
            clinic.night(day)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))


def files_with(books: Books, claim_id: str) -> tuple[StoredFile, ...]:
    """The files that went out with the claim."""
    return tuple(f for f in books.files(Direction.OUTBOUND) if claim_id in books.claims_in_file(f.id))
