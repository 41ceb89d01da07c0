"""The coder's work: worklist, note with suggestions and evidence, one key per decision, signature.

A decision is kept the moment it is made, so a refresh loses nothing. Signing turns accepted codes into charges, claims
and their first ledger entries; it is the only door from a suggestion to a claim, and only a coder may pass it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from billing_core import claim_build, posting
from billing_core.charge import Capture, capture
from billing_core.claim import ClaimState
from billing_core.codesets.tables import Tables, Verdict
from billing_core.cycle import first_debtor
from billing_core.encounter import AssignedCode, CodeSystem, Encounter, SignedEncounter
from billing_core.identifiers import claim_number
from billing_core.ledger import Cause
from billing_core.money import amount_text
from billing_core.registration import PersonName
from billing_core.rule import Finding
from serving.desk.case import Desk, use_case
from serving.errors import Conflict, InputError, NoModel
from serving.schemas.coding import (
    CounterView,
    DecisionIn,
    EncounterItem,
    EncounterView,
    FindingView,
    ProcedureIn,
    SignatureIn,
    SignatureView,
    SpanView,
    SuggestionView,
)
from serving.store.states import CodeDecision, EncounterStatus

if TYPE_CHECKING:
    from serving.store.books import Books

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
    visits = [visit for one in wanted for visit in books.encounters(one, limit=limit)]
    for visit in sorted(visits, key=lambda v: (v.encounter.service_date, v.encounter.id))[:limit]:
        encounter = visit.encounter
        run = books.latest_suggestion(encounter.id)
        items.append(
            EncounterItem(
                id=encounter.id,
                service_date=encounter.service_date.isoformat(),
                patient=full_name(books.patient(encounter.patient_id).name),
                provider=full_name(books.provider(encounter.provider_id).name),
                status=visit.status,
                suggested=len(run.body["codes"]) if run else 0,
                decided=len(books.decisions(encounter.id)),
            )
        )
    return items


def _view(desk: Desk, books: Books, encounter_id: str) -> EncounterView:
    visit = books.visit(encounter_id)
    encounter = visit.encounter
    patient, provider = books.patient(encounter.patient_id), books.provider(encounter.provider_id)
    covered = sorted(
        (c for c in books.coverages(patient.id) if c.active(encounter.service_date)), key=lambda c: (c.rank, c.id)
    )
    run = books.latest_suggestion(encounter_id)
    claims = books.claims(encounter_id=encounter_id)
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
        suggestions=[
            view if view.title else view.model_copy(update={"title": desk.tables.title(view.code)})
            for view in _suggestion_views(books, encounter_id)
        ],
        findings=findings_view(claims[-1].findings) if claims else [],
        claim_id=claims[-1].claim.id if claims else "",
        claim_number=claims[-1].claim.number if claims else "",
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
    return _view(desk, books, encounter_id)


def age_on(born: date, on: date) -> int:
    """Whole years of age on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def run_suggester(desk: Desk, books: Books, encounter: Encounter) -> None:
    """Run the suggester in service over the visit's note and keep what it says."""
    served = desk.shelf.model(books, "coding")
    if served.model is None:
        raise NoModel("no code suggester is in service", mend="cleanclaim model activate --kind coding --dir DIR")
    patient = books.patient(encounter.patient_id)
    age = age_on(patient.birth_date, encounter.service_date)
    text = books.note_text(encounter.id)
    found = served.model.suggest(text, encounter.setting, encounter.service_date, age, patient.sex)
    books.add_suggestion(encounter.id, served.sha256, found)
    read = {"note": encounter.note_sha256, "model": served.sha256}
    books.log(desk.actor, "note.suggest", encounter.id, before=read, after=found)


@use_case("note.suggest")
def suggest(desk: Desk, books: Books, encounter_id: str) -> EncounterView:
    """Suggest codes for the note; the same note and artifact are read once."""
    if books.latest_suggestion(encounter_id) is None:
        run_suggester(desk, books, books.encounter(encounter_id))
    return _view(desk, books, encounter_id)


@use_case("code.decide")
def decide(desk: Desk, books: Books, encounter_id: str, decision: DecisionIn) -> EncounterView:
    """One key: accept, reject, add or undo. Kept at once."""
    visit = books.visit(encounter_id)
    if visit.status not in (EncounterStatus.OPEN, EncounterStatus.CODED):
        raise Conflict("the visit is signed already", mend="mend the claim instead")
    if decision.decision == "add":
        _check_added(desk.tables, decision, visit.encounter.service_date)
    enter_decisions(desk, books, encounter_id, [decision])
    return _view(desk, books, encounter_id)


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
    findings = [*view.findings, *findings_view(standing.findings)]
    return view.model_copy(update={"claim_state": str(standing.state), "findings": findings})


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
    signed = _assigned(desk, books, encounter_id, signature)
    taken = capture(signed, books.chargemaster(), books.new_id)
    if not taken.charges:
        return SignatureView(
            encounter_id=encounter_id, status=books.visit(encounter_id).status, charges=0, total="0.00",
            findings=findings_view(taken.findings),
        )  # fmt: skip
    books.sign(signed, on)
    books.log(desk.actor, "encounter.sign", encounter_id, before=_decided(books, encounter_id), after=signed)
    books.step_encounter(encounter_id, EncounterStatus.SIGNED)
    built = bill_visit(desk, books, signed.encounter, taken, signature, on)
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


def claim_numbers(books: Books) -> Iterator[str]:
    """Fresh claim numbers of this practice, never given twice."""
    mark = books.practice().mark
    while True:
        yield claim_number(mark, books.next_claim_serial())


def registration(books: Books, encounter: Encounter) -> claim_build.Registration:
    """What registration knows of a visit."""
    return claim_build.Registration(
        practice=books.practice(),
        patient=books.patient(encounter.patient_id),
        coverages=tuple(books.coverages(encounter.patient_id)),
        location=books.location(encounter.location_id),
        providers={p.id: p for p in books.providers()},
        payers={p.id: p for p in books.payers()},
        authorizations=tuple(books.authorizations(encounter.patient_id)),
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
