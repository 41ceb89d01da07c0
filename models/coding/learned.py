"""The reading of a suggester that was trained on signed charts: every candidate, ranked by calibrated probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.coding.candidates import TermIndex
from models.coding.code_table import CodeTable
from models.coding.passages import passages
from models.coding.reranker import Draft, Gathered, Hit, Reranker, gather, places_of, read_charts, rows

MARK = "reranker.txt"  # the file that tells a trained artifact from a cold one


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate: probability in parts per million, its places in the note (best first), and why."""

    code: str
    probability: int
    places: tuple[tuple[int, int], ...]
    reason: str


class LearnedReading:
    """The charts' part of a trained artifact, ready to read notes."""

    def __init__(
        self, files: Mapping[str, bytes], table: CodeTable, index: TermIndex, synonyms: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._charts = read_charts(files)
        self._reranker = Reranker(files[MARK], files["calibration.json"])
        self._table, self._index, self._synonyms = table, index, synonyms

    def rank(self, text: str, drafts: Mapping[str, Draft], shown_from: int = 0) -> list[Ranked]:
        """Every candidate of the note, the most probable first; equals in code order.

        Places and reason are looked up for those of at least `shown_from` parts per million alone.
        """
        note = passages(text, self._synonyms)
        found = gather(note, self._charts, self._index, self._table, drafts)
        chances = self._reranker.probabilities(rows(note, found, self._charts.usual, self._table))
        ranked = [
            Ranked(code, chance, tuple(places_of(note, item)), _reason(item))
            if chance >= shown_from
            else Ranked(code, chance, (), "")
            for (code, item), chance in zip(found.items(), chances, strict=True)
        ]
        return sorted(ranked, key=lambda r: (-r.probability, r.code))


def _reason(item: Gathered) -> str:
    hits: Sequence[Hit] = (*item.words, *item.stems)
    if hits:
        best = max(hits, key=lambda h: (h.share, h.size))
        signed = round(best.share * (best.notes + 1))
        return f"{signed} of {best.notes} signed charts with these words hold the code"
    if item.draft is not None:
        return "the note names it, and signed charts weigh that"
    if item.title is not None:
        return "the words of its title stand in one sentence, and signed charts weigh that"
    return "signed charts with such words often hold the code"
