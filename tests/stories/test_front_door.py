"""The practice and a payer acknowledge each other: our 999s for their files, their TA1, 999 and 277CA on our claims."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from billing_core.acknowledgment import (
    ClaimAcknowledgment,
    GroupAcknowledgment,
    InterchangeAcknowledgment,
    SegmentError,
)
from billing_core.claim import ClaimState
from billing_core.registration import Payer
from billing_core.x12 import acknowledgment_277ca, acknowledgment_999, acknowledgment_ta1, claim_837p
from billing_core.x12.check import check
from billing_core.x12.envelope import Envelope
from billing_core.x12.sent_claims import sent_sets
from serving import settings
from serving.desk import answers, billing, replies
from serving.desk.case import Desk, open_desk
from serving.errors import InputError
from serving.ids import uuid7
from serving.security import Actor, Role
from serving.store.states import Direction
from tests.billing_core.x12.people import STORIES
from tests.stories.clinic import STREET, Clinic, Person, claims_of, environment

SENT, ANSWERED, READ = date(2026, 1, 8), date(2026, 1, 30), date(2026, 1, 31)
PEOPLE = (Person("one", ("FULL1",)), Person("two", ("FULL1",)), Person("wrong", ("FULL1",), member_at_desk="W9"))
PAYER = Payer("payer-FULL1", "FULL1 Health", "FULL1", "CI", STREET)
BACK = Envelope("FULL1", "CLEANCLAIMELMF", 77, datetime(2026, 1, 9, 6))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic whose claims were sent, answered at the front door, and paid."""
    with _opened(tmp_path_factory.mktemp("door")) as clinic:
        for day in (SENT, ANSWERED):
            clinic.night(day)
        clinic.night(READ)
        yield clinic


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic whose claims were sent; nobody has answered yet."""
    with _opened(tmp_path) as clinic:
        clinic.cycle(SENT)
        yield clinic


@contextmanager
def _opened(root: Path) -> Iterator[Clinic]:
    with environment(root / "home"):
        clinic = Clinic(root, PEOPLE).open()
        clinic.sign()
        yield clinic


@contextmanager
def _desk(clinic: Clinic) -> Iterator[Desk]:
    store = clinic.store(READ)
    try:
        actor = Actor("biller", "biller", clinic.practice_id, frozenset({Role.BILLER}))
        yield open_desk(settings.read(), store, actor, store.clock, uuid7)
    finally:
        store.close()


def _replies(clinic: Clinic, suffix: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(clinic.to_payers.glob(f"*.{suffix}"))}


def _heard(clinic: Clinic) -> dict[str, str]:
    found: dict[str, str] = json.loads((clinic.root / "payer" / "docket.json").read_text("utf-8"))["heard"]
    return found


def _sent_file(clinic: Clinic) -> tuple[str, bytes]:
    """The control number and the bytes of the one 837 that left."""
    with clinic.books() as books:
        (file,) = books.files(Direction.OUTBOUND, "837P")
        return file.control, books.file_bytes(file.id)


# --- our answers to their files ---------------------------------------------------------------------------------------


def test_each_835_and_277ca_is_answered_by_one_999_which_the_payer_reads(lived: Clinic) -> None:
    answered = _replies(lived, "999")
    kinds = [path.suffix for path in lived.from_payers.iterdir()]
    assert len(answered) == kinds.count(".835") + kinds.count(".277ca") > 1
    assert not _replies(lived, "ta1"), "nobody asked for one and no envelope failed"
    for data in answered.values():
        assert check(data).accepted and acknowledgment_999.read(data)[0].code == "A"
    heard = _heard(lived)
    assert len(heard) == len(answered) and set(heard.values()) == {"A"}
    with lived.books() as books:
        known = {f.name: books.file_bytes(f.id) for f in books.files(Direction.OUTBOUND, "999")}
        controls = [f.control for f in books.files(Direction.OUTBOUND)]
    assert known == answered and len(set(controls)) == len(controls), "each under a number of its own"


def test_the_same_file_again_is_not_answered_again_and_an_acknowledgment_never(lived: Clinic) -> None:
    before = sorted(path.name for path in lived.to_payers.iterdir())
    with _desk(lived) as desk:
        for path in sorted(lived.from_payers.iterdir()):
            assert not answers.receive(desk, "again", path.read_bytes()).is_new
        assert replies.answer_files(desk) == 0
        billing.deliver(desk, lived.to_payers)
    assert sorted(path.name for path in lived.to_payers.iterdir()) == before


def test_a_partner_that_wants_no_999_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _opened(tmp_path) as clinic:
        monkeypatch.setenv("CLEANCLAIM_NO_999", "OTHER, FULL1")
        for day in (SENT, ANSWERED, READ):
            clinic.night(day)
        assert not _replies(clinic, "999")
        with clinic.books() as books:
            assert claims_of(books, "one")[0].state is ClaimState.PAID


def test_a_file_cut_off_on_its_way_into_the_inbox_is_refused_once_and_its_sender_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _opened(tmp_path) as clinic:
        for day in (SENT, ANSWERED):
            clinic.night(day)
        (whole,) = clinic.from_payers.glob("*.835")
        data = whole.read_bytes()
        whole.write_bytes(data[: len(data) // 2])
        capsys.readouterr()
        clinic.cycle(READ)
        (refused,) = json.loads(capsys.readouterr().out)["files_refused"]
        assert refused.startswith(whole.name) and "cut off" in refused
        clinic.payers_answer(READ)
        (told,) = _replies(clinic, "ta1").values()
        (refusal,) = acknowledgment_ta1.read(told)
        assert (refusal.code, refusal.note) == ("R", "023")
        assert "R" in _heard(clinic).values()
        whole.write_bytes(data)  # sent again, whole
        capsys.readouterr()
        clinic.cycle(date(2026, 2, 1))
        assert json.loads(capsys.readouterr().out)["files_refused"] == []
        assert len(_replies(clinic, "ta1")) == 1
        with clinic.books() as books:
            assert claims_of(books, "one")[0].state is ClaimState.PAID


# --- their answers to our claims --------------------------------------------------------------------------------------


def test_the_front_doors_word_is_kept_with_each_claim_as_proof_of_timely_filing(lived: Clinic) -> None:
    with lived.books() as books:
        claim_id = claims_of(books, "one")[0].claim.id
        files = {file.id: file for file in books.files(Direction.INBOUND)}
    with _desk(lived) as desk:
        shown = billing.read_claim(desk, claim_id)
    nine, said = shown.front_door
    assert (nine.kind, nine.accepted, nine.on, nine.code) == ("999", True, "2026-01-08", "A A")
    assert (said.kind, said.accepted, said.on, said.code) == ("277CA", True, "2026-01-08", "A2:20")
    for one in (nine, said):
        assert one.trace and files[one.file_id].kind == one.kind
        assert one.trace.partition("/")[0].encode() in _bytes(lived, one.file_id)
    words = [event.reason for event in shown.history if event.action == "claim.receipt"]
    assert words[0] == f"999 A A: taken by the payer on 2026-01-08, trace {nine.trace}" and len(words) == 2


def _bytes(clinic: Clinic, file_id: str) -> bytes:
    with clinic.books() as books:
        return books.file_bytes(file_id)


def test_a_refused_set_tells_each_claim_whether_it_was_at_fault(sent: Clinic) -> None:
    control, data = _sent_file(sent)
    (ours,) = sent_sets(data)
    guilty = ours.claims[1]
    place = len(ours.owners) - ours.owners[::-1].index(guilty)
    said = acknowledgment_999.acknowledge("0001", (SegmentError("SV1", place, "8", "2400", 1, 2, "7"),))
    nine = acknowledgment_999.write(GroupAcknowledgment(control, "R", (said,)), BACK)
    with _desk(sent) as desk:
        assert answers.receive(desk, "a.999", nine).claims == 3
        queue = {item.claim_number: item for item in billing.queue(desk).items}
    assert set(queue) == set(ours.claims) and {item.kind for item in queue.values()} == {"rejection"}
    at_fault, beside = queue[guilty], queue[ours.claims[0]]
    assert "element 1-2: a code that is not in the guide's list" in at_fault.reasons[0]
    assert at_fault.mend.startswith("correct what is named")
    assert "1 other claims of it are in error" in beside.reasons[0] and beside.mend.startswith("send it again")


def test_of_a_group_taken_in_part_only_the_claims_of_the_refused_set_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_837p, "CLAIMS_MAX", 2)
    with _opened(tmp_path) as clinic:
        clinic.cycle(SENT)
        control, data = _sent_file(clinic)
        first, second = sent_sets(data)
        no = acknowledgment_999.acknowledge(second.control, codes=("4",))
        yes = acknowledgment_999.acknowledge(first.control)
        with _desk(clinic) as desk:
            answers.receive(desk, "a.999", acknowledgment_999.write(GroupAcknowledgment(control, "P", (yes, no)), BACK))
        with clinic.books() as books:
            states = {
                number: one.state for number, one in books.claims_by_number((*first.claims, *second.claims)).items()
            }
        assert [states[number] for number in first.claims] == [ClaimState.SUBMITTED] * 2
        assert [states[number] for number in second.claims] == [ClaimState.REJECTED]


def test_a_ta1_that_refuses_the_interchange_rejects_all_of_it_with_the_mend(sent: Clinic) -> None:
    control, _ = _sent_file(sent)
    refusal = InterchangeAcknowledgment(int(control), SENT, "R", "006")
    with _desk(sent) as desk:
        receipt = answers.receive(desk, "a.ta1", acknowledgment_ta1.write([refusal], BACK))
        assert receipt.claims == 3
        items = billing.queue(desk).items
        assert len(items) == 3 and all("sender's id is not known" in item.reasons[0] for item in items)
        (seen,) = billing.read_claim(desk, items[0].claim_id).front_door
    assert (seen.kind, seen.accepted, seen.code, seen.on) == ("TA1", False, "R 006", "2026-01-09")


def test_a_277ca_that_refuses_the_batch_rejects_the_claims_it_does_not_name(sent: Clinic) -> None:
    control, data = _sent_file(sent)
    (ours,) = sent_sets(data)
    taken = ClaimAcknowledgment(ours.claims[0], "A2", "20", "PR", date(2026, 1, 9), 20_000, patient_last="DOE")
    batch = acknowledgment_277ca.write([taken], PAYER, BACK, batch=f"{int(control):09d}0001")
    refused = batch.replace(b"STC*A1:19:PR*20260109*WQ*200", b"STC*A8:116:PR*20260109*U*200", 1)
    assert refused != batch
    with _desk(sent) as desk:
        answers.receive(desk, "a.277ca", refused)
    with sent.books() as books:
        found = books.claims_by_number(ours.claims)
        assert found[ours.claims[0]].state is ClaimState.ACCEPTED
        assert {found[number].state for number in ours.claims[1:]} == {ClaimState.REJECTED}


def test_a_277_is_written_in_the_history_of_its_claim_and_moves_nothing(sent: Clinic) -> None:
    (ours,) = sent_sets(_sent_file(sent)[1])
    said = STORIES["277/paid-and-open"]().replace(b"TRN*2*ELMF000000011", f"TRN*2*{ours.claims[0]}".encode())
    with _desk(sent) as desk:
        receipt = answers.receive(desk, "a.277", said)
        (item,) = [claim for claim in billing.claims(desk) if claim.number == ours.claims[0]]
        told = [e.reason for e in billing.read_claim(desk, item.id).history if e.action == "claim.status"]
        assert answers.receive(desk, "a.271", STORIES["271/covered"]()).is_new
        assert replies.answer_files(desk) == 2
    assert (receipt.claims, receipt.unmatched, item.state) == (2, 1, "submitted")
    assert told and told[0].startswith("277 F1:65: finished and paid")


def test_a_ta1_about_our_own_999_speaks_of_no_claim(lived: Clinic) -> None:
    with lived.books() as books:
        control = books.files(Direction.OUTBOUND, "999")[0].control
    refusal = InterchangeAcknowledgment(int(control), READ, "R", "006")
    with _desk(lived) as desk:
        receipt = answers.receive(desk, "a.ta1", acknowledgment_ta1.write([refusal], replace(BACK, control=992)))
        assert (receipt.claims, receipt.held) == (0, []) and replies.answer_files(desk) == 0


@pytest.mark.parametrize("control", ["ABC", "999999999", "0", "1" * 40])
def test_an_acknowledgment_of_what_we_never_sent_is_refused_whole(sent: Clinic, control: str) -> None:
    said = GroupAcknowledgment("9", "R", (acknowledgment_999.acknowledge("0001", codes=("4",)),))
    nine = acknowledgment_999.write(said, BACK).replace(b"AK1*HC*9*", f"AK1*HC*{control}*".encode())
    with _desk(sent) as desk, pytest.raises(InputError, match="answers no file of ours"):
        answers.receive(desk, "a.999", nine)
    with sent.books() as books:
        assert claims_of(books, "one")[0].state is ClaimState.SUBMITTED and not books.files(Direction.INBOUND)


def test_a_late_word_changes_no_claim_that_was_paid_and_is_kept(lived: Clinic) -> None:
    with lived.books() as books:
        claim = claims_of(books, "two")[0]
        assert claim.state is ClaimState.PAID
    late = ClaimAcknowledgment(claim.claim.number, "A7", "562", "85", READ, 20_000, patient_last="DOE")
    with _desk(lived) as desk:
        answers.receive(desk, "late.277ca", acknowledgment_277ca.write([late], PAYER, replace(BACK, control=991)))
        shown = billing.read_claim(desk, claim.claim.id)
    assert shown.state == "paid" and shown.front_door[-1].code == "A7:562" and not shown.front_door[-1].accepted
