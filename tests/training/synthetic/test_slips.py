"""Slips are made at the world's rates and each has its own effect; without them, what is signed is right."""

import pytest

from tests.training.synthetic.worlds import made, with_slips
from training.synthetic import folder


def test_a_world_without_slips_signs_what_is_right_and_files_what_is_true():
    world = folder.make(with_slips(), 200, 2)
    for entry in world.entries:
        assert entry.signed == entry.right
        assert set(entry.slips) <= {"authorization_not_obtained", "referral_not_obtained", "provider_not_enrolled"}
        true = entry.visit.person.first_payer(entry.visit.on)
        filed = entry.person.filed_first(entry.visit.on, entry.signed_on)
        assert (filed and (filed.id, filed.member_id)) == (true and (true.id, true.member_id))
    for person in world.persons:
        latest = {f.coverage.id: f.coverage for f in person.filed}
        assert sorted(latest.values(), key=lambda c: c.id) == sorted(person.true, key=lambda c: c.id)


def _slipped(name, seed=2, count=250, **shares):
    world = folder.make(with_slips(**(shares or {name: 1.0})), count, seed)
    found = [e for e in world.entries if name in e.slips]
    assert found, name
    return found


def test_a_forgotten_modifier_is_missing_from_the_signed_codes_alone():
    for entry in _slipped("modifier_25_forgotten"):
        assert all("25" not in b.modifiers for b in entry.signed.procedures)
        assert any("25" in b.modifiers for b in entry.right.procedures)


def test_a_wrong_pointer_points_at_another_signed_diagnosis():
    for entry in _slipped("pointer_wrong"):
        changed = [(s, r) for s, r in zip(entry.signed.procedures, entry.right.procedures, strict=True) if s != r]
        assert len(changed) == 1
        assert not set(changed[0][0].pointers) & set(changed[0][1].pointers)


def test_wrong_units_are_the_milligrams():
    for entry in _slipped("units_wrong", count=700):
        wrong = [s.units for s, r in zip(entry.signed.procedures, entry.right.procedures, strict=True) if s != r]
        assert len(wrong) == 1 and wrong[0] > 3


def test_an_unspecified_diagnosis_stays_in_its_place():
    for entry in _slipped("diagnosis_unspecified"):
        changed = [
            n for n, (s, r) in enumerate(zip(entry.signed.diagnoses, entry.right.diagnoses, strict=True)) if s != r
        ]
        assert len(changed) == 1 and len(set(entry.signed.diagnoses)) == len(entry.signed.diagnoses)


def test_a_mistyped_member_id_differs_a_little():
    for entry in _slipped("member_id_mistyped"):
        true = entry.visit.person.first_payer(entry.visit.on)
        filed = entry.person.filed_first(entry.visit.on, entry.signed_on)
        assert true.payer_id == filed.payer_id and len(true.member_id) == len(filed.member_id)
        assert sum(a != b for a, b in zip(true.member_id, filed.member_id, strict=True)) in (1, 2)


def test_a_missed_change_of_coverage_leaves_the_old_one_on_file():
    for entry in _slipped("coverage_stale", coverage_change_missed=1.0, count=600):
        true = entry.visit.person.first_payer(entry.visit.on)
        assert entry.person.filed_first(entry.visit.on, entry.signed_on).payer_id != true.payer_id


def test_a_silent_end_leaves_a_coverage_that_pays_nothing():
    for entry in _slipped("coverage_ended", silent_termination=1.0):
        assert entry.visit.person.first_payer(entry.visit.on) is None
        assert entry.person.filed_first(entry.visit.on, entry.signed_on) is not None


def test_an_unmentioned_insurance_pays_first_at_the_payer():
    for entry in _slipped("other_insurance_unknown"):
        true = entry.visit.person.first_payer(entry.visit.on)
        filed = entry.person.filed_first(entry.visit.on, entry.signed_on)
        assert filed.rank == 1 and filed.payer_id != true.payer_id
        assert any(c.payer_id == filed.payer_id and c.rank == 2 for c in entry.visit.person.true)


def test_an_authorization_left_off_exists_at_the_payer_and_not_on_file():
    for entry in _slipped("authorization_left_off", count=900):
        assert entry.authorization is not None and not entry.authorization_filed
        assert entry.signed.authorization_number == ""
        assert entry.right.authorization_number == entry.authorization.number


def test_an_authorization_mistyped_is_not_the_one_on_file():
    for entry in _slipped("authorization_mistyped", count=900):
        assert entry.signed.authorization_number not in ("", entry.right.authorization_number)


def test_a_late_charge_is_signed_long_after_the_visit():
    for entry in _slipped("late_charge"):
        assert (entry.signed_on - entry.visit.on).days >= 62


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_visit_entered_twice_is_another_encounter_with_the_same_note(share):
    world = folder.make(with_slips(visit_entered_twice=1.0, second_chart=share), 60, 2)
    by_id = {e.id: e for e in world.entries}
    copies = [e for e in world.entries if e.duplicate_of]
    assert len(world.entries) == 60 and len(copies) == 30
    for copy in copies:
        first = by_id[copy.duplicate_of]
        assert copy.signed_on > first.signed_on or copy.signed_on.month == 11
        assert world.notes[copy.id] == world.notes[first.id]
        own = copy.person.patient.id == first.person.patient.id
        assert own == (share == 0.0)
        assert {f.coverage.member_id for f in copy.person.filed} <= {f.coverage.member_id for f in first.person.filed}


def test_midtown_makes_every_kind_of_slip():
    names = {name for entry in made(2500, 5).entries for name in entry.slips}
    assert names >= {
        "authorization_left_off", "authorization_mistyped", "authorization_not_obtained", "coverage_ended",
        "coverage_stale", "diagnosis_unspecified", "late_charge", "member_id_mistyped", "modifier_25_forgotten",
        "other_insurance_unknown", "pointer_wrong", "preventive_too_early", "provider_not_enrolled",
        "referral_left_off", "referral_not_obtained", "second_chart", "units_wrong", "visit_entered_twice",
    }  # fmt: skip
