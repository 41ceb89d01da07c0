"""A charge or two, the claim that carries them, and answers to it: the accountant's examples start here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

from billing_core.account import Books, Debtor
from billing_core.charge import Charge
from billing_core.claim import Claim
from billing_core.identifiers import claim_number, line_control_number
from billing_core.ledger import AccountKind, Cause, Entry, Owner
from billing_core.matching import match
from billing_core.money import parse_amount
from billing_core.posting import Posted, post_charge, post_remittance
from billing_core.registration import Coverage, Payer
from billing_core.remittance import Adjustment, ClaimPayment, Group, ProviderAdjustment, Remittance, ServicePayment
from tests.billing_core import specimens

CO, OA, PI, PR = Group.CONTRACTUAL, Group.OTHER, Group.PAYER_INITIATED, Group.PATIENT
DAY = date(2026, 5, 4)
SECOND_PAYER = Payer("payer-2", "Southern Mutual", "70011", "CI", specimens.HOME)
SECOND_COVERAGE = replace(specimens.COVERAGE, id="coverage-2", payer_id="payer-2", rank=2, member_id="S99")
PAYER_1 = Debtor(Owner.PAYER_1, "payer")
PAYER_2 = Debtor(Owner.PAYER_2, "payer-2")
GUARANTOR = Debtor(Owner.GUARANTOR, "guarantor")


def ids(mark: str = "id") -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{mark}-{next(numbers):04d}"


def number(serial: int = 1) -> str:
    return claim_number("ELMF", serial)


def claim(*amounts: int, serial: int = 1, **changes: Any) -> Claim:
    """A claim of one line per amount (in cents), each for its own charge."""
    codes = ("99213", "36415", "80053", "90834")
    lines = [
        specimens.line(n, codes[n - 1], amount, control=line_control_number(number(serial), n))
        for n, amount in enumerate(amounts, start=1)
    ]
    return specimens.claim(*lines, **{"number": number(serial), "id": f"claim-{serial}", **changes})


def charges(of: Claim) -> tuple[Charge, ...]:
    return tuple(
        Charge(
            x.charge_id,
            of.encounter_id,
            of.patient.id,
            x.service_date,
            x.procedure,
            (),
            1,
            ("I10",),
            x.amount,
            x.number,
        )
        for x in of.lines
    )


def adjust(*texts: str) -> tuple[Adjustment, ...]:
    """("CO-45 20.00", "PR-1 80.00") as adjustments."""
    found = []
    for text in texts:
        code, amount = text.split()
        group, reason = code.split("-", 1)
        found.append(Adjustment(Group(group), reason, parse_amount(amount)))
    return tuple(found)


def answer(of: Claim, *lines: tuple[str, ...], status: str = "1", **changes: Any) -> ClaimPayment:
    """A balanced answer: for each line its adjustments; what is left of the charge is paid."""
    services = []
    for line, texts in zip(of.lines, lines, strict=True):
        given = adjust(*texts)
        paid = line.amount - sum(a.amount for a in given)
        services.append(
            ServicePayment(line.procedure, (), line.amount, paid, "1", line.service_date, given, line.control)
        )
    fields: dict[str, Any] = {
        "number": of.number,
        "status": status,
        "charge": of.total,
        "paid": sum(s.paid for s in services),
        "patient_responsibility": sum(a.amount for s in services for a in s.adjustments if a.group is PR),
        "payer_reference": "ICN1",
        "services": tuple(services),
        "member_id": of.coverage.member_id,
        "service_date": of.service_date,
    }
    return ClaimPayment(**{**fields, **changes})


def taken_back(payment: ClaimPayment) -> ClaimPayment:
    """The reversal of an answer: every amount negated."""

    def negated(given: Iterable[Adjustment]) -> tuple[Adjustment, ...]:
        return tuple(replace(a, amount=-a.amount) for a in given)

    return replace(
        payment,
        status="22",
        charge=-payment.charge,
        paid=-payment.paid,
        patient_responsibility=-payment.patient_responsibility,
        adjustments=negated(payment.adjustments),
        services=tuple(
            replace(s, charge=-s.charge, paid=-s.paid, adjustments=negated(s.adjustments)) for s in payment.services
        ),
    )


def remittance(
    *claims: ClaimPayment, plb: tuple[tuple[str, int], ...] = (), trace: str = "T1", **more: Any
) -> Remittance:
    """A balanced 835 of these answers; `plb` as (reason, cents), positive reduces the payment."""
    adjustments = tuple(ProviderAdjustment(reason, f"{reason} reference", amount) for reason, amount in plb)
    fields: dict[str, Any] = {
        "payer_name": "Northern Health",
        "payer_number": "60054",
        "payee_npi": specimens.PRACTICE.npi,
        "payee_tin": "123456789",
        "trace": trace,
        "origin": "1999999999",
        "paid_on": DAY,
        "handling": "I",
        "method": "ACH",
        "amount": sum(c.paid for c in claims) - sum(a.amount for a in adjustments),
        "claims": claims,
        "provider_adjustments": adjustments,
    }
    return Remittance(**{**fields, **more})


class Ledger:
    """The books of an example: post, then look. Every entry is kept, as a store would."""

    def __init__(self, *coverages: Coverage) -> None:
        self.entries: list[Entry] = []
        self.new_id = ids("entry")
        self.claims: dict[str, Claim] = {}
        self.coverages = coverages or (specimens.COVERAGE,)

    def bill(self, of: Claim, debtor: Debtor = PAYER_1, charge: bool = True) -> Claim:
        self.claims[of.number] = of
        if charge:
            cause = Cause("person coder", of.encounter_id, "coding signed")
            self.entries += [post_charge(c, debtor, self.new_id(), DAY, cause) for c in charges(of)]
        return of

    def receive(self, given: Remittance, payer_id: str = "payer", known: dict[str, str] | None = None) -> Posted:
        matches = [match(p, self.claims, lambda _: self.coverages) for p in given.claims]
        posted = post_remittance(
            given, matches, self.entries, self.new_id, f"835 {given.trace}", DAY, payer_id, known or {}
        )
        self.entries += posted.entries
        return posted

    def post(self, *entries: Entry | None) -> None:
        self.entries += [entry for entry in entries if entry is not None]

    @property
    def books(self) -> Books:
        return Books(self.entries)

    def line(self, n: int = 1) -> dict[str, Any]:
        """The charge of line n: the figures an accountant looks at, zeros left out."""
        s = self.books.standing(f"charge-{n}")
        figures: dict[str, Any] = {
            "insurance": s.insurance_paid,
            "patient": s.patient_paid,
            "contractual": s.contractual,
            "written off": s.written_off,
            "open": s.open,
            "owes": s.debtor.owner.value if s.debtor else "",
        }
        assert s.charged == s.paid + s.contractual + s.written_off + s.open
        return {name: value for name, value in figures.items() if value}

    def account(self, kind: AccountKind, party: str | None = None) -> int:
        """The balance of an account: debit positive."""
        return sum(
            leg.amount
            for entry in self.entries
            for leg in entry.legs
            if leg.account.kind is kind and party in (None, leg.account.party)
        )
