"""The biller's work: scrub, submit, the queue in the order of what is at stake, and mending refused claims.

A claim with an error of ours is held and never sent. What leaves is checked by an independent validator first. A
model's risk orders the queue; it enters no claim.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from billing_core import claim_build, edits, posting, work_queue
from billing_core.account import Books as Accounts
from billing_core.account import Debtor
from billing_core.claim import REFUSED_BY_PAYER, Claim, ClaimState, step
from billing_core.codesets.tables import Tables
from billing_core.denial import LineDenial, reason
from billing_core.eligibility import check_coverage
from billing_core.expected_payment import expected_by_line, expected_of_denied, expected_payment
from billing_core.identifiers import parse_member_id
from billing_core.ledger import Cause, Owner
from billing_core.money import Cents, amount_text
from billing_core.record import from_plain, to_plain
from billing_core.registration import Coverage
from billing_core.rule import Finding, blocking
from billing_core.x12 import claim_837p
from billing_core.x12.envelope import Envelope
from serving.desk.advice import outlook_of, risk_item, risk_of, risk_reasons, shown, what_if_words, worth
from serving.desk.case import Desk, use_case
from serving.desk.coding import claim_numbers, findings_view, full_name
from serving.desk.contradicted import settle
from serving.desk.playbook import steps
from serving.desk.receipts import front_door
from serving.desk.remittances import contract_of
from serving.desk.scoring import advise
from serving.desk.verified import words_of
from serving.desk.winning import winning
from serving.errors import Conflict, InputError
from serving.schemas.billing import (
    ClaimItem,
    ClaimLineView,
    ClaimView,
    CoverageChoice,
    FileView,
    HistoryView,
    MendIn,
    MendView,
    OutlookView,
    PlayView,
    QueueItem,
    QueueView,
    SubmissionView,
)
from serving.store.states import DenialStatus, Direction

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.claims import ClaimScore, StandingClaim

OUR_NAME = "CLEANCLAIM"
SOON = 14  # days before a deadline from which it is counted as near
_NO_NAME = re.compile(r"[^A-Za-z0-9]")  # what a payer's number may hold and a file's name may not
_STANDING = [s for s in ClaimState if s not in (ClaimState.HELD, ClaimState.REJECTED, ClaimState.REPLACED)]
_UNSENT = (ClaimState.HELD, ClaimState.READY)
_IN_DOUBT = (ClaimState.READY, ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.PENDED)
_UNANSWERED = (ClaimState.HELD, *_IN_DOUBT)
REFUSED = (
    ClaimState.HELD,
    ClaimState.REJECTED,
    ClaimState.DENIED,
    ClaimState.PARTLY_DENIED,
    ClaimState.UNPROCESSABLE,
)


# --- scrub and submit ---


def sender_id(books: Books) -> str:
    """ISA06 of what this practice sends, and so ISA08 of the answers to it."""
    return f"{OUR_NAME}{books.practice().mark}"


def scrub(desk: Desk, books: Books, claim: Claim, today: date) -> tuple[Finding, ...]:
    """What the edits say of the claim as it would be sent today."""
    others = tuple(
        s.claim
        for s in books.claims(_STANDING, patient_id=claim.patient.id)
        if s.claim.id not in (claim.id, claim.replaces)
    )
    coverages = books.coverages(claim.patient.id)
    context = edits.ClaimContext(
        as_of=today,
        tables=desk.tables,
        contract=contract_of(books, claim.payer.id, claim.service_date),
        authorizations=tuple(books.authorizations(claim.patient.id)),
        other_claims=others,
        coverages=coverages,
        queries=books.queries(claim.encounter_id),
        answers=books.payer_answers(each.id for each in coverages),
    )
    return edits.scrub(claim, context)


def scrub_held(desk: Desk, books: Books, today: date) -> int:
    """Scrub every held claim again; those without an error become ready. Returns how many stay held."""
    return sum(not scrub_one(desk, books, standing.claim, today) for standing in books.claims(ClaimState.HELD))


def scrub_one(desk: Desk, books: Books, claim: Claim, today: date) -> bool:
    """Scrub a held claim; without an error it becomes ready. Returns whether it did."""
    findings = scrub(desk, books, claim, today)
    contract = contract_of(books, claim.payer.id, claim.service_date)
    deadline = contract.file_by(claim.service_date) if contract else None
    errors = bool(blocking(findings))
    books.save_claim(claim, ClaimState.HELD if errors else ClaimState.READY, findings=findings, deadline=deadline)
    return not errors


def write_files(desk: Desk, books: Books, today: date) -> list[FileView]:
    """One 837P a payer of the claims that are ready; refused whole, with the reason, if the validator objects."""
    from serving.clearinghouse.outbound_check import refusals

    by_payer: dict[str, list[Claim]] = defaultdict(list)
    for standing in books.claims(ClaimState.READY):
        by_payer[standing.claim.payer.id].append(standing.claim)
    written = []
    for payer_id, claims in sorted(by_payer.items()):
        payer = books.payer(payer_id)
        control = books.next_control("interchange")
        envelope = Envelope(sender_id(books), payer.number, control, desk.clock.now().replace(tzinfo=None))
        data = claim_837p.write(claims, envelope, payer.name)
        if objections := refusals(data):
            raise Conflict(
                f"the outbound check refuses the file: {objections[0].message} at {objections[0].where}",
                mend=objections[0].mend,
            )
        name = f"{today:%Y%m%d}_{_NO_NAME.sub('', payer.number)}_{control:09d}.837"
        file_id, _ = books.add_file(
            Direction.OUTBOUND, "837P", name, data, str(control), [c.id for c in claims], f"{len(claims)} claims"
        )
        for claim in claims:
            books.step_claim(claim.id, ClaimState.SUBMITTED, submitted_on=today)
            at, to = ({"claim": claim.number, "state": s} for s in (ClaimState.READY, ClaimState.SUBMITTED))
            books.log(desk.actor, "claim.submit", claim.id, reason=name, before=at, after=to)
        view = FileView(
            id=file_id,
            direction="out",
            kind="837P",
            name=name,
            at=desk.clock.now().isoformat(),
            outcome=f"{len(claims)} claims",
        )
        written.append(view)
    return written


@use_case("claim.submit")
def submit(desk: Desk, books: Books) -> SubmissionView:
    """Scrub what is held and write what is ready as 837P files; `deliver` puts them in the outbox."""
    today = desk.today(books)
    held = scrub_held(desk, books, today)
    ready = len(books.claim_rows(ClaimState.READY))
    return SubmissionView(files=write_files(desk, books, today), claims=ready, held=held)


@use_case("claim.submit")
def deliver(desk: Desk, books: Books, outbox: Path) -> int:
    """Put every file of ours that is not known to be there in the outbox: claims and replies; returns how many.

    The books knew the file before it leaves, and learn after it that it left: cut short in between, the same bytes
    go again under the same name, and a file once read means nothing new to a payer.
    """
    gone = {event.subject for event in books.events(action="file.deliver")}
    waiting = [file for file in books.files(Direction.OUTBOUND) if file.id not in gone]
    for file in waiting:
        draft = outbox / f".{file.name}.part"  # the payer's door sees whole files only
        draft.write_bytes(books.file_bytes(file.id))
        draft.replace(outbox / file.name)
        books.log(desk.actor, "file.deliver", file.id, reason=file.name, after=file.sha256)
    return len(waiting)


@use_case("remittance.read")
def files(desk: Desk, books: Books) -> list[FileView]:
    """Files that came and went, newest first."""
    return [
        FileView(id=f.id, direction=f.direction, kind=f.kind, name=f.name, at=f.at.isoformat(), outcome=f.outcome)
        for f in books.files(limit=200)
    ]


@use_case("remittance.read")
def file_bytes(desk: Desk, books: Books, file_id: str) -> bytes:
    """The file, byte for byte."""
    return books.file_bytes(file_id)


# --- the queue ---


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A claim that needs a person, the item it is ranked by, and its denied lines that are still to be worked."""

    standing: StandingClaim
    item: work_queue.WorkItem
    denied: tuple[LineDenial, ...] = ()


def _item(
    books: Books,
    tables: Tables,
    standing: StandingClaim,
    worked: Sequence[LineDenial],
    on: date,
    still_open: Mapping[str, Cents],
) -> work_queue.WorkItem | None:
    claim, state = standing.claim, standing.state
    contract = contract_of(books, claim.payer.id, claim.service_date)
    if state in REFUSED_BY_PAYER:
        return work_queue.denial_item(
            claim.id, claim, worked, state, on, contract,
            expected_of_denied(claim, worked, contract, tables, still_open),
        )  # fmt: skip
    kind = work_queue.WorkKind.HELD_EDIT if state is ClaimState.HELD else work_queue.WorkKind.REJECTION
    at_stake = expected_payment(claim, contract, tables)
    return work_queue.finding_item(claim.id, kind, claim, blocking(standing.findings), standing.row.deadline, at_stake)


def _refused(desk: Desk, books: Books, today: date) -> Iterator[_Waiting]:
    """Each claim that was refused or is held."""
    standings = books.claims(REFUSED)
    still_open = books.open_of(charge_id for s in standings for charge_id in s.claim.charge_ids)
    denials, chances = books.denials_of_claims(s.claim.id for s in standings), winning(desk, books)
    for standing in standings:
        rows = [d for d in denials.get(standing.claim.id, ()) if d.status is DenialStatus.OPEN]
        denied = tuple(d for d in (from_plain(LineDenial, each.body) for each in rows) if not d.patient_owes)
        found_on = max((d.found_on for d in rows), default=today)
        item = _item(books, desk.tables, standing, denied, found_on, still_open)
        if item is not None:
            yield _Waiting(standing, chances.effect(item, standing.claim.payer.number, denied), denied)


def _in_doubt(desk: Desk, books: Books) -> Iterator[_Waiting]:
    """Each claim that passed the edits and that the model in service flags."""
    scores = books.latest_scores(row.id for row in books.claim_rows(_IN_DOUBT))
    flagged = {claim_id: s for claim_id, score in scores.items() if (s := shown(score)) and s.body.get("flagged")}
    for claim_id, standing in books.standing_claims(flagged).items():
        claim = standing.claim
        contract = contract_of(books, claim.payer.id, claim.service_date)
        charged = {line.number: line.amount for line in claim.lines}
        by_line = expected_by_line(claim, contract, desk.tables) or charged
        yield _Waiting(standing, risk_item(standing, flagged[claim_id], by_line, contract))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the queue: of one state or payer, or today's work alone, and which page of it (0: all of it).
    `claim_id`: the page on which that claim stands, where it does, before `first`.
    """

    state: str = ""
    payer: str = ""
    today: bool = False
    first: int = 0
    limit: int = 0
    claim_id: str = ""


@use_case("queue.read")
def queue(desk: Desk, books: Books, capacity: int = 0, wanted: Wanted = Wanted()) -> QueueView:
    """Every claim that needs a person, in the order of what is at stake; with a capacity, which of them fit today.

    All are priced and ranked; what else is said of a claim is looked up for the page alone.
    """
    today = desk.today(books)
    found = {each.item.id: each for each in (*_refused(desk, books, today), *_in_doubt(desk, books))}
    ranking = work_queue.order((each.item for each in found.values()), today)
    chosen = work_queue.today(ranking, capacity)
    fitting = [
        ranked
        for ranked in ranking
        if (not wanted.state or found[ranked.item.id].standing.state == wanted.state)
        and (not wanted.payer or found[ranked.item.id].standing.claim.payer.name == wanted.payer)
        and (not wanted.today or ranked.item.id in chosen)
    ]
    first = _first([ranked.item.claim_id for ranked in fitting], wanted)
    page = fitting[first : first + wanted.limit] if wanted.limit else fitting
    days = [ranked.days_left for ranked in ranking if ranked.days_left is not None]
    return QueueView(
        today=today.isoformat(),
        items=_queue_items(books, [(ranked, found[ranked.item.id]) for ranked in page], chosen, today),
        total_at_stake=amount_text(sum(each.item.at_stake for each in found.values())),
        capacity=capacity,
        chosen=len(chosen),
        expected_today=amount_text(sum(r.expected_value for r in ranking if r.item.id in chosen)),
        waiting=len(ranking),
        fitting=len(fitting),
        first=first,
        due_soon=sum(0 <= left <= SOON for left in days),
        lapsed=sum(left < 0 for left in days),
        states=sorted({each.standing.state for each in found.values()}),
        payers=sorted({each.standing.claim.payer.name for each in found.values()}),
        ready=books.claim_counts().get(ClaimState.READY, 0),
    )


def _first(claim_ids: Sequence[str], wanted: Wanted) -> int:
    """Where the page begins; the last page where the queue has grown shorter."""
    if not wanted.limit or not claim_ids:
        return 0
    place = claim_ids.index(wanted.claim_id) if wanted.claim_id in claim_ids else wanted.first
    return min(place, len(claim_ids) - 1) // wanted.limit * wanted.limit


def _queue_items(
    books: Books, page: Sequence[tuple[work_queue.Ranked, _Waiting]], chosen: Container[str], today: date
) -> list[QueueItem]:
    """The page in words: the playbook's steps and the model's advice, looked up for all of it at once."""
    scores = books.latest_scores(ranked.item.claim_id for ranked, _ in page)
    known = steps(books, [(each.standing.claim, each.denied) for _, each in page])
    items = []
    for ranked, each in page:
        item, why = ranked.item, "the model in service" if ranked.item.kind is work_queue.WorkKind.RISK else ""
        if plays := known.get(item.claim_id):  # codes and facts first; a model says nothing here
            ranked = replace(ranked, item=replace(item, mend=" ".join(play.step for play in plays)))
            why = plays[0].because
        view = _queue_item(ranked, each.standing, shown(scores.get(item.claim_id)), why, today)
        items.append(view.model_copy(update={"today": item.id in chosen}))
    return items


def _queue_item(
    ranked: work_queue.Ranked, standing: StandingClaim, score: ClaimScore | None, because: str, today: date
) -> QueueItem:
    item, cost = ranked.item, work_queue.COST_OF_WORK[ranked.item.kind]
    return QueueItem(
        claim_id=item.claim_id,
        claim_number=item.claim_number,
        encounter_id=standing.claim.encounter_id,
        kind=item.kind,
        state=standing.state,
        payer=standing.claim.payer.name,
        patient=full_name(standing.claim.patient.name),
        service_date=standing.claim.service_date.isoformat(),
        billed=amount_text(standing.claim.total),
        at_stake=amount_text(item.at_stake),
        expected_value=amount_text(ranked.expected_value),
        risk=risk_of(score),
        deadline=item.deadline.isoformat() if item.deadline else "",
        days_left=ranked.days_left,
        reasons=list(item.reasons),
        carcs=list(item.carcs),
        mend=item.mend,
        probability=round(ranked.probability_ppm / 10_000),
        share=round(item.share_ppm / 10_000),
        effect=ranked.effect_percent,
        effect_rests_on=item.effect_rests_on,
        cost=amount_text(cost),
        urgency=ranked.urgency,
        lapsed=ranked.lapsed,
        worth=worth(ranked, cost, standing.claim.total),
        outlook=_outlook(standing, score, today),
        risk_reasons=risk_reasons(score),
        what_if=what_if_words(score),
        because=because,
    )


def _outlook(standing: StandingClaim, score: ClaimScore | None, today: date) -> OutlookView | None:
    """What is to be expected while there is no answer."""
    return outlook_of(score, standing.row.submitted_on, today) if standing.state in _UNANSWERED else None


# --- one claim ---


@use_case("claim.read")
def claims(desk: Desk, books: Books, state: str = "", limit: int = 100) -> list[ClaimItem]:
    """Claims, newest last."""
    if state and state not in list(ClaimState):
        raise InputError("unknown state", field="state", mend=f"one of {', '.join(ClaimState)}")
    return [
        ClaimItem(
            id=row.id,
            number=row.number,
            state=row.state,
            payer=books.payer(row.payer_id).name,
            service_date=row.service_date.isoformat(),
            billed=amount_text(row.total),
            submitted_on=row.submitted_on.isoformat() if row.submitted_on else "",
        )
        for row in books.claim_rows(ClaimState(state) if state else None, limit=limit)
    ]


def _lines(books: Books, claim: Claim) -> list[ClaimLineView]:
    accounts = Accounts(books.entries_on(claim.charge_ids))
    views = []
    for line in claim.lines:
        stands = accounts.standing(line.charge_id)
        views.append(
            ClaimLineView(
                number=line.number,
                procedure=line.procedure,
                modifiers=list(line.modifiers),
                units=line.units,
                diagnoses=[claim.diagnoses[p - 1] for p in line.pointers],
                amount=amount_text(line.amount),
                paid=amount_text(stands.insurance_paid + stands.patient_paid),
                adjusted=amount_text(stands.contractual),
                open=amount_text(stands.open),
                owner=stands.debtor.owner if stands.debtor else "",
            )
        )
    return views


@use_case("claim.read")
def read_claim(desk: Desk, books: Books, claim_id: str) -> ClaimView:
    """Everything about one claim: as billed, as it stands, why, and what happened."""
    standing = books.standing_claim(claim_id)
    claim, row = standing.claim, standing.row
    denied = [from_plain(LineDenial, d.body) for d in books.denials_of_claims([claim_id]).get(claim_id, ())]
    score = shown(books.latest_scores([claim_id]).get(claim_id))
    events = books.events(subject=claim_id)
    return ClaimView(
        id=claim.id,
        number=claim.number,
        state=standing.state,
        frequency=claim.frequency,
        rank=claim.rank,
        encounter_id=claim.encounter_id,
        patient=full_name(claim.patient.name),
        member_id=claim.coverage.member_id,
        payer=claim.payer.name,
        provider=full_name(claim.rendering.name),
        service_date=claim.service_date.isoformat(),
        submitted_on=row.submitted_on.isoformat() if row.submitted_on else "",
        authorization=claim.authorization,
        referral=claim.referral,
        diagnoses=list(claim.diagnoses),
        lines=_lines(books, claim),
        billed=amount_text(claim.total),
        findings=findings_view(standing.findings),
        denials=[f"line {d.line} {d.procedure}: {d.code} {reason(d.reason).words}" for d in denied],
        plays=[PlayView(step=p.step, because=p.because) for p in steps(books, [(claim, denied)]).get(claim.id, ())],
        risk=risk_of(score),
        risk_reasons=risk_reasons(score),
        what_if=what_if_words(score),
        outlook=_outlook(standing, score, desk.today(books)),
        history=[HistoryView(at=e.at.isoformat(), actor=e.actor, action=e.action, reason=e.reason) for e in events],
        front_door=front_door(events),
        replaced_by=next(
            (r.id for r in books.claim_rows(encounter_id=claim.encounter_id) if r.replaces == claim_id), ""
        ),
        verified=words_of(books, claim.coverage.id, claim.service_date),
        coverage_id=claim.coverage.id,
        coverages=[
            CoverageChoice(id=c.id, words=f"{books.payer(c.payer_id).name}, member {c.member_id}")
            for c in _payable(books, claim)
        ],
    )


def _payable(books: Books, claim: Claim) -> tuple[Coverage, ...]:
    """The patient's coverages that pay on the day of service, by our record and by what their payers have said."""
    coverages = books.coverages(claim.patient.id)
    return check_coverage(coverages, claim.service_date, books.payer_answers(c.id for c in coverages)).payable


# --- mending ---


def _changes(books: Books, claim: Claim, mend: MendIn) -> claim_build.Changes:
    changed = {c.line: c for c in mend.lines}
    lines = tuple(
        line
        if (c := changed.get(line.number)) is None
        else replace(
            line, modifiers=line.modifiers if c.modifiers is None else tuple(c.modifiers), units=c.units or line.units
        )
        for line in claim.lines
    )
    coverage = books.coverage(mend.coverage_id) if mend.coverage_id else None
    if mend.member_id:
        coverage = replace(coverage or claim.coverage, member_id=parse_member_id(mend.member_id))
    return claim_build.Changes(
        diagnoses=tuple(mend.diagnoses) if mend.diagnoses else None,
        lines=lines if changed else None,
        authorization=mend.authorization,
        referral=mend.referral,
        coverage=coverage,
        payer=books.payer(coverage.payer_id) if coverage and coverage.payer_id != claim.payer.id else None,
    )


def _to_guarantor(desk: Desk, books: Books, claim: Claim, today: date, why: str) -> None:
    """What the payer will not pay becomes the guarantor's, by a person's decision and reason."""
    accounts = Accounts(books.entries_on(claim.charge_ids))
    guarantor = Debtor(Owner.GUARANTOR, books.patient(claim.patient.id).guarantor_id)
    for line in claim.lines:
        standing = accounts.standing(line.charge_id)
        if standing.open and standing.debtor != guarantor:
            cause = Cause(f"person {desk.actor.login}", line.charge_id, why)
            books.append_entries([posting.move(standing, guarantor, books.new_id(), today, cause)])


def payer_reference(books: Books, claim: Claim) -> str:
    """Under which number the payer's last answer knows the claim; "" before one."""
    answers = books.answers(claim.id)
    return answers[-1].payment.payer_reference if answers else ""


def _may_mend(state: ClaimState, action: str) -> None:
    """IllegalStep, before anything is written, when a claim that stands there cannot be mended in this way."""
    if action == "bill_patient":
        step(state, ClaimState.CLOSED)
    elif action in ("correct", "resubmit") and state not in _UNSENT:
        step(state, ClaimState.REPLACED)


def mend_claim(desk: Desk, books: Books, claim_id: str, mend: MendIn) -> MendView:
    """The mend inside an open transaction: a new submission in the old one's place, or an end of the matter."""
    today, standing = desk.today(books), books.standing_claim(claim_id)
    claim, state, findings = standing.claim, standing.state, standing.findings
    _may_mend(state, mend.action)
    if mend.action == "bill_patient":
        _to_guarantor(desk, books, claim, today, mend.reason)
        books.step_claim(claim_id, ClaimState.CLOSED)
    elif mend.action in ("correct", "resubmit"):
        contract = contract_of(books, claim.payer.id, claim.service_date)
        changes = _changes(books, claim, mend)
        number = claim.number if state in _UNSENT else next(claim_numbers(books))
        if state in _UNSENT:  # never sent: the claim itself is mended
            claim = replace(claim, **changes.made())  # type: ignore[arg-type]  # names and types are Claim's own
            books.save_claim(claim, ClaimState.HELD)
        else:
            rebuilt = claim_build.correct(
                claim, changes, state, contract, number, books.new_id(), today, payer_reference(books, claim)
            )
            if rebuilt.claim is None:  # nothing goes out: what was refused is still to be worked
                told = findings_view(rebuilt.findings)
                return MendView(claim_id=claim.id, claim_number=claim.number, state=state, findings=told, refused=True)
            books.step_claim(claim_id, ClaimState.REPLACED)
            books.save_claim(rebuilt.claim, ClaimState.HELD)
            claim, findings = rebuilt.claim, rebuilt.findings
        scrub_one(desk, books, claim, today)
    for denial in books.denials_of_claims([claim_id]).get(claim_id, ()):
        if denial.status is DenialStatus.OPEN and mend.action != "leave":
            books.set_denial_status(denial.id, DenialStatus.WORKED)
    settle(books, [claim_id], f"{mend.action}: {mend.reason}")
    after = books.standing_claim(claim.id)
    if mend.action in ("correct", "resubmit"):
        advise(desk, books, [after.claim])
    was, now = ({"state": s.state, "claim": to_plain(s.claim)} for s in (standing, after))
    books.log(desk.actor, "claim.mend", claim_id, reason=f"{mend.action}: {mend.reason}", before=was, after=now)
    return MendView(
        claim_id=claim.id,
        claim_number=claim.number,
        state=after.state,
        findings=findings_view(after.findings or findings),
    )


@use_case("claim.mend")
def mend(desk: Desk, books: Books, claim_id: str, mend: MendIn) -> MendView:
    """Mend a held, rejected or denied claim as the payer's contract allows."""
    if mend.action == "write_off":
        raise Conflict("a write-off needs a second person", mend="ask a manager; one who asks does not approve")
    return mend_claim(desk, books, claim_id, mend)
