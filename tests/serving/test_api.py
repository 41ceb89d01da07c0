"""The HTTP door over a real store: who gets in, and what a refusal says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from billing_core.codesets.build import write_table
from billing_core.codesets.layout import TableHeader
from serving import settings
from serving.api import BODY_BYTES_MAX, create_app
from serving.ids import FixedClock
from serving.security import FAILURES_ALLOWED
from tests.serving.people import PASSWORD, enrol
from tests.serving.store import filled

PROBLEM_FIELDS = {"title", "status", "detail", "where", "mend"}
OPEN_DOORS = {"/token", "/signin", "/signout", "/health"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    ours = settings.read({"CLEANCLAIM_HOME": str(tmp_path), "CLEANCLAIM_APP_PORT": "8599"})
    app = create_app(ours, FixedClock(date(2026, 4, 9)))
    store = app.state.house.store
    with store.access() as access:
        access.add_practice(filled.practice())
        access.add_practice(filled.practice("oak", "OAKS"))
    enrol(store, {"ann": {"elm": ["coder", "biller"], "oak": ["biller"]}})
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
        assert answer.status_code == 401 and set(answer.json()) == PROBLEM_FIELDS
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
    assert len(tried) > 20
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
    assert answer.status_code == 413 and answer.json()["mend"]
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
    asked = client.post("/signin", data={"username": "ann", "password": PASSWORD, "page": "billing"})
    assert asked.headers["Location"] == "http://testserver:8599/billing"
    for elsewhere in ("//other.example", "https:other.example", ".."):
        wish = {"username": "ann", "password": PASSWORD, "page": elsewhere}
        assert client.post("/signin", data=wish).status_code == 422
        assert client.get("/signin", params={"page": elsewhere}).status_code == 422
    assert 'cleanclaim_session=""' in client.post("/signout").headers["Set-Cookie"]


def test_the_cookie_of_who_is_at_work_is_renewed_and_opens_nothing_else(client: TestClient) -> None:
    assert client.get("/session").status_code == 401
    client.post("/signin", data={"username": "ann", "password": PASSWORD})
    answer = client.get("/session")
    assert answer.status_code == 204 and "HttpOnly" in answer.headers["Set-Cookie"]
    assert client.get("/me").status_code == 401


def test_a_code_added_by_hand_must_be_billable_where_the_tables_say_so(app: FastAPI, signed_in: TestClient) -> None:
    with app.state.house.store.open("elm") as books:
        filled.register(books)
        books.save_encounter(filled.encounter(), filled.NOTE)
    folder = app.state.house.settings.home / "tables"
    folder.mkdir()
    rows = [("E11", "N", "N", "Type 2 diabetes"), ("E119", "Y", "N", "Type 2 diabetes without complications")]
    write_table(folder / "icd10cm.table", TableHeader("icd10cm", "2026", "invented", date(2026, 1, 1)), rows)
    door = "/encounters/encounter/decisions"
    said = {"system": "ICD-10-CM", "decision": "add"}
    answer = signed_in.put(door, json=said | {"code": "E11"})
    assert answer.status_code == 422 and answer.json()["mend"] == "choose from E11.9"
    assert signed_in.put(door, json=said | {"code": "E11.99"}).status_code == 422
    (added,) = signed_in.put(door, json=said | {"code": "E11.9"}).json()["suggestions"]
    assert (added["code"], added["title"]) == ("E11.9", "Type 2 diabetes without complications")
    assert signed_in.get("/encounters").json()[0]["decided"] == 1  # begun visits stay in the worklist


def test_answers_are_not_kept_and_unknown_doors_answer_in_the_same_form(client: TestClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404 and set(answer.json()) == PROBLEM_FIELDS and answer.json()["mend"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.put("/health").status_code == 405 and "GET" in client.put("/health").headers["Allow"]
    assert client.get("/health").json() == {"status": "ok"}


def test_the_description_is_whole_and_loads_nothing_from_anywhere(app: FastAPI, client: TestClient) -> None:
    page = client.get("/docs")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text and "://" not in page.text
    for path, ways in app.openapi()["paths"].items():
        assert path in page.text
        for way in ways.values():
            assert set(way["responses"]["401"]["content"]) == {"application/problem+json"}
    assert client.get("/").headers["Location"] == "signin"


def test_behind_a_proxy_the_form_leads_to_the_screens_as_the_browser_knows_them(tmp_path: Path) -> None:
    told = {"CLEANCLAIM_HOME": str(tmp_path), "CLEANCLAIM_APP_URL": "https://claims.example/"}
    app = create_app(settings.read(told), FixedClock(date(2026, 4, 9)))
    with app.state.house.store.access() as access:
        access.add_user("ann", PASSWORD)
    with TestClient(app, base_url="https://claims.example", follow_redirects=False) as client:
        answer = client.post("/signin", data={"username": "ann", "password": PASSWORD})
    assert answer.headers["Location"] == "https://claims.example/" and "Secure" in answer.headers["Set-Cookie"]


def test_a_code_table_that_arrives_while_the_api_runs_is_used(app: FastAPI) -> None:
    house = app.state.house
    first = house.tables.now()
    assert house.tables.now() is first and not first.loaded
    folder = house.settings.home / "tables"
    folder.mkdir()
    header = TableHeader("procedures", "2026", "invented", date(2026, 1, 1))
    write_table(folder / "procedures.table", header, [("99213", "Office visit")])
    assert house.tables.now().title("99213") == "Office visit"
