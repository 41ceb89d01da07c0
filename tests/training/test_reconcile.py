"""The register follows the practice's books: after a promotion, after the way back, and only as far as both know it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models import artifact
from tests.training.test_denial import call
from training import promote, reconcile, tracking


def model(folder: Path, words: str) -> str:
    fields = {"kind": "denial", "code_set_release": "none", "threshold": 1, "card": {"data": words}}
    return artifact.write(folder, {"trees.txt": words.encode()}, fields)


@dataclass(frozen=True)
class Register:
    """Two versions: the first was champion, the second is; and their seals."""

    home: Path
    url: str
    seals: tuple[str, str]

    def holders(self) -> tuple[int | None, int | None]:
        """Who carries champion and challenger."""
        names = (tracking.CHAMPION, tracking.CHALLENGER)
        champion, challenger = (tracking.holder(self.url, "denial", name) for name in names)
        return champion, challenger

    def tags(self, number: int) -> dict[str, str]:
        return dict(tracking.by_version(self.url, "denial", number).tags)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    url, seals = f"sqlite:///{tmp_path}/mlflow.db", []
    for name in ("first", "second"):
        seals.append(model(tmp_path / name, name))
        run = tracking.log_run(url, "denial", tmp_path / name, {}, {})
        version = tracking.register(url, "denial", run, tags={"gate": "passed"})
        tracking.crown(url, version, signed_by="ann")
    return Register(tmp_path, url, (seals[0], seals[1]))


def books(register: Register, serving: str, shadow: str = "", kind: str = "denial") -> Path:
    """What `cleanclaim model list --json` writes."""

    def view(seal: str, in_service: bool, challenger: bool) -> dict[str, Any]:
        said = {"activated_at": "2026-11-20T08:00:00+00:00", "activated_by": "bob"} if in_service else {}
        return {"kind": kind, "sha256": seal, "in_service": in_service, "challenger": challenger,
                "activated_at": "", "activated_by": "", "card": {}, **said}  # fmt: skip

    views = [view(serving, True, False)] if serving else []
    file = register.home / "models.json"
    file.write_text(json.dumps([*views, *([view(shadow, False, True)] if shadow else [])]), "utf-8")
    return file


def asked(register: Register, file: Path, *words: str) -> int:
    given: Sequence[object] = ("--tracking", register.url, "--model", "denial", "--books", file, *words)
    return call(reconcile, *given)


def test_a_promotion_moves_champion_and_leaves_no_challenger(register: Register) -> None:
    assert register.holders() == (2, None)
    assert register.tags(2) == {"gate": "passed", "signed_by": "ann", "replaced": "1"}


def test_the_way_back_signed_in_the_books_moves_the_alias_back(
    register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    file = books(register, register.seals[0])
    assert asked(register, file, "--check") == reconcile.DIFFER and register.holders() == (2, None)
    said = capsys.readouterr().out
    assert "by the books denial version 1 serves, signed by bob on 2026-11-20" in said
    assert "by the register the champion is version 2" in said
    assert asked(register, file) == 0 and register.holders() == (1, None)
    assert register.tags(1)["signed_by"] == "bob" and register.tags(1)["replaced"] == "2"
    assert asked(register, file, "--check") == 0
    assert "the register says the same" in capsys.readouterr().out


def test_the_challenger_is_the_one_in_the_shadow(register: Register) -> None:
    seal = model(register.home / "third", "third")
    run = tracking.log_run(register.url, "denial", register.home / "third", {}, {})
    tracking.register(register.url, "denial", run)
    assert register.holders() == (2, 3)
    file = books(register, register.seals[1], shadow=register.seals[0])
    assert asked(register, file) == 0 and register.holders() == (2, 1)
    assert asked(register, books(register, seal)) == 0 and register.holders() == (3, 1)


@pytest.mark.parametrize("kind", ["denial", "coding"])
def test_what_the_register_does_not_know_changes_nothing(
    register: Register, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = books(register, "f" * 64, kind=kind)
    assert asked(register, file) == reconcile.UNKNOWN and register.holders() == (2, None)
    said = capsys.readouterr().out
    assert ("is not in the register" if kind == "denial" else "no denial model is in service") in said


def test_a_damaged_version_is_passed_over(register: Register) -> None:
    (tracking.by_version(register.url, "denial", 1).artifact / "trees.txt").write_bytes(b"other")
    assert asked(register, books(register, register.seals[1]), "--check") == 0
    assert asked(register, books(register, register.seals[0])) == reconcile.UNKNOWN


@pytest.mark.parametrize("text", ["", "[1]", '[{"kind": "denial"}]'])
def test_a_file_that_lists_no_models_is_refused(
    register: Register, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = register.home / "models.json"
    file.write_text(text, "utf-8")
    assert asked(register, file) == 2
    assert asked(register, register.home / "absent.json") == 2
    assert "cleanclaim model list --json" in capsys.readouterr().err


def test_promote_without_a_challenger_says_that_the_champion_serves(
    register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    live = register.home / "live"
    given = ("--tracking", register.url, "--model", "denial", "--out", live, "--signed-by", "ann")
    assert call(promote, *given) == 0 and call(promote, *given) == 0
    assert "it is the model in service" in capsys.readouterr().out and register.holders() == (2, None)
    assert call(promote, *given, "--back-to", "1") == 0
    assert register.holders() == (1, None) and artifact.open_artifact(live).sha256 == register.seals[0]
