"""The clock of a credit balance, by whose money it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from billing_core.credit_balance import refund_clock

IDENTIFIED = date(2026, 1, 10)


@pytest.mark.parametrize("filing", ["MA", "MB", "MC", "16"])
def test_medicare_and_medicaid_have_sixty_days_from_the_day_it_was_identified(filing: str) -> None:
    assert refund_clock(filing, IDENTIFIED).due == date(2026, 3, 11)


def test_a_good_faith_investigation_stops_the_clock_for_a_hundred_and_eighty_days_at_most() -> None:
    for days, counted in ((30, 30), (180, 180), (400, 180), (-5, 0)):
        clock = refund_clock("MB", IDENTIFIED, IDENTIFIED, IDENTIFIED + timedelta(days=days))
        assert clock.due == IDENTIFIED + timedelta(days=60 + counted)


def test_an_investigation_that_has_not_ended_suspends_nothing_yet() -> None:
    assert refund_clock("MB", IDENTIFIED, IDENTIFIED).due == date(2026, 3, 11)


def test_others_by_contract_or_not_decidable_and_patients_within_thirty_days() -> None:
    assert refund_clock("CI", IDENTIFIED, contract_days=45).due == date(2026, 2, 24)
    assert refund_clock("CI", IDENTIFIED).due is None
    assert refund_clock("", IDENTIFIED).due == date(2026, 2, 9)
