"""Chance, exactly: every draw is a function of the world's seed, the claim's number and the cause's name.

No generator is carried from claim to claim, so neither the order of files nor a run repeated after a crash changes an
outcome. Probabilities are fractions: what the oracle states is the exact chance the draw was made with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from fractions import Fraction

CERTAIN = Fraction(1)
_RANGE = 2**64


def draw(seed: str, number: str, cause: str) -> Fraction:
    """A number in [0, 1) that belongs to this claim and this cause alone."""
    digest = hashlib.sha256(f"{seed}|{number}|{cause}".encode()).digest()
    return Fraction(int.from_bytes(digest[:8]), _RANGE)


def happens(seed: str, number: str, cause: str, probability: Fraction) -> bool:
    """Whether the cause strikes this claim: true in `probability` of all claims."""
    return draw(seed, number, cause) < probability


def any_of(probabilities: Iterable[Fraction]) -> Fraction:
    """The chance that at least one of several independent causes strikes: 1 - prod(1 - p).

    >>> any_of((Fraction(1, 2), Fraction(1, 2)))
    Fraction(3, 4)
    """
    none = Fraction(1)
    for probability in probabilities:
        none *= 1 - probability
    return 1 - none


def whole_between(seed: str, number: str, cause: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included, each as likely."""
    return low + int(draw(seed, number, cause) * (high - low + 1))


def one_of(seed: str, number: str, cause: str, weights: Sequence[int]) -> int:
    """A position in `weights`, each as likely as its weight."""
    point = draw(seed, number, cause) * sum(weights)
    for position, weight in enumerate(weights):
        point -= weight
        if point < 0:
            return position
    raise ValueError("weights must be positive")
