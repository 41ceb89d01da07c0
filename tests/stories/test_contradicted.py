"""A payer says later, with no reversal, that a claim it paid was denied; or that it was denied for another reason.

What the models learn from, and what is said of the next claim, is the first answer, whatever a later one says: a claim
is first adjudicated once. The later one is posted, or kept for a person, by the money's own rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet
import pytest

from models.denial.replay import Outcome
from serving.desk.outcomes import first_outcomes
from tests.stories.clinic import PEOPLE, Clinic, claims_of, environment

ANSWERED, LATER = date(2026, 1, 16), date(2026, 1, 23)
# The payer's 835 of the claim, as it stands, and what a second one says in its place.
DENIES = (
    ("BPR*I*120*C*ACH*CCP***********20260116", "BPR*H*0*C*NON************20260123"),
    ("*200*120**15*", "*200*0**15*"),
    ("SVC*HC:99213*200*120**1~", "SVC*HC:99213*200*0**0~"),
    ("CAS*CO*45*80~", "CAS*CO*197*200~"),
    ("AMT*B6*120~\n", ""),
    ("SE*22*", "SE*21*"),
)
ANOTHER = (("TRN*1*FULL120260116", "TRN*1*FULL120260123"), ("DTM*405*20260116", "DTM*405*20260123"))
NUMBERS = (("*000000003*0*T", "*000000004*0*T"), ("*0600*3*X", "*0600*4*X"), ("GE*1*3~", "GE*1*4~"))
NUMBERS += (("IEA*1*000000003", "IEA*1*000000004"),)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """One claim, sent, and answered with payment in full."""
    with environment(tmp_path / "home"):
        (tmp_path / "clinic").mkdir()
        clinic = Clinic(tmp_path / "clinic", PEOPLE[:1]).open()
        clinic.sign()
        clinic.night(date(2026, 1, 8))
        clinic.payers_answer(ANSWERED)
        yield clinic


def changed(text: str, *changes: tuple[str, str]) -> str:
    for was, now in changes:
        assert was in text, was
        text = text.replace(was, now)
    return text


def outcome(clinic: Clinic) -> Outcome:
    with clinic.books() as books:
        (claim,) = claims_of(books, "paid")
        return first_outcomes(books, [claim.claim.id])[claim.claim.id]


def exported(clinic: Clinic, folder: Path) -> list[tuple[object, ...]]:
    clinic.must("export", "--out", str(folder), by="manager", today=LATER)
    rows = pyarrow.parquet.read_table(folder / "claims.parquet").to_pylist()
    return [(row["denied"], row["categories"], row["refused"], row["adjudicated_on"]) for row in rows]


def test_paid_and_then_denied_stays_paid_for_the_model(clinic: Clinic, tmp_path: Path) -> None:
    clinic.cycle(ANSWERED)
    first = outcome(clinic)
    assert first == Outcome(False, ANSWERED)
    (paid,) = clinic.from_payers.glob("*.835")
    (clinic.from_payers / "later.835").write_text(changed(paid.read_text(), *DENIES, *ANOTHER, *NUMBERS))
    clinic.cycle(LATER)
    assert outcome(clinic) == first
    assert exported(clinic, tmp_path / "export") == [(False, [], [], ANSWERED.isoformat())]


def test_denied_and_then_denied_otherwise_stays_denied_for_the_first_reason(clinic: Clinic, tmp_path: Path) -> None:
    (paid,) = clinic.from_payers.glob("*.835")
    text = paid.read_text()
    paid.write_text(changed(text, *DENIES))
    clinic.cycle(ANSWERED)
    first = outcome(clinic)
    assert first == Outcome(True, ANSWERED, ("authorization",), ("99213",))
    other = changed(text, *DENIES, *ANOTHER, *NUMBERS, ("CAS*CO*197*200~", "CAS*CO*29*200~"))
    (clinic.from_payers / "later.835").write_text(other)
    clinic.cycle(LATER)
    assert outcome(clinic) == first
    assert exported(clinic, tmp_path / "export") == [(True, ["authorization"], ["99213"], ANSWERED.isoformat())]
