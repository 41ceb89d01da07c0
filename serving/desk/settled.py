"""An open end that a person ends by saying what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.desk.case import Desk
from serving.errors import Conflict, NotFound
from serving.schemas.money import ReasonIn
from serving.store.states import WorkStatus

if TYPE_CHECKING:
    from serving.store.books import Books


def by_word(desk: Desk, books: Books, work_id: str, queue: str, why: ReasonIn, action: str) -> None:
    """End the item of this queue with the reason, which the log keeps under `action`. Raises NotFound, Conflict."""
    work = books.work_item(work_id)
    if work.queue != queue:
        raise NotFound(queue)
    if work.status is WorkStatus.DONE:
        raise Conflict(f"the {queue} waits no longer: {work.outcome}", mend="look at what has not ended yet")
    books.finish_work(work.id, f"settled: {why.reason}")
    books.log(desk.actor, action, work.id, reason=f"{queue} settled: {why.reason}")
