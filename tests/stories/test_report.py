"""The manager's figures on both databases: what counts, what is not known yet, and that the cases behind add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_core.claim import ClaimState
from billing_core.rule import Finding, Severity
from serving.desk import report, unmatched
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.errors import InputError
from serving.ids import FixedClock
from serving.schemas.money import AssignIn, ReasonIn
from serving.schemas.report import PARTS
from tests.billing_core.busy_practice import BILLED, TODAY, Busy, advice, file_of, opened
from tests.billing_core.money_specimens import answer

PAID, DENIED = (("CO-45 40",), ("CO-45 10",)), (("CO-197 100",), ("CO-45 10",))


@pytest.fixture
def practice(database_url: str, tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(database_url, 6, tmp_path)
    yield desk, busy
    desk.store.close()


def figure(desk: Desk, key: str, **period: Any) -> tuple[str, str, int, str]:
    found = next(f for f in report.report(desk, **period).figures if f.key == key)
    return found.numerator, found.denominator, found.unknown, found.value


def answered(desk: Desk, busy: Busy) -> None:
    """Three paid whole, one denied, two not answered."""
    payments = [answer(claim, *(DENIED if place == 3 else PAID)) for place, claim in enumerate(busy.claims[:4])]
    receive(desk, "a.835", file_of(advice(payments)))


def test_a_rate_speaks_of_what_is_answered_and_says_how_much_that_is(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    assert figure(desk, "denial-rate") == ("0", "0", 6, "")
    answered(desk, busy)
    assert figure(desk, "denial-rate") == ("1", "4", 2, "0.2500")
    assert figure(desk, "first-pass-payment-rate") == ("3", "4", 2, "0.7500")
    found = report.report(desk)
    denial = next(f for f in found.figures if f.key == "denial-rate")
    assert (denial.maturity, denial.settled, denial.shown) == ("0.6667", False, "25.0%")
    (month,) = found.months
    assert (month.month, month.sent, month.answered, month.denied, month.settled) == ("2026-04", 6, 4, 1, False)
    receive(desk, "b.835", file_of(advice([answer(c, *PAID) for c in busy.claims[4:]], trace="T2"), control=2))
    assert report.report(desk).months[0].settled


def test_a_claim_mended_before_it_was_sent_is_not_clean_and_one_mended_after_a_denial_is(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    with desk.store.open(desk.practice_id) as books:
        for claim in busy.claims:
            if claim.id == "claim-2":
                books.log(desk.actor, "claim.mend", claim.id, reason="correct: authorization")
            books.log(desk.actor, "claim.submit", claim.id)
        books.log(desk.actor, "claim.mend", "claim-3", reason="correct: after the denial")
        failing = Finding("x", Severity.ERROR, "no authorization", "claim", "get one")
        for number, findings in ((7, (failing,)), (8, ())):
            held = replace(
                busy.claims[0], id=f"held-{number}", number=f"HELD{number}", encounter_id="encounter-2", lines=()
            )
            books.save_claim(held, ClaimState.HELD, findings=findings)
    assert figure(desk, "clean-claim-rate") == ("5", "7", 1, "0.7143")
    unclean = {row.name for row in report.cases(desk, "clean-claim-rate", "denominator").rows} - {
        row.name for row in report.cases(desk, "clean-claim-rate", "numerator").rows
    }
    assert unclean == {busy.claims[1].number, "HELD7"}


def test_a_correction_is_no_second_case_and_a_pend_decides_nothing(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    answered(desk, busy)
    with desk.store.open(desk.practice_id) as books:
        again = replace(busy.claims[3], id="again", number="AGAIN", replaces=busy.claims[3].number)
        books.save_claim(again, ClaimState.SUBMITTED, submitted_on=TODAY)
        books.log(desk.actor, "claim.pended", busy.claims[4].id)
    assert figure(desk, "denial-rate")[1:3] == ("4", 2)
    with desk.store.read(desk.practice_id) as books:
        assert report.first_answers(books)[busy.claims[3].id] is ClaimState.PARTLY_DENIED


def test_what_was_posted_to_the_wrong_claim_and_taken_away_never_was_its_answer(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    odd = replace(answer(busy.claims[0], *DENIED), number="OLD-1")
    receive(desk, "a.835", file_of(advice([odd])))
    (item,) = unmatched.unmatched(desk)
    unmatched.assign(desk, item.id, AssignIn(claim_number=busy.claims[0].number))
    assert figure(desk, "denial-rate")[:3] == ("1", "1", 5)
    unmatched.undo_assignment(desk, item.id, ReasonIn(reason="the wrong claim"))
    assert figure(desk, "denial-rate")[:3] == ("0", "0", 6)


def test_collection_rates_leave_out_what_a_payer_still_holds(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    answered(desk, busy)
    # settled: three claims whole (130.00 charged, 80.00 paid, 50.00 contractual) and the drawn blood of the fourth
    assert figure(desk, "gross-collection-rate") == ("260.00", "420.00", 5, "0.6190")
    assert figure(desk, "net-collection-rate") == ("260.00", "260.00", 5, "1.0000")
    assert figure(desk, "days-in-receivable") == ("360.00", "780.00", 0, "42.0000")


@pytest.mark.parametrize("key", report.FIGURES)
def test_the_cases_behind_a_figure_add_up_to_it(practice: tuple[Desk, Busy], key: str) -> None:
    desk, busy = practice
    answered(desk, busy)
    numerator, denominator, unknown, _ = figure(desk, key)
    behind = {part: report.cases(desk, key, part) for part in PARTS}
    assert (behind["numerator"].total, behind["denominator"].total) == (numerator, denominator)
    assert behind["unknown"].count == unknown
    for part in behind.values():
        assert part.count == len(part.rows)
        assert sum(Decimal(row.counted) for row in part.rows) == Decimal(part.total)


def test_a_period_counts_claims_by_their_sending_and_charges_by_their_service(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    answered(desk, busy)
    before = {"until": BILLED - timedelta(days=1)}
    assert figure(desk, "denial-rate", **before)[:2] == ("0", "0"), "sent on the day after"
    assert figure(desk, "gross-collection-rate", **before)[1] == "420.00", "and seen two days before"
    later = replace(desk, clock=FixedClock(date(2027, 9, 1)))
    assert figure(later, "gross-collection-rate")[1] == "0.00"
    for wrong in ({"since": TODAY, "until": BILLED},):
        with pytest.raises(InputError, match="before it begins"):
            report.report(desk, **wrong)
    with pytest.raises(InputError, match="no such figure"):
        report.cases(desk, "happiness", "numerator")
    with pytest.raises(InputError, match="no such part"):
        report.cases(desk, "denial-rate", "half")
