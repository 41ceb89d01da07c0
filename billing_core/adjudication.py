"""Adjudication: what a payer owes for a claim by contract, and what is left to the patient, to the cent.

Three uses: the patient's estimate before the visit, the search for underpayment after the remittance, and the simulated
payer. Each line is first held against the reasons to refuse, in the written ORDER; the first that holds is the answer.
The lines that none refuses are priced together (pricing.py); then, line by line: the plan's limit, copay, deductible
and coinsurance up to the out-of-pocket maximum, what an earlier payer has done (coordination.py), and the reductions of
the payer's own payment. Every step is kept with its clause; words are made when asked for.
Sources: 005010X221A1 (835) section 1.10.2 for balancing and coordination of benefits; X12 external code list 139 (CARC)
and 411 (RARC) for code numbers, described here in our own words; 45 CFR 156.130 for the limit on cost sharing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from billing_core.accumulator import Accumulators, Used
from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.codesets.tables import Tables, Verdict
from billing_core.contract import BenefitPlan, Contract, ServiceShare
from billing_core.coordination import (
    COINSURANCE,
    COPAY,
    DEDUCTIBLE,
    Shares,
    after_earlier_payers,
    earlier,
)
from billing_core.errors import ContractError
from billing_core.money import Cents, amount_text, times
from billing_core.pricing import Priced, Step, percent_text, price
from billing_core.refusal import (
    LIMIT_REACHED,
    NOT_INSURED,
    ORDER,
    Case,
    PayerFacts,
    Reason,
    Refusal,
    Refusals,
    line_key,
)
from billing_core.registration import Coverage
from billing_core.remittance import Adjustment, ClaimPayment, Group, ServicePayment

CONTRACTUAL_REDUCTION, PRIOR_PAYER_IMPACT = "45", "23"  # CARC: the fee schedule's cut; what the earlier payer did
ABOVE_CHARGE = "94"  # CARC: allowed above the charge
# CLP06 has a list of its own: the commercial (CI) and Blue plans (BL) of the 837 are said by the kind of plan.
_FILING = {"CI": "15", "BL": "12"}
NOT_RECOGNIZED = "4"  # CLP02: only where the payer does not know the patient; other denials keep 1, 2 or 3


class LineDecision(NamedTuple):
    """How one line was decided: refused for a reason (its id in ORDER), or priced and shared step by step."""

    number: int
    refused: str = ""
    words: str = ""
    pricing: tuple[Step, ...] = ()
    sharing: tuple[Step, ...] = ()
    allowed: Cents = 0
    paid: Cents = 0

    @property
    def reason(self) -> str:
        """The whole line in one sentence, amounts included."""
        if self.refused:
            return f"line {self.number}: {self.words}"
        how = ", ".join(step.words for step in self.pricing)
        parts = [f"allowed {amount_text(self.allowed)} ({how})", *(step.words for step in self.sharing)]
        parts.append(f"paid {amount_text(self.paid)}")
        return f"line {self.number}: " + "; ".join([*parts, self.words] if self.words else parts)


@dataclass(frozen=True, slots=True)
class Decision:
    """The payer's answer, the accumulators after it, and how each line was decided, in line order."""

    payment: ClaimPayment
    accumulators: Accumulators
    lines: tuple[LineDecision, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Each line's reasons in plain words."""
        return tuple(line.reason for line in self.lines)


def adjudicate(
    claim: Claim,
    coverage: Coverage | None,
    contract: Contract,
    accumulators: Accumulators,
    tables: Tables,
    received_on: date,
    facts: PayerFacts,
) -> Decision:
    """What the payer answers to `claim` received on `received_on`. Balances at every line and at the claim.

    `coverage` is the payer's own record of the member (None: not found). Raises ContractError when the terms are not
    in force on the first date of service, lack a rate or the plan that is asked for, when the accumulators are of
    another coverage or year, for a negative charge or no unit, and for a void (payers reverse those: `take_back`).
    """
    plan = _plan(contract, coverage)
    _refuse_misuse(claim, coverage, contract, accumulators, plan)
    case = _case(claim, coverage, contract, tables, received_on, facts, plan, Used(accumulators))
    refused, priced = _judged(case)
    services: list[ServicePayment] = []
    lines: list[LineDecision] = []
    for line in claim.lines:
        if line.number in refused:
            reason, refusal = refused[line.number]
            words = f"refused, {reason.sentence} ({refusal.group}-{refusal.reason})"
            services.append(_denied(line, refusal))
            lines.append(LineDecision(line.number, reason.id, words))
        else:
            service, decided = _shared(case, line, priced[line.number])
            services.append(service)
            lines.append(decided)
    return Decision(_payment(claim, services, received_on, facts.reference), case.used.accumulators(), tuple(lines))


def deny_lines(claim: Claim, refusals: Refusals, received_on: date | None = None, reference: str = "") -> ClaimPayment:
    """The answer that refuses every line of the claim, each for the reason given by line number. Balanced.

    Raises ContractError when a line has no reason: a claim refused in part goes through `adjudicate` with
    `PayerFacts.imposed`, because its other lines must be priced.
    """
    silent = [line.number for line in claim.lines if line.number not in refusals]
    if silent:
        raise ContractError(
            "a line without a reason", where=f"line {silent[0]}", mend="refuse every line, or use PayerFacts.imposed"
        )
    services = [_denied(line, Refusal(*refusals[line.number])) for line in claim.lines]
    return _payment(claim, services, received_on, reference)


def take_back(payment: ClaimPayment) -> ClaimPayment:
    """The reversal of an answer (CLP02 = 22): the same reasons with every amount negated (X221A1 1.10.2.8)."""

    def negated(adjustments: Iterable[Adjustment]) -> tuple[Adjustment, ...]:
        return tuple(replace(a, amount=-a.amount) for a in adjustments)

    services = tuple(
        replace(s, charge=-s.charge, paid=-s.paid, allowed=None, adjustments=negated(s.adjustments))
        for s in payment.services
    )
    return replace(
        payment,
        status="22",
        charge=-payment.charge,
        paid=-payment.paid,
        patient_responsibility=-payment.patient_responsibility,
        adjustments=negated(payment.adjustments),
        services=services,
        interest=-payment.interest,
    )


def _plan(contract: Contract, coverage: Coverage | None) -> BenefitPlan | None:
    """The plan of the coverage; None while the patient or the plan is not known (pricing then asks for it)."""
    if coverage is None:
        return None
    return next((plan for plan in contract.plans if plan.plan == coverage.plan), None)


def _refuse_misuse(
    claim: Claim, coverage: Coverage | None, contract: Contract, accumulators: Accumulators, plan: BenefitPlan | None
) -> None:
    if claim.frequency is Frequency.VOID:
        raise ContractError("a void is not adjudicated", mend="take back the claim it names (take_back)")
    for line in claim.lines:
        if line.amount < 0 or line.units < 1:
            raise ContractError(
                "a negative charge or no unit has no price",
                where=f"line {line.number}",
                mend="reject the claim before adjudication (277CA)",
            )
    if coverage is None:
        return
    if not contract.covers(claim.service_date):
        raise ContractError(
            f"the contract is not in force on {claim.service_date.isoformat()}, the date of service",
            where=f"payer {contract.payer_id}, in force from {contract.effective.isoformat()}"
            + (f" to {contract.terminated.isoformat()}" if contract.terminated else ""),
            mend="load the terms of that day",
        )
    year = claim.service_date.year if plan is None else plan.benefit_year(claim.service_date)
    if (accumulators.coverage_id, accumulators.benefit_year) != (coverage.id, year):
        raise ContractError(
            "accumulators of another coverage or benefit year",
            where=f"payer {contract.payer_id}, accumulators of {accumulators.benefit_year}, benefit year {year}",
            mend="pass those of the coverage and the year of the first date of service",
        )
    used = (accumulators.deductible_used, accumulators.out_of_pocket_used, *accumulators.services.values())
    if min(used) < 0 or min(accumulators.family_deductible_used, accumulators.family_out_of_pocket_used) < 0:
        raise ContractError(
            "an accumulator below zero",
            where=f"payer {contract.payer_id}, accumulators of {accumulators.benefit_year}",
            mend="ask the payer for what the member has used",
        )


def _case(
    claim: Claim,
    coverage: Coverage | None,
    contract: Contract,
    tables: Tables,
    received_on: date,
    facts: PayerFacts,
    plan: BenefitPlan | None,
    used: Used,
) -> Case:
    """What the reasons look at, with what they all ask for made once."""
    repeats = facts.seen or len(claim.lines) > 1
    keys = {line.number: line_key(claim, line) for line in claim.lines} if repeats else {}
    shares: dict[str, ServiceShare] = {}
    if plan is not None and plan.services:
        for line in claim.lines:
            share = plan.service(line.procedure)
            if share is not None:
                shares[line.procedure] = share
    return Case(claim, coverage, contract, tables, received_on, facts, plan, used, earlier(claim), keys, shares)


def _judged(case: Case) -> tuple[dict[int, tuple[Reason, Refusal]], dict[int, Priced]]:
    """By line number: the refused lines with their reason, the others with their price."""
    live = [reason for reason in ORDER if reason.applies(case)]
    refused: dict[int, tuple[Reason, Refusal]] = {}
    kept: list[ClaimLine] = []
    for line in case.claim.lines:
        found = _first_refusal(live, case, line)
        if found is not None:
            refused[line.number] = found
            continue
        kept.append(line)
        share = case.service_shares.get(line.procedure)
        if share is not None and share.limit is not None and share.limit.visits is not None:
            case.used.visit(share.name, line.service_date)
    if not kept:
        return refused, {}
    prices = price(
        kept, case.contract, case.tables, case.claim.location.place_of_service, case.claim.rendering.taxonomy
    )
    return refused, {line.number: one for line, one in zip(kept, prices, strict=True)}


def _first_refusal(live: list[Reason], case: Case, line: ClaimLine) -> tuple[Reason, Refusal] | None:
    for reason in live:
        refusal = reason.check(case, line)
        if refusal is not None:
            return reason, refusal
    return None


def _denied(line: ClaimLine, refusal: Refusal) -> ServicePayment:
    """The line paid at zero, its whole charge adjusted for one reason."""
    adjustments = (Adjustment(refusal.group, refusal.reason, line.amount),) if line.amount else ()
    return _service(line, 0, adjustments, refusal.remarks, None)


class _Terms(NamedTuple):
    """The shares that hold for one line: of the plan, or of the service the plan names; and what the limit leaves."""

    name: str
    copay: Cents
    coinsurance: Decimal
    deductible_applies: bool
    room: Cents | None


def _terms(case: Case, plan: BenefitPlan, line: ClaimLine) -> _Terms:
    share = case.service_shares.get(line.procedure)
    if share is None:
        return _Terms("", plan.copay, plan.coinsurance, True, None)
    room = None
    if share.limit is not None and share.limit.visits is None and share.limit.amount is not None:
        used = case.used.before.services.get(share.name, 0) + case.used.services.get(share.name, 0)
        room = max(0, share.limit.amount - used)
    return _Terms(
        share.name,
        plan.copay if share.copay is None else share.copay,
        plan.coinsurance if share.coinsurance is None else share.coinsurance,
        share.deductible_applies,
        room,
    )


def _shares(case: Case, plan: BenefitPlan, terms: _Terms, line: ClaimLine, allowed: Cents) -> Shares:
    """Copay, deductible and coinsurance of that much allowed, stopped by the out-of-pocket maximum.

    The copay comes first unless the plan says otherwise; it is one per claim, service share and date of service: what
    the first line cannot bear falls on the next.
    """
    used = case.used
    room = used.room(plan)
    open_copay = terms.copay - used.copaid.get((terms.name, line.service_date), 0) if terms.copay else 0
    due = used.deductible_left(plan) if terms.deductible_applies else 0
    if plan.deductible_first:
        deductible = min(allowed, room, due)
        copay = min(allowed - deductible, room - deductible, open_copay)
    else:
        copay = min(allowed, room, open_copay)
        deductible = min(allowed - copay, room - copay, due)
    left = allowed - copay - deductible
    coinsurance = 0
    if left and terms.coinsurance:
        coinsurance = min(times(left, terms.coinsurance), room - copay - deductible)
    return Shares(copay, deductible, coinsurance)


def _shared(case: Case, line: ClaimLine, priced: Priced) -> tuple[ServicePayment, LineDecision]:
    """The line by contract and plan. charge = earlier payers (OA-23) + contractual + shares + beyond a limit +
    the payer's own reductions + paid.
    """
    assert case.coverage is not None
    plan = case.plan or case.contract.plan(case.coverage.plan)
    terms = _terms(case, plan, line)
    allowed = priced.allowed
    beyond = 0 if terms.room is None else max(0, allowed - terms.room)
    covered = allowed - beyond
    first = case.earlier.get(line.number)
    if first is None:
        borne = _shares(case, plan, terms, line, covered)
        paid, contractual, impact = covered - sum(borne), line.amount - allowed, 0
    else:
        after = after_earlier_payers(
            case.contract.coordination, first, line.amount, covered, lambda due: _shares(case, plan, terms, line, due)
        )
        paid, contractual, impact, borne = after.paid, after.contractual, line.amount - first.left, after.shares
        beyond = 0  # what is left after this payer stays with the patient as coinsurance
    _count(case.used, terms, line, borne, covered)
    pieces = _pieces(contractual, impact, borne, beyond)
    adjustments = [Adjustment(group, reason, amount) for group, reason, amount in pieces]
    steps = [_share_step(case, plan, terms, reason, amount) for _, reason, amount in pieces]
    for cut in case.contract.payment_reductions:
        kept = times(paid, cut.percent) if paid > 0 and cut.in_force(line.service_date) else 0
        if kept:
            paid -= kept
            adjustments.append(Adjustment(Group.CONTRACTUAL, cut.reason, kept))
            words = "{} {} (" + f"CO-{cut.reason}, {percent_text(cut.percent)} of the payment)"
            steps.append(Step(f"payment_reductions.{cut.name}", kept, words, (cut.name, kept)))
    limit = case.tables.unit_limit(line.procedure, line.service_date) if case.tables.holds("mue") else None
    unchecked = limit is None or limit.verdict is Verdict.NOT_CHECKED
    words = "unit limit not checked" if unchecked else ""
    decided = LineDecision(line.number, "", words, priced.steps, tuple(steps), allowed, paid)
    return _service(line, paid, tuple(adjustments), (), allowed), decided


def _count(used: Used, terms: _Terms, line: ClaimLine, borne: Shares, covered: Cents) -> None:
    used.deductible += borne.deductible
    used.out_of_pocket += sum(borne)
    if borne.copay:
        key = (terms.name, line.service_date)
        used.copaid[key] = used.copaid.get(key, 0) + borne.copay
    if terms.room is not None:
        used.services[terms.name] = used.services.get(terms.name, 0) + covered


def _pieces(contractual: Cents, impact: Cents, borne: Shares, beyond: Cents) -> list[tuple[Group, str, Cents]]:
    """The adjustments of a priced line that are not nothing, in the order of the reckoning."""
    found: list[tuple[Group, str, Cents]] = []
    if impact:
        found.append((Group.OTHER, PRIOR_PAYER_IMPACT, impact))
    if contractual:
        found.append((Group.CONTRACTUAL, CONTRACTUAL_REDUCTION if contractual > 0 else ABOVE_CHARGE, contractual))
    if borne.copay:
        found.append((Group.PATIENT, COPAY, borne.copay))
    if borne.deductible:
        found.append((Group.PATIENT, DEDUCTIBLE, borne.deductible))
    if borne.coinsurance:
        found.append((Group.PATIENT, COINSURANCE, borne.coinsurance))
    if beyond:
        found.append((Group.PATIENT, LIMIT_REACHED, beyond))
    return found


_WORDS = {
    PRIOR_PAYER_IMPACT: "earlier payer {} (OA-23)",
    CONTRACTUAL_REDUCTION: "contractual {} (CO-45)",
    ABOVE_CHARGE: "above the charge {} (CO-94)",
    COPAY: "copay {} (PR-3)",
    DEDUCTIBLE: "deductible {} (PR-1)",
    COINSURANCE: "coinsurance {} (PR-2, {})",
    LIMIT_REACHED: "beyond the limit of the benefit {} (PR-119)",
}
_CLAUSES = {COPAY: "copay", DEDUCTIBLE: "deductible", COINSURANCE: "coinsurance", LIMIT_REACHED: "limit"}


def _share_step(case: Case, plan: BenefitPlan, terms: _Terms, reason: str, amount: Cents) -> Step:
    """The step behind one adjustment, with the clause it rests on."""
    if reason in _CLAUSES:
        of_service = terms.name and reason != DEDUCTIBLE
        at = f"plans.{plan.plan}.services.{terms.name}" if of_service else f"plans.{plan.plan}"
        clause = f"{at}.{_CLAUSES[reason]}"
    elif reason == PRIOR_PAYER_IMPACT:
        clause = f"coordination.{case.contract.coordination}"
    else:
        clause = "lesser_of" if reason == ABOVE_CHARGE else "allowed"
    operands = (amount, percent_text(terms.coinsurance)) if reason == COINSURANCE else (amount,)
    return Step(clause, amount, _WORDS[reason], operands)


def _service(
    line: ClaimLine, paid: Cents, adjustments: tuple[Adjustment, ...], remarks: tuple[str, ...], allowed: Cents | None
) -> ServicePayment:
    return ServicePayment(
        procedure=line.procedure,
        modifiers=line.modifiers,
        charge=line.amount,
        paid=paid,
        units=str(line.units),
        service_date=line.service_date,
        adjustments=adjustments,
        control=line.control,
        remarks=remarks,
        allowed=allowed,
    )


def _payment(claim: Claim, services: list[ServicePayment], received_on: date | None, reference: str) -> ClaimPayment:
    adjustments = [a for s in services for a in s.adjustments]
    unknown = bool(services) and all(
        s.adjustments and all(a.reason == NOT_INSURED for a in s.adjustments) for s in services
    )
    return ClaimPayment(
        number=claim.number,
        status=NOT_RECOGNIZED if unknown else str(min(claim.rank, 3)),
        charge=claim.total,
        paid=sum(s.paid for s in services),
        patient_responsibility=sum(a.amount for a in adjustments if a.group is Group.PATIENT),
        payer_reference=reference,
        services=tuple(services),
        filing=_FILING.get(claim.payer.filing, claim.payer.filing),
        patient_last=claim.patient.name.last,
        patient_first=claim.patient.name.first,
        member_id=claim.coverage.member_id,
        service_date=claim.service_date,
        received_on=received_on,
    )
