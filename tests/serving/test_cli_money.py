"""The money by commands: each says what it did in words, and with --json for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serving.cli import main
from serving.security import Role
from tests.billing_core.busy_practice import TODAY, Busy, advice, file_of, opened
from tests.billing_core.money_specimens import answer
from tests.stories.clinic import environment

PASSWORD = "a long enough password"
Run = Callable[..., Any]


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Busy]:
    url = f"sqlite:///{tmp_path / 'books.db'}"
    desk, busy = opened(url, 3, tmp_path)
    with desk.store.access() as access:
        mia = access.add_user("mia", PASSWORD)
    with desk.store.open(desk.practice_id) as books:
        books.grant(mia.id, [Role.MANAGER])
    desk.store.close()
    with environment(tmp_path / "home", url):
        yield busy


@pytest.fixture
def run(busy: Busy, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str, status: int = 0, as_json: bool = True) -> Any:
        extra = ["--json"] if as_json else []
        by = ["--practice", "ELMF", "--as", "mia", "--today", TODAY.isoformat()]
        assert main([*words, *extra, *by]) == status
        said = capsys.readouterr().out
        return json.loads(said) if as_json else said

    return command


def test_a_remittance_is_posted_again_changes_nothing_and_an_unbalanced_one_says_why_it_is_held(
    busy: Busy, run: Run, tmp_path: Path
) -> None:
    paid = answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",))
    good, bad = tmp_path / "good.835", tmp_path / "bad.835"
    good.write_bytes(file_of(advice([paid])))
    bad.write_bytes(file_of(replace(advice([paid], trace="T2"), amount=1), control=2))
    told = run("era", "post", str(good))
    assert (told["posted"], told["held"], told["is_new"]) == (1, [], True)
    digest = run("ledger", "digest")["sha256"]
    assert run("era", "post", str(good))["is_new"] is False
    held = run("era", "post", str(bad), status=1)
    assert held["posted"] == 0 and "BPR02: adds to" in held["held"][0]
    assert digest != run("ledger", "digest")["sha256"], "a held paper is part of the state"


def test_aging_bank_credits_statements_and_the_close_of_the_day(busy: Busy, run: Run, tmp_path: Path) -> None:
    good = tmp_path / "good.835"
    good.write_bytes(file_of(advice([answer(busy.claims[0], ("CO-45 40", "PR-3 15"), ("CO-45 10",))])))
    run("era", "post", str(good))
    sheet = tmp_path / "aging.xlsx"
    aging = run("ar", "aging", "--since", "responsibility", "--out", str(sheet))
    assert aging["total"] == "275.00" and sheet.read_bytes()[:2] == b"PK"
    assert "275.00" in run("ar", "aging", as_json=False)
    deposits = tmp_path / "bank.csv"
    deposits.write_text("date,amount,reference\n2026-05-04,65.00,T1 ELM\n")
    assert run("bank", "match", str(deposits))["matched_amount"] == "65.00"
    assert run("credits", "find") == []
    (statement,) = run("statements", "run")
    assert statement["total"] == "15.00"
    assert run("day", "sheet", TODAY.isoformat())["by_account"]["bank"] == "65.00"
    closed = run("day", "close", TODAY.isoformat())
    assert closed["closed"] is True
    (match,) = run("bank", "matches", "--find", "t1 elm")
    assert (match["amount"], match["traces"]) == ("65.00", ["T1"]) and run("bank", "matches", "--find", "x9") == []
    assert "65.00" in run("bank", "matches", as_json=False)
    undone = run("bank", "undo", match["id"], "--reason", "another practice's check")
    assert [d["amount"] for d in undone["unmatched_deposits"]] == ["65.00"] and run("bank", "matches") == []
    assert run("day", "sheet", TODAY.isoformat())["by_account"]["bank"] == "65.00", "the closed day stays as it is"
    assert run("day", "sheet", "2026-05-05")["by_account"] == {"cash": "65.00", "bank": "-65.00"}
    assert main(["day", "close", TODAY.isoformat(), "--practice", "ELMF", "--as", "mia", "--today", "2026-05-04"]) == 2


def test_a_keyed_batch_is_a_file_of_json(busy: Busy, run: Run, tmp_path: Path) -> None:
    claim = {"claim_number": busy.claims[0].number, "charge": "130.00", "paid": "130.00"}
    paper = {"payer_number": "60054", "method": "CARD", "trace": "4401", "paid_on": "2026-05-01", "amount": "130.00"}
    batch = {"name": "cards", "control_amount": "130.00", "control_claims": 1}
    path = tmp_path / "batch.json"
    path.write_text(json.dumps({**batch, "remittances": [{**paper, "claims": [claim]}]}))
    assert run("era", "key", str(path))["posted"] == 1
    path.write_text("{}")
    assert main(["era", "key", str(path), "--practice", "ELMF", "--as", "mia"]) == 2


def test_the_figures_and_the_cases_behind_one(busy: Busy, run: Run, tmp_path: Path) -> None:
    good = tmp_path / "good.835"
    denied = answer(busy.claims[1], ("CO-197 100",), ("CO-45 10",))
    good.write_bytes(file_of(advice([answer(busy.claims[0], ("CO-45 40",), ("CO-45 10",)), denied])))
    run("era", "post", str(good))
    figures = {figure["key"]: figure for figure in run("report")["figures"]}
    rate = figures["denial-rate"]
    assert (rate["numerator"], rate["denominator"], rate["unknown"], rate["settled"]) == ("1", "2", 1, False)
    assert "Denial rate" in (words := run("report", as_json=False)) and "still moving" in words
    cases = tmp_path / "cases.xlsx"
    behind = run("report", "--figure", "denial-rate", "--out", str(cases))
    assert [row["name"] for row in behind["rows"]] == [busy.claims[1].number] and cases.read_bytes()[:2] == b"PK"
    assert "first answer: partly denied" in run("report", "--figure", "denial-rate", as_json=False)
    ends = run("open-ends")
    assert {end["kind"] for end in ends} == {"visit", "claim"}
    assert busy.claims[2].number in run("open-ends", as_json=False)
