"""The reasons for which a payer refuses a line, in the order in which they are asked; the first that holds decides.

Sources: X12 external code lists 139 (CARC) and 411 (RARC) for code numbers, described here in our own words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeAlias

from billing_core.accumulator import Used
from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.codesets.modifiers import separates
from billing_core.codesets.tables import Tables, Verdict, plain_code
from billing_core.contract import BenefitPlan, Contract, ServiceShare, Since
from billing_core.coordination import Earlier
from billing_core.registration import Authorization, Coverage
from billing_core.remittance import Group

NOT_INSURED = "31"  # CARC: the patient is not known as insured here
LIMIT_REACHED = "119"  # CARC: the benefit's maximum is used up


class Refusal(NamedTuple):
    """Why a line is not paid: group, CARC, RARCs. A plain tuple of the three serves as well."""

    group: Group
    reason: str
    remarks: tuple[str, ...] = ()


Refusals: TypeAlias = Mapping[int, tuple[Group, str, tuple[str, ...]]]
LineKey: TypeAlias = tuple[str, ...]


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
class Case:
    """Everything a reason to refuse may look at."""

    claim: Claim
    coverage: Coverage | None
    contract: Contract
    tables: Tables
    received_on: date
    facts: PayerFacts
    plan: BenefitPlan | None
    used: Used
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
