"""Queries to the providers: asked about a code that the note leaves open, answered, settled; a claim waits meanwhile.

The words are those of `models.coding.query`, or the coder's own where they do not lead. The answer is entered by who
received it, in the author's name; it changes no word of the note and no code: a coder decides what follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing_core.claim import ClaimState
from billing_core.encounter import Span
from billing_core.provider_query import ProviderQuery, answered, checked, settled, withdrawn
from serving.desk.case import Desk, use_case
from serving.desk.coding import query_view, read_view
from serving.errors import Conflict, InputError
from serving.schemas.coding import AnswerIn, QueryDraftView, QueryIn, QueryView
from serving.store.states import EncounterStatus

if TYPE_CHECKING:
    from serving.store.books import Books

_UNSENT = frozenset({ClaimState.HELD, ClaimState.READY})


@use_case("encounter.read")
def queries(desk: Desk, books: Books) -> list[QueryView]:
    """Every query that holds a claim, the longest waiting first."""
    return [query_view(books, query) for query in books.queries() if query.holds]


@use_case("query.ask")
def ask(desk: Desk, books: Books, encounter_id: str, wish: QueryIn) -> QueryView:
    """Ask the note's author what a code leaves open. From now on nothing of the visit is signed or sent."""
    visit = books.visit(encounter_id)
    if visit.status is EncounterStatus.CLOSED:
        raise Conflict("the visit is closed without a charge", mend="reopen it first")
    if any(standing.state not in _UNSENT for standing in books.claims(encounter_id=encounter_id)):
        raise Conflict("the claim was sent", mend="ask the provider outside, and mend the claim")
    if any(query.code == wish.code and query.holds for query in books.queries(encounter_id)):
        raise Conflict("this is asked already", mend="record the answer, or withdraw the query")
    draft = _draft(desk, books, encounter_id, wish.code)
    query = checked(
        ProviderQuery(
            id=books.new_id(),
            encounter_id=encounter_id,
            provider_id=visit.encounter.provider_id,
            note_sha256=visit.encounter.note_sha256,
            code=wish.code,
            axis=draft.axis,
            indicators=tuple(Span(span.start, span.end) for span in draft.indicators),
            question=_unleading(wish.question) or draft.question,
            options=tuple(draft.options),
            asked_by=desk.actor.login,
            asked_on=desk.today(books),
        )
    )
    _keep(desk, books, "query.ask", None, query)
    return query_view(books, query)


def _draft(desk: Desk, books: Books, encounter_id: str, code: str) -> QueryDraftView:
    view = next((v for v in read_view(desk, books, encounter_id).suggestions if v.code == code), None)
    if view is None or (draft := view.query) is None:
        raise InputError(
            "this code gives no cause for a query",
            field="code",
            mend="ask about a code that has its place in the note and leaves open what the code set asks",
        )
    return draft


def _unleading(question: str) -> str:
    """A question of the coder's own. Raises InputError where it steers the answer or speaks of payment."""
    from models.coding.query import leading_words

    if words := leading_words(question):
        raise InputError("the question leads", field="question", mend=f"leave out: {', '.join(words)}")
    return question.strip()


@use_case("query.answer")
def answer(desk: Desk, books: Books, query_id: str, said: AnswerIn) -> QueryView:
    """Enter what the note's author answered. The note and the codes stay as they are."""
    before = books.query(query_id)
    after = answered(before, said.option, said.words, desk.actor.login, desk.today(books))
    _keep(desk, books, "query.answer", before, after)
    return query_view(books, after)


@use_case("query.ask")
def settle(desk: Desk, books: Books, query_id: str) -> QueryView:
    """The coder has looked at the answer: a claim that waited for it may go. Signing a visit settles by itself."""
    before = books.query(query_id)
    after = settled(before)
    _keep(desk, books, "query.ask", before, after)
    return query_view(books, after)


@use_case("query.ask")
def withdraw(desk: Desk, books: Books, query_id: str) -> QueryView:
    """Take back a query that was asked in error."""
    before = books.query(query_id)
    after = withdrawn(before, desk.today(books))
    _keep(desk, books, "query.ask", before, after)
    return query_view(books, after)


def _keep(desk: Desk, books: Books, action: str, before: ProviderQuery | None, after: ProviderQuery) -> None:
    """Keep it, say so in the log, and scrub the visit's unsent claims again: they are held or let go by it."""
    from serving.desk.billing import scrub_one  # which builds on coding

    books.save_query(after)
    books.log(desk.actor, action, after.encounter_id, reason=f"query {after.state}", before=before, after=after)
    for standing in books.claims(encounter_id=after.encounter_id):
        if standing.state in _UNSENT:
            scrub_one(desk, books, standing.claim, desk.today(books))
