"""What the simulated payer answers to real 837 bytes: one test per behaviour."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from billing_core.acknowledgment import ClaimAcknowledgment
from billing_core.adjudication import take_back
from billing_core.claim import Claim, ClaimState, Frequency, PriorPayer
from billing_core.denial import denials, outcome
from billing_core.identifiers import npi_from
from billing_core.registration import Authorization, Relationship
from billing_core.remittance import Adjustment, Group
from billing_core.x12 import acknowledgment_277ca, acknowledgment_999
from tests.training.simulated_payer.small_world import (
    DOCTOR,
    LATE,
    OTHER,
    PAYER,
    TODAY,
    acknowledged,
    claim,
    contract,
    coverage,
    doors,
    file_of,
    member,
    oracle,
    outbox,
    payments,
    remittances,
    send,
    write_world,
)
from training.simulated_payer.command import Doors


@pytest.fixture
def plain(tmp_path: Path) -> Doors:
    return doors(write_world(tmp_path / "world"), tmp_path)


def answer(door: Doors, *claims: Claim, today: date = LATE) -> None:
    send(door, file_of(claims))
    door.answer(TODAY)
    door.answer(today)


def habits(tmp_path: Path, text: str, **world: object) -> Doors:
    return doors(write_world(tmp_path / "world", text, **world), tmp_path)


def test_a_clean_claim_is_taken_acknowledged_and_paid_by_contract(plain: Doors) -> None:
    one = claim(1, 0, "99213")
    send(plain, file_of([one]))
    assert [name.split(".")[1] for name in plain.answer(TODAY)] == ["999", "277ca"]
    assert acknowledgment_999.read(outbox(plain)["20250303_PAY01_001.999"])[0].accepted
    accepted = acknowledged(plain)[one.number]
    assert (accepted.category, accepted.status, accepted.amount) == ("A2", "20", 20000)
    plain.answer(LATE)
    (paid,) = payments(plain)
    # 90.00 allowed: copay 20.00, the remaining 70.00 goes to the deductible of 100.00
    assert (paid.paid, paid.patient_responsibility, paid.payer_reference) == (0, 9000, accepted.payer_reference)
    assert [(a.group, a.reason, a.amount) for a in paid.services[0].adjustments] == [
        (Group.CONTRACTUAL, "45", 11000),
        (Group.PATIENT, "3", 2000),
        (Group.PATIENT, "1", 7000),
    ]
    assert outcome(paid) is ClaimState.PAID
    assert oracle(plain) == {one.number: (0.0, False, "")}


def test_the_835_waits_for_its_pay_day(plain: Doors) -> None:
    send(plain, file_of([claim(1, 0)]))
    plain.answer(TODAY)
    assert plain.answer(date(2025, 3, 9)) == []
    plain.answer(LATE)
    (one,) = remittances(plain)
    assert one.paid_on.weekday() == 4 and 7 <= (one.paid_on - TODAY).days <= 28


def test_accumulators_carry_from_claim_to_claim(plain: Doors) -> None:
    answer(plain, *(claim(n, 0, on=date(2025, 2, n)) for n in range(1, 4)))
    deductibles = [
        sum(a.amount for s in p.services for a in s.adjustments if a.reason == "1")
        for p in sorted(payments(plain), key=lambda p: p.number)
    ]
    assert deductibles == [7000, 3000, 0]


def _rejections() -> list[tuple[Claim, str, str]]:
    good = claim(1, 0)
    line = good.lines[0]
    return [
        (replace(good, coverage=replace(good.coverage, member_id="NOBODY99")), "A3", "33"),
        (replace(good, coverage=replace(good.coverage, member_id=coverage(1).member_id)), "A3", "33"),  # not her id
        (replace(good, rendering=replace(DOCTOR, npi=npi_from("199999999"))), "A7", "562"),
        (replace(good, diagnoses=("ZZZ.99",)), "A7", "255"),
        (replace(good, lines=(replace(line, service_date=date(2025, 4, 1)),)), "A7", "187"),
        (replace(good, frequency=Frequency.REPLACEMENT, payer_reference="NOSUCH"), "A7", "464"),
        (replace(good, payer=replace(PAYER, number="NOBODY")), "A3", "116"),
    ]


@pytest.mark.parametrize(("wrong", "category", "status"), _rejections())
def test_what_the_front_desk_turns_away_is_never_adjudicated(
    plain: Doors, wrong: Claim, category: str, status: str
) -> None:
    send(plain, file_of([replace(wrong, patient=member(0)), claim(2, 2)]))
    plain.answer(LATE)
    rejected = acknowledged(plain)[wrong.number]
    assert (rejected.category, rejected.status, rejected.accepted) == (category, status, False)
    assert [p.number for p in payments(plain)] == [claim(2, 2).number]
    assert wrong.number not in oracle(plain)


def test_a_claim_number_is_taken_once(plain: Doors) -> None:
    one = claim(1, 0)
    send(plain, file_of([one], 1), file_of([one], 2))
    plain.answer(LATE)
    assert len(payments(plain, one)) == 1
    assert sorted(a.category for a in _all_acknowledgments(plain)) == ["A2", "A3"]


def _all_acknowledgments(door: Doors) -> list[ClaimAcknowledgment]:
    return [a for name, data in outbox(door).items() if name.endswith("277ca") for a in acknowledgment_277ca.read(data)]


def reason(door: Doors, of: Claim) -> str:
    (denial,) = denials(payments(door, of)[-1])
    return denial.code


def test_certain_refusals_are_certain_in_the_oracle(tmp_path: Path) -> None:
    ended = coverage(1, terminated=date(2025, 1, 31))
    door = habits(tmp_path, "", coverages=[coverage(0), ended, coverage(2)])
    first, again = claim(1, 0), claim(2, 0)
    after_end, late = claim(3, 1), claim(4, 2, on=date(2024, 10, 1))
    answer(door, first, again, after_end, late)
    assert reason(door, again) == "CO-18" and reason(door, after_end) == "PR-27" and reason(door, late) == "CO-29"
    said = oracle(door)
    assert said[first.number] == (0.0, False, "")
    assert said[again.number] == (1.0, True, "terms CO-18")
    assert said[after_end.number][:2] == said[late.number][:2] == (1.0, True)


def test_authorization_is_asked_for_and_found(tmp_path: Path) -> None:
    given = Authorization("a", member(0).id, PAYER.id, "AUTH1", "73721", 1, date(2025, 1, 1), date(2025, 12, 31))
    door = habits(
        tmp_path,
        'mechanisms = [{ kind = "missing_authorization", probability = 1 }]\n',
        authorizations=[given],
    )
    without, with_it, other = claim(1, 0, "73721"), claim(2, 0, "73721", on=date(2025, 2, 4)), claim(3, 1, "73721")
    answer(door, without, replace(with_it, authorization="AUTH1"), replace(other, authorization="AUTH1"))
    assert reason(door, without) == reason(door, other) == "CO-197"
    assert outcome(payments(door, with_it)[0]) is ClaimState.PAID


def test_a_part_of_the_claim_may_be_denied(tmp_path: Path) -> None:
    door = habits(tmp_path, 'mechanisms = [{ kind = "missing_modifier_25", probability = 1 }]\n')
    forgot, right = claim(1, 0, "99213", "20610"), claim(2, 1, "99213-25", "20610")
    answer(door, forgot, right)
    (payment,) = payments(door, forgot)
    assert outcome(payment) is ClaimState.PARTLY_DENIED and [d.line for d in denials(payment)] == [1]
    assert outcome(payments(door, right)[0]) is ClaimState.PAID


def test_diagnosis_frequency_and_dated_habits(tmp_path: Path) -> None:
    door = habits(
        tmp_path,
        """
        mechanisms = [
          { kind = "diagnosis_mismatch", procedures = ["20610"], supported_by = ["M"], probability = 1 },
          { kind = "frequency_limit", procedures = ["83036"], limit = 1, days = 80, probability = 1 },
          { kind = "habit", name = "later", procedures = ["99214"], reason = "50", from = 2025-06-01, probability = 1 },
          { kind = "habit", name = "now", procedures = ["99215"], reason = "16", remarks = ["MA130"], probability = 1 },
        ]
        """,
    )
    knee, first, second = claim(1, 0, "20610"), claim(2, 1, "83036", on=date(2025, 2, 1)), claim(3, 1, "83036")
    not_yet, refused = claim(4, 2, "99214"), claim(5, 3, "99215", "83036")
    answer(door, knee, first, second, not_yet, refused)
    assert reason(door, knee) == "CO-11" and reason(door, second) == "CO-119"
    assert outcome(payments(door, first)[0]) is outcome(payments(door, not_yet)[0]) is ClaimState.PAID
    assert outcome(payments(door, refused)[0]) is ClaimState.UNPROCESSABLE
    assert oracle(door)[refused.number] == (1.0, True, "now")


def test_another_payer_is_primary(tmp_path: Path) -> None:
    both = [coverage(0, rank=2), coverage(0, OTHER)]
    door = habits(
        tmp_path, 'mechanisms = [{ kind = "other_payer_primary", probability = 1 }]\n', coverages=both, members=1
    )
    answer(door, claim(1, 0))
    assert reason(door, claim(1, 0)) == "CO-22"


def test_a_secondary_claim_carries_the_first_payers_impact(tmp_path: Path) -> None:
    door = habits(tmp_path, "", coverages=[coverage(0, rank=2), coverage(0, OTHER)], members=1)
    left = (Adjustment(Group.CONTRACTUAL, "45", 8000), Adjustment(Group.PATIENT, "2", 5000))
    prior = PriorPayer(OTHER, coverage(0, OTHER), 7000, date(2025, 2, 20), ((1, 7000, left),))
    second = claim(1, 0, rank=2, coverage=coverage(0, rank=2), prior_payers=(prior,))
    answer(door, second)
    (payment,) = payments(door)
    assert payment.status == "2"
    assert Adjustment(Group.OTHER, "23", 15000) in payment.services[0].adjustments
    assert payment.paid <= 5000 and outcome(payment) is ClaimState.PAID


def test_a_child_is_told_from_its_sibling(tmp_path: Path) -> None:
    parent = coverage(0)
    family = [replace(parent, id=f"family-{n}", patient_id=member(n).id) for n in (1, 2)]
    family = [replace(c, relationship=Relationship.CHILD) for c in family]
    ended = replace(family[1], terminated=date(2024, 12, 31))
    door = habits(tmp_path, "", coverages=[parent, family[0], ended])
    covered = replace(claim(1, 1), coverage=family[0])
    uncovered = replace(claim(2, 2), coverage=family[1])
    answer(door, covered, uncovered)
    assert outcome(payments(door, covered)[0]) is ClaimState.PAID
    assert reason(door, uncovered) == "PR-27"


def test_a_late_payer_owes_interest(tmp_path: Path) -> None:
    door = habits(tmp_path, "days_to_pay = [60, 60]\n")
    answer(door, *(claim(n, 0, "99214", on=date(2025, 2, n)) for n in range(1, 5)))
    (one,) = remittances(door)
    owed = sum(p.interest for p in one.claims)
    assert owed > 0
    assert [(a.reason, a.amount < 0) for a in one.provider_adjustments] == [("L6", True)] * sum(
        p.interest > 0 for p in one.claims
    )
    assert one.amount == sum(p.paid for p in one.claims) + owed


def test_an_underpayer_pays_less_and_says_it_is_the_contract(tmp_path: Path) -> None:
    fair = doors(write_world(tmp_path / "fair"), tmp_path / "f")
    mean = doors(write_world(tmp_path / "mean", "underpay_rate = 1\n"), tmp_path / "m")
    claims = [claim(n, 0, "99214", on=date(2025, 2, n)) for n in range(1, 4)]
    for door in (fair, mean):
        answer(door, *claims)
    assert sum(p.paid for p in payments(mean)) < sum(p.paid for p in payments(fair))
    assert all(not denials(p) for p in payments(mean))


def test_a_takeback_reverses_exactly_and_recovers_once(tmp_path: Path) -> None:
    door = habits(tmp_path, "takeback_rate = 1\n", members=40)
    claims = [claim(n, n, "99214", "99214-76", on=date(2025, 2, 3)) for n in range(1, 31)]
    answer(door, *claims)
    manners = set()
    for one in claims:
        paid, reversal, second = payments(door, one)
        assert reversal == replace(
            take_back(paid), services=tuple(replace(s, allowed=None) for s in take_back(paid).services)
        )
        assert second.paid < paid.paid and not second.is_reversal
        own = [
            a
            for r in remittances(door)
            for a in r.provider_adjustments
            if a.reason == "WO" and a.reference == paid.payer_reference
        ]
        assert sum(a.amount for a in own) == 0
        manners.add(len(own))
    assert manners == {0, 2}
    money = sum(r.amount for r in remittances(door))
    still_owed = sum(a.amount for r in remittances(door) for a in r.provider_adjustments if a.reason == "FB")
    assert money - sum(p.paid for p in payments(door)) == -still_owed
    assert {r.method for r in remittances(door) if r.amount == 0} == {"NON"}


def test_a_replacement_reverses_the_first_answer(tmp_path: Path) -> None:
    door = habits(tmp_path, 'mechanisms = [{ kind = "missing_modifier_25", probability = 1 }]\n')
    first = claim(1, 0, "99214", "20610")
    answer(door, first, today=date(2025, 5, 1))
    reference = payments(door, first)[0].payer_reference
    mended = claim(2, 0, "99214-25", "20610", frequency=Frequency.REPLACEMENT, payer_reference=reference)
    send(door, file_of([mended], 2, date(2025, 5, 1)), name="second")
    door.answer(LATE)
    paid, reversal = payments(door, first)
    assert reversal.is_reversal and reversal.paid == -paid.paid
    assert outcome(payments(door, mended)[0]) is ClaimState.PAID
    again = claim(
        3, 0, "99214-25", "20610", frequency=Frequency.REPLACEMENT, payer_reference=reference, on=date(2025, 2, 3)
    )
    send(door, file_of([again], 3, LATE), name="third")
    door.answer(LATE)
    assert acknowledged(door)[again.number].status == "464"


def test_a_void_takes_the_payment_back_and_nothing_else(plain: Doors) -> None:
    first = claim(1, 0, "99214")
    answer(plain, first, today=date(2025, 5, 1))
    reference = payments(plain, first)[0].payer_reference
    void = claim(2, 0, "99214", frequency=Frequency.VOID, payer_reference=reference)
    send(plain, file_of([void], 2, date(2025, 5, 1)), name="second")
    plain.answer(LATE)
    paid, reversal = payments(plain, first)
    assert reversal.paid == -paid.paid and payments(plain, void) == []
    assert void.number not in oracle(plain)


def test_a_pended_claim_is_accepted_and_answered_later(tmp_path: Path) -> None:
    door = habits(tmp_path, "pend_rate = 1\ndays_to_pay = [7, 7]\npend_days = [30, 30]\n")
    one = claim(1, 0)
    send(door, file_of([one]))
    door.answer(date(2025, 4, 1))
    assert acknowledged(door)[one.number].accepted and payments(door) == []
    door.answer(LATE)
    assert len(payments(door)) == 1


def test_no_contract_on_the_day_is_out_of_network(tmp_path: Path) -> None:
    door = habits(tmp_path, "", contracts=[contract(PAYER, effective=date(2025, 2, 10)), contract(OTHER)])
    answer(door, claim(1, 0))
    assert reason(door, claim(1, 0)) == "CO-242"
