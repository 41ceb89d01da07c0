"""`cleanclaim x12 ...` through the command line's own door."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from billing_core.codesets.build import write_table
from billing_core.codesets.layout import TableHeader
from billing_core.x12 import acknowledgment_999
from serving.cli import main
from tests.billing_core.x12.people import STORIES


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    found = {}
    for name, write in STORIES.items():
        path = tmp_path / f"{name.replace('/', '-')}.edi"
        path.write_bytes(write())
        found[name] = str(path)
    (tmp_path / "bad.edi").write_bytes(STORIES["837P/office-visit"]().replace(b"*CI~", b"*ZQ~"))
    (tmp_path / "no.edi").write_bytes(b"no X12 at all")
    return found | {"bad": str(tmp_path / "bad.edi"), "none": str(tmp_path / "no.edi")}


def test_check_gives_one_object_a_file(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x12", "check", "--json", files["835/paid-and-denied"], files["bad"], files["none"]]) == 1
    good, bad, none = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert good.keys() >= {"file", "kind", "readable", "accepted", "findings", "balances"}
    assert (good["kind"], good["readable"], good["accepted"]) == ("835", True, True)
    assert good["balances"] == [
        {"set_control": "0001", "line": "balances", "claim": "balances", "transaction": "balances"}
    ]
    assert not bad["accepted"] and "balances" not in bad
    finding, not_looked_up = bad["findings"]
    assert not_looked_up["severity"] == "not checked" and "--tables" in not_looked_up["mend"]
    assert (finding["rule"], finding["segment"], finding["element"]) == ("x12-code", 15, "SBR09")
    assert (none["readable"], none["accepted"], none["kind"]) == (False, False, "unknown")


def test_a_file_that_cannot_be_opened_keeps_no_other_from_being_told(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, gone = files["999/one-taken-one-not"], str(tmp_path / "gone.999")
    assert main(["x12", "check", "--json", gone, good]) == 1
    none, whole = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (none["readable"], none["findings"][0]["mend"], whole["accepted"]) == (False, "correct the path", True)
    for command in ("explain", "show"):
        assert main(["x12", command, gone, files["none"], good]) == 2
        said = capsys.readouterr()
        assert said.out and "gone.999: " in said.err and "no.edi: " in said.err
    assert main(["x12", "roundtrip", gone, good]) == 1
    assert capsys.readouterr().out.endswith(": identical\n")


def test_codes_are_looked_up_on_their_day_where_tables_are_given(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = TableHeader("icd10cm", "made for a test", "1", date(2026, 1, 1))
    write_table(tmp_path / "icd10cm.table", header, [("I214", "Y", "N", "Infarction")])
    bill = files["837I/inpatient"]
    assert main(["x12", "check", "--tables", str(tmp_path), bill]) == 1
    said = capsys.readouterr().out
    assert said.count("not a billable ICD-10-CM code") == 4 and "HI01" in said
    assert main(["x12", "check", "--tables", str(tmp_path / "none"), bill]) == 2


def test_roundtrip_is_to_the_byte(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x12", "roundtrip", *(files[name] for name in STORIES)]) == 0
    assert capsys.readouterr().out.count(": identical") == len(STORIES)
    assert main(["x12", "roundtrip", "--json", files["none"]]) == 1
    assert json.loads(capsys.readouterr().out)["identical"] is False


def test_explain_and_show(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x12", "explain", files["999/one-taken-one-not"]]) == 0
    assert "To do" in capsys.readouterr().out
    assert main(["x12", "show", files["837I/inpatient"]]) == 0
    assert "institutional service" in capsys.readouterr().out
    assert main(["x12", "explain", files["none"]]) == 2
    capsys.readouterr()


def test_a_999_is_explained_beside_the_837_that_it_answers(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["x12", "ack", files["bad"], "--out", str(tmp_path)]) == 0
    said = str(tmp_path / "bad.1.999")
    assert main(["x12", "explain", "--sent", files["bad"], said]) == 0
    assert "element 9: a code that is not in the guide's list (claim ELMF000000011)" in capsys.readouterr().out
    assert main(["x12", "explain", "--sent", said, said]) == 2
    assert "--sent: it is no file of claims" in capsys.readouterr().err
    assert main(["x12", "explain", "--sent", files["bad"], files["999/one-taken-one-not"]]) == 0
    assert "(claim " not in capsys.readouterr().out, "the set it refuses is not in that file"


def test_ack_writes_what_is_due(files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x12", "ack", files["bad"], "--on", "2026-04-10", "--control", "9"]) == 0
    (said,) = acknowledgment_999.read(capsys.readouterr().out.encode())
    assert not said.accepted
    assert main(["x12", "ack", files["bad"], "--out", str(tmp_path / "out")]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["bad.1.999"]
