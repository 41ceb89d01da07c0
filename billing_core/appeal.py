"""Appeals, thin: by when each remedy must be used, and the facts of a letter, each sentence with its source.

Nothing is claimed here that the remittance or the contract does not say; a person adds what the chart shows, edits and
signs. A claim the payer could not process (MA130) has no appeal: it is sent anew. What the patient owes is not
appealed. Deadlines run from the remittance, the filing deadline from the date of service (contract.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from billing_core.claim import Claim
from billing_core.contract import Contract, Remedy
from billing_core.denial import LineDenial, is_unprocessable, reason
from billing_core.money import amount_text
from billing_core.remittance import ClaimPayment
from billing_core.rule import Finding, Severity


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The last day for each remedy, and which remedy the contract names for a correction."""

    file_by: date
    correct_by: date
    appeal_by: date
    corrected_by: Remedy


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence of the letter and where it stands written."""

    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Letter:
    """The facts of an appeal, in order, or the findings that say why there is none."""

    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()


def deadlines(claim: Claim, contract: Contract, remitted_on: date) -> Deadlines:
    """By when to file anew, to correct, and to appeal."""
    return Deadlines(
        file_by=contract.file_by(claim.service_date),
        correct_by=remitted_on + timedelta(days=contract.corrected_days),
        appeal_by=remitted_on + timedelta(days=contract.appeal_days),
        corrected_by=contract.corrected_by,
    )


def _refused(claim: Claim, payment: ClaimPayment, denial: LineDenial, late: bool) -> Finding | None:
    where = f"claim {claim.number}"

    def no(message: str, mend: str) -> Finding:
        return Finding("appeal-refused", Severity.ERROR, message, where, mend)

    if is_unprocessable(payment):
        return no("the payer could not process the claim (MA130): it has no appeal", "correct it and send a new claim")
    if denial.patient_owes:
        return no("the plan makes this the patient's: there is nothing to appeal for us", "bill the patient")
    if late:
        return no("the appeal's deadline has passed", "review for a write-off, or for good cause of the delay")
    return None


def letter(
    claim: Claim,
    payment: ClaimPayment,
    denial: LineDenial,
    contract: Contract,
    trace: str,
    remitted_on: date,
    today: date,
) -> Letter:
    """The facts on which an appeal of this denial stands; refused with a finding where no appeal exists."""
    by = deadlines(claim, contract, remitted_on)
    refused = _refused(claim, payment, denial, late=today > by.appeal_by)
    if refused is not None:
        return Letter(findings=(refused,))
    remittance = f"remittance {trace} of {remitted_on.isoformat()}, claim {payment.payer_reference or claim.number}"
    line = f", line {denial.line}" if denial.line else ""
    what = f"procedure {denial.procedure}" if denial.procedure else "the claim as a whole"
    terms = f"contract with payer {contract.payer_id}, in force from {contract.effective.isoformat()}"
    facts = [
        Fact(f"The service was given on {claim.service_date.isoformat()}.", f"claim {claim.number}"),
        Fact(f"We billed {amount_text(payment.charge)} and were paid {amount_text(payment.paid)}.", remittance),
        Fact(
            f"You refused {amount_text(denial.amount)} of {what}, for reason {denial.code}: "
            f"{reason(denial.reason).words}.",
            remittance + line,
        ),
    ]
    if denial.remarks:
        facts.append(Fact(f"You gave the remarks {', '.join(denial.remarks)}.", remittance + line))
    fee = contract.fees.get(denial.procedure)
    if fee is not None:
        facts.append(Fact(f"The contract allows {amount_text(fee)} for each unit of {denial.procedure}.", terms))
    if claim.authorization:
        facts.append(Fact(f"The claim carried authorization {claim.authorization}.", f"claim {claim.number}"))
    facts.append(
        Fact(f"This appeal is in time: the contract allows {contract.appeal_days} days from the remittance.", terms)
    )
    return Letter(tuple(facts))
