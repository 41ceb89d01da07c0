"""The report on a file: its shape, its words, and that it never raises and never quotes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from billing_core.codesets.build import write_table
from billing_core.codesets.layout import TableHeader
from billing_core.codesets.tables import Tables
from billing_core.errors import X12Error
from billing_core.record import to_plain
from billing_core.rule import Severity
from billing_core.x12 import remittance_835
from billing_core.x12.check import BALANCED, GUIDES, Balances, check, check_stream, kind_of
from billing_core.x12.explain import explain
from tests.billing_core.x12.people import ANSWER, DENIED, PAID, STORIES, remittance


def test_the_report_is_json_by_the_codec() -> None:
    report = check(STORIES["835/paid-and-denied"](), "march.835")
    plain = json.loads(json.dumps(to_plain(report)))
    assert plain["file"] == "march.835" and plain["kind"] == "835" and plain["accepted"] is True
    assert plain["balances"] == [{"set_control": "0001", "line": BALANCED, "claim": BALANCED, "transaction": BALANCED}]


def test_each_balance_is_stated_for_each_set() -> None:
    off_by_a_cent = remittance(PAID, amount=8801)
    report = check(remittance_835.write([remittance(PAID, DENIED), off_by_a_cent], ANSWER))
    assert report.balances[0] == Balances("0001", BALANCED, BALANCED, BALANCED)
    assert report.balances[1] == Balances("0002", BALANCED, BALANCED, "BPR02: adds to 88.00, states 88.01")
    assert [f.rule for f in report.findings] == ["835-balance-transaction"] and not report.accepted


@pytest.mark.parametrize("data", [b"", b"not x12", b"ISA*", b"\xff\xfe\x00", b"ISA" + b"*" * 200])
def test_what_is_not_x12_makes_a_report(data: bytes) -> None:
    report = check(data, "x")
    assert (report.readable, report.accepted, report.kind) == (False, False, "unknown")
    assert [f.rule for f in report.findings] == ["x12-unreadable"] and report.findings[0].mend
    with pytest.raises(X12Error):
        kind_of(data)


def test_a_guide_that_is_not_here_is_not_checked_and_says_so() -> None:
    data = STORIES["837P/office-visit"]().replace(b"005010X222A1", b"005010X224A2")
    report = check(data)
    assert report.kind == "837D"
    assert [(f.rule, f.severity) for f in report.findings] == [("x12-guide", Severity.NOT_CHECKED)]


def test_set_and_group_must_name_the_same_guide() -> None:
    data = STORIES["837P/office-visit"]().replace(b"X*005010X222A1", b"X*005010X222A2")
    assert {f.rule for f in check(data).findings if f.severity is Severity.ERROR} == {"x12-kind"}


def test_two_kinds_in_one_file_are_mixed() -> None:
    assert kind_of(STORIES["837P/office-visit"]() + STORIES["835/paid-and-denied"]()) == "mixed"


@pytest.mark.parametrize("story", sorted(STORIES))
def test_no_finding_quotes_the_file(story: str) -> None:
    """Every element in turn is replaced by a secret; wherever that is found wrong, the finding does not say it."""
    lines = STORIES[story]().decode().split("~\n")
    for number, text in enumerate(lines[:60]):
        elements = text.split("*")
        if elements[0] in ("", "ISA"):
            continue
        for place in range(len(elements)):
            secret = [*elements]
            secret[place] = "SECRETNAME"
            changed = "~\n".join([*lines[:number], "*".join(secret), *lines[number + 1 :]])
            assert "SECRETNAME" not in repr(check(changed.encode()).findings)


def test_every_guide_has_the_same_shape_and_each_rule_its_source() -> None:
    assert [guide.kind for guide in GUIDES] == [
        *("837P", "837I", "835", "999", "277CA"),
        *("270", "271", "276", "277"),
    ]
    for guide in GUIDES:
        named = {row.id for row in (*guide.required, *guide.coded, *guide.typed)}
        assert named <= guide.segments, named - guide.segments
    for rule in (rule for guide in GUIDES for rule in guide.rules):
        assert rule.sentence.endswith(".") and rule.source


def test_explain_tells_each_segment_in_words() -> None:
    told = list(explain(STORIES["837P/office-visit"]()))
    assert [one.depth for one in told[:4]] == [0, 1, 2, 3] and told[-1].depth == 0
    assert all(one.words for one in told)


def test_with_tables_a_code_must_be_valid_on_the_day(tmp_path: Path) -> None:
    header = TableHeader("icd10cm", "made for a test", "1", date(2026, 1, 1))
    write_table(tmp_path / "icd10cm.table", header, [("E119", "Y", "N", "Diabetes")])
    report = check(STORIES["837P/office-visit"](), tables=Tables.open(tmp_path))
    found = {(finding.rule, finding.severity, finding.where.split()[-1]) for finding in report.findings}
    assert ("837p-diagnosis", Severity.ERROR, "HI02") in found and not report.accepted
    assert ("837p-procedure", Severity.NOT_CHECKED, "ST") in found  # no release of the procedures is loaded


def test_a_large_remittance_is_checked_as_it_streams() -> None:
    data = STORIES["835/paid-and-denied"]()
    report = check_stream(data[at : at + 99] for at in range(0, len(data), 99))
    assert report.accepted and report.kind == "835" and report.balances == check(data).balances
    wrong = check_stream([data.replace(b"BPR*I*88", b"BPR*I*89")])
    assert not wrong.accepted and "835-balance-transaction" in {finding.rule for finding in wrong.findings}
    assert not check_stream([b"nonsense"]).readable


def test_a_negative_payment_is_read_and_said() -> None:
    report = check(STORIES["835/offsets-make-it-negative"]())
    (finding,) = [f for f in report.findings if f.rule == "835-negative-payment"]
    assert finding.severity is Severity.WARNING and finding.where.endswith("BPR02") and "hold it" in finding.mend
    assert report.readable and report.balances[0].transaction == "balances"
