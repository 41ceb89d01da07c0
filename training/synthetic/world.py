"""The world file: everything a synthetic practice is made of, as data. Read strictly; an error names the key.

    [period]        first and last date of service
    [practice]      name, place, locations, specialties and how many doctors each has
    [population]    households, ages, coverage changes, self-pay, secondary coverage
    [slips]         how often the front desk, the coder and the schedule go wrong (shares)
    [notes]         styles of writing and their weights, typing errors, what is copied forward
    [[payers]]      terms, plans, member ids; `unannounced` terms that only the payer knows; `habits` (the simulated
                    payer's own table, passed on unread)
    [[procedures]]  codes billed, base fees, words
    [[conditions]]  problems, codes, words
    include         further files with conditions and procedures, beside this file or among the project's own

Documented key by key in data/synthetic/README.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from billing_core.contract import Remedy
from billing_core.money import Cents
from training.synthetic.clinic import Condition, Course, Procedure, read_condition, read_procedure
from training.synthetic.reading import Table, WorldError

OWN_WORLDS = Path(__file__).resolve().parents[2] / "data" / "synthetic" / "worlds"
STYLES = ("soap", "headed", "problem", "numbered", "letter", "terse", "dictated")
_REMEDIES = {"new claim": Remedy.NEW_CLAIM, "replacement": Remedy.REPLACEMENT, "appeal": Remedy.APPEAL}


@dataclass(frozen=True, slots=True)
class Specialty:
    """A specialty of the practice: doctors, patients' ages, its share of the visits."""

    name: str
    taxonomy: str
    doctors: int
    weight: float
    ages: tuple[int, int]
    location: int


@dataclass(frozen=True, slots=True)
class PracticeTerms:
    """The practice. `charge_rate` x base fee is the charge; `joining` doctors join in the middle of the period."""

    name: str
    mark: str
    city: str
    state: str
    postal_code: str
    zone: str
    charge_rate: Decimal
    locations: tuple[str, ...]
    outside_doctors: int
    joining: int
    enrollment_delay_days: tuple[int, int]
    specialties: tuple[Specialty, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """Who comes. Shares are per person unless said; `visits` is the range per patient over the period."""

    household_sizes: tuple[tuple[str, float], ...]
    visits: tuple[int, int]
    self_pay: float
    secondary: float
    coverage_change: float
    established: float


@dataclass(frozen=True, slots=True)
class Slips:
    """How often people err, as shares of the occasions on which they could. Each is a possible cause of a denial."""

    coverage_change_missed: float
    coverage_learned_days: tuple[int, int]
    silent_termination: float
    other_insurance_unknown: float
    member_id_mistyped: float
    authorization_not_obtained: float
    authorization_left_off: float
    authorization_mistyped: float
    referral_not_obtained: float
    referral_left_off: float
    visit_entered_twice: float
    second_chart: float
    late_charge: float
    late_charge_days: tuple[int, int]
    preventive_too_early: float
    modifier_25_forgotten: float
    modifier_59_forgotten: float
    diagnosis_unspecified: float
    pointer_wrong: float
    units_wrong: float


@dataclass(frozen=True, slots=True)
class NoteTerms:
    """How notes are written: weights of the styles, and shares per note (typing errors per word)."""

    styles: tuple[tuple[str, float], ...]
    abbreviation: tuple[float, float]
    typing_error: float
    copied_forward: float
    negated_condition: float
    history_of: float
    family_history: float
    uncertain: float


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A benefit plan of a payer and how many of its members have it."""

    name: str
    weight: float
    copay: Cents
    deductible: Cents
    coinsurance: Decimal
    out_of_pocket_max: Cents


@dataclass(frozen=True, slots=True)
class Unannounced:
    """Terms the payer applies from a day on that the practice's copy of the contract does not have."""

    start: date
    authorization_required: tuple[str, ...]
    referral_required: tuple[str, ...]
    not_covered: tuple[str, ...]
    filing_days: int


@dataclass(frozen=True, slots=True)
class PayerTerms:
    """A payer. `habits` belongs to the simulated payer, which reads it from the world folder's copy of this file."""

    name: str
    number: str
    filing: str
    weight: float
    ages: tuple[int, int]
    supplements: tuple[str, ...]
    member_id: str
    city: str
    state: str
    postal_code: str
    fee_rate: Decimal
    default_percent: Decimal
    fees: Mapping[str, Cents]
    filing_days: int
    corrected_days: int
    appeal_days: int
    corrected_by: Remedy
    authorization_required: tuple[str, ...]
    referral_required: tuple[str, ...]
    not_covered: tuple[str, ...]
    plans: tuple[PlanTerms, ...]
    unannounced: tuple[Unannounced, ...]
    habits: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """A whole world file, checked."""

    name: str
    description: str
    first_day: date
    last_day: date
    practice: PracticeTerms
    population: Population
    slips: Slips
    notes: NoteTerms
    payers: tuple[PayerTerms, ...]
    conditions: tuple[Condition, ...]
    procedures: Mapping[str, Procedure]


def _practice(table: Table) -> PracticeTerms:
    places = table.texts("locations")
    specialties = []
    for inner in table.tables("specialties"):
        specialties.append(
            Specialty(
                name=inner.text("name"),
                taxonomy=inner.text("taxonomy"),
                doctors=inner.whole("doctors", 1, 100),
                weight=float(inner.whole("weight", 1, 1000)),
                ages=inner.between("ages", 0, 120, (0, 120)),
                location=inner.whole("location", 1, len(places), 1),
            )
        )
        inner.done()
    terms = PracticeTerms(
        name=table.text("name"),
        mark=table.text("mark"),
        city=table.text("city"),
        state=table.text("state"),
        postal_code=table.text("postal_code"),
        zone=table.text("zone"),
        charge_rate=table.rate("charge_rate"),
        locations=places,
        outside_doctors=table.whole("outside_doctors", 1, 100, 6),
        joining=table.whole("joining", 0, 100, 0),
        enrollment_delay_days=table.between("enrollment_delay_days", 0, 400, (60, 120)),
        specialties=tuple(specialties),
    )
    table.done()
    return terms


def _population(table: Table) -> Population:
    sizes = table.weights("household_sizes")
    if any(not size.isdigit() or not 1 <= int(size) <= 8 for size, _ in sizes):
        raise WorldError("sizes from 1 to 8 expected", where=table.key("household_sizes"), mend='write {"1" = 40, ...}')
    population = Population(
        household_sizes=sizes,
        visits=table.between("visits", 1, 100),
        self_pay=table.share("self_pay"),
        secondary=table.share("secondary"),
        coverage_change=table.share("coverage_change"),
        established=table.share("established"),
    )
    table.done()
    return population


def _slips(table: Table) -> Slips:
    days = {"coverage_learned_days": (20, 120), "late_charge_days": (95, 200)}
    names = [f for f in Slips.__slots__ if f not in days]
    slips = Slips(
        **{n: table.share(n, 0.0) for n in names},  # type: ignore[arg-type]  # a share: every other field is one
        **{n: table.between(n, 1, 700, default) for n, default in days.items()},  # type: ignore[arg-type]  # two numbers
    )
    table.done()
    return slips


def _notes(table: Table) -> NoteTerms:
    styles = table.weights("styles")
    unknown = [name for name, _ in styles if name not in STYLES]
    if unknown:
        raise WorldError(
            "no such style", where=f"{table.key('styles')}.{unknown[0]}", mend=f"one of {', '.join(STYLES)}"
        )
    percent = table.between("abbreviation_percent", 0, 100)
    terms = NoteTerms(
        styles=styles,
        abbreviation=(percent[0] / 100, percent[1] / 100),
        typing_error=table.share("typing_error"),
        copied_forward=table.share("copied_forward"),
        negated_condition=table.share("negated_condition"),
        history_of=table.share("history_of"),
        family_history=table.share("family_history"),
        uncertain=table.share("uncertain"),
    )
    table.done()
    return terms


def _plan(table: Table) -> PlanTerms:
    plan = PlanTerms(
        name=table.text("name"),
        weight=float(table.whole("weight", 1, 1000, 1)),
        copay=table.amount("copay"),
        deductible=table.amount("deductible"),
        coinsurance=table.rate("coinsurance"),
        out_of_pocket_max=table.amount("out_of_pocket_max"),
    )
    table.done()
    return plan


def _unannounced(table: Table) -> Unannounced:
    terms = Unannounced(
        start=table.day("from"),
        authorization_required=table.texts("authorization_required", ()),
        referral_required=table.texts("referral_required", ()),
        not_covered=table.texts("not_covered", ()),
        filing_days=table.whole("filing_days", 0, 3650, 0),
    )
    table.done()
    return terms


def _payer(table: Table) -> PayerTerms:
    remedy = table.text("corrected_by")
    if remedy not in _REMEDIES:
        raise WorldError("no such remedy", where=table.key("corrected_by"), mend=f"one of {', '.join(_REMEDIES)}")
    payer = PayerTerms(
        name=table.text("name"),
        number=table.text("number"),
        filing=table.text("filing"),
        weight=float(table.whole("weight", 0, 1000)),
        ages=table.between("ages", 0, 120, (0, 120)),
        supplements=table.texts("supplements", ()),
        member_id=table.text("member_id"),
        city=table.text("city"),
        state=table.text("state"),
        postal_code=table.text("postal_code"),
        fee_rate=table.rate("fee_rate"),
        default_percent=table.rate("default_percent"),
        fees=table.amounts("fees"),
        filing_days=table.whole("filing_days", 1, 3650),
        corrected_days=table.whole("corrected_days", 1, 3650),
        appeal_days=table.whole("appeal_days", 1, 3650),
        corrected_by=_REMEDIES[remedy],
        authorization_required=table.texts("authorization_required", ()),
        referral_required=table.texts("referral_required", ()),
        not_covered=table.texts("not_covered", ()),
        plans=tuple(_plan(t) for t in table.tables("plans")),
        unannounced=tuple(sorted((_unannounced(t) for t in table.tables("unannounced", ())), key=lambda u: u.start)),
        habits=table.free("habits"),
    )
    table.done()
    if not payer.plans:
        raise WorldError("at least one plan expected", where=table.key("plans"), mend="add [[payers.plans]]")
    return payer


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorldError(f"not TOML: {error}", where=path.name, mend="correct the file") from error
    except OSError as error:
        raise WorldError("the file cannot be read", where=path.name, mend="check the path") from error


def _included(root: Table, beside: Path) -> list[Table]:
    """The tables of the included files; each is looked for beside the world file, then among the project's own."""
    tables = []
    for name in root.texts("include", ()):
        found = next((p for p in (beside / name, OWN_WORLDS / name) if p.is_file()), None)
        if found is None:
            raise WorldError("an included file is not there", where=f"include: {name}", mend="check the name")
        tables.append(Table(_toml(found), name))
    return tables


def _clinical(tables: list[Table]) -> tuple[tuple[Condition, ...], dict[str, Procedure]]:
    """The conditions and procedures of every file; a name or code given again later replaces the earlier one."""
    conditions: dict[str, Condition] = {}
    procedures: dict[str, Procedure] = {}
    for table in tables:
        for inner in table.tables("procedures", ()):
            procedure = read_procedure(inner)
            procedures[procedure.code] = procedure
        for inner in table.tables("conditions", ()):
            condition = read_condition(inner)
            conditions[condition.name] = condition
    for table in tables[:-1]:  # the last is the world file itself, which holds more
        table.done()
    return tuple(conditions.values()), procedures


def _check_references(world: World) -> World:
    """Names in one part that another part must define."""
    names = {s.name for s in world.practice.specialties}
    numbers = {p.number for p in world.payers}
    for condition in world.conditions:
        for planned in condition.procedures:
            if planned.code not in world.procedures:
                raise WorldError(
                    f"procedure {planned.code} is not defined",
                    where=f"conditions.{condition.name}.procedures",
                    mend="add it to [[procedures]]",
                )
    for procedure in world.procedures.values():
        for code, _ in procedure.brings:
            if code not in world.procedures:
                raise WorldError(
                    f"procedure {code} is not defined", where=f"procedures.{procedure.code}.brings", mend="add it"
                )
    for name in sorted(names):
        seen = [c for c in world.conditions if name in c.specialties and c.course is not Course.PREVENTIVE]
        if not seen:
            raise WorldError("a specialty that sees nothing", where=name, mend="include conditions for it")
    for payer in world.payers:
        for other in payer.supplements:
            if other not in numbers:
                raise WorldError("no such payer number", where=f"payers.{payer.number}.supplements", mend="correct it")
    if len(numbers) != len(world.payers):
        raise WorldError("two payers have one number", where="payers.number", mend="give each its own")
    return world


def parse(values: Mapping[str, Any], beside: Path = OWN_WORLDS) -> World:
    """A World from the TOML's values. `beside` is the folder that includes are first looked for in."""
    root = Table(values, "")
    period = root.table("period")
    first, last = period.day("first_day"), period.day("last_day")
    period.done()
    if last <= first:
        raise WorldError("the period ends before it begins", where="period.last_day", mend="correct the dates")
    conditions, procedures = _clinical([*_included(root, beside), root])
    world = World(
        name=root.text("name"),
        description=root.text("description"),
        first_day=first,
        last_day=last,
        practice=_practice(root.table("practice")),
        population=_population(root.table("population")),
        slips=_slips(root.table("slips")),
        notes=_notes(root.table("notes")),
        payers=tuple(_payer(t) for t in root.tables("payers")),
        conditions=conditions,
        procedures=procedures,
    )
    root.done()
    return _check_references(world)


def load(path: Path) -> World:
    """The world of a file. Raises WorldError naming the key (or the file) that is wrong."""
    return parse(_toml(path), path.parent)
