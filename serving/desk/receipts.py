"""What a payer says of our files (TA1, 999) and of each claim (277CA, 277): matched to the claims, and kept.

Every answer, also one that takes, is written in the event log of each claim it speaks of: which answer, its trace, the
day it gives. The log is hash-chained and the file is kept byte for byte: together they prove timely filing. A claim
that was refused was never adjudicated: it is rejected, with a finding that says what to mend, or that nothing in this
claim is wrong and another of its transaction set was at fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from billing_core.acknowledgment import (
    ClaimAcknowledgment,
    GroupAcknowledgment,
    InterchangeAcknowledgment,
    SetAcknowledgment,
)
from billing_core.claim import LEGAL_STEPS, ClaimState
from billing_core.inquiry import Status, StatusAnswer
from billing_core.rule import Finding, Severity
from billing_core.x12 import acknowledgment_999, acknowledgment_ta1, eligibility_270
from billing_core.x12.sent_claims import SentSet, sent_sets
from billing_core.x12.status_codes import CATEGORIES, mends, reason
from serving.desk.case import Desk
from serving.desk.remittances import step_event
from serving.errors import NotFound
from serving.ids import local_day
from serving.schemas.billing import FrontDoorView
from serving.store.claims import StandingClaim
from serving.store.events import Event, Happened
from serving.store.states import Direction

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.files import StoredFile

RECEIPT, STATUS = "claim.receipt", "claim.status"
OUR_NUMBER = "EJ"  # REF01 of a 277: the patient control number, which is our CLM01
TRACE_MOST = 50  # TRN02; the whole of it stands in the file
ERRORS_MOST = 10  # told of one claim
_CLAIMS, _REPLIES, _QUESTIONS = ("837P", "837I"), ("999", "TA1"), ("270",)  # kinds of what we send
_BATCH = re.compile(r"(\d{9})(\d{4})?\Z", re.ASCII)  # BHT03 as we write it: interchange, and set when it is named
_SEND_AGAIN = "send it again as a new claim"


@dataclass(frozen=True, slots=True)
class Said:
    """What one answer says of one claim. `code` is TA104 and TA105, AK901 and IK501, or STC01; `findings` say why a
    refused one was refused.
    """

    number: str
    kind: str
    accepted: bool
    code: str
    on: date | None
    trace: str
    findings: tuple[Finding, ...] = ()


def keep(desk: Desk, books: Books, file_id: str, answers: Iterable[Said]) -> int:
    """Write down what was said of our claims and step them; how many answers spoke of no claim of ours."""
    said = list(answers)
    ours = books.claims_by_number(one.number for one in said)
    mine = [(ours[one.number], one) for one in said if one.number in ours]
    books.log_all(desk.actor, [_receipt(file_id, standing, one) for standing, one in mine])
    stepped: dict[str, tuple[StandingClaim, Said, ClaimState]] = {}
    for standing, one in sorted(mine, key=lambda pair: not pair[1].accepted):  # a refusal has the last word
        to = ClaimState.REJECTED if not one.accepted else ClaimState.ACCEPTED if one.kind == "277CA" else None
        if to in LEGAL_STEPS[standing.state]:
            stepped[standing.claim.id] = standing, one, to
    books.step_claims({claim_id: (standing.state, to) for claim_id, (standing, _, to) in stepped.items()})
    steps = [step_event(c, s.state, to, f"{one.kind} {one.code}") for c, (s, one, to) in stepped.items()]
    books.log_all(desk.actor, steps)
    for claim_id, (_, one, _) in stepped.items():
        if one.findings:
            books.set_findings(claim_id, one.findings)
    return len(said) - len(mine)


def _receipt(file_id: str, standing: StandingClaim, said: Said) -> Happened:
    day = said.on.isoformat() if said.on else "a day it does not give"
    trace = said.trace[:TRACE_MOST]
    words = f"{said.kind} {said.code}: {'taken' if said.accepted else 'refused'} by the payer on {day}, trace {trace}"
    detail = {
        "kind": said.kind,
        "accepted": said.accepted,
        "code": said.code,
        "on": said.on.isoformat() if said.on else "",
        "trace": trace,
        "file": file_id,
    }
    return Happened(RECEIPT, standing.claim.id, words, detail=detail)


def front_door(events: Iterable[Event]) -> list[FrontDoorView]:
    """What payers' front doors said of a claim, from its events: the proof of timely filing."""
    return [
        FrontDoorView(
            kind=event.detail["kind"],
            accepted=event.detail["accepted"],
            code=event.detail["code"],
            on=event.detail["on"],
            trace=event.detail["trace"],
            file_id=event.detail["file"],
        )
        for event in events
        if event.action == RECEIPT
    ]


def taken(events: Iterable[Event], zone: str) -> tuple[date, str] | None:
    """The day on which the payer's door first took the claim, as its 277CA gives it, and the id of that file.

    Where it gives none, the day we read it, in the practice's `zone`.
    """
    said = next(
        (e for e in events if e.action == RECEIPT and e.detail["kind"] == "277CA" and e.detail["accepted"]), None
    )
    if said is None:
        return None
    return date.fromisoformat(said.detail["on"]) if said.detail["on"] else local_day(said.at, zone), said.detail["file"]


# --- TA1: a whole interchange -----------------------------------------------------------------------------------------


def interchange(books: Books, said: InterchangeAcknowledgment) -> list[Said] | None:
    """What a TA1 says of each claim of the file it names; None when we sent no such file."""
    sent = _file(books, str(said.control))
    if sent is None:  # our replies and questions have numbers too; no claim hangs on them
        return [] if _file(books, str(said.control), (*_REPLIES, *_QUESTIONS)) else None
    note = acknowledgment_ta1.NOTES.get(said.note, f"note {said.note}")
    refused = _finding("ta1-refused", f"the payer refused the whole file: {note}", "see `x12 explain`; " + _SEND_AGAIN)
    code, findings = f"{said.code} {said.note}", () if said.accepted else (refused,)
    numbers = (number for one in sent_sets(books.file_bytes(sent.id)) for number in one.claims)
    return [Said(n, "TA1", said.accepted, code, said.answered_on, said.trace, findings) for n in numbers]


# --- 999: a functional group, set by set ------------------------------------------------------------------------------


def group(books: Books, said: GroupAcknowledgment) -> list[Said] | None:
    """What a 999 says of each claim of the group it names; None when we sent no such group."""
    if said.group_id == eligibility_270.GROUP_ID:
        return [] if _file(books, said.group_control, _QUESTIONS) else None
    sent = _file(books, said.group_control) if said.group_id == "HC" else None
    if sent is None:
        return None
    named = {one.set_control: one for one in said.sets}
    found: list[Said] = []
    for ours in sent_sets(books.file_bytes(sent.id)):
        verdict = named.get(ours.control)
        # A set that is not named has the group's verdict; a group that was refused took none of its sets.
        taken = said.code in ("A", "E", "P") and (verdict is None or verdict.accepted)
        code = f"{said.code} {('A' if taken else 'R')}"
        for number in ours.claims:
            why = () if taken else (_refusal(number, ours, verdict, said),)
            found.append(Said(number, "999", taken, code, said.answered_on, said.trace, why))
    return found


def refused_questions(said: GroupAcknowledgment) -> list[str]:
    """Which of our questions about coverages (270) a 999 refuses: their interchange, with the set when it is named."""
    if said.group_id != eligibility_270.GROUP_ID or not re.fullmatch(r"\d{1,9}", said.group_control, re.ASCII):
        return []
    group = f"{int(said.group_control):09d}"
    named = [group + one.set_control for one in said.sets if not one.accepted]
    return named or ([] if said.code in ("A", "E", "P") else [group])


def _refusal(number: str, ours: SentSet, verdict: SetAcknowledgment | None, said: GroupAcknowledgment) -> Finding:
    """Why the claim's set was refused, as far as it concerns this claim."""
    details = verdict.details if verdict else ()
    owners = {detail: ours.claim_at(detail.position) for detail in details}
    own = [acknowledgment_999.sentence(detail) for detail, owner in owners.items() if owner == number]
    whole = [acknowledgment_999.GROUP_ERRORS.get(code, f"group error {code}") for code in said.codes]
    whole += verdict.errors[: len(verdict.errors) - len(details)] if verdict else ()
    whole += [acknowledgment_999.sentence(detail) for detail, owner in owners.items() if not owner]
    if told := "; ".join((own + whole)[:ERRORS_MOST]):
        mend = f"correct what is named, then {_SEND_AGAIN}" if own else f"nothing of this claim is named: {_SEND_AGAIN}"
        return _finding("999-refused", f"the payer did not take its transaction set: {told}", mend)
    others = len({owner for owner in owners.values() if owner})
    about = f"{others} other claims of it are in error" if others else "it does not say why"
    mend = _SEND_AGAIN if others else "ask the payer what was wrong"
    return _finding("999-refused", f"the payer did not take its transaction set: {about}", mend)


# --- 277CA: claim by claim, or a batch --------------------------------------------------------------------------------


def claims(books: Books, said: Sequence[ClaimAcknowledgment]) -> Iterator[Said]:
    """What a 277CA says of each claim; a refusal of a whole batch is said of its claims that are not named."""
    named = {one.number for one in said}
    for one in said:
        for number in (one.number,) if one.number else _batch(books, one.payer_reference):
            if one.number or number not in named:
                yield _claim(number, one)


def _batch(books: Books, reference: str) -> Iterator[str]:
    """The claims of the batch that we numbered so (BHT03)."""
    numbered = _BATCH.match(reference)
    if numbered is None or (sent := _file(books, numbered[1])) is None:
        return
    for one in sent_sets(books.file_bytes(sent.id)):
        if numbered[2] in (None, one.control):
            yield from one.claims


def _claim(number: str, said: ClaimAcknowledgment) -> Said:
    code = f"{said.category}:{said.status}"
    also = (
        f"line {f.line}: {reason(f.status, f.entity)}" if f.line else reason(f.status, f.entity) for f in said.further
    )
    why = "; ".join([f"{reason(said.status, said.entity)} ({code})", *also][:ERRORS_MOST])
    mend = f"{mends((said.status, *(f.status for f in said.further)))}, then {_SEND_AGAIN}"
    refused = _finding("277ca-rejected", f"the payer's front door rejected it: {why}", mend)
    findings = () if said.accepted else (refused,)
    return Said(number, "277CA", said.accepted, code, said.received_on or said.on, said.trace, findings)


# --- 277: what has become of a claim ----------------------------------------------------------------------------------


def standing(desk: Desk, books: Books, file_id: str, answers: Sequence[StatusAnswer]) -> int:
    """Write what a 277 says of our claims in their histories; how many answers spoke of none. It moves no claim: that
    is the remittance's to do.
    """
    numbers = [next((r.value for r in one.references if r.qualifier == OUR_NUMBER), one.trace) for one in answers]
    ours = books.claims_by_number(numbers)
    told = [
        Happened(STATUS, ours[number].claim.id, f"277 {_words(status)}", detail={"file": file_id})
        for number, one in zip(numbers, answers, strict=True)
        if number in ours
        for status in one.statuses
    ]
    books.log_all(desk.actor, told)
    return sum(number not in ours for number in numbers)


def _words(status: Status) -> str:
    category = CATEGORIES.get(status.category, f"category {status.category}")
    on = f" on {status.on.isoformat()}" if status.on else ""
    return f"{status.category}:{status.code}: {category}{on}: {reason(status.code, status.entity)}"


def _finding(rule: str, message: str, mend: str) -> Finding:
    return Finding(rule, Severity.ERROR, message, "claim", mend)


def _file(books: Books, control: str, kinds: tuple[str, ...] = _CLAIMS) -> StoredFile | None:
    """Our file under that control number, which is its group's too; None when there is none of these kinds."""
    if not re.fullmatch(r"\d{1,9}", control, re.ASCII):
        return None
    for kind in kinds:
        try:
            return books.file_by_control(Direction.OUTBOUND, kind, str(int(control)))
        except NotFound:
            continue
    return None
