"""What is at stake with the payer: by contract, of the denied lines, and no more than is still open."""

from __future__ import annotations

from billing_core.codesets.tables import Tables
from billing_core.denial import denials
from billing_core.expected_payment import expected_by_line, expected_of_denied, expected_payment
from tests.billing_core import specimens
from tests.billing_core.money_specimens import answer

CLAIM = specimens.claim(specimens.line(1), specimens.line(2, "36415", 1200))
TABLES = Tables.empty()
BY_LINE = expected_by_line(CLAIM, specimens.CONTRACT, TABLES)


def of_denied(*lines: tuple[str, ...], **still_open: int) -> int:
    found = denials(answer(CLAIM, *lines))
    return expected_of_denied(CLAIM, found, specimens.CONTRACT, TABLES, still_open)


def test_the_denied_line_alone_is_at_stake() -> None:
    assert expected_payment(CLAIM, specimens.CONTRACT, TABLES) == sum(BY_LINE.values()) > BY_LINE[2] > 0
    assert of_denied((), ("CO-197 12",)) == BY_LINE[2]
    assert of_denied(("CO-197 150",), ("CO-197 12",)) == sum(BY_LINE.values())


def test_without_a_contract_it_is_the_denied_charge() -> None:
    found = denials(answer(CLAIM, ("CO-197 150",), ()))
    assert expected_of_denied(CLAIM, found, None, TABLES) == 15000
    assert expected_of_denied(CLAIM, found, None, TABLES, {"charge-1": 4000}) == 4000


def test_what_was_paid_or_written_off_in_the_meantime_is_no_longer_at_stake() -> None:
    both = ("CO-197 150",), ("CO-197 12",)
    assert of_denied(*both, **{"charge-1": 700}) == 700 + BY_LINE[2]
    assert of_denied(*both, **{"charge-1": 0, "charge-2": 0}) == 0


def test_a_line_that_two_answers_denied_is_at_stake_once() -> None:
    found = [*denials(answer(CLAIM, ("CO-197 150",), ())), *denials(answer(CLAIM, ("CO-50 150",), ()))]
    assert expected_of_denied(CLAIM, found, specimens.CONTRACT, TABLES) == BY_LINE[1]
    assert expected_of_denied(CLAIM, found, None, TABLES) == 15000
    assert expected_of_denied(CLAIM, found, None, TABLES, {"charge-1": 4000}) == 4000
