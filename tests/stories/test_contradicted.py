"""A payer says later, with no reversal, that a claim it paid was denied; or that it was denied for another reason.

What the models learn from, and what is said of the next claim, is the first answer, whatever a later one says: a claim
is first adjudicated once. The later one is posted, or kept for a person, by the money's own rules; and a biller
is told, once, until the payer takes an answer back or the biller says what the payer told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet
import pytest

from billing_core.remittance import ClaimPayment
from models.denial.replay import Outcome
from serving.desk import billing, follow_up, unmatched
from serving.desk.answers import receive
from serving.desk.case import Desk
from serving.desk.contradicted import TAKEN_BACK
from serving.desk.outcomes import first_outcomes
from serving.schemas.billing import MendIn
from serving.schemas.money import AssignIn, OpenEnd, ReasonIn
from tests.billing_core.busy_practice import Busy, advice, file_of, opened
from tests.billing_core.money_specimens import SECOND_PAYER, answer, taken_back
from tests.stories.clinic import PEOPLE, Clinic, claims_of, environment
from tests.stories.test_every_cent import plb

ANSWERED, LATER = date(2026, 1, 16), date(2026, 1, 23)
# The payer's 835 of the claim, as it stands, and what a second one says in its place.
DENIES = (
    ("BPR*I*120*C*ACH*CCP***********20260116", "BPR*H*0*C*NON************20260123"),
    ("*200*120**15*", "*200*0**15*"),
    ("SVC*HC:99213*200*120**1~", "SVC*HC:99213*200*0**0~"),
    ("CAS*CO*45*80~", "CAS*CO*197*200~"),
    ("AMT*B6*120~\n", ""),
    ("SE*22*", "SE*21*"),
)
ANOTHER = (("TRN*1*FULL120260116", "TRN*1*FULL120260123"), ("DTM*405*20260116", "DTM*405*20260123"))
NUMBERS = (("*000000003*0*T", "*000000004*0*T"), ("*0600*3*X", "*0600*4*X"), ("GE*1*3~", "GE*1*4~"))
NUMBERS += (("IEA*1*000000003", "IEA*1*000000004"),)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """One claim, sent, and answered with payment in full."""
    with environment(tmp_path / "home"):
        (tmp_path / "clinic").mkdir()
        clinic = Clinic(tmp_path / "clinic", PEOPLE[:1]).open()
        clinic.sign()
        clinic.night(date(2026, 1, 8))
        clinic.payers_answer(ANSWERED)
        yield clinic


def changed(text: str, *changes: tuple[str, str]) -> str:
    for was, now in changes:
        assert was in text, was
        text = text.replace(was, now)
    return text


def outcome(clinic: Clinic) -> Outcome:
    with clinic.books() as books:
        (claim,) = claims_of(books, "paid")
        return first_outcomes(books, [claim.claim.id])[claim.claim.id]


def exported(clinic: Clinic, folder: Path) -> list[tuple[object, ...]]:
    clinic.must("export", "--out", str(folder), by="manager", today=LATER)
    rows = pyarrow.parquet.read_table(folder / "claims.parquet").to_pylist()
    return [(row["denied"], row["categories"], row["refused"], row["adjudicated_on"]) for row in rows]


def test_paid_and_then_denied_stays_paid_for_the_model(clinic: Clinic, tmp_path: Path) -> None:
    clinic.cycle(ANSWERED)
    first = outcome(clinic)
    assert first == Outcome(False, ANSWERED)
    (paid,) = clinic.from_payers.glob("*.835")
    (clinic.from_payers / "later.835").write_text(changed(paid.read_text(), *DENIES, *ANOTHER, *NUMBERS))
    clinic.cycle(LATER)
    assert outcome(clinic) == first
    assert exported(clinic, tmp_path / "export") == [(False, [], [], ANSWERED.isoformat())]


def test_denied_and_then_denied_otherwise_stays_denied_for_the_first_reason(clinic: Clinic, tmp_path: Path) -> None:
    (paid,) = clinic.from_payers.glob("*.835")
    text = paid.read_text()
    paid.write_text(changed(text, *DENIES))
    clinic.cycle(ANSWERED)
    first = outcome(clinic)
    assert first == Outcome(True, ANSWERED, ("authorization",), ("99213",))
    other = changed(text, *DENIES, *ANOTHER, *NUMBERS, ("CAS*CO*197*200~", "CAS*CO*29*200~"))
    (clinic.from_payers / "later.835").write_text(other)
    clinic.cycle(LATER)
    assert outcome(clinic) == first
    assert exported(clinic, tmp_path / "export") == [(True, ["authorization"], ["99213"], ANSWERED.isoformat())]


# --- the biller is told -----------------------------------------------------------------------------------------------

FULL = (("CO-45 40",), ("CO-45 10",))
MORE = (("CO-45 20",), ("CO-45 10",))
REFUSED = (("CO-197 100",), ("CO-45 10",))
SAYS = "answered twice, and otherwise: 99213: not denied before, CO-197 now"


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[tuple[Desk, Busy]]:
    """One claim, answered with payment, and then with a denial of its first line that takes nothing back."""
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    came(desk, 1, answer(busy.claims[0], *FULL))
    assert told(desk) == []
    came(desk, 2, answer(busy.claims[0], *REFUSED))
    yield desk, busy
    desk.store.close()


def came(desk: Desk, nth: int, *answers: ClaimPayment) -> None:
    receipt = receive(desk, f"{nth}.835", file_of(advice(answers, f"T{nth}"), control=nth))
    assert (receipt.posted, receipt.held) == (1, [])


def told(desk: Desk) -> list[OpenEnd]:
    with desk.store.read(desk.practice_id) as books:
        assert books.verify_ledger().sound
    return [end for end in follow_up.open_ends(desk) if end.kind == "answer"]


def state(desk: Desk, claim_id: str) -> str:
    with desk.store.read(desk.practice_id) as books:
        return str(books.standing_claim(claim_id).state)


def test_two_answers_that_disagree_are_among_what_has_not_ended_until_a_biller_says_what_the_payer_told(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    (claim,) = busy.claims
    (end,) = told(desk)
    assert (end.kind, end.id, end.what) == ("answer", claim.id, f"{claim.number}: {SAYS}")
    assert "ask the payer which answer holds" in end.mend and state(desk, claim.id) == "paid"
    came(desk, 3, answer(claim, *REFUSED))
    assert told(desk) == [end], "once"
    billing.mend(desk, claim.id, MendIn(action="leave", reason="the payer says that the payment holds"))
    assert told(desk) == [] and state(desk, claim.id) == "paid"
    with desk.store.read(desk.practice_id) as books:
        (work,) = books.work("contradicted", None)
        assert work.outcome == "leave: the payer says that the payment holds"


def test_the_next_payer_of_a_claim_that_was_passed_on_may_decide_otherwise(tmp_path: Path) -> None:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    with desk.store.open(desk.practice_id) as books:
        books.save_payer(SECOND_PAYER)
    came(desk, 1, answer(busy.claims[0], ("CO-45 40", "PR-2 20"), ("CO-45 10",), status="19"))
    next_payer = {"payer_number": SECOND_PAYER.number, "payer_name": SECOND_PAYER.name}
    passed_on = advice([answer(busy.claims[0], *REFUSED, status="2")], "T2", **next_payer)
    assert receive(desk, "2.835", file_of(passed_on, control=2)).posted == 1
    assert told(desk) == []
    desk.store.close()


def test_said_twice_in_the_file_that_disagrees_it_is_told_all_the_same(tmp_path: Path) -> None:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    came(desk, 1, answer(busy.claims[0], *FULL))
    came(desk, 2, *[answer(busy.claims[0], *REFUSED)] * 2)
    (end,) = told(desk)
    assert end.what == f"{busy.claims[0].number}: {SAYS}"
    desk.store.close()


@pytest.mark.parametrize("correction_first", [False, True])
def test_it_ends_by_itself_when_the_payer_takes_an_answer_back(
    practice: tuple[Desk, Busy], correction_first: bool
) -> None:
    desk, busy = practice
    (claim,) = busy.claims
    both = [taken_back(answer(claim, *FULL)), answer(claim, *MORE)]
    came(desk, 3, *(reversed(both) if correction_first else both))
    assert told(desk) == [] and state(desk, claim.id) == "paid"
    with desk.store.read(desk.practice_id) as books:
        assert [work.outcome for work in books.work("contradicted", None)] == [TAKEN_BACK]
    came(desk, 4, answer(claim, *MORE))
    assert told(desk) == [], "the answer in force, said again"


# --- an answer given to its claim by a person, and taken from it again ------------------------------------------------


def given_by_hand(desk: Desk, nth: int, payment: ClaimPayment) -> str:
    """An answer under the number of an older system, assigned to the claim it is about; the work item's id."""
    came(desk, nth, replace(payment, number=f"OLD-{nth}"))
    (item,) = unmatched.unmatched(desk)
    unmatched.assign(desk, item.id, AssignIn(claim_number=payment.number))
    return item.id


def taken_away(desk: Desk, work_id: str) -> None:
    unmatched.undo_assignment(desk, work_id, ReasonIn(reason="the wrong claim"))


def steps(desk: Desk, claim_id: str) -> list[str]:
    with desk.store.read(desk.practice_id) as books:
        return [e.action for e in books.events(subject=claim_id) if e.action.startswith("claim.")]


def test_it_goes_on_when_two_other_answers_disagree_still(practice: tuple[Desk, Busy]) -> None:
    desk, busy = practice
    (claim,) = busy.claims
    before = told(desk)
    other = given_by_hand(desk, 3, answer(claim, ("CO-29 100",), ("CO-29 30",)))
    assert told(desk) == before
    taken_away(desk, other)
    assert told(desk) == before and state(desk, claim.id) == "paid"


def test_what_is_left_to_disagree_is_said_anew(tmp_path: Path) -> None:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    (claim,) = busy.claims
    came(desk, 1, answer(claim, *FULL))
    other = given_by_hand(desk, 2, answer(claim, ("CO-29 100",), ("CO-29 30",)))
    came(desk, 3, answer(claim, ("CO-197 100",), ("CO-197 30",)))
    (end,) = told(desk)
    assert "CO-29 now" in end.what
    taken_away(desk, other)
    (end,) = told(desk)
    assert end.what == f"{claim.number}: {SAYS}; 36415: not denied before, CO-197 now"
    desk.store.close()


def test_it_ends_when_those_that_are_left_agree(tmp_path: Path) -> None:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    (claim,) = busy.claims
    came(desk, 1, answer(claim, *REFUSED))
    other = given_by_hand(desk, 2, answer(claim, *FULL))
    assert len(told(desk)) == 1
    taken_away(desk, other)
    assert told(desk) == []
    assert (state(desk, claim.id), steps(desk, claim.id)) == ("partly denied", ["claim.partly denied"]), "as it was"
    desk.store.close()


def test_without_the_answer_that_decided_it_the_claim_stands_as_the_next_one_says(tmp_path: Path) -> None:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    (claim,) = busy.claims
    other = given_by_hand(desk, 1, answer(claim, ("CO-29 100",), ("CO-29 30",)))
    came(desk, 2, answer(claim, *FULL))
    assert state(desk, claim.id) == "denied"
    with desk.store.read(desk.practice_id) as books:
        assert {d.category for d in books.denials_of_claims([claim.id])[claim.id]} == {"timely filing"}
    taken_away(desk, other)
    assert state(desk, claim.id) == "paid"
    assert steps(desk, claim.id) == ["claim.denied", "claim.reversed", "claim.paid"]
    with desk.store.read(desk.practice_id) as books:
        assert first_outcomes(books, [claim.id])[claim.id].denied is False
        assert books.denials_of_claims([claim.id]) == {}, "they were never denied of this claim"
    desk.store.close()


def test_without_the_reversal_that_was_another_claims_the_answer_stands_again(tmp_path: Path) -> None:
    desk, busy = opened(f"sqlite:///{tmp_path / 'books.db'}", 1, tmp_path)
    (claim,) = busy.claims
    came(desk, 1, answer(claim, *FULL))
    back = replace(taken_back(answer(claim, *FULL)), number="OLD-2")
    given = replace(advice([back], "T2"), amount=0, provider_adjustments=(plb("FB", "OLD-2", -8000),))
    assert receive(desk, "2.835", file_of(given, control=2)).posted == 1
    (item,) = unmatched.unmatched(desk)
    unmatched.assign(desk, item.id, AssignIn(claim_number=claim.number))
    assert state(desk, claim.id) == "reversed"
    taken_away(desk, item.id)
    assert (state(desk, claim.id), steps(desk, claim.id)[-1]) == ("paid", "claim.paid")
    desk.store.close()


def test_an_answer_and_its_contradiction_after_the_payer_took_back_all_before_are_told(
    practice: tuple[Desk, Busy],
) -> None:
    desk, busy = practice
    (claim,) = busy.claims
    came(desk, 3, taken_back(answer(claim, *FULL)), answer(claim, *MORE), answer(claim, *REFUSED))
    (end,) = told(desk)
    assert end.what == f"{claim.number}: {SAYS}"
