"""Writes the golden files anew: `python -m tests.golden.regenerate`. Read the difference like code before keeping it.

`pass/` comes from our writers and the invented people of tests/billing_core/x12/people.py. A file in `fail/` is one of
them with a single defect; `.expect` beside it holds the rule that must find it. Dropping in a file of either kind adds
a test.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.billing_core.x12.people import STORIES

HERE = Path(__file__).resolve().parent

# (guide, defect, story, pattern, replacement, rule that finds it). The count in SE01 is mended afterwards, but where
# the envelope itself is the defect.
DEFECTS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("837P", "no-diagnosis", "office-visit", r"HI\*.*~\n", "", "x12-required"),
    ("837P", "line-without-service", "office-visit", r"SV1\*HC:36415.*~\n", "", "x12-required"),
    ("837P", "no-claim", "office-visit", r"CLM\*.*~\n", "", "837p-claim"),
    ("837P", "no-receiver", "office-visit", r"NM1\*40\*.*~\n", "", "x12-required"),
    ("837P", "npi-check-digit", "office-visit", r"XX\*1234567893", "XX*1234567890", "837p-npi"),
    ("837P", "total-is-not-the-sum", "office-visit", r"\*158\.5\*", "*158.51*", "837p-claim-total"),
    ("837P", "entity-type", "office-visit", r"NM1\*85\*2", "NM1*85*9", "x12-code"),
    ("837P", "filing-code", "office-visit", r"\*CI~", "*ZQ~", "x12-code"),
    ("837P", "frequency", "office-visit", r"11:B:1", "11:B:X", "x12-code"),
    ("837P", "state", "office-visit", r"ALBANY\*NY", "ALBANY*QQ", "837p-state"),
    ("837P", "diagnosis-form", "office-visit", r"ABK:E119", "ABK:QQ99", "837p-diagnosis"),
    ("837P", "procedure-form", "office-visit", r"HC:99213", "HC:QQQQQ", "837p-procedure"),
    ("837P", "pointer-to-nothing", "office-visit", r"\*\*\*1:2~", "***1:3~", "837p-pointer"),
    ("837P", "negative-charge", "office-visit", r"\*150\*UN", "*-150*UN", "x12-type"),
    ("837P", "service-after-the-file", "office-visit", r"472\*D8\*20260407", "472*D8*20260507", "837p-date"),
    ("837P", "service-is-no-date", "office-visit", r"472\*D8\*20260407", "472*D8*20260231", "x12-type"),
    ("837P", "levels-miscounted", "child-of-the-subscriber", r"HL\*3\*2", "HL*4*2", "837p-hierarchy"),
    ("837P", "lines-misnumbered", "office-visit", r"LX\*2", "LX*3", "837p-lines"),
    ("837P", "number-used-twice", "two-billing-providers", r"ELMF000000077", "ELMF000000011", "837p-claim-number"),
    ("837P", "lower-case-segment", "office-visit", r"SV1\*HC:99213", "sv1*HC:99213", "x12-segment-id"),
    ("837P", "set-miscounted", "office-visit", r"SE\*\d+", "SE*99", "x12-set-count"),
    ("837P", "set-control", "office-visit", r"(SE\*\d+)\*0001", r"\1*0002", "x12-set-control"),
    ("837P", "group-miscounted", "office-visit", r"GE\*1", "GE*2", "x12-group-count"),
    ("837P", "interchange-control", "office-visit", r"IEA\*1\*000000007", "IEA*1*000000008", "x12-interchange-control"),
    ("837P", "cut-in-half", "office-visit", r"SV1\*(.|\n)*", "", "x12-set-open"),
    ("837P", "isa-cut-short", "office-visit", r"\*T\*:~", "*T~", "x12-unreadable"),
    ("835", "line-does-not-balance", "paid-and-denied", r"CAS\*CO\*45\*40~", "CAS*CO*45*39~", "835-balance-line"),
    ("835", "claim-does-not-balance", "taken-back", r"CAS\*CO\*45\*-62~", "CAS*CO*45*-61~", "835-balance-claim"),
    ("835", "sum-does-not-balance", "paid-and-denied", r"BPR\*I\*88", "BPR*I*89", "835-balance-transaction"),
    ("835", "cut-in-half", "paid-and-denied", r"CLP\*ELMF000000022(.|\n)*", "", "x12-set-open"),
    ("835", "amount-is-no-amount", "paid-and-denied", r"\*150\*88\*22\*", "*150*8O*22*", "x12-type"),
    ("835", "no-trace", "paid-and-denied", r"TRN\*.*~\n", "", "x12-required"),
    ("835", "group-code-unknown", "paid-and-denied", r"CAS\*CO\*16", "CAS*XX*16", "x12-code"),
    ("999", "set-without-verdict", "one-taken-one-not", r"IK5\*A~\n", "", "x12-required"),
    ("277CA", "claim-without-status", "one-taken-one-refused", r"STC\*A2.*~\n", "", "x12-required"),
    ("837I", "no-statement-dates", "inpatient", r"DTP\*434.*~\n", "", "x12-required"),
    ("837I", "no-principal-diagnosis", "inpatient", r"HI\*ABK:I214", "HI*ABF:I214", "837i-diagnosis"),
    ("837I", "present-on-admission", "inpatient", r"I214:::::::Y", "I214:::::::Q", "x12-code"),
    ("837I", "procedure-form", "inpatient", r"BBR:02703DZ", "BBR:0270IOZ", "837i-procedure"),
    ("837I", "revenue-form", "inpatient", r"SV2\*0120", "SV2*120", "837i-revenue"),
    ("837I", "total-is-not-the-sum", "inpatient", r"\*8910.5\*", "*8910.51*", "837i-claim-total"),
    ("270", "entity-type", "subscriber", r"NM1\*IL\*1", "NM1*IL*9", "x12-code"),
    ("270", "no-payer", "subscriber", r"NM1\*PR\*.*~\n", "", "x12-required"),
    ("271", "benefit-code", "covered", r"EB\*C\*", "EB*9*", "x12-code"),
    ("271", "amount-is-no-amount", "covered", r"\*25\*\*\*\*\*Y", "*2S*****Y", "x12-type"),
    ("276", "level-above-missing", "two-claims", r"HL\*3\*2\*19", "HL*3*7*19", "inquiry-hierarchy"),
    ("276", "npi-check-digit", "two-claims", r"XX\*1234567893", "XX*1234567890", "inquiry-npi"),
    ("277", "claim-without-status", "paid-and-open", r"STC\*F1:65\*20260420\*\*158.*~\n", "", "x12-required"),
    (
        "TA1",
        "interchange-control",
        "interchange-refused",
        r"IEA\*0\*000000007",
        "IEA*0*000000009",
        "x12-interchange-control",
    ),
)


def spoiled(text: str, pattern: str, replacement: str, rule: str) -> str:
    """`text` with the first match replaced, and SE01 right again where the count is not the defect."""
    found = re.subn(pattern, replacement, text, count=1)
    if found[1] != 1:
        raise ValueError(f"no such place: {pattern}")
    if rule in ("x12-set-count", "x12-unreadable"):
        return found[0]
    inside = re.search(r"ST\*(.|\n)*?\nSE\*", found[0])
    count = len(inside.group().splitlines()) if inside else 0
    return re.sub(r"\nSE\*\d+\*", f"\nSE*{count}*", found[0], count=1)


def files() -> dict[Path, bytes]:
    """Every golden file and its content."""
    made = {HERE / f"{name.replace('/', '/pass/')}.edi": write() for name, write in STORIES.items()}
    for guide, defect, story, pattern, replacement, rule in DEFECTS:
        text = STORIES[f"{guide}/{story}"]().decode("ascii")
        path = HERE / guide / "fail" / f"{defect}.edi"
        made[path] = spoiled(text, pattern, replacement, rule).encode("ascii")
        made[path.with_suffix(".expect")] = f"{rule}\n".encode("ascii")
    return made


if __name__ == "__main__":
    for path, content in sorted(files().items()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(path.relative_to(HERE))
