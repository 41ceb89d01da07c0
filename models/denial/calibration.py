"""From a model's raw score to a probability that means what it says: of claims given 20 %, a fifth are denied.

Two forms, both fitted on claims later than those the model learned from: a straight line on the log-odds for few
claims, held near "as stated" until there is reason to leave it, and isotonic (a rising staircase, joined by straight
lines) for many. To that comes each payer's own shift on the log-odds, drawn towards none while its claims are few: the
level of each payer is in the model's columns already, so this is what they leave. Kept as plain JSON.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import exp, log, log1p

PLATT = "platt"
ISOTONIC = "isotonic"
ISOTONIC_FROM = 5000  # below this many claims a staircase follows the noise (Niculescu-Mizil and Caruana 2005)
PAYER_SPREAD = 0.15  # by how much, in standard deviations of log-odds, payers are thought to differ beforehand
LEAST_OF_A_PAYER = 60  # claims below which a payer has no calibration of its own
LOOSENESS = 0.1  # how far, in standard deviations, slope and intercept are thought to lie from 1 and 0 beforehand

_EDGE = 1e-6  # no probability is nearer to 0 or 1 than this: nothing is certain about a payer


@dataclass(frozen=True, slots=True)
class Calibration:
    """`kind` is PLATT (x = slope, y = intercept, one value each) or ISOTONIC (knots x rising, y not falling). `payers`:
    the shift of each payer that has one of its own, in log-odds.
    """

    kind: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    payers: Mapping[str, float] = field(default_factory=dict)

    def apply(self, raw: float) -> float:
        """The calibrated probability of a raw probability, no payer named, within 0.000001 and 0.999999."""
        if self.kind == PLATT:
            return self.of_log_odds(_log_odds(raw))
        right = bisect_right(self.x, raw)
        if right == 0:
            return _inside(self.y[0])
        if right == len(self.x):
            return _inside(self.y[-1])
        left_x, right_x = self.x[right - 1], self.x[right]
        share = (raw - left_x) / (right_x - left_x)
        return _inside(self.y[right - 1] + share * (self.y[right] - self.y[right - 1]))

    def of_log_odds(self, z: float, payer: str = "") -> float:
        """The calibrated probability of raw log-odds at this payer ("": at any), within the same limits."""
        shift = self.payers.get(payer)
        if self.kind == PLATT:
            calibrated = self.x[0] * z + self.y[0]
            return _inside(_logistic(calibrated if shift is None else calibrated + shift))
        common = self.apply(_logistic(z))
        return common if shift is None else _inside(_logistic(_log_odds(common) + shift))

    def as_json(self) -> str:
        """The calibration as JSON."""
        plain = {"kind": self.kind, "x": self.x, "y": self.y, "payers": dict(self.payers)}
        return json.dumps(plain, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Calibration:
        """The calibration that `as_json` wrote. Raises ValueError for anything else."""
        plain = json.loads(text)
        try:
            shifts = {str(payer): float(shift) for payer, shift in plain.get("payers", {}).items()}
            found = cls(str(plain["kind"]), tuple(map(float, plain["x"])), tuple(map(float, plain["y"])), shifts)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a calibration") from error
        alone = found.kind == PLATT and len(found.x) == 1
        stairs = found.kind == ISOTONIC and len(found.x) > 1 and all(a < b for a, b in pairwise(found.x))
        if len(found.x) != len(found.y) or not (alone or stairs):
            raise ValueError("not a calibration")
        return found


AS_STATED = Calibration(PLATT, (1.0,), (0.0,))


def fit(raw: Sequence[float], denied: Sequence[bool]) -> Calibration:
    """The calibration of raw probabilities to outcomes; the form follows the number of claims."""
    if len(raw) >= ISOTONIC_FROM:
        return fit_isotonic(raw, denied)
    return fit_platt(raw, denied)


def fit_platt(raw: Sequence[float], denied: Sequence[bool]) -> Calibration:
    """Slope and intercept on the log-odds by Newton's method, drawn towards 1 and 0 (the model as stated) with the
    strength that LOOSENESS says: few claims move them little, many as far as they must.

    A slope below zero would turn the model's order round: then nothing but the base rate is believed.
    """
    positives = sum(denied)
    points = [(_log_odds(p), float(was)) for p, was in zip(raw, denied, strict=True)]
    base = (positives + 1) / (len(raw) + 2)
    slope, intercept = 1.0, 0.0
    loss = _line_loss(points, slope, intercept)
    for _ in range(50):
        by_slope, by_intercept = _newton_step(points, slope, intercept)
        share = 1.0  # of the step: halved until it helps, because a full Newton step may overshoot
        while share > 1e-6 and _line_loss(points, slope - share * by_slope, intercept - share * by_intercept) > loss:
            share /= 2
        slope, intercept = slope - share * by_slope, intercept - share * by_intercept
        before, loss = loss, _line_loss(points, slope, intercept)
        if before - loss < 1e-10:
            break
    if slope <= 0:
        slope, intercept = 0.0, log(base / (1 - base))
    return Calibration(PLATT, (slope,), (intercept,))


def with_payers(
    common: Calibration, log_odds: Sequence[float], denied: Sequence[bool], payers: Sequence[str]
) -> Calibration:
    """The calibration with the shift of each payer that has LEAST_OF_A_PAYER claims among these: the likeliest one
    when shifts are thought to lie PAYER_SPREAD around none, so few claims move it little. The others have none.
    """
    of: dict[str, list[tuple[float, float]]] = {}
    for z, was, payer in zip(log_odds, denied, payers, strict=True):
        of.setdefault(payer, []).append((_log_odds(common.of_log_odds(z)), float(was)))
    shifts = {payer: _shift(points) for payer, points in sorted(of.items()) if len(points) >= LEAST_OF_A_PAYER}
    return replace(common, payers=shifts)


def _shift(points: Sequence[tuple[float, float]]) -> float:
    """The shift by Newton's method: the loss is convex and PAYER_SPREAD keeps the steps short."""
    shift, firmness = 0.0, 1 / PAYER_SPREAD**2
    for _ in range(20):
        stated = [_logistic(score + shift) for score, _ in points]
        gradient = firmness * shift + sum(p - target for p, (_, target) in zip(stated, points, strict=True))
        step = gradient / (firmness + sum(p * (1 - p) for p in stated))
        shift -= step
        if abs(step) < 1e-9:
            break
    return shift


def _line_loss(points: Sequence[tuple[float, float]], slope: float, intercept: float) -> float:
    """The log loss of the line on (log-odds, target) points, and what its distance from (1, 0) costs."""
    total = ((slope - 1) ** 2 + intercept**2) / (2 * LOOSENESS**2)
    for score, target in points:
        z = slope * score + intercept
        total += log1p(exp(-abs(z))) + max(z, 0.0) - target * z
    return total


def _newton_step(points: Sequence[tuple[float, float]], slope: float, intercept: float) -> tuple[float, float]:
    firmness = 1 / LOOSENESS**2
    g_slope, g_intercept = firmness * (slope - 1), firmness * intercept
    h_ss, h_si, h_ii = firmness, 0.0, firmness
    for score, target in points:
        p = _logistic(slope * score + intercept)
        error, weight = p - target, p * (1 - p)
        g_slope += error * score
        g_intercept += error
        h_ss += weight * score * score
        h_si += weight * score
        h_ii += weight
    size = h_ss * h_ii - h_si * h_si  # above zero: the prior alone makes it so
    return (h_ii * g_slope - h_si * g_intercept) / size, (h_ss * g_intercept - h_si * g_slope) / size


def fit_isotonic(raw: Sequence[float], denied: Sequence[bool]) -> Calibration:
    """The rising staircase nearest to the outcomes (pool adjacent violators), as the middle of each step. Claims of one
    score stand on one step: it cannot tell them apart.
    """
    alike: dict[float, list[bool]] = {}
    for score, was in sorted(zip(raw, denied, strict=True)):
        alike.setdefault(score, []).append(was)
    steps: list[tuple[float, float, int]] = []  # sum of x, sum of outcomes, claims
    for score, outcomes in alike.items():
        steps.append((score * len(outcomes), float(sum(outcomes)), len(outcomes)))
        while len(steps) > 1 and steps[-2][1] * steps[-1][2] >= steps[-1][1] * steps[-2][2]:
            last = steps.pop()
            steps[-1] = (steps[-1][0] + last[0], steps[-1][1] + last[1], steps[-1][2] + last[2])
    knots: dict[float, float] = {}
    for x, y, claims in steps:
        knots[x / claims] = (y + 1e-3) / (claims + 2e-3)
    if len(knots) < 2:
        return fit_platt(raw, denied)
    return Calibration(ISOTONIC, tuple(knots), tuple(knots.values()))


def _log_odds(p: float) -> float:
    p = _inside(p)
    return log(p / (1 - p))


def _logistic(z: float) -> float:
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


def _inside(p: float) -> float:
    return min(max(p, _EDGE), 1 - _EDGE)
