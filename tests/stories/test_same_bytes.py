"""The same history gives the same bytes: two processes, two folders, two orders of hashing, one set of files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.stories.clinic import Clinic, environment
from tests.stories.digests import told

ROOT = Path(__file__).resolve().parents[2]


def _live(root: Path, hash_seed: str) -> Path:
    environ = os.environ | {"PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.stories.clinic", str(root)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return root


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_history_gives_the_same_837_bytes_and_the_same_answers_and_paper(tmp_path: Path) -> None:
    one, other = _live(tmp_path / "one", "1"), _live(tmp_path / "other", "2")
    sent = _files(one / "to")
    claims = [name for name in sent if name.endswith(".837")]
    assert len(claims) == 4 < len(sent) and all(data.startswith(b"ISA*") for data in sent.values())
    assert sent == _files(other / "to")
    assert _files(one / "from") == _files(other / "from")
    papers = []
    for root in (one, other):
        with environment(root / "home"), Clinic(root).books() as books:
            stated = {(s.guarantor_id, s.statement_on): books.statement_pdf(s.id) for s in books.statements()}
            papers.append((told(books), stated))
    assert papers[0] == papers[1] and papers[0][1]
