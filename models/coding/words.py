"""Words of a note and of a code title, brought to one form so that they can meet.

A word keeps its place in the original text: character offsets are never lost, so evidence can be shown where it
stands. The normal form is lower case, singular, with abbreviations and adjectives of anatomy replaced by the word the
code set uses ("renal" and "kidneys" are both "kidney"; "cancer" is "malignant neoplasm").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(
    r"\b[wW]/[oO]?\b|\b[CLTclt]-[sS]pine\b|[A-Za-z]+(?:'[a-z]{1,2}\b)?|\d+(?:\.\d+)?(?:[a-z](?![A-Za-z]))?"
)
_SIDE_LETTERS = frozenset("rl")  # "R knee" is the right knee; "L5" is a vertebra and "r/o" is "rule out"
_KEPT_ENDINGS = ("ss", "us", "is", "os", "as", "itis")
_MAX_WORD = 40  # a longer run of letters is not a word of medicine


def word_set(text: str) -> frozenset[str]:
    """The words of a list written with spaces, as a set."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Word:
    """One normal word and the characters start..end of the text it came from."""

    normal: str
    start: int
    end: int


@lru_cache(maxsize=20_000)
def singular(word: str) -> str:
    """The singular, by spelling alone: the same rule on both sides matters more than grammar.

    >>> [singular(w) for w in ("kidneys", "biopsies", "pelvis", "rashes")]
    ['kidney', 'biopsy', 'pelvis', 'rash']
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(_KEPT_ENDINGS):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes")):
        return word[:-2]
    return word[:-1]


def words(text: str, synonyms: Mapping[str, tuple[str, ...]], start: int = 0, end: int | None = None) -> list[Word]:
    """The normal words of text[start:end], offsets into the whole text.

    A synonym of two words ("cancer": "malignant neoplasm") gives two words of one place.
    """
    found: list[Word] = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        raw = match.group().lower()
        if len(raw) > _MAX_WORD:
            continue
        if raw.startswith("w/"):
            raw = "without" if raw == "w/o" else "with"
        if "'" in raw:
            raw = raw.split("'")[0]
        if raw in _SIDE_LETTERS and not text[match.end() : match.end() + 1].isspace():
            continue
        normal = synonyms.get(raw)
        if normal is None:
            base = singular(raw)
            normal = synonyms.get(base, (base,))
        start_at, end_at = match.span()
        for word in normal:
            found.append(Word(word, start_at, end_at))
    return found


def normal_phrase(text: str, synonyms: Mapping[str, tuple[str, ...]]) -> str:
    """The normal words of a short text, joined by single spaces."""
    return " ".join(word.normal for word in words(text, synonyms))
