"""The first payer takes its answer back and answers otherwise, after the second payer's claim was built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from billing_core.claim import Claim, ClaimState, Frequency
from billing_core.contract import Remedy
from billing_core.ledger import Owner
from serving.desk import follow_up
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.desk.secondary import CHANGED, build_secondaries
from serving.store.claims import StandingClaim
from tests.billing_core import specimens
from tests.billing_core.busy_practice import TODAY, Busy, advice, file_of, opened
from tests.billing_core.money_specimens import SECOND_COVERAGE, SECOND_PAYER, answer, taken_back
from tests.stories.test_every_cent import plb

FIRST = (("CO-45 40", "PR-2 20"), ("CO-45 10",))
OTHER = (("CO-45 40", "PR-1 10"), ("CO-45 10",))


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    with desk.store.open(desk.practice_id) as books:
        books.next_claim_serial()  # the first claim's number is taken
        books.save_payer(SECOND_PAYER)
        books.save_contract(replace(specimens.CONTRACT, payer_id=SECOND_PAYER.id))
        books.save_coverages([replace(SECOND_COVERAGE, patient_id=busy.claims[0].patient.id)])
    receive(desk, "1.835", file_of(advice([answer(busy.claims[0], *FIRST)])))
    assert build_secondaries(desk) == 1
    yield desk, busy
    desk.store.close()


def second(desk: Desk) -> list[StandingClaim]:
    with desk.store.read(desk.practice_id) as books:
        assert books.verify_ledger().sound
        return [c for c in books.claims() if c.claim.rank == 2]


def send(desk: Desk, claim: Claim, to: ClaimState = ClaimState.SUBMITTED) -> None:
    with desk.store.open(desk.practice_id) as books:
        books.step_claim(claim.id, ClaimState.READY)
        books.step_claim(claim.id, to, TODAY)


def otherwise(desk: Desk, busy: Busy) -> None:
    """Taken back, and answered anew in the same file."""
    old = answer(busy.claims[0], *FIRST)
    given = advice([taken_back(old), answer(busy.claims[0], *OTHER)], "T2")
    assert receive(desk, "2.835", file_of(given, control=2)).posted == 1


def told(claim: Claim) -> list[str]:
    (prior,) = claim.prior_payers
    return [f"{a.group}-{a.reason} {a.amount}" for _, _, given in prior.line_adjustments for a in given]


NOW = ["CO-45 4000", "PR-1 1000", "CO-45 1000"]


def test_a_claim_that_was_not_sent_is_corrected_as_it_stands(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    (before,) = second(desk)
    otherwise(desk, busy)
    assert build_secondaries(desk) == 1
    (after,) = second(desk)
    assert (after.claim.id, after.claim.number, after.state) == (before.claim.id, before.claim.number, ClaimState.HELD)
    assert told(before.claim) != told(after.claim) == NOW and after.claim.prior_payers[0].paid == 7000
    assert build_secondaries(desk) == 0, "once"


def test_an_answer_that_was_taken_back_alone_is_waited_for(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    back = taken_back(answer(busy.claims[0], *FIRST))
    given = replace(advice([back], "T2"), amount=0, provider_adjustments=(plb("FB", "ICN1", -6000),))
    assert receive(desk, "2.835", file_of(given, control=2)).posted == 1
    before = second(desk)
    assert build_secondaries(desk) == 0 and second(desk) == before


def test_a_claim_that_is_out_is_noted_and_corrected_when_it_is_answered(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    (sent,) = second(desk)
    send(desk, sent.claim)
    otherwise(desk, busy)
    assert build_secondaries(desk) == build_secondaries(desk) == 0
    assert [c.claim.id for c in second(desk)] == [sent.claim.id]
    waiting = [end for end in follow_up.open_ends(desk) if CHANGED in end.what]
    assert len(waiting) == 1 and "corrects it" in waiting[0].mend
    both = [(end.kind, end.id) for end in follow_up.open_ends(desk) if end.kind != "visit"]
    assert both == [("claim", sent.claim.id), ("next payer", sent.claim.id)], "two things about one claim are two rows"
    paid = answer(sent.claim, ("OA-23 90",), ("OA-23 30",), status="2", payer_reference="SM-77")
    payers = {"payer_number": SECOND_PAYER.number, "payer_name": SECOND_PAYER.name}
    receive(desk, "3.835", file_of(advice([paid], "T3", **payers), control=3))
    assert build_secondaries(desk) == 1
    old, new = sorted(second(desk), key=lambda c: c.claim.id != sent.claim.id)
    assert (old.state, new.state) == (ClaimState.REPLACED, ClaimState.HELD)
    assert (new.claim.frequency, new.claim.payer_reference) == (Frequency.REPLACEMENT, "SM-77")
    assert told(new.claim) == NOW and new.claim.number != old.claim.number
    assert not [end for end in follow_up.open_ends(desk) if CHANGED in end.what]
    assert build_secondaries(desk) == 0


def test_an_answer_that_is_held_is_carried_to_nobody(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    (before,) = second(desk)
    otherwise(desk, busy)
    build_secondaries(desk)
    wrong = replace(advice([answer(busy.claims[0], ("CO-45 10",), ())], "T9"), amount=1)
    assert receive(desk, "9.835", file_of(wrong, control=9)).held
    assert build_secondaries(desk) == 0
    assert told(second(desk)[0].claim) == NOW != told(before.claim)
    with desk.store.read(desk.practice_id) as books:
        assert {b.owner for b in books.open_balances(TODAY)} == {Owner.PAYER_2}


def hindering(desk: Desk) -> list[tuple[str, str]]:
    return [
        (end.id, end.what.partition("because ")[2]) for end in follow_up.open_ends(desk) if end.kind == "next payer"
    ]


def test_a_claim_that_its_payer_does_not_let_us_correct_says_so_in_place_of_the_wait(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    (sent,) = second(desk)
    send(desk, sent.claim)
    otherwise(desk, busy)
    build_secondaries(desk)
    assert hindering(desk) == [(sent.claim.id, CHANGED)]
    with desk.store.open(desk.practice_id) as books:
        terms = replace(specimens.CONTRACT, payer_id=SECOND_PAYER.id, corrected_by=Remedy.APPEAL)
        books.save_contract(terms)
        books.step_claim(sent.claim.id, ClaimState.PAID)
    build_secondaries(desk)
    assert hindering(desk) == [(sent.claim.id, "this payer takes no corrected claims")]


def test_what_hinders_the_next_payers_claim_is_said_until_it_does_no_more(tmp_path: Path) -> None:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    (claim,) = busy.claims
    with desk.store.open(desk.practice_id) as books:
        books.next_claim_serial(10)
        books.save_payer(SECOND_PAYER)
        books.save_coverages([replace(SECOND_COVERAGE, patient_id=claim.patient.id)])
    half = answer(claim, ("CO-45 40", "PR-2 20"), ("CO-45 10",))
    half = replace(half, services=half.services[:1], charge=10000, paid=4000)
    receive(desk, "1.835", file_of(advice([half])))
    assert build_secondaries(desk) == build_secondaries(desk) == 0
    assert hindering(desk) == [(claim.id, "the earlier payer's answer does not account for the whole line")]
    given = advice([taken_back(half), answer(claim, *FIRST)], "T2")
    assert receive(desk, "2.835", file_of(given, control=2)).posted == 1
    assert build_secondaries(desk) == 1 and hindering(desk) == []
    desk.store.close()
