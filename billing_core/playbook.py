"""What to do about a refusal, step by step: by reason (CARC), remark (RARC) and what the claim and our records show.

The trade's own order of looking, before any model: first what our own records already answer (we filed in time, the
authorization is on file), then what the remark asks for, last the reason's general remedy. A step never says to bill
another code for the sake of payment: a code or modifier is changed only where the chart supports it.

Source: X12 code lists 139 (CARC) and 411 (RARC); the numbers are facts, the words are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from billing_core.claim import Claim
from billing_core.denial import LineDenial, reason
from billing_core.reason import UNPROCESSABLE, DenialCategory


@dataclass(frozen=True, slots=True)
class OnFile:
    """What our own records say about the claim: when a payer's door took it (277CA), the authorizations of the patient
    with this payer on the day of service, how many other coverages were in force, and earlier claims for the same day
    and service by number.
    """

    accepted_on: date | None = None
    file_by: date | None = None
    authorizations: tuple[str, ...] = ()
    other_coverages: int = 0
    same_service: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Play:
    """One step, and why it is proposed: the codes and facts that led to it."""

    step: str
    because: str


Rule = Callable[[Claim, LineDenial, OnFile], Iterator[Play]]


def _authorization(claim: Claim, denial: LineDenial, on_file: OnFile) -> Iterator[Play]:
    if denial.category is not DenialCategory.AUTHORIZATION:
        return
    if claim.authorization:
        yield Play(
            "Check that the approval covers this code, provider and day; if it does, send it with the reconsideration.",
            f"{denial.code}, and the claim carried an authorization",
        )
    elif on_file.authorizations:
        yield Play(
            f"Put the authorization on file ({', '.join(on_file.authorizations)}) on a corrected claim.",
            f"{denial.code}, and our records hold one that the claim did not carry",
        )
    else:
        yield Play(
            "Ask the payer for an approval after the fact; where its contract grants none, appeal with the note.",
            f"{denial.code}, and neither claim nor records hold an authorization",
        )


def _timely(claim: Claim, denial: LineDenial, on_file: OnFile) -> Iterator[Play]:
    if denial.category is not DenialCategory.TIMELY_FILING:
        return
    if on_file.accepted_on and on_file.file_by and on_file.accepted_on <= on_file.file_by:
        yield Play(
            f"Appeal with the acknowledgment: the payer's door took the claim on {on_file.accepted_on.isoformat()}, "
            f"within the contract's limit of {on_file.file_by.isoformat()}.",
            f"{denial.code}, and our acknowledgment is in time",
        )
    else:
        yield Play(
            "Look for good cause of the delay (an earlier payer, a retroactive coverage); without one, ask for a "
            "write-off.",
            f"{denial.code}, and we hold no acknowledgment in time",
        )


def _coverage(claim: Claim, denial: LineDenial, on_file: OnFile) -> Iterator[Play]:
    if denial.category not in (DenialCategory.ELIGIBILITY, DenialCategory.OTHER_PAYER):
        return
    if on_file.other_coverages:
        yield Play(
            "Ask this payer who was primary that day, then bill the other coverage on file.",
            f"{denial.code}, and another coverage was in force",
        )
    else:
        yield Play(
            "Ask the payer (270/271) what was in force on the date of service; correct the member id from the card.",
            f"{denial.code}, and no other coverage is on file",
        )


def _duplicate(claim: Claim, denial: LineDenial, on_file: OnFile) -> Iterator[Play]:
    if denial.category is not DenialCategory.DUPLICATE:
        return
    if on_file.same_service:
        yield Play(
            f"Find the first answer, to claim {', '.join(on_file.same_service[:3])}; a correction needs frequency 7, "
            "not 1.",
            f"{denial.code}, and we sent the same service of the day before",
        )
    else:
        yield Play(
            "Ask the payer for the claim it calls the first: our books hold none.",
            f"{denial.code}, and no other claim of ours is for this service and day",
        )


# remark codes -> what they ask for
_ASKED: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"M76", "M64", "M81", "MA63"}), "Complete the diagnosis as signed, and its pointers."),
    (frozenset({"M20", "M51", "N56", "N657"}), "Check procedure and units of the line against the signed coding."),
    (frozenset({"M78", "N519", "M44", "M53"}), "Change the modifier only as the note supports it."),
    (frozenset({"M62"}), "Put the authorization number on the claim."),
    (frozenset({"MA61", "N382", "MA27", "MA36", "N329"}), "Correct the member id and the name from the card."),
    (frozenset({"N30"}), "Ask the payer which coverage the patient has, and bill that one."),
    (frozenset({"M127", "N26", "N29", "N102", "N705", "N706", "M60"}), "Send the records it names, with its number."),
    (frozenset({"N257", "N264", "N265", "N285", "N286", "N290", "N77", "N95", "M57"}),
     "Check the provider's name and NPI, and the enrollment with this payer."),
    (frozenset({"MA04", "MA64", "MA92", "N4", "N8", "N104", "N418"}), "Send the earlier payer's answer along."),
    (frozenset({"N115", "N362", "M25"}), "Read the coverage rule the remark names, and quote the note against it."),
)  # fmt: skip


def _remarks(claim: Claim, denial: LineDenial, on_file: OnFile) -> Iterator[Play]:
    for codes, step in _ASKED:
        said = [code for code in denial.remarks if code in codes]
        if said:
            yield Play(step, f"{denial.code} with remark {', '.join(said)}")


def _necessity(claim: Claim, denial: LineDenial, on_file: OnFile) -> Iterator[Play]:
    if denial.category is DenialCategory.MEDICAL_NECESSITY:
        yield Play(
            "Appeal: quote from the note what made the service necessary, diagnosis by diagnosis.",
            f"{denial.code}, decided on the merits",
        )


RULES: tuple[Rule, ...] = (_timely, _authorization, _duplicate, _coverage, _remarks, _necessity)


def plays(claim: Claim, denial: LineDenial, on_file: OnFile) -> tuple[Play, ...]:
    """The steps for one denied line, in the order in which to take them; the reason's general remedy comes last."""
    if UNPROCESSABLE in denial.remarks:
        first = [Play("Send a new claim: one the payer could not process cannot be appealed.", "remark MA130")]
    elif denial.patient_owes:
        return (Play("Bill the patient: the plan makes this theirs.", f"{denial.code}, group PR"),)
    else:
        first = []
    found = [*first, *(play for rule in RULES for play in rule(claim, denial, on_file))]
    remedy = reason(denial.reason).remedy
    return (*found, Play(f"{remedy[:1].upper()}{remedy[1:]}.", denial.code)) if remedy else tuple(found)
