"""Do payers still answer as the model states? A sequential test, valid on whatever night one looks.

Each answer counts on the day it is learned: nothing waits until a month is mature. It enters one stream for all
payers, one for its payer, and one for its payer and each group of services on the claim, because a payer that starts a
rule starts it for something. In each stream a bet is made before the answer is seen: that denials are more, or fewer,
than stated. The bet is fair while the model is off by no more than TOLERANCE, so its gain on chance alone is 1 on
average; multiplied from each possible beginning of a change and added up (Shiryaev-Roberts; Shin, Ramdas and Rinaldo,
"E-detectors", 2023), the sum passes a height H no more than once in H answers. Divided by the answers looked at in a
year, over all streams together, it is a number of years: what chance would bring less than once in so many years.

Denials that come sooner than payments would look like a change whenever a stretch is still half answered, so what is
stated is first put in terms of how soon the answer came (`leaning`). Pure functions, no clock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

TOLERANCE = 0.02  # how far what is stated may be off before it is worth an alarm
BETS = (2.0, 4.0, 10.0, 0.3)  # times the odds stated, and beyond the tolerance
QUIET_YEARS = 1.0  # an alarm: chance would bring it less than once in so many years
REMEMBERED_DAYS = 56  # an alarm stands for as long after the night on which it was last above the threshold
LEAST_SPAN = 60
LEANING_CUTS = (0.1, 0.5, 0.9)
LEANING_PRIOR = 30  # answers' worth of "as soon as any other", before a payer has shown how soon it denies
SURE = 1_000.0  # years; more is not told


@dataclass(frozen=True, slots=True)
class Answer:
    """A payer's answer to a claim: `stated` of it before (None: it was not scored), `services` and `reasons` for it."""

    payer: str
    services: tuple[str, ...]
    sent_on: date
    known_on: date
    denied: bool
    stated: float | None
    reasons: tuple[str, ...] = ()

    @property
    def waited(self) -> int:
        """Days from the sending to the answer."""
        return (self.known_on - self.sent_on).days

    @property
    def streams(self) -> tuple[tuple[str, str], ...]:
        """The streams it enters, as payer and group of services; "" is all of them."""
        return ("", ""), (self.payer, ""), *((self.payer, group) for group in groups(self.services))


@dataclass(frozen=True, slots=True)
class Stream:
    """What one stream shows: `years` within which chance would bring as much less than once (`late`: the most of the
    last REMEMBERED_DAYS), and what was seen since the day on which the change most likely began to show.
    """

    payer: str
    service: str
    years: float
    late: float
    since: date
    sent_from: date
    answers: int
    denied: int
    expected: float
    reason: str

    @property
    def alarm(self) -> bool:
        """Whether a person should look."""
        return self.late >= QUIET_YEARS

    @property
    def words(self) -> str:
        """What was seen, in a biller's words."""
        more = self.denied > self.expected
        mostly = f", mostly for {self.reason}" if more and self.reason else ""
        return (
            f"{self.denied} of {self.answers} answers since {self.since.isoformat()} were denials{mostly}, where "
            f"{self.expected:.1f} were expected (claims sent from {self.sent_from.isoformat()} on)"
        )


def groups(procedures: Iterable[str]) -> tuple[str, ...]:
    """The groups of services on a claim, by the first four characters: 9921 are the visits of established patients."""
    return tuple(sorted({code[:4] for code in procedures if code}))


@dataclass(frozen=True, slots=True)
class Leaning:
    """How soon a payer denies: `cuts` part the waits for its answers, and in each part a denial is so many `times`
    likelier than a payment.
    """

    cuts: tuple[int, ...]
    times: tuple[float, ...]

    def expected(self, answer: Answer) -> float:
        """The probability stated, given how soon the answer came."""
        p = answer.stated or 0.0
        odds = p * self.times[bisect_left(self.cuts, answer.waited)]
        return odds / (odds + 1 - p) if odds else 0.0


def leaning(before: Iterable[Answer]) -> dict[str, Leaning]:
    """For each payer how soon it denies, of its answers to claims that all had time to be answered."""
    told: dict[str, list[Answer]] = defaultdict(list)
    for a in before:
        told[a.payer].append(a)
    return {payer: _leaning(answers) for payer, answers in told.items()}


def _leaning(answers: Sequence[Answer]) -> Leaning:
    by = {was: sorted(a.waited for a in answers if a.denied == was) for was in (False, True)}
    cuts = sorted({waits[int(share * (len(waits) - 1))] for waits in by.values() if waits for share in LEANING_CUTS})
    count = Counter((bisect_left(cuts, wait), was) for was, waits in by.items() for wait in waits)
    times = []
    for part in range(len(cuts) + 1):
        usual = LEANING_PRIOR * (count[part, False] + count[part, True] + 1) / (len(answers) + len(cuts) + 1)
        denied, paid = ((count[part, was] + usual) / (len(by[was]) + LEANING_PRIOR) for was in (True, False))
        times.append(denied / paid)
    return Leaning(tuple(cuts), tuple(times))


def looks_a_year(answers: Iterable[Answer], as_of: date) -> float:
    """How many times a year an answer enters a stream, by the answers of the last year."""
    recent = [a for a in answers if as_of - timedelta(days=365) < a.known_on <= as_of]
    if not recent:
        return 1.0
    span = max((as_of - min(a.known_on for a in recent)).days + 1, LEAST_SPAN)
    return max(sum(len(a.streams) for a in recent) * 365 / span, 1.0)


def gains(expected: float, denied: bool) -> tuple[float, ...]:
    """What each bet makes of one answer. On average 1 or less while `expected` is off by no more than TOLERANCE."""
    return tuple(_gain(expected, times, denied) for times in BETS)


def _gain(expected: float, times: float, denied: bool) -> float:
    fair = min(expected + TOLERANCE, 0.99) if times > 1 else expected - TOLERANCE
    if fair <= 0:
        return 1.0
    bet = fair * times / (fair * times + 1 - fair)
    return bet / fair if denied else (1 - bet) / (1 - fair)


def streams(
    answers: Sequence[Answer],
    as_of: date,
    lean: Mapping[str, Leaning] | None = None,
) -> list[Stream]:
    """Every stream of the answers learned up to `as_of` to claims that were scored, the surest change first
    and, of those equally sure, the one that says most.
    """
    a_year, known = looks_a_year(answers, as_of), lean or {}
    told: dict[tuple[str, str], list[tuple[Answer, float]]] = defaultdict(list)
    scored = [a for a in answers if a.stated is not None and a.known_on <= as_of]
    for a in sorted(scored, key=lambda a: (a.known_on, a.sent_on)):
        expected = known[a.payer].expected(a) if a.payer in known else a.stated or 0.0
        for stream in a.streams:
            told[stream].append((a, expected))
    found = [_stream(name, these, as_of, a_year) for name, these in told.items()]
    return sorted(found, key=lambda s: (-min(s.late, SURE), not s.service, not s.payer, -s.late, s.payer, s.service))


def _stream(name: tuple[str, str], told: Sequence[tuple[Answer, float]], as_of: date, a_year: float) -> Stream:
    sums = [0.0] * len(BETS)
    climbs, begun = [0.0] * len(BETS), [0] * len(BETS)  # where each bet's longest climb began: when the change showed
    late, recent = 0.0, as_of - timedelta(days=REMEMBERED_DAYS)
    for place, (a, expected) in enumerate(told):
        for k, gain in enumerate(gains(expected, a.denied)):
            sums[k] = (sums[k] + 1) * gain
            if climbs[k] <= 0:
                climbs[k], begun[k] = 0.0, place
            climbs[k] += log(gain)
        if a.known_on > recent:
            late = max(late, sum(sums) / len(BETS))
    best = max(range(len(BETS)), key=lambda k: sums[k])
    shown = told[begun[best] :]
    reasons = Counter(reason for a, _ in shown if a.denied for reason in a.reasons)
    return Stream(
        *name,
        years=sum(sums) / len(BETS) / a_year,
        late=late / a_year,
        since=shown[0][0].known_on,
        sent_from=min(a.sent_on for a, _ in shown),
        answers=len(shown),
        denied=sum(a.denied for a, _ in shown),
        expected=sum(p for _, p in shown),
        reason=min(reasons, key=lambda r: (-reasons[r], r)) if reasons else "",
    )
