"""Why the model thinks so, in a biller's words: its columns grouped by what a biller would look at.

The effect of a group is the sum of its columns' contributions to the log-odds (LightGBM's exact tree Shapley values),
before calibration. A sentence states what the claim shows or what is known of its like, with the counts behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.denial.facts import ClaimFacts
from models.denial.families import FAMILIES, HABITS, claim_keys, habit_keys
from models.denial.features import NAMES, YEARLY_DAYS, days_since_yearly_service, visit_without_25
from models.denial.history import EVERY_CLAIM, History, Tally

MOST = 4  # reasons shown
WORTH_SAYING = 50  # thousandths of log-odds


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `effect` is in thousandths of log-odds: above zero it raises the risk, below it lowers it."""

    group: str
    sentence: str
    effect: int


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that a biller sees as one thing, and what to say of them for a claim."""

    name: str
    columns: tuple[str, ...]
    say: Callable[[ClaimFacts, History], str]


_PLACES = {family.name: place for place, family in enumerate(FAMILIES)}
_HABITS = {habit.name: habit for habit in HABITS}


def _counted(tally: Tally) -> str:
    return f"{tally.denied} of {tally.claims} known outcomes"


def _worst(facts: ClaimFacts, history: History, family: str) -> tuple[int, Tally]:
    """The place (line, diagnosis) in the family whose share denied is the highest, and its tally."""
    tallies = [history.tally(key) for key in claim_keys(facts)[_PLACES[family]]]
    shares = [(t.denied + 1) / (t.claims + 8) for t in tallies]
    place = shares.index(max(shares)) if shares else 0
    return place, tallies[place] if tallies else Tally()


def _usual(facts: ClaimFacts, history: History, habit: str) -> Tally:
    """How usual the thing is among like claims, at the line where it is most usual."""
    tallies = [history.usage(key) for key, _ in habit_keys(facts, _HABITS[habit])]
    return max(tallies, key=lambda t: (t.rate(0.0, 4.0), t.claims), default=Tally())


def _authorization(facts: ClaimFacts, history: History) -> str:
    if facts.has_authorization:
        return "The claim carries a prior authorization."
    usual = _usual(facts, history, "authorization")
    _, alike = _worst(facts, history, "payer_authorization")
    return (
        f"No prior authorization: {usual.denied} of {usual.claims} earlier claims like it carried one; "
        f"without or alike, denied in {_counted(alike)}."
    )


def _referral(facts: ClaimFacts, history: History) -> str:
    if facts.has_referral:
        return "The claim carries a referral."
    usual = _usual(facts, history, "referral")
    return f"No referral: {usual.denied} of {usual.claims} earlier claims like it carried one."


def _coverage(facts: ClaimFacts, history: History) -> str:
    state = history.coverage(facts.coverage_key)
    if not facts.coverage_active:
        return "Our own record says the coverage was not in force on the date of service."
    if state is not None and state.coverage_denied == state.day:
        return "The last claim under this coverage was denied because the coverage was not in force."
    if state is not None:
        return f"The last known claim under this coverage was {'denied' if state.denied else 'paid'}."
    return f"No claim under this coverage has an outcome yet; it began {facts.coverage_age_days} days before the visit."


def _timeliness(facts: ClaimFacts, history: History) -> str:
    _, alike = _worst(facts, history, "payer_lateness")
    known = history.too_late(facts.payer)
    if known is not None and facts.days_to_submit >= known:
        return f"Sent {facts.days_to_submit} days after the visit; this payer has refused as late what took {known}."
    return f"Sent {facts.days_to_submit} days after the visit; so late, this payer denied {_counted(alike)}."


def _duplicate(facts: ClaimFacts, history: History) -> str:
    day = facts.service_on.toordinal()
    same = [
        sent
        for sent in history.earlier(facts)
        if sent.service == day and sent.payer == facts.payer and set(sent.procedures) & set(facts.procedures)
    ]
    if not same:
        return "The same service was not sent to this payer before."
    return f"The same service was sent to this payer {len(same)} time{'s' if len(same) > 1 else ''} before."


def _frequency(facts: ClaimFacts, history: History) -> str:
    yearly = days_since_yearly_service(facts, history.earlier(facts))
    if yearly < YEARLY_DAYS:
        return f"A yearly check-up, {yearly:.0f} days after the last one: most plans pay one a year."
    day = facts.service_on.toordinal()
    year = [sent for sent in history.earlier(facts) if day - 365 < sent.service < day]
    most = max(((sum(p in sent.procedures for sent in year), p) for p in facts.procedures), default=(0, ""))
    if most[0] == 0:
        return "None of these services was billed for this patient in the year before."
    return f"{most[1]} was billed for this patient {most[0]} time{'s' if most[0] > 1 else ''} in the year before."


def _diagnosis(facts: ClaimFacts, history: History) -> str:
    place, alike = _worst(facts, history, "procedure_diagnosis")
    if not facts.procedures:
        return "The claim has no line."
    pointed = facts.pointed[place] or "no diagnosis"
    return f"{facts.procedures[place]} for {pointed} or its category: denied in {_counted(alike)}."


def _modifiers(facts: ClaimFacts, history: History) -> str:
    if visit_without_25(facts):
        return "A visit and a procedure on one day without modifier 25 on the visit: payers take them for one."
    place, alike = _worst(facts, history, "payer_modifiers")
    if not facts.procedures:
        return "The claim has no line."
    carried = f"with modifier {facts.modifiers[place]}" if facts.modifiers[place] else "without a modifier"
    return f"{facts.procedures[place]} {carried}: this payer denied {_counted(alike)}."


def _units(facts: ClaimFacts, history: History) -> str:
    place, alike = _worst(facts, history, "payer_units")
    if not facts.procedures:
        return "The claim has no line."
    count = facts.units[place]
    return f"{facts.procedures[place]}, {count} unit{'s' if count > 1 else ''}: this payer denied {_counted(alike)}."


def _payer(facts: ClaimFacts, history: History) -> str:
    place, alike = _worst(facts, history, "payer_procedure")
    _, payer = _worst(facts, history, "payer")
    if alike.claims and facts.procedures:
        return f"This payer denied {_counted(alike)} with {facts.procedures[place]}, {_counted(payer)} in all."
    return f"This payer denied {_counted(payer)}; none of them with these services."


def _provider(facts: ClaimFacts, history: History) -> str:
    if not facts.enrolled:
        return "Our record does not show the rendering provider as enrolled with this payer on that date."
    _, alike = _worst(facts, history, "payer_provider")
    return f"This provider's claims to this payer: denied in {_counted(alike)}."


def _patient(facts: ClaimFacts, history: History) -> str:
    earlier = history.earlier(facts)
    denied = sum(sent.outcome is True for sent in earlier)
    return f"{denied} of this patient's {len(earlier)} earlier claims are known to be denied."


def _season(_: ClaimFacts, history: History) -> str:
    return f"The time of year and the trend over all payers ({_counted(history.tally(EVERY_CLAIM))} denied)."


def _lifts(*families: str) -> tuple[str, ...]:
    return tuple(f"{kind}_{family}" for family in families for kind in ("lift", "recent"))


GROUPS: tuple[Group, ...] = (
    Group(
        "authorization",
        ("has_authorization", "missing_authorization", *_lifts("payer_authorization")),
        _authorization,
    ),
    Group(
        "referral",
        ("has_referral", "has_referring_provider", "missing_referral", "missing_referring_provider"),
        _referral,
    ),
    Group(
        "coverage",
        (
            *("coverage_active", "coverage_age_days", "has_group_number", "missing_group_number", "rank"),
            *("coverage_last_denied", "coverage_last_days", "coverage_refused_last", "coverage_refused_days"),
            *_lifts("payer_plan", "payer_member_id", "payer_kind"),
            *("replacement", "resubmission", "dependent"),
        ),
        _coverage,
    ),
    Group(
        "timeliness",
        ("days_to_submit", "days_late", "lateness", "beyond_refused_lateness", *_lifts("payer_lateness")),
        _timeliness,
    ),
    Group("duplicate", ("duplicate", "same_service_sent", "same_service_paid", "same_service_denied"), _duplicate),
    Group(
        "frequency",
        (
            *("same_procedure_year", "same_procedure_benefit_year", "days_since_same_procedure"),
            *("days_since_yearly_service", "yearly_too_soon"),
        ),
        _frequency,
    ),
    Group(
        "diagnosis",
        (
            *("diagnoses", "age_band", "female"),
            *_lifts("payer_diagnosis", "procedure_diagnosis", "procedure_patient"),
        ),
        _diagnosis,
    ),
    Group(
        "modifiers",
        ("modifiers", "visit_without_25", "missing_modifier", "lines", *_lifts("payer_modifiers", "payer_pair")),
        _modifiers,
    ),
    Group(
        "units and charges",
        ("units", "largest_units", "total_cents", "largest_line_cents", *_lifts("payer_units")),
        _units,
    ),
    Group(
        "payer",
        _lifts("payer", "procedure", "payer_procedure", "payer_place"),
        _payer,
    ),
    Group("provider", ("enrolled", *_lifts("provider", "payer_provider")), _provider),
    Group("patient", ("patient_claims_year", "patient_denied_year"), _patient),
    Group("season", ("service_month", "weekday"), _season),
)
_GROUP_PLACES = tuple(tuple(NAMES.index(column) for column in group.columns) for group in GROUPS)


def reasons(facts: ClaimFacts, history: History, contributions: Sequence[float]) -> tuple[Reason, ...]:
    """The groups that move this claim's risk most, strongest first. `contributions` follow NAMES, in log-odds."""
    effects = [round(1000 * sum(contributions[place] for place in places)) for places in _GROUP_PLACES]
    order = sorted(range(len(GROUPS)), key=lambda place: (-abs(effects[place]), place))
    return tuple(
        Reason(GROUPS[place].name, GROUPS[place].say(facts, history), effects[place])
        for place in order[:MOST]
        if abs(effects[place]) >= WORTH_SAYING
    )
