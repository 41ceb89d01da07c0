"""Evidence that coders marked in the original language of a note, carried over to its translation.

Some published charts come as a translation with the evidence marked in the original (`spanish_notes/`,
`spanish_spans.tsv`). Sentences are paired by dynamic programming, words by IBM Model 1 (Brown and others, 1993) fitted
on those pairs, both in turns; a word of the translation carries the mark of the words it most likely translates. Charts
whose evidence is marked in the note itself (`spans.tsv`: note_id, code, start, end) need none of this.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.coding_charts import Mark

_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+(?=[A-ZÁÉÍÓÚÑ¿0-9(])|\n+")
_PLAIN = str.maketrans("áéíóúüñ", "aeiouun")
_TURNS, _ROUNDS = 3, 5
_SURE = 0.4  # share of a word's translation that must lie in the mark
_STEPS = ((1, 1, 0.0), (1, 0, -3.0), (0, 1, -3.0), (1, 2, -1.0), (2, 1, -1.0))  # sentences taken on each side, cost

Token = tuple[str, int, int]
Sentence = list[Token]
Pair = tuple[Sentence, Sentence]


def read_marks(folder: Path) -> dict[str, tuple[Mark, ...]]:
    """{note id: marks} of a folder of charts; empty where it holds no marked evidence."""
    if (folder / "spans.tsv").is_file():
        return _own_marks(folder / "spans.tsv")
    if (folder / "spanish_spans.tsv").is_file():
        return _projected(folder)
    return {}


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _own_marks(path: Path) -> dict[str, tuple[Mark, ...]]:
    found: dict[str, list[Mark]] = {}
    for row in _table(path):
        mark = Mark(row["code"].strip().upper(), ((int(row["start"]), int(row["end"])),))
        found.setdefault(row["note_id"], []).append(mark)
    return {note: tuple(marks) for note, marks in found.items()}


@dataclass(frozen=True, slots=True)
class _Bitext:
    """A note and its original, sentence by sentence."""

    translation: list[Sentence]
    original: list[Sentence]


def _projected(folder: Path) -> dict[str, tuple[Mark, ...]]:
    notes = {path.stem: _bitext(folder, path.name) for path in sorted((folder / "notes").glob("*.txt"))}
    model, paired = _aligned(notes)
    found: dict[str, list[Mark]] = {}
    links = {note: list(_links(pairs, model)) for note, pairs in paired.items()}
    for row in _table(folder / "spanish_spans.tsv"):
        spans = [tuple(map(int, part.split())) for part in row["offsets"].split(";")]
        parts = _translated(links.get(row["note_id"], []), spans)
        if parts:
            found.setdefault(row["note_id"], []).append(Mark(row["code"].strip().upper(), parts))
    return {note: tuple(marks) for note, marks in found.items()}


def _bitext(folder: Path, name: str) -> _Bitext:
    translation = (folder / "notes" / name).read_text(encoding="utf-8")
    original = (folder / "spanish_notes" / name).read_text(encoding="utf-8")
    return _Bitext(list(_sentences(translation)), list(_sentences(original)))


def _sentences(text: str) -> Iterator[Sentence]:
    start = 0
    for match in [*_SENTENCE.finditer(text), None]:
        end = match.start() if match else len(text)
        found = [(w.group().lower().translate(_PLAIN), w.start(), w.end()) for w in _WORD.finditer(text, start, end)]
        if found:
            yield found
        start = match.end() if match else end


def _said(sentences: Sequence[Sentence]) -> list[str]:
    return [token[0] for sentence in sentences for token in sentence]


# --- pairing sentences -------------------------------------------------------------------------------------------


def _aligned(notes: Mapping[str, _Bitext]) -> tuple[_WordModel, dict[str, list[Pair]]]:
    """Sentences paired by likeness of spelling, then twice more by the word model fitted on the pairs before."""
    paired = {note: _pairs(bitext, _by_spelling(bitext)) for note, bitext in notes.items()}
    model = _WordModel([pair for pairs in paired.values() for pair in pairs])
    for _ in range(_TURNS - 1):
        paired = {note: _pairs(bitext, _by_model(bitext, model)) for note, bitext in notes.items()}
        model = _WordModel([pair for pairs in paired.values() for pair in pairs])
    return model, paired


Likeness = Callable[[int, int, int, int], float]


def _by_spelling(bitext: _Bitext) -> Likeness:
    """How many word beginnings and numbers two stretches of sentences share."""
    ours, theirs = ([_beginnings(s) for s in side] for side in (bitext.translation, bitext.original))

    def likeness(i: int, a: int, j: int, b: int) -> float:
        mine = frozenset[str]().union(*ours[i:a])
        other = frozenset[str]().union(*theirs[j:b])
        shared = 6 * len(mine & other) / (1 + min(len(mine), len(other)))
        return shared - 1.5 * _length_gap(_count(bitext.translation[i:a]), _count(bitext.original[j:b]))

    return likeness


def _by_model(bitext: _Bitext, model: _WordModel) -> Likeness:
    """How well each word of the translation is explained by the original."""
    import numpy as np

    table = model.matrix(_said(bitext.translation), _said(bitext.original))[1:]
    gain = np.log(np.maximum(table, 1e-6) / 1e-3)
    ours = np.cumsum([0, *map(len, bitext.translation)])
    theirs = np.cumsum([0, *map(len, bitext.original)])

    def likeness(i: int, a: int, j: int, b: int) -> float:
        block = gain[theirs[j] : theirs[b], ours[i] : ours[a]]
        explained = 3 * float(np.clip(block.max(axis=0), -1, 4).mean())
        return explained - _length_gap(int(ours[a] - ours[i]), int(theirs[b] - theirs[j]))

    return likeness


def _beginnings(sentence: Sentence) -> frozenset[str]:
    return frozenset(word[:5] for word, _, _ in sentence if len(word) > 3 or word[0].isdigit())


def _count(sentences: Sequence[Sentence]) -> int:
    return sum(map(len, sentences))


def _length_gap(ours: int, theirs: int) -> float:
    return abs(math.log((ours + 2) / (theirs + 2)))


def _pairs(bitext: _Bitext, likeness: Likeness) -> list[Pair]:
    """The best monotone pairing; sentences without a partner are left out."""
    n, m = len(bitext.translation), len(bitext.original)
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for i in range(n + 1):
        for j in range(m + 1):
            if (i, j) not in best:
                continue
            for di, dj, cost in _STEPS:
                a, b = i + di, j + dj
                if a > n or b > m:
                    continue
                score = best[i, j][0] + cost + (likeness(i, a, j, b) if di and dj else 0.0)
                if (a, b) not in best or score > best[a, b][0]:
                    best[a, b] = (score, (i, j))
    found: list[Pair] = []
    at = (n, m)
    while at != (0, 0):
        i, j = best[at][1]
        if i < at[0] and j < at[1]:
            ours = [t for s in bitext.translation[i : at[0]] for t in s]
            theirs = [t for s in bitext.original[j : at[1]] for t in s]
            found.append((ours, theirs))
        at = (i, j)
    return found[::-1]


# --- translating words -------------------------------------------------------------------------------------------


class _WordModel:
    """IBM Model 1: how likely each original word is translated by each word, begun from likeness of spelling."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        import numpy as np

        self._np: Any = np
        self._ours: dict[str, int] = {}
        self._theirs: dict[str, int] = {}
        numbered = [
            (
                np.asarray([self._ours.setdefault(w, len(self._ours)) for w, _, _ in ours], dtype="i8"),
                np.asarray([0, *(self._theirs.setdefault(w, len(self._theirs) + 1) for w, _, _ in theirs)], dtype="i8"),
            )
            for ours, theirs in pairs
        ]
        self._width = max(1, len(self._ours))
        keys = [(theirs[:, None] * self._width + ours[None, :]).ravel() for ours, theirs in numbered]
        self._keys, place = np.unique(np.concatenate([np.zeros(0, "i8"), *keys]), return_inverse=True)
        starts = np.cumsum([0, *(len(ours) for ours, _ in numbered)])
        column = np.concatenate(
            [
                np.zeros(0, "i8"),
                *(np.tile(np.arange(len(o)), len(t)) + at for (o, t), at in zip(numbered, starts, strict=False)),
            ]
        )
        self._fit(place, column, int(starts[-1]))

    def _fit(self, place: Any, column: Any, columns: int) -> None:
        np = self._np
        source = self._keys // self._width
        share = self._spelling()
        for _ in range(_ROUNDS):
            each = share[place]
            each = each / np.bincount(column, each, columns)[column]
            counted = np.bincount(place, each, len(self._keys))
            share = (counted + 1e-4) / (np.bincount(source, counted)[source] + 5e-3)
        self._share = share

    def _spelling(self) -> Any:
        np = self._np
        ours, theirs = list(self._ours), ["", *self._theirs]
        number: dict[str, int] = {}
        begins = [np.asarray([number.setdefault(w[:4], len(number)) for w in side]) for side in (ours, theirs)]
        column, row = self._keys % self._width, self._keys // self._width
        share = np.ones(len(self._keys))
        for at in np.flatnonzero(begins[0][column] == begins[1][row]).tolist():  # others cannot be alike
            share[at] += 20.0 * _alike(ours[int(column[at])], theirs[int(row[at])])
        return share

    def matrix(self, ours: Sequence[str], theirs: Sequence[str]) -> Any:
        """Shares: a row for each original word, the first for none; a column for each translated word."""
        np = self._np
        column = np.asarray([self._ours.get(w, -1) for w in ours], dtype="i8")
        row = np.asarray([0, *(self._theirs.get(w, -1) for w in theirs)], dtype="i8")
        key = row[:, None] * self._width + column[None, :]
        at = np.searchsorted(self._keys, key).clip(0, len(self._keys) - 1)
        known = (self._keys[at] == key) & (column >= 0)[None, :] & (row >= 0)[:, None]
        return np.where(known, self._share[at], 1e-6)


def _alike(ours: str, theirs: str) -> float:
    """1 for the same word or number; for long words the share of the beginning they have in common."""
    if ours == theirs:
        return 1.0
    if not theirs or ours[0].isdigit() or theirs[0].isdigit():
        return 0.0
    common = next(
        (k for k, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
    )
    return 0.75 * common / max(len(ours), len(theirs)) if common >= 4 else 0.0


@dataclass(frozen=True, slots=True)
class _Linked:
    """A pair of sentences and, for each of our words, the share it owes to each original word."""

    ours: Sentence
    theirs: Sentence
    share: Any


def _links(pairs: Sequence[Pair], model: _WordModel) -> Iterator[_Linked]:
    import numpy as np

    for ours, theirs in pairs:
        table = model.matrix([t[0] for t in ours], [t[0] for t in theirs]).copy()
        down = (np.arange(len(theirs))[:, None] + 0.5) / len(theirs)
        across = (np.arange(len(ours))[None, :] + 0.5) / len(ours)
        table[1:] *= np.exp(-6 * np.abs(down - across))
        table[0] *= 0.3
        yield _Linked(ours, theirs, table[1:] / table.sum(axis=0, keepdims=True))


def _translated(linked: Sequence[_Linked], spans: Sequence[tuple[int, ...]]) -> tuple[tuple[int, int], ...]:
    """Our words that most likely translate the original's characters in `spans`."""
    found: set[tuple[int, int]] = set()
    for pair in linked:
        for start, end in spans:
            rows = [k for k, (_, at, _) in enumerate(pair.theirs) if start <= at < end]
            if rows:
                owed = pair.share[rows].sum(axis=0)
                found.update(pair.ours[k][1:] for k, share in enumerate(owed.tolist()) if share > _SURE)
    return tuple(sorted(found))
