"""The small functions of the screens: what is cut, escaped, read and said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_streamlit.screens.coder import code_system, pointers_of
from app_streamlit.widgets.evidence import pieces
from app_streamlit.widgets.look import added, counted, dollars, due_tone, typed_amount
from app_streamlit.widgets.messages import findings_html, plain
from app_streamlit.widgets.reckoning import compared, steps
from serving.schemas.billing import ClaimLineView
from serving.schemas.coding import CounterView, FindingView, SpanView, SuggestionView
from serving.schemas.contracts import ReckonedLine, StepView

spans = st.lists(st.tuples(st.integers(-3, 60), st.integers(-3, 60)), max_size=5)


def suggestion(code: str, support: list[tuple[int, int]], counter: list[tuple[int, int]]) -> SuggestionView:
    return SuggestionView(
        system="ICD-10-CM", code=code, title="", score=0, rule="",
        spans=[SpanView(start=start, end=end) for start, end in support],
        counter=[CounterView(start=start, end=end, why="negated") for start, end in counter],
    )  # fmt: skip


@given(st.text(max_size=50), st.lists(st.tuples(spans, spans), max_size=4))
def test_the_pieces_are_the_note_and_each_character_knows_its_evidence(note: str, given_spans: list) -> None:
    suggestions = [suggestion(str(number), *each) for number, each in enumerate(given_spans)]
    cut = pieces(note, suggestions)
    assert "".join(piece["text"] for piece in cut) == note
    place = 0
    for piece in cut:
        for at in range(place, place + len(piece["text"])):
            support = [n for n, (some, _) in enumerate(given_spans) if any(start <= at < end for start, end in some)]
            against = [n for n, (_, some) in enumerate(given_spans) if any(start <= at < end for start, end in some)]
            assert piece["codes"] == support and [number for number, _ in piece["against"]] == against
        place += len(piece["text"])


@pytest.mark.parametrize(
    ("typed", "system"),
    [("E11.9", "ICD-10-CM"), ("I10", "ICD-10-CM"), ("S93.411A", "ICD-10-CM"), ("99213", "CPT"), ("0001A", "CPT"),
     ("J1885", "HCPCS")],
)  # fmt: skip
def test_a_typed_code_says_of_which_set_it_is(typed: str, system: str) -> None:
    assert code_system(typed) == system


def test_pointers_are_letters_or_numbers() -> None:
    assert pointers_of("A c, 2") == [1, 3, 2] and pointers_of("") == [] and pointers_of("AB") == [1, 2]
    for unreadable in ("Z", "A;B", "-"):
        with pytest.raises(ValueError):
            pointers_of(unreadable)


def test_amounts_as_people_read_them() -> None:
    assert [dollars(each) for each in ("1234567.50", "-28.00", "0.05")] == ["$1,234,567.50", "-$28.00", "$0.05"]


def test_amounts_are_read_as_people_type_them() -> None:
    assert [typed_amount(each) for each in ("$1,234.50", " -28 ", "$ 5", "")] == ["1234.50", "-28", "5", ""]
    assert [typed_amount(each) for each in ("1,234,567.00", "12,34", "1,5")] == ["1234567.00", "12,34", "1,5"]


def test_what_is_due_is_marked_from_two_weeks_before_and_again_when_it_is_past() -> None:
    assert [due_tone(days) for days in (None, 15, 14, 0, -1)] == ["", "", "warn", "warn", "bad"]


def test_things_are_counted_in_words() -> None:
    assert [counted(*each) for each in ((1, "claim"), (1200, "entry"), (2, "party"))] == [
        "1 claim", "1,200 entries", "2 parties",
    ]  # fmt: skip


def test_amounts_are_added_to_the_cent() -> None:
    assert added(["9007199254740993.01", "0.10", "0.20", "-0.31"]) == "9007199254740993.00"  # a float loses the cents
    assert added([]) == "0.00"


def _billed(adjusted: str, paid: str, still_open: str, owner: str) -> ClaimLineView:
    return ClaimLineView(
        number=1, procedure="99213", modifiers=[], units=1, diagnoses=["I10"], amount="150.00", adjusted=adjusted,
        paid=paid, open=still_open, owner=owner,
    )  # fmt: skip


def test_what_came_is_held_against_what_the_contract_allows_whoever_pays_it() -> None:
    should = ReckonedLine(
        number=1, procedure="99213", charge="150.00", allowed="92.00", paid="0.00", patient="92.00", refused="",
        steps=[], words="",
    )  # fmt: skip
    as_agreed = ("as much as the contract allows", "", "")
    assert compared(should, _billed("58.00", "92.00", "0.00", ""))[1] == as_agreed  # the deductible was met elsewhere
    assert compared(should, _billed("58.00", "67.00", "25.00", "guarantor"))[1] == as_agreed
    short = compared(should, _billed("80.00", "70.00", "0.00", ""))[1]
    assert short == ("$22.00", "less than the contract allows", "bad")
    assert compared(should, _billed("57.99", "92.01", "0.00", ""))[1] == ("$0.01", "more than the contract allows", "")
    assert compared(should, _billed("0.00", "0.00", "150.00", "payer 1")) == (("$0.00", "was paid so far", ""),)


def test_a_reckoning_begins_with_the_charge_and_ends_with_who_pays_what() -> None:
    fee = StepView(clause="fees.99213", words="fee 92.00 x 1", amount="92.00")
    line = ReckonedLine(
        number=1, procedure="99213", charge="150.00", allowed="92.00", paid="67.00", patient="25.00", refused="",
        steps=[fee], words="",
    )  # fmt: skip
    told = [[words for words, _ in cells] for cells in steps(line)]
    assert told == [
        ["billed", "150.00", ""],
        ["fee 92.00 x 1", "92.00", "fees.99213"],
        ["left to the patient", "25.00", ""],
        ["the payer should pay", "67.00", ""],
    ]


def test_words_from_outside_are_no_markup() -> None:
    bad = FindingView(rule="<i>", severity='error"><b>', message="<script>x</script>", where="a&b", mend="<img src=x>")
    drawn = findings_html([bad])
    assert "<script" not in drawn and "<img" not in drawn and "&lt;script&gt;" in drawn and 'error"><b>' not in drawn
    assert plain("[a](http://x) *b*") == "\\[a\\]\\(http\\://x\\) \\*b\\*"
