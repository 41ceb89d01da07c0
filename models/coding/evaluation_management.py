"""The level of an office visit as a note shows it: what counts for each element, where it stands, or nothing.

Who is new is asked of the practice's history first (`seen_before`), and of the note's words where history is silent.
The rules themselves are in `models.coding.visit_rules`; here a note is read for the total time, else for the problems,
data and risk it states in plain words. The count is shown so that a coder can disagree with it. Preventive visits go by
age and by whether the patient is new. Descriptions are our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_core.encounter import Span
from models.coding.note import Kind, sections
from models.coding.visit_rules import FAMILIES, Level, Place, decision_level, preventive_code

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
    r"\bnew (?:patient|pt)\b|\bestablish(?:ing)? care\b|\bnew to (?:the|our|this) (?:clinic|practice|office)\b"
    r"|\b(?:(?:her|his|their|the|a) )?first visit (?:with us|here|to (?:the|our|this) (?:clinic|practice|office))\b"
    r"|\b(?:not|never) (?:been )?seen (?:here|by us|in this (?:clinic|practice|office))(?: before)?\b",
    re.I,
)
_KNOWN = re.compile(
    r"\b(?:established|est\.?) (?:patient|pt)\b|\bfollow[- ]?up\b|\blast (?:seen|visit)\b|\breturns? (?:to|for"
    r"|today)\b|\breturning\b|\bknown to (?:me|us|this (?:clinic|practice|office))\b",
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


YEARS = 3


def seen_before(on: date, specialty: str, visits: Iterable[tuple[date, str]], history_from: date | None) -> bool | None:
    """Whether the patient had a professional service in this group and specialty within three years before `on`.

    `visits`: day and specialty (taxonomy code) of the patient's other visits to the group. `history_from`: the day from
    which the group's history is kept; without three years of it, having found no visit decides nothing (None). CPT,
    evaluation and management guidelines: new is who has had no professional service from a physician or other
    qualified professional of the exact same specialty of the same group within the past three years.

    >>> seen_before(date(2026, 4, 7), "207Q00000X", [(date(2023, 4, 7), "207Q00000X")], None)
    True
    >>> seen_before(date(2026, 4, 7), "207Q00000X", [(date(2023, 4, 6), "207Q00000X")], date(2020, 1, 1))
    False
    """
    first = on.replace(year=on.year - YEARS, day=28 if (on.month, on.day) == (2, 29) else on.day)
    if any(first <= day < on and its == specialty for day, its in visits):
        return True
    return False if history_from is not None and history_from <= first else None


@dataclass(frozen=True, slots=True)
class VisitLevel:
    """A visit code, where it stands in the note, why, and how sure (per mille)."""

    code: str
    spans: tuple[Span, ...]
    reason: str
    score: int
    title: str


def visit_level(text: str, age: int | None, problems: Sequence[Span], seen: bool | None = None) -> VisitLevel | None:
    """The visit's level, None where the note shows no assessment to count and no time. `problems`: where they stand.

    `seen`: what three years of history say (`seen_before`); None leaves it to the note's words.
    """
    worded = bool(_NEW.search(text)) and not re.search(r"\bestablished (?:patient|pt)\b", text, re.I)
    new = worded if seen is None else not seen
    sure = seen is not None or new or bool(_KNOWN.search(text))
    level = _preventive(text, age, new) or _by_time(text, new) or _by_decisions(text, new, sure, problems)
    if level is None or seen is None:
        return level
    by_history = f"{_HISTORY[seen]}{'; the note says otherwise' if worded is seen and _worded(text) else ''}"
    return replace(level, reason=f"{level.reason}; {by_history}")


_HISTORY = {
    True: "established: seen in this group and specialty within three years",
    False: "new: three years of history show no visit to this group and specialty",
}


def _worded(text: str) -> bool:
    """Whether the note says anything of new or established."""
    return bool(_NEW.search(text) or _KNOWN.search(text))


def _place(new: bool) -> Place:
    return Place.OFFICE_NEW if new else Place.OFFICE_KNOWN


def visit_title(code: str) -> str:
    """An office visit in our own words; "" for any other code."""
    if code not in {each for place in (Place.OFFICE_NEW, Place.OFFICE_KNOWN) for each, _, _ in FAMILIES[place]}:
        return ""
    who = "a new" if code.startswith("9920") else "an established"
    return f"Office visit of {who} patient, level {code[-1]}"


def _preventive(text: str, age: int | None, new: bool) -> VisitLevel | None:
    parts = sections(text)
    named = [p for p in parts if p.kind in (Kind.COMPLAINT, Kind.ASSESSMENT)] or list(parts[:1])
    for part in named:
        match = _PREVENTIVE.search(text, part.start, part.end)
        if match and age is not None and 0 <= age < 200:
            code = preventive_code(age, new)
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
        code = next((c for c, _, least in reversed(FAMILIES[_place(new)]) if minutes >= least), "")
        if code and minutes <= 180:
            reason = (
                f"the note documents {minutes} minutes in total on the day (CPT time rule of 2021, minimums of 2024)"
            )
            return VisitLevel(code, (Span(match.start(), match.end()),), reason, 900, visit_title(code))
    return None


def _by_decisions(text: str, new: bool, sure: bool, named: Sequence[Span]) -> VisitLevel | None:
    parts = [p for p in sections(text) if p.kind in (Kind.ASSESSMENT, Kind.PLAN)]
    if not parts:
        return None
    plan = "\n".join(text[p.start : p.end] for p in parts)
    problems = _problem_level(len(named), plan)
    tests = len({m.group().lower() for m in _TESTS.finditer(plan)})
    data = 3 if tests >= 3 else 2 if tests == 2 else 1  # the highest needs a talk with others, rarely stated
    risk = 4 if _ADMIT.search(plan) else 3 if _DRUG.search(plan) or _SURGERY.search(plan) else 2
    level = decision_level(Level(problems), Level(data), Level(risk))
    code = next(c for c, least, _ in reversed(FAMILIES[_place(new)]) if level >= least)
    reason = (
        f"two of three elements of decision making: problems {problems} of 4 ({len(named)} named), "
        f"data {data} of 4 ({tests} tests), risk {risk} of 4 (CPT office visit table of 2021)"
    )
    return VisitLevel(code, tuple(named[:3]), reason, 650 if sure else 600, visit_title(code))


def _problem_level(count: int, plan: str) -> int:
    """1 minimal, 2 low, 3 moderate, 4 high."""
    if _SEVERE.search(plan):
        return 4
    if count >= 2 or _WORSE.search(plan):
        return 3
    return 2
