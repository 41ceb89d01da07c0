"""Adjudication: what a payer owes for a claim by contract, and what is left to the patient, to the cent.

Three uses: the patient's estimate before the visit, the search for underpayment after the remittance, and the simulated
payer. Each line is first held against the reasons to refuse, in the written ORDER; the first that holds is the answer.
A line that none refuses is priced: allowed, contractual, copay, deductible, coinsurance, out-of-pocket maximum, and
for a second payer the impact of the first.
Sources: 005010X221A1 (835) section 1.10.2 for balancing and coordination of benefits; X12 external code list 139 (CARC)
and 411 (RARC) for code numbers, described here in our own words; 45 CFR 156.130 for the limit on cost sharing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple, TypeAlias

from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.codesets.modifiers import separates
from billing_core.codesets.tables import Tables, Verdict, plain_code
from billing_core.contract import Contract
from billing_core.errors import ContractError
from billing_core.money import Cents, amount_text, times
from billing_core.registration import Authorization, Coverage
from billing_core.remittance import Adjustment, ClaimPayment, Group, ServicePayment

DEDUCTIBLE, COINSURANCE, COPAY = "1", "2", "3"  # CARC: the patient's shares, group PR
CONTRACTUAL_REDUCTION, PRIOR_PAYER_IMPACT = "45", "23"  # CARC: the fee schedule's cut; what the earlier payer did
_SHARES = frozenset({DEDUCTIBLE, COINSURANCE, COPAY})
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
    """What one coverage has used of its deductible and out-of-pocket maximum in one benefit year (calendar year)."""

    coverage_id: str
    benefit_year: int
    deductible_used: Cents = 0
    out_of_pocket_used: Cents = 0

    def after(self, payment: ClaimPayment) -> Accumulators:
        """The accumulators once the payment is counted; a reversal gives back what it took."""
        shares = [a for s in payment.services for a in s.adjustments if a.group is Group.PATIENT]
        return replace(
            self,
            deductible_used=self.deductible_used + sum(a.amount for a in shares if a.reason == DEDUCTIBLE),
            out_of_pocket_used=self.out_of_pocket_used + sum(a.amount for a in shares if a.reason in _SHARES),
        )


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


@dataclass(frozen=True, slots=True)
class Decision:
    """The payer's answer, the accumulators after it, and each line's reasons in plain words, in line order."""

    payment: ClaimPayment
    accumulators: Accumulators
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a reason to refuse may look at."""

    claim: Claim
    coverage: Coverage | None
    contract: Contract
    tables: Tables
    received_on: date
    facts: PayerFacts


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to refuse a line, with the sentence a biller reads and its source."""

    id: str
    sentence: str
    source: str
    check: Callable[[Case, ClaimLine], Refusal | None]


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
    key = line_key(case.claim, line)
    replaced = case.claim.payer_reference if case.claim.frequency is not Frequency.ORIGINAL else None
    earlier = case.facts.seen.get(key)
    twice = any(other.number < line.number and line_key(case.claim, other) == key for other in case.claim.lines)
    return Refusal(Group.CONTRACTUAL, "18") if twice or (earlier is not None and earlier != replaced) else None


def filing_deadline(claim: Claim, line: ClaimLine, contract: Contract, corrected_from: date | None = None) -> date:
    """The last day on which the payer takes this line of this claim.

    A replacement counts from the remittance it corrects (`corrected_from`, where known), a second payer's claim from
    the first one's remittance, any other from the date of service.
    """
    if claim.frequency is Frequency.REPLACEMENT and corrected_from is not None:
        return contract.correct_by(corrected_from)
    if claim.prior_payers:
        return contract.file_by(max(prior.paid_on for prior in claim.prior_payers))
    return contract.file_by(line.service_date)


def _filed_late(case: Case, line: ClaimLine) -> Refusal | None:
    deadline = filing_deadline(case.claim, line, case.contract, case.facts.corrected_from)
    return Refusal(Group.CONTRACTUAL, "29") if case.received_on > deadline else None


def _other_payer_first(case: Case, line: ClaimLine) -> Refusal | None:
    silent = case.claim.rank > 1 or bool(case.claim.prior_payers)
    if silent and _prior_patient_share(case.claim, line) is not None:
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
    return Refusal(Group.PATIENT, "96", ("N130",)) if line.procedure in case.contract.not_covered else None


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


_CARC = "X12 code list 139, CARC "
ORDER: tuple[Reason, ...] = (
    Reason("unknown-patient", "the payer does not know the patient", _CARC + "31", _unknown_patient),
    Reason("before-coverage", "the service came before the coverage began", _CARC + "26", _before_coverage),
    Reason("after-coverage", "the service came after the coverage ended", _CARC + "27", _after_coverage),
    Reason("not-enrolled", "the provider may not be paid for this day by this payer", _CARC + "B7", _not_enrolled),
    Reason("duplicate", "the same service was adjudicated before", _CARC + "18", _duplicate),
    Reason("filed-late", "the claim came after the filing deadline (timely filing)", _CARC + "29", _filed_late),
    Reason("other-payer-first", "another payer must answer first", _CARC + "22; RARC MA04", _other_payer_first),
    Reason("no-authorization", "a prior authorization is required and absent", _CARC + "197", _no_authorization),
    Reason("other-authorization", "the authorization is not for this service", _CARC + "15", _other_authorization),
    Reason("authorization-exceeded", "more units than authorized", _CARC + "198", _authorization_exceeded),
    Reason("no-referral", "a referral is required and absent", _CARC + "288", _no_referral),
    Reason("not-covered", "the plan does not cover the service", _CARC + "96; RARC N130", _not_covered),
    Reason(
        "too-many-units", "more units than the payer's limit for the day", _CARC + "151; RARC N362", _too_many_units
    ),
    Reason("bundled", "paid within another service of the day (NCCI)", _CARC + "236", _bundled),
    Reason("bad-diagnosis", "a diagnosis is absent or not valid on the day", _CARC + "146; RARC M76", _bad_diagnosis),
    Reason("unsupported", "the diagnosis does not go with the procedure", _CARC + "11", _unsupported),
    Reason("imposed", "the payer refuses the line for a reason of its own", _CARC + "as given", _imposed),
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
    _refuse_misuse(claim, coverage, contract, accumulators)
    case = Case(claim, coverage, contract, tables, received_on, facts)
    services: list[ServicePayment] = []
    reasons: list[str] = []
    copaid: dict[date, Cents] = {}
    running = accumulators
    for line in claim.lines:
        refused = _first_refusal(case, line)
        if refused is not None:
            reason, refusal = refused
            service, words = _denied(line, refusal), f"refused, {reason.sentence} ({refusal.group}-{refusal.reason})"
        else:
            service, words = _priced(case, line, running, copaid)
        services.append(service)
        reasons.append(f"line {line.number}: {words}")
        running = accumulators.after(_payment(claim, services, received_on, facts.reference))
    payment = _payment(claim, services, received_on, facts.reference)
    return Decision(payment, running, tuple(reasons))


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


def _refuse_misuse(claim: Claim, coverage: Coverage | None, contract: Contract, accumulators: Accumulators) -> None:
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
            "the contract is not in force on the date of service",
            where=f"payer {contract.payer_id}",
            mend="load the terms of that day",
        )
    if (accumulators.coverage_id, accumulators.benefit_year) != (coverage.id, claim.service_date.year):
        raise ContractError(
            "accumulators of another coverage or benefit year",
            where=f"payer {contract.payer_id}",
            mend="pass those of the coverage and the year of the first date of service",
        )


def _first_refusal(case: Case, line: ClaimLine) -> tuple[Reason, Refusal] | None:
    for reason in ORDER:
        refusal = reason.check(case, line)
        if refusal is not None:
            return reason, refusal
    return None


def _denied(line: ClaimLine, refusal: Refusal) -> ServicePayment:
    """The line paid at zero, its whole charge adjusted for one reason."""
    adjustments = (Adjustment(refusal.group, refusal.reason, line.amount),) if line.amount else ()
    return _service(line, 0, adjustments, refusal.remarks, None)


def allowed_amount(contract: Contract, line: ClaimLine) -> Cents:
    """The contract's amount for the line: fee x units, or the default percentage; never more than the charge.

    Raises ContractError when the contract has no rate for the code.
    """
    fee = contract.fees.get(line.procedure)
    if fee is not None:
        return min(line.amount, fee * line.units)
    if contract.default_percent is None:
        raise ContractError(
            "no rate for the procedure",
            where=f"payer {contract.payer_id} code {line.procedure}",
            mend="add the fee, or a default percentage, to the contract",
        )
    return min(line.amount, times(line.amount, contract.default_percent))


def _shares(case: Case, line: ClaimLine, allowed: Cents, used: Accumulators, copaid: dict[date, Cents]) -> list[Cents]:
    """Copay, deductible and coinsurance of the line, in that order, stopped by the out-of-pocket maximum.

    The copay is one per claim and date of service: what the first line cannot bear falls on the next.
    """
    assert case.coverage is not None
    plan = case.contract.plan(case.coverage.plan)
    room = max(0, plan.out_of_pocket_max - used.out_of_pocket_used)
    copay = min(allowed, room, plan.copay - copaid.get(line.service_date, 0))
    deductible = min(allowed - copay, room - copay, max(0, plan.deductible - used.deductible_used))
    left = allowed - copay - deductible
    coinsurance = min(times(left, plan.coinsurance), room - copay - deductible)
    copaid[line.service_date] = copaid.get(line.service_date, 0) + copay
    return [copay, deductible, coinsurance]


def _prior_patient_share(claim: Claim, line: ClaimLine) -> Cents | None:
    """What the last earlier payer left to the patient on this line; None when it does not speak of the line."""
    if not claim.prior_payers:
        return None
    last = max(claim.prior_payers, key=lambda prior: prior.coverage.rank)
    for number, _, adjustments in last.line_adjustments:
        if number == line.number:
            left = sum(a.amount for a in adjustments if a.group is Group.PATIENT)
            return min(max(0, left), line.amount)
    return None


def _priced(case: Case, line: ClaimLine, used: Accumulators, copaid: dict[date, Cents]) -> tuple[ServicePayment, str]:
    """The line by contract. A second payer pays its own benefit, at most what the first left to the patient.

    charge = prior impact (OA-23) + contractual (CO-45) + copay + deductible + coinsurance + paid.
    """
    allowed = allowed_amount(case.contract, line)
    shares = _shares(case, line, allowed, used, copaid)
    open_amount = line.amount
    if case.claim.prior_payers:
        open_amount = _prior_patient_share(case.claim, line) or 0
    paid = min(allowed - sum(shares), open_amount)
    contractual = max(0, open_amount - allowed)
    left = open_amount - paid - contractual
    borne = []
    for share in shares:  # a second payer's shares may exceed what is left; they are met in the same order
        borne.append(min(share, left))
        left -= borne[-1]
    pieces = (
        (Group.OTHER, PRIOR_PAYER_IMPACT, line.amount - open_amount),
        (Group.CONTRACTUAL, CONTRACTUAL_REDUCTION, contractual),
        (Group.PATIENT, COPAY, borne[0]),
        (Group.PATIENT, DEDUCTIBLE, borne[1]),
        (Group.PATIENT, COINSURANCE, borne[2]),
    )
    adjustments = tuple(Adjustment(*piece) for piece in pieces if piece[2])
    return _service(line, paid, adjustments, (), allowed), _words(case, line, allowed, adjustments, paid)


_NAMES = {"23": "earlier payer", "45": "contractual", "3": "copay", "1": "deductible", "2": "coinsurance"}


def _words(case: Case, line: ClaimLine, allowed: Cents, adjustments: tuple[Adjustment, ...], paid: Cents) -> str:
    fee = case.contract.fees.get(line.procedure)
    rate = f"fee {amount_text(fee)} x {line.units}" if fee is not None else f"{case.contract.default_percent} of charge"
    parts = [f"allowed {amount_text(allowed)} ({rate}, at most the charge)"]
    parts += [f"{_NAMES[a.reason]} {amount_text(a.amount)} ({a.group}-{a.reason})" for a in adjustments]
    parts.append(f"paid {amount_text(paid)}")
    if case.tables.unit_limit(line.procedure, line.service_date).verdict is Verdict.NOT_CHECKED:
        parts.append("unit limit not checked")
    return "; ".join(parts)


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
        filing=claim.payer.filing,
        patient_last=claim.patient.name.last,
        patient_first=claim.patient.name.first,
        member_id=claim.coverage.member_id,
        service_date=claim.service_date,
        received_on=received_on,
    )
