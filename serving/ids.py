"""Ids and time, made here and passed into the core: UUIDv7 (RFC 9562 section 5.7), UTC moments, business dates.

An id sorts by the moment it was made, also among ids of one millisecond: the 12 bits after the version count up
(RFC 9562 section 6.2, method 1). The seeded variant gives the same ids for the same seed, for demos and tests.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

NewId: TypeAlias = Callable[[], str]

_WORLD_BEGINS_MS = 1_730_419_200_000  # 2024-11-01T00:00Z: where seeded ids begin


def _spell(milliseconds: int, count: int, tail: int) -> str:
    """The 36-character text of a UUIDv7: 48 bits of time, version, 12 bits of count, variant, 62 bits of tail."""
    number = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | count << 64 | 0b10 << 62 | tail & (2**62 - 1)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Uuid7:
    """Makes UUIDv7 texts, strictly increasing within the process, from a millisecond clock and random bytes."""

    def __init__(
        self,
        milliseconds: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._milliseconds, self._randomness = milliseconds, randomness
        self._lock = threading.Lock()
        self._last, self._count = 0, 0

    def __call__(self) -> str:
        """The next id."""
        noise = int.from_bytes(self._randomness(10), "big")
        with self._lock:
            now = self._milliseconds()
            if now > self._last:  # a fresh millisecond starts its count low, to leave room for the rest of it
                self._last, self._count = now, noise >> 69
            elif self._count < 0xFFF:
                self._count += 1
            else:  # 4,095 ids in one millisecond, or a clock set back: borrow the next millisecond
                self._last, self._count = self._last + 1, 0
            return _spell(self._last, self._count, noise)


class SeededIds:
    """The same UUIDv7-shaped ids for the same seed, in the same order. Never for live books.

    Each run that shares a store needs a seed of its own ("7:import:2026-01-05"), or the ids collide. They count up
    from the business date `since`, so that they sort by it.
    """

    def __init__(self, seed: int | str, since: date | None = None) -> None:
        self._random = random.Random(str(seed))
        begins = datetime.combine(since, datetime.min.time(), UTC) if since else None
        self._milliseconds = int(begins.timestamp()) * 1000 if begins else _WORLD_BEGINS_MS
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """The next id."""
        with self._lock:
            self._milliseconds += 1
            return _spell(self._milliseconds, 0, self._random.getrandbits(62))


uuid7 = Uuid7()


class Clock(Protocol):
    """Where moments and business dates come from."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        ...

    def today(self, zone: str) -> date:
        """The business date in the practice's zone."""
        ...


def local_day(moment: datetime, zone: str) -> date:
    """The day it was there: what comes in the evening came on that day, not on the next one of UTC."""
    return moment.astimezone(ZoneInfo(zone)).date()


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return datetime.now(UTC)

    def today(self, zone: str) -> date:
        """The business date in the practice's zone."""
        return local_day(self.now(), zone)


class FixedClock:
    """A clock that stands: the business date is `day` in every zone; the moment is noon UTC unless given."""

    def __init__(self, day: date, moment: datetime | None = None) -> None:
        self._day = day
        self._moment = (moment or datetime(day.year, day.month, day.day, 12, tzinfo=UTC)).astimezone(UTC)

    def now(self) -> datetime:
        """The standing moment, aware, in UTC."""
        return self._moment

    def today(self, zone: str) -> date:
        """The standing business date, whatever the zone."""
        return self._day
