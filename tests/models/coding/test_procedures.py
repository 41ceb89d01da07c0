from datetime import date

import pytest

from billing_core.encounter import CodeSystem, Setting
from models.coding.suggester import Suggester

DAY = date(2026, 4, 1)


def _procedures(
    suggester: Suggester, text: str, age: int | None = 40, setting: Setting = Setting.OUTPATIENT
) -> list[str]:
    found = suggester.suggest(text, setting, DAY, age, "U")
    return [c.code for c in found.codes if c.system is not CodeSystem.ICD10CM]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Rapid strep positive in office.", ["87880"]),
        ("EKG performed in the office today shows sinus rhythm.", ["93000"]),
        ("The right knee was prepped and injected with 40 mg Kenalog and 2 cc lidocaine.", ["20610", "J3301"]),
        ("Venipuncture performed for labs.", ["36415"]),
        ("Flu shot given today.", ["90471", "90686"]),
        ("X-rays of the right knee, 3 views, obtained today: no fracture.", ["73562"]),
        ("Cryotherapy with liquid nitrogen to two warts on the hand today.", ["17110"]),
        ("Services Today:\n- Tdap\n- Urine dipstick\n", ["81002", "90471", "90715"]),
        # planned, offered, refused, elsewhere or before: not done here and now
        ("We will order an EKG.", []),
        ("EKG from the emergency room was normal.", []),
        ("Recommend shingles vaccine next month.", []),
        ("Knee injection was discussed; she declined.", []),
        ("Flu shot declined.", []),
        ("She had a punch biopsy two years ago.", []),
        ("Past surgical history: shave biopsy was performed.", []),
    ],
)
def test_a_procedure_is_suggested_when_it_was_done(suggester: Suggester, text: str, codes: list[str]) -> None:
    assert sorted(_procedures(suggester, text)) == codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Established patient.\nA/P: 1. Gout. Total time spent today 31 minutes.", "99214"),
        ("New patient.\nA/P: 1. Gout. I spent 31 minutes on this encounter.", "99203"),
        ("Follow-up.\nA/P:\n1. HTN - continue lisinopril\n2. GERD - continue omeprazole", "99214"),
        ("Follow-up.\nA/P:\n1. Viral URI - fluids and rest", "99213"),
        ("New patient.\nA/P:\n1. Viral URI - fluids and rest", "99203"),
        ("CC: annual physical\nA/P:\n1. Annual physical exam", "99396"),
        ("New patient, well child visit.\nA/P:\n1. Well child visit", "99381"),
    ],
)
def test_the_visits_level(suggester: Suggester, text: str, code: str) -> None:
    assert _procedures(suggester, text, age=0 if "child" in text else 40)[0] == code


def test_minutes_that_are_not_the_visits_do_not_count(suggester: Suggester) -> None:
    text = "Follow-up. She walks 60 minutes total.\nA/P:\n1. Viral URI - fluids and rest"
    assert _procedures(suggester, text) == ["99213"]


def test_no_visit_level_without_a_problem_or_in_inpatient_care(suggester: Suggester) -> None:
    assert _procedures(suggester, "Total time spent 31 minutes.") == []
    assert _procedures(suggester, "A/P:\n1. Gout", setting=Setting.INPATIENT) == []


def test_the_level_gives_its_reasons(suggester: Suggester) -> None:
    found = suggester.suggest("Follow-up.\nA/P:\n1. HTN - continue lisinopril", Setting.OUTPATIENT, DAY, 60, "F")
    level = next(c for c in found.codes if c.code.startswith("992"))
    assert "problems 2 of 4" in level.rule and "risk 3 of 4" in level.rule


def test_a_vaccine_given_brings_its_diagnosis(suggester: Suggester) -> None:
    found = suggester.suggest("A/P:\n1. Well child visit\nTdap given today.", Setting.OUTPATIENT, DAY, 11, "F")
    assert {"Z00.129", "Z23", "90471", "90715"} <= {c.code for c in found.codes}
