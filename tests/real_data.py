"""The public material beside the checkout: where it lies, and the mark of a test that needs it.

It is never copied here. Where it is absent, each such test is skipped and named at the end of the run.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[1] / "../shared/data"
SHARED = Path(os.environ.get("CLEANCLAIM_SHARED_DATA", _BESIDE)).resolve()


def needs(place: str) -> pytest.MarkDecorator:
    """Skip, saying so, where that file or folder of the public material is absent."""
    return pytest.mark.skipif(
        not (SHARED / place).exists(), reason=f"REAL DATA ABSENT: {place} is not beside the checkout"
    )
