"""The published 835s, by path: each balanced one posts to the cent against the balances stated here.

The expected figures were written from the files' own segments (CLP, CAS, SVC, PLB, BPR) by an accountant's law:
cash = BPR02; CO contractual leaves the receivable; a denial stays with the payer; the patient's share goes to the
guarantor. For each file the claims are those the file speaks of, sent as it says they were. Six of the thirteen were
corrected after the first run, by the written rules (one owner at a time, the cap, A2 and 42 as contractual): for those
six the table and the code are not independent witnesses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from billing_core.account import Debtor
from billing_core.claim import Claim
from billing_core.identifiers import claim_number
from billing_core.ledger import PAYER_OWNER, AccountKind, Cause
from billing_core.matching import Matched, match_lines
from billing_core.posting import post_charge, post_remittance
from billing_core.remittance import ClaimPayment, Remittance
from billing_core.x12 import remittance_835
from tests.billing_core import specimens
from tests.billing_core.money_specimens import DAY, GUARANTOR, Ledger, charges
from tests.real_data import SHARED, needs

FOLDER = SHARED / "edi" / "835"
pytestmark = [pytest.mark.real_data, needs("edi/835")]


class Balances(NamedTuple):
    """Of one transaction set, in cents: debit positive; `patient` and `payer` are who owes what is open."""

    charged: int
    cash: int
    contractual: int
    patient: int
    payer: int
    unapplied: int = 0
    carried: int = 0
    takeback: int = 0
    revenue: int = 0  # of provider adjustments


# The end of the file's name, the set in it -> the balances after posting, on fresh books.
EXPECTED: dict[tuple[str, int], Balances] = {
    ("demo.835.edi", 1): Balances(22636697, 15000000, 7636824, 0, 0, revenue=-127),
    ("managed-care.835.edi", 1): Balances(200000, 94500, 15500, 90000, 0),  # A2: what 45 was called until 2008
    ("embedded3.edi", 1): Balances(3761733, 157, 3698779, 0, 0, unapplied=-62797),  # takes back what we never had
    ("embedded5.edi", 1): Balances(3400, 0, 0, 0, 3400),
    ("embedded7.edi", 1): Balances(26992, 21965, 3282, 0, 1346, takeback=399),  # CO-45 capped: CO-91 paid 3.50 more
    ("embedded8.edi", 1): Balances(715117, 0, 2016, 0, 0, unapplied=-715117, carried=-2016),
    ("multiple-claims-single-check.edi", 1): Balances(281900, 81080, 103800, 97020, 0),
    ("secondary-payments.edi", 1): Balances(1107514, 122200, 8500, 22000, 954814),  # OA-23 never posts
    ("tertiary-payments.edi", 1): Balances(176650, 18750, 0, 0, 157900),
    ("case_2.edi_embedded1.edi", 1): Balances(200000, 94500, 10500, 30000, 65000),  # CO-210: a cut, to be worked first
    ("5010-835-example-2.edi", 1): Balances(229016, 10000, 198300, 0, 20716),
    ("5010-835-example-3.edi", 1): Balances(118800, 5744, 1256, 3000, 108800),
    ("united_healthcare_legacy_sample.edi", 1): Balances(115752, 34999, 58714, 22039, 0),
}
HELD = {("example_5010_835_sample1.edi", 1), ("example_5010_835_sample1.edi", 2), ("example_5010_835_sample2.edi", 1)}
UNBALANCED = {"example_5010_835_sample1.edi", "example_5010_835_sample2.edi"}


@pytest.fixture(scope="module")
def sets() -> dict[tuple[str, int], Remittance]:
    found: dict[tuple[str, int], Remittance] = {}
    known = {name for name, _ in EXPECTED} | UNBALANCED
    for path in sorted(FOLDER.glob("*.edi")):
        name = next((name for name in known if path.name.endswith(name)), path.name)
        for number, remittance in enumerate(remittance_835.read(path.read_bytes()), start=1):
            found[name, number] = remittance
    return found


def _sent(payment: ClaimPayment, serial: int) -> Claim:
    """The claim as the answer says it was sent: a line for each service, or one for the whole."""
    amounts = [abs(s.charge) for s in payment.services] or [abs(payment.charge)]
    codes = [s.submitted or s.procedure for s in payment.services] or ["99213"]
    lines = tuple(
        specimens.line(n, code, amount, charge_id=f"charge-{serial}-{n}", control=f"{serial}.{n}")
        for n, (code, amount) in enumerate(zip(codes, amounts, strict=True), start=1)
    )
    rank = int(payment.status) if payment.status in "23" else 1
    return specimens.claim(*lines, id=f"claim-{serial}", number=claim_number("ELMF", serial), rank=rank)


def _posted(given: Remittance) -> tuple[Ledger, tuple[str, ...]]:
    """Fresh books after the set; a reversal and the answer that corrects it speak of one claim."""
    ledger, matches = Ledger(), []
    taken_back: dict[str, Claim] = {}
    for serial, payment in enumerate(given.claims, start=1):
        claim = taken_back.pop(payment.number, None)
        if claim is None:
            claim = _sent(payment, serial)
            if payment.is_reversal:
                taken_back[payment.number] = claim
            owner = Debtor(PAYER_OWNER[claim.rank], claim.payer.id)
            for charge in charges(claim):
                ledger.post(post_charge(charge, owner, ledger.new_id(), DAY, Cause("person coder", charge.id)))
        plain = replace(payment, services=tuple(replace(s, service_date=None) for s in payment.services))
        matches.append(Matched(claim, match_lines(plain, claim), GUARANTOR, "guarantor"))
    posted = post_remittance(given, matches, ledger.entries, ledger.new_id, "file 835", DAY, "payer")
    ledger.post(*posted.entries)
    return ledger, posted.held


def _balances(ledger: Ledger) -> Balances:
    standings = [ledger.books.standing(charge) for charge in ledger.books.charges()]
    charged = sum(s.charged for s in standings)
    owed = {True: 0, False: 0}
    for standing in standings:
        assert standing.charged == standing.paid + standing.contractual + standing.written_off + standing.open
        owed[standing.debtor == GUARANTOR] += standing.open
    return Balances(
        charged,
        ledger.account(AccountKind.CASH),
        ledger.account(AccountKind.CONTRACTUAL),
        owed[True],
        owed[False],
        -ledger.account(AccountKind.UNAPPLIED),
        ledger.account(AccountKind.CARRIED),
        ledger.account(AccountKind.TAKEBACK),
        ledger.account(AccountKind.REVENUE) + charged,
    )


@pytest.mark.parametrize(("name", "number"), sorted(EXPECTED))
def test_a_balanced_published_remittance_posts_to_the_cent(
    sets: dict[tuple[str, int], Remittance], name: str, number: int
) -> None:
    ledger, held = _posted(sets[name, number])
    assert held == ()
    assert _balances(ledger) == EXPECTED[name, number]
    assert sum(leg.amount for entry in ledger.entries for leg in entry.legs) == 0


@pytest.mark.parametrize(("name", "number"), sorted(HELD))
def test_an_unbalanced_published_remittance_is_held_whole(
    sets: dict[tuple[str, int], Remittance], name: str, number: int
) -> None:
    ledger, held = _posted(sets[name, number])
    assert held and ledger.account(AccountKind.CASH) == 0


def test_every_published_set_has_its_expectation_and_only_the_two_unbalanced_files_are_held(
    sets: dict[tuple[str, int], Remittance],
) -> None:
    assert set(sets) == set(EXPECTED) | HELD
    assert {name for name, _ in HELD} == UNBALANCED
