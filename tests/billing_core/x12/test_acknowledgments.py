"""TA1, 999 and 277CA: what the payer's front door says reaches us as it was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from billing_core.acknowledgment import (
    FurtherStatus,
    GroupAcknowledgment,
    InterchangeAcknowledgment,
    SegmentError,
    SetAcknowledgment,
)
from billing_core.errors import X12Error
from billing_core.x12 import acknowledgment_277ca, acknowledgment_999, acknowledgment_ta1
from billing_core.x12.narrate import narrate
from tests.billing_core.x12.people import ANSWER, CLAIM_REFUSED, CLAIM_TAKEN, NOT_TAKEN, PAYER, STORIES, TAKEN

ANSWERED = date(2026, 4, 10)


def test_a_999_reads_back_with_its_trace() -> None:
    group = GroupAcknowledgment("7", "P", (TAKEN, NOT_TAKEN), answered_on=ANSWERED, trace="000000007/0001")
    both = (group, replace(group, group_control="8", code="A", sets=(TAKEN,), trace="000000007/0002"))
    assert acknowledgment_999.read(acknowledgment_999.write(both, ANSWER)) == both
    assert acknowledgment_999.read(acknowledgment_999.write(group, ANSWER)) == (group,)


def test_the_errors_of_a_999_are_sentences() -> None:
    assert NOT_TAKEN.errors == (
        "segment 24 HI in loop 2300: a segment the guide requires is missing",
        "segment 12 NM1 in loop 2010, element 9: a code that is not in the guide's list",
    )
    assert not NOT_TAKEN.accepted and TAKEN.accepted and TAKEN.errors == ()


def test_a_rejection_without_details_says_that_much() -> None:
    bare = GroupAcknowledgment("7", "R", (SetAcknowledgment("0001", False, ("because",)),))
    (got,) = acknowledgment_999.read(acknowledgment_999.write(bare, ANSWER))
    assert not got.accepted and got.sets[0].errors == ("segments of it are in error",)


def test_the_offending_value_and_its_context_are_not_kept() -> None:
    text = STORIES["999/one-taken-one-not"]().decode()
    count = text.count("\n") - 4
    more = text.replace("IK4*9**7~\n", "IK4*9**7*SECRET~\nCTX*CLM01:SECRET~\n").replace(
        f"SE*{count}*", f"SE*{count + 1}*"
    )
    assert "SECRET" in more and "SECRET" not in repr(acknowledgment_999.read(more.encode()))


@pytest.mark.parametrize(("right", "wrong"), [("IK4*9*", "IK4*A*"), ("HI*24*", "HI*2X*"), ("AK9*P", "AK8*P")])
def test_a_malformed_999_is_an_x12_error(right: str, wrong: str) -> None:
    with pytest.raises(X12Error) as caught:
        acknowledgment_999.read(STORIES["999/one-taken-one-not"]().replace(right.encode(), wrong.encode()))
    assert caught.value.mend


def test_component_errors_keep_their_place() -> None:
    group = GroupAcknowledgment(
        "7", "R", (acknowledgment_999.acknowledge("0001", (SegmentError("HI", 24, "8", "", 1, 2, "7"),)),)
    )
    (got,) = acknowledgment_999.read(acknowledgment_999.write(group, ANSWER))
    assert got.sets == group.sets
    assert "element 1-2" in group.sets[0].errors[0]


def test_a_277ca_reads_back() -> None:
    some = (CLAIM_TAKEN, CLAIM_REFUSED)
    stamped = tuple(replace(one, received_on=ANSWERED, trace="000000007") for one in some)
    assert acknowledgment_277ca.read(acknowledgment_277ca.write(some, PAYER, ANSWER)) == stamped
    assert [one.accepted for one in some] == [True, False]


def test_of_several_statuses_the_rejecting_one_decides() -> None:
    text = acknowledgment_277ca.write([CLAIM_TAKEN], PAYER, ANSWER).decode()
    count = text.count("\n") - 4
    stc = "STC*A2:20:PR*20260410*WQ*158.5~\nREF"
    assert stc in text
    more = text.replace(stc, stc.replace("REF", "STC*A3:21*20260410*U*158.5~\nREF"))
    (got,) = acknowledgment_277ca.read(more.replace(f"SE*{count}*", f"SE*{count + 1}*").encode())
    assert (got.category, got.status, got.accepted) == ("A3", "21", False)


def test_every_status_of_a_claim_is_kept_with_its_line() -> None:
    beside = (FurtherStatus("A7", "255", ""), FurtherStatus("A7", "187", ""))
    refused = replace(CLAIM_REFUSED, further=beside)
    data = acknowledgment_277ca.write([refused], PAYER, ANSWER)
    (got,) = acknowledgment_277ca.read(data)
    assert got == replace(refused, received_on=ANSWERED, trace="000000007")
    count = data.count(b"\n") - 4
    line = b"SVC*HC:99213*150*****1~\nSTC*A7:454*20260410*U~\nSE*%d*" % (count + 2)
    (got,) = acknowledgment_277ca.read(data.replace(b"SE*%d*" % count, line))
    assert got.further == (*beside, FurtherStatus("A7", "454", "", "1"))
    told = "\n".join(narrate(data.replace(b"SE*%d*" % count, line)))
    assert "Also: " in told and "Line 1: " in told and "correct the procedure code" in told


def test_a_rejected_batch_names_no_claim_but_is_not_lost() -> None:
    text = acknowledgment_277ca.write([CLAIM_TAKEN], PAYER, ANSWER, batch="BATCH9").decode()
    refused = text.replace("TRN*2*BATCH9~\nSTC*A1:19:PR*20260410*WQ", "TRN*2*BATCH9~\nSTC*A3:746*20260410*U")
    assert refused != text
    whole_file, claim = acknowledgment_277ca.read(refused.encode())
    assert (whole_file.number, whole_file.payer_reference, whole_file.accepted) == ("", "BATCH9", False)
    assert claim == replace(CLAIM_TAKEN, received_on=ANSWERED, trace="000000007")


def test_a_claim_without_number_is_not_written() -> None:
    with pytest.raises(X12Error, match="claim number is missing"):
        acknowledgment_277ca.write([replace(CLAIM_TAKEN, number=" ")], PAYER, ANSWER)


def test_a_ta1_reads_back() -> None:
    some = (
        InterchangeAcknowledgment(7, date(2026, 4, 9), "R", "025", "0830", ANSWERED, "000000007"),
        InterchangeAcknowledgment(8, date(2026, 4, 9), "A", "000", "0830", ANSWERED, "000000007"),
    )
    assert acknowledgment_ta1.read(acknowledgment_ta1.write(some, ANSWER)) == some
    assert [one.accepted for one in some] == [False, True]


def test_a_ta1_out_of_range_is_refused() -> None:
    with pytest.raises(X12Error):
        acknowledgment_ta1.write([InterchangeAcknowledgment(7, date(2026, 4, 9), "X")], ANSWER)
    with pytest.raises(X12Error):
        acknowledgment_ta1.read(STORIES["TA1/interchange-refused"]().replace(b"260409*0600*R", b"269909*0600*R"))
