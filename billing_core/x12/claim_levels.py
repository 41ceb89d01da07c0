"""The levels above a claim, as both claim guides have them: submitter and receiver (1000), billing provider (2000A),
subscriber and payer (2000B), patient (2000C).

    HL*1**20*1~            billing provider
    HL*2*1*22*1~           subscriber of that provider's patient
    HL*3*2*23*0~           the patient, when another person holds the insurance
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from billing_core.claim import Claim
from billing_core.claim_detail import NO_CLAIM_DETAIL, Kept
from billing_core.registration import (
    Address,
    Coverage,
    Patient,
    Payer,
    PersonName,
    Practice,
    Relationship,
    Sex,
    Subscriber,
)
from billing_core.x12.claim_segments import (
    kept_of,
    loops,
    put_back,
    read_address,
    read_name,
    telephone,
    write_address,
    write_person,
)
from billing_core.x12.envelope import Envelope, TransactionSet
from billing_core.x12.segment import NO_DATE, Segment, SegmentWriter, day_text, first, free_text, split_before, text_of

RANKS = "PSTABCDEFGH"  # SBR01: primary, secondary, tertiary, payer responsibility four to eleven
ABOVE = frozenset({"2000A", "2010AA", "2010AB", "2010AC"})

# --- writing -------------------------------------------------------------------------------------------------------


def write_header(w: SegmentWriter, practice: Practice, envelope: Envelope, receiver_name: str, number: int) -> None:
    """BHT, submitter (1000A), receiver (1000B)."""
    w.about("header")
    reference = f"{envelope.control:09d}{number:04d}"
    w.add("BHT", "0019", "00", reference, day_text(envelope.on.date()), f"{envelope.on:%H%M}", "CH")
    name = w.need(free_text(practice.name), "NM103", "practice name")
    w.add("NM1", "41", "2", name, "", "", "", "", "46", envelope.sender)
    w.add("PER", "IC", name, "TE", w.need(phone_of(practice), "PER04", "practice telephone number"))
    receiver = w.need(free_text(receiver_name), "NM103", "receiver name")
    w.add("NM1", "40", "2", receiver, "", "", "", "", "46", envelope.receiver)


def phone_of(practice: Practice) -> str:
    """The practice's telephone number, digits alone."""
    return "".join(c for c in practice.phone if c in "0123456789")


def write_hierarchy(
    w: SegmentWriter,
    claims: Sequence[tuple[int, Claim]],
    submitter_phone: str,
    write_claim: Callable[[SegmentWriter, Claim], None],
) -> None:
    """2000A for each billing provider, below it 2000B (and 2000C) for each claim; HL01 counts through the set."""
    groups: dict[object, list[tuple[int, Claim]]] = {}
    for position, claim in claims:
        groups.setdefault((claim.practice, _above(claim)), []).append((position, claim))
    level = 0
    for members in groups.values():
        level = provider_level = level + 1
        w.about(f"claim {members[0][0]}")
        start = len(w.lines)
        w.add("HL", str(level), "", "20", "1")
        _billing_provider(w, start, members[0][1], submitter_phone)
        for position, claim in members:
            w.about(f"claim {position}")
            dependent = claim.coverage.relationship is not Relationship.SELF
            level = subscriber_level = level + 1
            start = len(w.lines)
            w.add("HL", str(level), str(provider_level), "22", "1" if dependent else "0")
            _subscriber(w, start, claim, dependent)
            if dependent:
                level += 1
                start = len(w.lines)
                w.add("HL", str(level), str(subscriber_level), "23", "0")
                _dependent(w, start, claim)
            write_claim(w, claim)


def _above(claim: Claim) -> object:
    """What the claims of one billing provider level share, beside the provider itself."""
    detail = claim.detail
    if detail is None:
        return None
    kept = tuple(one for one in detail.kept if one.loop in ABOVE)
    if not kept and not detail.pay_to and not detail.billing_person and detail.tax_qualifier == "EI":
        return None
    return kept, detail.pay_to, detail.billing_person, detail.tax_qualifier


def _billing_provider(w: SegmentWriter, start: int, claim: Claim, submitter_phone: str) -> None:
    """2000A, 2010AA and, where payments go elsewhere, 2010AB and 2010AC."""
    practice, detail = claim.practice, claim.detail or NO_CLAIM_DETAIL
    if practice.taxonomy:
        w.add("PRV", "BI", "PXC", practice.taxonomy)
    put_back(w, start, "2000A", detail.kept)
    start = len(w.lines)
    npi = w.need(practice.npi, "NM109", "billing provider's NPI")
    name = w.need(free_text(practice.name), "NM103", "practice name")
    if detail.billing_person:
        write_person(w, "85", detail.billing_person, "XX", npi)
    else:
        w.add("NM1", "85", "2", name, "", "", "", "", "XX", npi)
    write_address(w, practice.address, required=True)
    w.add("REF", detail.tax_qualifier, w.need(practice.tin, "REF02", "tax id"))
    own_contact = any(one.loop == "2010AA" and one.segment.startswith("PER") for one in detail.kept)
    if phone_of(practice) not in ("", submitter_phone) and not own_contact:
        w.add("PER", "IC", name, "TE", phone_of(practice))
    put_back(w, start, "2010AA", detail.kept)
    if detail.pay_to is not None:
        w.add("NM1", "87", "2")
        write_address(w, detail.pay_to, required=True)
    for one in detail.kept:
        if one.loop == "2010AC":
            w.add_kept(one.segment)


def sbr_rank(w: SegmentWriter, rank: int) -> str:
    """SBR01."""
    if not 1 <= rank <= len(RANKS):
        raise w.refuse("the payer's rank is not 1 to 11", "SBR01", "number the coverages in payer order")
    return RANKS[rank - 1]


def write_sbr(
    w: SegmentWriter, rank: int, relationship: str, coverage: Coverage, filing: str, insurance_type: str
) -> None:
    """SBR; the group's name (SBR04) goes only where there is no group number, as the guide says."""
    plan = "" if coverage.group_number else free_text(coverage.plan)
    group = coverage.group_number
    w.add("SBR", sbr_rank(w, rank), relationship, group, plan, insurance_type, "", "", "", filing)


def _subscriber(w: SegmentWriter, start: int, claim: Claim, dependent: bool) -> None:
    """2000B, 2010BA, 2010BB. A subscriber who is not the patient has no address here."""
    coverage, subscriber, payer = claim.coverage, claim.coverage.subscriber, claim.payer
    detail = claim.detail or NO_CLAIM_DETAIL
    relationship = "" if dependent else Relationship.SELF.value
    write_sbr(w, claim.rank, relationship, coverage, payer.filing, detail.insurance_type)
    put_back(w, start, "2000B", detail.kept)
    start = len(w.lines)
    write_person(w, "IL", subscriber.name, "MI", w.need(coverage.member_id, "NM109", "member id"))
    if not dependent:
        write_address(w, subscriber.address, required=True)
    _demographics(w, subscriber.birth_date, subscriber.sex)
    put_back(w, start, "2010BA", detail.kept)
    start = len(w.lines)
    write_payer(w, payer)
    put_back(w, start, "2010BB", detail.kept)


def write_payer(w: SegmentWriter, payer: Payer) -> None:
    """NM1*PR and the payer's address."""
    name = w.need(free_text(payer.name), "NM103", "payer name")
    w.add("NM1", "PR", "2", name, "", "", "", "", "PI", w.need(payer.number, "NM109", "payer number"))
    write_address(w, payer.address, required=False)


def _dependent(w: SegmentWriter, start: int, claim: Claim) -> None:
    """2000C, 2010CA: the patient, when another person holds the insurance."""
    detail = claim.detail or NO_CLAIM_DETAIL
    pat = next((one.segment for one in detail.kept if one.loop == "2000C" and one.segment.startswith("PAT")), "")
    if pat:
        w.add_kept(pat)
    else:
        w.add("PAT", detail.relationship or claim.coverage.relationship.value)
    put_back(w, start, "2000C", [one for one in detail.kept if not one.segment.startswith("PAT")])
    start = len(w.lines)
    write_person(w, "QC", claim.patient.name)
    write_address(w, claim.patient.address, required=True)
    _demographics(w, claim.patient.birth_date, claim.patient.sex)
    put_back(w, start, "2010CA", detail.kept)


def _demographics(w: SegmentWriter, birth_date: date, sex: Sex) -> None:
    if birth_date != NO_DATE:
        w.add("DMG", "D8", day_text(birth_date), sex.value)


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BillingLevel:
    """One 2000A as read: the practice, and what claims below it share."""

    practice: Practice
    pay_to: Address | None
    person: PersonName | None
    tax_qualifier: str
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class SubscriberLevel:
    """One 2000B as read: who holds the insurance, and who pays."""

    rank: int
    coverage: Coverage
    payer: Payer
    insurance_type: str
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class PatientLevel:
    """One 2000C as read, or the subscriber as patient."""

    patient: Patient
    relationship: Relationship
    code: str = ""
    kept: tuple[Kept, ...] = ()


@dataclass(slots=True)
class Above:
    """What stands above the claim being read."""

    created_on: date
    billing: BillingLevel
    subscriber: SubscriberLevel
    patient: PatientLevel

    @property
    def plain(self) -> bool:
        """Whether the levels above give a ClaimDetail nothing."""
        billing, subscriber, patient = self.billing, self.subscriber, self.patient
        kept = billing.kept or subscriber.kept or patient.kept
        said = billing.pay_to or billing.person or subscriber.insurance_type or patient.code
        return not (kept or said) and billing.tax_qualifier == "EI"

    def detail(self, kept: Sequence[Kept]) -> dict[str, Any]:
        """The fields of a ClaimDetail that the levels above give, with the claim's own kept segments."""
        return {
            "pay_to": self.billing.pay_to,
            "billing_person": self.billing.person,
            "tax_qualifier": self.billing.tax_qualifier,
            "insurance_type": self.subscriber.insurance_type,
            "relationship": self.patient.code,
            "kept": (*self.billing.kept, *self.subscriber.kept, *self.patient.kept, *kept),
        }


@dataclass(slots=True)
class _Reading:
    header: Sequence[Segment]
    created_on: date
    billing: BillingLevel | None = None
    holder: Sequence[Segment] = field(default_factory=tuple)


_Level = Sequence[Segment]
_HL = frozenset({"HL"})
_CLM = frozenset({"CLM"})
_NM1 = frozenset({"NM1"})


def claims_of(one: TransactionSet) -> Iterator[tuple[Above, list[Segment]]]:
    """Each claim's segments (from its CLM) with what stands above it, in file order."""
    header, levels = loops(one.segments, _HL)
    beginning = first(header, "BHT")
    if beginning is None:
        raise one.header.error("the transaction set has no BHT", "ask the sender for the whole file")
    reading = _Reading(header, beginning.day(4))
    for level in levels:
        hl = level[0]
        kind = hl.get(3)
        own, claims = loops(level, _CLM)
        if kind not in ("22", "23"):
            if claims:
                raise hl.error("a claim stands outside a subscriber's level", "put it below its HL*22 or HL*23", 3)
            if kind == "20":
                reading.billing, reading.holder = read_billing(header, own), ()
            continue
        if kind == "22":
            reading.holder = own
        if reading.billing is None or not reading.holder:
            raise hl.error("a level without the one above it", "order the levels 20, 22, 23", 3)
        stray = first(own, "LX")
        if stray is not None:
            raise stray.error("a line without its claim (CLM)", "ask the sender for the whole claim")
        if claims:
            above = _above_of(reading, reading.billing, own if kind == "23" else ())
            for body in claims:
                yield above, body


def _above_of(reading: _Reading, billing: BillingLevel, dependent: _Level) -> Above:
    subscriber = read_subscriber(reading.holder)
    holder = subscriber.coverage.subscriber
    patient = Patient("", "", holder.name, holder.birth_date, holder.sex, holder.address, "")
    level = read_patient(dependent) if dependent else PatientLevel(patient, Relationship.SELF)
    if dependent:
        whose = subscriber.coverage
        coverage = read_coverage_as(whose, level.relationship)
        subscriber = SubscriberLevel(
            subscriber.rank, coverage, subscriber.payer, subscriber.insurance_type, subscriber.kept
        )
    return Above(reading.created_on, billing, subscriber, level)


def read_coverage_as(coverage: Coverage, relationship: Relationship) -> Coverage:
    """The coverage of a patient who stands in that relationship to its holder."""
    return Coverage(
        id="",
        patient_id="",
        payer_id="",
        rank=coverage.rank,
        member_id=coverage.member_id,
        relationship=relationship,
        subscriber=coverage.subscriber,
        effective=NO_DATE,
        group_number=coverage.group_number,
        plan=coverage.plan,
    )


def parties(pieces: Sequence[list[Segment]]) -> dict[str, list[Segment]]:
    """NM1 loops by their entity code; the first of each code counts."""
    found: dict[str, list[Segment]] = {}
    for piece in pieces:
        found.setdefault(piece[0].get(1), piece)
    return found


def need_party(level: _Level, found: dict[str, list[Segment]], code: str, what: str) -> list[Segment]:
    """The loop of that entity code. X12Error when it is missing."""
    party = found.get(code)
    if party is None:
        raise level[0].error(f"the {what} (NM1*{code}) is missing", "ask the sender for the whole claim")
    return party


def organization(nm1: Segment) -> str:
    """NM103; for a person who bills, first and last name."""
    return " ".join(part for part in (nm1.get(4), nm1.get(3)) if part) if nm1.get(2) == "1" else nm1.get(3)


def read_billing(header: _Level, level: _Level) -> BillingLevel:
    """2000A with 2010AA to 2010AC."""
    own, pieces = loops(level, _NM1)
    found = parties(pieces)
    party = need_party(level, found, "85", "billing provider")
    nm1 = party[0]
    kept = [one for s in own[1:] if not (s.id == "PRV" and s.get(1) == "BI") for one in kept_of("2000A", (s,))]
    tax = first(party, "REF", "EI") or first(party, "REF", "SY")
    contact, plain = telephone(party), _plain_contact(party)
    for segment in party[1:]:
        if segment is not tax and segment.id not in ("N3", "N4") and not (segment.id == "PER" and plain):
            kept += kept_of("2010AA", (segment,))
    pay_to, plan = found.get("87"), found.get("PE")
    if plan:
        kept += kept_of("2010AC", plan)
    submitter = next((piece for piece in split_before(header, _NM1) if piece and piece[0].get(1) == "41"), ())
    phone = contact or telephone(submitter)
    taxonomy = text_of(own, "PRV", "BI", 3)
    tin = tax.get(2) if tax else ""
    practice = Practice("", organization(nm1), "", tin, nm1.get(9), taxonomy, read_address(party), phone)
    return BillingLevel(
        practice,
        read_address(pay_to) if pay_to else None,
        read_name(nm1) if nm1.get(2) == "1" else None,
        tax.get(1) if tax else "EI",
        tuple(kept),
    )


def _plain_contact(party: _Level) -> bool:
    """Whether the contact says no more than a name and a telephone number."""
    contacts = [segment for segment in party if segment.id == "PER"]
    return len(contacts) == 1 and len(contacts[0].elements) == 5 and contacts[0].get(3) == "TE"


def read_rank(sbr: Segment) -> int:
    """SBR01 as a number. X12Error for a code that is not one of the eleven."""
    place = RANKS.find(sbr.get(1)) if len(sbr.get(1)) == 1 else -1
    if place < 0:
        raise sbr.error("an unknown payer responsibility code", "send P, S, T or A to H", 1)
    return place + 1


def read_relationship(code: str) -> tuple[Relationship, str]:
    """The relationship, and the guide's own code where the project's list has none (20, 21, 39, 40, 53)."""
    if code in ("18", "01", "19", "G8"):
        return Relationship(code), ""
    return Relationship.OTHER, code


def read_coverage(sbr: Segment, relationship: Relationship, member_id: str, subscriber: Subscriber) -> Coverage:
    """What SBR and the insured's NM1 say of a coverage."""
    return Coverage(
        id="",
        patient_id="",
        payer_id="",
        rank=read_rank(sbr),
        member_id=member_id,
        relationship=relationship,
        subscriber=subscriber,
        effective=NO_DATE,
        group_number=sbr.get(3),
        plan=sbr.get(4),
    )


def read_subscriber(level: _Level) -> SubscriberLevel:
    """2000B with 2010BA and 2010BB."""
    own, pieces = loops(level, _NM1)
    sbr = first(own, "SBR")
    if sbr is None:
        raise level[0].error("the subscriber's SBR is missing", "ask the sender for the whole claim")
    found = parties(pieces)
    insured, payer = need_party(level, found, "IL", "subscriber"), need_party(level, found, "PR", "payer")
    kept = kept_of("2000B", (s for s in own if s.id not in ("HL", "SBR")))
    kept += kept_of("2010BA", (s for s in insured if s.id not in ("NM1", "N3", "N4", "DMG")))
    kept += kept_of("2010BB", (s for s in payer if s.id not in ("NM1", "N3", "N4")))
    birth_date, sex = _read_demographics(insured)
    holder = Subscriber(read_name(insured[0]), birth_date, sex, read_address(insured))
    coverage = read_coverage(sbr, Relationship.SELF, insured[0].get(9), holder)
    payer_record = read_payer(payer, sbr.get(9))
    return SubscriberLevel(coverage.rank, coverage, payer_record, sbr.get(5), tuple(kept))


def read_payer(party: _Level, filing: str) -> Payer:
    """NM1*PR with its address; `filing` is SBR09."""
    return Payer("", party[0].get(3), party[0].get(9), filing, read_address(party))


def read_patient(level: _Level) -> PatientLevel:
    """2000C with 2010CA."""
    own, pieces = loops(level, _NM1)
    party = need_party(level, parties(pieces), "QC", "patient")
    pat = first(own, "PAT")
    relationship, code = read_relationship(pat.get(1) if pat else "")
    kept = kept_of("2000C", (s for s in own[1:] if s.id != "PAT" or len(s.elements) > 2))
    kept += kept_of("2010CA", (s for s in party if s.id not in ("NM1", "N3", "N4", "DMG")))
    birth_date, sex = _read_demographics(party)
    patient = Patient("", "", read_name(party[0]), birth_date, sex, read_address(party), "")
    return PatientLevel(patient, relationship, code, tuple(kept))


def _read_demographics(party: _Level) -> tuple[date, Sex]:
    dmg = first(party, "DMG")
    if dmg is None:
        return NO_DATE, Sex.UNKNOWN
    sex = Sex(dmg.get(3)) if dmg.get(3) in ("F", "M") else Sex.UNKNOWN
    return dmg.day(2), sex
