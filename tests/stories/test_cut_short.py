"""A night killed in the middle (SIGKILL) and run again ends in the same books as a night that nobody disturbed.

A few cuts, spread over the night, are made at each run; CLEANCLAIM_SOAK=1 makes every one (docs/soak.md).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from serving.store.states import Direction
from tests.stories.clinic import PASSWORD, Clinic, claims_of, environment
from tests.stories.digests import meaning_digest

NIGHT = date(2026, 1, 31)  # reads 999s, 277CAs and 835s, mends two claims, sends, states
ROOT = Path(__file__).resolve().parents[2]
FEW = 5


@dataclass(frozen=True)
class Undisturbed:
    """The clinic as it stood before the night, and what the night makes of it."""

    before: Path
    meaning: str
    sent: dict[str, bytes]
    steps: int
    first_left: int  # the step at which the first file of the night goes to the payers


def _clinic(root: Path) -> Clinic:
    return Clinic(root)


def _night(root: Path, cut: int) -> subprocess.CompletedProcess[str]:
    """The night in a process of its own, cut at that step (0: not at all)."""
    clinic = _clinic(root)
    by = clinic.login("biller")
    words = [*clinic.cycle_words(), "--practice", clinic.mark, "--as", by, "--today", NIGHT.isoformat()]
    known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    given = known | {"CLEANCLAIM_HOME": str(root / "home"), "CLEANCLAIM_PASSWORD": PASSWORD, "OMP_NUM_THREADS": "1"}
    given["PYTHONDONTWRITEBYTECODE"] = "1"  # compiling is no step of the night
    command = [sys.executable, "-m", "tests.stories.cut_short", str(cut), *words]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False)


def _meaning(root: Path) -> str:
    with environment(root / "home"), _clinic(root).books() as books:
        assert books.verify_ledger().sound and books.verify_events().sound and books.ledger_sum() == 0
        return meaning_digest(books)


def _outbox(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted((root / "to").iterdir()) if not p.name.startswith(".")}


def _known(root: Path) -> dict[str, bytes]:
    with environment(root / "home"), _clinic(root).books() as books:
        return {f.name: books.file_bytes(f.id) for f in books.files(Direction.OUTBOUND)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    before = tmp_path_factory.mktemp("cut") / "before"
    before.mkdir()
    with environment(before / "home"):
        clinic = Clinic(before).open()
        clinic.sign()
        for day in (date(2026, 1, 8), date(2026, 1, 30)):
            clinic.night(day)
        with clinic.books() as books:
            rejected, denied = (claims_of(books, key)[0].claim.number for key in ("rejected", "denied"))
        mends = [
            {"action": "correct", "claim_number": rejected, "reason": "card", "changes": {"member_id": "W0REJECTED"}},
            {"action": "correct", "claim_number": denied, "changes": {"lines": [{"line": 1, "modifiers": ["25"]}]}},
            {"action": "bill_patient", "claim_number": denied, "reason": "was corrected above: must change nothing"},
        ]
        clinic.mends.write_text("".join(f"{json.dumps(mend)}\n" for mend in mends), "utf-8")
    after = before.parent / "after"
    shutil.copytree(before, after)
    done = _night(after, 0)
    assert done.returncode == 0, done.stderr
    counted = re.search(r"steps (\d+) renames (\d+)", done.stderr)
    assert counted
    yield Undisturbed(before, _meaning(after), _outbox(after), int(counted[1]), int(counted[2]))


def _cuts(night: Undisturbed) -> list[int]:
    """All steps, or a few spread over the night: among them just before and just after a file leaves, and the last."""
    if os.environ.get("CLEANCLAIM_SOAK") == "1":
        return list(range(1, night.steps + 1))
    spread = (night.steps * part // FEW for part in range(1, FEW))
    return sorted({*spread, night.first_left, night.first_left + 1, night.steps})


def test_a_night_cut_anywhere_and_run_again_is_the_same_night(undisturbed: Undisturbed, tmp_path: Path) -> None:
    assert undisturbed.steps > 200 and len(undisturbed.sent) > 3, "the night does something"
    cuts = _cuts(undisturbed)
    print(f"{len(cuts)} cuts among {undisturbed.steps} steps")
    for cut in cuts:
        root = tmp_path / str(cut)
        shutil.copytree(undisturbed.before, root)
        killed = _night(root, cut)
        assert killed.returncode == -signal.SIGKILL, (cut, killed.stderr)
        assert _outbox(root).items() <= _known(root).items(), f"a file left that the books do not know: step {cut}"
        again = _night(root, 0)
        assert again.returncode == 0, (cut, again.stderr)
        assert _meaning(root) == undisturbed.meaning, f"cut at step {cut} of {undisturbed.steps}"
        assert _outbox(root) == undisturbed.sent, f"cut at step {cut} of {undisturbed.steps}"
        shutil.rmtree(root)
