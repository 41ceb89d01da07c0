"""Edits of the service lines: there is one, each carries a procedure, modifiers, units and a place that hold together.

Guide: 005010X222A1 SV1 (loop 2400) and CLM05 (loop 2300); code sets by 45 CFR 162.1002.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from billing_core.claim import Claim
from billing_core.codesets.modifiers import well_formed
from billing_core.codesets.tables import Verdict
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.rule import Severity

MOST_LINES = 50
MOST_MODIFIERS = 4
_GUIDE = "005010X222A1 "
_CODE = re.compile(r"[0-9A-Z]\d{3}[0-9A-Z]", re.ASCII)  # CPT 99213, 0054T, 0001U; HCPCS G0008
_PLACE = re.compile(r"\d\d", re.ASCII)


@edit("no-line", "A claim has at least one service line.", _GUIDE + "loop 2400")
def no_line(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Nothing to pay."""
    if not claim.lines:
        yield "the claim has no service line", "lines", "sign a procedure, or close the visit with a reason"


@edit("too-many-lines", "A professional claim has at most fifty lines.", _GUIDE + "loop 2400, repeat 50")
def too_many_lines(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The rest belongs on a second claim."""
    if len(claim.lines) > MOST_LINES:
        yield f"{len(claim.lines)} service lines", "lines", "split the visit into two claims"


@edit("line-control", "Every line has its own control number.", _GUIDE + "2400 REF*6R")
def line_control(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """By which the remittance's lines find ours."""
    controls = {line.control for line in claim.lines}
    if "" in controls or len(controls) != len(claim.lines):
        yield "a line without a control number of its own", "lines", "build the claim again from its charges"


@edit("procedure-form", "A procedure is a five-character CPT or HCPCS code.", _GUIDE + "2400 SV101-2")
def procedure_form(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Upper case, no modifier attached."""
    for line in claim.lines:
        if not _CODE.fullmatch(line.procedure):
            yield "not the form of a CPT or HCPCS code", f"line {line.number}", "correct the procedure code"


@edit("procedure-unknown", "A procedure is listed in the release of its day.", "45 CFR 162.1002")
def procedure_unknown(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Mistyped, deleted, or not yet in force."""
    for line in claim.lines:
        if context.tables.procedure(line.procedure, line.service_date) is Verdict.INVALID:
            yield "not listed on the date of service", f"line {line.number}", "look the code up in the year's list"


@edit(
    "procedure-not-checked",
    "Procedures are checked against the release of their day.",
    "45 CFR 162.1002",
    Severity.NOT_CHECKED,
)
def procedure_not_checked(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """No loaded list speaks of the day."""
    if any(context.tables.release("procedures", line.service_date) is None for line in claim.lines):
        yield "no procedure list is loaded for the date of service", "lines", "load the list of that year"


@edit("modifier-form", "A modifier is two letters or digits.", _GUIDE + "2400 SV101-3 to SV101-6")
def modifier_form(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Upper case."""
    for line in claim.lines:
        for modifier in line.modifiers:
            if not well_formed(modifier):
                yield "not the form of a modifier", f"line {line.number}", "write two upper-case letters or digits"


@edit("modifier-count", "A line has at most four modifiers, each once.", _GUIDE + "2400 SV101-3 to SV101-6")
def modifier_count(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """More than four need modifier 99 by agreement with the payer."""
    for line in claim.lines:
        if len(line.modifiers) > MOST_MODIFIERS:
            yield f"{len(line.modifiers)} modifiers", f"line {line.number}", "keep the four that affect payment"
        elif len(set(line.modifiers)) != len(line.modifiers):
            yield "a modifier given twice", f"line {line.number}", "remove the second"


@edit("units", "Units are at least one.", _GUIDE + "2400 SV104")
def units(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Whole units."""
    for line in claim.lines:
        if line.units < 1:
            yield "fewer than one unit", f"line {line.number}", "correct the units"


@edit("place-of-service", "The place of service is a two-digit CMS code.", _GUIDE + "CLM05-1, SV105")
def place_of_service(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Of the claim, and of each line that differs from it."""
    if not _PLACE.fullmatch(claim.location.place_of_service):
        yield "not a place of service code", "location", "give the location its two-digit CMS place of service"
    for line in claim.lines:
        if line.place_of_service and not _PLACE.fullmatch(line.place_of_service):
            yield "not a place of service code", f"line {line.number}", "correct the place of service"


RULES = (
    no_line,
    too_many_lines,
    line_control,
    procedure_form,
    procedure_unknown,
    procedure_not_checked,
    modifier_form,
    modifier_count,
    units,
    place_of_service,
)
