"""How often the watch of outcomes rings for nothing, and how soon it rings for something. Synthetic throughout.

    python -m tests.benchmarks.watch_power [YEARS] [PRACTICES]

A practice of five payers and seven groups of services, one or two on a claim, and eight kinds of reasons, which each
payer gives for each service in its own shares; what is stated of a claim varies around .17. Answers come after 14 to 35
days and are looked at every night; those of a year before, to claims that were not scored, are known. Quiet: YEARS
years in which denials are as stated and reasons as before, and as many in which each denial is likelier by the whole
tolerance and the shares of the reasons have moved (SHARES_MOVE). Planted: what is stated is off by as much as half the
tolerance for each payer and service, the shares have moved, and from a day on the payer of a quarter of the claims
refuses so many, of all its claims or of those with one service (44 % of them), for a reason seldom given or for the
most usual one; days are counted from that day, and from the first answer that can show it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from math import exp
from statistics import median

from models.outcome_watch import REMEMBERED_DAYS, TOLERANCE, Answer, streams

FIRST = date(2024, 1, 1)
PAYERS = {"A": 0.3, "B": 0.25, "C": 0.2, "D": 0.15, "E": 0.1}
SERVICES = {"99213": 0.35, "93000": 0.2, "97110": 0.15, "20610": 0.1, "36415": 0.08, "73560": 0.06, "11102": 0.06}
REASONS = {
    "not covered": 0.28, "coding": 0.2, "duplicate": 0.16, "eligibility": 0.12, "authorization": 0.1,
    "other payer": 0.06, "timely filing": 0.05, "medical necessity": 0.03,
}  # fmt: skip
USUAL, SELDOM = "not covered", "medical necessity"
SECOND_SERVICE = 0.4
SHARES_VARY = 8  # denials' worth of the shares of all in a payer's, and of the payer's in a service's
SHARES_MOVE = 0.5  # standard deviation of the logarithm by which each share is another than the year before
YEAR = 365
TURN = 120
LONGEST = 240
SOONEST, LATEST = 14, 35


def _drawn(chance: random.Random, mix: Mapping[str, float]) -> str:
    return chance.choices(list(mix), list(mix.values()))[0]


def _varied(chance: random.Random, shares: Mapping[str, float]) -> dict[str, float]:
    """Shares around these (Dirichlet); they need not add up to 1 where they are drawn from."""
    return {
        reason: max(chance.gammavariate(SHARES_VARY * share, 1), 1e-9) / SHARES_VARY for reason, share in shares.items()
    }


def _moved(chance: random.Random, shares: Mapping[str, float]) -> dict[str, float]:
    return {reason: share * exp(chance.gauss(0, SHARES_MOVE)) for reason, share in shares.items()}


class Practice:
    """What is so in one practice: for what each payer refuses each service, before and now, and how far off it is."""

    def __init__(self, seed: int, moved: bool) -> None:
        self.chance = chance = random.Random(seed)
        self.before, self.off = {}, {}
        for payer in PAYERS:
            its = _varied(chance, REASONS)
            for service in SERVICES:
                self.before[payer, service] = _varied(chance, its)
                self.off[payer, service] = chance.uniform(-TOLERANCE / 2, TOLERANCE / 2)
        self.now = {at: _moved(chance, shares) for at, shares in self.before.items()} if moved else self.before

    def answers(
        self, a_day: int, days: int, off: float | None = 0.0, refused: float = 0.0, only: str = "", reason: str = SELDOM
    ) -> list[Answer]:
        """Every answer of a year before and so many days of claims; from TURN on payer B refuses (`only` such services)
        so often for that reason. Denials are likelier than stated by `off`; None: by what is so in this practice.
        """
        told = []
        for day in range(-YEAR, days):
            for _ in range(a_day):
                told.append(self._answer(day, off))
                a = told[-1]
                turned = refused and day >= TURN and a.payer == "B" and (not only or only in a.services)
                if turned and self.chance.random() < refused:
                    told[-1] = Answer(
                        a.payer, a.services, a.sent_on, a.known_on, True, a.stated, (reason,), (only or a.services[0],)
                    )
        return told

    def _answer(self, day: int, off: float | None) -> Answer:
        chance, sent = self.chance, FIRST + timedelta(days=day)
        payer, service = _drawn(chance, PAYERS), _drawn(chance, SERVICES)
        second = _drawn(chance, SERVICES) if chance.random() < SECOND_SERVICE else service
        stated = chance.betavariate(0.7, 3.3)
        more = self.off[payer, service] if off is None else off
        denied = chance.random() < (min(max(stated + more, 0.0), 0.99) if day >= 0 else stated)
        known = sent + timedelta(days=chance.randint(SOONEST, LATEST))
        services = tuple(sorted({service, second}))
        if not denied:
            return Answer(payer, services, sent, known, False, stated if day >= 0 else None)
        refused = chance.choice(services)
        why = _drawn(chance, (self.now if day >= 0 else self.before)[payer, refused])
        return Answer(payer, services, sent, known, True, stated if day >= 0 else None, (why,), (refused,))


def false_alarms(a_day: int, years: int, off: float) -> int:
    """Streams that rang, looked at as often as a ring is remembered, so that none is missed. With `off` the shares of
    the reasons have moved too.
    """
    found = 0
    for seed in range(years):
        answers = Practice(seed, moved=bool(off)).answers(a_day, YEAR, off)
        nights = range(REMEMBERED_DAYS, YEAR + LATEST + REMEMBERED_DAYS, REMEMBERED_DAYS)
        found += sum(s.alarm for n in nights for s in streams(answers, FIRST + timedelta(days=n)))
    return found


def days_to_alarm(a_day: int, seed: int, refused: float, only: str, reason: str) -> int:
    """Days from the change to the first night on which payer B rings; LONGEST when it does not."""
    answers = Practice(seed, moved=True).answers(a_day, TURN + LONGEST, None, refused, only, reason)

    def rings(days: int) -> bool:
        return any(s.alarm and s.payer == "B" for s in streams(answers, FIRST + timedelta(days=TURN + days)))

    late = next((d for d in range(SOONEST, LONGEST, REMEMBERED_DAYS // 2) if rings(d)), LONGEST)
    early = late - REMEMBERED_DAYS // 2
    while late < LONGEST and late - early > 1:
        middle = (early + late) // 2
        early, late = (early, middle) if rings(middle) else (middle, late)
    return late


PLANTED = (
    (0.6, "", SELDOM), (0.8, "", SELDOM), (0.4, "99213", SELDOM), (0.6, "99213", SELDOM), (0.8, "99213", SELDOM),
    (0.6, "99213", USUAL), (0.8, "99213", USUAL),
)  # fmt: skip


def tell(a_day: int, years: int, practices: int) -> None:
    """Print what is found in practices of that size."""
    quiet, off = (false_alarms(a_day, years, by) / years for by in (0.0, TOLERANCE))
    print(
        f"{a_day:3} claims a day: false alarms a year {quiet:.2f}; with denials {TOLERANCE:.0%} likelier and other "
        f"shares {off:.2f}",
        flush=True,
    )
    for refused, only, reason in PLANTED:
        found = sorted(days_to_alarm(a_day, seed, refused, only, reason) for seed in range(practices))
        month = sum(d <= 30 for d in found), sum(d - SOONEST <= 30 for d in found)
        print(
            f"    one payer refuses {refused:.0%} of {'one service' if only else 'all its claims'} for {reason}: "
            f"median {median(found):.0f} days, {median(found) - SOONEST:.0f} from the first answer; within 30 days "
            f"{month[0]} of {practices}, of the first answer {month[1]}",
            flush=True,
        )


if __name__ == "__main__":
    given = [int(n) for n in sys.argv[1:]]
    for size in (5, 10, 20):
        tell(size, *(given + [20, 20][len(given) :]))
