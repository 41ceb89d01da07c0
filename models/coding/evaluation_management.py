"""The level of an office visit, by documented time or by medical decision making: with its reasons, or not at all.

The rules are those of the office and outpatient visit codes 99202 to 99215 as revised for 2021 (time values restated as
minimums in 2024): a level is met by total time on the day, or by two of three elements of decision making (problems,
data, risk). Only what a note states in plain words is counted; the count is shown so that a coder can disagree with
it. Preventive visits (99381 to 99397) go by age and by whether the patient is new. Descriptions are our own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from billing_core.encounter import Span
from models.coding.note import Kind, sections

NEW_MINUTES = ((60, "99205"), (45, "99204"), (30, "99203"), (15, "99202"))
KNOWN_MINUTES = ((40, "99215"), (30, "99214"), (20, "99213"), (10, "99212"))
NEW_LEVELS = ("99202", "99202", "99203", "99204", "99205")
KNOWN_LEVELS = ("99212", "99212", "99213", "99214", "99215")
PREVENTIVE_AGES = (  # (below this age, new patient, established patient)
    (1, "99381", "99391"),
    (5, "99382", "99392"),
    (12, "99383", "99393"),
    (18, "99384", "99394"),
    (40, "99385", "99395"),
    (65, "99386", "99396"),
    (200, "99387", "99397"),
)

_TIME = re.compile(
    r"(?:(?:total|spent|spend)[^.\n]{0,60}?\b(\d{1,3})\s*(?:-\s*)?min(?:ute)?s?\b"
    r"|\b(\d{1,3})\s*(?:-\s*)?min(?:ute)?s?\b[^.\n]{0,50}"
    r"\b(?:total|spent|face[- ]to[- ]face|on the date|on this encounter|of (?:total )?time))",
    re.I,
)
_NOT_VISIT_TIME = re.compile(
    r"(?:exercise|walk|bike|bicycl|run|smok|cessation|therap(?:y|eutic)|ice|heat|episode|last|sleep|after)", re.I
)
_NEW = re.compile(
    r"\bnew (?:patient|pt)\b|\bestablish(?:ing)? care\b|\bnew to (?:the|our|this) (?:clinic|practice|office)\b", re.I
)
_KNOWN = re.compile(
    r"\b(?:established|est\.?) (?:patient|pt)\b|\bfollow[- ]?up\b|\blast (?:seen|visit)\b|\breturns? (?:to|for"
    r"|today)\b|\breturning\b",
    re.I,
)
_PREVENTIVE = re.compile(
    r"\b(?:annual (?:physical|wellness|exam|preventive|visit|health)|well[- ](?:child|baby|woman|adult|adolescent"
    r"|infant)"
    r"|wellness (?:visit|exam)|routine physical|preventive (?:visit|exam|medicine|health)|health maintenance exam"
    r"|complete physical|routine child)\b",
    re.I,
)
_DRUG = re.compile(
    r"\b(?:prescri\w+|refill\w*|initiate|start(?:ed)?|continue|increase|decrease|titrate|switch\w*|\d+ ?mg\b|\d+"
    r" ?mcg\b|units (?:daily|at bedtime))",
    re.I,
)
_SURGERY = re.compile(
    r"\b(?:proceed with (?:surgery|surgical|the operation)|schedule\w* (?:for )?surgery|orif|surgical"
    r" intervention)\b",
    re.I,
)
_ADMIT = re.compile(
    r"\b(?:sent? to (?:the )?(?:ed|er|emergency)|admit(?:ted)? to|hospitali[sz]ation|transfer to (?:the )?hospital"
    r"|call(?:ed)? 911)\b",
    re.I,
)
_TESTS = re.compile(
    r"\b(?:cbc|cmp|bmp|a1c|hemoglobin a1c|lipid panel|tsh|thyroid panel|psa|urinalysis|urine culture|x-?rays?|mri"
    r"|ct(?: scan)?|ultrasound"
    r"|echocardiogram|stress test|ekg|ecg|emg|colonoscopy|mammogram|dexa|troponin|bnp|crp|esr|autoimmune panel"
    r"|spirometry|pulmonary function)\b",
    re.I,
)
_WORSE = re.compile(
    r"\b(?:worsen\w*|uncontrolled|poorly controlled|exacerbat\w*|not at goal|inadequately controlled|progress\w*"
    r"|flare)\b",
    re.I,
)
_SEVERE = re.compile(
    r"\b(?:severe exacerbation|life[- ]threatening|acute respiratory failure|sepsis|unstable angina|threat to"
    r" life)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class VisitLevel:
    """A visit code, where it stands in the note, why, and how sure (per mille)."""

    code: str
    spans: tuple[Span, ...]
    reason: str
    score: int
    title: str


def visit_level(text: str, age: int | None, problems: Sequence[Span]) -> VisitLevel | None:
    """The visit's level, None where the note shows no assessment to count and no time. `problems`: where they stand."""
    new = bool(_NEW.search(text)) and not re.search(r"\bestablished (?:patient|pt)\b", text, re.I)
    sure = new or bool(_KNOWN.search(text))
    preventive = _preventive(text, age, new)
    if preventive is not None:
        return preventive
    return _by_time(text, new) or _by_decisions(text, new, sure, problems)


def _title(code: str) -> str:
    who = "new" if code in NEW_LEVELS else "established"
    return f"Office visit of {'a new' if who == 'new' else 'an established'} patient, level {code[-1]}"


def _preventive(text: str, age: int | None, new: bool) -> VisitLevel | None:
    parts = sections(text)
    named = [p for p in parts if p.kind in (Kind.COMPLAINT, Kind.ASSESSMENT)] or list(parts[:1])
    for part in named:
        match = _PREVENTIVE.search(text, part.start, part.end)
        if match and age is not None:
            codes = next(row for row in PREVENTIVE_AGES if age < row[0])
            code = codes[1] if new else codes[2]
            who = "new" if new else "established"
            reason = f"a preventive visit of {'a' if new else 'an'} {who} patient, by age"
            title = f"Preventive visit, {who} patient, by age"
            return VisitLevel(code, (Span(match.start(), match.end()),), reason, 700, title)
    return None


def _by_time(text: str, new: bool) -> VisitLevel | None:
    for match in _TIME.finditer(text):
        sentence = max(text.rfind(".", 0, match.start()), text.rfind("\n", 0, match.start())) + 1
        if _NOT_VISIT_TIME.search(text, max(sentence, match.start() - 60), match.end()):
            continue
        minutes = int(match.group(1) or match.group(2))
        code = next((c for least, c in (NEW_MINUTES if new else KNOWN_MINUTES) if minutes >= least), "")
        if code and minutes <= 180:
            reason = (
                f"the note documents {minutes} minutes in total on the day (CPT time rule of 2021, minimums of 2024)"
            )
            return VisitLevel(code, (Span(match.start(), match.end()),), reason, 900, _title(code))
    return None


def _by_decisions(text: str, new: bool, sure: bool, named: Sequence[Span]) -> VisitLevel | None:
    parts = [p for p in sections(text) if p.kind in (Kind.ASSESSMENT, Kind.PLAN)]
    if not parts:
        return None
    plan = "\n".join(text[p.start : p.end] for p in parts)
    problems = _problem_level(len(named), plan)
    tests = len({m.group().lower() for m in _TESTS.finditer(plan)})
    data = 4 if tests > 5 else 3 if tests >= 3 else 2 if tests == 2 else 1
    data = min(data, 3)  # the highest level of data needs a talk with others, which a note rarely states in plain words
    risk = 4 if _ADMIT.search(plan) else 3 if _DRUG.search(plan) or _SURGERY.search(plan) else 2
    level = sorted((problems, data, risk))[1]
    code = (NEW_LEVELS if new else KNOWN_LEVELS)[level]
    reason = (
        f"two of three elements of decision making: problems {problems} of 4 ({len(named)} named), "
        f"data {data} of 4 ({tests} tests), risk {risk} of 4 (CPT office visit table of 2021)"
    )
    return VisitLevel(code, tuple(named[:3]), reason, 650 if sure else 600, _title(code))


def _problem_level(count: int, plan: str) -> int:
    """1 minimal, 2 low, 3 moderate, 4 high."""
    if _SEVERE.search(plan):
        return 4
    if count >= 2 or _WORSE.search(plan):
        return 3
    return 2
