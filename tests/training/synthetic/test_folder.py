import hashlib
import json
from datetime import date
from itertools import pairwise

import pytest

from billing_core.chargemaster import Price
from billing_core.contract import Contract
from billing_core.encounter import Encounter
from billing_core.identifiers import parse_member_id, parse_npi, parse_tin
from billing_core.record import from_plain
from billing_core.registration import (
    Authorization,
    Coverage,
    Guarantor,
    Location,
    Patient,
    Payer,
    Practice,
    Provider,
)
from tests.training.synthetic.worlds import MIDTOWN, made, midtown
from training.synthetic import folder

KINDS = {"guarantor": Guarantor, "patient": Patient, "coverage": Coverage, "authorization": Authorization}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    path = tmp_path_factory.mktemp("world")
    folder.write(made(), MIDTOWN.read_bytes(), path)
    return path


def _lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _all_bytes(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def test_the_folder_holds_exactly_the_files_of_the_contract(out):
    assert {p.name for p in out.iterdir()} == {
        "practice.json", "registration.jsonl", "encounters.jsonl", "notes", "answers.jsonl", "truth.jsonl",
        "payer_side.json", "world.toml",
    }  # fmt: skip
    assert (out / "world.toml").read_bytes() == MIDTOWN.read_bytes()


def test_the_practice_reads_as_records_with_valid_numbers(out):
    plain = json.loads((out / "practice.json").read_bytes())
    practice = from_plain(Practice, plain["practice"])
    parse_npi(practice.npi), parse_tin(practice.tin)
    assert practice.phone.startswith("555") and len(practice.phone) == 10
    providers = [from_plain(Provider, p) for p in plain["providers"]]
    assert len({parse_npi(p.npi) for p in providers}) == len(providers)
    for kind, name in ((Location, "locations"), (Payer, "payers"), (Contract, "contracts"), (Price, "prices")):
        assert [from_plain(kind, p) for p in plain[name]]
    assert len(plain["payers"]) == len(plain["contracts"]) == 6


def test_the_payer_side_reads_as_records_and_its_contracts_leave_no_gap(out):
    plain = json.loads((out / "payer_side.json").read_bytes())
    assert [from_plain(Coverage, c) for c in plain["coverages"]]
    assert [from_plain(Authorization, a) for a in plain["authorizations"]]
    assert [from_plain(Payer, p) for p in plain["payers"]] and [from_plain(Provider, p) for p in plain["providers"]]
    pieces = {}
    for contract in (from_plain(Contract, c) for c in plain["contracts"]):
        pieces.setdefault(contract.payer_id, []).append(contract)
    for contracts in pieces.values():
        for before, after in pairwise(contracts):
            assert (after.effective - before.terminated).days == 1
        assert contracts[-1].terminated is None
    assert max(len(contracts) for contracts in pieces.values()) > 1


def test_registration_satisfies_its_references_in_its_order(out):
    seen, last = set(), ""
    for line in _lines(out / "registration.jsonl"):
        record = from_plain(KINDS[line["kind"]], line["record"])
        assert last <= line["known_on"]
        last = line["known_on"]
        if isinstance(record, Patient):
            assert record.guarantor_id in seen
        if isinstance(record, (Coverage, Authorization)):
            assert record.patient_id in seen
        if isinstance(record, Coverage):
            assert parse_member_id(record.member_id) == record.member_id
        seen.add(record.id)


def test_encounters_are_in_order_and_known_to_registration(out):
    lines = _lines(out / "encounters.jsonl")
    assert len(lines) == 400
    keys = [(line["signed_on"], line["record"]["id"]) for line in lines]
    assert keys == sorted(keys) and len({id for _, id in keys}) == len(keys)
    known_on = {}
    for line in _lines(out / "registration.jsonl"):
        known_on.setdefault(line["record"]["id"], line["known_on"])
    practice = json.loads((out / "practice.json").read_bytes())
    places = {x["id"] for x in practice["locations"]}
    doctors = {x["id"] for x in practice["providers"]}
    for line in lines:
        encounter = from_plain(Encounter, line["record"])
        assert known_on[encounter.patient_id] <= line["signed_on"]
        assert encounter.location_id in places and encounter.provider_id in doctors
        assert encounter.referring_provider_id in {"", *doctors}
        if encounter.authorization_id:
            assert known_on[encounter.authorization_id] <= line["signed_on"]
        assert date(2024, 11, 1) <= encounter.service_date <= date(2026, 10, 31)
        assert encounter.service_date.isoformat() <= line["signed_on"] <= "2026-11-20"


def test_notes_are_the_bytes_the_encounters_fix(out):
    lines = _lines(out / "encounters.jsonl")
    for line in lines:
        data = (out / line["note"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == line["record"]["note_sha256"]
        assert len(data.decode("utf-8").strip()) > 120
    assert {p.stem for p in (out / "notes").iterdir()} == {line["record"]["id"] for line in lines}


def test_an_earlier_note_is_not_left_behind(tmp_path):
    small = folder.make(midtown(), 5, 3)
    folder.write(small, b"", tmp_path)
    (tmp_path / "notes" / "stale.txt").write_text("of another run")
    folder.write(small, b"", tmp_path)
    assert len(list((tmp_path / "notes").iterdir())) == 5


def test_answers_are_billable(out):
    prices = {p["procedure"] for p in json.loads((out / "practice.json").read_bytes())["prices"]}
    answers = _lines(out / "answers.jsonl")
    assert len(answers) == 400
    for answer in answers:
        diagnoses = answer["diagnoses"]
        assert 1 <= len(diagnoses) <= 12 and len(set(diagnoses)) == len(diagnoses)
        assert answer["procedures"]
        for procedure in answer["procedures"]:
            assert procedure["code"] in prices and procedure["units"] >= 1
            assert 1 <= len(procedure["pointers"]) <= 4
            assert all(1 <= p <= len(diagnoses) for p in procedure["pointers"])
            assert len(procedure["modifiers"]) <= 4


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_world(tmp_path):
    worlds = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        folder.write(folder.make(midtown(), 40, seed), MIDTOWN.read_bytes(), tmp_path / name)
        worlds.append(_all_bytes(tmp_path / name))
    assert worlds[0] == worlds[1]
    assert worlds[0]["practice.json"] != worlds[2]["practice.json"]


def test_more_encounters_keep_the_practice_and_its_first_patients():
    few, many = folder.make(midtown(), 30, 4), folder.make(midtown(), 90, 4)
    assert few.house == many.house
    assert {p.patient for p in few.persons} <= {p.patient for p in many.persons}


def test_the_committed_sample_is_what_its_command_makes(tmp_path):
    sample = MIDTOWN.parents[1] / "sample"
    folder.write(folder.make(midtown(), 12, 3), MIDTOWN.read_bytes(), tmp_path)
    assert _all_bytes(sample) == _all_bytes(tmp_path), "make the sample again: see data/synthetic/README.md"
