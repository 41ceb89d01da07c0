"""Code tables from the package and from CMS files: dated, deterministic, and refused whole when a row is wrong."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from billing_core.codesets.tables import Tables, Verdict
from billing_core.errors import TableError
from serving.code_tables import (
    Release,
    build_icd10cm,
    import_add_on,
    import_age_sex,
    import_fees,
    import_mue,
    import_procedures,
    import_ptp,
    import_quarterly,
    quarter,
)
from tests.real_data import SHARED, needs

ROOT = Path(__file__).resolve().parents[2]
CODESETS = SHARED / "codesets"
Q3 = quarter("2024q3")
ON = date(2024, 8, 1)
MAY = date(2026, 5, 1)


@pytest.fixture(scope="module")
def icd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_icd10cm(tmp_path_factory.mktemp("icd"))


def test_icd10cm_of_april_2026(icd: Path) -> None:
    tables = Tables.open(icd.parent)
    assert tables.diagnosis("E11.9", MAY) is Verdict.VALID
    assert tables.diagnosis("E11", MAY) is Verdict.NOT_BILLABLE
    assert tables.diagnosis("S72.001", MAY) is Verdict.NOT_BILLABLE
    assert tables.diagnosis("S72.001A", MAY) is Verdict.VALID
    assert len(tables.more_specific("S72.001", MAY)) == 16
    assert tables.diagnosis("E11.99", MAY) is Verdict.INVALID
    assert tables.diagnosis("A00-A09", MAY) is Verdict.INVALID
    assert tables.diagnosis("E11.9", date(2026, 10, 1)) is Verdict.NOT_CHECKED
    assert tables.title("S72.001A").startswith("Fracture of unspecified part of neck of right femur, initial encounter")
    assert tables.manifestation("F02.80", MAY) and tables.manifestation("H42", MAY)
    assert not tables.manifestation("B95.0", MAY) and not tables.manifestation("E11.9", MAY)
    billable = sum(1 for row in tables.release("icd10cm", MAY) or () if row[1] == "Y")
    assert 74_000 < billable < 75_500


def test_building_again_gives_the_same_bytes(icd: Path, tmp_path: Path) -> None:
    assert build_icd10cm(tmp_path).read_bytes() == icd.read_bytes()


FILES: dict[str, tuple[Callable[[Path, Path, Release], Path], str]] = {
    "ptp": (
        import_ptp,
        "column1,column2,modifier_indicator,deletion_date\n11042,99213,1,9999-12-31\n11042,97597,0,2024-07-31\n"
        "11042,36000,1,2024-06-30\n11042,64450,9,2024-08-31\n",
    ),
    "mue": (import_mue, "hcpcs_code,mue_units,mue_mai,mue_service\n99213,1,1,Practitioner\n36415,2,3,Practitioner\n"),
    "add_on": (import_add_on, "primary_code,add_on_code,aoc_edit_type\n11042,11045,1\n99202,G2211,2\n"),
    "fees": (import_fees, "hcpcs_code,mod,rvu_non_sum,rvu_fac_sum,cf\n99214,,3.8499999999999996,2.89,33.2875\n"),
    "age_sex": (
        import_age_sex,
        "icd_code,icd_conflict_rule\nO80,Maternity (Ages 9-64)\nO80,Female Only\n"
        "F02.80,Manifestation (Not Allowed as Principal Diagnosis)\n",
    ),
}


def imported(name: str, text: str, folder: Path) -> Tables:
    path = folder / f"{name}.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    FILES[name][0](path, folder / "tables", Q3)
    return Tables.open(folder / "tables")


def test_pairs(tmp_path: Path) -> None:
    tables = imported("ptp", FILES["ptp"][1], tmp_path)
    assert tables.pair("99213", "11042", ON).modifier_allowed
    assert tables.pair("11042", "97597", date(2024, 7, 31)).verdict is Verdict.INVALID
    assert tables.pair("11042", "97597", ON).verdict is Verdict.VALID
    assert tables.pair("11042", "64450", ON).verdict is Verdict.VALID
    assert tables.pair("11042", "99213", date(2024, 10, 1)).verdict is Verdict.NOT_CHECKED
    assert len(tables.loaded[0]) == 2


def test_limits_add_ons_fees_and_conflicts(tmp_path: Path) -> None:
    for name in ("mue", "add_on", "fees", "age_sex"):
        tables = imported(name, FILES[name][1], tmp_path)
    assert tables.unit_limit("99213", ON).per_line and tables.unit_limit("36415", ON).units == 2
    assert tables.primaries("11045", ON) == ("11042",) and tables.primaries("G2211", ON) == ("CCCCC",)
    assert tables.primaries("99213", ON) == ()
    assert tables.fee("99214", ON) == 12816  # 3.85 x 33.2875 = 128.156875
    assert tables.fee("99214", ON, facility=True) == 9620
    fits = tables.age_sex("O80", ON)
    assert fits is not None and (fits.sex, fits.age_from, fits.age_to) == ("F", 9, 64)
    assert tables.age_sex("F02.80", ON) is None


def test_procedures_are_the_union_without_those_that_ended(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("hcpcs_code,date_term\nG0008,\nG0009,2024-06-30\nG0010,2024-07-01\n")
    (tmp_path / "b.csv").write_text("hcpcs_code\n99213\nG0008\n")
    import_procedures([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path, Q3)
    tables = Tables.open(tmp_path)
    verdicts = {code: tables.procedure(code, ON) for code in ("G0008", "G0009", "G0010", "99213")}
    assert [code for code, v in verdicts.items() if v is Verdict.INVALID] == ["G0009"]


@pytest.mark.parametrize(
    ("name", "good", "bad", "where"),
    [
        ("ptp", "11042,99213,1", "11042,9921,1", "ptp.csv.gz row 2"),
        ("ptp", "11042,99213,1", "11042,99213,7", "ptp.csv.gz row 2"),
        ("ptp", "2024-06-30", "30.6.2024", "ptp.csv.gz row 4"),
        ("ptp", "column2", "col2", "ptp.csv.gz"),
        ("mue", "36415,2,3,", "36415,two,3,", "mue.csv.gz row 3"),
        ("mue", "36415,2,3,", "36415,2,", "mue.csv.gz row 3"),
        ("fees", "2.89", "NaN", "fees.csv.gz row 2"),
        ("fees", "2.89", "-2.89", "fees.csv.gz row 2"),
        ("age_sex", "Female Only", "Left-handed Only", "age_sex.csv.gz row 3"),
        ("add_on", "11042,11045", "11042,1104*", "add_on.csv.gz row 2"),
    ],
)
def test_a_wrong_row_refuses_the_whole_file_and_leaves_no_table(
    name: str, good: str, bad: str, where: str, tmp_path: Path
) -> None:
    text = FILES[name][1]
    assert good in text
    with pytest.raises(TableError) as raised:
        imported(name, text.replace(good, bad), tmp_path)
    assert raised.value.where == where and raised.value.mend
    assert not list((tmp_path / "tables").glob("*.table"))


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"{n:05d},1,1\n" for n in range(5000))
    whole = gzip.compress(("hcpcs_code,mue_units,mue_mai\n" + rows).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    for path in (tmp_path / "cut.csv.gz", tmp_path / "absent.csv"):
        with pytest.raises(TableError, match="fetch it again"):
            import_mue(path, tmp_path, Q3)


def test_quarters() -> None:
    assert quarter("2024q1") == Release("2024q1", date(2024, 1, 1), date(2024, 3, 31))
    assert quarter("2026q4").terminated == date(2026, 12, 31)
    with pytest.raises(TableError):
        quarter("2024-3")


@pytest.mark.real_data
@pytest.mark.slow
@needs("codesets")
def test_the_published_quarter_is_found_again_row_by_row(tmp_path: Path) -> None:
    written = import_quarterly(CODESETS, tmp_path)
    assert [p.name for p in written] == [f"{n}-2024-07-01.table" for n in ("add_on", "mue", "ptp")]
    tables = Tables.open(tmp_path)
    assert {t.header.name: len(t) for t in tables.loaded} == {"add_on": 6907, "mue": 14677, "ptp": 1669820}
    with gzip.open(CODESETS / "ncci_2024q3_ptp_practitioner.csv.gz", "rt", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if number % 997 == 0 and row["deletion_date"] == "9999-12-31":
                pair = tables.pair(row["column2"], row["column1"], ON)
                assert pair.verdict is Verdict.INVALID
                assert pair.modifier_allowed == (row["modifier_indicator"] == "1")


@pytest.mark.real_data
@needs("codesets")
def test_the_published_fees_conflicts_and_codes(tmp_path: Path) -> None:
    rvu, indicators = CODESETS / "pfs_2024_rvu_amounts.csv.gz", CODESETS / "pfs_2024_rvu_indicators.csv.gz"
    import_fees(rvu, tmp_path, Release("2024", date(2024, 3, 9), date(2024, 12, 31)), indicators)
    import_age_sex(CODESETS / "mce_v41_1_code_edits.csv.gz", tmp_path, Release("41.1", date(2024, 4, 1), Q3.terminated))
    lists = [
        indicators,
        CODESETS / "hcpcs_2024_level2_indicators.csv",
        CODESETS / "ncci_2024q3_mue_practitioner.csv.gz",
    ]
    import_procedures(lists, tmp_path, Q3)
    tables = Tables.open(tmp_path)
    assert tables.fee("99213", ON) == 9087
    assert tables.fee("73721", ON, modifier="26") == 6358
    assert tables.procedure("99213", ON) is Verdict.VALID
    assert tables.procedure("99218", ON) is Verdict.INVALID  # deleted in 2023
    fits = tables.age_sex("O80", ON)
    assert fits is not None and fits.sex == "F"
