"""Why the model thinks so, in a biller's words: its columns grouped by what a biller would look at.

The effect of a group is the exact sum of its columns' contributions to the log-odds (the line's weights, and the trees'
Shapley values by LightGBM), before calibration. A sentence states what the claim shows or what is known of its like,
with the counts behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.denial.facts import ClaimFacts
from models.denial.families import (
    LINE_CAUSES,
    LINE_FAMILIES,
    LINE_HABITS,
    SENDER_FAMILIES,
    Line,
    diagnoses,
    diagnosis_keys,
    is_unspecified,
    line_keys,
    lines,
    sender,
    sender_keys,
)
from models.denial.features import (
    NAMES,
    NEWCOMER_DAYS,
    YEARLY_DAYS,
    days_since_yearly_service,
    visit_without_25,
)
from models.denial.history import History, Tally

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


_FAMILIES = {family.name: place for place, family in enumerate(LINE_FAMILIES)}
_SENDERS = {family.name: place for place, family in enumerate(SENDER_FAMILIES)}
_CAUSES = {cause.name: place for place, cause in enumerate(LINE_CAUSES)}
_HABITS = {habit.name: place for place, habit in enumerate(LINE_HABITS)}


def _counted(tally: Tally) -> str:
    return f"{tally.denied} of {tally.claims} known outcomes"


def _worst(facts: ClaimFacts, history: History, family: str) -> tuple[Line | None, Tally]:
    """The line whose like was denied most, and how its like fared; None of a claim without lines."""
    found = [(history.tally(line_keys(line).families[_FAMILIES[family]]), line) for line in lines(facts)]
    if not found:
        return None, Tally()
    tally, line = max(found, key=lambda f: (f[0].denied + 1) / (f[0].claims + 8))
    return line, tally


def _refused_most(facts: ClaimFacts, history: History, *causes: str) -> tuple[Line | None, Tally]:
    """Of these causes the one that lines like the claim's were refused for the most, with its line."""
    found = [(history.tally(line_keys(line).causes[_CAUSES[name]]), line) for name in causes for line in lines(facts)]
    refused = [(tally, line) for tally, line in found if tally.denied]
    if not refused:
        return None, Tally()
    tally, line = max(refused, key=lambda f: (f[0].denied / (f[0].claims + 1), f[0].denied))
    return line, tally


def _refused_code(facts: ClaimFacts, history: History) -> tuple[str, Tally]:
    """The diagnosis with which claims were refused most, and how often."""
    found = [(history.tally(diagnosis_keys(diagnosis).causes[0]), diagnosis.code) for diagnosis in diagnoses(facts)]
    tally, code = max(found, key=lambda f: (f[0].denied / (f[0].claims + 1), f[0].denied), default=(Tally(), ""))
    return code, tally


def _sender_tally(facts: ClaimFacts, history: History, family: str) -> Tally:
    return history.tally(sender_keys(sender(facts))[_SENDERS[family]])


def _usual(facts: ClaimFacts, history: History, habit: str) -> Tally:
    """How usual the thing is among like claims, at the line where it is most usual."""
    tallies = [history.usage(line_keys(line).habits[_HABITS[habit]]) for line in lines(facts)]
    return max(tallies, key=lambda t: (t.rate(0.0, 4.0), t.claims), default=Tally())


def _authorization(facts: ClaimFacts, history: History) -> str:
    if facts.has_authorization:
        return "The claim carries a prior authorization."
    line, refused = _refused_most(facts, history, "authorization")
    if line is not None:
        return (
            f"No prior authorization: this payer refused {refused.denied} of {refused.claims} with {line.procedure} "
            "for want of one."
        )
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
    state, card = history.coverage(facts.coverage_key), history.card(facts.card)
    if not facts.coverage_active:
        return "Our own record says the coverage was not in force on the date of service."
    if card is not None and card.paid < facts.service_on.toordinal():
        if card.not_in_force:
            return "This card was refused because its coverage was not in force, and nothing was paid under it since."
        if card.other_payer:
            return "A claim under this card was sent to another payer as the one that comes first."
    if state is not None and state.coverage_denied == state.day:
        return "The last claim under this coverage was denied because the coverage was not in force."
    if state is not None:
        return f"The last known claim under this coverage was {'denied' if state.denied else 'paid'}."
    return f"No claim under this coverage has an outcome yet; it began {facts.coverage_age_days} days before the visit."


def _timeliness(facts: ClaimFacts, history: History) -> str:
    alike = _sender_tally(facts, history, "payer_lateness")
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
    if facts.resubmission and any(sent.part for sent in same):
        return "Part of the earlier claim was paid: sent again whole, what was paid comes twice."
    return f"The same service was sent to this payer {len(same)} time{'s' if len(same) > 1 else ''} before."


def _frequency(facts: ClaimFacts, history: History) -> str:
    service = facts.service_on.toordinal()
    yearly = days_since_yearly_service(facts.procedures, service, history.earlier(facts))
    if yearly < YEARLY_DAYS:
        return f"A yearly check-up, {yearly:.0f} days after the last one: most plans pay one a year."
    year = [sent for sent in history.earlier(facts) if service - 365 < sent.service < service]
    most = max(((sum(p in sent.procedures for sent in year), p) for p in facts.procedures), default=(0, ""))
    if most[0] == 0:
        return "None of these services was billed for this patient in the year before."
    return f"{most[1]} was billed for this patient {most[0]} time{'s' if most[0] > 1 else ''} in the year before."


def _diagnosis(facts: ClaimFacts, history: History) -> str:
    line, refused = _refused_most(facts, history, "diagnosis_code", "coding_for", "not_covered_for")
    if line is not None:
        return (
            f"{line.procedure} for {line.pointed or 'no diagnosis'}: this payer refused {refused.denied} of "
            f"{refused.claims} like it for the diagnosis or as not covered."
        )
    code, refused = _refused_code(facts, history)
    if refused.denied:
        return f"{code}: this payer refused {refused.denied} of {refused.claims} with it, for it or as not covered."
    if (unspecified := next(filter(is_unspecified, facts.diagnoses), None)) is not None:
        return f"{unspecified} is an unspecified code; some payers ask for a more exact one."
    line, alike = _worst(facts, history, "procedure_diagnosis")
    if line is None:
        return "The claim has no line."
    return f"{line.procedure} for {line.pointed or 'no diagnosis'} or its category: denied in {_counted(alike)}."


def _modifiers(facts: ClaimFacts, history: History) -> str:
    if visit_without_25(facts):
        _, refused = _refused_most(facts, history, "bare_visit")
        said = f"; this payer refused {refused.denied} of {refused.claims} such visits" if refused.denied else ""
        return f"A visit and a procedure on one day without modifier 25 on the visit: payers take them for one{said}."
    line, alike = _worst(facts, history, "payer_modifiers")
    if line is None:
        return "The claim has no line."
    carried = f"with modifier {line.modifiers}" if line.modifiers else "without a modifier"
    return f"{line.procedure} {carried}: this payer denied {_counted(alike)}."


def _units(facts: ClaimFacts, history: History) -> str:
    line, refused = _refused_most(facts, history, "records")
    if line is not None:
        return f"{line.procedure}: this payer asked for records or doubted the need in {_counted(refused)}."
    most = max(facts.units, default=0)
    return f"{facts.total_cents / 100:.2f} charged, at most {most} unit{'s' if most != 1 else ''} a line."


def _payer(facts: ClaimFacts, history: History) -> str:
    payer = _sender_tally(facts, history, "payer")
    refused_line, refused = _refused_most(facts, history, "not_covered", "other_payer")
    if refused_line is not None:
        return (
            f"This payer refused {refused.denied} of {refused.claims} with {refused_line.procedure} as not covered or "
            f"not its to pay; it denied {_counted(payer)} in all."
        )
    line, alike = _worst(facts, history, "payer_procedure")
    if alike.claims and line is not None:
        return f"This payer denied {_counted(alike)} with {line.procedure}, {_counted(payer)} in all."
    return f"This payer denied {_counted(payer)}; none of them with these services."


def _provider(facts: ClaimFacts, history: History) -> str:
    if not facts.enrolled:
        return "Our record does not show the rendering provider as enrolled with this payer on that date."
    state = history.provider(facts.payer, facts.provider)
    if state is not None and state.refused > state.taken:
        return (
            "This payer last refused the provider as not enrolled, and has taken none of the provider's claims since."
        )
    if facts.enrolled_days < NEWCOMER_DAYS and (state is None or not state.claims):
        return (
            f"By our record the provider was enrolled {facts.enrolled_days} days before the visit; this payer has "
            "taken none of the provider's claims yet."
        )
    alike = _sender_tally(facts, history, "payer_provider")
    return f"This provider's claims to this payer: denied in {_counted(alike)}."


def _patient(facts: ClaimFacts, history: History) -> str:
    earlier = history.earlier(facts)
    denied = sum(sent.outcome is True for sent in earlier)
    return f"{denied} of this patient's {len(earlier)} earlier claims are known to be denied."


def _causes(*names: str) -> tuple[str, ...]:
    return tuple(f"{of}_{name}" for name in names for of in ("why", "rule"))


GROUPS: tuple[Group, ...] = (
    Group(
        "authorization",
        (
            *("has_authorization", "missing_authorization", "lift_payer_authorization", "seen_payer_authorization"),
            *(*_causes("authorization"), "why_authorization_in_a_row"),
        ),
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
            *("coverage_active", "coverage_age_days", "has_group_number", "missing_group_number", "rank", "senior"),
            *("coverage_last_denied", "coverage_last_days", "coverage_refused_last", "coverage_refused_days"),
            *("card_refused", "card_refused_days", "card_paid", "card_unproven_days", "card_other_payer"),
            *("card_ended", "card_perhaps_ended", "coverage_ended", "coverage_perhaps_ended"),
            *("replacement", "resubmission", "dependent"),
        ),
        _coverage,
    ),
    Group(
        "timeliness",
        ("days_to_submit", "days_late", "lateness", "too_late", "lift_payer_lateness"),
        _timeliness,
    ),
    Group(
        "duplicate",
        ("duplicate", "part_paid_again", "same_service_sent", "same_service_paid", "same_service_denied"),
        _duplicate,
    ),
    Group(
        "frequency",
        (
            *("same_procedure_year", "same_procedure_benefit_year", "days_since_same_procedure"),
            *("days_since_yearly_service", "yearly_too_soon", "yearly_again", "yearly_nearly"),
        ),
        _frequency,
    ),
    Group(
        "diagnosis",
        (
            *("diagnoses", "age_band", "female", "unspecified_diagnosis", "unusual_diagnosis"),
            *("lift_payer_diagnosis", "lift_procedure_diagnosis", "seen_procedure_diagnosis"),
            *_causes("diagnosis_code", "coding_for", "not_covered_for", "code", "unspecified"),
        ),
        _diagnosis,
    ),
    Group(
        "modifiers",
        (
            *("modifiers", "visit_without_25", "bare_visit", "minor_procedure", "missing_modifier", "lines"),
            *("lift_payer_modifiers", "seen_payer_modifiers", *_causes("coding", "bare_visit", "modifier_25")),
        ),
        _modifiers,
    ),
    Group(
        "units and charges",
        ("units", "largest_units", "total_cents", "largest_line_cents", *_causes("records")),
        _units,
    ),
    Group(
        "payer",
        (
            *("rules", "lift_payer", "lift_procedure", "lift_payer_procedure"),
            *("seen_procedure", "seen_payer_procedure"),
            *_causes("not_covered", "other_payer"),
        ),
        _payer,
    ),
    Group(
        "provider",
        (
            *("enrolled", "newly_enrolled", "lift_payer_provider", "provider_new", "provider_new_to_payer"),
            *("provider_refused", "provider_refused_elsewhere", "provider_not_yet"),
        ),
        _provider,
    ),
    Group("patient", ("patient_claims_year", "patient_denied_year"), _patient),
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
