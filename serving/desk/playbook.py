"""What our own records say about a refused claim, for the playbook's steps (billing_core/playbook.py)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from billing_core.claim import Claim
from billing_core.denial import LineDenial
from billing_core.playbook import OnFile, Play, plays
from serving.errors import NotFound

if TYPE_CHECKING:
    from serving.store.books import Books

_TAKEN = "claim.accepted"  # the payer's door (277CA) took it


def on_file(books: Books, claim: Claim) -> OnFile:
    """What is on file for the claim on its date of service."""
    day, services = claim.service_date, {line.procedure for line in claim.lines}
    taken = books.events(subject=claim.id, action=_TAKEN, limit=1)
    held = [
        a.number
        for a in books.authorizations(claim.patient.id)
        if a.payer_id == claim.payer.id and a.procedure in services and a.effective <= day <= a.terminated
    ]
    others = [c for c in books.coverages(claim.patient.id) if c.active(day) and c.id != claim.coverage.id]
    same = [
        standing.claim.number
        for standing in books.claims(patient_id=claim.patient.id, payer_id=claim.payer.id)
        if standing.claim.id != claim.id
        and standing.claim.service_date == day
        and standing.row.submitted_on is not None
        and services & {line.procedure for line in standing.claim.lines}
    ]
    try:
        file_by = books.contract(claim.payer.id, day).file_by(day)
    except NotFound:
        file_by = None
    return OnFile(
        accepted_on=taken[0].at.date() if taken else None,
        file_by=file_by,
        authorizations=tuple(held),
        other_coverages=len(others),
        same_service=tuple(same),
    )


def steps(books: Books, claim: Claim, denied: Iterable[LineDenial]) -> tuple[Play, ...]:
    """The steps for the claim's denied lines, none twice, in the order of the lines."""
    found = list(denied)
    if not found:
        return ()
    known = on_file(books, claim)
    return tuple({play.step: play for denial in found for play in plays(claim, denial, known)}.values())
