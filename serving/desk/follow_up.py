"""Nothing silent: each claim sent ends in an answer, or in a dated follow-up for somebody to ask the payer.

A claim that no 835 has decided FOLLOW_UP_DAYS after it was sent gets one item in the queue "follow-up"; the item ends
by itself when the answer comes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from billing_core.claim import ClaimState, unadjudicated
from serving.desk.case import Desk, use_case
from serving.store.queues import StoredWork

if TYPE_CHECKING:
    from serving.store.books import Books

QUEUE = "follow-up"
FOLLOW_UP_DAYS = 30  # prompt-payment laws give payers 30 days for an electronic claim, in most states
_OUT = (ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.PENDED)


@use_case("queue.work")
def find_silent(desk: Desk, books: Books) -> int:
    """Open a follow-up for each claim that waits too long, end those that are answered; returns how many are open."""
    today = desk.today(books)
    waiting = {work.claim_id: work for work in books.work(QUEUE)}
    for claim_id, work in waiting.items():
        if not unadjudicated(books.standing_claim(claim_id).state):
            books.finish_work(work.id, "the payer answered")
    silent = [
        row
        for row in books.claim_rows(_OUT)
        if row.submitted_on is not None and row.submitted_on + timedelta(days=FOLLOW_UP_DAYS) <= today
    ]
    books.save_work(
        StoredWork(
            books.new_id(), QUEUE, f"claim:{row.id}", today, row.total, due=today, claim_id=row.id,
            reason=f"no answer {FOLLOW_UP_DAYS} days after it was sent: ask the payer for its status",
        )
        for row in silent
        if row.id not in waiting
    )  # fmt: skip
    return len(silent)
