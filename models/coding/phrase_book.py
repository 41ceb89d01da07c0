"""What signed charts call things: bags of words, and the codes that were signed where they stood.

An entry is a bag of up to six words that coders' evidence pointed at ("pain", "testis", "right"), the number of notes
that hold it in one sentence, and for each code how many notes pointed at it and how many were signed with the code.
Words may stand apart and in any order within a sentence; how far apart is told. Two books are kept, of whole words and
of stems. A word that nobody but one patient has is kept out in training (`training.coding_charts`), not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LONGEST_BAG = 6


@dataclass(frozen=True, slots=True)
class Signed:
    """A code of an entry: notes in which evidence for it held the bag, and notes with the bag signed with the code."""

    code: str
    marked: int
    signed: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A bag, rarest word first; `notes` that hold it; `weight` its rarity in thousandths; its codes in code order."""

    bag: tuple[str, ...]
    notes: int
    weight: int
    codes: tuple[Signed, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry found in a sentence, between its first and last word there."""

    entry: Entry
    first: int
    last: int

    @property
    def slack(self) -> int:
        """The words between those of the bag."""
        return self.last - self.first + 1 - len(self.entry.bag)


def book_bytes(entries: Iterable[Entry]) -> bytes:
    """The entries as the file the artifact carries, in order of bag."""
    lines = []
    for entry in sorted(entries, key=lambda e: e.bag):
        codes = " ".join(f"{s.code}:{s.marked}:{s.signed}" for s in entry.codes)
        lines.append(f"{' '.join(entry.bag)}\t{entry.notes}\t{entry.weight}\t{codes}\n")
    return "".join(lines).encode()


def read_book(data: bytes) -> Iterator[Entry]:
    """The entries of `book_bytes`."""
    for line in data.decode().splitlines():
        bag, notes, weight, codes = line.split("\t")
        signed = tuple(
            Signed(code, int(marked), int(count)) for code, marked, count in (c.split(":") for c in codes.split())
        )
        yield Entry(tuple(bag.split()), int(notes), int(weight), signed)


class PhraseBook:
    """The entries, found by their rarest word."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_first: dict[str, list[Entry]] = {}
        for entry in entries:
            self._by_first.setdefault(entry.bag[0], []).append(entry)

    def find(self, said: Sequence[str]) -> Iterator[Found]:
        """Every entry whose words the sentence holds; a bag of one word at each place, a larger one where closest."""
        places: dict[str, list[int]] = {}
        for at, word in enumerate(said):
            places.setdefault(word, []).append(at)
        for word, anchors in places.items():
            for entry in self._by_first.get(word, ()):
                if len(entry.bag) == 1:
                    yield from (Found(entry, i, i) for i in anchors)
                elif all(other in places for other in entry.bag):
                    yield Found(entry, *_closest(anchors, [places[other] for other in entry.bag[1:]]))


def _closest(anchors: Sequence[int], others: Sequence[Sequence[int]]) -> tuple[int, int]:
    """First and last place of the bag around the anchor that keeps its words closest together."""
    best = (0, 1 << 30)
    for anchor in anchors:
        near = [min(places, key=lambda place: (abs(place - anchor), place)) for places in others]
        first, last = min(anchor, *near), max(anchor, *near)
        if last - first < best[1] - best[0]:
            best = (first, last)
    return best
