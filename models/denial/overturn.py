"""P(overturned): how likely an appeal of a refused claim is to be won, from the practice's own decided appeals.

Shrunken rates of what is alike (payer, category, reason, procedure, whether the chart is quoted, level), each a step
over the whole rate, under a ridge line in the one direction they can have. Sealed as an artifact of kind "overturn".
Advice for the order of work; it files nothing and waives nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path

from billing_core.appeal import NOT_CLINICAL
from billing_core.denial import LineDenial
from models.artifact import Artifact, ArtifactError, open_artifact

KIND = "overturn"
MODEL = "overturn.json"
STRENGTH = 8.0  # decided appeals of its own a rate needs before it outweighs the whole rate
LEAST_ALIKE = 8  # decided appeals of its category before the model speaks of an appeal

_MEND = "Train the model again with cleanclaim-train overturn of this version."


@dataclass(frozen=True, slots=True)
class AppealFacts:
    """One appeal on the day it is filed. `codes` are "CO-197", `categories` DenialCategory values."""

    payer: str
    level: int
    codes: tuple[str, ...]
    categories: tuple[str, ...]
    procedures: tuple[str, ...]
    quotes_the_chart: bool


def facts_of(payer: str, level: int, denied: Sequence[LineDenial]) -> AppealFacts:
    """The appeal that the desk would draft of these denied lines: it quotes the chart where the chart can answer."""
    return AppealFacts(
        payer,
        level,
        tuple(d.code for d in denied),
        tuple(sorted({str(d.category) for d in denied})),
        tuple(sorted({d.procedure for d in denied if d.procedure})),
        any(d.category not in NOT_CLINICAL for d in denied),
    )


# What is alike: a name, and the appeal's keys under it; of several the average counts.
ALIKE: Mapping[str, Callable[[AppealFacts], tuple[str, ...]]] = {
    "payer": lambda a: (a.payer,),
    "category": lambda a: a.categories,
    "reason": lambda a: a.codes,
    "procedure": lambda a: a.procedures,
    "payer and category": lambda a: tuple(f"{a.payer}|{category}" for category in a.categories),
    "category and chart": lambda a: tuple(f"{category}|{a.quotes_the_chart:d}" for category in a.categories),
    "level": lambda a: (str(a.level),),
}


@dataclass(frozen=True, slots=True)
class Rates:
    """Won and decided appeals by "name:key", and in all."""

    decided: int
    won: int
    by: Mapping[str, tuple[int, int]]

    @property
    def base(self) -> float:
        """The whole rate, never quite 0 or 1."""
        return (self.won + 1) / (self.decided + 2)

    def lifts(self, appeal: AppealFacts) -> tuple[float, ...]:
        """For each of ALIKE: the log-odds of its rate over the whole rate's."""
        return tuple(self._lift([f"{name}:{key}" for key in keys(appeal)]) for name, keys in ALIKE.items())

    def without(self, appeal: AppealFacts, won: bool) -> Rates:
        """What the others say of an appeal that is counted here: only what is alike with it is kept."""
        own = {f"{name}:{key}" for name, keys in ALIKE.items() for key in keys(appeal)}
        by = {key: (self.by[key][0] - 1, self.by[key][1] - won) for key in sorted(own)}
        return Rates(self.decided - 1, self.won - won, by)

    def _lift(self, keys: Sequence[str]) -> float:
        found = [self.by.get(key, (0, 0)) for key in keys]
        rates = [(won + STRENGTH * self.base) / (decided + STRENGTH) for decided, won in found]
        if not rates:
            return 0.0
        rate = sum(rates) / len(rates)
        return log(rate / (1 - rate)) - log(self.base / (1 - self.base))


def count(decided: Sequence[tuple[AppealFacts, bool]]) -> Rates:
    """The rates of decided appeals."""
    by: dict[str, tuple[int, int]] = {}
    for appeal, won in decided:
        for name, keys in ALIKE.items():
            for key in sorted({f"{name}:{key}" for key in keys(appeal)}):
                cases, wins = by.get(key, (0, 0))
                by[key] = (cases + 1, wins + won)
    return Rates(len(decided), sum(won for _, won in decided), by)


@dataclass(frozen=True, slots=True)
class Overturn:
    """The rates, and a weight for each of ALIKE."""

    rates: Rates
    weights: tuple[float, ...]
    intercept: float

    def probability_ppm(self, appeal: AppealFacts) -> int:
        """The probability that the appeal is won, in whole or in part, in millionths."""
        z = self.intercept
        for weight, lift in zip(self.weights, self.rates.lifts(appeal), strict=True):
            z += weight * lift
        return round(1_000_000 / (1 + exp(-z)))

    def decided_alike(self, appeal: AppealFacts) -> int:
        """How many appeals of its category were decided; of several categories, of the one that has the fewest."""
        counted = [self.rates.by.get(f"category:{key}", (0, 0))[0] for key in ALIKE["category"](appeal)]
        return min(counted, default=0)

    def as_json(self) -> str:
        """As JSON text."""
        rates = {"decided": self.rates.decided, "won": self.rates.won, "by": dict(self.rates.by)}
        plain = {"alike": list(ALIKE), "rates": rates, "weights": self.weights, "intercept": self.intercept}
        return json.dumps(plain, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Overturn:
        """What `as_json` wrote. Raises ValueError for anything else."""
        plain = json.loads(text)
        try:
            if plain["alike"] != list(ALIKE):
                raise ValueError("rates of other things alike")
            by = {str(key): (int(cases), int(won)) for key, (cases, won) in plain["rates"]["by"].items()}
            rates = Rates(int(plain["rates"]["decided"]), int(plain["rates"]["won"]), by)
            found = cls(rates, tuple(map(float, plain["weights"])), float(plain["intercept"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not an overturn model") from error
        if len(found.weights) != len(ALIKE):
            raise ValueError("not an overturn model")
        return found


def load(directory: Path | str) -> tuple[Artifact, Overturn]:
    """The model at `directory`. Raises ArtifactError when it is damaged or of another kind."""
    artifact = open_artifact(directory)
    if artifact.kind != KIND:
        raise ArtifactError(
            "not an overturn model", where=artifact.kind[:40], mend="Name an overturn model's directory."
        )
    try:
        return artifact, Overturn.from_json(artifact.read(MODEL))
    except ValueError as error:
        raise ArtifactError("the model's file does not hold a model", where=MODEL, mend=_MEND) from error
