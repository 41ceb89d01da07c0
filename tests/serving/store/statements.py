"""What the books are asked, statement by statement: for tests that the number does not grow with the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from serving.desk.case import Desk


@contextmanager
def counted(desk: Desk) -> Iterator[list[str]]:
    """The statements that the desk's database runs meanwhile."""
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    event.listen(desk.store.engine, "before_cursor_execute", note)
    yield asked
    event.remove(desk.store.engine, "before_cursor_execute", note)
