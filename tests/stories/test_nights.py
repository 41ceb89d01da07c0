"""The path of a dollar by public commands: notes, codes, claims, files, remittances, ledger, statements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from serving.cli import main as cleanclaim
from training.__main__ import main as train

MIDTOWN = Path(__file__).resolve().parents[2] / "data/synthetic/worlds/midtown.toml"
NIGHTS = ("2025-06-15", "2025-10-15", "2026-03-15", "2026-11-20")


@pytest.mark.slow
def test_notes_become_statements_through_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLEANCLAIM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLEANCLAIM_PASSWORD", "a long enough password")
    monkeypatch.delenv("CLEANCLAIM_SEED", raising=False)
    monkeypatch.delenv("CLEANCLAIM_DATABASE_URL", raising=False)
    world, model = str(tmp_path / "world"), str(tmp_path / "model")
    to, back, mends, queue, signed = (str(tmp_path / n) for n in ("to", "back", "mends", "queue", "signed"))
    Path(to).mkdir()
    Path(back).mkdir()

    def desk(*words: str, by: str, today: str = NIGHTS[0]) -> None:
        assert cleanclaim([*words, "--practice", "MDTN", "--as", by, "--today", today]) == 0

    assert train(["synthetic", "--world", str(MIDTOWN), "--encounters", "40", "--seed", "5", "--out", world]) == 0
    assert train(["coding", "--out", model]) == 0
    assert cleanclaim(["init"]) == 0
    assert cleanclaim(["practice", "add", "--from", f"{world}/practice.json", "--admin", "admin"]) == 0
    for role in ("coder", "biller", "manager", "data_scientist"):
        desk("user", "add", role, "--role", role, by="admin")
    desk("import", "--dir", world, by="manager")
    desk("model", "activate", "--kind", "coding", "--dir", model, by="data_scientist")
    desk("coding", "suggest", "--out", f"{signed}.asked", by="coder")
    assert train(["simulated-coder", "--world", world, "--suggestions", f"{signed}.asked", "--out", signed]) == 0
    for night in NIGHTS:
        desk("register", "--dir", world, by="manager", today=night)
        desk("coding", "sign", "--file", signed, by="coder", today=night)
        folders = ("--inbox", back, "--outbox", to, "--intake", world, "--mends", mends, "--queue", queue)
        desk("cycle", *folders, by="biller", today=night)
        payer = ["payer", "--world", world, "--today", night, "--inbox", to, "--outbox", back]
        assert train([*payer, "--state", str(tmp_path / "payer")]) == 0
        assert train(["simulated-biller", "--world", world, "--queue", queue, "--out", mends]) == 0

    capsys.readouterr()
    desk("summary", by="manager", today=NIGHTS[-1])
    found = json.loads(capsys.readouterr().out)
    assert found["ledger_sum_cents"] == 0
    assert found["encounters"] == found["notes_read_by_the_suggester"] == 40
    assert found["suggestions"] > 40
    assert found["claims_by_state"].get("paid", 0) > 5
    assert found["files_written"] > 0 and found["files_read"] > 0
    assert found["patient_statements"] > 0
    desk("ledger", "verify", by="biller", today=NIGHTS[-1])
    proof = json.loads(capsys.readouterr().out)
    assert proof["sound"] and proof["entries"] == found["ledger_entries"]
    # A coder may not see the money, and a biller may not sign codes.
    assert cleanclaim(["ledger", "verify", "--practice", "MDTN", "--as", "coder"]) == 2
    assert cleanclaim(["coding", "sign", "--file", signed, "--practice", "MDTN", "--as", "biller"]) == 2
