"""Right codes: visit levels by the AMA table, modifiers, pointers, the order of diagnoses."""

import pytest

from tests.training.synthetic.worlds import made, midtown
from training.synthetic.clinic import Course
from training.synthetic.visits import (
    Done,
    Problem,
    check_up_visit,
    is_vaccine,
    problem_visit,
    right_diagnoses,
    right_procedures,
    visit_level,
    wellness_visit,
)

CONDITIONS = {c.name: c for c in midtown().conditions}
CATALOGUE = midtown().procedures


def problem(name, side="", drugs=(), results=(), **more):
    return Problem(CONDITIONS[name], side, False, tuple(drugs), ("Rest.",), tuple(results), (), **more)


def done(code, name, side="", units=1):
    return Done(code, units, CONDITIONS[name], side, True)


@pytest.mark.parametrize(
    ("problems", "level"),
    [
        ([problem("upper respiratory infection")], 2),
        ([problem("acute bronchitis")], 3),
        ([problem("acute bronchitis", drugs=["Benzonatate"])], 3),  # low complexity, moderate risk, no data
        ([problem("acute bronchitis", drugs=["x"], results=["a", "b"])], 3),  # data limited: still two of three
        ([problem("hypertension", drugs=["x"]), problem("mixed hyperlipidemia")], 4),
        ([problem("type 2 diabetes with hyperglycemia", drugs=["x"])], 4),
        ([problem("type 2 diabetes with hyperglycemia")], 3),
        ([problem("copd exacerbation", drugs=["x"])], 5),
    ],
)
def test_visit_level_is_the_second_highest_of_problems_data_and_risk(problems, level):
    assert visit_level(problems) == level


def test_visit_codes():
    assert problem_visit(4, True) == "99204" and problem_visit(3, False) == "99213"
    assert wellness_visit(True) == "G0438" and wellness_visit(False) == "G0439"
    ages = {0: "99391", 1: "99392", 5: "99393", 12: "99394", 18: "99395", 40: "99396", 65: "99397", 90: "99397"}
    assert {age: check_up_visit(age, False) for age in ages} == ages
    assert check_up_visit(40, True) == "99386"


def bill(visit_codes, problems, items):
    diagnoses = right_diagnoses(problems, items)
    return diagnoses, right_procedures(visit_codes, problems, items, diagnoses, CATALOGUE)


def test_an_office_procedure_puts_25_on_the_visit_and_the_side_on_the_procedure():
    knee = [problem("knee osteoarthritis", "left")]
    diagnoses, billed = bill(["99213"], knee, [done("20610", "knee osteoarthritis", "left")])
    assert diagnoses == ("M17.12",)
    assert [(b.code, b.modifiers) for b in billed] == [("99213", ("25",)), ("20610", ("LT",))]


def test_both_sides_are_modifier_50():
    _, billed = bill(
        [], [problem("knee osteoarthritis", "bilateral")], [done("20610", "knee osteoarthritis", "bilateral")]
    )
    assert billed[0].modifiers == ("50",)


def test_a_test_alone_puts_no_25_on_the_visit():
    _, billed = bill(["99213"], [problem("palpitations")], [done("93000", "palpitations")])
    assert billed[0].modifiers == ()


def test_a_bundled_procedure_of_another_lesion_carries_59():
    problems = [problem("neoplasm of skin, biopsied"), problem("actinic keratosis")]
    items = [done("11102", "neoplasm of skin, biopsied"), done("17000", "actinic keratosis")]
    _, billed = bill(["99214"], problems, items)
    assert {b.code: b.modifiers for b in billed} == {"99214": ("25",), "11102": (), "17000": ("59",)}
    assert {b.code: b.pointers for b in billed} == {"99214": (1, 2), "11102": (1,), "17000": (2,)}


def test_a_vaccine_adds_z23_and_points_at_it():
    problems = [problem("adult check-up")]
    diagnoses, billed = bill(["99395"], problems, [done("90686", "adult check-up"), done("90471", "adult check-up")])
    assert diagnoses == ("Z00.00", "Z23")
    assert [b.pointers for b in billed] == [(1,), (2,), (2,)]
    assert is_vaccine("90686") and not is_vaccine("90471") and not is_vaccine("J3301")


def test_a_check_up_with_a_problem_uses_the_code_with_findings_and_a_separate_visit():
    problems = [problem("adult check-up", with_findings=True), problem("acute bronchitis")]
    diagnoses, billed = bill(["99395", "99213"], problems, [])
    assert diagnoses == ("Z00.01", "J20.9")
    assert [(b.code, b.modifiers, b.pointers) for b in billed] == [("99395", (), (1,)), ("99213", ("25",), (2,))]


def test_a_combination_is_coded_in_its_order():
    diagnoses, _ = bill(["99214"], [problem("hypertension with kidney disease")], [])
    assert diagnoses == ("I12.9", "N18.31")


def test_visits_of_a_world_keep_the_rules():
    for entry in made().entries:
        visit = entry.visit
        age, sex = visit.person.age(visit.on), visit.person.patient.sex.value
        assert all(p.condition.fits(age, sex) for p in visit.problems)
        assert visit.on.weekday() < 5
        names = [p.condition.name for p in visit.problems]
        assert len(set(names)) == len(names)
        assert sum(p.condition.course is Course.PREVENTIVE for p in visit.problems) <= 1
        codes = [b.code for b in visit.billed]
        assert len(set(codes)) == len(codes)
        if any(CATALOGUE[c].needs_25 for c in codes):
            assert all("25" in b.modifiers for b in visit.billed if b.code[:3] in ("992", "993"))


def test_a_patient_is_new_to_a_specialty_once():
    seen = set()
    for entry in sorted(made().entries, key=lambda e: e.visit.on):
        key = (entry.visit.person.patient.id, entry.visit.specialty.name)
        if entry.duplicate_of:
            continue
        assert not (entry.visit.new_patient and key in seen)
        seen.add(key)
