"""What happens at a visit, and the codes a certified coder signs for it.

Diagnoses: first the reason for the visit, then what else was treated; suspected conditions are not coded (ICD-10-CM
guidelines, outpatient, IV.H), nor symptoms that belong to a confirmed one (I.B.5). Visit level: the 2021 AMA table of
medical decision making, two of three columns. Modifier 25, 59, RT, LT, 50 by the NCCI policy manual, chapter I.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from billing_core.registration import Provider
from training.synthetic.chance import Chance
from training.synthetic.clinic import Condition, Course, Gravity, Procedure
from training.synthetic.house import Doctor, House
from training.synthetic.population import Person, households
from training.synthetic.world import Specialty, World

VACCINE_DIAGNOSIS = "Z23"  # ICD-10-CM guideline I.C.21.c.2
_VACCINES = range(90476, 90760)
_VISIT_GAP = 9
_SITES = (
    "left forearm", "right forearm", "scalp", "right cheek", "left temple", "nose", "upper back", "left hand",
    "right hand", "chest", "right shin", "left ear", "neck", "right thumb", "left calf",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """A procedure done at the visit for one problem, as the note tells it."""

    code: str
    units: int
    condition: Condition
    side: str
    told: bool  # False: billed along with another code whose words tell it


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem treated at the visit. `known`: the patient had it before. Words are the world's."""

    condition: Condition
    side: str
    known: bool
    drugs: tuple[str, ...]
    plans: tuple[str, ...]
    results: tuple[str, ...]
    suspects: tuple[str, ...]
    with_findings: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """The right ICD-10-CM codes."""
        return self.condition.with_findings if self.with_findings else self.condition.codes[self.side]


@dataclass(frozen=True, slots=True)
class Billed:
    """One billed procedure. `pointers` number the diagnoses from 1."""

    code: str
    modifiers: tuple[str, ...]
    units: int
    pointers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as it truly was, with the codes that are right. `joint` and `site` name the place of procedures."""

    id: str
    person: Person
    doctor: Provider
    specialty: Specialty
    on: date
    new_patient: bool
    problems: tuple[Problem, ...]
    done: tuple[Done, ...]
    procedure_only: bool
    site: str
    referring: Provider | None
    diagnoses: tuple[str, ...]
    billed: tuple[Billed, ...]
    level: int
    early: bool  # a check-up sooner than most payers pay for


@dataclass(slots=True)
class _Course:
    """What the practice knows of a patient as the visits go by."""

    chronic: list[tuple[Condition, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)  # specialties
    treated: set[str] = field(default_factory=set)  # condition names
    doctors: dict[str, Doctor] = field(default_factory=dict)
    checked: date | None = None  # last check-up


def _conflicts(one: Condition, others: Sequence[Condition]) -> bool:
    return any(one.name == o.name or o.name in one.excludes or one.name in o.excludes for o in others)


def _weekday(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


class Schedule:
    """Makes the visits of persons, one person after another, each in the order of the dates."""

    def __init__(self, world: World, house: House, seed: int) -> None:
        self.world, self.house = world, house
        self.chance = Chance(seed, "visits")

    def days(self, person: Person) -> list[date]:
        """The days on which the person comes: few visits are commoner than many; weekdays; over a week apart."""
        low, high = self.world.population.visits
        count = min(self.chance.between(low, high), self.chance.between(low, high))
        first = max(person.joined, self.world.first_day)
        days = sorted(_weekday(self.chance.day(first, self.world.last_day)) for _ in range(count))
        if not person.established and days:
            days[0] = _weekday(min(first + timedelta(days=self.chance.between(2, 9)), self.world.last_day))
        kept: list[date] = []
        for day in sorted(days):
            if day >= self.world.first_day and (not kept or (day - kept[-1]).days > _VISIT_GAP):
                kept.append(day)
        return kept

    def of(self, person: Person) -> list[Visit]:
        """All visits of a person."""
        course = _Course()
        main = self._specialty(person.age(self.world.first_day))
        if person.established:
            course.seen.add(main.name)
        visits = []
        for day in self.days(person):
            age = person.age(day)
            fits = main.ages[0] <= age <= main.ages[1]
            specialty = main if fits and self.chance.happens(0.75) else self._specialty(age)
            visit = self._visit(person, course, specialty, day)
            if visit is not None:
                visits.append(visit)
        return visits

    def _specialty(self, age: int) -> Specialty:
        return self.chance.weighted(
            [(s, s.weight) for s in self.world.practice.specialties if s.ages[0] <= age <= s.ages[1]]
        )

    def _doctor(self, course: _Course, specialty: Specialty, day: date) -> Doctor:
        """The patient's own doctor of the specialty, now and then a colleague."""
        own = course.doctors.get(specialty.name)
        if own is None or self.chance.happens(0.12):
            there = [d for d in self.house.doctors if d.specialty.name == specialty.name and d.joined <= day]
            own = self.chance.one_of(there)
            course.doctors.setdefault(specialty.name, own)
        return own

    # ---- problems ----------------------------------------------------------------------------------------------

    def _drawn(
        self, specialty: Specialty, age: int, sex: str, courses: set[Course], but: list[Condition]
    ) -> Condition | None:
        pool = [
            (c, c.weight)
            for c in self.world.conditions
            if specialty.name in c.specialties and c.course in courses and c.fits(age, sex) and not _conflicts(c, but)
        ]
        return self.chance.weighted(pool) if pool else None

    def _side(self, condition: Condition) -> str:
        if not condition.sided:
            return ""
        return self.chance.weighted([(s, 1.0 if s == "bilateral" else 3.0) for s in condition.codes])

    def _fall_ill(self, course: _Course, specialty: Specialty, age: int, sex: str) -> None:
        """The first visit to a specialty finds the chronic problems it looks after; more with age."""
        low, high = (0, 1) if age < 18 else (0, 2) if age < 45 else (2, 4) if age < 65 else (3, 5)
        for _ in range(self.chance.between(low, high)):
            held = [c for c, _ in course.chronic]
            if sum(specialty.name in c.specialties for c in held) >= high:
                return
            found = self._drawn(specialty, age, sex, {Course.CHRONIC}, held)
            if found is not None:
                course.chronic.append((found, self._side(found)))

    def _conditions(
        self, course: _Course, specialty: Specialty, person: Person, day: date
    ) -> tuple[list[tuple[Condition, str]], bool]:
        """The problems of this visit, the reason for it first, and whether it is a check-up too early."""
        age, sex = person.age(day), person.patient.sex.value
        if specialty.name not in course.treated:
            course.treated.add(specialty.name)
            self._fall_ill(course, specialty, age, sex)
        check_up, early = self._check_up(course, specialty, age, sex, day)
        own = [pair for pair in course.chronic if specialty.name in pair[0].specialties and pair[0].fits(age, sex)]
        chosen: list[tuple[Condition, str]] = []
        if check_up is not None:
            chosen.append((check_up, ""))
            if self.chance.happens(0.85):
                return chosen, early
        else:
            most = 4 if age >= 65 else 3
            chosen = self.chance.some_of(own, self.chance.between(1, most)) if self.chance.happens(0.8) else []
        if not chosen or self.chance.happens(0.5):
            avoid = [c for c, _ in (*chosen, *course.chronic)]
            found = self._drawn(specialty, age, sex, {Course.ACUTE, Course.SYMPTOM}, avoid)
            if found is not None:
                at = len(chosen) if check_up is not None or self.chance.happens(0.4) else 0
                chosen.insert(at, (found, self._side(found)))
        return (chosen or own[:1]), early

    def _check_up(
        self, course: _Course, specialty: Specialty, age: int, sex: str, day: date
    ) -> tuple[Condition | None, bool]:
        found = self._drawn(specialty, age, sex, {Course.PREVENTIVE}, [])
        if found is None or not self.chance.happens(0.55 if age < 18 else 0.28):
            return None, False
        early = course.checked is not None and (day - course.checked).days < 330
        if early and not self.chance.happens(self.world.slips.preventive_too_early):
            return None, False
        course.checked = day
        return found, early

    def _problem(self, course: _Course, condition: Condition, side: str, check_up_with_more: bool) -> Problem:
        chance = self.chance
        known = condition.course is Course.CHRONIC and (condition.name in course.treated or chance.happens(0.7))
        course.treated.add(condition.name)
        managed = chance.happens(0.85 if condition.course is Course.CHRONIC else 0.7)
        drugs = chance.some_of(condition.drugs, 1 + chance.happens(0.2)) if managed else []
        uncertain = condition.suspects and chance.happens(min(1.0, self.world.notes.uncertain * 2.5))
        return Problem(
            condition=condition,
            side=side,
            known=known,
            drugs=tuple(drugs),
            plans=tuple(chance.some_of(condition.plans, chance.between(1, 2))),
            results=tuple(chance.some_of(condition.results, 1)) if chance.happens(0.75) else (),
            suspects=tuple(chance.some_of(condition.suspects, chance.between(1, 2))) if uncertain else (),
            with_findings=check_up_with_more and bool(condition.with_findings),
        )

    # ---- procedures --------------------------------------------------------------------------------------------

    def _done(self, problems: Sequence[Problem]) -> list[Done]:
        """The procedures of the visit: planned ones by their share, what they bring, minus what they replace."""
        catalogue, done = self.world.procedures, dict[str, Done]()
        for problem in problems:
            for planned in problem.condition.procedures:
                requires = catalogue[planned.code].requires
                if requires and not any(code in done for code in requires):
                    continue
                if planned.code not in done and self.chance.happens(planned.share):
                    units = (
                        planned.units
                        if planned.units == 1 or planned.code[0] == "J"
                        else self.chance.between(1, planned.units)
                    )
                    done[planned.code] = Done(planned.code, units, problem.condition, problem.side, True)
                    for code, number in catalogue[planned.code].brings:
                        times = 2 if problem.side == "bilateral" and catalogue[planned.code].sided else 1
                        self._bring(done, code, number * times, problem)
        replaced = {code for d in done.values() for code in catalogue[d.code].not_with}
        return self._one_authorized([d for d in done.values() if d.code not in replaced])

    @staticmethod
    def _bring(done: dict[str, Done], code: str, units: int, problem: Problem) -> None:
        if code == "90471" and code in done:
            code = "90472"  # each further vaccine
        done.setdefault(code, Done(code, units, problem.condition, problem.side, False))

    def _one_authorized(self, done: list[Done]) -> list[Done]:
        """At most one procedure that some payer wants authorized: a claim carries one number (REF*G1)."""
        asked = {c for t, _ in self.house.payers for c in t.authorization_required}
        asked |= {c for t, _ in self.house.payers for u in t.unannounced for c in u.authorization_required}
        seen, kept = False, []
        for item in done:
            if item.code in asked and seen:
                continue
            seen = seen or item.code in asked
            kept.append(item)
        return kept

    # ---- the visit ---------------------------------------------------------------------------------------------

    def _visit(self, person: Person, course: _Course, specialty: Specialty, day: date) -> Visit | None:
        doctor = self._doctor(course, specialty, day)
        pairs, early = self._conditions(course, specialty, person, day)
        if not pairs:
            return None
        new = specialty.name not in course.seen
        course.seen.add(specialty.name)
        problems = [self._problem(course, c, s, len(pairs) > 1) for c, s in pairs]
        done = self._done(problems)
        office = any(self.world.procedures[d.code].needs_25 for d in done)
        alone = len(problems) == 1 and not new and problems[0].condition.course is not Course.PREVENTIVE
        procedure_only = office and alone and not problems[0].suspects and self.chance.happens(0.2)
        first_payer = person.first_payer(day)
        medicare = first_payer is not None and self.house.terms(first_payer.payer_id).filing == "MB"
        diagnoses = right_diagnoses(problems, done)
        level = visit_level(problems)
        visit_codes = [] if procedure_only else self._visit_codes(problems, level, new, person.age(day), medicare)
        specialist = specialty.name not in ("family medicine", "internal medicine", "pediatrics")
        referred = specialist and (new or self.chance.happens(0.5))
        return Visit(
            id=self.chance.id(day),
            person=person,
            doctor=doctor.provider,
            specialty=specialty,
            on=day,
            new_patient=new,
            problems=tuple(problems),
            done=tuple(done),
            procedure_only=procedure_only,
            site=self.chance.one_of(_SITES),
            referring=self.chance.one_of(self.house.outside) if referred else None,
            diagnoses=diagnoses,
            billed=right_procedures(visit_codes, problems, done, diagnoses, self.world.procedures),
            level=level,
            early=early,
        )

    def _visit_codes(self, problems: Sequence[Problem], level: int, new: bool, age: int, medicare: bool) -> list[str]:
        """The visit's own codes: a check-up code, a problem visit, or both."""
        if problems[0].condition.course is not Course.PREVENTIVE:
            return [problem_visit(level, new)]
        codes = [wellness_visit(new) if medicare else check_up_visit(age, new)]
        if len(problems) > 1:
            codes.append(problem_visit(visit_level(problems[1:]), False))
        return codes


def problem_visit(level: int, new: bool) -> str:
    """99202 to 99205 for a new patient, 99212 to 99215 for an established one; level 2 to 5."""
    return f"9920{level}" if new else f"9921{level}"


def wellness_visit(new: bool) -> str:
    """Medicare's yearly wellness visit, first or later."""
    return "G0438" if new else "G0439"


def check_up_visit(age: int, new: bool) -> str:
    """The preventive visit by age in years: 99381 to 99387 new, 99391 to 99397 established."""
    step = next(n for n, limit in enumerate((1, 5, 12, 18, 40, 65, 999), start=1) if age < limit)
    return f"99{38 if new else 39}{step}"


def visit_level(problems: Sequence[Problem]) -> int:
    """The level, 2 to 5, of medical decision making: the second highest of problems, data and risk (AMA 2021)."""
    gravities = [p.condition.gravity for p in problems if p.condition.course is not Course.PREVENTIVE]
    number = {Gravity.MINOR: 2, Gravity.LOW: 3, Gravity.MODERATE: 4, Gravity.HIGH: 5}
    complexity = max((number[g] for g in gravities), default=2)
    if complexity == 3 and sum(g is Gravity.LOW for g in gravities) > 1:
        complexity = 4  # two or more stable chronic illnesses
    reviewed = sum(len(p.results) for p in problems)
    data = 4 if reviewed >= 3 else 3 if reviewed == 2 else 2
    drugs = any(p.drugs for p in problems)
    risk = 5 if Gravity.HIGH in gravities and drugs else 4 if drugs else 2 if complexity == 2 else 3
    return sorted((complexity, data, risk))[1]


def right_diagnoses(problems: Sequence[Problem], done: Sequence[Done]) -> tuple[str, ...]:
    """The codes in order, each once; Z23 after them when a vaccine was given. At most twelve (837P HI)."""
    codes = list(dict.fromkeys(code for p in problems for code in p.codes))
    if any(is_vaccine(d.code) for d in done):
        codes.append(VACCINE_DIAGNOSIS)
    return tuple(codes[:12])


def is_vaccine(code: str) -> bool:
    """Whether the code is a vaccine product."""
    return code.isdigit() and int(code) in _VACCINES


def _numbers(codes: Sequence[str], diagnoses: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(diagnoses.index(c) + 1 for c in codes if c in diagnoses)[:4]


def _visit_pointers(code: str, problems: Sequence[Problem], diagnoses: tuple[str, ...]) -> tuple[int, ...]:
    """A check-up points at its own diagnosis, a problem visit at the problems."""
    check_up = code.startswith(("9938", "9939", "G04"))
    about = [p for p in problems if (p.condition.course is Course.PREVENTIVE) == check_up]
    return _numbers([c for p in about for c in p.codes], diagnoses)


def _done_pointers(item: Done, problems: Sequence[Problem], diagnoses: tuple[str, ...]) -> tuple[int, ...]:
    if is_vaccine(item.code) or item.code in ("90471", "90472"):
        return _numbers([VACCINE_DIAGNOSIS], diagnoses)
    own = next(p for p in problems if p.condition is item.condition)
    return _numbers(own.codes, diagnoses)


def right_procedures(
    visit_codes: Sequence[str],
    problems: Sequence[Problem],
    done: Sequence[Done],
    diagnoses: tuple[str, ...],
    catalogue: Mapping[str, Procedure],
) -> tuple[Billed, ...]:
    """The visit codes first, then what was done, with modifiers, units and pointers."""
    codes = [d.code for d in done]
    apart = any(catalogue[c].needs_25 for c in codes)
    billed = []
    for place, code in enumerate(visit_codes):
        separate = apart or place > 0  # the second visit code is separate from the check-up
        billed.append(Billed(code, ("25",) if separate else (), 1, _visit_pointers(code, problems, diagnoses)))
    for item in done:
        procedure = catalogue[item.code]
        modifiers = ["59"] if any(c in codes for c in procedure.bundled_into) else []
        if procedure.sided and item.side:
            modifiers.append({"right": "RT", "left": "LT", "bilateral": "50"}[item.side])
        billed.append(Billed(item.code, tuple(modifiers), item.units, _done_pointers(item, problems, diagnoses)))
    return tuple(billed)


def plan(world: World, house: House, seed: int, encounters: int, entered_twice: Chance) -> list[tuple[Visit, bool]]:
    """(visit, entered twice?) until `encounters` entries are reached, person by person, household by household."""
    schedule, planned, left = Schedule(world, house, seed), list[tuple[Visit, bool]](), encounters
    for persons in households(world, house, seed):
        for person in persons:
            for visit in schedule.of(person):
                twice = entered_twice.happens(world.slips.visit_entered_twice) and left > 1
                planned.append((visit, twice))
                left -= 1 + twice
                if not left:
                    return planned
    return planned  # pragma: no cover - households never end
