"""A query to the provider who wrote the note: a question that holds the claim until it is answered or taken back.

Who asks shows places in the note (clinical indicators), asks neutrally, and always leaves "other" and "unable to
determine" open; the answer is the author's and changes no word of the note. The practice is that of the ACDIS/AHIMA
brief "Guidelines for Achieving a Compliant Query Practice" (2022). While a query stands, nothing of the visit is signed
or sent: a claim sent before the answer would have to be corrected after it (42 CFR 424.5(a)(6): a claim rests on
documentation).

    open -> answered -> settled     the coder has looked at the answer and signed, or let the claim go as it is
    open -> withdrawn               asked in error

A change is a new record; the old one is in the event log by its hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from billing_core.encounter import Span
from billing_core.errors import QueryError

OTHER, UNDETERMINED = "Other (please specify)", "Unable to determine"
MOST_INDICATORS = 3


class QueryState(StrEnum):
    """Where a query stands."""

    OPEN = "open"
    ANSWERED = "answered"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ProviderQuery:
    """One query. `code` is the code in question and `axis` what it leaves open; neither is shown to the author.

    `indicators` are places in the note whose sha256 is `note_sha256`. `answer` is one of `options`; `words` are the
    author's own, with "other". `answered_by` is the provider, `recorded_by` the login that entered the answer.
    """

    id: str
    encounter_id: str
    provider_id: str
    note_sha256: str
    code: str
    axis: str
    indicators: tuple[Span, ...]
    question: str
    options: tuple[str, ...]
    asked_by: str
    asked_on: date
    state: QueryState = QueryState.OPEN
    answer: str = ""
    words: str = ""
    answered_by: str = ""
    recorded_by: str = ""
    closed_on: date | None = None

    @property
    def holds(self) -> bool:
        """Whether a claim of the visit must wait: until the answer came and a coder has looked at it."""
        return self.state in (QueryState.OPEN, QueryState.ANSWERED)


def checked(query: ProviderQuery) -> ProviderQuery:
    """A query fit to be asked. Raises QueryError: without an indicator, or without both open answers, it leads."""
    if not 1 <= len(query.indicators) <= MOST_INDICATORS:
        raise QueryError("a query shows one to three places of the note", mend="point at what gives cause to ask")
    if not {OTHER, UNDETERMINED} <= set(query.options):
        raise QueryError("a query leaves other and undetermined open", mend=f"offer {OTHER!r} and {UNDETERMINED!r}")
    if not query.question.strip():
        raise QueryError("a query asks something", mend="write the question")
    return query


def answered(query: ProviderQuery, answer: str, words: str, recorded_by: str, on: date) -> ProviderQuery:
    """The query with its author's answer: one of its options; "other" in the author's own words."""
    _must_be(query, QueryState.OPEN)
    if answer not in query.options:
        raise QueryError("not an answer that was offered", mend=f"choose an option, or {OTHER!r} with words")
    if (answer == OTHER) != bool(words.strip()):
        raise QueryError("words belong to the answer other, and to no other answer", mend="give the author's words")
    return replace(
        query,
        state=QueryState.ANSWERED,
        answer=answer,
        words=words.strip(),
        answered_by=query.provider_id,
        recorded_by=recorded_by,
        closed_on=on,
    )


def settled(query: ProviderQuery) -> ProviderQuery:
    """The query once a coder has looked at its answer."""
    _must_be(query, QueryState.ANSWERED)
    return replace(query, state=QueryState.SETTLED)


def withdrawn(query: ProviderQuery, on: date) -> ProviderQuery:
    """The query taken back before it was answered."""
    _must_be(query, QueryState.OPEN)
    return replace(query, state=QueryState.WITHDRAWN, closed_on=on)


def still_open(queries: Iterable[ProviderQuery]) -> tuple[ProviderQuery, ...]:
    """Those that nobody has answered."""
    return tuple(query for query in queries if query.state is QueryState.OPEN)


def _must_be(query: ProviderQuery, state: QueryState) -> None:
    if query.state is not state:
        raise QueryError(f"the query is {query.state}, not {state}", mend="look at the visit's queries")
