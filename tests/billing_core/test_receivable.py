"""The figures, with what they are made of."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from billing_core.account import Debtor
from billing_core.claim import ClaimState
from billing_core.ledger import Owner
from billing_core.receivable import (
    OpenBalance,
    Submission,
    aging,
    clean_claim_rate,
    days_in_receivable,
    denial_rate,
    first_pass_payment_rate,
    gross_collection_rate,
    net_collection_rate,
)
from tests.billing_core.money_specimens import DAY, GUARANTOR, PAYER_1, PAYER_2, Ledger, answer, claim, remittance

SENT = DAY - timedelta(days=40)
CLAIMS = (
    Submission("1", SENT, True, ClaimState.PAID),
    Submission("2", SENT, True, ClaimState.PAID),
    Submission("3", SENT, False, ClaimState.PARTLY_DENIED),
    Submission("4", SENT, True, ClaimState.DENIED),
    Submission("5", SENT, True, ClaimState.UNPROCESSABLE),
    Submission("6", SENT, True, ClaimState.PENDED),
    Submission("7", SENT, True, None),
    Submission("8", SENT, False, ClaimState.REJECTED),
    Submission("9", None, False, None),  # held by an edit, never sent
)


def test_rates_leave_the_unadjudicated_out_and_count_them() -> None:
    paid, denied, clean = (f(CLAIMS, DAY) for f in (first_pass_payment_rate, denial_rate, clean_claim_rate))
    assert (paid.numerator, paid.denominator, paid.unknown, paid.value) == (2, 5, 2, Decimal("0.4000"))
    assert (denied.numerator, denied.denominator, denied.unknown, denied.value) == (3, 5, 2, Decimal("0.6000"))
    assert (clean.numerator, clean.denominator, clean.value) == (6, 9, Decimal("0.6667"))
    assert paid.as_of == DAY


def test_a_rate_of_nothing_is_unknown_not_zero() -> None:
    assert denial_rate((), DAY).value is None
    young = denial_rate([Submission("1", SENT, True, None)], DAY)
    assert (young.value, young.unknown) == (None, 1)


def test_aging_by_owner_and_party_adds_up() -> None:
    def owed(debtor: Debtor, amount: int, days: int) -> OpenBalance:
        return OpenBalance(debtor, amount, DAY - timedelta(days=days))

    table = aging(
        [
            owed(GUARANTOR, 5, 400),
            owed(PAYER_2, 7, 31),
            owed(PAYER_1, 100, 0),
            owed(PAYER_1, 10, 30),
            owed(PAYER_1, 1, 90),
            owed(Debtor(Owner.PAYER_1, "a payer"), 3, 120),
            owed(PAYER_1, 50, -3),
        ],
        DAY,
    )
    assert [(r.owner, r.party, r.total) for r in table.rows] == [
        (Owner.PAYER_1, "a payer", 3),
        (Owner.PAYER_1, "payer", 161),
        (Owner.PAYER_2, "payer-2", 7),
        (Owner.GUARANTOR, "guarantor", 5),
    ]
    assert dict(table.rows[1].buckets) == {"0-30": 160, "31-60": 0, "61-90": 1, "91-120": 0, "over 120": 0}
    assert dict(table.rows[3].buckets)["over 120"] == 5
    assert (table.total, table.since, table.as_of) == (176, "date of service", DAY)


def test_days_in_receivable() -> None:
    figure = days_in_receivable(300_000, 900_000, 90, DAY)
    assert figure.value == Decimal("30.0000")
    assert days_in_receivable(1, 0, 90, date(2026, 1, 1)).value is None


def test_collection_rates_leave_out_what_a_payer_still_holds() -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(10000, 5000, 2000))
    ledger.receive(remittance(answer(sent, ("CO-45 20", "PR-3 15"), ("CO-45 10",), ("CO-197 20",))))
    standings = [ledger.books.standing(f"charge-{n}") for n in (1, 2, 3)]
    net, gross = net_collection_rate(standings, DAY), gross_collection_rate(standings, DAY)
    assert (net.numerator, net.denominator, net.unknown) == (6500 + 4000, 8000 + 4000, 1)
    assert (gross.numerator, gross.denominator, gross.value) == (10500, 15000, Decimal("0.7000"))
