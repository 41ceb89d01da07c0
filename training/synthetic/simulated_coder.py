"""The simulated certified coder: a stand-in who accepts, rejects and adds codes, and signs. Actor `simulated-coder`.

It knows the answers (answers.jsonl, slips included) and looks at the note around a suggestion's evidence to say why it
rejects one. Reasons are those of the coder's screen: negated, history, not_supported, wrong_specificity, wrong_side,
incidental, integral_symptom, duplicate.

    cleanclaim-train simulated-coder --world DIR --suggestions FILE --out FILE
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from training.synthetic.world_folder import WorldFolderError, by_encounter, lines, write_lines

ACTOR = "simulated-coder"
_BEFORE, _AFTER = 70, 25  # characters of the note read on either side of the evidence
_NEGATED = re.compile(
    r"\b(no|not|denies|denied|negative for|without|w/o|absence of|ruled out|nothing to suggest)\b", re.I
)
_PAST = re.compile(
    r"\b(history of|h/o|hx of|s/p|status post|past|previous|prior|pmh\w*|copied|carried forward)\b", re.I
)
_FAMILY = re.compile(
    r"\b(family|fhx?|mother|father|brother|sister|aunt|uncle|grandmother|grandfather)\b", re.I
)  # a relative's illness
_SENTENCE_END = re.compile(r"[.;\n]")


def system_of(code: str, diagnosis: bool) -> str:
    """The code system's name: CPT codes begin with a digit, HCPCS Level II with a letter."""
    return "ICD-10-CM" if diagnosis else "CPT" if code[:1].isdigit() else "HCPCS"


def _context(note: str, span: Any) -> tuple[str, str]:
    """The sentence before the evidence (as far as it is read), and the longer stretch before and after."""
    start, end = (span["start"], span["end"]) if isinstance(span, dict) else (int(span[0]), int(span[1]))
    before = note[max(0, start - _BEFORE) : start]
    return _SENTENCE_END.split(before)[-1], before + note[start : end + _AFTER]


def _differs_in_side(one: str, other: str) -> bool:
    """Whether two ICD-10-CM codes differ in one character that stands for a side (0 to 3 or 9)."""
    if len(one) != len(other):
        return False
    unlike = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(unlike) == 1 and all(c in "01239" for c in unlike[0])


def _why_not_diagnosis(code: str, signed: list[str], note: str, spans: list[Any]) -> str:
    """Why a diagnosis is rejected: by the codes signed, then by the words around its evidence."""
    family = [s for s in signed if s[:3] == code[:3]]
    if any(_differs_in_side(code, s) for s in family):
        return "wrong_side"
    if family:
        return "wrong_specificity"
    contexts = [_context(note, span) for span in spans]
    if contexts and all(_NEGATED.search(near) for near, _ in contexts):
        return "negated"
    if contexts and all(_PAST.search(wide) or _FAMILY.search(wide) for _, wide in contexts):
        return "history"
    if code.startswith("R") and any(not s.startswith(("R", "Z")) for s in signed):
        return "integral_symptom"
    return "incidental" if code.startswith("Z") else "not_supported"


def _why_not_procedure(code: str, signed: list[str]) -> str:
    """A visit of another level is the wrong specificity; anything else was not done."""
    visit = code.startswith(("992", "993"))
    return "wrong_specificity" if visit and any(s[:3] in ("992", "993") for s in signed) else "not_supported"


def decide(suggested: list[dict[str, Any]], answer: dict[str, Any], note: str) -> list[dict[str, str]]:
    """Accept, reject with a reason, or add: one decision per suggestion in order, then the codes that were missing."""
    diagnoses: list[str] = answer["diagnoses"]
    procedures = [p["code"] for p in answer["procedures"]]
    decisions: list[dict[str, str]] = []
    seen: set[str] = set()

    def decision(code: str, diagnosis: bool, what: str, reason: str) -> None:
        system = system_of(code, diagnosis)
        decisions.append({"system": system, "code": code, "decision": what, "reason": reason})

    for item in suggested:
        code, diagnosis = item["code"], item["system"] == "ICD-10-CM"
        right = diagnoses if diagnosis else procedures
        if code in seen:
            decision(code, diagnosis, "reject", "duplicate")
        elif code in right:
            decision(code, diagnosis, "accept", "")
        elif diagnosis:
            decision(code, True, "reject", _why_not_diagnosis(code, right, note, item.get("spans", [])))
        else:
            decision(code, False, "reject", _why_not_procedure(code, right))
        seen.add(code)
    for diagnosis, codes in ((True, diagnoses), (False, procedures)):
        for code in dict.fromkeys(codes):
            if code not in seen:
                decision(code, diagnosis, "add", "")
    return decisions


def sign(world: Path, suggestions: Path) -> list[dict[str, Any]]:
    """Every encounter of the world, signed, in the order of signing; encounters of no world are left to others."""
    suggested = by_encounter(suggestions)
    answers = by_encounter(world / "answers.jsonl")
    signed = []
    for line in lines(world / "encounters.jsonl"):
        id = line["record"]["id"]
        answer = answers[id]
        note = (world / line["note"]).read_bytes().decode("utf-8")
        codes = suggested.get(id, {}).get("codes", [])
        signed.append({**answer, "signed_on": line["signed_on"], "decisions": decide(codes, answer, note)})
    return signed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--world", type=Path, required=True, help="world folder")
    parser.add_argument("--suggestions", type=Path, required=True, help="JSON Lines of suggested codes")
    parser.add_argument("--out", type=Path, required=True, help="JSON Lines to write")


def run(args: argparse.Namespace) -> int:
    """Sign all encounters; 2 when a file cannot be read."""
    try:
        signed = sign(args.world, args.suggestions)
    except WorldFolderError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the command's own door
        return 2
    write_lines(args.out, signed)
    made = [d["decision"] for s in signed for d in s["decisions"]]
    counts = ", ".join(f"{made.count(what)} {what}" for what in ("accept", "reject", "add"))
    print(f"{ACTOR}: {len(signed)} encounters signed ({counts})")  # noqa: T201 - the command's own door
    return 0
