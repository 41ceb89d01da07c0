"""The commands on a planted export, as a person runs them: train, register, promote, compare with the oracle."""

import argparse
import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet
import pytest

from models.artifact import open_artifact, write
from models.denial.predictor import Predictor
from tests.training import export_fixture
from training import baselines, denial, evaluate, promote, splits, tracking
from training.export_folder import read


@dataclass(frozen=True)
class Run:
    home: Path
    out: Path
    url: str
    figures: dict[str, object]


def call(command: object, *words: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    status: int = command.run(parser.parse_args([str(w) for w in words]))
    return status


def trained(home: Path, out: str, *words: object) -> int:
    return call(
        denial, "--export", home / "export", "--tracking", f"sqlite:///{home}/mlflow.db", "--out", home / out, *words
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.mktemp("training")
    found = export_fixture.cases(1600)
    export_fixture.write(home / "export", found)
    export_fixture.write_oracle(home / "oracle.csv", found)
    assert trained(home, "run", "--json", home / "figures.json") == 0
    figures = json.loads((home / "figures.json").read_text())
    return Run(home, home / "run", f"sqlite:///{home}/mlflow.db", figures)


def test_the_planted_signal_is_learned(run: Run) -> None:
    figures = run.figures
    assert figures["data"] == "synthetic" and figures["passed"] is True
    assert figures["n"] >= 500 and figures["auc"] > 0.8 and figures["ece"] < 0.06
    assert set(figures["gate"]) == {*baselines.PLAIN, baselines.LOGISTIC, "calibration"}
    assert figures["log_loss"] < figures["baselines"][baselines.TABLE]["log_loss"]


def test_calibration_is_told_payer_by_payer(run: Run) -> None:
    said = run.figures["calibration_by_payer"]
    assert isinstance(said, dict) and set(said) == {f"6005{n}" for n in range(6)}
    assert all("calibrated: error" in words or words.startswith("too few cases") for words in said.values())


def test_it_is_registered_with_its_artifact_and_no_prose(run: Run) -> None:
    version = tracking.candidate(run.url, "denial")
    assert dict(version.tags)["gate"] == "passed"
    assert open_artifact(version.artifact).sha256 == open_artifact(run.out / "artifact").sha256
    assert (version.beside / "held_out.parquet").exists()


def test_no_patient_is_in_anything_training_leaves(run: Run) -> None:
    """The fixture's patients have a name, record numbers, member ids: none may be in any byte left behind."""
    planted = (b"Quackenbush", b"Zebulon", b"MRN70", b"W5550", b"AUTH123", b"person-", b"1980-02-03", b"Elm St")
    searched = 0
    for file in run.home.rglob("*"):
        if file.is_file() and file.name != "oracle.csv" and "export" not in file.parts:
            data = file.read_bytes()
            if file.suffix == ".parquet":  # its pages are compressed
                data += str(pyarrow.parquet.read_table(file).to_pylist()).encode()
            searched += 1
            assert not [word for word in planted if word.lower() in data.lower()], file.name
    assert searched > 8


def test_real_exports_leave_no_claim_number(run: Run, tmp_path: Path) -> None:
    rows = export_fixture.rows(export_fixture.cases(500))
    (tmp_path / "export").mkdir()
    bare = [{k: v for k, v in row.items() if k != "claim_number"} for row in rows]
    export_fixture.write_rows(tmp_path / "export", bare, synthetic=False)
    assert trained(tmp_path, "run", "--json", tmp_path / "f.json") == 0
    table = pyarrow.parquet.read_table(tmp_path / "run" / "beside" / "held_out.parquet")
    assert "claim_number" not in table.column_names
    assert json.loads((tmp_path / "f.json").read_text())["data"] == "real"


def test_no_judged_claim_was_learned_from(run: Run) -> None:
    """Falsify every outcome learned once the last judged claim was sent: what was said of its month stays as it was."""
    export = read(run.home / "export")
    plan = splits.plan(export.submissions, export.as_of)
    last = plan.folds[-1]
    sent = max(export.submissions[place].submitted_on for place in last.judge)
    flipped = tuple(
        dataclasses.replace(s, denied=not s.denied) if s.adjudicated_on is not None and s.adjudicated_on >= sent else s
        for s in export.submissions
    )
    said = evaluate.read_predictions(run.out / "beside" / "held_out.parquet")
    again = denial.train(flipped, denial.replay(flipped), plan, seed=7).judged
    here = [place for place, of in enumerate(again.places) if of in last.judge]
    assert len(here) > 10
    assert [again.model[p] for p in here] == [said[p]["probability"] for p in here]
    assert [again.outcomes[p] for p in here] != [said[p]["denied"] for p in here]


def test_what_is_served_learned_from_all_that_is_known(run: Run) -> None:
    manifest = open_artifact(run.out / "artifact").manifest
    assert manifest["known_by"] == (export_fixture.AS_OF + timedelta(days=1)).isoformat()
    assert manifest["card"]["learned_from"].startswith(f"{run.figures['learned_from']} claims")
    assert run.figures["learned_from"] > run.figures["n"] > run.figures["latest"]["n"]


def test_the_card_shows_slices_and_says_where_there_are_too_few(run: Run) -> None:
    card = (run.out / "beside" / "model_card.md").read_text()
    assert "| payer 60050 |" in card and "too few" in card and "synthetic" in card and "category coding" in card


def test_promotion_copies_verifies_and_crowns(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--tracking", run.url, "--model", "denial", "--out", tmp_path / "live", "--signed-by", "ann")
    assert call(promote, *words) == 0
    assert "champion" in capsys.readouterr().out
    assert Predictor.load(tmp_path / "live").sha256 == open_artifact(run.out / "artifact").sha256
    crowned = tracking.candidate(run.url, "denial")
    assert tracking.holder(run.url, "denial", tracking.CHAMPION) == crowned.version
    assert dict(crowned.tags)["signed_by"] == "ann"
    assert call(promote, *words) == 0
    assert "it is the model in service" in capsys.readouterr().out


def test_a_model_no_better_than_the_one_in_service_stays_out(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In service is the same forest under another card: nothing is gained, so nothing changes."""
    same = open_artifact(run.out / "artifact")
    fields = {k: v for k, v in same.manifest.items() if k not in ("format", "files", "seal")}
    fields |= {"known_by": export_fixture.TURN.isoformat(), "card": "older"}
    before = write(tmp_path / "live", {name: same.read(name) for name in same.names}, fields)
    status = call(promote, "--tracking", run.url, "--model", "denial", "--out", tmp_path / "live")
    assert status == promote.REFUSED
    assert "does not beat the model in service" in capsys.readouterr().err
    noted = dict(tracking.candidate(run.url, "denial").tags)
    assert noted["promotion"] == "refused" and "the model in service" in noted["promotion_refused_by"]
    assert open_artifact(tmp_path / "live").sha256 == before != same.sha256


def test_a_better_model_takes_the_place_of_the_one_in_service(run: Run, tmp_path: Path) -> None:
    """In service is a model that knows nothing but the base rate."""
    best = open_artifact(run.out / "artifact")
    fields = {k: v for k, v in best.manifest.items() if k not in ("format", "files", "seal")}
    fields |= {"known_by": export_fixture.TURN.isoformat()}
    flat = json.dumps({"kind": "platt", "x": [0.0], "y": [-1.5]}).encode()
    files = {name: best.read(name) for name in best.names} | {"calibration.json": flat}
    write(tmp_path / "live", files, fields)
    words = ("--tracking", run.url, "--model", "denial", "--out", tmp_path / "out", "--against", tmp_path / "live")
    assert call(promote, *words) == 0
    assert open_artifact(tmp_path / "out").sha256 == best.sha256


def test_models_are_compared_only_on_claims_the_one_in_service_has_not_learned(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = open_artifact(run.out / "artifact")
    fields = {k: v for k, v in same.manifest.items() if k not in ("format", "files", "seal")}
    later = fields | {"known_by": export_fixture.AS_OF.isoformat()}
    write(tmp_path / "live", {name: same.read(name) for name in same.names}, later)
    assert call(promote, "--tracking", run.url, "--model", "denial", "--out", tmp_path / "live") == 2
    assert "0 judged claims were sent after the model in service had learned" in capsys.readouterr().err


def test_a_registered_model_that_was_damaged_is_not_promoted(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tracking.candidate(run.url, "denial").artifact / "trees.txt"
    sound = file.read_bytes()
    file.write_bytes(sound.replace(b"tree", b"free", 1))
    try:
        assert call(promote, "--tracking", run.url, "--model", "denial", "--out", tmp_path / "live") == 2
    finally:
        file.write_bytes(sound)
    assert "trees.txt" in capsys.readouterr().err and not (tmp_path / "live").exists()


def test_labels_of_chance_are_not_registered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import random

    pick = random.Random(1)
    rows = export_fixture.rows(export_fixture.cases(500))
    noise = [row | {"denied": None if row["denied"] is None else pick.random() < 0.2} for row in rows]
    (tmp_path / "export").mkdir()
    export_fixture.write_rows(tmp_path / "export", noise)
    assert trained(tmp_path, "run") == 0
    assert "not registered" in capsys.readouterr().out
    assert (
        call(promote, "--tracking", f"sqlite:///{tmp_path}/mlflow.db", "--model", "denial", "--out", tmp_path / "x")
        == 2
    )
    assert not (tmp_path / "x").exists()


def test_the_oracle_is_compared_afterwards(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held_out = run.out / "beside" / "held_out.parquet"
    words = ("--predictions", held_out, "--oracle", run.home / "oracle.csv", "--json", tmp_path / "o.json")
    assert call(evaluate, *words) == 0
    shown = capsys.readouterr().out
    assert shown.count("(synthetic") == 7 and "expected value, oracle" in shown and "of the way from the best" in shown
    figures = json.loads((tmp_path / "o.json").read_text())
    kept = figures["dollars"]["kept"]
    assert kept["amount"] < kept["expected value, model"] < figures["dollars"]["refused_cents"]
    assert 0.3 < figures["way"]["from the best rival that sees claims alone"] <= 1
    assert figures["n"] == run.figures["n"] and figures["not_in_oracle"] == 0
    assert 0 < figures["gap_auc"] < 0.12


@pytest.mark.parametrize(
    "content", ["", "number,p\n1,2\n", "claim_number,probability\nX,1.7\n", "claim_number,probability\nX,much\n"]
)
def test_an_oracle_that_is_none_is_refused(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "o.csv").write_text(content)
    held_out = run.out / "beside" / "held_out.parquet"
    assert call(evaluate, "--predictions", held_out, "--oracle", tmp_path / "o.csv") == 2
    assert call(evaluate, "--predictions", tmp_path / "o.csv", "--oracle", run.home / "oracle.csv") == 2


@pytest.mark.parametrize("url", ["http://host/", "sqlite:///", "mlruns"])
def test_only_a_sqlite_file_records_runs(
    run: Run, tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--export", run.home / "export", "--tracking", url, "--out", tmp_path / "run")
    assert call(denial, *words) == 2
    assert "SQLite" in capsys.readouterr().err


def test_prose_is_not_recorded(run: Run) -> None:
    for texts in ({"note": "Doe, Ann (born 1980)"}, {"patient's": "x"}, {"long": "x" * 300}):
        with pytest.raises(tracking.TrackingError):
            tracking.log_run(run.url, "denial", run.out / "artifact", texts, {})


def test_training_cannot_be_handed_an_oracle() -> None:
    parser = argparse.ArgumentParser()
    denial.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--export", "e", "--tracking", "t", "--out", "o", "--oracle", "x"])


def _flip(rows: list[dict[str, object]], day: str) -> list[dict[str, object]]:
    return [
        row | {"denied": not row["denied"]} if row["denied"] is not None and str(row["adjudicated_on"]) >= day else row
        for row in rows
    ]


def test_outcomes_learned_later_change_no_earlier_row(tmp_path: Path) -> None:
    """The leak test of the whole replay: falsify every outcome from a day on; rows sent up to it stay the same."""
    rows = export_fixture.rows(export_fixture.cases(400))
    day = export_fixture.TURN.isoformat()
    replays = []
    for name, made in (("true", rows), ("false", _flip(rows, day))):
        (tmp_path / name).mkdir()
        export_fixture.write_rows(tmp_path / name, made)
        export = read(tmp_path / name)
        replays.append(
            (denial.replay(export.submissions), [s.submitted_on.isoformat() <= day for s in export.submissions])
        )
    (true, early), (false, _) = replays
    assert 100 < sum(early) < 300
    assert (true[early] == false[early]).all()
    late = [not e for e in early]
    assert (true[late] != false[late]).any()


def test_a_planted_leak_shows() -> None:
    """The same check fails for an encoder that peeks: outcomes told before their day."""
    from models.denial.features import row
    from models.denial.history import History

    found = export_fixture.cases(40)

    def rows(denied: Callable[[int], bool]) -> list[tuple[float, ...]]:
        from models.denial.facts import facts

        history = History()
        made = []
        for place, case in enumerate(found):
            shown = facts(case.claim, case.submitted_on, case.claim.patient.id)
            history.adjudicated(shown, denied(place), case.submitted_on - timedelta(days=1))  # the leak
            made.append(row(shown, history))
        return made

    assert rows(lambda _: True)[-1] != rows(lambda place: place != len(found) - 1)[-1]
