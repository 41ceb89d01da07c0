"""Procedures the note says were done at this visit: CPT and HCPCS codes, by plain phrases and by the visit's level.

Honest and small: a phrase list (`procedures.toml`, descriptions in our own words) and `evaluation_management`. A
procedure that is planned, offered, refused or was done elsewhere is not suggested.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from billing_core.encounter import CodeSystem, Setting, Span
from models.coding.evaluation_management import visit_level
from models.coding.evidence import Patient
from models.coding.note import Kind, Sentence, sentences

_NOT_NOW = re.compile(
    r"\b(?:will (?:be )?(?:order|obtain|schedule|perform|get|check|send|do|need|proceed)\w*|ordered|ordering|order"
    r" (?:an?|for)|schedule[ds]?|recommend\w*"
    r"|consider\w*|discuss\w*|declin\w*|refus\w*|defer\w*|if (?:needed|symptoms|he|she|the|no)|may need"
    r"|plan(?:ned)? (?:for|to)|next (?:visit|week|month)|in \d+ (?:weeks|months)"
    r"|outside|prior|previous(?:ly)?|(?:days|weeks|months|years?) ago|history of|no |not |without|emergency room"
    r"|return for|would like|referr?\w*|awaiting|pending)\b",
    re.I,
)
_DONE_NOW = re.compile(
    r"\b(?:today|today's|in (?:the )?(?:office|clinic)|at this visit|tolerated|was (?:performed|given|administered"
    r"|injected|obtained))\b",
    re.I,
)
_SCORE_SURE, _SCORE = 800, 650


@dataclass(frozen=True, slots=True)
class ProcedureRule:
    """One row of procedures.toml: what says it was done, what says not, what must stand near."""

    code: str
    system: CodeSystem
    title: str
    done: re.Pattern[str]
    name: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    need: re.Pattern[str] | None
    anywhere: re.Pattern[str]  # done or name, over a text in lower case: most rules end at this one search


@dataclass(frozen=True, slots=True)
class ProcedureRules:
    """The rules, in the order of the file."""

    rules: tuple[ProcedureRule, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> ProcedureRules:
        """The rules of a procedures.toml. Raises ValueError or KeyError for a file of another shape."""
        rows = tomllib.loads(data.decode())["procedure"]
        return cls(
            tuple(
                ProcedureRule(
                    row["code"],
                    CodeSystem(row["system"]),
                    row["title"],
                    re.compile(row["done"], re.I),
                    re.compile(row["name"], re.I) if "name" in row else None,
                    re.compile(row["unless"], re.I) if "unless" in row else None,
                    re.compile(row["need"], re.I) if "need" in row else None,
                    re.compile("|".join(f"(?:{row[part]})" for part in ("done", "name") if part in row)),
                )
                for row in rows
            )
        )


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure the note says was done; `score` per mille."""

    system: CodeSystem
    code: str
    score: int
    spans: tuple[Span, ...]
    rule: str
    title: str


def find_procedures(
    text: str,
    rules: ProcedureRules,
    patient: Patient,
    service_date: date,
    problems: Sequence[Span],
    seen: bool | None = None,
) -> tuple[Procedure, ...]:
    """The procedures of the visit, the visit's level first. No visit level without a problem or in inpatient care.

    `problems`: where the problems suggested as diagnoses stand. `seen`: whether the patient was seen in this group and
    specialty within three years; None where history does not say.

    `service_date` is taken so that rules with dates can be added without changing callers.
    """
    found: list[Procedure] = []
    level = None
    if problems and patient.setting is Setting.OUTPATIENT:
        level = visit_level(text, patient.age, problems, seen)
    if level is not None:
        rule = f"Visit level: {level.reason}."
        found.append(Procedure(CodeSystem.CPT, level.code, level.score, level.spans, rule, level.title))
    units = [
        s for s in sentences(text) if s.kind not in (Kind.PAST, Kind.SURGICAL, Kind.FAMILY, Kind.ALLERGIES, Kind.COPIED)
    ]
    lower = text.lower()
    for rule_row in rules.rules:
        if not rule_row.anywhere.search(lower):
            continue
        found.extend(_performed(text, units, rule_row))
    return tuple(found)


def _performed(text: str, units: list[Sentence], rule: ProcedureRule) -> Iterator[Procedure]:
    """At most one suggestion per rule, with up to three places."""
    spans: list[Span] = []
    sure = False
    for at, unit in enumerate(units):
        match = rule.done.search(text, unit.start, unit.end)
        listed = match is None and unit.kind is Kind.PROCEDURE and rule.name is not None
        if listed and rule.name is not None:
            match = rule.name.search(text, unit.start, unit.end)
        if match is None or len(spans) == 3 or not _counts(text, unit, units[at + 1 : at + 4], rule, listed):
            continue
        spans.append(Span(match.start(), match.end()))
        sure = sure or listed or bool(_DONE_NOW.search(text, unit.start, unit.end))
    if spans:
        why = "The note says it was done at this visit; phrase list procedures.toml, code set CPT/HCPCS Level II."
        yield Procedure(rule.system, rule.code, _SCORE_SURE if sure else _SCORE, tuple(spans), why, rule.title)


def _counts(text: str, unit: Sentence, after: list[Sentence], rule: ProcedureRule, listed: bool) -> bool:
    if rule.unless and rule.unless.search(text, unit.start, unit.end):
        return False
    if _NOT_NOW.search(text, unit.start, unit.end) and not _DONE_NOW.search(text, unit.start, unit.end):
        return False
    if rule.need is None or listed:
        return True
    end = max([unit.end, *(s.end for s in after if s.kind is unit.kind)])
    return bool(rule.need.search(text, unit.start, end))
