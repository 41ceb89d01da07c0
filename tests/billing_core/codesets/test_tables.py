"""Code tables: what was written is found again, damage is refused, and what is not loaded is never a pass."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core.codesets.build import table_bytes, write_table
from billing_core.codesets.layout import Column, Row, TableHeader
from billing_core.codesets.modifiers import separates, well_formed
from billing_core.codesets.table import CodeTable
from billing_core.codesets.tables import PairVerdict, Tables, Verdict
from billing_core.errors import TableError
from tests.billing_core.edits.tables import END, START, sample

ON = date(2026, 4, 7)
HEADER = TableHeader("mue", "invented", "2026", START, END)
ROWS: list[Row] = [("99213", 1, "1"), ("36415", 2, "3"), ("0001U", 70000, "2")]
PRINTED = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
TEXTS = (Column("code", "text", 7), Column("title", "long", 6))


def test_a_written_table_opens_and_finds_each_row(tmp_path: Path) -> None:
    table = CodeTable.open(write_table(tmp_path / "mue.table", HEADER, ROWS))
    assert table.header == HEADER
    assert (len(table), list(table)) == (3, sorted(ROWS))
    assert table.find("0001U") == (("0001U", 70000, "2"),)
    assert table.find("00000") == table.find("99999") == table.find("992133") == ()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mue.table"]


def test_the_order_and_repetition_of_rows_do_not_change_the_bytes() -> None:
    assert table_bytes(HEADER, ROWS) == table_bytes(HEADER, [*reversed(ROWS), ROWS[0]])


@given(st.dictionaries(st.text("ABC019", min_size=1, max_size=7), st.text(PRINTED, max_size=30)))
def test_any_texts_come_back(titles: dict[str, str]) -> None:
    table = CodeTable(table_bytes(HEADER, titles.items(), TEXTS), "memory")
    for code, title in titles.items():
        assert table.find(code) == ((code, title),)
    assert {str(row[0]) for row in table.starting_with("A")} == {c for c in titles if c.startswith("A")}


def test_every_flipped_byte_and_every_cut_is_refused() -> None:
    good = table_bytes(HEADER, ROWS)
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x01
        with pytest.raises(TableError) as raised:
            CodeTable(bytes(bad), "mue.table")
        assert "build the tables again" in str(raised.value) and "mue.table" in str(raised.value)
        with pytest.raises(TableError):
            CodeTable(good[:at], "mue.table")
    with pytest.raises(TableError):
        CodeTable(good + b"x", "mue.table")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"CLEANCLAIM-TABLE 2\n{}\n", b"CLEANCLAIM-TABLE 1\nnull\n"])
def test_another_format_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.table"
    path.write_bytes(data)
    with pytest.raises(TableError, match=r"odd\.table"):
        CodeTable.open(path)
    with pytest.raises(TableError):
        CodeTable.open(tmp_path / "absent.table")


@pytest.mark.parametrize(
    "row",
    [("99213", 1), ("992133", 1, "1"), ("99213", -1, "1"), ("99213", 2**32, "1"), (99213, 1, "1"), ("9\0", 1, "1")],
)
def test_a_row_that_does_not_fit_is_refused_by_its_number(row: Row) -> None:
    with pytest.raises(TableError, match=r"row 2"):
        table_bytes(HEADER, [ROWS[0], row])


def test_unknown_tables_and_backward_dates_are_refused() -> None:
    with pytest.raises(TableError, match="no table of that name"):
        table_bytes(TableHeader("poetry", "", "", START), [])
    with pytest.raises(TableError, match="ends before"):
        table_bytes(TableHeader("mue", "", "", END, START), [])


def test_diagnoses_have_four_verdicts() -> None:
    tables = sample()
    assert tables.diagnosis("e11.9", ON) is Verdict.VALID
    assert tables.diagnosis("E11", ON) is Verdict.NOT_BILLABLE
    assert tables.diagnosis("E11.99", ON) is Verdict.INVALID
    assert tables.diagnosis("E11.9", END + timedelta(days=1)) is Verdict.NOT_CHECKED
    assert tables.diagnosis("E11.9", START - timedelta(days=1)) is Verdict.NOT_CHECKED
    assert tables.more_specific("E11", ON) == ("E11.9",)
    assert tables.title("E11.9", ON) == "Diabetes without complications" == tables.title("E119")
    assert tables.title("E11.9", date(2030, 1, 1)) == ""


def test_nothing_loaded_is_never_a_pass() -> None:
    empty = Tables.empty()
    assert empty.diagnosis("E11.9", ON) is Verdict.NOT_CHECKED
    assert empty.procedure("99213", ON) is Verdict.NOT_CHECKED
    assert empty.pair("11042", "99213", ON).verdict is Verdict.NOT_CHECKED
    assert empty.unit_limit("99213", ON).verdict is Verdict.NOT_CHECKED
    assert empty.primaries("11045", ON) is None
    assert empty.fee("99213", ON) is None
    assert empty.title("E11.9") == ""
    assert empty.loaded == ()


def test_pairs_are_found_in_either_order_and_deleted_ones_are_not() -> None:
    deleted = ON.toordinal()
    rows: list[Row] = [("11042", "99213", 0, "1"), ("36415", "99213", deleted, "0"), ("80053", "99213", 0, "9")]
    tables = Tables([CodeTable(table_bytes(TableHeader("ptp", "", "", START, END), rows), "ptp")])
    expected = PairVerdict(Verdict.INVALID, "11042", "99213", True)
    assert tables.pair("11042", "99213", ON) == tables.pair("99213", "11042", ON) == expected
    assert tables.pair("36415", "99213", ON).verdict is Verdict.INVALID
    assert tables.pair("36415", "99213", ON + timedelta(days=1)).verdict is Verdict.VALID
    assert tables.pair("80053", "99213", ON).verdict is Verdict.VALID


def test_a_code_without_a_published_limit_is_not_checked() -> None:
    tables = sample()
    assert tables.unit_limit("36415", ON).units == 2
    assert tables.unit_limit("G0008", ON).verdict is Verdict.NOT_CHECKED


def test_the_release_of_the_day_answers() -> None:
    def release(name: str, start: date, end: date | None, units: int) -> CodeTable:
        return CodeTable(table_bytes(TableHeader("mue", "", name, start, end), [("99213", units, "1")]), name)

    first = release("q1", date(2026, 1, 1), date(2026, 3, 31), 1)
    second = release("q2", date(2026, 4, 1), None, 2)
    tables = Tables([second, first])
    assert tables.unit_limit("99213", date(2026, 3, 31)).units == 1
    assert tables.unit_limit("99213", date(2026, 4, 1)).units == 2
    assert [t.header.release for t in tables.loaded] == ["q1", "q2"]
    with pytest.raises(TableError, match="same day"):
        Tables([first, release("again", date(2026, 3, 31), None, 3)])


def test_a_folder_of_tables_opens(tmp_path: Path) -> None:
    write_table(tmp_path / "mue-2026.table", HEADER, ROWS)
    (tmp_path / "README.txt").write_text("not a table")
    tables = Tables.open(tmp_path)
    assert tables.unit_limit("99213", ON).units == 1
    (tmp_path / "bad.table").write_bytes(b"x")
    with pytest.raises(TableError, match=r"bad\.table"):
        Tables.open(tmp_path)


def test_modifiers() -> None:
    assert well_formed("25") and well_formed("XE") and not well_formed("xe") and not well_formed("2")
    assert separates(("GT", "59")) and separates(("T9",)) and not separates(("76", "GT")) and not separates(())
