"""Households and their insurance: what is true at the payers, and what the front desk has on file.

A `Person` has true coverages (what the payers know) and filed ones (what registration knows, each with the day it was
learned). The two differ where a coverage changed and nobody said so, where the payer ended it silently, where a member
id was typed wrong, or where another insurance comes first and the patient never mentioned it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from billing_core.registration import (
    Address,
    Coverage,
    Guarantor,
    Patient,
    Payer,
    PersonName,
    Relationship,
    Sex,
    Subscriber,
)
from training.synthetic.chance import Chance
from training.synthetic.house import House
from training.synthetic.names import LAST, home, person_name
from training.synthetic.world import PayerTerms, World

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Filed:
    """A coverage as the front desk wrote it down, and the day it did. A later one with the same id replaces it."""

    coverage: Coverage
    known_on: date


@dataclass(slots=True)
class Person:
    """One patient. `joined` is the day of registration; `established` had been a patient before the period."""

    patient: Patient
    guarantor: Guarantor
    joined: date
    established: bool
    true: list[Coverage] = field(default_factory=list)
    filed: list[Filed] = field(default_factory=list)
    slips: list[str] = field(default_factory=list)

    def age(self, on: date) -> int:
        """Age in completed years."""
        born = self.patient.birth_date
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

    def first_payer(self, on: date) -> Coverage | None:
        """The true coverage that pays first that day; None: nobody pays."""
        return min((c for c in self.true if c.active(on)), key=lambda c: c.rank, default=None)

    def filed_first(self, on: date, known_by: date) -> Coverage | None:
        """The coverage the front desk would bill first for that day, by what it knew on `known_by`."""
        latest = {f.coverage.id: f.coverage for f in self.filed if f.known_on <= known_by}
        return min((c for c in latest.values() if c.active(on)), key=lambda c: c.rank, default=None)


@dataclass(frozen=True, slots=True)
class _Member:
    """A person of a household before they are a patient."""

    name: PersonName
    sex: Sex
    born: date
    relation: Relationship


class _Town:
    """Makes households of a world, one after another."""

    def __init__(self, world: World, house: House, seed: int) -> None:
        self.world, self.house, self.chance = world, house, Chance(seed, "population")
        self.records = 0

    def household(self) -> list[Person]:
        """The persons of one more household, insured."""
        chance = self.chance
        size = int(chance.weighted(self.world.population.household_sizes))
        members = self._members(size)
        address = home(chance, *_place(self.world))
        established = chance.happens(self.world.population.established)
        span = (self.world.last_day - self.world.first_day).days
        joined = self.world.first_day - timedelta(days=chance.between(1, 20))
        if not established:
            joined = self.world.first_day + timedelta(days=chance.between(0, int(span * 0.85)))
        guarantor = Guarantor(chance.id(joined), members[0].name, address)
        persons = [self._person(m, guarantor, address, joined, established) for m in members]
        if not chance.happens(self.world.population.self_pay):
            self._insure(persons, members)
        return persons

    def _members(self, size: int) -> list[_Member]:
        """A single, a couple, or parents (one or two) with children; children bear the first member's last name."""
        chance, last = self.chance, self.chance.one_of(LAST)
        children = size >= 3 or (size == 2 and chance.happens(0.25))
        oldest = (26, 52) if children else chance.weighted([((19, 40), 22.0), ((41, 64), 36.0), ((65, 91), 60.0)])
        lead_age = chance.between(*oldest)
        members = [self._member(last, lead_age, Relationship.SELF)]
        if size >= 2 and not (children and (size == 2 or chance.happens(0.25))):
            age = max(19, min(93, lead_age + chance.between(-6, 6)))
            members.append(self._member(last if chance.happens(0.75) else "", age, Relationship.SPOUSE))
        while len(members) < size:
            age = chance.between(0, max(1, min(20, lead_age - 20)))
            members.append(self._member(last, age, Relationship.CHILD))
        return members

    def _member(self, last: str, age: int, relation: Relationship) -> _Member:
        chance = self.chance
        sex = Sex(chance.one_of("FM"))
        year = self.world.first_day.year - age
        born = date(year - 1, 12, 31) - timedelta(days=chance.between(0, 364))
        return _Member(person_name(chance, sex.value, last), sex, born, relation)

    def _person(
        self, member: _Member, guarantor: Guarantor, address: Address, joined: date, established: bool
    ) -> Person:
        self.records += 1
        patient = Patient(
            id=self.chance.id(joined),
            record_number=f"{self.world.practice.mark}-{self.records:06d}",
            name=member.name,
            birth_date=member.born,
            sex=member.sex,
            address=address,
            guarantor_id=guarantor.id,
        )
        return Person(patient, guarantor, joined, established)

    # ---- insurance ---------------------------------------------------------------------------------------------

    def _insure(self, persons: list[Person], members: list[_Member]) -> None:
        """The first member's insurance takes in the household; who does not fit its ages has their own."""
        payer = self._choose(persons[0].age(self.world.first_day))
        cover, plan, group = self.chance.pattern(payer[0].member_id), self._plan(payer[0]), self._group(payer[0])
        for person, member in zip(persons, members, strict=True):
            age = person.age(self.world.first_day)
            if _fits(payer[0], age) and not (payer[0].filing == "MB" and person is not persons[0]):
                relation, holder = member.relation, persons[0].patient
                self._start(person, payer, cover, plan, group, relation, holder)
            else:
                own = self._choose(age)
                number = self.chance.pattern(own[0].member_id)
                self._start(
                    person, own, number, self._plan(own[0]), self._group(own[0]), Relationship.SELF, person.patient
                )
            self._add_second(person, persons)
        change = self._change_day()
        for person in persons:
            self._live(person, change)

    def _choose(self, age: int, but: str = "") -> tuple[PayerTerms, Payer]:
        pairs = [(pair, pair[0].weight) for pair in self.house.payers if _fits(pair[0], age) and pair[1].id != but]
        return self.chance.weighted(pairs)

    def _plan(self, terms: PayerTerms) -> str:
        return self.chance.weighted([(p.name, p.weight) for p in terms.plans])

    def _group(self, terms: PayerTerms) -> str:
        return "" if terms.filing in ("MB", "MC") else self.chance.pattern("G#####")

    def _coverage(
        self,
        person: Person,
        payer: tuple[PayerTerms, Payer],
        number: str,
        start: date,
        relation: Relationship = Relationship.SELF,
        holder: Patient | None = None,
        rank: int = 1,
        plan: str = "",
        group: str = "",
    ) -> Coverage:
        held = holder or person.patient
        return Coverage(
            id=self.chance.id(start),
            patient_id=person.patient.id,
            payer_id=payer[1].id,
            rank=rank,
            member_id=number,
            relationship=relation,
            subscriber=Subscriber(held.name, held.birth_date, held.sex, held.address),
            effective=start,
            group_number=group or self._group(payer[0]),
            plan=plan or self._plan(payer[0]),
        )

    def _start(
        self,
        person: Person,
        payer: tuple[PayerTerms, Payer],
        number: str,
        plan: str,
        group: str,
        relation: Relationship,
        holder: Patient,
    ) -> None:
        start = date(self.world.first_day.year - self.chance.between(0, 4), 1, 1)
        coverage = self._coverage(person, payer, number, start, relation, holder, 1, plan, group)
        person.true.append(coverage)
        filed = coverage
        if self.chance.happens(self.world.slips.member_id_mistyped):
            filed = replace(coverage, member_id=self._mistyped(coverage.member_id))
            person.slips.append("member_id_mistyped")
        person.filed.append(Filed(filed, person.joined))

    def _mistyped(self, number: str) -> str:
        """Two neighbours swapped, or one digit wrong: how cards are misread."""
        places = [n for n in range(len(number) - 1) if number[n].isalnum() and number[n + 1].isalnum()]
        differing = [n for n in places if number[n] != number[n + 1]]
        if differing and self.chance.happens(0.6):
            n = self.chance.one_of(differing)
            return number[:n] + number[n + 1] + number[n] + number[n + 2 :]
        n = self.chance.one_of([n for n, c in enumerate(number) if c.isdigit()] or places)
        wrong = self.chance.one_of([d for d in "0123456789" if d != number[n]])
        return number[:n] + wrong + number[n + 1 :]

    def _add_second(self, person: Person, household: list[Person]) -> None:
        """A supplement, a second parent's plan, or an insurance that pays first and that nobody mentioned."""
        first, population = person.true[0], self.world.population
        number = next(t.number for t, p in self.house.payers if p.id == first.payer_id)
        supplements = [pair for pair in self.house.payers if number in pair[0].supplements]
        parents = [p for p in household if p.age(self.world.first_day) >= 19]
        if supplements:
            if self.chance.happens(population.secondary):
                self._file_second(person, self.chance.one_of(supplements), Relationship.SELF, person.patient)
        elif (
            first.relationship is Relationship.CHILD
            and len(parents) > 1
            and self.chance.happens(population.secondary / 4)
        ):
            payer = self._choose(parents[1].age(self.world.first_day), first.payer_id)
            self._file_second(person, payer, Relationship.CHILD, parents[1].patient)
        if len(person.true) == 1 and self.chance.happens(self.world.slips.other_insurance_unknown):
            payer = self._choose(person.age(self.world.first_day), first.payer_id)
            person.true[0] = replace(first, rank=2)  # filed stays rank 1: the front desk never heard of the other
            number = self.chance.pattern(payer[0].member_id)
            person.true.append(self._coverage(person, payer, number, first.effective))
            person.slips.append("other_insurance_unknown")

    def _file_second(
        self, person: Person, payer: tuple[PayerTerms, Payer], relation: Relationship, holder: Patient
    ) -> None:
        number = self.chance.pattern(payer[0].member_id)
        second = self._coverage(person, payer, number, person.true[0].effective, relation, holder, rank=2)
        person.true.append(second)
        person.filed.append(Filed(second, person.joined))

    def _change_day(self) -> date | None:
        """The first of a month in the period on which the household's coverage changes; None: it does not."""
        years = (self.world.last_day - self.world.first_day).days / 365.25
        if not self.chance.happens(min(1.0, self.world.population.coverage_change * years)):
            return None
        day = self.chance.day(self.world.first_day, self.world.last_day)
        return day.replace(day=1) if day.month != 12 or self.chance.happens(0.5) else date(day.year + 1, 1, 1)

    def _live(self, person: Person, change: date | None) -> None:
        """What happens to the first coverage over the period: a change of payer, or a silent end."""
        first = person.true[0]
        if len(person.true) > 1 or self.house.terms(first.payer_id).filing == "MB":
            return
        slips = self.world.slips
        if change is not None and change > person.joined + timedelta(days=30):
            missed = self.chance.happens(slips.coverage_change_missed)
            self._switch(person, change, missed)
        elif self.chance.happens(slips.silent_termination):
            day = self.chance.day(max(self.world.first_day, person.joined), self.world.last_day)
            ended = max(day.replace(day=1) - _DAY, first.effective)
            person.true[0] = replace(first, terminated=ended)
            person.slips.append("silent_termination")
            if self.chance.happens(0.55):
                payer = self._choose(person.age(day), first.payer_id)
                number = self.chance.pattern(payer[0].member_id)
                person.true.append(self._coverage(person, payer, number, ended + _DAY))

    def _switch(self, person: Person, change: date, missed: bool) -> None:
        old = person.true[0]
        payer = self._choose(person.age(change), old.payer_id)
        number = self.chance.pattern(payer[0].member_id)
        new = self._coverage(person, payer, number, change)
        person.true[0] = replace(old, terminated=change - _DAY)
        person.true.append(new)
        known_on = change - timedelta(days=self.chance.between(0, 12))
        if missed:
            person.slips.append("coverage_change_missed")
            known_on = change + timedelta(days=self.chance.between(*self.world.slips.coverage_learned_days))
        if not missed or self.chance.happens(0.7):  # the rest is learned from a denial, or never
            filed = person.filed[0].coverage
            person.filed.append(Filed(replace(filed, terminated=change - _DAY), known_on))
            person.filed.append(Filed(new, known_on))


def _place(world: World) -> tuple[str, str, str]:
    return world.practice.city, world.practice.state, world.practice.postal_code


def _fits(terms: PayerTerms, age: int) -> bool:
    return terms.ages[0] <= age <= terms.ages[1] and terms.weight > 0


def households(world: World, house: House, seed: int) -> Iterator[list[Person]]:
    """One household after another, without end: the caller takes as many as it has visits for."""
    town = _Town(world, house, seed)
    while True:
        yield town.household()
