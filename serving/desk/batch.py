"""Work entered from files: a coder's decisions and signatures, a biller's mends, one JSON object a line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core.errors import BillingError
from serving.desk.billing import mend_claim
from serving.desk.case import Desk, use_case
from serving.desk.coding import _decide, sign_visit
from serving.desk.intake import lines
from serving.errors import Conflict
from serving.schemas.billing import LineChange, MendIn
from serving.schemas.coding import DecisionIn, ProcedureIn, SignatureIn
from serving.store.states import EncounterStatus

if TYPE_CHECKING:
    from serving.store.books import Books


@use_case("encounter.sign")
def sign_all(desk: Desk, books: Books, path: Path) -> int:
    """Enter the decisions and signatures made up to today; a visit signed before is passed over. Returns how many."""
    signed, today = 0, desk.today(books)
    waiting = {v.encounter.id for s in (EncounterStatus.OPEN, EncounterStatus.CODED) for v in books.encounters(s)}
    for _, line in lines(path):
        encounter_id, signed_on = line["encounter_id"], date.fromisoformat(line["signed_on"])
        if signed_on > today or encounter_id not in waiting:
            continue
        for said in line["decisions"]:
            _decide(desk, books, encounter_id, DecisionIn(**said))
        signature = SignatureIn(
            diagnoses=line["diagnoses"],
            procedures=[ProcedureIn(**p) for p in line["procedures"]],
            referral=line.get("referral", ""),
            authorization_number=line.get("authorization_number", ""),
        )
        view = sign_visit(desk, books, encounter_id, signature, signed_on)
        books.log(desk.actor, "encounter.sign", encounter_id)
        signed += view.charges > 0
    return signed


def _mend(line: dict[str, Any]) -> MendIn:
    changes = line.get("changes", {})
    coverage = changes.get("coverage")
    return MendIn(
        action=line["action"],
        reason=line.get("reason") or "worked",
        authorization=changes.get("authorization"),
        referral=changes.get("referral"),
        member_id=changes.get("member_id"),
        coverage_id=coverage["id"] if isinstance(coverage, dict) else coverage,
        diagnoses=changes.get("diagnoses"),
        lines=[LineChange(line=c["line"], modifiers=c.get("modifiers")) for c in changes.get("lines", ())],
    )


@use_case("claim.mend")
def mend_all(desk: Desk, books: Books, path: Path) -> dict[str, int]:
    """Enter every mend of the file. Appeals and write-offs need a person at the screen and are counted, not done."""
    counts: dict[str, int] = {}
    for _, line in lines(path):
        action = line["action"]
        if action in ("appeal", "write_off", "leave"):
            counts[f"{action} (left)"] = counts.get(f"{action} (left)", 0) + 1
            continue
        standing = books.claims_by_number([line["claim_number"]]).get(line["claim_number"])
        if standing is None:
            continue
        try:
            mend_claim(desk, books, standing.claim.id, _mend(line))
            counts[action] = counts.get(action, 0) + 1
        except (BillingError, Conflict):
            counts["refused"] = counts.get("refused", 0) + 1
    return counts
