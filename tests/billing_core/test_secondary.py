"""The secondary claim as its payer reads it: in the file, for the primary, every line's charge = SVD02 + its CAS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from billing_core.claim import Claim
from billing_core.claim_build import secondary
from billing_core.money import parse_amount
from billing_core.remittance import ClaimPayment, ServicePayment
from billing_core.x12 import claim_837p
from serving.clearinghouse.outbound_check import refusals
from tests.billing_core.money_specimens import DAY, SECOND_COVERAGE, SECOND_PAYER, adjust, answer, claim, number
from tests.billing_core.x12.people import ENVELOPE

SENT = claim(10000, 3000)


def next_claim(payment: ClaimPayment, of: Claim = SENT) -> Claim:
    made = secondary(of, payment, DAY, SECOND_COVERAGE, SECOND_PAYER, number(9), "new", DAY)
    assert made.claim is not None, made.findings
    return made.claim


def segments(made: Claim) -> list[list[str]]:
    data = claim_837p.write((made,), ENVELOPE, "Southern Mutual")
    assert refusals(data) == (), "pyx12 takes it"
    assert claim_837p.write(claim_837p.read(data), ENVELOPE, "Southern Mutual") == data
    return [one.split("*") for one in data.decode().split("~\n") if one]


def verdicts(found: list[list[str]]) -> Iterator[tuple[int, list[str], int, int]]:
    """Each 2430 loop of the file: charge of its line, the SVD, what it paid, the sum of its CAS."""
    charge, svd, adjusted = 0, [""], 0
    for one in [*found, ["LX"]]:
        if one[0] in ("LX", "SVD", "SE") and svd[0]:
            yield charge, svd, parse_amount(svd[2]), adjusted
            svd, adjusted = [""], 0
        if one[0] == "SV1":
            charge = parse_amount(one[2])
        elif one[0] == "SVD":
            svd = one
        elif one[0] == "CAS" and svd[0]:
            adjusted += sum(parse_amount(amount) for amount in one[3::3] if amount)


def bundled() -> ClaimPayment:
    """Both lines decided as one panel (80099): the first paid, the second bundled into it (SVC06 says what we sent)."""
    whole = answer(SENT, ("CO-45 20", "PR-2 20"), ("CO-97 30",))
    first, second = whole.services
    return replace(
        whole,
        services=(
            replace(first, procedure="80099", submitted=first.procedure),
            replace(second, procedure="80099", submitted=second.procedure),
        ),
    )


def unbundled() -> ClaimPayment:
    """Our first line decided as two services."""
    whole = answer(SENT, ("CO-45 20", "PR-2 20"), ("CO-45 10",))
    first = whole.services[0]
    parts = (
        replace(first, procedure="99212", submitted="99213", charge=6000, paid=4000, adjustments=adjust("CO-45 20")),
        replace(first, procedure="93000", submitted="99213", charge=4000, paid=2000, adjustments=adjust("PR-2 20")),
    )
    return replace(whole, services=(*parts, whole.services[1]))


def whole_claim() -> ClaimPayment:
    """Reasons given for the claim as a whole, and no service."""
    given = adjust("CO-45 30.01", "PR-1 50")
    return ClaimPayment(SENT.number, "1", 13000, 4999, 5000, "ICN1", adjustments=given)


ANSWERS: dict[str, ClaimPayment] = {
    "paid, coinsurance": answer(SENT, ("CO-45 20", "PR-2 20"), ("CO-45 10", "PR-1 20")),
    "deductible, coinsurance, copay": answer(SENT, ("PR-1 40", "PR-2 10", "PR-3 15"), ("PR-3 30",)),
    "denied, the patient owes": answer(SENT, ("PR-96 100",), ("PR-204 30",), status="4"),
    "denied, contractual obligation": answer(SENT, ("CO-197 100",), ("CO-97 30",), status="4"),
    "partly denied": answer(SENT, ("CO-45 20", "PR-2 16"), ("CO-16 30",)),
    "many reasons": answer(SENT, ("CO-45 10", "CO-131 5", "OA-23 5", "PR-1 5", "PR-2 5", "PI-94 -5"), ("CO-45 10",)),
    "bundled": bundled(),
    "unbundled": unbundled(),
    "on the whole claim": whole_claim(),
}


@pytest.mark.parametrize("case", sorted(ANSWERS))
def test_for_each_line_the_charge_is_what_was_paid_and_the_reasons(case: str) -> None:
    payment = ANSWERS[case]
    found = segments(next_claim(payment))
    told = list(verdicts(found))
    assert [charge for charge, *_ in told] == [10000, 3000]
    for charge, svd, paid, adjusted in told:
        assert charge == paid + adjusted and svd[1] == "60054", "SVD01 is the primary's number (2330B NM109)"
    (amount,) = [one for one in found if one[:2] == ["AMT", "D"]]
    assert parse_amount(amount[2]) == sum(paid for _, _, paid, _ in told) == payment.paid
    assert [one[1] for one in found if one[0] == "SBR"] == ["S", "P"]


def test_a_bundled_line_names_the_code_that_was_decided_and_the_line_it_went_into() -> None:
    (_, first, *_), (_, second, *_) = verdicts(segments(next_claim(ANSWERS["bundled"])))
    assert first[3].split(":") == ["HC", "80099"] and len(first) < 7
    assert second[3].split(":") == ["HC", "80099"] and second[6] == "1"


def test_a_recoded_line_names_the_code_that_was_paid() -> None:
    payment = ANSWERS["paid, coinsurance"]
    first, second = payment.services
    recoded = replace(first, procedure="99212", modifiers=("25",), submitted="99213", units="2")
    (_, told, *_), (_, other, *_) = verdicts(segments(next_claim(replace(payment, services=(recoded, second)))))
    assert told[3] == "HC:99212:25" and told[5] == "2" and other[3] == "HC:36415"


def test_what_was_decided_as_sent_needs_no_verdict_of_its_own() -> None:
    assert next_claim(ANSWERS["paid, coinsurance"]).prior_payers[0].detail is None


def test_the_third_payer_is_told_of_both_before_it() -> None:
    second = next_claim(ANSWERS["paid, coinsurance"])
    after = answer(second, ("OA-23 80", "PR-2 5"), ("OA-23 10", "PR-1 2"), status="2")
    third = replace(SECOND_COVERAGE, id="coverage-3", payer_id="payer-3", rank=3)
    made = secondary(
        second, after, DAY, third, replace(SECOND_PAYER, id="payer-3", number="80022"), number(10), "x", DAY
    )
    assert made.claim is not None and made.claim.rank == 3
    told = list(verdicts(segments(made.claim)))
    assert [svd[1] for _, svd, *_ in told] == ["60054", "70011"] * 2
    for charge, _, paid, adjusted in told:
        assert charge == paid + adjusted


@pytest.mark.parametrize("wrong", [{"paid": 1}, {"charge": 12000}, {"services": ()}])
def test_an_answer_that_does_not_balance_is_proved_before_anything_is_sent(wrong: dict[str, Any]) -> None:
    payment = replace(ANSWERS["paid, coinsurance"], **wrong)
    made = secondary(SENT, payment, DAY, SECOND_COVERAGE, SECOND_PAYER, number(9), "new", DAY)
    assert made.claim is None and {finding.rule for finding in made.findings} == {"secondary-balance"}


def test_what_was_paid_on_a_service_that_is_not_ours_is_not_carried() -> None:
    """AMT*D would be more than the lines' SVD02 together: the next payer's edit refuses that."""
    payment = ANSWERS["paid, coinsurance"]
    strange = ServicePayment("00000", (), 0, 100, "1", None, adjust("OA-94 -1"), "NOT-OURS")
    more = replace(payment, paid=payment.paid + 100, services=(*payment.services, strange))
    made = secondary(SENT, more, DAY, SECOND_COVERAGE, SECOND_PAYER, number(9), "new", DAY)
    assert made.claim is None
    assert [f.message for f in made.findings] == ["the earlier payer paid for services that are not on the claim"]
