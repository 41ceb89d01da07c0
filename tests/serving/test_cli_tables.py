"""The code tables by command: added one by one, listed, refused whole with the mend; localities as contract lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving import cli
from tests.serving.test_relative_values import CMS, GPCI

YEAR = ("--release", "2024", "--from", "2024-01-01", "--to", "2024-12-31")
FILES = {
    "ptp": "column1,column2,modifier_indicator,deletion_date\n11042,99213,1,9999-12-31\n",
    "mue": "hcpcs_code,mue_units,mue_mai\n99213,1,1\n",
    "add-on": "primary_code,add_on_code,aoc_edit_type\n11042,11045,1\n",
    "fees": "hcpcs_code,mod,rvu_non_sum,rvu_fac_sum,cf\n99214,,3.85,2.89,33.2875\n",
    "rvu": CMS,
    "procedures": "hcpcs_code\n99213\n",
    "age-sex": "icd_code,icd_conflict_rule\nO80,Female Only\n",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLEANCLAIM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_every_kind_of_table_is_added_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, text in FILES.items():
        (tmp_path / f"{kind}.csv").write_text(text, "utf-8")
        assert cli.main(["tables", "add", kind, str(tmp_path / f"{kind}.csv"), *YEAR]) == 0
    capsys.readouterr()
    assert cli.main(["tables", "list"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0].replace("_", "-") for line in shown] == sorted(FILES)
    assert all("2024-01-01 to 2024-12-31" in line for line in shown)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mue", "rvu.csv"), "column hcpcs_code is missing"),
        (("mue", "absent.csv"), "cannot be read"),
        (("mue", "mue.csv", "mue.csv"), "too many files"),
    ],
)
def test_what_cannot_be_added_leaves_no_table(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    for kind in ("rvu", "mue"):
        (tmp_path / f"{kind}.csv").write_text(FILES[kind], "utf-8")
    kind, *files = words
    assert cli.main(["tables", "add", kind, *(str(tmp_path / name) for name in files), *YEAR]) == 2
    assert said in capsys.readouterr().err and not list((home / "tables").glob("*"))


def test_localities_are_told_as_a_contract_takes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "GPCI.csv").write_text(GPCI, "utf-8")
    assert cli.main(["tables", "localities", str(tmp_path / "GPCI.csv")]) == 0
    line = 'gpci = { work = "1.057", practice_expense = "1.175", malpractice = "1.361" }'
    assert f"13202-01  {line}" in capsys.readouterr().out
