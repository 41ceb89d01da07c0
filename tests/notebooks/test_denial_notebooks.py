"""Every notebook of the denial model runs from top to bottom on a really trained run."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training import export_fixture
from tests.training.test_denial import trained

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("notebooks")
    export_fixture.write(home / "export", export_fixture.cases(600))
    assert trained(home, "run") == 0
    return home


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("denial_drivers", "without an answer, "),
        ("calibration_and_fairness", "judged claims, stated "),
    ],
)
def test_it_runs_and_says_what_it_promises(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    import matplotlib

    matplotlib.use("Agg")
    monkeypatch.setenv("CLEANCLAIM_EXPORT", str(home / "export"))
    monkeypatch.setenv("CLEANCLAIM_RUN", str(home / "run"))
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text("utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 2 and not any(cell["outputs"] for cell in cells)
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"{name}[{number}]", "exec"), names)
    out = capsys.readouterr().out
    assert said in out and "synthetic" in out
    assert matplotlib.pyplot.get_fignums()
    matplotlib.pyplot.close("all")
