import pytest

from tests.training.synthetic.worlds import MIDTOWN, RURAL, values
from training.synthetic.clinic import Course
from training.synthetic.reading import WorldError
from training.synthetic.world import load, parse


@pytest.mark.parametrize("path", [MIDTOWN, RURAL], ids=lambda p: p.stem)
def test_the_committed_worlds_read(path):
    world = load(path)
    assert world.name == path.stem
    assert world.payers and world.conditions and world.procedures


def test_midtown_has_six_payers_of_different_terms():
    world = load(MIDTOWN)
    assert len(world.payers) == 6
    assert len({(p.fee_rate, p.filing_days, p.corrected_by, p.authorization_required) for p in world.payers}) == 6
    assert all(p.habits for p in world.payers)


def test_a_world_is_data_alone():
    one, other = load(MIDTOWN), load(RURAL)
    assert {p.number for p in one.payers}.isdisjoint(p.number for p in other.payers)
    assert one.slips != other.slips and one.notes != other.notes


def _drop(plain, *path):
    *tables, key = path
    for part in tables:
        plain = plain[part]
    del plain[key]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("practice", "mark"), "practice.mark"),
        (("population", "visits"), "population.visits"),
        (("payers", 2, "fee_rate"), "payers[3].fee_rate"),
        (("payers", 0, "plans", 0, "copay"), "payers[1].plans[1].copay"),
        (("notes", "styles"), "notes.styles"),
        (("period", "first_day"), "period.first_day"),
    ],
)
def test_a_missing_key_is_named(path, where):
    plain = values()
    _drop(plain, *path)
    with pytest.raises(WorldError) as error:
        parse(plain)
    assert error.value.where == where and error.value.mend


def _put(plain, value, *path):
    *tables, key = path
    for part in tables:
        plain = plain[part]
    plain[key] = value


@pytest.mark.parametrize(
    ("value", "path", "where"),
    [
        (1.5, ("population", "self_pay"), "population.self_pay"),
        (True, ("population", "self_pay"), "population.self_pay"),
        ("2024-11-01", ("period", "first_day"), "period.first_day"),
        (9.5, ("payers", 0, "plans", 0, "copay"), "payers[1].plans[1].copay"),
        ([5, 2], ("population", "visits"), "population.visits"),
        ({"sonnet": 3}, ("notes", "styles"), "notes.styles.sonnet"),
        ("by prayer", ("payers", 0, "corrected_by"), "payers[1].corrected_by"),
        (["XX999"], ("payers", 2, "supplements"), "payers.BLM03.supplements"),
        (["nowhere.toml"], ("include",), "include: nowhere.toml"),
        (0.1, ("slips", "modifer_25_forgotten"), "slips.modifer_25_forgotten"),
        (3, ("paeyrs",), "paeyrs"),
        ("MSB01", ("payers", 1, "number"), "payers.number"),
        ("often", ("payers", 1, "habits"), "payers[2].habits"),
    ],
)
def test_a_wrong_value_or_unknown_key_is_named(value, path, where):
    plain = values()
    _put(plain, value, *path)
    with pytest.raises(WorldError) as error:
        parse(plain)
    assert error.value.where == where


def test_a_condition_whose_procedure_is_not_defined_is_named():
    plain = values()
    plain["conditions"] = [
        {
            "name": "odd",
            "specialties": ["cardiology"],
            "codes": ["I10"],
            "phrases": ["odd"],
            "procedures": [{"code": "00000", "share": 0.5}],
        }
    ]
    with pytest.raises(WorldError, match="00000"):
        parse(plain)


def test_the_world_file_may_redefine_what_it_includes():
    plain = values()
    plain["conditions"] = [
        {"name": "hypertension", "specialties": ["cardiology"], "codes": ["I10"], "phrases": ["HBP"]}
    ]
    world = parse(plain)
    found = [c for c in world.conditions if c.name == "hypertension"]
    assert [c.phrases for c in found] == [("HBP",)]


def test_a_file_that_is_not_toml_is_refused(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("name = ", encoding="utf-8")
    with pytest.raises(WorldError) as error:
        load(path)
    assert error.value.where == "broken.toml"


def test_every_specialty_of_both_worlds_sees_something():
    for path in (MIDTOWN, RURAL):
        world = load(path)
        for specialty in world.practice.specialties:
            seen = [c for c in world.conditions if specialty.name in c.specialties]
            assert any(c.course is not Course.PREVENTIVE for c in seen)
