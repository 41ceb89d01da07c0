"""The published files with a known defect: each is refused, and a finding names the defect that the list states."""

from __future__ import annotations

import csv
import re

import pytest

from billing_core.rule import Finding, Severity
from billing_core.x12.check import check
from tests.real_data import SHARED, needs

EDI = SHARED / "edi"
pytestmark = [pytest.mark.real_data, needs("edi/bad")]
UNSAID = "named bad by source"

# A defect as the list words it -> the rule that finds it, and what its message or place must hold.
NAMED: tuple[tuple[str, str, str], ...] = (
    (r"SE01=(\d+) counted (\d+)", "x12-set-count", r"says \1, counted \2"),
    (r"GE01=(\d+) counted (\d+)", "x12-group-count", r"says \1, counted \2"),
    (r"IEA01=(\d+) counted (\d+)", "x12-interchange-count", r"says \1, counted \2"),
    (r"SE02 \S+ != ST02 \S+", "x12-set-control", "SE02"),
    (r"GE02 (?:\S+ )?!= GS06(?: \S+)?", "x12-group-control", "GE02"),
    (r"IEA02 (?:\S+ )?!= ISA13(?: \S+)?", "x12-interchange-control", "IEA02"),
    (r"odd segment id ''", "x12-segment-empty", "segment "),
    (r"odd segment id '(?:\S+)'", "x12-segment-id", "segment "),
    (r"no IEA last .*", "x12-interchange-open", "IEA"),
    (r"ISA is not fixed-width.*", "x12-isa-width", "106"),
    (r"SE01 wrong", "x12-set-count", "SE01"),
    (r"GE01 wrong", "x12-group-count", "GE01"),
    (r"IEA01 wrong", "x12-interchange-count", "IEA01"),
    (r"required HI missing", "x12-required", "HI"),
    (r"required SV1 missing in line 2", "x12-required", "SV1"),
    (r"CLM missing", "837p-claim", "CLM"),
    (r"receiver NM1\*40 missing", "x12-required", "NM1*40"),
    (r"NM102=9 not in code list", "x12-code", "NM102"),
    (r"SBR09=ZQ not in code list", "x12-code", "SBR09"),
    (r"CLM05-3 frequency X9 invalid", "x12-code", "CLM05-3"),
    (r"state QQ", "837p-state", "N402"),
    (r"diagnosis code not ICD-10-CM", "837p-diagnosis", "HI01"),
    (r"procedure QQQQQ", "837p-procedure", "SV101"),
    (r"SV102 negative", "x12-type", "SV102"),
    (r"file cut inside loop 2400, no SE/GE/IEA", "x12-set-open", "SE"),
    (r"two ST with same ST02, GE01=2", "x12-set-repeated", "ST02"),
    (r"ISA16 missing.*", "x12-unreadable", "ISA16"),
    (r"segment id lower case", "x12-segment-id", "segment "),
)


def listed() -> dict[str, str]:
    """The bad files by path, each with its defect."""
    if not EDI.is_dir():
        return {}
    with (EDI / "SOURCES.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {row["file"]: row["defect"] for row in rows if row["file"].startswith("bad/")}


def errors(file: str) -> list[Finding]:
    report = check((EDI / file).read_bytes(), file)
    assert not report.accepted
    return [finding for finding in report.findings if finding.severity is Severity.ERROR]


def named(defect: str, found: list[Finding]) -> bool:
    """Whether a finding names the defect as the list words it."""
    rule, words = next(
        (rule, re.sub(pattern, text, defect)) for pattern, rule, text in NAMED if re.fullmatch(pattern, defect)
    )
    return any(finding.rule == rule and words in f"{finding.where} {finding.message}" for finding in found)


@pytest.mark.parametrize("file", sorted(listed()), ids=lambda file: file[-48:])
def test_a_finding_names_the_defect_of_the_list(file: str) -> None:
    found = errors(file)
    for defect in listed()[file].split("; "):
        assert defect == UNSAID or named(defect, found), (defect, found[:5])


def test_the_list_has_67_files_and_one_without_a_reason() -> None:
    defects = listed()
    assert len(defects) == 67
    assert sum(defect == UNSAID for defect in defects.values()) == 1


def test_the_one_without_a_reason_is_explained() -> None:
    """A 270 batch: the subscriber of its second set has NM102 = 9, which is neither a person nor an organization."""
    (file,) = [file for file, defect in listed().items() if defect == UNSAID]
    assert any(finding.rule == "x12-code" and finding.where == "segment 24 NM102" for finding in errors(file))
