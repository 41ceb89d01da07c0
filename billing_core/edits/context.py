"""What a claim edit may look at beside the claim, and how an edit is written.

An edit is a function that yields `(message, where, mend)` for each thing it finds wrong. `edit` gives it the id, the
sentence and the source, and makes it a `Rule`. Messages carry no names, member ids, diagnosis codes
or dates of service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import update_wrapper
from typing import TypeAlias

from billing_core.claim import Claim
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.eligibility import PayerAnswer
from billing_core.provider_query import ProviderQuery
from billing_core.registration import Authorization, Coverage
from billing_core.rule import Finding, Rule, Severity


@dataclass(frozen=True, slots=True)
class ClaimContext:
    """What the practice knows on the day it scrubs.

    `as_of`: the day the claim would be sent. `contract`: the payer's terms (None: not loaded). `authorizations`: those
    on file for the patient. `other_claims`: the patient's claims that stand (sent or ready; neither rejected nor
    replaced). `enrolled_known`: whether the provider's enrollments with this payer are kept. `coverages`: all of the
    patient's. `corrected_from`: the remittance date of the claim that this one replaces. `queries`: those asked about
    the visit's note. `answers`: what payers have said of the coverages (271).
    """

    as_of: date
    tables: Tables
    contract: Contract | None = None
    authorizations: tuple[Authorization, ...] = ()
    other_claims: tuple[Claim, ...] = ()
    enrolled_known: bool = True
    coverages: tuple[Coverage, ...] = ()
    corrected_from: date | None = None
    queries: tuple[ProviderQuery, ...] = ()
    answers: tuple[PayerAnswer, ...] = ()

    def terms(self, claim: Claim) -> Contract | None:
        """The payer's terms, when they are in force on the claim's first date of service."""
        return self.contract if self.contract is not None and self.contract.covers(claim.service_date) else None


Problem: TypeAlias = tuple[str, str, str]  # message, where, mend
Check: TypeAlias = Callable[[Claim, ClaimContext], Iterator[Problem]]
ClaimRule: TypeAlias = Rule[Claim, ClaimContext]


def edit(id: str, sentence: str, source: str, severity: Severity = Severity.ERROR) -> Callable[[Check], ClaimRule]:
    """Make a check a rule. Its problems become findings of this id and severity."""

    def rule(problems: Check) -> ClaimRule:
        def finding(problem: Problem) -> Finding:
            message, where, mend = problem
            return Finding(id, severity, message, where, mend)

        def check(claim: Claim, context: ClaimContext) -> Iterator[Finding]:
            return map(finding, problems(claim, context))

        return Rule(id, sentence, source, update_wrapper(check, problems))

    return rule
