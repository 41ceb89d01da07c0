"""The visit calculator against vectors typed from the published tables (visit_vectors.tsv: each line cites its own)."""

import csv
from datetime import date
from pathlib import Path

import pytest

from models.coding.visit_rules import (
    Datum,
    Place,
    Problem,
    Risk,
    Service,
    VisitError,
    Work,
    is_new,
    preventive_code,
    visit,
)

VECTORS = list(csv.DictReader((Path(__file__).parent / "visit_vectors.tsv").open(encoding="utf-8"), delimiter="\t"))


def _counts(kind: type[Problem] | type[Datum], text: str) -> dict[Problem | Datum, int] | None:
    if text == "-":
        return None
    pairs = [] if text == "none" else [item.split(":") for item in text.split()]
    return {kind[name]: int(count) for name, count in pairs}


def _work(row: dict[str, str]) -> Work:
    return Work(
        _counts(Problem, row["problems"]),
        _counts(Datum, row["data"]),
        None if row["risk"] == "-" else Risk[row["risk"]],
        None if row["minutes"] == "-" else int(row["minutes"]),
    )


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: f"{row['source'][:40]} {row['code']}")
def test_vector(row: dict[str, str]) -> None:
    if row["code"] == "refused":
        with pytest.raises(VisitError) as refusal:
            visit(Place[row["place"]], _work(row))
        assert refusal.value.mend
        return
    found = visit(Place[row["place"]], _work(row))
    assert found.code + (f"+{found.prolonged}" if found.prolonged else "") == row["code"]
    assert found.arithmetic[-1].startswith(found.code) or "99417" in found.arithmetic[-1]


def test_there_are_at_least_150_vectors_and_each_cites_its_source() -> None:
    assert len(VECTORS) >= 150
    assert all(row["source"].startswith(("AMA ", "CMS ")) for row in VECTORS)


def test_the_arithmetic_shows_every_element() -> None:
    found = visit(Place.OFFICE_KNOWN, Work({Problem.STABLE_CHRONIC: 2}, {Datum.ORDER: 2}, Risk.DRUG, 25))
    assert found.code == "99214"
    assert [line.split(":")[0] for line in found.arithmetic] == [
        "problems moderate", "data low", "risk moderate", "two of three", "25 minutes", "99214",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("on", "group", "specialty", "new"),
    [
        (date(2023, 4, 1), "G", "207Q00000X", True),  # three years ago to the day: outside
        (date(2023, 4, 2), "G", "207Q00000X", False),
        (date(2025, 4, 1), "G", "207RC0000X", True),  # another specialty of the group
        (date(2025, 4, 1), "H", "207Q00000X", True),  # another group
        (date(2026, 4, 1), "G", "207Q00000X", True),  # the visit itself
    ],
)
def test_new_or_established(on: date, group: str, specialty: str, new: bool) -> None:
    assert is_new([Service(on, group, specialty)], date(2026, 4, 1), "G", "207Q00000X") is new


def test_three_years_before_a_leap_day() -> None:
    assert not is_new([Service(date(2025, 3, 1), "G", "S")], date(2028, 2, 29), "G", "S")
    assert is_new([Service(date(2025, 2, 28), "G", "S")], date(2028, 2, 29), "G", "S")


@pytest.mark.parametrize(
    ("age", "new", "code"),
    [(0, True, "99381"), (1, False, "99392"), (4, True, "99382"), (11, False, "99393"), (17, True, "99384"),
     (18, False, "99395"), (39, True, "99385"), (64, False, "99396"), (65, True, "99387")],
)  # fmt: skip
def test_preventive_visits_go_by_age(age: int, new: bool, code: str) -> None:
    assert preventive_code(age, new) == code


def test_an_age_that_cannot_be_is_refused() -> None:
    with pytest.raises(VisitError, match="age"):
        preventive_code(-1, True)
