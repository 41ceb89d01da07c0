"""P(overturned): learned from decided appeals when there are enough, and said to be too little when there are not."""

import argparse
import contextlib
import io
import json
import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from models.artifact import ArtifactError, open_artifact, write
from models.denial import overturn as model
from models.denial.overturn import AppealFacts
from tests.training import export_fixture
from tests.training.test_denial import call as command
from training import overturn, promote, tracking


def export(folder: Path, count: int) -> Path:
    """An export with `count` decided appeals: authorization refusals are won when the chart is quoted."""
    pick = random.Random(4)
    cases = export_fixture.cases(400)
    claims = export_fixture.rows(cases)
    rows = []
    for number in range(count):
        claim = claims[number % len(claims)]
        category = pick.choice(("authorization", "medical necessity", "timely filing"))
        quotes = pick.random() < 0.5
        won = pick.random() < {"authorization": 0.85 if quotes else 0.4, "medical necessity": 0.5}.get(category, 0.05)
        filed = export_fixture.FIRST + timedelta(days=40 + 2 * number)
        rows.append(
            {
                "claim_key": claim["claim_key"],
                "level": 1,
                "codes": ["CO-197"],
                "categories": [category],
                "procedures": list(claim["procedures"]),
                "quotes_the_chart": quotes,
                "filed_on": filed.isoformat(),
                "decided_on": (filed + timedelta(days=30)).isoformat(),
                "overturned": won,
            }
        )
    waiting = rows[:1] and [{**rows[0], "decided_on": None, "overturned": None}]
    export_fixture.write(folder, cases)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([*rows, *waiting]), folder / overturn.APPEALS)
    return folder


def call(*words: object) -> int:
    parser = argparse.ArgumentParser()
    overturn.add_arguments(parser)
    return overturn.run(parser.parse_args([str(word) for word in words]))


@dataclass(frozen=True)
class Run:
    """A run on 240 decided appeals, recorded in MLflow's own register on SQLite, and what it printed."""

    home: Path
    url: str
    figures: dict[str, Any]
    said: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    home, said = tmp_path_factory.mktemp("run"), io.StringIO()
    url, folder = f"sqlite:///{home}/mlflow.db", export(home / "export", 240)
    with contextlib.redirect_stdout(said):
        assert call("--export", folder, "--out", home / "run", "--tracking", url, "--json", home / "f.json") == 0
    return Run(home, url, json.loads((home / "f.json").read_text()), said.getvalue())


def test_with_enough_appeals_it_is_learned_judged_and_sealed(run: Run) -> None:
    figures = run.figures
    assert figures["passed"] and figures["model"]["auc"] > 0.7 and figures["model"]["n"] >= 60
    assert "240 decided" in run.said and f"({figures['model']['denied']} won)" in run.said
    _, loaded = model.load(run.home / "run" / "artifact")
    good = AppealFacts("60050", 1, ("CO-197",), ("authorization",), ("97110",), True)
    bad = AppealFacts("60050", 1, ("CO-29",), ("timely filing",), ("97110",), True)
    strange = AppealFacts("", 9, (), (), (), False)
    assert loaded.probability_ppm(good) > 600_000 > 250_000 > loaded.probability_ppm(bad)
    assert 0 < loaded.probability_ppm(strange) < 1_000_000


def test_a_run_that_earned_it_is_recorded_and_challenges_and_can_be_offered(run: Run) -> None:
    """What lies in the register is the artifact that was sealed, byte for byte."""
    from mlflow.tracking import MlflowClient

    assert "registered as overturn version 1, challenger" in run.said
    version = tracking.candidate(run.url, "overturn")
    assert tracking.holder(run.url, "overturn", tracking.CHALLENGER) == version.version == 1
    assert dict(version.tags) == {"gate": "passed", "data": "synthetic"}
    registered, sealed = open_artifact(version.artifact), open_artifact(run.home / "run" / "artifact")
    assert registered.sha256 == sealed.sha256 and registered.kind == "overturn"
    asked = AppealFacts("60050", 1, ("CO-197",), ("authorization",), ("97110",), True)
    assert model.load(version.artifact)[1].probability_ppm(asked) > 600_000
    figures, client = run.figures, MlflowClient(tracking_uri=run.url, registry_uri=run.url)
    logged = client.get_run(version.run_id).data
    assert logged.metrics["auc"] == pytest.approx(figures["model"]["auc"])
    assert logged.metrics["share_won_so_far.log_loss"] > logged.metrics["log_loss"]
    assert (logged.params["decided"], logged.params["won"]) == ("240", str(figures["won"]))
    assert dict(sealed.manifest["card"])["held_out"]["n"] == figures["model"]["n"]


def test_a_model_of_appeals_is_not_weighed_against_the_one_in_service_and_that_is_said(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live, fields = tmp_path / "live", {"kind": "overturn", "code_set_release": "", "threshold": 0, "card": {}}
    before = write(live, {"overturn.json": b"{}"}, fields)
    assert command(promote, "--tracking", run.url, "--model", "overturn", "--out", live) == 2
    assert "cleanclaim model offer --kind overturn" in capsys.readouterr().err
    assert open_artifact(live).sha256 == before


def test_a_run_that_earned_nothing_is_not_recorded(tmp_path: Path) -> None:
    folder, url = export(tmp_path / "export", 20), f"sqlite:///{tmp_path}/mlflow.db"
    assert call("--export", folder, "--out", tmp_path / "run", "--tracking", url) == 0
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize("count", [1, 20])
def test_too_few_is_said_and_nothing_is_sealed(tmp_path: Path, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    folder = export(tmp_path / "export", count)
    assert call("--export", folder, "--out", tmp_path / "run") == 0
    assert "too few cases" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_a_row_is_learned_from_the_others_alone(tmp_path: Path) -> None:
    """Leaving a case out of the counted rates says what counting all the others says."""
    found, _ = overturn.decided(export(tmp_path / "export", 30), ())
    pairs = [(d.facts, d.won) for d in found]
    rates = model.count(pairs)
    for place, (facts, won) in enumerate(pairs):
        others = model.count(pairs[:place] + pairs[place + 1 :])
        assert rates.without(facts, won).lifts(facts) == others.lifts(facts)


def test_what_was_decided_later_moves_no_judgement(tmp_path: Path) -> None:
    """The leak test: falsify every decision from a day on; what was said of appeals filed up to it stays."""
    from dataclasses import replace

    folder = export(tmp_path / "export", 160)
    found, waiting = overturn.decided(folder, ())
    assert waiting == 1
    day = found[120].filed_on
    falsified = [replace(d, won=not d.won) if d.decided_on >= day else d for d in found]
    (judged, ours, _), (_, again, _) = overturn.judge(found), overturn.judge(falsified)
    early = [place for place, d in enumerate(judged) if d.filed_on < day]
    assert len(early) > 20 and [ours[p] for p in early] == [again[p] for p in early]
    assert ours != again


def test_an_export_without_appeals_and_a_damaged_model_are_refused(tmp_path: Path) -> None:
    export_fixture.write(tmp_path / "export", export_fixture.cases(100))
    assert call("--export", tmp_path / "export") == 2
    with pytest.raises(ValueError, match="overturn"):
        model.Overturn.from_json(json.dumps({"alike": list(model.ALIKE), "rates": 3}))
    with pytest.raises(ArtifactError):
        model.load(tmp_path)
