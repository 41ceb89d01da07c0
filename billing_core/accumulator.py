"""What a coverage has used of its plan in a benefit year: before a claim, while its lines are decided, and after it.

Deductible and out-of-pocket maximum, the member's and the family's (45 CFR 156.130), and services with a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from billing_core.contract import BenefitPlan
from billing_core.coordination import DEDUCTIBLE, SHARES
from billing_core.money import Cents
from billing_core.remittance import ClaimPayment, Group

_KEPT_BACK = frozenset({"104", "253"})  # the payer's own reductions: part of what it allowed


@dataclass(frozen=True, slots=True)
class Accumulators:
    """What one coverage, and its family, has used in one benefit year.

    `services`: by the name of a plan's service share with a limit, visits (days) or cents of allowed amount used.
    """

    coverage_id: str
    benefit_year: int
    deductible_used: Cents = 0
    out_of_pocket_used: Cents = 0
    family_deductible_used: Cents = 0
    family_out_of_pocket_used: Cents = 0
    services: Mapping[str, int] = field(default_factory=dict)

    def after(self, payment: ClaimPayment, plan: BenefitPlan | None = None) -> Accumulators:
        """The accumulators once the payment is counted; a reversal gives back what it took.

        The use of limited services is counted where the plan is given.
        """
        shares = [a for s in payment.services for a in s.adjustments if a.group is Group.PATIENT]
        deductible = sum(a.amount for a in shares if a.reason == DEDUCTIBLE)
        out_of_pocket = sum(a.amount for a in shares if a.reason in SHARES)
        return replace(
            self,
            deductible_used=self.deductible_used + deductible,
            out_of_pocket_used=self.out_of_pocket_used + out_of_pocket,
            family_deductible_used=self.family_deductible_used + deductible,
            family_out_of_pocket_used=self.family_out_of_pocket_used + out_of_pocket,
            services=_services_after(self.services, payment, plan) if plan is not None else self.services,
        )


def _services_after(used: Mapping[str, int], payment: ClaimPayment, plan: BenefitPlan) -> Mapping[str, int]:
    """Visits and dollars of limited services, with those of the payment; taken back by a reversal."""
    counted = dict(used)
    days: set[tuple[str, date | None]] = set()
    for service in payment.services:
        share = plan.service(service.procedure)
        cut = sum(a.amount for a in service.adjustments if a.group is Group.PATIENT and a.reason in SHARES)
        if share is None or share.limit is None or not (service.paid or cut):
            continue
        amount = 0
        if share.limit.visits is None:
            kept = sum(a.amount for a in service.adjustments if a.reason in _KEPT_BACK)
            amount = service.paid + cut + kept
        elif (share.name, service.service_date) not in days:
            days.add((share.name, service.service_date))
            amount = -1 if payment.is_reversal else 1
        counted[share.name] = counted.get(share.name, 0) + amount
    return counted


class Used:
    """The accumulators while the lines of one claim are decided: what one line takes is not there for the next."""

    __slots__ = ("before", "copaid", "days", "deductible", "out_of_pocket", "services")

    def __init__(self, before: Accumulators) -> None:
        self.before, self.deductible, self.out_of_pocket = before, 0, 0
        self.services: dict[str, int] = {}
        self.copaid: dict[tuple[str, date], Cents] = {}
        self.days: set[tuple[str, date]] = set()

    def has_room(self, name: str, visits: int | None, amount: Cents | None, on: date) -> bool:
        """Whether the limit of a service leaves anything for that day."""
        used = self.before.services.get(name, 0) + self.services.get(name, 0)
        if visits is not None:
            return used < visits or (name, on) in self.days
        return amount is None or used < amount

    def visit(self, name: str, on: date) -> None:
        """Count the day of a covered line whose visits are limited."""
        if (name, on) not in self.days:
            self.services[name] = self.services.get(name, 0) + 1
            self.days.add((name, on))

    def deductible_left(self, plan: BenefitPlan) -> Cents:
        """What the member has still to bear of the deductible: their own, or the family's where that is less."""
        own = max(0, plan.deductible - self.before.deductible_used - self.deductible)
        if plan.family_deductible is None:
            return own
        family = max(0, plan.family_deductible - self.before.family_deductible_used - self.deductible)
        return family if plan.family_aggregate else min(own, family)

    def room(self, plan: BenefitPlan) -> Cents:
        """What is left to the out-of-pocket maximum, the member's or the family's."""
        own = max(0, plan.out_of_pocket_max - self.before.out_of_pocket_used - self.out_of_pocket)
        if plan.family_out_of_pocket_max is None:
            return own
        used = self.before.family_out_of_pocket_used + self.out_of_pocket
        return min(own, max(0, plan.family_out_of_pocket_max - used))

    def accumulators(self) -> Accumulators:
        """What stands after the claim."""
        before = self.before
        if not (self.deductible or self.out_of_pocket or self.services):
            return before
        services = before.services
        if self.services:
            services = {n: before.services.get(n, 0) + self.services.get(n, 0) for n in {*services, *self.services}}
        return Accumulators(
            before.coverage_id,
            before.benefit_year,
            before.deductible_used + self.deductible,
            before.out_of_pocket_used + self.out_of_pocket,
            before.family_deductible_used + self.deductible,
            before.family_out_of_pocket_used + self.out_of_pocket,
            services,
        )
