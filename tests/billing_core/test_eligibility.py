"""Which coverage is active on the day of service, and who pays next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from billing_core.eligibility import PayerAnswer, Standing, active_coverage, check_coverage
from tests.billing_core.specimens import COVERAGE, SERVICE

SECOND = replace(COVERAGE, id="second", rank=2)
ENDED = replace(COVERAGE, id="ended", terminated=date(2025, 12, 31))
FUTURE = replace(COVERAGE, id="future", effective=date(2026, 5, 1))


def test_the_active_coverages_come_in_payer_order() -> None:
    answer = check_coverage((SECOND, ENDED, COVERAGE, FUTURE), SERVICE)
    assert [c.id for c in answer.payable] == ["coverage", "second"]
    assert answer.first is COVERAGE
    assert answer.after("coverage") is SECOND
    assert answer.after("second") is None
    assert answer.after("ended") is None
    assert {s.coverage.id: s.standing for s in answer.standings if s.standing is not Standing.ACTIVE} == {
        "ended": Standing.ENDED,
        "future": Standing.NOT_YET,
    }


@pytest.mark.parametrize(
    ("on", "standing"),
    [
        (date(2024, 12, 31), Standing.NOT_YET),
        (date(2025, 1, 1), Standing.ACTIVE),
        (date(2025, 12, 31), Standing.ACTIVE),
        (date(2026, 1, 1), Standing.ENDED),
    ],
)
def test_both_ends_are_included(on: date, standing: Standing) -> None:
    answer = check_coverage((ENDED,), on)
    assert answer.standings[0].standing is standing
    assert (active_coverage((ENDED,), on) is ENDED) == (standing is Standing.ACTIVE)


def test_the_payers_latest_answer_for_the_day_wins() -> None:
    stale = PayerAnswer("coverage", SERVICE, True, date(2026, 4, 1))
    fresh = PayerAnswer("coverage", SERVICE, False, date(2026, 4, 6))
    other_day = PayerAnswer("coverage", date(2026, 4, 8), True, date(2026, 4, 7))
    answer = check_coverage((COVERAGE, SECOND), SERVICE, (fresh, stale, other_day))
    assert answer.first is SECOND
    assert answer.standings[-1].standing is Standing.REFUSED and answer.standings[-1].confirmed


def test_nobody_to_bill_is_self_pay() -> None:
    assert check_coverage((), SERVICE).first is None
    assert active_coverage((), SERVICE) is None
