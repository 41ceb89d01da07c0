"""The export: what training may read. Pseudonyms only; an outcome that is not known yet is null, never "paid".

The keys of claims, patients and coverages are hashes keyed by a secret of this installation. In a synthetic practice
the claim number is written too, so that predictions can be laid beside the world's oracle.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core.claim import ClaimState
from billing_core.record import to_plain
from serving.desk.case import Desk, use_case

if TYPE_CHECKING:
    from serving.store.books import Books

_DENIED = {ClaimState.DENIED, ClaimState.PARTLY_DENIED, ClaimState.UNPROCESSABLE}
_ADJUDICATED = _DENIED | {ClaimState.PAID}


def _first_answers(books: Books) -> dict[str, tuple[ClaimState, date]]:
    """Claim -> the state and day of its first adjudication, from the event log."""
    first: dict[str, tuple[ClaimState, date]] = {}
    for event in books.events():
        word = event.action.removeprefix("claim.")
        if event.action.startswith("claim.") and word in _ADJUDICATED:
            first.setdefault(event.subject, (ClaimState(word), event.at.date()))
    return first


def _row(books: Books, desk: Desk, claim_id: str, answer: tuple[ClaimState, date] | None, synthetic: bool) -> Any:
    from models.denial.facts import facts

    standing = books.standing_claim(claim_id)
    assert standing.row.submitted_on is not None
    secret = desk.settings.secret().encode()
    patient = hmac.new(secret, standing.claim.patient.id.encode(), hashlib.sha256).hexdigest()[:16]
    shown = facts(standing.claim, standing.row.submitted_on, patient)
    denials = books.denials_of_claims([claim_id]).get(claim_id, ()) if answer else ()
    return to_plain(shown) | {
        "state": str(standing.state),
        "adjudicated_on": answer[1].isoformat() if answer else None,
        "denied": answer[0] in _DENIED if answer else None,
        "categories": sorted({d.category for d in denials}),
        "claim_number": standing.claim.number if synthetic else "",
    }


@use_case("export.write")
def export(desk: Desk, books: Books, folder: Path, synthetic: bool = False) -> int:
    """Write the folder: claims.parquet and manifest.json; returns the number of submissions."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    folder.mkdir(parents=True, exist_ok=True)
    first = _first_answers(books)
    sent = [row.id for row in books.claim_rows() if row.submitted_on is not None]
    rows = [_row(books, desk, claim_id, first.get(claim_id), synthetic) for claim_id in sent]
    parquet.write_table(pa.Table.from_pylist(rows), folder / "claims.parquet")
    digest = hashlib.sha256((folder / "claims.parquet").read_bytes()).hexdigest()
    manifest = {
        "format": 1,
        "as_of": desk.today(books).isoformat(),
        "synthetic": synthetic,
        "files": {"claims.parquet": digest},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
    return len(rows)
