"""Random claims over random contracts: every remittance balances three ways, no share passes its limit, and the 835
that carries them is accepted by two strangers, pyx12 and oxedi.

A thousand claims each run; CLEANCLAIM_SOAK=1 makes it a hundred thousand.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, datetime

import oxedi
import pytest

from billing_core.adjudication import Decision, adjudicate, take_back
from billing_core.claim import Claim
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.errors import ContractError
from billing_core.money import x12_amount
from billing_core.remittance import ClaimPayment, Group, Remittance, imbalances
from billing_core.x12 import remittance_835
from billing_core.x12.envelope import Envelope
from serving.clearinghouse.outbound_check import refusals
from tests.billing_core import specimens
from tests.properties import random_contracts as made

CLAIMS = 100_000 if os.environ.get("CLEANCLAIM_SOAK") == "1" else 1_000
A_BATCH = 100
ENVELOPE = Envelope("60054", "ELMF", 1, datetime(2026, 5, 1, 8, 0))


def decided(seed: int) -> Iterator[tuple[Contract, Claim, Decision]]:
    """A batch of claims under one contract, each answered or refused by name."""
    chance = random.Random(seed)
    terms = made.contract(chance)
    for serial in range(A_BATCH):
        bill, before = made.claim(chance, seed * A_BATCH + serial + 1), made.used(chance)
        received = date(2026, 4, 20 + chance.randint(0, 10))
        try:
            decision = adjudicate(bill, specimens.COVERAGE, terms, before, Tables.empty(), received, made.facts(chance))
        except ContractError as error:  # a code that this contract does not price: named, with its mend
            assert "no rate" in error.message and error.where and error.mend
            continue
        check(terms, bill, before.out_of_pocket_used, decision)
        yield terms, bill, decision


def check(terms: Contract, bill: Claim, out_of_pocket_before: int, decision: Decision) -> None:
    payment = decision.payment
    assert payment.charge == bill.total
    for line, service, how in zip(bill.lines, payment.services, decision.lines, strict=True):
        assert service.charge == line.amount and service.charge - service.adjusted == service.paid >= 0
        raising = [a for a in service.adjustments if a.amount < 0]
        assert all(a.reason == "94" and not terms.lesser_of for a in raising)
        assert all(a.amount for a in service.adjustments)
        assert service.paid <= max(how.allowed, 0)
        assert how.refused or (how.pricing and how.reason)
        if terms.lesser_of:
            assert how.allowed <= line.amount
    if not bill.prior_payers:
        limit = max(out_of_pocket_before, terms.plans[0].out_of_pocket_max)
        assert decision.accumulators.out_of_pocket_used <= limit


def remittance(payments: list[ClaimPayment], seed: int) -> Remittance:
    return Remittance(
        payer_name="Northern Health",
        payer_number="60054",
        payee_npi=specimens.PRACTICE.npi,
        payee_tin=specimens.PRACTICE.tin,
        trace=f"T{seed}",
        origin="1512345678",
        paid_on=date(2026, 5, 1),
        handling="I",
        method="CHK",
        amount=sum(p.paid for p in payments),
        claims=tuple(payments),
        payee_name=specimens.PRACTICE.name,
        payer_address=specimens.HOME,
        payer_phone="8005550100",
    )


@pytest.mark.parametrize("seed", range(CLAIMS // A_BATCH))
def test_every_answer_balances_and_two_strangers_accept_its_835(seed: int) -> None:
    payments = [decision.payment for _, _, decision in decided(seed)]
    assert len(payments) > A_BATCH // 4
    answer = remittance(payments, seed)
    assert imbalances(answer) == ()
    data = remittance_835.write([answer], ENVELOPE)
    (read_back,) = remittance_835.read(data)
    assert imbalances(read_back) == () and [c.paid for c in read_back.claims] == [p.paid for p in payments]
    assert refusals(data) == ()
    assert [str(d) for d in oxedi.parse(data).diagnostics] == []


def test_the_strangers_see_an_imbalance() -> None:
    """A witness that accepts anything proves nothing."""
    answer = remittance([decision.payment for _, _, decision in decided(0)], 0)
    first = answer.claims[0].services[0]
    data = remittance_835.write([answer], ENVELOPE)
    wrong = data.replace(f"*{x12_amount(first.charge)}*".encode(), f"*{x12_amount(first.charge + 1)}*".encode(), 1)
    assert oxedi.parse(wrong).diagnostics
    assert refusals(data.replace(b"SVC*HC", b"SVC*XX", 1))


@pytest.mark.parametrize("seed", range(3))
def test_taking_back_an_answer_balances_and_gives_back_what_it_used(seed: int) -> None:
    for terms, _, decision in decided(seed):
        back = take_back(decision.payment)
        assert imbalances(remittance([decision.payment, back], seed)) == ()
        undone = decision.accumulators.after(back, terms.plans[0])
        shares = sum(
            a.amount for s in decision.payment.services for a in s.adjustments
            if a.group is Group.PATIENT and a.reason in ("1", "2", "3")
        )  # fmt: skip
        assert undone.out_of_pocket_used == decision.accumulators.out_of_pocket_used - shares
