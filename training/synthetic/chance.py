"""Seeded chance. Each part of the world draws from its own stream: a change in one part leaves the others alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

Item = TypeVar("Item")


class Chance:
    """A stream of draws that belongs to a seed and a part's name. The same two give the same draws, on any machine."""

    def __init__(self, seed: int, part: str) -> None:
        self._random = random.Random(f"{seed}/{part}")  # a text seed: hashed by sha512, never by hash()

    def happens(self, share: float) -> bool:
        """True in `share` of all draws."""
        return self._random.random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def uniform(self, low: float, high: float) -> float:
        """A number between."""
        return low + (high - low) * self._random.random()

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of them, each as likely."""
        return items[self._random.randrange(len(items))]

    def some_of(self, items: Sequence[Item], count: int) -> list[Item]:
        """`count` of them (all, when there are fewer), in a drawn order."""
        return self._random.sample(list(items), min(count, len(items)))

    def weighted(self, pairs: Sequence[tuple[Item, float]]) -> Item:
        """One of the items, as likely as its weight."""
        point = self._random.random() * sum(weight for _, weight in pairs)
        for item, weight in pairs:
            point -= weight
            if point < 0:
                return item
        return pairs[-1][0]

    def day(self, first: date, last: date) -> date:
        """A day from `first` to `last`, both included."""
        return first + timedelta(days=self.between(0, max(0, (last - first).days)))

    def pattern(self, mask: str) -> str:
        """The mask with `#` a digit and `@` a capital letter."""
        draw = {"#": "0123456789", "@": "ABCDEFGHJKLMNPQRSTUVWXYZ"}
        return "".join(self.one_of(draw[c]) if c in draw else c for c in mask)

    def id(self, on: date) -> str:
        """A UUID shaped as version 7 (RFC 9562), its time that of `on`, midnight UTC."""
        moment = datetime(on.year, on.month, on.day, tzinfo=UTC)
        milliseconds = int(moment.timestamp() * 1000)
        head = milliseconds << 80 | 7 << 76 | self._random.getrandbits(12) << 64
        value = head | 2 << 62 | self._random.getrandbits(62)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
