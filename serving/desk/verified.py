"""What payers have said of a coverage on a day, and when they were last asked: for all that show it or ask anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from billing_core.eligibility import PayerAnswer, told

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.verifications import StoredVerification


def answers(known: Sequence[StoredVerification]) -> list[PayerAnswer]:
    """What was said, where something was."""
    return [one.answer for one in known if one.answer is not None]


def last_asked(known: Sequence[StoredVerification], on: date) -> StoredVerification | None:
    """The latest question about that day."""
    asked = [one for one in known if one.asked_on is not None and one.service_date == on]
    return max(asked, key=lambda one: (one.asked_on or date.min, one.id), default=None)


def words_of(books: Books, coverage_id: str, on: date) -> str:
    """What is known from the payer of the coverage on that day, in words."""
    known = books.verifications([coverage_id])
    last = last_asked(known, on)
    return told(answers(known), coverage_id, on, last.asked_on if last else None)
