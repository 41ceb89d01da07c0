"""A rule and what it finds.

A `Rule` is one sentence a biller can read, with its source and the dates it is in force; its `check` yields
`Finding`s. Findings are values: they are returned, shown, counted and stored, never raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

Subject = TypeVar("Subject")
Context = TypeVar("Context")


class Severity(StrEnum):
    """ERROR holds the claim; WARNING is shown; NOT_CHECKED says a rule could not be decided (never a pass)."""

    ERROR = "error"
    WARNING = "warning"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: which rule, how bad, what is wrong, where, and what would mend it. Never patient data."""

    rule: str
    severity: Severity
    message: str
    where: str
    mend: str


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject, Context]):
    """One rule: a stable id, the sentence, its source, the function that checks it, and the dates it is in force."""

    id: str
    sentence: str
    source: str
    check: Callable[[Subject, Context], Iterator[Finding]]
    effective_from: date = date.min
    effective_to: date = date.max

    def in_force(self, on: date) -> bool:
        """Whether the rule applies on that day (both ends included)."""
        return self.effective_from <= on <= self.effective_to


def run(rules: Iterable[Rule[Subject, Context]], subject: Subject, context: Context, on: date) -> tuple[Finding, ...]:
    """Every finding of every rule in force on `on`, in the order of the rules."""
    return tuple(finding for rule in rules if rule.in_force(on) for finding in rule.check(subject, context))


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only the findings that hold a claim."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
