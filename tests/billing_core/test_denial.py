"""The published definition of a denial, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_core.claim import ClaimState
from billing_core.denial import category, denials, outcome, reason, reason_words
from billing_core.reason import CONTRACTUAL, PATIENT_SHARE, REASONS, REMARK_CATEGORY, DenialCategory
from billing_core.remittance import Adjustment, ClaimPayment, Group
from tests.billing_core.money_specimens import CO, PR, answer, claim, taken_back

ONE = claim(10000)
TWO = claim(10000, 5000)


@pytest.mark.parametrize(
    ("adjustments", "denied"),
    [
        (("CO-197 100",), ["CO-197"]),
        (("CO-45 30", "CO-50 70"), ["CO-50"]),
        (("CO-45 100",), []),  # a full contractual cut is an adjustment
        (("CO-24 100",), []),  # capitation
        (("CO-253 1", "CO-45 99"), []),
        (("CO-131 100",), []),
        (("OA-23 100",), []),  # the other insurance settled it
        (("PR-1 100",), []),  # a $0 payment that is no denial: all deductible
        (("CO-45 20", "PR-3 15", "PR-2 65"), []),
        (("CO-197 99", "PR-3 1"), []),  # a cent of patient share is payment by the definition
        (("CO-151 50",), []),  # paid in part: cut, not denied
        (("OA-133 100",), []),  # not decided
        (("PR-96 100",), ["PR-96"]),
        (("PI-204 100",), ["PI-204"]),
        (("CO-252 100",), ["CO-252"]),
        (("CO-9999 100",), ["CO-9999"]),  # an unknown reason denies all the same
        ((), []),
    ],
)
def test_a_line_is_denied_by_what_was_paid_and_why(adjustments: tuple[str, ...], denied: list[str]) -> None:
    assert [d.code for d in denials(answer(ONE, adjustments))] == denied


def test_clp02_never_decides() -> None:
    for status in ("1", "2", "3", "4", "19", "20", "21"):
        assert denials(answer(ONE, ("CO-45 20",), status=status)) == ()
        assert len(denials(answer(ONE, ("CO-29 100",), status=status))) == 1
        assert outcome(answer(ONE, ("CO-45 20",), status=status)) is ClaimState.PAID


def test_what_the_patient_owes_is_told_apart_from_what_we_work() -> None:
    for text, owes, recoverable in (
        ("PR-96 100", True, False),
        ("PR-204 100", True, False),
        ("PR-119 100", True, False),
        ("CO-96 100", False, False),  # contract: neither patient nor work
        ("PR-27 100", False, True),  # eligibility is worked even as PR: look for another coverage
        ("PR-31 100", False, True),
        ("CO-197 100", False, True),
        ("CO-18 100", False, False),
    ):
        (found,) = denials(answer(ONE, (text,)))
        assert (found.patient_owes, found.recoverable) == (owes, recoverable), text


def test_the_largest_reason_leads_and_the_others_are_kept() -> None:
    (found,) = denials(answer(ONE, ("CO-45 10", "CO-16 20", "CO-197 70")))
    assert (found.code, found.amount, found.others) == ("CO-197", 9000, ("CO-16",))


def test_a_request_for_records_is_its_own_category() -> None:
    (found,) = denials(answer(ONE, ("CO-252 100",)))
    assert found.category is DenialCategory.INFORMATION
    assert found.recoverable


@pytest.mark.parametrize(
    ("remarks", "expected"),
    [
        ((), DenialCategory.INFORMATION),
        (("M76",), DenialCategory.CODING),
        (("MA130", "N290"), DenialCategory.ENROLLMENT),
        (("MA04",), DenialCategory.OTHER_PAYER),
        (("MA27",), DenialCategory.ELIGIBILITY),
    ],
)
def test_remarks_tell_what_a_vague_reason_means(remarks: tuple[str, ...], expected: DenialCategory) -> None:
    assert category("16", remarks) is expected
    payment = answer(ONE, ("CO-16 100",), remarks=remarks)
    assert denials(payment)[0].category is expected
    assert category("197", remarks) is DenialCategory.AUTHORIZATION


def test_ma130_is_unprocessable_on_the_claim_or_on_a_line() -> None:
    on_claim = answer(ONE, ("CO-16 100",), remarks=("MA130",))
    service = replace(on_claim.services[0], remarks=("MA130",))
    on_line = replace(on_claim, remarks=(), services=(service,))
    assert outcome(on_claim) is outcome(on_line) is ClaimState.UNPROCESSABLE
    assert len(denials(on_claim)) == len(denials(on_line)) == 1


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ((("CO-45 20",), ()), ClaimState.PAID),
        ((("CO-45 20",), ("CO-97 50",)), ClaimState.PARTLY_DENIED),
        ((("CO-29 100",), ("CO-29 50",)), ClaimState.DENIED),
        ((("PR-1 100",), ("PR-1 50",)), ClaimState.PAID),
        ((("CO-133 100",), ("CO-133 50",)), ClaimState.PENDED),
    ],
)
def test_the_outcome_of_a_claim(lines: tuple[tuple[str, ...], ...], state: ClaimState) -> None:
    assert outcome(answer(TWO, *lines)) is state


def test_a_reversal_and_a_predetermination_deny_nothing() -> None:
    refused = answer(ONE, ("CO-197 100",))
    assert denials(taken_back(refused)) == ()
    assert outcome(taken_back(refused)) is ClaimState.REVERSED
    estimate = replace(refused, status="25")
    assert (denials(estimate), outcome(estimate)) == ((), ClaimState.PENDED)


def test_a_denial_of_the_claim_as_a_whole_is_line_0() -> None:
    payment = ClaimPayment(
        number=ONE.number,
        status="1",
        charge=10000,
        paid=0,
        patient_responsibility=0,
        payer_reference="",
        adjustments=(Adjustment(CO, "29", 10000),),
    )
    (found,) = denials(payment)
    assert (found.line, found.category) == (0, DenialCategory.TIMELY_FILING)
    assert outcome(payment) is ClaimState.DENIED
    kept = replace(payment, paid=2000, adjustments=(Adjustment(CO, "45", 5000), Adjustment(PR, "1", 3000)))
    assert (denials(kept), outcome(kept)) == ((), ClaimState.PAID)


def test_a_line_of_no_charge_does_not_keep_a_denied_claim_from_being_denied() -> None:
    of = claim(10000, 0)
    assert outcome(answer(of, ("CO-29 100",), ())) is ClaimState.DENIED


def test_the_tables_hold_together() -> None:
    assert set(REASONS) >= CONTRACTUAL | PATIENT_SHARE
    assert not CONTRACTUAL & PATIENT_SHARE
    for carc, known in REASONS.items():
        assert known.words and known.remedy, carc
        assert not known.words.endswith("."), carc
    assert set(REMARK_CATEGORY.values()) <= set(DenialCategory)
    # New York's causes of denial each have a category (../shared/data notes), and every one is used.
    assert {r.category for r in REASONS.values()} == set(DenialCategory)


def test_words_for_the_statement() -> None:
    assert reason_words(Group.PATIENT, "1") == "your plan's deductible"
    assert reason_words(Group.PATIENT, "45").startswith("above what your plan allows")
    assert reason("9999").words == "the plan's reason code 9999"
