"""Do payers still answer as the model states? A sequential test, valid on whatever night one looks.

Each answer counts on the day it is learned: nothing waits until a month is mature. It enters one stream for all
payers, one for its payer, and one for its payer and each group of services on the claim, because a payer that starts a
rule starts it for something. In each stream a bet is made before the answer is seen: that denials are more, or fewer,
than stated. The bet is fair while the model is off by no more than TOLERANCE, so its gain on chance alone is 1 on
average; multiplied from each possible beginning of a change and added up (Shiryaev-Roberts; Shin, Ramdas and Rinaldo,
"E-detectors", 2023), the sum passes a height H no more than once in H bets begun. Divided by the bets begun in a
year, over all streams together, it is a number of years: what chance would bring less than once in so many years.

A new rule gives one kind of reason where it was hardly ever given, so each stream of a payer has one beside it for each
reason: refused for this, against the denials stated times the share of that reason among the payer's denials so far.
There a bet is begun only after a refusal for that reason. A reason never given costs nothing, and half the false
alarms are left to all of these streams together. Two things that a new rule is not stay out of them: answers to claims
whose denial was expected, and a person's answers after the first refusal for that reason, of the same cause.

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

from billing_core.reason import DenialCategory

TOLERANCE = 0.02  # how far what is stated may be off before it is worth an alarm
BETS = (2.0, 4.0, 10.0, 0.3)  # times the odds stated, and beyond the tolerance
REASON_TIMES, REASON_TOLERANCE = 1.5, 0.005  # how far what is expected of one reason may be off: times, and plus
REASON_BET = 0.5  # that half of them are refused for that reason
EXPECTED = 0.5  # stated probability from which a denial is no surprise, whatever the reason
QUIET_YEARS = 1.0  # an alarm: chance would bring it less than once in so many years
SHARES = 2  # denials and reasons: each has half of the false alarms
REMEMBERED_DAYS = 56  # an alarm stands for as long after the night on which it was last above the threshold
LEAST_SPAN = 60
LEANING_CUTS = (0.1, 0.5, 0.9)
LEANING_PRIOR = 30  # answers' worth of "as soon as any other", before a payer has shown how soon it denies
USUAL_PRIOR = 10  # denials' worth of what is usual for all, or for the payer
SURE = 1_000.0  # years; more is not told

Name = tuple[str, str, str]  # a stream: payer, group of services, reason; "" is all of them


@dataclass(frozen=True, slots=True)
class Answer:
    """A payer's answer to a claim: `stated` of it before (None: it was not scored), `services` on it, and of a denial
    the `reasons` and the procedures `refused` (none named: the whole claim). `person`: an opaque key, or "".
    """

    payer: str
    services: tuple[str, ...]
    sent_on: date
    known_on: date
    denied: bool
    stated: float | None
    reasons: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    person: str = ""

    @property
    def waited(self) -> int:
        """Days from the sending to the answer."""
        return (self.known_on - self.sent_on).days

    @property
    def streams(self) -> tuple[tuple[str, str], ...]:
        """The streams it enters, as payer and group of services."""
        return ("", ""), (self.payer, ""), *((self.payer, group) for group in groups(self.services))

    @property
    def given(self) -> tuple[Name, ...]:
        """The streams of reasons in which it is a refusal."""
        where = ("", *groups(self.refused or self.services)) if self.denied else ()
        return tuple((self.payer, group, reason) for group in where for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Stream:
    """What one stream shows: within how many years (`late`, the most of the last REMEMBERED_DAYS) chance would bring as
    much less than once, and what was seen since the day on which the change most likely began to show: `denied`
    answers, in a stream of a reason those refused for it.
    """

    payer: str
    service: str
    reason: str
    late: float
    since: date
    sent_from: date
    answers: int
    denied: int
    expected: float
    mostly: str

    @property
    def name(self) -> Name:
        """Payer, group of services and reason; "" is all of them."""
        return self.payer, self.service, self.reason

    @property
    def alarm(self) -> bool:
        """Whether a person should look."""
        return self.late >= QUIET_YEARS

    @property
    def words(self) -> str:
        """What was seen, in a biller's words."""
        more = self.denied > self.expected
        seen = f"were denials{f', mostly for {self.mostly}' if more and self.mostly else ''}"
        if self.reason:
            seen = f"were refused for {self.reason}"
        expected = f"{self.expected:.1f} were" if self.expected >= 0.1 else "less than 0.1 was"
        return (
            f"{self.denied} of {self.answers} answers since {self.since.isoformat()} {seen}, where "
            f"{expected} expected (claims sent from {self.sent_from.isoformat()} on)"
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


@dataclass(frozen=True, slots=True)
class Usual:
    """For what payers usually refuse, counted from the answers so far: by stream of a reason, and of any ("")."""

    counts: Counter[Name]

    def learn(self, a: Answer) -> None:
        """Count one more answer."""
        if a.denied:
            self.counts.update((*place, "") for place in a.streams)
            self.counts.update(a.given)
            self.counts.update(("", "", reason) for reason in a.reasons)

    def share(self, name: Name) -> float:
        """How much of the denials there is for that reason: the payer's drawn to that of all, the service's to it."""
        payer, service, reason = name
        found = 1 / len(DenialCategory)
        for place in dict.fromkeys((("", ""), (payer, ""), (payer, service))):
            given, denied = self.counts[*place, reason], self.counts[*place, ""]
            found = (given + USUAL_PRIOR * found) / (denied + USUAL_PRIOR)
        return found


def begun_a_year(answers: Iterable[Answer], as_of: date) -> tuple[float, float]:
    """How many bets on denials, and on reasons, are begun in a year, by the answers of the last year: one with each
    answer in each of its streams; one with each refusal that was not expected, in each stream of its reasons.
    """
    recent = [a for a in answers if as_of - timedelta(days=365) < a.known_on <= as_of]
    if not recent:
        return 1.0, 1.0
    years = max((as_of - min(a.known_on for a in recent)).days + 1, LEAST_SPAN) / 365
    denials = sum(len(a.streams) for a in recent)
    reasons = sum(len(a.given) for a in recent if a.stated is None or a.stated < EXPECTED)
    return max(denials / years, 1.0), max(reasons / years, 1.0)


def gains(expected: float, denied: bool) -> tuple[float, ...]:
    """What each bet makes of one answer. On average 1 or less while `expected` is off by no more than TOLERANCE."""
    return tuple(_gain(expected, times, denied) for times in BETS)


def _gain(expected: float, times: float, denied: bool) -> float:
    fair = min(expected + TOLERANCE, 0.99) if times > 1 else expected - TOLERANCE
    if fair <= 0:
        return 1.0
    bet = fair * times / (fair * times + 1 - fair)
    return bet / fair if denied else (1 - bet) / (1 - fair)


def reason_gain(expected: float, refused: bool) -> float:
    """What the bet on one reason makes of one answer. On average 1 or less while the reason is given no more often
    than REASON_TIMES what is expected, and REASON_TOLERANCE.
    """
    fair = min(expected * REASON_TIMES + REASON_TOLERANCE, 0.99)
    bet = max(REASON_BET, fair)
    return bet / fair if refused else (1 - bet) / (1 - fair)


def streams(
    answers: Sequence[Answer],
    as_of: date,
    lean: Mapping[str, Leaning] | None = None,
) -> list[Stream]:
    """Every stream of the answers learned up to `as_of` to claims that were scored, the surest change first
    and, of those equally sure, the one that says most.
    """
    denials, reasons = begun_a_year(answers, as_of)
    known = sorted((a for a in answers if a.known_on <= as_of), key=lambda a: (a.known_on, a.sent_on))
    told = _told(known, lean or {})
    found = [_stream(name, looks, as_of, SHARES * (reasons if name[2] else denials)) for name, looks in told.items()]
    return sorted(found, key=lambda s: (-min(s.late, SURE), not s.reason, not s.service, not s.payer, -s.late, s.name))


@dataclass(frozen=True, slots=True)
class _Look:
    """One answer in one stream: how likely what is watched there was, and whether it came."""

    answer: Answer
    expected: float
    came: bool


def _told(answers: Sequence[Answer], lean: Mapping[str, Leaning]) -> dict[Name, list[_Look]]:
    """What each stream is told, in the order in which it was learned; expected by what was known before."""
    usual, told = Usual(Counter()), defaultdict[Name, list[_Look]](list)
    begun: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)  # the reasons that are watched there
    named: set[tuple[Name, str]] = set()  # who was refused for it before
    for a in answers:
        if a.stated is not None:
            expected = lean[a.payer].expected(a) if a.payer in lean else a.stated
            for place in a.streams:
                told[*place, ""].append(_Look(a, expected, a.denied))
            given = set(a.given)
            for place in a.streams[1:] if a.stated < EXPECTED else ():
                begun[place].update((reason, None) for reason in a.reasons if (*place, reason) in given)
                for name in [(*place, reason) for reason in begun[place]]:
                    if (name, a.person) not in named:
                        told[name].append(_Look(a, expected * usual.share(name), name in given))
                    if a.person and name in given:
                        named.add((name, a.person))
        usual.learn(a)
    return told


def _stream(name: Name, told: Sequence[_Look], as_of: date, a_year: float) -> Stream:
    of_reason = bool(name[2])
    bets = 1 if of_reason else len(BETS)
    sums, begins = [0.0] * bets, 0.0 if of_reason else 1.0
    climbs, begun = [0.0] * bets, [0] * bets  # where each bet's longest climb began: when the change showed
    late, recent = 0.0, as_of - timedelta(days=REMEMBERED_DAYS)
    for place, look in enumerate(told):
        made = (reason_gain(look.expected, look.came),) if of_reason else gains(look.expected, look.came)
        for k, gain in enumerate(made):
            sums[k] = (sums[k] + begins) * gain
            if climbs[k] <= 0:
                climbs[k], begun[k] = 0.0, place
            climbs[k] += log(gain)
        begins = float(look.came or not of_reason)
        if look.answer.known_on > recent:
            late = max(late, sum(sums) / bets)
    best = max(range(bets), key=lambda k: sums[k])
    shown = told[begun[best] :]
    reasons = Counter(reason for look in shown if look.came for reason in look.answer.reasons)
    return Stream(
        *name,
        late=late / a_year,
        since=shown[0].answer.known_on,
        sent_from=min(look.answer.sent_on for look in shown),
        answers=len(shown),
        denied=sum(look.came for look in shown),
        expected=sum(look.expected for look in shown),
        mostly=min(reasons, key=lambda r: (-reasons[r], r)) if reasons else "",
    )
