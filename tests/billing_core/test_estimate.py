"""Estimates before the visit: the likely share, its bounds and what they rest on; and the good-faith estimate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest

from billing_core.accumulator import Accumulators
from billing_core.adjudication import adjudicate
from billing_core.chargemaster import Chargemaster, Price
from billing_core.codesets.tables import Tables
from billing_core.errors import ContractError
from billing_core.estimate import PlannedService, estimate, good_faith_estimate, score
from billing_core.refusal import PayerFacts
from serving.good_faith_pdf import good_faith_pdf
from tests.billing_core.specimens import CONTRACT, COVERAGE, PATIENT, PRACTICE, PROVIDER, SERVICE, claim, line

NONE = Tables.empty()
HALF = Accumulators("coverage", 2026, deductible_used=50000, out_of_pocket_used=50000)


def test_the_likely_share_is_the_adjudication_and_the_bounds_are_its_extremes() -> None:
    made = estimate(claim(line()), COVERAGE, CONTRACT, HALF, NONE)
    # allowed 90.00: copay 25.00, the rest to the deductible; if that is met by then: 25.00 + 20 % of 65.00
    assert (made.likely, made.low, made.high) == (9000, 3800, 9000)
    assert made.payer_pays == 0 and "deductible 65.00" in made.decision.reasons[0]
    assert made.because[0] == "used of the deductible: 500.00 of 1000.00"


def test_an_unknown_deductible_is_said_and_widens_the_bounds() -> None:
    made = estimate(claim(line()), COVERAGE, CONTRACT, None, NONE)
    assert (made.likely, made.low, made.high) == (9000, 3800, 9000)
    assert "is not known" in made.because[0]


def test_a_met_deductible_leaves_no_doubt() -> None:
    made = estimate(claim(line()), COVERAGE, CONTRACT, replace(HALF, deductible_used=100000), NONE)
    assert made.likely == made.low == made.high == 3800


def test_other_codes_of_the_visit_widen_the_bounds() -> None:
    met = replace(HALF, deductible_used=100000)
    other = claim(line(procedure="73721", amount=60000), authorization="A")
    made = estimate(claim(line()), COVERAGE, replace(CONTRACT, authorization_required=frozenset()), met, NONE, [other])
    assert (made.likely, made.high) == (3800, 2500 + 5500)
    assert made.because[-1] == "or it becomes 73721"


def test_what_the_payer_would_refuse_is_said() -> None:
    made = estimate(claim(line(procedure="73721")), COVERAGE, CONTRACT, HALF, NONE)
    assert any("would refuse" in words and "CO-197" in words for words in made.because)


def test_a_code_without_a_rate_is_no_estimate() -> None:
    with pytest.raises(ContractError, match="no rate"):
        estimate(claim(line(procedure="11111")), COVERAGE, CONTRACT, HALF, NONE)


def test_the_estimate_is_scored_against_what_came() -> None:
    made = estimate(claim(line()), COVERAGE, CONTRACT, HALF, NONE)
    met = replace(HALF, deductible_used=100000)
    real = adjudicate(claim(line()), COVERAGE, CONTRACT, met, NONE, date(2026, 4, 9), PayerFacts()).payment
    result = score(made, real)
    assert (result.estimated, result.real, result.missed, result.within) == (9000, 3800, -5200, True)
    assert not score(made, replace(real, patient_responsibility=9001)).within


PRICES = Chargemaster((Price("99213", 15000, date(2026, 1, 1)), Price("36415", 1500, date(2026, 1, 1))))


def test_a_good_faith_estimate_is_the_practices_prices_and_says_what_the_law_asks() -> None:
    services = [PlannedService("99213", "Office <b>visit</b>"), PlannedService("36415", "Blood drawn", 2)]
    made = good_faith_estimate(PRACTICE, PROVIDER, PATIENT, services, ["E11.9"], SERVICE, date(2026, 4, 1), PRICES)
    assert (made.total, made.disputable_from) == (18000, 58000)
    pdf = good_faith_pdf(made)
    assert pdf == good_faith_pdf(made)
    from pypdf import PdfReader

    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    for wanted in ("Office <b>visit</b>", "180.00", "580.00", PROVIDER.npi, PRACTICE.tin, "E11.9", "only an estimate"):
        assert wanted in text, wanted


@pytest.mark.parametrize("services", [[], [PlannedService("99999", "?")], [PlannedService("99213", "", 0)]])
def test_a_service_without_price_or_unit_is_named(services: list[PlannedService]) -> None:
    with pytest.raises(ContractError) as caught:
        good_faith_estimate(PRACTICE, PROVIDER, PATIENT, services, [], SERVICE, date(2026, 4, 1), PRICES)
    assert caught.value.where and caught.value.mend
