"""`POST /risks` has two roads, from what is at hand and in full: one answer, and no right that ended opens either."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from billing_core.claim import ClaimState
from billing_core.identifiers import claim_number
from billing_core.record import to_plain
from models.denial.facts import facts
from serving import artifacts, settings
from serving.api import create_app
from serving.desk import scoring
from serving.desk.case import open_desk
from serving.ids import FixedClock, uuid7
from serving.routes import risks
from serving.security import NewKey, operator
from serving.store.books import Store
from tests.billing_core import specimens
from tests.serving.people import enrol, token
from tests.serving.store import filled
from tests.training import export_fixture
from training import denial, splits
from training.export_folder import read as read_export

CLAIM = to_plain(facts(specimens.claim(), filled.DAY, "person"))
IN_FULL = {"Content-Type": "application/json; charset=utf-8"}  # any spelling but the plain one goes the ordinary way


@dataclass
class MovingClock:
    """Noon in the summer of the specimens, until it is moved."""

    moment: datetime = datetime(2026, 5, 9, 16, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def today(self, zone: str) -> date:
        return self.moment.date()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two models of one practice, told apart by their thresholds and so by their seals."""
    home = tmp_path_factory.mktemp("models")
    cases = read_export(export_fixture.write(home / "export", export_fixture.cases(500)))
    plan = splits.plan(cases.submissions, cases.as_of)
    made = denial.train(cases.submissions, denial.replay(cases.submissions), plan, seed=1)
    denial.seal(home / "one", made, cases, plan)
    denial.seal(home / "other", replace(made, threshold_ppm=1), cases, plan)
    return home / "one", home / "other"


@dataclass
class House:
    """A practice with a model in service, asked by one biller over HTTP; `beside` is another process's store."""

    app: FastAPI
    client: TestClient
    beside: Store
    clock: MovingClock
    settings: settings.Settings
    user_id: str
    token: str = ""

    def ask(self, body: Any = CLAIM, credential: str = "", **headers: str) -> Response:
        """By the road at hand, if that is open."""
        named = {"Authorization": f"Bearer {credential or self.token}", "Content-Type": "application/json"} | headers
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post("/risks", content=sent, headers=named)

    def at_hand(self, body: Any = CLAIM, credential: str = "") -> bytes | None:
        """What the road at hand alone answers."""
        sent = json.dumps(body).encode()
        return risks._told(self.app.state.house, credential or self.token, "", sent)

    def both(self, body: Any = CLAIM) -> Response:
        """The answer, once it is seen to be the same by both roads."""
        quick, full = self.ask(body), self.ask(body, **IN_FULL)
        assert (quick.status_code, quick.content) == (full.status_code, full.content)
        assert dict(quick.headers) == dict(full.headers)
        return quick

    def activate(self, model: Path) -> str:
        with self.beside.open("elm") as books:
            return artifacts.activate(books, self.settings.artifacts, "denial", model, "scientist").sha256

    def key(self) -> tuple[str, NewKey]:
        with self.beside.open("elm") as books:
            kept, fresh = books.add_api_key("scorer", ["biller"])
            return kept.id, fresh


def send(store: Store, serials: range) -> None:
    """Claims sent, every third denied."""
    with store.open("elm") as books:
        for serial in serials:
            claim = specimens.claim(id=f"claim-{serial}", number=claim_number("ELMF", serial))
            books.save_claim(claim, ClaimState.READY)
            books.step_claim(claim.id, ClaimState.SUBMITTED, filled.DAY - timedelta(days=serial))
            state = ClaimState.PAID if serial % 3 else ClaimState.DENIED
            books.step_claim(claim.id, state)
            books.log("payer", f"claim.{state}", claim.id)


@pytest.fixture
def house(tmp_path: Path, database_url: str, trained: tuple[Path, Path]) -> Iterator[House]:
    ours, clock = (
        settings.read({"CLEANCLAIM_HOME": str(tmp_path), "CLEANCLAIM_DATABASE_URL": database_url}),
        MovingClock(),
    )
    beside = filled.new_store(database_url)
    beside.clock, beside.new_id = FixedClock(date(2026, 4, 20)), uuid7  # what is answered there is known by now
    user_id = enrol(beside, {"biller": {"elm": ["biller"]}})["biller"]
    with beside.open("elm") as books:
        filled.register(books)
        books.save_encounter(filled.encounter(), filled.NOTE)
    send(beside, range(1, 9))
    app = create_app(ours, clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        house = House(app, client, beside, clock, ours, user_id)
        house.activate(trained[0])
        house.token = token(client, "biller")
        yield house
    beside.close()


def test_after_the_first_answer_the_next_is_at_hand_and_the_same(house: House) -> None:
    assert house.at_hand() is None, "nothing is at hand before anything was asked"
    first = house.ask()
    assert first.status_code == 200 and house.at_hand() == first.content
    assert house.both().content == first.content


CHANGED: tuple[dict[str, Any], ...] = (
    {},
    {"has_authorization": True, "has_referral": True, "has_group_number": True},
    {"has_authorization": False, "coverage_active": False, "procedures": ["27447"], "modifiers": ["RT"]},
    {"payer": "NEVER SEEN", "provider": "NOBODY", "procedures": ["0000T"], "diagnoses": ["U99.9"], "pointed": [""]},
    {"procedures": [], "modifiers": [], "units": [], "amounts_cents": [], "pointed": []},
    {"procedures": ["99213", "99214"]},
    {"units": ["2"], "rank": 1.0, "enrolled": "yes", "submitted_on": "2026-04-09"},
    {"units": [1.5]},
    {"submitted_on": "yesterday"},
    {"surname": "of nobody"},
    {"payer": "\u1e9e\u2028\U0001f600"},
    {"payer": "half \ud800"},
    {"amounts_cents": [10**30]},
    {"days_to_submit": -4000, "age_band": -1},
)
NO_CLAIM = (b"", b"{", b"[]", b"null", b'{"payer": NaN}', "{}".encode("utf-16"), b"\xff", b"1" * 20_000)


def test_whatever_is_sent_both_roads_say_the_same(house: House) -> None:
    house.ask()
    answers = [house.both(CLAIM | changed) for changed in CHANGED] + [house.both(body) for body in NO_CLAIM]
    assert {answer.status_code for answer in answers} == {200, 400, 422}
    assert all(answer.json()["mend"] for answer in answers if answer.status_code != 200)
    assert any(answer.json()["reasons"] for answer in answers if answer.status_code == 200)
    for answer, changed in zip(answers[:4], CHANGED[:4], strict=True):
        assert answer.status_code == 200 and house.at_hand(CLAIM | changed) == answer.content
    assert answers[4].status_code == 422 and "no lines" in answers[4].json()["detail"]


def test_a_right_that_ends_ends_at_once_in_every_process(house: House) -> None:
    key_id, key = house.key()
    for credential in ("", key.text):
        house.ask(credential=credential)
        assert house.at_hand(credential=credential) is not None
    with house.beside.open("elm") as books:
        books.revoke_api_key(key_id)
        books.grant(house.user_id, ["coder"])
    assert (house.ask().status_code, house.ask(credential=key.text).status_code) == (403, 401)
    with house.beside.open("elm") as books:
        books.grant(house.user_id, ["biller"])
    assert house.both().status_code == 200 and house.at_hand() is not None
    with house.beside.access() as access:
        access.set_active(house.user_id, False)
    assert house.ask().status_code == 401 and house.at_hand() is None


def test_an_old_or_forged_token_and_another_practice_open_nothing(house: House) -> None:
    house.ask()
    assert house.at_hand() is not None
    for forged in (house.token[:-3] + "AAA", "cck_forged", "x"):
        assert house.ask(credential=forged).status_code == 401
    for practice_id in ("oak", "none"):
        assert house.ask(**{"X-Cleanclaim-Practice": practice_id}).status_code == 404
    assert house.ask(**{"X-Cleanclaim-Practice": "elm"}).status_code == 200
    house.clock.moment += timedelta(minutes=house.settings.token_minutes)
    assert house.ask().status_code == 401 and house.at_hand() is None


def test_a_secret_that_is_made_anew_ends_every_sign_in(house: House) -> None:
    house.ask()
    assert house.at_hand() is not None
    (house.settings.home / "secret").unlink()
    assert house.ask().status_code == 401 and house.at_hand() is None


def test_a_user_of_two_practices_names_one(house: House) -> None:
    house.ask()
    with house.beside.open("oak") as books:
        books.grant(house.user_id, ["biller"])
    assert house.at_hand() is None and house.ask().status_code == 401
    assert house.ask(**{"X-Cleanclaim-Practice": "elm"}).status_code == 200


def test_a_model_put_in_service_elsewhere_answers_the_next_request(house: House, trained: tuple[Path, Path]) -> None:
    before = house.ask().json()
    seal = house.activate(trained[1])
    assert house.at_hand() is None
    after = house.both().json()
    assert after["model"] == seal != before["model"] and after["flagged"] and house.at_hand() is not None


def test_a_model_cut_short_after_it_was_signed_leaves_the_old_one_answering(
    house: House, trained: tuple[Path, Path]
) -> None:
    before = house.ask()
    house.activate(trained[1])
    with house.beside.read("elm") as books:
        trees = house.settings.artifacts / books.activations("denial")[0].folder / "trees.txt"
    trees.write_bytes(trees.read_bytes()[:100])
    assert house.both().content == before.content == house.at_hand()


def test_what_becomes_known_counts_from_the_next_request(house: House) -> None:
    before = house.ask().content
    send(house.beside, range(9, 40))
    assert house.at_hand() is None
    after = house.both().content
    assert before != after == house.at_hand()
    fresh = open_desk(house.settings, house.beside, operator("elm"), house.clock, uuid7)
    assert scoring.ask(fresh, risks._CLAIM.validate_python(CLAIM)).model_dump_json().encode() == after


def test_a_new_day_and_a_day_closed_are_heard(house: House) -> None:
    house.ask()
    house.clock.moment += timedelta(minutes=10)
    assert house.at_hand() is not None
    house.clock.moment += timedelta(days=3)
    house.token = token(house.client, "biller")
    there = house.at_hand()
    assert there is not None and there == house.both().content
    house.clock.moment -= timedelta(days=3)  # a clock that went back may not see what came later
    assert house.at_hand() is None and house.both().status_code == 200
