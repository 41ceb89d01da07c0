"""Remittances that came without an 835 (paper, virtual card, lockbox), keyed in batches with control totals.

The totals are added up from the paper before anything is keyed. When what was keyed does not add up to them, nothing
of the batch is posted. What does becomes the same Remittance as an 835, under the same law.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING

from billing_core.money import Cents, amount_text, parse_amount
from billing_core.record import canonical
from billing_core.remittance import (
    Adjustment,
    ClaimPayment,
    Group,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)
from serving.desk.case import Desk, use_case
from serving.desk.remittances import Place, post_set
from serving.errors import InputError
from serving.schemas.billing import ReceiptView
from serving.schemas.money import BatchIn, KeyedAdjustment, KeyedClaim, KeyedLine, KeyedRemittance
from serving.store.states import Direction

if TYPE_CHECKING:
    from billing_core.registration import Practice
    from serving.store.books import Books

KIND = "KEYED"
_HANDLING = {"NON": "H"}


def _adjustments(given: list[KeyedAdjustment]) -> tuple[Adjustment, ...]:
    return tuple(Adjustment(Group(a.group), a.reason, parse_amount(a.amount)) for a in given)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("not a day", field=field, mend="give it as 2026-05-04") from None


def _line(line: KeyedLine) -> ServicePayment:
    return ServicePayment(
        procedure=line.procedure,
        modifiers=tuple(line.modifiers),
        charge=parse_amount(line.charge),
        paid=parse_amount(line.paid),
        units=line.units,
        service_date=_day(line.service_date, "service_date") if line.service_date else None,
        adjustments=_adjustments(line.adjustments),
        remarks=tuple(line.remarks),
    )


def _claim(claim: KeyedClaim) -> ClaimPayment:
    everything = [*claim.adjustments, *(a for line in claim.lines for a in line.adjustments)]
    return ClaimPayment(
        number=claim.claim_number,
        status=claim.status,
        charge=parse_amount(claim.charge),
        paid=parse_amount(claim.paid),
        patient_responsibility=sum(parse_amount(a.amount) for a in everything if a.group == "PR"),
        payer_reference=claim.payer_reference,
        adjustments=_adjustments(claim.adjustments),
        services=tuple(_line(line) for line in claim.lines),
        remarks=tuple(claim.remarks),
    )


def _remittance(books: Books, keyed: KeyedRemittance) -> Remittance:
    practice = books.practice()
    payer = next((p for p in books.payers() if p.number == keyed.payer_number), None)
    if payer is None:
        raise InputError("no payer of ours", field="payer_number", mend="add the payer, or correct its number")
    return remittance_of(
        practice,
        (payer.number, payer.name),
        (keyed.method, keyed.trace, _day(keyed.paid_on, "paid_on")),
        parse_amount(keyed.amount),
        tuple(_claim(claim) for claim in keyed.claims),
        tuple(ProviderAdjustment(a.reason, "", parse_amount(a.amount)) for a in keyed.provider_adjustments),
    )


def remittance_of(
    practice: Practice,
    payer: tuple[str, str],
    paid: tuple[str, str, date],
    amount: Cents,
    claims: tuple[ClaimPayment, ...],
    others: tuple[ProviderAdjustment, ...],
) -> Remittance:
    """A payment on paper as a remittance. `payer`: number and name; `paid`: how, under which number, on which day."""
    (number, name), (method, trace, on) = payer, paid
    return Remittance(
        payer_name=name,
        payer_number=number,
        payee_npi=practice.npi,
        payee_tin=practice.tin,
        trace=trace,
        origin=KIND,
        paid_on=on,
        handling=_HANDLING.get(method, "I"),
        method=method,
        amount=amount,
        claims=claims,
        provider_adjustments=others,
    )


def _prove(batch: BatchIn, remittances: list[Remittance]) -> None:
    """The control totals, and that no payment was keyed twice."""
    amount, claims = sum(r.amount for r in remittances), sum(len(r.claims) for r in remittances)
    mend = "find the paper that was keyed wrongly; nothing was posted"
    if amount != parse_amount(batch.control_amount):
        raise InputError(f"the payments add to {amount_text(amount)}", field="control_amount", mend=mend)
    if claims != batch.control_claims:
        raise InputError(f"{claims} claims were keyed", field="control_claims", mend=mend)
    keys = [(r.payer_number, r.trace, r.paid_on) for r in remittances]
    if len(set(keys)) != len(keys):
        raise InputError("a payment was keyed twice", field="remittances", mend=mend)


@use_case("remittance.post")
def key_batch(desk: Desk, books: Books, batch: BatchIn) -> ReceiptView:
    """Post a keyed batch, whole sets or held whole; refused as a whole when its control totals do not agree."""
    remittances = [_remittance(books, keyed) for keyed in batch.remittances]
    _prove(batch, remittances)
    return post_keyed(desk, books, batch.name, remittances, canonical(batch.model_dump()))


def post_keyed(desk: Desk, books: Books, name: str, remittances: list[Remittance], data: bytes) -> ReceiptView:
    """Post what was keyed, whole sets or held whole; `data` is what is kept of the batch. Twice the same is once."""
    file_id, is_new = books.add_file(Direction.INBOUND, KIND, name, data)
    receipt = ReceiptView(
        file_id=file_id, kind=KIND, is_new=is_new, claims=0, posted=0, held=[], unmatched=0, findings=[]
    )
    if not is_new:
        return receipt
    for position, remittance in enumerate(remittances, start=1):
        post_set(desk, books, Place(file_id, position), remittance, receipt)
    words = f"{receipt.claims} claims, {receipt.posted} sets posted, {len(receipt.held)} held"
    books.set_file_outcome(file_id, words)
    books.log(desk.actor, "remittance.post", file_id, reason=words, after=hashlib.sha256(data).hexdigest())
    return receipt
