"""World files are read strictly; chance is exact and belongs to the claim."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from training.simulated_payer.chance import any_of, draw, happens, one_of, whole_between
from training.simulated_payer.habits import KINDS, WorldError
from training.simulated_payer.known import read_habits_of, read_world

WORLDS = Path(__file__).resolve().parents[3] / "data" / "synthetic" / "worlds"
HEAD = '[[payers]]\nnumber = "PAY01"\n[payers.habits]\n'


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("reject_rat = 0.1", "reject_rat"),
        ("reject_rate = 1.1", "reject_rate"),
        ('reject_rate = "0.1"', "reject_rate"),
        ("days_to_pay = [9, 3]", "days_to_pay"),
        ("days_to_pay = [0, 3]", "days_to_pay"),
        ("pay_weekday = 7", "pay_weekday"),
        ('mechanisms = [{ kind = "whim", probability = 1 }]', "kind"),
        ("mechanisms = [{ probability = 1 }]", "kind"),
        ('mechanisms = [{ kind = "habit", probability = 1 }]', "reason"),
        ('mechanisms = [{ kind = "habit", reason = "45", probability = 1 }]', "reason"),
        ('mechanisms = [{ kind = "habit", reason = "96", group = "XX", probability = 1 }]', "group"),
        ('mechanisms = [{ kind = "missing_referral" }]', "probability"),
        ('mechanisms = [{ kind = "missing_referral", probability = 1, color = 3 }]', "color"),
        ('mechanisms = [{ kind = "missing_referral", probability = 1, from = "soon" }]', "from"),
        ('mechanisms = [{ kind = "missing_referral", probability = 1, charge_over = "much" }]', "charge_over"),
        ('mechanisms = [{ kind = "diagnosis_mismatch", procedures = ["20610"], probability = 1 }]', "supported_by"),
        ('mechanisms = [{ kind = "missing_referral", name = "a", probability = 1 }, '
         '{ kind = "habit", reason = "96", name = "a", probability = 1 }]', "mechanisms"),
        ("mechanisms = [", "world.toml"),
    ],
)  # fmt: skip
def test_a_wrong_world_file_is_refused_naming_the_field(text: str, where: str) -> None:
    with pytest.raises(WorldError) as error:
        read_habits_of((HEAD + text).encode())
    assert where in error.value.where and error.value.mend


@pytest.mark.parametrize("path", sorted(WORLDS.glob("*.toml")), ids=lambda p: p.stem)
def test_the_worlds_of_the_project_are_read(path: Path) -> None:
    habits = read_habits_of(path.read_bytes())
    assert habits and all(mechanism.kind in KINDS for h in habits.values() for mechanism in h.mechanisms)


def test_decimals_are_exact() -> None:
    (habits,) = read_habits_of((HEAD + "noise_denial = 0.1").encode()).values()
    assert habits.noise_denial == Fraction(1, 10)


def test_a_missing_world_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"payer_side\.json"):
        read_world(tmp_path)


def test_draws_belong_to_seed_claim_and_cause() -> None:
    assert draw("s", "c", "m") == draw("s", "c", "m")
    assert len({draw("s", "c", "m"), draw("t", "c", "m"), draw("s", "d", "m"), draw("s", "c", "n")}) == 4


def test_draws_are_fair() -> None:
    numbers = [f"claim-{n}" for n in range(4000)]
    assert 0.27 < sum(happens("s", n, "m", Fraction(3, 10)) for n in numbers) / 4000 < 0.33
    days = [whole_between("s", n, "days", 5, 9) for n in numbers]
    assert {5, 6, 7, 8, 9} == set(days) and abs(sum(days) / 4000 - 7) < 0.1
    picks = [one_of("s", n, "pick", (1, 3)) for n in numbers]
    assert 0.72 < sum(picks) / 4000 < 0.78
    assert not any(happens("s", n, "m", Fraction(0)) for n in numbers)


def test_the_chance_of_any_is_exact() -> None:
    assert any_of([]) == 0
    assert any_of([Fraction(1, 10), Fraction(1, 5)]) == Fraction(28, 100)
    assert any_of([Fraction(1, 10), Fraction(1)]) == 1
