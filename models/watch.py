"""A model at work, watched: is what it sees, what it says and what becomes of it still what it learned from?

Three kinds of drift, each with its threshold beside it, and the comparison of two models on claims both have scored:

    inputs     the mix of what claims show (payer, service, dollars, ...), then and now: population stability index
    scores     the mix of stated probabilities, then and now: the same index
    outcomes   each answer as it comes, against what the model had stated for that very claim (`outcome_watch`)

An index alone alarms small practices for nothing: ten claims a week never look alike twice. So a mix has shifted only
when the index is at or above MIX_SHIFTED and chance would bring so large a difference less than once in a thousand
looks; outcomes have left the model when chance would bring it less than once in QUIET_YEARS over all that is watched.
A claim too young to be answered is unknown, and so is an old one without an answer; both are counted, neither is paid.
Pure functions on plain numbers, no clock; index: Siddiqi, Credit Risk Scorecards (2006), who takes .25 for a shift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log, sqrt

from models.denial.facts import ClaimFacts
from models.outcome_watch import QUIET_YEARS, SURE, Answer, Stream, leaning, streams

MIX_SHIFTED = 0.25
BEYOND_CHANCE = 3.09  # standard deviations: once in a thousand
RECENT_DAYS = 28
LEAST_RECENT = 30
LEAST_BEFORE = 100
LOUDEST = 3  # quiet groups of services and reasons that are told, of all that are watched
COMMON = 12  # values of a mix that stand alone; the rest are one
MATURE_SHARE = 0.95  # of answers arrive within the maturity
MATURITY_DAYS = (14, 120)
SCORE_BANDS = (0.05, 0.1, 0.2, 0.35, 0.5)

_INPUTS: tuple[tuple[str, Callable[[ClaimFacts], str]], ...] = (
    ("payer", lambda f: f.payer),
    ("service", lambda f: f.procedures[0] if f.procedures else "none"),
    ("diagnosis", lambda f: f.diagnoses[0][:3] if f.diagnoses else "none"),
    ("place of service", lambda f: f.place_of_service),
    ("lines", lambda f: str(min(len(f.procedures), 5))),
    ("dollars", lambda f: _band(f.total_cents / 100, (100, 300, 1000))),
    ("days to submit", lambda f: _band(f.days_to_submit, (4, 8, 15, 31, 91))),
    ("authorization carried", lambda f: str(f.has_authorization)),
    ("referral carried", lambda f: str(f.has_referral)),
    ("age", lambda f: str(f.age_band)),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One claim as watched: its facts, when its answer was learned, whether it was denied (None: no answer), and
    the probability the model in service stated before the answer (None: it was not scored). Of a denial the `reasons`
    and the procedures `refused` (none named: the whole claim).
    """

    facts: ClaimFacts
    known_on: date | None = None
    denied: bool | None = None
    stated: float | None = None
    reasons: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at. `value` against `threshold`; `claims` recent ones it rests on; `words` say it."""

    kind: str
    name: str
    value: float
    threshold: float
    claims: int
    alarm: bool
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """What watching found on a day. `unknown`: claims old enough to be answered that are not; `young`: too young."""

    as_of: date
    maturity: int
    mature: int
    unknown: int
    young: int
    signs: tuple[Sign, ...]

    @property
    def alarms(self) -> tuple[Sign, ...]:
        """The signs that ask for a person."""
        return tuple(sign for sign in self.signs if sign.alarm)


def maturity_days(waits: Iterable[int]) -> int:
    """Days within which most answers arrive, within MATURITY_DAYS; the longest where none has come yet."""
    ordered = sorted(waits)
    least, most = MATURITY_DAYS
    return min(max(ordered[int(MATURE_SHARE * (len(ordered) - 1))], least), most) if ordered else most


def index(before: Mapping[str, int], now: Mapping[str, int]) -> tuple[float, float]:
    """The population stability index of two counted mixes, and how many standard deviations beyond chance it lies.

    Values are kept apart down to COMMON of them; half a claim is added to each, so that an unseen value is finite.
    The index is asymptotically (1/n + 1/m) times chi-square (Yurdakul 2018); by Wilson and Hilferty's cube root.
    """
    both = Counter(before) + Counter(now)
    kept = [value for value, _ in sorted(both.items(), key=lambda pair: (-pair[1], pair[0]))[:COMMON]]
    rows = [(before.get(value, 0), now.get(value, 0)) for value in kept]
    rest = (sum(before.values()) - sum(b for b, _ in rows), sum(now.values()) - sum(n for _, n in rows))
    rows += [rest] if any(rest) else []
    freedom = len(rows) - 1
    if freedom < 1:
        return 0.0, 0.0
    n, m = (sum(row[side] for row in rows) + len(rows) / 2 for side in (0, 1))
    found = sum(((b + 0.5) / n - (c + 0.5) / m) * log((b + 0.5) * m / ((c + 0.5) * n)) for b, c in rows)
    chi = found / (1 / n + 1 / m)
    spread = 2 / (9 * freedom)
    return found, ((chi / freedom) ** (1 / 3) - (1 - spread)) / sqrt(spread)


def _mix(kind: str, name: str, before: Sequence[str], now: Sequence[str]) -> Sign:
    if len(now) < LEAST_RECENT or len(before) < LEAST_BEFORE:
        words = f"too few claims to tell: {len(now)} of late, {len(before)} before"
        return Sign(kind, name, 0.0, MIX_SHIFTED, len(now), False, words)
    then, late = Counter(before), Counter(now)
    value, beyond = index(then, late)
    alarm = value >= MIX_SHIFTED and beyond >= BEYOND_CHANCE
    moved = max(sorted(set(then) | set(late)), key=lambda v: abs(late[v] / len(now) - then[v] / len(before)))
    words = f"{moved}: {then[moved] / len(before):.0%} of claims before, {late[moved] / len(now):.0%} of late"
    return Sign(kind, name, value, MIX_SHIFTED, len(now), alarm, words)


def _band(value: float, edges: Sequence[float]) -> str:
    return next((f"under {edge:g}" for edge in edges if value < edge), f"{edges[-1]:g} and over")


def _answers(seen: Sequence[Seen]) -> list[Answer]:
    return [
        Answer(
            s.facts.payer,
            s.facts.procedures,
            s.facts.submitted_on,
            s.known_on,
            s.denied,
            s.stated,
            s.reasons,
            s.refused,
            s.facts.patient_key,
        )
        for s in seen
        if s.known_on is not None and s.denied is not None
    ]


def _outcomes(seen: Sequence[Seen], as_of: date, learned_by: date, maturity: int) -> list[Sign]:
    """What the answers say, the surest first. How soon a payer denies is learned from what was answered before."""
    answers = _answers(seen)
    first, last = learned_by - timedelta(days=365 + maturity), learned_by - timedelta(days=maturity)
    lean = leaning(a for a in answers if first <= a.sent_on <= last and a.known_on <= learned_by)
    found = streams(answers, as_of, lean)
    quiet = {s.name for s in [s for s in found if (s.service or s.reason) and not s.alarm][LOUDEST:]}
    return [_told(s) for s in found if s.name not in quiet]


def _told(stream: Stream) -> Sign:
    name = "all payers" if not stream.payer else f"payer {stream.payer}"
    name += f", services {stream.service}*" if stream.service else ""
    name += f", {stream.reason}" if stream.reason else ""
    words = stream.words
    if stream.alarm:
        often = f"{min(stream.late, SURE):,.0f} years" if stream.late >= 2 else "a year"
        words += f"; by chance less than once in {often}. See these claims, then train anew"
    return Sign("outcomes", name, min(stream.late, SURE), QUIET_YEARS, stream.answers, stream.alarm, words)


def watch(seen: Sequence[Seen], as_of: date, learned_by: date) -> Report:
    """Look at the claims sent so far. `learned_by`: from that day on the model in service had learned."""
    maturity = maturity_days((s.known_on - s.facts.submitted_on).days for s in seen if s.known_on is not None)
    since, last = as_of - timedelta(days=RECENT_DAYS), as_of - timedelta(days=maturity)
    late = [s for s in seen if s.facts.submitted_on > since and s.facts.submitted_on >= learned_by]
    then = [s for s in seen if learned_by - timedelta(days=365) <= s.facts.submitted_on < learned_by]
    signs = [_mix("inputs", name, [of(s.facts) for s in then], [of(s.facts) for s in late]) for name, of in _INPUTS]
    scored = [(s.facts.submitted_on, _band(s.stated, SCORE_BANDS)) for s in seen if s.stated is not None]
    before, now = [band for on, band in scored if on <= since], [band for on, band in scored if on > since]
    signs.append(_mix("scores", "stated probability", before, now))
    mature = [s for s in seen if s.facts.submitted_on <= last]
    signs += _outcomes(seen, as_of, learned_by, maturity)
    unknown = sum(s.denied is None for s in mature)
    return Report(as_of, maturity, len(mature), unknown, len(seen) - len(mature), tuple(signs))


# --- how good, and which of two is better ---


@dataclass(frozen=True, slots=True)
class Figures:
    """How good stated probabilities were on `n` answered claims. `auc` is None when all ended alike."""

    n: int
    denied: int
    stated: float
    log_loss: float
    brier: float
    auc: float | None


def figures(stated: Sequence[float], denied: Sequence[bool]) -> Figures | None:
    """The figures, or None when no claim is answered."""
    n = len(stated)
    if not n:
        return None
    brier = sum((p - was) ** 2 for p, was in zip(stated, denied, strict=True)) / n
    losses = sum(loss(p, was) for p, was in zip(stated, denied, strict=True)) / n
    return Figures(n, sum(denied), sum(stated) / n, losses, brier, _auc(stated, denied))


def gain(ours: Sequence[float], theirs: Sequence[float], denied: Sequence[bool]) -> tuple[float, float, float]:
    """How much less log loss a claim `ours` has than `theirs`: mean, and the ends of its 90 % interval (paired)."""
    differences = [loss(b, was) - loss(a, was) for a, b, was in zip(ours, theirs, denied, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    spread = sqrt(sum((d - mean) ** 2 for d in differences) / max(n - 1, 1) / n)
    return mean, mean - 1.645 * spread, mean + 1.645 * spread


def loss(probability: float, was: bool) -> float:
    """The log loss of one claim; nothing is taken for less likely than one in a million."""
    p = min(max(probability if was else 1 - probability, 1e-6), 1.0)
    return -log(p)


def _auc(stated: Sequence[float], denied: Sequence[bool]) -> float | None:
    positives = sum(denied)
    negatives = len(denied) - positives
    if not positives or not negatives:
        return None
    order = sorted(range(len(stated)), key=lambda place: stated[place])
    ranks, place = 0.0, 0
    while place < len(order):
        end = place
        while end + 1 < len(order) and stated[order[end + 1]] == stated[order[place]]:
            end += 1
        ranks += sum(denied[order[k]] for k in range(place, end + 1)) * ((place + end) / 2 + 1)
        place = end + 1
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)
