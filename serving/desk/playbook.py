"""What our own records say about a refused claim, for the playbook's steps (billing_core/playbook.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from billing_core.claim import Claim
from billing_core.denial import LineDenial
from billing_core.playbook import OnFile, Play, plays
from billing_core.registration import Authorization
from serving.desk.receipts import RECEIPT, taken
from serving.desk.remittances import contract_of

if TYPE_CHECKING:
    from serving.store.books import Books


def steps(books: Books, denied: Sequence[tuple[Claim, Sequence[LineDenial]]]) -> dict[str, tuple[Play, ...]]:
    """By claim, the steps for its denied lines, none twice, in the order of the lines; a claim without one is left out.

    All are looked up together: a queue asks for many claims at once.
    """
    refused = [(claim, found) for claim, found in denied if found]
    known = _on_file(books, [claim for claim, _ in refused])
    return {
        claim.id: tuple({p.step: p for denial in found for p in plays(claim, denial, known[claim.id])}.values())
        for claim, found in refused
    }


def _on_file(books: Books, claims: Sequence[Claim]) -> dict[str, OnFile]:
    """By claim, what is on file for it on its date of service."""
    ids, patients = [claim.id for claim in claims], [claim.patient.id for claim in claims]
    zone = books.practice().zone
    doors = {claim_id: taken(events, zone) for claim_id, events in books.events_of(ids, RECEIPT).items()}
    held, coverages, beside = books.authorizations_of(patients), books.coverages_of(patients), books.claims_beside(ids)
    return {
        claim.id: OnFile(
            accepted_on=door[0] if (door := doors.get(claim.id)) else None,
            file_by=contract.file_by(claim.service_date) if contract else None,
            authorizations=_authorizations(claim, held),
            other_coverages=sum(
                c.active(claim.service_date) and c.id != claim.coverage.id for c in coverages.get(claim.patient.id, ())
            ),
            same_service=tuple(
                [c.number for c in beside.get(claim.id, ()) if _services(claim) & _services(c)],
            ),
        )
        for claim, contract in ((c, contract_of(books, c.payer.id, c.service_date)) for c in claims)
    }


def _services(claim: Claim) -> set[str]:
    return {line.procedure for line in claim.lines}


def _authorizations(claim: Claim, held: Mapping[str, Sequence[Authorization]]) -> tuple[str, ...]:
    """The patient's with this payer for a service of the claim, in force on the day, by number."""
    day, services = claim.service_date, _services(claim)
    return tuple(
        a.number
        for a in held.get(claim.patient.id, ())
        if a.payer_id == claim.payer.id and a.procedure in services and a.effective <= day <= a.terminated
    )
