"""A practice of one provider, two payers and as many members as a test asks for; claims as the practice writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from billing_core.acknowledgment import ClaimAcknowledgment
from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.contract import BenefitPlan, Contract, Remedy
from billing_core.identifiers import claim_number, line_control_number, npi_from
from billing_core.record import to_plain
from billing_core.registration import (
    Address,
    Authorization,
    Coverage,
    Enrollment,
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
from billing_core.remittance import ClaimPayment, Remittance, imbalances
from billing_core.x12 import acknowledgment_277ca, claim_837p, remittance_835
from billing_core.x12.envelope import Envelope
from training.simulated_payer.command import Doors, open_doors

TODAY = date(2025, 3, 3)  # a Monday
LATE = date(2026, 3, 3)
PLACE = Address("1 Main St", "Ashford", "NY", "109990001")
PRACTICE = Practice("p", "Test Practice", "TEST", "123456789", npi_from("123456789"), "207Q00000X", PLACE, "5551234567")
PAYER = Payer("payer-1", "First Payer", "PAY01", "CI", PLACE)
OTHER = Payer("payer-2", "Second Payer", "PAY02", "BL", PLACE)
DOCTOR = Provider(
    "d",
    PersonName("Doe", "Ann"),
    npi_from("100000001"),
    "207Q00000X",
    enrollments=tuple(Enrollment(payer.id, date(2020, 1, 1)) for payer in (PAYER, OTHER)),
)
OFFICE = Location("l", "Office", "11", PLACE)
PLAN = BenefitPlan("Plan", 2000, 10000, Decimal("0.2"), 500000)


def contract(payer: Payer, **terms: object) -> Contract:
    base = Contract(
        payer_id=payer.id,
        effective=date(2024, 1, 1),
        terminated=None,
        fees={"99213": 9000, "99214": 13000, "20610": 7000, "83036": 1500},
        default_percent=Decimal("0.5"),
        plans=(PLAN,),
        filing_days=120,
        corrected_days=90,
        appeal_days=90,
        corrected_by=Remedy.REPLACEMENT,
        authorization_required=frozenset({"73721"}),
    )
    return replace(base, **terms)


def member(n: int) -> Patient:
    name = PersonName(f"Member{'ABCDEFGHIJ'[n % 10]}", f"Pat{'KLMNOPQRST'[n // 10 % 10]}")
    born = date(1960 + n % 50, 1 + n % 12, 1 + n % 28)
    return Patient(f"patient-{n:04d}", f"R{n:04d}", name, born, Sex.FEMALE, PLACE, f"g{n}")


def coverage(n: int, payer: Payer = PAYER, rank: int = 1, **changes: object) -> Coverage:
    patient = member(n)
    subscriber = Subscriber(patient.name, patient.birth_date, patient.sex, PLACE)
    begun = date(2024, 1, 1)
    made = Coverage(
        f"coverage-{payer.number}-{n:04d}",
        patient.id,
        payer.id,
        rank,
        f"{payer.number}M{n:04d}",
        Relationship.SELF,
        subscriber,
        begun,
        plan="Plan",
    )
    return replace(made, **changes)


def claim(serial: int, n: int, *procedures: str, **changes: object) -> Claim:
    """Claim number `serial` for member `n`; a procedure may carry modifiers and a charge: "99213-25"."""
    number = claim_number("TEST", serial)
    on = changes.pop("on", date(2025, 2, 3))
    assert isinstance(on, date)
    lines = tuple(
        ClaimLine(
            number=place,
            control=line_control_number(number, place),
            charge_id=f"c{serial}-{place}",
            procedure=code.partition("-")[0],
            modifiers=tuple(m for m in code.partition("-")[2].split(",") if m),
            units=1,
            pointers=(1,),
            amount=20000,
            service_date=on,
        )
        for place, code in enumerate(procedures or ("99213",), start=1)
    )
    made = Claim(
        id=f"claim-{serial}",
        number=number,
        frequency=Frequency.ORIGINAL,
        rank=1,
        encounter_id=f"e{serial}",
        practice=PRACTICE,
        payer=PAYER,
        coverage=coverage(n),
        patient=member(n),
        rendering=DOCTOR,
        location=OFFICE,
        diagnoses=("E11.9", "I10"),
        lines=lines,
        created_on=TODAY,
    )
    return replace(made, **changes)


def file_of(claims: Sequence[Claim], control: int = 1, on: date = TODAY) -> bytes:
    return claim_837p.write(
        claims, Envelope("TESTPRACTICE", "PAYERS", control, datetime(on.year, on.month, on.day, 9)), "PAYERS"
    )


def write_world(
    folder: Path,
    habits: str = "",
    *,
    members: int = 20,
    contracts: Iterable[Contract] | None = None,
    coverages: Iterable[Coverage] | None = None,
    authorizations: Iterable[Authorization] = (),
) -> Path:
    """A world folder as the generator lays it out, with these habits of the first payer."""
    folder.mkdir(parents=True, exist_ok=True)
    practice = {
        "practice": to_plain(PRACTICE),
        "locations": [to_plain(OFFICE)],
        "providers": [to_plain(DOCTOR)],
        "payers": [to_plain(PAYER), to_plain(OTHER)],
        "contracts": [],
        "prices": [],
    }
    side = {
        "coverages": [to_plain(c) for c in coverages or [coverage(n) for n in range(members)]],
        "authorizations": [to_plain(a) for a in authorizations],
        "contracts": [to_plain(c) for c in contracts or (contract(PAYER), contract(OTHER))],
        "patients": [to_plain(member(n)) for n in range(members)],
    }
    (folder / "practice.json").write_text(json.dumps(practice), "utf-8")
    (folder / "payer_side.json").write_text(json.dumps(side), "utf-8")
    tables = [f'[[payers]]\nnumber = "{p.number}"\n[payers.habits]\n' for p in (OTHER, PAYER)]
    (folder / "world.toml").write_text("\n".join(tables) + habits, "utf-8")
    return folder


def doors(world: Path, home: Path) -> Doors:
    (home / "in").mkdir(parents=True, exist_ok=True)
    return open_doors(world, home / "in", home / "out", home / "state")


def send(door: Doors, *files: bytes, name: str = "claims") -> None:
    for n, data in enumerate(files):
        (door.inbox / f"{name}{n}.837").write_bytes(data)


def outbox(door: Doors) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(door.outbox.iterdir())}


def remittances(door: Doors) -> list[Remittance]:
    """Every 835 of the outbox, oldest first, read back from its bytes and proved to balance."""
    found = [r for name, data in outbox(door).items() if name.endswith(".835") for r in remittance_835.read(data)]
    for one in found:
        assert imbalances(one) == ()
    return sorted(found, key=lambda r: (r.paid_on, r.trace))


def payments(door: Doors, of: Claim | None = None) -> list[ClaimPayment]:
    return [p for r in remittances(door) for p in r.claims if of is None or p.number == of.number]


def acknowledged(door: Doors) -> dict[str, ClaimAcknowledgment]:
    files = [data for name, data in outbox(door).items() if name.endswith(".277ca")]
    return {one.number: one for data in files for one in acknowledgment_277ca.read(data)}


def oracle(door: Doors) -> dict[str, tuple[float, bool, str]]:
    rows = (door.state / "oracle.csv").read_text("utf-8").splitlines()
    assert rows[0] == "claim_number,probability,denied,cause"
    cells = [row.split(",") for row in rows[1:]]
    return {number: (float(probability), denied == "true", cause) for number, probability, denied, cause in cells}
