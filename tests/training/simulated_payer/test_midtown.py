"""The payers of the project's own world stay in the range of the trade (../shared/data/README.md, denial rates)."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing_core.denial import DenialCategory
from tests.training.simulated_payer.world_claims import measure
from training.__main__ import main

MIDTOWN = Path(__file__).resolve().parents[3] / "data" / "synthetic" / "worlds" / "midtown.toml"


@pytest.mark.slow
def test_midtown_denies_rejects_and_takes_back_as_payers_do(tmp_path: Path) -> None:
    world = tmp_path / "world"
    asked = ["--encounters", "2000", "--seed", "3", "--out", str(world)]
    assert main(["synthetic", "--world", str(MIDTOWN), *asked]) == 0
    figures = measure(world, tmp_path)
    assert figures.sent > 1500
    # Every visit is sent as coded, with no edits of ours: more is denied than after a biller's work.
    assert 0.13 < figures.denied < 0.27
    assert abs(figures.denied - figures.expected) < 0.03
    assert 0.01 < figures.rejected < 0.05
    assert 0.003 < figures.taken_back < 0.02
    assert figures.categories[DenialCategory.NOT_COVERED] > 0.1 and figures.categories[DenialCategory.CODING] > 0.1
    assert len(figures.categories) >= 8 and max(figures.categories.values()) < 0.45
