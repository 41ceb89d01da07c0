"""A payer that answers a claim again, otherwise than before, and takes nothing back: a person finds out which holds.

The later answer posts by the money's own rules and the claim stands where it stood. A biller is told, once a claim,
among what has not ended yet. It ends by itself when the payer takes its answers back, or when an answer is taken from
the claim again and those that are left agree; else when a person says about the claim what became of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from billing_core.claim import Billed
from billing_core.contradiction import Contradiction, contradictions
from billing_core.remittance import ClaimPayment
from serving.desk.case import Desk
from serving.store.queues import StoredWork

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.files import StoredPayment

QUEUE = "contradicted"
ASK = "ask the payer which answer holds: when it takes one back this ends by itself, else say what it told you"
TAKEN_BACK = "the payer took its answer back"


@dataclass(frozen=True, slots=True)
class Again:
    """An answer to a claim that its payer had decided before; `payment_id` is the answer's."""

    claim: Billed
    payment: ClaimPayment
    payment_id: str


def answers_in_force(books: Books, claim_id: str) -> list[StoredPayment]:
    """The posted answers to the claim that were not taken back since, oldest first."""
    return in_force(books.answers(claim_id))


def in_force(answers: Iterable[StoredPayment]) -> list[StoredPayment]:
    """Of a claim's posted answers those that were not taken back since, oldest first.

    A correction may be written before the reversal that makes room for it, as in posting.
    """
    found: list[StoredPayment] = []
    for _, together in groupby(answers, key=lambda one: one.remittance_id):
        for one in sorted(together, key=lambda one: not (found and one.payment.is_reversal)):
            if one.payment.is_reversal:
                found.clear()
            else:
                found.append(one)
    return found


def tell(desk: Desk, books: Books, again: Collection[Again]) -> None:
    """A work item for each claim of which the payer now says something else than it said before."""
    if not again:
        return
    told, payers = {work.claim_id for work in books.work(QUEUE)}, {payer.number for payer in books.payers()}
    items = []
    for one in again:
        claim_id = one.claim.id
        found = contradictions(_beside(books, claim_id, one.payment_id, payers), one.payment)
        if found and claim_id not in told:
            told.add(claim_id)
            items.append(_work(books.new_id(), claim_id, one.payment_id, one.payment, found, desk.today(books)))
    books.save_work(items)


def _work(
    work_id: str, claim_id: str, payment_id: str, now: ClaimPayment, found: Iterable[Contradiction], on: date
) -> StoredWork:
    why = f"answered twice, and otherwise: {'; '.join(map(str, found))}"
    return StoredWork(work_id, QUEUE, f"payment:{payment_id}", on, now.charge, claim_id=claim_id, reason=why)


def _beside(books: Books, claim_id: str, payment_id: str, payers: Set[str]) -> list[ClaimPayment]:
    """The answers of the same payer that stood when this one came: not itself, nor what follows it in its remittance.
    Empty when it is not in force: an old one, given to its claim by a person, that was taken back since.
    """
    standing = answers_in_force(books, claim_id)
    own = next((a for a in standing if a.id == payment_id), None)
    if own is None:
        return []
    stood = [a for a in standing if a.remittance_id != own.remittance_id or a.position < own.position]
    return _of_its_payer(books, own, stood, payers)


def _of_its_payer(
    books: Books, own: StoredPayment, others: Iterable[StoredPayment], payers: Set[str]
) -> list[ClaimPayment]:
    """Of the other answers to a claim, those of the payer that gave this one. `payers`: the numbers of ours.

    A claim that was passed on is answered by the next payer under the same number; that payer may decide otherwise.
    """

    def number(one: StoredPayment) -> str:
        return books.remittance_row(one.remittance_id).payer_number

    return [a.payment for a in others if number(a) == number(own) or not {number(a), number(own)} <= payers]


def answer_removed(books: Books, claim_id: str, outcome: str) -> None:
    """An answer was taken from its claim again: what waits about the claim ends so, unless those that are left disagree
    as well; then it says how.
    """
    waiting, left = books.work(QUEUE, claim_id=claim_id), answers_in_force(books, claim_id)
    payers = {payer.number for payer in books.payers()}
    for work in waiting:
        for place in range(len(left) - 1, 0, -1):  # the latest that says otherwise than those before it
            one = left[place]
            found = contradictions(_of_its_payer(books, one, left[:place], payers), one.payment)
            if found:
                books.save_work([_work(work.id, claim_id, one.id, one.payment, found, work.created_on)])
                break
        else:
            books.finish_work(work.id, outcome)


def settle(books: Books, claim_ids: Iterable[str], outcome: str) -> None:
    """End what waits about these claims, saying what came of it."""
    ended = set(claim_ids)
    for work in books.work(QUEUE) if ended else ():
        if work.claim_id in ended:
            books.finish_work(work.id, outcome)
