"""Charges become claims; answers become corrected and secondary claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from billing_core.charge import Capture, Charge
from billing_core.claim import Claim, ClaimState, Frequency
from billing_core.claim_build import Built, Changes, Registration, build_claims, correct, secondary, void
from billing_core.contract import Remedy
from billing_core.encounter import Encounter, Setting
from tests.billing_core import specimens
from tests.billing_core.money_specimens import (
    DAY,
    SECOND_COVERAGE,
    SECOND_PAYER,
    answer,
    claim,
    ids,
    number,
    taken_back,
)

ENCOUNTER = Encounter("encounter", "patient", "provider", "location", specimens.SERVICE, Setting.OUTPATIENT, "0" * 64)
KNOWN = Registration(
    practice=specimens.PRACTICE,
    patient=specimens.PATIENT,
    coverages=(SECOND_COVERAGE, specimens.COVERAGE),
    location=specimens.LOCATION,
    providers={"provider": specimens.PROVIDER},
    payers={"payer": specimens.PAYER, "payer-2": SECOND_PAYER},
    authorizations=(specimens.AUTHORIZATION,),
)
SENT = claim(10000, 5000)


def numbers() -> Iterator[str]:
    serial = 0
    while True:
        serial += 1
        yield number(serial)


def charge(line: int, *diagnoses: str) -> Charge:
    return Charge(
        f"charge-{line}", "encounter", "patient", specimens.SERVICE, "99213", (), 1, diagnoses or ("I10",), 10000, line
    )


def build(
    *charges: Charge,
    visit: tuple[str, ...] = ("I10",),
    known: Registration = KNOWN,
    encounter: Encounter = ENCOUNTER,
    **more: Any,
) -> Built:
    captured = Capture("encounter", visit, charges, ())
    return build_claims(captured, encounter, known, numbers(), ids("claim"), DAY, **more)


def rules(built: Any) -> list[str]:
    return [finding.rule for finding in built.findings]


def test_one_claim_to_the_first_payer_active_that_day() -> None:
    built = build(charge(1, "I10", "E11.9"), charge(2, "E11.9"), visit=("I10", "E11.9", "Z00.00"))
    (made,) = built.claims
    assert (made.payer.id, made.coverage.id, made.rank) == ("payer", "coverage", 1)
    assert (made.number, made.frequency, made.created_on) == (number(1), Frequency.ORIGINAL, DAY)
    assert made.diagnoses == ("I10", "E11.9", "Z00.00")
    assert [line.pointers for line in made.lines] == [(1, 2), (2,)]
    assert [line.control for line in made.lines] == [f"{number(1)}L1", f"{number(1)}L2"]
    assert made.total == 20000
    assert built.findings == ()


def test_the_second_coverage_is_first_when_the_first_has_ended() -> None:
    ended = replace(specimens.COVERAGE, terminated=date(2026, 3, 31))
    (made,) = build(charge(1), known=replace(KNOWN, coverages=(ended, SECOND_COVERAGE))).claims
    assert (made.payer.id, made.rank) == ("payer-2", 1)


def test_no_active_coverage_is_self_pay() -> None:
    built = build(charge(1), known=replace(KNOWN, coverages=()))
    assert built == Built(self_pay=True)


def test_the_authorization_of_the_encounter_or_of_the_caller() -> None:
    chosen = replace(ENCOUNTER, authorization_id="authorization")
    assert build(charge(1), encounter=chosen).claims[0].authorization == "AUTH77"
    assert build(charge(1), authorization="OTHER", referral="R1").claims[0].referral == "R1"
    assert build(charge(1), encounter=chosen, authorization="OTHER").claims[0].authorization == "OTHER"
    assert build(charge(1)).claims[0].authorization == ""


def test_what_registration_does_not_know_is_a_finding() -> None:
    assert rules(build(charge(1), known=replace(KNOWN, providers={}))) == ["build-provider"]
    assert rules(build(charge(1), known=replace(KNOWN, payers={}))) == ["build-payer"]
    assert rules(build(charge(1), encounter=replace(ENCOUNTER, authorization_id="x"))) == ["build-authorization"]
    assert rules(build(charge(1), encounter=replace(ENCOUNTER, referring_provider_id="x"))) == ["build-provider"]
    assert rules(build()) == ["build-no-charge"]


def test_more_than_fifty_lines_are_two_claims() -> None:
    built = build(*(charge(n) for n in range(1, 52)))
    assert [len(c.lines) for c in built.claims] == [50, 1]
    assert [c.number for c in built.claims] == [number(1), number(2)]
    assert [c.lines[0].number for c in built.claims] == [1, 1]


def test_at_most_twelve_diagnoses_and_every_pointer_holds() -> None:
    codes = tuple(f"A0{n}.0" for n in range(10)) + tuple(f"B0{n}.0" for n in range(6))
    built = build(*(charge(n, *codes[4 * n - 4 : 4 * n]) for n in range(1, 5)), visit=codes)
    assert [len(c.diagnoses) for c in built.claims] == [12, 12]
    for made in built.claims:
        for line in made.lines:
            first = (int(line.charge_id.removeprefix("charge-")) - 1) * 4
            assert tuple(made.diagnoses[p - 1] for p in line.pointers) == codes[first : first + 4]
    assert rules(build(charge(1, codes[15]), visit=codes)) == ["build-diagnoses"]
    (made,) = build(charge(1, codes[15]), visit=codes).claims
    assert (made.diagnoses[0], made.diagnoses[-1], len(made.diagnoses)) == (codes[0], codes[15], 12)


def test_a_line_points_at_four_diagnoses_at_most_and_at_none_twice() -> None:
    (made,) = build(charge(1, "A", "B", "A", "C", "D", "E"), visit=("A", "B", "C", "D", "E")).claims
    assert made.lines[0].pointers == (1, 2, 3, 4)


# --- corrected --------------------------------------------------------------------------------------------------------


def corrected(state: ClaimState, by: Remedy, reference: str = "ICN1", **changes: Any) -> Any:
    contract = replace(specimens.CONTRACT, corrected_by=by)
    return correct(SENT, Changes(**changes), state, contract, number(9), "new", DAY, reference)


def test_a_denied_claim_is_replaced_under_the_payers_own_number() -> None:
    made = corrected(ClaimState.DENIED, Remedy.REPLACEMENT, authorization="AUTH77").claim
    assert (made.frequency, made.payer_reference, made.replaces) == (Frequency.REPLACEMENT, "ICN1", SENT.id)
    assert (made.number, made.id, made.created_on, made.authorization) == (number(9), "new", DAY, "AUTH77")
    assert [line.control for line in made.lines] == [f"{number(9)}L1", f"{number(9)}L2"]
    assert [line.charge_id for line in made.lines] == ["charge-1", "charge-2"]


def test_a_payer_that_takes_new_claims_gets_one() -> None:
    made = corrected(ClaimState.DENIED, Remedy.NEW_CLAIM).claim
    assert (made.frequency, made.payer_reference) == (Frequency.ORIGINAL, "")
    assert correct(SENT, Changes(), ClaimState.DENIED, None, number(9), "new", DAY).claim is not None


@pytest.mark.parametrize("state", [ClaimState.REJECTED, ClaimState.UNPROCESSABLE])
@pytest.mark.parametrize("remedy", list(Remedy))
def test_what_was_never_adjudicated_is_sent_anew(state: ClaimState, remedy: Remedy) -> None:
    made = corrected(state, remedy).claim
    assert (made.frequency, made.payer_reference) == (Frequency.ORIGINAL, "")


def test_another_payer_gets_a_new_claim() -> None:
    made = corrected(ClaimState.DENIED, Remedy.REPLACEMENT, payer=SECOND_PAYER, coverage=SECOND_COVERAGE).claim
    assert (made.frequency, made.payer.id, made.payer_reference) == (Frequency.ORIGINAL, "payer-2", "")


def test_what_the_contract_forbids_says_why() -> None:
    assert rules(corrected(ClaimState.DENIED, Remedy.APPEAL)) == ["correct-by-appeal"]
    assert rules(corrected(ClaimState.DENIED, Remedy.REPLACEMENT, reference="")) == ["correct-no-reference"]
    assert rules(void(SENT, "", number(9), "new", DAY)) == ["void-no-reference"]


def test_a_void_names_what_it_voids() -> None:
    made = void(SENT, "ICN1", number(9), "new", DAY).claim
    assert made is not None
    assert (made.frequency, made.payer_reference, made.replaces) == (Frequency.VOID, "ICN1", SENT.id)


# --- secondary --------------------------------------------------------------------------------------------------------


def next_claim(payment: Any, of: Claim = SENT, waited: bool = False) -> Any:
    return secondary(of, payment, DAY, SECOND_COVERAGE, SECOND_PAYER, number(9), "new", DAY, waited)


def test_the_secondary_claim_carries_the_primarys_answer_and_balances() -> None:
    payment = answer(SENT, ("CO-45 20", "PR-2 20"), ("CO-45 10", "PR-1 40"))
    made = next_claim(payment).claim
    assert (made.rank, made.payer.id, made.coverage.id, made.frequency) == (
        2,
        "payer-2",
        "coverage-2",
        Frequency.ORIGINAL,
    )
    (prior,) = made.prior_payers
    assert (prior.payer.id, prior.paid, prior.paid_on) == ("payer", 6000, DAY)
    for line, (at, paid, adjustments) in zip(made.lines, prior.line_adjustments, strict=True):
        assert at == line.number
        assert line.amount == paid + sum(a.amount for a in adjustments)


def test_an_answer_that_does_not_account_for_the_claim_is_not_carried() -> None:
    whole = answer(SENT, ("CO-45 20",), ())
    half = replace(whole, services=whole.services[:1], charge=10000, paid=8000)
    assert rules(next_claim(half)) == ["secondary-balance", "secondary-balance"]
    assert rules(next_claim(replace(whole, paid=1))) == ["secondary-balance"]
    assert rules(next_claim(taken_back(whole))) == ["secondary-reversal"]


def test_a_forwarded_claim_waits() -> None:
    forwarded = answer(SENT, ("CO-45 20",), (), status="19")
    assert rules(next_claim(forwarded)) == ["secondary-forwarded"]
    assert next_claim(forwarded, waited=True).claim is not None
