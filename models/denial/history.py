"""What the practice already knew on a day: earlier submissions, and outcomes that had arrived before it.

Adding an outcome does not make it known. `known_before(day)` folds in what happened before that day, in order of the
days, and a question about an earlier day than the last folded outcome raises HistoryError: a row that has seen its own
future cannot be made, in training or in service. Denial rates are kept per family (payer x procedure and so on), and
beliefs about payers' rules, which wear off, because payers change their habits.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing_core.errors import BillingError
from billing_core.reason import DenialCategory
from billing_core.record import from_plain, to_plain
from models.denial.facts import ClaimFacts
from models.denial.families import CAUSES, every_claim_key, is_yearly, outcome_keys, usage_keys, whole

FORMAT = 5
REMEMBER_DAYS = 800  # a patient's submissions older than this are forgotten: limits and duplicates look two years back
BEGINNING_DAYS = 45  # who sent a first claim within these days of the first of all was here before the history began
EVERY_CLAIM = "every claim"
ORIGINAL = "1"  # CLM05-3; a replacement (7) has a deadline of its own
YEAR_DAYS = 365
# A payer's rule, for one kind of line: it refuses seldom, half the time or nearly always; or there is none, and a
# refusal for that kind of reason is an accident. The odds are against there being none.
APPLIED = (0.2, 0.5, 0.93)
ACCIDENT = 0.005
UNSEEN_RULE = (0.012, 0.012, 0.015)
BELIEVED_RULE = (0.3, 1.5, 4.0)
RULE_HALF_LIFE_DAYS = 240  # payers take up rules and drop them: what was seen long ago counts for less
_SUREST = 1e4
# Filing limits that payers have, in days, and how common each is; refused as late, a claim is over the limit, but for
# one in 500; taken, it is within, but for one in 30.
FILING_LIMITS = (30, 45, 60, 75, 90, 120, 150, 180, 365)
_LIMIT_SHARES = (0.02, 0.04, 0.06, 0.03, 0.17, 0.13, 0.02, 0.24, 0.29)
_LATE_BY_ACCIDENT, _LATE_TAKEN = 0.002, 0.03
_LEAST_SHARE = 0.002

_KEPT = tuple(0.5 ** (days / RULE_HALF_LIFE_DAYS) for days in range(3000))


class HistoryError(BillingError):
    """The history is asked about a day before what it already knows, or its file is not one."""


@dataclass(slots=True)
class Tally:
    """Claims and denied claims of one key, and how many of the latest were denied one after the other."""

    claims: int = 0
    denied: int = 0
    in_a_row: int = 0

    def add(self, denied: bool) -> None:
        """Count one more claim."""
        self.claims += 1
        self.denied += denied
        self.in_a_row = self.in_a_row + 1 if denied else 0

    def rate(self, prior: float, strength: float) -> float:
        """Share denied, drawn towards `prior` with the weight of `strength` claims."""
        return (self.denied + strength * prior) / (self.claims + strength)


@dataclass(slots=True)
class Rule:
    """How likely it is that a payer has a rule for one kind of line, as odds against none: one that is applied seldom,
    half the time, nearly always (APPLIED); as of `day`.
    """

    seldom: float
    half: float
    always: float
    day: int = 0

    def on(self, day: int, prior: tuple[float, float, float]) -> tuple[float, float, float]:
        """The odds on that day: the longer ago, the nearer to where they began."""
        kept = _kept(day - self.day)
        seldom, half, always = prior
        return (
            seldom + (self.seldom - seldom) * kept,
            half + (self.half - half) * kept,
            always + (self.always - always) * kept,
        )

    def add(self, applied: bool, day: int, prior: tuple[float, float, float]) -> None:
        """Learn of one more line: refused for that reason, or taken."""
        odds = self.on(day, prior)
        factors = _APPLIED if applied else _TAKEN
        self.seldom, self.half, self.always = (
            min(max(o * f, 1 / _SUREST), _SUREST) for o, f in zip(odds, factors, strict=True)
        )
        self.day = max(day, self.day)


_APPLIED = tuple(p / ACCIDENT for p in APPLIED)
_TAKEN = tuple((1 - p) / (1 - ACCIDENT) for p in APPLIED)


def applied(odds: tuple[float, float, float]) -> float:
    """The probability that a line of the kind is refused for the reason."""
    seldom, half, always = odds
    return (ACCIDENT + seldom * APPLIED[0] + half * APPLIED[1] + always * APPLIED[2]) / (1 + seldom + half + always)


@dataclass(slots=True)
class Sent:
    """One earlier submission of a patient. `outcome` is None until known, then whether it was denied; `part`: denied,
    but some line of it was taken.
    """

    claim_key: str
    submitted: int
    service: int
    payer: str
    procedures: tuple[str, ...]
    outcome: bool | None = None
    part: bool = False


@dataclass(slots=True)
class CoverageState:
    """The last known outcome under one coverage, and the last denial that said the coverage was not in force; the
    latest day of service paid, and from which day of service on it was refused as not in force and not paid since.
    """

    day: int
    denied: bool
    coverage_denied: int = 0
    paid: int = 0
    refused_from: int = 0


@dataclass(slots=True)
class CardState:
    """What a payer said under one insurance card, whoever of the family was seen: the latest day of service that it
    paid, that it refused because the coverage was not in force, and that it sent to another payer; and the day on which
    the last such refusal was learned. 0: never.
    """

    paid: int = 0
    not_in_force: int = 0
    refused_on: int = 0
    other_payer: int = 0
    refused_from: int = 0


@dataclass(slots=True)
class ProviderState:
    """One provider before one payer: the latest day of service refused for want of enrollment, the latest taken, and
    how many were taken.
    """

    refused: int = 0
    taken: int = 0
    claims: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """A submission (`used`) or an outcome (the rest), waiting until a day after `day` is asked about."""

    day: int
    used: tuple[tuple[str, bool], ...] = ()
    keys: tuple[tuple[str, bool], ...] = ()
    rules: tuple[tuple[str, bool], ...] = ()
    whole: bool = True
    denied: bool = False
    categories: tuple[str, ...] = ()
    payer: str = ""
    provider: str = ""
    service: int = 0
    days_to_submit: int = 0
    again: bool = False
    claim_key: str = ""
    patient_key: str = ""
    coverage_key: str = ""
    card: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A history as it is saved."""

    format: int
    through: int
    serial: int
    first: int
    tallies: Mapping[str, Tally]
    usage: Mapping[str, Tally]
    coverages: Mapping[str, CoverageState]
    cards: Mapping[str, CardState]
    providers: Mapping[str, ProviderState]
    joined: Mapping[str, int]
    not_enrolled: Mapping[str, int]
    too_late: Mapping[str, int]
    rules: Mapping[str, Rule]
    limits: Mapping[str, tuple[float, ...]]
    sent: Mapping[str, tuple[Sent, ...]]
    pending: tuple[tuple[int, Event], ...]


_UNSEEN = Tally()
_BELIEVED = tuple(f"{every_claim_key(cause)}:" for cause in CAUSES if cause.believed)  # how the keys of these begin


class History:
    """An accumulator of one practice's submissions and outcomes; see the module for what it promises."""

    __slots__ = (
        *("_cards", "_coverages", "_first", "_joined", "_memo", "_memo_day", "_not_enrolled", "_pending", "_providers"),
        *("_limits", "_rules", "_sent", "_serial", "_tallies", "_through", "_too_late", "_usage"),
    )

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}
        self._usage: dict[str, Tally] = {}
        self._sent: dict[str, list[Sent]] = {}
        self._coverages: dict[str, CoverageState] = {}
        self._cards: dict[str, CardState] = {}
        self._providers: dict[str, ProviderState] = {}
        self._joined: dict[str, int] = {}
        self._not_enrolled: dict[str, int] = {}
        self._too_late: dict[str, int] = {}
        self._rules: dict[str, Rule] = {}
        self._limits: dict[str, tuple[float, ...]] = {}
        self._pending: list[tuple[int, int, Event]] = []
        self._serial = 0
        self._through = 0
        self._first = 0
        self._memo: dict[object, Any] = {}
        self._memo_day = 0

    def submitted(self, facts: ClaimFacts) -> None:
        """A claim was sent on `facts.submitted_on`."""
        day = facts.submitted_on.toordinal()
        self._first = min(self._first or day, day)
        self._joined[facts.provider] = min(self._joined.get(facts.provider, day), day)
        sent = self._sent.setdefault(facts.patient_key, [])
        sent.append(Sent(facts.claim_key, day, facts.service_on.toordinal(), facts.payer, facts.procedures))
        if sent[0].submitted < day - REMEMBER_DAYS:
            sent[:] = [s for s in sent if s.submitted >= day - REMEMBER_DAYS]
        self._push(Event(day, used=usage_keys(facts)))

    def adjudicated(
        self,
        facts: ClaimFacts,
        denied: bool,
        on: date,
        categories: Sequence[str] = (),
        refused: tuple[str, ...] = (),
    ) -> None:
        """The practice learned on day `on` whether the claim was denied; `categories` are the DenialCategory values
        of its denial, `refused` the procedures denied (none named: all of them)."""
        said = tuple(map(str, categories)) if denied else ()
        found = outcome_keys(facts, denied, refused, frozenset(said), self._repeated(facts) if denied else frozenset())
        self._push(
            Event(
                on.toordinal(),
                keys=found.keys,
                rules=found.rules,
                whole=whole(facts, refused),
                denied=denied,
                categories=said,
                payer=facts.payer,
                provider=facts.provider,
                service=facts.service_on.toordinal(),
                days_to_submit=facts.days_to_submit,
                again=facts.frequency != ORIGINAL,
                claim_key=facts.claim_key,
                patient_key=facts.patient_key,
                coverage_key=facts.coverage_key,
                card=facts.card,
            )
        )

    def _repeated(self, facts: ClaimFacts) -> frozenset[str]:
        """The yearly services of the claim that this payer was sent for the patient less than a year before."""
        yearly = frozenset(filter(is_yearly, facts.procedures))
        service = facts.service_on.toordinal()
        lately = yearly and any(
            sent.payer == facts.payer
            and 0 < service - sent.service < YEAR_DAYS
            and any(map(is_yearly, sent.procedures))
            for sent in self._sent.get(facts.patient_key, ())
        )
        return yearly if lately else frozenset()

    def known_before(self, day: date) -> int:
        """Fold in what happened before `day`; returns the day's ordinal. HistoryError when later days are known."""
        ordinal = day.toordinal()
        if ordinal <= self._through:
            raise HistoryError(
                "the history already knows what happened on or after that day",
                where=day.isoformat(),
                mend="ask in the order of the days, or build the history anew",
            )
        if self._memo_day != ordinal or (self._pending and self._pending[0][0] < ordinal):
            self._memo.clear()
            self._memo_day = ordinal
        while self._pending and self._pending[0][0] < ordinal:
            self._fold(heapq.heappop(self._pending)[2])
        return ordinal

    @property
    def through(self) -> int:
        """The last day (ordinal) of which anything is known; 0 when nothing is."""
        return self._through

    def settle(self) -> None:
        """Fold in everything that waits: from now on only later days can be asked about, and asking changes nothing."""
        while self._pending:
            self._fold(heapq.heappop(self._pending)[2])
        self._memo.clear()

    @property
    def of_the_day(self) -> dict[object, Any]:
        """What was already worked out on the day last asked about: a place for the encoder to keep its parts. It is
        emptied when another day is asked about or more becomes known.
        """
        return self._memo

    def tally(self, key: str) -> Tally:
        """What is known of one rate key; an empty tally when nothing is."""
        return self._tallies.get(key, _UNSEEN)

    def usage(self, key: str) -> Tally:
        """How many claims of a key carried the thing (authorization, referral, modifier): `denied` counts those."""
        return self._usage.get(key, _UNSEEN)

    def earlier(self, facts: ClaimFacts) -> list[Sent]:
        """The patient's other submissions sent up to the day of `facts`, itself left out."""
        return self.sent(facts.patient_key, facts.claim_key, facts.submitted_on.toordinal())

    def sent(self, patient_key: str, but: str, day: int) -> list[Sent]:
        """The patient's submissions sent up to that day, all but the claim `but`."""
        sent = self._sent.get(patient_key)
        return [s for s in sent if s.submitted <= day and (s.claim_key != but or not but)] if sent else []

    def too_late(self, payer: str) -> int | None:
        """The fewest days from service to submission that this payer has denied as filed too late; None if none."""
        return self._too_late.get(payer)

    def rule(self, key: str, believed: bool, day: int) -> float:
        """The probability that the payer refuses a line of that kind for that kind of reason."""
        prior = BELIEVED_RULE if believed else UNSEEN_RULE
        found = self._rules.get(key)
        return applied(prior if found is None else found.on(day, prior))

    def refused_as_late(self, payer: str, days: int, again: bool) -> float:
        """The probability that this payer refuses as late what is sent so many days after the service; what is sent
        again in the place of an earlier claim has a deadline of its own.
        """
        shares = self._limits.get(_limit_key(payer, again), _LIMIT_SHARES)
        over = sum(share for limit, share in zip(FILING_LIMITS, shares, strict=True) if days > limit)
        return over * (1 - _LATE_TAKEN)

    def coverage(self, coverage_key: str) -> CoverageState | None:
        """The last known outcome under a coverage; None when there is none."""
        return self._coverages.get(coverage_key) if coverage_key else None

    def card(self, card: str) -> CardState | None:
        """What its payer said under this card; None when nothing was."""
        return self._cards.get(card) if card else None

    def provider(self, payer: str, provider: str) -> ProviderState | None:
        """How the payer took this provider; None when it never answered."""
        return self._providers.get(f"{payer}|{provider}")

    def newcomer_since(self, provider: str, day: int) -> int | None:
        """The day of the provider's first claim here, that day at the latest; None for who was here when the history
        began.
        """
        first = min(self._joined.get(provider, day), day)
        return first if self._first and first > self._first + BEGINNING_DAYS else None

    def not_enrolled(self, provider: str) -> int:
        """How many claims of the provider were refused, by whichever payer, for want of enrollment."""
        return self._not_enrolled.get(provider, 0)

    def as_json(self) -> str:
        """The whole state as JSON text; `from_json` gives the same history back."""
        state = State(
            FORMAT,
            self._through,
            self._serial,
            self._first,
            self._tallies,
            self._usage,
            self._coverages,
            self._cards,
            self._providers,
            self._joined,
            self._not_enrolled,
            self._too_late,
            self._rules,
            self._limits,
            {patient: tuple(sent) for patient, sent in self._sent.items()},
            tuple((serial, event) for _, serial, event in sorted(self._pending, key=lambda p: p[:2])),
        )
        return json.dumps(to_plain(state), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> History:
        """The history that `as_json` wrote. Raises HistoryError for anything else."""
        try:
            state = from_plain(State, json.loads(text))
        except (ValueError, RecursionError) as error:
            raise HistoryError("not a saved history", mend="build it anew from the submissions") from error
        if state.format != FORMAT:
            raise HistoryError("a saved history of another format", mend="build it anew from the submissions")
        history = cls()
        history._through, history._serial, history._first = state.through, state.serial, state.first
        history._cards, history._providers = dict(state.cards), dict(state.providers)
        history._joined, history._not_enrolled = dict(state.joined), dict(state.not_enrolled)
        history._tallies, history._usage = dict(state.tallies), dict(state.usage)
        history._coverages, history._too_late = dict(state.coverages), dict(state.too_late)
        history._rules, history._limits = dict(state.rules), dict(state.limits)
        history._sent = {patient: list(sent) for patient, sent in state.sent.items()}
        history._pending = [(event.day, serial, event) for serial, event in state.pending]
        heapq.heapify(history._pending)
        return history

    def _push(self, event: Event) -> None:
        self._serial += 1
        heapq.heappush(self._pending, (event.day, self._serial, event))

    def _fold(self, event: Event) -> None:
        """Count what has become known. An event that arrived late counts from the day it is folded in."""
        self._through = max(self._through, event.day)
        for key, carried in event.used:
            self._usage.setdefault(key, Tally()).add(carried)
        if not event.keys:
            return
        for key, denied in ((EVERY_CLAIM, event.denied), *event.keys):
            self._tallies.setdefault(key, Tally()).add(denied)
        for key, was_applied in event.rules:
            prior = BELIEVED_RULE if key.startswith(_BELIEVED) else UNSEEN_RULE
            self._rules.setdefault(key, Rule(*prior, event.day)).add(was_applied, event.day, prior)
        for sent in self._sent.get(event.patient_key, ()):
            if sent.claim_key == event.claim_key:
                sent.outcome, sent.part = event.denied, event.denied and not event.whole
        self._fold_limit(event)
        if DenialCategory.TIMELY_FILING in event.categories and event.days_to_submit > FILING_LIMITS[0]:
            self._too_late[event.payer] = min(event.days_to_submit, self.too_late(event.payer) or event.days_to_submit)
        self._fold_coverage(event)
        self._fold_provider(event)

    def _fold_limit(self, event: Event) -> None:
        """What the answer says of the payer's filing limit."""
        late = DenialCategory.TIMELY_FILING in event.categories
        if event.days_to_submit <= FILING_LIMITS[0] and not late:
            return
        key = _limit_key(event.payer, event.again)
        before = self._limits.get(key, _LIMIT_SHARES)
        said = (_LATE_TAKEN, 1.0) if not late else (1 - _LATE_TAKEN, _LATE_BY_ACCIDENT)
        raw = [share * said[event.days_to_submit <= limit] for limit, share in zip(FILING_LIMITS, before, strict=True)]
        whole_of = sum(raw)
        floored = [max(share / whole_of, _LEAST_SHARE) for share in raw]
        self._limits[key] = tuple(share / sum(floored) for share in floored)

    def _fold_coverage(self, event: Event) -> None:
        not_in_force = DenialCategory.ELIGIBILITY in event.categories
        if event.coverage_key:
            before = self._coverages.get(event.coverage_key) or CoverageState(0, False)
            refused = event.day if not_in_force else before.coverage_denied
            paid, since = _paid_and_refused(before.paid, before.refused_from, event, not_in_force)
            self._coverages[event.coverage_key] = CoverageState(event.day, event.denied, refused, paid, since)
        if not event.card:
            return
        card = self._cards.setdefault(event.card, CardState())
        card.paid, card.refused_from = _paid_and_refused(card.paid, card.refused_from, event, not_in_force)
        if not_in_force:
            card.not_in_force, card.refused_on = max(card.not_in_force, event.service), event.day
        if DenialCategory.OTHER_PAYER in event.categories and event.whole:
            card.other_payer = max(card.other_payer, event.service)

    def _fold_provider(self, event: Event) -> None:
        state = self._providers.setdefault(f"{event.payer}|{event.provider}", ProviderState())
        if DenialCategory.ENROLLMENT in event.categories:
            state.refused = max(state.refused, event.service)
            self._not_enrolled[event.provider] = self.not_enrolled(event.provider) + 1
        elif DenialCategory.ELIGIBILITY not in event.categories:
            state.taken, state.claims = max(state.taken, event.service), state.claims + 1


def _limit_key(payer: str, again: bool) -> str:
    return f"{payer}|again" if again else payer


def _kept(days: int) -> float:
    """How much of what was learned of a rule still counts after so many days."""
    return _KEPT[days] if 0 <= days < len(_KEPT) else 1.0 if days < 0 else 0.0


def _paid_and_refused(paid: int, refused_from: int, event: Event, not_in_force: bool) -> tuple[int, int]:
    """The latest day of service paid, and the first one after it that was refused as not in force (0: none)."""
    if not_in_force:
        if event.service > paid:
            refused_from = min(refused_from or event.service, event.service)
    elif not event.denied or not event.whole:
        paid = max(paid, event.service)
    return paid, refused_from if refused_from > paid else 0
