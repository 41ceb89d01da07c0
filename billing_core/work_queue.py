"""The work queue: what to work first, with every part of the rank shown.

    expected value = probability that the dollars are lost if nobody works the item x dollars at stake
                     x share (how much of them a refusal takes: often a line, not the claim)
                     x effect of work (the share of that which work saves) - cost of work
    score          = expected value x urgency, where urgency grows as the deadline comes near

A deadline that has passed puts an item last and leaves work no effect: nothing but a review can be done. Probability
and share come from a model and change the order alone; an item without them counts as certain and whole, and says so.
Dollars at stake are what the payer is expected to pay, never the charge, wherever the caller knows it. Ties fall by
deadline, then number, then id, so the same items always come in the same order.
`today` says which of them fit into a day's work without letting one lapse that could be kept.
Cost of work: rework of a denied claim is reported at about $44 to $57 and an appeal at about $118 (trade averages);
the cost of a look at a claim not yet refused is our assumption, $10. `order` takes a practice's own figures instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from billing_core.claim import Claim, ClaimState
from billing_core.contract import Contract, Remedy
from billing_core.denial import LineDenial, reason
from billing_core.money import Cents
from billing_core.rule import Finding

CERTAIN = 1_000_000


class WorkKind(StrEnum):
    """Why an item is in the queue."""

    DENIAL = "denial"
    UNPROCESSABLE = "unprocessable"
    REJECTION = "rejection"
    HELD_EDIT = "held edit"
    RISK = "risk"  # passed the edits; a model expects a denial
    UNMATCHED = "unmatched"
    UNDERPAID = "underpaid"
    REVIEW = "review"  # posting asks a person to look
    FOLLOW_UP = "follow up"  # sent long ago, no answer


_REWORK: Cents = 5000
COST_OF_WORK: dict[WorkKind, Cents] = {
    WorkKind.DENIAL: _REWORK,
    WorkKind.UNPROCESSABLE: _REWORK,
    WorkKind.UNDERPAID: 11800,
    WorkKind.REJECTION: 1000,
    WorkKind.HELD_EDIT: 1000,
    WorkKind.RISK: 1000,
    WorkKind.UNMATCHED: 1000,
    WorkKind.REVIEW: 1000,
    WorkKind.FOLLOW_UP: 1000,
}
# Share of the dollars at stake that work saves: 63 % of denied dollars are recoverable (trade average); what never
# reached a payer is lost whole without work and saved whole by it.
EFFECT_OF_WORK: dict[WorkKind, int] = dict.fromkeys(WorkKind, 100) | {WorkKind.DENIAL: 63, WorkKind.RISK: 63}
EFFECT_ONCE_SENT = 30  # per cent, our assumption: a call to the payer before it answers saves less than a clean claim


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing to work. `probability_ppm` (0 to 1,000,000) orders, it decides nothing; None: not scored.

    `reasons` say what is wrong and `mend` what to do, in plain words without patient data. `share_ppm`: the share of
    `at_stake` that is lost with it. `effect_percent`: the share of that which work is expected to save, and
    `effect_rests_on`, in words, by what.
    """

    id: str
    kind: WorkKind
    claim_id: str
    claim_number: str
    at_stake: Cents
    reasons: tuple[str, ...]
    mend: str
    deadline: date | None = None
    probability_ppm: int | None = None
    carcs: tuple[str, ...] = ()
    effect_percent: int = 100
    share_ppm: int = CERTAIN
    effect_rests_on: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item in its place, and how it came there. `urgency` is in per cent; `lapsed`: the deadline has passed, so that
    `effect_percent` is 0 whatever the item's would have been.
    """

    place: int
    item: WorkItem
    probability_ppm: int
    expected_value: Cents
    days_left: int | None
    urgency: int
    score: int
    lapsed: bool
    effect_percent: int


def urgency(days_left: int | None) -> int:
    """Per cent by which the deadline weighs: a week or less 200, a month or less 150, else 100."""
    if days_left is None or days_left > 30:
        return 100
    return 200 if days_left <= 7 else 150


def _rank(item: WorkItem, today: date, costs: Mapping[WorkKind, Cents]) -> Ranked:
    ppm = CERTAIN if item.probability_ppm is None else min(CERTAIN, max(0, item.probability_ppm))
    days = (item.deadline - today).days if item.deadline is not None else None
    lapsed = days is not None and days < 0
    effect = 0 if lapsed else item.effect_percent
    share = min(CERTAIN, max(0, item.share_ppm))
    value = item.at_stake * ppm * share * effect // (100 * CERTAIN**2) - costs[item.kind]
    weight = urgency(days)
    # Urgency lifts what is worth working; it must not sink what costs more than it brings.
    score = value * weight if value > 0 else value * 100
    return Ranked(0, item, ppm, value, days, weight, score, lapsed, effect)


def order(items: Iterable[WorkItem], today: date, costs: Mapping[WorkKind, Cents] = COST_OF_WORK) -> tuple[Ranked, ...]:
    """The items in the order in which to work them, best first. `costs`: what a practice's work on each kind costs."""
    ranked = sorted(
        (_rank(item, today, costs) for item in items),
        key=lambda r: (
            r.lapsed,
            -r.item.at_stake if r.lapsed else -r.score,
            r.item.deadline or date.max,
            r.item.claim_number,
            r.item.id,
        ),
    )
    return tuple(replace(r, place=place) for place, r in enumerate(ranked, start=1))


def today(ranked: Iterable[Ranked], capacity: int) -> frozenset[str]:
    """The ids of the items to work today, when `capacity` can be worked each day: the best by score, but for room made
    for what would lapse before its turn came.

    Unit jobs with deadlines (Sahni 1976): first, best score first, each is given the latest free day before its
    deadline, so what is left over is the least that must be lost; then today takes as many of the rest by deadline as
    the days to come cannot hold, and fills up by score. Lapsed items and those not worth the work are left out.
    """
    if capacity < 1:
        return frozenset()
    workable = sorted((r for r in ranked if not r.lapsed and r.expected_value > 0), key=lambda r: r.place)
    free: dict[int, int] = {}  # day -> the latest day up to it with room, as far as known
    room: dict[int, int] = {}

    def latest(day: int) -> int:
        path = []
        while day >= 0 and room.get(day, capacity) == 0:
            path.append(day)
            day = free.get(day, day - 1)
        for passed in path:
            free[passed] = day
        return day

    dated: list[tuple[int, str]] = []
    for r in workable:
        if r.days_left is None:
            continue
        day = latest(r.days_left)
        if day >= 0:
            room[day] = room.get(day, capacity) - 1
            dated.append((r.days_left, r.item.id))
    chosen: dict[str, None] = {}
    for days in sorted({days for days, _ in dated}):
        waiting = [item_id for left, item_id in dated if left <= days and item_id not in chosen]
        must = len(waiting) - capacity * days
        chosen |= dict.fromkeys(waiting[: max(must, 0)])
    kept = {item_id for _, item_id in dated}
    rest = [r.item.id for r in workable if r.days_left is None or r.item.id in kept]
    return frozenset([*chosen, *(item_id for item_id in rest if item_id not in chosen)][:capacity])


def denial_item(
    item_id: str,
    claim: Claim,
    denied: Iterable[LineDenial],
    state: ClaimState,
    remitted_on: date,
    contract: Contract | None,
    at_stake: Cents | None = None,
) -> WorkItem | None:
    """The work item of a claim's denied lines; None when the patient owes them all or none was denied.

    `at_stake` is what the payer is expected to owe (the denied amount when not known). The deadline is the contract's,
    by its remedy: to correct or to appeal, from the remittance; to file, from the service, for a claim sent anew.
    """
    worked = tuple(d for d in denied if not d.patient_owes)
    if not worked:
        return None
    unprocessable = state is ClaimState.UNPROCESSABLE
    reasons = tuple(dict.fromkeys(f"{d.code}: {reason(d.reason).words}" for d in worked))
    remedies = tuple(dict.fromkeys(reason(d.reason).remedy for d in worked))
    mend = "; ".join(("send a new claim: this one cannot be appealed", *remedies) if unprocessable else remedies)
    return WorkItem(
        id=item_id,
        kind=WorkKind.UNPROCESSABLE if unprocessable else WorkKind.DENIAL,
        claim_id=claim.id,
        claim_number=claim.number,
        at_stake=sum(d.amount for d in worked) if at_stake is None else at_stake,
        reasons=reasons,
        mend=mend,
        deadline=_deadline(claim, unprocessable, remitted_on, contract),
        carcs=tuple(dict.fromkeys(d.reason for d in worked)),
    )


def _deadline(claim: Claim, unprocessable: bool, remitted_on: date, contract: Contract | None) -> date | None:
    if contract is None:
        return None
    if unprocessable or contract.corrected_by is Remedy.NEW_CLAIM:
        return contract.file_by(claim.service_date)
    days = contract.appeal_days if contract.corrected_by is Remedy.APPEAL else contract.corrected_days
    return remitted_on + timedelta(days=days)


def finding_item(
    item_id: str,
    kind: WorkKind,
    claim: Claim,
    findings: Iterable[Finding],
    deadline: date | None = None,
    at_stake: Cents | None = None,
) -> WorkItem:
    """The work item of findings on a claim: held edits, a rejection, an underpayment, what posting asks to review."""
    given = tuple(findings)
    return WorkItem(
        id=item_id,
        kind=kind,
        claim_id=claim.id,
        claim_number=claim.number,
        at_stake=claim.total if at_stake is None else at_stake,
        reasons=tuple(dict.fromkeys(f.message for f in given)),
        mend="; ".join(dict.fromkeys(f.mend for f in given if f.mend)),
        deadline=deadline,
    )
