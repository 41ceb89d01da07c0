"""A newcomer finds a billing rule in one command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from billing_core.__main__ import find, index, main

ROOT = Path(__file__).resolve().parents[2]


def test_timely_finds_the_filing_rules_with_source_and_place() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "billing_core", "timely"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "filing-deadline-passed" in done.stdout and "filed-late" in done.stdout
    assert "CMS Claims Processing Manual ch. 1 section 70" in done.stdout
    assert "billing_core/edits/timing.py:" in done.stdout


def test_every_place_points_at_the_rules_own_code() -> None:
    for rule in index():
        path, number = rule.place.rsplit(":", 1)
        lines = (ROOT / path).read_text("utf-8").splitlines()
        assert lines[int(number) - 1].lstrip().startswith(("@edit", "def ", "@")), rule


def test_words_narrow_the_search() -> None:
    assert {r.id for r in find(["CARC 18"])} >= {"duplicate-line", "duplicate-claim", "duplicate"}
    assert [r.id for r in find(["duplicate-claim"])] == ["duplicate-claim"]


def test_an_unknown_word_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xyzzy"]) == 1
    assert "no rule" in capsys.readouterr().out
