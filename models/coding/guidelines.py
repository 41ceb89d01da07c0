"""What the ICD-10-CM Official Guidelines make of several codes on one note. The rules are data, each with its source.

Nothing here reads the note: it decides which codes may stand together, which a more exact one replaces, which symptom
belongs to a disease, which code a patient of this sex or age cannot have, and what a past illness is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SYMPTOM_PREFIXES = ("R", "M25.5", "M54.2", "M54.5", "M54.6", "M54.9", "M79.6", "H92.0", "N64.4", "K08.89", "H57.1")
PAIN_PREFIXES = ("M25.5", "M54", "M79.6", "R10", "M79.1", "R52", "M79.7")

# A disease one lives with: "history of hypertension" in a problem list means that the patient has it (guideline IV.I).
CHRONIC_PREFIXES = (
    "E0", "E10", "E11", "E13", "E66", "E78", "F", "G20", "G25", "G30", "G35", "G40", "G43", "G47", "G62", "I10",
    "I11", "I12", "I13", "I25", "I27", "I42", "I48", "I50", "I73", "I87", "J30", "J43", "J44", "J45", "K21",
    "K50", "K51", "K58", "K70", "K74", "K76", "L20", "L40", "L70", "L71", "M05", "M06", "M15", "M16", "M17",
    "M18", "M19", "M32", "M35", "M79.7", "M81", "N18", "N40", "N80", "D57", "D86", "B18", "B20", "H40", "G89",
    "D68", "N52", "E28", "I35", "I34", "K44", "K57", "K86", "M45", "M50", "M51", "E79", "E83", "E74", "I85", "I86",
    "J41", "J42", "G70", "I70", "I71", "I72", "I69", "D56", "L80", "H35.3", "Q",
)  # fmt: skip

# Personal history by the disease that is over (category Z85-Z87; guideline I.C.21.c.4), the longest prefix first.
HISTORY_CODES: tuple[tuple[str, str], ...] = (
    ("C18", "Z85.038"), ("C19", "Z85.048"), ("C20", "Z85.048"), ("C22", "Z85.05"), ("C25", "Z85.07"),
    ("C34", "Z85.118"),
    ("C43", "Z85.820"), ("C44", "Z85.828"), ("C50", "Z85.3"), ("D05", "Z86.000"), ("C53", "Z85.41"),
    ("C54", "Z85.42"),
    ("C56", "Z85.43"), ("C61", "Z85.46"), ("C62", "Z85.47"), ("C64", "Z85.528"), ("C67", "Z85.51"),
    ("C71", "Z85.841"),
    ("C73", "Z85.850"), ("C81", "Z85.71"), ("C82", "Z85.72"), ("C83", "Z85.72"), ("C85", "Z85.72"), ("C91", "Z85.6"),
    ("C92", "Z85.6"), ("C", "Z85.9"), ("U07.1", "Z86.16"), ("A15", "Z86.11"), ("B", "Z86.19"), ("A", "Z86.19"),
    ("D12", "Z86.0100"), ("K63.5", "Z86.0100"), ("D", "Z86.2"), ("I26", "Z86.711"), ("I82", "Z86.718"),
    ("I80", "Z86.72"),
    ("I63", "Z86.73"), ("G45", "Z86.73"), ("I21", "I25.2"), ("I46", "Z86.74"), ("I", "Z86.79"), ("J18", "Z87.01"),
    ("J", "Z87.09"), ("K25", "Z87.11"), ("K26", "Z87.11"), ("K27", "Z87.11"), ("K", "Z87.19"), ("L", "Z87.2"),
    ("M", "Z87.39"), ("N39.0", "Z87.440"), ("N20", "Z87.442"), ("N10", "Z87.440"), ("N30", "Z87.440"),
    ("F17", "Z87.891"), ("Z72.0", "Z87.891"), ("F32", "Z86.59"), ("F41", "Z86.59"), ("G", "Z86.69"),
    ("S06", "Z87.820"),
    ("S", "Z87.828"), ("O24", "Z86.32"), ("E", "Z86.39"),
)  # fmt: skip

FAMILY_CODES: tuple[tuple[str, str], ...] = (
    ("C18", "Z80.0"), ("C20", "Z80.0"), ("C25", "Z80.0"), ("C34", "Z80.1"), ("C50", "Z80.3"), ("C56", "Z80.41"),
    ("C61", "Z80.42"), ("C43", "Z80.8"), ("I25", "Z82.49"), ("I21", "Z82.49"), ("I63", "Z82.3"), ("E11", "Z83.3"),
    ("E10", "Z83.3"), ("E13", "Z83.3"),
)  # fmt: skip

# (symptoms, diseases they belong to): a symptom integral to a diagnosed disease is not coded (guideline I.B.5).
INTEGRAL: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("R05", "R06.2", "R09.81", "R09.82", "J02.9", "R49.0"),
        ("J00", "J06", "J10", "J11", "U07.1", "J20", "J21", "J22"),
    ),
    (("R05", "R06.02", "R06.00", "R06.09", "R06.2", "R50.9", "R09.02"), ("J18", "J12", "J15", "J44", "J45", "J40")),
    (
        ("R50.9", "R68.83", "R52", "R51.9"),
        ("J0", "J10", "J11", "U07.1", "J18", "N10", "N39.0", "B34", "A09", "A08", "H66", "J20"),
    ),
    (("R06.02", "R06.00", "R06.09", "R60"), ("I50", "I11.0", "I13.0")),
    (("R09.81", "R09.82", "R51.9"), ("J01", "J32", "J30")),
    (("R11", "R19.7", "R10"), ("A08", "A09", "K52", "A04")),
    (
        ("R10", "R12", "R11"),
        ("K21", "K25", "K26", "K27", "K29", "K80", "K81", "K35", "K57.32", "K58", "K85", "N20", "K59.0"),
    ),
    (("R30.0", "R35", "R39.15", "R31", "R10.2"), ("N39.0", "N30", "N10")),
    (("R39.1", "R35", "R33"), ("N40.1",)),
    (("R31", "R10.8A", "R10.9", "M54.9", "M54.50"), ("N20", "N23")),
    (("R51.9", "R11"), ("G43", "G44")),
    (("H92.0",), ("H66", "H60", "H65", "H61.2")),
    (("R42",), ("H81", "H83")),
    (("M25.51", "M79.62"), ("M75", "S42", "S43", "S46", "M19.01")),
    (("M25.52",), ("M77.0", "M77.1", "M70.2", "S52", "S53", "M19.02")),
    (
        ("M25.53", "M79.64", "M79.63"),
        ("G56", "M65", "S52", "S60", "S61", "S62", "S63", "M18", "M19.04", "M67.4", "M72.0"),
    ),
    (("M25.55", "M79.65"), ("M16", "M70.6", "S72", "S76", "M87.05")),
    (("M25.56", "M25.46", "M79.60"), ("M17", "M22", "M23", "S80", "S82", "S83", "M71.2", "M70.4", "M76.5")),
    (
        ("M25.57", "M79.67", "M79.66"),
        ("M72.2", "M76", "S82", "S86", "S90", "S92", "S93", "M20", "M19.07", "M77.3", "M10", "M84.37"),
    ),
    (
        ("M54.5", "M54.9", "M54.3", "M79.60"),
        ("M51", "M48.06", "S39.012", "S33.5", "M54.16", "M54.17", "M54.4", "M47.81"),
    ),
    (("M54.2", "M79.60"), ("M50", "M48.02", "M54.12", "S13", "S16", "M47.812")),
    (("R20.2", "R20.0"), ("G56", "G62", "E11.4", "M54.1", "G57")),
    (("R73.9", "R73.0"), ("E10", "E11", "E13")),
    (("R03.0",), ("I10", "I11", "I12", "I13", "I16")),
    (("R21", "L29.9"), ("L", "B02", "B35", "B36", "B86", "B08", "T78")),
    (("R07", "R00.2"), ("I20", "I21", "I25.11", "M94.0", "I48", "J18")),
    (("R53.83",), ("D50", "D64", "E03", "F32", "F33", "B27", "J11", "U07.1", "G47.33")),
    (("R63.4",), ("C",)),
    (("R32", "R35"), ("N39.3", "N39.4", "N32.81")),
    (("R56.9",), ("G40",)),
    (("R10.2", "N94.4"), ("N80", "N83", "N73", "N94.6")),
)

# The bare code gives way when a more exact one of these stands beside it (guideline I.B.2).
GIVES_WAY: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("E11.9", ("E11.", "E10.", "E13.")), ("E10.9", ("E10.",)), ("E78.5", ("E78.0", "E78.1", "E78.2")),
    ("E78.00", ("E78.2", "E78.01")),
    ("F32.A", ("F32.", "F33.", "F34.1", "F53.0", "F31", "F43.21")),
    ("F32.9", ("F32.0", "F32.1", "F32.2", "F33.")), ("F33.9", ("F33.",)),
    ("F41.9", ("F41.1", "F41.0", "F41.8", "F43.22", "F43.23", "F40")), ("G43.909", ("G43.",)),
    ("G47.30", ("G47.33",)),
    ("I48.91", ("I48.",)), ("I50.9", ("I50.",)), ("I25.10", ("I25.11",)), ("J45.909", ("J45.",)),
    ("J44.9", ("J44.",)),
    ("J02.9", ("J02.0", "J03", "J36")), ("J40", ("J20", "J42", "J44")), ("J32.9", ("J01",)),
    ("J06.9", ("J01", "J18", "J20", "J11", "J10", "U07.1")),
    ("K21.9", ("K21.0",)), ("K29.70", ("K29.0",)), ("K59.00", ("K59.0",)), ("N18.9", ("N18.",)),
    ("N28.9", ("N18", "N17")), ("N19", ("N18", "N17")),
    ("N40.0", ("N40.1",)), ("M19.90", ("M15", "M16", "M17", "M18", "M19.", "M06", "M05")),
    ("M54.9", ("M54.", "S39.012", "S33.5")),
    ("M54.50", ("M54.4",)), ("M25.50", ("M25.5", "M06", "M17")), ("M51.9", ("M51.", "M50.")),
    ("D64.9", ("D50", "D51", "D52", "D53", "D57", "D6")),
    ("R10.9", ("R10.",)), ("R05.9", ("R05.",)), ("R07.9", ("R07.",)), ("R60.9", ("R60.",)),
    ("R06.00", ("R06.0",)), ("R31.9", ("R31.",)),
    ("L03.90", ("L03.",)), ("L02.91", ("L02.",)), ("L30.9", ("L2", "L30.")), ("L70.9", ("L70.",)),
    ("H66.90", ("H66.",)), ("E66.9", ("E66.",)),
    ("F17.200", ("F17.",)), ("Z72.0", ("F17.",)), ("Z00.00", ("Z00.01",)), ("Z00.129", ("Z00.121",)),
    ("N76.0", ("B37.3", "A59")), ("R42", ("H81",)),
    ("G62.9", ("E11.4", "E10.4", "G60")), ("E66.01", ("E66.81",)),
    ("B34.9", ("J0", "J1", "U07", "B0", "B2", "A08")), ("I10", ("I11", "I12", "I13", "I16")),
    ("K52.9", ("A08", "A09", "K51", "K50")), ("M79.604", ("M54.1", "M54.3")), ("T14.8XXA", ("S",)),
    ("T14.90XA", ("S",)), ("C80.1", ("C",)), ("C79.9", ("C77", "C78", "C79.")),
    ("D49.9", ("C", "D0", "D1", "D2", "D3", "D4")), ("B99.9", ("A", "B", "J1", "N39.0", "L03", "L08")),
    ("K75.9", ("B15", "B16", "B17", "B18", "B19", "K70", "K73", "K75.")),
    ("I82.90", ("I82.", "I26", "I80", "I81", "H34")), ("R57.9", ("R57.", "R65.21")), ("J96.90", ("J96.",)),
)  # fmt: skip

# Coded only when confirmed, in every setting (guidelines I.C.1.a.1, I.C.1.f, I.C.1.g.1.a, I.C.10.c).
CONFIRMED_ONLY = ("B20", "Z21", "U07.1", "A92.5", "J09", "J10")

MALE_ONLY = (
    "N40", "N41", "N42", "N43", "N44", "N45", "N46", "N47", "N48", "N49", "N50", "N51", "C60", "C61", "C62",
    "C63", "Z12.5", "F52.4", "R97.2", "N52", "N53",
)  # fmt: skip
FEMALE_ONLY = (
    "O", "N70", "N71", "N72", "N73", "N75", "N76", "N77", "N80", "N81", "N83", "N84", "N85", "N86", "N87", "N88",
    "N89", "N90", "N91", "N92", "N93", "N94", "N95", "N96", "N97", "C51", "C52", "C53", "C54", "C55", "C56",
    "C57", "C58", "D25", "D27", "E28", "Z01.41", "Z12.4", "Z33", "Z34", "Z39", "F53", "B37.3", "Z30.41", "Z30.43",
    "Z32", "F32.81", "R87.6", "A59.01",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Combination:
    """When a code of each list is present, `code` takes the place of `replaced` (others stay beside it)."""

    needs: tuple[tuple[str, ...], ...]
    replaced: tuple[str, ...]
    code: str
    reason: str


_HYPERTENSION = "guideline I.C.9.a: hypertension with {} is presumed to be related"
_DIABETES = 'guideline I.A.15 ("with"): diabetes with {} is presumed to be related'
COMBINATIONS: tuple[Combination, ...] = (
    Combination(
        (("I10",), ("I50",), ("N18.5", "N18.6")),
        ("I10",),
        "I13.2",
        _HYPERTENSION.format("heart failure and kidney disease"),
    ),
    Combination(
        (("I10",), ("I50",), ("N18",)), ("I10",), "I13.0", _HYPERTENSION.format("heart failure and kidney disease")
    ),
    Combination((("I10",), ("I50",)), ("I10",), "I11.0", _HYPERTENSION.format("heart failure")),
    Combination((("I10",), ("N18.5", "N18.6")), ("I10",), "I12.0", _HYPERTENSION.format("chronic kidney disease")),
    Combination((("I10",), ("N18",)), ("I10",), "I12.9", _HYPERTENSION.format("chronic kidney disease")),
    Combination((("E11.9", "E11.65"), ("N18",)), ("E11.9",), "E11.22", _DIABETES.format("chronic kidney disease")),
    Combination((("E10.9",), ("N18",)), ("E10.9",), "E10.22", _DIABETES.format("chronic kidney disease")),
    Combination((("E11.9", "E11.65"), ("G62.9",)), ("E11.9", "G62.9"), "E11.42", _DIABETES.format("polyneuropathy")),
    Combination((("E11.9",), ("R73.9",)), ("E11.9", "R73.9"), "E11.65", "index: diabetes, with hyperglycemia"),
)


# Index: "Diabetes, poorly controlled", "out of control", "inadequately controlled": by type, with hyperglycemia.
_POORLY = re.compile(r"\b(?:poorly|inadequately) controlled\b|\bout of control\b", re.I)
_WITH_HYPERGLYCEMIA = {"E11.9": "E11.65", "E10.9": "E10.65", "E13.9": "E13.65"}


def by_control(code: str, said: str) -> str:
    """The diabetes code that the author's words on control lead to; any other code unchanged. `said`: the raw words."""
    return _WITH_HYPERGLYCEMIA.get(code, code) if _POORLY.search(said) else code


def by_prefix(pairs: Iterable[tuple[str, str]], code: str) -> str:
    """The value of the longest prefix of `code` in the pairs, "" where none fits."""
    fitting = [(len(prefix), value) for prefix, value in pairs if code.startswith(prefix)]
    return max(fitting)[1] if fitting else ""


def is_symptom(code: str) -> bool:
    """Whether the code names a sign or symptom rather than a disease."""
    return code.startswith(SYMPTOM_PREFIXES)


def is_chronic(code: str) -> bool:
    """Whether the code names a disease that does not pass."""
    return code.startswith(CHRONIC_PREFIXES) and not code.startswith("F17")


def possible_for(code: str, sex: str, age: int | None) -> bool:
    """Whether a patient of this sex ("F", "M", "U") and age can have the code at all."""
    if (sex == "M" and code.startswith(FEMALE_ONLY)) or (sex == "F" and code.startswith(MALE_ONLY)):
        return False
    if code.startswith("P") and age is not None and age > 1:
        return False
    if age is not None and age < 18 and code.startswith(("Z00.00", "Z00.01")):
        return False
    return not (age is not None and age >= 18 and code.startswith("Z00.1"))


def combined(codes: Mapping[str, int]) -> list[tuple[Combination, list[str]]]:
    """The combinations that apply to these codes (code: score), with the codes that called for each, in rule order."""
    present = sorted(codes)
    applied: list[tuple[Combination, list[str]]] = []
    for rule in COMBINATIONS:
        causes = [next((c for c in present if c.startswith(need)), "") for need in rule.needs]
        if all(causes):
            applied.append((rule, causes))
            present = [c for c in present if c not in rule.replaced]
    return applied


def kept(codes: Mapping[str, int]) -> frozenset[str]:
    """The codes that stand, of {code: score}, after the combinations and those that give way."""
    left = dict(codes)
    for rule, causes in combined(left):
        score = min(left.get(cause, 0) for cause in causes)
        left = {c: s for c, s in left.items() if c not in rule.replaced} | {rule.code: score}
    return frozenset(left) - frozenset(superseded(left))


def superseded(codes: Iterable[str], symptoms_too: bool = True) -> dict[str, str]:
    """{code that gives way: the code it gives way to}: the less exact, and symptoms of a disease on the note."""
    present = sorted(codes)
    gone: dict[str, str] = {}
    for bare, exact in GIVES_WAY:
        if bare in present:
            better = [c for c in present if c != bare and c.startswith(exact)]
            if better:
                gone[bare] = better[0]
    for symptoms, diseases in INTEGRAL if symptoms_too else ():
        for code in present:
            cause = [c for c in present if c != code and c.startswith(diseases) and not is_symptom(c)]
            if code.startswith(symptoms) and cause:
                gone.setdefault(code, cause[0])
    return gone
