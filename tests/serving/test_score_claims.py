"""`cleanclaim score-claims`: files of claims in, files of scores out, here or on Dask, cut short and taken up again."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from billing_core.record import to_plain
from models.denial.facts import ClaimFacts
from models.denial.history import History
from models.denial.predictor import Predictor
from models.denial.replay import replay
from serving.cli import main
from tests.training import export_fixture
from training import denial, splits
from training.export_folder import read


@dataclass(frozen=True)
class Place:
    home: Path
    claims: dict[str, list[ClaimFacts]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Three files of sixty claims to be sent after the day of an export, the model learned from it, its history."""
    home = tmp_path_factory.mktemp("score")
    export = read(export_fixture.write(home / "export", export_fixture.cases(500)))
    plan = splits.plan(export.submissions, export.as_of)
    denial.seal(
        home / "run" / "artifact",
        denial.train(export.submissions, denial.replay(export.submissions), plan, 1),
        export,
        plan,
    )
    history = History()
    for _ in replay((s.sending for s in export.submissions), history):
        pass
    (home / "run" / "history.json").write_text(history.as_json())
    claims = {}
    (home / "in" / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.parquet", "b.parquet", "sub/c.parquet")):
        shown = [s.facts for s in export.submissions[number * 60 : number * 60 + 60]]
        claims[name] = [
            replace(f, claim_key=f"{number}-{k}", submitted_on=export.as_of + timedelta(days=1 + k % 3))
            for k, f in enumerate(shown)
        ]
        write(home / "in" / name, [to_plain(claim) for claim in claims[name]])
    yield Place(home, claims)


def write(file: Path, rows: list[dict[str, object]]) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file)


def score(place: Place, source: Path, out: Path, *words: str) -> int:
    return main(
        ["score-claims", "--in", str(source), "--out", str(out), "--model", str(place.home / "run/artifact"), *words]
    )


def found(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(file).to_pylist()
    return rows


def test_each_claim_gets_the_score_it_gets_alone(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(place, place.home / "in", tmp_path) == 0
    said = capsys.readouterr()
    assert "180 claims in 3 files scored, 0 without a score" in said.out and "3/3" in said.err
    model = Predictor.load(place.home / "run" / "artifact")
    history = History.from_json((place.home / "run" / "history.json").read_text())
    for name, claims in place.claims.items():
        alone = {c.claim_key: model.probability_ppm(c, history) for c in sorted(claims, key=lambda c: c.submitted_on)}
        rows = found(tmp_path / name)
        assert [row["claim_key"] for row in rows] == [c.claim_key for c in claims]
        assert {row["claim_key"]: row["probability_ppm"] for row in rows} == alone
        assert all(row["flagged"] == (row["probability_ppm"] >= model.threshold) for row in rows)
        history = History.from_json((place.home / "run" / "history.json").read_text())


def test_a_run_cut_short_is_taken_up_and_a_finished_file_is_left_alone(place: Place, tmp_path: Path) -> None:
    assert score(place, place.home / "in", tmp_path) == 0
    whole = {p: p.read_bytes() for p in sorted(tmp_path.rglob("*.parquet"))}
    first, second, third = whole
    stamp = first.stat().st_mtime_ns
    second.unlink()
    third.write_bytes(whole[third][:100])
    assert score(place, place.home / "in", tmp_path) == 0
    assert {p: p.read_bytes() for p in sorted(tmp_path.rglob("*.parquet"))} == whole
    assert first.stat().st_mtime_ns == stamp


def test_another_history_makes_the_scores_anew(place: Place, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text(History().as_json())
    one = place.home / "in" / "a.parquet"
    assert score(place, one, tmp_path / "out") == 0
    before = found(tmp_path / "out" / "a.parquet")
    assert score(place, one, tmp_path / "out", "--history", str(tmp_path / "none.json")) == 0
    assert found(tmp_path / "out" / "a.parquet") != before


def test_on_dask_the_bytes_are_the_same(place: Place, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    assert score(place, place.home / "in", tmp_path / "here") == 0
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp"
    ) as cluster:
        assert score(place, place.home / "in", tmp_path / "dask", "--dask", cluster.scheduler_address) == 0
    for name in place.claims:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "dask" / name).read_bytes()


def test_by_two_processes_the_bytes_are_the_same(place: Place, tmp_path: Path) -> None:
    assert score(place, place.home / "in", tmp_path / "one") == 0
    assert score(place, place.home / "in", tmp_path / "two", "--workers", "2") == 0
    for name in place.claims:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def killed_in_the_middle(words: list[str], out: Path, files: int) -> bool:
    """Start the command, and kill it and all its processes once the first file of scores stands; whether it was in the
    middle.
    """
    running = subprocess.Popen(words, start_new_session=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while running.poll() is None and not any(out.rglob("*.parquet")):
        time.sleep(0.001)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    return 0 < sum(not part.name.startswith(".") for part in out.rglob("*.parquet")) < files


def test_killed_in_the_middle_the_same_command_ends_in_the_same_bytes(place: Place, tmp_path: Path) -> None:
    many = [place.home / "in" / name for name in place.claims] * 30
    (tmp_path / "in").mkdir()
    for number, file in enumerate(many):
        shutil.copy(file, tmp_path / "in" / f"{number:03d}.parquet")
    assert score(place, tmp_path / "in", tmp_path / "whole") == 0
    words = [sys.executable, "-c", "import sys; from serving.cli import main; sys.exit(main(sys.argv[1:]))"]
    words += ["score-claims", "--in", str(tmp_path / "in"), "--model", str(place.home / "run" / "artifact")]
    out = next(
        out
        for out in (tmp_path / f"cut {attempt}" for attempt in range(5))
        if killed_in_the_middle([*words, "--out", str(out), "--workers", "2"], out, len(many))
    )
    done = {file: file.stat().st_mtime_ns for file in out.glob("[!.]*.parquet")}
    assert score(place, tmp_path / "in", out) == 0
    assert {file: file.stat().st_mtime_ns for file in done} == done, "what was finished is made again"
    names = sorted(file.name for file in out.glob("*.parquet"))
    assert names == sorted(file.name for file in (tmp_path / "whole").glob("*.parquet"))
    assert all((out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes() for name in names)


def test_rows_that_cannot_be_scored_say_why(place: Place, tmp_path: Path) -> None:
    rows = [to_plain(claim) for claim in place.claims["a.parquet"][:6]]
    rows[0] |= {"payer": None}
    rows[1] |= {"units": [1] * 9}
    rows[2] |= {"submitted_on": (export_fixture.AS_OF - timedelta(days=30)).isoformat()}
    rows[4] |= {name: [] for name in ("procedures", "modifiers", "units", "amounts_cents", "pointed")}
    rows[5] |= {"payer": "never seen", "procedures": ["0000T"] * len(rows[5]["procedures"]), "diagnoses": ["U99.9"]}
    write(tmp_path / "odd.parquet", rows)
    assert score(place, tmp_path / "odd.parquet", tmp_path / "out") == 0
    said = found(tmp_path / "out" / "odd.parquet")
    assert [row["probability_ppm"] is None for row in said] == [True, True, True, False, True, False]
    assert [bool(row["problem"]) for row in said] == [True, True, True, False, True, False]
    assert "empty" in said[0]["problem"] and "length" in said[1]["problem"] and "history" in said[2]["problem"]
    assert "no lines" in said[4]["problem"]


def test_a_file_that_is_none_is_named_and_the_others_are_scored(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(place.home / "in", tmp_path / "in")
    (tmp_path / "in" / "b.parquet").write_bytes(b"PAR1 not really")
    write(tmp_path / "in" / "d.parquet", [{"claim_key": "x"}])
    assert score(place, tmp_path / "in", tmp_path / "out") == 2
    said = capsys.readouterr()
    assert "120 claims in 2 files scored, 0 without a score, 2 files refused" in said.out
    assert "the column" in said.err
    assert not (tmp_path / "out" / "b.parquet").exists()


@pytest.mark.parametrize("words", [("--dask", "tcp://127.0.0.1:1"), ("--history", "nowhere.json"), ("--workers", "0")])
def test_what_cannot_be_used_is_said(
    place: Place, tmp_path: Path, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(place, place.home / "in" / "a.parquet", tmp_path, *words) == 2
    assert "cleanclaim:" in capsys.readouterr().err


def test_a_history_and_a_model_cut_short_are_said_before_anything_is_written(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (place.home / "run" / "history.json").read_bytes()
    for cut in (text[: len(text) // 2], b"", b"\xff\xfe", b"[]"):
        (tmp_path / "cut.json").write_bytes(cut)
        assert score(place, place.home / "in", tmp_path / "out", "--history", str(tmp_path / "cut.json")) == 2
        assert "no history" in capsys.readouterr().err
    shutil.copytree(place.home / "run", tmp_path / "run")
    for name in ("trees.txt", "manifest.json"):
        whole = (tmp_path / "run" / "artifact" / name).read_bytes()
        (tmp_path / "run" / "artifact" / name).write_bytes(whole[: len(whole) // 2])
        words = ["--model", str(tmp_path / "run" / "artifact"), "--workers", "2"]
        assert main(["score-claims", "--in", str(place.home / "in"), "--out", str(tmp_path / "out"), *words]) == 2
        assert name in capsys.readouterr().err
        (tmp_path / "run" / "artifact" / name).write_bytes(whole)
    assert not (tmp_path / "out").exists()


def test_a_file_without_a_claim_makes_a_file_without_a_score(place: Place, tmp_path: Path) -> None:
    empty = pyarrow.parquet.read_table(place.home / "in" / "a.parquet").slice(0, 0)
    pyarrow.parquet.write_table(empty, tmp_path / "month.parquet")
    assert score(place, tmp_path / "month.parquet", tmp_path / "out") == 0
    assert found(tmp_path / "out" / "month.parquet") == []


def test_an_empty_folder_and_no_model_are_said(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEANCLAIM_HOME", str(tmp_path / "home"))
    assert score(place, tmp_path, tmp_path / "out") == 2
    assert "no parquet file" in capsys.readouterr().err
    assert main(["score-claims", "--in", str(place.home / "in"), "--out", str(tmp_path / "out")]) == 2
    assert "--model" in capsys.readouterr().err
