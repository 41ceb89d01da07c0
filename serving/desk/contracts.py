"""Contracts at work: their clauses and vectors, what a claim should pay, the estimate before the visit, underpayments.

A contract file enters the books only when nothing in it is wrong and every vector holds to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from billing_core import underpayment
from billing_core.accumulator import Accumulators
from billing_core.adjudication import Decision, adjudicate
from billing_core.claim import Claim, ClaimLine, ClaimState, Frequency
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.contract_check import VectorResult, check_vectors
from billing_core.contract_file import read
from billing_core.contract_words import clauses
from billing_core.eligibility import check_coverage
from billing_core.errors import ContractError
from billing_core.estimate import GoodFaithEstimate, GoodFaithLine, PlannedService, estimate, good_faith_estimate
from billing_core.money import Cents, amount_text, parse_amount
from billing_core.pricing import Step
from billing_core.refusal import PayerFacts
from billing_core.registration import Coverage
from billing_core.remittance import Group
from billing_core.rule import Finding, Severity
from serving.desk.case import Desk, use_case
from serving.desk.coding import findings_view
from serving.desk.contradicted import answers_in_force
from serving.errors import InputError, NotFound
from serving.schemas.contracts import (
    ClauseTotalView,
    ClauseView,
    ContractCheck,
    ContractIn,
    ContractItem,
    ContractView,
    CoverageOption,
    EstimateIn,
    EstimateView,
    PatientOption,
    PlannedIn,
    ReckonedLine,
    ReckoningView,
    ShortfallView,
    StepView,
    UnderpaymentsView,
    VectorView,
    WhatIfIn,
)

if TYPE_CHECKING:
    from serving.store.books import Books

UNKNOWN_DIAGNOSIS = "Z00.00"  # stands in where an estimate names none
_ANSWERED = [s for s in ClaimState if s not in (ClaimState.HELD, ClaimState.READY, ClaimState.REJECTED)]


# --- contracts --------------------------------------------------------------------------------------------------------


@use_case("contract.read")
def contracts(desk: Desk, books: Books) -> list[ContractItem]:
    """Every contract, by payer and first day."""
    names = {payer.id: payer.name for payer in books.payers()}
    return [
        ContractItem(
            payer_id=c.payer_id,
            payer=names.get(c.payer_id, c.payer_id),
            name=c.name,
            effective=c.effective.isoformat(),
            terminated=c.terminated.isoformat() if c.terminated else "",
            clauses=sum(1 for _ in clauses(c)),
            vectors=len(c.vectors),
        )
        for c in books.contracts()
    ]


@use_case("contract.read")
def read_contract(desk: Desk, books: Books, payer_id: str, on: date | None = None) -> ContractView:
    """The contract in force with the payer on the day (today when left out), its clauses, and its vectors, run."""
    found = books.contract(payer_id, on or desk.today(books))
    return ContractView(
        payer_id=found.payer_id,
        payer=books.payer(payer_id).name,
        name=found.name,
        effective=found.effective.isoformat(),
        terminated=found.terminated.isoformat() if found.terminated else "",
        clauses=[ClauseView(clause=clause, words=words) for clause, words in clauses(found)],
        vectors=[_vector_view(result) for result in check_vectors(found, desk.tables)],
    )


def _vector_view(result: VectorResult) -> VectorView:
    return VectorView(
        name=result.vector.name,
        source=result.vector.source,
        published=result.vector.published,
        holds=result.holds,
        differences=list(result.differences),
        reasons=list(result.decision.reasons) if result.decision else [result.error],
    )


def _checked(desk: Desk, text: str) -> tuple[Contract | None, ContractCheck]:
    found = read(text.encode())
    results = check_vectors(found.contract, desk.tables) if found.contract is not None else ()
    sound = found.contract is not None and all(result.holds for result in results)
    check = ContractCheck(
        sound=sound,
        saved=False,
        findings=findings_view(found.findings),
        vectors=[_vector_view(result) for result in results],
    )
    return found.contract if sound else None, check


@use_case("contract.read")
def check_contract(desk: Desk, books: Books, given: ContractIn) -> ContractCheck:
    """What is wrong with a contract file and which of its vectors fail; nothing is kept."""
    return _checked(desk, given.text)[1]


@use_case("contract.write")
def save_contract(desk: Desk, books: Books, given: ContractIn) -> ContractCheck:
    """Put a contract file in force, when nothing is wrong with it. `payer` is the payer's id or electronic number."""
    contract, check = _checked(desk, given.text)
    if contract is None:
        return check
    payer = next((p for p in books.payers() if contract.payer_id in (p.id, p.number)), None)
    if payer is None:
        raise InputError(
            "no payer of that id or number", field="payer", mend="register the payer, or correct its number"
        )
    books.save_contract(replace(contract, payer_id=payer.id))
    return check.model_copy(update={"saved": True})


# --- what a claim should pay ------------------------------------------------------------------------------------------


def used_before(books: Books, coverage: Coverage, contract: Contract, claim: Claim) -> Accumulators:
    """What the practice's own answered claims of the benefit year have used, this claim's answer left out.

    Others' claims are not known here: a share that differs for that reason is shown as moved, never as underpaid.
    """
    plan = contract.plan(coverage.plan)
    used = Accumulators(coverage.id, plan.benefit_year(claim.service_date))
    for standing in books.claims(_ANSWERED, patient_id=coverage.patient_id):
        other = standing.claim
        same_year = plan.benefit_year(other.service_date) == used.benefit_year
        if other.id == claim.id or other.coverage.id != coverage.id or not same_year:
            continue
        for stored in books.answers(other.id):
            used = used.after(stored.payment, plan)
    return _not_below_nothing(used)


def _not_below_nothing(used: Accumulators) -> Accumulators:
    """A reversal whose first payment came before our books began takes nothing below zero."""
    return replace(
        used,
        deductible_used=max(0, used.deductible_used),
        out_of_pocket_used=max(0, used.out_of_pocket_used),
        family_deductible_used=max(0, used.family_deductible_used),
        family_out_of_pocket_used=max(0, used.family_out_of_pocket_used),
        services={name: max(0, count) for name, count in used.services.items()},
    )


def decide(desk: Desk, books: Books, claim: Claim, received_on: date) -> tuple[Contract, Decision]:
    """The claim by its contract, as of the day the payer had it."""
    contract = books.contract(claim.payer.id, claim.service_date)
    used = used_before(books, claim.coverage, contract, claim)
    facts = PayerFacts(authorizations=tuple(books.authorizations(claim.patient.id)))
    return contract, adjudicate(claim, claim.coverage, contract, used, desk.tables, received_on, facts)


def _changed(claim: Claim, given: WhatIfIn) -> Claim:
    changes = {change.line: change for change in given.lines}
    unknown = sorted(set(changes) - {line.number for line in claim.lines})
    if unknown:
        raise InputError("the claim has no such line", field="lines", place=str(unknown[0]), mend="name a line of it")
    lines = tuple(
        line
        if (c := changes.get(line.number)) is None
        else replace(
            line,
            procedure=c.procedure or line.procedure,
            modifiers=line.modifiers if c.modifiers is None else tuple(c.modifiers),
            units=c.units or line.units,
        )
        for line in claim.lines
    )
    return replace(
        claim,
        lines=lines,
        authorization=claim.authorization if given.authorization is None else given.authorization,
        referral=claim.referral if given.referral is None else given.referral,
    )


@use_case("contract.read")
def what_if(desk: Desk, books: Books, claim_id: str, given: WhatIfIn) -> ReckoningView:
    """What the claim should pay by its contract, as it is or with something changed. Nothing is kept."""
    standing = books.standing_claim(claim_id)
    claim = _changed(standing.claim, given)
    contract, decision = decide(desk, books, claim, standing.row.submitted_on or desk.today(books))
    return ReckoningView(
        claim_id=claim_id,
        contract=contract.name or claim.payer.name,
        charge=amount_text(decision.payment.charge),
        paid=amount_text(decision.payment.paid),
        patient=amount_text(decision.payment.patient_responsibility),
        lines=_reckoned(decision),
    )


def _reckoned(decision: Decision) -> list[ReckonedLine]:
    return [
        ReckonedLine(
            number=line.number,
            procedure=service.procedure,
            charge=amount_text(service.charge),
            allowed=amount_text(line.allowed),
            paid=amount_text(service.paid),
            patient=amount_text(sum(a.amount for a in service.adjustments if a.group is Group.PATIENT)),
            refused=line.refused,
            steps=[_step(step) for step in (*line.pricing, *line.sharing)],
            words=line.reason,
        )
        for line, service in zip(decision.lines, decision.payment.services, strict=True)
    ]


def _step(step: Step) -> StepView:
    return StepView(clause=step.clause, words=step.words, amount=amount_text(step.amount))


# --- the estimate -----------------------------------------------------------------------------------------------------


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("not a date", field=field, mend="write it as 2026-04-07") from None


def _planned(desk: Desk, books: Books, given: EstimateIn, coverage: Coverage, services: Sequence[PlannedIn]) -> Claim:
    """The planned services as the claim they would become."""
    on, prices = _day(given.service_date, "service_date"), books.chargemaster()
    lines = []
    for number, service in enumerate(services, start=1):
        price = prices.price(service.procedure, on)
        if price is None:
            raise InputError("no price on that day", field="services", place=service.procedure, mend="add the price")
        amount = price * service.units
        code, modifiers = service.procedure, tuple(service.modifiers)
        lines.append(ClaimLine(number, f"L{number}", "", code, modifiers, service.units, (1,), amount, on))
    provider, location = next(iter(books.providers()), None), next(iter(books.locations()), None)
    if provider is None or location is None:
        raise InputError("the practice has no provider or no location", field="practice", mend="register one")
    return Claim(
        id="",
        number="ESTIMATE",
        frequency=Frequency.ORIGINAL,
        rank=1,
        encounter_id="",
        practice=books.practice(),
        payer=books.payer(coverage.payer_id),
        coverage=coverage,
        patient=books.patient(given.patient_id),
        rendering=provider,
        location=location,
        diagnoses=tuple(given.diagnoses) or (UNKNOWN_DIAGNOSIS,),
        lines=tuple(lines),
        created_on=on,
    )


@use_case("estimate.make")
def patients(desk: Desk, books: Books, find: str = "") -> list[PatientOption]:
    """Patients to estimate for, by last name or record number, with their coverages."""
    found = books.find_patients(find)
    payers = {payer.id: payer.name for payer in books.payers()}
    coverages = books.coverages_of(patient.id for patient in found)
    return [
        PatientOption(
            patient_id=patient.id,
            name=f"{patient.name.last}, {patient.name.first}",
            birth_date=patient.birth_date.isoformat(),
            record_number=patient.record_number,
            coverages=[_option(each, payers) for each in coverages.get(patient.id, ())],
        )
        for patient in found
    ]


def _option(coverage: Coverage, payers: Mapping[str, str]) -> CoverageOption:
    named = (payers.get(coverage.payer_id, coverage.payer_id), coverage.plan, f"member {coverage.member_id}")
    return CoverageOption(
        id=coverage.id,
        words=", ".join(part for part in named if part),
        effective=coverage.effective.isoformat(),
        terminated=coverage.terminated.isoformat() if coverage.terminated else "",
    )


def _estimated_by(books: Books, given: EstimateIn, on: date) -> Coverage:
    """The coverage asked for, or the one that pays first that day."""
    coverages = books.coverages(given.patient_id)
    if given.coverage_id:
        coverages = tuple(each for each in coverages if each.id == given.coverage_id)
        if not coverages:
            raise NotFound("coverage")
    coverage = check_coverage(coverages, on, books.payer_answers(each.id for each in coverages)).first
    if coverage is None:
        raise InputError(
            "no coverage is active on that day",
            field="coverage_id" if given.coverage_id else "patient_id",
            mend="choose another day or coverage, or make a good-faith estimate for self-pay",
        )
    return coverage


@use_case("estimate.make")
def make_estimate(desk: Desk, books: Books, given: EstimateIn) -> EstimateView:
    """What the patient will owe for planned services, with its bounds."""
    on = _day(given.service_date, "service_date")
    books.patient(given.patient_id)
    if given.self_pay:
        return _self_pay(desk, books, given, on)
    coverage = _estimated_by(books, given, on)
    planned = _planned(desk, books, given, coverage, given.services)
    instead = [_planned(desk, books, given, coverage, given.instead)] if given.instead else []
    contract = books.contract(coverage.payer_id, on)
    tables = desk.tables if given.diagnoses else Tables.empty()
    made = estimate(planned, coverage, contract, _known(books, given, contract, planned), tables, instead)
    because = list(made.because)
    if not given.diagnoses:
        because.append("no diagnosis is given: whether it supports the services is not checked")
    return EstimateView(
        payer=planned.payer.name,
        on=made.on.isoformat(),
        likely=amount_text(made.likely),
        low=amount_text(made.low),
        high=amount_text(made.high),
        payer_pays=amount_text(made.payer_pays),
        because=because,
        lines=_reckoned(made.decision),
    )


def _known(books: Books, given: EstimateIn, contract: Contract, planned: Claim) -> Accumulators | None:
    """What the payer said has been used; None when it was not asked, for our own claims tell only part of it."""
    if given.deductible_used is None:
        return None
    deductible = parse_amount(given.deductible_used)
    out_of_pocket = parse_amount(given.out_of_pocket_used or given.deductible_used)
    ours = used_before(books, planned.coverage, contract, planned)
    return replace(ours, deductible_used=deductible, out_of_pocket_used=out_of_pocket)


def _good_faith(
    desk: Desk, books: Books, given: EstimateIn, on: date, planned: Sequence[PlannedIn]
) -> GoodFaithEstimate:
    patient, provider = books.patient(given.patient_id), next(iter(books.providers()), None)
    if provider is None:
        raise InputError("the practice has no provider", field="practice", mend="register one")
    services = [PlannedService(s.procedure, s.description or desk.tables.title(s.procedure), s.units) for s in planned]
    return good_faith_estimate(
        books.practice(), provider, patient, services, given.diagnoses, on, desk.today(books), books.chargemaster()
    )


def _self_pay(desk: Desk, books: Books, given: EstimateIn, on: date) -> EstimateView:
    """Who pays alone owes the practice's own prices; the bounds are the visit with other codes."""
    made = _good_faith(desk, books, given, on, given.services)
    totals, because = [made.total], ["the patient pays alone: the practice's own prices, no payer's contract"]
    if given.instead:
        totals.append(_good_faith(desk, books, given, on, given.instead).total)
        because.append(f"or it becomes {', '.join(service.procedure for service in given.instead)}")
    because.append(f"a bill of {amount_text(made.disputable_from)} or more may be disputed (45 CFR 149.620)")
    return EstimateView(
        payer="",
        on=on.isoformat(),
        likely=amount_text(made.total),
        low=amount_text(min(totals)),
        high=amount_text(max(totals)),
        payer_pays=amount_text(0),
        because=because,
        lines=[_priced(number, line) for number, line in enumerate(made.lines, start=1)],
    )


def _priced(number: int, line: GoodFaithLine) -> ReckonedLine:
    amount, price = amount_text(line.amount), amount_text(line.amount // line.service.units)
    words = f"price {price} x {line.service.units}"
    return ReckonedLine(
        number=number,
        procedure=line.service.procedure,
        charge=amount,
        allowed=amount,
        paid=amount_text(0),
        patient=amount,
        refused="",
        steps=[StepView(clause="chargemaster", words=words, amount=amount)],
        words=f"{words} = {amount}, all of it the patient's",
    )


@use_case("estimate.make")
def good_faith_pdf(desk: Desk, books: Books, given: EstimateIn) -> bytes:
    """The good-faith estimate for a patient who pays alone, as the PDF that is handed over (45 CFR 149.610)."""
    from serving.good_faith_pdf import good_faith_pdf as draw

    return draw(_good_faith(desk, books, given, _day(given.service_date, "service_date"), given.services))


# --- underpayments ----------------------------------------------------------------------------------------------------


def _compared(desk: Desk, books: Books) -> Iterator[tuple[Claim, underpayment.Comparison]]:
    for standing in books.claims(_ANSWERED):
        claim = standing.claim
        answers = answers_in_force(books, claim.id)
        if not answers:
            continue
        try:
            contract, decision = decide(desk, books, claim, standing.row.submitted_on or claim.created_on)
        except (ContractError, NotFound) as error:
            where = f"claim {claim.number}"
            found = Finding("underpayment-not-compared", Severity.NOT_CHECKED, error.message, where, error.mend)
            yield claim, underpayment.Comparison((), (found,))
            continue
        yield claim, underpayment.compare(claim.payer.id, contract, decision, answers[-1].payment)


@use_case("contract.read")
def underpayments(desk: Desk, books: Books) -> UnderpaymentsView:
    """Every answered claim against its contract: what is missing, by payer and clause, and line by line."""
    names = {payer.id: payer.name for payer in books.payers()}
    compared = 0
    lines: list[ShortfallView] = []
    findings: list[Finding] = []
    shortfalls: list[underpayment.Shortfall] = []
    for claim, comparison in _compared(desk, books):
        compared += not comparison.findings
        findings += comparison.findings
        shortfalls += comparison.shortfalls
        lines += [_shortfall_view(claim, one) for one in comparison.shortfalls]
    groups = underpayment.by_payer_and_clause(shortfalls)
    return UnderpaymentsView(
        compared=compared,
        total=amount_text(sum(g.amount for g in groups)),
        groups=[
            ClauseTotalView(
                payer=names.get(g.payer_id, g.payer_id),
                clause=g.clause,
                lines=g.lines,
                amount=amount_text(g.amount),
                denied_lines=g.denied_lines,
                denied_amount=amount_text(g.denied_amount),
            )
            for g in groups
        ],
        lines=lines,
        findings=findings_view(findings),
    )


def _shortfall_view(claim: Claim, one: underpayment.Shortfall) -> ShortfallView:
    amounts: dict[str, Cents] = {
        "expected_paid": one.expected_paid,
        "paid": one.paid,
        "amount": one.amount,
        "moved_to_patient": one.moved,
    }
    return ShortfallView(
        claim_id=claim.id,
        claim_number=claim.number,
        payer=claim.payer.name,
        line=one.line,
        procedure=one.procedure,
        clause=one.clause,
        denied=one.denied,
        words=one.words,
        **{name: amount_text(amount) for name, amount in amounts.items()},
    )
