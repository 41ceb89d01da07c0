"""From what is right to what is signed: the slips of the desk and of the coder, at the world's rates.

A slip changes what is on the claim; whether it costs anything is the payer's to decide. Every slip made is named in
`truth.jsonl`, beside the right codes, so that the simulated biller can mend what a person could.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from billing_core.registration import Authorization
from training.synthetic.chance import Chance
from training.synthetic.clinic import Procedure
from training.synthetic.house import House
from training.synthetic.population import Filed, Person
from training.synthetic.visits import Billed, Visit
from training.synthetic.world import World

_UNAWARE = 0.8  # a requirement nobody announced is missed four times in five


@dataclass(frozen=True, slots=True)
class Codes:
    """What goes on the claim: codes, referral and authorization numbers."""

    diagnoses: tuple[str, ...]
    procedures: tuple[Billed, ...]
    referral: str = ""
    authorization_number: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One encounter as entered: its visit, day of signing, what was signed, what is right, and the slips between.

    `authorization` exists at the payer; `authorization_filed` when the desk knows it too. `chart`: the second chart
    under which a visit entered twice was entered, when it was not the patient's own.
    """

    id: str
    visit: Visit
    signed_on: date
    signed: Codes
    right: Codes
    slips: tuple[str, ...]
    authorization: Authorization | None = None
    authorization_filed: bool = False
    duplicate_of: str = ""
    chart: Person | None = None

    @property
    def person(self) -> Person:
        """Under whose chart the encounter is entered."""
        return self.chart or self.visit.person


class Desk:
    """Draws the slips of each visit. One stream for all, in the order of the visits."""

    def __init__(self, world: World, house: House, seed: int) -> None:
        self.world, self.house, self.chance = world, house, Chance(seed, "slips")
        self.charts: dict[str, Person] = {}  # second charts by the patient's id

    def entries(self, visit: Visit, twice: bool) -> list[Entry]:
        """The visit as entered; twice when it was entered twice."""
        slips: list[str] = []
        right, authorization, filed = self._permissions(visit, slips)
        signed = self._coder(visit, right, slips)
        first = Entry(
            id=visit.id,
            visit=visit,
            signed_on=self._signed_on(visit, slips),
            signed=signed,
            right=right,
            slips=(),
            authorization=authorization,
            authorization_filed=filed,
        )
        slips += self._outside(visit, first.signed_on)
        first = replace(first, slips=tuple(slips))
        if not twice:
            return [first]
        return [first, self._copy(first)]

    def _copy(self, first: Entry) -> Entry:
        """The same visit entered once more, some days later, often under a second chart of the same patient."""
        again = first.signed_on + timedelta(days=self.chance.between(3, 25))
        second = self.chance.happens(self.world.slips.second_chart)
        number = "" if second else first.signed.authorization_number
        return replace(
            first,
            id=self.chance.id(first.visit.on),
            signed_on=min(again, self.world.last_day + timedelta(days=10)),
            signed=replace(first.right, authorization_number=number),
            slips=("visit_entered_twice", "second_chart") if second else ("visit_entered_twice",),
            authorization_filed=first.authorization_filed and not second,
            duplicate_of=first.id,
            chart=self._second_chart(first.visit) if second else None,
        )

    def _second_chart(self, visit: Visit) -> Person:
        """The patient registered anew: another record number and ids, the same card. The payer sees one member."""
        person = visit.person
        found = self.charts.get(person.patient.id)
        if found is not None:
            return found
        patient = replace(
            person.patient,
            id=self.chance.id(visit.on),
            record_number=f"{person.patient.record_number}-2",
            name=replace(person.patient.name, middle=""),
        )
        latest = {f.coverage.id: f.coverage for f in person.filed if f.known_on <= visit.on}
        filed = [
            Filed(replace(c, id=self.chance.id(visit.on), patient_id=patient.id), visit.on) for c in latest.values()
        ]
        chart = Person(patient, person.guarantor, visit.on, person.established, true=person.true, filed=filed)
        self.charts[person.patient.id] = chart
        return chart

    def _outside(self, visit: Visit, signed_on: date) -> list[str]:
        """Causes that lie in registration, the schedule and the network rather than on the claim form."""
        found = _coverage_slips(visit.person, visit.on, signed_on)
        if visit.early:
            found.append("preventive_too_early")
        first = visit.person.first_payer(visit.on)
        doctor = next(p for p in self.house.true_providers if p.id == visit.doctor.id)
        if first is not None and not doctor.enrolled_with(first.payer_id, visit.on):
            found.append("provider_not_enrolled")
        return found

    def _signed_on(self, visit: Visit, slips: list[str]) -> date:
        """The day the chart was signed: within days, or far too late."""
        end = self.world.last_day + timedelta(days=10)
        if self.chance.happens(self.world.slips.late_charge):
            late = visit.on + timedelta(days=self.chance.between(*self.world.slips.late_charge_days))
            if late <= end:
                slips.append("late_charge")
                return late
        return visit.on + timedelta(days=self.chance.weighted([(0, 30), (1, 30), (2, 16), (3, 12), (5, 8), (9, 4)]))

    # ---- what a payer must permit first ------------------------------------------------------------------------

    def _permissions(self, visit: Visit, slips: list[str]) -> tuple[Codes, Authorization | None, bool]:
        """The right codes with the referral and authorization that were obtained, if the true payer asks for them."""
        right = Codes(visit.diagnoses, visit.billed)
        payer = visit.person.first_payer(visit.on)
        if payer is None:
            return right, None, False
        true = self.house.contract(payer.payer_id, visit.on, true=True)
        known = self.house.contract(payer.payer_id, visit.on, true=False)
        rates, codes = self.world.slips, [b.code for b in visit.billed]
        referred = [c for c in codes if c in true.referral_required]
        if referred:
            missed = rates.referral_not_obtained if referred[0] in known.referral_required else _UNAWARE
            if self.chance.happens(missed):
                slips.append("referral_not_obtained")
            else:
                right = replace(right, referral=self.chance.pattern("R#######"))
        wanted = [b for b in visit.billed if b.code in true.authorization_required]
        if not wanted:
            return right, None, False
        missed = rates.authorization_not_obtained if wanted[0].code in known.authorization_required else _UNAWARE
        if self.chance.happens(missed):
            slips.append("authorization_not_obtained")
            return right, None, False
        authorization = Authorization(
            id=self.chance.id(visit.on),
            patient_id=visit.person.patient.id,
            payer_id=payer.payer_id,
            number=self.chance.pattern("A########"),
            procedure=wanted[0].code,
            units=max(1, wanted[0].units),
            effective=visit.on - timedelta(days=self.chance.between(1, 14)),
            terminated=visit.on + timedelta(days=60),
        )
        right = replace(right, authorization_number=authorization.number)
        filed = not self.chance.happens(rates.authorization_left_off)
        if not filed:
            slips.append("authorization_left_off")
        return right, authorization, filed

    # ---- the coder ---------------------------------------------------------------------------------------------

    def _coder(self, visit: Visit, right: Codes, slips: list[str]) -> Codes:
        """The right codes, with what the coder got wrong."""
        rates, signed = self.world.slips, right
        if "authorization_left_off" in slips:
            signed = replace(signed, authorization_number="")
        if signed.authorization_number and self.chance.happens(rates.authorization_mistyped):
            slips.append("authorization_mistyped")
            signed = replace(signed, authorization_number=_misread(signed.authorization_number))
        if signed.referral and self.chance.happens(rates.referral_left_off):
            slips.append("referral_left_off")
            signed = replace(signed, referral="")
        for modifier, share in (("25", rates.modifier_25_forgotten), ("59", rates.modifier_59_forgotten)):
            has = any(modifier in b.modifiers for b in signed.procedures)
            if has and self.chance.happens(share):
                slips.append(f"modifier_{modifier}_forgotten")
                signed = replace(signed, procedures=_without(signed.procedures, modifier))
        signed = self._units(signed, slips)
        signed = self._pointer(signed, slips)
        return self._unspecified(visit, signed, slips)

    def _units(self, signed: Codes, slips: list[str]) -> Codes:
        """Milligrams or vials written where the code counts units."""
        catalogue: Mapping[str, Procedure] = self.world.procedures
        doubtful = [b for b in signed.procedures if catalogue[b.code].doubtful_units not in (0, b.units)]
        if not doubtful or not self.chance.happens(self.world.slips.units_wrong):
            return signed
        slips.append("units_wrong")
        wrong = replace(doubtful[0], units=catalogue[doubtful[0].code].doubtful_units)
        return replace(signed, procedures=tuple(wrong if b is doubtful[0] else b for b in signed.procedures))

    def _pointer(self, signed: Codes, slips: list[str]) -> Codes:
        """A procedure pointed at a diagnosis it was not done for."""
        options = [
            (b, n)
            for b in signed.procedures
            if not b.code.startswith("99") and b.pointers
            for n in range(1, len(signed.diagnoses) + 1)
            if n not in b.pointers
        ]
        if not options or not self.chance.happens(self.world.slips.pointer_wrong):
            return signed
        slips.append("pointer_wrong")
        chosen, number = self.chance.one_of(options)
        wrong = replace(chosen, pointers=(number,))
        return replace(signed, procedures=tuple(wrong if b is chosen else b for b in signed.procedures))

    def _unspecified(self, visit: Visit, signed: Codes, slips: list[str]) -> Codes:
        """The unspecified code where the note supports a specific one (pointers keep their places)."""
        loose = [p for p in visit.problems if p.condition.unspecified and p.codes[0] in signed.diagnoses]
        loose = [p for p in loose if p.condition.unspecified not in signed.diagnoses and len(p.codes) == 1]
        if not loose or not self.chance.happens(self.world.slips.diagnosis_unspecified):
            return signed
        slips.append("diagnosis_unspecified")
        problem = self.chance.one_of(loose)
        diagnoses = tuple(problem.condition.unspecified if d == problem.codes[0] else d for d in signed.diagnoses)
        return replace(signed, diagnoses=diagnoses)


def _misread(number: str) -> str:
    """The number with its last two characters exchanged, or the last one changed where they are alike."""
    if number[-1] != number[-2]:
        return number[:-2] + number[-1] + number[-2]
    return number[:-1] + ("7" if number[-1] != "7" else "1")


def _without(procedures: tuple[Billed, ...], modifier: str) -> tuple[Billed, ...]:
    return tuple(replace(b, modifiers=tuple(m for m in b.modifiers if m != modifier)) for b in procedures)


def _coverage_slips(person: Person, on: date, known_by: date) -> list[str]:
    """What is wrong with the coverage the desk would bill: by what it knew on the day of signing."""
    true, filed = person.first_payer(on), person.filed_first(on, known_by)
    if filed is None:
        return ["coverage_not_on_file"] if true is not None else []
    if true is None:
        return ["coverage_ended"]
    if true.payer_id != filed.payer_id:
        unmentioned = "other_insurance_unknown" in person.slips and any(
            c.payer_id == filed.payer_id and c.active(on) for c in person.true
        )
        return ["other_insurance_unknown" if unmentioned else "coverage_stale"]
    return ["member_id_mistyped"] if true.member_id != filed.member_id else []
