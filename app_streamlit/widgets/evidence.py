"""The note cut where its evidence begins and ends: every character of the note in order, none of it markup.

Offsets are characters of the note, end excluded; a span outside the note is cut to the note. The pieces say which
suggestions they are evidence for and which they speak against; how that is drawn is the bench's affair (`bench.js`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypedDict

from serving.schemas.coding import SuggestionView


class Piece(TypedDict):
    """A stretch of the note: the places of the suggestions it supports, and of those it speaks against with why."""

    text: str
    codes: list[int]
    against: list[tuple[int, str]]


def pieces(note: str, suggestions: Sequence[SuggestionView]) -> list[Piece]:
    """The note in pieces. Joined, their texts are the note."""
    support = [(span.start, span.end, place) for place, each in enumerate(suggestions) for span in each.spans]
    counter = [
        (against.start, against.end, place, against.why)
        for place, each in enumerate(suggestions)
        for against in each.counter
    ]
    spans = [(start, end) for start, end, *_ in support] + [(start, end) for start, end, *_ in counter]
    edges = [edge for span in spans for edge in span]
    cuts = sorted({0, len(note), *(min(max(0, edge), len(note)) for edge in edges)})
    return [
        Piece(
            text=note[start:end],
            codes=sorted({place for first, last, place in support if first <= start and end <= last}),
            against=sorted({(place, why) for first, last, place, why in counter if first <= start and end <= last}),
        )
        for start, end in itertools.pairwise(cuts)
    ]
