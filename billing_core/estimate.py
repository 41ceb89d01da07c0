"""Estimates before the visit: what the patient will owe, with the arithmetic and how far it may be off; and, for who
pays alone, the good-faith estimate with what the law asks it to say.

An insured estimate is an adjudication of the planned services. Its uncertainty is not a guess: the same services are
adjudicated again with what has been used of the deductible at its least and its most, and with the other codes the
visit may turn out to be; the lowest and highest share are the bounds. Later it is scored against the real share.
Sources: 45 CFR 149.610 (good-faith estimate: content), 149.620 (dispute when billed $400 or more above it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing_core.accumulator import Accumulators
from billing_core.adjudication import Decision, adjudicate
from billing_core.chargemaster import Chargemaster
from billing_core.claim import Claim
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.errors import ContractError
from billing_core.money import Cents, amount_text
from billing_core.refusal import PayerFacts
from billing_core.registration import Coverage, Patient, Practice, Provider
from billing_core.remittance import ClaimPayment

DISPUTE_FROM: Cents = 40000  # 45 CFR 149.620(b): billed charges this much above the estimate may be disputed


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the patient will owe: `likely`, between `low` and `high`; `because` says what the bounds rest on.

    `decision` holds the arithmetic of the likely share, line by line.
    """

    on: date
    likely: Cents
    low: Cents
    high: Cents
    payer_pays: Cents
    decision: Decision
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EstimateScore:
    """An estimate against what came: `missed` is real less likely; `within` whether the bounds held it."""

    estimated: Cents
    real: Cents
    missed: Cents
    within: bool


def estimate(
    planned: Claim,
    coverage: Coverage,
    contract: Contract,
    known: Accumulators | None,
    tables: Tables,
    alternatives: Sequence[Claim] = (),
) -> Estimate:
    """The patient's share of the planned services, as if they were billed on their day.

    `known`: what member and family have used, from the payer's eligibility answer; None: not asked, and the likely
    share is reckoned as if nothing had been used. `alternatives`: the visit with other codes or units. Raises
    ContractError for a code without a rate: an estimate is never silently too low.
    """
    plan = contract.plan(coverage.plan)
    year = plan.benefit_year(planned.service_date)
    nothing = Accumulators(coverage.id, year)
    everything = Accumulators(
        coverage.id,
        year,
        plan.deductible,
        max(plan.deductible, known.out_of_pocket_used if known else 0),
        plan.family_deductible or 0,
        max(plan.family_deductible or 0, known.family_out_of_pocket_used if known else 0),
        known.services if known else {},
    )
    likely = _decide(planned, coverage, contract, known or nothing, tables)
    shares = [likely.payment.patient_responsibility]
    because = []
    if known is None:
        because.append("what has been used of the deductible is not known: least if it is met, most if nothing is used")
        shares.append(_share(planned, coverage, contract, everything, tables))
    else:
        because.append(
            f"used of the deductible: {amount_text(known.deductible_used)} of {amount_text(plan.deductible)}"
        )
        if known.deductible_used < plan.deductible:
            because.append("claims still on their way to the payer may use up the rest of the deductible first")
            shares.append(_share(planned, coverage, contract, everything, tables))
    for line in likely.lines:
        if line.refused:
            because.append(f"as planned the payer would refuse a service: {line.reason}")
    for other in alternatives:
        shares.append(_share(other, coverage, contract, known or nothing, tables))
        because.append(f"or it becomes {', '.join(line.procedure for line in other.lines)}")
    return Estimate(
        on=planned.service_date,
        likely=shares[0],
        low=min(shares),
        high=max(shares),
        payer_pays=likely.payment.paid,
        decision=likely,
        because=tuple(because),
    )


def _decide(planned: Claim, coverage: Coverage, contract: Contract, used: Accumulators, tables: Tables) -> Decision:
    received = planned.service_date + timedelta(days=1)
    return adjudicate(planned, coverage, contract, used, tables, received, PayerFacts())


def _share(planned: Claim, coverage: Coverage, contract: Contract, used: Accumulators, tables: Tables) -> Cents:
    return _decide(planned, coverage, contract, used, tables).payment.patient_responsibility


def score(made: Estimate, payment: ClaimPayment) -> EstimateScore:
    """How good the estimate was, once the payer has answered."""
    real = payment.patient_responsibility
    return EstimateScore(made.likely, real, real - made.likely, made.low <= real <= made.high)


# --- who pays alone ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlannedService:
    """A service planned for a patient who pays alone: its code, a plain description, and units."""

    procedure: str
    description: str
    units: int = 1


@dataclass(frozen=True, slots=True)
class GoodFaithLine:
    """One expected charge."""

    service: PlannedService
    amount: Cents


@dataclass(frozen=True, slots=True)
class GoodFaithEstimate:
    """The expected charges of a visit for an uninsured or self-pay patient (45 CFR 149.610(c))."""

    practice: Practice
    provider: Provider
    patient: Patient
    diagnoses: tuple[str, ...]
    service_date: date
    made_on: date
    lines: tuple[GoodFaithLine, ...]

    @property
    def total(self) -> Cents:
        """The sum of the expected charges."""
        return sum(line.amount for line in self.lines)

    @property
    def disputable_from(self) -> Cents:
        """A bill of this much or more may be disputed."""
        return self.total + DISPUTE_FROM


def good_faith_estimate(
    practice: Practice,
    provider: Provider,
    patient: Patient,
    services: Sequence[PlannedService],
    diagnoses: Sequence[str],
    service_date: date,
    made_on: date,
    prices: Chargemaster,
) -> GoodFaithEstimate:
    """The expected charges at the practice's own prices. Raises ContractError for a service without a price."""
    lines = []
    for place, service in enumerate(services, start=1):
        price = prices.price(service.procedure, service_date)
        if price is None or service.units < 1:
            raise ContractError(
                f"no price for {service.procedure} on {service_date.isoformat()}" if price is None else "no unit",
                where=f"service {place}",
                mend="add the price to the chargemaster, or correct the code and its units",
            )
        lines.append(GoodFaithLine(service, price * service.units))
    if not lines:
        raise ContractError("an estimate of no service", where="services", mend="name at least one service")
    return GoodFaithEstimate(practice, provider, patient, tuple(diagnoses), service_date, made_on, tuple(lines))
