"""From all that a note holds for each code to one calibrated probability: LightGBM over named columns.

Candidates come from five places: the two books of what signed charts call things, the titles and inclusion terms of
the code set, the drafts of the cold reading (headers, mentions, context), and the linear score of the whole note. Each
candidate is a row of `COLUMNS`; a code without a place in the note is no candidate. The same `rows` are made in
training, on charts the books have not seen.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.coding.candidates import OWN, TermIndex
from models.coding.code_table import CodeTable
from models.coding.context import STRENGTH, Context
from models.coding.note_vector import LinearCodes, LinearScore
from models.coding.passages import SMALL_WORDS, Passage
from models.coding.phrase_book import Found, PhraseBook, read_book

LINEAR_CANDIDATES = 100
TITLE_FLOOR = 500  # per mille of a title's weight that a sentence must hold
TITLES_A_SENTENCE = 40

_PHRASE = (
    "share", "marked", "notes", "size", "slack", "inside", "context", "of_marks", "of_best", "place", "weight",
    "second", "together", "hits", "passages", "best_stands", "best_whole", "best_whole_stands", "best_close",
    "most_marked", "largest", "least_slack", "negated", "rival", "lead", "rival_in_category",
)  # fmt: skip
COLUMNS: tuple[str, ...] = (
    *(f"words_{name}" for name in _PHRASE),
    *(f"stems_{name}" for name in _PHRASE),
    "title_share", "title_weight", "title_words", "title_source", "title_context",
    "draft_score", "draft_grade", "draft_places", "draft_against",
    "linear_score", "linear_rank",
    "signed", "category_signed", "category_best", "category_lead", "category_candidates", "chapter", "length",
    "ends_in_nine", "ends_in_zero", "billable", "note_passages", "note_words", "candidates",
)  # fmt: skip
_MISSING = float("nan")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the cold reading says of a code: score per mille, number of its grade, places for it, places against."""

    score: int
    grade: int
    places: int
    against: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A book's entry for one code at one place of the note."""

    share: float  # of the notes with the bag, those signed with the code
    marked: int
    notes: int
    size: int
    slack: int
    inside: bool  # a larger bag was found around it
    context: int
    of_marks: float
    of_best: float
    place: float
    weight: int
    passage: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class TitleHit:
    """The title or term of the code set that a sentence holds best for one code."""

    share: int
    weight: int
    words: int
    own: bool
    context: int
    passage: int
    first: int
    last: int


@dataclass(slots=True)
class Gathered:
    """All that was found for one code of one note."""

    words: list[Hit] = field(default_factory=list)
    stems: list[Hit] = field(default_factory=list)
    title: TitleHit | None = None
    draft: Draft | None = None
    linear: LinearScore | None = None


@dataclass(frozen=True, slots=True)
class Usual:
    """How many signed notes hold each code, and each category."""

    codes: Mapping[str, int]
    categories: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Charts:
    """What was learned from signed charts: two books, linear weights, how usual each code is."""

    words: PhraseBook
    stems: PhraseBook
    linear: LinearCodes
    usual: Usual


def read_charts(files: Mapping[str, bytes]) -> Charts:
    """The charts' part of an artifact. Raises KeyError or ValueError for files of another shape."""
    usual = json.loads(files["usual.json"])
    return Charts(
        PhraseBook(read_book(files["book_words.tsv"])),
        PhraseBook(read_book(files["book_stems.tsv"])),
        LinearCodes(files),
        Usual(usual["codes"], usual["categories"]),
    )


def gather(
    note: Sequence[Passage], charts: Charts, index: TermIndex, table: CodeTable, drafts: Mapping[str, Draft]
) -> dict[str, Gathered]:
    """Every candidate of the note with what was found for it, in code order."""
    found: dict[str, Gathered] = {}
    total = sum(len(p.words) for p in note) or 1
    before = 0
    for number, passage in enumerate(note):
        place = before / total
        before += len(passage.words)
        for view, book, said in (("words", charts.words, passage.normals), ("stems", charts.stems, passage.stems)):
            for code, hit in _hits(list(book.find(said)), passage, number, place):
                getattr(found.setdefault(code, Gathered()), view).append(hit)
        _titles(found, passage, number, index, table)
    for score in charts.linear.best(note, LINEAR_CANDIDATES):
        found.setdefault(score.code, Gathered()).linear = score
    for code, draft in drafts.items():
        found.setdefault(code, Gathered()).draft = draft
    return dict(sorted(found.items()))


_CONTEXTS: dict[Context | None, int] = {None: 0, **{context: rank + 1 for context, rank in STRENGTH.items()}}
NEGATED = _CONTEXTS[Context.NEGATED]


def _hits(found: Sequence[Found], passage: Passage, number: int, place: float) -> Iterable[tuple[str, Hit]]:
    spans = [(o.first, o.last, len(o.entry.bag)) for o in found]
    for item in found:
        entry, first, last, size = item.entry, item.first, item.last, len(item.entry.bag)
        inside = False
        for other_first, other_last, other_size in spans:
            if other_size > size and other_first <= first and last <= other_last:
                inside = True
                break
        context = max(_CONTEXTS[passage.contexts[item.first]], _CONTEXTS[passage.contexts[item.last]])
        marks = sum(s.marked for s in entry.codes) or 1
        most = max(s.signed for s in entry.codes) or 1
        for signed in entry.codes:
            yield signed.code, Hit(
                signed.signed / (entry.notes + 1), signed.marked, entry.notes, size, item.slack, inside,
                context, signed.marked / marks, signed.signed / most, place, entry.weight, number, item.first,
                item.last,
            )  # fmt: skip


def _titles(found: dict[str, Gathered], passage: Passage, number: int, index: TermIndex, table: CodeTable) -> None:
    said = [w for w in passage.normals if w not in SMALL_WORDS]
    for term in index.covered(said, TITLE_FLOOR, TITLES_A_SENTENCE):
        code = table.usual_leaf(term.code)
        if not code:
            continue
        item = found.setdefault(code, Gathered())
        if item.title is not None and (term.share, term.weight) <= (item.title.share, item.title.weight):
            continue
        named = frozenset(term.words.split())
        places = [at for at, word in enumerate(passage.normals) if word in named]
        context = max(_CONTEXTS[passage.contexts[at]] for at in places)
        item.title = TitleHit(
            term.share, term.weight, len(named), term.source in OWN, context, number, places[0], places[-1]
        )


def rows(note: Sequence[Passage], found: Mapping[str, Gathered], usual: Usual, table: CodeTable) -> Any:
    """The candidates as a matrix, one row a code in the order of `found`, columns as COLUMNS."""
    import numpy as np

    best = {code: max((h.share for h in (*g.words, *g.stems)), default=0.0) for code, g in found.items()}
    category_best: dict[str, float] = {}
    for code, share in best.items():
        category_best[code[:3]] = max(category_best.get(code[:3], 0.0), share)
    category_size = Counter(code[:3] for code in found)
    rivals = {view: _Rivals(found, view) for view in ("words", "stems")}
    note_columns = [float(len(note)), math.log(1 + sum(len(p.words) for p in note)), float(len(found))]
    made: list[list[float]] = []
    for code, item in found.items():
        category = code[:3]
        made.append(
            [
                *_phrase_columns(code, item.words, rivals["words"]),
                *_phrase_columns(code, item.stems, rivals["stems"]),
                *_title_columns(item.title),
                *_draft_columns(item.draft),
                *((item.linear.score, float(item.linear.rank)) if item.linear else (_MISSING, 99.0)),
                math.log(1 + usual.codes.get(code, 0)),
                math.log(1 + usual.categories.get(category, 0)),
                category_best[category],
                best[code] - category_best[category],
                float(category_size[category]),
                float(ord(code[0]) - 65),
                float(len(code)),
                float(code[-1] == "9"),
                float(code[-1] == "0"),
                float(table.billable(code)),
                *note_columns,
            ]
        )
    return np.asarray(made, dtype="f4").reshape(len(made), len(COLUMNS))


class _Rivals:
    """For each code its best hit in one book, to set beside the hits of other codes over the same words."""

    def __init__(self, found: Mapping[str, Gathered], view: str) -> None:
        self._by_passage: dict[int, list[tuple[float, str, int, int]]] = {}
        for code, item in found.items():
            places: dict[tuple[int, int, int], float] = {}
            for hit in getattr(item, view):
                key = (hit.passage, hit.first, hit.last)
                places[key] = max(places.get(key, 0.0), hit.share)
            for (passage, first, last), share in places.items():
                self._by_passage.setdefault(passage, []).append((share, code, first, last))
        for spans in self._by_passage.values():
            spans.sort(key=lambda s: (-s[0], s[1]))

    def against(self, code: str, hit: Hit) -> tuple[float, float]:
        """The best share of another code over the same words; and of another code of the same category."""
        rival = same = -1.0
        for share, other, first, last in self._by_passage[hit.passage]:
            if other == code or last < hit.first or hit.last < first:
                continue
            rival = max(rival, share)
            if other[:3] == code[:3]:
                same = share
                break
        return max(rival, 0.0), max(same, 0.0)


def _phrase_columns(code: str, hits: Sequence[Hit], rivals: _Rivals) -> list[float]:
    if not hits:
        return [_MISSING] * len(_PHRASE)
    best = min(hits, key=_best_first) if len(hits) > 1 else hits[0]
    rival, same = rivals.against(code, best)
    apart = 1.0
    second = best_stands = best_whole = best_both = best_close = 0.0
    standing = marked = size = 0
    slack = best.slack
    for hit in hits:
        share = hit.share
        apart *= 1.0 - min(0.99, share)
        if hit is not best and share > second:
            second = share
        stands = hit.context != NEGATED
        standing += stands
        if stands and share > best_stands:
            best_stands = share
        if not hit.inside:
            best_whole = max(best_whole, share)
            if stands and share > best_both:
                best_both = share
            if hit.slack <= 1 and share > best_close:
                best_close = share
        marked, size, slack = max(marked, hit.marked), max(size, hit.size), min(slack, hit.slack)
    return [
        best.share, math.log(1 + best.marked), math.log(1 + best.notes), float(best.size), float(best.slack),
        float(best.inside), float(best.context), best.of_marks, best.of_best, best.place, best.weight / 1000,
        second, 1.0 - apart, float(len(hits)), float(len({h.passage for h in hits})),
        best_stands, best_whole, best_both, best_close, float(marked), float(size), float(slack),
        1.0 - standing / len(hits), rival, best.share - rival, same,
    ]  # fmt: skip


def _best_first(hit: Hit) -> tuple[float, int, int, int, int]:
    return (-hit.share, -hit.size, hit.slack, hit.passage, hit.first)


def _title_columns(title: TitleHit | None) -> list[float]:
    if title is None:
        return [_MISSING] * 5
    return [title.share / 1000, title.weight / 1000, float(title.words), float(title.own), float(title.context)]


def _draft_columns(draft: Draft | None) -> list[float]:
    if draft is None:
        return [_MISSING] * 4
    return [draft.score / 1000, float(draft.grade), float(draft.places), float(draft.against)]


def places_of(note: Sequence[Passage], item: Gathered) -> list[tuple[int, int]]:
    """Where the note speaks for the candidate, the best place first: characters start..end."""
    found: list[tuple[int, int]] = []
    for hit in sorted((*item.words, *item.stems), key=_best_first):
        found.append(_characters(note[hit.passage], hit.first, hit.last))
    if item.draft is not None:
        found.append((item.draft.start, item.draft.end))
    if item.title is not None:
        found.append(_characters(note[item.title.passage], item.title.first, item.title.last))
    if not found and item.linear is not None:
        found.append(_characters(note[item.linear.passage], item.linear.word, item.linear.word))
    return list(dict.fromkeys(found))


def _characters(passage: Passage, first: int, last: int) -> tuple[int, int]:
    return passage.words[first].start, passage.words[last].end


class Reranker:
    """The trees and their calibration, as the artifact carries them."""

    def __init__(self, trees: bytes, calibration: bytes) -> None:
        import lightgbm

        self._trees = lightgbm.Booster(model_str=trees.decode())
        if tuple(self._trees.feature_name()) != COLUMNS:
            raise ValueError("the reranker was trained on other columns")
        fitted = json.loads(calibration)
        self._slope, self._offset = float(fitted["slope"]), float(fitted["offset"])

    def probabilities(self, matrix: Any) -> list[int]:
        """Calibrated probability of each row, in parts per million."""
        if not len(matrix):
            return []
        raw = self._trees.predict(matrix, raw_score=True, num_threads=1)
        return [calibrated(float(score), self._slope, self._offset) for score in raw]


def calibrated(raw: float, slope: float, offset: float) -> int:
    """Parts per million of the logistic curve through the raw score."""
    return round(1_000_000 / (1.0 + math.exp(-max(-30.0, min(30.0, slope * raw + offset)))))
