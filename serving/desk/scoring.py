"""Scoring: what the model in service says of every claim whose answer is not known, kept in the books as advice.

A claim is scored when it is built (signed, mended) and again each night while it has not left (held, ready), as it
would be sent that day; one that is out (submitted, accepted, pended) as it stood on the day it was sent. A challenger
scores the same claims in the shadow, for comparison; what it says is shown to nobody. A score is written beside the
claim and nowhere else: it enters no claim, no file, no posting and no statement, and a model that fails is only silent.

A manager may withhold the model's advice, and nothing else, from a small slice of the visits: what becomes of claims
that nobody mended at the model's word is the only sample that says what it is worth. The draw is made once per visit
from its id under a secret, when its claim is first scored, and is written into each score; every edit still applies.

With the risk is kept what else is to be expected of the claim: why it would be denied, if it is, how likely that takes
each of its lines, and after how many days its payer answers. A challenger is not asked that: nobody would be shown it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from billing_core.claim import ADJUDICATED, Claim, ClaimState
from billing_core.day_sheet import business_day
from models.denial.facts import ClaimFacts
from models.denial.history import History
from models.denial.replay import Sending, in_order, replay
from models.denial.share import taken
from serving.artifacts import shadow_of
from serving.desk.case import Desk, use_case
from serving.desk.outcomes import claim_facts, pseudonym, sendings
from serving.errors import InputError, NoModel
from serving.schemas.models import RiskView
from serving.security import may

if TYPE_CHECKING:
    from models.denial.outlook import Outlook
    from models.denial.predictor import Predictor, Risk
    from serving.artifacts import Served, Shelf
    from serving.ids import Clock
    from serving.store.books import Books, Store
    from serving.store.claims import ClaimScore
    from serving.store.glance import Glance

KIND = "denial"
Scored = tuple[Claim, "Risk", "Expected | None"]
UNSENT = (ClaimState.HELD, ClaimState.READY)
WAITING = (ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.PENDED)
WITHHOLD = "withhold denial advice"  # the manager's choice: per cent of visits
CATEGORIES_KEPT = 3
_MOVES_HISTORY = tuple(f"claim.{word}" for word in ("submit", *sorted(ADJUDICATED)))


class Expected(NamedTuple):
    """What else is to be expected: the outlook, and for each line how likely (in millionths) a denial takes it."""

    outlook: Outlook
    taken: tuple[int, ...]


def risk_body(risk: Risk, expected: Expected | None = None) -> dict[str, Any]:
    """The risk as it is kept: reasons and what-ifs in words, effects in thousandths of log-odds; and what else is
    expected of the claim.
    """
    more = {} if expected is None else {"outlook": outlook_body(expected.outlook), "taken": list(expected.taken)}
    return more | {
        "flagged": risk.flagged,
        "reasons": [{"group": r.group, "words": r.sentence, "effect": r.effect} for r in risk.reasons],
        "what_if": [{"mend": w.mend, "words": w.sentence, "probability_ppm": w.probability_ppm} for w in risk.what_ifs],
    }


def outlook_body(outlook: Outlook) -> dict[str, Any]:
    """What is to be expected as it is kept: the likeliest categories of a denial, the days, and what each rests on."""
    why_rests_on, days_rest_on = outlook.said
    return {
        "categories": [[name, ppm] for name, ppm in outlook.categories[:CATEGORIES_KEPT]],
        "days": outlook.days_to_answer,
        "why_rests_on": why_rests_on,
        "days_rest_on": days_rest_on,
    }


# --- the history that a claim built today is scored by ---


class _Known:
    """The history of one practice in this process, as of one event of its log. History is not made for two at once."""

    def __init__(self) -> None:
        self.lock, self.position, self.day, self.history = threading.Lock(), -1, date.min, History()
        self.events = ""  # the hash of the log's last event when this was last found right
        self.closed: date | None = None  # and through which day the books were closed by then


_KNOWN: WeakKeyDictionary[Store, dict[str, _Known]] = WeakKeyDictionary()
_KNOWN_LOCK = threading.Lock()


def _known(desk: Desk) -> _Known:
    with _KNOWN_LOCK:
        return _KNOWN.setdefault(desk.store, {}).setdefault(desk.practice_id, _Known())


@contextmanager
def history_today(desk: Desk, books: Books, today: date) -> Iterator[History]:
    """What the practice knew before today, held for one thread; built anew only after claims were sent or answered."""
    known = _known(desk)
    with known.lock:
        position = books.last_position(_MOVES_HISTORY)
        if position != known.position or today < known.day:  # a clock that went back may not see what came later
            known.position, known.history, known.events = -1, History(), ""
            for _ in replay(sendings(desk, books)[0], known.history):
                pass
            known.position = position
        known.day = today
        yield known.history


# --- scores ---


def withheld_share(books: Books) -> int:
    """Per cent of visits whose claims go without the model's advice; 0 until a manager opts in."""
    chosen = books.choices(WITHHOLD)
    return chosen[0].value if chosen else 0


def _drawn(desk: Desk, claim: Claim, share: int, before: ClaimScore | None) -> bool:
    """Whether advice on this claim is withheld: as when it was first scored, else by the draw of its visit."""
    if before is not None:
        return before.withheld
    return int(pseudonym(desk, "withhold", claim.encounter_id), 16) % 10_000 < 100 * share


def _said(
    model: Predictor, shown: ClaimFacts, history: History, *, shadow: bool = False
) -> tuple[Risk, Expected | None]:
    expected = None if shadow else Expected(model.outlook(shown, history), taken(shown, history))
    return model.score(shown, history), expected


def _keep(desk: Desk, books: Books, scored: Sequence[Scored], seal: str, *, shadow: bool = False) -> int:
    """Write down what is new; returns how many scores were."""
    before = books.latest_scores([claim.id for claim, *_ in scored], shadow=shadow)
    share, new = withheld_share(books), 0
    for claim, risk, expected in scored:
        body, last = risk_body(risk, expected), before.get(claim.id)
        if last is None or (last.artifact_sha256, last.probability_ppm, dict(last.body)) != (
            seal,
            risk.probability_ppm,
            body,
        ):
            withheld = not shadow and _drawn(desk, claim, share, last)
            books.add_score(claim.id, seal, risk.probability_ppm, body, shadow=shadow, withheld=withheld)
            new += 1
    return new


def _unsent(
    desk: Desk, books: Books, claims: Iterable[Claim], model: Predictor, *, shadow: bool = False
) -> list[Scored]:
    today = desk.today(books)
    with history_today(desk, books, today) as history:
        return [(claim, *_said(model, claim_facts(desk, claim, today), history, shadow=shadow)) for claim in claims]


def advise(desk: Desk, books: Books, claims: Sequence[Claim]) -> None:
    """Score claims just built or mended, inside the transaction that built them. Without a model, or with one that
    fails, nothing happens but a line in the log: advice holds up no claim.
    """
    if not claims or not books.activations(KIND):
        return
    try:
        served = desk.shelf.model(books, KIND)
        scored = _unsent(desk, books, claims, served.model)
    except Exception as failure:  # a model library raises what it likes; the signature must stand
        books.log(desk.actor, "model.score", claims[0].id, reason=f"not scored: {type(failure).__name__}")
        return
    _keep(desk, books, scored, served.sha256)


def _open_claims(desk: Desk, books: Books, model: Predictor, *, shadow: bool) -> list[Scored]:
    """Every claim without an answer, with what is said of it, in the order of history."""
    sent, standing = sendings(desk, books)
    scored: list[Scored] = []
    sending: Sending
    for sending, history in replay(in_order(sent)):
        found = standing[sending.mark]
        if found.state in WAITING:
            scored.append((found.claim, *_said(model, sending.facts, history, shadow=shadow)))
    return scored + _unsent(desk, books, [s.claim for s in books.claims(UNSENT)], model, shadow=shadow)


def _score_with(desk: Desk, books: Books, served: Served, *, shadow: bool) -> int:
    scored = _open_claims(desk, books, served.model, shadow=shadow)
    new = _keep(desk, books, scored, served.sha256, shadow=shadow)
    aside = " in the shadow" if shadow else ""
    said = f"{len(scored)} open claims, {new} new scores{aside}"
    books.log(desk.actor, "model.score", served.sha256, reason=said)
    return new


@use_case("model.score", noted=False)
def ask(desk: Desk, books: Books, given: ClaimFacts) -> RiskView:
    """What the model in service says of a claim that another system holds, as if it were sent today. Nothing is kept:
    neither the claim nor the risk enters the books. NoModel when no model serves.
    """
    given = _whole(given)
    served, today = desk.shelf.model(books, KIND), desk.today(books)
    with history_today(desk, books, today) as history:
        told = _told(served, given, today, history)
        known = _known(desk)
        known.events, known.closed = books.last_event(), books.closed_through()
    return told


def ask_at_hand(store: Store, shelf: Shelf, clock: Clock, seen: Glance, given: ClaimFacts) -> RiskView | None:
    """What `ask` answers, from what this process holds ready, when that is still so by the glance at the books; else
    None: then `ask`. Waits for nothing. Raises what `ask` raises.
    """
    practice_id = seen.actor.practice_id
    may(seen.actor, "model.score", practice_id)
    known, served = _KNOWN.get(store, {}).get(practice_id), shelf.at_hand(practice_id, KIND, seen.version)
    if known is None or served is None or not known.lock.acquire(blocking=False):
        return None
    try:
        today = business_day(clock.today(_zone(seen.practice)), known.closed)
        if known.events != seen.events or today < known.day:
            return None
        known.day = today
        return _told(served, _whole(given), today, known.history)
    finally:
        known.lock.release()


@lru_cache(maxsize=1024)
def _zone(practice: str) -> str:
    """The zone of a practice, from its record as it is kept."""
    return str(json.loads(practice)["zone"])


def _whole(given: ClaimFacts) -> ClaimFacts:
    """The claim, when it has lines and their columns are equally long; else InputError."""
    lines = (given.procedures, given.modifiers, given.units, given.amounts_cents, given.pointed)
    if len({len(column) for column in lines}) > 1:
        raise InputError("the lines' columns differ in length", field="procedures", mend="give each line every column")
    if not given.procedures:
        raise InputError("the claim has no lines", field="procedures", mend="give each service of the claim as a line")
    return given


def _told(served: Served, given: ClaimFacts, today: date, history: History) -> RiskView:
    risk = served.model.score(replace(given, submitted_on=today), history)
    return RiskView(
        model=served.sha256,
        probability_ppm=risk.probability_ppm,
        flagged=risk.flagged,
        reasons=[reason.sentence for reason in risk.reasons if reason.effect > 0],
        what_if=[
            f"{mend.sentence} {_point(risk.probability_ppm)} to {_point(mend.probability_ppm)}."
            for mend in risk.what_ifs
        ],
    )


def _point(ppm: int) -> str:
    return f"{ppm / 1_000_000:.2f}"


@use_case("model.score")
def score_claims(desk: Desk, books: Books) -> int:
    """Score what is open with the model in service; NoModel when there is none. Returns how many scores are new."""
    return _score_with(desk, books, desk.shelf.model(books, KIND), shadow=False)


@use_case("model.score")
def score_in_shadow(desk: Desk, books: Books) -> int:
    """Let the challenger score the same claims, beside the model in service; NoModel when there is no challenger."""
    challenger = desk.shelf.model(books, shadow_of(KIND))
    if challenger.sha256 == desk.shelf.model(books, KIND).sha256:
        raise NoModel("the challenger is the model in service", mend="offer another, and let it score in the shadow")
    return _score_with(desk, books, challenger, shadow=True)


def score_if_served(desk: Desk) -> int:
    """The same at the end of a night; 0 when no denial model serves the practice."""
    try:
        new = score_claims(desk)
    except NoModel:
        return 0
    with suppress(NoModel):
        score_in_shadow(desk)
    return new
