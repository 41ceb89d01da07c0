"""How the suggester must move, and must not move, when the note changes: invariance and direction."""

from datetime import date

import pytest

from billing_core.encounter import CodeSystem, Setting
from models.coding.suggester import Suggester

NOTE = """CHIEF COMPLAINT
Follow-up.

HISTORY OF PRESENT ILLNESS
{name} is a 62-year-old here for follow-up.

ASSESSMENT AND PLAN
{problem}
- Continue current medicine.

Gout.
- Continue allopurinol.
"""
PROBLEMS = {
    "Hypertension": "I10",
    "Type 2 diabetes": "E11.9",
    "Asthma": "J45.909",
    "Hypothyroidism": "E03.9",
    "Acute bronchitis": "J20.9",
    "Right knee osteoarthritis": "M17.11",
    "Low back pain": "M54.50",
    "Depression": "F32.A",
    "Kidney stones": "N20.0",
}
each_problem = pytest.mark.parametrize(("problem", "code"), PROBLEMS.items())


def _codes(suggester: Suggester, text: str) -> set[str]:
    found = suggester.suggest(text, Setting.OUTPATIENT, date(2026, 4, 1), 62, "U")
    return {c.code for c in found.codes if c.system is CodeSystem.ICD10CM}


def _note(problem: str, name: str = "Mr. Perez") -> str:
    return NOTE.format(problem=problem, name=name)


@each_problem
def test_a_named_problem_is_found(suggester: Suggester, problem: str, code: str) -> None:
    assert _codes(suggester, _note(problem)) == {code, "M10.9"}


@each_problem
@pytest.mark.parametrize("name", ["Ms. Graves", "Dr. Crohn", "Mrs. Bell Addison", "Juan José Ñandú"])
def test_the_patients_name_changes_nothing(suggester: Suggester, problem: str, code: str, name: str) -> None:
    assert _codes(suggester, _note(problem, name)) == {code, "M10.9"}


@each_problem
@pytest.mark.parametrize(
    "change", [str.upper, str.lower, lambda p: p + ".", lambda p: f"1. {p}", lambda p: f"{p}, stable"]
)
def test_the_way_it_is_written_changes_nothing(suggester: Suggester, problem: str, code: str, change) -> None:
    assert code in _codes(suggester, _note(change(problem)))


@each_problem
def test_line_ends_change_nothing(suggester: Suggester, problem: str, code: str) -> None:
    assert _codes(suggester, _note(problem).replace("\n", "\r\n")) == {code, "M10.9"}


@each_problem
@pytest.mark.parametrize("denial", ["No {}", "Rule out {}", "Possible {}", "{} ruled out", "Family history of {}"])
def test_denied_suspected_or_a_relatives_is_not_the_patients(
    suggester: Suggester, problem: str, code: str, denial: str
) -> None:
    assert code not in _codes(suggester, _note(denial.format(problem.lower())))


@each_problem
def test_a_negated_sentence_elsewhere_does_not_remove_a_named_problem(
    suggester: Suggester, problem: str, code: str
) -> None:
    assert code in _codes(
        suggester, _note(problem).replace("here for follow-up.", "here. Denies fever, chills, cough.")
    )


@each_problem
def test_a_review_of_systems_full_of_denials_adds_nothing(suggester: Suggester, problem: str, code: str) -> None:
    review = "\nREVIEW OF SYSTEMS\nDenies asthma, chest pain, depression, diabetes, gout, hypertension, rash.\n"
    assert _codes(suggester, _note(problem).replace("\nASSESSMENT", review + "\nASSESSMENT")) == {code, "M10.9"}


def test_the_other_side_is_the_other_code(suggester: Suggester) -> None:
    assert "M17.12" in _codes(suggester, _note("Left knee osteoarthritis"))
    assert "M17.0" in _codes(suggester, _note("Bilateral knee osteoarthritis"))


def test_more_detail_gives_the_more_exact_code(suggester: Suggester) -> None:
    assert "N18.9" in _codes(suggester, _note("Chronic kidney disease"))
    assert "N18.32" in _codes(suggester, _note("Chronic kidney disease, stage 3b"))
    assert "F33.1" in _codes(suggester, _note("Major depressive disorder, recurrent, moderate"))
