"""Which coverage is active on the day of service, who pays next, and what a payer's own answer (271) says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from billing_core.claim_detail import Dated
from billing_core.eligibility import (
    PayerAnswer,
    Standing,
    answer_of,
    check_coverage,
    contradicts,
    day_of,
    identifies,
    inquiry,
    last_refusal,
    told,
)
from billing_core.inquiry import Benefit, BenefitAnswer, Insured, Refusal
from billing_core.registration import PersonName, Relationship
from tests.billing_core.specimens import COVERAGE, PATIENT, PAYER, PRACTICE, SERVICE

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
    assert (answer.first is ENDED) == (standing is Standing.ACTIVE)


def test_the_payers_latest_answer_for_the_day_wins() -> None:
    stale = PayerAnswer("coverage", SERVICE, True, date(2026, 4, 1))
    fresh = PayerAnswer("coverage", SERVICE, False, date(2026, 4, 6))
    other_day = PayerAnswer("coverage", date(2026, 4, 8), True, date(2026, 4, 7))
    answer = check_coverage((COVERAGE, SECOND), SERVICE, (fresh, stale, other_day))
    assert answer.first is SECOND
    assert answer.standings[-1].standing is Standing.REFUSED and answer.standings[-1].confirmed


def test_nobody_to_bill_is_self_pay() -> None:
    assert check_coverage((), SERVICE).first is None
    assert check_coverage((), SERVICE).billed is None


# --- what the payer says ----------------------------------------------------------------------------------------------

HEARD = date(2026, 4, 8)
ASKED = inquiry(COVERAGE, PATIENT, PAYER, PRACTICE, SERVICE, "0000000010001", "ELMF000000001000101")


def said(*benefits: Benefit, **changes: Any) -> BenefitAnswer:
    """An answer to ASKED."""
    who = replace(ASKED.subscriber, dates=changes.pop("dates", ()))
    fields = {"subscriber": who, "trace": ASKED.trace, "benefits": benefits} | changes
    return BenefitAnswer("0000000010001", HEARD, ASKED.payer, **fields)


WHOLE, DENTAL = ("30",), ("35",)


@pytest.mark.parametrize(
    ("answer", "active", "ended"),
    [
        (said(Benefit("1", service_types=WHOLE)), True, None),
        (said(Benefit("6", service_types=WHOLE)), False, None),
        (said(Benefit("6", service_types=WHOLE), Benefit("1", service_types=DENTAL)), False, None),
        (said(Benefit("1", service_types=("98",))), True, None),
        (said(Benefit("6", service_types=WHOLE), dates=(Dated("357", date(2026, 3, 31)),)), False, date(2026, 3, 31)),
        (said(Benefit("6", dates=(Dated("349", date(2026, 3, 31)),))), False, date(2026, 3, 31)),
        (said(Benefit("6"), dates=(Dated("347", date(2026, 12, 31)),)), False, None),  # it ends later: not since when
        (said(Benefit("1", service_types=WHOLE), dates=(Dated("347", date(2026, 12, 31)),)), True, None),
        (said(Benefit("1", service_types=WHOLE), dates=(Dated("347", date(2026, 3, 31)),)), None, None),
        (said(Benefit("B", service_types=WHOLE)), None, None),
        (said(), None, None),
    ],
)
def test_an_answer_says_active_inactive_or_neither(
    answer: BenefitAnswer, active: bool | None, ended: date | None
) -> None:
    heard = answer_of(answer, COVERAGE, SERVICE)
    assert (heard.active, heard.ended) == (active, ended)
    assert bool(heard.refused) is (active is None)


def test_a_refusal_keeps_its_words_what_may_be_done_and_decides_nothing() -> None:
    heard = answer_of(said(refusals=(Refusal("subscriber", "72", "C"),)), COVERAGE, SERVICE, "no such member (AAA 72)")
    assert (heard.active, heard.refused, heard.follow_up) == (None, "no such member (AAA 72)", "C")
    assert check_coverage((COVERAGE,), SERVICE, (heard,)).first is COVERAGE
    assert last_refusal((heard,), "coverage", SERVICE) is heard
    assert told((heard,), "coverage", SERVICE) == "the payer did not say, on 2026-04-08: no such member (AAA 72)"


def test_the_day_it_ended_speaks_of_each_later_day_and_of_no_earlier_one() -> None:
    ended = PayerAnswer("coverage", SERVICE, False, HEARD, ended=date(2026, 3, 31))
    for on, standing in (
        (date(2026, 3, 31), Standing.ACTIVE),
        (date(2026, 4, 1), Standing.REFUSED),
        (date(2026, 9, 1), Standing.REFUSED),
    ):  # fmt: skip
        assert check_coverage((COVERAGE,), on, (ended,)).standings[0].standing is standing
    again = PayerAnswer("coverage", date(2026, 9, 1), True, date(2026, 9, 2))
    assert check_coverage((COVERAGE,), date(2026, 9, 1), (again, ended)).first is COVERAGE


def test_the_payer_may_confirm_what_our_record_says_has_ended() -> None:
    confirmed = PayerAnswer("ended", SERVICE, True, HEARD)
    assert check_coverage((ENDED,), SERVICE, (confirmed,)).first is ENDED


def test_a_claim_is_still_made_where_the_payer_alone_says_no_and_never_where_our_record_does_too() -> None:
    refused = PayerAnswer("coverage", SERVICE, False, HEARD)
    assert check_coverage((COVERAGE,), SERVICE, (refused,)).first is None
    assert check_coverage((COVERAGE,), SERVICE, (refused,)).billed is COVERAGE
    assert check_coverage((COVERAGE, SECOND), SERVICE, (refused,)).billed is SECOND
    assert check_coverage((ENDED,), SERVICE, (replace(refused, coverage_id="ended"),)).billed is None


def test_the_question_of_a_dependent_names_the_holder_and_the_patient() -> None:
    child = replace(PATIENT, name=PersonName("Doe", "Bo"), birth_date=date(2018, 5, 6))
    for relationship, code in ((Relationship.CHILD, "19"), (Relationship.SPOUSE, "01"), (Relationship.OTHER, "34")):
        asked = inquiry(replace(COVERAGE, relationship=relationship), child, PAYER, PRACTICE, SERVICE, "R", "T")
        assert asked.subscriber.name == COVERAGE.subscriber.name and asked.subscriber.member_id == "W1234567"
        assert asked.dependent is not None
        assert (asked.dependent.name.first, asked.dependent.relationship) == ("Bo", code)
    assert ASKED.dependent is None and ASKED.asked_for == Dated("291", SERVICE)


@pytest.mark.parametrize(
    ("changes", "by_itself", "contradicting"),
    [
        ({}, True, False),
        ({"name": PersonName("DOE", "ANN", "Q")}, True, False),
        ({"name": PersonName("Doe-Smith", "Ann")}, False, False),  # married
        ({"name": PersonName("Roe", "Bea")}, False, True),
        ({"birth_date": date(1981, 2, 3)}, False, True),
        ({"birth_date": None}, False, False),
        ({"member_id": "w-123 4567"}, True, False),
        ({"member_id": "W7654321"}, False, False),  # a new card
    ],
)
def test_whom_an_answer_names(changes: dict[str, Any], by_itself: bool, contradicting: bool) -> None:
    answer = said(subscriber=replace(ASKED.subscriber, **changes))
    assert identifies(answer, COVERAGE, PATIENT) is by_itself
    assert contradicts(answer, COVERAGE, PATIENT) is contradicting


def test_an_answer_about_a_dependent_is_about_the_patient_and_not_about_the_holder() -> None:
    child = replace(PATIENT, name=PersonName("Doe", "Bo"), birth_date=date(2018, 5, 6))
    covered = replace(COVERAGE, relationship=Relationship.CHILD)
    named = said(dependent=Insured(child.name, birth_date=child.birth_date))
    assert identifies(named, covered, child) and not contradicts(named, covered, child)
    assert not identifies(said(), covered, child), "the holder's own answer"
    assert not contradicts(said(refusals=(Refusal("subscriber", "75", "C"),)), covered, child)


def test_a_new_member_id_is_told_and_an_equal_one_is_not() -> None:
    new = answer_of(said(Benefit("1"), subscriber=replace(ASKED.subscriber, member_id="W7")), COVERAGE, SERVICE)
    assert new.member_id == "W7" and "another id" in told((new,), "coverage", SERVICE)
    assert answer_of(said(Benefit("1")), COVERAGE, SERVICE).member_id == ""


def test_of_which_day_an_answer_speaks_that_nobody_asked_for() -> None:
    assert day_of(said(Benefit("1", dates=(Dated("291", SERVICE),)))) == SERVICE
    assert day_of(said(Benefit("1"), dates=(Dated("307", date(2026, 1, 1), date(2026, 12, 31)),))) == HEARD
    assert day_of(said(Benefit("1"), dates=(Dated("346", date(2026, 1, 1)),))) == HEARD


def test_the_words_of_the_screen() -> None:
    active = PayerAnswer("coverage", SERVICE, True, HEARD, plan="GOLD")
    ended = PayerAnswer("coverage", SERVICE, False, HEARD, ended=date(2026, 3, 31))
    assert told((), "coverage", SERVICE) == "not asked"
    assert told((), "coverage", SERVICE, SERVICE) == "asked on 2026-04-07"
    assert told((active,), "coverage", SERVICE, SERVICE) == "confirmed by the payer on 2026-04-08: GOLD"
    assert told((ended,), "coverage", SERVICE) == "payer says ended on 2026-03-31, answered on 2026-04-08"
    assert told((active,), "coverage", date(2026, 4, 9)) == "not asked", "an answer of another day"
