"""The practice itself: doctors, places, payers, contracts, prices; and the true terms that only the payers know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from billing_core.chargemaster import Price
from billing_core.contract import BenefitPlan, Contract
from billing_core.identifiers import npi_from
from billing_core.money import times
from billing_core.registration import Address, Enrollment, Location, Payer, Practice, Provider
from training.synthetic.chance import Chance
from training.synthetic.names import STREETS, person_name
from training.synthetic.world import PayerTerms, Specialty, World

_YEARLY_RISE = Decimal("1.03")  # charges rise each January; contracts do not follow
_OUTSIDE_TAXONOMIES = ("207Q00000X", "207R00000X", "363L00000X")


@dataclass(frozen=True, slots=True)
class Doctor:
    """A doctor of the practice, from the day they see patients."""

    provider: Provider
    specialty: Specialty
    joined: date


@dataclass(frozen=True, slots=True)
class House:
    """Everything about the practice that does not depend on patients. `true_*` is what the payers hold."""

    practice: Practice
    locations: tuple[Location, ...]
    doctors: tuple[Doctor, ...]
    outside: tuple[Provider, ...]
    true_providers: tuple[Provider, ...]
    payers: tuple[tuple[PayerTerms, Payer], ...]
    contracts: tuple[Contract, ...]
    true_contracts: tuple[Contract, ...]
    prices: tuple[Price, ...]

    @property
    def providers(self) -> tuple[Provider, ...]:
        """All providers as the practice knows them."""
        return (*(d.provider for d in self.doctors), *self.outside)

    def terms(self, payer_id: str) -> PayerTerms:
        """The world's terms of a payer."""
        return next(terms for terms, payer in self.payers if payer.id == payer_id)

    def contract(self, payer_id: str, on: date, true: bool) -> Contract:
        """The contract in force that day, as the payer holds it (`true`) or as the practice knows it."""
        held = self.true_contracts if true else self.contracts
        return next(c for c in held if c.payer_id == payer_id and c.covers(on))


def _npi(chance: Chance, first: str) -> str:
    return npi_from(first + chance.pattern("########"))


def _address(chance: Chance, city: str, state: str, postal_code: str) -> Address:
    return Address(f"{chance.between(10, 990)} {chance.one_of(STREETS)} St", city, state, postal_code)


def _practice(world: World, chance: Chance) -> Practice:
    terms = world.practice
    return Practice(
        id=chance.id(world.first_day),
        name=terms.name,
        mark=terms.mark,
        tin=chance.pattern("9########"),
        npi=_npi(chance, "1"),
        taxonomy="261QM1300X",  # clinic, multi-specialty
        address=_address(chance, terms.city, terms.state, terms.postal_code),
        phone="555" + chance.pattern("01#####"),
        zone=terms.zone,
    )


def _payer(world: World, terms: PayerTerms, chance: Chance) -> Payer:
    box = Address(f"PO Box {chance.between(100, 9900)}", terms.city, terms.state, terms.postal_code)
    return Payer(chance.id(world.first_day), terms.name, terms.number, terms.filing, box)


def _contract(world: World, terms: PayerTerms, payer: Payer) -> Contract:
    fees = {code: times(p.fee, terms.fee_rate) for code, p in sorted(world.procedures.items())}
    return Contract(
        payer_id=payer.id,
        effective=date(world.first_day.year, 1, 1),
        terminated=None,
        fees={**fees, **terms.fees},
        default_percent=terms.default_percent,
        plans=tuple(
            BenefitPlan(p.name, p.copay, p.deductible, p.coinsurance, p.out_of_pocket_max) for p in terms.plans
        ),
        filing_days=terms.filing_days,
        corrected_days=terms.corrected_days,
        appeal_days=terms.appeal_days,
        corrected_by=terms.corrected_by,
        authorization_required=frozenset(terms.authorization_required),
        referral_required=frozenset(terms.referral_required),
        not_covered=frozenset(terms.not_covered),
    )


def _true_contracts(terms: PayerTerms, known: Contract) -> tuple[Contract, ...]:
    """The known contract cut at each unannounced change; every change stays in force in the later pieces."""
    pieces, current = [], known
    for change in terms.unannounced:
        pieces.append(replace(current, terminated=change.start - timedelta(days=1)))
        current = replace(
            current,
            effective=change.start,
            filing_days=change.filing_days or current.filing_days,
            authorization_required=current.authorization_required | set(change.authorization_required),
            referral_required=current.referral_required | set(change.referral_required),
            not_covered=current.not_covered | set(change.not_covered),
        )
    return (*pieces, current)


def _prices(world: World) -> tuple[Price, ...]:
    """Charges, a whole dollar at least, raised each January of the period."""
    found = []
    for code, procedure in sorted(world.procedures.items()):
        amount = max(100, times(procedure.fee, world.practice.charge_rate) // 100 * 100)
        for year in range(world.first_day.year, world.last_day.year + 1):
            found.append(Price(code, amount, date(year, 1, 1), date(year, 12, 31)))
            amount = max(amount, times(amount, _YEARLY_RISE) // 100 * 100)
    return tuple(found)


def _joined(world: World, chance: Chance, joins_late: bool) -> date:
    if not joins_late:
        return world.first_day - timedelta(days=chance.between(400, 3000))
    third = (world.last_day - world.first_day) // 3
    return chance.day(world.first_day + third, world.last_day - third)


def _doctor(world: World, chance: Chance, specialty: Specialty, late: bool, payers: tuple[Payer, ...]) -> Doctor:
    joined = _joined(world, chance, late)
    provider = Provider(
        id=chance.id(min(joined, world.first_day)),
        name=person_name(chance, chance.one_of("FM")),
        npi=_npi(chance, "1"),
        taxonomy=specialty.taxonomy,
        specialty=specialty.name,
        enrollments=tuple(Enrollment(p.id, joined) for p in payers),
    )
    return Doctor(provider, specialty, joined)


def _true_provider(world: World, chance: Chance, doctor: Doctor) -> Provider:
    """A doctor who joined late is enrolled later than the practice believes, with each payer after its own delay."""
    if doctor.joined < world.first_day:
        return doctor.provider
    low, high = world.practice.enrollment_delay_days
    late = tuple(
        replace(e, effective=e.effective + timedelta(days=chance.between(low, high)))
        for e in doctor.provider.enrollments
    )
    return replace(doctor.provider, enrollments=late)


def _outside(world: World, chance: Chance) -> Provider:
    return Provider(
        id=chance.id(world.first_day),
        name=person_name(chance, chance.one_of("FM")),
        npi=_npi(chance, "1"),
        taxonomy=chance.one_of(_OUTSIDE_TAXONOMIES),
        specialty="referring",
    )


def _doctors(world: World, chance: Chance, payers: tuple[Payer, ...]) -> tuple[Doctor, ...]:
    """Every specialty's doctors; the last of the first `joining` specialties that have several join late."""
    left, doctors = world.practice.joining, []
    for specialty in world.practice.specialties:
        for number in range(specialty.doctors):
            late = left > 0 and number == specialty.doctors - 1 and specialty.doctors > 1
            left -= late
            doctors.append(_doctor(world, chance, specialty, late, payers))
    return tuple(doctors)


def build(world: World, seed: int) -> House:
    """The practice of a world, from the seed."""
    chance = Chance(seed, "practice")
    practice = _practice(world, chance)
    locations = tuple(
        Location(
            id=chance.id(world.first_day),
            name=name,
            place_of_service="11",
            address=_address(chance, world.practice.city, world.practice.state, world.practice.postal_code),
            npi=_npi(chance, "1"),
        )
        for name in world.practice.locations
    )
    payers = tuple((terms, _payer(world, terms, chance)) for terms in world.payers)
    doctors = _doctors(world, chance, tuple(p for _, p in payers))
    outside = tuple(_outside(world, chance) for _ in range(world.practice.outside_doctors))
    contracts = tuple(_contract(world, terms, payer) for terms, payer in payers)
    return House(
        practice=practice,
        locations=locations,
        doctors=doctors,
        outside=outside,
        true_providers=(*(_true_provider(world, chance, d) for d in doctors), *outside),
        payers=payers,
        contracts=contracts,
        true_contracts=tuple(
            c for (terms, _), known in zip(payers, contracts, strict=True) for c in _true_contracts(terms, known)
        ),
        prices=_prices(world),
    )
