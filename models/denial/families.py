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
from typing import Generic, NamedTuple, TypeVar

from billing_core.reason import DenialCategory
from models.denial.facts import ClaimFacts

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
    """What of a line decides how its like fares. `alone`: no other line stands on the claim."""

    payer: str
    procedure: str
    modifiers: str
    several_units: bool
    pointed: str
    has_authorization: bool
    has_referral: bool
    has_referring_provider: bool
    alone: bool


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
class Cause:
    """Refusals for one of these categories, counted among lines that are alike in what `key` says."""

    name: str
    categories: frozenset[str]
    key: Callable[[Line], str]


@dataclass(frozen=True, slots=True)
class Habit(Generic[Kin]):
    """Something claims of a kind usually carry."""

    name: str
    key: Callable[[Kin], str]
    carried: Callable[[Kin], bool]


def category(diagnosis: str) -> str:
    """The ICD-10-CM category: the first three characters."""
    return diagnosis.replace(".", "")[:3].upper()


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
CAUSES: tuple[Cause, ...] = (
    Cause("authorization", frozenset({_C.AUTHORIZATION}), _with_papers),
    Cause("not_covered", frozenset({_C.NOT_COVERED}), _service),
    Cause("not_covered_for", frozenset({_C.NOT_COVERED}), _for_diagnosis),
    Cause(
        "diagnosis_code",
        _CODES | {_C.NOT_COVERED, _C.INFORMATION, _C.OTHER},
        lambda line: f"{line.payer}|{line.pointed}",
    ),
    Cause("coding", _CODES, lambda line: f"{_with_modifiers(line)}|{line.alone:d}"),
    Cause("coding_for", _CODES, _for_diagnosis),
    Cause(
        "records",
        frozenset({_C.MEDICAL_NECESSITY, _C.INFORMATION}),
        lambda line: f"{line.payer}|{line.procedure}|{line.several_units:d}",
    ),
    Cause("other_payer", frozenset({_C.OTHER_PAYER}), _service),
)

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
    alone = len(facts.procedures) == 1
    papers = (facts.has_authorization, facts.has_referral, facts.has_referring_provider)
    return [
        Line(facts.payer, procedure, modifiers, units > 1, pointed, *papers, alone)
        for procedure, modifiers, units, pointed in zip(
            facts.procedures, facts.modifiers, facts.units, facts.pointed, strict=True
        )
    ]


def diagnoses(facts: ClaimFacts) -> list[Diagnosis]:
    """The claim's diagnoses."""
    return [Diagnosis(facts.payer, code) for code in facts.diagnoses]


class LineKeys(NamedTuple):
    """Under which the history keeps what is known of a line's like: in the order of LINE_FAMILIES, CAUSES and
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
        tuple(f"why {cause.name}:{cause.key(line)}" for cause in CAUSES),
        tuple(habit_key(habit, line) for habit in LINE_HABITS),
        (f"sent:{line.procedure}", f"sent:{line.procedure}|{line.pointed[:1]}"),
    )


@lru_cache(maxsize=REMEMBERED)
def sender_keys(whole: Sender) -> tuple[str, ...]:
    """The sender's keys, in the order of SENDER_FAMILIES."""
    return tuple(family_key(family, whole) for family in SENDER_FAMILIES)


@lru_cache(maxsize=REMEMBERED)
def diagnosis_keys(diagnosis: Diagnosis) -> tuple[str, ...]:
    """The diagnosis's keys, in the order of DIAGNOSIS_FAMILIES."""
    return tuple(family_key(family, diagnosis) for family in DIAGNOSIS_FAMILIES)


def family_key(family: Family[Kin], kin: Kin) -> str:
    """Under which the history keeps a family's outcomes."""
    return f"{family.name}:{family.key(kin)}"


def habit_key(habit: Habit[Kin], kin: Kin) -> str:
    """Under which the history keeps a habit."""
    return f"{habit.name}:{habit.key(kin)}"


def every_claim_key(cause: Cause) -> str:
    """Under which the history keeps how often the cause is given at all."""
    return f"why {cause.name}"


def outcome_keys(
    facts: ClaimFacts, denied: bool, refused: tuple[str, ...] = (), categories: frozenset[str] = frozenset()
) -> tuple[tuple[str, bool], ...]:
    """Every key in which the claim's outcome counts, each once, with whether it counts as denied there: a line that was
    paid beside one that was refused counts as paid.

    `refused` are the procedures that were denied; none named means that the whole claim was.
    """
    found = dict.fromkeys(sender_keys(sender(facts)), denied)
    for diagnosis in diagnoses(facts):
        found.update(dict.fromkeys(diagnosis_keys(diagnosis), denied))
    said = [denied and not cause.categories.isdisjoint(categories) for cause in CAUSES]
    found.update(zip(map(every_claim_key, CAUSES), said, strict=True))
    for line in lines(facts):
        hit = denied and (not refused or line.procedure in refused)
        keys = line_keys(line)
        for key in keys.families:
            found[key] = found.get(key, False) or hit
        for key, why in zip(keys.causes, said, strict=True):
            found[key] = found.get(key, False) or (hit and why)
    return tuple(found.items())


def usage_keys(facts: ClaimFacts) -> tuple[tuple[str, bool], ...]:
    """Every key in which the claim's submission counts, each once, with whether it carries the thing."""
    whole = sender(facts)
    found = {habit_key(GROUP_NUMBER, whole): whole.has_group_number}
    for line in lines(facts):
        keys = line_keys(line)
        found.update(zip(keys.habits, (habit.carried(line) for habit in LINE_HABITS), strict=True))
        found.update(dict.fromkeys(keys.support, True))
    return tuple(found.items())
