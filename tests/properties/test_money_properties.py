"""Random lives of a claim: whatever the payers and people do, in whatever order, the books hold their laws.

Legs sum to zero; charge = paid + contractual + written off + open; one debtor at most; the cash of a remittance is
BPR02; and taking back every answer leaves nothing of any payer's on the charges.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_core.account import Debtor
from billing_core.claim import Claim
from billing_core.ledger import AccountKind, Cause, Owner
from billing_core.posting import apply_credit, move, post_patient_payment, refund, write_off
from billing_core.remittance import Adjustment, ClaimPayment, Group
from tests.billing_core import specimens
from tests.billing_core.money_specimens import (
    DAY,
    SECOND_COVERAGE,
    SECOND_PAYER,
    Ledger,
    answer,
    claim,
    number,
    remittance,
    taken_back,
)

CHARGES = (10000, 5001, 1)
CODES = ("CO-45", "CO-253", "PR-1", "PR-2", "PR-3", "PR-96", "CO-197", "CO-151", "OA-23", "CO-B13", "OA-133", "CO-16")
HANDS = Cause("person biller", "by hand", "random")

adjustments = st.lists(st.tuples(st.sampled_from(CODES), st.integers(0, 100)), max_size=4)
answers = st.tuples(
    st.just("answer"), st.sampled_from([1, 2, 3]), st.lists(adjustments, min_size=3, max_size=3), st.booleans()
)
events = st.one_of(
    answers,
    answers,
    st.tuples(st.just("take back"), st.integers(0, 5), st.booleans()),
    st.tuples(st.just("patient pays"), st.integers(1, 12000)),
    st.tuples(st.just("credit"), st.integers(1, 12000)),
    st.tuples(st.just("refund"), st.integers(1, 12000)),
    st.tuples(st.just("write off"), st.integers(0, 2), st.integers(1, 5000)),
    st.tuples(st.just("move"), st.integers(0, 2), st.sampled_from([Owner.GUARANTOR, Owner.COLLECTIONS, Owner.PAYER_1])),
)


class Life:
    """One visit of three lines, a first claim, its correction and a secondary claim; everything done to them."""

    def __init__(self) -> None:
        self.ledger = Ledger(specimens.COVERAGE, SECOND_COVERAGE)
        first = self.ledger.bill(claim(*CHARGES, serial=1))
        corrected = self.ledger.bill(claim(*CHARGES, serial=2), charge=False)
        second = claim(*CHARGES, serial=3, rank=2, payer=SECOND_PAYER, coverage=SECOND_COVERAGE)
        self.claims: dict[int, Claim] = {1: first, 2: corrected, 3: self.ledger.bill(second, charge=False)}
        self.given: dict[int, list[ClaimPayment]] = {1: [], 2: [], 3: []}
        self.traces = count(1)

    def receive(self, *payments: ClaimPayment) -> None:
        taken = -sum(p.paid for p in payments)
        file = remittance(*payments, trace=f"T{next(self.traces)}", plb=(("FB", -taken),) if taken > 0 else ())
        before = self.ledger.account(AccountKind.CASH)
        posted = self.ledger.receive(file)
        assert not posted.held
        assert self.ledger.account(AccountKind.CASH) - before == file.amount

    def answer(self, which: int, lines: list[list[tuple[str, int]]], at_claim_level: bool) -> None:
        of = self.claims[which]
        texts = []
        for line, parts in zip(of.lines, lines, strict=True):
            left, given = line.amount, []
            for code, percent in parts:
                amount = left * percent // 100
                left -= amount
                given.append(f"{code} {amount / 100:.2f}")
            texts.append(tuple(given))
        payment = answer(of, *texts)
        if at_claim_level:
            every = tuple(a for s in payment.services for a in s.adjustments)
            payment = replace(payment, services=(), adjustments=every)
        self.receive(payment)
        self.given[which].append(payment)

    def take_back(self, which: int, correct: bool) -> None:
        standing = self.given[which % 3 + 1]
        if standing:
            payments = [taken_back(standing.pop())]
            if correct:
                corrected = answer(self.claims[which % 3 + 1], ("CO-45 20", "PR-3 15"), ("PR-1 50.01",), ())
                payments.append(corrected)
                standing.append(corrected)
            self.receive(*payments)

    def by_people(self, what: str, *how: object) -> None:
        ledger, books = self.ledger, self.ledger.books
        standings = [books.standing(f"charge-{n}") for n in (1, 2, 3)]
        amount = how[-1]
        if what == "patient pays":
            ledger.post(post_patient_payment(amount, "guarantor", standings, ledger.new_id(), DAY, HANDS))
        elif what == "credit":
            credit = min(amount, books.credit("guarantor"))
            ledger.post(apply_credit(credit, "guarantor", standings, ledger.new_id(), DAY, HANDS))
        elif what == "refund":
            credit = books.credit("guarantor")
            if credit > 0:
                ledger.post(refund(min(amount, credit), "guarantor", credit, ledger.new_id(), DAY, HANDS))
        else:
            standing = standings[how[0]]
            if standing.open <= 0:
                return
            if what == "write off":
                part = min(amount, standing.open)
                ledger.post(write_off(standing, part, "random", "ann", "bob", ledger.new_id(), DAY))
            else:
                party = "payer" if amount is Owner.PAYER_1 else "guarantor"
                to = Debtor(amount, party)
                if to != standing.debtor:
                    ledger.post(move(standing, to, ledger.new_id(), DAY, HANDS))

    def live(self, event: tuple[object, ...]) -> None:
        what, *how = event
        if what == "answer":
            self.answer(*how)
        elif what == "take back":
            self.take_back(*how)
        else:
            self.by_people(str(what), *how)

    def check(self) -> None:
        assert sum(leg.amount for entry in self.ledger.entries for leg in entry.legs) == 0
        for n in (1, 2, 3):
            line = self.ledger.line(n)  # raises when two debtors hold it; asserts charge = paid + adjusted + open
            assert line.get("open", 0) >= 0, "a credit is unapplied, never a negative balance"
            legs = self.ledger.books.legs(f"charge-{n}")
            assert sum(leg.amount for leg in legs) == 0
        for entry in self.ledger.entries:
            by_charge: dict[str, int] = {}
            for leg in entry.legs:
                by_charge[leg.charge_id] = by_charge.get(leg.charge_id, 0) + leg.amount
            assert not any(by_charge.values()), "an entry balances for each charge by itself"


@settings(max_examples=200, deadline=None)
@given(st.lists(events, max_size=12))
def test_whatever_happens_the_books_hold_their_laws(happened: list[tuple[object, ...]]) -> None:
    life = Life()
    for event in happened:
        life.live(event)
        life.check()


@settings(max_examples=100, deadline=None)
@given(st.lists(answers, max_size=5), st.booleans())
def test_when_every_answer_is_taken_back_nothing_of_the_payers_remains(
    happened: list[tuple[object, ...]], oldest_first: bool
) -> None:
    life = Life()
    for event in happened:
        life.live(event)
    for which, answered in life.given.items():
        while answered:
            life.receive(taken_back(answered.pop(0 if oldest_first else -1)))
            life.check()
        assert life.ledger.claims[number(which)]
    for n, amount in enumerate(CHARGES, start=1):
        assert life.ledger.line(n) == {"open": amount, "owes": life.ledger.line(n)["owes"]}
    # What payers sent and took back nets out: cash is what the carried balances gave, owed back to them.
    assert life.ledger.account(AccountKind.CASH) == -life.ledger.account(AccountKind.CARRIED)
    assert life.ledger.account(AccountKind.UNAPPLIED) == 0
    assert life.ledger.account(AccountKind.CONTRACTUAL) == 0


@settings(max_examples=100, deadline=None)
@given(adjustments, st.integers(0, 20000))
def test_one_answer_accounts_for_the_whole_charge(parts: list[tuple[str, int]], amount: int) -> None:
    ledger = Ledger()
    sent = ledger.bill(claim(amount))
    left, given_parts = amount, []
    for code, percent in parts:
        group, reason = code.split("-")
        taken = left * percent // 100
        left -= taken
        given_parts.append(Adjustment(Group(group), reason, taken))
    payment = answer(sent, ())
    service = replace(payment.services[0], paid=left, adjustments=tuple(given_parts))
    payment = replace(payment, paid=left, services=(service,))
    ledger.receive(remittance(payment))
    line = ledger.line()
    # The first answer on a fresh charge never leaves credit, and cash is always posted.
    assert line.get("insurance", 0) == left
    assert ledger.account(AccountKind.UNAPPLIED) == 0
    share = sum(a.amount for a in given_parts if a.group is Group.PATIENT)
    assert line.get("owes") != "guarantor" or line["open"] <= share
