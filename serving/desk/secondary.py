"""After the first payer: what it leaves to the next one is billed, with all that it said (loops 2320, 2330, 2430).

A charge whose balance the second or third payer owes, and for which that payer has no claim, gets one from the earlier
payer's answer. What the payers forward among themselves (CLP02 19, 20, 21) is left to them for WAIT_DAYS.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from billing_core import claim_build
from billing_core.claim import Claim, ClaimState
from billing_core.claim_build import Rebuilt
from billing_core.denial import FORWARDED
from billing_core.ledger import PAYER_OWNER
from billing_core.matching import next_coverage
from billing_core.record import to_plain
from serving.desk.case import Desk, use_case
from serving.desk.coding import claim_numbers
from serving.store.queues import StoredWork

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.claims import StandingClaim

WAIT_DAYS = 30  # for a claim that the payer says it forwarded, before we bill the next payer ourselves
QUEUE = "secondary"
_ANSWERED = (ClaimState.PAID, ClaimState.PARTLY_DENIED, ClaimState.DENIED)


def _waiting(books: Books, rank: int, today: date) -> list[StandingClaim]:
    """The answered claims that left a balance to the payer of `rank`, which has no claim of it yet."""
    balances = books.open_balances(today, owner=PAYER_OWNER[rank])
    found = []
    for encounter_id in sorted({b.encounter_id for b in balances if b.amount > 0}):
        claims = [c for c in books.claims(encounter_id=encounter_id) if c.state is not ClaimState.REPLACED]
        earlier = [c for c in claims if c.claim.rank == rank - 1 and c.state in _ANSWERED]
        if earlier and not any(c.claim.rank == rank for c in claims):
            found.append(earlier[-1])
    return found


def _build(books: Books, claim: Claim, today: date) -> Rebuilt | None:
    """The next payer's claim; None while the payers have it among themselves, or when there is no answer to carry."""
    answers = [p for p in books.claim_payments(claim_id=claim.id) if not p.payment.is_reversal]
    coverage = next_coverage(claim, books.coverages(claim.patient.id))
    if not answers or coverage is None:
        return None
    last = answers[-1]
    paid_on = books.remittance(last.remittance_id).remittance.paid_on
    waited = today >= paid_on + timedelta(days=WAIT_DAYS)
    if last.payment.status in FORWARDED and not waited:
        return None
    payer, number = books.payer(coverage.payer_id), next(claim_numbers(books))
    return claim_build.secondary(claim, last.payment, paid_on, coverage, payer, number, books.new_id(), today, waited)


@use_case("claim.build")
def build_secondaries(desk: Desk, books: Books) -> int:
    """Build what waits for the second and third payers, held until it is scrubbed; returns how many.

    An answer that does not account for a whole line cannot be carried on: a person is told, once.
    """
    today, built = desk.today(books), 0
    told = {item.claim_id for item in books.work(QUEUE, status=None)}
    for rank in (2, 3):
        for standing in _waiting(books, rank, today):
            claim = standing.claim
            made = _build(books, claim, today)
            if made is None:
                continue
            if made.claim is not None:
                books.save_claim(made.claim, ClaimState.HELD)
                books.log(desk.actor, "claim.build", made.claim.id, reason=f"payer {rank}", after=made.claim)
                built += 1
            elif claim.id not in told:
                finding = made.findings[0]
                item = StoredWork(
                    books.new_id(), QUEUE, f"claim:{claim.id}", today, claim.total, claim_id=claim.id,
                    reason=finding.message, body=to_plain(finding),
                )  # fmt: skip
                books.save_work([item])
    return built
