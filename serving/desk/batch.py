"""Work entered from files: a coder's decisions and signatures, a biller's mends, one JSON object a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core.claim import ClaimState
from billing_core.errors import BillingError
from serving.desk.billing import mend_claim
from serving.desk.case import Desk, use_case
from serving.desk.coding import enter_decisions, run_suggester, sign_visit
from serving.desk.paper import lines, made
from serving.errors import Conflict, NotFound
from serving.schemas.billing import LineChange, MendIn, MendView
from serving.schemas.coding import DecisionIn, ProcedureIn, SignatureIn
from serving.store.states import EncounterStatus

if TYPE_CHECKING:
    from serving.store.books import Books


REFUSED = "refused"  # a mend that changed nothing: by our books, or by the payer's contract
NOTES_AT_ONCE = 100  # in one transaction: a model reads for seconds, and other writers wait for it


@use_case("encounter.read")
def open_visits(desk: Desk, books: Books) -> list[str]:
    """The ids of the visits that nobody has coded yet, oldest first."""
    return [visit.encounter.id for visit in books.encounters(EncounterStatus.OPEN)]


@use_case("note.suggest")
def suggest_for(desk: Desk, books: Books, encounter_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Suggest codes for these visits: {"encounter_id", "codes"} each. A note that has suggestions is not read again."""
    found: list[dict[str, Any]] = []
    for encounter_id in encounter_ids:
        if books.latest_suggestion(encounter_id) is None:
            run_suggester(desk, books, books.encounter(encounter_id))
        run = books.latest_suggestion(encounter_id)
        codes = (
            [{name: code[name] for name in ("system", "code", "spans")} for code in run.body["codes"]] if run else []
        )
        found.append({"encounter_id": encounter_id, "codes": codes})
    return found


@use_case("encounter.sign")
def sign_all(desk: Desk, books: Books, path: Path) -> int:
    """Enter the decisions and signatures made up to today; a visit signed before is passed over. Returns how many."""
    signed, today = 0, desk.today(books)
    waiting = {v.encounter.id for s in (EncounterStatus.OPEN, EncounterStatus.CODED) for v in books.encounters(s)}
    for place, line in lines(path):
        encounter_id, signed_on = made(place, partial(_visit_signed, line))
        if signed_on > today or encounter_id not in waiting:
            continue
        decisions, signature = made(place, partial(_words, line))
        enter_decisions(desk, books, encounter_id, decisions)
        view = sign_visit(desk, books, encounter_id, signature, signed_on)
        signed += view.charges > 0
    return signed


def _visit_signed(line: dict[str, Any]) -> tuple[str, date]:
    return str(line["encounter_id"]), date.fromisoformat(line["signed_on"])


def _words(line: dict[str, Any]) -> tuple[list[DecisionIn], SignatureIn]:
    return [DecisionIn(**said) for said in line["decisions"]], SignatureIn(
        diagnoses=line["diagnoses"],
        procedures=[ProcedureIn(**p) for p in line["procedures"]],
        referral=line.get("referral", ""),
        authorization_number=line.get("authorization_number", ""),
    )


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
    """Enter every mend of the file; returns how many became what. Appeals and write-offs need a person at the screen
    and are counted, not done.
    """
    counts: Counter[str] = Counter()
    for place, line in lines(path):
        action, number = made(place, lambda: (str(line["action"]), str(line["claim_number"])))  # noqa: B023  # at once
        if action in ("appeal", "write_off", "leave"):
            counts[f"{action} (left)"] += 1
            continue
        mend, standing = made(place, partial(_mend, line)), books.claims_by_number([number]).get(number)
        if standing is None:
            counts["no claim of ours"] += 1
            continue
        try:
            counts[_became(action, mend_claim(desk, books, standing.claim.id, mend))] += 1
        except (BillingError, Conflict, NotFound):  # a coverage not registered here yet, among others
            counts[REFUSED] += 1
    return dict(counts)


def _became(action: str, done: MendView) -> str:
    if done.refused:
        return REFUSED
    return f"{action} (still held)" if done.state == ClaimState.HELD else action
