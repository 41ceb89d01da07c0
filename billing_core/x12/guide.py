"""What a guide asks of a transaction set, as data: the shape that every guide's rule module fills.

A rule module cuts a set into parts (a claim, a line, a payer), says which segments a part must have, which values an
element may have and of which type it is, and adds the rules that need counting (sums, check digits, pointers).
`findings` reads these tables; to ask more of a guide, add a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from billing_core.codesets.tables import Tables
from billing_core.errors import MoneyError, X12Error
from billing_core.money import parse_amount
from billing_core.rule import Finding, Rule, Severity
from billing_core.x12.envelope import TransactionSet
from billing_core.x12.segment import LENGTH_MAX, LENGTH_MAX_OTHER, Segment, first, parse_day

_EXTENDED = re.compile(r"[A-Za-z0-9!\"&'()*+,\-./:;?= %~@\[\]_{}\\|<>^`#$]*\Z", re.ASCII)
_NUMBER = re.compile(r"-?(\d{1,15}(\.\d*)?|\.\d+)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a set that a guide speaks of ("claim", "line"), without the pieces below it."""

    name: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """A set with its parts, in file order: the subject of a guide's rules."""

    set: TransactionSet
    parts: tuple[Part, ...]

    def named(self, *names: str) -> Iterator[Part]:
        """The parts of these names."""
        return (part for part in self.parts if part.name in names)


@dataclass(frozen=True, slots=True)
class Required:
    """A part must hold this segment (its first element one of `qualifiers`, when any are given)."""

    part: str
    id: str
    qualifiers: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Coded:
    """An element, when present, holds one of `values`; only in the parts of these names, when any are given."""

    id: str
    element: int
    values: frozenset[str]
    component: int = 0
    parts: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Typed:
    """An element, when present, is of a type: amount, charge (an amount, not negative), number, quantity, date, period.

    `qualifiers` are values of the segment's element `qualified_by`.
    """

    id: str
    element: int
    type: str
    qualified_by: int = 0
    qualifiers: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR


SetRule = Rule[Parts, Tables | None]


@dataclass(frozen=True, slots=True)
class Guide:
    """One implementation guide: how its sets are known, cut and judged, and the reader that takes them.

    `unknown` and `unread` say how bad a segment the guide does not know, and a set our reader does not take, are.
    """

    kind: str
    name: str
    set_id: str
    group_id: str
    versions: tuple[str, ...]
    cut: Callable[[TransactionSet], Iterator[Part]]
    read: Callable[[TransactionSet], Any]
    segments: frozenset[str]
    required: tuple[Required, ...]
    coded: tuple[Coded, ...]
    typed: tuple[Typed, ...]
    rules: tuple[SetRule, ...]
    unknown: Severity = Severity.WARNING
    unread: Severity = Severity.ERROR


def codes(text: str) -> frozenset[str]:
    """The codes of a list, written with blanks between."""
    return frozenset(text.split())


def _finding(rule: str, severity: Severity, message: str, where: str, mend: str) -> Finding:
    return Finding(rule, severity, message, where, mend)


def findings(guide: Guide, one: TransactionSet, tables: Tables | None = None) -> tuple[Finding, ...]:
    """All that the guide's tables, rules and reader find in one transaction set; codes by `tables`, when given."""
    subject = Parts(one, tuple(guide.cut(one)))
    coded = _by_id(guide.coded)
    typed = _by_id(guide.typed)
    required = {name: tuple(rows) for name, rows in groupby(_sorted(guide.required), key=lambda row: row.part)}
    found: list[Finding] = []
    for part in subject.parts:
        anchor = part.segments[0] if part.segments else one.header
        found.extend(_missing(part, anchor, required.get(part.name, ())))
        for segment in part.segments:
            found.extend(_judge(guide, part.name, segment, coded.get(segment.id, ()), typed.get(segment.id, ())))
    for rule in guide.rules:
        found.extend(rule.check(subject, tables))
    if not any(f.severity is Severity.ERROR for f in found):
        found.extend(_unread(guide, one))
    return tuple(found)


def _sorted(rows: tuple[Required, ...]) -> list[Required]:
    return sorted(rows, key=lambda row: row.part)


def _by_id(rows: tuple[Any, ...]) -> dict[str, tuple[Any, ...]]:
    table: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        table[row.id] = (*table.get(row.id, ()), row)
    return table


def _missing(part: Part, anchor: Segment, rows: tuple[Required, ...]) -> Iterator[Finding]:
    for row in rows:
        if first(part.segments, row.id, *row.qualifiers) is None:
            name = "*".join((row.id, "/".join(row.qualifiers))) if row.qualifiers else row.id
            message = f"the {part.name} has no {name}, which the guide requires"
            yield _finding("x12-required", row.severity, message, anchor.where(), f"add the {name} segment")


def _judge(
    guide: Guide, part: str, segment: Segment, coded: tuple[Coded, ...], typed: tuple[Typed, ...]
) -> Iterator[Finding]:
    """One segment against the tables."""
    if segment.id not in guide.segments:
        message = f"a segment that the {guide.kind} guide does not use"
        yield _finding(
            "x12-unknown-segment", guide.unknown, message, segment.where(), "remove it, or ask the sender why"
        )
    yield from _characters(guide, segment)
    for code in coded:
        if code.parts and part not in code.parts:
            continue
        value = segment.part(code.element, code.component) if code.component else segment.get(code.element)
        if value and value not in code.values:
            place = segment.where(code.element) + (f"-{code.component}" if code.component else "")
            yield _finding(
                "x12-code", code.severity, "a code that is not in the guide's list", place, "correct the code"
            )
    for row in typed:
        if row.qualified_by and segment.get(row.qualified_by) not in row.qualifiers:
            continue
        value = segment.get(row.element)
        wrong = _TYPES[row.type](value) if value else ""
        if wrong:
            yield _finding("x12-type", row.severity, wrong, segment.where(row.element), "correct the value")


def _characters(guide: Guide, segment: Segment) -> Iterator[Finding]:
    """Lengths, and the extended character set."""
    limits = LENGTH_MAX.get(segment.id, {})
    for number, value in enumerate(segment.elements):
        if len(value) > 10 and len(value) > limits.get(number, LENGTH_MAX_OTHER) and number:
            where = segment.where(number)
            yield _finding("x12-length", guide.unknown, "longer than the guide allows", where, "shorten the value")
        if not value.isascii() or not (value.isalnum() or _EXTENDED.match(value)):
            message = "a character outside the X12 extended set"
            yield _finding("x12-character", Severity.WARNING, message, segment.where(number), "replace the character")


def _amount(value: str) -> str:
    try:
        parse_amount(value)
    except MoneyError:
        return "not an amount in whole cents"
    return ""


def _charge(value: str) -> str:
    return _amount(value) or ("a negative amount" if value.startswith("-") else "")


def _number(value: str) -> str:
    return "" if _NUMBER.match(value) else "not a number"


def _quantity(value: str) -> str:
    if not _NUMBER.match(value) or value.startswith("-") or not value.strip("0."):
        return "not a quantity above zero"
    return ""


def _date(value: str) -> str:
    return "" if parse_day(value) else "not a calendar date CCYYMMDD"


def _period(value: str) -> str:
    start, _, end = value.partition("-")
    first_day, last_day = parse_day(start), parse_day(end)
    return "" if first_day and last_day and first_day <= last_day else "not a period CCYYMMDD-CCYYMMDD"


_TYPES: dict[str, Callable[[str], str]] = {
    "amount": _amount,
    "charge": _charge,
    "number": _number,
    "quantity": _quantity,
    "date": _date,
    "period": _period,
}


def _unread(guide: Guide, one: TransactionSet) -> Iterator[Finding]:
    """Whether our own reader takes the set."""
    try:
        guide.read(one)
    except X12Error as error:
        yield _finding("x12-unread", guide.unread, error.message, error.where, error.mend)
