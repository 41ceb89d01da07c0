"""What the professional and the institutional claim share below their levels: CLM, providers, lines, and reading them.

CLM*CLEA0000000128*150***11:B:1*Y*A*Y*Y~
NM1*82*1*ROE*RITA****XX*1987654325~
LX*1~
LIN**N4*00026063512~
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.claim_detail import (
    NO_CLAIM_DETAIL,
    NO_LINE_DETAIL,
    ClaimDetail,
    Dated,
    Drug,
    Kept,
    LineDetail,
    Party,
)
from billing_core.money import x12_amount
from billing_core.registration import (
    Location,
    Patient,
    PersonName,
    Practice,
    Provider,
    Relationship,
    Sex,
    Subscriber,
)
from billing_core.x12.claim_coordination import carried_coverage, carried_prior, write_line_verdicts
from billing_core.x12.claim_levels import phone_of
from billing_core.x12.claim_segments import (
    NO_ADDRESS,
    Gathered,
    carried_address,
    carried_detail,
    carried_name,
    kept_of,
    loops,
    put_back,
    read_address,
    read_name,
    read_party,
    write_address,
    write_amount,
    write_attachment,
    write_note,
    write_party,
    write_references,
)
from billing_core.x12.segment import NO_DATE, Segment, SegmentWriter, first, free_text

# --- writing -------------------------------------------------------------------------------------------------------


def write_clm(w: SegmentWriter, claim: Claim, facility_qualifier: str, detail: ClaimDetail) -> None:
    """CLM of both guides."""
    setting = (claim.location.place_of_service, facility_qualifier, claim.frequency.value)
    number = w.need(claim.number, "CLM01", "claim number")
    signed: tuple[Any, ...] = (detail.signature, detail.assignment, detail.benefits_assigned, detail.release)
    if detail.signed_for or detail.causes or detail.special_program or detail.delay_reason:
        causes = (*detail.causes, *[""] * (3 - len(detail.causes)), detail.cause_state) if detail.causes else ""
        late = ("",) * 7 + (detail.delay_reason,) if detail.delay_reason else ()
        signed = (*signed, detail.signed_for, causes, detail.special_program, *late)
    w.add("CLM", number, x12_amount(claim.total), "", "", setting, *signed)


def write_claim_body(w: SegmentWriter, claim: Claim, detail: ClaimDetail) -> None:
    """PWK, AMT, REF and NTE of 2300, in both guides."""
    for paper in detail.attachments:
        write_attachment(w, paper)
    for amount in detail.amounts:
        write_amount(w, amount)
    for qualifier, value in (("9F", claim.referral), ("G1", claim.authorization), ("F8", claim.payer_reference)):
        if value:
            w.add("REF", qualifier, value)
    write_references(w, detail.references)
    for note in detail.notes:
        write_note(w, note)


def check_lines(w: SegmentWriter, claim: Claim, most: int) -> None:
    """Refuse lines that are missing, too many or not numbered in order."""
    if not claim.lines or len(claim.lines) > most:
        raise w.refuse(f"a claim carries 1 to {most} lines", "LX", "add a line, or split the claim")
    if any(line.number != number for number, line in enumerate(claim.lines, start=1)):
        raise w.refuse("the lines are not numbered 1, 2, 3", "LX01", "number the lines in order")


def undotted(code: str) -> str:
    """An ICD-10-CM code as HI carries it: "E11.9" as "E119"."""
    return code.replace(".", "").strip().upper()


def dotted(code: str) -> str:
    """An ICD-10-CM code as people write it: "E119" as "E11.9"."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


def write_provider(w: SegmentWriter, role: str, provider: Provider, kept: Sequence[Kept]) -> None:
    """The 2310 loop of a provider that the claim's record names. One without first name is an organization."""
    start = len(w.lines)
    name = carried_name(provider.name)
    last = w.need(name.last, "NM103", "provider's name")
    entity = "1" if name.first or role != "82" else "2"
    qualifier = "XX" if provider.npi else ""
    w.add("NM1", role, entity, last, name.first, name.middle, "", name.suffix, qualifier, provider.npi)
    if provider.taxonomy and role in ("82", "71"):
        w.add("PRV", "AT" if role == "71" else "PE", "PXC", provider.taxonomy)
    put_back(w, start, f"2310:{role}", kept)


def write_location(w: SegmentWriter, claim: Claim, kept: Sequence[Kept]) -> None:
    """The 2310 loop of the service location (NM1*77)."""
    start = len(w.lines)
    name = w.need(free_text(claim.location.name), "NM103", "service location's name")
    npi = claim.location.npi
    w.add("NM1", "77", "2", name, "", "", "", "", "XX" if npi else "", npi)
    write_address(w, claim.location.address, required=True)
    put_back(w, start, "2310:77", kept)


def names_rendering(claim: Claim, role: str = "82") -> bool:
    """Whether the file names the rendering (on a bill: attending) provider: not who bills, or more to say."""
    rendering, practice = claim.rendering, claim.practice
    if rendering.npi != practice.npi or rendering.taxonomy not in ("", practice.taxonomy):
        return True
    return claim.detail is not None and any(one.loop == f"2310:{role}" for one in claim.detail.kept)


def names_location(claim: Claim) -> bool:
    """Whether the file names the service location (2310C): its address or NPI is not the billing provider's."""
    location, practice = claim.location, claim.practice
    if location.npi not in ("", practice.npi):
        return True
    return location.address != practice.address and carried_address(location.address) != carried_address(
        practice.address
    )


def write_below_line(w: SegmentWriter, start: int, claim: Claim, line: ClaimLine, position: int) -> None:
    """What was kept of 2400, then 2410 drug, 2420 providers, 2430 earlier payers, 2440 forms."""
    detail = line.detail
    if detail is not None:
        put_back(w, start, "2400", detail.kept)
        start = len(w.lines)
        if detail.drug:
            write_drug(w, detail.drug)
        put_back(w, start, "2410", detail.kept)
        for party in detail.providers:
            write_party(w, party, f"2420:{party.role}", detail.kept)
    if claim.prior_payers:
        write_line_verdicts(w, claim, line, position)
    if detail is not None:
        for one in detail.kept:
            if one.loop == "2440":
                w.add_kept(one.segment)


def write_drug(w: SegmentWriter, drug: Drug) -> None:
    """LIN, CTP and the prescription number."""
    w.add("LIN", "", "N4", w.need(drug.ndc, "LIN03", "NDC"))
    if drug.quantity:
        w.add("CTP", "", "", "", drug.quantity, drug.unit)
    if drug.prescription:
        w.add("REF", "XZ", drug.prescription)


def write_procedure(line: ClaimLine, detail: LineDetail) -> tuple[str, ...]:
    """The composite of SV101 and SV202."""
    if not detail.description:
        return (detail.qualifier, line.procedure, *line.modifiers)
    blank = [""] * (4 - len(line.modifiers))
    return (detail.qualifier, line.procedure, *line.modifiers, *blank, free_text(detail.description))


# --- what the file carries -----------------------------------------------------------------------------------------


def rendering_name(detail: ClaimDetail | None, practice: Practice) -> PersonName:
    """The name of the billing provider who renders: the person, or the practice."""
    return carried_name(detail.billing_person) if detail and detail.billing_person else PersonName(practice.name, "")


def carried_practice(claim: Claim) -> Practice:
    """The practice as the file carries it."""
    whose = claim.practice
    name = free_text(whose.name)
    if claim.detail and claim.detail.billing_person:
        person = carried_name(claim.detail.billing_person)
        name = " ".join(part for part in (person.first, person.last) if part)
    address = carried_address(whose.address)
    return Practice("", name, "", whose.tin, whose.npi, whose.taxonomy, address, phone_of(whose))


def carried_people(claim: Claim, on: date, practice: Practice) -> Claim:
    """The claim with its people, payers and details as both claim files carry them."""
    dependent = claim.coverage.relationship is not Relationship.SELF
    holder = claim.coverage.subscriber
    sex = _carried_sex(holder)
    address = NO_ADDRESS if dependent else carried_address(holder.address)
    subscriber = Subscriber(carried_name(holder.name), holder.birth_date, sex, address)
    patient = Patient("", "", subscriber.name, subscriber.birth_date, subscriber.sex, address, "")
    if dependent:
        own = claim.patient
        name, where = carried_name(own.name), carried_address(own.address)
        patient = Patient("", "", name, own.birth_date, _carried_sex(own), where, "")
    payer_address = carried_address(claim.payer.address) if claim.payer.address.line1.strip() else NO_ADDRESS
    setting = claim.location.place_of_service
    location = Location("", practice.name, setting, practice.address, practice.npi)
    if names_location(claim):
        place = claim.location
        location = Location("", free_text(place.name), setting, carried_address(place.address), place.npi)
    detail = carried_detail(claim.detail) if claim.detail else None
    lines = tuple(carried_line(line, setting) for line in claim.lines)
    return replace(
        claim,
        id="",
        encounter_id="",
        practice=practice,
        payer=replace(claim.payer, id="", name=free_text(claim.payer.name), address=payer_address),
        coverage=carried_coverage(claim.coverage, claim.rank, subscriber),
        patient=patient,
        location=location,
        created_on=on,
        replaces="",
        prior_payers=tuple(carried_prior(prior, patient, lines) for prior in claim.prior_payers),
        detail=None if detail == NO_CLAIM_DETAIL else detail,
    )


def _carried_sex(person: Subscriber | Patient) -> Sex:
    return person.sex if person.birth_date != NO_DATE else Sex.UNKNOWN  # DMG goes whole or not at all


def carried_provider(provider: Provider, taxonomy: str) -> Provider:
    """The provider as the file carries it."""
    return Provider("", carried_name(provider.name), provider.npi, taxonomy)


def carried_line(line: ClaimLine, setting: str) -> ClaimLine:
    """The line as the file carries it."""
    place = "" if line.place_of_service == setting else line.place_of_service
    detail = carried_detail(line.detail) if line.detail else None
    if detail is not None:
        detail = replace(detail, description=free_text(detail.description))
    detail = None if detail == NO_LINE_DETAIL else detail
    return replace(line, charge_id="", place_of_service=place, detail=detail)


# --- reading -------------------------------------------------------------------------------------------------------


def read_frequency(clm: Segment, allowed: frozenset[str]) -> Frequency:
    """CLM05-3. X12Error for a code that is not `allowed`."""
    code = clm.part(5, 3)
    if code not in allowed:
        mend = f"send {', '.join(sorted(allowed))}"
        raise clm.error("an unknown claim frequency code (CLM05-3)", mend, 5)
    return Frequency(code)


_USUAL_CLM = ("Y", "A", "Y", "Y")  # CLM06 to CLM09: signed, assigned, benefits assigned, release


def is_usual_clm(clm: Segment) -> bool:
    """Whether the CLM says what a ClaimDetail says by default."""
    return clm.elements[6:] == _USUAL_CLM


def read_clm(clm: Segment) -> dict[str, Any]:
    """The fields of ClaimDetail that CLM06 to CLM20 give."""
    causes = tuple(part for part in clm.parts(11)[:3] if part)
    return {
        "signature": clm.get(6),
        "assignment": clm.get(7),
        "benefits_assigned": clm.get(8),
        "release": clm.get(9),
        "signed_for": clm.get(10),
        "causes": causes,
        "cause_state": clm.part(11, 4),
        "special_program": clm.get(12),
        "delay_reason": clm.get(20),
    }


@dataclass(slots=True)
class ClaimPeople:
    """The 2310 loops of a claim, by role: those that a claim's record names, and the others."""

    named: dict[str, Provider] = field(default_factory=dict)
    location: Location | None = None
    others: list[Party] = field(default_factory=list)


def read_people(pieces: Sequence[list[Segment]], roles: frozenset[str], setting: str, kept: list[Kept]) -> ClaimPeople:
    """The 2310 loops; providers in `roles` become records of the claim, the first of each."""
    found = ClaimPeople()
    for piece in pieces:
        role = piece[0].get(1)
        loop = f"2310:{role}"
        if role == "77" and found.location is None:
            nm1 = piece[0]
            found.location = Location("", nm1.get(3), setting, read_address(piece), nm1.get(9))
            kept += kept_of(loop, (s for s in piece[1:] if s.id not in ("N3", "N4")))
        elif role in roles and role not in found.named:
            prv = first(piece, "PRV")
            taxonomy = prv.get(3) if prv is not None and role in _WITH_TAXONOMY else ""
            found.named[role] = Provider("", read_name(piece[0]), piece[0].get(9), taxonomy)
            kept += kept_of(loop, (s for s in piece[1:] if not (s is prv and role in _WITH_TAXONOMY)))
        else:
            found.others.append(read_party(piece, loop, kept))
    return found


_WITH_TAXONOMY = frozenset({"82", "71"})
_BELOW_LINE = frozenset({"LIN", "NM1", "SVD", "LQ"})


@dataclass(slots=True)
class LineBody:
    """One 2400 loop as read: its own segments but the service, and what is below."""

    gathered: Gathered
    control: str = ""
    served: Dated | None = None
    drug: Drug | None = None
    providers: list[Party] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        """Whether there is nothing beyond a service on one day and its control number."""
        one_day = self.served is not None and self.served.last is None
        return one_day and self.gathered.empty and not self.drug and not self.providers


def read_line_body(piece: Sequence[Segment], service: Segment) -> LineBody:
    """Everything of a line but LX and its service segment."""
    own, pieces = loops(piece, _BELOW_LINE)
    body = LineBody(Gathered("2400", []))
    kept = body.gathered.kept
    for segment in own[1:]:
        if segment is service:
            continue
        if segment.id == "DTP" and segment.get(1) == "472" and body.served is None:
            body.served = read_service_date(segment)
        elif segment.id == "REF" and segment.get(1) == "6R" and not body.control:
            body.control = segment.get(2)
        else:
            body.gathered.take(segment)
    for below in pieces:
        id = below[0].id
        if id == "NM1":
            body.providers.append(read_party(below, f"2420:{below[0].get(1)}", kept))
        elif id == "LQ":
            kept += kept_of("2440", below)
        elif id == "LIN":
            body.drug = _read_drug(below, kept) if body.drug is None else body.drug
    return body


def read_service_date(dtp: Segment) -> Dated:
    """The day or period of service. X12Error when its first day is no date."""
    start, _, end = dtp.get(3).partition("-")
    last = dtp.day_of(end, 3) if end else None
    return Dated("472", dtp.day_of(start, 3), last)


def _read_drug(piece: Sequence[Segment], kept: list[Kept]) -> Drug | None:
    """2410; a product that is no NDC is kept as it stood."""
    lin, ctp = piece[0], first(piece, "CTP")
    if lin.get(2) != "N4":
        kept += kept_of("2410", piece)
        return None
    prescription = first(piece, "REF", "XZ")
    kept += kept_of("2410", (s for s in piece[1:] if s is not ctp and s is not prescription))
    quantity, unit = (ctp.get(4), ctp.part(5, 1)) if ctp else ("", "")
    return Drug(lin.get(3), quantity, unit, prescription.get(2) if prescription else "")


def read_units(service: Segment, element: int) -> tuple[int, str]:
    """Units as a whole number, and as written where they are not one (rounded up then)."""
    text = service.get(element)
    if not text:
        return 1, ""
    whole, _, fraction = text.partition(".")
    if not fraction.strip("0"):
        return service.count(element), ""
    if not (whole + fraction).isdecimal() or not (whole + fraction).isascii() or len(text) > 15:
        raise service.error("units are not a number", "correct the units and send it again", element)
    return int(whole or "0") + 1, text
