"""What a claim shows on the day it is sent, and nothing it shows later: the raw material of the denial model.

`facts` takes a `Claim`; there is no way to hand it a remittance, so an outcome cannot leak into what the model sees.
A `ClaimFacts` names no person: no name, birth date, address, member id or record number; keys are opaque and given by
the caller. Dates of service remain, so a file of them is a limited data set (45 CFR 164.514(e)), not a public one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, timedelta

from billing_core.claim import Claim, ClaimLine
from billing_core.registration import Relationship, Sex

ENROLLED_LONG = 400  # days; a provider enrolled longer than this is no newcomer
AGE_BANDS = (0, 2, 6, 12, 18, 30, 40, 50, 65, 75, 90)  # first year of each; 90 and over are one (45 CFR 164.514(b))


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """One submission as it stands when it is sent. `procedures`, `modifiers`, `units`, `amounts_cents` and `pointed`
    run in parallel, one value a line: `modifiers` are joined by a blank ("25 59", "" for none), `pointed` is the first
    diagnosis the line points to. `enrolled` and `coverage_active` are what the practice's own records say.
    `resubmission`: it stands in the place of an earlier claim of ours, as a replacement or sent anew. `card_key` is one
    for everybody insured under one card; `enrolled_days` is for how long the provider has been enrolled with the payer.
    """

    claim_key: str
    patient_key: str
    coverage_key: str
    submitted_on: date
    days_to_submit: int
    payer: str
    rank: int
    frequency: str
    provider: str
    specialty: str
    place_of_service: str
    procedures: tuple[str, ...]
    modifiers: tuple[str, ...]
    units: tuple[int, ...]
    amounts_cents: tuple[int, ...]
    pointed: tuple[str, ...]
    diagnoses: tuple[str, ...]
    has_authorization: bool
    has_referral: bool
    has_referring_provider: bool
    enrolled: bool
    coverage_active: bool
    coverage_age_days: int
    plan: str
    has_group_number: bool
    member_id_shape: str
    relationship: str
    sex: str
    age_band: int
    resubmission: bool = False
    card_key: str = ""
    enrolled_days: int = ENROLLED_LONG

    @property
    def service_on(self) -> date:
        """The first date of service."""
        return self.submitted_on - timedelta(days=self.days_to_submit)

    @property
    def card(self) -> str:
        """The key of the insurance card, for the family where it is known, else for the patient."""
        return self.card_key or self.coverage_key

    @property
    def total_cents(self) -> int:
        """CLM02, in cents."""
        return sum(self.amounts_cents)


def facts(claim: Claim, submitted_on: date, patient_key: str, card_key: str = "") -> ClaimFacts:
    """The facts of `claim` as sent on `submitted_on`. `patient_key` is the person's opaque pseudonym: one person, one
    key, however many charts were opened. A coverage is known by its card (payer and member id) for the same reason;
    `card_key` is the card's own pseudonym, the same for a whole family, made by who keeps the secret of pseudonyms.
    """
    service_on = claim.service_date
    coverage = claim.coverage
    return ClaimFacts(
        claim_key=_opaque(patient_key, "claim", claim.id or claim.number),
        patient_key=patient_key,
        coverage_key=_opaque(patient_key, "coverage", claim.payer.number, coverage.member_id or coverage.id),
        submitted_on=submitted_on,
        days_to_submit=(submitted_on - service_on).days,
        payer=claim.payer.number,
        rank=claim.rank,
        frequency=str(claim.frequency),
        provider=claim.rendering.npi,
        specialty=claim.rendering.taxonomy,
        place_of_service=claim.location.place_of_service,
        procedures=tuple(line.procedure for line in claim.lines),
        modifiers=tuple(" ".join(line.modifiers) for line in claim.lines),
        units=tuple(line.units for line in claim.lines),
        amounts_cents=tuple(line.amount for line in claim.lines),
        pointed=tuple(_pointed(line, claim.diagnoses) for line in claim.lines),
        diagnoses=claim.diagnoses,
        has_authorization=bool(claim.authorization),
        has_referral=bool(claim.referral),
        has_referring_provider=claim.referring is not None,
        enrolled=claim.rendering.enrolled_with(claim.payer.id, service_on),
        coverage_active=coverage.active(service_on),
        coverage_age_days=(service_on - coverage.effective).days,
        plan=coverage.plan,
        has_group_number=bool(coverage.group_number),
        member_id_shape=member_id_shape(coverage.member_id),
        relationship=str(Relationship(coverage.relationship)),
        sex=str(Sex(claim.patient.sex)),
        age_band=age_band(claim.patient.birth_date, service_on),
        resubmission=bool(claim.replaces),
        card_key=card_key,
        enrolled_days=_enrolled_days(claim, service_on),
    )


def member_id_shape(member_id: str) -> str:
    """The form of a member id without its content: runs of letters (A) and digits (9) with their lengths.

    >>> member_id_shape("W123456-01")
    'A1 9x6 - 9x2'
    """
    parts = []
    for run in re.findall(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]", member_id):
        kind = "A" if run[0].isalpha() else "9x" if run[0].isdigit() else "-"
        parts.append(kind if kind == "-" else f"{kind}{len(run)}")
    return " ".join(parts)


def age_band(born: date, on: date) -> int:
    """The first year of the age band the patient is in on that day."""
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return max((band for band in AGE_BANDS if band <= years), default=0)


def _enrolled_days(claim: Claim, on: date) -> int:
    """Days since the provider's enrollment with the payer began, by our own record; 0 when there is none."""
    began = [e.effective for e in claim.rendering.enrollments if e.payer_id == claim.payer.id and e.covers(on)]
    return min((on - min(began)).days, ENROLLED_LONG) if began else 0


def _pointed(line: ClaimLine, diagnoses: tuple[str, ...]) -> str:
    """The first diagnosis the line points to, "" when it points nowhere."""
    first = line.pointers[0] if line.pointers else 0
    return diagnoses[first - 1] if 0 < first <= len(diagnoses) else ""


def _opaque(*parts: str) -> str:
    """A key that says nothing: 16 hex digits of the sha256 of the parts; "" when the last part is empty."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16] if parts[-1] else ""
