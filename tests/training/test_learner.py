"""What a practice begins with, and when it leaves it."""

from __future__ import annotations

import numpy as np

from models.denial.features import DIRECTIONS, NAMES
from training import denial, learner, trade


def test_what_others_taught_names_known_columns_and_goes_the_way_the_trade_knows() -> None:
    for weights in (trade.WEIGHTS, trade.BY_HAND):
        assert set(weights) <= set(NAMES)
        assert all(weight * DIRECTIONS.get(name, 0) >= 0 for name, weight in weights.items())


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
