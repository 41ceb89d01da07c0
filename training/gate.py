"""The gate: a model is registered only when it beats what needs no model, is no worse than a simple one, and means what
it says; training/denial_gate.py asks the same, and more, of one that is to take the place of the model in service.

Rivals are judged by log loss, claim by claim, and the claims of one patient are drawn together (paired bootstrap over
patients), because a household's claims share their fate. "Beats": better in at least 95 % of the draws. "Is no worse":
not beaten, by the same measure. "Calibrated": its calibration error is no larger than chance alone makes it in 99 of
100 worlds where every stated probability is true, or lies no more than TOLERATED above what chance makes it on average:
a few claims show a large error whatever the model, and with claims enough every model would be found out, because
payers drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.watch import loss
from training.evaluate import BINS, calibration_error

DRAWS = 2000
CONFIDENCE = 0.95
CHANCE = 0.99
TOLERATED = 0.03  # three points of probability beyond chance: less does not change what a biller takes up first


@dataclass(frozen=True, slots=True)
class Verdict:
    """`gain` is the fall in log loss per claim, with its 90 % interval; `share` of draws in which ours was better.
    `asked`: "beats" or "is no worse than".
    """

    rival: str
    passed: bool
    gain: float
    low: float
    high: float
    share: float
    n: int
    patients: int
    asked: str = "beats"

    def __str__(self) -> str:
        wanting = {"beats": "does not beat", "is no worse than": "is worse than"}[self.asked]
        return (
            f"{self.asked if self.passed else wanting} {self.rival}: log loss lower by {self.gain:.4f} a claim "
            f"({self.low:.4f} to {self.high:.4f}), better in {self.share:.1%} of draws, "
            f"n = {self.n} claims of {self.patients} patients"
        )


@dataclass(frozen=True, slots=True)
class Calibrated:
    """`error` is the calibration error over BINS bins of equal count; `by_chance` what it would be on average if every
    stated probability were true; `allowed` the most that chance and tolerance explain.
    """

    passed: bool
    error: float
    allowed: float
    n: int
    by_chance: float = 0.0

    def __str__(self) -> str:
        word = "is calibrated" if self.passed else "is not calibrated"
        return (
            f"{word}: error {self.error:.3f}, by chance alone {self.by_chance:.3f}, allowed up to {self.allowed:.3f}, "
            f"n = {self.n} claims"
        )


def compare(
    rival: str,
    denied: Sequence[bool],
    ours: Sequence[float],
    theirs: Sequence[float],
    patients: Sequence[str],
    seed: int,
    *,
    no_worse: bool = False,
    confidence: float = CONFIDENCE,
) -> Verdict:
    """Whether `ours` beats `theirs` (or, with `no_worse`, is not beaten by it): probabilities of denial for the same
    claims, in the same order. `confidence`: in what share of the draws.
    """
    import numpy as np

    gains = [loss(q, was) - loss(p, was) for p, q, was in zip(ours, theirs, denied, strict=True)]
    order = {patient: place for place, patient in enumerate(dict.fromkeys(patients))}
    sums, counts = np.zeros(len(order)), np.zeros(len(order))
    for gain, patient in zip(gains, patients, strict=True):
        sums[order[patient]] += gain
        counts[order[patient]] += 1
    drawn = np.random.default_rng(seed).integers(0, len(order), size=(DRAWS, len(order)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    share = float((means > 0).mean())
    low, high = (float(q) for q in np.quantile(means, (0.05, 0.95)))
    gain = sum(gains) / len(gains)
    passed = float((means < 0).mean()) < confidence if no_worse else share >= confidence
    asked = "is no worse than" if no_worse else "beats"
    return Verdict(rival, passed, gain, low, high, share, len(gains), len(order), asked)


def calibrated(denied: Sequence[bool], ours: Sequence[float], seed: int) -> Calibrated:
    """Whether the stated probabilities are met, as far as this many claims can tell."""
    import numpy as np

    stated = np.sort(np.asarray(ours, dtype=np.float64))
    worlds = np.random.default_rng(seed).random((DRAWS // 4, len(stated))) < stated
    by_chance = _errors(stated, worlds.astype(np.float64))
    usual = float(by_chance.mean())
    allowed = max(float(np.quantile(by_chance, CHANCE)), usual + TOLERATED)
    error = calibration_error(denied, ours)
    return Calibrated(error <= allowed, error, allowed, len(stated), usual)


def _errors(stated: Any, worlds: Any) -> Any:
    """The calibration error of each world (a row of outcomes, in the order of the stated probabilities)."""
    import numpy as np

    starts = [len(stated) * b // BINS for b in range(BINS)]
    return np.abs(np.add.reduceat(worlds - stated, starts, axis=1)).sum(axis=1) / len(stated)
