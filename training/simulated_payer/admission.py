"""The front desk of a payer: which claims enter adjudication, and what the 277CA says of those that do not.

Codes are those of X12 lists 507 (claim status category) and 508 (claim status), said here in our own words; the entity
is that of STC01-3 (005010X214): IL subscriber, 82 rendering provider, 85 billing provider, PR payer.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import date

from billing_core.claim import Claim, Frequency
from billing_core.codesets.tables import Tables, Verdict, plain_code
from billing_core.errors import IdentifierError
from billing_core.identifiers import parse_npi
from training.simulated_payer.chance import happens
from training.simulated_payer.known import Known, Office

_DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """STC01: category, status, entity; and a sentence for STC12."""

    category: str
    status: str
    entity: str
    message: str = ""


ACCEPTED = Answer("A2", "20", "PR")
WRONG_PAYER = Answer("A3", "116", "PR", "claim sent to the wrong payer")
SENT_BEFORE = Answer("A3", "54", "", "a claim of this number was received before")
NO_LINES = Answer("A6", "247", "", "the claim has no service line")
NO_DIAGNOSIS = Answer("A6", "255", "", "the claim has no diagnosis")
BAD_DIAGNOSIS = Answer("A7", "255", "", "a diagnosis code is not valid on the date of service")
BAD_POINTER = Answer("A7", "477", "", "a line points at no diagnosis of the claim")
BAD_CHARGE = Answer("A7", "178", "", "a line's charge is negative or its units are not at least one")
FUTURE_SERVICE = Answer("A7", "187", "", "a date of service is after the date of receipt")
NO_PROVIDER = Answer("A7", "562", "82", "the rendering provider is not found")
NO_MEMBER = Answer("A3", "33", "IL", "subscriber and member id are not found")
NO_ORIGINAL = Answer("A7", "464", "", "the payer claim number of the earlier claim is missing or unknown")
TASTE = Answer("A7", "500", "85", "the billing provider's postal code does not match our file")


def admit(
    claim: Claim,
    office: Office | None,
    known: Known,
    tables: Tables,
    received_on: date,
    taken: Container[str],
    references: Container[str],
) -> Answer:
    """What the 277CA says of the claim: ACCEPTED, or the first reason against it.

    `taken` are the claims admitted before (payer|number), `references` the payer's own numbers that may be replaced.
    """
    if office is None:
        return WRONG_PAYER
    if f"{claim.payer.number}|{claim.number}" in taken:
        return SENT_BEFORE
    if (wrong := _content(claim, tables, received_on)) is not None:
        return wrong
    if not _provider_known(claim, known):
        return NO_PROVIDER
    if known.coverage(office.payer, claim) is None:
        return NO_MEMBER
    if claim.frequency is not Frequency.ORIGINAL and claim.payer_reference not in references:
        return NO_ORIGINAL
    if happens(known.seed, claim.number, "reject", office.habits.reject_rate):
        return TASTE
    return ACCEPTED


def _content(claim: Claim, tables: Tables, received_on: date) -> Answer | None:
    """What the claim itself shows to be missing or wrong."""
    if not claim.lines:
        return NO_LINES
    if not claim.diagnoses:
        return NO_DIAGNOSIS
    bad = (Verdict.INVALID, Verdict.NOT_BILLABLE)
    for code in claim.diagnoses:
        if not _DIAGNOSIS.match(plain_code(code)) or tables.diagnosis(code, claim.service_date) in bad:
            return BAD_DIAGNOSIS
    if any(not line.pointers or max(line.pointers) > len(claim.diagnoses) for line in claim.lines):
        return BAD_POINTER
    if any(line.amount < 0 or line.units < 1 for line in claim.lines):
        return BAD_CHARGE
    return FUTURE_SERVICE if max(line.service_date for line in claim.lines) > received_on else None


def _provider_known(claim: Claim, known: Known) -> bool:
    try:
        npi = parse_npi(claim.rendering.npi)
    except IdentifierError:
        return False
    return npi in known.providers or npi == claim.practice.npi
