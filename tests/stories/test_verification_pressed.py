"""Insurance verification under pressure: large files, answers that contradict each other or lie about their day, and
another coverage than the one that was billed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from billing_core.claim import ClaimState
from billing_core.inquiry import BenefitAnswer, Refusal
from billing_core.registration import PersonName, Relationship
from serving.desk import answers, verification
from tests.serving.store.statements import counted
from tests.stories.clinic import SIGNED, Clinic, Person, claims_of, environment
from tests.stories.test_verification import (
    ACTIVE,
    HEARD,
    INACTIVE,
    PEOPLE,
    answer,
    asked,
    at,
    ends,
    file_of,
    hear,
    sign,
    words,
)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with two visits that nobody has coded yet."""
    with environment(tmp_path / "home"):
        yield Clinic(tmp_path, PEOPLE).open()


def test_a_claim_is_held_when_a_coverage_before_its_own_is_put_in_force_again(clinic: Clinic) -> None:
    (share,) = asked(clinic, "SHARE")
    hear(clinic, answer(share, INACTIVE))
    sign(clinic)
    with clinic.books() as books:
        (made,) = claims_of(books, "both")
    assert (made.claim.coverage.id, made.state) == ("coverage-both-2", ClaimState.READY)
    hear(clinic, answer(share, ACTIVE, on=SIGNED), today=SIGNED, control=502)
    with clinic.books() as books:
        (held,) = claims_of(books, "both")
    assert held.state is ClaimState.HELD and "payer-order" in {f.rule for f in held.findings}


def test_an_answer_dated_in_the_future_does_not_outlive_the_next_one(clinic: Clinic) -> None:
    (share,) = asked(clinic, "SHARE")
    hear(clinic, answer(share, INACTIVE, on=date(2099, 1, 1)))
    assert words(clinic)["coverage-both-1"].endswith("answered on 2026-01-06")
    hear(clinic, answer(share, ACTIVE, on=SIGNED), today=SIGNED, control=502)
    assert words(clinic)["coverage-both-1"].startswith("confirmed by the payer on 2026-01-07")


def test_two_answers_to_one_question_are_both_kept_and_the_later_one_decides(clinic: Clinic) -> None:
    (share,) = asked(clinic, "SHARE")
    hear(clinic, answer(share, ACTIVE), answer(share, INACTIVE))
    with clinic.books() as books:
        said = [one.answer.active for one in books.verifications(["coverage-both-1"]) if one.answer]
    assert said == [True, False]
    assert words(clinic)["coverage-both-1"].startswith("payer says ended")


def test_what_is_said_of_the_subscriber_is_not_said_of_the_dependent(clinic: Clinic) -> None:
    with clinic.store(HEARD).open(clinic.practice_id) as books:
        own = books.coverage("coverage-one-1")
        holder = replace(own.subscriber, name=PersonName("Adams", "Paul"), birth_date=date(1950, 5, 5))
        books.save_coverages([replace(own, relationship=Relationship.CHILD, subscriber=holder)])
    (one,) = [q for q in asked(clinic, "FULL1") if q.dependent is not None]
    receipt = hear(clinic, replace(answer(one, ACTIVE), dependent=None))
    assert len(receipt.held) == 1 and "somebody else" in receipt.held[0]
    assert words(clinic)["coverage-one-1"].startswith("asked on")
    refused = replace(answer(one, refused="75"), dependent=None)
    assert hear(clinic, refused, control=502).held == [], "the subscriber was not found: nor is the dependent"
    assert "AAA 75" in words(clinic)["coverage-one-1"]


def test_a_coverage_with_another_payer_now_is_asked_about_anew(clinic: Clinic) -> None:
    for one in asked(clinic, "FULL1"):
        hear(clinic, answer(one, refused="75"), control=int(one.trace[-2:]))
    with clinic.store(HEARD).open(clinic.practice_id) as books:
        books.save_coverages([replace(books.coverage("coverage-one-1"), payer_id="payer-DENY3")])
    (again,) = asked(clinic, "DENY3", HEARD)
    assert again.subscriber.name.first == "ADA"


# --- many at once -----------------------------------------------------------------------------------------------------


def _many(tmp_path: Path, number: int) -> Clinic:
    people = tuple(Person(f"p{n:03}", ("FULL1",), name=PersonName("Many", f"N{n}")) for n in range(number))
    (tmp_path / str(number)).mkdir()
    return Clinic(tmp_path / str(number), people, "ELMF").open()


def test_a_larger_file_of_answers_asks_the_books_no_more_often(tmp_path: Path) -> None:
    asked_of = {}
    for number in (4, 12):
        with environment(tmp_path / f"home{number}"):
            clinic = _many(tmp_path, number)
            said = [answer(q, ACTIVE) for q in asked(clinic, "FULL1")]
            half = len(said) // 2
            said = [*said[:half], *(replace(one, trace="OTHER") for one in said[half:])]
            nobody = replace(said[0], trace="", subscriber=replace(said[0].subscriber, member_id="W0"))
            data = file_of([*said, *[nobody] * number])
            with at(clinic, HEARD) as desk:
                with counted(desk) as hearing:
                    receipt = answers.receive(desk, "a.271", data)
                with counted(desk) as asking:
                    verification.ask(desk)
            assert receipt.claims == 2 * number and receipt.unmatched == number
            assert len(ends(clinic)) == number
            asked_of[number] = len(hearing), len(asking)
    assert asked_of[4] == asked_of[12]


def test_a_request_refused_many_times_in_one_file_is_refused_once(clinic: Clinic) -> None:
    one, *_ = asked(clinic, "FULL1")
    refused = [
        BenefitAnswer(one.reference, HEARD, replace(one.payer, name=f"P{n}"), one.provider,
                      refusals=(Refusal("provider", "51", "C"),))
        for n in range(5)
    ]  # fmt: skip
    assert hear(clinic, *refused).held == []
    with clinic.books() as books:
        known = books.verifications(["coverage-one-1", "coverage-both-2"])
    assert len(known) == 2 and all(row.answer for row in known)
