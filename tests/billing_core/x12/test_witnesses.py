"""Independent readers say what we say, or the difference stands in the reviewed table with the guide's rule."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from random import Random
from types import ModuleType

import pytest

from billing_core.claim import Claim
from billing_core.x12 import claim_837i, claim_837p
from billing_core.x12.check import check
from billing_core.x12.envelope import Envelope
from tests.billing_core.x12 import generated
from tests.billing_core.x12.people import STORIES
from tests.billing_core.x12.test_published_files import ALL, name
from tests.billing_core.x12.witnesses import ask_ansi_x12, ask_pyx12, explained, installed, verdicts
from tests.real_data import needs

SOAK = bool(os.environ.get("CLEANCLAIM_SOAK"))
SEED = int(os.environ.get("CLEANCLAIM_SEED", "2026"))
ENVELOPE = Envelope("CLEANCLAIM", "60054", 7, datetime(2026, 4, 9, 8, 30))
PER_FILE = 50


@pytest.mark.real_data
@needs("edi")
@pytest.mark.parametrize("path", [p for p in ALL if p.parent.name != "bad"], ids=name)
def test_a_witness_agrees_or_the_table_says_who_is_right(path: object) -> None:
    data = path.read_bytes()
    for witness, (theirs, ours) in verdicts(data, check(data)).items():
        if bool(theirs) != bool(ours):
            assert explained(witness, theirs, ours), (witness, theirs[:500], ours[:500])


@pytest.mark.parametrize("story", sorted(STORIES))
def test_every_witness_takes_what_we_write(story: str) -> None:
    data = STORIES[story]()
    for witness, (theirs, ours) in verdicts(data, check(data)).items():
        assert not ours
        assert not theirs or explained(witness, theirs, ours), (witness, theirs[:500])


GENERATED = (
    (claim_837p, generated.professional, 20_000),
    (claim_837i, generated.institutional, 5_000),
)


@pytest.mark.parametrize(("guide", "make", "full"), GENERATED, ids=["837P", "837I"])
def test_generated_claims_are_accepted_and_read_back_the_same(
    guide: ModuleType, make: Callable[[Random, int], Claim], full: int
) -> None:
    """The whole number under CLEANCLAIM_SOAK=1, a hundredth else."""
    some = list(generated.claims(make, SEED, full if SOAK else full // 100))
    for start in range(0, len(some), PER_FILE):
        part = some[start : start + PER_FILE]
        data = guide.write(part, ENVELOPE, "NORTHERN HEALTH")
        assert guide.read(data) == tuple(guide.as_carried(claim, ENVELOPE.on.date()) for claim in part)
        report = check(data)
        assert report.accepted, report.findings[:5]
        assert ask_pyx12(data) == ""
        assert not installed("ansi-x12") or ask_ansi_x12(data) == ""
