"""The symmetry report counts up against down, and chance is the exact sign test."""

from __future__ import annotations

import pytest

from models.coding.symmetry import Compared, compare, sign_test

PRICES = {"99213": 100, "99214": 150, "99203": 140, "20610": 80}


def test_levels_families_and_weights_are_compared_visit_by_visit() -> None:
    found = compare(
        [
            Compared(("99214",), ("99213",)),  # a level above
            Compared(("99213",), ("99214", "20610")),  # a level below, and an injection that was not suggested
            Compared(("99213",), ("99213",)),
            Compared(("99203",), ("99213",)),  # a new patient's family for an established one
            Compared((), ("99213",)),  # nothing suggested: no level to compare, but a lighter visit
            Compared(("99213", "36415"), ("99213",)),  # without a weight
        ],
        PRICES,
    )
    assert found.visits == 6
    assert (found.levels.up, found.levels.same, found.levels.down) == (1, 3, 1)
    assert (found.new.up, found.new.same, found.new.down) == (1, 4, 0)
    assert (found.weights.up, found.weights.same, found.weights.down) == (2, 2, 2)
    assert found.only_suggested == (("36415", 1), ("99203", 1), ("99213", 1), ("99214", 1))
    assert found.only_signed[0] == ("99213", 3)
    assert found.unweighed == ("36415",)


@pytest.mark.parametrize(("up", "down", "chance"), [(0, 0, 1.0), (3, 3, 1.0), (10, 0, 2 / 1024), (9, 1, 22 / 1024)])
def test_the_sign_test_is_exact(up: int, down: int, chance: float) -> None:
    assert sign_test(up, down) == sign_test(down, up) == pytest.approx(chance)


def test_no_visit_is_no_lean() -> None:
    found = compare([], PRICES)
    assert found.visits == 0 and found.levels.chance_ppm == 1_000_000
