"""The level of a visit, calculated: two of three elements of decision making, or time; nothing assumed.

The rules are those of the American Medical Association's evaluation and management revisions of 2021 (office) and 2023
(hospital, observation, emergency, nursing facility, home, consultations), with the times restated as minimums for 2024.
What was done is counted by kind; each count gives a level for its element, and two of the three must be met. An element
that was not stated is refused, never guessed. The arithmetic is returned with the code. Descriptions are our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from billing_core.errors import BillingError

SOURCE = "AMA, CPT evaluation and management revisions of 2021 and 2023; times as of 2024"


class VisitError(BillingError):
    """A level that cannot be calculated: something is missing or cannot be. `mend` says what to give."""


class Level(IntEnum):
    """A level of an element, or of decision making as a whole."""

    STRAIGHTFORWARD = 1
    LOW = 2
    MODERATE = 3
    HIGH = 4


class Problem(StrEnum):
    """A problem addressed at the visit, by the kinds that the rules tell apart."""

    SELF_LIMITED = "self-limited or minor"
    STABLE_CHRONIC = "stable chronic illness"
    ACUTE_UNCOMPLICATED = "acute, uncomplicated illness or injury"
    STABLE_ACUTE = "stable, acute illness"
    ACUTE_HOSPITAL = "acute, uncomplicated, needing hospital care"
    CHRONIC_WORSE = "chronic illness with exacerbation, progression or side effects"
    UNDIAGNOSED = "undiagnosed new problem with uncertain prognosis"
    ACUTE_SYSTEMIC = "acute illness with systemic symptoms"
    COMPLICATED_INJURY = "acute complicated injury"
    CHRONIC_SEVERE = "chronic illness with severe exacerbation, progression or side effects"
    THREAT = "illness or injury that threatens life or bodily function"


class Datum(StrEnum):
    """Data reviewed or analyzed; each unique test, document or source counts once."""

    EXTERNAL_NOTE = "external note reviewed"
    RESULT = "result of a unique test reviewed"
    ORDER = "unique test ordered"
    HISTORIAN = "history from an independent historian"
    INTERPRETATION = "independent interpretation of a test"
    DISCUSSION = "discussion with an external professional or appropriate source"


class Risk(StrEnum):
    """What made the management risky: the examples of the rules' table."""

    MINIMAL = "minimal risk"
    LOW = "low risk"
    DRUG = "prescription drug management"
    MINOR_SURGERY = "minor surgery decided, with risk factors"
    MAJOR_SURGERY = "elective major surgery decided, without risk factors"
    SOCIAL = "diagnosis or treatment limited by social determinants of health"
    TOXICITY = "drug therapy monitored intensively for toxicity"
    RISKY_SURGERY = "elective major surgery decided, with risk factors"
    EMERGENCY_SURGERY = "emergency major surgery decided"
    HOSPITAL = "hospitalization or escalation of hospital care decided"
    DO_NOT_RESUSCITATE = "do not resuscitate, or less care because of poor prognosis, decided"
    PARENTERAL_CONTROLLED = "parenteral controlled substance"


_ONE_PROBLEM: Mapping[Problem, Level] = {
    Problem.SELF_LIMITED: Level.STRAIGHTFORWARD,
    Problem.STABLE_CHRONIC: Level.LOW,
    Problem.ACUTE_UNCOMPLICATED: Level.LOW,
    Problem.STABLE_ACUTE: Level.LOW,
    Problem.ACUTE_HOSPITAL: Level.LOW,
    Problem.CHRONIC_WORSE: Level.MODERATE,
    Problem.UNDIAGNOSED: Level.MODERATE,
    Problem.ACUTE_SYSTEMIC: Level.MODERATE,
    Problem.COMPLICATED_INJURY: Level.MODERATE,
    Problem.CHRONIC_SEVERE: Level.HIGH,
    Problem.THREAT: Level.HIGH,
}
_TWO_PROBLEMS = {Problem.SELF_LIMITED: Level.LOW, Problem.STABLE_CHRONIC: Level.MODERATE}
_RISK: Mapping[Risk, Level] = {
    Risk.MINIMAL: Level.STRAIGHTFORWARD,
    Risk.LOW: Level.LOW,
    Risk.DRUG: Level.MODERATE,
    Risk.MINOR_SURGERY: Level.MODERATE,
    Risk.MAJOR_SURGERY: Level.MODERATE,
    Risk.SOCIAL: Level.MODERATE,
    Risk.TOXICITY: Level.HIGH,
    Risk.RISKY_SURGERY: Level.HIGH,
    Risk.EMERGENCY_SURGERY: Level.HIGH,
    Risk.HOSPITAL: Level.HIGH,
    Risk.DO_NOT_RESUSCITATE: Level.HIGH,
    Risk.PARENTERAL_CONTROLLED: Level.HIGH,
}


class Place(StrEnum):
    """The family of visit codes."""

    OFFICE_NEW = "office, new patient"
    OFFICE_KNOWN = "office, established patient"
    HOSPITAL_FIRST = "hospital or observation, initial"
    HOSPITAL_NEXT = "hospital or observation, subsequent"
    HOSPITAL_ONE_DAY = "hospital or observation, admitted and discharged on one day"
    EMERGENCY = "emergency department"
    CONSULTATION = "consultation, office"
    CONSULTATION_HOSPITAL = "consultation, hospital"
    NURSING_FIRST = "nursing facility, initial"
    NURSING_NEXT = "nursing facility, subsequent"
    HOME_NEW = "home, new patient"
    HOME_KNOWN = "home, established patient"


# For each family, from the lowest level: (code, least level of decision making, least minutes on the day; 0: no time).
FAMILIES: Mapping[Place, tuple[tuple[str, Level, int], ...]] = {
    Place.OFFICE_NEW: (
        ("99202", Level.STRAIGHTFORWARD, 15), ("99203", Level.LOW, 30),
        ("99204", Level.MODERATE, 45), ("99205", Level.HIGH, 60),
    ),
    Place.OFFICE_KNOWN: (
        ("99212", Level.STRAIGHTFORWARD, 10), ("99213", Level.LOW, 20),
        ("99214", Level.MODERATE, 30), ("99215", Level.HIGH, 40),
    ),
    Place.HOSPITAL_FIRST: (
        ("99221", Level.STRAIGHTFORWARD, 40), ("99222", Level.MODERATE, 55), ("99223", Level.HIGH, 75),
    ),
    Place.HOSPITAL_NEXT: (
        ("99231", Level.STRAIGHTFORWARD, 25), ("99232", Level.MODERATE, 35), ("99233", Level.HIGH, 50),
    ),
    Place.HOSPITAL_ONE_DAY: (
        ("99234", Level.STRAIGHTFORWARD, 45), ("99235", Level.MODERATE, 70), ("99236", Level.HIGH, 85),
    ),
    Place.EMERGENCY: (
        ("99282", Level.STRAIGHTFORWARD, 0), ("99283", Level.LOW, 0),
        ("99284", Level.MODERATE, 0), ("99285", Level.HIGH, 0),
    ),
    Place.CONSULTATION: (
        ("99242", Level.STRAIGHTFORWARD, 20), ("99243", Level.LOW, 30),
        ("99244", Level.MODERATE, 40), ("99245", Level.HIGH, 55),
    ),
    Place.CONSULTATION_HOSPITAL: (
        ("99252", Level.STRAIGHTFORWARD, 35), ("99253", Level.LOW, 45),
        ("99254", Level.MODERATE, 60), ("99255", Level.HIGH, 80),
    ),
    Place.NURSING_FIRST: (
        ("99304", Level.STRAIGHTFORWARD, 25), ("99305", Level.MODERATE, 35), ("99306", Level.HIGH, 50),
    ),
    Place.NURSING_NEXT: (
        ("99307", Level.STRAIGHTFORWARD, 10), ("99308", Level.LOW, 20),
        ("99309", Level.MODERATE, 30), ("99310", Level.HIGH, 45),
    ),
    Place.HOME_NEW: (
        ("99341", Level.STRAIGHTFORWARD, 15), ("99342", Level.LOW, 30),
        ("99344", Level.MODERATE, 60), ("99345", Level.HIGH, 75),
    ),
    Place.HOME_KNOWN: (
        ("99347", Level.STRAIGHTFORWARD, 20), ("99348", Level.LOW, 30),
        ("99349", Level.MODERATE, 40), ("99350", Level.HIGH, 60),
    ),
}  # fmt: skip

PREVENTIVE_AGES = (  # (below this age, new patient, established patient)
    (1, "99381", "99391"),
    (5, "99382", "99392"),
    (12, "99383", "99393"),
    (18, "99384", "99394"),
    (40, "99385", "99395"),
    (65, "99386", "99396"),
    (200, "99387", "99397"),
)
YEARS_TO_BE_NEW = 3
PROLONGED_STEP = 15  # minutes of each unit of 99417, from the least minutes of the family's highest code


@dataclass(frozen=True, slots=True)
class Work:
    """What was done: each element as counted, None where it was not stated; minutes on the day, None likewise."""

    problems: Mapping[Problem, int] | None = None
    data: Mapping[Datum, int] | None = None
    risk: Risk | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit's code, units of prolonged service beside it, and the arithmetic line by line."""

    code: str
    prolonged: int
    arithmetic: tuple[str, ...]


def problems_level(problems: Mapping[Problem, int]) -> Level:
    """The level of the problems addressed. Raises VisitError where none is named."""
    counted = {problem: count for problem, count in problems.items() if count > 0}
    if not counted:
        raise VisitError("no problem is named", where="problems", mend="Name the problems addressed at the visit.")
    single = max(_ONE_PROBLEM[problem] for problem in counted)
    several = max(
        (_TWO_PROBLEMS[p] for p, count in counted.items() if count > 1 and p in _TWO_PROBLEMS), default=single
    )
    return max(single, several)


def data_level(data: Mapping[Datum, int]) -> Level:
    """The level of the data reviewed and analyzed; nothing reviewed is straightforward."""
    count = {datum: max(0, data.get(datum, 0)) for datum in Datum}
    items = count[Datum.EXTERNAL_NOTE] + count[Datum.RESULT] + count[Datum.ORDER]
    historian = min(1, count[Datum.HISTORIAN])
    categories = [items + historian >= 3, count[Datum.INTERPRETATION] > 0, count[Datum.DISCUSSION] > 0]
    if sum(categories) >= 2:
        return Level.HIGH
    if any(categories):
        return Level.MODERATE
    return Level.LOW if items >= 2 or historian else Level.STRAIGHTFORWARD


def risk_level(risk: Risk) -> Level:
    """The level of the risk of management."""
    return _RISK[risk]


def decision_level(problems: Level, data: Level, risk: Level) -> Level:
    """Two of three must be met or exceeded: the middle one.

    >>> decision_level(Level.MODERATE, Level.STRAIGHTFORWARD, Level.HIGH).name
    'MODERATE'
    """
    return sorted((problems, data, risk))[1]


def visit(place: Place, work: Work) -> Visit:
    """The visit's code by decision making or by time, whichever is higher. Raises VisitError, naming what is missing.

    With minutes alone the code is by time; with elements of decision making all three must be stated.
    """
    family = FAMILIES[place]
    stated = [work.problems is not None, work.data is not None, work.risk is not None]
    if work.minutes is None and not any(stated):
        raise VisitError("nothing is stated", where="visit", mend="Give problems, data and risk, or the total minutes.")
    lines: list[str] = []
    by_decision = by_time = -1
    if any(stated):
        level = _decision(work, lines)
        by_decision = max(at for at, (_, least, _) in enumerate(family) if level >= least)
    if work.minutes is not None:
        by_time = _by_time(place, work.minutes, lines, by_decision)
    best = max(by_decision, by_time)
    lines.append(f"{family[best][0]}: by {'time' if by_time > by_decision else 'decision making'} ({SOURCE})")
    return Visit(family[best][0], _prolonged(place, work.minutes, best, by_time, lines), tuple(lines))


def _decision(work: Work, lines: list[str]) -> Level:
    if work.problems is None or work.data is None or work.risk is None:
        names = (("problems", work.problems), ("data", work.data), ("risk", work.risk))
        missing = [name for name, element in names if element is None]
        raise VisitError(
            f"not stated: {', '.join(missing)}",
            where=missing[0],
            mend="State all three elements (none reviewed counts as stated), or leave all out and give the minutes.",
        )
    problems, data, risk = problems_level(work.problems), data_level(work.data), risk_level(work.risk)
    level = decision_level(problems, data, risk)
    lines.append(f"problems {problems.name.lower()}: {_counted(work.problems)}")
    lines.append(f"data {data.name.lower()}: {_counted(work.data)}")
    lines.append(f"risk {risk.name.lower()}: {work.risk}")
    lines.append(f"two of three: {level.name.lower()}")
    return level


def _counted(counts: Mapping[Problem, int] | Mapping[Datum, int]) -> str:
    named = [f"{count} {kind}" for kind, count in sorted(counts.items()) if count > 0]
    return ", ".join(named) or "none"


def _by_time(place: Place, minutes: int, lines: list[str], otherwise: int) -> int:
    family = FAMILIES[place]
    if not 0 < minutes <= 24 * 60:
        raise VisitError(f"{minutes} minutes on one day", where="minutes", mend="Give the total minutes of the day.")
    if not family[0][2]:
        if otherwise < 0:
            raise VisitError("this visit has no time rule", where="minutes", mend="Give problems, data and risk.")
        return -1
    reached = [at for at, (_, _, least) in enumerate(family) if minutes >= least]
    if not reached and otherwise < 0:
        raise VisitError(
            f"{minutes} minutes are fewer than the least of this visit, {family[0][2]}",
            where="minutes",
            mend="Give problems, data and risk.",
        )
    lines.append(f"{minutes} minutes: {family[reached[-1]][0] if reached else 'below the lowest code'}")
    return reached[-1] if reached else -1


def _prolonged(place: Place, minutes: int | None, best: int, by_time: int, lines: list[str]) -> int:
    """Units of 99417 beside the highest office code chosen by time."""
    family = FAMILIES[place]
    office = place in (Place.OFFICE_NEW, Place.OFFICE_KNOWN, Place.HOME_NEW, Place.HOME_KNOWN, Place.CONSULTATION)
    if minutes is None or not office or best != by_time or best != len(family) - 1:
        return 0
    units = (minutes - family[best][2]) // PROLONGED_STEP
    if units:
        lines.append(f"99417 x {units}: {minutes - family[best][2]} minutes beyond {family[best][2]}")
    return units


def preventive_code(age: int, new: bool) -> str:
    """The preventive visit's code by age. Raises VisitError."""
    if not 0 <= age < PREVENTIVE_AGES[-1][0]:
        raise VisitError("an age that cannot be", where="age", mend="Give the age in whole years.")
    row = next(row for row in PREVENTIVE_AGES if age < row[0])
    return row[1] if new else row[2]


@dataclass(frozen=True, slots=True)
class Service:
    """A face-to-face professional service of the past: the day, the group and the exact specialty."""

    on: date
    group: str
    specialty: str


def is_new(history: Iterable[Service], on: date, group: str, specialty: str) -> bool:
    """Whether nobody of the same group and exact specialty has served the patient within the three years before.

    >>> is_new([Service(date(2023, 4, 1), "G", "207Q00000X")], date(2026, 4, 1), "G", "207Q00000X")
    True
    """
    since = _years_before(on)
    return not any(s.group == group and s.specialty == specialty and since < s.on < on for s in history)


def _years_before(on: date) -> date:
    try:
        return on.replace(year=on.year - YEARS_TO_BE_NEW)
    except ValueError:  # 29 February
        return on.replace(year=on.year - YEARS_TO_BE_NEW, day=28)
