"""After the first payer: what it leaves to the next one is billed, with all that it said (loops 2320, 2330, 2430).

A charge whose balance the second or third payer owes, and for which that payer has no claim, gets one from the earlier
payer's answer: the latest that was posted and not taken back. What the payers forward among themselves (CLP02 19, 20,
21) is left to them for WAIT_DAYS. When the earlier payer takes its answer back and answers otherwise after the next
claim was built, that claim is told anew: one that was not sent is corrected as it stands, one that was answered is
corrected as its payer's contract allows, and one that is still out waits for its answer first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from billing_core import claim_build
from billing_core.claim import Claim, ClaimState
from billing_core.claim_build import Changes, Rebuilt
from billing_core.denial import FORWARDED
from billing_core.ledger import PAYER_OWNER
from billing_core.matching import next_coverage
from billing_core.record import to_plain
from serving.desk.billing import payer_reference
from serving.desk.case import Desk, use_case
from serving.desk.coding import claim_numbers
from serving.desk.contradicted import answers_in_force
from serving.desk.remittances import contract_of
from serving.store.queues import StoredWork

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.claims import StandingClaim
    from serving.store.files import StoredPayment

WAIT_DAYS = 30  # for a claim that the payer says it forwarded, before we bill the next payer ourselves
QUEUE = "secondary"
CHANGED = "the payer before it changed its answer after this claim went out"
_UNSENT = (ClaimState.HELD, ClaimState.READY)
_OUT = (ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.PENDED)
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


def _answer_in_force(books: Books, claim: Claim) -> StoredPayment | None:
    """The payer's latest answer that was posted and has not been taken back since."""
    found = answers_in_force(books, claim.id)
    return found[-1] if found else None


def _build(books: Books, claim: Claim, today: date) -> Rebuilt | None:
    """The next payer's claim; None while the payers have it among themselves, or when there is no answer to carry."""
    last = _answer_in_force(books, claim)
    coverage = next_coverage(claim, books.coverages(claim.patient.id))
    if last is None or coverage is None:
        return None
    paid_on = books.remittance_row(last.remittance_id).paid_on
    waited = today >= paid_on + timedelta(days=WAIT_DAYS)
    if last.payment.status in FORWARDED and not waited:
        return None
    payer, number = books.payer(coverage.payer_id), next(claim_numbers(books))
    return claim_build.secondary(claim, last.payment, paid_on, coverage, payer, number, books.new_id(), today, waited)


@use_case("claim.build")
def build_secondaries(desk: Desk, books: Books) -> int:
    """Build what waits for the second and third payers, held until it is scrubbed; returns how many.

    An answer that does not account for a whole line cannot be carried on: a person is told for as long as that is so.
    """
    today, hindered = desk.today(books), dict[str, StoredWork]()
    built = _tell_anew(desk, books, hindered)
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
            else:
                hindered[claim.id] = _hindered(desk, books, claim, made)
    books.save_work(hindered.values())
    for work in books.work(QUEUE):
        if work.claim_id not in hindered:
            books.finish_work(work.id, "nothing hinders it any more")
    return built


# --- the earlier payer answers otherwise ------------------------------------------------------------------------------


def _tell_anew(desk: Desk, books: Books, hindered: dict[str, StoredWork]) -> int:
    """The later payers' claims whose earlier payer has since answered otherwise: corrected; or, while they are out or
    their payer takes no correction, noted in `hindered`. Returns how many are held now to be scrubbed.
    """
    made = 0
    for claim_id in books.claims_after_a_reversal((*_UNSENT, *_OUT, *_ANSWERED, ClaimState.REVERSED)):
        standing = books.standing_claim(claim_id)
        anew = _otherwise(books, standing.claim, desk.today(books))
        if anew is not None:
            made += _correct(desk, books, standing, anew, hindered)
    return made


def _otherwise(books: Books, claim: Claim, today: date) -> Claim | None:
    """The claim as the earlier payer's answer in force would have it; None when that is what it says already."""
    known = [c for c in books.claims(encounter_id=claim.encounter_id) if c.state is not ClaimState.REPLACED]
    earlier = [c.claim for c in known if c.claim.rank == claim.rank - 1 and _same_charges(c.claim, claim)]
    answered = _answer_in_force(books, earlier[-1]) if earlier else None
    if answered is None:  # taken back: its corrected answer is waited for
        return None
    paid_on = books.remittance_row(answered.remittance_id).paid_on
    fresh = claim_build.secondary(
        earlier[-1], answered.payment, paid_on, claim.coverage, claim.payer, claim.number, claim.id, today, waited=True
    ).claim
    if fresh is None or _said(fresh) == _said(claim):
        return None
    return replace(claim, prior_payers=fresh.prior_payers)


def _same_charges(one: Claim, other: Claim) -> bool:
    return set(one.charge_ids) == set(other.charge_ids)


def _said(claim: Claim) -> list[object]:
    """What the claim says of the earlier payers' money."""
    return [(prior.payer.id, prior.paid, prior.line_adjustments) for prior in claim.prior_payers]


def _correct(desk: Desk, books: Books, standing: StandingClaim, anew: Claim, hindered: dict[str, StoredWork]) -> int:
    claim, state = standing.claim, standing.state
    if state in _OUT:
        hindered[claim.id] = _hindered(desk, books, claim)
        return 0
    made = anew
    if state not in _UNSENT:
        contract = contract_of(books, claim.payer.id, claim.service_date)
        number, reference = next(claim_numbers(books)), payer_reference(books, claim)
        rebuilt = claim_build.correct(
            anew, Changes(), state, contract, number, books.new_id(), desk.today(books), reference
        )
        if rebuilt.claim is None:
            hindered[claim.id] = _hindered(desk, books, claim, rebuilt)
            return 0
        made = rebuilt.claim
        books.step_claim(claim.id, ClaimState.REPLACED)
    books.save_claim(made, ClaimState.HELD)
    for note in books.work(QUEUE, claim_id=claim.id):
        books.finish_work(note.id, f"corrected by claim {made.number}")
    books.log(desk.actor, "claim.build", made.id, reason="the payer before answered otherwise", after=made)
    return 1


def _hindered(desk: Desk, books: Books, claim: Claim, refused: Rebuilt | None = None) -> StoredWork:
    """A person is told why the next payer's claim cannot be built (`refused`), or that it waits for its own answer: one
    item a claim, from the day on which it was first so.
    """
    before = next(iter(books.work(QUEUE, claim_id=claim.id)), None)
    work_id, on = (before.id, before.created_on) if before else (books.new_id(), desk.today(books))
    reason, more = (refused.findings[0].message, to_plain(refused.findings[0])) if refused else (CHANGED, {})
    return StoredWork(work_id, QUEUE, f"claim:{claim.id}", on, claim.total, claim_id=claim.id, reason=reason, body=more)
