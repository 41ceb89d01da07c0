"""Credit balances and refunds: whose money we hold, by when it goes back, and two people for each refund.

A credit is identified on the day it is first seen by a run of `find_credits`; its clock starts then. A good-faith
investigation suspends the clock of Medicare's and Medicaid's money; where neither law nor contract is known here, a
person names the term and its source. Money of an answer that still waits for its claim is no credit yet: it is in the
queue of unmatched answers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from billing_core import posting
from billing_core.credit_balance import (
    GOVERNMENT,
    NO_TERM,
    Holder,
    Investigation,
    RefundClock,
    RefundTerm,
    refund_clock,
    rule_of_state,
)
from billing_core.ledger import Cause
from billing_core.money import Cents, amount_text, parse_amount
from serving.desk.case import Desk, use_case
from serving.desk.coding import full_name
from serving.desk.remittances import UNMATCHED, contract_of, payer_id
from serving.desk.second_person import second_person
from serving.errors import Conflict, InputError, NotFound
from serving.schemas.money import CreditItem, InvestigationIn, ReasonIn, RefundIn, RefundTermIn, RequestedIn
from serving.store.queues import StoredWork
from serving.store.states import WorkStatus

if TYPE_CHECKING:
    from billing_core.registration import Payer
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


def _payer(books: Books, party: str) -> Payer | None:
    return next((payer for payer in books.payers() if payer.id == party), None)


def _day_of(work: StoredWork, name: str) -> date | None:
    return date.fromisoformat(work.body[name]) if work.body.get(name) else None


def _clock(books: Books, work: StoredWork) -> RefundClock:
    """By when it goes back, from what is on file now: law, contract, state's rule; else what a person has read."""
    party, on = work.subject.removeprefix("party:"), work.created_on
    payer, begun, ends = _payer(books, party), _day_of(work, "suspended_from"), _day_of(work, "suspended_until")
    whose = Holder.PATIENT if payer is None else Holder.PAYER
    clock = refund_clock(
        "" if payer is None else payer.filing or "CI",
        on,
        Investigation(begun, ends) if begun and ends else None,
        requested_on=_day_of(work, "requested_on"),
        contract=_contract_term(books, payer, on),
        rule=rule_of_state(books.refund_rules(), books.practice().address.state, whose, on),
    )
    entered = work.body.get("entered")
    if entered and (clock.rule == NO_TERM or payer is None):
        return RefundClock(date.fromisoformat(entered["due"]), f"{entered['rule']} (entered by {entered['by']})")
    return clock


def _contract_term(books: Books, payer: Payer | None, on: date) -> RefundTerm | None:
    contract = contract_of(books, payer.id, on) if payer else None
    return contract.refund if contract else None


@use_case("refund.ask")
def find_credits(desk: Desk, books: Books) -> list[CreditItem]:
    """Look through the books: a new credit is identified today; one that is gone is closed. Returns what is open."""
    today, held = desk.today(books), _credits(books)
    known = {work.subject.removeprefix("party:"): work for work in books.work(CREDIT)}
    for party, work in known.items():
        if party not in held:
            books.finish_work(work.id, "no credit is left")
    new = (StoredWork(books.new_id(), CREDIT, f"party:{party}", today, held[party]) for party in held.keys() - known)
    for item in (*known.values(), *sorted(new, key=lambda work: work.subject)):
        if item.subject.removeprefix("party:") in held:
            clock = _clock(books, item)  # what is on file may have changed since it was found
            books.save_work([replace(item, due=clock.due, reason=clock.rule)])
    return _items(books, held, today)


@use_case("ledger.read")
def credits(desk: Desk, books: Books) -> list[CreditItem]:
    """The credits identified and still held, the first to be returned first."""
    return _items(books, _credits(books), desk.today(books))


def _party_name(books: Books, party: str) -> str:
    payer = _payer(books, party)
    try:
        return payer.name if payer else full_name(books.guarantor(party).name)
    except NotFound:  # a payer's number that we keep no payer for
        return party


def _items(books: Books, held: dict[str, Cents], today: date) -> list[CreditItem]:
    works = ((work.subject.removeprefix("party:"), work) for work in books.work(CREDIT))
    found = [_credit_item(books, work, held[party], today) for party, work in works if party in held]
    return sorted(found, key=lambda item: (item.due or "9999", item.party))


def _credit_item(books: Books, work: StoredWork, amount: Cents, today: date) -> CreditItem:
    party, clock = work.subject.removeprefix("party:"), _clock(books, work)
    return CreditItem(
        id=work.id,
        party=party,
        name=_party_name(books, party),
        kind=_kind(books, party),
        amount=amount_text(amount),
        identified_on=work.created_on.isoformat(),
        due=clock.due.isoformat() if clock.due else "",
        rule=clock.rule,
        days_left=(clock.due - today).days if clock.due else None,
        suspended_until=str(work.body.get("suspended_until", "")),
        requested_on=str(work.body.get("requested_on", "")),
        decidable=clock.rule != NO_TERM,
    )


def _kind(books: Books, party: str) -> str:
    return "guarantor" if _payer(books, party) is None else "payer"


def _kept(books: Books, work: StoredWork, more: dict[str, Any]) -> StoredWork:
    """The credit with what was entered about it, and the day that follows from it."""
    kept = replace(work, body={**work.body, **more})
    clock = _clock(books, kept)
    kept = replace(kept, due=clock.due, reason=clock.rule)
    books.save_work([kept])
    return kept


def _open_credit(books: Books, credit_id: str) -> StoredWork:
    credit = books.work_item(credit_id)
    if credit.queue != CREDIT or credit.status is not WorkStatus.OPEN:
        raise NotFound("credit")
    return credit


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("not a day", field=field, mend="give it as 2026-05-04") from None


@use_case("refund.ask")
def investigate(desk: Desk, books: Books, credit_id: str, wish: InvestigationIn) -> CreditItem:
    """A timely good-faith investigation suspends the 60 days until it ends, for at most 180 days (42 CFR 401.305)."""
    credit, today = _open_credit(books, credit_id), desk.today(books)
    party, until = credit.subject.removeprefix("party:"), _day(wish.until, "until")
    payer = _payer(books, party)
    if payer is None or payer.filing not in GOVERNMENT:
        mend = "only the 60 days of Medicare and Medicaid are suspended; name the term of the contract instead"
        raise InputError("this credit has no clock that an investigation suspends", field="credit", mend=mend)
    if until <= today:
        raise InputError("the investigation ends before it begins", field="until", mend="give a day to come")
    begun = str(credit.body.get("suspended_from", today.isoformat()))
    kept = _kept(books, credit, {"suspended_from": begun, "suspended_until": until.isoformat()})
    books.log(desk.actor, "refund.ask", credit.id, reason=f"good-faith investigation: {wish.reason}", after=kept.body)
    return _credit_item(books, kept, _credits(books).get(party, 0), today)


@use_case("refund.ask")
def name_term(desk: Desk, books: Books, credit_id: str, term: RefundTermIn) -> CreditItem:
    """The day by which a commercial payer's or a patient's credit goes back, with the contract's or state's rule."""
    credit, today = _open_credit(books, credit_id), desk.today(books)
    party, due = credit.subject.removeprefix("party:"), _day(term.due, "due")
    payer = _payer(books, party)
    if payer is not None and payer.filing in GOVERNMENT:
        mend = "enter a good-faith investigation, which suspends it"
        raise Conflict("Medicare's and Medicaid's 60 days are law, not a term to choose", mend=mend)
    if payer is not None and _clock(books, replace(credit, body={})).rule != NO_TERM:
        raise Conflict("a term is on file", mend="correct the contract's term, or the state's rule, where it is wrong")
    entered = {"due": due.isoformat(), "rule": term.rule, "by": desk.actor.login}
    kept = _kept(books, credit, {"entered": entered})
    books.log(desk.actor, "refund.ask", credit.id, reason=term.rule, after={"due": due.isoformat()})
    return _credit_item(books, kept, _credits(books).get(party, 0), today)


@use_case("refund.ask")
def requested(desk: Desk, books: Books, credit_id: str, letter: RequestedIn) -> CreditItem:
    """The day on which the payer or the patient asked for the money, from which some contracts and states reckon."""
    credit, today = _open_credit(books, credit_id), desk.today(books)
    on = _day(letter.on, "on")
    if on > today:
        raise InputError("a day to come", field="on", mend="give the day on which the letter came")
    kept = _kept(books, credit, {"requested_on": on.isoformat(), "letter": letter.reason})
    books.log(desk.actor, "refund.ask", credit.id, reason=f"asked for on {on.isoformat()}: {letter.reason}")
    return _credit_item(books, kept, _credits(books).get(credit.subject.removeprefix("party:"), 0), today)


@use_case("refund.ask")
def ask_refund(desk: Desk, books: Books, credit_id: str, wish: RefundIn) -> CreditItem:
    """Ask that credit be paid back. Nothing moves until another person approves."""
    credit = _open_credit(books, credit_id)
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
    return _refund_item(desk, books, work)


def _refund_item(desk: Desk, books: Books, work: StoredWork) -> CreditItem:
    party = work.subject.removeprefix("party:")
    return CreditItem(
        id=work.id,
        party=party,
        kind=_kind(books, party),
        amount=amount_text(work.amount),
        identified_on=work.created_on.isoformat(),
        due=work.due.isoformat() if work.due else "",
        rule="",
        reason=work.reason,
        name=_party_name(books, party),
        asked_by=str(work.body["asked_by"]),
        second=second_person(desk, books, "refund.approve", str(work.body["asked_by"])),
    )


@use_case("ledger.read")
def refunds(desk: Desk, books: Books) -> list[CreditItem]:
    """The refunds that wait for a second person."""
    return [_refund_item(desk, books, work) for work in books.work(REFUND)]


def _asked(books: Books, work_id: str) -> StoredWork:
    work = books.work_item(work_id)
    if work.queue != REFUND or work.status is not WorkStatus.OPEN:
        raise Conflict("this refund is decided already", mend="look at the party's account")
    return work


@use_case("refund.approve")
def decline_refund(desk: Desk, books: Books, work_id: str, why: ReasonIn) -> CreditItem:
    """Decline it: nothing moves; the credit waits as before, and its clock runs."""
    work = _asked(books, work_id)
    books.finish_work(work.id, f"declined: {why.reason}")
    books.log(desk.actor, "refund.approve", work.id, reason=f"declined: {why.reason}")
    return _refund_item(desk, books, work)


@use_case("refund.approve")
def approve_refund(desk: Desk, books: Books, work_id: str) -> CreditItem:
    """Approve it: the credit is paid back. Who asked may not approve; no more goes back than is still held."""
    work = _asked(books, work_id)
    if work.body["asked_by"] == desk.actor.login:
        raise Conflict("who asks for a refund does not approve it", mend="have another person approve")
    party = work.subject.removeprefix("party:")
    cause = Cause(f"person {work.body['asked_by']}", party, f"{work.reason}; approved by {desk.actor.login}")
    held = _credits(books).get(party, 0)
    entry = posting.refund(work.amount, party, held, books.new_id(), desk.today(books), cause)
    books.append_entries([entry])
    books.finish_work(work.id, "approved")
    books.log(desk.actor, "refund.approve", work.id, reason="approved", after=entry)
    return _refund_item(desk, books, work)
