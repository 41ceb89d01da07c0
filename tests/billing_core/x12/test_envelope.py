"""Half a file is never taken for a whole one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_core.errors import X12Error
from billing_core.x12 import claim_837p, remittance_835
from billing_core.x12.envelope import Envelope, contents, whole
from tests.billing_core.x12.people import ANSWER, DENIED, ENVELOPE, OFFICE_VISIT, PAID, STORIES, remittance

FILE = remittance_835.write([remittance(PAID, DENIED), remittance(PAID)], ANSWER)


def test_an_835_cut_anywhere_is_refused() -> None:
    lines = FILE.decode().splitlines(keepends=True)
    for kept in range(1, len(lines)):
        with pytest.raises(X12Error) as caught:
            remittance_835.read("".join(lines[:kept]).encode())
        assert caught.value.mend


def test_an_835_cut_inside_any_segment_is_refused() -> None:
    whole_again = FILE.rstrip(b"\n").removesuffix(b"~")  # only the very last terminator may be missing
    assert remittance_835.read(whole_again) == remittance_835.read(FILE)
    for end in range(1, len(whole_again), 7):
        with pytest.raises(X12Error):
            remittance_835.read(FILE[:end])


@pytest.mark.parametrize("lost", range(2, 20))
def test_a_lost_segment_is_noticed(lost: int) -> None:
    lines = FILE.decode().splitlines(keepends=True)
    del lines[lost]
    with pytest.raises(X12Error):
        remittance_835.read("".join(lines).encode())


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("GE*2*7", "GE*1*7", "x12-group-count"),
        ("GE*2*7", "GE*2*8", "x12-group-control"),
        ("IEA*1*000000007", "IEA*2*000000007", "x12-interchange-count"),
        ("IEA*1*000000007", "IEA*1*000000070", "x12-interchange-control"),
        ("ST*835*0002", "ST*835*0001", "x12-set-repeated"),
        ("GE*2*7~\n", "", "x12-group-open"),
        ("ISA*", "ISA*", ""),
    ],
)
def test_every_count_and_control_number_counts(right: str, wrong: str, rule: str) -> None:
    text = FILE.decode()
    assert right in text
    found = {defect.rule for defect in contents(text.replace(right, wrong).encode()).defects}
    assert (rule in found) if rule else not found


def test_leading_zeros_do_not_make_group_numbers_differ() -> None:
    assert whole(FILE.replace(b"GE*2*7", b"GE*2*0007")).defects == ()


def test_several_interchanges_groups_and_sets_in_one_file() -> None:
    double = FILE + remittance_835.write([remittance(PAID)], replace(ANSWER, control=8))
    assert [len(i.groups[0].sets) for i in whole(double).interchanges] == [2, 1]
    assert len(remittance_835.read(double)) == 3
    group = FILE.decode().split("\n", 1)[1].rsplit("IEA", 1)[0]
    two_groups = FILE.decode().replace(group, group + group.replace("*7*X", "*9*X").replace("GE*2*7", "GE*2*9"))
    assert len(remittance_835.read(two_groups.replace("IEA*1", "IEA*2").encode())) == 4


def test_a_reader_refuses_another_kind_of_file() -> None:
    with pytest.raises(X12Error, match="not a remittance"):
        remittance_835.read(STORIES["837P/office-visit"]())
    with pytest.raises(X12Error, match="not a professional claim"):
        claim_837p.read(FILE)
    with pytest.raises(X12Error, match="holds no remittance"):
        remittance_835.read(STORIES["TA1/interchange-refused"]())


@pytest.mark.parametrize(
    "envelope",
    [
        replace(ENVELOPE, control=0),
        replace(ENVELOPE, control=1_000_000_000),
        replace(ENVELOPE, usage="X"),
        replace(ENVELOPE, sender="A" * 16),
        replace(ENVELOPE, sender="A*B"),
        replace(ENVELOPE, receiver=""),
        replace(ENVELOPE, receiver="AB~"),
        replace(ENVELOPE, sender_qualifier="Z"),
        replace(ENVELOPE, receiver_qualifier="*~"),
    ],
)
def test_an_envelope_that_no_isa_can_hold_is_refused(envelope: Envelope) -> None:
    with pytest.raises(X12Error) as caught:
        claim_837p.write([OFFICE_VISIT], envelope, "Northern Health")
    assert caught.value.mend
