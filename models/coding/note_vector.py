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
FILES = ("linear_terms.tsv", "linear_codes.tsv", "linear_offsets.bin", "linear_columns.bin", "linear_weights.bin")


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
        scores = self._prior.copy()
        loudest = np.zeros(len(scores))
        places = np.full(len(scores), -1)
        for number, (term, _, _, _) in enumerate(known):
            at = self._terms[term][0]
            columns = self._columns[self._offsets[at] : self._offsets[at + 1]]
            added = self._weights[self._offsets[at] : self._offsets[at + 1]] * (values[term] / length)
            scores[columns] += added
            louder = added > loudest[columns]
            loudest[columns[louder]] = added[louder]
            places[columns[louder]] = number
        order = np.argsort(-scores, kind="stable")[:limit]
        found = []
        for rank, column in enumerate(order.tolist()):
            if places[column] >= 0:
                _, _, passage, word = known[int(places[column])]
                found.append(LinearScore(self.codes[column], float(scores[column]), rank, passage, word))
        return found
