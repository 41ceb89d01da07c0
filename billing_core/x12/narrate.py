"""A file told in sentences for a biller: what the other side says, and what to do about it.

TA1, 999 and 277CA say which of our files and claims were not taken; 277 and 271 answer our questions; an 835 says what
was paid. Any other file is told by what `check` finds. The words are ours; claim numbers and control numbers are
named, patients are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from billing_core.acknowledgment import ClaimAcknowledgment, GroupAcknowledgment, InterchangeAcknowledgment
from billing_core.inquiry import BenefitAnswer, Status, StatusAnswer
from billing_core.money import amount_text
from billing_core.remittance import Remittance, imbalances
from billing_core.rule import Severity
from billing_core.x12 import (
    acknowledgment_277ca,
    acknowledgment_999,
    acknowledgment_ta1,
    eligibility_271,
    remittance_835,
    status_277,
)
from billing_core.x12.check import check, kind_of
from billing_core.x12.envelope import whole
from billing_core.x12.status_codes import CATEGORIES, ENTITIES, MENDS, STATUSES, TO_DO

Tell = Callable[[Any], Iterator[str]]


def narrate(data: bytes) -> Iterator[str]:
    """The file in sentences. X12Error when the bytes are not X12, or an answer of a payer is not whole."""
    kind = kind_of(data)
    if any(interchange.acknowledgments for interchange in whole(data).interchanges) if kind in TELL else kind == "TA1":
        yield from (text for one in acknowledgment_ta1.read(data) for text in _interchange(one))
    if kind in TELL:
        read, tell = TELL[kind]
        yield from (text for one in read(data) for text in tell(one))
    elif kind != "TA1":
        yield from _checked(data)


def _interchange(one: InterchangeAcknowledgment) -> Iterator[str]:
    said = acknowledgment_ta1.NOTES.get(one.note, f"note {one.note}")
    if one.code == "A":
        yield f"Interchange {one.control} was received. Nothing to do."
    elif one.code == "E":
        yield f"Interchange {one.control} was received with an error noted: {said}. Tell whoever runs the connection."
    else:
        yield f"Interchange {one.control} was refused as a whole: {said}. The payer has read no claim of it."
        yield _INTERCHANGE_TO_DO.get(one.note, "Correct the file's envelope and send all of its claims again.")


_INTERCHANGE_TO_DO = {
    "025": "To do: if the first file of this number was taken, send nothing; else send again under a new number.",
    "006": "To do: ask the payer to enroll the sender's id, then send the file again.",
    "008": "To do: correct the receiver's id (ISA08) to the one in the payer's companion guide, then send again.",
    "023": "To do: the file was cut off on the way. Send it again.",
}


def _group(one: GroupAcknowledgment) -> Iterator[str]:
    taken = sum(said.accepted for said in one.sets)
    yield f"Group {one.group_control} ({one.version}): {taken} of {len(one.sets)} transaction sets taken."
    for code in one.codes:
        yield f"  The group: {acknowledgment_999.GROUP_ERRORS.get(code, f'error {code}')}."
    for said in one.sets:
        if said.accepted and not said.errors:
            continue
        yield f"  Set {said.set_control} was {'taken, with errors noted' if said.accepted else 'not taken'}:"
        yield from (f"    {error}" for error in said.errors)
    if taken < len(one.sets):
        yield "  To do: no claim of a set that was not taken has been read. Correct each place named above (segments"
        yield "  are counted from the set's ST), write the claims anew and send them. They are new claims, not"
        yield "  replacements; the filing deadline runs on."
    else:
        yield "  Nothing to do. Keep this file: it proves the day on which the payer received the claims."


def _claim(one: ClaimAcknowledgment) -> Iterator[str]:
    words = CATEGORIES.get(one.category, f"category {one.category}")
    status = STATUSES.get(one.status, f"status {one.status}")
    about = f" about {ENTITIES.get(one.entity, f'entity {one.entity}')}" if one.entity else ""
    name = f"Claim {one.number}" if one.number else f"Batch {one.payer_reference}"
    if one.accepted:
        reference = f"; the payer calls it {one.payer_reference}" if one.payer_reference else ""
        yield f"{name}: {words}{reference}. Nothing to do."
        return
    yield f"{name}: {words}: {status}{about}."
    if one.message:
        yield "  The payer added a message: see the file."
    mend = MENDS.get(one.status, "correct what is named")
    yield f"  To do: {mend}, then send it as a new claim. It was never adjudicated: there is nothing to appeal."


def _remittance(one: Remittance) -> Iterator[str]:
    yield f"Payment {one.trace} of {amount_text(one.amount)} by {one.method} on {one.paid_on.isoformat()}:"
    reversed_ones = sum(claim.is_reversal for claim in one.claims)
    unpaid = sum(claim.paid == 0 and not claim.is_reversal for claim in one.claims)
    yield f"  {len(one.claims)} claims, {unpaid} of them without payment, {reversed_ones} taken back."
    for adjustment in one.provider_adjustments:
        words = remittance_835.PLB_REASONS.get(adjustment.reason, f"reason {adjustment.reason}")
        way = "withheld" if adjustment.amount >= 0 else "added"
        yield f"  Provider level: {amount_text(abs(adjustment.amount))} {way}: {words}."
    wrong = imbalances(one)
    if one.amount < 0:
        yield "  The payment is negative, which no payment can be: do not post it; ask the payer for a corrected file."
    for imbalance in wrong:
        yield f"  Does not balance at {imbalance}."
    if wrong:
        yield "  To do: do not post it before the payer explains or corrects it."


def _answered(one: StatusAnswer) -> Iterator[str]:
    for status in one.statuses:
        yield f"Inquiry {one.trace}: {_status(status)}."
    for number, line in enumerate(one.lines, start=1):
        yield from (f"  Line {number}: {_status(status)}." for status in line.statuses)
    yield from dict.fromkeys(f"  To do: {TO_DO[s.category[:1]]}." for s in one.statuses if s.category[:1] in TO_DO)


def _status(one: Status) -> str:
    words = CATEGORIES.get(one.category, f"category {one.category}")
    paid = f", {amount_text(one.paid)} paid" if one.paid else ""
    return f"{words}: {STATUSES.get(one.code, f'status {one.code}')}{paid}"


def _benefits(one: BenefitAnswer) -> Iterator[str]:
    standing = {True: "active", False: "not active", None: "not stated"}[one.active]
    yield f"Inquiry {one.trace or one.reference}: coverage {standing}; {len(one.benefits)} statements of benefit."
    for refusal in one.refusals:
        why = eligibility_271.REFUSED.get(refusal.reason, f"reason {refusal.reason}")
        what = eligibility_271.FOLLOW_UP.get(refusal.follow_up, "ask the payer")
        yield f"  Refused at the {refusal.level}: {why}. To do: {what}."


def _checked(data: bytes) -> Iterator[str]:
    report = check(data)
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    verdict = "accepted" if report.accepted else f"not accepted: {len(errors)} errors"
    yield f"A file of kind {report.kind}, {verdict}."
    yield from (f"  {finding.where}: {finding.message}. To do: {finding.mend}." for finding in errors)


TELL: dict[str, tuple[Callable[[bytes], tuple[Any, ...]], Tell]] = {
    "999": (acknowledgment_999.read, _group),
    "277CA": (acknowledgment_277ca.read, _claim),
    "277": (status_277.read, _answered),
    "271": (eligibility_271.read, _benefits),
    "835": (remittance_835.read, _remittance),
}
