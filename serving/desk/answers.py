"""Answers from payers: a file is kept once, byte for byte; what it says is matched, posted or held with the reason.

The same file twice changes nothing. 999, TA1 and 277CA reject; an 835 decides; a 277 moves nothing; a 271
says whether a coverage is active. A remittance posts whole or is held whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from billing_core.errors import X12Error
from billing_core.registration import Practice
from billing_core.remittance import Remittance
from billing_core.x12 import (
    acknowledgment_277ca,
    acknowledgment_999,
    acknowledgment_ta1,
    check,
    envelope,
    remittance_835,
    status_277,
)
from billing_core.x12.envelope import Contents
from serving.desk import receipts, verification
from serving.desk.billing import OUR_NAME, sender_id
from serving.desk.case import Desk, use_case
from serving.desk.receipts import Said
from serving.desk.remittances import Place, post_set
from serving.desk.replies import TURNED_AWAY
from serving.errors import InputError, NotTaken
from serving.schemas.billing import ReceiptView
from serving.store.states import Direction

if TYPE_CHECKING:
    from serving.store.books import Books


@use_case("file.receive")
def receive(desk: Desk, books: Books, name: str, data: bytes) -> ReceiptView:
    """Take in one file of a payer; `replies.answer_files` answers it.

    Raises InputError, with the books as before, for a file of others; NotTaken for bytes that cannot be read.
    """
    try:
        found = envelope.contents(data)
        kind = check.kind_in(found)
        if kind not in _READERS:
            raise InputError(f"a file of kind {kind} is not posted", field="file", mend=f"send {', '.join(_READERS)}")
        if kind != "835" and _is_for_others(books, found):  # whose it is, an 835 says by its payee
            mend, place = "put it into that practice's inbox", "segment 1 ISA08"
            raise InputError("the file is addressed to another practice", field="file", place=place, mend=mend)
        file_id, is_new = books.add_file(Direction.INBOUND, kind, name[:200], data)
        receipt = _receipt(file_id, kind, is_new=is_new)
        if not is_new:
            if (outcome := books.file(file_id).outcome).startswith(TURNED_AWAY):
                receipt.held.append(outcome)
            return receipt
        _interchanges(desk, books, receipt, found)
        _READERS[kind](desk, books, receipt, data)
    except X12Error as error:
        raise NotTaken(error.message, field="file", place=error.where, mend=error.mend) from None
    said = f"{receipt.claims} answers" if kind == "271" else f"{receipt.claims} claims, {receipt.posted} sets posted"
    words = f"{said}, {len(receipt.held)} held"
    books.set_file_outcome(file_id, words)
    books.log(desk.actor, "file.receive", file_id, reason=words, after=hashlib.sha256(data).hexdigest())
    return receipt


@use_case("file.receive")
def turn_away(desk: Desk, books: Books, name: str, data: bytes, why: str) -> int:
    """Keep a file of the inbox that cannot be taken in, with the reason: its sender is told so (999 or TA1), and it is
    not tried again. Returns how many were kept: none that is not X12, since there is nobody to tell, or is for others.

    A file that a person handed in is not turned away: the person is told.
    """
    try:
        found = envelope.contents(data)
    except X12Error:
        return 0
    if _is_for_others(books, found):
        return 0
    outcome = f"{TURNED_AWAY}: {why}"
    _, is_new = books.add_file(Direction.INBOUND, check.kind_in(found), name[:200], data, outcome=outcome)
    return int(is_new)


def _is_for_others(books: Books, found: Contents) -> bool:
    """An answer to another practice of this house, put in the wrong inbox, may fit our control numbers by chance."""
    addressed = {one.header.get(8).strip() for one in found.interchanges}
    return any(name.startswith(OUR_NAME) and name not in (OUR_NAME, sender_id(books)) for name in addressed)


def _receipt(file_id: str, kind: str, *, is_new: bool = True) -> ReceiptView:
    return ReceiptView(file_id=file_id, kind=kind, is_new=is_new, claims=0, posted=0, held=[], unmatched=0, findings=[])


def _interchanges(desk: Desk, books: Books, receipt: ReceiptView, found: Contents) -> None:
    """Every TA1 of the file: alone, or before the groups of an interchange that holds more."""
    told = acknowledgment_ta1.acknowledgments(found)
    if told and found.defects:
        raise envelope.defective(found)
    _keep(desk, books, receipt, [(f"interchange {said.control}", receipts.interchange(books, said)) for said in told])
    for said in told:
        if not said.accepted:
            verification.not_taken(
                desk, books, receipt.file_id, [f"{said.control:09d}"], f"TA1 {said.code} {said.note}"
            )


def _groups(desk: Desk, books: Books, receipt: ReceiptView, data: bytes) -> None:
    found = acknowledgment_999.read(data)
    _keep(desk, books, receipt, [(f"group {n}", receipts.group(books, said)) for n, said in enumerate(found, start=1)])
    for said in found:
        verification.not_taken(desk, books, receipt.file_id, receipts.refused_questions(said), f"999 {said.code}")


def _keep(desk: Desk, books: Books, receipt: ReceiptView, answered: Sequence[tuple[str, list[Said] | None]]) -> None:
    """Keep what is said of our claims; refuse a file of which nothing speaks of a file of ours."""
    known = [said for _, said in answered if said is not None]
    if answered and not known:
        mend = "put it in the inbox of whoever sent that file"
        raise InputError("it answers no file of ours", field="file", place=answered[0][0], mend=mend)
    receipt.held += [f"{place}: it answers no file of ours" for place, said in answered if said is None]
    receipt.claims += sum(map(len, known))
    receipts.keep(desk, books, receipt.file_id, (one for said in known for one in said))


def _claims(desk: Desk, books: Books, receipt: ReceiptView, data: bytes) -> None:
    said = acknowledgment_277ca.read(data)
    receipt.claims += len(said)
    receipt.unmatched += receipts.keep(desk, books, receipt.file_id, receipts.claims(books, said))


def _statuses(desk: Desk, books: Books, receipt: ReceiptView, data: bytes) -> None:
    said = status_277.read(data)
    receipt.claims += len(said)
    receipt.unmatched += receipts.standing(desk, books, receipt.file_id, said)


def _benefits(desk: Desk, books: Books, receipt: ReceiptView, data: bytes) -> None:
    heard = verification.hear(desk, books, receipt.file_id, data)
    receipt.claims += heard.answers
    receipt.unmatched += len(heard.lost)
    receipt.held += heard.lost


def _remittances(desk: Desk, books: Books, receipt: ReceiptView, data: bytes) -> None:
    practice, found = books.practice(), remittance_835.read(data)
    if not any(_is_ours(practice, remittance) for remittance in found):
        raise InputError("pays another practice", field="N1*PE", mend="put it in the inbox of the practice it pays")
    for position, remittance in enumerate(found, start=1):
        if _is_ours(practice, remittance):
            post_set(desk, books, Place(receipt.file_id, position), remittance, receipt)
        else:
            receipt.held.append(f"set {position}: pays another practice; it is not posted here")


def _is_ours(practice: Practice, remittance: Remittance) -> bool:
    return practice.npi == remittance.payee_npi or practice.tin == remittance.payee_tin


_READERS: dict[str, Callable[[Desk, Books, ReceiptView, bytes], None]] = {
    "999": _groups,
    "277CA": _claims,
    "835": _remittances,
    "277": _statuses,
    "271": _benefits,
    "TA1": lambda *_: None,  # its TA1s are read of every kind
}
