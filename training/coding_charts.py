"""What signed charts teach the suggester: two books of phrases, linear weights, how usual each code is.

A *mark* is evidence that a coder pointed at for a code. With marks the books hold the marked words; without them, the
neighbouring words that stand in notes signed with a code far more often than by chance. Privacy: from a practice's
charts a phrase is learned only if notes of `least` patients hold it (five, unless the notes are published), the same
for a phrase with a code, a term with a weight, a code; and only if every word of it is a word of the code set or of our
own lexicon, so that no name, place or number of a chart enters an artifact.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.coding.note_vector import SCALE, terms_of
from models.coding.passages import SMALL_WORDS, Passage, stem
from models.coding.phrase_book import LONGEST_BAG, Entry, PhraseBook, Signed, book_bytes
from models.coding.reranker import Charts, read_charts

PATIENTS = 5
_NEIGHBOURS = 4  # words of a phrase learned without marks
_LIFT, _LEAST_SHARE = 4.0, 0.2
_LINEAR_LEAST = 2  # notes with a code or a term before the linear scores learn it
_RIDGE = 1.0
_WEIGHTS_A_CODE = 400


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters of a note that a coder pointed at for `code`: (start, end) of each word or stretch."""

    code: str
    parts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A signed note as it is learned from: its passages, codes and marks."""

    id: str
    passages: tuple[Passage, ...]
    codes: frozenset[str]
    marks: tuple[Mark, ...] = ()
    patient: str = ""

    @property
    def owner(self) -> str:
        """The patient; a chart that names none is its own."""
        return self.patient or self.id


class _Patients:
    """Of how many patients the charts that hold a thing are."""

    def __init__(self) -> None:
        self._held: dict[Any, set[str]] = {}

    def add(self, things: Iterable[Any], owner: str) -> None:
        """The owner's chart holds these."""
        for thing in things:
            self._held.setdefault(thing, set()).add(owner)

    def __getitem__(self, thing: Any) -> int:
        return len(self._held.get(thing, ()))


@dataclass(frozen=True, slots=True)
class Privacy:
    """What may be learned: phrases of at least `least` patients, of `known` words only (None: published notes)."""

    least: int = PATIENTS
    known: frozenset[str] | None = field(default=None, repr=False)
    _stems: frozenset[str] = field(init=False, repr=False)  # of the known words

    def __post_init__(self) -> None:
        object.__setattr__(self, "_stems", frozenset(map(stem, self.known or ())))

    def allows(self, bag: Iterable[str], stems: bool) -> bool:
        """Whether every word may leave the charts."""
        if self.known is None:
            return True
        allowed = self._stems if stems else self.known
        return all(word in allowed for word in bag)


PUBLISHED = Privacy(least=1)


def charts_files(charts: Sequence[Chart], privacy: Privacy) -> dict[str, bytes]:
    """The files of the artifact's charts part. The same charts give the same bytes."""
    usual = {
        "codes": _counted(charts, lambda code: code),
        "categories": _counted(charts, lambda code: code[:3]),
    }
    return {
        "book_words.tsv": book_bytes(_entries(charts, privacy, stems=False)),
        "book_stems.tsv": book_bytes(_entries(charts, privacy, stems=True)),
        "usual.json": json.dumps(usual, sort_keys=True, indent=0).encode(),
        **_linear_files(charts, privacy),
    }


def learned(charts: Sequence[Chart], privacy: Privacy) -> Charts:
    """The charts part as serving reads it."""
    return read_charts(charts_files(charts, privacy))


def _counted(charts: Iterable[Chart], of: Callable[[str], str]) -> dict[str, int]:
    return dict(Counter(name for chart in charts for name in {of(code) for code in chart.codes}))


# --- books -------------------------------------------------------------------------------------------------------


def _entries(charts: Sequence[Chart], privacy: Privacy, stems: bool) -> list[Entry]:
    marked: Counter[tuple[tuple[str, ...], str]] = Counter()
    for chart in charts:
        marked.update(set(_marked_bags(chart, stems)))
    if not marked:
        marked = _neighbours(charts, privacy, stems)
    least = privacy.least if privacy.known is not None else 1
    by_bag: dict[tuple[str, ...], dict[str, int]] = {}
    for (bag, code), count in marked.items():
        by_bag.setdefault(bag, {})[code] = count
    allowed = {bag: codes for bag, codes in by_bag.items() if privacy.allows(bag, stems)}
    return _counted_entries(charts, allowed, stems, least)


def _said(passage: Passage, stems: bool) -> tuple[str, ...]:
    return passage.stems if stems else passage.normals


def _marked_bags(chart: Chart, stems: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    """The bag of each mark, sentence by sentence."""
    for mark in chart.marks:
        for passage in chart.passages:
            said = _said(passage, stems)
            bag = {
                said[at]
                for at, word in enumerate(passage.words)
                if word.normal not in SMALL_WORDS and any(start <= word.start < end for start, end in mark.parts)
            }
            if 0 < len(bag) <= LONGEST_BAG:
                yield tuple(sorted(bag)), mark.code


def _neighbours(charts: Sequence[Chart], privacy: Privacy, stems: bool) -> Counter[tuple[tuple[str, ...], str]]:
    """Runs of words that go with a code: in enough notes, in a fair share of them, and not by chance."""
    holding: Counter[tuple[str, ...]] = Counter()
    together: Counter[tuple[tuple[str, ...], str]] = Counter()
    least = max(privacy.least, 2)
    patients = _Patients()
    runs = [_runs(chart, stems) for chart in charts]
    for run in runs:
        holding.update(run)
    for chart, run in zip(charts, runs, strict=True):
        pairs = [(bag, code) for bag in run if holding[bag] >= least for code in chart.codes]
        together.update(pairs)
        patients.add(pairs, chart.owner)
    usual = _counted(charts, lambda code: code)
    return Counter(
        {
            (bag, code): count
            for (bag, code), count in together.items()
            if patients[bag, code] >= least
            and count >= _LEAST_SHARE * holding[bag]
            and count * len(charts) >= _LIFT * holding[bag] * usual[code]
        }
    )


def _runs(chart: Chart, stems: bool) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for passage in chart.passages:
        said = _said(passage, stems)
        for first in range(len(said)):
            for last in range(first + 1, min(first + _NEIGHBOURS, len(said)) + 1):
                run = said[first:last]
                if passage.normals[first] in SMALL_WORDS or passage.normals[last - 1] in SMALL_WORDS:
                    continue
                bag = tuple(sorted({w for w, n in zip(run, passage.normals[first:last], strict=True) if _tells(n)}))
                if bag:
                    found.add(bag)
    return found


def _tells(word: str) -> bool:
    return word not in SMALL_WORDS


def _counted_entries(
    charts: Sequence[Chart], bags: Mapping[tuple[str, ...], Mapping[str, int]], stems: bool, least: int
) -> list[Entry]:
    """The bags that `least` patients have, and for each code of as many how many notes with the bag were signed so."""
    frequency = Counter(w for c in charts for w in {w for p in c.passages for w in _said(p, stems)})
    ordered = {bag: tuple(sorted(bag, key=lambda w: (frequency[w], w))) for bag in bags}
    book = PhraseBook(
        Entry(ordered[bag], 0, 0, tuple(Signed(c, n, 0) for c, n in sorted(codes.items())))
        for bag, codes in sorted(bags.items())
    )
    holding: Counter[tuple[str, ...]] = Counter()
    signed: Counter[tuple[tuple[str, ...], str]] = Counter()
    patients = _Patients()
    for chart in charts:
        held = {found.entry.bag for p in chart.passages for found in book.find(_said(p, stems))}
        pairs = [(bag, code) for bag in held for code in chart.codes]
        holding.update(held)
        signed.update(pairs)
        patients.add(held, chart.owner)
        patients.add(pairs, chart.owner)
    return [
        Entry(
            ordered[bag],
            holding[ordered[bag]],
            sum(_rarity(frequency[w], len(charts)) for w in bag),
            tuple(
                Signed(c, n, signed[ordered[bag], c])
                for c, n in sorted(codes.items())
                if least <= 1 or patients[ordered[bag], c] >= least
            ),
        )
        for bag, codes in sorted(bags.items())
        if least <= 1 or patients[ordered[bag]] >= least
    ]


def _rarity(count: int, total: int) -> int:
    return round(1000 * math.log(1 + total / (1 + count)))


# --- linear scores -----------------------------------------------------------------------------------------------


def _linear_files(charts: Sequence[Chart], privacy: Privacy) -> dict[str, bytes]:
    """Ridge regression of every code on the note's words, in its dual form; the largest weights of each code."""
    import numpy as np
    from scipy import sparse

    held = [terms_of(chart.passages) for chart in charts]
    count = Counter(term for terms in held for term in terms)
    least = max(_LINEAR_LEAST, privacy.least if privacy.known is not None else 1)
    of_terms, of_codes = _Patients(), _Patients()
    for chart, found in zip(charts, held, strict=True):
        of_terms.add(found, chart.owner)
        of_codes.add(chart.codes, chart.owner)
    terms = sorted(t for t in count if of_terms[t] >= least and privacy.allows(t.split(), stems=False))
    number = {term: at for at, term in enumerate(terms)}
    rarity = [round(1000 * (1 + math.log((1 + len(charts)) / (1 + count[t])))) for t in terms]
    usual = _counted(charts, lambda code: code)
    codes = sorted(code for code in usual if of_codes[code] >= least)
    rows = [_vector(found, number, rarity) for found in held]
    matrix = sparse.csr_matrix(
        (
            [v for row in rows for _, v in row],
            [t for row in rows for t, _ in row],
            np.cumsum([0, *(len(row) for row in rows)]),
        ),
        shape=(len(charts), len(terms)),
    )
    signed = np.asarray([[code in chart.codes for code in codes] for chart in charts], dtype="f8")
    signed = signed.reshape(len(charts), len(codes))
    prior = signed.mean(axis=0)
    dual = np.linalg.solve((matrix @ matrix.T).toarray() + _RIDGE * np.eye(len(charts)), signed - prior)
    weights = np.asarray(matrix.T @ dual)
    return _linear_bytes(terms, rarity, codes, prior, weights)


def _vector(
    found: Mapping[str, tuple[int, int, int]], number: Mapping[str, int], rarity: Sequence[int]
) -> list[tuple[int, float]]:
    row = [
        (number[t], (1 + math.log(times)) * rarity[number[t]] / 1000)
        for t, (times, _, _) in sorted(found.items())
        if t in number
    ]
    length = math.sqrt(sum(v * v for _, v in row)) or 1.0
    return [(t, v / length) for t, v in row]


def _linear_bytes(
    terms: Sequence[str], rarity: Sequence[int], codes: Sequence[str], prior: Any, weights: Any
) -> dict[str, bytes]:
    import numpy as np

    whole = np.rint(weights * SCALE).astype("i4").clip(-32000, 32000)
    if len(terms) > _WEIGHTS_A_CODE and len(codes):
        cut = np.sort(np.abs(whole), axis=0)[-_WEIGHTS_A_CODE]
        whole[np.abs(whole) < np.maximum(cut, 1)] = 0
    kept = [np.flatnonzero(row) for row in whole]
    flat = np.concatenate([np.zeros(0, "i8"), *kept])
    values = np.concatenate([np.zeros(0, "i4"), *(row[k] for row, k in zip(whole, kept, strict=True))])
    return {
        "linear_terms.tsv": "".join(f"{t}\t{r}\n" for t, r in zip(terms, rarity, strict=True)).encode(),
        "linear_codes.tsv": "".join(f"{c}\t{round(p * SCALE)}\n" for c, p in zip(codes, prior, strict=True)).encode(),
        "linear_offsets.bin": np.cumsum([0, *(len(k) for k in kept)]).astype("<u4").tobytes(),
        "linear_columns.bin": flat.astype("<u2").tobytes(),
        "linear_weights.bin": values.astype("<i2").tobytes(),
    }


def known_words(vocabulary: Collection[str]) -> frozenset[str]:
    """The words that may be learned: those of the code set and of our lexicon, letters only."""
    return frozenset(word for word in vocabulary if word.isalpha())
