"""A file told in sentences for a biller: what the other side says, and what to do about it.

TA1, 999 and 277CA say which of our files and claims were not taken; 277 and 271 answer our questions; an 835 says what
was paid. Any other file is told by what `check` finds. The words are ours; claim numbers and control numbers are
named, patients are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from billing_core.acknowledgment import (
    ClaimAcknowledgment,
    GroupAcknowledgment,
    InterchangeAcknowledgment,
    SetAcknowledgment,
)
from billing_core.denial import denials, is_unprocessable
from billing_core.denial import reason as reason_of
from billing_core.inquiry import BenefitAnswer, Status, StatusAnswer
from billing_core.money import amount_text
from billing_core.remittance import ClaimPayment, Remittance, imbalances
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
from billing_core.x12.envelope import same_number, whole
from billing_core.x12.sent_claims import SentSet, sent_sets
from billing_core.x12.status_codes import CATEGORIES, STATUSES, TO_DO, mends, reason

Tell = Callable[[Any], Iterator[str]]


def narrate(data: bytes, sent: bytes = b"", *, messages: bool = False) -> Iterator[str]:
    """The file in sentences. X12Error when the bytes are not X12, or an answer of a payer is not whole.

    `sent` is the 837 that a 999 answers: with it, each error is told with the claim it stands in. With `messages`, what
    a payer wrote in free text is shown: it may name a patient.
    """
    kind = kind_of(data)
    if kind in (*TELL, *_ACKNOWLEDGE):
        yield from (text for one in acknowledgment_ta1.acknowledgments(whole(data)) for text in _interchange(one))
    if kind == acknowledgment_999.KIND:
        ours = sent_sets(sent) if sent else ()
        yield from (text for one in acknowledgment_999.read(data) for text in _group(one, ours))
    elif kind == acknowledgment_277ca.KIND:
        yield from _claims(acknowledgment_277ca.read(data), messages)
    elif kind in TELL:
        read, tell = TELL[kind]
        yield from (text for one in read(data) for text in tell(one))
    elif kind != acknowledgment_ta1.KIND:
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


def _group(one: GroupAcknowledgment, ours: Sequence[SentSet]) -> Iterator[str]:
    taken = sum(said.accepted for said in one.sets)
    verdict = acknowledgment_999.VERDICTS.get(one.code, f"verdict {one.code}")
    named = f"; {taken} of {len(one.sets)} transaction sets taken" if one.sets else ""
    yield f"Group {one.group_control} ({one.version}): {verdict}{named}."
    if ours and not any(same_number(sent.group, one.group_control) for sent in ours):
        yield "  The 837 given holds no group of this number: it is not the file that this 999 answers."
    for code in one.codes:
        yield f"  The group: {acknowledgment_999.GROUP_ERRORS.get(code, f'error {code}')}."
    for said in one.sets:
        if said.accepted and not said.errors:
            continue
        yield f"  Set {said.set_control} was {'taken, with errors noted' if said.accepted else 'not taken'}:"
        mine = (s for s in ours if same_number(s.group, one.group_control) and s.control == said.set_control)
        yield from _errors(said, next(mine, None))
    if one.accepted or (one.code == "P" and taken == len(one.sets)):
        yield "  Nothing to do. Keep this file: it proves the day on which the payer received the group."
    else:
        yield "  To do: no claim of a set that was not taken has been read. Correct each place named above (segments"
        yield "  are counted from the set's ST), write the claims anew and send them, also those in which nothing is"
        yield "  named. They are new claims, not replacements; the filing deadline runs on."


def _errors(said: SetAcknowledgment, ours: SentSet | None) -> Iterator[str]:
    """The errors of one set, each with the claim it stands in where our file is at hand."""
    of_the_set = said.errors[: len(said.errors) - len(said.details)]
    yield from (f"    {error}" for error in of_the_set)
    for detail in said.details:
        claim = ours.claim_at(detail.position) if ours else ""
        yield f"    {acknowledgment_999.sentence(detail)}" + (f" (claim {claim})" if claim else "")
    if ours and not said.accepted:
        yield f"    The set holds {len(ours.claims)} claims; none of them was read."


def _claims(said: Sequence[ClaimAcknowledgment], messages: bool) -> Iterator[str]:
    """First how many, then what was rejected and why, then what was taken."""
    refused = [one for one in said if not one.accepted]
    taken = [one for one in said if one.accepted]
    claims = sum(bool(one.number) for one in refused)
    yield f"{len(taken)} claims taken, {claims} rejected" + (", and a batch." if claims < len(refused) else ".")
    for one in refused:
        yield from _rejection(one, messages)
    for one in taken:
        reference = f"; the payer calls it {one.payer_reference}" if one.payer_reference else ""
        yield f"Claim {one.number}: {CATEGORIES.get(one.category, one.category)}{reference}. Nothing to do."


def _rejection(one: ClaimAcknowledgment, messages: bool) -> Iterator[str]:
    words = CATEGORIES.get(one.category, f"category {one.category}")
    name = f"Claim {one.number}" if one.number else f"Batch {one.payer_reference}"
    yield f"{name}: {words}: {reason(one.status, one.entity)}."
    for also in one.further:
        place = f"  Line {also.line}" if also.line else "  Also"
        yield f"{place}: {reason(also.status, also.entity)}."
    if one.message and not one.number:  # the message is then our own
        yield f"  It {one.message}."
    elif one.message:
        yield (
            f"  The payer writes: {one.message}" if messages else "  The payer added a message: see it with --messages."
        )
    yield f"  To do: {mends((one.status, *(also.status for also in one.further)))}."
    if one.number:
        yield "  Then send it as a new claim. It was never adjudicated: there is nothing to appeal."
    else:
        yield "  Then send every claim of the batch that is not named as taken below, as a new claim."


def _remittance(one: Remittance) -> Iterator[str]:
    yield f"Payment {one.trace} of {amount_text(one.amount)} by {one.method} on {one.paid_on.isoformat()}:"
    reversed_ones = sum(claim.is_reversal for claim in one.claims)
    unpaid = sum(claim.paid == 0 and not claim.is_reversal for claim in one.claims)
    yield f"  {len(one.claims)} claims, {unpaid} of them without payment, {reversed_ones} taken back."
    for claim in one.claims:
        yield from _denied(claim)
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


def _denied(payment: ClaimPayment) -> Iterator[str]:
    """What is refused of one claim, line by line, and which way is open."""
    found = denials(payment)
    for denial in found:
        line = f", line {denial.line}" if denial.line else ""
        remarks = f" (remarks {', '.join(denial.remarks)})" if denial.remarks else ""
        why = f"{denial.code}: {reason_of(denial.reason).words}{remarks}"
        yield f"  Claim {payment.number}{line}: {amount_text(denial.amount)} refused, {why}."
    if is_unprocessable(payment):
        yield "    To do: it could not be processed (MA130): correct it and send a new claim; there is no appeal."
    elif found and all(denial.patient_owes for denial in found):
        yield "    To do: bill the patient."
    elif found:
        remedies = dict.fromkeys(reason_of(denial.reason).remedy for denial in found)
        yield f"    To do: {'; '.join(remedies)}."


def _answered(one: StatusAnswer) -> Iterator[str]:
    for status in one.statuses:
        yield f"Inquiry {one.trace}: {_status(status)}."
    for number, line in enumerate(one.lines, start=1):
        yield from (f"  Line {number}: {_status(status)}." for status in line.statuses)
    to_do = (TO_DO.get(s.category, TO_DO.get(s.category[:1], "")) for s in one.statuses)
    yield from dict.fromkeys(f"  To do: {what}." for what in to_do if what)


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


_ACKNOWLEDGE = (acknowledgment_ta1.KIND, acknowledgment_999.KIND, acknowledgment_277ca.KIND)
TELL: dict[str, tuple[Callable[[bytes], tuple[Any, ...]], Tell]] = {
    "277": (status_277.read, _answered),
    "271": (eligibility_271.read, _benefits),
    "835": (remittance_835.read, _remittance),
}
