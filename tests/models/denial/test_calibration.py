import math
import random

import pytest

from models.denial.calibration import (
    AS_STATED,
    ISOTONIC,
    LEAST_OF_A_PAYER,
    PLATT,
    Calibration,
    fit,
    fit_isotonic,
    fit_platt,
    with_payers,
)


def drawn(count: int, seed: int = 1) -> tuple[list[float], list[bool]]:
    """Scores twice too sure of themselves: true log-odds are half of what they state."""
    pick = random.Random(seed)
    raw = [pick.random() for _ in range(count)]
    truth = [1 / (1 + ((1 - p) / p) ** 0.5) for p in raw]
    return raw, [pick.random() < p for p in truth]


def test_platt_finds_the_line() -> None:
    found = fit_platt(*drawn(20_000))
    assert found.kind == PLATT
    assert found.x[0] == pytest.approx(0.5, abs=0.03) and found.y[0] == pytest.approx(0, abs=0.05)


def test_isotonic_rises_and_is_near_the_truth() -> None:
    found = fit_isotonic(*drawn(20_000))
    assert found.kind == ISOTONIC
    assert list(found.y) == sorted(found.y)
    for p in (0.1, 0.3, 0.5, 0.9):
        assert found.apply(p) == pytest.approx(1 / (1 + ((1 - p) / p) ** 0.5), abs=0.06)


def test_the_form_follows_the_number_of_claims() -> None:
    assert fit(*drawn(200)).kind == PLATT
    assert fit(*drawn(6000)).kind == ISOTONIC


@pytest.mark.parametrize("count", [200, 6000])
def test_a_calibration_survives_a_file_and_never_is_certain(count: int) -> None:
    found = fit(*drawn(count))
    assert Calibration.from_json(found.as_json()) == found
    for raw in (0.0, 1.0, 0.5, 1e-12):
        assert 0 < found.apply(raw) < 1
    steps = [found.apply(k / 100) for k in range(101)]
    assert steps == sorted(steps)


def test_scores_that_say_the_contrary_are_not_believed() -> None:
    raw, denied = drawn(400)
    found = fit_platt([1 - p for p in raw], denied)
    assert found.apply(0.1) == found.apply(0.9) == pytest.approx(sum(denied) / 400, abs=0.02)


@pytest.mark.parametrize("labels", [[True] * 50, [False] * 50])
def test_one_kind_of_outcome_alone_still_calibrates(labels: list[bool]) -> None:
    assert 0 < fit([0.5] * 50, labels).apply(0.5) < 1
    assert 0 < fit_isotonic([k / 50 for k in range(50)], labels).apply(0.5) < 1


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"kind": "platt", "x": [1, 2], "y": [0, 1]}', '{"kind": "isotonic", "x": [2, 1], "y": [0, 1]}', "[]"],
)
def test_a_file_that_is_no_calibration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Calibration.from_json(text)


def test_claims_of_one_score_are_calibrated_together() -> None:
    """Two scores alone: a tenth of the one denied, half of the other."""
    raw = [0.2] * 100 + [0.9] * 100
    denied = ([True] + [False] * 9) * 10 + [True, False] * 50
    stairs = fit_isotonic(raw, denied)
    assert stairs.x == (0.2, 0.9)
    assert stairs.apply(0.2) == pytest.approx(0.1, abs=0.001) and stairs.apply(0.9) == pytest.approx(0.5, abs=0.001)


def strict_and_lax(count: int, kind: Calibration) -> Calibration:
    """One payer that refuses more than is stated, one that refuses as stated, with so many claims; and a small one."""
    pick = random.Random(3)
    z, denied, payers = [], [], []
    for payer, more, claims in (
        ("strict", 1.0, count),
        ("as stated", 0.0, count),
        ("small", 2.0, LEAST_OF_A_PAYER - 1),
    ):
        for _ in range(claims):
            score = pick.gauss(-1, 1)
            z.append(score)
            denied.append(pick.random() < 1 / (1 + math.exp(-score - more)))
            payers.append(payer)
    return with_payers(kind, z, denied, payers)


def test_a_payer_with_claims_enough_has_a_calibration_of_its_own_and_one_with_few_has_none() -> None:
    some, many = strict_and_lax(100, AS_STATED), strict_and_lax(4000, AS_STATED)
    assert set(some.payers) == set(many.payers) == {"strict", "as stated"}
    assert 0 < some.payers["strict"] < many.payers["strict"] < 1.1  # drawn towards none while few
    assert many.payers["strict"] > 0.9 and abs(many.payers["as stated"]) < 0.1
    assert many.of_log_odds(-1.0, "strict") > many.of_log_odds(-1.0) == many.of_log_odds(-1.0, "small")


@pytest.mark.parametrize("kind", [AS_STATED, fit_isotonic(*drawn(6000))])
def test_a_payers_own_calibration_survives_a_file(kind: Calibration) -> None:
    found = strict_and_lax(300, kind)
    again = Calibration.from_json(found.as_json())
    assert again == found and again.of_log_odds(0.3, "strict") == found.of_log_odds(0.3, "strict")
    assert found.of_log_odds(0.3, "strict") > found.of_log_odds(0.3)
