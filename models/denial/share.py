"""How much of a claim a refusal takes: for each line, how likely it is refused when the claim is denied.

What is refused as a whole (coverage, filed late, provider not entered, a duplicate, another payer first) takes every
line; a payer's rule takes the line it is about. Both are read from the history as of the submission: what it believes
of each payer's rules and filing limit, and what was said under the card and of the provider. The causes strike apart
from one another, so that with w the chance of a refusal as a whole and r that of a line's own

    P(line refused | claim denied) = (1 - (1 - w)(1 - r)) / (1 - (1 - w)(1 - r1)(1 - r2)...)

It orders a biller's work. The constants were chosen by the likelihood of the lines of 761 denied claims of more than
one line, in seven synthetic practices; a half or twice of each changes little.
"""

from __future__ import annotations

from math import exp, log, prod

from models.denial.facts import ClaimFacts
from models.denial.families import is_yearly, lines
from models.denial.features import (
    BESIDE,
    LINE_NAMES,
    STANDING_NAMES,
    line_values,
    of_the_day,
    standing,
    standing_values,
)
from models.denial.history import History

CERTAIN = 1_000_000
USUAL = 0.06  # refused as a whole for what nothing shows beforehand
ENDED = 0.6  # the card or coverage was refused as not in force, and not paid since
DUPLICATE = 0.7  # the same service of the same day is with the payer already
ANOTHER_PAYS = 0.5  # a claim under this card was sent to another payer
GIVEN_LATELY = 0.4  # a yearly service that the payer paid within the year
SUREST = 0.98  # no line is refused for certain before the payer has seen it

_RULES = LINE_NAMES.index("rules")
_LEVEL = log(BESIDE / (1 - BESIDE))


def taken(facts: ClaimFacts, history: History) -> tuple[int, ...]:
    """For each line, in the claim's order, the chance in millionths that it is refused if the claim is denied.

    HistoryError when the history knows the day of submission or a later one.
    """
    day = history.known_before(facts.submitted_on)
    shown = lines(facts)
    if len(shown) < 2:
        return (CERTAIN,) * len(shown)
    known = dict(zip(STANDING_NAMES, standing_values(standing(facts), history, day), strict=True))
    lately = GIVEN_LATELY * max(known["yearly_again"], known["yearly_nearly"])
    spared = 1 - _whole(known)
    kept = []
    for line in shown:
        own = _chance(of_the_day(line, history, day, line_values)[_RULES])
        if is_yearly(line.procedure):
            own = 1 - (1 - own) * (1 - lately)
        kept.append(spared * (1 - min(own, SUREST)))
    denied = 1 - prod(kept) / spared ** (len(kept) - 1)
    return tuple(round(CERTAIN * (1 - each) / denied) for each in kept)


def _whole(known: dict[str, float]) -> float:
    """The chance that the claim is refused as a whole."""
    ended = max(known["card_ended"], known["coverage_ended"], known["coverage_refused_last"])
    chances = (
        USUAL,
        _chance(known["too_late"]),
        _chance(known["provider_not_yet"]),
        ENDED * ended,
        DUPLICATE * known["duplicate"],
        ANOTHER_PAYS * known["card_other_payer"],
    )
    return min(1 - prod(1 - chance for chance in chances), SUREST)


def _chance(column: float) -> float:
    """The chance behind a column that adds a cause to the log-odds of what is refused as often as BESIDE anyway."""
    return max((1 / (1 + exp(-column - _LEVEL)) - BESIDE) / (1 - BESIDE), 0.0)
