"""Eligibility: which coverage is active on the date of service, which pays first, and what its payer itself has said.

Decided from the coverages on file; an answer of the payer (271, 005010X279A1 EB*1 active, EB*6 inactive) may be laid
over it and wins, because the front desk's record may be stale. `inquiry` is the question (270), `answer_of` reads what
a 271 says of one coverage and day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_core.claim_detail import Dated
from billing_core.inquiry import ACTIVE, INACTIVE, Benefit, BenefitAnswer, BenefitInquiry, Insured, Organization
from billing_core.registration import Coverage, Patient, Payer, PersonName, Practice, Relationship

WHOLE_PLAN = "30"  # EB03: the plan as a whole, not dental or vision alone
ASKED_FOR = "291"  # DTP01 of the day asked about
_SERVICE_DAYS = ("472", ASKED_FOR, "307")  # service, plan, eligibility
_ENDS = ("347", "349", "357")  # plan end, benefit end, eligibility end
_DEPENDENT = {Relationship.SPOUSE: "01", Relationship.CHILD: "19", Relationship.OTHER: "34"}  # INS02 of a 270


class Standing(StrEnum):
    """How a coverage stands on a day."""

    ACTIVE = "active"
    NOT_YET = "not yet in force"
    ENDED = "ended"
    REFUSED = "inactive by the payer's own answer"


@dataclass(frozen=True, slots=True)
class PayerAnswer:
    """What the payer said of one coverage for a day (271): active or not, and when it said so.

    `active` None: it did not say; `refused` then is why (AAA03 and our words for it) and `follow_up` what may be done
    (AAA04). `ended`: since when it is not active, where the payer names the day. `plan`: as the payer calls it (EB05).
    `member_id`: under which the payer knows the member, where that is not the id on file.
    """

    coverage_id: str
    service_date: date
    active: bool | None
    answered_on: date
    ended: date | None = None
    plan: str = ""
    refused: str = ""
    follow_up: str = ""
    member_id: str = ""

    def speaks_of(self, on: date) -> bool:
        """Whether it decides that day: the day asked about, and each one after the coverage ended."""
        if self.active is None:
            return False
        return self.service_date == on or (not self.active and self.ended is not None and self.ended < on)


@dataclass(frozen=True, slots=True)
class CoverageStanding:
    """One coverage on the day; `answer`: what its payer has said of that day, None when it has not."""

    coverage: Coverage
    standing: Standing
    answer: PayerAnswer | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the payer itself has answered for that day."""
        return self.answer is not None


@dataclass(frozen=True, slots=True)
class EligibilityAnswer:
    """All coverages of a patient on a day, in the order in which they pay: active ones first."""

    on: date
    standings: tuple[CoverageStanding, ...]

    @property
    def payable(self) -> tuple[Coverage, ...]:
        """The active coverages, first payer first."""
        return tuple(s.coverage for s in self.standings if s.standing is Standing.ACTIVE)

    @property
    def first(self) -> Coverage | None:
        """Who pays first; None: the patient pays alone (self-pay)."""
        return next(iter(self.payable), None)

    @property
    def billed(self) -> Coverage | None:
        """Whom the claim is made for: who pays first, else the first in force by our record although its payer says
        no. That claim is held by an edit: a person, and not one answer, says that the patient pays alone.
        """
        refused = (s.coverage for s in self.standings if s.standing is Standing.REFUSED and s.coverage.active(self.on))
        return self.first or next(refused, None)

    def after(self, coverage_id: str) -> Coverage | None:
        """Who pays next once that coverage has answered; None when nobody does."""
        ids = [coverage.id for coverage in self.payable]
        place = ids.index(coverage_id) + 1 if coverage_id in ids else len(ids)
        return self.payable[place] if place < len(ids) else None


def check_coverage(coverages: Iterable[Coverage], on: date, answers: Iterable[PayerAnswer] = ()) -> EligibilityAnswer:
    """How each coverage stands on the date of service. The latest payer answer for that day wins over the record."""
    known = tuple(answers)
    standings = [_standing(coverage, on, last_word(known, coverage.id, on)) for coverage in coverages]
    standings.sort(key=lambda s: (s.standing is not Standing.ACTIVE, s.coverage.rank, s.coverage.id))
    return EligibilityAnswer(on, tuple(standings))


def last_word(answers: Iterable[PayerAnswer], coverage_id: str, on: date) -> PayerAnswer | None:
    """The payer's latest answer that decides the day; of several on one day the last given."""
    found = None
    for answer in answers:
        if answer.coverage_id == coverage_id and answer.speaks_of(on):
            found = answer if found is None or found.answered_on <= answer.answered_on else found
    return found


def _standing(coverage: Coverage, on: date, answer: PayerAnswer | None) -> CoverageStanding:
    if answer is not None:
        return CoverageStanding(coverage, Standing.ACTIVE if answer.active else Standing.REFUSED, answer)
    if on < coverage.effective:
        return CoverageStanding(coverage, Standing.NOT_YET)
    ended = coverage.terminated is not None and on > coverage.terminated
    return CoverageStanding(coverage, Standing.ENDED if ended else Standing.ACTIVE)


# --- asking -----------------------------------------------------------------------------------------------------------


def inquiry(
    coverage: Coverage, patient: Patient, payer: Payer, practice: Practice, on: date, reference: str, trace: str
) -> BenefitInquiry:
    """The question whether the coverage is active on that day, for the plan as a whole."""
    holder = coverage.subscriber
    dependent = None
    if coverage.relationship is not Relationship.SELF:
        dependent = Insured(
            patient.name, birth_date=patient.birth_date, sex=patient.sex,
            relationship=_DEPENDENT[coverage.relationship],
        )  # fmt: skip
    return BenefitInquiry(
        reference=reference,
        payer=Organization("PR", payer.name, payer.number),
        provider=Organization("1P", practice.name, practice.npi, "XX"),
        subscriber=Insured(holder.name, coverage.member_id, holder.birth_date, holder.sex),
        asked_for=Dated(ASKED_FOR, on),
        service_types=(WHOLE_PLAN,),
        dependent=dependent,
        trace=trace,
        trace_origin=f"1{practice.tin}",  # TRN03: 1 and the EIN of who asks
    )


# --- hearing ----------------------------------------------------------------------------------------------------------


def identifies(said: BenefitAnswer, coverage: Coverage, patient: Patient) -> bool:
    """Whether the answer names this coverage by itself: its member id, and the patient by name and birth date."""
    who = said.dependent or said.subscriber
    if said.subscriber is None or who is None or letters(said.subscriber.member_id) != letters(coverage.member_id):
        return False
    return who.birth_date == patient.birth_date and _same_name(who.name, patient.name)


def contradicts(said: BenefitAnswer, coverage: Coverage, patient: Patient) -> bool:
    """Whether an answer under our trace names somebody else than we asked about: another birth date, or another first
    and last name. A name may change with a marriage, and a payer may know the member by a new id.
    """
    who = said.dependent or said.subscriber
    if who is None:
        return False
    asked = [(patient.name, patient.birth_date)]
    if said.dependent is None and not said.benefits:  # refused at the subscriber's own level
        asked.append((coverage.subscriber.name, coverage.subscriber.birth_date))
    return not any(
        who.birth_date in (None, birth)
        and (letters(who.name.last) == letters(name.last) or letters(who.name.first) == letters(name.first))
        for name, birth in asked
    )


def _same_name(one: PersonName, other: PersonName) -> bool:
    return (letters(one.last), letters(one.first)) == (letters(other.last), letters(other.first))


def letters(text: str) -> str:
    """A name or member id without what people write differently: case, blanks, hyphens."""
    return "".join(character for character in text.upper() if character.isalnum())


def day_of(said: BenefitAnswer) -> date:
    """Of which day an answer speaks that we did not ask for: the one day it names, else the day it was given."""
    days = [one for one in _dates(said) if one.last is None and one.qualifier in _SERVICE_DAYS]
    return min(days, key=lambda one: _SERVICE_DAYS.index(one.qualifier)).day if days else said.answered_on


def answer_of(said: BenefitAnswer, coverage: Coverage, on: date, refused: str = "") -> PayerAnswer:
    """What the 271 says of the coverage on the day it was asked about. `refused`: its AAA in words."""
    active = _plan_active(said.benefits)
    ended = max(_ended(said), default=None)
    if ended is not None and ended >= on:
        ended = None
    if active and ended is not None:  # active, and over before the day: it says neither
        active, refused = None, "it says active, and ended before the date of service"
    elif active is None and not refused:
        refused = "it says neither active nor inactive"
    known_as = said.subscriber.member_id if said.subscriber else ""
    plans = (b.plan for b in said.benefits if b.plan and b.code in ACTIVE)
    return PayerAnswer(
        coverage.id, on, active, said.answered_on,
        ended=ended if active is False else None,
        plan=next(plans, "") if active else "",
        refused=refused if active is None else "",
        follow_up=said.refusals[0].follow_up if active is None and said.refusals else "",
        member_id="" if letters(known_as) in ("", letters(coverage.member_id)) else known_as,
    )  # fmt: skip


def _plan(benefits: Iterable[Benefit]) -> list[Benefit]:
    """What says whether the plan as a whole is active; of an answer that speaks of services alone, whether they are."""
    said = [benefit for benefit in benefits if benefit.code in ACTIVE | INACTIVE]
    return [benefit for benefit in said if not benefit.service_types or WHOLE_PLAN in benefit.service_types] or said


def _plan_active(benefits: Iterable[Benefit]) -> bool | None:
    codes = {benefit.code for benefit in _plan(benefits)}
    return bool(codes & ACTIVE) if codes else None


def _dates(said: BenefitAnswer) -> list[Dated]:
    """What the answer says of days: of the patient, and of the plan as a whole."""
    who = said.dependent or said.subscriber
    return [*(who.dates if who else ()), *(day for benefit in _plan(said.benefits) for day in benefit.dates)]


def _ended(said: BenefitAnswer) -> list[date]:
    """The days on which it says that the coverage ends; a period counts as its last day."""
    return [one.last or one.day for one in _dates(said) if one.qualifier in _ENDS]


# --- telling ----------------------------------------------------------------------------------------------------------


def told(answers: Iterable[PayerAnswer], coverage_id: str, on: date, asked_on: date | None = None) -> str:
    """What is known from the payer itself of the coverage on that day, for a screen. `asked_on`: when we last asked."""
    known = tuple(answers)
    word = last_word(known, coverage_id, on)
    if word is None:
        silent = last_refusal(known, coverage_id, on)
        if silent is not None and (asked_on is None or asked_on <= silent.answered_on):
            return f"the payer did not say, on {silent.answered_on}: {silent.refused}"
        return f"asked on {asked_on}" if asked_on else "not asked"
    said = f"confirmed by the payer on {word.answered_on}"
    if not word.active:
        said = f"payer says ended on {word.ended}" if word.ended else "payer says not active"
        said += f", answered on {word.answered_on}"
    plan = f": {word.plan}" if word.plan else ""
    return said + plan + ("; it knows the member by another id: look at the card" if word.member_id else "")


def last_refusal(answers: Iterable[PayerAnswer], coverage_id: str, on: date) -> PayerAnswer | None:
    """The payer's latest answer about that day that says neither active nor inactive."""
    found = [a for a in answers if a.coverage_id == coverage_id and a.service_date == on and a.active is None]
    return max(found, key=lambda answer: answer.answered_on, default=None)
