"""Contracts through the HTTP door: files put in force, what a claim should pay, estimates, underpayments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from serving import settings
from serving.api import create_app
from serving.ids import FixedClock
from tests.serving.people import enrol, sign_in
from tests.serving.store import filled

FILE = (Path(__file__).resolve().parents[2] / "data/synthetic/contracts/commercial-ppo.toml").read_text("utf-8")
OURS = FILE.replace('payer = "northern-health"', 'payer = "60054"')  # the payer's electronic number


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(settings.read({"CLEANCLAIM_HOME": str(tmp_path)}), FixedClock(date(2026, 4, 12)))
    store = app.state.house.store
    with store.access() as access:
        access.add_practice(filled.practice())
    enrol(store, {"mia": {"elm": ["manager", "biller"]}})
    filled.fill(store)
    with TestClient(app) as client:
        sign_in(client, "mia")
        yield client


def test_a_file_is_put_in_force_and_shown_with_its_clauses_and_vectors(client: TestClient) -> None:
    checked = client.post("/contracts/check", json={"text": OURS}).json()
    assert checked["sound"] and not checked["saved"] and len(checked["vectors"]) == 56
    assert [item["name"] for item in client.get("/contracts").json()] == [""], "a check keeps nothing"
    assert client.post("/contracts", json={"text": OURS}).json()["saved"]
    shown = client.get("/contracts/payer").json()
    assert shown["name"] == "Northern Health PPO 2026" and all(v["holds"] for v in shown["vectors"])
    clauses = {c["clause"]: c["words"] for c in shown["clauses"]}
    assert clauses["fees.99213"] == "99213: 92.00 a unit"
    assert (
        clauses["plans.silver.services.therapy"]
        == "97010-97799: copay 40.00, coinsurance 0%, no deductible, at most 20 visits a benefit year"
    )
    assert client.get("/contracts/payer", params={"on": "2025-06-01"}).json()["name"] == ""


def test_a_faulty_file_is_refused_with_its_places_and_a_failing_vector_with_its_cents(client: TestClient) -> None:
    broken = client.post("/contracts", json={"text": OURS.replace('99213 = "92.00"', "99213 = 92")}).json()
    assert not broken["saved"] and broken["findings"][0]["where"].startswith("fees.99213 (line ")
    wrong = client.post("/contracts", json={"text": OURS.replace('99213 = "92.00"', '99213 = "92.01"')}).json()
    assert not wrong["saved"] and not wrong["findings"]
    assert any("67.00 expected, 67.01 reckoned" in d for v in wrong["vectors"] for d in v["differences"])
    stranger = client.post("/contracts", json={"text": FILE})
    assert stranger.status_code == 422 and stranger.json()["where"] == "payer"


def test_what_a_claim_should_pay_and_what_it_would_pay_if(client: TestClient) -> None:
    as_it_is = client.post("/claims/claim/what-if", json={}).json()
    (line,) = as_it_is["lines"]
    assert (line["allowed"], line["paid"], line["patient"]) == ("90.00", "0.00", "90.00")
    assert line["steps"][0] == {"clause": "fees.99213", "words": "fee 90.00 x 1", "amount": "90.00"}
    other = client.post("/claims/claim/what-if", json={"lines": [{"line": 1, "procedure": "73721"}]}).json()
    assert other["lines"][0]["refused"] == "no-authorization"
    assert client.post("/claims/claim/what-if", json={"lines": [{"line": 9, "units": 2}]}).status_code == 422
    assert client.post("/claims/nobody/what-if", json={}).status_code == 404
    unpriced = client.post("/claims/claim/what-if", json={"lines": [{"line": 1, "procedure": "11111"}]})
    assert unpriced.status_code == 422 and "no rate" in unpriced.text and unpriced.json()["mend"]


VISIT = {"patient_id": "patient", "service_date": "2026-05-05", "services": [{"procedure": "99213"}]}


def test_an_estimate_and_its_bounds(client: TestClient) -> None:
    made = client.post("/estimates", json=VISIT | {"deductible_used": "500.00"}).json()
    assert (made["likely"], made["low"], made["high"]) == ("90.00", "38.00", "90.00")
    assert made["because"][0] == "used of the deductible: 500.00 of 1000.00"
    assert client.post("/estimates", json=VISIT | {"patient_id": "nobody"}).status_code == 404
    assert client.post("/estimates", json=VISIT | {"service_date": "2026-02-31"}).json()["where"] == "service_date"
    unpriced = client.post("/estimates", json=VISIT | {"services": [{"procedure": "11111"}]})
    assert unpriced.status_code == 422 and unpriced.json()["mend"] == "add the price"
    nobody_pays = client.post("/estimates", json=VISIT | {"service_date": "2024-05-05"})
    assert nobody_pays.status_code == 422 and "good-faith" in nobody_pays.json()["mend"]


def test_an_estimate_by_a_coverage_of_the_patient_and_by_no_other(client: TestClient) -> None:
    (found,) = client.get("/estimates/patients", params={"find": "doe"}).json()
    assert (found["patient_id"], found["name"]) == ("patient", "Doe, Ann")
    (coverage,) = found["coverages"]
    assert coverage["words"] == "Northern Health, silver, member W1234567"
    asked = VISIT | {"coverage_id": coverage["id"], "deductible_used": "500.00"}
    assert client.post("/estimates", json=asked).json()["likely"] == "90.00"
    early = client.post("/estimates", json=asked | {"service_date": "2024-05-05"})
    assert early.status_code == 422 and early.json()["where"] == "coverage_id"
    assert client.post("/estimates", json=VISIT | {"coverage_id": "nobody"}).status_code == 404
    assert client.get("/estimates/patients", params={"find": "nobody"}).json() == []


def test_who_pays_alone_owes_the_practice_s_prices(client: TestClient) -> None:
    planned = [{"procedure": "99213", "units": 2}]
    made = client.post("/estimates", json=VISIT | {"self_pay": True, "instead": planned}).json()
    assert (made["likely"], made["low"], made["high"], made["payer_pays"]) == ("150.00", "150.00", "300.00", "0.00")
    assert made["because"][-1] == "a bill of 550.00 or more may be disputed (45 CFR 149.620)"
    (line,) = made["lines"]
    assert line["steps"] == [{"clause": "chargemaster", "words": "price 150.00 x 1", "amount": "150.00"}]
    unpriced = VISIT | {"self_pay": True, "services": [{"procedure": "11111"}]}
    assert client.post("/estimates", json=unpriced).status_code == 422


def test_the_good_faith_estimate_is_a_pdf(client: TestClient) -> None:
    answer = client.post("/estimates/good-faith", json=VISIT)
    assert answer.headers["content-type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    assert "no-store" in answer.headers["cache-control"]


def test_underpayments_show_the_denied_claim_apart_from_the_missing_dollars(client: TestClient) -> None:
    found = client.get("/underpayments").json()
    assert found["compared"] == 1 and found["total"] == "0.00"
    assert found["groups"] == [
        {"payer": "Northern Health", "clause": "fees.99213", "lines": 0, "amount": "0.00", "denied_lines": 1,
         "denied_amount": "90.00"},
    ]  # fmt: skip
    assert found["lines"][0]["claim_id"] == "claim" and found["lines"][0]["denied"]
