"""A person signs a model into service and back, through the API; nobody else's model can be named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models import artifact
from serving import artifacts, settings
from serving.api import create_app
from serving.ids import FixedClock
from tests.serving.people import enrol, sign_in
from tests.serving.store import filled


def model(folder: Path, words: str) -> Path:
    fields = {
        "kind": "denial",
        "code_set_release": "none",
        "threshold": 1,
        "card": {"data": words, "held_out": {"n": 3}},
    }
    artifact.write(folder, {"trees.txt": words.encode()}, fields)
    return folder


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    ours = settings.read({"CLEANCLAIM_HOME": str(tmp_path / "home")})
    app = create_app(ours, FixedClock(date(2026, 4, 9)))
    store = app.state.house.store
    with store.access() as access:
        access.add_practice(filled.practice())
        access.add_practice(filled.practice("oak", "OAKS"))
    roles = {"scientist": {"elm": ["data_scientist"]}, "biller": {"elm": ["biller"]}}
    enrol(store, {**roles, "stranger": {"oak": ["data_scientist"]}})
    with store.open("elm") as books:
        for name in ("first", "second"):
            artifacts.offer(books, ours.artifacts, "denial", model(tmp_path / name, name))
    with TestClient(app) as client:
        yield client


def test_promotion_and_the_way_back_are_signed(client: TestClient) -> None:
    sign_in(client, "scientist")
    offered = client.get("/models").json()
    assert [m["in_service"] for m in offered] == [False, False]
    assert {m["card"]["data"] for m in offered} == {"first", "second"} and offered[0]["card"]["held_out n"] == "3"
    seal = {m["card"]["data"]: m["sha256"] for m in offered}
    for name in ("first", "second", "first"):
        said = client.post("/models/denial/service", json={"sha256": seal[name], "reason": f"try {name}"})
        assert said.status_code == 200 and said.json()["activated_by"] == "scientist"
        assert [m["card"]["data"] for m in client.get("/models").json() if m["in_service"]] == [name]
    again = client.post("/models/denial/service", json={"sha256": seal["first"], "reason": "once more"})
    assert again.status_code == 409
    with client.app.state.house.store.read("elm") as books:
        signed = [e for e in books.events(action="model.activate") if e.reason.startswith("denial: ")]
        assert [e.reason for e in signed] == ["denial: try first", "denial: try second", "denial: try first"]
        assert [e.before_hash for e in signed] == ["", seal["first"], seal["second"]]
        assert {e.actor for e in signed} == {"scientist"}


def test_a_model_of_appeals_is_signed_in_by_the_same_door_and_has_no_shadow(client: TestClient, tmp_path: Path) -> None:
    fields = {"kind": "overturn", "code_set_release": "none", "threshold": 0, "card": {"data": "100 decided appeals"}}
    artifact.write(tmp_path / "appeals", {"overturn.json": b"{}"}, fields)
    home = settings.read({"CLEANCLAIM_HOME": str(tmp_path / "home")}).artifacts
    with client.app.state.house.store.open("elm") as books:
        seal = artifacts.offer(books, home, "overturn", tmp_path / "appeals")
    sign_in(client, "scientist")
    order = {"sha256": seal, "reason": "enough appeals"}
    assert client.post("/models/denial/service", json=order).status_code == 404, "each kind has its own"
    refused = client.post("/models/overturn/shadow", json=order)
    assert refused.status_code == 409 and "shadow" in refused.text
    assert client.post("/models/overturn/service", json=order).json()["in_service"]
    served = [(m["kind"], m["sha256"]) for m in client.get("/models").json() if m["in_service"]]
    assert served == [("overturn", seal)]


def test_a_biller_may_look_and_not_sign_and_a_stranger_finds_nothing(client: TestClient) -> None:
    sign_in(client, "biller")
    seals = [m["sha256"] for m in client.get("/models").json()]
    assert len(seals) == 2
    order = {"sha256": seals[0], "reason": "because"}
    assert client.post("/models/denial/service", json=order).status_code == 403
    sign_in(client, "stranger", "oak")
    assert client.get("/models").json() == []
    assert client.post("/models/denial/service", json=order).status_code == 404


def test_a_model_damaged_since_it_was_offered_cannot_be_signed_for(client: TestClient, tmp_path: Path) -> None:
    sign_in(client, "scientist")
    seal = client.get("/models").json()[0]["sha256"]
    (file,) = (tmp_path / "home").rglob(f"{seal}/trees.txt")
    file.write_bytes(b"other")
    assert seal not in [m["sha256"] for m in client.get("/models").json()]
    assert client.post("/models/denial/service", json={"sha256": seal, "reason": "try"}).status_code == 404
