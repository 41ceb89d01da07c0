"""The fee schedule's relative values and localities, as CMS publishes them and as the public copy has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing_core.codesets.tables import Tables
from billing_core.contract_check import check_vectors
from billing_core.contract_file import read
from billing_core.errors import TableError
from billing_core.fee_terms import Gpci, Rvu
from serving.code_tables import Release, import_rvu, read_gpci
from tests.real_data import SHARED, needs

ROOT = Path(__file__).resolve().parents[2]
CODESETS = SHARED / "codesets"
YEAR = Release("2024", date(2024, 1, 1), date(2024, 12, 31))
ON = date(2024, 6, 10)

# The shape of CMS's PPRRVU file: title lines, a header over several lines, 31 columns. Invented values.
HEADER = (
    "HCPCS,MOD,DESCRIPTION,CODE,PAYMENT,RVU,PE RVU,INDICATOR,PE RVU,INDICATOR,"
    "RVU,TOTAL,TOTAL,IND,DAYS,OP,OP,OP,PROC,SURG,SURG,SURG,SURG,BASE,FACTOR,PROC,FLAG,INDICATOR,AMT,AMT,AMT"
)
ROW = "99213,,Office visit,A,,1.30,1.33,,0.56,,0.10,2.73,1.96,0,XXX,0,0,0,0,0,0,0,0,,33.2875,09,0,99,0,0,0"
SCOPE = "45385,,Scope,A,,4.57,8.47,,2.36,,0.56,13.6,7.49,0,000,0,0,0,3,0,1,0,0,45378,33.2875,09,0,99,0,0,0"
UNPAID = "A0021,,Service,I,,0.00,0.00,,0.00,,0.00,0,0,9,XXX,0,0,0,9,9,9,9,9,,33.2875,09,0,99,0,0,0"
TITLES = "2024 National Physician Fee Schedule Relative Value File\nReleased 2024,,,\n\n"
CMS = f"{TITLES}{HEADER}\n{ROW}\n{SCOPE}\n{UNPAID}\n"


def imported(tmp_path: Path, text: str) -> Tables:
    path = tmp_path / "PPRRVU24.csv"
    path.write_text(text, "utf-8")
    import_rvu(path, tmp_path / "tables", YEAR)
    return Tables.open(tmp_path / "tables")


def test_the_file_as_cms_publishes_it(tmp_path: Path) -> None:
    tables = imported(tmp_path, CMS)
    work, office, facility, malpractice = (Decimal(v) for v in ("1.30", "1.33", "0.56", "0.10"))
    assert tables.rvu("99213", ON) == Rvu(work, office, facility, malpractice, "A", "0", "0", "0", "")
    scope = tables.rvu("45385", ON)
    assert scope is not None and (scope.multiple, scope.endoscopy_base) == ("3", "45378")
    assert tables.rvu("A0021", ON) is None, "a code without relative values has no fee, not a fee of nothing"
    assert tables.rvu("99213", date(2025, 1, 1)) is None and tables.rvu("99213", ON, modifier="26") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing,here\n1,2\n", "no RVU columns"),
        (CMS.replace("1.30", "one"), "not a relative value"),
        (CMS.replace(ROW, ROW[:40]), "a row cut short"),
        (CMS.replace("99213", "992"), "not a five-character code"),
    ],
)
def test_a_damaged_file_is_refused_whole(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message) as caught:
        imported(tmp_path, text)
    assert caught.value.where and caught.value.mend


GPCI = (
    "ADDENDUM E. FINAL GPCIs,,,,,,,\n\nMedicare Administrative Contractor (MAC),State,Locality Number,Locality Name,"
    "2024 PW GPCI (without 1.0 Floor),2024 PW GPCI (with 1.0 Floor),2024 PE GPCI,2024 MP GPCI\n"
    "10112,AL,00,ALABAMA,0.980,1.000,0.869,0.575\n13202,NY,01,MANHATTAN,1.057,1.057,1.175,1.361\n\nnote,,,,,,,\n"
)


def test_localities_and_their_indices(tmp_path: Path) -> None:
    path = tmp_path / "GPCI2024.csv"
    path.write_text(GPCI, "utf-8")
    found = read_gpci(path)
    assert found["10112-00"] == Gpci(Decimal("1.000"), Decimal("0.869"), Decimal("0.575"))
    assert sorted(found) == ["10112-00", "13202-01"]
    path.write_text("no such thing\n", "utf-8")
    with pytest.raises(TableError, match="no localities"):
        read_gpci(path)


@pytest.mark.real_data
@needs("codesets")
def test_the_medicare_contract_holds_with_the_published_values_too(tmp_path: Path) -> None:
    """Every vector of the Part B contract without its own relative values: the imported table gives the same cents."""
    import_rvu(CODESETS / "pfs_2024_rvu_amounts.csv.gz", tmp_path, YEAR, CODESETS / "pfs_2024_rvu_indicators.csv.gz")
    terms = read((ROOT / "data/synthetic/contracts/medicare-part-b.toml").read_bytes()).contract
    assert terms is not None
    bare = replace(terms, schedules={"pfs": replace(terms.schedules["pfs"], rvus={})})
    results = check_vectors(bare, Tables.open(tmp_path))
    assert len(results) == 35
    assert [(r.vector.name, r.differences) for r in results if not r.holds] == []
