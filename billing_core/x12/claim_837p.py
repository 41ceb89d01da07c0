"""The professional claim as a file: claims to bytes and back. Guide: 005010X222A1 (837P, with errata of June 2010).

`read(write(claims))` gives the claims back as far as the file carries them: `as_carried` says exactly what that is,
field by field. Nothing the guide requires is invented: a claim that lacks it raises X12Error, which names the claim
by its position, the element and the mend. Several claims share one file: they are grouped by billing provider, in
the order given. What the records do not model is kept in their details and written back in its loop.

    CLM*CLEA0000000128*150***11:B:1*Y*A*Y*Y~
    HI*ABK:E119*ABF:I10~
    SV1*HC:99213:25*150*UN*1***1:2~
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from billing_core.claim import Claim, ClaimLine
from billing_core.claim_detail import NO_CLAIM_DETAIL, NO_LINE_DETAIL, ClaimDetail, Dated, Kept, LineDetail
from billing_core.money import x12_amount
from billing_core.registration import Location, PersonName, Provider
from billing_core.x12 import claim_levels
from billing_core.x12.claim_body import (
    ClaimPeople,
    LineBody,
    carried_line,
    carried_people,
    carried_practice,
    carried_provider,
    check_lines,
    dotted,
    is_usual_clm,
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
    write_transport,
)
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.segment import Segment, SegmentWriter, collector_paused, first

KIND = "837P"
SET_ID = "837"
GROUP_ID = "HC"
VERSION = "005010X222A1"
VERSIONS = ("005010X222",)  # as issued, A1 and A2: the same loops

CLAIMS_MAX = 5_000  # of one transaction set (guide, section 1.3.2)
LINES_MAX = 50
DIAGNOSES_MAX = 12
FREQUENCIES = frozenset({"1", "7", "8"})  # an original, its replacement, its void


# --- writing -------------------------------------------------------------------------------------------------------


def write(claims: Sequence[Claim], envelope: Envelope, receiver_name: str) -> bytes:
    """One interchange of all `claims`, in transaction sets of at most 5,000.

    The submitter is the first claim's practice, under the envelope's sender id. X12Error: no claims, a value the
    guide requires is missing, or a value no X12 element can hold.
    """
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
    _check_claim(w, claim)
    detail = claim.detail or NO_CLAIM_DETAIL
    start = len(w.lines)
    write_clm(w, claim, "B", detail)
    for when in detail.dates:
        write_date(w, when)
    write_claim_body(w, claim, detail)
    if detail.transport:
        write_transport(w, detail.transport)
    for said in detail.indicators:
        write_indicator(w, said)
    w.add("HI", *(("ABF" if n else "ABK", undotted(code)) for n, code in enumerate(claim.diagnoses)))
    if detail.anesthesia:
        w.add("HI", *(("BO" if n else "BP", code) for n, code in enumerate(detail.anesthesia)))
    for at in range(0, len(detail.conditions), DIAGNOSES_MAX):
        w.add("HI", *(("BG", code) for code in detail.conditions[at : at + DIAGNOSES_MAX]))
    put_back(w, start, "2300", detail.kept)
    _claim_providers(w, claim, detail)
    for prior in claim.prior_payers:
        write_prior_payer(w, claim, prior)
    for position, line in enumerate(claim.lines, start=1):
        _line(w, claim, line, position)


def _check_claim(w: SegmentWriter, claim: Claim) -> None:
    """Refuse a claim that no 837P can carry."""
    if claim.institutional is not None:
        raise w.refuse("an institutional claim", "CLM05", "write it with claim_837i")
    if claim.frequency.value not in FREQUENCIES:
        raise w.refuse("an interim or late bill is institutional", "CLM05-3", "send frequency 1, 7 or 8")
    if not claim.diagnoses or len(claim.diagnoses) > DIAGNOSES_MAX:
        raise w.refuse("a claim carries 1 to 12 diagnoses", "HI", "assign a diagnosis, or split the claim")
    if any(not undotted(code) for code in claim.diagnoses):
        raise w.refuse("a diagnosis code is blank", "HI", "assign the diagnosis")
    check_lines(w, claim, LINES_MAX)
    check_prior_payers(w, claim)


def _claim_providers(w: SegmentWriter, claim: Claim, detail: ClaimDetail) -> None:
    """2310A referring, 2310B rendering, 2310C location, 2310D supervising, and others; each where it adds something."""
    if claim.referring:
        write_provider(w, "DN", claim.referring, detail.kept)
    if names_rendering(claim):
        w.need(claim.rendering.npi, "NM109", "rendering provider's NPI")
        write_provider(w, "82", claim.rendering, detail.kept)
    if names_location(claim):
        write_location(w, claim, detail.kept)
    if claim.supervising:
        write_provider(w, "DQ", claim.supervising, detail.kept)
    for party in detail.providers:
        write_party(w, party, f"2310:{party.role}", detail.kept)


def _line(w: SegmentWriter, claim: Claim, line: ClaimLine, position: int) -> None:
    """2400 and what is below it."""
    detail = line.detail or NO_LINE_DETAIL
    _check_line(w, claim, line)
    start = len(w.lines)
    w.add("LX", str(position))
    place = line.place_of_service if line.place_of_service != claim.location.place_of_service else ""
    pointers = tuple(map(str, line.pointers))
    units = detail.quantity or str(line.units)
    w.add(
        "SV1",
        write_procedure(line, detail),
        x12_amount(line.amount),
        detail.measure,
        units,
        place,
        "",
        pointers,
        *_flags(detail),
    )
    for paper in detail.attachments:
        write_attachment(w, paper)
    if detail.transport:
        write_transport(w, detail.transport)
    for said in detail.indicators:
        write_indicator(w, said)
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


def _flags(detail: LineDetail) -> tuple[str, ...]:
    """SV108 to SV115: emergency, EPSDT, family planning, copay."""
    if not (detail.emergency or detail.epsdt or detail.family_planning or detail.copay_exempt):
        return ()
    yes = {True: "Y", False: ""}
    copay = ("", "", "0") if detail.copay_exempt else ()
    return ("", yes[detail.emergency], "", yes[detail.epsdt], yes[detail.family_planning], *copay)


def _check_line(w: SegmentWriter, claim: Claim, line: ClaimLine) -> None:
    w.need(line.procedure, "SV101", "procedure code")
    if len(line.modifiers) > 4 or "" in line.modifiers:
        raise w.refuse("a line carries at most four modifiers, none blank", "SV101", "drop the least important")
    if line.units < 1 or line.amount < 0:
        raise w.refuse("a line has at least one unit and no negative charge", "SV102", "correct the charge")
    if not 1 <= len(line.pointers) <= 4 or not all(0 < p <= len(claim.diagnoses) for p in line.pointers):
        raise w.refuse("a line points at one to four diagnoses of its claim", "SV107", "link the line to a diagnosis")


# --- what the file carries -----------------------------------------------------------------------------------------


def as_carried(claim: Claim, on: date) -> Claim:
    """The claim as an 837P written on that day carries it, and as `read` gives it back.

    Not carried: every internal id, the chart number, the guarantor, the practice's mark and zone, enrollments and
    specialties, coverage dates, the plan where there is a group number, the address of a subscriber who is not the
    patient (birth date and sex are), the taxonomy of referring and supervising providers, the rendering provider's
    name when its NPI is the billing provider's, the location's name when it is where the billing provider is.
    `created_on` is the day of the file. A patient who is the subscriber is the subscriber. Earlier payers'
    adjustments stand group by group. Names and addresses are in upper case, and as `segment.free_text` says.
    """
    practice = carried_practice(claim)
    rendering = carried_provider(claim.rendering, claim.rendering.taxonomy)
    if not names_rendering(claim):
        rendering = Provider("", rendering_name(claim.detail, practice), practice.npi, practice.taxonomy)
    setting = claim.location.place_of_service
    return replace(
        carried_people(claim, on, practice),
        rendering=rendering,
        diagnoses=tuple(dotted(undotted(code)) for code in claim.diagnoses),
        lines=tuple(carried_line(line, setting) for line in claim.lines),
        referring=carried_provider(claim.referring, "") if claim.referring else None,
        supervising=carried_provider(claim.supervising, "") if claim.supervising else None,
    )


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[Claim, ...]:
    """Every claim of a file of 837P transaction sets, in file order. X12Error when the file is not whole or not 837P.

    What the file does not carry is "" or `segment.NO_DATE` (see `as_carried`). What no record models is kept in the
    details of claim and line.
    """
    with collector_paused():
        return tuple(
            claim for one in sets_of(data, SET_ID, VERSIONS, "professional claim (837P)") for claim in _claims(one)
        )


def read_set(one: TransactionSet) -> tuple[Claim, ...]:
    """The claims of one 837P transaction set, in file order. X12Error where a claim cannot be read."""
    return tuple(_claims(one))


def _claims(one: TransactionSet) -> Iterator[Claim]:
    return (_read_claim(above, body) for above, body in claim_levels.claims_of(one))


_PIECES = frozenset({"SBR", "LX"})
_NM1 = frozenset({"NM1"})


def _read_claim(above: Above, body: Sequence[Segment]) -> Claim:
    """One claim below its levels."""
    head, pieces = loops(body, _PIECES)
    others = [piece for piece in pieces if piece[0].id == "SBR"]
    lines = [piece for piece in pieces if piece[0].id == "LX"]
    own, providers = loops(head, _NM1)
    clm = own[0]
    kept: list[Kept] = []
    gathered = Gathered("2300", kept)
    numbers: dict[str, str] = {}
    diagnoses: list[str] = []
    anesthesia: list[str] = []
    conditions: list[str] = []
    for segment in own[1:]:
        id = segment.id
        if id == "HI":
            _read_codes(segment, diagnoses, anesthesia, conditions, kept)
        elif id == "REF" and segment.get(1) in _OWN_REFERENCES and segment.get(1) not in numbers:
            numbers[segment.get(1)] = segment.get(2)
        else:
            gathered.take(segment)
    setting = clm.part(5, 1)
    people = read_people(providers, _ROLES, setting, kept)
    made = tuple(_read_line(piece, number) for number, piece in enumerate(lines, start=1))
    more = anesthesia or conditions or people.others or not (gathered.empty and above.plain and is_usual_clm(clm))
    detail: ClaimDetail | None = None
    if more:
        detail = ClaimDetail(
            **gathered.fields(),
            anesthesia=tuple(anesthesia),
            conditions=tuple(conditions),
            providers=tuple(people.others),
            **read_clm(clm),
            **above.detail(kept),
        )
    patient = above.patient.patient
    return Claim(
        id="",
        number=clm.get(1),
        frequency=read_frequency(clm, FREQUENCIES),
        rank=above.subscriber.rank,
        encounter_id="",
        practice=above.billing.practice,
        payer=above.subscriber.payer,
        coverage=above.subscriber.coverage,
        patient=patient,
        rendering=_rendering(people, above),
        location=people.location or _own_place(above, setting),
        diagnoses=tuple(diagnoses),
        lines=made,
        created_on=above.created_on,
        authorization=numbers.get("G1", ""),
        referral=numbers.get("9F", ""),
        referring=people.named.get("DN"),
        supervising=people.named.get("DQ"),
        payer_reference=numbers.get("F8", ""),
        prior_payers=tuple(read_prior(piece, lines, made, patient) for piece in others),
        detail=None if detail == NO_CLAIM_DETAIL else detail,
    )


_OWN_REFERENCES = frozenset({"G1", "9F", "F8"})
_ROLES = frozenset({"DN", "82", "DQ"})


def _rendering(people: ClaimPeople, above: Above) -> Provider:
    """2310B; where it is absent, the billing provider renders."""
    practice = above.billing.practice
    name = above.billing.person or PersonName(practice.name, "")
    return people.named.get("82") or Provider("", name, practice.npi, practice.taxonomy)


def _own_place(above: Above, setting: str) -> Location:
    """Where 2310C is absent: the billing provider's own place."""
    practice = above.billing.practice
    return Location("", practice.name, setting, practice.address, practice.npi)


def _read_codes(
    segment: Segment, diagnoses: list[str], anesthesia: list[str], conditions: list[str], kept: list[Kept]
) -> None:
    """One HI: diagnoses (ABK, ABF; BK, BF before October 2015), anesthesia procedures (BP, BO), conditions (BG)."""
    into = _CODE_LISTS.get(segment.part(1, 1))
    if into is None:
        kept += kept_of("2300", (segment,))
        return
    for number in range(1, len(segment.elements)):
        qualifier, code = segment.part(number, 1), segment.part(number, 2)
        if not code:
            continue
        if qualifier in ("ABK", "ABF", "BK", "BF"):
            diagnoses.append(dotted(code))
        elif qualifier in ("BP", "BO"):
            anesthesia.append(code)
        elif qualifier == "BG":
            conditions.append(code)


_CODE_LISTS = dict.fromkeys(("ABK", "ABF", "BK", "BF", "BP", "BO", "BG"), True)


def _read_line(piece: Sequence[Segment], number: int) -> ClaimLine:
    """One 2400 loop. Lines are numbered by their order; LX01 says the same in a correct file."""
    sv1 = first(piece, "SV1")
    if sv1 is None:
        raise piece[0].error("a line without its service (SV1)", "ask the sender for the whole claim")
    body = read_line_body(piece, sv1)
    if body.served is None:
        raise piece[0].error("a line without date of service (DTP*472)", "ask the sender for the whole claim")
    pointers = [part for part in sv1.parts(7) if part]
    if not _POINTERS.issuperset(pointers):
        raise sv1.error("a diagnosis pointer is not 1 to 12", "point at diagnoses of the claim", 7)
    procedure = sv1.parts(1)
    units, quantity = read_units(sv1, 4)
    plain = body.plain and len(sv1.elements) <= 8 and sv1.elements[3:4] == ("UN",) and not quantity
    detail = None if plain and procedure[:1] == ("HC",) and len(procedure) < 7 else _line_detail(sv1, body, quantity)
    return ClaimLine(
        number=number,
        control=body.control,
        charge_id="",
        procedure=sv1.part(1, 2),
        modifiers=tuple([part for part in procedure[2:6] if part]),
        units=units,
        pointers=tuple(map(int, pointers)),
        amount=sv1.amount(2),
        service_date=body.served.day,
        place_of_service=sv1.get(5),
        detail=detail,
    )


def _line_detail(sv1: Segment, body: LineBody, quantity: str) -> LineDetail | None:
    detail = LineDetail(
        measure=sv1.get(3) or "UN",
        quantity=quantity,
        qualifier=sv1.part(1, 1),
        description=sv1.part(1, 7),
        emergency=sv1.get(9) == "Y",
        epsdt=sv1.get(11) == "Y",
        family_planning=sv1.get(12) == "Y",
        copay_exempt=sv1.get(15) == "0",
        through=body.served.last if body.served else None,
        drug=body.drug,
        providers=tuple(body.providers),
        kept=tuple(body.gathered.kept),
        **body.gathered.fields(),
    )
    return None if detail == NO_LINE_DETAIL else detail


_POINTERS = frozenset(str(n) for n in range(1, DIAGNOSES_MAX + 1))
