"""Hash chains: each link's hash covers its own content and the hash before it, so that nothing is changed unseen.

hash = sha256(prev_hash + canonical content), the first prev_hash being 64 zeros. The content names the practice, so a
link cannot be moved between books. The content is spelled from the stored columns, never from a second copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from billing_core.record import canonical

GENESIS = "0" * 64
LEDGER, EVENTS = "ledger", "events"


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What walking a chain found. `length` links were sound before the first broken one.

    `head` is the last sound hash: print it or send it away, and cutting off the chain's end is found as well.
    """

    chain: str
    length: int
    head: str
    sound: bool = True
    broken_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One stored link: what it says of its place, and the content its hash must cover."""

    id: str
    position: int
    prev_hash: str
    hash: str
    content: list[Any]


def link_hash(prev_hash: str, content: list[Any]) -> str:
    """The hash of a link that follows `prev_hash`."""
    return hashlib.sha256(prev_hash.encode() + canonical(content)).hexdigest()


def spelled_hash(prev_hash: str, spelled: str) -> str:
    """The same of content that is spelled already, as `canonical` would."""
    return hashlib.sha256((prev_hash + spelled).encode()).hexdigest()


def moment_text(moment: datetime) -> str:
    """A moment as content spells it: UTC, microseconds always written."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def day_text(day: date) -> str:
    """A business date as content spells it."""
    return day.isoformat()


def walk(chain: str, links: Iterable[Link], head: tuple[int, str]) -> ChainReport:
    """Walk from the first link to `head` (position, hash) and report the first place that does not hold."""
    position, previous = 0, GENESIS
    for link in links:
        reason = _flaw(link, position + 1, previous)
        if reason:
            return ChainReport(chain, position, previous, False, link.id, reason)
        position, previous = link.position, link.hash
    if (position, previous) != head:
        return ChainReport(chain, position, previous, False, "", "the chain does not end where its head says")
    return ChainReport(chain, position, previous)


def _flaw(link: Link, position: int, previous: str) -> str:
    if link.position != position:
        return f"link {position} is missing"
    if link.prev_hash != previous:
        return "it does not follow the link before it"
    if link.hash != link_hash(previous, link.content):
        return "its content is not what was sealed"
    return ""
