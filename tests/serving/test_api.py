"""The HTTP door over a real store: who gets in, and what a refusal says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from serving import settings
from serving.api import BODY_BYTES_MAX, create_app
from serving.ids import FixedClock
from serving.security import FAILURES_ALLOWED
from tests.serving.store import filled

PASSWORD = "correct horse battery"
OPEN_DOORS = {"/token", "/signin", "/signout", "/health"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    ours = settings.read({"CLEANCLAIM_HOME": str(tmp_path), "CLEANCLAIM_APP_PORT": "8599"})
    app = create_app(ours, FixedClock(date(2026, 4, 9)))
    store = app.state.house.store
    with store.access() as access:
        access.add_practice(filled.practice())
        access.add_practice(filled.practice("oak", "OAKS"))
        user_id = access.add_user("ann", PASSWORD).id
    for practice_id, roles in (("elm", ["coder", "biller"]), ("oak", ["biller"])):
        with store.open(practice_id) as books:
            books.grant(user_id, roles)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as client:
        yield client


@pytest.fixture
def signed_in(client: TestClient) -> TestClient:
    answer = client.post("/token", data={"username": "ann", "password": PASSWORD})
    assert answer.json()["expires_in"] == 15 * 60
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    client.headers["X-Cleanclaim-Practice"] = "elm"
    return client


def test_a_wrong_password_is_refused_and_then_locked(client: TestClient) -> None:
    wrong = {"username": "ann", "password": "not the password"}
    for _ in range(FAILURES_ALLOWED):
        answer = client.post("/token", data=wrong)
        assert answer.status_code == 401 and set(answer.json()) == {"error", "where", "mend"}
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    answer = client.post("/token", data=wrong)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0


def test_every_door_but_the_entrance_refuses_a_stranger(app: FastAPI, client: TestClient) -> None:
    body = {"/encounters/{encounter_id}/decisions": {"system": "CPT", "code": "99213", "decision": "accept"}}
    body["/encounters/{encounter_id}/signature"] = {}
    body["/claims/{claim_id}/mend"] = {"action": "leave", "reason": "none"}
    body["/payments"] = {"encounter_id": "e", "amount": "1.00", "method": "cash"}
    doors = [(path, method) for path, ways in app.openapi()["paths"].items() for method in ways]
    tried = [(path, method) for path, method in doors if path not in OPEN_DOORS]
    assert len(tried) == 20
    for path, method in tried:
        for headers in ({}, {"Authorization": "Bearer forged"}, {"Cookie": "cleanclaim_session=forged"}):
            spelt = path.replace("{", "").replace("}", "")
            answer = client.request(method, spelt, json=body.get(path), headers=headers | {"X-File-Name": "a.835"})
            assert answer.status_code == 401, (path, method, answer.text)
            assert answer.json()["mend"]


def test_a_token_opens_me_and_names_every_practice(signed_in: TestClient) -> None:
    me = signed_in.get("/me").json()
    assert (me["login"], me["practice_id"], me["roles"]) == ("ann", "elm", ["biller", "coder"])
    assert [choice["id"] for choice in me["practices"]] == ["elm", "oak"]
    assert signed_in.get("/me", headers={"X-Cleanclaim-Practice": ""}).json()["practice_id"] == "elm"
    assert signed_in.get("/me", headers={"X-Cleanclaim-Practice": "ash"}).status_code == 404


def test_a_request_that_cannot_be_read_names_the_field_and_repeats_nothing(signed_in: TestClient) -> None:
    sent = {"encounter_id": "e", "amount": "Jane Doe", "method": "Jane Doe", "Jane Doe 1980-01-02": 1}
    answer = signed_in.post("/payments", json=sent)
    assert answer.status_code == 422 and "body.amount" in answer.json()["where"]
    assert "body.method" in answer.json()["mend"] and "Doe" not in answer.text
    answer = signed_in.get("/claims", params={"limit": "Doe"})
    assert answer.json()["where"] == "query.limit" and "Doe" not in answer.text
    answer = signed_in.post("/payments", content=b'{"amount": Doe', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and "Doe" not in answer.text


def test_a_body_that_is_too_long_is_cut_off(
    signed_in: TestClient, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = signed_in.post("/payments", content=b" " * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 413 and answer.json()["error"]
    monkeypatch.setattr("serving.api.FILE_BYTES_MAX", 1000)
    answer = signed_in.post("/files", content=iter([b"x" * 600] * 2), headers={"X-File-Name": "a.835"})
    assert answer.status_code == 413


def test_the_form_sets_a_cookie_no_script_reads_and_goes_to_the_screens(client: TestClient) -> None:
    assert "<script" not in client.get("/signin").text
    answer = client.post("/signin", data={"username": "ann", "password": PASSWORD})
    assert answer.status_code == 303 and answer.headers["Location"] == "http://testserver:8599/"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("cleanclaim_session=") and "HttpOnly" in cookie and "SameSite=strict" in cookie
    refused = client.post("/signin", data={"username": "ann", "password": "wrong"})
    assert refused.status_code == 401 and "Set-Cookie" not in refused.headers
    stranger = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/signin", data={"username": "ann", "password": PASSWORD}, headers=stranger).status_code == 403
    assert 'cleanclaim_session=""' in client.post("/signout").headers["Set-Cookie"]


def test_answers_are_not_kept_and_unknown_doors_answer_in_the_same_form(client: TestClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404 and set(answer.json()) == {"error", "where", "mend"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/health").json() == {"status": "ok"} and client.get("/docs").status_code == 200
