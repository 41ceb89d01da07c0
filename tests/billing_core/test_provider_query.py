"""A query to the provider: it leaves the answer open, takes each step once, and holds until it is settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from billing_core.encounter import Span
from billing_core.errors import QueryError
from billing_core.provider_query import (
    OTHER,
    UNDETERMINED,
    ProviderQuery,
    QueryState,
    answered,
    checked,
    settled,
    still_open,
    withdrawn,
)
from billing_core.record import from_plain, to_plain

ON = date(2026, 4, 9)
QUERY = ProviderQuery(
    "q", "visit", "dr", "0" * 64, "M17.10", "side", (Span(3, 9),), "Which side does this concern?",
    ("right", "left", OTHER, UNDETERMINED), "coder", ON,
)  # fmt: skip


def test_it_goes_from_asked_to_settled_and_holds_until_then() -> None:
    said = answered(QUERY, "left", "", "desk", ON)
    done = settled(said)
    assert [q.state for q in (QUERY, said, done)] == [QueryState.OPEN, QueryState.ANSWERED, QueryState.SETTLED]
    assert [q.holds for q in (QUERY, said, done)] == [True, True, False]
    assert (said.answer, said.answered_by, said.recorded_by, said.closed_on) == ("left", "dr", "desk", ON)
    assert still_open([QUERY, said, withdrawn(QUERY, ON)]) == (QUERY,)
    assert from_plain(ProviderQuery, to_plain(said)) == said


@pytest.mark.parametrize(
    "bad",
    [
        replace(QUERY, indicators=()),
        replace(QUERY, indicators=(Span(0, 1),) * 4),
        replace(QUERY, options=("right", "left")),
        replace(QUERY, options=("right", OTHER)),
        replace(QUERY, question=" "),
    ],
)
def test_a_query_that_leads_is_not_asked(bad: ProviderQuery) -> None:
    assert checked(QUERY) is QUERY
    with pytest.raises(QueryError):
        checked(bad)


@pytest.mark.parametrize(
    ("answer", "words"), [("both", ""), (OTHER, " "), ("left", "but also the right one"), ("", "")]
)
def test_an_answer_is_one_that_was_offered(answer: str, words: str) -> None:
    with pytest.raises(QueryError):
        answered(QUERY, answer, words, "desk", ON)
    assert answered(QUERY, OTHER, " both, equally ", "desk", ON).words == "both, equally"


def test_no_step_is_taken_twice_or_out_of_order() -> None:
    said = answered(QUERY, UNDETERMINED, "", "desk", ON)
    for step in (
        lambda: answered(said, "left", "", "desk", ON),
        lambda: withdrawn(said, ON),
        lambda: settled(QUERY),
        lambda: settled(settled(said)),
        lambda: answered(withdrawn(QUERY, ON), "left", "", "desk", ON),
    ):
        with pytest.raises(QueryError):
            step()
