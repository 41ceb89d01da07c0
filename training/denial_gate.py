"""Whether a challenger may take the place of the denial model in service: every check, and what it found, in words.

Both are judged on the same claims, sent after the model in service had learned, each prediction made from what was
known before its claim was sent (training/gate.py: paired bootstrap over patients, by log loss):

    beats      the model in service, and each plain baseline: better in 95 % of the draws
    calibrated what it states is met, as far as chance and a tolerance explain; or it is nearer to what happened than
               what the model in service states: after a payer has changed its rules neither knew, and to keep the one
               that is further off would help nobody
    no group is left worse off    payer, band of dollars, age and sex of the patient, wherever there are claims enough:
                                  not worse than the model in service, where "worse" is asked of all groups at once
                                  (Bonferroni: the more groups are looked at, the surer one must be)

A group with too few claims is named, not judged. One check that fails refuses the promotion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing_core.errors import BillingError
from training import baselines, gate
from training.evaluate import LEAST_IN_SLICE, calibration_error

LEAST = 60  # claims below which a comparison says nothing
IN_SERVICE = "the model in service"
BEATS, CALIBRATED, GROUP = "beats", "calibrated", "group"


class GateError(BillingError):
    """The two models cannot be compared on these claims."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing asked of the challenger: its short name ("payer 60050"), whether it holds, and what was found."""

    kind: str
    name: str
    passed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """All checks on `n` claims of `patients`, sent from `since` on; `too_few`: groups that cannot be judged alone."""

    checks: tuple[Check, ...]
    too_few: tuple[tuple[str, int], ...]
    n: int
    patients: int
    since: str

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    @property
    def refusals(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.passed)

    def text(self) -> str:
        """Every check in a line, what was too few to judge, and on what all of it rests."""
        lines = [
            f"judged on {self.n} claims of {self.patients} patients, sent from {self.since} on, when the model in "
            "service had learned:",
            *(f"  {'holds  ' if check.passed else 'REFUSED'}  {check.words}" for check in self.checks),
        ]
        if self.too_few:
            few = ", ".join(f"{name} ({n})" for name, n in self.too_few)
            lines.append(f"  not judged alone, under {LEAST_IN_SLICE} claims: {few}")
        return "\n".join(lines) + "\n"

    def __str__(self) -> str:
        if self.passed:
            met = not any("is not met" in check.words for check in self.checks)
            stated = "calibrated" if met else "not calibrated but nearer than it"
            return f"beats {IN_SERVICE} and every baseline on {self.n} later claims, {stated}, no group worse off"
        return "; ".join(check.words for check in self.refusals)


def judge(rows: Sequence[Mapping[str, Any]], theirs: Sequence[float], since: str, seed: int) -> Judgement:
    """The challenger against the model in service (`theirs`, in the order of `rows`) and the baselines. `rows` as
    `training.denial.write_held_out` wrote them. Raises GateError.
    """
    if len(rows) < LEAST:
        raise GateError(
            f"only {len(rows)} judged claims were sent after the model in service had learned",
            mend=f"at least {LEAST} are needed; train again on a later export",
        )
    needed = {"groups", *map(baselines.column, baselines.PLAIN)}
    if lacking := sorted({name for row in rows for name in needed - row.keys()}):
        raise GateError(
            f"the challenger's judged claims lack {', '.join(lacking)}",
            mend="train it again with cleanclaim-train denial of this version",
        )
    denied = [bool(row["denied"]) for row in rows]
    ours = [float(row["probability"]) for row in rows]
    patients = [str(row["patient_key"]) for row in rows]
    rivals = {IN_SERVICE: theirs}
    rivals |= {name: [float(row[baselines.column(name)]) for row in rows] for name in baselines.PLAIN}
    groups, too_few = _groups(rows)
    checks = [_beats(gate.compare(name, denied, ours, said, patients, seed)) for name, said in rivals.items()]
    checks.append(_calibrated(gate.calibrated(denied, ours, seed), calibration_error(denied, theirs)))
    confidence = 1 - (1 - gate.CONFIDENCE) / max(len(groups), 1)  # so that it holds for all groups together
    for name, at in groups.items():
        verdict = gate.compare(
            IN_SERVICE, [denied[p] for p in at], [ours[p] for p in at], [theirs[p] for p in at],
            [patients[p] for p in at], seed, no_worse=True, confidence=confidence,
        )  # fmt: skip
        checks.append(_no_worse(name, verdict))
    return Judgement(tuple(checks), too_few, len(rows), len(set(patients)), since)


def _groups(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, list[int]], tuple[tuple[str, int], ...]]:
    """The places of each group that can be judged alone, and the size of each that cannot."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        for name in row["groups"]:
            places.setdefault(str(name), []).append(place)
    enough = {name: found for name, found in sorted(places.items()) if len(found) >= LEAST_IN_SLICE}
    return enough, tuple((name, len(found)) for name, found in sorted(places.items()) if name not in enough)


def _beats(verdict: gate.Verdict) -> Check:
    word = "beats" if verdict.passed else "does not beat"
    return Check(BEATS, verdict.rival, verdict.passed, f"{word} {verdict.rival}: {_gain(verdict)}")


def _gain(verdict: gate.Verdict) -> str:
    """A difference in log loss as a sentence, the right way round."""
    word = "lower" if verdict.gain >= 0 else "higher"
    wanting = "" if verdict.passed or verdict.asked != "beats" else f", {gate.CONFIDENCE:.0%} are needed"
    return (
        f"its log loss is {word} by {abs(verdict.gain):.4f} a claim (90 % interval of the gain {verdict.low:+.4f} to "
        f"{verdict.high:+.4f}), lower in {verdict.share:.1%} of draws{wanting}"
    )


def _calibrated(found: gate.Calibrated, theirs: float) -> Check:
    nearer = found.error < theirs
    words = "what it states is met" if found.passed else "what it states is not met"
    compared = f"the model in service is off by {theirs:.3f}"
    if not found.passed:
        compared += ", so it is nearer" if nearer else ", and is nearer"
    figures = f"off by {found.error:.3f} on average, {found.allowed:.3f} is allowed on {found.n} claims; {compared}"
    return Check(CALIBRATED, "calibration", found.passed or nearer, f"{words}: {figures}")


def _no_worse(name: str, verdict: gate.Verdict) -> Check:
    word = "is not worse off" if verdict.passed else f"is worse off than with {IN_SERVICE}"
    return Check(GROUP, name, verdict.passed, f"{name} {word}: {_gain(verdict)}, n = {verdict.n}")
