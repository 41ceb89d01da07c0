"""The facts of an appeal, each with its source; and when there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from billing_core.appeal import Letter, deadlines, letter
from billing_core.denial import denials
from billing_core.remittance import ClaimPayment
from tests.billing_core import specimens
from tests.billing_core.money_specimens import DAY, answer, claim

SENT = replace(claim(15000), authorization="AUTH77")


def write(payment: ClaimPayment, today: date = DAY) -> Letter:
    return letter(SENT, payment, denials(payment)[0], specimens.CONTRACT, "TRACE1", DAY, today)


def test_every_sentence_names_where_it_stands_written() -> None:
    payment = answer(SENT, ("CO-50 150",), remarks=("N115",))
    made = write(payment)
    assert made.findings == ()
    assert all(fact.source for fact in made.facts)
    text = {fact.sentence: fact.source for fact in made.facts}
    refused = "You refused 150.00 of procedure 99213, for reason CO-50: the plan does not find the service medically"
    (source,) = [s for sentence, s in text.items() if sentence.startswith(refused)]
    assert source == "remittance TRACE1 of 2026-05-04, claim ICN1, line 1"
    assert "The contract allows 90.00 for each unit of 99213." in text
    assert "You gave the remarks N115." in text
    assert "The claim carried authorization AUTH77." in text


def test_no_patient_is_named() -> None:
    made = write(answer(SENT, ("CO-50 150",)))
    words = " ".join(f"{fact.sentence} {fact.source}" for fact in made.facts)
    assert "Doe" not in words
    assert SENT.coverage.member_id not in words


def test_no_appeal_of_what_was_unprocessable_is_the_patients_or_is_too_late() -> None:
    unprocessable = write(answer(SENT, ("CO-16 150",), remarks=("MA130",)))
    patients = write(answer(SENT, ("PR-96 150",)))
    late = write(answer(SENT, ("CO-50 150",)), DAY + timedelta(days=181))
    for refused, words in ((unprocessable, "MA130"), (patients, "the patient's"), (late, "deadline")):
        assert refused.facts == ()
        assert words in refused.findings[0].message
    assert write(answer(SENT, ("CO-50 150",)), DAY + timedelta(days=180)).facts


def test_deadlines_run_from_service_and_remittance() -> None:
    by = deadlines(SENT, specimens.CONTRACT, DAY)
    assert by.file_by == specimens.SERVICE + timedelta(days=90)
    assert by.correct_by == DAY + timedelta(days=60)
    assert by.appeal_by == DAY + timedelta(days=180)
