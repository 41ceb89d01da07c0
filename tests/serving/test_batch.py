"""The mend file: what became of each mend is said as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from billing_core.claim import ClaimState
from billing_core.contract import Remedy
from serving.desk import batch, billing
from serving.desk.case import Desk
from tests.billing_core import specimens
from tests.serving.store import filled

DENIED, HELD = specimens.claim(), specimens.claim(id="late", number="LATE", encounter_id="late")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A denied claim and one that is held; its payer takes no corrected claims."""
    with filled.desk_at(tmp_path / "home", filled.DAY) as desk:
        with desk.store.open("elm") as books:
            books.save_contract(replace(specimens.CONTRACT, corrected_by=Remedy.APPEAL))
            for visit in ("encounter", "late"):
                books.save_encounter(filled.encounter(visit), filled.NOTE)
            for claim, state in ((DENIED, ClaimState.DENIED), (HELD, ClaimState.HELD)):
                books.save_claim(claim, state, submitted_on=None if state is ClaimState.HELD else filled.DAY)
        yield desk


def mended(desk: Desk, folder: Path, *mends: tuple[str, str, dict[str, object]]) -> dict[str, int]:
    lines = [json.dumps({"action": a, "claim_number": n, "reason": "worked", "changes": c}) for a, n, c in mends]
    (folder / "mends.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return batch.mend_all(desk, folder / "mends.jsonl")


def test_a_correction_that_the_payer_refuses_is_counted_as_refused(desk: Desk, tmp_path: Path) -> None:
    assert mended(desk, tmp_path, ("correct", DENIED.number, {"authorization": "AUTH9"})) == {"refused": 1}
    with desk.store.read("elm") as books:
        assert books.standing_claim(DENIED.id).state is ClaimState.DENIED


def test_what_stays_held_and_what_is_no_claim_of_ours_is_said(desk: Desk, tmp_path: Path) -> None:
    told = mended(
        desk, tmp_path,
        ("correct", HELD.number, {"authorization": "AUTH9"}),  # it bills the visit of the other again
        ("correct", "NOBODYS", {}),
        ("appeal", DENIED.number, {}),
        ("bill_patient", DENIED.number, {}),
    )  # fmt: skip
    assert told == {"correct (still held)": 1, "no claim of ours": 1, "appeal (left)": 1, "bill_patient": 1}


def test_a_visit_without_a_contract_keeps_no_claim_from_being_scrubbed(desk: Desk) -> None:
    with desk.store.open("elm") as books:
        books.save_payer(replace(specimens.PAYER, id="new", number="NEW1"))
        strange = replace(HELD, id="strange", number="STRANGE", payer=replace(specimens.PAYER, id="new", number="NEW1"))
        books.save_claim(strange, ClaimState.HELD)
        billing.scrub_held(desk, books, filled.DAY)
        rules = [finding.rule for finding in books.standing_claim("strange").findings]
    assert "terms-not-checked" in rules
