from collections import Counter

from billing_core.registration import Relationship
from tests.training.synthetic.worlds import made, midtown


def test_households_share_a_guarantor_and_an_address():
    homes = Counter()
    for person in made(1200, 9).persons:
        homes[person.guarantor.id] += 1
        assert person.patient.guarantor_id == person.guarantor.id
        assert person.patient.address == person.guarantor.address
    assert max(homes.values()) > 2 and min(homes.values()) == 1


def test_dependents_carry_the_subscriber_of_the_household():
    dependents = [(p, c) for p in made(1200, 9).persons for c in p.true if c.relationship is Relationship.CHILD]
    assert dependents
    for person, coverage in dependents:
        assert coverage.subscriber.birth_date < person.patient.birth_date


def test_who_is_the_subscriber_equals_the_patient():
    for person in made().persons:
        for coverage in person.true:
            if coverage.relationship is Relationship.SELF:
                assert coverage.subscriber.name == person.patient.name


def test_coverages_fit_ages_plans_and_payers():
    world = made(1200, 9)
    for person in world.persons:
        age = person.age(midtown().first_day)
        for coverage in person.true:
            terms = world.house.terms(coverage.payer_id)
            assert coverage.plan in {p.name for p in terms.plans}
            assert terms.filing != "MB" or age >= 64
        assert all(c.patient_id == person.patient.id for c in person.true)


def test_some_are_self_pay_some_have_two_payers_some_change():
    persons = made(1200, 9).persons
    assert any(not p.true for p in persons)
    assert any({c.rank for c in p.true} == {1, 2} for p in persons)
    assert any(any(c.terminated for c in p.true) for p in persons)


def test_names_vary():
    persons = made(1200, 9).persons
    full = Counter((p.patient.name.last, p.patient.name.first) for p in persons)
    assert full.most_common(1)[0][1] <= 2


def test_at_most_one_coverage_of_a_rank_pays_on_a_day():
    for person in made(1200, 9).persons:
        for coverage in person.true:
            alike = [c for c in person.true if c.rank == coverage.rank and c.active(coverage.effective)]
            assert alike == [coverage]
