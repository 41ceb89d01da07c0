"""Our answer to a file: one 999 for each group, a TA1 where it is due, and neither to an acknowledgment."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count

import pytest

from billing_core.acknowledgment import InterchangeAcknowledgment, SegmentError
from billing_core.errors import X12Error
from billing_core.x12 import acknowledgment_999, acknowledgment_ta1
from billing_core.x12.acknowledge import answer, due
from billing_core.x12.check import check
from serving.clearinghouse.outbound_check import refusals
from tests.billing_core.x12.people import STORIES

ON = datetime(2026, 4, 10, 6, 0)
VISIT = STORIES["837P/office-visit"]()


def answered(data: bytes, first: int = 1) -> list[bytes]:
    """The files that go back, under control numbers from `first`."""
    return [one.data for one in answer(data, count(first), ON)]


def two_groups() -> bytes:
    """The office visit's group twice in one interchange, under two control numbers."""
    head, group, tail = VISIT[:107], VISIT[107:].partition(b"IEA*")[0], b"IEA*2*000000007~\n"
    return head + group + group.replace(b"*7*X*", b"*8*X*").replace(b"GE*1*7", b"GE*1*8") + tail


def test_a_good_file_gets_a_999_and_no_ta1() -> None:
    (file,) = answered(VISIT, 41)
    (said,) = acknowledgment_999.read(file)
    assert said.accepted and said.group_control == "7" and [one.accepted for one in said.sets] == [True]
    assert check(file).accepted and refusals(file) == ()
    assert b"*ZZ*60054          *ZZ*CLEANCLAIM     *" in file and b"*000000041*0*T*" in file


def test_each_group_gets_a_999_of_its_own() -> None:
    (file,) = answered(two_groups())
    assert [said.group_control for said in acknowledgment_999.read(file)] == ["7", "8"]


@pytest.mark.parametrize("story", ["999/one-taken-one-not", "TA1/interchange-refused"])
def test_an_acknowledgment_is_never_acknowledged(story: str) -> None:
    assert answered(STORIES[story]()) == []


def test_a_ta1_is_sent_when_it_is_asked_for() -> None:
    ta1, nine = answered(VISIT.replace(b"*000000007*0*T*", b"*000000007*1*T*"), 8)
    expected = InterchangeAcknowledgment(7, date(2026, 4, 9), "A", "000", "0830", ON.date(), "000000008")
    assert acknowledgment_ta1.read(ta1) == (expected,)
    assert acknowledgment_999.read(nine)[0].accepted
    assert b"*000000008*0*T*" in ta1 and b"*000000009*0*T*" in nine


@pytest.mark.parametrize(
    ("right", "wrong", "note"),
    [
        (b"IEA*1*000000007", b"IEA*1*000000008", "001"),
        (b"IEA*1*", b"IEA*3*", "021"),
        (b"IEA*1*000000007~\n", b"", "023"),
        (b"CLEANCLAIM     *", b"CLEANCLAIM*", "022"),
        (b"*0*T*:~", b"*0*Q*:~", "020"),
    ],
)
def test_a_ta1_is_sent_when_the_envelope_fails(right: bytes, wrong: bytes, note: str) -> None:
    assert right in VISIT
    (one,) = due(VISIT.replace(right, wrong, 1))
    assert one.interchange is not None and (one.interchange.code, one.interchange.note) == ("R", note)


def test_what_is_wrong_is_told_in_the_guides_codes() -> None:
    broken = VISIT.replace(b"*CI~", b"*ZQ~").replace(b"NM1*40*2*NORTHERN HEALTH*****46*60054~\n", b"")
    (file,) = answered(broken.replace(b"SE*33*", b"SE*32*"))
    (said,) = acknowledgment_999.read(file)
    assert said.code == "R" and said.sets[0].codes == ("5",)
    assert said.sets[0].details == (SegmentError("NM1", 2, "3"), SegmentError("SBR", 12, "8", "", 9, 0, "7"))
    assert refusals(file) == ()


@pytest.mark.parametrize(
    ("right", "wrong", "codes"), [(b"SE*33*0001", b"SE*34*0001", ("4",)), (b"SE*33*0001", b"SE*33*0009", ("3",))]
)
def test_a_set_that_is_miscounted_is_refused_as_a_whole(right: bytes, wrong: bytes, codes: tuple[str, ...]) -> None:
    assert right in VISIT
    (said,) = due(VISIT.replace(right, wrong))[0].groups
    assert said.sets[0].codes == codes and not said.accepted


@pytest.mark.parametrize(("right", "wrong", "codes"), [(b"GE*1*7", b"GE*2*7", ("5",)), (b"GE*1*7", b"GE*1*9", ("4",))])
def test_a_group_that_is_miscounted_is_refused_with_its_sets(
    right: bytes, wrong: bytes, codes: tuple[str, ...]
) -> None:
    (said,) = due(VISIT.replace(right, wrong))[0].groups
    assert said.codes == codes and said.code == "R" and not said.sets[0].accepted


def test_a_warning_refuses_nothing() -> None:
    lower = VISIT.replace(b"*NORTHERN HEALTH*****PI", b"*NORTHERN H\xc3\x89ALTH*****PI")
    assert acknowledgment_999.read(answered(lower)[0])[0].accepted


def test_nobody_can_be_answered_without_an_isa() -> None:
    with pytest.raises(X12Error):
        answered(b"hello")


def test_a_file_that_was_taken_in_is_not_refused_though_its_errors_are_noted() -> None:
    faulty = VISIT.replace(b"*CI~", b"*ZQ~").replace(b"*0*T*:~", b"*0*Q*:~")
    ta1, nine = answer(faulty, count(1), ON, taken=True)
    assert (ta1.kind, nine.kind, nine.receiver, nine.control) == ("TA1", "999", "CLEANCLAIM", 2)
    (envelope,), (said,) = acknowledgment_ta1.read(ta1.data), acknowledgment_999.read(nine.data)
    assert (envelope.code, envelope.note) == ("E", "020")
    assert said.code == "E" and said.accepted and said.sets[0].accepted
    assert said.sets[0].details == (SegmentError("SBR", 13, "8", "", 9, 0, "7"),)
    assert b"IK5*E*5~" in nine.data and check(nine.data).accepted and refusals(nine.data) == ()


def test_a_sender_that_wants_no_999_still_gets_the_ta1_it_asks_for() -> None:
    asking = VISIT.replace(b"*000000007*0*T*", b"*000000007*1*T*")
    (only,) = answer(asking, count(1), ON, without_999={"CLEANCLAIM"})
    assert only.kind == "TA1"
