"""Whatever payers and people do, in whatever order, the books hold their laws; the same history is the same chain.

A run lives 2,000 events; CLEANCLAIM_SOAK=1 lives 200,000 (CLEANCLAIM_EVENTS and CLEANCLAIM_SEED choose others), and
prints seed and count for docs/money.md.
"""

from __future__ import annotations

import os

from tests.properties.lives import Event, Life, another_order, events

VISITS, LENGTH = 3, 40
SOAK = os.environ.get("CLEANCLAIM_SOAK") == "1"
EVENTS = int(os.environ.get("CLEANCLAIM_EVENTS", "200000" if SOAK else "2000"))
SEED = int(os.environ.get("CLEANCLAIM_SEED", "5"))


def lived(happened: list[Event], watched: bool = False) -> Life:
    life = Life(VISITS)
    for event in happened:
        life.live(event)
        if watched:
            life.check(event[1])
    return life


def test_random_lives_hold_the_laws_of_the_ledger() -> None:
    done = entries = 0
    while done < EVENTS:
        seed = SEED * 1_000_000 + done // LENGTH
        happened = events(seed, VISITS, LENGTH)
        life = lived(happened, watched=True)
        again = lived(happened)
        assert life.chain() == again.chain(), f"seed {seed}: replayed in the same order, another chain"
        mixed = lived(another_order(happened, seed))
        assert mixed.digest() == life.digest(), f"seed {seed}: files about other claims do not commute"
        done, entries = done + LENGTH, entries + len(life.entries)
    print(f"seed {SEED}: {done} events in {done // LENGTH} lives, {entries} entries")


def test_another_history_is_another_chain_and_another_state() -> None:
    one, other = lived(events(1, VISITS, LENGTH)), lived(events(2, VISITS, LENGTH))
    assert one.chain() != other.chain() and one.digest() != other.digest()
