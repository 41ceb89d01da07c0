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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.codesets.modifiers import separates
from billing_core.codesets.tables import Tables, Verdict, plain_code
from billing_core.contract import BenefitPlan, Contract, ServiceShare, Since
from billing_core.coordination import (
    COINSURANCE,
    COPAY,
    DEDUCTIBLE,
    SHARES,
    Earlier,
    Shares,
    after_earlier_payers,
    earlier,
)
from billing_core.errors import ContractError
from billing_core.money import Cents, amount_text, times
from billing_core.pricing import Priced, Step, percent_text, price
from billing_core.registration import Authorization, Coverage
from billing_core.remittance import Adjustment, ClaimPayment, Group, ServicePayment

CONTRACTUAL_REDUCTION, PRIOR_PAYER_IMPACT = "45", "23"  # CARC: the fee schedule's cut; what the earlier payer did
ABOVE_CHARGE, LIMIT_REACHED = "94", "119"  # CARC: allowed above the charge; the benefit's maximum is used up
# CLP06 has a list of its own: the commercial (CI) and Blue plans (BL) of the 837 are said by the kind of plan.
_FILING = {"CI": "15", "BL": "12"}
NOT_INSURED = "31"  # CARC: the patient is not known as insured here
NOT_RECOGNIZED = "4"  # CLP02: only where the payer does not know the patient; other denials keep 1, 2 or 3


class Refusal(NamedTuple):
    """Why a line is not paid: group, CARC, RARCs. A plain tuple of the three serves as well."""

    group: Group
    reason: str
    remarks: tuple[str, ...] = ()


Refusals: TypeAlias = Mapping[int, tuple[Group, str, tuple[str, ...]]]
LineKey: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accumulators:
    """What one coverage, and its family, has used in one benefit year.

    `services`: by the name of a plan's service share with a limit, visits (days) or cents of allowed amount used.
    """

    coverage_id: str
    benefit_year: int
    deductible_used: Cents = 0
    out_of_pocket_used: Cents = 0
    family_deductible_used: Cents = 0
    family_out_of_pocket_used: Cents = 0
    services: Mapping[str, int] = field(default_factory=dict)

    def after(self, payment: ClaimPayment, plan: BenefitPlan | None = None) -> Accumulators:
        """The accumulators once the payment is counted; a reversal gives back what it took.

        The use of limited services is counted where the plan is given.
        """
        shares = [a for s in payment.services for a in s.adjustments if a.group is Group.PATIENT]
        deductible = sum(a.amount for a in shares if a.reason == DEDUCTIBLE)
        out_of_pocket = sum(a.amount for a in shares if a.reason in SHARES)
        return replace(
            self,
            deductible_used=self.deductible_used + deductible,
            out_of_pocket_used=self.out_of_pocket_used + out_of_pocket,
            family_deductible_used=self.family_deductible_used + deductible,
            family_out_of_pocket_used=self.family_out_of_pocket_used + out_of_pocket,
            services=_services_after(self.services, payment, plan) if plan is not None else self.services,
        )


def _services_after(used: Mapping[str, int], payment: ClaimPayment, plan: BenefitPlan) -> Mapping[str, int]:
    """Visits and dollars of limited services, with those of the payment; taken back by a reversal."""
    counted = dict(used)
    days: set[tuple[str, date | None]] = set()
    for service in payment.services:
        share = plan.service(service.procedure)
        cut = sum(a.amount for a in service.adjustments if a.group is Group.PATIENT and a.reason in SHARES)
        if share is None or share.limit is None or not (service.paid or cut):
            continue
        amount = 0
        if share.limit.visits is None:
            kept = sum(a.amount for a in service.adjustments if a.reason in _KEPT_BACK)
            amount = service.paid + cut + kept
        elif (share.name, service.service_date) not in days:
            days.add((share.name, service.service_date))
            amount = -1 if payment.is_reversal else 1
        counted[share.name] = counted.get(share.name, 0) + amount
    return counted


_KEPT_BACK = frozenset({"104", "253"})  # the payer's own reductions: part of what it allowed


@dataclass(frozen=True, slots=True)
class PayerFacts:
    """What the payer knows beside the claim.

    `authorizations`: those it gave. `seen`: the key of each line adjudicated before (`line_key`) with its own number of
    that claim, so that a replacement naming that number is no duplicate. `not_enrolled`: NPIs it does not contract
    with. `corrected_from`: the remittance date of the claim being replaced. `other_payer_first`: another insurance must
    pay before this one. `supporting_diagnoses`: by procedure, the diagnosis code beginnings that justify it; a
    procedure not named is justified by any. `imposed`: lines it refuses for reasons of its own, after every other
    reason. `reference`: its number of this claim (CLP07).
    """

    authorizations: tuple[Authorization, ...] = ()
    seen: Mapping[LineKey, str] = field(default_factory=dict)
    not_enrolled: frozenset[str] = frozenset()
    corrected_from: date | None = None
    other_payer_first: bool = False
    supporting_diagnoses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    imposed: Refusals = field(default_factory=dict)
    reference: str = ""


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


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a reason to refuse may look at."""

    claim: Claim
    coverage: Coverage | None
    contract: Contract
    tables: Tables
    received_on: date
    facts: PayerFacts
    plan: BenefitPlan | None
    used: _Used
    earlier: Mapping[int, Earlier]
    keys: Mapping[int, LineKey]
    service_shares: Mapping[str, ServiceShare]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to refuse a line, with the sentence a biller reads and its source.

    `applies` is asked once for the claim: a reason that cannot touch any of its lines is not asked line by line.
    """

    id: str
    sentence: str
    source: str
    check: Callable[[Case, ClaimLine], Refusal | None]
    applies: Callable[[Case], object]


def line_key(claim: Claim, line: ClaimLine) -> LineKey:
    """What makes two lines the same service to a payer: member, who rendered, day, code, modifiers, place, amount."""
    return (
        claim.coverage.member_id,
        claim.rendering.npi,
        line.service_date.isoformat(),
        line.procedure,
        ",".join(sorted(line.modifiers)),
        line.place_of_service or claim.location.place_of_service,
        str(line.units),
        str(line.amount),
    )


def _unknown_patient(case: Case, line: ClaimLine) -> Refusal | None:
    return Refusal(Group.CONTRACTUAL, NOT_INSURED) if case.coverage is None else None


def _before_coverage(case: Case, line: ClaimLine) -> Refusal | None:
    known = case.coverage is not None and line.service_date < case.coverage.effective
    return Refusal(Group.PATIENT, "26") if known else None


def _after_coverage(case: Case, line: ClaimLine) -> Refusal | None:
    end = case.coverage.terminated if case.coverage is not None else None
    return Refusal(Group.PATIENT, "27") if end is not None and line.service_date > end else None


def _not_enrolled(case: Case, line: ClaimLine) -> Refusal | None:
    return Refusal(Group.CONTRACTUAL, "B7") if case.claim.rendering.npi in case.facts.not_enrolled else None


def _duplicate(case: Case, line: ClaimLine) -> Refusal | None:
    key = case.keys[line.number]
    replaced = case.claim.payer_reference if case.claim.frequency is not Frequency.ORIGINAL else None
    seen = case.facts.seen.get(key)
    twice = any(other.number < line.number and case.keys[other.number] == key for other in case.claim.lines)
    return Refusal(Group.CONTRACTUAL, "18") if twice or (seen is not None and seen != replaced) else None


def filing_deadline(claim: Claim, line: ClaimLine, contract: Contract, corrected_from: date | None = None) -> date:
    """The last day on which the payer takes this line of this claim.

    A replacement counts from the remittance it corrects (`corrected_from`, where known), a second payer's claim from
    the first one's remittance, any other from the date of service.
    """
    if claim.frequency is Frequency.REPLACEMENT and corrected_from is not None:
        return contract.correct_by(corrected_from)
    if claim.prior_payers:
        return contract.file_second_by(max(prior.paid_on for prior in claim.prior_payers))
    if contract.filing_since is Since.LAST_SERVICE:
        return contract.file_by(max(other.service_date for other in claim.lines))
    return contract.file_by(line.service_date)


def _filed_late(case: Case, line: ClaimLine) -> Refusal | None:
    deadline = filing_deadline(case.claim, line, case.contract, case.facts.corrected_from)
    return Refusal(Group.CONTRACTUAL, "29") if case.received_on > deadline else None


def _other_payer_first(case: Case, line: ClaimLine) -> Refusal | None:
    silent = case.claim.rank > 1 or bool(case.claim.prior_payers)
    if silent and line.number in case.earlier:
        return None
    return Refusal(Group.CONTRACTUAL, "22", ("MA04",)) if silent or case.facts.other_payer_first else None


def _needs_authorization(case: Case, line: ClaimLine) -> bool:
    return line.procedure in case.contract.authorization_required


def _no_authorization(case: Case, line: ClaimLine) -> Refusal | None:
    missing = _needs_authorization(case, line) and not case.claim.authorization
    return Refusal(Group.CONTRACTUAL, "197") if missing else None


def _matching_authorization(case: Case, line: ClaimLine) -> Authorization | None:
    assert case.coverage is not None  # an unknown patient was refused first
    for given in case.facts.authorizations:
        if (
            given.number == case.claim.authorization
            and given.patient_id == case.coverage.patient_id
            and given.procedure == line.procedure
            and given.effective <= line.service_date <= given.terminated
        ):
            return given
    return None


def _other_authorization(case: Case, line: ClaimLine) -> Refusal | None:
    wrong = _needs_authorization(case, line) and _matching_authorization(case, line) is None
    return Refusal(Group.CONTRACTUAL, "15") if wrong else None


def _authorization_exceeded(case: Case, line: ClaimLine) -> Refusal | None:
    given = _matching_authorization(case, line) if _needs_authorization(case, line) else None
    billed = sum(other.units for other in case.claim.lines if other.procedure == line.procedure)
    return Refusal(Group.CONTRACTUAL, "198") if given is not None and billed > given.units else None


def _no_referral(case: Case, line: ClaimLine) -> Refusal | None:
    missing = line.procedure in case.contract.referral_required and not case.claim.referral
    return Refusal(Group.CONTRACTUAL, "288") if missing else None


def _not_covered(case: Case, line: ClaimLine) -> Refusal | None:
    share = case.service_shares.get(line.procedure)
    outside = line.procedure in case.contract.not_covered or (share is not None and not share.covered)
    return Refusal(Group.PATIENT, "96", ("N130",)) if outside else None


def _limit_reached(case: Case, line: ClaimLine) -> Refusal | None:
    share = case.service_shares.get(line.procedure)
    if share is None or share.limit is None:
        return None
    over = not case.used.has_room(share.name, share.limit.visits, share.limit.amount, line.service_date)
    return Refusal(Group.PATIENT, LIMIT_REACHED) if over else None


def _too_many_units(case: Case, line: ClaimLine) -> Refusal | None:
    limit = case.tables.unit_limit(line.procedure, line.service_date)
    if limit.units is None:
        return None
    same = [o for o in case.claim.lines if o.procedure == line.procedure and o.service_date == line.service_date]
    billed = line.units if limit.per_line else sum(other.units for other in same)
    return Refusal(Group.CONTRACTUAL, "151", ("N362",)) if billed > limit.units else None


def _bundled(case: Case, line: ClaimLine) -> Refusal | None:
    for other in case.claim.lines:
        if other.number == line.number or other.service_date != line.service_date:
            continue
        pair = case.tables.pair(other.procedure, line.procedure, line.service_date)
        bundled = pair.verdict is Verdict.INVALID and pair.column_two == line.procedure
        if bundled and not (pair.modifier_allowed and separates((*line.modifiers, *other.modifiers))):
            return Refusal(Group.CONTRACTUAL, "236")
    return None


def _bad_diagnosis(case: Case, line: ClaimLine) -> Refusal | None:
    codes = _pointed(case.claim, line)
    bad = (Verdict.INVALID, Verdict.NOT_BILLABLE)
    wrong = not codes or any(case.tables.diagnosis(code, line.service_date) in bad for code in codes)
    return Refusal(Group.CONTRACTUAL, "146", ("M76",)) if wrong else None


def _unsupported(case: Case, line: ClaimLine) -> Refusal | None:
    starts = tuple(plain_code(start) for start in case.facts.supporting_diagnoses.get(line.procedure, ()))
    justified = not starts or any(plain_code(c).startswith(starts) for c in _pointed(case.claim, line))
    return None if justified else Refusal(Group.CONTRACTUAL, "11")


def _imposed(case: Case, line: ClaimLine) -> Refusal | None:
    imposed = case.facts.imposed.get(line.number)
    return Refusal(*imposed) if imposed else None


def _pointed(claim: Claim, line: ClaimLine) -> tuple[str, ...]:
    """The diagnoses the line points at; pointers beyond the list are left out."""
    return tuple(claim.diagnoses[p - 1] for p in line.pointers if 1 <= p <= len(claim.diagnoses))


def _bills(case: Case, codes: frozenset[str]) -> bool:
    """Whether the claim bills any of the codes."""
    return bool(codes) and not codes.isdisjoint([line.procedure for line in case.claim.lines])


_CARC = "X12 code list 139, CARC "
ORDER: tuple[Reason, ...] = (
    Reason(
        "unknown-patient",
        "the payer does not know the patient",
        _CARC + "31",
        _unknown_patient,
        lambda c: c.coverage is None,
    ),
    Reason(
        "before-coverage",
        "the service came before the coverage began",
        _CARC + "26",
        _before_coverage,
        lambda c: c.coverage is not None and c.claim.service_date < c.coverage.effective,
    ),
    Reason(
        "after-coverage",
        "the service came after the coverage ended",
        _CARC + "27",
        _after_coverage,
        lambda c: c.coverage is not None and c.coverage.terminated is not None,
    ),
    Reason(
        "not-enrolled",
        "the provider may not be paid for this day by this payer",
        _CARC + "B7",
        _not_enrolled,
        lambda c: c.facts.not_enrolled,
    ),
    Reason("duplicate", "the same service was adjudicated before", _CARC + "18", _duplicate, lambda c: c.keys),
    Reason(
        "filed-late",
        "the claim came after the filing deadline (timely filing)",
        _CARC + "29",
        _filed_late,
        lambda c: c.claim.lines,
    ),
    Reason(
        "other-payer-first",
        "another payer must answer first",
        _CARC + "22; RARC MA04",
        _other_payer_first,
        lambda c: c.claim.rank > 1 or c.claim.prior_payers or c.facts.other_payer_first,
    ),
    Reason(
        "no-authorization",
        "a prior authorization is required and absent",
        _CARC + "197",
        _no_authorization,
        lambda c: _bills(c, c.contract.authorization_required),
    ),
    Reason(
        "other-authorization",
        "the authorization is not for this service",
        _CARC + "15",
        _other_authorization,
        lambda c: _bills(c, c.contract.authorization_required),
    ),
    Reason(
        "authorization-exceeded",
        "more units than authorized",
        _CARC + "198",
        _authorization_exceeded,
        lambda c: _bills(c, c.contract.authorization_required),
    ),
    Reason(
        "no-referral",
        "a referral is required and absent",
        _CARC + "288",
        _no_referral,
        lambda c: _bills(c, c.contract.referral_required),
    ),
    Reason(
        "not-covered",
        "the plan does not cover the service",
        _CARC + "96; RARC N130",
        _not_covered,
        lambda c: c.service_shares or _bills(c, c.contract.not_covered),
    ),
    Reason(
        "limit-reached",
        "the plan's limit for this benefit is used up",
        _CARC + "119",
        _limit_reached,
        lambda c: c.service_shares,
    ),
    Reason(
        "too-many-units",
        "more units than the payer's limit for the day",
        _CARC + "151; RARC N362",
        _too_many_units,
        lambda c: c.tables.holds("mue"),
    ),
    Reason(
        "bundled",
        "paid within another service of the day (NCCI)",
        _CARC + "236",
        _bundled,
        lambda c: c.tables.holds("ptp") and len(c.claim.lines) > 1,
    ),
    Reason(
        "bad-diagnosis",
        "a diagnosis is absent or not valid on the day",
        _CARC + "146; RARC M76",
        _bad_diagnosis,
        lambda c: c.claim.lines,
    ),
    Reason(
        "unsupported",
        "the diagnosis does not go with the procedure",
        _CARC + "11",
        _unsupported,
        lambda c: c.facts.supporting_diagnoses,
    ),
    Reason(
        "imposed",
        "the payer refuses the line for a reason of its own",
        _CARC + "as given",
        _imposed,
        lambda c: c.facts.imposed,
    ),
)


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
    case = _case(claim, coverage, contract, tables, received_on, facts, plan, _Used(accumulators))
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
    used: _Used,
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


class _Used:
    """The accumulators while the lines of one claim are decided."""

    __slots__ = ("before", "copaid", "days", "deductible", "out_of_pocket", "services")

    def __init__(self, before: Accumulators) -> None:
        self.before, self.deductible, self.out_of_pocket = before, 0, 0
        self.services: dict[str, int] = {}
        self.copaid: dict[tuple[str, date], Cents] = {}
        self.days: set[tuple[str, date]] = set()

    def has_room(self, name: str, visits: int | None, amount: Cents | None, on: date) -> bool:
        """Whether the limit of a service leaves anything for that day."""
        used = self.before.services.get(name, 0) + self.services.get(name, 0)
        if visits is not None:
            return used < visits or (name, on) in self.days
        return amount is None or used < amount

    def visit(self, name: str, on: date) -> None:
        """Count the day of a covered line whose visits are limited."""
        if (name, on) not in self.days:
            self.services[name] = self.services.get(name, 0) + 1
            self.days.add((name, on))

    def deductible_left(self, plan: BenefitPlan) -> Cents:
        """What the member has still to bear of the deductible: their own, or the family's where that is less."""
        own = max(0, plan.deductible - self.before.deductible_used - self.deductible)
        if plan.family_deductible is None:
            return own
        family = max(0, plan.family_deductible - self.before.family_deductible_used - self.deductible)
        return family if plan.family_aggregate else min(own, family)

    def room(self, plan: BenefitPlan) -> Cents:
        """What is left to the out-of-pocket maximum, the member's or the family's."""
        own = max(0, plan.out_of_pocket_max - self.before.out_of_pocket_used - self.out_of_pocket)
        if plan.family_out_of_pocket_max is None:
            return own
        used = self.before.family_out_of_pocket_used + self.out_of_pocket
        return min(own, max(0, plan.family_out_of_pocket_max - used))

    def accumulators(self) -> Accumulators:
        """What stands after the claim."""
        before = self.before
        if not (self.deductible or self.out_of_pocket or self.services):
            return before
        services = before.services
        if self.services:
            services = {n: before.services.get(n, 0) + self.services.get(n, 0) for n in {*services, *self.services}}
        return Accumulators(
            before.coverage_id,
            before.benefit_year,
            before.deductible_used + self.deductible,
            before.out_of_pocket_used + self.out_of_pocket,
            before.family_deductible_used + self.deductible,
            before.family_out_of_pocket_used + self.out_of_pocket,
            services,
        )


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


def _count(used: _Used, terms: _Terms, line: ClaimLine, borne: Shares, covered: Cents) -> None:
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
