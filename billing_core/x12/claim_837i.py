"""The institutional claim as a file: claims to bytes and back. Guide: 005010X223A2 (837I).

A claim of a facility is a `Claim` with its `institutional` part: bill type, statement period, admission, and the
codes of the bill (value, occurrence, condition, ICD-10-PCS, present on admission). The claim's `rendering` is the
attending provider (2310A), its location's place of service the facility type (CLM05-1). Lines name revenue codes in
their details and point at no diagnosis. As in `claim_837p`, `as_carried` says what the file gives back.

    CLM*CLEA0000000128*8950***11:A:1**A*Y*Y~
    DTP*434*RD8*20260401-20260405~
    CL1*1*7*01~
    HI*ABK:I214:::::::Y~ HI*BBR:02703DZ:D8:20260402~ HI*BE:80:::4~
    SV2*0120**8000*DA*4~
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from billing_core.claim import Claim, ClaimLine, Frequency
from billing_core.claim_detail import (
    NO_CLAIM_DETAIL,
    NO_LINE_DETAIL,
    ClaimDetail,
    Dated,
    Institutional,
    Kept,
    LineDetail,
    OnDay,
    ValueCode,
)
from billing_core.money import x12_amount
from billing_core.registration import Location, PersonName, Provider
from billing_core.x12 import claim_levels
from billing_core.x12.claim_body import (
    carried_people,
    carried_practice,
    carried_provider,
    check_lines,
    dotted,
    names_location,
    names_rendering,
    read_clm,
    read_frequency,
    read_line_body,
    read_people,
    read_units,
    rendering_name,
    undotted,
    write_below_line,
    write_claim_body,
    write_clm,
    write_location,
    write_procedure,
    write_provider,
)
from billing_core.x12.claim_coordination import check_prior_payers, read_prior, write_prior_payer
from billing_core.x12.claim_levels import Above, phone_of
from billing_core.x12.claim_segments import (
    Gathered,
    kept_of,
    loops,
    put_back,
    write_amount,
    write_attachment,
    write_date,
    write_indicator,
    write_note,
    write_party,
    write_references,
)
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.segment import NO_DATE, Segment, SegmentWriter, collector_paused, day_text, first, parse_day

KIND = "837I"
SET_ID = "837"
GROUP_ID = "HC"
VERSION = "005010X223A2"
VERSIONS = ("005010X223",)

CLAIMS_MAX = 5_000
LINES_MAX = 999
DIAGNOSES_MAX = 25
FREQUENCIES = frozenset(frequency.value for frequency in Frequency)
CODES_MAX = 12  # of one HI segment


# --- writing -------------------------------------------------------------------------------------------------------


def write(claims: Sequence[Claim], envelope: Envelope, receiver_name: str) -> bytes:
    """One interchange of all `claims`, in transaction sets of at most 5,000. X12Error as in `claim_837p.write`."""
    writer = SegmentWriter()
    if not claims:
        raise writer.refuse("there is no claim to write", "CLM", "hand over at least one claim")
    numbered = list(enumerate(claims, start=1))
    sets: list[tuple[str, list[str]]] = []
    for start in range(0, len(numbered), CLAIMS_MAX):
        writer = SegmentWriter()
        claim_levels.write_header(writer, claims[0].practice, envelope, receiver_name, len(sets) + 1)
        some = numbered[start : start + CLAIMS_MAX]
        claim_levels.write_hierarchy(writer, some, phone_of(claims[0].practice), _claim)
        sets.append((SET_ID, writer.lines))
    return write_interchange(envelope, GROUP_ID, VERSION, sets)


def _claim(w: SegmentWriter, claim: Claim) -> None:
    """2300 and what is below it."""
    bill = claim.institutional
    if bill is None:
        raise w.refuse("a professional claim", "CLM05", "write it with claim_837p")
    _check_claim(w, claim, bill)
    detail = claim.detail or NO_CLAIM_DETAIL
    start = len(w.lines)
    write_clm(w, claim, "A", replace(detail, signature=""))
    _bill_dates(w, bill)
    for when in detail.dates:
        write_date(w, when)
    w.add("CL1", bill.admission_type, bill.admission_source, bill.patient_status)
    write_claim_body(w, claim, detail)
    for said in detail.indicators:
        write_indicator(w, said)
    _codes(w, claim, bill, detail)
    put_back(w, start, "2300", detail.kept)
    _providers(w, claim, detail)
    for prior in claim.prior_payers:
        write_prior_payer(w, claim, prior)
    for position, line in enumerate(claim.lines, start=1):
        _line(w, claim, line, position)


def _check_claim(w: SegmentWriter, claim: Claim, bill: Institutional) -> None:
    if not 1 <= len(claim.diagnoses) <= DIAGNOSES_MAX or any(not undotted(code) for code in claim.diagnoses):
        raise w.refuse("a claim carries 1 to 25 diagnoses, none blank", "HI", "assign a diagnosis")
    for codes, present in ((claim.diagnoses, bill.present), (bill.external_causes, bill.external_present)):
        if present and len(present) != len(codes):
            raise w.refuse("present-on-admission indicators do not match", "HI", "give one for each diagnosis, or none")
    check_lines(w, claim, LINES_MAX)
    check_prior_payers(w, claim)


def _bill_dates(w: SegmentWriter, bill: Institutional) -> None:
    if bill.discharged_at:
        write_date(w, Dated("096", NO_DATE, None, bill.discharged_at))
    write_date(w, Dated("434", bill.statement_from, bill.statement_to))
    if bill.admitted_on is not None:
        write_date(w, Dated("435", bill.admitted_on, None, bill.admitted_at))


def _codes(w: SegmentWriter, claim: Claim, bill: Institutional, detail: ClaimDetail) -> None:
    """Every HI of the bill, in the guide's order."""
    present = bill.present or ("",) * len(claim.diagnoses)
    diagnoses = [(undotted(code), here) for code, here in zip(claim.diagnoses, present, strict=True)]
    external_present = bill.external_present or ("",) * len(bill.external_causes)
    causes = zip(bill.external_causes, external_present, strict=True)
    _hi(w, [_diagnosis("ABK", *diagnoses[0])])
    _hi(w, [("ABJ", undotted(bill.admitting))] if bill.admitting else [])
    _hi(w, [("APR", undotted(code)) for code in bill.reasons])
    _hi(w, [_diagnosis("ABN", undotted(code), here) for code, here in causes])
    _hi(w, [("DR", bill.drg)] if bill.drg else [])
    _hi(w, [_diagnosis("ABF", *one) for one in diagnoses[1:]])
    _hi(w, [("BBR", one.code, "D8", day_text(one.day)) for one in bill.procedures[:1]])
    _hi(w, [("BBQ", one.code, "D8", day_text(one.day)) for one in bill.procedures[1:]])
    _hi(w, [("BI", one.code, "RD8", f"{day_text(one.day)}-{day_text(one.last or one.day)}") for one in bill.spans])
    _hi(w, [("BH", one.code, "D8", day_text(one.day)) for one in bill.occurrences])
    _hi(w, [("BE", one.code, "", "", one.value) for one in bill.values])
    _hi(w, [("BG", code) for code in detail.conditions])


def _diagnosis(qualifier: str, code: str, present: str) -> tuple[str, ...]:
    return (qualifier, code, "", "", "", "", "", "", present) if present else (qualifier, code)


def _hi(w: SegmentWriter, codes: Sequence[tuple[str, ...]]) -> None:
    for start in range(0, len(codes), CODES_MAX):
        w.add("HI", *codes[start : start + CODES_MAX])


def _providers(w: SegmentWriter, claim: Claim, detail: ClaimDetail) -> None:
    """2310A attending, 2310B to D operating and rendering, 2310E location, 2310F referring."""
    if names_rendering(claim, "71"):
        write_provider(w, "71", claim.rendering, detail.kept)
    for party in detail.providers:
        write_party(w, party, f"2310:{party.role}", detail.kept)
    if names_location(claim):
        write_location(w, claim, detail.kept)
    if claim.referring:
        write_provider(w, "DN", claim.referring, detail.kept)


def _line(w: SegmentWriter, claim: Claim, line: ClaimLine, position: int) -> None:
    """2400 and what is below it."""
    detail = line.detail or NO_LINE_DETAIL
    if line.units < 1 or line.amount < 0:
        raise w.refuse("a line has at least one unit and no negative charge", "SV203", "correct the charge")
    if len(line.modifiers) > 4 or "" in line.modifiers:
        raise w.refuse("a line carries at most four modifiers, none blank", "SV202", "drop the least important")
    start = len(w.lines)
    w.add("LX", str(position))
    procedure: tuple[str, ...] | str = write_procedure(line, detail) if line.procedure else ""
    revenue = w.need(detail.revenue, "SV201", "revenue code")
    not_covered = ("", x12_amount(detail.not_covered)) if detail.not_covered else ()
    units = detail.quantity or str(line.units)
    w.add("SV2", revenue, procedure, x12_amount(line.amount), detail.measure, units, *not_covered)
    for paper in detail.attachments:
        write_attachment(w, paper)
    if not detail.undated:
        write_date(w, Dated("472", line.service_date, detail.through))
    for when in detail.dates:
        write_date(w, when)
    if line.control:
        w.add("REF", "6R", line.control)
    write_references(w, detail.references)
    for amount in detail.amounts:
        write_amount(w, amount)
    for note in detail.notes:
        write_note(w, note)
    write_below_line(w, start, claim, line, position)


# --- what the file carries -----------------------------------------------------------------------------------------


def as_carried(claim: Claim, on: date) -> Claim:
    """The claim as an 837I written on that day carries it; what is lost is what `claim_837p.as_carried` names.

    Further: no supervising provider, no pointers, and no signature indicator (CLM06); codes stand without points.
    """
    practice = carried_practice(claim)
    attending = carried_provider(claim.rendering, claim.rendering.taxonomy)
    if not names_rendering(claim, "71"):
        attending = Provider("", rendering_name(claim.detail, practice), practice.npi, practice.taxonomy)
    carried = carried_people(claim, on, practice)
    detail = replace(carried.detail, signature="Y") if carried.detail else None
    return replace(
        carried,
        rendering=attending,
        diagnoses=tuple(dotted(undotted(code)) for code in claim.diagnoses),
        lines=tuple(replace(line, pointers=(), place_of_service="") for line in carried.lines),
        referring=carried_provider(claim.referring, "") if claim.referring else None,
        supervising=None,
        institutional=_carried_bill(claim.institutional) if claim.institutional else None,
        detail=None if detail == NO_CLAIM_DETAIL else detail,
    )


def _carried_bill(bill: Institutional) -> Institutional:
    return replace(
        bill,
        admitting=undotted(bill.admitting),
        reasons=tuple(map(undotted, bill.reasons)),
        external_causes=tuple(map(undotted, bill.external_causes)),
        present=bill.present if any(bill.present) else (),
        external_present=bill.external_present if any(bill.external_present) else (),
    )


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[Claim, ...]:
    """Every claim of a file of 837I transaction sets. X12Error when the file is not whole or not 837I."""
    with collector_paused():
        return tuple(
            claim for one in sets_of(data, SET_ID, VERSIONS, "institutional claim (837I)") for claim in _claims(one)
        )


def read_set(one: TransactionSet) -> tuple[Claim, ...]:
    """The claims of one 837I transaction set, in file order. X12Error where a claim cannot be read."""
    return tuple(_claims(one))


def _claims(one: TransactionSet) -> Iterator[Claim]:
    return (_read_claim(above, body) for above, body in claim_levels.claims_of(one))


_PIECES = frozenset({"SBR", "LX"})
_NM1 = frozenset({"NM1"})
_OWN_REFERENCES = frozenset({"G1", "9F", "F8"})
_ROLES = frozenset({"71", "DN"})


@dataclass(slots=True)
class _Codes:
    """The codes of a bill, list by list."""

    diagnoses: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    admitting: str = ""
    reasons: list[str] = field(default_factory=list)
    external: list[str] = field(default_factory=list)
    external_present: list[str] = field(default_factory=list)
    drg: str = ""
    procedures: list[OnDay] = field(default_factory=list)
    occurrences: list[OnDay] = field(default_factory=list)
    spans: list[OnDay] = field(default_factory=list)
    values: list[ValueCode] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)

    def take(self, hi: Segment, number: int) -> bool:
        """One composite of an HI. False when it is of a list, or of a form, that the record does not have."""
        qualifier, code = hi.part(number, 1), hi.part(number, 2)
        if not code:
            return not qualifier
        if qualifier in ("ABK", "BK", "ABF", "BF"):
            self.diagnoses.append(dotted(code))
            self.present.append(hi.part(number, 9))
        elif qualifier in ("ABJ", "BJ"):
            self.admitting = code
        elif qualifier in ("APR", "PR"):
            self.reasons.append(code)
        elif qualifier in ("ABN", "BN"):
            self.external.append(code)
            self.external_present.append(hi.part(number, 9))
        elif qualifier == "DR":
            self.drg = code
        elif qualifier == "BG":
            self.conditions.append(code)
        elif qualifier == "BE":
            self.values.append(ValueCode(code, hi.part(number, 5)))
        else:
            return self._dated(qualifier, code, hi.part(number, 4))
        return True

    def _dated(self, qualifier: str, code: str, text: str) -> bool:
        lists = {"BBR": self.procedures, "BR": self.procedures, "BBQ": self.procedures, "BQ": self.procedures}
        lists |= {"BH": self.occurrences, "BI": self.spans}
        start, _, end = text.partition("-")
        day, last = parse_day(start), parse_day(end)
        if qualifier not in lists or day is None:
            return False
        lists[qualifier].append(OnDay(code, day, last))
        return True


def _read_claim(above: Above, body: Sequence[Segment]) -> Claim:
    """One claim below its levels."""
    head, pieces = loops(body, _PIECES)
    others = [piece for piece in pieces if piece[0].id == "SBR"]
    lines = [piece for piece in pieces if piece[0].id == "LX"]
    own, loops_of_providers = loops(head, _NM1)
    clm = own[0]
    kept: list[Kept] = []
    gathered, codes, numbers = Gathered("2300", kept), _Codes(), dict[str, str]()
    for segment in own[1:]:
        if segment.id == "HI":
            if not all(codes.take(segment, number) for number in range(1, len(segment.elements))):
                kept += kept_of("2300", (segment,))
        elif segment.id == "REF" and segment.get(1) in _OWN_REFERENCES and segment.get(1) not in numbers:
            numbers[segment.get(1)] = segment.get(2)
        elif segment.id != "CL1":
            gathered.take(segment)
    bill = _read_bill(clm, first(own, "CL1"), gathered, codes)
    setting = clm.part(5, 1)
    people = read_people(loops_of_providers, _ROLES, setting, kept)
    practice, patient = above.billing.practice, above.patient.patient
    made = tuple(_read_line(piece, number, bill.statement_from) for number, piece in enumerate(lines, start=1))
    detail = ClaimDetail(
        **gathered.fields(),
        conditions=tuple(codes.conditions),
        providers=tuple(people.others),
        **(read_clm(clm) | {"signature": "Y"}),
        **above.detail(kept),
    )
    name = above.billing.person or PersonName(practice.name, "")
    return Claim(
        id="",
        number=clm.get(1),
        frequency=read_frequency(clm, FREQUENCIES),
        rank=above.subscriber.rank,
        encounter_id="",
        practice=practice,
        payer=above.subscriber.payer,
        coverage=above.subscriber.coverage,
        patient=patient,
        rendering=people.named.get("71") or Provider("", name, practice.npi, practice.taxonomy),
        location=people.location or Location("", practice.name, setting, practice.address, practice.npi),
        diagnoses=tuple(codes.diagnoses),
        lines=made,
        created_on=above.created_on,
        authorization=numbers.get("G1", ""),
        referral=numbers.get("9F", ""),
        referring=people.named.get("DN"),
        payer_reference=numbers.get("F8", ""),
        prior_payers=tuple(read_prior(piece, lines, made, patient) for piece in others),
        detail=None if detail == NO_CLAIM_DETAIL else detail,
        institutional=bill,
    )


def _read_bill(clm: Segment, cl1: Segment | None, gathered: Gathered, codes: _Codes) -> Institutional:
    """The bill's dates are taken out of the gathered ones: statement, admission, discharge hour."""
    found: dict[str, Dated] = {}
    others: list[Dated] = []
    for when in gathered.dates:
        if when.qualifier in ("434", "435", "096") and when.qualifier not in found:
            found[when.qualifier] = when
        else:
            others.append(when)
    gathered.dates = others
    statement, admitted, discharged = found.get("434"), found.get("435"), found.get("096")
    if statement is None:
        raise clm.error("a bill without its statement dates (DTP*434)", "ask the sender for the whole claim")
    return Institutional(
        statement_from=statement.day,
        statement_to=statement.last or statement.day,
        admission_type=cl1.get(1) if cl1 else "",
        admission_source=cl1.get(2) if cl1 else "",
        patient_status=cl1.get(3) if cl1 else "",
        admitted_on=admitted.day if admitted else None,
        admitted_at=admitted.time if admitted else "",
        discharged_at=discharged.time if discharged else "",
        present=tuple(codes.present) if any(codes.present) else (),
        admitting=codes.admitting,
        reasons=tuple(codes.reasons),
        external_causes=tuple(codes.external),
        external_present=tuple(codes.external_present) if any(codes.external_present) else (),
        drg=codes.drg,
        procedures=tuple(codes.procedures),
        occurrences=tuple(codes.occurrences),
        spans=tuple(codes.spans),
        values=tuple(codes.values),
    )


def _read_line(piece: Sequence[Segment], number: int, statement_from: date) -> ClaimLine:
    """One 2400 loop. A line without date has the first day of the statement, and says so (`undated`)."""
    sv2 = first(piece, "SV2")
    if sv2 is None:
        raise piece[0].error("a line without its service (SV2)", "ask the sender for the whole claim")
    body = read_line_body(piece, sv2)
    units, quantity = read_units(sv2, 5)
    procedure = sv2.parts(2)
    detail = LineDetail(
        measure=sv2.get(4) or "UN",
        quantity=quantity,
        qualifier=procedure[0] if procedure else "HC",
        description=sv2.part(2, 7),
        revenue=sv2.get(1),
        not_covered=sv2.amount_or(7),
        through=body.served.last if body.served else None,
        undated=body.served is None,
        drug=body.drug,
        providers=tuple(body.providers),
        kept=tuple(body.gathered.kept),
        **body.gathered.fields(),
    )
    return ClaimLine(
        number=number,
        control=body.control,
        charge_id="",
        procedure=sv2.part(2, 2),
        modifiers=tuple(part for part in procedure[2:6] if part),
        units=units,
        pointers=(),
        amount=sv2.amount(3),
        service_date=body.served.day if body.served else statement_from,
        detail=detail,
    )
