"""How often the watch of outcomes rings for nothing, and how soon it rings for something. Synthetic throughout.

    python -m tests.benchmarks.watch_power [YEARS] [PRACTICES]

A practice of five payers and seven groups of services; what is stated of a claim varies around .17. Answers come after
14 to 35 days and are looked at every night. Quiet: YEARS years in which denials are as stated, and as many in which
each is likelier by the whole tolerance. Planted: from a day on, the payer of a quarter of the claims refuses so many,
of all its claims or of the group that is a third of them; days are counted from that day, and from the first answer
that can show it.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from statistics import median

from models.outcome_watch import REMEMBERED_DAYS, TOLERANCE, Answer, streams

FIRST = date(2024, 1, 1)
PAYERS = {"A": 0.3, "B": 0.25, "C": 0.2, "D": 0.15, "E": 0.1}
SERVICES = {"99213": 0.35, "93000": 0.2, "97110": 0.15, "20610": 0.1, "36415": 0.08, "73560": 0.06, "11102": 0.06}
TURN = 120
LONGEST = 300
SOONEST, LATEST = 14, 35


def practice(a_day: int, days: int, seed: int, off: float = 0.0, refused: float = 0.0, only: str = "") -> list[Answer]:
    """Every answer of so many days of claims; from TURN on payer B refuses (`only` such services) so often."""
    chance, told = random.Random(seed), []
    for day in range(days):
        sent = FIRST + timedelta(days=day)
        for _ in range(a_day):
            (payer,), (service,) = (chance.choices(list(mix), list(mix.values())) for mix in (PAYERS, SERVICES))
            stated = chance.betavariate(0.7, 3.3)
            actual = min(stated + off, 0.99)
            if refused and day >= TURN and payer == "B" and service.startswith(only):
                actual = max(actual, refused)
            known = sent + timedelta(days=chance.randint(SOONEST, LATEST))
            told.append(Answer(payer, (service,), sent, known, chance.random() < actual, stated))
    return told


def false_alarms(a_day: int, years: int, off: float) -> int:
    """Streams that rang, looked at as often as a ring is remembered, so that none is missed."""
    found = 0
    for seed in range(years):
        answers = practice(a_day, 365, seed, off)
        nights = range(REMEMBERED_DAYS, 365 + LATEST + REMEMBERED_DAYS, REMEMBERED_DAYS)
        found += sum(s.alarm for n in nights for s in streams(answers, FIRST + timedelta(days=n)))
    return found


def days_to_alarm(a_day: int, seed: int, refused: float, only: str) -> int:
    """Days from the change to the first night on which payer B rings; LONGEST when it does not."""
    answers = practice(a_day, TURN + LONGEST, seed, refused=refused, only=only)

    def rings(days: int) -> bool:
        return any(s.alarm and s.payer == "B" for s in streams(answers, FIRST + timedelta(days=TURN + days)))

    late = next((d for d in range(SOONEST, LONGEST, REMEMBERED_DAYS // 2) if rings(d)), LONGEST)
    early = late - REMEMBERED_DAYS // 2
    while late < LONGEST and late - early > 1:
        middle = (early + late) // 2
        early, late = (early, middle) if rings(middle) else (middle, late)
    return late


def main(years: int, practices: int) -> None:
    """Print both tables."""
    for a_day in (5, 10, 20):
        quiet, off = (false_alarms(a_day, years, by) / years for by in (0.0, TOLERANCE))
        print(
            f"{a_day:3} claims a day: false alarms a year {quiet:.2f}; with denials {TOLERANCE:.0%} likelier {off:.2f}"
        )
        for only, what in (("", "all its claims"), ("99213", "a third of them")):
            for refused in (0.4, 0.6, 0.8):
                found = sorted(days_to_alarm(a_day, seed, refused, only) for seed in range(practices))
                month = sum(d <= 30 for d in found), sum(d - SOONEST <= 30 for d in found)
                print(
                    f"    one payer refuses {refused:.0%} of {what}: median {median(found):.0f} days, "
                    f"{median(found) - SOONEST:.0f} from the first answer; within 30 days {month[0]} of {practices}, "
                    f"of the first answer {month[1]}"
                )


if __name__ == "__main__":
    given = [int(n) for n in sys.argv[1:]]
    main(*(given + [20, 20][len(given) :]))
