"""Every route x every role: denied by default, decided by `may`. A route without an entry here fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from billing_core.record import to_plain
from models.denial.facts import facts
from serving import settings
from serving.api import create_app
from serving.desk import models
from serving.ids import FixedClock
from serving.security import ACTIONS, Role
from tests.billing_core import specimens
from tests.security.two_practices import SURNAME, TODAY, Two, small_model, two_practices
from tests.stories.clinic import PASSWORD

OPEN, SIGNED_IN, COOKIE = "open to everybody", "anybody who is signed in", "the browser's own cookie, which it renews"
# (method, path) -> the action that decides, or who may without one
DOORS: dict[tuple[str, str], str] = {
    ("GET", "/"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/openapi.json"): OPEN,
    ("GET", "/health"): OPEN,
    ("POST", "/token"): OPEN,
    ("GET", "/signin"): OPEN,
    ("POST", "/signin"): OPEN,
    ("POST", "/signout"): OPEN,
    ("GET", "/session"): COOKIE,
    ("GET", "/me"): SIGNED_IN,
    ("POST", "/token/renew"): SIGNED_IN,
    ("GET", "/users"): "user.read",
    ("POST", "/users/{user_id}/roles"): "user.manage",
    ("GET", "/keys"): "user.read",
    ("POST", "/keys"): "user.manage",
    ("POST", "/keys/{key_id}/revoke"): "user.manage",
    ("GET", "/events"): "event.read",
    ("GET", "/encounters"): "encounter.read",
    ("GET", "/encounters/{encounter_id}"): "encounter.read",
    ("POST", "/encounters/{encounter_id}/suggestions"): "note.suggest",
    ("PUT", "/encounters/{encounter_id}/decisions"): "code.decide",
    ("POST", "/encounters/{encounter_id}/signature"): "encounter.sign",
    ("POST", "/encounters/{encounter_id}/close"): "encounter.close",
    ("POST", "/encounters/{encounter_id}/reopen"): "encounter.close",
    ("GET", "/encounters/{encounter_id}/replay"): "encounter.read",
    ("POST", "/encounters/{encounter_id}/queries"): "query.ask",
    ("GET", "/queries"): "encounter.read",
    ("POST", "/queries/{query_id}/answer"): "query.answer",
    ("POST", "/queries/{query_id}/settle"): "query.ask",
    ("POST", "/queries/{query_id}/withdraw"): "query.ask",
    ("GET", "/coding/symmetry"): "analytics.read",
    ("GET", "/queue"): "queue.read",
    ("GET", "/claims"): "claim.read",
    ("POST", "/claims/submissions"): "claim.submit",
    ("GET", "/claims/{claim_id}"): "claim.read",
    ("POST", "/claims/{claim_id}/mend"): "claim.mend",
    ("POST", "/claims/{claim_id}/write-off"): "writeoff.ask",
    ("GET", "/appeals"): "appeal.read",
    ("GET", "/claims/{claim_id}/appeals"): "appeal.read",
    ("POST", "/claims/{claim_id}/appeals"): "appeal.write",
    ("GET", "/appeals/{appeal_id}"): "appeal.read",
    ("PUT", "/appeals/{appeal_id}"): "appeal.write",
    ("POST", "/appeals/{appeal_id}/filing"): "appeal.write",
    ("POST", "/appeals/{appeal_id}/outcome"): "appeal.write",
    ("GET", "/appeals/{appeal_id}/pdf"): "appeal.read",
    ("GET", "/write-offs"): "writeoff.read",
    ("POST", "/write-offs/{work_id}/approve"): "writeoff.approve",
    ("POST", "/write-offs/{work_id}/decline"): "writeoff.approve",
    ("GET", "/files"): "remittance.read",
    ("GET", "/files/{file_id}/content"): "remittance.read",
    ("POST", "/files"): "file.receive",
    ("POST", "/payments"): "payment.take",
    ("POST", "/statements"): "statement.run",
    ("GET", "/statements"): "statement.read",
    ("GET", "/statements/{statement_id}/pdf"): "statement.read",
    ("GET", "/contracts"): "contract.read",
    ("POST", "/contracts"): "contract.write",
    ("POST", "/contracts/check"): "contract.read",
    ("GET", "/contracts/{payer_id}"): "contract.read",
    ("POST", "/claims/{claim_id}/what-if"): "contract.read",
    ("GET", "/underpayments"): "contract.read",
    ("GET", "/estimates/patients"): "estimate.make",
    ("POST", "/estimates"): "estimate.make",
    ("POST", "/estimates/good-faith"): "estimate.make",
    ("GET", "/analytics"): "analytics.read",
    ("GET", "/ledger/proof"): "ledger.read",
    ("GET", "/ledger/digest"): "ledger.read",
    ("GET", "/remittances"): "remittance.read",
    ("GET", "/remittances/{remittance_id}"): "remittance.read",
    ("GET", "/remittances/{remittance_id}/claims/{position}"): "remittance.read",
    ("GET", "/carried"): "remittance.read",
    ("GET", "/entries/{entry_id}"): "ledger.read",
    ("POST", "/remittances/held/{work_id}/settle"): "remittance.post",
    ("GET", "/open-ends"): "queue.read",
    ("GET", "/report"): "analytics.read",
    ("GET", "/report/{figure}/{part}"): "ledger.read",
    ("GET", "/report/{figure}/{part}/{kind}"): "ledger.read",
    ("GET", "/aging-lines"): "ledger.read",
    ("GET", "/aging-lines/{kind}"): "ledger.read",
    ("POST", "/bank/matches"): "bank.match",
    ("GET", "/bank/explained"): "ledger.read",
    ("POST", "/bank/deposits/{work_id}/undo"): "bank.match",
    ("POST", "/bank/deposits/{work_id}/patients"): "bank.match",
    ("POST", "/credits/{credit_id}/investigation"): "refund.ask",
    ("POST", "/credits/{credit_id}/term"): "refund.ask",
    ("POST", "/credits/{credit_id}/request"): "refund.ask",
    ("GET", "/refund-rules"): "contract.read",
    ("POST", "/refund-rules"): "contract.write",
    ("POST", "/refunds/{work_id}/decline"): "refund.approve",
    ("GET", "/guarantors"): "ledger.read",
    ("POST", "/guarantors/{guarantor_id}/payments"): "payment.take",
    ("POST", "/plans/{plan_id}/end"): "payment.take",
    ("GET", "/patient-write-offs"): "writeoff.read",
    ("POST", "/patient-write-offs/{work_id}/decline"): "writeoff.approve",
    ("GET", "/unmatched"): "remittance.read",
    ("POST", "/unmatched/{work_id}/assign"): "remittance.post",
    ("POST", "/unmatched/{work_id}/undo"): "remittance.post",
    ("POST", "/unmatched/{work_id}/leave"): "remittance.post",
    ("POST", "/remittances/batches"): "remittance.post",
    ("GET", "/batches"): "remittance.read",
    ("POST", "/batches"): "remittance.key",
    ("GET", "/batches/{batch_id}"): "remittance.read",
    ("PUT", "/batches/{batch_id}"): "remittance.key",
    ("POST", "/batches/{batch_id}/post"): "remittance.post",
    ("POST", "/batches/{batch_id}/discard"): "remittance.key",
    ("GET", "/bank"): "ledger.read",
    ("POST", "/bank/files"): "bank.match",
    ("GET", "/credits"): "ledger.read",
    ("POST", "/credits/find"): "refund.ask",
    ("POST", "/credits/{credit_id}/refund"): "refund.ask",
    ("GET", "/refunds"): "ledger.read",
    ("POST", "/refunds/{work_id}/approve"): "refund.approve",
    ("GET", "/plans"): "ledger.read",
    ("POST", "/guarantors/{guarantor_id}/plan"): "payment.take",
    ("POST", "/guarantors/{guarantor_id}/write-off"): "writeoff.ask",
    ("POST", "/patient-write-offs/{work_id}/approve"): "writeoff.approve",
    ("POST", "/guarantors/{guarantor_id}/collections"): "collections.place",
    ("POST", "/guarantors/{guarantor_id}/collections/return"): "collections.place",
    ("GET", "/patients/{patient_id}/account"): "ledger.read",
    ("GET", "/aging"): "analytics.read",
    ("GET", "/aging/{kind}"): "analytics.read",
    ("GET", "/days/{on}"): "ledger.read",
    ("POST", "/days/{on}/close"): "day.close",
    ("GET", "/models"): "model.read",
    ("POST", "/models/{kind}/service"): "model.activate",
    ("POST", "/models/{kind}/shadow"): "model.activate",
    ("GET", "/models/{kind}/watch"): "model.read",
    ("POST", "/risks"): "model.score",
    ("GET", "/eligibility"): "eligibility.read",
    ("POST", "/eligibility/questions"): "eligibility.ask",
    ("POST", "/eligibility/answers/{work_id}/settle"): "eligibility.ask",
    ("GET", "/advice/withheld"): "model.read",
    ("PUT", "/advice/withheld"): "advice.withhold",
}
# The two practices hold no unmatched answer, held remittance, credit or refund: who may ask for one is told so.
NOT_AT_HAND = {"/unmatched/{work_id}/assign", "/unmatched/{work_id}/undo", "/unmatched/{work_id}/leave"}
NOT_AT_HAND |= {"/credits/{credit_id}/refund", "/refunds/{work_id}/approve", "/refunds/{work_id}/decline"}
NOT_AT_HAND |= {"/credits/{credit_id}/investigation", "/credits/{credit_id}/term", "/plans/{plan_id}/end"}
NOT_AT_HAND |= {"/bank/deposits/{work_id}/undo", "/credits/{credit_id}/request", "/remittances/held/{work_id}/settle"}
NOT_AT_HAND |= {"/bank/matches", "/bank/deposits/{work_id}/patients", "/patient-write-offs/{work_id}/decline"}
NOT_AT_HAND |= {"/eligibility/answers/{work_id}/settle"}
NOT_AT_HAND |= {"/batches/{batch_id}", "/batches/{batch_id}/post", "/batches/{batch_id}/discard"}
CLOSED = {door: action for door, action in DOORS.items() if action not in (OPEN, SIGNED_IN, COOKIE)}
ONE_CLAIM = to_plain(facts(specimens.claim(), TODAY, "person"))
BODIES: dict[str, Any] = {
    "/encounters/{encounter_id}/decisions": {"system": "CPT", "code": "99213", "decision": "undo"},
    "/encounters/{encounter_id}/signature": {},
    "/encounters/{encounter_id}/close": {"reason": "no_charge"},
    "/encounters/{encounter_id}/reopen": {"reason": "none"},
    "/encounters/{encounter_id}/queries": {"code": "M17.10"},
    "/queries/{query_id}/answer": {"option": "left"},
    "/users/{user_id}/roles": {"roles": ["front_desk"]},
    "/keys": {"name": "scanner", "roles": ["front_desk"]},
    "/claims/{claim_id}/mend": {"action": "leave", "reason": "none"},
    "/claims/{claim_id}/write-off": {"reason": "none"},
    "/appeals/{appeal_id}": {"sentences": [{"words": "none", "source": "chart: none"}]},
    "/appeals/{appeal_id}/filing": {"signed_by": "B. Biller", "sent_by": "mail"},
    "/appeals/{appeal_id}/outcome": {"outcome": "upheld"},
    "/payments": {"encounter_id": "{encounter_id}", "amount": "1.00", "method": "cash"},
    "/unmatched/{work_id}/assign": {"claim_number": "ELMF00000001G"},
    "/unmatched/{work_id}/undo": {"reason": "none"},
    "/unmatched/{work_id}/leave": {"reason": "none"},
    "/eligibility/questions": {},
    "/eligibility/answers/{work_id}/settle": {"reason": "none"},
    "/remittances/held/{work_id}/settle": {"reason": "none"},
    "/credits/{credit_id}/refund": {"amount": "1.00", "reason": "none"},
    "/guarantors/{guarantor_id}/plan": {"monthly": "1.00", "first_due": "2026-03-01"},
    "/guarantors/{guarantor_id}/write-off": {"kind": "hardship", "reason": "none"},
    "/bank/matches": {"deposits": ["none"], "remittances": ["none"], "reason": "none"},
    "/bank/deposits/{work_id}/patients": {"reason": "none"},
    "/bank/deposits/{work_id}/undo": {"reason": "none"},
    "/credits/{credit_id}/investigation": {"until": "2026-06-01", "reason": "none"},
    "/credits/{credit_id}/request": {"on": "2026-01-01", "reason": "none"},
    "/refund-rules": {"text": "format = 2"},
    "/credits/{credit_id}/term": {"due": "2026-06-01", "rule": "none"},
    "/refunds/{work_id}/decline": {"reason": "none"},
    "/guarantors/{guarantor_id}/payments": {"amount": "1.00", "method": "cash"},
    "/plans/{plan_id}/end": {"reason": "none"},
    "/patient-write-offs/{work_id}/decline": {"reason": "none"},
    "/guarantors/{guarantor_id}/collections": {"reason": "none"},
    "/guarantors/{guarantor_id}/collections/return": {"reason": "none"},
    "/remittances/batches": {
        "name": "batch",
        "control_amount": "0.00",
        "control_claims": 0,
        "remittances": [
            {"payer_number": "SHARE", "method": "CHK", "trace": "77", "paid_on": "2026-02-01", "amount": "0.00"}
        ],
    },
    "/batches": {"name": "batch"},
    "/batches/{batch_id}": {"version": 0, "draft": {"name": "batch"}},
    "/batches/{batch_id}/post": {"version": 0},
    "/batches/{batch_id}/discard": {"reason": "none"},
    "/contracts": {"text": "format = 2"},
    "/contracts/check": {"text": "format = 2"},
    "/claims/{claim_id}/what-if": {},
    "/models/{kind}/service": {"sha256": "{seal}", "reason": "none"},
    "/models/{kind}/shadow": {"sha256": "{seal}", "reason": "none"},
    "/risks": ONE_CLAIM,
    "/advice/withheld": {"percent": 5, "reason": "none"},
    "/estimates": {"patient_id": "{patient_id}", "service_date": "2026-01-06", "services": [{"procedure": "99213"}]},
    "/estimates/good-faith": {
        "patient_id": "{patient_id}",
        "service_date": "2026-01-06",
        "services": [{"procedure": "99213"}],
    },
}


def walk(routes: Any) -> Iterator[tuple[str, str]]:
    """Every (method, path) of the application, whatever it was built of."""
    for route in routes:
        inner = getattr(route, "original_router", None) or (None if hasattr(route, "methods") else route)
        if inner is not None:
            yield from walk(inner.routes)  # a kind of route that has neither fails here, and is to be looked at
            continue
        for method in route.methods - {"HEAD", "OPTIONS"}:
            yield method, route.path


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two_practices(tmp_path_factory.mktemp("routes")) as two:
        yield two


@pytest.fixture(scope="module")
def app(two: Two) -> FastAPI:
    return create_app(settings.read(), FixedClock(TODAY))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def _ask(
    client: TestClient, method: str, path: str, ids: dict[str, str], credential: str = "", **more: str
) -> Response:
    body = BODIES.get(path)
    if body is not None:
        body = {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}
    headers = {"X-File-Name": "a.835", **more}
    if credential:
        headers["Authorization"] = f"Bearer {credential}"
    spelt = path.format(**ids | ({"kind": "csv"} if path.startswith(("/aging", "/report")) else {}))
    return client.request(method, spelt, json=body, headers=headers)


def _path_ids(two: Two, clinic: Any) -> dict[str, str]:
    ids = two.ids(clinic)
    return {
        "encounter_id": ids.open_encounter,
        "claim_id": ids.rejected,
        "file_id": ids.inbound,
        "statement_id": ids.statement,
        "work_id": ids.write_off,
        "appeal_id": ids.appeal,
        "query_id": ids.query,
        "user_id": ids.user,
        "key_id": ids.key,
        "guarantor_id": ids.patient.replace("patient-", "guarantor-"),
        "credit_id": ids.write_off,
        "on": "2026-01-08",
        "payer_id": "payer-FULL1",
        "kind": "denial",
        "seal": _offered(two, clinic),
        "patient_id": ids.coverage.replace("coverage-", "patient-").removesuffix("-1"),
        "remittance_id": ids.remittance,
        "position": "1",
        "entry_id": ids.entry,
        "plan_id": ids.write_off,
        "batch_id": ids.write_off,
        "figure": "denial-rate",
        "part": "denominator",
    }


def _offered(two: Two, clinic: Any) -> str:
    desk = two.desk(clinic)
    with TemporaryDirectory() as folder:
        return models.offer(desk, "denial", small_model(Path(folder) / "model", desk.practice_id))


def _token(client: TestClient, login: str) -> str:
    answer = client.post("/token", data={"username": login, "password": PASSWORD})
    assert answer.status_code == 200, login
    return str(answer.json()["access_token"])


@pytest.fixture(scope="module")
def tokens(two: Two, client: TestClient) -> dict[Role, str]:
    return {role: _token(client, two.elm.login(role)) for role in Role}


def test_every_route_has_its_place_in_the_table_and_its_action_in_the_policy(app: FastAPI) -> None:
    assert sorted(walk(app.routes)) == sorted(DOORS)
    assert set(CLOSED.values()) <= set(ACTIONS)


@pytest.mark.parametrize(("method", "path"), sorted(DOORS))
def test_a_route_opens_to_the_roles_of_the_policy_and_to_nobody_else(
    two: Two, client: TestClient, tokens: dict[Role, str], method: str, path: str
) -> None:
    action, ids = DOORS[method, path], _path_ids(two, two.elm)
    stranger = _ask(client, method, path, ids)
    if action == OPEN:
        assert stranger.status_code not in (401, 403)
        return
    assert stranger.status_code == 401
    if action == COOKIE:
        token = tokens[Role.CODER]
        assert _ask(client, method, path, ids, token).status_code == 401, "a bearer token is no cookie"
        kept = _ask(client, method, path, ids, Cookie=f"cleanclaim_session={token}")
        assert kept.status_code == 204 and "SameSite=strict" in kept.headers["Set-Cookie"]
        return
    for forged in ("forged", "cck_forged", tokens[Role.MANAGER][:-3] + "AAA"):
        assert _ask(client, method, path, ids, forged).status_code == 401
    for role, token in tokens.items():
        answer = _ask(client, method, path, ids, token)
        allowed = action == SIGNED_IN or role in ACTIONS[action]
        assert (answer.status_code == 403) is not allowed, (role, answer.status_code)
        absent = allowed and path in NOT_AT_HAND and answer.status_code == 404
        assert absent or answer.status_code not in (401, 404, 405, 500), (role, answer.status_code, answer.text[:200])
        if not allowed:
            assert SURNAME["ELMF"] not in answer.text and answer.json()["mend"]


@pytest.mark.parametrize(("method", "path"), sorted(CLOSED))
def test_a_machines_key_opens_what_its_roles_may_in_its_practice_alone(
    two: Two, client: TestClient, method: str, path: str
) -> None:
    with two.store.open(two.elm.practice_id) as books:
        _, key = books.add_api_key("clearinghouse", [Role.FRONT_DESK])
    answer = _ask(client, method, path, _path_ids(two, two.elm), key.text)
    assert (answer.status_code == 403) is (Role.FRONT_DESK not in ACTIONS[CLOSED[method, path]])
    elsewhere = {"X-Cleanclaim-Practice": two.oak.practice_id}
    assert _ask(client, method, path, _path_ids(two, two.oak), key.text, **elsewhere).status_code == 404


# A contract file names no record of a practice, and the payers of the two clinics have the same ids.
NAMES_NO_ONE = {"/contracts", "/contracts/check", "/contracts/{payer_id}"}
NAMES_NO_ONE |= {"/aging/{kind}", "/days/{on}", "/days/{on}/close", "/remittances/batches", "/keys"}
NAMES_NO_ONE |= {"/aging-lines/{kind}", "/report/{figure}/{part}", "/report/{figure}/{part}/{kind}"}
NAMES_NO_ONE |= {"/eligibility/questions", "/batches", "/refund-rules"}
NAMES_NO_ONE |= {"/risks", "/advice/withheld", "/models/{kind}/watch"}
NAMING = sorted(d for d in CLOSED if ("{" in d[1] or d[1] in BODIES) and d[1] not in NAMES_NO_ONE)


@pytest.mark.parametrize(("method", "path"), NAMING)
def test_another_practices_id_is_answered_like_one_that_never_was(
    two: Two, client: TestClient, tokens: dict[Role, str], method: str, path: str
) -> None:
    allowed = next(role for role in Role if role in ACTIONS[CLOSED[method, path]])
    invented = dict.fromkeys(_path_ids(two, two.elm), "01900000-0000-7000-8000-000000000000") | {"position": "1"}
    answers = [_ask(client, method, path, ids, tokens[allowed]) for ids in (_path_ids(two, two.oak), invented)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text and answers[0].headers.keys() == answers[1].headers.keys()


@pytest.mark.parametrize(("method", "path"), sorted(CLOSED))
def test_naming_another_practice_is_answered_like_naming_none_that_exists(
    two: Two, client: TestClient, tokens: dict[Role, str], method: str, path: str
) -> None:
    ids = _path_ids(two, two.oak)
    for role in (Role.MANAGER, Role.ADMINISTRATOR):
        answers = [
            _ask(client, method, path, ids, tokens[role], **{"X-Cleanclaim-Practice": name})
            for name in (two.oak.practice_id, "practice-NONE")
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].text == answers[1].text


def test_a_role_taken_away_closes_the_door_at_once(two: Two, client: TestClient) -> None:
    login = two.oak.login(Role.BILLER)
    token = _token(client, login)
    assert client.get("/queue", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with two.store.access() as access:
        user = access.user_by_login(login)
        assert user is not None
    with two.store.open(two.oak.practice_id) as books:
        books.grant(user.id, [Role.FRONT_DESK])
    assert client.get("/queue", headers={"Authorization": f"Bearer {token}"}).status_code == 403
    with two.store.open(two.oak.practice_id) as books:
        books.grant(user.id, [])
    assert client.get("/queue", headers={"Authorization": f"Bearer {token}"}).status_code == 401
