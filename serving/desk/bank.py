"""The bank beside the books: deposits matched to remittances move from undeposited cash to the bank.

A file of deposits is kept once. Each match is an entry; what is left over on either side is shown, and tried again
with the next file. What people deposit from the drawer (patients' money) stands on the same statement and is left to
them: it is in the list of deposits without a remittance. A match is undone by a reversal, by a person with the reason,
on a day that is open; what a person has undone no rule matches again: it waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from billing_core.bank import BankMatch, Deposit, Expected, Reconciled, read_deposits, reconcile
from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg, reverse
from billing_core.money import amount_text
from serving.desk.case import Desk, use_case
from serving.errors import Conflict, InputError, NotFound
from serving.schemas.money import BankView, DepositView, HandMatchIn, MatchView, ReasonIn
from serving.store.queues import StoredWork
from serving.store.states import Direction, RemittanceState, WorkStatus

if TYPE_CHECKING:
    from serving.store.books import Books

QUEUE = "deposit"
KIND = "BANK"
DEPOSITED = "deposited"
UNDONE = "undone"  # in a deposit's body: who took its match back, and why
LISTED_MOST = 200


@use_case("bank.match")
def match_deposits(desk: Desk, books: Books, name: str, data: bytes) -> BankView:
    """Take in a bank's file and match what is open on both sides. The same file twice adds nothing."""
    deposits = read_deposits(data)
    file_id, is_new = books.add_file(Direction.INBOUND, KIND, name[:200], data)
    if is_new:
        books.save_work([_work(books, file_id, deposit, desk.today(books)) for deposit in deposits])
    waiting = {_deposit(work): work for work in books.work(QUEUE)}
    found = reconcile([d for d, work in waiting.items() if UNDONE not in work.body], _expected(books))
    payer_of = _payer_of(books)
    for match in found.matches:
        _keep_match(desk, books, match, [waiting[deposit] for deposit in match.deposits], payer_of)
    left = tuple(d for d, work in waiting.items() if UNDONE in work.body)
    found = replace(found, deposits=(*found.deposits, *left))
    words = f"{len(deposits)} deposits, {len(found.matches)} matched"
    if is_new:
        books.set_file_outcome(file_id, words)
    books.log(desk.actor, "bank.match", file_id, reason=words)
    return _view(books, found, {_place(work): work.id for work in waiting.values()}, len(deposits))


def _waiting_deposit(books: Books, work_id: str) -> StoredWork:
    work = books.work_item(work_id)
    if work.queue != QUEUE:
        raise NotFound("deposit")
    if work.status is not WorkStatus.OPEN:
        raise Conflict("this deposit is matched already", mend="look at the list of deposits again")
    return work


@use_case("bank.match")
def match_by_hand(desk: Desk, books: Books, choice: HandMatchIn) -> BankView:
    """What fits in more than one way a person decides: these deposits are these remittances, to the cent."""
    works = [_waiting_deposit(books, work_id) for work_id in dict.fromkeys(choice.deposits)]
    expected = {e.key: e for e in _expected(books)}
    chosen = list(dict.fromkeys(choice.remittances))
    for remittance_id in chosen:
        if remittance_id not in expected:
            raise NotFound("remittance that waits for its deposit")
    payments = tuple(expected[remittance_id] for remittance_id in chosen)
    left = sum(w.amount for w in works) - sum(p.amount for p in payments)
    if left:
        more = "deposits" if left > 0 else "remittances"
        mend = "choose others, or ask the bank; a match is exact"
        raise InputError(f"the {more} are {amount_text(abs(left))} more", field="deposits", mend=mend)
    match = BankMatch(tuple(map(_deposit, works)), payments, f"{desk.actor.login}: {choice.reason}")
    _keep_match(desk, books, match, works, _payer_of(books))
    books.log(desk.actor, "bank.match", works[0].id, reason=choice.reason)
    return _standing(books)


def _keep_match(
    desk: Desk, books: Books, match: BankMatch, works: list[StoredWork], payer_of: Mapping[str, str]
) -> None:
    """The entry of a match, and the deposits that it explains."""
    entry = _entry(books, match, payer_of, desk.today(books))
    _explained(books, entry, works, [p.key for p in match.payments], f"matched by {match.how}")


def _explained(books: Books, entry: Entry, works: list[StoredWork], remittances: list[str], outcome: str) -> None:
    books.append_entries([entry])
    more = {"remittances": remittances, "entry": entry.id}
    books.save_work([replace(w, status=WorkStatus.DONE, outcome=outcome, body={**w.body, **more}) for w in works])


@use_case("bank.match")
def patients_money(desk: Desk, books: Books, work_id: str, why: ReasonIn) -> BankView:
    """A deposit that is no remittance's: what patients paid, taken from the drawer to the bank."""
    work = _waiting_deposit(books, work_id)
    cash = books.account_totals().get(AccountKind.CASH, 0) - sum(e.amount for e in _expected(books))
    if work.amount > cash:
        words = f"only {amount_text(max(0, cash))} of patients' money is undeposited"
        raise InputError(words, field="deposit", mend="enter the payments first, or look for the remittance it is")
    cause = Cause(f"person {desk.actor.login}", str(work.body["reference"])[:200], f"patients' money: {why.reason}")
    legs = (Leg(Account(AccountKind.BANK), work.amount), Leg(Account(AccountKind.CASH), -work.amount))
    entry = Entry(books.new_id(), EntryKind.DEPOSIT, desk.today(books), cause, legs)
    _explained(books, entry, [work], [], f"patients' money: {why.reason}")
    books.log(desk.actor, "bank.match", work.id, reason=why.reason)
    return _standing(books)


@use_case("bank.match")
def undo_match(desk: Desk, books: Books, work_id: str, why: ReasonIn) -> BankView:
    """Take a match back: the money is undeposited as before, every deposit and remittance of the match waits again.

    The reversal has the date of a day that is open; the days of the match, closed or not, stay as they are.
    """
    work = books.work_item(work_id)
    if work.queue != QUEUE:
        raise NotFound("deposit")
    if work.status is not WorkStatus.DONE:
        raise Conflict("this deposit is not matched", mend="look at the list of deposits again")
    entry = books.entry(str(work.body["entry"]))
    cause = Cause(f"person {desk.actor.login}", entry.cause.reference, f"the match was undone: {why.reason}")
    undone = reverse(entry, books.new_id(), desk.today(books), cause)
    books.append_entries([undone])
    together = [each for each in books.work(QUEUE, WorkStatus.DONE) if each.body.get("entry") == entry.id]
    for each in together:
        kept = {name: value for name, value in each.body.items() if name not in ("remittances", "entry")}
        said = {UNDONE: f"{desk.actor.login}: {why.reason}"}
        books.save_work([replace(each, status=WorkStatus.OPEN, outcome="", body={**kept, **said})])
    books.log(desk.actor, "bank.match", work.id, reason=f"undone: {why.reason}", after=undone)
    return _standing(books)


@use_case("ledger.read")
def matches(desk: Desk, books: Books, find: str = "") -> list[MatchView]:
    """The deposits that are explained, latest first; with `find`, those whose day, amount, words or traces hold it."""
    traces = {row.id: row.trace for row in books.remittances(RemittanceState.POSTED)}
    done = sorted(books.work(QUEUE, WorkStatus.DONE), key=lambda work: (work.body["on"], work.id), reverse=True)
    views = (
        MatchView(
            id=work.id,
            on=str(work.body["on"]),
            amount=amount_text(work.amount),
            reference=str(work.body["reference"]),
            how=work.outcome,
            traces=[traces.get(key, key) for key in work.body["remittances"]],
            entry_id=str(work.body["entry"]),
        )
        for work in done
    )
    sought = find.strip().casefold()
    held = (v for v in views if sought in f"{v.on} {v.amount} {v.reference} {v.how} {' '.join(v.traces)}".casefold())
    return list(islice(held, LISTED_MOST))


def _payer_of(books: Books) -> dict[str, str]:
    """Posted remittance -> our id of its payer, or the payer's number when we have none."""
    parties = {payer.number: payer.id for payer in books.payers()}
    posted = books.remittances(RemittanceState.POSTED)
    return {row.id: parties.get(row.payer_number, row.payer_number) for row in posted}


def _work(books: Books, file_id: str, deposit: Deposit, today: date) -> StoredWork:
    body = {"on": deposit.on.isoformat(), "reference": deposit.reference, "line": deposit.line}
    subject = f"file:{file_id} line {deposit.line}"
    reason = "a deposit without a remittance"
    return StoredWork(books.new_id(), QUEUE, subject, today, deposit.amount, reason=reason, body=body)


def _deposit(work: StoredWork) -> Deposit:
    body = work.body
    return Deposit(date.fromisoformat(body["on"]), work.amount, body["reference"], _place(work))


def _place(work: StoredWork) -> int:
    """A number of its own for each waiting deposit, so that two alike are two."""
    return int(work.id.replace("-", ""), 16)


def _expected(books: Books) -> list[Expected]:
    """The posted remittances that no deposit has been matched to."""
    done = {key for work in books.work(QUEUE, WorkStatus.DONE) for key in work.body.get("remittances", ())}
    return [
        Expected(row.id, row.paid_on, row.amount, row.trace)
        for row in books.remittances(RemittanceState.POSTED)
        if row.id not in done and row.amount > 0
    ]


def _entry(books: Books, match: BankMatch, payer_of: Mapping[str, str], today: date) -> Entry:
    """Undeposited cash of the payers, now at the bank."""
    legs = [Leg(Account(AccountKind.BANK), sum(d.amount for d in match.deposits))]
    legs += [Leg(Account(AccountKind.CASH, None, payer_of[paid.key]), -paid.amount) for paid in match.payments]
    traces = " ".join(paid.trace for paid in match.payments)
    cause = Cause(f"bank {match.how}", traces[:200], DEPOSITED)
    return Entry(books.new_id(), EntryKind.DEPOSIT, today, cause, tuple(legs))


def _view(books: Books, found: Reconciled, ids: Mapping[int, str], deposits: int) -> BankView:
    """`ids`: the place of a deposit -> its work item."""
    names = {payer.number: payer.name for payer in books.payers()}
    payers = {row.id: names.get(row.payer_number, row.payer_number) for row in books.remittances()}
    return BankView(
        deposits=deposits,
        matched=len(found.matches),
        matched_amount=amount_text(sum(d.amount for m in found.matches for d in m.deposits)),
        unmatched_deposits=[
            DepositView(
                on=d.on.isoformat(),
                reference=d.reference,
                amount=amount_text(d.amount),
                matched="0.00",
                remittances=[],
                id=ids[d.line],
            )
            for d in found.deposits
        ],
        waiting_remittances=[
            DepositView(
                on=p.on.isoformat(),
                reference=p.trace,
                amount=amount_text(p.amount),
                matched="0.00",
                remittances=[],
                id=p.key,
                payer=payers.get(p.key, ""),
            )
            for p in found.payments
        ],
        undeposited=amount_text(books.account_totals().get(AccountKind.CASH, 0)),
    )


@use_case("ledger.read")
def bank_standing(desk: Desk, books: Books) -> BankView:
    """What is missing on each side, without a new file."""
    return _standing(books)


def _standing(books: Books) -> BankView:
    found, open_work = reconcile([], _expected(books)), books.work(QUEUE)
    left = tuple(_deposit(work) for work in open_work)
    return _view(books, Reconciled((), left, found.payments), {_place(work): work.id for work in open_work}, 0)
