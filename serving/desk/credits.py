"""Credit balances and refunds: whose money we hold, by when it goes back, and two people for each refund.

A credit is identified on the day it is first seen by a run of `find_credits`; its clock starts then. Money of an
answer that still waits for its claim is no credit yet: it is in the queue of unmatched answers.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from billing_core import posting
from billing_core.credit_balance import RefundClock, refund_clock
from billing_core.ledger import Cause
from billing_core.money import Cents, amount_text, parse_amount
from serving.desk.case import Desk, use_case
from serving.desk.remittances import UNMATCHED, payer_id
from serving.errors import Conflict, InputError, NotFound
from serving.schemas.money import CreditItem, RefundIn
from serving.store.queues import StoredWork
from serving.store.states import WorkStatus

if TYPE_CHECKING:
    from serving.store.books import Books

CREDIT, REFUND = "credit", "refund"


def _credits(books: Books) -> dict[str, Cents]:
    """Party -> what we hold of theirs, without what waits for its claim; only what is theirs, never what they owe."""
    held = Counter(books.unapplied())
    for work in books.work(UNMATCHED):
        stored = books.claim_payment(str(work.body["payment_id"]))
        number = books.remittance_row(stored.remittance_id).payer_number
        held[payer_id(books, number) or number] -= work.amount
    return {party: amount for party, amount in sorted(held.items()) if amount > 0}


def _clock(books: Books, party: str, identified_on: date) -> tuple[str, RefundClock]:
    payer = next((p for p in books.payers() if p.id == party), None)
    if payer is None:
        return "guarantor", refund_clock("", identified_on)
    return "payer", refund_clock(payer.filing or "CI", identified_on)


@use_case("refund.ask")
def find_credits(desk: Desk, books: Books) -> list[CreditItem]:
    """Look through the books: a new credit is identified today; one that is gone is closed. Returns what is open."""
    today, held = desk.today(books), _credits(books)
    known = {work.subject.removeprefix("party:"): work for work in books.work(CREDIT)}
    for party, work in known.items():
        if party not in held:
            books.finish_work(work.id, "no credit is left")
    for party, amount in held.items():
        if party not in known:
            _, clock = _clock(books, party, today)
            item = StoredWork(books.new_id(), CREDIT, f"party:{party}", today, amount, due=clock.due, reason=clock.rule)
            books.save_work([item])
    return _items(books, held)


@use_case("ledger.read")
def credits(desk: Desk, books: Books) -> list[CreditItem]:
    """The credits identified and still held, the first to be returned first."""
    return _items(books, _credits(books))


def _items(books: Books, held: dict[str, Cents]) -> list[CreditItem]:
    found = []
    for work in books.work(CREDIT):
        party = work.subject.removeprefix("party:")
        if party in held:
            kind, _ = _clock(books, party, work.created_on)
            found.append(
                CreditItem(
                    id=work.id,
                    party=party,
                    kind=kind,
                    amount=amount_text(held[party]),
                    identified_on=work.created_on.isoformat(),
                    due=work.due.isoformat() if work.due else "",
                    rule=work.reason,
                )
            )
    return sorted(found, key=lambda item: (item.due or "9999", item.party))


@use_case("refund.ask")
def ask_refund(desk: Desk, books: Books, credit_id: str, wish: RefundIn) -> CreditItem:
    """Ask that credit be paid back. Nothing moves until another person approves."""
    credit = books.work_item(credit_id)
    if credit.queue != CREDIT or credit.status is not WorkStatus.OPEN:
        raise NotFound("credit")
    party, amount = credit.subject.removeprefix("party:"), parse_amount(wish.amount)
    if amount <= 0 or amount > _credits(books).get(party, 0):
        raise InputError("more than the credit, or nothing", field="amount", mend="refund at most what is held")
    if any(work.subject == credit.subject for work in books.work(REFUND)):
        raise Conflict("a refund of this credit is asked for already", mend="wait for the approval")
    work = StoredWork(
        books.new_id(), REFUND, credit.subject, desk.today(books), amount, due=credit.due, reason=wish.reason,
        body={"asked_by": desk.actor.login},
    )  # fmt: skip
    books.save_work([work])
    books.log(desk.actor, "refund.ask", work.id, reason=wish.reason, after={"amount": amount_text(amount)})
    return _refund_item(books, work)


def _refund_item(books: Books, work: StoredWork) -> CreditItem:
    party = work.subject.removeprefix("party:")
    return CreditItem(
        id=work.id,
        party=party,
        kind=_clock(books, party, work.created_on)[0],
        amount=amount_text(work.amount),
        identified_on=work.created_on.isoformat(),
        due=work.due.isoformat() if work.due else "",
        rule=work.reason,
        asked_by=str(work.body["asked_by"]),
    )


@use_case("ledger.read")
def refunds(desk: Desk, books: Books) -> list[CreditItem]:
    """The refunds that wait for a second person."""
    return [_refund_item(books, work) for work in books.work(REFUND)]


@use_case("refund.approve")
def approve_refund(desk: Desk, books: Books, work_id: str) -> CreditItem:
    """Approve it: the credit is paid back. Who asked may not approve; no more goes back than is still held."""
    work = books.work_item(work_id)
    if work.queue != REFUND or work.status is not WorkStatus.OPEN:
        raise Conflict("this refund is decided already", mend="look at the party's account")
    if work.body["asked_by"] == desk.actor.login:
        raise Conflict("who asks for a refund does not approve it", mend="have another person approve")
    party = work.subject.removeprefix("party:")
    cause = Cause(f"person {work.body['asked_by']}", party, f"{work.reason}; approved by {desk.actor.login}")
    held = _credits(books).get(party, 0)
    entry = posting.refund(work.amount, party, held, books.new_id(), desk.today(books), cause)
    books.append_entries([entry])
    books.finish_work(work.id, "approved")
    books.log(desk.actor, "refund.approve", work.id, reason="approved", after=entry)
    return _refund_item(books, work)
