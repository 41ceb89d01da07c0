"""A remittance that is held: nothing of it is posted, and a person sees to it that its money does not wait for ever.

It stands among what has not ended yet with its amount, why it is held and what releases it. It ends by itself when a
corrected one of the same number is posted; else when a person says what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from billing_core.money import amount_text
from billing_core.remittance import Remittance
from serving.desk.case import Desk, use_case
from serving.desk.settled import by_word
from serving.schemas.money import ReasonIn
from serving.store.queues import StoredWork

if TYPE_CHECKING:
    from serving.store.books import Books

QUEUE = "held remittance"
REASONS_MOST = 3  # said of a remittance; the rest are counted
CORRECTED = (
    "ask the payer for a corrected file: of the same number, it posts in place of this; else say what became of it"
)
WHICH = "ask the payer which of the two holds and say what it told you: this one does not post by itself"


def wait(desk: Desk, books: Books, remittance_id: str, given: Remittance, why: Sequence[str], mend: str) -> None:
    """A work item for the remittance, one however often it comes and is held again: its corrections are it, and beside
    a posted one what has the same amount.

    `remittance_id`: as it is kept, or that of the posted one whose place it cannot take.
    """
    before = [
        work
        for work in _waiting(books, remittance_id)
        if work.body["payee"] == _payee(given)
        and (work.body["mend"] == mend == CORRECTED or work.amount == given.amount)
    ]
    more = [f"and {len(why) - REASONS_MOST} more"] if len(why) > REASONS_MOST else []
    reason = "; ".join([*why[:REASONS_MOST], *more])
    known, on = (before[0].id, before[0].created_on) if before else (books.new_id(), desk.today(books))
    payer = next((p.name for p in books.payers() if p.number == given.payer_number), given.payer_name)
    body = {"payer": payer, "payee": _payee(given), "trace": given.trace, "mend": mend}
    books.save_work(
        [StoredWork(known, QUEUE, f"remittance:{remittance_id}", on, given.amount, reason=reason, body=body)]
    )


def release(books: Books, remittance_id: str, posted: Remittance, outcome: str) -> None:
    """What waits about a remittance that is posted now ends; of another payee's under its number a person says what
    became.
    """
    for work in _waiting(books, remittance_id):
        if work.body["payee"] == _payee(posted):
            books.finish_work(work.id, outcome)
        else:
            books.save_work([replace(work, body={**work.body, "mend": WHICH})])


def _waiting(books: Books, remittance_id: str) -> tuple[StoredWork, ...]:
    return books.work(QUEUE, subject=f"remittance:{remittance_id}")


def _payee(given: Remittance) -> str:
    return f"{given.payee_npi} {given.payee_tin}"


def words(work: StoredWork) -> str:
    """The remittance, its money, and why nothing of it is posted."""
    return f"{work.body['payer']}, {work.body['trace']}: {amount_text(work.amount)} is held, because {work.reason}"


@use_case("remittance.post")
def settle(desk: Desk, books: Books, work_id: str, why: ReasonIn) -> None:
    """Say what became of a remittance that is held; nothing of it is posted."""
    by_word(desk, books, work_id, QUEUE, why, "remittance.post")
