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
YEARLY_DAYS = 365  # plans pay a check-up once in a year, some once in eleven months
LATE_FROM = 45  # days; sooner than this hardly any payer calls a claim late
SETTLED_DAYS = 180.0  # a coverage older than this is no longer new

CLAIM_NAMES = (
    "rank",
    "replacement",
    "resubmission",
    "lines",
    "total_cents",
    "largest_line_cents",
    "units",
    "largest_units",
    "diagnoses",
    "modifiers",
    "visit_without_25",
    "has_authorization",
    "has_referral",
    "has_referring_provider",
    "enrolled",
    "coverage_active",
    "coverage_age_days",
    "has_group_number",
    "days_to_submit",
    "days_late",
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
    "days_since_yearly_service",
    "yearly_too_soon",
    "duplicate",
    "same_service_sent",
    "same_service_paid",
    "same_service_denied",
    "coverage_last_denied",
    "coverage_last_days",
    "coverage_refused_last",
    "coverage_refused_days",
    "beyond_refused_lateness",
)
NAMES: tuple[str, ...] = CLAIM_NAMES + LIFT_NAMES + HABIT_NAMES + PATIENT_NAMES

# Which way the trade knows a column to go: +1, more of it never makes a claim safer; -1, never riskier.
_RISING = (
    *("duplicate", "resubmission", "visit_without_25", "yearly_too_soon", "coverage_refused_last"),
    *("days_late", "lateness", "beyond_refused_lateness"),
)
_FALLING = ("enrolled", "coverage_active", "days_since_yearly_service")
DIRECTIONS: dict[str, int] = {
    **{name: 1 for name in NAMES if name.startswith(("lift_", "recent_", "missing_"))},
    **dict.fromkeys(_RISING, 1),
    **dict.fromkeys(_FALLING, -1),
}

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
        "late_from": LATE_FROM,
        "yearly_days": YEARLY_DAYS,
        "outcomes": "by line",
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
        facts.resubmission,
        len(facts.procedures),
        facts.total_cents,
        max(facts.amounts_cents, default=0),
        sum(facts.units),
        max(facts.units, default=0),
        len(facts.diagnoses),
        sum(bool(modifiers) for modifiers in facts.modifiers),
        visit_without_25(facts),
        facts.has_authorization,
        facts.has_referral,
        facts.has_referring_provider,
        facts.enrolled,
        facts.coverage_active,
        min(facts.coverage_age_days, SETTLED_DAYS),
        facts.has_group_number,
        facts.days_to_submit,
        min(max(facts.days_to_submit - LATE_FROM, 0), LATE_FROM),
        lateness(facts),
        facts.age_band,
        facts.sex == "F",
        facts.relationship != "18",
        service_on.month,
        facts.submitted_on.weekday(),
    )


def is_visit(procedure: str) -> bool:
    """Evaluation and management of an office visit or check-up: 99202 to 99215, 99381 to 99397."""
    return "99202" <= procedure <= "99215" or "99381" <= procedure <= "99397"


def is_minor_procedure(procedure: str) -> bool:
    """A procedure that includes a visit unless modifier 25 says otherwise: the surgery section (10004 to 69990) and
    injections (96360 to 96379); venipuncture (36415) is paired with no visit. NCCI policy manual, chapter 1, section D.
    """
    surgery = "10004" <= procedure <= "69990" and procedure != "36415"
    return len(procedure) == 5 and (surgery or "96360" <= procedure <= "96379")


def is_yearly(procedure: str) -> bool:
    """A check-up that plans pay once a year: preventive visits and Medicare's wellness visits (G0438, G0439)."""
    return "99381" <= procedure <= "99397" or procedure in ("G0438", "G0439")


def visit_without_25(facts: ClaimFacts) -> bool:
    """A visit beside a minor procedure, and no modifier 25 on it."""
    lines = list(zip(facts.procedures, facts.modifiers, strict=True))
    bare = any(is_visit(procedure) and "25" not in modifiers.split() for procedure, modifiers in lines)
    return bare and any(is_minor_procedure(procedure) for procedure, _ in lines)


def days_since_yearly_service(facts: ClaimFacts, earlier: Sequence[Sent]) -> float:
    """For a yearly service: days since any yearly service of this person; NEVER_DAYS for every other claim."""
    if not any(is_yearly(procedure) for procedure in facts.procedures):
        return NEVER_DAYS
    service = facts.service_on.toordinal()
    before = [sent.service for sent in earlier if sent.service < service and any(map(is_yearly, sent.procedures))]
    return _days(service - max(before)) if before else NEVER_DAYS


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
    yearly = days_since_yearly_service(facts, earlier)
    state = history.coverage(facts.coverage_key)
    refused = state.coverage_denied if state else 0
    too_late = history.too_late(facts.payer)
    return (
        len(year),
        sum(sent.outcome is True for sent in year),
        _most_of_one(procedures, [sent for sent in alike if service - 365 < sent.service <= service]),
        _most_of_one(procedures, [sent for sent in alike if year_start <= sent.service <= service]),
        _days(service - max(others)) if others else NEVER_DAYS,
        yearly,
        yearly < YEARLY_DAYS,
        any(sent.outcome is not True for sent in same) and not facts.resubmission,
        len(same),
        sum(sent.outcome is False for sent in same),
        sum(sent.outcome is True for sent in same),
        float(state.denied) if state else -1.0,
        _days(day - state.day) if state else NEVER_DAYS,
        state is not None and refused == state.day,
        _days(day - refused) if refused else NEVER_DAYS,
        too_late is not None and facts.days_to_submit >= too_late,
    )


def _days(days: int) -> float:
    return min(float(days), NEVER_DAYS)


def _most_of_one(procedures: set[str], sent: Sequence[Sent]) -> int:
    """How often the most repeated of the procedures is among the submissions."""
    return max((sum(procedure in s.procedures for s in sent) for procedure in procedures), default=0)


__all__ = ["NAMES", "ClaimFacts", "History", "HistoryError", "encoder", "facts", "row"]
