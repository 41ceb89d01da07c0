"""First claims of a whole world folder, as a practice without edits would send them: every visit, as coded, once.

What the real practice does better (edits that hold a claim, mended claims, second payers) is not here: this measures
the payer alone. `python -m tests.training.simulated_payer.world_claims WORLD_DIR` prints the figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count, groupby
from pathlib import Path
from typing import Any

from billing_core.charge import capture
from billing_core.chargemaster import Chargemaster, Price
from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.denial import DenialCategory, denials
from billing_core.encounter import AssignedCode, CodeSystem, Encounter, SignedEncounter
from billing_core.identifiers import claim_number, line_control_number
from billing_core.record import from_plain
from billing_core.registration import (
    Coverage,
    Location,
    Patient,
    Payer,
    Practice,
    Provider,
    in_payer_order,
)
from billing_core.x12 import claim_837p
from billing_core.x12.envelope import Envelope
from tests.training.simulated_payer.small_world import acknowledged, oracle, remittances
from training.simulated_payer.command import open_doors


@dataclass(frozen=True)
class Front:
    """What the practice knows."""

    practice: Practice
    locations: dict[str, Location]
    providers: dict[str, Provider]
    payers: dict[str, Payer]
    chargemaster: Chargemaster
    patients: dict[str, Patient]
    coverages: list[tuple[date, Coverage]]
    answers: dict[str, dict[str, Any]]


def read_front(world: Path) -> Front:
    practice = json.loads((world / "practice.json").read_text("utf-8"))
    registered = [json.loads(line) for line in (world / "registration.jsonl").read_text("utf-8").splitlines()]
    answers = [json.loads(line) for line in (world / "answers.jsonl").read_text("utf-8").splitlines()]
    return Front(
        practice=from_plain(Practice, practice["practice"]),
        locations={x["id"]: from_plain(Location, x) for x in practice["locations"]},
        providers={x["id"]: from_plain(Provider, x) for x in practice["providers"]},
        payers={x["id"]: from_plain(Payer, x) for x in practice["payers"]},
        chargemaster=Chargemaster(tuple(from_plain(Price, x) for x in practice["prices"])),
        patients={x["record"]["id"]: from_plain(Patient, x["record"]) for x in registered if x["kind"] == "patient"},
        coverages=[
            (date.fromisoformat(x["known_on"]), from_plain(Coverage, x["record"]))
            for x in registered
            if x["kind"] == "coverage"
        ],
        answers={x["encounter_id"]: x for x in answers},
    )


def _coverage(front: Front, patient: str, on: date, known: date) -> Coverage | None:
    """The first coverage by what the front desk knew; a coverage learned later in another form replaces the first."""
    latest: dict[str, Coverage] = {}
    for since, coverage in front.coverages:
        if coverage.patient_id == patient and since <= known:
            latest[coverage.id] = coverage
    return next(iter(in_payer_order(tuple(latest.values()), on)), None)


def _signed(encounter: Encounter, answer: dict[str, Any]) -> SignedEncounter:
    diagnoses = tuple(AssignedCode(CodeSystem.ICD10CM, code, "coder") for code in answer["diagnoses"])
    procedures = tuple(
        AssignedCode(
            CodeSystem.CPT,
            p["code"],
            "coder",
            modifiers=tuple(p["modifiers"]),
            units=p["units"],
            pointers=tuple(p["pointers"]),
        )
        for p in answer["procedures"]
    )
    return SignedEncounter(encounter, diagnoses, procedures, "coder")


def claims_of(world: Path) -> Iterator[tuple[date, Claim]]:
    """(the day it is sent, the claim) of each insured visit."""
    front, serial, charge_id = read_front(world), count(1), count(1)
    for line in (world / "encounters.jsonl").read_text("utf-8").splitlines():
        plain = json.loads(line)
        encounter, signed_on = from_plain(Encounter, plain["record"]), date.fromisoformat(plain["signed_on"])
        coverage = _coverage(front, encounter.patient_id, encounter.service_date, signed_on)
        answer = front.answers[encounter.id]
        charges = capture(_signed(encounter, answer), front.chargemaster, lambda: f"c{next(charge_id)}").charges
        if coverage is None or not charges:
            continue
        number = claim_number(front.practice.mark, next(serial))
        lines = tuple(
            ClaimLine(
                number=place,
                control=line_control_number(number, place),
                charge_id=charge.id,
                procedure=charge.procedure,
                modifiers=charge.modifiers,
                units=charge.units,
                pointers=tuple(answer["diagnoses"].index(code) + 1 for code in charge.diagnoses),
                amount=charge.amount,
                service_date=charge.service_date,
            )
            for place, charge in enumerate(charges, start=1)
        )
        patient = front.patients[encounter.patient_id]
        yield (
            signed_on,
            Claim(
                id=number,
                number=number,
                frequency=Frequency.ORIGINAL,
                rank=coverage.rank,
                encounter_id=encounter.id,
                practice=front.practice,
                payer=front.payers[coverage.payer_id],
                coverage=coverage,
                patient=patient,
                rendering=front.providers[encounter.provider_id],
                location=front.locations[encounter.location_id],
                diagnoses=tuple(answer["diagnoses"]),
                lines=lines,
                created_on=signed_on,
                authorization=answer["authorization_number"],
                referral=answer["referral"],
                referring=front.providers.get(encounter.referring_provider_id),
            ),
        )


def write_files(world: Path, inbox: Path, every: int = 14) -> int:
    """The claims of the world in files, one for each payer and fortnight; how many claims."""
    inbox.mkdir(parents=True, exist_ok=True)
    start = date(2024, 11, 1)

    def batch(one: tuple[date, Claim]) -> tuple[date, str]:
        return start + timedelta(days=((one[0] - start).days // every + 1) * every), one[1].payer.number

    claims = sorted(claims_of(world), key=lambda one: (*batch(one), one[1].number))
    for control, ((day, payer), some) in enumerate(groupby(claims, key=batch), start=1):
        envelope = Envelope("PRACTICE", payer, control, datetime(day.year, day.month, day.day, 20))
        data = claim_837p.write([claim for _, claim in some], envelope, payer)
        (inbox / f"{day:%Y%m%d}_{payer}.837").write_bytes(data)
    return len(claims)


@dataclass(frozen=True)
class Figures:
    """What the payers of a world did with first claims sent without edits; shares of claims, 0 to 1."""

    sent: int
    rejected: float
    denied: float
    expected: float  # the oracle's mean probability of denial
    taken_back: float
    categories: dict[DenialCategory, float]  # shares of denied claims, by the largest denial of each
    by_payer: dict[str, float]


def measure(world: Path, home: Path) -> Figures:
    """Send every visit of the world once, let all answers come, and count."""
    sent = write_files(world, home / "in")
    door = open_doors(world, home / "in", home / "out", home / "state")
    door.answer(date(2028, 1, 1))
    rejected = sum(not one.accepted for one in acknowledged(door).values())
    said = oracle(door)
    largest: Counter[DenialCategory] = Counter()
    answered: Counter[str] = Counter()
    denied: Counter[str] = Counter()
    reversals, first = 0, set()
    for remittance in remittances(door):
        for payment in remittance.claims:
            reversals += payment.is_reversal
            if payment.is_reversal or payment.number in first:
                continue
            first.add(payment.number)
            answered[remittance.payer_number] += 1
            if found := denials(payment):
                denied[remittance.payer_number] += 1
                largest[max(found, key=lambda denial: denial.amount).category] += 1
    return Figures(
        sent=sent,
        rejected=rejected / sent,
        denied=sum(drawn for _, drawn, _ in said.values()) / len(said),
        expected=sum(probability for probability, _, _ in said.values()) / len(said),
        taken_back=reversals / len(first),
        categories={category: n / sum(largest.values()) for category, n in largest.most_common()},
        by_payer={payer: denied[payer] / n for payer, n in sorted(answered.items())},
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(measure(Path(sys.argv[1]), Path(folder)))
