"""New or established: three years of history in the same group and specialty, then the note's own words."""

from __future__ import annotations

from datetime import date

import pytest

from billing_core.encounter import Setting, Span
from models.coding.evaluation_management import seen_before, visit_level
from models.coding.suggester import Suggester

ON = date(2026, 4, 7)
FAMILY, HEART = "207Q00000X", "207RC0000X"
LONG = date(2015, 1, 1)
NOTE = "{who}\nAssessment and plan:\n1. Essential hypertension, continue lisinopril.\n2. Gout, start allopurinol.\n"


@pytest.mark.parametrize(
    ("visits", "history_from", "seen"),
    [
        ([(date(2026, 4, 6), FAMILY)], LONG, True),
        ([(date(2023, 4, 7), FAMILY)], LONG, True),  # three years ago to the day is within
        ([(date(2023, 4, 6), FAMILY)], LONG, False),
        ([(date(2026, 1, 5), HEART)], LONG, False),  # the same group, another specialty
        ([(date(2026, 1, 5), HEART), (date(2024, 1, 5), FAMILY)], LONG, True),
        ([(ON, FAMILY), (date(2026, 5, 1), FAMILY)], LONG, False),  # not before the visit
        ([], LONG, False),
        ([], date(2023, 4, 8), None),  # history too short: silence proves nothing
        ([], None, None),
        ([(date(2025, 4, 7), FAMILY)], None, True),  # one visit found decides at once
    ],
)
def test_three_years_in_the_same_group_and_specialty(
    visits: list[tuple[date, str]], history_from: date | None, seen: bool | None
) -> None:
    assert seen_before(ON, FAMILY, visits, history_from) is seen


def test_a_leap_day_has_its_three_years() -> None:
    assert seen_before(date(2024, 2, 29), FAMILY, [(date(2021, 2, 28), FAMILY)], LONG) is True
    assert seen_before(date(2024, 2, 29), FAMILY, [(date(2021, 2, 27), FAMILY)], LONG) is False


@pytest.mark.parametrize(
    ("who", "seen", "code"),
    [
        ("New patient.", None, "99204"),
        ("Established patient.", None, "99214"),
        ("", None, "99214"),
        ("New patient.", True, "99214"),  # history decides against the words
        ("Follow-up.", False, "99204"),
        ("", True, "99214"),
        ("", False, "99204"),
    ],
)
def test_history_decides_before_the_words(suggester: Suggester, who: str, seen: bool | None, code: str) -> None:
    found = suggester.suggest(NOTE.format(who=who), Setting.OUTPATIENT, ON, 50, "F", seen=seen)
    visit = next(c for c in found.codes if c.code.startswith("992"))
    assert visit.code == code
    assert ("history show" in visit.rule or "within three years" in visit.rule) is (seen is not None)
    assert ("the note says otherwise" in visit.rule) is (who != "" and seen is not None)


def test_a_preventive_visit_asks_history_too() -> None:
    text = "Chief complaint: annual physical.\n"
    codes = [visit_level(text, 50, [Span(0, 5)], seen) for seen in (None, True, False)]
    assert [c and c.code for c in codes] == ["99396", "99396", "99386"]
