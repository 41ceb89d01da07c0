"""The model that serves: copied, verified, and kept when its successor is bad."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from models.artifact import open_artifact, write
from serving.artifacts import Shelf, activate
from serving.errors import ArtifactProblem, NoModel
from serving.store.books import Store
from tests.serving.store import filled


@pytest.fixture
def store(sqlite_url: str) -> Any:
    store = filled.new_store(sqlite_url)
    yield store
    store.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


@pytest.fixture
def shelf(home: Path) -> Shelf:
    return Shelf(home, {"coding": read_words})


def read_words(folder: Path) -> str:
    words = open_artifact(folder).read("words.txt").decode()
    if words == "cannot load":
        raise RuntimeError("a library's own words, with Doe in them")
    return words


def build(folder: Path, words: str, kind: str = "coding") -> Path:
    fields = {"kind": kind, "code_set_release": "2026", "threshold": 500, "card": {}}
    write(folder, {"words.txt": words.encode()}, fields)
    return folder


def put_active(store: Store, home: Path, folder: Path) -> str:
    with store.open("elm") as books:
        return activate(books, home, "coding", folder, "scientist").sha256


def served(store: Store, shelf: Shelf) -> Any:
    with store.read("elm") as books:
        return shelf.model(books, "coding")


def spoil(folder: Path) -> None:
    (folder / "words.txt").write_bytes(b"spoilt")


def test_an_activated_model_serves_from_its_copy(store: Store, home: Path, shelf: Shelf, tmp_path: Path) -> None:
    folder = build(tmp_path / "new", "first")
    sha256 = put_active(store, home, folder)
    shutil.rmtree(folder)
    found = served(store, shelf)
    assert (found.model, found.sha256, found.problem) == ("first", sha256, "")
    assert served(store, shelf).model is found.model  # opened once


def test_a_newer_activation_takes_over_and_an_older_one_can_come_back(
    store: Store, home: Path, shelf: Shelf, tmp_path: Path
) -> None:
    first, second = build(tmp_path / "a", "first"), build(tmp_path / "b", "second")
    put_active(store, home, first)
    assert served(store, shelf).model == "first"
    put_active(store, home, second)
    assert served(store, shelf).model == "second"
    put_active(store, home, first)
    assert served(store, shelf).model == "first"


def test_a_damaged_model_is_not_activated_and_the_old_one_serves(
    store: Store, home: Path, shelf: Shelf, tmp_path: Path
) -> None:
    put_active(store, home, build(tmp_path / "a", "first"))
    spoil(build(tmp_path / "b", "second"))
    with pytest.raises(ArtifactProblem, match=r"words\.txt") as caught:
        put_active(store, home, tmp_path / "b")
    assert caught.value.mend and caught.value.status == 422
    assert (served(store, shelf).model, served(store, shelf).problem) == ("first", "")
    with store.read("elm") as books:
        assert len(books.activations("coding")) == 1


def test_a_copy_damaged_later_lets_the_model_before_serve_and_says_so(store: Store, home: Path, tmp_path: Path) -> None:
    put_active(store, home, build(tmp_path / "a", "first"))
    sha256 = put_active(store, home, build(tmp_path / "b", "second"))
    copy = next(home.rglob(sha256))
    spoil(copy)
    found = served(store, Shelf(home, {"coding": read_words}))  # as after a restart
    assert found.model == "first" and "words.txt" in found.problem
    put_active(store, home, tmp_path / "b")  # activating again mends the copy
    assert served(store, Shelf(home, {"coding": read_words})).problem == ""


def test_a_model_that_will_not_load_leaves_the_one_before(
    store: Store, home: Path, shelf: Shelf, tmp_path: Path
) -> None:
    put_active(store, home, build(tmp_path / "a", "first"))
    put_active(store, home, build(tmp_path / "b", "cannot load"))
    found = served(store, shelf)
    assert found.model == "first" and found.problem == "it cannot be loaded (RuntimeError)"


def test_without_a_sound_model_it_says_so(store: Store, home: Path, shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(NoModel, match="no coding model is active") as caught:
        served(store, shelf)
    assert caught.value.status == 503
    sha256 = put_active(store, home, build(tmp_path / "a", "first"))
    spoil(next(home.rglob(sha256)))
    with pytest.raises(NoModel, match=r"words\.txt"):
        served(store, shelf)


def test_another_kind_and_no_model_at_all_are_refused(store: Store, home: Path, tmp_path: Path) -> None:
    for folder in (build(tmp_path / "a", "x", kind="denial"), tmp_path / "nothing"):
        with pytest.raises(ArtifactProblem):
            put_active(store, home, folder)
    assert not home.exists() or not any(home.rglob("words.txt"))


def test_another_practice_does_not_get_the_model(store: Store, home: Path, shelf: Shelf, tmp_path: Path) -> None:
    put_active(store, home, build(tmp_path / "a", "first"))
    with store.read("oak") as books, pytest.raises(NoModel):
        shelf.model(books, "coding")
