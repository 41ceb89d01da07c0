"""From a category to the one code that may be billed: side, specificity, seventh character.

The most specific code the note supports, never more (ICD-10-CM guideline I.B.2); unspecified where the note does not
say (I.B.18); a bilateral condition without a bilateral code takes both sides (I.B.13); a fracture not described as
open is closed, not described as displaced is displaced (I.C.19.c); seventh character A while treatment is active, D
in the healing after it (I.C.19.a).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.coding.candidates import NEUTRAL, SOFT, STOP_WORDS, side_of
from models.coding.code_table import CodeRow, CodeTable, extended
from models.coding.words import words as words_of


@dataclass(frozen=True, slots=True)
class Leaf:
    """A billable code, and the sentence why this one of its category ("" where there was nothing to choose)."""

    code: str
    reason: str = ""


_AFTERCARE = re.compile(
    r"\b(?:subsequent encounter|follow[- ]?up|post[- ]?op\w*|healing|healed|status post|s/p|cast removal|recheck"
    r"|re-check"
    r"|aftercare|routine healing)\b",
    re.I,
)
_CAME_FOR_AFTERCARE = re.compile(
    r"\b(?:(?:follow[- ]?up|recheck|re-check|reevaluation|post[- ]?op(?:erative)? (?:visit"
    r"|check))[^.\n]{0,40}\b(?:fracture|sprain|strain"
    r"|injury|laceration|wound|surgery|repair|dislocation|contusion|concussion|burn)|(?:fracture|sprain|strain"
    r"|injury|laceration|wound"
    r"|surgery|repair|dislocation)[^.\n]{0,25}\b(?:follow[- ]?up|recheck)|cast removal|suture removal"
    r"|post[- ]?op(?:erative)? visit)\b",
    re.I,
)
_NOT_ASKED = NEUTRAL | SOFT | STOP_WORDS


def seventh_character(row: CodeRow, header: str, complaint: str) -> str:
    """The seventh character for an injury code: D in aftercare, else A (B for a fracture called open)."""
    if not row.seventh:
        return ""
    initial = re.search(r"\binitial (?:encounter|enc|visit)\b", header, re.I)
    came = _AFTERCARE.search(header) or _CAME_FOR_AFTERCARE.search(complaint)
    if "D" in row.seventh and came and not initial:
        return "D"
    if "B" in row.seventh and re.search(r"\b(?:open|compound)\b", header, re.I):
        return "B"
    return "A" if "A" in row.seventh else row.seventh[0]


def leaves(
    table: CodeTable, code: str, header: Sequence[str], side: str, aftercare: str = "", said: str = ""
) -> tuple[Leaf, ...]:
    """The billable codes for `code` (a code or category).

    `header`: its normal words; `side`: "R", "L", "B" or "" as the note says; `said` and `aftercare`: the raw header and
    complaint, read for the seventh character. Two leaves only where both sides are meant and no code means both.
    """
    rows = _candidates(table, code, side)
    if not rows:
        return ()
    if side == "B" and len(rows) > 1 and not _for_side(rows, "B"):
        pair = [_best(_for_side(rows, s), header) for s in "RL" if _for_side(rows, s)]
        if len(pair) == 2:
            why = "both sides, and no code for both (guideline I.B.13)"
            return tuple(Leaf(_finished(row, said, aftercare), why) for row in pair)
    row = _best(_fitting(rows, side), header)
    return (Leaf(_finished(row, said, aftercare), _reason(row, rows, side, said)),)


def _candidates(table: CodeTable, code: str, side: str) -> list[CodeRow]:
    stem = table.stem(code)
    rows = list(table.below(stem))
    if len(rows) == 1 and side and rows[0].code == stem and _row_side(rows[0]) not in ("", side):
        # a dictionary may name the unspecified leaf where the note gives the side: look at its sisters
        rows = [r for r in table.below(stem[:-1]) if len(r.code) == len(stem)] or rows
    return rows


def _row_side(row: CodeRow) -> str:
    title = row.title.lower().replace("(", " ").split(",")
    text = " ".join(title)
    named = side_of(w.strip("()") for w in text.split())
    if named:
        return named
    return (
        "U"
        if re.search(
            r"unspecified (?:\w+ ){0,5}(?:knee|hip|shoulder|elbow|wrist|hand|ankle|foot|eye|ear|side|limb|arm|leg"
            r"|breast|ovary"
            r"|finger|thumb|toe|upper arm|forearm|thigh|lower leg|eyelid|kidney|bronchus|clavicle|femur|humerus"
            r"|radius|ulna|tibia"
            r"|fibula|patella|joint|testis|hands?|feet|extremity|part|toes?|heel|tendon|vein|artery)s?\b",
            text,
        )
        else ""
    )


def _for_side(rows: Sequence[CodeRow], side: str) -> list[CodeRow]:
    return [r for r in rows if _row_side(r) == side]


def _fitting(rows: Sequence[CodeRow], side: str) -> Sequence[CodeRow]:
    """The rows that the side allows; without a side, the unspecified ones where there are any."""
    if side:
        return _for_side(rows, side) or [r for r in rows if _row_side(r) in ("", "U")] or rows
    return [r for r in rows if _row_side(r) in ("", "U")] or rows


def _best(rows: Sequence[CodeRow], header: Sequence[str]) -> CodeRow:
    said = frozenset(header)
    return min(rows, key=lambda r: (_misfit(r.title, said), -("unspecified" in r.title.lower()), len(r.title), r.code))


def _misfit(title: str, said: frozenset[str]) -> int:
    """How much the title claims that the header does not say; less for what it does say."""
    named = {w.normal for w in words_of(title, {})} - {"right", "left", "bilateral"}
    claimed = {w for w in named if w not in _NOT_ASKED and not w.isdigit()}
    unsaid = len(claimed - said) * 10 - len(claimed & said) * 12
    return (
        unsaid
        + (6 if "nondisplaced" in named and "nondisplaced" not in said else 0)
        - (4 if "unspecified" in named else 0)
        + (3 if "other" in named and "unspecified" not in named else 0)
    )


def _finished(row: CodeRow, said: str, aftercare: str) -> str:
    character = seventh_character(row, said, aftercare)
    return extended(row.code, character) if character else row.code


def _reason(row: CodeRow, rows: Iterable[CodeRow], side: str, said: str) -> str:
    reasons = []
    if len(list(rows)) > 1:
        if _row_side(row) == "U":
            reasons.append("the note does not give the side (guideline I.B.18)")
        elif side and _row_side(row) == side:
            reasons.append({"R": "right side", "L": "left side", "B": "both sides"}[side] + " as the note says")
    if "fracture" in row.title.lower() and row.seventh and "open" not in said.lower():
        reasons.append("a fracture not called open is closed (guideline I.C.19.c)")
    return "; ".join(reasons)
