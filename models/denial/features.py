"""One claim as the model's row of numbers: what it shows, what is known of its like, what is known of its patient.

A row is put together from *parts*: the claim's own values, what is known of its sender, of each line, of each diagnosis
(of several the worst counts), and of its patient, card and provider. Each part has one definition, here; `row` runs it
for one claim, `models.denial.columns` for many at a time, and both give the same bits. What is known of a sender, line
or diagnosis does not change during a day, so the history keeps it for the day (`History.of_the_day`).

Plain Python, no frames. A rate is a share denied among outcomes known before the day of submission, drawn towards the
wider family while claims are few. The row holds its *lift*, its log-odds over the wider family's: a level that rises
with the whole market, or a count that grows with the practice's age, would mean another thing next year than it did
when the model learned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from math import log
from operator import eq
from typing import Any, NamedTuple

from models.denial.facts import ENROLLED_LONG, ClaimFacts
from models.denial.families import (
    CAUSES,
    DIAGNOSIS_CAUSES,
    DIAGNOSIS_FAMILIES,
    GROUP_NUMBER,
    LINE_CAUSES,
    LINE_FAMILIES,
    LINE_HABITS,
    PAYER,
    SENDER_FAMILIES,
    Cause,
    Diagnosis,
    Family,
    Kin,
    Line,
    Sender,
    carries_25,
    diagnoses,
    diagnosis_keys,
    every_claim_key,
    habit_key,
    is_minor_procedure,
    is_unspecified,
    is_visit,
    is_yearly,
    lateness,
    line_keys,
    lines,
    sender,
    sender_keys,
)
from models.denial.history import (
    EVERY_CLAIM,
    ORIGINAL,
    RULE_HALF_LIFE_DAYS,
    CardState,
    CoverageState,
    History,
    ProviderState,
    Sent,
)

STRENGTH = 5.0  # claims of its own a family needs before it outweighs the wider one
CAUSE_STRENGTH = 1.0  # a payer that gives the same reason twice for the same thing has a rule
CAUSE_PRIOR, CAUSE_PRIOR_CLAIMS = 0.03, 10.0  # how often any one kind of reason is given, before much is known
MOST_IN_A_ROW = 3
PRIOR_DENIAL_RATE = 0.15  # before any outcome is known; New York 2022: 17.9 % of claims denied
NEVER_DAYS = 400.0  # "days since" when it never happened, or longer ago than this
YEARLY_WINDOW = 330  # days: within eleven months no plan pays again
YEARLY_DAYS = 365  # plans pay a check-up once in a year, some once in eleven months
LATE_FROM = 45  # days; sooner than this hardly any payer calls a claim late
SETTLED_DAYS = 180.0  # a coverage older than this is no longer new
NEWCOMER_DAYS = 120  # payers take one to four months to enter a provider's enrollment
REFUSED_DAYS = 75  # so long after a refusal for want of enrollment the next one is to be expected
NEWLY_ENROLLED_DAYS = 150
ENTERED_DAYS = 90  # by then nearly every payer has entered a new provider
SENIOR = 65  # from this age Medicare may be the payer that comes first
MANY_SEEN = 60  # claims; more tell no more of how far a rate can be trusted
LEAST_SUPPORT = 5  # times a procedure was sent before it is known what it is usually for

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
    "has_authorization",
    "has_referral",
    "has_referring_provider",
    "enrolled",
    "newly_enrolled",
    "coverage_active",
    "coverage_age_days",
    "has_group_number",
    "days_to_submit",
    "days_late",
    "lateness",
    "age_band",
    "senior",
    "female",
    "dependent",
)
SENDER_NAMES = (*(f"lift_{family.name}" for family in SENDER_FAMILIES), f"missing_{GROUP_NUMBER.name}")
LINE_NAMES = (
    *(f"lift_{family.name}" for family in LINE_FAMILIES),
    *(f"seen_{family.name}" for family in LINE_FAMILIES),
    *(f"why_{cause.name}" for cause in LINE_CAUSES),
    *(f"rule_{cause.name}" for cause in LINE_CAUSES),
    "rules",
    *(f"missing_{habit.name}" for habit in LINE_HABITS),
    "why_authorization_in_a_row",
    "unusual_diagnosis",
    "bare_visit",
    "minor_procedure",
)
PAIR_NAMES = ("visit_without_25",)
DIAGNOSIS_NAMES = (
    *(f"lift_{family.name}" for family in DIAGNOSIS_FAMILIES),
    *(f"why_{cause.name}" for cause in DIAGNOSIS_CAUSES),
    *(f"rule_{cause.name}" for cause in DIAGNOSIS_CAUSES),
    "unspecified_diagnosis",
)
STANDING_NAMES = (
    "patient_claims_year",
    "patient_denied_year",
    "same_procedure_year",
    "same_procedure_benefit_year",
    "days_since_same_procedure",
    "days_since_yearly_service",
    "yearly_too_soon",
    "yearly_again",
    "yearly_nearly",
    "duplicate",
    "part_paid_again",
    "same_service_sent",
    "same_service_paid",
    "same_service_denied",
    "coverage_last_denied",
    "coverage_last_days",
    "coverage_refused_last",
    "coverage_refused_days",
    "card_refused",
    "card_refused_days",
    "card_paid",
    "card_unproven_days",
    "card_other_payer",
    "card_ended",
    "card_perhaps_ended",
    "coverage_ended",
    "coverage_perhaps_ended",
    "too_late",
    "provider_new",
    "provider_new_to_payer",
    "provider_refused",
    "provider_refused_elsewhere",
    "provider_not_yet",
)
NAMES: tuple[str, ...] = CLAIM_NAMES + SENDER_NAMES + LINE_NAMES + PAIR_NAMES + DIAGNOSIS_NAMES + STANDING_NAMES

# Which way the trade knows a column to go: +1, more of it never makes a claim safer; -1, never riskier.
_RISING = (
    *("duplicate", "resubmission", "visit_without_25", "yearly_too_soon", "coverage_refused_last"),
    *(
        "rules",
        "yearly_again",
        "yearly_nearly",
        "part_paid_again",
        "card_ended",
        "card_perhaps_ended",
        "coverage_ended",
    ),
    *("coverage_perhaps_ended", "provider_not_yet"),
    *("days_late", "lateness", "too_late", "unusual_diagnosis", "newly_enrolled"),
    *("card_refused", "card_other_payer"),
    *("provider_new", "provider_new_to_payer", "provider_refused", "provider_refused_elsewhere"),
)
BESIDE = 0.08
_LEVEL = log(BESIDE / (1 - BESIDE))
_RULE_GROUPS = tuple(
    tuple(place for place, cause in enumerate(LINE_CAUSES) if cause.name in names)
    for names in (
        ("authorization",),
        ("not_covered", "not_covered_for"),
        ("diagnosis_code", "coding", "coding_for", "bare_visit", "modifier_25"),
        ("records",),
        ("other_payer",),
    )
)
_AUTHORIZATION = next(place for place, cause in enumerate(LINE_CAUSES) if cause.name == "authorization")
_FALLING = ("enrolled", "coverage_active", "days_since_yearly_service", "card_refused_days", "card_paid")
DIRECTIONS: dict[str, int] = {
    **{name: 1 for name in NAMES if name.startswith(("lift_", "why_", "rule_", "missing_"))},
    **dict.fromkeys(_RISING, 1),
    **dict.fromkeys(_FALLING, -1),
}


def encoder() -> dict[str, object]:
    """What a row means, for the artifact to carry: a model must not be fed the rows of another encoder."""
    return {
        "names": list(NAMES),
        "strength": STRENGTH,
        "cause_strength": CAUSE_STRENGTH,
        "cause_prior": [CAUSE_PRIOR, CAUSE_PRIOR_CLAIMS],
        "rule_half_life_days": RULE_HALF_LIFE_DAYS,
        "never_days": NEVER_DAYS,
        "settled_days": SETTLED_DAYS,
        "prior": PRIOR_DENIAL_RATE,
        "late_from": LATE_FROM,
        "yearly_days": YEARLY_DAYS,
        "newcomer_days": [NEWCOMER_DAYS, REFUSED_DAYS, NEWLY_ENROLLED_DAYS, ENROLLED_LONG],
        "outcomes": "by line",
    }


def row(facts: ClaimFacts, history: History) -> tuple[float, ...]:
    """The claim's numbers in the order of NAMES. HistoryError when the history knows later days than the claim's."""
    day = history.known_before(facts.submitted_on)
    of_lines = _worst([of_the_day(line, history, day, line_values) for line in lines(facts)], NO_LINE)
    return (
        *claim_values(facts, ONE),
        *of_the_day(sender(facts), history, day, sender_values),
        *of_lines,
        pair_value(of_lines),
        *_worst([of_the_day(d, history, day, diagnosis_values) for d in diagnoses(facts)], NO_DIAGNOSIS),
        *standing_values(standing(facts), history, day),
    )


def of_the_day(
    kin: Kin, history: History, day: int, values: Callable[[Kin, History, int], tuple[float, ...]]
) -> tuple[float, ...]:
    """The values of a sender, line or diagnosis, worked out once a day."""
    found = history.of_the_day.get(kin)
    if found is None:
        found = history.of_the_day[kin] = values(kin, history, day)
    return found


def _worst(every: Sequence[tuple[float, ...]], none: tuple[float, ...]) -> tuple[float, ...]:
    """Of several lines or diagnoses the worst value of each column."""
    if len(every) < 2:
        return every[0] if every else none
    return tuple(map(max, *every))


def pair_value(of_lines: Sequence[Any]) -> Any:
    """PAIR_NAMES, of the worst of the lines' values: a visit without modifier 25 beside a minor procedure."""
    return of_lines[-2] * of_lines[-1]


# --- the claim's own values --------------------------------------------------------------------------------------


class OneClaim:
    """How the claim's own values are worked out for one claim; `columns.ManyClaims` does the same for many."""

    count = staticmethod(len)
    total = staticmethod(sum)
    least = staticmethod(min)
    top = staticmethod(max)
    same = staticmethod(eq)

    @staticmethod
    def most(values: Sequence[int]) -> int:
        """The largest; 0 of none."""
        return max(values, default=0)

    @staticmethod
    def filled(values: Sequence[str]) -> int:
        """How many are not empty."""
        return sum(map(bool, values))

    band = staticmethod(lateness)


ONE = OneClaim


def claim_values(claim: Any, by: Any) -> tuple[Any, ...]:
    """CLAIM_NAMES of a `ClaimFacts` (by OneClaim) or of a `ClaimColumns` (by ManyClaims)."""
    return (
        claim.rank,
        1 - by.same(claim.frequency, ORIGINAL),
        claim.resubmission,
        by.count(claim.procedures),
        by.total(claim.amounts_cents),
        by.most(claim.amounts_cents),
        by.total(claim.units),
        by.most(claim.units),
        by.count(claim.diagnoses),
        by.filled(claim.modifiers),
        claim.has_authorization,
        claim.has_referral,
        claim.has_referring_provider,
        claim.enrolled,
        by.top(NEWCOMER_DAYS - claim.enrolled_days, 0) / NEWCOMER_DAYS,
        claim.coverage_active,
        by.least(claim.coverage_age_days, SETTLED_DAYS),
        claim.has_group_number,
        claim.days_to_submit,
        by.least(by.top(claim.days_to_submit - LATE_FROM, 0), LATE_FROM),
        by.band(claim.days_to_submit),
        claim.age_band,
        claim.age_band >= SENIOR,
        by.same(claim.sex, "F"),
        1 - by.same(claim.relationship, "18"),
    )


# --- what is known of its like ------------------------------------------------------------------------------------


def sender_values(sender: Sender, history: History, day: int) -> tuple[float, ...]:
    """SENDER_NAMES: how far the rates of payer, provider and lateness lie over the wider one."""
    lifts = _lifts(SENDER_FAMILIES, sender_keys(sender), history, {"": _priors(history)[0]})
    missing = 0.0 if sender.has_group_number else _usual(habit_key(GROUP_NUMBER, sender), history)
    return (*lifts, missing)


def line_values(line: Line, history: History, day: int) -> tuple[float, ...]:
    """LINE_NAMES: lifts over wider families, and how much was seen of each; refusals for each kind of reason; how
    likely the payer has a rule of the kind, and any; what lines like it carry and this one lacks; how unusual its
    diagnosis is for it; whether it is a visit without modifier 25, and whether it is a minor procedure.
    """
    keys = line_keys(line)
    values = _lifts(LINE_FAMILIES, keys.families, history, _wide(line.payer, history))
    values += (log(1.0 + min(history.tally(key).claims, MANY_SEEN)) for key in keys.families)
    values += _given(LINE_CAUSES, keys.causes, history)
    chances = _chances(LINE_CAUSES, keys.causes, history, day)
    values += map(_risk, chances)
    values.append(_any_rule(chances))
    for habit, key in zip(LINE_HABITS, keys.habits, strict=True):
        values.append(0.0 if habit.carried(line) else _usual(key, history))
    return (
        *values,
        min(history.tally(keys.causes[_AUTHORIZATION]).in_a_row, MOST_IN_A_ROW),
        _unusual(keys.support, history),
        float(is_visit(line.procedure) and not carries_25(line.modifiers)),
        float(is_minor_procedure(line.procedure)),
    )


def diagnosis_values(diagnosis: Diagnosis, history: History, day: int) -> tuple[float, ...]:
    """DIAGNOSIS_NAMES: the lift of its category with this payer; refusals that may be for it, and how likely the payer
    has a rule against it; whether it is an unspecified one.
    """
    keys = diagnosis_keys(diagnosis)
    return (
        *_lifts(DIAGNOSIS_FAMILIES, keys.families, history, _wide(diagnosis.payer, history)),
        *_given(DIAGNOSIS_CAUSES, keys.causes, history),
        *map(_risk, _chances(DIAGNOSIS_CAUSES, keys.causes, history, day)),
        float(is_unspecified(diagnosis.code)),
    )


def _given(causes: Sequence[Cause[Any]], keys: Sequence[str], history: History) -> list[float]:
    """How far more often each kind of reason was given for what is alike than at all, in log-odds."""
    shares, values = _priors(history)[1], []
    for cause, key in zip(causes, keys, strict=True):
        own = history.tally(key)
        share, usual = shares[cause.name]
        values.append(_log_odds(own.rate(share, CAUSE_STRENGTH)) - usual if own.claims else 0.0)
    return values


def _chances(causes: Sequence[Cause[Any]], keys: Sequence[str], history: History, day: int) -> list[float]:
    """How likely the payer refuses what is alike by a rule of each kind."""
    return [history.rule(key, cause.believed, day) if key else 0.0 for cause, key in zip(causes, keys, strict=True)]


def _any_rule(chances: Sequence[float]) -> float:
    """How likely any rule of the payer refuses the line: of causes that explain the same refusals the likeliest."""
    passed = 1.0
    for group in _RULE_GROUPS:
        passed *= 1.0 - max([chances[place] for place in group])
    return _risk(1.0 - passed)


NO_LINE = (0.0,) * len(LINE_NAMES)
NO_DIAGNOSIS = (0.0,) * len(DIAGNOSIS_NAMES)


def _priors(history: History) -> tuple[float, dict[str, tuple[float, float]]]:
    """The day's overall rate and, for each cause, how often it is given at all: as a share and in log-odds."""
    found = history.of_the_day.get(_priors)
    if found is None:
        overall = history.tally(EVERY_CLAIM).rate(PRIOR_DENIAL_RATE, STRENGTH)
        shares = {c.name: history.tally(every_claim_key(c)).rate(CAUSE_PRIOR, CAUSE_PRIOR_CLAIMS) for c in CAUSES}
        found = history.of_the_day[_priors] = (overall, {name: (s, _log_odds(s)) for name, s in shares.items()})
    return found


def _wide(payer: str, history: History) -> dict[str, float]:
    """The rates that lines and diagnoses lean on: overall, and the payer's."""
    overall = _priors(history)[0]
    return {"": overall, PAYER.name: history.tally(f"{PAYER.name}:{payer}").rate(overall, STRENGTH)}


def _lifts(
    families: Sequence[Family[Any]], keys: Sequence[str], history: History, rates: dict[str, float]
) -> list[float]:
    """How far each family's rate lies over the wider one's, in log-odds. `rates` holds the widest, by name."""
    values = []
    for family, key in zip(families, keys, strict=True):
        own = wider = rates[family.wider]
        tally = history.tally(key)
        if tally.claims:
            own = tally.rate(wider, STRENGTH)
            values.append(_log_odds(own) - _log_odds(wider))
        else:
            values.append(0.0)
        rates[family.name] = own
    return values


def _usual(habit: str, history: History) -> float:
    """How usual the thing is among claims of that key."""
    return history.usage(habit).rate(0.0, STRENGTH / 2)


def _unusual(support: tuple[str, str], history: History) -> float:
    """How seldom the procedure is sent for this chapter of diagnoses, in log-odds against; 0 while that is not known or
    it is no less usual than not.
    """
    procedure, for_chapter = (history.usage(key).claims for key in support)
    if procedure < LEAST_SUPPORT:
        return 0.0
    return max(-_log_odds((for_chapter + 0.5) / (procedure + 2.0)), 0.0)


def _risk(chance: float) -> float:
    """What a cause that strikes with this chance adds to the log-odds of a claim that is otherwise refused as often as
    BESIDE.
    """
    return _log_odds(BESIDE + (1 - BESIDE) * chance) - _LEVEL


def _log_odds(rate: float) -> float:
    return log(rate / (1 - rate))


def visit_without_25(facts: ClaimFacts) -> bool:
    """A visit beside a minor procedure, and no modifier 25 on it."""
    return any(line.bare for line in lines(facts))


# --- what is known of its patient, card and provider --------------------------------------------------------------


class Standing(NamedTuple):
    """What is asked of the history about one claim alone. `submitted` is the day's ordinal."""

    claim_key: str
    patient_key: str
    coverage_key: str
    card: str
    payer: str
    provider: str
    procedures: tuple[str, ...]
    submitted: int
    days_to_submit: int
    resubmission: bool
    replacement: bool
    enrolled_days: int


def standing(facts: ClaimFacts) -> Standing:
    """What is asked of the history about this claim alone."""
    return Standing(
        facts.claim_key,
        facts.patient_key,
        facts.coverage_key,
        facts.card,
        facts.payer,
        facts.provider,
        facts.procedures,
        facts.submitted_on.toordinal(),
        facts.days_to_submit,
        facts.resubmission,
        facts.frequency != ORIGINAL,
        facts.enrolled_days,
    )


def standing_values(of: Standing, history: History, day: int) -> tuple[float, ...]:
    """STANDING_NAMES."""
    return (
        *_patient_values(of, history, day),
        *_coverage_values(of, history, day),
        _risk(history.refused_as_late(of.payer, of.days_to_submit, of.replacement)),
        *_provider_values(of, history, day),
    )


_NO_EARLIER = (0.0, 0.0, 0.0, 0.0, NEVER_DAYS, NEVER_DAYS, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def _patient_values(of: Standing, history: History, day: int) -> tuple[float, ...]:
    earlier = history.sent(of.patient_key, of.claim_key, day)
    if not earlier:
        return _NO_EARLIER
    service = of.submitted - of.days_to_submit
    year_start = date.fromordinal(service).replace(month=1, day=1).toordinal()
    year = [sent for sent in earlier if sent.submitted > day - 365]
    procedures = set(of.procedures)
    alike = [sent for sent in earlier if not procedures.isdisjoint(sent.procedures)]
    same = [sent for sent in alike if sent.service == service and sent.payer == of.payer]
    others = [sent.service for sent in alike if sent.service < service]
    yearly = days_since_yearly_service(of.procedures, service, earlier)
    again, nearly = _yearly_again(of, service, earlier) if yearly < YEARLY_DAYS else (0.0, 0.0)
    return (
        len(year),
        sum(sent.outcome is True for sent in year),
        _most_of_one(procedures, [sent for sent in alike if service - 365 < sent.service <= service]),
        _most_of_one(procedures, [sent for sent in alike if year_start <= sent.service <= service]),
        _days(service - max(others)) if others else NEVER_DAYS,
        yearly,
        yearly < YEARLY_DAYS,
        again,
        nearly,
        any(sent.outcome is not True for sent in same) and not of.resubmission,
        of.resubmission and any(sent.part for sent in same),
        len(same),
        sum(sent.outcome is False for sent in same),
        sum(sent.outcome is True for sent in same),
    )


def _yearly_again(of: Standing, service: int, earlier: Sequence[Sent]) -> tuple[float, float]:
    """Whether this payer paid a yearly service in the eleven months before, or in the year; half while it has not
    answered. A payer counts what it paid itself.
    """
    within = [0.0, 0.0]
    for sent in earlier:
        days = service - sent.service
        if sent.payer == of.payer and 0 < days < YEARLY_DAYS and any(map(is_yearly, sent.procedures)):
            weight = 0.0 if sent.outcome else 1.0 if sent.outcome is False else 0.5
            within[days >= YEARLY_WINDOW] = max(within[days >= YEARLY_WINDOW], weight)
    return within[0], within[1]


def days_since_yearly_service(procedures: Sequence[str], service: int, earlier: Sequence[Sent]) -> float:
    """For a yearly service: days since any yearly service of this person; NEVER_DAYS for every other claim."""
    if not any(map(is_yearly, procedures)):
        return NEVER_DAYS
    before = [sent.service for sent in earlier if sent.service < service and any(map(is_yearly, sent.procedures))]
    return _days(service - max(before)) if before else NEVER_DAYS


def _coverage_values(of: Standing, history: History, day: int) -> tuple[float, ...]:
    """What the last answers under this coverage said, and under this card, whoever of the family was seen."""
    service = of.submitted - of.days_to_submit
    state, card = history.coverage(of.coverage_key), history.card(of.card)
    refused = state.coverage_denied if state else 0
    return (
        float(state.denied) if state else -1.0,
        _days(day - state.day) if state else NEVER_DAYS,
        float(state is not None and refused == state.day),
        _days(day - refused) if refused else NEVER_DAYS,
        float(card is not None and card.not_in_force > 0 and card.paid < service),
        _days(day - card.refused_on) if card and card.refused_on else NEVER_DAYS,
        float(card is not None and card.paid > 0),
        _days(max(service - card.paid, 0)) if card and card.paid else NEVER_DAYS,
        float(card is not None and card.other_payer > 0 and card.paid < service),
        *_ended(card, service),
        *_ended(state, service),
    )


def _ended(state: CardState | CoverageState | None, service: int) -> tuple[float, float]:
    """Whether the service came on or after the first day refused as not in force and not paid since; and whether it
    came before it and after the last day paid.
    """
    if state is None or not state.refused_from or service <= state.paid:
        return 0.0, 0.0
    return float(service >= state.refused_from), float(service < state.refused_from)


def _not_yet(of: Standing, state: ProviderState | None, service: int) -> float:
    """The chance that the payer has not entered the provider's enrollment by then: payers take up to ENTERED_DAYS."""
    if of.enrolled_days >= ENTERED_DAYS or (state is not None and state.taken and state.taken <= service):
        return 0.0
    if state is None or not state.refused:
        return 0.8 * (ENTERED_DAYS - of.enrolled_days) / ENTERED_DAYS
    if service <= state.refused:
        return 1.0
    waited = max(of.enrolled_days - (service - state.refused), 0)  # days by then on the day that was refused
    return (ENTERED_DAYS - of.enrolled_days) / (ENTERED_DAYS - waited)


def _provider_values(of: Standing, history: History, day: int) -> tuple[float, ...]:
    """How new the provider is here and to the payer, and what was refused for want of enrollment."""
    service = of.submitted - of.days_to_submit
    since, state = history.newcomer_since(of.provider, day), history.provider(of.payer, of.provider)
    newly = max(NEWCOMER_DAYS - of.enrolled_days, 0) / NEWCOMER_DAYS
    refused = state is not None and state.taken < service <= state.refused + REFUSED_DAYS
    elsewhere = history.not_enrolled(of.provider) if of.enrolled_days < NEWLY_ENROLLED_DAYS else 0
    return (
        max(NEWCOMER_DAYS - (day - since), 0) / NEWCOMER_DAYS if since else 0.0,
        newly if state is None or not state.claims else 0.0,
        float(refused),
        min(elsewhere, MOST_IN_A_ROW),
        _risk(min(_not_yet(of, state, service), 0.97)),
    )


def _days(days: int) -> float:
    return min(float(days), NEVER_DAYS)


def _most_of_one(procedures: set[str], sent: Sequence[Sent]) -> int:
    """How often the most repeated of the procedures is among the submissions."""
    return max((sum(procedure in s.procedures for s in sent) for procedure in procedures), default=0)
