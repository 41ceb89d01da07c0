"""How much of a claim a refusal takes: line by line, from what was known when it was sent, and from nothing later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models.denial.facts import ClaimFacts, facts
from models.denial.history import History, HistoryError
from models.denial.share import CERTAIN, taken
from tests.billing_core import specimens

DAY = date(2026, 4, 7)


def sent(serial: int, *codes: str, days: int = 0, patient: str = "") -> ClaimFacts:
    """A claim, each line for a diagnosis of its own."""
    lines = [specimens.line(n, code, 9000, pointers=(n,)) for n, code in enumerate(codes, start=1)]
    claim = specimens.claim(*lines, id=f"claim-{serial}", diagnoses=("E11.9", "I10", "M54.50"))
    return facts(claim, DAY + timedelta(days=days), patient or f"patient-{serial}")


def known(*outcomes: tuple[ClaimFacts, tuple[str, ...], tuple[str, ...]]) -> History:
    """A history of answers that came five days after each claim: the procedures refused, and the categories."""
    history = History()
    for claim, refused, categories in outcomes:
        history.submitted(claim)
        on = claim.submitted_on + timedelta(days=5)
        history.adjudicated(claim, bool(categories), on, categories, refused)
    return history


def shares(claim: ClaimFacts, history: History) -> list[float]:
    return [ppm / CERTAIN for ppm in taken(claim, history)]


def test_of_one_line_a_refusal_takes_all() -> None:
    assert taken(sent(1, "99213"), History()) == (CERTAIN,)
    assert taken(replace(sent(1, "99213"), procedures=(), modifiers=(), units=(), pointed=()), History()) == ()


def test_before_anything_is_known_lines_share_alike_and_more_than_one_of_them_is_refused() -> None:
    one, other = shares(sent(1, "99213", "81002"), History())
    assert one == other and 0.5 < one < 1
    assert sum(shares(sent(1, "99213", "81002", "36415"), History())) > 1


def test_a_payers_rule_takes_the_line_it_is_about() -> None:
    said = [(sent(n, "99213", "81002", days=n), ("81002",), ("not covered",)) for n in range(1, 5)]
    visit, test = shares(sent(9, "99213", "81002", days=30), known(*said))
    assert test > 0.8 and visit < 0.4
    elsewhere = replace(sent(9, "99213", "81002", days=30), payer="99999")
    assert len(set(taken(elsewhere, known(*said)))) == 1, "the rule is this payer's"


def test_what_was_refused_as_a_whole_takes_every_line() -> None:
    codes = ("99213", "81002")
    ended = known((sent(1, *codes, patient="p"), codes, ("eligibility",)))
    again = sent(2, *codes, days=20, patient="p")
    again = replace(again, days_to_submit=again.days_to_submit - 1)  # a day of service after the one refused
    assert min(shares(again, ended)) > 0.9 > max(shares(sent(3, *codes, days=20), ended))
    late = replace(sent(4, *codes, days=20), days_to_submit=400)
    assert min(shares(late, History())) > 0.9, "over every filing limit there is"


def test_a_yearly_service_given_lately_is_the_line_refused() -> None:
    before = known((sent(1, "99396", patient="p"), (), ()))
    year = replace(sent(2, "99396", "81002", days=90, patient="p"), days_to_submit=1)
    check_up, test = shares(year, before)
    assert check_up > 0.7 > test


def test_what_is_not_yet_known_moves_nothing_and_what_is_later_is_refused() -> None:
    said = [(sent(n, "99213", "81002", days=n), ("81002",), ("not covered",)) for n in range(1, 5)]
    claim = sent(9, "99213", "81002", days=5)  # before the first answer
    assert taken(claim, known(*said)) == taken(claim, known())
    history = known(*said)
    taken(sent(9, "99213", "81002", days=30), history)
    with pytest.raises(HistoryError):
        taken(claim, history)
