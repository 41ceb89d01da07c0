"""The coding notebook runs from top to bottom on an export's folder, and prints no word of its notes."""

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "coding_error_analysis.ipynb"
NOTES = {
    "n1": ("Zebediah came.\nAssessment:\n1. Gout\n2. Hypertension", ("M10.9", "I10")),
    "n2": ("Assessment:\n1. Asthma with acute exacerbation", ("J45.909",)),
    "n3": ("All well with Zebediah.", ("R69",)),
    "n4": ("Assessment:\n1. Acute bronchitis", ("E11.9",)),
}


def test_it_runs_and_names_no_patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import matplotlib

    matplotlib.use("Agg")
    (tmp_path / "notes").mkdir()
    rows = ["note_id\tsystem\tcode"]
    for name, (text, codes) in NOTES.items():
        (tmp_path / "notes" / f"{name}.txt").write_text(text, encoding="utf-8")
        rows += [f"{name}\tICD-10-CM\t{code}" for code in codes]
    (tmp_path / "codes.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    visits = ["note_id\tpatient_key\tage\tsex\tsetting", *(f"{name}\tp{name}\t50\tF\toutpatient" for name in NOTES)]
    (tmp_path / "visits.tsv").write_text("\n".join(visits) + "\n", encoding="utf-8")
    said = {"note_id": "n4", "system": "ICD-10-CM", "code": "J20.9", "decision": "reject", "reason": "not_supported"}
    parquet.write_table(pyarrow.Table.from_pylist([said]), tmp_path / "decisions.parquet")
    monkeypatch.setenv("CLEANCLAIM_CODED_NOTES", str(tmp_path))
    monkeypatch.delenv("CLEANCLAIM_CODING_MODEL", raising=False)
    cells = [c for c in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    assert len(cells) > 4 and not any(cell["outputs"] for cell in cells)
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"coding[{number}]", "exec"), names)
    out = capsys.readouterr().out
    for words in ("suggested", "right category, another code", "never considered", "specificity", "not signed"):
        assert words in out
    assert "4 notes of 4 patients" in out and "1 of 1 rejections would be offered again" in out
    assert "synthetic" in out and "zebediah" not in out.lower()
    assert matplotlib.pyplot.get_fignums()
    matplotlib.pyplot.close("all")
