"""The families of claims whose denial rates are kept: which claims does a biller compare this one with?

A family gives the keys a claim belongs to (one for the claim, or one for each line, diagnosis or pair of lines) and the
wider family its rate leans on while it has few claims. Adding a family here adds its column to the model.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.denial.facts import ClaimFacts

LATENESS_DAYS = (15, 31, 61, 91, 121, 181, 366)  # payers' filing limits end at 30, 60, 90, 120, 180 or 365 days


@dataclass(frozen=True, slots=True)
class Family:
    """`keys(facts)` are the claim's keys in this family; `wider` names the family it leans on ("" for all claims).
    `by_line`: the keys run parallel to the lines, and a line that was paid counts as paid beside one that was not.
    """

    name: str
    keys: Callable[[ClaimFacts], tuple[str, ...]]
    wider: str = ""
    by_line: bool = False


def category(diagnosis: str) -> str:
    """The ICD-10-CM category: the first three characters."""
    return diagnosis.replace(".", "")[:3].upper()


def lateness(facts: ClaimFacts) -> int:
    """Which band of days from service to submission the claim falls in."""
    return bisect_right(LATENESS_DAYS, facts.days_to_submit)


def _by_line(facts: ClaimFacts, *values: object) -> tuple[str, ...]:
    """One key a line: the payer, the procedure and the values."""
    tail = "|".join(map(str, values))
    return tuple(f"{facts.payer}|{procedure}|{tail}" for procedure in facts.procedures)


def _pairs(facts: ClaimFacts) -> Iterator[str]:
    """Every two lines of the claim, and whether either carries a modifier (the second edit of NCCI turns on it)."""
    lines = sorted(zip(facts.procedures, facts.modifiers, strict=True))
    for place, (first, first_modifiers) in enumerate(lines):
        for second, second_modifiers in lines[place + 1 :]:
            yield f"{facts.payer}|{first}|{second}|{bool(first_modifiers or second_modifiers):d}"


def _by_pointed_diagnosis(facts: ClaimFacts) -> tuple[str, ...]:
    lines = zip(facts.procedures, facts.pointed, strict=True)
    return tuple(f"{procedure}|{category(diagnosis)}" for procedure, diagnosis in lines)


def _by_modifiers(facts: ClaimFacts) -> tuple[str, ...]:
    lines = zip(facts.procedures, facts.modifiers, strict=True)
    return tuple(f"{facts.payer}|{procedure}|{modifiers}" for procedure, modifiers in lines)


def _by_units(facts: ClaimFacts) -> tuple[str, ...]:
    lines = zip(facts.procedures, facts.units, strict=True)
    return tuple(f"{facts.payer}|{procedure}|{min(units, 9)}" for procedure, units in lines)


FAMILIES: tuple[Family, ...] = (
    Family("payer", lambda f: (f.payer,)),
    Family("procedure", lambda f: f.procedures, by_line=True),
    Family("provider", lambda f: (f.provider,)),
    Family("payer_procedure", _by_line, "payer", by_line=True),
    Family("payer_provider", lambda f: (f"{f.payer}|{f.provider}",), "payer"),
    Family("payer_place", lambda f: (f"{f.payer}|{f.place_of_service}",), "payer"),
    Family("payer_plan", lambda f: (f"{f.payer}|{f.plan}",), "payer"),
    Family("payer_member_id", lambda f: (f"{f.payer}|{f.member_id_shape}|{f.has_group_number:d}",), "payer"),
    Family("payer_lateness", lambda f: (f"{f.payer}|{lateness(f)}",), "payer"),
    Family("payer_kind", lambda f: (f"{f.payer}|{f.frequency}|{f.rank}",), "payer"),
    Family("payer_diagnosis", lambda f: tuple(f"{f.payer}|{category(d)}" for d in f.diagnoses), "payer"),
    Family("procedure_diagnosis", _by_pointed_diagnosis, "procedure", by_line=True),
    Family(
        "procedure_patient",
        lambda f: tuple(f"{p}|{f.age_band}|{f.sex}" for p in f.procedures),
        "procedure",
        by_line=True,
    ),
    Family(
        "payer_authorization",
        lambda f: _by_line(f, f"{f.has_authorization:d}{f.has_referral:d}"),
        "payer_procedure",
        by_line=True,
    ),
    Family("payer_modifiers", _by_modifiers, "payer_procedure", by_line=True),
    Family("payer_units", _by_units, "payer_procedure", by_line=True),
    Family("payer_pair", lambda f: tuple(_pairs(f)), "payer_procedure"),
)


def claim_keys(facts: ClaimFacts) -> tuple[tuple[str, ...], ...]:
    """The claim's keys in each family, in the order of FAMILIES, each marked with its family's place."""
    return tuple(tuple(f"{place}|{key}" for key in family.keys(facts)) for place, family in enumerate(FAMILIES))


def rate_keys(facts: ClaimFacts, denied: bool, refused: tuple[str, ...] = ()) -> tuple[tuple[str, bool], ...]:
    """Every key whose tally the claim's outcome counts in, each once, with whether it counts as denied there.

    `refused` are the procedures that were denied; none named means that the whole claim was.
    """
    lines = tuple(denied and (not refused or procedure in refused) for procedure in facts.procedures)
    found: dict[str, bool] = {}
    for family, keys in zip(FAMILIES, claim_keys(facts), strict=True):
        for place, key in enumerate(keys):
            found[key] = found.get(key, False) or (lines[place] if family.by_line else denied)
    return tuple(found.items())


@dataclass(frozen=True, slots=True)
class Habit:
    """Something claims of a kind usually carry. `keys` and `carried` run in parallel."""

    name: str
    keys: Callable[[ClaimFacts], tuple[str, ...]]
    carried: Callable[[ClaimFacts], tuple[bool, ...]]


HABITS: tuple[Habit, ...] = (
    Habit("authorization", _by_line, lambda f: (f.has_authorization,) * len(f.procedures)),
    Habit("referral", _by_line, lambda f: (f.has_referral,) * len(f.procedures)),
    Habit("referring_provider", _by_line, lambda f: (f.has_referring_provider,) * len(f.procedures)),
    Habit(
        "modifier",
        lambda f: _by_line(f, len(f.procedures) > 1),
        lambda f: tuple(bool(modifiers) for modifiers in f.modifiers),
    ),
    Habit("group_number", lambda f: (f"{f.payer}|{f.plan}",), lambda f: (f.has_group_number,)),
)


def habit_keys(facts: ClaimFacts, habit: Habit) -> tuple[tuple[str, bool], ...]:
    """The claim's keys under one habit, with whether it carries the thing."""
    return tuple(
        (f"{habit.name}|{key}", carried) for key, carried in zip(habit.keys(facts), habit.carried(facts), strict=True)
    )


def usage_keys(facts: ClaimFacts) -> tuple[tuple[str, bool], ...]:
    """Every key whose habit the claim's submission counts in, each once."""
    return tuple(dict(pair for habit in HABITS for pair in habit_keys(facts, habit)).items())
