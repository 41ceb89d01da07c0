"""How an injury happened, where the note says so: mechanism and activity codes beside an injury in active treatment.

ICD-10-CM guideline I.C.20: external cause codes are never first, are given once for the encounter in which the injury
is first treated, and are voluntary unless a payer or state asks for them. So they are offered only beside an S or T
injury code with seventh character A, at a low score, for the coder to keep or drop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.coding.context import Context, context_of, contexts
from models.coding.note import Kind, Sentence


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause found at text[start:end]; `grade` is its key in the artifact's weights."""

    code: str
    start: int
    end: int
    grade: str


# The first mechanism of this order that the note tells is the one: the more exact before the less.
MECHANISMS: tuple[tuple[str, str], ...] = (
    (
        "V89.2XXA",
        r"motor vehicle (?:accident|collision|crash)|\bmv[ac]\b|car (?:accident|crash|wreck)|rear[- ]ended|t-boned",
    ),
    (
        "V19.9XXA",
        r"(?:bicycle|bike) (?:accident|crash)|f(?:e|a)ll(?:ing)? off (?:of )?(?:his|her|a|the) (?:bicycle|bike)",
    ),
    ("W54.0XXA", r"dog bite|bitten by (?:a|his|her|the|their) (?:\w+ )?dog|dog bit"),
    ("W55.01XA", r"cat bite|bitten by (?:a|his|her|the|their) (?:\w+ )?cat\b"),
    ("W57.XXXA", r"(?:insect|tick|mosquito|spider|bug|flea) bites?|bitten by (?:an?|the) (?:insect|tick|mosquito|bug)"),
    ("W00.9XXA", r"(?:slipped|slipping|slip|fell|fall)\b[^.\n]{0,30}\b(?:ice|icy|snow)"),
    ("W11.XXXA", r"(?:fell|fall|falling)\b[^.\n]{0,20}\bladder"),
    ("W10.9XXA", r"(?:fell|fall|falling|tumbled)\b[^.\n]{0,25}\b(?:stairs|steps|staircase)"),
    ("W06.XXXA", r"(?:fell|fall|falling)\b[^.\n]{0,15}\b(?:out of|from|off) (?:the |her |his )?bed\b"),
    (
        "W01.0XXA",
        r"(?:slipped|tripped)\b[^.\n]{0,40}\b(?:fell|fall|landed|landing)|tripping and falling|slipping and falling",
    ),
    ("W18.49XA", r"(?:slipped|tripped|stumbled)\b"),
    ("W26.0XXA", r"cut\b[^.\n]{0,30}\b(?:knife|blade)|(?:knife|blade)\b[^.\n]{0,20}\bslipped"),
    (
        "X50.0XXA",
        r"(?:while|when|after|from) (?:he was |she was )?(?:lifting|picking up)\b|moving (?:boxes|furniture)"
        r"|lifted (?:a|an|some|heavy)",
    ),
    (
        "W19.XXXA",
        r"\b(?:he|she|patient|and) fell\b|\bhad a fall\b|\bafter (?:a )?fall(?:ing)?\b"
        r"|\bfell (?:on|onto|down|off|directly|and)\b|\bsustained a fall\b",
    ),
)
ACTIVITIES: tuple[tuple[str, str], ...] = (
    ("Y93.02", r"\b(?:jogging|running|marathon|while on a run|runner)\b"),
    ("Y93.01", r"\b(?:while|when) (?:he was |she was )?(?:walking|hiking)\b"),
    ("Y93.53", r"\bgolf(?:ing)?\b"),
    ("Y93.73", r"\b(?:tennis|racquetball|squash|pickleball)\b"),
    ("Y93.67", r"\bbasketball\b"),
    ("Y93.66", r"\bsoccer\b"),
    ("Y93.68", r"\bvolleyball\b"),
    ("Y93.64", r"\b(?:baseball|softball)\b"),
    ("Y93.61", r"\b(?:tackle|american) football\b"),
    ("Y93.55", r"\b(?:bike riding|cycling|bicycling)\b"),
    ("Y93.23", r"\bskiing\b"),
    ("Y93.44", r"\btrampoline\b"),
    ("Y93.43", r"\bgymnastics\b"),
    ("Y93.11", r"\bswimming\b"),
)
_TOLD_IN = (Kind.HISTORY, Kind.COMPLAINT, Kind.NONE, Kind.OTHER, Kind.ASSESSMENT)
_LONG_PAST = re.compile(r"\byears? ago\b|\bin (?:19|20)\d\d\b", re.I)
_MECHANISMS = tuple((code, re.compile(pattern, re.I)) for code, pattern in MECHANISMS)
_ACTIVITIES = tuple((code, re.compile(pattern, re.I)) for code, pattern in ACTIVITIES)


def causes(text: str, told: Sequence[Sentence]) -> Iterator[Cause]:
    """At most one mechanism and one activity, from the note's sentences."""
    for rules, grade in ((_MECHANISMS, "cause.mechanism"), (_ACTIVITIES, "cause.activity")):
        for code, pattern in rules:
            found = _first(text, told, pattern) if pattern.search(text) else None
            if found is not None:
                yield Cause(code, *found, grade)
                break


def _first(text: str, told: Sequence[Sentence], pattern: re.Pattern[str]) -> tuple[int, int] | None:
    """The first place that says so of this injury: not denied, not long past."""
    for sentence in told:
        match = pattern.search(text, sentence.start, sentence.end) if sentence.kind in _TOLD_IN else None
        if match is None or _LONG_PAST.search(text, sentence.start, sentence.end):
            continue
        coloured = contexts(text, sentence.start, sentence.end, sentence.kind)
        if context_of(coloured, match.start(), match.end()) in (None, Context.HISTORICAL):
            return match.start(), match.end()
    return None
