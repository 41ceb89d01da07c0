"""Whether the codes of a claim file are valid on the day, by the code tables that are loaded; for both claim guides.

Diagnoses are valid by the day of service or discharge, procedures by the day of service (45 CFR 162.1011). What no
table can decide is said to be not checked; it is never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from billing_core.codesets.tables import Tables, Verdict
from billing_core.rule import Finding, Rule, Severity
from billing_core.x12.claim_body import dotted
from billing_core.x12.claim_rules import finding
from billing_core.x12.guide import Parts, SetRule

_REFUSED = (Verdict.INVALID, Verdict.NOT_BILLABLE)


@dataclass(frozen=True, slots=True)
class DatedCode:
    """A code of a claim, the day on which it must be valid, and where it stands."""

    code: str
    day: date | None
    where: str
    is_diagnosis: bool = False


CodesOf = Callable[[Parts], Iterable[DatedCode]]


def validity(prefix: str, codes_of: CodesOf) -> SetRule:
    """The rule that every code of a set is valid on its day; `codes_of` finds them in a guide's segments."""
    sentence = "Codes are valid on the day of service."
    return Rule(f"{prefix}-procedure", sentence, "45 CFR 162.1011", partial(_valid, prefix, codes_of))


def _valid(prefix: str, codes_of: CodesOf, subject: Parts, tables: Tables | None) -> Iterator[Finding]:
    where = subject.set.header.where()
    if tables is None:
        message = "the codes were not looked up: no code tables were given"
        yield finding(f"{prefix}-procedure", message, where, "check it with --tables FOLDER", Severity.NOT_CHECKED)
        return
    unchecked = False
    for coded in codes_of(subject):
        verdict = _verdict(coded, tables)
        unchecked |= verdict is Verdict.NOT_CHECKED
        if verdict in _REFUSED and coded.is_diagnosis:
            message = "not a billable ICD-10-CM code on the day of service"
            yield finding(f"{prefix}-diagnosis", message, coded.where, "code to the last character")
        elif verdict in _REFUSED:
            message = "not a valid procedure code on the day of service"
            yield finding(f"{prefix}-procedure", message, coded.where, "correct the procedure code")
    if unchecked:
        message = "some codes were not checked: no release of their table covers the day"
        yield finding(f"{prefix}-procedure", message, where, "load the release", Severity.NOT_CHECKED)


def _verdict(coded: DatedCode, tables: Tables) -> Verdict:
    if coded.day is None:
        return Verdict.NOT_CHECKED
    if coded.is_diagnosis:
        return tables.diagnosis(dotted(coded.code), coded.day)
    return tables.procedure(coded.code, coded.day)
