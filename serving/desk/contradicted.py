"""A payer that answers a claim again, otherwise than before, and takes nothing back: a person finds out which holds.

The later answer posts by the money's own rules and the claim stands where it stood. A biller is told, once a claim,
among what has not ended yet. It ends by itself when the payer takes an answer back, or the answer is taken from its
claim again; else when a person says about the claim what became of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from billing_core.claim import Billed
from billing_core.contradiction import contradictions
from billing_core.remittance import ClaimPayment
from serving.desk.case import Desk
from serving.store.queues import StoredWork
from serving.store.states import RemittanceState

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
    """The posted answers to the claim that were not taken back since, oldest first.

    A correction may be written before the reversal that makes room for it, as in posting.
    """
    posted = (
        one
        for one in books.claim_payments(claim_id=claim_id)
        if books.remittance_row(one.remittance_id).state is RemittanceState.POSTED
    )
    found: list[StoredPayment] = []
    for _, together in groupby(posted, key=lambda one: one.remittance_id):
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
            items.append(
                StoredWork(
                    books.new_id(), QUEUE, f"payment:{one.payment_id}", desk.today(books), one.payment.charge,
                    claim_id=claim_id, reason=f"answered twice, and otherwise: {'; '.join(map(str, found))}",
                )
            )  # fmt: skip
    books.save_work(items)


def _beside(books: Books, claim_id: str, payment_id: str, payers: Set[str]) -> list[ClaimPayment]:
    """The answers of the same payer that stood when this one came: not itself, nor what follows it in its remittance.
    Empty when it is not in force: an old one, given to its claim by a person, that was taken back since.

    A claim that was passed on is answered by the next payer under the same number; that payer may decide otherwise.
    `payers`: the numbers of ours.
    """
    in_force = answers_in_force(books, claim_id)
    own = next((a for a in in_force if a.id == payment_id), None)
    if own is None:
        return []
    said_by = {a.remittance_id: books.remittance_row(a.remittance_id).payer_number for a in in_force}
    return [
        a.payment
        for a in in_force
        if (a.remittance_id != own.remittance_id or a.position < own.position)
        and len({said_by[a.remittance_id], said_by[own.remittance_id]} & payers) < 2  # not two payers of ours
    ]


def settle(books: Books, claim_ids: Iterable[str], outcome: str) -> None:
    """End what waits about these claims, saying what came of it."""
    ended = set(claim_ids)
    for work in books.work(QUEUE) if ended else ():
        if work.claim_id in ended:
            books.finish_work(work.id, outcome)
