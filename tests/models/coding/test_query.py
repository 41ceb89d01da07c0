from itertools import islice

import pytest

from billing_core.encounter import Span
from models.coding.query import OTHER, UNDETERMINED, Axis, draft, ladder, leading_words
from models.coding.suggester import Suggester


@pytest.mark.parametrize(
    ("code", "axis", "answer"),
    [
        ("M17.10", Axis.SIDE, "M17.11"),
        ("N18.9", Axis.STAGE, "N18.4"),
        ("M25.569", Axis.SIDE, "M25.562"),
        ("S93.409A", Axis.SIDE, "S93.401"),
        ("O99.019", Axis.TRIMESTER, "O99.012"),
        ("I50.9", Axis.ACUITY, "I50.31"),
    ],
)
def test_the_ladder_names_what_the_code_set_asks(suggester: Suggester, code: str, axis: Axis, answer: str) -> None:
    rungs = {rung.axis: [c for _, c in rung.answers] for rung in ladder(suggester.table, code)}
    assert answer in rungs.get(axis, []), rungs


@pytest.mark.parametrize("code", ["I10", "M17.11", "Q99.99", ""])
def test_a_code_that_leaves_nothing_open_has_no_ladder(suggester: Suggester, code: str) -> None:
    assert ladder(suggester.table, code) == ()


def test_a_query_shows_the_note_and_lets_the_author_answer(suggester: Suggester) -> None:
    note = "Assessment: knee osteoarthritis, injection planned."
    query = draft(suggester.table, "M17.10", [Span(12, 31)])
    assert query is not None and query.axis is Axis.SIDE
    assert query.options[-2:] == (OTHER, UNDETERMINED)
    assert query.options[:-2] == ("Right", "Left")
    text = query.text(note)
    assert '"knee osteoarthritis"' in text and "M17" not in text


def test_answers_are_words_a_doctor_would_use(suggester: Suggester) -> None:
    said = {
        code: drafted.options[:-2]
        for code in ("H66.90", "N18.9", "O99.019", "I50.9")
        if (drafted := draft(suggester.table, code, [Span(0, 4)]))
    }
    assert said["H66.90"] == ("Right", "Left", "Bilateral")
    assert "Chronic kidney disease, stage 4 (severe)" in said["N18.9"]
    assert said["O99.019"] == ("First trimester", "Second trimester", "Third trimester")
    assert said["I50.9"] == (), "too many kinds of heart failure to list: asked openly"


def test_the_right_heart_is_no_side(suggester: Suggester) -> None:
    assert Axis.SIDE not in {rung.axis for rung in ladder(suggester.table, "I50.9")}


def test_without_an_indicator_there_is_no_query(suggester: Suggester) -> None:
    assert draft(suggester.table, "M17.10", []) is None


def test_no_query_of_the_whole_code_set_leads_or_speaks_of_money(suggester: Suggester) -> None:
    unspecified = (c for c in suggester.table.codes if "unspecified" in suggester.table.title(c).lower())
    drafted = [q for c in islice(unspecified, 0, None, 40) if (q := draft(suggester.table, c, [Span(0, 4)]))]
    assert len(drafted) > 100
    for query in drafted:
        assert query.options[-2:] == (OTHER, UNDETERMINED)
        assert leading_words(query.text("pain")) == ()


def test_a_changed_query_that_leads_is_told() -> None:
    assert leading_words("Don't you agree the severity is higher? It would be paid.") == ("don't you", "higher", "paid")
