"""The definitions behind every figure of the code suggester: what counts as right, and over what it is averaged.

*Micro* figures pool all notes: a code is right when the note's coder signed exactly it, and counts once per note.
*Per note* F1 is 1 where nothing was offered and nothing signed, 0 where only one of the two is empty. *Average
precision* goes over every candidate in order of score, divided by the codes signed; notes without a signed code are
left out of its mean. *Recall at k* pools: signed codes among the first k candidates of each note, of all signed codes.
Equal scores are already in a fixed order (the suggester's), so that no figure depends on luck. A *category* is the
first three characters; its rank is that of its best code. The interval is the 95 % percentile bootstrap over notes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

RESAMPLES = 2000
_SEED = 20260401


@dataclass(frozen=True, slots=True)
class Judged:
    """One note: the codes offered (those a coder sees), every candidate in order, and the codes signed."""

    offered: tuple[str, ...]
    ranked: tuple[str, ...]
    signed: frozenset[str]

    def categories(self) -> Judged:
        """The same by category."""
        return Judged(_first(self.offered), _first(self.ranked), frozenset(c[:3] for c in self.signed))


def _first(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code[:3] for code in codes))


@dataclass(frozen=True, slots=True)
class Counts:
    """Right, offered and signed codes; the ratios are None where nothing was offered or signed."""

    right: int
    offered: int
    signed: int

    @property
    def precision(self) -> float | None:
        """Right of offered."""
        return self.right / self.offered if self.offered else None

    @property
    def recall(self) -> float | None:
        """Right of signed."""
        return self.right / self.signed if self.signed else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall: 2 right / (offered + signed)."""
        return 2 * self.right / (self.offered + self.signed) if self.offered + self.signed else None


def count(pairs: Iterable[tuple[Iterable[str], Iterable[str]]]) -> Counts:
    """Counts over (offered, signed) of each note; a code counts once per note.

    >>> count([(["I10", "E11.9"], ["I10"]), ([], ["J02.9"])])
    Counts(right=1, offered=2, signed=2)
    """
    right = offered = signed = 0
    for ours, theirs in pairs:
        mine, truth = set(ours), set(theirs)
        right, offered, signed = right + len(mine & truth), offered + len(mine), signed + len(truth)
    return Counts(right, offered, signed)


def micro(notes: Iterable[Judged]) -> Counts:
    """Counts over all notes."""
    return count((note.offered, note.signed) for note in notes)


def note_f1(note: Judged) -> float:
    """F1 of one note: 1 where both sides are empty, 0 where one is."""
    counts = micro([note])
    return 1.0 if counts.f1 is None else counts.f1


def mean(values: Sequence[float]) -> float | None:
    """The mean, None of nothing."""
    return sum(values) / len(values) if values else None


def average_precision(note: Judged) -> float:
    """Precision at each signed code's rank, summed, over the number of codes signed (at least one).

    >>> average_precision(Judged((), ("A", "B", "C"), frozenset({"A", "C"})))
    0.8333333333333333
    """
    found, total = 0, 0.0
    for rank, code in enumerate(note.ranked, 1):
        if code in note.signed:
            found += 1
            total += found / rank
    return total / len(note.signed)


def mean_average_precision(notes: Iterable[Judged]) -> float | None:
    """The mean over notes with a signed code."""
    return mean([average_precision(note) for note in notes if note.signed])


def recall_at(notes: Sequence[Judged], k: int | None) -> float | None:
    """Signed codes among the first k candidates, of all signed codes; k None: among all candidates."""
    return count((note.ranked[:k], note.signed) for note in notes).recall


def interval(notes: Sequence[Judged], of: Callable[[Counts], float | None]) -> tuple[float, float] | None:
    """The 95 % interval of a ratio of counts, by resampling whole notes; None where the ratio never exists."""
    each = [micro([note]) for note in notes]
    draw = random.Random(_SEED)
    values: list[float] = []
    for _ in range(RESAMPLES if each else 0):
        sample = draw.choices(each, k=len(each))
        value = of(Counts(sum(c.right for c in sample), sum(c.offered for c in sample), sum(c.signed for c in sample)))
        if value is not None:
            values.append(value)
    if not values:
        return None
    values.sort()
    return values[int(0.025 * len(values))], values[min(int(0.975 * len(values)), len(values) - 1)]


def paired_interval(
    ours: Sequence[Judged], theirs: Sequence[Judged], patients: Sequence[str] | None = None
) -> tuple[float, float] | None:
    """The 95 % interval of our micro F1 less theirs, on the same notes resampled together.

    `patients` of the notes, in their order, where a patient's notes are to be drawn together: they resemble each other.
    """
    owners = patients if patients is not None else [str(place) for place in range(len(ours))]
    of: dict[str, tuple[list[Judged], list[Judged]]] = {}
    for owner, a, b in zip(owners, ours, theirs, strict=True):
        mine, other = of.setdefault(owner, ([], []))
        mine.append(a)
        other.append(b)
    pairs = [(micro(mine), micro(other)) for mine, other in of.values()]
    draw = random.Random(_SEED)
    values: list[float] = []
    for _ in range(RESAMPLES if pairs else 0):
        sample = draw.choices(pairs, k=len(pairs))
        values.append(_pooled_f1(a for a, _ in sample) - _pooled_f1(b for _, b in sample))
    values.sort()
    return (values[int(0.025 * len(values))], values[int(0.975 * len(values))]) if values else None


def _pooled_f1(each: Iterable[Counts]) -> float:
    right = both = 0
    for counts in each:
        right += counts.right
        both += counts.offered + counts.signed
    return 2 * right / both if both else 0.0
