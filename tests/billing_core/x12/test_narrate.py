"""A biller reads what was not taken and knows what to do; no patient is named."""

from __future__ import annotations

import pytest

from billing_core.acknowledgment import GroupAcknowledgment, SegmentError
from billing_core.errors import X12Error
from billing_core.x12 import acknowledgment_999
from billing_core.x12.envelope import contents
from billing_core.x12.narrate import narrate
from billing_core.x12.sent_claims import sent_sets
from tests.billing_core.x12.people import ANSWER, STORIES


def told(story: str) -> str:
    return "\n".join(narrate(STORIES[story]()))


@pytest.mark.parametrize(
    ("story", "says"),
    [
        ("999/one-taken-one-not", ("1 of 2", "Set 0002", "segment 24 HI", "To do", "new claims")),
        (
            "277CA/one-taken-one-refused",
            ("ELMF000000022", "NPI", "billing provider", "To do: correct the NPI", "new claim"),
        ),
        ("TA1/interchange-refused", ("Interchange 7", "refused", "used before", "To do")),
        ("271/not-found", ("member id is not valid", "correct it and send it again")),
        ("271/covered", ("coverage active",)),
        ("271/ended", ("coverage not active",)),
        ("277/paid-and-open", ("88.00 paid", "look for the remittance", "wait")),
        ("835/paid-and-denied", ("88.00", "2 claims", "1 of them without payment", "150.00 refused, CO-16", "To do: ")),
        ("835/offsets-make-it-negative", ("negative", "do not post", "overpayment recovery")),
        ("837P/office-visit", ("kind 837P", "accepted")),
        ("837I/inpatient", ("kind 837I", "accepted")),
    ],
)
def test_what_it_says(story: str, says: tuple[str, ...]) -> None:
    text = told(story)
    assert not [part for part in says if part not in text], text


@pytest.mark.parametrize("story", sorted(STORIES))
def test_no_patient_is_named(story: str) -> None:
    for secret in ("DOE", "ANN", "W1234567", "19800203"):
        assert secret not in told(story)


def test_a_rejected_file_is_told_by_its_errors() -> None:
    text = "\n".join(narrate(STORIES["837P/office-visit"]().replace(b"*CI~", b"*ZQ~")))
    assert "not accepted: 1 errors" in text and "SBR09" in text and "To do: correct the code" in text


def test_an_835_that_does_not_balance_is_not_to_be_posted() -> None:
    text = "\n".join(narrate(STORIES["835/paid-and-denied"]().replace(b"BPR*I*88", b"BPR*I*89")))
    assert "Does not balance at BPR02" in text and "do not post it" in text


def test_what_is_not_x12_is_an_x12_error() -> None:
    with pytest.raises(X12Error):
        list(narrate(b"hello"))


def test_each_error_of_a_999_is_told_with_the_claim_it_stands_in() -> None:
    sent = STORIES["837P/two-billing-providers"]()
    (one,) = sent_sets(sent)
    (body,) = contents(sent).sets()
    places = {segment.get(1): n for n, segment in enumerate(body.segments, start=2) if segment.id == "CLM"}
    second = places[one.claims[1]]
    errors = (SegmentError("HI", second + 1, "8", "2300", 1, 2, "7"), SegmentError("NM1", 2, "3", "1000A"))
    said = acknowledgment_999.acknowledge("0001", errors)
    group = GroupAcknowledgment(one.group, "R", (said,))
    text = "\n".join(narrate(acknowledgment_999.write(group, ANSWER), sent))
    assert f"element 1-2: a code that is not in the guide's list (claim {one.claims[1]})" in text
    assert "segment 2 NM1 in loop 1000A: a segment the guide requires is missing\n" in text
    assert "holds 3 claims; none of them was read" in text and one.claims[0] not in text
