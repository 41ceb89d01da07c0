"""The clinical part of a world: which conditions are seen, how doctors write them, which codes and procedures follow.

A condition's words and its codes are data, so that a new world needs no new code. Words may hold `{side}` (right, left,
bilateral), `{a|b|c}` (one of them) and `<140-162>` or `<6.4-8.9>` (a number drawn in that range).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from billing_core.money import Cents
from training.synthetic.reading import Table, WorldError

SIDES = ("right", "left", "bilateral")


class Course(StrEnum):
    """How a condition behaves over a patient's visits."""

    CHRONIC = "chronic"  # stays with the patient and comes back at later visits
    ACUTE = "acute"  # one visit, now and then a follow-up
    SYMPTOM = "symptom"  # a complaint whose cause is only suspected; the suspicion is not coded (guidelines IV.H)
    PREVENTIVE = "preventive"  # the visit is for it: a check-up


class Gravity(StrEnum):
    """The number-and-complexity-of-problems column of the 2021 AMA table of medical decision making."""

    MINOR = "minor"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class PlannedProcedure:
    """A procedure that a condition may lead to, how often, and with how many units."""

    code: str
    share: float
    units: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One problem as the practice sees it. `codes` by side; a condition without sides has the one key "".

    `unspecified` is the code a hasty coder writes instead. `complaints` are reasons for the visit, `symptoms` what the
    patient reports (integral to the condition, never coded), `findings` the examination, `results` tests reviewed,
    `plans` what is done, `drugs` prescriptions (their management is moderate risk), `suspects` causes not confirmed.
    `with_findings` (check-ups) replaces the codes when a problem was found; `excludes` names conditions that do not
    go with it.
    """

    name: str
    specialties: tuple[str, ...]
    course: Course
    weight: float
    codes: Mapping[str, tuple[str, ...]]
    phrases: tuple[str, ...]
    short: tuple[str, ...]
    complaints: tuple[str, ...]
    symptoms: tuple[str, ...]
    findings: tuple[str, ...]
    results: tuple[str, ...]
    plans: tuple[str, ...]
    drugs: tuple[str, ...]
    suspects: tuple[str, ...]
    procedures: tuple[PlannedProcedure, ...]
    gravity: Gravity
    ages: tuple[int, int]
    sex: str
    unspecified: str
    with_findings: tuple[str, ...]
    excludes: tuple[str, ...]

    @property
    def sided(self) -> bool:
        """Whether the code depends on the side."""
        return "" not in self.codes

    def fits(self, age: int, sex: str) -> bool:
        """Whether a patient of that age in years and sex ("F", "M") may have it."""
        return self.ages[0] <= age <= self.ages[1] and self.sex in ("", sex)


@dataclass(frozen=True, slots=True)
class Procedure:
    """One CPT or HCPCS code the practice bills. `fee` is the world's base fee per unit; contracts scale it.

    `words` are how the note tells it; `needs_25`: an E/M of the same day needs modifier 25 (NCCI, CMS manual I.D);
    `bundled_into`: with one of those codes the same day it needs modifier 59; `sided`: carries RT, LT or 50;
    `brings` are codes always billed with it; `requires`: only where one of those is done; `not_with` are codes that
    it takes the place of; `doubtful_units` is the unit count a hasty coder writes.
    """

    code: str
    fee: Cents
    words: tuple[str, ...]
    needs_25: bool
    bundled_into: tuple[str, ...]
    sided: bool
    brings: tuple[tuple[str, int], ...]
    requires: tuple[str, ...]
    not_with: tuple[str, ...]
    doubtful_units: int


def _codes(table: Table) -> dict[str, tuple[str, ...]]:
    if not table.has("sides"):
        return {"": table.texts("codes")}
    sides = table.table("sides")
    unknown = [s for s in sides.names() if s not in SIDES]
    if unknown or not sides.names():
        raise WorldError("right, left or bilateral expected", where=sides.key((*unknown, "right")[0]), mend="rename it")
    return {side: sides.texts(side) for side in sides.names()}


def _planned(table: Table) -> PlannedProcedure:
    planned = PlannedProcedure(table.text("code"), table.share("share"), table.whole("units", 1, 99, 1))
    table.done()
    return planned


def _member(table: Table, name: str, kind: type[StrEnum], default: str) -> str:
    value = table.text(name, default)
    if value not in [m.value for m in kind]:
        raise WorldError(
            "not one of the known words", where=table.key(name), mend=f"one of {', '.join(m.value for m in kind)}"
        )
    return value


def read_condition(table: Table) -> Condition:
    """One [[conditions]] table. Raises WorldError naming the key."""
    condition = Condition(
        name=table.text("name"),
        specialties=table.texts("specialties"),
        course=Course(_member(table, "course", Course, "acute")),
        weight=float(table.whole("weight", 0, 1000, 10)),
        codes=_codes(table),
        phrases=table.texts("phrases"),
        short=table.texts("short", ()),
        complaints=table.texts("complaints", ()),
        symptoms=table.texts("symptoms", ()),
        findings=table.texts("findings", ()),
        results=table.texts("results", ()),
        plans=table.texts("plans", ()),
        drugs=table.texts("drugs", ()),
        suspects=table.texts("suspects", ()),
        procedures=tuple(_planned(t) for t in table.tables("procedures", ())),
        gravity=Gravity(_member(table, "gravity", Gravity, "low")),
        ages=table.between("ages", 0, 120, (0, 120)),
        sex=table.text("sex", ""),
        unspecified=table.text("unspecified", ""),
        with_findings=table.texts("with_findings", ()),
        excludes=table.texts("excludes", ()),
    )
    table.done()
    if condition.sex not in ("", "F", "M"):
        raise WorldError('"F" or "M" expected', where=table.key("sex"), mend="leave it out for both")
    if not condition.phrases or not all(condition.codes.values()):
        raise WorldError("at least one code and one phrase expected", where=table.key("phrases"), mend="add them")
    return condition


def read_procedure(table: Table) -> Procedure:
    """One [[procedures]] table. Raises WorldError naming the key."""
    brings = []
    for inner in table.tables("brings", ()):
        brings.append((inner.text("code"), inner.whole("units", 1, 99, 1)))
        inner.done()
    procedure = Procedure(
        code=table.text("code"),
        fee=table.amount("fee"),
        words=table.texts("words", ()),
        needs_25=table.flag("needs_25", False),
        bundled_into=table.texts("bundled_into", ()),
        sided=table.flag("sided", False),
        brings=tuple(brings),
        requires=table.texts("requires", ()),
        not_with=table.texts("not_with", ()),
        doubtful_units=table.whole("doubtful_units", 0, 99, 0),
    )
    table.done()
    return procedure
