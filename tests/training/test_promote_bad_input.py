"""What is cut short, of another version or empty never takes the champion's place; and the way back from a promotion.

Whether the small planted practice's model passes the gate is another test's matter: it is registered as one that did.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.artifact import MANIFEST, open_artifact, write
from tests.training import export_fixture
from tests.training.test_denial import call, trained
from training import promote, tracking


@dataclasses.dataclass(frozen=True)
class House:
    """A register with one passed model, which is champion, and the folder from which the practice is served."""

    home: Path
    url: str
    live: Path

    def promote(self, *words: object) -> int:
        signed = ("--tracking", self.url, "--model", "denial", "--out", self.live, "--signed-by", "ann")
        return call(promote, *signed, *words)

    def champion(self) -> tuple[int, str]:
        """The version that carries the alias, and the seal of what is served."""
        number = tracking.holder(self.url, "denial", tracking.CHAMPION)
        assert number is not None
        return number, open_artifact(self.live).sha256


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    home = tmp_path_factory.mktemp("house")
    export_fixture.write(home / "export", export_fixture.cases(700))
    assert trained(home, "run") == 0
    made = House(home, f"sqlite:///{home}/mlflow.db", home / "live")
    passed = {"gate": "passed"}
    run = tracking.log_run(
        made.url, "denial", home / "run" / "artifact", {}, {}, beside=home / "run" / "beside", tags=passed
    )
    tracking.register(made.url, "denial", run, tags=passed)
    assert made.promote() == 0
    return made


@pytest.fixture
def unchanged(house: House) -> Iterator[House]:
    """The house, whose champion must be the same afterwards."""
    before = house.champion()
    yield house
    assert house.champion() == before


def registered(house: House, folder: Path, **changed: object) -> tracking.Registered:
    """Another version in the register: the champion's files with something changed."""
    sound = open_artifact(house.live)
    files = {name: sound.read(name) for name in sound.names}
    fields = {k: v for k, v in sound.manifest.items() if k not in ("format", "files", "seal")}
    files |= {name: data for name, data in changed.items() if isinstance(data, bytes)}
    files = {name.replace("_json", ".json"): data for name, data in files.items()}
    write(folder, files, {**fields, "card": {"data": str(folder.name)}})
    beside = tracking.by_version(house.url, "denial", house.champion()[0]).beside
    run = tracking.log_run(house.url, "denial", folder, {}, {}, beside=beside, tags={"gate": "passed"})
    return tracking.register(house.url, "denial", run, tags={"gate": "passed"})


def test_a_challenger_cut_short_is_refused(
    unchanged: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = registered(unchanged, tmp_path / "cut")
    trees = version.artifact / "trees.txt"
    trees.write_bytes(trees.read_bytes()[: trees.stat().st_size // 2])
    assert unchanged.promote() == 2
    assert "trees.txt" in capsys.readouterr().err


def test_a_challenger_without_its_manifest_is_refused(
    unchanged: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = registered(unchanged, tmp_path / "bare")
    (version.artifact / MANIFEST).unlink()
    assert unchanged.promote() == 2
    assert capsys.readouterr().err.strip()


def test_the_champion_of_another_version_is_not_taken_for_comparison(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Columns of another meaning cannot be compared: said clearly, nothing changed."""
    registered(house, tmp_path / "next")
    sound = open_artifact(house.live)
    fields = {k: v for k, v in sound.manifest.items() if k not in ("format", "files", "seal")}
    files = {name: sound.read(name) for name in sound.names} | {"encoder.json": json.dumps({"format": 0}).encode()}
    old = write(tmp_path / "old", files, fields)
    status = house.promote("--against", tmp_path / "old")
    assert status == 2 and "other columns" in capsys.readouterr().err
    assert open_artifact(tmp_path / "old").sha256 == old and house.champion()[1] == sound.sha256


@pytest.mark.parametrize("claims", [0, 40])
def test_an_empty_month_trains_nothing_and_the_champion_stays(
    unchanged: House, tmp_path: Path, claims: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = export_fixture.rows(export_fixture.cases(600))[:claims]
    (unchanged.home / f"export{claims}").mkdir()
    if rows:
        export_fixture.write_rows(unchanged.home / f"export{claims}", rows)
    else:  # no claim at all: a table without rows
        import pyarrow.parquet

        export_fixture.write_rows(unchanged.home / "export0", export_fixture.rows(export_fixture.cases(50)))
        file = unchanged.home / "export0" / "claims.parquet"
        pyarrow.parquet.write_table(pyarrow.parquet.read_table(file).slice(0, 0), file)
        import hashlib

        manifest = json.loads((unchanged.home / "export0" / "manifest.json").read_text())
        manifest["files"]["claims.parquet"] = hashlib.sha256(file.read_bytes()).hexdigest()
        (unchanged.home / "export0" / "manifest.json").write_text(json.dumps(manifest))
    versions = len(tracking.versions(unchanged.url, "denial"))
    from training import denial

    words = ("--export", unchanged.home / f"export{claims}", "--tracking", unchanged.url, "--out", tmp_path / "run")
    assert call(denial, *words) == 2
    said = capsys.readouterr().err
    assert "too few" in said or "no claim has an outcome yet" in said
    assert len(tracking.versions(unchanged.url, "denial")) == versions


def test_an_earlier_champion_is_taken_back_by_a_person(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, sound = house.champion()
    version = registered(house, tmp_path / "second")
    assert house.promote("--back-to", version.version) == promote.REFUSED
    assert "never champion" in capsys.readouterr().err and house.champion() == (first, sound)
    assert house.promote("--back-to", 99) == 2
    other = open_artifact(version.artifact)
    promote.copy(other, house.live)
    tracking.crown(house.url, version, signed_by="ann")
    assert house.champion() == (version.version, other.sha256)
    assert call(promote, "--tracking", house.url, "--model", "denial", "--out", house.live, "--back-to", first) == 2
    assert "by a person" in capsys.readouterr().err
    assert house.promote("--back-to", first) == 0 and house.champion() == (first, sound)
