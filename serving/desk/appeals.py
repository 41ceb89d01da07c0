"""The appeal of a denied claim: drafted from what stands written, edited and signed by a biller, filed, decided.

A draft cites the remittance, the contract, our records and the chart (billing_core/appeal.py); a sentence without a
source is not taken. What was filed is kept as it went out. A level follows when the one before was not won whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from billing_core import appeal
from billing_core.claim import Claim
from billing_core.denial import LineDenial, denials, is_unprocessable
from billing_core.money import amount_text, parse_amount
from billing_core.record import from_plain, to_plain
from billing_core.rule import Finding
from serving.desk.case import Desk, use_case
from serving.desk.coding import findings_view, full_name
from serving.desk.contradicted import answers_in_force
from serving.desk.receipts import RECEIPT, taken
from serving.errors import Conflict, InputError, NotFound
from serving.schemas.appeals import AppealItem, AppealView, FilingIn, LetterIn, OutcomeIn, SentenceView
from serving.store.appeals import StoredAppeal
from serving.store.states import AppealState, DenialStatus

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.files import StoredPayment

OWN_SOURCES = ("chart:", "contract:", "remittance:")
_DECIDED = (AppealState.OVERTURNED, AppealState.PARTLY, AppealState.UPHELD, AppealState.WITHDRAWN)
_GOES_ON = (AppealState.PARTLY, AppealState.UPHELD)  # after these the next level is open


def _refused_answer(books: Books, claim: Claim) -> StoredPayment:
    """The last answer in force that denies something: none that the payer took back, or that is not posted yet."""
    for stored in reversed(answers_in_force(books, claim.id)):
        if denials(stored.payment) or is_unprocessable(stored.payment):
            return stored
    raise Conflict("no answer to this claim denies anything", mend="appeal a claim that was denied")


def _chart(books: Books, claim: Claim) -> tuple[appeal.Quote, ...]:
    """What the note says for each signed code, word for word, where the coder marked it."""
    try:
        signed = books.signed(claim.encounter_id)
        note = books.note_text(claim.encounter_id)
    except NotFound:
        return ()
    day = signed.encounter.service_date.isoformat()
    quotes = []
    for code in (*signed.diagnoses, *signed.procedures):
        for span in code.evidence:
            place = f"chart: note of {day}, characters {span.start} to {span.end}"
            quotes.append(appeal.Quote(code.code, note[span.start : span.end], place))
        if not code.evidence:
            quotes.append(appeal.Quote(code.code, "", f"chart: coding signed for the visit of {day}"))
    return tuple(quotes)


def _taken(books: Books, claim: Claim) -> tuple[date | None, str]:
    """The day on which the payer's door took the claim, and the acknowledgment file that says so."""
    said = taken(books.events(subject=claim.id, action=RECEIPT), books.practice().zone)
    return (said[0], books.file(said[1]).name) if said else (None, "")


def _grounds(books: Books, claim: Claim, earlier: tuple[StoredAppeal, ...]) -> appeal.Grounds:
    accepted_on, accepted_in = _taken(books, claim)
    return appeal.Grounds(
        chart=_chart(books, claim),
        accepted_on=accepted_on,
        accepted_in=accepted_in,
        level=len(earlier) + 1,
        decided_on=earlier[-1].decided_on if earlier else None,
    )


def _next_level(earlier: tuple[StoredAppeal, ...]) -> None:
    """Conflict when no further level is open."""
    if not earlier:
        return
    last = earlier[-1]
    if last.state is AppealState.FILED:
        raise Conflict("the payer has not decided the last appeal", mend="wait for it, or record what it decided")
    if last.state not in _GOES_ON:
        raise Conflict(f"the last appeal was {last.state}", mend="there is nothing more to appeal")
    if last.level >= appeal.LEVELS_MOST:
        raise Conflict("every level of appeal is used up", mend="review for a write-off")


@use_case("appeal.write")
def draft(desk: Desk, books: Books, claim_id: str) -> AppealView:
    """Draft the next level's letter; the draft that is open is given back as it stands."""
    claim, today = books.standing_claim(claim_id).claim, desk.today(books)
    earlier = books.appeals(claim_id)
    if earlier and earlier[-1].state is AppealState.DRAFT:
        return _view(desk, books, earlier[-1])
    _next_level(earlier)
    answer = _refused_answer(books, claim)
    remittance = books.remittance_row(answer.remittance_id)
    contract, grounds = books.contract(claim.payer.id, claim.service_date), _grounds(books, claim, earlier)
    refusal = appeal.Refusal(answer.payment, denials(answer.payment), remittance.trace, remittance.paid_on)
    made = appeal.letter(claim, refusal, contract, grounds, today)
    by = appeal.appeal_by(contract, grounds.level, refusal.remitted_on, grounds.decided_on)
    denied = [d for d in refusal.denied if not d.patient_owes]
    body = {
        "sentences": [{"words": f.sentence, "source": f.source} for f in made.facts],
        "sources": list(dict.fromkeys(f.source for f in made.facts)),
        "denied": [to_plain(d) for d in denied],
        "denied_cents": sum(d.amount for d in denied),
        "remitted_on": refusal.remitted_on.isoformat(),
        "trace": refusal.trace,
    }
    stored = StoredAppeal(books.new_id(), claim_id, grounds.level, AppealState.DRAFT, today, by, None, None, 0, body)
    if not made.facts:  # nothing to keep: the findings say why
        return _view(desk, books, stored, made.findings)
    books.save_appeals([stored])
    books.log(desk.actor, "appeal.write", claim_id, reason=f"level {stored.level} drafted", after=body)
    return _view(desk, books, stored, made.findings)


@use_case("appeal.write")
def edit(desk: Desk, books: Books, appeal_id: str, wanted: LetterIn) -> AppealView:
    """The letter as the biller wants it; each sentence cites what the draft cited, or says where else it stands."""
    stored = books.appeal(appeal_id)
    _open(stored, AppealState.DRAFT)
    known = stored.body["sources"]
    for place, sentence in enumerate(wanted.sentences):
        if sentence.source not in known and not sentence.source.startswith(OWN_SOURCES):
            raise InputError(
                "a sentence that cites nothing known", field="source", place=f"sentence {place + 1}",
                mend=f"choose a source of the draft, or begin with {', '.join(OWN_SOURCES)}",
            )  # fmt: skip
    body = {**stored.body, "sentences": [s.model_dump() for s in wanted.sentences]}
    changed = replace(stored, body=body)
    books.save_appeals([changed])
    books.log(desk.actor, "appeal.write", stored.claim_id, "letter edited", stored.body, body)
    return _view(desk, books, changed)


@use_case("appeal.write")
def file(desk: Desk, books: Books, appeal_id: str, signed: FilingIn) -> AppealView:
    """Sign the letter and note that it went out: it is kept as paper, and its denials wait for the payer."""
    stored, today = books.appeal(appeal_id), desk.today(books)
    _open(stored, AppealState.DRAFT)
    on = _day(signed.filed_on, "filed_on", today)
    if not stored.drafted_on <= on <= today:
        raise InputError("not between the draft and today", field="filed_on", mend="give the day it really went out")
    if stored.deadline is not None and on > stored.deadline:
        raise Conflict("the appeal's deadline has passed", mend="ask the payer for good cause, or review a write-off")
    body = {**stored.body, "signed_by": signed.signed_by, "sent_by": signed.sent_by, "entered_by": desk.actor.login}
    filed = replace(stored, state=AppealState.FILED, filed_on=on, body=body)
    books.save_appeals([filed])
    paper = _paper(books, filed)
    books.set_appeal_pdf(appeal_id, paper)
    _set_denials(books, stored.claim_id, DenialStatus.OPEN, DenialStatus.WORKED)
    said = f"level {filed.level} filed on {on.isoformat()} by {signed.sent_by}"
    books.log(desk.actor, "appeal.file", stored.claim_id, said, stored.body, body)
    return _view(desk, books, filed)


@use_case("appeal.write")
def decide(desk: Desk, books: Books, appeal_id: str, said: OutcomeIn) -> AppealView:
    """Record what the payer decided. What it does not take back comes into the queue again, for the next level."""
    stored, today = books.appeal(appeal_id), desk.today(books)
    _open(stored, AppealState.FILED)
    assert stored.filed_on is not None  # a filed appeal has its day
    state, on = AppealState(said.outcome), _day(said.decided_on, "decided_on", today)
    recovered = parse_amount(said.recovered)
    if not stored.filed_on <= on <= today:
        raise InputError("not between filing and today", field="decided_on", mend="give the day of the decision")
    won = state in (AppealState.OVERTURNED, AppealState.PARTLY)
    if not won and recovered:
        raise InputError("nothing is recovered by an appeal that was lost", field="recovered", mend="give 0.00")
    decided = replace(stored, state=state, decided_on=on, recovered=recovered)
    books.save_appeals([decided])
    after = DenialStatus.RECOVERED if state is AppealState.OVERTURNED else DenialStatus.OPEN
    _set_denials(books, stored.claim_id, DenialStatus.WORKED, after)
    was, now = {"state": stored.state}, {"state": state, "on": on.isoformat(), "recovered": recovered}
    books.log(desk.actor, "appeal.decide", stored.claim_id, f"level {stored.level} {state}", was, now)
    return _view(desk, books, decided)


def _open(stored: StoredAppeal, state: AppealState) -> None:
    if stored.state is not state:
        raise Conflict(f"the appeal is {stored.state}", mend=f"only one that is {state} can be changed so")


def _day(text: str, field: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise InputError("no such day", field=field, mend="write it as 2026-01-31") from None


def _set_denials(books: Books, claim_id: str, left: DenialStatus, to: DenialStatus) -> None:
    for denial in books.denials_of_claims([claim_id]).get(claim_id, ()):
        if denial.status is left and not from_plain(LineDenial, denial.body).patient_owes:
            books.set_denial_status(denial.id, to)


# --- reading ---


def _paper(books: Books, stored: StoredAppeal) -> bytes:
    from serving.appeal_pdf import appeal_pdf

    return appeal_pdf(books.practice(), books.claim(stored.claim_id), stored)


@use_case("appeal.read")
def appeals(desk: Desk, books: Books, claim_id: str = "") -> list[AppealItem]:
    """Appeals (of one claim, when given): those not filed yet by deadline, then those that wait, then the decided."""
    order = (AppealState.DRAFT, AppealState.FILED, *_DECIDED)
    if claim_id:
        books.standing_claim(claim_id)  # NotFound for a claim that is not ours
    stored = sorted(books.appeals(claim_id), key=lambda a: (order.index(a.state), a.deadline or date.max, a.id))
    of, today = books.claims_by_id({a.claim_id for a in stored}), desk.today(books)
    return [AppealItem(**_item(of[a.claim_id], a, today)) for a in stored]


@use_case("appeal.read")
def read_appeal(desk: Desk, books: Books, appeal_id: str) -> AppealView:
    """One appeal with its letter."""
    return _view(desk, books, books.appeal(appeal_id))


@use_case("appeal.read")
def appeal_paper(desk: Desk, books: Books, appeal_id: str) -> bytes:
    """The letter as PDF: as it was filed, or the draft as it stands, marked so."""
    stored = books.appeal(appeal_id)
    return books.appeal_pdf(appeal_id) or _paper(books, stored)


def _denied(stored: StoredAppeal) -> Iterable[Mapping[str, Any]]:
    denied: list[Mapping[str, Any]] = stored.body["denied"]
    return denied


def _item(claim: Claim, stored: StoredAppeal, today: date) -> dict[str, Any]:
    waiting = stored.state is AppealState.DRAFT and stored.deadline is not None
    return {
        "id": stored.id,
        "claim_id": stored.claim_id,
        "claim_number": claim.number,
        "payer": claim.payer.name,
        "level": stored.level,
        "state": str(stored.state),
        "reasons": list(dict.fromkeys(f"{d['group']}-{d['reason']}" for d in _denied(stored))),
        "amount": amount_text(stored.body["denied_cents"]),
        "deadline": stored.deadline.isoformat() if stored.deadline else "",
        "days_left": (stored.deadline - today).days if waiting and stored.deadline else None,
        "filed_on": stored.filed_on.isoformat() if stored.filed_on else "",
        "decided_on": stored.decided_on.isoformat() if stored.decided_on else "",
        "recovered": amount_text(stored.recovered),
    }


def _view(desk: Desk, books: Books, stored: StoredAppeal, findings: Iterable[Finding] = ()) -> AppealView:
    claim = books.claim(stored.claim_id)
    return AppealView(
        **_item(claim, stored, desk.today(books)),
        patient=full_name(claim.patient.name),
        member_id=claim.coverage.member_id,
        service_date=claim.service_date.isoformat(),
        sentences=[SentenceView(**s) for s in stored.body["sentences"]],
        sources=list(stored.body["sources"]),
        signed_by=str(stored.body.get("signed_by", "")),
        sent_by=str(stored.body.get("sent_by", "")),
        findings=findings_view(list(findings)),
    )
