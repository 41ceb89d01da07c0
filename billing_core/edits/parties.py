"""Edits of who is on the claim: billing and rendering provider, payer, subscriber, patient.

Most claims refused at the payer's front door (277CA) are refused for one of these.
Guide: 005010X222A1, loops 2010AA to 2310E; identifiers by 45 CFR 162.406.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from billing_core.claim import Claim
from billing_core.edits.context import ClaimContext, Problem, edit
from billing_core.errors import IdentifierError
from billing_core.identifiers import parse_claim_number, parse_member_id, parse_npi, parse_tin
from billing_core.registration import Relationship
from billing_core.rule import Severity

_GUIDE = "005010X222A1 "
_SEPARATORS = frozenset("~*:^")  # as our files use them: segment, element, component, repetition
_POST_BOX = re.compile(r"\s*(p\.?\s*o\.?\s*box|post office box|lock\s?box)\b", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _complaint(parse: Callable[[str], str], text: str) -> tuple[str, str] | None:
    """Message and mend when the identifier does not parse. Kept for the few providers that bill thousands of times."""
    try:
        parse(text)
    except IdentifierError as error:
        return error.message, error.mend
    return None


def _identifier(parse: Callable[[str], str], text: str, where: str) -> Iterator[Problem]:
    wrong = _complaint(parse, text)
    if wrong is not None:
        yield wrong[0], where, wrong[1]


@edit("claim-number", "The claim number is one of ours, its check character right.", _GUIDE + "CLM01")
def claim_number(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """A number of another form cannot be matched when the remittance returns it."""
    try:
        parse_claim_number(claim.number)
    except IdentifierError as error:
        yield error.message, "claim number", "let the store give the claim its number"


@edit("billing-npi", "The billing provider has a valid NPI.", _GUIDE + "2010AA NM109")
def billing_npi(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """NPI of the practice."""
    return _identifier(parse_npi, claim.practice.npi, "billing provider")


@edit("rendering-npi", "The rendering provider has a valid NPI.", _GUIDE + "2310B NM109")
def rendering_npi(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """NPI of who rendered the service."""
    return _identifier(parse_npi, claim.rendering.npi, "rendering provider")


@edit(
    "other-npi",
    "A referring or supervising provider and a service location that are named have valid NPIs.",
    _GUIDE + "2310A, 2310C and 2310D NM109",
)
def other_npi(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """NPIs of the others; a location may do without one."""
    if claim.referring is not None:
        yield from _identifier(parse_npi, claim.referring.npi, "referring provider")
    if claim.supervising is not None:
        yield from _identifier(parse_npi, claim.supervising.npi, "supervising provider")
    if claim.location.npi:
        yield from _identifier(parse_npi, claim.location.npi, "service location")


@edit("billing-tin", "The billing provider has a nine-digit tax id.", _GUIDE + "2010AA REF*EI")
def billing_tin(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Tax id of the practice."""
    return _identifier(parse_tin, claim.practice.tin, "billing provider")


@edit("billing-street", "The billing provider's address is a street, not a post box.", _GUIDE + "2010AA N301")
def billing_street(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """A post box belongs in the pay-to address."""
    if _POST_BOX.match(claim.practice.address.line1):
        yield "a post box as billing address", "billing provider", "give the street; the post box is the pay-to address"


@edit("billing-zip", "The billing provider's ZIP code has nine digits.", _GUIDE + "2010AA N403", Severity.WARNING)
def billing_zip(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The guide asks for all nine; some payers take five."""
    code = claim.practice.address.postal_code
    if len(code) != 9 or not code.isdigit():
        yield "the ZIP code has not nine digits", "billing provider", "look the ZIP+4 up at the postal service"


@edit("payer-number", "The payer has an electronic payer id.", _GUIDE + "2010BB NM109")
def payer_number(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Without it no clearinghouse can route the claim."""
    if not claim.payer.number.strip():
        yield "the payer has no electronic payer id", "payer", "copy it from the clearinghouse's payer list"


@edit("member-id", "The subscriber has a member id.", _GUIDE + "2010BA NM109")
def member_id(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Blank or unreadable member ids are refused before adjudication."""
    try:
        parse_member_id(claim.coverage.member_id)
    except IdentifierError as error:
        yield error.message, "subscriber", error.mend


@edit("subscriber-name", "Subscriber and patient have a first and a last name.", _GUIDE + "2010BA, 2010CA NM103")
def subscriber_name(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The first name may not be left out for a person."""
    for name, where in ((claim.coverage.subscriber.name, "subscriber"), (claim.patient.name, "patient")):
        if not name.last.strip() or not name.first.strip():
            yield "a name is missing", where, "copy both names from the insurance card"


@edit("name-characters", "A name holds no character that separates parts of a file.", _GUIDE + "appendix B.1.1.2.5")
def name_characters(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """The file would carry a space in its place: another name than on the card."""
    for name, where in ((claim.coverage.subscriber.name, "subscriber"), (claim.patient.name, "patient")):
        if not _SEPARATORS.isdisjoint((*name.last, *name.first, *name.middle, *name.suffix)):
            yield "a name holds one of ~ * : ^", where, "enter the name with the letters of the insurance card"


@edit(
    "self-is-subscriber",
    "A patient registered as the subscriber has the subscriber's name and birth date.",
    _GUIDE + "2000B SBR02, 2010BA DMG",
    Severity.WARNING,
)
def self_is_subscriber(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """Otherwise the payer answers that it cannot identify the patient (CARC 31)."""
    subscriber, patient = claim.coverage.subscriber, claim.patient
    if claim.coverage.relationship is not Relationship.SELF:
        return
    if subscriber.birth_date != patient.birth_date or subscriber.name != patient.name:
        yield "patient and subscriber differ though they are the same person", "subscriber", "compare with the card"


@edit("born-before-service", "The patient was born by the date of service.", _GUIDE + "2010BA, 2010CA DMG02")
def born_before_service(claim: Claim, context: ClaimContext) -> Iterator[Problem]:
    """A birth date after the service is a typing mistake in one of the two."""
    if claim.patient.birth_date > claim.service_date:
        yield "the birth date is after the date of service", "patient", "correct the birth date or the date of service"


RULES = (
    claim_number,
    billing_npi,
    rendering_npi,
    other_npi,
    billing_tin,
    billing_street,
    billing_zip,
    payer_number,
    member_id,
    subscriber_name,
    name_characters,
    self_is_subscriber,
    born_before_service,
)
