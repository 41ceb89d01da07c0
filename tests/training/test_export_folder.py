import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.training import export_fixture
from training.export_folder import ExportError, read


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    return export_fixture.rows(export_fixture.cases(60))


@pytest.fixture
def folder(tmp_path: Path, rows: list[dict[str, object]]) -> Path:
    export_fixture.write_rows(tmp_path, rows)
    return tmp_path


def test_an_export_is_read_in_the_order_sent(folder: Path) -> None:
    export = read(folder)
    assert export.synthetic and export.as_of == export_fixture.AS_OF and len(export.submissions) == 60
    days = [s.submitted_on for s in export.submissions]
    assert days == sorted(days)
    assert {s.claim_number for s in export.submissions} == {c.claim.number for c in export_fixture.cases(60)}


def test_an_unknown_outcome_stays_unknown(tmp_path: Path) -> None:
    late = [replace(c, learned_on=export_fixture.AS_OF + timedelta(days=5)) for c in export_fixture.cases(60)[:3]]
    export = read(export_fixture.write(tmp_path, late))
    assert [(s.denied, s.adjudicated_on) for s in export.submissions] == [(None, None)] * 3


def test_a_truncated_file_is_named(folder: Path) -> None:
    file = folder / "claims.parquet"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(ExportError, match="cut short") as error:
        read(folder)
    assert "claims.parquet" in error.value.where and error.value.mend


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "claims.parquet").unlink()
    with pytest.raises(ExportError, match="missing"):
        read(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 2, "files": {}, "as_of": "2026-01-01"}'])
def test_a_foreign_folder_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ExportError):
        read(folder)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="not an export folder"):
        read(tmp_path / "nowhere")


def test_a_listed_file_outside_the_folder_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../secret"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ExportError, match="outside"):
        read(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"denied": True, "adjudicated_on": None}, "outcome without its day"),
        ({"adjudicated_on": "2020-01-01", "denied": False}, "out of order"),
        ({"submitted_on": "yesterday"}, "not a date"),
        ({"units": [1, 1, 1, 1]}, "differ in length"),
        ({"patient_key": None}, "patient_key"),
    ],
)
def test_rows_that_contradict_themselves(
    tmp_path: Path, rows: list[dict[str, object]], changes: dict[str, object], words: str
) -> None:
    export_fixture.write_rows(tmp_path, [rows[0] | changes, *rows[1:]])
    with pytest.raises(ExportError, match=words) as error:
        read(tmp_path)
    assert "row 1" in error.value.where


def test_a_missing_column_is_named(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    export_fixture.write_rows(tmp_path, [{k: v for k, v in row.items() if k != "plan"} for row in rows])
    with pytest.raises(ExportError, match="plan"):
        read(tmp_path)


def test_a_parquet_that_is_none(folder: Path) -> None:
    import hashlib

    (folder / "claims.parquet").write_bytes(b"PAR1 but not really")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["claims.parquet"] = hashlib.sha256(b"PAR1 but not really").hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ExportError, match="not a parquet"):
        read(folder)
