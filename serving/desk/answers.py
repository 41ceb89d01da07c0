"""Answers from payers: a file is kept once, byte for byte; what it says is matched, posted or held with the reason.

The same file twice changes nothing. 999, TA1 and 277CA reject; an 835 decides. A remittance posts whole or is held
whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from billing_core.acknowledgment import ClaimAcknowledgment
from billing_core.claim import LEGAL_STEPS, Claim, ClaimState
from billing_core.errors import X12Error
from billing_core.registration import Practice
from billing_core.remittance import Remittance
from billing_core.rule import Finding, Severity
from billing_core.x12 import (
    acknowledgment_277ca,
    acknowledgment_999,
    acknowledgment_ta1,
    check,
    envelope,
    remittance_835,
)
from billing_core.x12.status_codes import CATEGORIES, MENDS, STATUSES
from serving.desk.billing import OUR_NAME, sender_id
from serving.desk.case import Desk, use_case
from serving.desk.remittances import Place, post_set, step_event
from serving.errors import InputError
from serving.schemas.billing import ReceiptView
from serving.store.claims import StandingClaim
from serving.store.states import Direction

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
        if kind != "835":  # whose it is, an 835 says by its payee
            _refuse_strangers(books, data)
        file_id, is_new = books.add_file(Direction.INBOUND, kind, name[:200], data)
        if not is_new:
            return _receipt(file_id, kind, is_new=False)
        receipt = readers[kind](desk, books, file_id, data)
    except X12Error as error:
        raise InputError(error.message, field="file", place=error.where, mend=error.mend) from None
    words = f"{receipt.claims} claims, {receipt.posted} sets posted, {len(receipt.held)} held"
    books.set_file_outcome(file_id, words)
    books.log(desk.actor, "file.receive", file_id, reason=words, after=hashlib.sha256(data).hexdigest())
    return receipt


def _refuse_strangers(books: Books, data: bytes) -> None:
    """An answer to another practice of this house, put in the wrong inbox, may fit our control numbers by chance."""
    for interchange in envelope.contents(data).interchanges:
        addressed = interchange.header.get(8).strip()
        if addressed.startswith(OUR_NAME) and addressed not in (OUR_NAME, sender_id(books)):
            mend = "put it into that practice's inbox"
            raise InputError(
                "the file is addressed to another practice", field="file", place="segment 1 ISA08", mend=mend
            )


def _receipt(file_id: str, kind: str, *, is_new: bool = True, claims: int = 0) -> ReceiptView:
    return ReceiptView(
        file_id=file_id, kind=kind, is_new=is_new, claims=claims, posted=0, held=[], unmatched=0, findings=[]
    )


def _step_all(desk: Desk, books: Books, steps: Iterable[tuple[StandingClaim, ClaimState, str]]) -> set[str]:
    """The claims that may go where they are sent go there, each with its line in the event log; returns their ids."""
    legal = {s.claim.id: (s.state, to, why) for s, to, why in steps if to in LEGAL_STEPS[s.state]}
    books.step_claims({claim_id: (at, to) for claim_id, (at, to, _) in legal.items()})
    books.log_all(desk.actor, [step_event(claim_id, at, to, why) for claim_id, (at, to, why) in legal.items()])
    return set(legal)


def _reject(desk: Desk, books: Books, claim_ids: tuple[str, ...], why: str) -> None:
    sent = (books.standing_claim(claim_id) for claim_id in claim_ids)
    _step_all(desk, books, ((standing, ClaimState.REJECTED, why) for standing in sent))


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
    answered = [(ours[answer.number], answer) for answer in said if answer.number in ours]
    stepped = _step_all(
        desk,
        books,
        (
            (standing, ClaimState.ACCEPTED if a.accepted else ClaimState.REJECTED, f"277CA {a.category}:{a.status}")
            for standing, a in answered
        ),
    )
    for standing, answer in answered:
        if not answer.accepted and standing.claim.id in stepped:
            _keep_rejection(books, standing.claim, answer)
    return _receipt(file_id, "277CA", claims=len(said))


def _keep_rejection(books: Books, claim: Claim, answer: ClaimAcknowledgment) -> None:
    said = STATUSES.get(answer.status) or CATEGORIES.get(answer.category, "without a reason that we know")
    books.set_findings(
        claim.id,
        [
            Finding(
                "277ca-rejected", Severity.ERROR,
                f"the payer's front door rejected it: {said} ({answer.category}:{answer.status})",
                "claim", MENDS.get(answer.status, "mend what the status names and send a new claim"),
            )
        ],
    )  # fmt: skip


def _remittances(desk: Desk, books: Books, file_id: str, data: bytes) -> ReceiptView:
    receipt = _receipt(file_id, "835")
    practice, found = books.practice(), remittance_835.read(data)
    if not any(_is_ours(practice, remittance) for remittance in found):
        raise InputError("pays another practice", field="N1*PE", mend="put it in the inbox of the practice it pays")
    for position, remittance in enumerate(found, start=1):
        if _is_ours(practice, remittance):
            post_set(desk, books, Place(file_id, position), remittance, receipt)
        else:
            receipt.held.append(f"set {position}: pays another practice; it is not posted here")
    return receipt


def _is_ours(practice: Practice, remittance: Remittance) -> bool:
    return practice.npi == remittance.payee_npi or practice.tin == remittance.payee_tin
