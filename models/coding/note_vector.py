"""One-vs-rest linear scores of a whole note: which codes are usual for notes with these words.

Words and pairs of neighbouring words, weighted by log frequency times rarity and scaled to length one, times one row of
weights per code (ridge regression, fitted in `training.coding_charts`). Only the largest weights of each code travel.
For a code that scores, the word that spoke loudest for it is its place in the note.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.coding.passages import Passage

SCALE = 10_000  # weights and priors travel as integers of this part


@dataclass(frozen=True, slots=True)
class LinearScore:
    """A code's score and rank among all codes, and the passage and word that spoke loudest for it."""

    code: str
    score: float
    rank: int
    passage: int
    word: int


def terms_of(note: Sequence[Passage]) -> dict[str, tuple[int, int, int]]:
    """{word or pair of words: (times, passage of the first, word of the first)}."""
    found: dict[str, tuple[int, int, int]] = {}
    for number, passage in enumerate(note):
        said = passage.normals
        for at, word in enumerate(said):
            pair = f"{word} {said[at + 1]}" if at + 1 < len(said) else ""
            for term in (word, pair) if pair else (word,):
                times, first, place = found.get(term, (0, number, at))
                found[term] = (times + 1, first, place)
    return found


class LinearCodes:
    """The weights, term by term: for each term the codes it speaks for or against."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        import numpy as np

        self._np: Any = np
        self._terms: dict[str, tuple[int, float]] = {}
        for number, line in enumerate(files["linear_terms.tsv"].decode().splitlines()):
            term, rarity = line.split("\t")
            self._terms[term] = (number, int(rarity) / 1000)
        rows = [line.split("\t") for line in files["linear_codes.tsv"].decode().splitlines()]
        self.codes = tuple(code for code, _ in rows)
        self._prior = np.asarray([int(prior) for _, prior in rows], dtype="f8") / SCALE
        self._offsets = np.frombuffer(files["linear_offsets.bin"], dtype="<u4").tolist()
        self._columns = np.frombuffer(files["linear_columns.bin"], dtype="<u2")
        self._weights = np.frombuffer(files["linear_weights.bin"], dtype="<i2").astype("f8") / SCALE

    def best(self, note: Sequence[Passage], limit: int) -> list[LinearScore]:
        """The codes that score highest, best first; equal scores in code order."""
        np = self._np
        known = [(t, times, p, w) for t, (times, p, w) in terms_of(note).items() if t in self._terms]
        values = {t: (1 + math.log(times)) * self._terms[t][1] for t, times, _, _ in known}
        length = math.sqrt(sum(v * v for v in values.values())) or 1.0
        size = len(self._prior)
        spoken = [(self._offsets[at], self._offsets[at + 1]) for at in (self._terms[term][0] for term, *_ in known)]
        lengths = [end - start for start, end in spoken]
        columns = np.concatenate([np.arange(size), *(self._columns[start:end] for start, end in spoken)])
        shares = np.repeat([values[term] / length for term, *_ in known], lengths)
        added = np.concatenate([*(self._weights[start:end] for start, end in spoken), np.zeros(0)]) * shares
        scores = np.bincount(columns, weights=np.concatenate([self._prior, added]), minlength=size)
        places = self._loudest(columns[size:], added, np.repeat(np.arange(len(known)), lengths))
        order = np.argsort(-scores, kind="stable")[:limit]
        found = []
        for rank, column in enumerate(order.tolist()):
            if places[column] >= 0:
                _, _, passage, word = known[int(places[column])]
                found.append(LinearScore(self.codes[column], float(scores[column]), rank, passage, word))
        return found

    def _loudest(self, columns: Any, added: Any, numbers: Any) -> Any:
        """For each code the number of the term that adds most to it, the first of equals; -1 where none adds."""
        np = self._np
        loudest = np.zeros(len(self._prior))
        np.maximum.at(loudest, columns, added)
        says = np.flatnonzero((added > 0) & (added == loudest[columns]))[::-1]
        places = np.full(len(self._prior), -1)
        places[columns[says]] = numbers[says]  # the last written is the first that was said
        return places
