"""Which claims are alike: what a biller compares a claim, a line or a diagnosis with.

A *family* counts the outcomes of what is alike and leans on a wider family while it has few. A *cause* counts how often
what is alike was refused for one kind of reason: a payer's rule shows in its reasons long before it shows in its rates.
A *habit* counts what claims of a kind usually carry. Adding one here adds its column to the model.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from billing_core.reason import DenialCategory
from models.denial.facts import ClaimFacts

MANY_UNITS = 10
REMEMBERED = 1 << 16  # kinds of lines, senders, diagnoses whose keys are kept at hand
LATENESS_DAYS = (15, 31, 61, 91, 121, 181, 366)  # payers' filing limits end at 30, 60, 90, 120, 180 or 365 days


class Sender(NamedTuple):
    """What of a claim as a whole decides how its like fares."""

    payer: str
    provider: str
    lateness: int
    plan: str
    has_group_number: bool


class Line(NamedTuple):
    """What of a line decides how its like fares. `units`: its band. `alone`: no other line stands on the claim. `bare`:
    a visit without modifier 25 beside a minor procedure.
    """

    payer: str
    procedure: str
    modifiers: str
    units: int
    pointed: str
    has_authorization: bool
    has_referral: bool
    has_referring_provider: bool
    alone: bool
    bare: bool


class Diagnosis(NamedTuple):
    """A diagnosis of a claim before its payer."""

    payer: str
    code: str


Kin = TypeVar("Kin", Sender, Line, Diagnosis)


@dataclass(frozen=True, slots=True)
class Family(Generic[Kin]):
    """`key` says what is alike in this respect; `wider` names the family it leans on ("" for all claims)."""

    name: str
    key: Callable[[Kin], str]
    wider: str = ""


@dataclass(frozen=True, slots=True)
class Cause(Generic[Kin]):
    """Refusals for one of these categories, counted among lines or diagnoses that are alike in what `key` says ("": it
    is of no such kind). `believed`: whether the trade takes the rule for granted before a payer has shown it.
    """

    name: str
    categories: frozenset[str]
    key: Callable[[Kin], str]
    believed: bool = False


@dataclass(frozen=True, slots=True)
class Habit(Generic[Kin]):
    """Something claims of a kind usually carry."""

    name: str
    key: Callable[[Kin], str]
    carried: Callable[[Kin], bool]


def category(diagnosis: str) -> str:
    """The ICD-10-CM category: the first three characters."""
    return diagnosis.replace(".", "")[:3].upper()


def is_unspecified(code: str) -> bool:
    """Whether the code says of its category only that no more is said: a last character 9 after the point."""
    return len(code) > 4 and code[-1] == "9"


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


def units_band(units: int) -> int:
    """One, a few, or many: drugs billed by the milligram where the code counts by ten are many."""
    return 0 if units < 2 else 1 if units < MANY_UNITS else 2


def carries_25(modifiers: str) -> bool:
    """Whether modifier 25 is among a line's modifiers."""
    return "25" in modifiers.split()


def lateness(days_to_submit: int) -> int:
    """Which band of days from service to submission that is."""
    return bisect_right(LATENESS_DAYS, days_to_submit)


def _service(line: Line) -> str:
    return f"{line.payer}|{line.procedure}"


def _with_papers(line: Line) -> str:
    return f"{line.payer}|{line.procedure}|{line.has_authorization:d}{line.has_referral:d}"


def _with_modifiers(line: Line) -> str:
    return f"{line.payer}|{line.procedure}|{line.modifiers}"


def _for_diagnosis(line: Line) -> str:
    return f"{line.payer}|{line.procedure}|{category(line.pointed)}"


PAYER: Family[Sender] = Family("payer", lambda s: s.payer)
SENDER_FAMILIES: tuple[Family[Sender], ...] = (
    PAYER,
    Family("payer_provider", lambda s: f"{s.payer}|{s.provider}", "payer"),
    Family("payer_lateness", lambda s: f"{s.payer}|{s.lateness}", "payer"),
)
LINE_FAMILIES: tuple[Family[Line], ...] = (
    Family("procedure", lambda line: line.procedure),
    Family("payer_procedure", _service, "payer"),
    Family("procedure_diagnosis", lambda line: f"{line.procedure}|{category(line.pointed)}", "procedure"),
    Family("payer_authorization", _with_papers, "payer_procedure"),
    Family("payer_modifiers", _with_modifiers, "payer_procedure"),
)
DIAGNOSIS_FAMILIES: tuple[Family[Diagnosis], ...] = (
    Family("payer_diagnosis", lambda d: f"{d.payer}|{category(d.code)}", "payer"),
)

_C = DenialCategory
_CODES = frozenset({_C.CODING, _C.MEDICAL_NECESSITY})
_OF_A_DIAGNOSIS = _CODES | {_C.NOT_COVERED, _C.INFORMATION, _C.OTHER}
LINE_CAUSES: tuple[Cause[Line], ...] = (
    Cause("authorization", frozenset({_C.AUTHORIZATION}), _with_papers),
    Cause("not_covered", frozenset({_C.NOT_COVERED}), _service),
    Cause("not_covered_for", frozenset({_C.NOT_COVERED}), _for_diagnosis),
    Cause(
        "diagnosis_code",
        _OF_A_DIAGNOSIS,
        lambda line: f"{line.payer}|{line.pointed}",
    ),
    Cause("coding", _CODES, lambda line: f"{_with_modifiers(line)}|{line.alone:d}"),
    Cause("coding_for", _CODES, _for_diagnosis),
    Cause(
        "records",
        frozenset({_C.MEDICAL_NECESSITY, _C.INFORMATION}),
        lambda line: f"{line.payer}|{line.procedure}|{line.units:d}",
    ),
    Cause("other_payer", frozenset({_C.OTHER_PAYER}), _service),
    Cause("bare_visit", _CODES, lambda line: line.payer if line.bare else "", believed=True),
    Cause("modifier_25", _CODES, lambda line: line.payer if carries_25(line.modifiers) else ""),
)
# A payer looks at every diagnosis that a line points to, and which of them it minded it seldom says.
DIAGNOSIS_CAUSES: tuple[Cause[Diagnosis], ...] = (
    Cause("code", _OF_A_DIAGNOSIS, lambda d: f"{d.payer}|{d.code}"),
    Cause("unspecified", _OF_A_DIAGNOSIS, lambda d: d.payer if is_unspecified(d.code) else ""),
)
CAUSES: tuple[Cause[Any], ...] = (*LINE_CAUSES, *DIAGNOSIS_CAUSES)
# Refused for these, the claim was refused as a whole: it says nothing of its lines.
OF_THE_CLAIM = frozenset({_C.ELIGIBILITY, _C.DUPLICATE, _C.TIMELY_FILING, _C.ENROLLMENT})

LINE_HABITS: tuple[Habit[Line], ...] = (
    Habit("authorization", _service, lambda line: line.has_authorization),
    Habit("referral", _service, lambda line: line.has_referral),
    Habit("referring_provider", _service, lambda line: line.has_referring_provider),
    Habit("modifier", lambda line: f"{_service(line)}|{line.alone:d}", lambda line: bool(line.modifiers)),
)
GROUP_NUMBER: Habit[Sender] = Habit("group_number", lambda s: f"{s.payer}|{s.plan}", lambda s: s.has_group_number)


def sender(facts: ClaimFacts) -> Sender:
    """The claim as a whole."""
    return Sender(facts.payer, facts.provider, lateness(facts.days_to_submit), facts.plan, facts.has_group_number)


def lines(facts: ClaimFacts) -> list[Line]:
    """The claim's lines."""
    alone, minor = len(facts.procedures) == 1, any(map(is_minor_procedure, facts.procedures))
    papers = (facts.has_authorization, facts.has_referral, facts.has_referring_provider)
    return [
        Line(
            facts.payer,
            procedure,
            modifiers,
            units_band(units),
            pointed,
            *papers,
            alone,
            minor and is_visit(procedure) and not carries_25(modifiers),
        )
        for procedure, modifiers, units, pointed in zip(
            facts.procedures, facts.modifiers, facts.units, facts.pointed, strict=True
        )
    ]


def diagnoses(facts: ClaimFacts) -> list[Diagnosis]:
    """The claim's diagnoses."""
    return [Diagnosis(facts.payer, code) for code in facts.diagnoses]


class LineKeys(NamedTuple):
    """Under which the history keeps what is known of a line's like: in the order of LINE_FAMILIES, LINE_CAUSES and
    LINE_HABITS; `support` are how often the procedure was sent, and how often for this chapter of diagnoses.
    """

    families: tuple[str, ...]
    causes: tuple[str, ...]
    habits: tuple[str, ...]
    support: tuple[str, str]


@lru_cache(maxsize=REMEMBERED)
def line_keys(line: Line) -> LineKeys:
    """The line's keys. A practice sends the same few thousand kinds of lines: theirs are remembered."""
    return LineKeys(
        tuple(family_key(family, line) for family in LINE_FAMILIES),
        tuple(cause_key(cause, line) for cause in LINE_CAUSES),
        tuple(habit_key(habit, line) for habit in LINE_HABITS),
        (f"sent:{line.procedure}", f"sent:{line.procedure}|{line.pointed[:1]}"),
    )


@lru_cache(maxsize=REMEMBERED)
def sender_keys(whole: Sender) -> tuple[str, ...]:
    """The sender's keys, in the order of SENDER_FAMILIES."""
    return tuple(family_key(family, whole) for family in SENDER_FAMILIES)


class DiagnosisKeys(NamedTuple):
    """The same of a diagnosis, in the order of DIAGNOSIS_FAMILIES and DIAGNOSIS_CAUSES."""

    families: tuple[str, ...]
    causes: tuple[str, ...]


@lru_cache(maxsize=REMEMBERED)
def diagnosis_keys(diagnosis: Diagnosis) -> DiagnosisKeys:
    """The diagnosis's keys."""
    return DiagnosisKeys(
        tuple(family_key(family, diagnosis) for family in DIAGNOSIS_FAMILIES),
        tuple(cause_key(cause, diagnosis) for cause in DIAGNOSIS_CAUSES),
    )


def family_key(family: Family[Kin], kin: Kin) -> str:
    """Under which the history keeps a family's outcomes."""
    return f"{family.name}:{family.key(kin)}"


def cause_key(cause: Cause[Kin], kin: Kin) -> str:
    """Under which the history keeps how often the cause was given for what is alike; "" for what it is not of."""
    key = cause.key(kin)
    return f"why {cause.name}:{key}" if key else ""


def habit_key(habit: Habit[Kin], kin: Kin) -> str:
    """Under which the history keeps a habit."""
    return f"{habit.name}:{habit.key(kin)}"


def every_claim_key(cause: Cause[Any]) -> str:
    """Under which the history keeps how often the cause is given at all."""
    return f"why {cause.name}"


class Known(NamedTuple):
    """What an outcome tells: keys in which it counts, each once, with whether it counts as denied there; and for the
    keys of rules whether the rule was applied.
    """

    keys: tuple[tuple[str, bool], ...]
    rules: tuple[tuple[str, bool], ...]


def outcome_keys(
    facts: ClaimFacts,
    denied: bool,
    refused: tuple[str, ...] = (),
    categories: frozenset[str] = frozenset(),
    repeated: frozenset[str] = frozenset(),
) -> Known:
    """Where the claim's outcome counts. A line that was paid beside one that was refused counts as paid; a claim that
    was refused as a whole says nothing of its lines, nor does a line refused for one reason of other reasons.

    `refused` are the procedures that were denied; none named means that the whole claim was. `repeated` are those that
    had been given too lately: that they are not covered says nothing of the first time.
    """
    found = dict.fromkeys(sender_keys(sender(facts)), denied)
    rules: dict[str, bool] = {}
    said = {cause.name: denied and not cause.categories.isdisjoint(categories) for cause in CAUSES}
    found.update((every_claim_key(cause), said[cause.name]) for cause in CAUSES)
    if denied and categories and (categories <= OF_THE_CLAIM or _another_pays(facts, refused, categories)):
        return Known(tuple(found.items()), ())
    for diagnosis in diagnoses(facts):
        families, causes = diagnosis_keys(diagnosis)
        found.update(dict.fromkeys(families, denied))
        for of_code, key in zip(DIAGNOSIS_CAUSES, causes, strict=True):
            if key:
                found[key] = said[of_code.name]
                if said[of_code.name] or not denied:
                    rules[key] = denied
    for line in lines(facts):
        hit = denied and (not refused or line.procedure in refused)
        keys = line_keys(line)
        if hit and line.procedure in repeated:
            continue
        for key in keys.families:
            found[key] = found.get(key, False) or hit
        for cause, key in zip(LINE_CAUSES, keys.causes, strict=True):
            if key:
                found[key] = found.get(key, False) or (hit and said[cause.name])
                if said[cause.name] or not hit:
                    rules[key] = rules.get(key, False) or hit
    return Known(tuple(found.items()), tuple(rules.items()))


def _another_pays(facts: ClaimFacts, refused: tuple[str, ...], categories: frozenset[str]) -> bool:
    """Whether the whole claim was sent to another payer: that is about the patient, not about its lines."""
    return categories == {_C.OTHER_PAYER} and len(facts.procedures) > 1 and whole(facts, refused)


def whole(facts: ClaimFacts, refused: tuple[str, ...]) -> bool:
    """Whether every line was refused."""
    return not refused or set(refused) >= set(facts.procedures)


def usage_keys(facts: ClaimFacts) -> tuple[tuple[str, bool], ...]:
    """Every key in which the claim's submission counts, each once, with whether it carries the thing."""
    whole = sender(facts)
    found = {habit_key(GROUP_NUMBER, whole): whole.has_group_number}
    for line in lines(facts):
        keys = line_keys(line)
        found.update(zip(keys.habits, (habit.carried(line) for habit in LINE_HABITS), strict=True))
        found.update(dict.fromkeys(keys.support, True))
    return tuple(found.items())
