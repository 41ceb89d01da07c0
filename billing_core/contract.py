"""Contract terms: what a payer promised to pay, by when we must file, and which remedy a refusal allows.

A thin first form: a fee schedule with a default percentage, patient share by plan, deadlines, remedies,
authorization and referral lists, all with effective dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from billing_core.errors import ContractError
from billing_core.money import Cents


class Remedy(StrEnum):
    """How a refused claim may be put right with this payer."""

    NEW_CLAIM = "new claim"
    REPLACEMENT = "replacement claim (frequency 7 with the payer's claim number)"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True)
class BenefitPlan:
    """What the plan leaves to the patient, per benefit year. `coinsurance` is the patient's share of the allowed."""

    plan: str
    copay: Cents
    deductible: Cents
    coinsurance: Decimal
    out_of_pocket_max: Cents


@dataclass(frozen=True, slots=True)
class Contract:
    """One payer's terms for one practice, from `effective` to `terminated`.

    `fees` are allowed amounts per unit; a code not listed is allowed at `default_percent` of the charge (None: the
    contract has no rate, and asking for one raises ContractError: never a silent zero). Deadlines are days:
    `filing_days` from the date of service, `corrected_days` and `appeal_days` from the remittance.
    """

    payer_id: str
    effective: date
    terminated: date | None
    fees: Mapping[str, Cents]
    default_percent: Decimal | None
    plans: tuple[BenefitPlan, ...]
    filing_days: int
    corrected_days: int
    appeal_days: int
    corrected_by: Remedy
    authorization_required: frozenset[str] = field(default_factory=frozenset)
    referral_required: frozenset[str] = field(default_factory=frozenset)
    not_covered: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if self.terminated is not None and self.terminated < self.effective:
            raise ContractError(
                "the contract ends before it begins", where=f"payer {self.payer_id}", mend="correct the dates"
            )
        if min(self.filing_days, self.corrected_days, self.appeal_days) <= 0:
            raise ContractError(
                "a deadline of no days", where=f"payer {self.payer_id}", mend="give each deadline in days"
            )
        for plan in self.plans:
            if min(plan.copay, plan.deductible, plan.out_of_pocket_max) < 0 or not 0 <= plan.coinsurance <= 1:
                raise ContractError(
                    "a negative share, or coinsurance outside 0..1", where=f"plan {plan.plan}", mend="correct the plan"
                )

    def covers(self, on: date) -> bool:
        """Whether these terms are in force on that day."""
        return self.effective <= on and (self.terminated is None or on <= self.terminated)

    def file_by(self, service_date: date) -> date:
        """The last day on which an original claim for that day of service is in time."""
        return service_date + timedelta(days=self.filing_days)

    def correct_by(self, remitted_on: date) -> date:
        """The last day on which a corrected claim is in time after the remittance of that day."""
        return remitted_on + timedelta(days=self.corrected_days)

    def plan(self, name: str) -> BenefitPlan:
        """The plan of that name; ContractError when the contract does not carry it."""
        for plan in self.plans:
            if plan.plan == name:
                return plan
        raise ContractError(
            "plan not in the contract", where=f"payer {self.payer_id}", mend="add the plan's benefits to the contract"
        )
