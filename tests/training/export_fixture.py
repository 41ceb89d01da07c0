"""A plausible export folder with planted causes, a habit that begins half-way, slow payers and plain noise.

Every claim is a real `Claim` of an invented person; facts are made of it as the exporter makes them. The causes:
a missing authorization, a diagnosis that does not support the procedure, a coverage that has ended without our knowing
(seen only in history), and one payer that begins to deny a visit code in the middle.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from billing_core.claim import Claim, ClaimState
from billing_core.record import to_plain
from billing_core.registration import PersonName
from models.denial.facts import facts
from models.denial.families import is_minor_procedure, is_visit
from tests.billing_core import specimens

FIRST = date(2025, 1, 6)
DAYS = 640
AS_OF = FIRST + timedelta(days=DAYS)
TURN = FIRST + timedelta(days=DAYS // 2)
PLANTED = PersonName("Quackenbush", "Zebulon")
PAYERS = tuple(replace(specimens.PAYER, id=f"payer-{n}", number=f"6005{n}") for n in range(6))
PROCEDURES = ("99213", "99214", "97110", "20610", "93000", "36415", "81002", "90834", "11102", "73721")
DIAGNOSES = ("E11.9", "I10", "M54.50", "J06.9", "F41.1", "M25.561")


@dataclass(frozen=True, slots=True)
class Case:
    """A claim as sent, its true probability, and its outcome."""

    claim: Claim
    submitted_on: date
    learned_on: date
    probability: float
    denied: bool
    category: str


def _claim(number: int, random_: random.Random, patient: int, submitted_on: date) -> Claim:
    payer = PAYERS[patient % len(PAYERS)]
    service_on = submitted_on - timedelta(days=random_.randint(1, 12))
    codes = random_.sample(PROCEDURES, random_.choice((1, 1, 2)))
    lines = [
        specimens.line(
            k,
            code,
            9000 + 100 * PROCEDURES.index(code),
            service_date=service_on,
            modifiers=("25",) if is_visit(code) and any(map(is_minor_procedure, codes)) else (),
        )
        for k, code in enumerate(codes, start=1)
    ]
    identity = f"person-{patient}"
    return specimens.claim(
        *lines,
        id=f"claim-{number}",
        number=f"ELMF{number:09d}",
        payer=payer,
        coverage=replace(
            specimens.COVERAGE, id=f"coverage-{patient}", payer_id=payer.id, member_id=f"W{5_550_000 + patient}"
        ),
        patient=replace(specimens.PATIENT, id=identity, name=PLANTED, record_number=f"MRN{70_000 + patient}"),
        diagnoses=(random_.choice(DIAGNOSES), "Z79.899"),
        authorization="AUTH123" if random_.random() < 0.5 else "",
        created_on=submitted_on,
    )


def _cause(claim: Claim, submitted_on: date, patient: int) -> tuple[float, str]:
    codes = {line.procedure for line in claim.lines}
    if patient % 17 == 0 and submitted_on > TURN - timedelta(days=200):
        return 0.95, "eligibility"
    if codes & {"97110", "73721"} and not claim.authorization and claim.payer.number in ("60050", "60051", "60052"):
        return 0.85, "authorization"
    if "20610" in codes and claim.diagnoses[0].startswith(("E11", "J06")):
        return 0.7, "medical necessity"
    if "99214" in codes and claim.payer.number in ("60053", "60054") and submitted_on >= TURN:
        return 0.7, "coding"
    return 0.04, "other"


def cases(count: int = 1200, seed: int = 3) -> tuple[Case, ...]:
    """`count` claims in the order sent."""
    random_ = random.Random(seed)
    days = sorted(random_.randrange(DAYS) for _ in range(count))
    made = []
    for number, day in enumerate(days, start=1):
        submitted_on = FIRST + timedelta(days=day)
        patient = random_.randrange(count // 5)
        claim = _claim(number, random_, patient, submitted_on)
        probability, category = _cause(claim, submitted_on, patient)
        learned_on = submitted_on + timedelta(days=random_.randint(9, 40))
        made.append(Case(claim, submitted_on, learned_on, probability, random_.random() < probability, category))
    return tuple(made)


def rows(found: Sequence[Case]) -> list[dict[str, Any]]:
    """The export's rows: facts, and outcomes as known on AS_OF."""
    made = []
    for case in found:
        known = case.learned_on <= AS_OF
        state = ClaimState.SUBMITTED if not known else ClaimState.DENIED if case.denied else ClaimState.PAID
        key = hashlib.sha256(case.claim.patient.id.encode()).hexdigest()[:16]
        made.append(
            {
                **to_plain(facts(case.claim, case.submitted_on, key)),
                "state": str(state),
                "adjudicated_on": case.learned_on.isoformat() if known else None,
                "denied": case.denied if known else None,
                "categories": [case.category] if known and case.denied else [],
                "refused": [],
                "claim_number": case.claim.number,
            }
        )
    return made


def write(folder: Path, found: Sequence[Case], *, synthetic: bool = True) -> Path:
    """The export folder of the cases, sealed by its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder, rows(found), synthetic=synthetic)
    return folder


def write_rows(folder: Path, made: list[dict[str, Any]], *, synthetic: bool = True) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(made), folder / "claims.parquet")
    digest = hashlib.sha256((folder / "claims.parquet").read_bytes()).hexdigest()
    manifest = {
        "format": 1,
        "as_of": AS_OF.isoformat(),
        "synthetic": synthetic,
        "files": {"claims.parquet": digest},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True), "utf-8")


def write_oracle(file: Path, found: Sequence[Case]) -> Path:
    """The oracle as the simulated payer writes it."""
    lines = [f"{c.claim.number},{c.probability},{int(c.denied)},{c.category}" for c in found]
    file.write_text("\n".join(["claim_number,probability,denied,cause", *lines]) + "\n", "utf-8")
    return file
