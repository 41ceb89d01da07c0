"""What the payer is expected to pay for each line by contract, were everything mended: the dollars that are at stake.

The claim is adjudicated as if authorization, referral and filing were in order and the deductible were met; what the
plan leaves to the patient is no stake of ours with the payer. An estimate for ordering work: it is never posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType

from billing_core.accumulator import Accumulators
from billing_core.adjudication import adjudicate
from billing_core.claim import Claim, Frequency
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.denial import LineDenial
from billing_core.errors import BillingError
from billing_core.money import Cents
from billing_core.refusal import PayerFacts

_YEARS = 3650  # days: a filing limit that nothing exceeds


class _Terms:
    """A contract as a key of `_mended`: by what it is, for a thousand claims under it are priced in a row."""

    __slots__ = ("contract",)

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    def __hash__(self) -> int:
        return id(self.contract)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Terms) and self.contract is other.contract


@lru_cache(64)
def _mended(terms: _Terms) -> Contract:
    """The contract as if authorization, referral and filing were in order."""
    return replace(
        terms.contract,
        authorization_required=frozenset(),
        referral_required=frozenset(),
        filing_days=_YEARS,
        filing_months=0,
        secondary_filing_days=None,
    )


def expected_by_line(claim: Claim, contract: Contract | None, tables: Tables) -> Mapping[int, Cents]:
    """Cents by line number; empty when the contract does not say (no contract, no rate, a plan it does not name)."""
    if contract is None or not claim.lines:
        return {}
    on = claim.service_date
    plan = next((p for p in contract.plans if p.plan == claim.coverage.plan), None)
    year = plan.benefit_year(on) if plan else on.year
    used = Accumulators(claim.coverage.id, year, deductible_used=plan.deductible if plan else 0)
    asked = claim if claim.frequency is Frequency.ORIGINAL else replace(claim, frequency=Frequency.ORIGINAL)
    mended = _mended(_Terms(contract))
    try:
        payment = adjudicate(asked, claim.coverage, mended, used, tables, on + timedelta(days=1), PayerFacts()).payment
    except BillingError:
        return {}
    return {line.number: service.paid for line, service in zip(claim.lines, payment.services, strict=True)}


def expected_payment(claim: Claim, contract: Contract | None, tables: Tables) -> Cents:
    """The payer's part of the whole claim; the charge when the contract does not say."""
    by_line = expected_by_line(claim, contract, tables)
    return sum(by_line.values()) if by_line else claim.total


def expected_of_denied(
    claim: Claim,
    denied: Iterable[LineDenial],
    contract: Contract | None,
    tables: Tables,
    still_open: Mapping[str, Cents] = MappingProxyType({}),
) -> Cents:
    """The payer's part of the denied lines, found by their control numbers; the denied charge where unknown.

    `still_open`: cents by charge id, where known. What was paid or written off in the meantime is no longer at stake.
    """
    by_line, lines = expected_by_line(claim, contract, tables), {line.control: line for line in claim.lines}
    unknown, stakes = 0, dict[str, Cents]()  # by charge: two answers may deny one line, which is paid once
    for one in denied:
        if one.line == 0:  # the claim as a whole
            unknown, stakes = 0, {line.charge_id: by_line.get(line.number, line.amount) for line in claim.lines}
            break
        line = lines.get(one.control)
        if line is None:
            unknown += one.amount
        else:
            charged = min(line.amount, stakes.get(line.charge_id, 0) + one.amount)
            stakes[line.charge_id] = by_line.get(line.number, charged)
    return unknown + sum(min(stake, still_open.get(charge_id, stake)) for charge_id, stake in stakes.items())
