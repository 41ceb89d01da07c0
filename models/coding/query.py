"""What the code set asks and the note does not say: the ladder of an unspecified code, and a query to its author.

The ladder compares an unspecified code with its sisters in the ICD-10-CM tree and names the axis on which they differ
(side, trimester, severity, stage ...). The draft follows the ACDIS/AHIMA brief "Guidelines for Achieving a Compliant
Query Practice" (2022): clinical indicators shown as they stand in the note, a neutral question, every option the code
set offers in its own order, "other" and "unable to determine" always among them, and not a word of payment. It never
proposes words for the note: the answer is the author's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from billing_core.encounter import Span
from billing_core.provider_query import MOST_INDICATORS, OTHER, UNDETERMINED
from models.coding.code_table import CodeRow, CodeTable

MOST_OPTIONS = 8  # more, and the question is asked openly
SOURCE = "ICD-10-CM guidelines I.B.2 and I.B.18; ACDIS/AHIMA compliant query practice, 2022"


class Axis(StrEnum):
    """What the code set asks for."""

    SIDE = "side"
    TRIMESTER = "trimester"
    SEVERITY = "severity"
    STAGE = "stage"
    ACUITY = "acuity"
    TYPE = "type"
    COMPLICATION = "complication"
    KIND = "kind or site"


_AXIS_WORDS: tuple[tuple[Axis, str], ...] = (
    (Axis.SIDE, r"right|left|bilateral"),
    (Axis.TRIMESTER, r"trimester"),
    (Axis.STAGE, r"stage"),
    (Axis.SEVERITY, r"mild|moderate|severe"),
    (Axis.ACUITY, r"acute|chronic|subacute|recurrent|persistent"),
    (Axis.TYPE, r"type"),
    (Axis.COMPLICATION, r"with|without"),
)
_QUESTIONS = {
    Axis.SIDE: "Which side does this concern?",
    Axis.TRIMESTER: "Which trimester was the pregnancy in on the day of the visit?",
    Axis.SEVERITY: "How would you describe the severity on the day of the visit?",
    Axis.STAGE: "Which stage was present on the day of the visit?",
    Axis.ACUITY: "How would you describe the acuity on the day of the visit?",
    Axis.TYPE: "Which type is it, in your clinical judgment?",
    Axis.COMPLICATION: "Was any of the following present with it, in your clinical judgment?",
    Axis.KIND: "Can the condition be described further, in your clinical judgment?",
}
_UNSPECIFIED = re.compile(r"\bunspecified\b", re.I)
# Words that would steer the answer, or speak of money.
LEADING = re.compile(
    r"\b(?:pay(?:s|ment|er|ers)?|paid|reimburs\w*|revenue|bill(?:ed|able|ing)?|charge[sd]?|drg|rvus?|risk adjust\w*"
    r"|hcc|quality scores?|denials?|denied|don't you|isn't it|would you agree|please document|please add|should be"
    r"|upgrade|higher|maximi[sz]e|optimi[sz]e)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Rung:
    """An axis that the code leaves open, and the answers the code set knows: (words, code), in code order."""

    axis: Axis
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class QueryDraft:
    """A draft for the note's author. `indicators` are places in the note; `options` carry no codes."""

    code: str
    axis: Axis
    indicators: tuple[Span, ...]
    question: str
    options: tuple[str, ...]
    source: str = SOURCE

    def text(self, note: str) -> str:
        """The query as it is read: indicators quoted from the note, the question, the options."""
        quoted = [f'- "{" ".join(note[s.start : s.end].split())}"' for s in self.indicators]
        chosen = [f"[ ] {option}" for option in self.options]
        return "\n".join(["The note states:", *quoted, "", self.question, *chosen])


def ladder(table: CodeTable, code: str) -> tuple[Rung, ...]:
    """The axes that an unspecified code leaves open; empty for a code that leaves none."""
    stem = table.stem(code)
    if stem not in table or not _UNSPECIFIED.search(table.row(stem).title):
        return ()
    title = table.row(stem).title
    sisters = _sisters(table, stem)
    trimester = Axis.TRIMESTER if "unspecified trimester" in title.lower() else None
    titles = frozenset(sister.title.lower() for sister in sisters)
    found: dict[Axis, list[tuple[str, str]]] = {}
    for row in sisters:
        words = _difference(row.title, [title, *(s.title for s in sisters)])
        if words and _open(row.title) < _open(title) and not row.title.lower().startswith("other "):
            axis = trimester or _axis(words, _sided(row.title, titles))
            found.setdefault(axis, []).append((_answer(axis, row.title), row.code))
    order = list(Axis)
    return tuple(Rung(axis, tuple(found[axis])) for axis in sorted(found, key=order.index))


def _open(title: str) -> int:
    """How much a title leaves open: its words "unspecified"."""
    return len(_UNSPECIFIED.findall(title))


def _sisters(table: CodeTable, stem: str) -> list[CodeRow]:
    """The billable codes that share the longest prefix with any sister: "N18.9" is a sister of "N18.31"."""
    for length in range(len(stem) - 1, 2, -1):
        found = [row for row in table.below(stem[:length].rstrip(".")) if row.code != stem]
        if found:
            return found
    return []


def _difference(title: str, others: Sequence[str]) -> str:
    """The words of a title that not all of its sisters share."""
    shared = set.intersection(*({w.strip(",()").lower() for w in other.split()} for other in others))
    kept = [w for w in title.split() if w.strip(",()").lower() not in shared]
    return " ".join(kept).strip(" ,")


def _axis(words: str, sided: bool) -> Axis:
    said = words.lower()
    named = (axis for axis, pattern in _AXIS_WORDS if re.search(rf"\b(?:{pattern})\b", said))
    return next((axis for axis in named if sided or axis is not Axis.SIDE), Axis.KIND)


def _sided(title: str, titles: frozenset[str]) -> bool:
    """Whether a title has its mirror image among its sisters: "right heart failure" has none, and names no side."""
    mirrored = re.sub(r"\b(right|left)\b", lambda m: "left" if m.group() == "right" else "right", title.lower())
    return mirrored in titles


def _answer(axis: Axis, title: str) -> str:
    """The answer as its author reads it: a side or a trimester by its word, anything else by the code set's title."""
    pattern = {Axis.SIDE: r"\b(?:right|left|bilateral)\b", Axis.TRIMESTER: r"\b(?:first|second|third) trimester\b"}
    found = re.search(pattern[axis], title, re.I) if axis in pattern else None
    return found.group().capitalize() if found else title


def draft(table: CodeTable, code: str, indicators: Sequence[Span]) -> QueryDraft | None:
    """A query about the first axis the code leaves open; None where it leaves none or nothing in the note speaks of it.

    Without indicators there is no query: a question that the note gives no cause for leads.
    """
    rungs = [rung for rung in ladder(table, code) if len({words for words, _ in rung.answers}) > 1]
    if not rungs or not indicators:
        return None  # a single answer would be the one that is wanted
    rung = rungs[0]
    named = tuple(dict.fromkeys(words for words, _ in rung.answers))
    options = named if len(named) <= MOST_OPTIONS else ()
    return QueryDraft(
        table.stem(code),
        rung.axis,
        tuple(indicators[:MOST_INDICATORS]),
        _QUESTIONS[rung.axis],
        (*options, OTHER, UNDETERMINED),
    )


def leading_words(text: str) -> tuple[str, ...]:
    """The words of a query that steer or speak of money, for a draft that a person has changed; empty is good."""
    return tuple(dict.fromkeys(match.group().lower() for match in LEADING.finditer(text)))
