"""What we answer to payers' files: a 999 for each functional group, a TA1 where it is due; never to an acknowledgment.

Every file that the books hold is answered once, by the night after it came: kept under a control number that the store
allocates, with the event that it was answered, and put in the outbox by the next `deliver` (decisions 005 and 006). A
partner that wants no 999 is named in CLEANCLAIM_NO_999 by its interchange id (ISA06); the TA1 it asks for it gets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from billing_core.errors import X12Error
from billing_core.x12.acknowledge import Answer, answer
from serving.desk.case import Desk, use_case
from serving.store.states import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving.store.books import Books
    from serving.store.files import StoredFile

TURNED_AWAY = "not taken"  # begins the outcome of a file that could not be read
ANSWERED = "file.answer"
_NO_NAME = re.compile(r"[^A-Za-z0-9]")  # what an interchange id may hold and a file's name may not


@use_case("file.receive")
def answer_files(desk: Desk, books: Books) -> int:
    """Write what is due to the senders of files that were not answered yet; how many replies."""
    known = {event.subject for event in books.events(action=ANSWERED)}
    replies = 0
    for file in books.files(Direction.INBOUND):
        if file.id not in known:
            due = _due(desk, books, file)
            for one in due:
                _keep(desk, books, file, one)
            books.log(desk.actor, ANSWERED, file.id, reason=f"{len(due)} replies", after=file.sha256)
            replies += len(due)
    return replies


def _due(desk: Desk, books: Books, file: StoredFile) -> tuple[Answer, ...]:
    """The replies to a file; none where its sender cannot be addressed."""
    moment, silent = desk.clock.now().replace(tzinfo=None), desk.settings.without_999
    taken = not file.outcome.startswith(TURNED_AWAY)
    try:
        return answer(books.file_bytes(file.id), _controls(books), moment, taken=taken, without_999=silent)
    except X12Error:
        return ()


def _controls(books: Books) -> Iterator[int]:
    """One number after the other, each allocated when it is asked for."""
    while True:
        yield books.next_control("interchange")


def _keep(desk: Desk, books: Books, file: StoredFile, one: Answer) -> None:
    partner = _NO_NAME.sub("", one.receiver)
    name = f"{desk.today(books):%Y%m%d}_{partner}_{one.control:09d}.{one.kind.lower()}"
    reply_id, _ = books.add_file(
        Direction.OUTBOUND, one.kind, name, one.data, str(one.control), outcome=f"answers {file.name}"
    )
    books.log(desk.actor, "file.reply", reply_id, reason=name)
