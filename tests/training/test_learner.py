"""What a practice begins with, and when it leaves it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from models.denial.features import DIRECTIONS, NAMES
from tests.training import export_fixture
from training import denial, learner, pooled, trade
from training.export_folder import read


def test_what_others_taught_names_known_columns_and_goes_the_way_the_trade_knows() -> None:
    for weights in (trade.WEIGHTS, trade.BY_HAND):
        assert set(weights) <= set(NAMES)
        assert all(weight * DIRECTIONS.get(name, 0) >= 0 for name, weight in weights.items())


def test_what_practices_teach_together_comes_from_the_outcomes_that_are_mature(tmp_path: Path) -> None:
    folders = [export_fixture.write(tmp_path / str(count), export_fixture.cases(count)) for count in (500, 700)]
    young = (export_fixture.AS_OF - timedelta(days=20)).isoformat()
    turned = [
        row | {"denied": not row["denied"]} if row["denied"] is not None and str(row["submitted_on"]) > young else row
        for row in export_fixture.rows(export_fixture.cases(500))
    ]
    (tmp_path / "turned").mkdir()
    export_fixture.write_rows(tmp_path / "turned", turned)
    weights, level = pooled.learned(folders)
    assert set(weights) <= set(NAMES) and all(w * DIRECTIONS.get(name, 0) >= 0 for name, w in weights.items())
    assert weights["rule_authorization"] > 0 and weights["duplicate"] > 1, "what is planted, what is known by hand"
    rows = denial.replay(read(folders[0]).submissions)
    stated = 1 / (1 + np.exp(-(level + rows @ [weights.get(name, 0.0) for name in NAMES])))
    assert 0.1 < stated.mean() < 0.4
    assert turned != export_fixture.rows(export_fixture.cases(500))
    assert pooled.learned([tmp_path / "turned", folders[1]]) == (weights, level)


def test_as_others_is_their_line_whatever_this_practice_shows() -> None:
    chance = np.random.default_rng(3)
    rows, outcomes = chance.normal(size=(50, len(NAMES))), chance.integers(0, 2, 50).astype(float)
    line, _ = learner.learn(rows, outcomes, ("as others", 1), 7)
    weights = np.asarray([trade.WEIGHTS.get(name, 0.0) for name in NAMES])
    assert np.allclose(line.raw(rows), trade.INTERCEPT + rows @ weights)
    assert np.allclose(line.contributions(rows).sum(axis=1), line.raw(rows) - line.raw(rows.mean(axis=0)[None])[0])


def test_a_practice_leaves_the_others_when_its_own_later_claims_say_so() -> None:
    """Losses of 200 claims by each way: as others .4 each; by hand .3, its trees no better."""
    losses = np.full((200, len(learner.WAYS)), 0.4)
    assert learner.WAYS[denial._way(losses)] == ("as others", 1)
    losses[:, [place for place, (held, _) in enumerate(learner.WAYS) if held == "by hand"]] = 0.3
    assert learner.WAYS[denial._way(losses)] == ("by hand", 1)
