"""Training on a real Dask cluster of processes: the sealed model and every figure come out as in one process."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.artifact import open_artifact
from serving.cli import main as cleanclaim
from tests.training import export_fixture
from training import denial, spread

distributed = pytest.importorskip("distributed")


@dataclass(frozen=True)
class Given:
    power: int


def _raised(given: Given, number: int) -> int:
    return int(number**given.power)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Two workers, each a process with one thread."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def train(home: Path, out: str, *words: str) -> Path:
    parser = argparse.ArgumentParser()
    denial.add_arguments(parser)
    given = ["--export", str(home / "export"), "--tracking", f"sqlite:///{home}/mlflow.db", "--out", str(home / out)]
    assert denial.run(parser.parse_args([*given, *words])) == 0
    return home / out


def test_on_dask_the_sealed_model_its_figures_and_its_scores_are_the_same(tmp_path: Path, scheduler: str) -> None:
    export_fixture.write(tmp_path / "export", export_fixture.cases(500))
    here, there = train(tmp_path, "here"), train(tmp_path, "there", "--dask", scheduler)
    assert open_artifact(here / "artifact").sha256 == open_artifact(there / "artifact").sha256
    made = {file.relative_to(here): file.read_bytes() for file in sorted(here.rglob("*")) if file.is_file()}
    assert made == {file.relative_to(there): file.read_bytes() for file in sorted(there.rglob("*")) if file.is_file()}
    scored = [tmp_path / "alone", tmp_path / "spread"]
    claims = ["score-claims", "--in", str(tmp_path / "export" / "claims.parquet"), "--model", str(here / "artifact")]
    assert cleanclaim([*claims, "--out", str(scored[0])]) == 0
    assert cleanclaim([*claims, "--out", str(scored[1]), "--dask", scheduler]) == 0
    assert (scored[0] / "claims.parquet").read_bytes() == (scored[1] / "claims.parquet").read_bytes()


def test_answers_come_in_the_order_of_the_pieces(scheduler: str) -> None:
    with spread.on(scheduler) as there:
        assert there(_raised, Given(2), range(20)) == spread.here(_raised, Given(2), range(20))


def test_a_scheduler_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export_fixture.write(tmp_path / "export", export_fixture.cases(20))
    parser = argparse.ArgumentParser()
    denial.add_arguments(parser)
    given = ["--export", str(tmp_path / "export"), "--tracking", f"sqlite:///{tmp_path}/m.db", "--out", str(tmp_path)]
    assert denial.run(parser.parse_args([*given, "--dask", "tcp://127.0.0.1:1"])) == 2
    assert "no Dask scheduler" in capsys.readouterr().err
