"""Running a contract's vectors: each worked claim is adjudicated, and every cent that differs is named.

The claim is made up around the vector (invented people, a sound diagnosis); what counts is the contract, the plan, what
was used before, and what earlier payers did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from billing_core.accumulator import Accumulators
from billing_core.adjudication import Decision, adjudicate
from billing_core.claim import Claim, ClaimLine, Frequency, PriorPayer
from billing_core.codesets.tables import Tables
from billing_core.contract import CobMethod, Contract
from billing_core.contract_vector import Expected, ExpectedLine, Vector, VectorPrior
from billing_core.errors import ContractError
from billing_core.money import Cents, amount_text
from billing_core.refusal import PayerFacts
from billing_core.registration import (
    Address,
    Authorization,
    Coverage,
    Location,
    Patient,
    Payer,
    PersonName,
    Practice,
    Provider,
    Relationship,
    Sex,
    Subscriber,
)
from billing_core.remittance import Adjustment, Group, ServicePayment

_HOME = Address("1 Example St", "Albany", "NY", "122070001")
_NAME = PersonName("Example", "Pat")
_BORN = date(1980, 1, 1)
_SUBSCRIBER = Subscriber(_NAME, _BORN, Sex.UNKNOWN, _HOME)
_PRACTICE = Practice(
    "practice", "Example Practice", "XMPL", "123456789", "1234567893", "207Q00000X", _HOME, "5185550100"
)
_PATIENT = Patient("patient", "1", _NAME, _BORN, Sex.UNKNOWN, _HOME, "guarantor")
_RECEIVED_AFTER = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class VectorResult:
    """One vector run: the decision or the words of the error, and every difference from what was expected."""

    vector: Vector
    decision: Decision | None
    error: str
    differences: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the contract gives what the vector expects, to the cent."""
        return not self.differences


def check_vectors(contract: Contract, tables: Tables) -> tuple[VectorResult, ...]:
    """Every vector of the contract, in order."""
    return tuple(run_vector(contract, vector, tables) for vector in contract.vectors)


def run_vector(contract: Contract, vector: Vector, tables: Tables) -> VectorResult:
    """Adjudicate the vector's claim and compare."""
    if vector.coordination:
        contract = replace(contract, coordination=CobMethod(vector.coordination))
    claim = vector_claim(contract, vector)
    facts = PayerFacts(
        authorizations=tuple(
            Authorization(
                f"authorization-{a.number}", _PATIENT.id, contract.payer_id, a.number, a.code, a.units,
                date(vector.on.year, 1, 1), date(vector.on.year, 12, 31),
            )
            for a in vector.authorized
        )
    )  # fmt: skip
    received = vector.received or vector.on + _RECEIVED_AFTER
    try:
        used = _accumulators(contract, vector)
        decision = adjudicate(claim, claim.coverage, contract, used, tables, received, facts)
    except ContractError as error:
        expected = vector.expect.error
        differences = () if expected and expected in str(error) else (f"refused: {error}",)
        return VectorResult(vector, None, str(error), differences)
    return VectorResult(vector, decision, "", tuple(_differences(vector.expect, decision)))


def vector_claim(contract: Contract, vector: Vector) -> Claim:
    """The claim that the vector speaks of."""
    payer = Payer(contract.payer_id, contract.name or contract.payer_id, contract.payer_id, "CI", _HOME)
    coverage = Coverage(
        "coverage",
        _PATIENT.id,
        contract.payer_id,
        vector.rank,
        "MEMBER1",
        Relationship.SELF,
        _SUBSCRIBER,
        vector.coverage_begins or date(1900, 1, 1),
        vector.coverage_ends,
        plan=vector.plan,
    )
    lines = tuple(
        ClaimLine(n, f"L{n}", f"charge-{n}", line.code, line.modifiers, line.units, (1,), line.charge,
                  line.on or vector.on, line.place)
        for n, line in enumerate(vector.lines, start=1)
    )  # fmt: skip
    return Claim(
        id="claim",
        number="XMPL0000000001",
        frequency=Frequency.ORIGINAL,
        rank=vector.rank,
        encounter_id="encounter",
        practice=_PRACTICE,
        payer=payer,
        coverage=coverage,
        patient=_PATIENT,
        rendering=Provider("provider", _NAME, "1987654321", vector.taxonomy or "207Q00000X"),
        location=Location("location", "Office", "11", _HOME),
        diagnoses=("Z00.00",),
        lines=lines,
        created_on=vector.on,
        authorization=vector.authorization,
        referral=vector.referral,
        prior_payers=tuple(_prior_payers(vector, coverage)),
    )


def _prior_payers(vector: Vector, coverage: Coverage) -> Iterator[PriorPayer]:
    """The payers before, first one first: as many as any line, or the claim, names."""
    count = max((len(vector.prior), *(len(line.prior) for line in vector.lines)))
    for place in range(count):
        said: list[tuple[int, Cents, tuple[Adjustment, ...]]] = []
        whole = vector.prior[place] if place < len(vector.prior) else VectorPrior()
        if whole.adjustments:
            said.append((0, 0, _read_adjustments(whole.adjustments)))
        for number, line in enumerate(vector.lines, start=1):
            if place < len(line.prior):
                one = line.prior[place]
                said.append((number, one.paid, _read_adjustments(one.adjustments)))
        yield PriorPayer(
            Payer(f"payer-{place + 1}", f"Payer {place + 1}", f"PRIOR{place + 1}", "CI", _HOME),
            replace(coverage, id=f"coverage-{place + 1}", rank=place + 1),
            whole.paid or sum(paid for _, paid, _ in said),
            vector.prior_paid_on or vector.on,
            tuple(said),
        )


def _read_adjustments(plain: Mapping[str, Cents]) -> tuple[Adjustment, ...]:
    return tuple(Adjustment(Group(key[:2]), key[3:], amount) for key, amount in plain.items())


def _accumulators(contract: Contract, vector: Vector) -> Accumulators:
    used = vector.used
    year = used.year if used.year is not None else contract.plan(vector.plan).benefit_year(vector.on)
    return Accumulators(
        "coverage",
        year,
        used.deductible,
        used.out_of_pocket,
        used.family_deductible,
        used.family_out_of_pocket,
        dict(used.services),
    )


# --- comparing --------------------------------------------------------------------------------------------------------


def _differences(expect: Expected, decision: Decision) -> Iterator[str]:
    if expect.error:
        yield f"expected the refusal '{expect.error}', and it was adjudicated"
        return
    payment = decision.payment
    allowed = sum(line.allowed for line in decision.lines)
    yield from _amounts("claim", expect, (allowed, payment.paid, payment.patient_responsibility))
    yield from _reasons("claim", expect.adjustments, payment.services)
    if expect.lines and len(expect.lines) != len(payment.services):
        yield f"{len(expect.lines)} lines expected, {len(payment.services)} on the claim"
        return
    for line, service, decided in zip(expect.lines, payment.services, decision.lines, strict=False):
        patient = sum(a.amount for a in service.adjustments if a.group is Group.PATIENT)
        where = f"line {decided.number}"
        yield from _amounts(where, line, (decided.allowed, service.paid, patient))
        yield from _reasons(where, line.adjustments, (service,))


def _amounts(where: str, expect: Expected | ExpectedLine, reckoned: tuple[Cents, Cents, Cents]) -> Iterator[str]:
    for name, wanted, found in zip(
        ("allowed", "paid", "patient"), (expect.allowed, expect.paid, expect.patient), reckoned, strict=True
    ):
        if wanted is not None and wanted != found:
            yield f"{where}: {name} {amount_text(wanted)} expected, {amount_text(found)} reckoned"


def _reasons(where: str, wanted: Mapping[str, Cents] | None, services: tuple[ServicePayment, ...]) -> Iterator[str]:
    if wanted is None:
        return
    found: dict[str, Cents] = {}
    for service in services:
        for a in service.adjustments:
            found[f"{a.group}-{a.reason}"] = found.get(f"{a.group}-{a.reason}", 0) + a.amount
    for key in sorted({*wanted, *found}):
        if wanted.get(key, 0) != found.get(key, 0):
            one, two = amount_text(wanted.get(key, 0)), amount_text(found.get(key, 0))
            yield f"{where}: {key} {one} expected, {two} reckoned"
