"""Insurance verification from the question to the claim: 270 out, 271 in, a claim held, mended, sent; and bad answers.

The simulated payers answer no 270: these answers are written here, as payers would write them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest

from billing_core.acknowledgment import GroupAcknowledgment, InterchangeAcknowledgment, SetAcknowledgment
from billing_core.claim import ClaimState
from billing_core.claim_detail import Dated
from billing_core.inquiry import Benefit, BenefitAnswer, BenefitInquiry, Refusal
from billing_core.registration import PersonName
from billing_core.x12 import acknowledgment_999, acknowledgment_ta1, claim_837p, eligibility_270, eligibility_271
from billing_core.x12.check import check
from billing_core.x12.envelope import Envelope
from serving import settings
from serving.desk import answers, billing, coding, contracts, follow_up, verification
from serving.desk.case import Desk, open_desk
from serving.errors import InputError, NotTaken
from serving.ids import uuid7
from serving.schemas.billing import MendIn
from serving.schemas.contracts import EstimateIn, PlannedIn
from serving.schemas.money import OpenEnd, ReasonIn
from serving.security import Actor, Role
from serving.store.states import Direction
from tests.real_data import SHARED, needs
from tests.stories.clinic import SIGNED, VISIT, Clinic, Person, claims_of, environment

ADA, GUS = PersonName("Adams", "Ada"), PersonName("Gale", "Gus")
PEOPLE = (Person("one", ("FULL1",), name=ADA), Person("both", ("SHARE", "FULL1"), name=GUS))
ASKED, HEARD = VISIT, date(2026, 1, 6)
ENDED = date(2025, 12, 31)
WHOLE = ("30",)
ACTIVE = Benefit("1", service_types=WHOLE, plan="GOLD")
INACTIVE = Benefit("6", service_types=WHOLE, dates=(Dated("349", ENDED),))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with two visits that nobody has coded yet."""
    with environment(tmp_path / "home"):
        yield Clinic(tmp_path, PEOPLE).open()


@contextmanager
def at(clinic: Clinic, today: date, role: Role = Role.MANAGER) -> Iterator[Desk]:
    store = clinic.store(today)
    try:
        actor = Actor("somebody", "somebody", clinic.practice_id, frozenset({role}))
        yield open_desk(settings.read(), store, actor, store.clock, uuid7)
    finally:
        store.close()


def asked(clinic: Clinic, payer: str, today: date = ASKED, again: bool = False) -> tuple[BenefitInquiry, ...]:
    """What that payer is asked on that day."""
    with at(clinic, today, Role.FRONT_DESK) as desk:
        files = verification.ask(desk, again).files
    with clinic.books() as books:
        data = [books.file_bytes(file.id) for file in files if f"_{payer}_" in file.name]
    return tuple(one for each in data for one in eligibility_270.read(each))


def answer(one: BenefitInquiry, *benefits: Benefit, on: date = HEARD, refused: str = "", follow: str = "C"):
    """The payer's answer to the question."""
    return BenefitAnswer(
        one.reference, on, one.payer, one.provider, one.subscriber, one.dependent, one.trace, one.trace_origin,
        benefits, (Refusal("subscriber", refused, follow),) if refused else (),
    )  # fmt: skip


def file_of(said: Sequence[BenefitAnswer], control: int = 501, receiver: str = "CLEANCLAIMELMF") -> bytes:
    return eligibility_271.write(said, Envelope("FULL1", receiver, control, datetime.combine(HEARD, time(6))))


def hear(clinic: Clinic, *said: BenefitAnswer, today: date = HEARD, **envelope: object):
    with at(clinic, today) as desk:
        return answers.receive(desk, "a.271", file_of(said, **envelope))


def sign(clinic: Clinic) -> None:
    """The coder signs, and the claims are scrubbed as they would be sent."""
    clinic.sign()
    with at(clinic, SIGNED) as desk, desk.store.open(clinic.practice_id) as books:
        billing.scrub_held(desk, books, SIGNED)


def words(clinic: Clinic) -> dict[str, str]:
    """Coverage -> what its payer says of it, as the front desk sees it."""
    with at(clinic, HEARD, Role.FRONT_DESK) as desk:
        return {item.coverage_id: item.words for item in verification.coverages(desk)}


def ends(clinic: Clinic, today: date = HEARD) -> list[OpenEnd]:
    with at(clinic, today) as desk:
        return [end for end in follow_up.open_ends(desk) if end.kind in ("coverage", verification.QUEUE)]


# --- the whole way ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def on_either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clinic]:
    url: str = request.getfixturevalue("_migrated")() if request.param == "postgresql" else ""
    with environment(tmp_path / "home", url):
        yield Clinic(tmp_path, PEOPLE).open()


def test_a_coverage_that_ended_holds_its_claim_until_another_is_billed(on_either: Clinic, capsys) -> None:
    clinic = on_either
    clinic.sign()
    capsys.readouterr()
    clinic.must("verify", "--outbox", str(clinic.to_payers), by="biller", today=SIGNED)
    assert capsys.readouterr().out == "2 questions in 2 files\n"
    first = {}
    for path in sorted(clinic.to_payers.glob("*.270")):
        assert check(path.read_bytes()).accepted
        for one in eligibility_270.read(path.read_bytes()):
            first[one.subscriber.name.first] = one
    assert first["Gus".upper()].payer.id == "SHARE" and first["Gus".upper()].asked_for == Dated("291", VISIT)
    said = [answer(first["ADA"], ACTIVE), answer(first["GUS"], INACTIVE)]
    (clinic.from_payers / "one.271").write_bytes(file_of(said))
    clinic.cycle(date(2026, 1, 8))

    with clinic.books() as books:
        (paid,), (held,) = claims_of(books, "one"), claims_of(books, "both")
        assert paid.state is ClaimState.SUBMITTED, "the payer itself had confirmed it"
        assert held.state is ClaimState.HELD
        (finding,) = [f for f in held.findings if f.rule == "coverage-refused"]
        assert finding.where == "line 1" and "not active" in finding.message and "ask the patient" in finding.mend
        (kept,) = books.files(Direction.INBOUND, "271")
        assert books.file_bytes(kept.id) == file_of(said) and kept.outcome == "2 answers, 0 held"
    with at(clinic, date(2026, 1, 9), Role.BILLER) as desk:
        view = billing.read_claim(desk, held.claim.id)
        assert view.verified == "payer says ended on 2025-12-31, answered on 2026-01-06"
        assert billing.read_claim(desk, paid.claim.id).verified == "confirmed by the payer on 2026-01-06: GOLD"
        assert [choice.id for choice in view.coverages] == ["coverage-both-2"], "what its payer refuses is not offered"
        assert any(event.action == "eligibility.answer" for event in view.history)
        wish = MendIn(action="correct", reason="the patient showed the other card", coverage_id="coverage-both-2")
        assert billing.mend(desk, held.claim.id, wish).state == "ready"
    clinic.cycle(date(2026, 1, 9))
    with clinic.books() as books:
        (mended,) = claims_of(books, "both")
        assert mended.state is ClaimState.SUBMITTED
        sent = books.files(Direction.OUTBOUND, "837P")[-1]
        assert sent.name.startswith("20260109_FULL1_")
        (claim,) = claim_837p.read(books.file_bytes(sent.id))
        assert claim.payer.number == "FULL1"


def test_what_the_payer_has_said_decides_for_whom_the_claim_is_made(clinic: Clinic) -> None:
    share, *_ = asked(clinic, "SHARE")
    assert hear(clinic, answer(share, INACTIVE)).held == []
    with at(clinic, HEARD) as desk:
        estimated = EstimateIn(
            patient_id="patient-both", service_date=str(VISIT), services=[PlannedIn(procedure="99213")]
        )
        assert contracts.make_estimate(desk, estimated).payer == "FULL1 Health"
    sign(clinic)
    with clinic.books() as books:
        (made,) = claims_of(books, "both")
    assert (made.claim.coverage.id, made.claim.rank) == ("coverage-both-2", 1)
    assert made.state is ClaimState.READY, [f.message for f in made.findings]


def test_a_patient_whose_only_coverage_is_refused_is_not_billed_by_an_answer_alone(clinic: Clinic) -> None:
    one = next(q for q in asked(clinic, "FULL1") if q.subscriber.name.first == "ADA")
    hear(clinic, answer(one, INACTIVE))
    sign(clinic)
    with clinic.books() as books:
        (made,) = claims_of(books, "one")
        assert made.state is ClaimState.HELD and {f.rule for f in made.findings} >= {"coverage-refused"}
        assert books.open_balances(SIGNED)[0].owner != "guarantor"
    # It was put in force again: the payer says so when it is asked again, and the claim is ready by itself.
    assert asked(clinic, "FULL1", date(2026, 1, 9)) == ()
    again = next(q for q in asked(clinic, "FULL1", date(2026, 1, 9), again=True) if q.subscriber.name.first == "ADA")
    hear(clinic, answer(again, ACTIVE, on=date(2026, 1, 10)), today=date(2026, 1, 10), control=502)
    with clinic.books() as books:
        assert claims_of(books, "one")[0].state is ClaimState.READY


def test_a_ready_claim_is_held_when_its_payer_says_no(clinic: Clinic) -> None:
    sign(clinic)
    with clinic.books() as books:
        assert claims_of(books, "one")[0].state is ClaimState.READY
    one = next(q for q in asked(clinic, "FULL1", SIGNED) if q.subscriber.name.first == "ADA")
    hear(clinic, answer(one, INACTIVE), today=SIGNED)
    with clinic.books() as books:
        assert claims_of(books, "one")[0].state is ClaimState.HELD


# --- asking -----------------------------------------------------------------------------------------------------------


def test_each_coverage_is_asked_about_once_and_again_when_its_payer_stays_silent(clinic: Clinic) -> None:
    assert len(asked(clinic, "FULL1")) == 2, "the first payer of one visit, the second of the other"
    assert asked(clinic, "FULL1") == asked(clinic, "FULL1", date(2026, 1, 7)) == ()
    assert set(words(clinic).values()) == {"asked on 2026-01-05"}
    assert ends(clinic, date(2026, 1, 7)) == []
    silent = ends(clinic, date(2026, 1, 8))
    assert next((end.kind, end.id, end.days) for end in silent) == ("coverage", "coverage-both-1 2026-01-05", 3)
    assert len(silent) == 3 and all("has not answered" in end.what for end in silent)
    assert len(asked(clinic, "FULL1", date(2026, 1, 8))) == 2
    assert len(ends(clinic, date(2026, 1, 8))) == 3, "asking again ends nothing"


def test_many_questions_go_in_sets_of_99_and_each_answer_finds_its_own(tmp_path: Path) -> None:
    people = tuple(Person(f"p{n:03}", ("FULL1",), name=PersonName("Many", f"N{n}")) for n in range(101))
    with environment(tmp_path / "home"):
        clinic = Clinic(tmp_path, people).open()
        questions = asked(clinic, "FULL1")
        assert len(questions) == len({q.trace for q in questions}) == 101
        assert {q.reference[-4:] for q in questions} == {"0001", "0002"}
        assert hear(clinic, *(answer(q, ACTIVE) for q in questions)).held == []
        assert set(words(clinic).values()) == {"confirmed by the payer on 2026-01-06: GOLD"}


@pytest.mark.parametrize(("follow", "days"), [("R", 1), ("X", 10), ("W", 30), ("C", None), ("N", None)])
def test_a_refusal_is_an_open_end_and_asked_again_as_the_payer_allows(
    clinic: Clinic, follow: str, days: int | None
) -> None:
    questions = asked(clinic, "FULL1")
    one = next(q for q in questions if q.subscriber.name.first == "ADA")
    others = [answer(q, ACTIVE) for q in questions if q is not one]
    hear(clinic, answer(one, refused="72", follow=follow), *others)
    assert words(clinic)["coverage-one-1"] == (
        "the payer did not say, on 2026-01-06: the member id is not valid (AAA 72)"
    )
    (end,) = [end for end in ends(clinic, date(2026, 1, 7)) if end.id == "coverage-one-1 2026-01-05"]
    assert "the member id is not valid" in end.what and end.mend
    for passed in (0, 1, 10, 30):
        today = date.fromordinal(HEARD.toordinal() + passed)
        again = [q for q in asked(clinic, "FULL1", today) if q.subscriber.name.first == "ADA"]
        assert bool(again) is (days == passed)
        if again:
            break


def test_a_corrected_member_id_is_asked_about_anew(clinic: Clinic) -> None:
    hear(clinic, *(answer(q, refused="72") for q in asked(clinic, "FULL1")))
    with clinic.store(HEARD).open(clinic.practice_id) as books:
        books.save_coverages([replace(books.coverage("coverage-one-1"), member_id="W42")])
    (again,) = asked(clinic, "FULL1", HEARD)
    assert again.subscriber.member_id == "W42"


def test_a_question_that_cannot_be_written_is_told_and_keeps_no_other_back(clinic: Clinic) -> None:
    with clinic.store(ASKED).open(clinic.practice_id) as books:
        books.save_coverages([replace(books.coverage("coverage-one-1"), member_id="W1~2")])
    with at(clinic, ASKED, Role.FRONT_DESK) as desk:
        told = verification.ask(desk)
    assert told.questions == 2 and len(told.held) == 1
    assert told.held[0].startswith("visit visit-one: its coverage cannot be asked about") and "W1" not in told.held[0]


# --- bad answers ------------------------------------------------------------------------------------------------------


def _named(one: BenefitInquiry, **changes: object) -> BenefitInquiry:
    return replace(one, subscriber=replace(one.subscriber, **changes))


def test_an_answer_without_our_trace_finds_its_coverage_by_member_name_and_birth_date(clinic: Clinic) -> None:
    questions = asked(clinic, "FULL1")
    for one in questions:
        said = replace(answer(one, replace(ACTIVE, dates=(Dated("291", VISIT),))), trace="OTHER", reference="X")
        assert hear(clinic, said, control=int(one.trace[-2:])).held == []
    known = words(clinic)
    assert known["coverage-one-1"] == known["coverage-both-2"] == "confirmed by the payer on 2026-01-06: GOLD"
    assert known["coverage-both-1"] == "asked on 2026-01-05", "the same member id with another payer"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said: replace(said, trace="OTHER", subscriber=replace(said.subscriber, member_id="W0")), "nobody here"),
        (lambda said: replace(said, trace="", subscriber=replace(said.subscriber, birth_date=None)), "nobody here"),
        (
            lambda said: replace(said, subscriber=replace(said.subscriber, name=PersonName("Roe", "Bea"))),
            "names somebody else",
        ),
        (lambda said: replace(said, subscriber=replace(said.subscriber, birth_date=date(1950, 1, 1))), "somebody else"),
    ],
)
def test_an_answer_that_names_nobody_or_another_waits_for_a_person(
    clinic: Clinic, change: Callable[[BenefitAnswer], BenefitAnswer], why: str
) -> None:
    one = next(q for q in asked(clinic, "FULL1") if q.subscriber.name.first == "ADA")
    receipt = hear(clinic, change(answer(one, ACTIVE)))
    assert (receipt.unmatched, len(receipt.held)) == (1, 1) and why in receipt.held[0]
    assert words(clinic)["coverage-one-1"] == "asked on 2026-01-05"
    (end,) = ends(clinic)
    assert end.kind == verification.QUEUE and why in end.what and end.mend
    assert not any(name in receipt.held[0] + end.what for name in ("ADAMS", "BEA", "W0", "1950"))
    with at(clinic, HEARD, Role.FRONT_DESK) as desk:
        verification.settle(desk, end.id, ReasonIn(reason="told the payer"))
    assert ends(clinic) == []


def test_an_answer_finds_its_coverage_once_registration_is_corrected(clinic: Clinic) -> None:
    one = next(q for q in asked(clinic, "FULL1") if q.subscriber.name.first == "ADA")
    said = replace(_answered_as(one, "W42"), trace="")
    assert hear(clinic, said).unmatched == 1
    with clinic.store(HEARD).open(clinic.practice_id) as books:
        books.save_coverages([replace(books.coverage("coverage-one-1"), member_id="W42")])
    asked(clinic, "FULL1", HEARD)
    assert ends(clinic) == [] and words(clinic)["coverage-one-1"].startswith("confirmed")


def _answered_as(one: BenefitInquiry, member_id: str) -> BenefitAnswer:
    return answer(_named(one, member_id=member_id), replace(ACTIVE, dates=(Dated("291", VISIT),)))


def test_the_same_file_twice_changes_nothing(clinic: Clinic) -> None:
    said = [answer(q, INACTIVE) for q in asked(clinic, "FULL1")]
    hear(clinic, *said)
    with clinic.books() as books:
        before = books.verifications(["coverage-one-1", "coverage-both-2"])
    assert not hear(clinic, *said).is_new
    with clinic.books() as books:
        assert books.verifications(["coverage-one-1", "coverage-both-2"]) == before
    assert hear(clinic, *said, control=777).is_new, "the payer says it again in another file"
    assert words(clinic)["coverage-one-1"].startswith("payer says ended")


def test_a_file_that_is_cut_short_or_for_others_is_not_taken_and_leaves_nothing(clinic: Clinic) -> None:
    questions = asked(clinic, "FULL1")
    data = file_of([answer(q, ACTIVE) for q in questions])
    theirs = [
        replace(answer(q, ACTIVE), trace=f"OAKS{q.trace[4:]}", provider=replace(q.provider, id="1999999984"))
        for q in questions
    ]
    with at(clinic, HEARD) as desk:
        for short in (data[: len(data) // 2], data[:-40]):
            with pytest.raises((NotTaken, InputError)):
                answers.receive(desk, "short.271", short)
        for other in (file_of([answer(q, ACTIVE) for q in questions], receiver="CLEANCLAIMOAKS"), file_of(theirs)):
            with pytest.raises(InputError, match="another practice"):
                answers.receive(desk, "theirs.271", other)
    with clinic.books() as books:
        assert books.files(Direction.INBOUND) == () and books.work(verification.QUEUE) == ()
    assert set(words(clinic).values()) == {"asked on 2026-01-05"}


def test_a_refusal_of_the_whole_request_is_said_of_each_question_of_it(clinic: Clinic) -> None:
    one, *_ = asked(clinic, "FULL1")
    whole = BenefitAnswer(one.reference, HEARD, one.payer, one.provider, refusals=(Refusal("provider", "51", "C"),))
    assert hear(clinic, whole).held == []
    assert words(clinic)["coverage-one-1"].endswith("the provider is not on file (AAA 51)")
    stray = replace(whole, reference="0000000990001")
    assert "not ours" in hear(clinic, stray, control=502).held[0]


def test_a_271_of_another_practice_in_our_inbox_tells_nothing(tmp_path: Path) -> None:
    """Both practices know the same patient, and ask under the same control numbers."""
    with environment(tmp_path / "home"):
        elm, oak = (Clinic(tmp_path / mark, PEOPLE, mark) for mark in ("ELMF", "OAKS"))
        for clinic in (elm, oak):
            clinic.root.mkdir()
            clinic.open()
        ours, theirs = asked(elm, "FULL1"), asked(oak, "FULL1")
        assert {q.trace[4:] for q in ours} == {q.trace[4:] for q in theirs}
        with pytest.raises(InputError, match="another practice"):
            hear(elm, *(answer(q, ACTIVE) for q in theirs), receiver="SOMEBODY")
        assert set(words(elm).values()) == {"asked on 2026-01-05"}
        hear(elm, *(answer(q, ACTIVE) for q in ours))
        assert set(words(oak).values()) == {"asked on 2026-01-05"}


# --- acknowledgments of our questions ---------------------------------------------------------------------------------


def test_a_999_or_ta1_of_our_270_is_understood_and_a_refusal_told(clinic: Clinic) -> None:
    one, *_ = asked(clinic, "FULL1")
    control = one.reference[:9]
    back = Envelope("FULL1", "CLEANCLAIMELMF", 601, datetime.combine(HEARD, time(6)))
    taken = GroupAcknowledgment(
        str(int(control)), "A", (SetAcknowledgment("0001", True, set_id="270", version=eligibility_270.VERSION),),
        "HS", eligibility_270.VERSION,
    )  # fmt: skip
    refused = replace(taken, code="R", sets=(replace(taken.sets[0], accepted=False, codes=("5",)),))
    with at(clinic, HEARD) as desk:
        answers.receive(desk, "a.999", acknowledgment_999.write([taken], back))
        assert set(words(clinic).values()) == {"asked on 2026-01-05"}
        answers.receive(desk, "r.999", acknowledgment_999.write([refused], replace(back, control=602)))
        assert words(clinic)["coverage-one-1"].endswith("999 R")
    with clinic.books() as books:
        (share,) = [file for file in books.files(Direction.OUTBOUND, "270") if "_SHARE_" in file.name]
    ta1 = InterchangeAcknowledgment(int(share.control), HEARD, "R", "023")
    with at(clinic, HEARD) as desk:
        answers.receive(desk, "r.ta1", acknowledgment_ta1.write([ta1], replace(back, control=603)))
    assert words(clinic)["coverage-both-1"].endswith("TA1 R 023")
    assert len(ends(clinic)) == 3
    assert len(asked(clinic, "SHARE", date(2026, 1, 7))) == 1, "it was never read: it may be asked again"


# --- files that payers have published ---------------------------------------------------------------------------------


@pytest.mark.real_data
@needs("edi/271")
def test_published_answers_are_about_nobody_here_and_none_is_lost(clinic: Clinic) -> None:
    for path in sorted((SHARED / "edi" / "271").glob("*.edi")):
        data = path.read_bytes()
        with at(clinic, HEARD) as desk:
            try:
                receipt = answers.receive(desk, path.name, data)
            except InputError as refused:
                assert "another practice" in refused.message
                continue
        assert receipt.unmatched == len(receipt.held) == len(eligibility_271.read(data)) > 0
    with at(clinic, HEARD) as desk:
        verification.ask(desk)
        assert coding.worklist(desk), "and the visits stand as they stood"


def test_the_night_asks_when_it_is_told_to(clinic: Clinic, capsys) -> None:
    clinic.mends.write_text("", "utf-8")
    clinic.must(*clinic.cycle_words(), by="biller", today=ASKED)
    assert list(clinic.to_payers.iterdir()) == []
    capsys.readouterr()
    clinic.must(*clinic.cycle_words(), "--verify", by="biller", today=ASKED)
    assert json.loads(capsys.readouterr().out)["coverages_asked"] == 3
    assert len(list(clinic.to_payers.glob("*.270"))) == 2
    clinic.must("verify", "--json", by="front_desk", today=ASKED)
    shown = json.loads(capsys.readouterr().out)
    assert shown["questions"] == 0 and len(shown["coverages"]) == 3
