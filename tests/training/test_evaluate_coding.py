import json
from pathlib import Path

import pytest

from tests.real_data import SHARED, needs
from training.coding_metrics import Counts, count
from training.evaluate_coding import FolderError, evaluate, read_folder


def _folder(path: Path) -> Path:
    (path / "notes").mkdir(parents=True)
    for name, text in {"n1": "Assessment: Gout", "n2": "Assessment: Asthma", "n3": "All well."}.items():
        (path / "notes" / f"{name}.txt").write_text(text, encoding="utf-8")
    rows = ["n1\tICD-10-CM\tM10.9", "n1\tICD-10-CM\tI10", "n2\tICD-10-CM\tJ45.901", "n1\tCPT\t99213"]
    (path / "codes.tsv").write_text("note_id\tsystem\tcode\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_definitions() -> None:
    counts = count([(["A", "B", "B"], ["A", "C"]), ([], ["D"]), (["E"], [])])
    assert counts == Counts(right=1, offered=3, signed=3)
    assert (counts.precision, counts.recall, counts.f1) == (1 / 3, 1 / 3, 1 / 3)
    nothing = count([])
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def test_the_metrics_of_a_folder(tmp_path: Path, cold_artifact: Path) -> None:
    from models.coding.suggester import Suggester

    metrics = evaluate(Suggester.load(cold_artifact), _folder(tmp_path / "data"))
    assert metrics["n_notes"] == 3
    assert metrics["abstained"] == 1
    assert (metrics["micro_right"], metrics["micro_offered"], metrics["micro_signed"]) == (1, 2, 3)
    assert metrics["micro_f1"] == 0.4
    assert (metrics["category_micro_right"], metrics["category_micro_f1"]) == (2, 0.8)
    assert metrics["candidate_recall"] == 0.3333
    assert metrics["procedure_signed"] == 1


def test_the_command_writes_the_metrics(tmp_path: Path, cold_artifact: Path) -> None:
    from training.__main__ import main

    out = tmp_path / "metrics.json"
    args = ["--data", str(_folder(tmp_path / "data")), "--model", str(cold_artifact), "--json", str(out)]
    assert main(["evaluate-coding", *args]) == 0
    assert json.loads(out.read_text())["n_notes"] == 3
    (tmp_path / "one").write_text("n1\n")
    assert main(["evaluate-coding", *args, "--only", str(tmp_path / "one")]) == 0
    assert json.loads(out.read_text())["n_notes"] == 1


def test_a_folder_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="notes/ and codes"):
        read_folder(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "codes.tsv").write_text("a\tb\n")
    with pytest.raises(FolderError, match="columns"):
        read_folder(tmp_path)


@pytest.mark.real_data
@needs("coding/acibench/dev")
def test_real_visit_notes_reach_the_figure(cold_artifact: Path) -> None:
    """ACI-Bench dev, the notes read while building (the first 40); evaluation only, never training."""
    from models.coding.suggester import Suggester

    folder = SHARED / "coding/acibench/dev"
    ids = sorted(p.stem for p in (folder / "notes").glob("*.txt"))[:40]
    metrics = evaluate(Suggester.load(cold_artifact), folder, ids)
    assert metrics["n_notes"] == 40
    assert metrics["micro_f1"] >= 0.70
