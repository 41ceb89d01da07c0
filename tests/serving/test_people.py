"""The administrator: a key opens until it is revoked, roles change, one administrator stays, the log tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from billing_core.record import to_plain
from serving import cli, settings
from serving.api import create_app
from serving.ids import FixedClock
from tests.serving.people import PASSWORD, enrol, sign_in
from tests.serving.store import filled


@pytest.fixture
def office(tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(settings.read({"CLEANCLAIM_HOME": str(tmp_path)}), FixedClock(date(2026, 4, 9)))
    store = app.state.house.store
    with store.access() as access:
        access.add_practice(filled.practice())
    enrol(store, {"ann": {"elm": ["administrator"]}, "bob": {"elm": ["biller"]}})
    with TestClient(app) as client:
        sign_in(client, "ann")
        yield client


def _with_key(office: TestClient, text: str) -> int:
    return office.get("/encounters", headers={"Authorization": f"Bearer {text}"}).status_code


def test_a_key_opens_what_its_roles_may_until_it_is_revoked(office: TestClient) -> None:
    made = office.post("/keys", json={"name": "scanner", "roles": ["biller"]}).json()
    assert _with_key(office, made["text"]) == 200
    assert office.get("/users", headers={"Authorization": f"Bearer {made['text']}"}).status_code == 403
    kept = office.get("/keys")
    assert [key["name"] for key in kept.json()] == ["scanner"] and made["text"] not in kept.text
    assert office.post(f"/keys/{made['id']}/revoke").json()[0]["revoked_at"]
    assert _with_key(office, made["text"]) == 401


def test_one_administrator_stays(office: TestClient) -> None:
    ids = {user["login"]: user["id"] for user in office.get("/users").json()}
    refused = office.post(f"/users/{ids['ann']}/roles", json={"roles": ["biller"]})
    assert refused.status_code == 409 and "administrator" in refused.json()["detail"]
    assert office.post(f"/users/{ids['bob']}/roles", json={"roles": ["administrator"]}).status_code == 200
    assert office.post(f"/users/{ids['ann']}/roles", json={"roles": []}).json() == [
        {"id": ids["bob"], "login": "bob", "active": True, "roles": ["administrator"]}
    ]
    assert office.get("/users").status_code == 401  # and who left has no door any more


@pytest.mark.parametrize("wish", [{"roles": ["king"]}, {"roles": "biller"}, {}])
def test_a_role_that_is_none_is_refused_by_name(office: TestClient, wish: dict[str, object]) -> None:
    ids = {user["login"]: user["id"] for user in office.get("/users").json()}
    assert office.post(f"/users/{ids['bob']}/roles", json=wish).status_code == 422


def test_the_log_tells_who_did_it_and_goes_on_from_a_position(office: TestClient) -> None:
    office.post("/keys", json={"name": "scanner", "roles": ["biller"]})
    told = office.get("/events").json()
    assert (told[-1]["actor"], told[-1]["reason"]) == ("ann", "key made")
    since = office.get("/events", params={"after": told[-1]["position"]}).json()
    assert [event["action"] for event in since] == ["event.read"]  # to look into the log is an event too


def _run(*words: str) -> int:
    return cli.main([*words, "--practice", "ELMF", "--as", "ann"])


def test_the_same_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLEANCLAIM_HOME", str(tmp_path))
    monkeypatch.setenv("CLEANCLAIM_PASSWORD", PASSWORD)
    (tmp_path / "practice.json").write_text(json.dumps({"practice": to_plain(filled.practice())}), "utf-8")
    assert cli.main(["init"]) == 0
    assert cli.main(["practice", "add", "--from", str(tmp_path / "practice.json"), "--admin", "ann"]) == 0
    capsys.readouterr()
    assert _run("key", "make", "scanner", "--role", "biller") == 0
    text = capsys.readouterr().out.strip()
    assert _run("key", "list") == 0
    shown = capsys.readouterr().out
    assert "scanner  biller  opens" in shown and text not in shown
    assert _run("key", "revoke", shown.split()[0]) == 0 and _run("key", "list") == 0
    assert "opens" not in capsys.readouterr().out
    assert _run("key", "make", "<b>", "--role", "biller") == 2
    assert "64 letters" in capsys.readouterr().err
    assert _run("user", "list") == 0 and "administrator" in capsys.readouterr().out


def test_a_user_gets_a_new_password_and_is_let_go_by_command(
    office: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLEANCLAIM_HOME", str(tmp_path))

    def run(*words: str) -> int:
        return cli.main(["user", *words, "--practice", "ELMF", "--as", "ann"])

    def enters(password: str) -> bool:
        return office.post("/token", data={"username": "bob", "password": password}).status_code == 200

    monkeypatch.setenv("CLEANCLAIM_PASSWORD", "another long password")
    assert run("password", "Bob") == 0
    assert enters("another long password") and not enters(PASSWORD)
    assert run("deactivate", "bob") == 0 and not enters("another long password")
    assert run("deactivate", "bob", "--undo") == 0 and enters("another long password")
    assert run("deactivate", "ann") != 0 and "without an administrator" in capsys.readouterr().err
    assert run("password", "stranger") != 0 and "stranger" not in capsys.readouterr().err
    reasons = [event["reason"] for event in office.get("/events").json() if event["action"] == "user.manage"]
    assert reasons == ["password", "may not sign in", "may sign in again"]
