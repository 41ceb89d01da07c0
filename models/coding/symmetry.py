"""Do the suggestions lean upward? What was suggested is set beside what a coder signed, up against down.

A tool that errs only upward is a compliance risk whatever its accuracy; one that errs only downward gives money away.
Every signed visit is compared twice: by the level of its evaluation-and-management code, and by the weight (a fee or a
relative value, whichever is handed in) of all its procedures. An exact two-sided sign test says how often chance alone
would make up and down differ as much. Weights stay out of every suggestion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from models.coding.visit_rules import FAMILIES, Place

# The office visits; a code of another family is compared by weight alone. 99211, which the rules of a visit's level do
# not reach (no physician need be there), stands below the established patient's family.
_NEW, _KNOWN = ([code for code, _, _ in FAMILIES[place]] for place in (Place.OFFICE_NEW, Place.OFFICE_KNOWN))
_LEVEL = {code: int(code[-1]) for code in (*_NEW, "99211", *_KNOWN)}


@dataclass(frozen=True, slots=True)
class Compared:
    """One signed visit: procedure codes suggested, and signed."""

    suggested: tuple[str, ...]
    signed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lean:
    """How often one side was higher. `chance_ppm`: how often a fair coin would differ as much, in millionths."""

    up: int
    same: int
    down: int

    @property
    def chance_ppm(self) -> int:
        """The two-sided sign test of up against down."""
        return round(1_000_000 * sign_test(self.up, self.down))


@dataclass(frozen=True, slots=True)
class Symmetry:
    """`levels`: the level suggested above or below the one signed. `new`: a new patient's family suggested where an
    established one's was signed (up), or the reverse. `weights`: a visit's suggested procedures weigh more in all
    than the signed ones (up), or less. `only_suggested` and `only_signed`: (code, visits) that one side alone has.
    `unweighed`: codes without a weight, which count as nothing.
    """

    visits: int
    levels: Lean
    new: Lean
    weights: Lean
    only_suggested: tuple[tuple[str, int], ...]
    only_signed: tuple[tuple[str, int], ...]
    unweighed: tuple[str, ...]


def compare(visits: Iterable[Compared], weights: Mapping[str, int]) -> Symmetry:
    """The comparison; `weights` by code, in any one unit (cents, hundredths of a relative value)."""
    known = list(visits)
    levels: list[int] = []
    families: list[int] = []
    heavier: list[int] = []
    for each in known:
        ours, theirs = _visit_code(each.suggested), _visit_code(each.signed)
        if ours and theirs:
            levels.append(_LEVEL[ours] - _LEVEL[theirs])
            families.append((ours in _NEW) - (theirs in _NEW))
        heavier.append(_weight(each.suggested, weights) - _weight(each.signed, weights))
    every = {code for each in known for code in (*each.suggested, *each.signed)}
    return Symmetry(
        visits=len(known),
        levels=_lean(levels),
        new=_lean(families),
        weights=_lean(heavier),
        only_suggested=_only((each.suggested, each.signed) for each in known),
        only_signed=_only((each.signed, each.suggested) for each in known),
        unweighed=tuple(sorted(every - set(weights))),
    )


def _visit_code(codes: Iterable[str]) -> str:
    return next((code for code in codes if code in _LEVEL), "")


def _weight(codes: Iterable[str], weights: Mapping[str, int]) -> int:
    return sum(weights.get(code, 0) for code in dict.fromkeys(codes))


def _lean(differences: Sequence[int]) -> Lean:
    up, down = sum(each > 0 for each in differences), sum(each < 0 for each in differences)
    return Lean(up, len(differences) - up - down, down)


def _only(pairs: Iterable[tuple[tuple[str, ...], tuple[str, ...]]]) -> tuple[tuple[str, int], ...]:
    """(code, visits) of the codes that the first side alone has, the most frequent first."""
    counts: dict[str, int] = {}
    for one, other in pairs:
        for code in sorted(set(one) - set(other)):
            counts[code] = counts.get(code, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def sign_test(up: int, down: int) -> float:
    """The chance that a fair coin parts `up + down` throws at least as unevenly; 1.0 of none.

    >>> sign_test(5, 5), sign_test(0, 0), round(sign_test(8, 0), 6)
    (1.0, 1.0, 0.007812)
    """
    thrown, most = up + down, max(up, down)
    tail = sum(comb(thrown, k) for k in range(most, thrown + 1))
    return float(min(Fraction(1), 2 * Fraction(tail, 2**thrown)))
