"""The gate: a model is registered only when it beats what needs no model, and promoted only when it beats the one in
service, on the same held-out claims.

Both are judged by log loss, claim by claim, and the claims of one patient are drawn together (paired bootstrap over
patients), because a household's claims share their fate. "Beats" means: better in at least 95 % of the draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

DRAWS = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    """`gain` is the fall in log loss per claim, with its 90 % interval; `share` of draws in which ours was better."""

    rival: str
    passed: bool
    gain: float
    low: float
    high: float
    share: float
    n: int
    patients: int

    def __str__(self) -> str:
        word = "beats" if self.passed else "does not beat"
        return (
            f"{word} {self.rival}: log loss lower by {self.gain:.4f} a claim "
            f"({self.low:.4f} to {self.high:.4f}), better in {self.share:.1%} of draws, "
            f"n = {self.n} claims of {self.patients} patients"
        )


def compare(
    rival: str,
    denied: Sequence[bool],
    ours: Sequence[float],
    theirs: Sequence[float],
    patients: Sequence[str],
    seed: int,
) -> Verdict:
    """Whether `ours` beats `theirs`: probabilities of denial for the same claims, in the same order."""
    import numpy as np

    gains = [_loss(q, was) - _loss(p, was) for p, q, was in zip(ours, theirs, denied, strict=True)]
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
    return Verdict(rival, share >= CONFIDENCE, gain, low, high, share, len(gains), len(order))


def _loss(probability: float, was: bool) -> float:
    p = min(max(probability if was else 1 - probability, 1e-6), 1.0)
    return -log(p)
