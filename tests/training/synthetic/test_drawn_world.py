"""Worlds drawn at random: payers of another temper, the same for the same seed."""

import tomllib

import pytest

from tests.training.synthetic.worlds import MIDTOWN, RURAL
from training.simulated_payer.known import read_habits_of
from training.synthetic.drawn_world import BASES, drawn, main
from training.synthetic.reading import WorldError
from training.synthetic.world import OWN_WORLDS, load

BOTH = pytest.mark.parametrize("base", [MIDTOWN, RURAL], ids=lambda p: p.stem)


def _written(folder, base, seed):
    path = folder / "drawn.toml"
    path.write_text(drawn("drawn", seed, base.stem), encoding="utf-8")
    return path


@BOTH
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(base):
    assert drawn("drawn", 5, base.stem) == drawn("drawn", 5, base.stem)
    one, other = (tomllib.loads(drawn("drawn", seed, base.stem)) for seed in (5, 6))
    assert one["payers"] != other["payers"] and one["slips"] != other["slips"]


@pytest.mark.parametrize(
    ("name", "seed", "base"), [("lakeside", 101, "midtown"), ("foothill", 102, "rural"), ("harborview", 977, "midtown")]
)
def test_the_committed_worlds_that_were_drawn_are_drawn_again(name, seed, base):
    assert drawn(name, seed, base) == (OWN_WORLDS / f"{name}.toml").read_text(encoding="utf-8")


@BOTH
@pytest.mark.parametrize("seed", range(20))
def test_a_drawn_world_is_read_and_its_payers_habits_too(base, seed, tmp_path):
    path = _written(tmp_path, base, seed)
    world, habits = load(path), read_habits_of(path.read_bytes())
    assert world.name == "drawn" and f"seed {seed}" in world.description
    assert set(habits) == {payer.number for payer in world.payers}
    assert all(h.mechanisms for h in habits.values())
    assert world.payers[0].filing == "MB"  # the aged have a payer in every world


@BOTH
def test_doctors_patients_and_notes_stay_and_the_names_go(base, tmp_path):
    before, after = load(base), load(_written(tmp_path, base, 9))
    assert after.practice.specialties == before.practice.specialties
    assert (after.conditions, after.procedures, after.notes) == (before.conditions, before.procedures, before.notes)
    assert after.practice.mark != before.practice.mark and after.practice.name != before.practice.name
    assert {p.number for p in after.payers}.isdisjoint(p.number for p in before.payers)
    text = drawn("drawn", 9, base.stem)
    assert not [old for old, _ in BASES[base.stem].names if old in text]


@BOTH
def test_payers_concern_themselves_only_with_what_the_practice_bills(base, tmp_path):
    path = _written(tmp_path, base, 4)
    world, habits = load(path), read_habits_of(path.read_bytes())
    named = {code for h in habits.values() for mechanism in h.mechanisms for code in mechanism.procedures}
    for payer in world.payers:
        for terms in (payer, *payer.unannounced):
            named |= {*terms.authorization_required, *terms.referral_required, *terms.not_covered}
    assert named and named <= set(world.procedures)


def test_the_command_prints_the_world(capsys):
    assert main(["drawn", "5", "rural"]) == 0
    assert capsys.readouterr().out == drawn("drawn", 5, "rural")


@pytest.mark.parametrize(
    ("name", "base", "where", "mend"),
    [("drawn", "alder", "BASE", "midtown, rural"), ('a"b', "rural", "NAME", "digits")],
)
def test_a_wrong_base_or_name_is_refused_saying_what_would_do(name, base, where, mend, capsys):
    with pytest.raises(WorldError) as error:
        drawn(name, 5, base)
    assert error.value.where == where and mend in error.value.mend
    assert main([name, "5", base]) == 2
    said = capsys.readouterr()
    assert not said.out and where in said.err and mend in said.err
