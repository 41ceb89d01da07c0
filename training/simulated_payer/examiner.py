"""The claims examiner: what one payer answers to one claim, and how likely a denial was before it answered.

The contract speaks first (`billing_core.adjudication`): what it refuses is certain. Then the payer's mechanisms speak
of the lines that are left: each has a chance, drawn from the claim's number, and what strikes is imposed. So the true
probability of denial is known exactly: 1 for a certain refusal, else 1 - prod(1 - p) over the causes that apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from billing_core.accumulator import Accumulators
from billing_core.adjudication import Decision, adjudicate, deny_lines
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.denial import denials
from billing_core.errors import ContractError
from billing_core.money import times
from billing_core.refusal import PayerFacts, Refusal
from billing_core.registration import Coverage
from billing_core.remittance import ClaimPayment, Group
from training.simulated_payer.chance import CERTAIN, any_of, happens, one_of
from training.simulated_payer.habits import Circumstances, Habits

UNPROCESSABLE = "MA130"
OUT_OF_NETWORK = Refusal(Group.CONTRACTUAL, "242", ("N130",))

# What payers say when nothing the claim or its history shows explains it, with how often each is said.
NOISE: tuple[tuple[Refusal, int], ...] = (
    (Refusal(Group.CONTRACTUAL, "252", ("N706",)), 3),  # asks for records
    (Refusal(Group.CONTRACTUAL, "16", ("N290", UNPROCESSABLE)), 3),  # says a provider number is missing
    (Refusal(Group.CONTRACTUAL, "16", ("M51",)), 2),  # says a procedure code is missing or invalid
    (Refusal(Group.CONTRACTUAL, "18"), 3),  # takes the claim for one it has seen
    (Refusal(Group.PATIENT, "96", ("N130",)), 4),  # says the plan does not cover it
    (Refusal(Group.CONTRACTUAL, "97", ("M15",)), 2),  # says another service includes it
    (Refusal(Group.CONTRACTUAL, "29"), 1),  # lost the first copy
    (Refusal(Group.PATIENT, "27"), 1),  # its member file lags
)


@dataclass(frozen=True, slots=True)
class Case:
    """One claim on the examiner's desk. `facts.imposed` stays empty: what is imposed is drawn here."""

    seed: str
    habits: Habits
    tables: Tables
    about: Circumstances
    coverage: Coverage
    accumulators: Accumulators
    facts: PayerFacts


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that may make the payer deny these lines, and with which chance."""

    name: str
    probability: Fraction
    refusal: Refusal
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """The answer, the member's accumulators after it, and what only the oracle may know: probability and cause."""

    payment: ClaimPayment
    accumulators: Accumulators
    probability: Fraction
    denied: bool
    cause: str
    imposed: Mapping[int, Refusal]


def refused_lines(payment: ClaimPayment) -> tuple[int, ...]:
    """The positions (from 1) of the denied lines, by the published definition of a denial."""
    return tuple(denial.line for denial in denials(payment))


def examine(case: Case) -> Examination:
    """Adjudicate by contract, draw what the payer imposes beyond it, and adjudicate again with that."""
    claim = case.about.claim
    plain = _adjudicated(case, {})
    certain = {claim.lines[n - 1].number for n in refused_lines(plain.payment)}
    causes = _causes(case, certain)
    struck = [cause for cause in causes if happens(case.seed, claim.number, cause.name, cause.probability)]
    imposed = _imposed(case, struck)
    decision = _adjudicated(case, imposed) if imposed else plain
    first = plain.payment.services[refused_lines(plain.payment)[0] - 1].adjustments if certain else ()
    return Examination(
        payment=_marked(decision.payment),
        accumulators=decision.accumulators,
        probability=CERTAIN if certain else any_of(cause.probability for cause in causes),
        denied=bool(certain or struck),
        cause=f"terms {first[0].group}-{first[0].reason}" if first else struck[0].name if struck else "",
        imposed=imposed,
    )


def corrected(case: Case, first: Examination, share: Decimal, refusal: Refusal | None) -> Decision:
    """What a second look says of a paid claim: refused for `refusal`, or priced at `share` of the contract.

    What the first look had refused stays refused.
    """
    imposed = {line.number: refusal for line in case.about.claim.lines} if refusal else {}
    return _adjudicated(case, {**imposed, **first.imposed}, share)


def _causes(case: Case, certain: set[int]) -> list[Cause]:
    """Every cause that concerns a line the contract would pay, noise last."""
    claim = case.about.claim
    payable = tuple(line.number for line in claim.lines if line.number not in certain and line.amount)
    found = []
    for mechanism in case.habits.mechanisms if payable else ():
        lines = tuple(n for n in mechanism.lines(case.about) if n in payable)
        if lines and mechanism.probability:
            found.append(Cause(mechanism.name, mechanism.probability, mechanism.refusal, lines))
    if payable and case.habits.noise_denial:
        refusal = NOISE[one_of(case.seed, claim.number, "noise-reason", [weight for _, weight in NOISE])][0]
        whole = one_of(case.seed, claim.number, "noise-lines", (2, 1)) == 0
        one = payable[one_of(case.seed, claim.number, "noise-line", [1] * len(payable))]
        found.append(Cause("noise", case.habits.noise_denial, refusal, payable if whole else (one,)))
    return found


def _imposed(case: Case, struck: Iterable[Cause]) -> dict[int, Refusal]:
    """The refusal of each struck line: the first cause wins; an unprocessable claim is refused whole."""
    imposed: dict[int, Refusal] = {}
    for cause in struck:
        whole = UNPROCESSABLE in cause.refusal.remarks
        for number in [line.number for line in case.about.claim.lines] if whole else cause.lines:
            imposed.setdefault(number, cause.refusal)
    return imposed


def _adjudicated(case: Case, imposed: Mapping[int, Refusal], share: Decimal | None = None) -> Decision:
    claim, received_on, reference = case.about.claim, case.about.received_on, case.facts.reference
    if share is None:
        underpaid = happens(case.seed, claim.number, "underpay", case.habits.underpay_rate)
        share = case.habits.underpay_percent if underpaid else Decimal(1)
    if case.about.contract is not None:
        terms, facts = _governed(case.about.contract, case.facts, case.habits)
        terms = terms if share == 1 else _scaled(terms, share)
        try:
            return adjudicate(
                claim,
                case.coverage,
                terms,
                case.accumulators,
                case.tables,
                received_on,
                replace(facts, imposed=imposed),
            )
        except ContractError:
            pass  # terms that do not know the member's plan or the code pay nothing: answered below
    refusals = {line.number: OUT_OF_NETWORK for line in claim.lines}
    return Decision(deny_lines(claim, refusals, received_on, reference), case.accumulators, ())


def _governed(contract: Contract, facts: PayerFacts, habits: Habits) -> tuple[Contract, PayerFacts]:
    """The terms without what a mechanism governs: there the world file says how strictly the payer enforces them."""
    kinds = {mechanism.kind for mechanism in habits.mechanisms}
    if "missing_authorization" in kinds:
        contract = replace(contract, authorization_required=frozenset())
    if "missing_referral" in kinds:
        contract = replace(contract, referral_required=frozenset())
    if "other_payer_primary" in kinds:
        facts = replace(facts, other_payer_first=False)
    return contract, facts


def _scaled(contract: Contract, share: Decimal) -> Contract:
    """The terms with every rate at `share`: how an underpayment comes about."""
    percent = contract.default_percent
    return replace(
        contract,
        fees={code: times(fee, share) for code, fee in contract.fees.items()},
        default_percent=None if percent is None else percent * share,
    )


def _marked(payment: ClaimPayment) -> ClaimPayment:
    """MA130 speaks of the whole claim: it is said at the claim (MOA), not at its lines."""
    if not any(UNPROCESSABLE in service.remarks for service in payment.services):
        return payment
    services = tuple(replace(s, remarks=tuple(r for r in s.remarks if r != UNPROCESSABLE)) for s in payment.services)
    return replace(payment, services=services, remarks=(*payment.remarks, UNPROCESSABLE))
