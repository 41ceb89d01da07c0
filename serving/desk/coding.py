"""The coder's work: worklist, note with suggestions and evidence, one key per decision, signature.

A decision is kept the moment it is made, so a refresh loses nothing. Signing turns accepted codes into charges, claims
and their first ledger entries; it is the only door from a suggestion to a claim, and only a coder may pass it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from billing_core import claim_build, posting
from billing_core.charge import Capture, capture
from billing_core.claim import ClaimState
from billing_core.codesets.tables import Tables, Verdict
from billing_core.cycle import first_debtor
from billing_core.encounter import AssignedCode, CodeSystem, Encounter, Setting, SignedEncounter, Span
from billing_core.identifiers import claim_number
from billing_core.ledger import Cause
from billing_core.money import amount_text
from billing_core.provider_query import ProviderQuery, QueryState, settled, still_open
from billing_core.record import to_plain
from billing_core.registration import PersonName
from billing_core.rule import Finding, Severity
from serving.desk.advice import risk_of, risk_reasons, shown, what_if_words
from serving.desk.case import Desk, use_case
from serving.desk.scoring import advise
from serving.errors import Conflict, InputError, NoModel
from serving.schemas.coding import (
    CloseIn,
    CounterView,
    DecisionIn,
    EncounterItem,
    EncounterView,
    FindingView,
    ProcedureIn,
    QueryDraftView,
    QueryView,
    ReopenIn,
    SignatureIn,
    SignatureView,
    SpanView,
    SuggestionView,
)
from serving.store.states import CodeDecision, EncounterStatus

if TYPE_CHECKING:
    from serving.store.books import Books

GIVEN = "given"  # what the suggester was told beside the note, kept with what it said
_NAMED = 6  # codes named in a mend
_WAITING = (EncounterStatus.OPEN, EncounterStatus.CODED)
WORDS = {
    "accept": CodeDecision.ACCEPT,
    "reject": CodeDecision.REJECT,
    "add": CodeDecision.ADD,
    "undo": CodeDecision.WITHDRAW,
}


def full_name(name: PersonName) -> str:
    """Last, First."""
    return f"{name.last}, {name.first}"


def findings_view(findings: Sequence[Finding]) -> list[FindingView]:
    """Findings as the screens show them."""
    return [
        FindingView(rule=f.rule, severity=f.severity, message=f.message, where=f.where, mend=f.mend) for f in findings
    ]


@use_case("encounter.read")
def worklist(desk: Desk, books: Books, status: str = "open", limit: int = 50) -> list[EncounterItem]:
    """The visits of one status, oldest first. "waiting" is every visit that nobody has signed, decided on or not."""
    try:
        wanted = _WAITING if status == "waiting" else (EncounterStatus(status),)
    except ValueError:
        known = ", ".join(("waiting", *EncounterStatus))
        raise InputError("unknown status", field="status", mend=f"one of {known}") from None
    items = []
    asked = {query.encounter_id: str(query.state) for query in books.queries() if query.holds}
    visits = [visit for one in wanted for visit in books.encounters(one, limit=limit)]
    shown = sorted(visits, key=lambda v: (v.encounter.service_date, v.encounter.id))[:limit]
    progress = books.coding_progress(visit.encounter.id for visit in shown)
    for visit in shown:
        encounter = visit.encounter
        suggested, decided = progress.get(encounter.id, (0, 0))
        items.append(
            EncounterItem(
                id=encounter.id,
                service_date=encounter.service_date.isoformat(),
                patient=full_name(books.patient(encounter.patient_id).name),
                provider=full_name(books.provider(encounter.provider_id).name),
                status=visit.status,
                suggested=suggested,
                decided=decided,
                query=asked.get(encounter.id, ""),
            )
        )
    return items


def read_view(desk: Desk, books: Books, encounter_id: str) -> EncounterView:
    """Everything the coder's screen shows of a visit, inside an open transaction."""
    visit = books.visit(encounter_id)
    encounter = visit.encounter
    patient, provider = books.patient(encounter.patient_id), books.provider(encounter.provider_id)
    covered = sorted(
        (c for c in books.coverages(patient.id) if c.active(encounter.service_date)), key=lambda c: (c.rank, c.id)
    )
    run = books.latest_suggestion(encounter_id)
    claims = books.claims(encounter_id=encounter_id)
    views = _suggestion_views(books, encounter_id)
    return EncounterView(
        id=encounter_id,
        service_date=encounter.service_date.isoformat(),
        status=visit.status,
        patient=full_name(patient.name),
        birth_date=patient.birth_date.isoformat(),
        sex=patient.sex,
        provider=full_name(provider.name),
        specialty=provider.specialty,
        payer=books.payer(covered[0].payer_id).name if covered else "self-pay",
        note=books.note_text(encounter_id),
        abstained=bool(run and run.body["abstained"]),
        abstain_reason=str(run.body["reason"]) if run else "",
        suggestions=_furnished(desk, books, views),
        findings=findings_view(claims[-1].findings) if claims else [],
        queries=[query_view(books, query) for query in books.queries(encounter_id)],
        close_reason=visit.reason if visit.status is EncounterStatus.CLOSED else "",
        claim_id=claims[-1].claim.id if claims else "",
        claim_number=claims[-1].claim.number if claims else "",
    )


def _furnished(desk: Desk, books: Books, views: Sequence[SuggestionView]) -> list[SuggestionView]:
    """With the title of a code typed by hand, and the query that a code which leaves something open gives cause for."""
    try:
        model = desk.shelf.model(books, "coding").model if views else None
    except NoModel:
        model = None
    furnished = []
    for view in views:
        more: dict[str, Any] = {"title": view.title or desk.tables.title(view.code)}
        if model is not None:
            more = {"title": more["title"] or model.title(view.code), "query": drafted_query(model, view, views)}
        furnished.append(view.model_copy(update=more))
    return furnished


def drafted_query(model: Any, view: SuggestionView, views: Sequence[SuggestionView]) -> QueryDraftView | None:
    """The query about a code, in the words of `models.coding.query`; None where the code leaves nothing open.

    A code typed by hand shows the places of the suggestions of its category.
    """
    from models.coding.query import draft

    if view.system != CodeSystem.ICD10CM:
        return None
    spans = view.spans or [span for other in views if other.code[:3] == view.code[:3] for span in other.spans]
    found = draft(model.table, view.code, [Span(span.start, span.end) for span in spans])
    if found is None:
        return None
    shown = [SpanView(start=span.start, end=span.end) for span in found.indicators]
    return QueryDraftView(
        code=view.code, axis=found.axis, indicators=shown, question=found.question, options=list(found.options)
    )


def query_view(books: Books, query: ProviderQuery) -> QueryView:
    """A query as the screens show it: with its places quoted from the note."""
    encounter, note = books.encounter(query.encounter_id), books.note_text(query.encounter_id)
    return QueryView(
        id=query.id,
        encounter_id=query.encounter_id,
        service_date=encounter.service_date.isoformat(),
        patient=full_name(books.patient(encounter.patient_id).name),
        provider=full_name(books.provider(query.provider_id).name),
        code=query.code,
        axis=query.axis,
        indicators=[SpanView(start=span.start, end=span.end) for span in query.indicators],
        quotes=[" ".join(note[span.start : span.end].split()) for span in query.indicators],
        question=query.question,
        options=list(query.options),
        asked_by=query.asked_by,
        asked_on=query.asked_on.isoformat(),
        state=query.state,
        holds=query.holds,
        answer=query.answer,
        words=query.words,
        recorded_by=query.recorded_by,
    )


def _suggestion_views(books: Books, encounter_id: str) -> list[SuggestionView]:
    run = books.latest_suggestion(encounter_id)
    decided = {(d.system, d.code): d for d in books.decisions(encounter_id)}
    views = []
    for code in run.body["codes"] if run else ():
        said = decided.pop((code["system"], code["code"]), None)
        views.append(
            SuggestionView(
                system=code["system"],
                code=code["code"],
                title=code["title"],
                score=code["score"],
                spans=[SpanView(**span) for span in code["spans"]],
                rule=code["rule"],
                counter=[CounterView(**c["span"], why=c["context"]) for c in code["counter"]],
                decision=said.decision if said else "",
                reason=said.reason if said else "",
            )
        )
    added = [
        SuggestionView(
            system=d.system, code=d.code, title="", score=0, spans=[], rule="added by the coder", counter=[],
            decision=d.decision, reason=d.reason,
        )
        for d in decided.values()
    ]  # fmt: skip
    return views + added


@use_case("encounter.read")
def read_encounter(desk: Desk, books: Books, encounter_id: str) -> EncounterView:
    """Everything the coder's screen shows."""
    return read_view(desk, books, encounter_id)


def age_on(born: date, on: date) -> int:
    """Whole years of age on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def run_suggester(desk: Desk, books: Books, encounter: Encounter) -> None:
    """Run the suggester in service over the visit's note and keep what it says."""
    served = desk.shelf.model(books, "coding")
    if served.model is None:
        raise NoModel("no code suggester is in service", mend="cleanclaim model activate --kind coding --dir DIR")
    given = reading(books, encounter)
    found = suggestions(served.model, books.note_text(encounter.id), given)
    books.add_suggestion(encounter.id, served.sha256, {**found, GIVEN: given})
    read = {"note": encounter.note_sha256, "model": served.sha256}
    books.log(desk.actor, "note.suggest", encounter.id, before=read, after=found)


def reading(books: Books, encounter: Encounter) -> dict[str, Any]:
    """What the suggester is told of a visit beside the note, kept with what it said so that it can be replayed."""
    patient = books.patient(encounter.patient_id)
    return {
        "setting": str(encounter.setting),
        "service_date": encounter.service_date.isoformat(),
        "age": age_on(patient.birth_date, encounter.service_date),
        "sex": str(patient.sex),
        "seen": _seen(books, encounter),
        "program": reading_program(),
    }


@cache
def reading_program() -> str:
    """The digest of the reader's own code. Artifact, note and this give the same suggestion to the byte."""
    found = sorted((p.name, p.read_bytes()) for p in resources.files("models.coding").iterdir() if p.name[-3:] == ".py")
    return hashlib.sha256(b"".join(name.encode() + b"\0" + code for name, code in found)).hexdigest()


def suggestions(model: Any, text: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a suggester says of a note, as the plain values that are kept."""
    day = date.fromisoformat(given["service_date"])
    found = model.suggest(text, Setting(given["setting"]), day, given["age"], given["sex"], seen=given["seen"])
    return to_plain(found)


def _seen(books: Books, encounter: Encounter) -> bool | None:
    """Whether the patient was seen in this group and specialty within three years. A visit that was closed without a
    charge is not counted: it may be that nobody was seen.
    """
    from models.coding.evaluation_management import seen_before

    taxonomy = {provider.id: provider.taxonomy for provider in books.providers()}
    others = [
        (visit.encounter.service_date, taxonomy[visit.encounter.provider_id])
        for visit in books.encounters(patient_id=encounter.patient_id, until=encounter.service_date)
        if visit.encounter.id != encounter.id and visit.status is not EncounterStatus.CLOSED
    ]
    first = books.encounters(limit=1)
    history_from = first[0].encounter.service_date if first else None
    return seen_before(encounter.service_date, taxonomy[encounter.provider_id], others, history_from)


@use_case("note.suggest")
def suggest(desk: Desk, books: Books, encounter_id: str) -> EncounterView:
    """Suggest codes for the note; the same note and artifact are read once."""
    if books.latest_suggestion(encounter_id) is None:
        run_suggester(desk, books, books.encounter(encounter_id))
    return read_view(desk, books, encounter_id)


@use_case("code.decide")
def decide(desk: Desk, books: Books, encounter_id: str, decision: DecisionIn) -> EncounterView:
    """One key: accept, reject, add or undo. Kept at once."""
    visit = books.visit(encounter_id)
    if visit.status not in (EncounterStatus.OPEN, EncounterStatus.CODED):
        raise Conflict("the visit is signed already", mend="mend the claim instead")
    if decision.decision == "add":
        _check_added(desk.tables, decision, visit.encounter.service_date)
    enter_decisions(desk, books, encounter_id, [decision])
    return read_view(desk, books, encounter_id)


def _check_added(tables: Tables, decision: DecisionIn, on: date) -> None:
    """A code typed by hand is refused where a loaded release says that it cannot be billed on the day."""
    if CodeSystem(decision.system) is not CodeSystem.ICD10CM:
        if tables.procedure(decision.code, on) is Verdict.INVALID:
            raise InputError("no such code on the date of service", field="code", mend="check the code")
        return
    verdict = tables.diagnosis(decision.code, on)
    if verdict is Verdict.INVALID:
        raise InputError("no such code on the date of service", field="code", mend="check the code")
    if verdict is Verdict.NOT_BILLABLE:
        below = tables.more_specific(decision.code, on)
        some = ", ".join(below[:_NAMED]) + (f" and {len(below) - _NAMED} more" if len(below) > _NAMED else "")
        raise InputError("not billable: more characters are needed", field="code", mend=f"choose from {some}")


def enter_decisions(desk: Desk, books: Books, encounter_id: str, decisions: Sequence[DecisionIn]) -> None:
    """Keep the coder's words on codes of a visit; one event, with the hash of what was decided before and after."""
    if not decisions:
        return
    before = _decided(books, encounter_id)
    for decision in decisions:
        books.add_decision(
            encounter_id, CodeSystem(decision.system), decision.code, WORDS[decision.decision], desk.actor.login,
            reason=decision.reason,
        )  # fmt: skip
    books.log(desk.actor, "code.decide", encounter_id, before=before, after=_decided(books, encounter_id))
    if books.visit(encounter_id).status is EncounterStatus.OPEN:
        books.step_encounter(encounter_id, EncounterStatus.CODED)


def _decided(books: Books, encounter_id: str) -> list[list[str]]:
    return [[d.system, d.code, d.decision, d.reason, d.actor] for d in books.decisions(encounter_id)]


@use_case("encounter.sign")
def sign(desk: Desk, books: Books, encounter_id: str, signature: SignatureIn) -> SignatureView:
    """Sign the coding: charges, the claim for the first payer (or the guarantor's account), and their entries."""
    view = sign_visit(desk, books, encounter_id, signature, desk.today(books))
    return _scrubbed(desk, books, view) if view.claim_id else view


def _scrubbed(desk: Desk, books: Books, view: SignatureView) -> SignatureView:
    """The signature with what the edits say of its claims: the coder, who has the note open, is told first."""
    from serving.desk.billing import scrub_one  # which builds on this module

    for held in books.claims(ClaimState.HELD, encounter_id=view.encounter_id):
        scrub_one(desk, books, held.claim, desk.today(books))
    standing = books.standing_claim(view.claim_id)
    score = shown(books.latest_scores([view.claim_id]).get(view.claim_id))
    return view.model_copy(
        update={
            "claim_state": str(standing.state),
            "findings": [*view.findings, *findings_view(standing.findings)],
            "risk": risk_of(score),
            "risk_reasons": [reason.words for reason in risk_reasons(score) if reason.points > 0],
            "what_if": what_if_words(score),
        }
    )


def _assigned(desk: Desk, books: Books, encounter_id: str, signature: SignatureIn) -> SignedEncounter:
    evidence = {
        (s.system, s.code): s.spans for s in _suggestion_views(books, encounter_id) if s.decision in ("accept", "add")
    }
    accepted = [code for system, code in evidence if system == CodeSystem.ICD10CM]
    procedures = signature.procedures or [
        ProcedureIn(code=code) for system, code in evidence if system != CodeSystem.ICD10CM
    ]
    by = desk.actor.login
    diagnoses = tuple(
        AssignedCode(CodeSystem.ICD10CM, code, by) for code in dict.fromkeys(signature.diagnoses or accepted)
    )
    return SignedEncounter(
        books.encounter(encounter_id),
        diagnoses,
        tuple(
            AssignedCode(
                CodeSystem.CPT if p.code[0].isdigit() else CodeSystem.HCPCS, p.code, by,
                modifiers=tuple(p.modifiers), units=p.units, pointers=tuple(p.pointers),
            )
            for p in procedures
        ),
        by,
    )  # fmt: skip


def sign_visit(desk: Desk, books: Books, encounter_id: str, signature: SignatureIn, on: date) -> SignatureView:
    """The signature's work inside an open transaction. Findings that hinder are returned and nothing is signed."""
    if books.visit(encounter_id).status not in (EncounterStatus.OPEN, EncounterStatus.CODED):
        raise Conflict("the visit is signed already", mend="mend the claim instead")
    if waiting := still_open(books.queries(encounter_id)):
        return _not_signed(books, encounter_id, [_query_finding(query) for query in waiting])
    signed = _assigned(desk, books, encounter_id, signature)
    taken = capture(signed, books.chargemaster(), books.new_id)
    if not taken.charges:
        return _not_signed(books, encounter_id, taken.findings)
    for query in books.queries(encounter_id):
        if query.state is QueryState.ANSWERED:  # who signs has the answer before them
            books.save_query(settled(query))
    books.sign(signed, on)
    books.log(desk.actor, "encounter.sign", encounter_id, before=_decided(books, encounter_id), after=signed)
    books.step_encounter(encounter_id, EncounterStatus.SIGNED)
    built = bill_visit(desk, books, signed.encounter, taken, signature, on)
    advise(desk, books, built.claims)
    claim = built.claims[0] if built.claims else None
    return SignatureView(
        encounter_id=encounter_id,
        status=books.visit(encounter_id).status,
        claim_id=claim.id if claim else "",
        claim_number=claim.number if claim else "",
        claim_state=books.standing_claim(claim.id).state if claim else "",
        charges=len(taken.charges),
        total=amount_text(sum(c.amount for c in taken.charges)),
        findings=findings_view((*taken.findings, *built.findings)),
    )


def _not_signed(books: Books, encounter_id: str, findings: Sequence[Finding]) -> SignatureView:
    return SignatureView(
        encounter_id=encounter_id, status=books.visit(encounter_id).status, charges=0, total="0.00",
        findings=findings_view(findings),
    )  # fmt: skip


def _query_finding(query: ProviderQuery) -> Finding:
    return Finding(
        "query-open",
        Severity.ERROR,
        "a query to the provider is not answered",
        query.code,
        "record the answer, or withdraw the query",
    )


@use_case("encounter.close")
def close(desk: Desk, books: Books, encounter_id: str, wish: CloseIn) -> EncounterView:
    """End a visit without a charge, with the reason: every visit ends in a charge or in a reason why there is none."""
    visit = books.visit(encounter_id)
    if visit.status not in (*_WAITING, EncounterStatus.SIGNED):  # signed alone: nothing was charged yet
        raise Conflict("the visit is signed already", mend="write the charges off, or void the claim")
    if still_open(books.queries(encounter_id)):
        raise Conflict("a query to the provider is not answered", mend="record the answer, or withdraw the query")
    _step(desk, books, encounter_id, EncounterStatus.CLOSED, wish.reason, "encounter.close")
    return read_view(desk, books, encounter_id)


@use_case("encounter.close")
def reopen(desk: Desk, books: Books, encounter_id: str, wish: ReopenIn) -> EncounterView:
    """Take up a visit again that was closed without a charge."""
    if books.visit(encounter_id).status is not EncounterStatus.CLOSED:
        raise Conflict("the visit is not closed", mend="look at the worklist")
    _step(desk, books, encounter_id, EncounterStatus.OPEN, wish.reason, "encounter.close")
    return read_view(desk, books, encounter_id)


def _step(desk: Desk, books: Books, encounter_id: str, to: EncounterStatus, reason: str, action: str) -> None:
    before = books.visit(encounter_id)
    books.step_encounter(encounter_id, to, reason)
    was, now = ([v.status, v.reason] for v in (before, books.visit(encounter_id)))
    books.log(desk.actor, action, encounter_id, reason=f"{to}: {reason}", before=was, after=now)


def claim_numbers(books: Books) -> Iterator[str]:
    """Fresh claim numbers of this practice, never given twice."""
    mark = books.practice().mark
    while True:
        yield claim_number(mark, books.next_claim_serial())


def registration(books: Books, encounter: Encounter) -> claim_build.Registration:
    """What registration knows of a visit."""
    coverages = books.coverages(encounter.patient_id)
    return claim_build.Registration(
        practice=books.practice(),
        patient=books.patient(encounter.patient_id),
        coverages=coverages,
        location=books.location(encounter.location_id),
        providers={p.id: p for p in books.providers()},
        payers={p.id: p for p in books.payers()},
        authorizations=tuple(books.authorizations(encounter.patient_id)),
        answers=books.payer_answers(coverage.id for coverage in coverages),
    )


def bill_visit(
    desk: Desk, books: Books, encounter: Encounter, taken: Capture, signature: SignatureIn, on: date
) -> claim_build.Built:
    """Charges become claims (kept as held until they are scrubbed) or the guarantor's; the charges are posted."""
    known = registration(books, encounter)
    built = claim_build.build_claims(
        taken, encounter, known, claim_numbers(books), books.new_id, on,
        authorization=signature.authorization_number, referral=signature.referral,
    )  # fmt: skip
    debtor = first_debtor(built, known.patient)
    if debtor is None:
        return built
    books.save_charges(taken.charges)
    cause = Cause(f"person {desk.actor.login}", encounter.id, "coding signed")
    books.append_entries([posting.post_charge(c, debtor, books.new_id(), on, cause) for c in taken.charges])
    for claim in built.claims:
        books.save_claim(claim, ClaimState.HELD)
    books.step_encounter(encounter.id, EncounterStatus.CHARGED)
    return built
