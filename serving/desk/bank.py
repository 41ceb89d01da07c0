"""The bank beside the books: deposits matched to remittances move from undeposited cash to the bank.

A file of deposits is kept once. Each match is an entry; what is left over on either side is shown, and tried again
with the next file. What people deposit from the drawer (patients' money) stands on the same statement and is left to
them: it is in the list of deposits without a remittance.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from billing_core.bank import BankMatch, Deposit, Expected, Reconciled, read_deposits, reconcile
from billing_core.ledger import Account, AccountKind, Cause, Entry, EntryKind, Leg
from billing_core.money import amount_text
from serving.desk.case import Desk, use_case
from serving.desk.remittances import payer_id
from serving.schemas.money import BankView, DepositView
from serving.store.queues import StoredWork
from serving.store.states import Direction, RemittanceState, WorkStatus

if TYPE_CHECKING:
    from serving.store.books import Books

QUEUE = "deposit"
KIND = "BANK"
DEPOSITED = "deposited"


@use_case("bank.match")
def match_deposits(desk: Desk, books: Books, name: str, data: bytes) -> BankView:
    """Take in a bank's file and match what is open on both sides. The same file twice adds nothing."""
    deposits = read_deposits(data)
    file_id, is_new = books.add_file(Direction.INBOUND, KIND, name[:200], data)
    if is_new:
        books.save_work([_work(books, file_id, deposit, desk.today(books)) for deposit in deposits])
    waiting = {_deposit(work): work for work in books.work(QUEUE)}
    found = reconcile(waiting, _expected(books))
    parties = {p.number: payer_id(books, p.number) or p.number for p in books.payers()}
    rows = {row.id: row for row in books.remittances(RemittanceState.POSTED)}
    for match in found.matches:
        payers = [(parties.get(rows[p.key].payer_number, rows[p.key].payer_number), p) for p in match.payments]
        books.append_entries([_entry(books, match, payers, desk.today(books))])
        for deposit in match.deposits:
            work = waiting[deposit]
            books.save_work([_with_payments(work, match)])
            books.finish_work(work.id, f"matched by {match.how}")
    words = f"{len(deposits)} deposits, {len(found.matches)} matched"
    if is_new:
        books.set_file_outcome(file_id, words)
    books.log(desk.actor, "bank.match", file_id, reason=words)
    return _view(books, found, len(deposits))


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


def _with_payments(work: StoredWork, match: BankMatch) -> StoredWork:
    return replace(work, body={**work.body, "remittances": [p.key for p in match.payments]})


def _expected(books: Books) -> list[Expected]:
    """The posted remittances that no deposit has been matched to."""
    done = {key for work in books.work(QUEUE, WorkStatus.DONE) for key in work.body.get("remittances", ())}
    return [
        Expected(row.id, row.paid_on, row.amount, row.trace)
        for row in books.remittances(RemittanceState.POSTED)
        if row.id not in done and row.amount > 0
    ]


def _entry(books: Books, match: BankMatch, payers: list[tuple[str, Expected]], today: date) -> Entry:
    """Undeposited cash of the payers, now at the bank."""
    legs = [Leg(Account(AccountKind.BANK), sum(d.amount for d in match.deposits))]
    legs += [Leg(Account(AccountKind.CASH, None, party), -payment.amount) for party, payment in payers]
    traces = " ".join(payment.trace for _, payment in payers)
    cause = Cause(f"bank {match.how}", traces[:200], DEPOSITED)
    return Entry(books.new_id(), EntryKind.DEPOSIT, today, cause, tuple(legs))


def _view(books: Books, found: Reconciled, deposits: int) -> BankView:
    return BankView(
        deposits=deposits,
        matched=len(found.matches),
        matched_amount=amount_text(sum(d.amount for m in found.matches for d in m.deposits)),
        unmatched_deposits=[
            DepositView(
                on=d.on.isoformat(), reference=d.reference, amount=amount_text(d.amount), matched="0.00", remittances=[]
            )
            for d in found.deposits
        ],
        waiting_remittances=[
            DepositView(
                on=p.on.isoformat(), reference=p.trace, amount=amount_text(p.amount), matched="0.00", remittances=[]
            )
            for p in found.payments
        ],
    )


@use_case("ledger.read")
def bank_standing(desk: Desk, books: Books) -> BankView:
    """What is missing on each side, without a new file."""
    found = reconcile([], _expected(books))
    left = [_deposit(work) for work in books.work(QUEUE)]
    return _view(books, Reconciled((), tuple(left), found.payments), 0)
