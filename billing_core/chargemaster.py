"""The chargemaster: what the practice charges for a code on a day, before any payer's contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing_core.money import Cents


@dataclass(frozen=True, slots=True)
class Price:
    """The charge for one unit of a procedure from `effective` to `terminated` (both included)."""

    procedure: str
    amount: Cents
    effective: date
    terminated: date | None = None


@dataclass(frozen=True, slots=True)
class Chargemaster:
    """All prices of one practice."""

    prices: tuple[Price, ...]

    def price(self, procedure: str, on: date) -> Cents | None:
        """The unit charge on that day, the latest effective first; None when the code has no price then."""
        in_force = [
            p
            for p in self.prices
            if p.procedure == procedure and p.effective <= on and (p.terminated is None or on <= p.terminated)
        ]
        return max(in_force, key=lambda p: p.effective).amount if in_force else None
