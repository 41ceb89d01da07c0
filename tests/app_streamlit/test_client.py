"""The screens' door to the API, against the real API in this process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from app_streamlit.client import ApiProblem, Client
from serving import settings
from serving.api import create_app
from serving.ids import FixedClock
from serving.schemas.coding import DecisionIn
from tests.serving.people import enrol, token
from tests.serving.store import filled


@pytest.fixture
def api(tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(settings.read({"CLEANCLAIM_HOME": str(tmp_path)}), FixedClock(date(2026, 4, 9)))
    store = app.state.house.store
    with store.access() as access:
        access.add_practice(filled.practice())
    enrol(store, {"ann": {"elm": ["coder"]}})
    with store.open("elm") as books:
        filled.register(books)
        books.save_encounter(filled.encounter(), filled.NOTE)
    with TestClient(app) as client:
        yield client


@pytest.fixture
def ann(api: TestClient) -> Client:
    return Client(token(api, "ann"), "elm", api._transport)


def test_the_coder_s_day(ann: Client) -> None:
    assert ann.me().practice_name == "Elm Family Medicine"
    (item,) = ann.worklist()
    assert ann.encounter(item.id).note == filled.NOTE
    ann.decide(item.id, DecisionIn(system="ICD-10-CM", code="E11.9", decision="add"))
    assert [(each.code, each.decision) for each in ann.encounter(item.id).suggestions] == [("E11.9", "add")]
    assert [item.decided for item in ann.worklist()] == [1]  # begun, and still to be signed


def test_a_refusal_comes_in_the_api_s_own_words(ann: Client, api: TestClient) -> None:
    with pytest.raises(ApiProblem) as caught:
        ann.encounter("nowhere")
    assert (caught.value.status, caught.value.error) == (404, "encounter not found") and caught.value.mend
    with pytest.raises(ApiProblem) as caught:
        ann.analytics()
    assert caught.value.status == 403 and caught.value.mend
    with pytest.raises(ApiProblem) as caught:
        Client("", "", api._transport).me()
    assert caught.value.status == 401


def test_a_renewed_token_opens_the_same_doors(ann: Client, api: TestClient) -> None:
    assert Client(ann.renew().access_token, "elm", api._transport).me().login == "ann"


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [(b"<html>", 200, "could not be read"), (b"[]", 200, "could not be read"), (b"<html>", 502, "status 502")],
)
def test_what_a_proxy_puts_in_between_is_a_problem_that_quotes_nothing(content: bytes, status: int, words: str) -> None:
    between = httpx.MockTransport(lambda request: httpx.Response(status, content=content))
    with pytest.raises(ApiProblem) as caught:
        Client("token", transport=between).me()
    assert words in caught.value.error and "html" not in caught.value.error and caught.value.mend


def test_no_api_at_all_is_a_problem_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANCLAIM_API", "http://127.0.0.1:1")
    with pytest.raises(ApiProblem) as caught:
        Client("token").me()
    assert caught.value.status == 0 and "API is running" in caught.value.mend
