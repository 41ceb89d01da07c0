"""Write-offs: one person asks, another approves; only then does an entry leave the receivable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing_core import posting
from billing_core.account import PAYER_OWNERS, Standing
from billing_core.account import Books as Accounts
from billing_core.claim import ClaimState, unadjudicated
from billing_core.money import amount_text
from serving.desk.billing import REFUSED
from serving.desk.case import Desk, use_case
from serving.desk.contradicted import settle
from serving.desk.second_person import second_person
from serving.errors import Conflict, InputError
from serving.schemas.billing import WriteOffIn, WriteOffItem
from serving.store.queues import StoredWork
from serving.store.states import DenialStatus, WorkStatus

if TYPE_CHECKING:
    from serving.store.books import Books

QUEUE = "write-off"


def _item(desk: Desk, books: Books, work: StoredWork) -> WriteOffItem:
    return WriteOffItem(
        id=work.id,
        claim_id=work.claim_id,
        claim_number=books.claim(work.claim_id).number,
        amount=amount_text(work.amount),
        reason=work.reason,
        asked_by=str(work.body["asked_by"]),
        asked_on=work.created_on.isoformat(),
        second=second_person(desk, books, "writeoff.approve", str(work.body["asked_by"])),
    )


def _hashed(work: StoredWork) -> dict[str, str]:
    """What the event log hashes of a write-off."""
    return {"id": work.id, "amount": amount_text(work.amount), "status": work.status, "outcome": work.outcome}


def _decided(desk: Desk, books: Books, work: StoredWork, outcome: str) -> None:
    books.finish_work(work.id, outcome)
    after = _hashed(books.work_item(work.id))
    books.log(desk.actor, "writeoff.approve", work.id, reason=outcome, before=_hashed(work), after=after)


def _open_amounts(books: Books, claim_id: str) -> list[Standing]:
    """What a payer still owes of the claim; where no payer owes, what the guarantor does. Never both at once."""
    claim = books.claim(claim_id)
    accounts = Accounts(books.entries_on(claim.charge_ids))
    still_open = [s for line in claim.lines if (s := accounts.standing(line.charge_id)).open > 0]
    of_payers = [s for s in still_open if s.debtor and s.debtor.owner in PAYER_OWNERS]
    return of_payers or still_open


@use_case("writeoff.ask")
def ask(desk: Desk, books: Books, claim_id: str, wish: WriteOffIn) -> WriteOffItem:
    """Ask that what is open of a claim be written off, with the reason. Nothing moves yet."""
    if unadjudicated(books.standing_claim(claim_id).state):
        raise Conflict("the payer has still to answer", mend="wait for the remittance")
    if any(item.claim_id == claim_id for item in books.work(QUEUE)):
        raise Conflict("this write-off is asked for already", mend="wait for the approval")
    amount = sum(standing.open for standing in _open_amounts(books, claim_id))
    if not amount:
        raise InputError("nothing is open on this claim", field="claim", mend="look at the claim's account")
    work = StoredWork(
        books.new_id(), QUEUE, f"claim:{claim_id}", desk.today(books), amount, claim_id=claim_id,
        reason=wish.reason, body={"asked_by": desk.actor.login},
    )  # fmt: skip
    books.save_work([work])
    books.log(desk.actor, "writeoff.ask", claim_id, reason=wish.reason, after=_hashed(work))
    return _item(desk, books, work)


@use_case("writeoff.read")
def asked(desk: Desk, books: Books) -> list[WriteOffItem]:
    """Every write-off that waits for a second person."""
    return [_item(desk, books, work) for work in books.work(QUEUE)]


@use_case("writeoff.approve")
def approve(desk: Desk, books: Books, work_id: str) -> WriteOffItem:
    """Approve it: what was open when it was asked for leaves the receivable. Who asked may not approve.

    If money came in since, only what is still open is written off; if more is open now, it must be asked for anew.
    """
    work = books.work_item(work_id)
    if work.queue != QUEUE or work.status is not WorkStatus.OPEN:
        raise Conflict("this write-off is decided already", mend="look at the claim's history")
    asked_by, today, left = str(work.body["asked_by"]), desk.today(books), work.amount
    posting.two_people(asked_by, desk.actor.login)  # also where nothing is open any more: the claim ends with it
    for standing in _open_amounts(books, work.claim_id):
        amount = min(left, standing.open)
        if amount:
            entry = posting.write_off(
                standing, amount, work.reason, asked_by, desk.actor.login, books.new_id(), today
            )  # fmt: skip
            books.append_entries([entry])
            left -= amount
    _decided(desk, books, work, "approved")
    _end_the_matter(books, work.claim_id, f"written off: {work.reason}")
    return _item(desk, books, work)


def _end_the_matter(books: Books, claim_id: str, outcome: str) -> None:
    if books.standing_claim(claim_id).state in (*REFUSED, ClaimState.REVERSED):
        books.step_claim(claim_id, ClaimState.CLOSED)
    settle(books, [claim_id], outcome)
    for denial in books.denials_of_claims([claim_id]).get(claim_id, ()):
        if denial.status is not DenialStatus.RECOVERED:
            books.set_denial_status(denial.id, DenialStatus.WRITTEN_OFF)


@use_case("writeoff.approve")
def decline(desk: Desk, books: Books, work_id: str) -> WriteOffItem:
    """Decline it: nothing moves, the claim stays in the queue."""
    work = books.work_item(work_id)
    if work.queue != QUEUE or work.status is not WorkStatus.OPEN:
        raise Conflict("this write-off is decided already", mend="look at the claim's history")
    _decided(desk, books, work, "declined")
    return _item(desk, books, work)
