"""The facts of an appeal, each with its source; by when each level must be used; and when there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from billing_core.appeal import Grounds, Letter, Quote, Refusal, appeal_by, deadlines, letter
from billing_core.contract import Contract, Remedy, RemedyTerm, Since
from billing_core.denial import denials
from billing_core.remittance import ClaimPayment
from billing_core.rule import Severity
from tests.billing_core import specimens
from tests.billing_core.money_specimens import DAY, answer, claim

SENT = replace(claim(15000), authorization="AUTH77")
NOTE = Quote("99213", "40 minutes face to face,\n  insulin adjusted", "note of 2026-04-07, characters 90 to 134")
LEVELS = (
    RemedyTerm(Remedy.APPEAL, Since.REMITTANCE, days=120),
    RemedyTerm(Remedy.APPEAL, Since.LEVEL_BEFORE, days=60, level=2),
)


def write(
    payment: ClaimPayment, today: date = DAY, contract: Contract = specimens.CONTRACT, grounds: Grounds | None = None
) -> Letter:
    refusal = Refusal(payment, denials(payment), "TRACE1", DAY)
    return letter(SENT, refusal, contract, grounds or Grounds(), today)


def test_every_sentence_names_where_it_stands_written() -> None:
    payment = answer(SENT, ("CO-50 150",), remarks=("N115",))
    made = write(payment, grounds=Grounds(chart=(NOTE, Quote("J06.9", "sore throat", "another visit"))))
    assert made.findings == ()
    assert all(fact.source for fact in made.facts)
    text = {fact.sentence: fact.source for fact in made.facts}
    refused = "You refused $150.00 of procedure 99213, for reason CO-50: the plan does not find the service medically"
    (source,) = [s for sentence, s in text.items() if sentence.startswith(refused)]
    assert source == "remittance TRACE1 of 2026-05-04, claim ICN1, line 1"
    assert "The contract allows $90.00 for each unit of 99213." in text
    assert "You gave the remarks N115." in text
    assert not [sentence for sentence in text if "authorization" in sentence], "nobody asked for one"
    quoted = "For 99213 the chart records: \u201c40 minutes face to face, insulin adjusted\u201d."
    assert text[quoted] == NOTE.source, "word for word, but for the line breaks"
    assert not [sentence for sentence in text if "sore throat" in sentence], "not a code of the refused line"


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


def test_a_claim_called_late_is_answered_with_the_payers_own_acknowledgment() -> None:
    payment = answer(SENT, ("CO-29 150",))
    taken = Grounds(accepted_on=specimens.SERVICE + timedelta(days=5), accepted_in="ack.277ca")
    text = {fact.sentence: fact.source for fact in write(payment, grounds=taken).facts}
    assert text[f"Your own system took the claim on {taken.accepted_on}."] == "acknowledgment 277CA ack.277ca"
    assert any(s.startswith("The contract lets a claim for that day be filed until") for s in text)
    too_late = replace(taken, accepted_on=specimens.SERVICE + timedelta(days=300))
    said = [fact.sentence for fact in write(payment, grounds=too_late).facts]
    assert not any("took the claim" in s or s.startswith("The contract lets") for s in said), "it would speak for them"


def test_a_claim_called_late_shows_the_payer_nothing_of_the_chart() -> None:
    made = write(answer(SENT, ("CO-29 150",)), grounds=Grounds(chart=(NOTE,)))
    assert not any("chart" in fact.sentence or "note of" in fact.source for fact in made.facts)


def test_want_of_approval_is_answered_by_the_number_or_by_the_contract() -> None:
    payment = answer(SENT, ("CO-197 150",))
    assert "The claim carried authorization AUTH77." in [fact.sentence for fact in write(payment).facts]
    plain = replace(SENT, authorization="")
    refusal = Refusal(answer(plain, ("CO-197 150",)), denials(answer(plain, ("CO-197 150",))), "TRACE1", DAY)
    said = [f.sentence for f in letter(plain, refusal, specimens.CONTRACT, Grounds(), DAY).facts]
    assert "The contract does not list 99213 among the services that need approval." in said


def test_a_letter_without_a_ground_is_drafted_with_a_warning_that_says_what_is_wanting() -> None:
    wanted = {
        "CO-29 150": "acknowledgment",
        "CO-50 150": "quote from the chart",
        "CO-18 150": "the two services differ",
    }
    for reason, mend in wanted.items():
        made = write(answer(SENT, (reason,)))
        assert made.facts and [f.severity for f in made.findings] == [Severity.WARNING], reason
        assert "nothing that speaks against" in made.findings[0].message and mend in made.findings[0].mend
    signed = Grounds(chart=(Quote("99213", "", "coding signed"),))
    assert write(answer(SENT, ("CO-50 150",)), grounds=signed).findings, "that it was coded says nothing to a reviewer"


def test_a_quotation_is_cut_at_a_word_and_marked() -> None:
    long = replace(NOTE, words="Knee pain despite exercise. " * 20)
    (said,) = [f.sentence for f in write(answer(SENT, ("CO-50 150",)), grounds=Grounds(chart=(long,))).facts
               if "the chart records" in f.sentence]  # fmt: skip
    assert said.endswith(" [...]\u201d.") and "exerc [" not in said
    whole = replace(NOTE, words="Pain is worse.")
    said = [f.sentence for f in write(answer(SENT, ("CO-50 150",)), grounds=Grounds(chart=(whole,))).facts]
    assert "For 99213 the chart records: \u201cPain is worse.\u201d" in said, "one full stop"


def test_deadlines_run_from_service_and_remittance() -> None:
    by = deadlines(SENT, specimens.CONTRACT, DAY)
    assert by.file_by == specimens.SERVICE + timedelta(days=90)
    assert by.correct_by == DAY + timedelta(days=60)
    assert by.appeal_by == DAY + timedelta(days=180)


def test_each_level_has_the_deadline_its_contract_names() -> None:
    plain, levels = specimens.CONTRACT, replace(specimens.CONTRACT, remedies=LEVELS)
    decided = DAY + timedelta(days=200)
    assert appeal_by(plain, 1, DAY, None) == DAY + timedelta(days=180)
    assert appeal_by(plain, 2, DAY, decided) is None, "nothing is invented where the contract is silent"
    assert appeal_by(levels, 1, DAY, None) == DAY + timedelta(days=120)
    assert appeal_by(levels, 2, DAY, None) is None
    assert appeal_by(levels, 2, DAY, decided) == decided + timedelta(days=60)
    payment, second = answer(SENT, ("CO-50 150",)), Grounds(level=2, decided_on=decided)
    made = write(payment, decided, levels, second).facts
    assert "level 2 is in time" in made[-1].sentence
    assert f"You decided our appeal of level 1 on {decided}, and not wholly in our favor." in [f.sentence for f in made]
    assert write(payment, decided + timedelta(days=61), levels, second).findings
