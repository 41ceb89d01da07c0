"""Edits of the National Correct Coding Initiative: pairs, units, add-on codes.

Sources: NCCI Policy Manual for Medicare Services, chapter 1 (sections E modifiers, R and W add-on codes, V medically
unlikely edits), CMS, in the quarterly release of the date of service. Commercial payers follow it with few exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from billing_core.claim import Claim, ClaimLine
from billing_core.codesets.modifiers import separates
from billing_core.codesets.tables import PairVerdict, Verdict
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.rule import Severity

_MANUAL = "NCCI Policy Manual ch. 1 "
_ANY_PRIMARY = frozenset({"CCCCC"})  # the payer decides which primaries an add-on may follow


def _paired(claim: Claim, context: ClaimContext) -> Iterator[tuple[ClaimLine, ClaimLine, PairVerdict]]:
    """Pairs of lines of one day whose codes NCCI does not let stand together; the line not paid comes second."""
    if len(claim.lines) < 2:
        return
    for a, b in combinations(claim.lines, 2):
        if a.service_date != b.service_date or a.procedure == b.procedure:
            continue
        pair = context.tables.pair(a.procedure, b.procedure, a.service_date)
        if pair.verdict is Verdict.INVALID:
            paid, unpaid = (a, b) if pair.column_two == b.procedure else (b, a)
            yield paid, unpaid, pair


@edit("ncci-pair", "Two codes of an NCCI pair need a modifier that says they were separate.", _MANUAL + "section E")
def ncci_pair(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Modifier indicator 1: a modifier sets the edit aside, where the note supports it."""
    for paid, unpaid, pair in _paired(claim, context):
        if pair.modifier_allowed and not separates((*paid.modifiers, *unpaid.modifiers)):
            yield (
                f"is paid within line {paid.number} (NCCI)",
                f"line {unpaid.number}",
                "remove it, or add modifier 59 or XE, XP, XS, XU (25 on a visit) where the note shows it was separate",
            )


@edit("ncci-pair-never", "Two codes of a closed NCCI pair are never paid on one day.", _MANUAL + "section E")
def ncci_pair_never(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Modifier indicator 0: no modifier helps."""
    for paid, unpaid, pair in _paired(claim, context):
        if not pair.modifier_allowed:
            yield f"never paid together with line {paid.number} (NCCI)", f"line {unpaid.number}", "remove the line"


@edit(
    "ncci-pair-not-checked",
    "Pairs are checked against the NCCI release of the day.",
    _MANUAL + "section E",
    Severity.NOT_CHECKED,
)
def ncci_pair_not_checked(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """A claim of one line has no pairs."""
    if len(claim.lines) > 1 and context.tables.release("ptp", claim.service_date) is None:
        yield "no NCCI pair table is loaded for the date of service", "lines", "load the quarter's release"


@edit("mue-units", "Units stay within the medically unlikely edit.", _MANUAL + "section V; CARC 151")
def mue_units(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Per line (MAI 1), or all lines of the code on one day (MAI 2 and 3)."""
    told = set()
    for line in claim.lines:
        limit = context.tables.unit_limit(line.procedure, line.service_date)
        if limit.units is None:
            continue
        if limit.per_line:
            billed = line.units
        elif (line.procedure, line.service_date) in told:
            continue
        else:
            told.add((line.procedure, line.service_date))
            billed = sum(
                o.units for o in claim.lines if (o.procedure, o.service_date) == (line.procedure, line.service_date)
            )
        if billed > limit.units:
            yield (
                f"{billed} units, at most {limit.units} are likely",
                f"line {line.number}",
                "correct the units, or send the records with an appeal",
            )


@edit(
    "mue-not-checked",
    "Units are checked against the published limit of the day.",
    _MANUAL + "section V",
    Severity.NOT_CHECKED,
)
def mue_not_checked(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """No table loaded, or CMS keeps the code's limit to itself."""
    if not claim.lines:
        return
    if context.tables.release("mue", claim.service_date) is None:
        yield "no unit limits are loaded for the date of service", "lines", "load the quarter's MUE release"
        return
    for line in claim.lines:
        if line.units > 1 and context.tables.unit_limit(line.procedure, line.service_date).units is None:
            yield "no limit is published for the code", f"line {line.number}", "hold the units against the note"


@edit("add-on-alone", "An add-on code follows its primary procedure.", _MANUAL + "sections R and W; CARC 107")
def add_on_alone(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """On the same day; where the table leaves the primaries to the payer, any procedure serves."""
    for line in claim.lines:
        primaries = context.tables.primaries(line.procedure, line.service_date)
        if not primaries or not _ANY_PRIMARY.isdisjoint(primaries):
            continue
        beside = {o.procedure for o in claim.lines if o.service_date == line.service_date}
        if beside.isdisjoint(primaries):
            yield "an add-on code without its primary procedure", f"line {line.number}", "bill the primary procedure"


RULES = (ncci_pair, ncci_pair_never, ncci_pair_not_checked, mue_units, mue_not_checked, add_on_alone)
