"""What the practice already knew on a day: earlier submissions, and outcomes that had arrived before it.

Adding an outcome does not make it known. `known_before(day)` folds in what happened before that day, in order of the
days, and a question about an earlier day than the last folded outcome raises HistoryError: a row that has seen its own
future cannot be made, in training or in service. Denial rates are kept per family (payer x procedure and so on), over
all time and with a half-life, because payers change their habits.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_core.errors import BillingError
from billing_core.reason import DenialCategory
from billing_core.record import from_plain, to_plain
from models.denial.facts import ClaimFacts
from models.denial.families import rate_keys, usage_keys

FORMAT = 2
HALF_LIFE_DAYS = 60
REMEMBER_DAYS = 800  # a patient's submissions older than this are forgotten: limits and duplicates look two years back
EVERY_CLAIM = "every claim"

_FADE = tuple(0.5 ** (days / HALF_LIFE_DAYS) for days in range(1000))


class HistoryError(BillingError):
    """The history is asked about a day before what it already knows, or its file is not one."""


@dataclass(slots=True)
class Tally:
    """Claims and denied claims of one key: over all time, and fading by the half-life as of `day` (an ordinal)."""

    claims: int = 0
    denied: int = 0
    recent: float = 0.0
    recent_denied: float = 0.0
    day: int = 0

    def add(self, denied: bool, day: int) -> None:
        """Count one more claim on that day."""
        fade = _fade(day - self.day) if self.claims else 0.0
        self.recent = self.recent * fade + 1.0
        self.recent_denied = self.recent_denied * fade + denied
        self.day = max(day, self.day)
        self.claims += 1
        self.denied += denied

    def rate(self, prior: float, strength: float) -> float:
        """Share denied over all time, drawn towards `prior` with the weight of `strength` claims."""
        return (self.denied + strength * prior) / (self.claims + strength)

    def recent_rate(self, day: int, prior: float, strength: float) -> float:
        """Share denied of late as seen on `day`, drawn towards `prior`."""
        fade = _fade(day - self.day)
        return (self.recent_denied * fade + strength * prior) / (self.recent * fade + strength)


@dataclass(slots=True)
class Sent:
    """One earlier submission of a patient. `outcome` is None until known, then whether it was denied."""

    claim_key: str
    submitted: int
    service: int
    payer: str
    procedures: tuple[str, ...]
    outcome: bool | None = None


@dataclass(slots=True)
class CoverageState:
    """The last known outcome under one coverage, and the last denial that said the coverage was not in force."""

    day: int
    denied: bool
    coverage_denied: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """A submission (`used`) or an outcome (the rest), waiting until a day after `day` is asked about."""

    day: int
    used: tuple[tuple[str, bool], ...] = ()
    keys: tuple[tuple[str, bool], ...] = ()
    denied: bool = False
    for_coverage: bool = False
    payer: str = ""  # only when it denied the claim as filed too late
    days_to_submit: int = 0
    claim_key: str = ""
    patient_key: str = ""
    coverage_key: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A history as it is saved."""

    format: int
    through: int
    serial: int
    tallies: Mapping[str, Tally]
    usage: Mapping[str, Tally]
    coverages: Mapping[str, CoverageState]
    too_late: Mapping[str, int]
    sent: Mapping[str, tuple[Sent, ...]]
    pending: tuple[tuple[int, Event], ...]


_UNSEEN = Tally()


class History:
    """An accumulator of one practice's submissions and outcomes; see the module for what it promises."""

    __slots__ = ("_coverages", "_pending", "_sent", "_serial", "_tallies", "_through", "_too_late", "_usage")

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}
        self._usage: dict[str, Tally] = {}
        self._sent: dict[str, list[Sent]] = {}
        self._coverages: dict[str, CoverageState] = {}
        self._too_late: dict[str, int] = {}
        self._pending: list[tuple[int, int, Event]] = []
        self._serial = 0
        self._through = 0

    def submitted(self, facts: ClaimFacts) -> None:
        """A claim was sent on `facts.submitted_on`."""
        day = facts.submitted_on.toordinal()
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
        for_coverage = denied and DenialCategory.ELIGIBILITY in categories
        too_late = denied and DenialCategory.TIMELY_FILING in categories
        self._push(
            Event(
                on.toordinal(),
                keys=rate_keys(facts, denied, refused),
                denied=denied,
                for_coverage=for_coverage,
                payer=facts.payer if too_late else "",
                days_to_submit=facts.days_to_submit,
                claim_key=facts.claim_key,
                patient_key=facts.patient_key,
                coverage_key=facts.coverage_key,
            )
        )

    def known_before(self, day: date) -> int:
        """Fold in what happened before `day`; returns the day's ordinal. HistoryError when later days are known."""
        ordinal = day.toordinal()
        if ordinal <= self._through:
            raise HistoryError(
                "the history already knows what happened on or after that day",
                where=day.isoformat(),
                mend="ask in the order of the days, or build the history anew",
            )
        while self._pending and self._pending[0][0] < ordinal:
            self._fold(heapq.heappop(self._pending)[2])
        return ordinal

    def tally(self, key: str) -> Tally:
        """What is known of one rate key; an empty tally when nothing is."""
        return self._tallies.get(key, _UNSEEN)

    def usage(self, key: str) -> Tally:
        """How many claims of a key carried the thing (authorization, referral, modifier): `denied` counts those."""
        return self._usage.get(key, _UNSEEN)

    def earlier(self, facts: ClaimFacts) -> list[Sent]:
        """The patient's other submissions sent up to the day of `facts`, itself left out."""
        day = facts.submitted_on.toordinal()
        sent = self._sent.get(facts.patient_key, ())
        return [s for s in sent if s.submitted <= day and (s.claim_key != facts.claim_key or not s.claim_key)]

    def too_late(self, payer: str) -> int | None:
        """The fewest days from service to submission that this payer has denied as filed too late; None if none."""
        return self._too_late.get(payer)

    def coverage(self, coverage_key: str) -> CoverageState | None:
        """The last known outcome under a coverage; None when there is none."""
        return self._coverages.get(coverage_key) if coverage_key else None

    def as_json(self) -> str:
        """The whole state as JSON text; `from_json` gives the same history back."""
        state = State(
            FORMAT,
            self._through,
            self._serial,
            self._tallies,
            self._usage,
            self._coverages,
            self._too_late,
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
        history._through, history._serial = state.through, state.serial
        history._tallies, history._usage = dict(state.tallies), dict(state.usage)
        history._coverages, history._too_late = dict(state.coverages), dict(state.too_late)
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
            self._usage.setdefault(key, Tally()).add(carried, event.day)
        if not event.keys:
            return
        for key, denied in ((EVERY_CLAIM, event.denied), *event.keys):
            self._tallies.setdefault(key, Tally()).add(denied, event.day)
        if event.payer:
            self._too_late[event.payer] = min(event.days_to_submit, self.too_late(event.payer) or event.days_to_submit)
        for sent in self._sent.get(event.patient_key, ()):
            if sent.claim_key == event.claim_key:
                sent.outcome = event.denied
        if event.coverage_key:
            before = self._coverages.get(event.coverage_key)
            refused = event.day if event.for_coverage else before.coverage_denied if before else 0
            self._coverages[event.coverage_key] = CoverageState(event.day, event.denied, refused)


def _fade(days: int) -> float:
    """How much a claim that many days old still counts."""
    return _FADE[days] if 0 <= days < len(_FADE) else 1.0 if days < 0 else 0.0
