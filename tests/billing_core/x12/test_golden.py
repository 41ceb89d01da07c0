"""The golden files, found by glob: those in pass/ are accepted by us and by pyx12, those in fail/ are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing_core.errors import X12Error
from billing_core.rule import Severity
from billing_core.x12 import (
    acknowledgment_277ca,
    acknowledgment_999,
    acknowledgment_ta1,
    claim_837i,
    claim_837p,
    eligibility_270,
    eligibility_271,
    remittance_835,
    status_276,
    status_277,
)
from billing_core.x12.check import check, kind_of
from serving.clearinghouse.outbound_check import refusals
from tests.golden import regenerate

GOLDEN = Path(regenerate.__file__).resolve().parent
PASS = sorted(GOLDEN.glob("*/pass/*.edi"))
FAIL = sorted(GOLDEN.glob("*/fail/*.edi"))
READERS = {
    "837P": claim_837p.read,
    "835": remittance_835.read,
    "999": acknowledgment_999.read,
    "277CA": acknowledgment_277ca.read,
    "TA1": acknowledgment_ta1.read,
    "837I": claim_837i.read,
    "270": eligibility_270.read,
    "271": eligibility_271.read,
    "276": status_276.read,
    "277": status_277.read,
}
KNOWN_TO_PYX12 = ("837P", "837I", "835", "999", "277CA")  # it has no map of the others


def name(path: Path) -> str:
    return path.relative_to(GOLDEN).as_posix()


def expected(path: Path) -> str:
    """The rule that must find what is wrong with a file in fail/; "" when nobody has written it down beside it."""
    beside = path.with_suffix(".expect")
    return beside.read_text("ascii").strip() if beside.is_file() else ""


@pytest.mark.parametrize("path", PASS, ids=name)
def test_accepted_and_read(path: Path) -> None:
    data = path.read_bytes()
    report = check(data, path.name)
    assert report.readable and report.accepted, report.findings
    assert report.kind == kind_of(data) == path.parent.parent.name
    assert READERS[report.kind](data)
    assert all(b.line == b.claim == b.transaction == "balances" for b in report.balances)


@pytest.mark.parametrize("path", [p for p in PASS if p.parent.parent.name in KNOWN_TO_PYX12], ids=name)
def test_pyx12_takes_it_too(path: Path) -> None:
    assert refusals(path.read_bytes()) == ()


@pytest.mark.parametrize("path", FAIL, ids=name)
def test_refused_for_the_rule_it_breaks(path: Path) -> None:
    rule = expected(path)
    report = check(path.read_bytes(), path.name)
    assert not report.accepted
    assert not rule or rule in {f.rule for f in report.findings if f.severity is Severity.ERROR}, report.findings


@pytest.mark.parametrize("path", FAIL, ids=name)
def test_a_reader_gives_records_or_an_x12_error(path: Path) -> None:
    rule = expected(path)
    read = READERS[path.parent.parent.name]
    if rule.startswith("x12-") and rule not in ("x12-code", "x12-type", "x12-required"):
        with pytest.raises(X12Error) as caught:
            read(path.read_bytes())
        assert caught.value.mend and caught.value.where
    else:
        try:
            assert read(path.read_bytes())
        except X12Error as error:
            assert error.mend


def test_the_files_are_what_the_writers_write_today() -> None:
    made = regenerate.files()
    on_disk = {p for p in GOLDEN.glob("*/*/*") if p.suffix in (".edi", ".expect")}
    assert set(made) <= on_disk, "run: python -m tests.golden.regenerate"
    assert not [name(path) for path, content in made.items() if path.read_bytes() != content]
