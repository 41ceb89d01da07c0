"""A suggester that learned from charts serves only when it was promoted, or served before; the shipped one may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import artifact
from serving import settings
from serving.desk import models
from serving.desk.case import Desk, open_desk
from serving.errors import Conflict
from serving.ids import FixedClock, uuid7
from serving.schemas.models import ServiceIn
from serving.security import operator
from serving.store.books import Store
from tests.serving.store import filled


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    ours = settings.read({"CLEANCLAIM_HOME": str(tmp_path / "home")})
    store = Store(ours.database_url, FixedClock(filled.DAY))
    with store.access() as access:
        access.add_practice(filled.practice())
    yield open_desk(ours, store, operator("elm", "grace"), FixedClock(filled.DAY), uuid7)
    store.close()


def suggester(folder: Path, notes: int) -> tuple[Path, str]:
    fields = {"kind": "coding", "code_set_release": "none", "threshold": 1, "card": {"notes": notes}}
    return folder, artifact.write(folder, {"weights.txt": folder.name.encode()}, fields)


def promoted(folder: Path, seal: str, by: str = "grace") -> None:
    """The record that `cleanclaim-train promote` leaves beside the model."""
    told = {"model": "coding", "version": 3, "sha256": seal, "signed_by": by, "because": "it beats the one in service"}
    folder.with_name(f"{folder.name}.promotion.json").write_text(json.dumps(told), "utf-8")


def serve(desk: Desk, seal: str) -> None:
    models.put_in_service(desk, "coding", ServiceIn(sha256=seal, reason="the next one"))


def in_service(desk: Desk) -> str:
    return next(m.sha256 for m in models.models(desk) if m.in_service)


def test_promoted_it_serves_and_the_way_back_is_open(desk: Desk, tmp_path: Path) -> None:
    shipped, first = suggester(tmp_path / "shipped", 0)
    trained, second = suggester(tmp_path / "trained", 200)
    models.activate(desk, "coding", shipped)
    promoted(trained, second)
    assert models.offer(desk, "coding", trained) == second
    serve(desk, second)
    assert in_service(desk) == second
    serve(desk, first)
    serve(desk, second)
    assert in_service(desk) == second
    with desk.store.read("elm") as books:
        said = [event.reason for event in books.events(action="model.activate", subject=second)]
    assert said[0] == "coding offered, promoted by grace as version 3"


def test_what_nobody_promoted_does_not_serve(desk: Desk, tmp_path: Path) -> None:
    shipped, first = suggester(tmp_path / "shipped", 0)
    models.activate(desk, "coding", shipped)
    trained, second = suggester(tmp_path / "trained", 200)
    models.offer(desk, "coding", trained)
    with pytest.raises(Conflict, match="was not promoted"):
        serve(desk, second)
    promoted(trained, first)  # the record of another model
    with pytest.raises(Conflict, match="was not promoted"):
        models.activate(desk, "coding", trained)
    assert in_service(desk) == first
    promoted(trained, second)
    assert models.activate(desk, "coding", trained) == in_service(desk) == second
