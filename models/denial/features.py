"""One claim as the model's row of numbers: what it shows, what is known of its like, what is known of its patient.

`row` is the one encoder: training replays history through it and the API calls it at submission, so the two cannot
differ. Plain Python, no frames. A rate is a share denied among outcomes known before the day of submission, drawn
towards the wider family while claims are few; of several lines the worst counts. The row holds its *lift*, its log-odds
over the wider family's: a level that rises with the whole market, or a count that grows with the practice's age, would
mean another thing next year than it did when the model learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from models.denial.facts import ClaimFacts, facts
from models.denial.families import FAMILIES, HABITS, claim_keys, habit_keys, lateness
from models.denial.history import EVERY_CLAIM, HALF_LIFE_DAYS, History, HistoryError, Sent

STRENGTH = 5.0  # claims of its own a family needs before it outweighs the wider one
PRIOR_DENIAL_RATE = 0.15  # before any outcome is known; New York 2022: 17.9 % of claims denied
NEVER_DAYS = 400.0  # "days since" when it never happened, or longer ago than this
SETTLED_DAYS = 180.0  # a coverage older than this is no longer new

CLAIM_NAMES = (
    "rank",
    "replacement",
    "lines",
    "total_cents",
    "largest_line_cents",
    "units",
    "largest_units",
    "diagnoses",
    "modifiers",
    "has_authorization",
    "has_referral",
    "has_referring_provider",
    "enrolled",
    "coverage_active",
    "coverage_age_days",
    "has_group_number",
    "days_to_submit",
    "lateness",
    "age_band",
    "female",
    "dependent",
    "service_month",
    "weekday",
)
LIFT_NAMES = tuple(name for family in FAMILIES for name in (f"lift_{family.name}", f"recent_{family.name}"))
HABIT_NAMES = tuple(f"missing_{habit.name}" for habit in HABITS)
PATIENT_NAMES = (
    "patient_claims_year",
    "patient_denied_year",
    "same_procedure_year",
    "same_procedure_benefit_year",
    "days_since_same_procedure",
    "same_service_sent",
    "same_service_paid",
    "same_service_denied",
    "coverage_last_denied",
    "coverage_last_days",
    "coverage_refused_last",
    "coverage_refused_days",
)
NAMES: tuple[str, ...] = CLAIM_NAMES + LIFT_NAMES + HABIT_NAMES + PATIENT_NAMES

_FAMILY_PLACE = {family.name: place for place, family in enumerate(FAMILIES)}
_WIDER = tuple(_FAMILY_PLACE.get(family.wider, -1) for family in FAMILIES)


def encoder() -> dict[str, object]:
    """What a row means, for the artifact to carry: a model must not be fed the rows of another encoder."""
    return {
        "names": list(NAMES),
        "strength": STRENGTH,
        "half_life_days": HALF_LIFE_DAYS,
        "never_days": NEVER_DAYS,
        "settled_days": SETTLED_DAYS,
        "prior": PRIOR_DENIAL_RATE,
    }


def row(facts: ClaimFacts, history: History) -> tuple[float, ...]:
    """The claim's numbers in the order of NAMES. HistoryError when the history knows later days than the claim's."""
    day = history.known_before(facts.submitted_on)
    return (
        *_claim_values(facts),
        *_lift_values(facts, history, day),
        *_habit_values(facts, history),
        *_patient_values(facts, history, day),
    )


def _claim_values(facts: ClaimFacts) -> tuple[float, ...]:
    service_on = facts.service_on
    return (
        facts.rank,
        facts.frequency != "1",
        len(facts.procedures),
        facts.total_cents,
        max(facts.amounts_cents, default=0),
        sum(facts.units),
        max(facts.units, default=0),
        len(facts.diagnoses),
        sum(bool(modifiers) for modifiers in facts.modifiers),
        facts.has_authorization,
        facts.has_referral,
        facts.has_referring_provider,
        facts.enrolled,
        facts.coverage_active,
        min(facts.coverage_age_days, SETTLED_DAYS),
        facts.has_group_number,
        facts.days_to_submit,
        lateness(facts),
        facts.age_band,
        facts.sex == "F",
        facts.relationship != "18",
        service_on.month,
        facts.submitted_on.weekday(),
    )


def _lift_values(facts: ClaimFacts, history: History, day: int) -> list[float]:
    """For each family, at its worst key: how far its rate lies over the wider family's, over all time and of late."""
    every = history.tally(EVERY_CLAIM)
    overall = every.rate(PRIOR_DENIAL_RATE, STRENGTH)
    overall_recent = every.recent_rate(day, overall, STRENGTH)
    values: list[float] = []
    rates: list[tuple[float, float]] = []
    for wider, keys in zip(_WIDER, claim_keys(facts), strict=True):
        prior, prior_recent = (overall, overall_recent) if wider < 0 else rates[wider]
        rate = recent = 0.0
        for key in keys:
            tally = history.tally(key)
            rate = max(rate, tally.rate(prior, STRENGTH))
            recent = max(recent, tally.recent_rate(day, prior_recent, STRENGTH))
        if not keys:
            rate, recent = prior, prior_recent
        rates.append((rate, recent))
        values += (_log_odds(rate) - _log_odds(prior), _log_odds(recent) - _log_odds(prior_recent))
    return values


def _log_odds(rate: float) -> float:
    return log(rate / (1 - rate))


def _habit_values(facts: ClaimFacts, history: History) -> list[float]:
    """For each habit: how usual is what this claim lacks, at its worst line (0 when it lacks nothing)."""
    values = []
    for habit in HABITS:
        lacking = [history.usage(key) for key, carried in habit_keys(facts, habit) if not carried]
        values.append(max((tally.rate(0.0, STRENGTH / 2) for tally in lacking), default=0.0))
    return values


def _patient_values(facts: ClaimFacts, history: History, day: int) -> tuple[float, ...]:
    service = facts.service_on.toordinal()
    year_start = facts.service_on.replace(month=1, day=1).toordinal()
    earlier = history.earlier(facts)
    year = [sent for sent in earlier if sent.submitted > day - 365]
    procedures = set(facts.procedures)
    alike = [sent for sent in earlier if not procedures.isdisjoint(sent.procedures)]
    same = [sent for sent in alike if sent.service == service and sent.payer == facts.payer]
    others = [sent.service for sent in alike if sent.service < service]
    state = history.coverage(facts.coverage_key)
    refused = state.coverage_denied if state else 0
    return (
        len(year),
        sum(sent.outcome is True for sent in year),
        _most_of_one(procedures, [sent for sent in alike if service - 365 < sent.service <= service]),
        _most_of_one(procedures, [sent for sent in alike if year_start <= sent.service <= service]),
        _days(service - max(others)) if others else NEVER_DAYS,
        len(same),
        sum(sent.outcome is False for sent in same),
        sum(sent.outcome is True for sent in same),
        float(state.denied) if state else -1.0,
        _days(day - state.day) if state else NEVER_DAYS,
        state is not None and refused == state.day,
        _days(day - refused) if refused else NEVER_DAYS,
    )


def _days(days: int) -> float:
    return min(float(days), NEVER_DAYS)


def _most_of_one(procedures: set[str], sent: Sequence[Sent]) -> int:
    """How often the most repeated of the procedures is among the submissions."""
    return max((sum(procedure in s.procedures for s in sent) for procedure in procedures), default=0)


__all__ = ["NAMES", "ClaimFacts", "History", "HistoryError", "encoder", "facts", "row"]
