"""Answers from payers: a file is kept once, byte for byte; what it says is matched, posted or held with the reason.

The same file twice changes nothing. 999, TA1 and 277CA reject; an 835 decides. A remittance posts whole or is held
whole.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from billing_core import matching, posting
from billing_core.acknowledgment import ClaimAcknowledgment
from billing_core.claim import LEGAL_STEPS, Claim, ClaimState
from billing_core.contract import Contract
from billing_core.errors import X12Error
from billing_core.record import to_plain
from billing_core.remittance import Remittance
from billing_core.rule import Finding, Severity
from billing_core.x12 import acknowledgment_277ca, acknowledgment_999, acknowledgment_ta1, check, remittance_835
from serving.desk.case import Desk, use_case
from serving.desk.coding import findings_view
from serving.errors import InputError
from serving.schemas.billing import ReceiptView
from serving.store.files import StoredDenial
from serving.store.states import DenialStatus, Direction, RemittanceState

if TYPE_CHECKING:
    from serving.store.books import Books


@use_case("file.receive")
def receive(desk: Desk, books: Books, name: str, data: bytes) -> ReceiptView:
    """Take in one file of a payer. Raises InputError, with the books as before, for bytes that cannot be read."""
    try:
        kind = check.kind_of(data)
        readers = {"999": _group, "277CA": _claims, "835": _remittances, "TA1": _interchange}
        if kind not in readers:
            raise InputError(f"a file of kind {kind} is not posted", field="file", mend="send a 999, TA1, 277CA or 835")
        file_id, is_new = books.add_file(Direction.INBOUND, kind, name[:200], data)
        if not is_new:
            return _receipt(file_id, kind, is_new=False)
        receipt = readers[kind](desk, books, file_id, data)
    except X12Error as error:
        raise InputError(error.message, field="file", place=error.where, mend=error.mend) from None
    words = f"{receipt.claims} claims, {receipt.posted} sets posted, {len(receipt.held)} held"
    books.set_file_outcome(file_id, words)
    return receipt


def _receipt(file_id: str, kind: str, *, is_new: bool = True, claims: int = 0) -> ReceiptView:
    return ReceiptView(
        file_id=file_id, kind=kind, is_new=is_new, claims=claims, posted=0, held=[], unmatched=0, findings=[]
    )


def _reject(desk: Desk, books: Books, claim_ids: tuple[str, ...], why: str) -> None:
    for claim_id in claim_ids:
        if ClaimState.REJECTED in LEGAL_STEPS[books.standing_claim(claim_id).state]:
            books.step_claim(claim_id, ClaimState.REJECTED)
            books.log(desk.actor, "claim.rejected", claim_id, reason=why)


def _interchange(desk: Desk, books: Books, file_id: str, data: bytes) -> ReceiptView:
    for said in acknowledgment_ta1.read(data):
        if not said.accepted:
            sent = books.file_by_control(Direction.OUTBOUND, "837P", str(said.control))
            _reject(desk, books, books.claims_in_file(sent.id), f"TA1 {said.note}")
    return _receipt(file_id, "TA1")


def _group(desk: Desk, books: Books, file_id: str, data: bytes) -> ReceiptView:
    for said in acknowledgment_999.read(data):
        if not said.accepted:
            sent = books.file_by_control(Direction.OUTBOUND, "837P", str(int(said.group_control)))
            _reject(desk, books, books.claims_in_file(sent.id), f"999 {said.code}")
    return _receipt(file_id, "999")


def _claims(desk: Desk, books: Books, file_id: str, data: bytes) -> ReceiptView:
    said = acknowledgment_277ca.read(data)
    ours = books.claims_by_number(a.number for a in said)
    for answer in said:
        standing = ours.get(answer.number)
        to = ClaimState.ACCEPTED if answer.accepted else ClaimState.REJECTED
        if standing is not None and to in LEGAL_STEPS[standing.state]:
            books.step_claim(standing.claim.id, to)
            why = f"277CA {answer.category}:{answer.status}"
            books.log(desk.actor, f"claim.{to}", standing.claim.id, reason=why)
            if not answer.accepted:
                _keep_rejection(books, standing.claim, answer)
    return _receipt(file_id, "277CA", claims=len(said))


def _keep_rejection(books: Books, claim: Claim, answer: ClaimAcknowledgment) -> None:
    books.set_findings(
        claim.id,
        [
            Finding(
                "277ca-rejected", Severity.ERROR,
                f"the payer's front door rejected it: {answer.category}:{answer.status}",
                "claim", "mend what the status names and send a new claim",
            )
        ],
    )  # fmt: skip


def _known(books: Books, trace: str) -> dict[str, str]:
    """The remittances posted before under this trace, by key."""
    posted = books.remittances(RemittanceState.POSTED)
    return dict(posting.remittance_key(books.remittance(row.id).remittance) for row in posted if row.trace == trace)


def _remittances(desk: Desk, books: Books, file_id: str, data: bytes) -> ReceiptView:
    receipt = _receipt(file_id, "835")
    for position, remittance in enumerate(remittance_835.read(data), start=1):
        _post(desk, books, file_id, position, remittance, receipt)
    return receipt


def _post(desk: Desk, books: Books, file_id: str, position: int, remittance: Remittance, receipt: ReceiptView) -> None:
    """Match, post or hold one transaction set; the receipt counts what became of it."""
    today = desk.today(books)
    standing = books.claims_by_number(p.number for p in remittance.claims)
    ours = {number: s.claim for number, s in standing.items()}
    matches = [matching.match(p, ours, lambda patient: tuple(books.coverages(patient))) for p in remittance.claims]
    charges = sorted({line.charge_id for m in matches if m for line in m.claim.lines})
    history = books.entries_on(charges)
    payer = next((p for p in books.payers() if p.number == remittance.payer_number), None)
    source = f"file {file_id} set {position}"
    posted = posting.post_remittance(
        remittance,
        matches,
        history,
        books.new_id,
        source,
        today,
        payer.id if payer else "",
        _known(books, remittance.trace),
    )
    if posted.repeated:
        receipt.held.append(f"set {position}: posted before; nothing changed")
        return
    matched = {place: m.claim.id for place, m in enumerate(matches, start=1) if m}
    state = RemittanceState.HELD if posted.held else RemittanceState.POSTED
    remittance_id, _ = books.add_remittance(remittance, file_id, state, posted.held, matched)
    receipt.claims += len(remittance.claims)
    receipt.held += [f"set {position}: {why}" for why in posted.held]
    if posted.held:
        return
    books.append_entries(posted.entries)
    receipt.posted += 1
    receipt.unmatched += len(remittance.claims) - len(matched)
    receipt.findings += findings_view(posted.findings)
    _step_claims(desk, books, remittance_id, posted)


def _step_claims(desk: Desk, books: Books, remittance_id: str, posted: posting.Posted) -> None:
    payments = {p.position: p for p in books.claim_payments(remittance_id=remittance_id)}
    today = desk.today(books)
    for answer in posted.answers:
        if not answer.claim_id:
            continue
        payment = payments[answer.position]
        to = ClaimState.REVERSED if payment.payment.is_reversal else answer.state
        standing = books.standing_claim(answer.claim_id)
        if to is not standing.state and to in LEGAL_STEPS[standing.state]:
            books.step_claim(answer.claim_id, to)
            books.log(desk.actor, f"claim.{to}", answer.claim_id, reason=f"835 claim {answer.position}")
        contract = books.contract(standing.claim.payer.id, standing.claim.service_date)
        if not payment.payment.is_reversal:
            books.save_denials(_denials(books, answer, payment.id, today, contract))


def _denials(
    books: Books, answer: posting.Answered, payment_id: str, today: date, contract: Contract | None
) -> list[StoredDenial]:
    deadline = today + timedelta(days=contract.corrected_days) if contract else None
    return [
        StoredDenial(
            books.new_id(), answer.claim_id, payment_id, d.line, d.category, d.amount, today, deadline,
            DenialStatus.OPEN, to_plain(d),
        )
        for d in answer.denials
    ]  # fmt: skip
