"""The professional claim as a file: claims to bytes and back. Guide: 005010X222A1 (837P, with errata of June 2010).

`read(write(claims))` gives the claims back as far as the file carries them: `as_carried` says exactly what that is,
field by field. Nothing the guide requires is invented: a claim that lacks it raises X12Error, which names the claim
by its position, the element and the mend. Several claims share one file: they are grouped by billing provider, in
the order given.

    CLM*CLEA0000000128*150***11:B:1*Y*A*Y*Y~
    HI*ABK:E119*ABF:I10~
    SV1*HC:99213:25*150*UN*1***1:2~
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from billing_core.claim import Claim, ClaimLine, Frequency, PriorPayer
from billing_core.money import Cents, x12_amount
from billing_core.registration import (
    Address,
    Coverage,
    Location,
    Patient,
    Payer,
    PersonName,
    Practice,
    Provider,
    Relationship,
    Sex,
    Subscriber,
)
from billing_core.remittance import Adjustment
from billing_core.x12.adjustment_segment import TRIPLETS_MAX, by_group, read_adjustments, write_adjustments
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.segment import (
    NO_DATE,
    Segment,
    SegmentWriter,
    day_text,
    first,
    free_text,
    split_before,
    text_of,
)

KIND = "837P"
SET_ID = "837"
GROUP_ID = "HC"
VERSION = "005010X222A1"
VERSIONS = ("005010X222",)  # as issued, A1 and A2: the same loops

CLAIMS_MAX = 5_000  # of one transaction set (guide, section 1.3.2)
LINES_MAX = 50
DIAGNOSES_MAX = 12
PRIOR_PAYERS_MAX = 10
ADJUSTMENT_SEGMENTS_MAX = 5
_RANKS = "PSTABCDEFGH"  # SBR01: primary, secondary, tertiary, payer responsibility four to eleven
NO_ADDRESS = Address("", "", "", "")


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
        _header(writer, claims[0].practice, envelope, receiver_name, len(sets) + 1)
        _hierarchy(writer, numbered[start : start + CLAIMS_MAX], _phone(claims[0].practice))
        sets.append((SET_ID, writer.lines))
    return write_interchange(envelope, GROUP_ID, VERSION, sets)


def _header(w: SegmentWriter, practice: Practice, envelope: Envelope, receiver_name: str, number: int) -> None:
    """BHT, submitter (1000A), receiver (1000B)."""
    w.about("header")
    reference = f"{envelope.control:09d}{number:04d}"
    w.add("BHT", "0019", "00", reference, day_text(envelope.on.date()), f"{envelope.on:%H%M}", "CH")
    name = w.need(free_text(practice.name), "NM103", "practice name")
    w.add("NM1", "41", "2", name, "", "", "", "", "46", envelope.sender)
    w.add("PER", "IC", name, "TE", w.need(_phone(practice), "PER04", "practice telephone number"))
    receiver = w.need(free_text(receiver_name), "NM103", "receiver name")
    w.add("NM1", "40", "2", receiver, "", "", "", "", "46", envelope.receiver)


def _phone(practice: Practice) -> str:
    return "".join(c for c in practice.phone if c in "0123456789")


def _hierarchy(w: SegmentWriter, claims: Sequence[tuple[int, Claim]], submitter_phone: str) -> None:
    """2000A for each billing provider, below it 2000B (and 2000C) for each claim; HL01 counts through the set."""
    groups: dict[Practice, list[tuple[int, Claim]]] = {}
    for position, claim in claims:
        groups.setdefault(claim.practice, []).append((position, claim))
    level = 0
    for practice, members in groups.items():
        level = provider_level = level + 1
        w.about(f"claim {members[0][0]}")
        w.add("HL", str(level), "", "20", "1")
        _billing_provider(w, practice, submitter_phone)
        for position, claim in members:
            w.about(f"claim {position}")
            dependent = claim.coverage.relationship is not Relationship.SELF
            level = subscriber_level = level + 1
            w.add("HL", str(level), str(provider_level), "22", "1" if dependent else "0")
            _subscriber(w, claim, dependent)
            if dependent:
                level += 1
                w.add("HL", str(level), str(subscriber_level), "23", "0")
                _dependent(w, claim)
            _claim(w, claim)


def _billing_provider(w: SegmentWriter, practice: Practice, submitter_phone: str) -> None:
    w.add("PRV", "BI", "PXC", w.need(practice.taxonomy, "PRV03", "billing provider's taxonomy code"))
    name = w.need(free_text(practice.name), "NM103", "practice name")
    w.add("NM1", "85", "2", name, "", "", "", "", "XX", w.need(practice.npi, "NM109", "billing provider's NPI"))
    _address(w, practice.address, required=True)
    w.add("REF", "EI", w.need(practice.tin, "REF02", "tax id"))
    if _phone(practice) not in ("", submitter_phone):
        w.add("PER", "IC", name, "TE", _phone(practice))


def _address(w: SegmentWriter, address: Address, *, required: bool) -> None:
    """N3 and N4; left out when the address is blank and not required."""
    if not address.line1.strip() and not required:
        return
    w.add("N3", w.need(free_text(address.line1), "N301", "street address"), free_text(address.line2))
    city = w.need(free_text(address.city), "N401", "city")
    w.add("N4", city, address.state.upper(), address.postal_code)


def _person(w: SegmentWriter, entity: str, name: PersonName, qualifier: str = "", id: str = "") -> None:
    """NM1 of a person: NM1*IL*1*DOE*JANE*Q***MI*W123456789~"""
    last = w.need(free_text(name.last), "NM103", "last name")
    first_name, middle, suffix = free_text(name.first), free_text(name.middle), free_text(name.suffix)
    w.add("NM1", entity, "1", last, first_name, middle, "", suffix, qualifier if id else "", id)


def _demographics(w: SegmentWriter, birth_date: date, sex: Sex) -> None:
    if birth_date != NO_DATE:
        w.add("DMG", "D8", day_text(birth_date), sex.value)


def _rank(w: SegmentWriter, rank: int) -> str:
    if not 1 <= rank <= len(_RANKS):
        raise w.refuse("the payer's rank is not 1 to 11", "SBR01", "number the coverages in payer order")
    return _RANKS[rank - 1]


def _sbr(w: SegmentWriter, rank: int, relationship: str, coverage: Coverage, filing: str) -> None:
    """SBR; the group's name (SBR04) goes only where there is no group number, as the guide says."""
    plan = "" if coverage.group_number else free_text(coverage.plan)
    w.add("SBR", _rank(w, rank), relationship, coverage.group_number, plan, "", "", "", "", filing)


def _subscriber(w: SegmentWriter, claim: Claim, dependent: bool) -> None:
    """2000B, 2010BA, 2010BB. A subscriber who is not the patient has no address here."""
    coverage, subscriber, payer = claim.coverage, claim.coverage.subscriber, claim.payer
    _sbr(w, claim.rank, "" if dependent else Relationship.SELF.value, coverage, payer.filing)
    _person(w, "IL", subscriber.name, "MI", w.need(coverage.member_id, "NM109", "member id"))
    if not dependent:
        _address(w, subscriber.address, required=True)
    _demographics(w, subscriber.birth_date, subscriber.sex)
    _payer(w, payer)


def _payer(w: SegmentWriter, payer: Payer) -> None:
    name = w.need(free_text(payer.name), "NM103", "payer name")
    w.add("NM1", "PR", "2", name, "", "", "", "", "PI", w.need(payer.number, "NM109", "payer number"))
    _address(w, payer.address, required=False)


def _dependent(w: SegmentWriter, claim: Claim) -> None:
    """2000C, 2010CA: the patient, when another person holds the insurance."""
    w.add("PAT", claim.coverage.relationship.value)
    _person(w, "QC", claim.patient.name)
    _address(w, claim.patient.address, required=True)
    _demographics(w, claim.patient.birth_date, claim.patient.sex)


def _claim(w: SegmentWriter, claim: Claim) -> None:
    """2300 and what is below it."""
    _check_claim(w, claim)
    setting = (claim.location.place_of_service, "B", claim.frequency.value)
    number = w.need(claim.number, "CLM01", "claim number")
    w.add("CLM", number, x12_amount(claim.total), "", "", setting, "Y", "A", "Y", "Y")
    for qualifier, value in (("9F", claim.referral), ("G1", claim.authorization), ("F8", claim.payer_reference)):
        if value:
            w.add("REF", qualifier, value)
    codes = [("ABF" if n else "ABK", undotted(code)) for n, code in enumerate(claim.diagnoses)]
    w.add("HI", *codes)
    _claim_providers(w, claim)
    for prior in claim.prior_payers:
        _prior_payer(w, claim, prior)
    for position, line in enumerate(claim.lines, start=1):
        _line(w, claim, line, position)


def _check_claim(w: SegmentWriter, claim: Claim) -> None:
    """Refuse a claim that no 837P can carry."""
    if not claim.diagnoses or len(claim.diagnoses) > DIAGNOSES_MAX:
        raise w.refuse("a claim carries 1 to 12 diagnoses", "HI", "assign a diagnosis, or split the claim")
    if any(not undotted(code) for code in claim.diagnoses):
        raise w.refuse("a diagnosis code is blank", "HI", "assign the diagnosis")
    if not claim.lines or len(claim.lines) > LINES_MAX:
        raise w.refuse("a claim carries 1 to 50 lines", "LX", "add a line, or split the claim")
    if [line.number for line in claim.lines] != list(range(1, len(claim.lines) + 1)):
        raise w.refuse("the lines are not numbered 1, 2, 3", "LX01", "number the lines in order")
    if len(claim.prior_payers) > PRIOR_PAYERS_MAX:
        raise w.refuse("more than ten earlier payers", "SBR", "name at most ten")
    numbers = [prior.payer.number for prior in claim.prior_payers]
    if len(set(numbers)) < len(numbers):
        raise w.refuse("two earlier payers have the same number", "NM109", "SVD01 must tell them apart")


def undotted(code: str) -> str:
    """An ICD-10-CM code as HI carries it: "E11.9" as "E119"."""
    return code.replace(".", "").strip().upper()


def dotted(code: str) -> str:
    """An ICD-10-CM code as people write it: "E119" as "E11.9"."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


def _claim_providers(w: SegmentWriter, claim: Claim) -> None:
    """2310A referring, 2310B rendering, 2310C location, 2310D supervising; each only where it adds something."""
    if claim.referring:
        _person(w, "DN", claim.referring.name, "XX", claim.referring.npi)
    if claim.rendering.npi != claim.practice.npi:
        _person(w, "82", claim.rendering.name, "XX", w.need(claim.rendering.npi, "NM109", "rendering provider's NPI"))
        if claim.rendering.taxonomy:
            w.add("PRV", "PE", "PXC", claim.rendering.taxonomy)
    if names_location(claim):
        name = w.need(free_text(claim.location.name), "NM103", "service location's name")
        npi = claim.location.npi
        w.add("NM1", "77", "2", name, "", "", "", "", "XX" if npi else "", npi)
        _address(w, claim.location.address, required=True)
    if claim.supervising:
        _person(w, "DQ", claim.supervising.name, "XX", claim.supervising.npi)


def names_location(claim: Claim) -> bool:
    """Whether the file names the service location (2310C): its address or NPI is not the billing provider's."""
    location, practice = claim.location, claim.practice
    return _carried_address(location.address) != _carried_address(practice.address) or location.npi not in (
        "",
        practice.npi,
    )


def _prior_payer(w: SegmentWriter, claim: Claim, prior: PriorPayer) -> None:
    """2320, 2330A, 2330B. Adjustments of "line 0" are the claim's own."""
    coverage = prior.coverage
    _sbr(w, coverage.rank, coverage.relationship.value, coverage, prior.payer.filing)
    lines = [entry for entry in prior.line_adjustments if entry[0]]
    for number, paid, adjustments in prior.line_adjustments:
        if not number:
            if paid:
                raise w.refuse("a payment at claim level beside its lines", "AMT02", "give paid amounts by line")
            _adjustments(w, adjustments)
        elif number > len(claim.lines) or number < 0:
            raise w.refuse("an earlier payer adjudicated a line the claim does not have", "SVD", "number the lines")
    w.add("AMT", "D", x12_amount(prior.paid))
    w.add("OI", "", "", "Y", "", "", "Y")
    _person(w, "IL", coverage.subscriber.name, "MI", w.need(coverage.member_id, "NM109", "member id"))
    _address(w, coverage.subscriber.address, required=False)
    _payer(w, prior.payer)
    if not lines and prior.paid_on != NO_DATE:
        w.add("DTP", "573", "D8", day_text(prior.paid_on))


def _adjustments(w: SegmentWriter, adjustments: Sequence[Adjustment]) -> None:
    """CAS of an earlier payer: at most five segments, those of a group together (2320 and 2430 CAS)."""
    grouped = by_group(adjustments)
    count = sum(-(-len(list(run)) // TRIPLETS_MAX) for _, run in groupby(grouped, key=lambda a: a.group))
    if count > ADJUSTMENT_SEGMENTS_MAX:
        raise w.refuse("more adjustments than the guide allows", "CAS", "send this claim on paper with its remittance")
    write_adjustments(w, grouped)


def _procedure(line: ClaimLine) -> tuple[str, ...]:
    return ("HC", line.procedure, *line.modifiers)


def _line(w: SegmentWriter, claim: Claim, line: ClaimLine, position: int) -> None:
    """2400, and 2430 for each earlier payer that adjudicated the line."""
    w.need(line.procedure, "SV101", "procedure code")
    if len(line.modifiers) > 4 or any(not modifier for modifier in line.modifiers):
        raise w.refuse("a line carries at most four modifiers, none blank", "SV101", "drop the least important")
    if line.units < 1 or line.amount < 0:
        raise w.refuse("a line has at least one unit and no negative charge", "SV102", "correct the charge")
    if not 1 <= len(line.pointers) <= 4 or not all(0 < p <= len(claim.diagnoses) for p in line.pointers):
        raise w.refuse("a line points at one to four diagnoses of its claim", "SV107", "link the line to a diagnosis")
    w.add("LX", str(position))
    place = line.place_of_service if line.place_of_service != claim.location.place_of_service else ""
    pointers = tuple(str(pointer) for pointer in line.pointers)
    w.add("SV1", _procedure(line), x12_amount(line.amount), "UN", str(line.units), place, "", pointers)
    w.add("DTP", "472", "D8", day_text(line.service_date))
    if line.control:
        w.add("REF", "6R", line.control)
    for prior in claim.prior_payers:
        for number, paid, adjustments in prior.line_adjustments:
            if number == position:
                w.add("SVD", prior.payer.number, x12_amount(paid), _procedure(line), "", str(line.units))
                _adjustments(w, adjustments)
                w.add("DTP", "573", "D8", day_text(prior.paid_on))


# --- what the file carries -----------------------------------------------------------------------------------------


def _carried_address(address: Address) -> Address:
    return Address(
        free_text(address.line1),
        free_text(address.city),
        address.state.strip().upper(),
        address.postal_code.strip(),
        free_text(address.line2),
    )


def _carried_name(name: PersonName) -> PersonName:
    return PersonName(free_text(name.last), free_text(name.first), free_text(name.middle), free_text(name.suffix))


def _carried_provider(provider: Provider, taxonomy: str) -> Provider:
    return Provider("", _carried_name(provider.name), provider.npi, taxonomy)


def _carried_payer(payer: Payer) -> Payer:
    address = _carried_address(payer.address) if payer.address.line1.strip() else NO_ADDRESS
    return Payer("", free_text(payer.name), payer.number, payer.filing, address)


def _carried_coverage(coverage: Coverage, rank: int, subscriber: Subscriber) -> Coverage:
    plan = "" if coverage.group_number else free_text(coverage.plan)
    return Coverage(
        id="",
        patient_id="",
        payer_id="",
        rank=rank,
        member_id=coverage.member_id,
        relationship=coverage.relationship,
        subscriber=subscriber,
        effective=NO_DATE,
        group_number=coverage.group_number,
        plan=plan,
    )


def _carried_sex(birth_date: date, sex: Sex) -> Sex:
    return sex if birth_date != NO_DATE else Sex.UNKNOWN  # DMG goes whole or not at all


def _carried_prior(prior: PriorPayer, patient: Patient) -> PriorPayer:
    """The 837 gives no birth date or sex of another payer's subscriber, unless that is the patient."""
    holder = prior.coverage.subscriber
    own = prior.coverage.relationship is Relationship.SELF
    address = _carried_address(holder.address) if holder.address.line1.strip() else NO_ADDRESS
    subscriber = Subscriber(
        _carried_name(holder.name),
        patient.birth_date if own else NO_DATE,
        patient.sex if own else Sex.UNKNOWN,
        address,
    )
    coverage = _carried_coverage(prior.coverage, prior.coverage.rank, subscriber)
    whole_claim = by_group([a for number, _, many in prior.line_adjustments if not number for a in many])
    of_lines = [(number, paid, by_group(many)) for number, paid, many in prior.line_adjustments if number]
    lines = sorted(of_lines, key=lambda entry: entry[0])
    claim_level: list[tuple[int, Cents, tuple[Adjustment, ...]]] = [(0, 0, whole_claim)] if whole_claim else []
    return PriorPayer(_carried_payer(prior.payer), coverage, prior.paid, prior.paid_on, (*claim_level, *lines))


def as_carried(claim: Claim, on: date) -> Claim:
    """The claim as an 837P written on that day carries it, and as `read` gives it back.

    Not carried: every internal id, the chart number, the guarantor, the practice's mark and zone, enrollments and
    specialties, coverage dates, the plan where there is a group number, the address of a subscriber who is not the
    patient (birth date and sex are), the taxonomy of referring and supervising providers, the rendering provider's
    name when its NPI is the billing provider's, the location's name when it is where the billing provider is.
    `created_on` is the day of the file. A patient who is the subscriber is the subscriber. Earlier payers'
    adjustments stand group by group. Names and addresses are in upper case, and as `segment.free_text` says.
    """
    dependent = claim.coverage.relationship is not Relationship.SELF
    holder = claim.coverage.subscriber
    sex = _carried_sex(holder.birth_date, holder.sex)
    address = NO_ADDRESS if dependent else _carried_address(holder.address)
    subscriber = Subscriber(_carried_name(holder.name), holder.birth_date, sex, address)
    patient = Patient("", "", subscriber.name, subscriber.birth_date, subscriber.sex, address, "")
    if dependent:
        own = claim.patient
        sex = _carried_sex(own.birth_date, own.sex)
        patient = Patient("", "", _carried_name(own.name), own.birth_date, sex, _carried_address(own.address), "")
    whose = claim.practice
    practice = Practice(
        "",
        free_text(whose.name),
        "",
        whose.tin,
        whose.npi,
        whose.taxonomy,
        _carried_address(whose.address),
        _phone(whose),
    )
    rendering = _carried_provider(claim.rendering, claim.rendering.taxonomy)
    if claim.rendering.npi == whose.npi:
        rendering = Provider("", PersonName(practice.name, ""), whose.npi, whose.taxonomy)
    setting = claim.location.place_of_service
    location = Location("", practice.name, setting, practice.address, practice.npi)
    if names_location(claim):
        place = claim.location
        location = Location("", free_text(place.name), setting, _carried_address(place.address), place.npi)
    return replace(
        claim,
        id="",
        encounter_id="",
        practice=practice,
        payer=_carried_payer(claim.payer),
        coverage=_carried_coverage(claim.coverage, claim.rank, subscriber),
        patient=patient,
        rendering=rendering,
        location=location,
        diagnoses=tuple(dotted(undotted(code)) for code in claim.diagnoses),
        lines=tuple(_carried_line(line, setting) for line in claim.lines),
        created_on=on,
        referring=_carried_provider(claim.referring, "") if claim.referring else None,
        supervising=_carried_provider(claim.supervising, "") if claim.supervising else None,
        replaces="",
        prior_payers=tuple(_carried_prior(prior, patient) for prior in claim.prior_payers),
    )


def _carried_line(line: ClaimLine, setting: str) -> ClaimLine:
    place = "" if line.place_of_service == setting else line.place_of_service
    return replace(line, charge_id="", place_of_service=place)


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[Claim, ...]:
    """Every claim of a file of 837P transaction sets, in file order. X12Error when the file is not whole or not 837P.

    What the file does not carry is "" or `segment.NO_DATE` (see `as_carried`). Segments this reader does not know are
    passed over. Of a range of dates the first day is taken; drugs, repricing, and providers by line are not read.
    """
    return tuple(
        claim for one in sets_of(data, SET_ID, VERSIONS, "professional claim (837P)") for claim in _claims(one)
    )


_Level = tuple[Segment, ...]  # an HL segment and all up to the next


def read_set(one: TransactionSet) -> tuple[Claim, ...]:
    """The claims of one 837P transaction set, in file order. X12Error where a claim cannot be read."""
    return tuple(_claims(one))


def _claims(one: TransactionSet) -> Iterator[Claim]:
    levels = split_before(one.segments, frozenset({"HL"}))
    header = next(levels)
    beginning = first(header, "BHT")
    if beginning is None:
        raise one.header.error("the transaction set has no BHT", "ask the sender for the whole file")
    created_on = beginning.day(4)
    billing: _Level = ()
    subscriber: _Level = ()
    for level in levels:
        kind = level[0].get(3)
        if kind == "20":
            billing, subscriber = level, ()
        elif kind == "22":
            subscriber = level
        if kind not in ("22", "23"):
            if first(level, "CLM"):
                raise level[0].error(
                    "a claim stands outside a subscriber's level", "put it below its HL*22 or HL*23", 3
                )
            continue
        if not billing or not subscriber:
            raise level[0].error("a level without the one above it", "order the levels 20, 22, 23", 3)
        own, *claims = split_before(level, frozenset({"CLM"}))
        stray = first(own, "LX")
        if stray is not None:
            raise stray.error("a line without its claim (CLM)", "ask the sender for the whole claim")
        above = next(split_before(subscriber, frozenset({"CLM"})))
        for body in claims:
            yield _read_claim(header, billing, above, own if kind == "23" else (), body, created_on)


def _parties(segments: Sequence[Segment]) -> dict[str, tuple[Segment, ...]]:
    """Each NM1 loop (the NM1 and what follows it), by its entity code; the first of each code counts."""
    found: dict[str, tuple[Segment, ...]] = {}
    pieces = split_before(segments, frozenset({"NM1"}))
    next(pieces)
    for piece in pieces:
        found.setdefault(piece[0].get(1), piece)
    return found


def _party(segments: Sequence[Segment], code: str, what: str) -> tuple[Segment, ...]:
    party = _parties(segments).get(code)
    if party is None:
        raise segments[0].error(f"the {what} (NM1*{code}) is missing", "ask the sender for the whole claim")
    return party


def _read_name(nm1: Segment) -> PersonName:
    return PersonName(nm1.get(3), nm1.get(4), nm1.get(5), nm1.get(7))


def _organization(nm1: Segment) -> str:
    """NM103; for a person who bills, first and last name."""
    return " ".join(part for part in (nm1.get(4), nm1.get(3)) if part) if nm1.get(2) == "1" else nm1.get(3)


def _read_address(party: Sequence[Segment]) -> Address:
    n3, n4 = first(party, "N3"), first(party, "N4")
    if n3 is None and n4 is None:
        return NO_ADDRESS
    line1, line2 = (n3.get(1), n3.get(2)) if n3 else ("", "")
    city, state, postal_code = (n4.get(1), n4.get(2), n4.get(3)) if n4 else ("", "", "")
    return Address(line1, city, state, postal_code, line2)


def _read_demographics(party: Sequence[Segment]) -> tuple[date, Sex]:
    dmg = first(party, "DMG")
    if dmg is None:
        return NO_DATE, Sex.UNKNOWN
    sex = Sex(dmg.get(3)) if dmg.get(3) in ("F", "M") else Sex.UNKNOWN
    return dmg.day(2), sex


def _read_relationship(code: str) -> Relationship:
    """The codes this project knows; every other one (20, 21, 39, 40, 53) is OTHER."""
    return Relationship(code) if code in ("18", "01", "19") else Relationship.OTHER


def _read_practice(header: Sequence[Segment], billing: _Level) -> Practice:
    party = _party(billing, "85", "billing provider")
    tin = text_of(party, "REF", "EI") or text_of(party, "REF", "SY")
    submitter = _parties(header).get("41", ())
    phone = text_of(party, "PER", "IC", 4) or text_of(submitter, "PER", "IC", 4)
    taxonomy = text_of(billing, "PRV", "BI", 3)
    nm1 = party[0]
    return Practice("", _organization(nm1), "", tin, nm1.get(9), taxonomy, _read_address(party), phone)


def _read_payer(party: Sequence[Segment], filing: str) -> Payer:
    return Payer("", party[0].get(3), party[0].get(9), filing, _read_address(party))


def _read_rank(sbr: Segment) -> int:
    place = _RANKS.find(sbr.get(1)) if sbr.get(1) else -1
    if place < 0:
        raise sbr.error("an unknown payer responsibility code", "send P, S, T or A to H", 1)
    return place + 1


def _read_coverage(sbr: Segment, relationship: Relationship, member_id: str, subscriber: Subscriber) -> Coverage:
    return Coverage(
        id="",
        patient_id="",
        payer_id="",
        rank=_read_rank(sbr),
        member_id=member_id,
        relationship=relationship,
        subscriber=subscriber,
        effective=NO_DATE,
        group_number=sbr.get(3),
        plan=sbr.get(4),
    )


def _read_patient(level: _Level) -> Patient:
    party = _party(level, "QC", "patient")
    birth_date, sex = _read_demographics(party)
    return Patient("", "", _read_name(party[0]), birth_date, sex, _read_address(party), "")


def _read_claim(
    header: Sequence[Segment], billing: _Level, holder: _Level, dependent: _Level, body: _Level, created_on: date
) -> Claim:
    """One claim: `holder` is the subscriber's level, `dependent` the patient's (empty: they are one person)."""
    sbr = first(holder, "SBR")
    if sbr is None:
        raise holder[0].error("the subscriber's SBR is missing", "ask the sender for the whole claim")
    insured = _party(holder, "IL", "subscriber")
    birth_date, sex = _read_demographics(insured)
    subscriber = Subscriber(_read_name(insured[0]), birth_date, sex, _read_address(insured))
    relationship, patient = Relationship.SELF, Patient("", "", subscriber.name, birth_date, sex, subscriber.address, "")
    if dependent:
        relationship = _read_relationship(_element_of(dependent, "PAT", 1))
        patient = _read_patient(dependent)
    head, *pieces = split_before(body, frozenset({"SBR", "LX"}))
    others = tuple(piece for piece in pieces if piece[0].id == "SBR")
    lines = tuple(piece for piece in pieces if piece[0].id == "LX")
    practice = _read_practice(header, billing)
    clm = head[0]
    return Claim(
        id="",
        number=clm.get(1),
        frequency=_read_frequency(clm),
        rank=_read_rank(sbr),
        encounter_id="",
        practice=practice,
        payer=_read_payer(_party(holder, "PR", "payer"), sbr.get(9)),
        coverage=_read_coverage(sbr, relationship, insured[0].get(9), subscriber),
        patient=patient,
        rendering=_read_rendering(head, billing, practice),
        location=_read_location(head, practice),
        diagnoses=_read_diagnoses(head),
        lines=tuple(_read_line(piece, number) for number, piece in enumerate(lines, start=1)),
        created_on=created_on,
        authorization=text_of(head, "REF", "G1"),
        referral=text_of(head, "REF", "9F"),
        referring=_read_provider(head, "DN"),
        supervising=_read_provider(head, "DQ"),
        payer_reference=text_of(head, "REF", "F8"),
        prior_payers=tuple(_read_prior(piece, lines, patient) for piece in others),
    )


def _element_of(segments: Sequence[Segment], id: str, element: int) -> str:
    """That element of the first segment of that id, or ""."""
    segment = first(segments, id)
    return segment.get(element) if segment else ""


def _read_frequency(clm: Segment) -> Frequency:
    code = clm.part(5, 3)
    if code not in ("1", "7", "8"):
        raise clm.error("an unknown claim frequency code (CLM05-3)", "send 1, 7 or 8", 5)
    return Frequency(code)


def _read_diagnoses(head: Sequence[Segment]) -> tuple[str, ...]:
    """The diagnoses of the HI segments that hold them (ABK, ABF; BK, BF on dates before October 2015)."""
    codes: list[str] = []
    for segment in head:
        if segment.id == "HI":
            for number in range(1, len(segment.elements)):
                if segment.part(number, 1) in ("ABK", "ABF", "BK", "BF"):
                    codes.append(dotted(segment.part(number, 2)))
    return tuple(codes)


def _read_provider(head: Sequence[Segment], code: str) -> Provider | None:
    party = _parties(head).get(code)
    if party is None:
        return None
    return Provider("", _read_name(party[0]), party[0].get(9), text_of(party, "PRV", "PE", 3))


def _read_rendering(head: Sequence[Segment], billing: _Level, practice: Practice) -> Provider:
    """2310B; where it is absent, the billing provider renders."""
    named = _read_provider(head, "82")
    if named is not None:
        return named
    nm1 = _party(billing, "85", "billing provider")[0]
    name = _read_name(nm1) if nm1.get(2) == "1" else PersonName(practice.name, "")
    return Provider("", name, practice.npi, practice.taxonomy)


def _read_location(head: Sequence[Segment], practice: Practice) -> Location:
    """2310C; where it is absent, the billing provider's own place."""
    setting = head[0].part(5, 1)
    party = _parties(head).get("77")
    if party is None:
        return Location("", practice.name, setting, practice.address, practice.npi)
    return Location("", party[0].get(3), setting, _read_address(party), party[0].get(9))


def _read_line(piece: Sequence[Segment], number: int) -> ClaimLine:
    """One 2400 loop. Lines are numbered by their order; LX01 says the same in a correct file."""
    own = next(split_before(piece, frozenset({"SVD"})))
    sv1 = first(own, "SV1")
    if sv1 is None:
        raise piece[0].error("a line without its service (SV1)", "ask the sender for the whole claim")
    day = first(own, "DTP", "472")
    if day is None:
        raise piece[0].error("a line without date of service (DTP*472)", "ask the sender for the whole claim")
    pointers = tuple(part for part in sv1.parts(7) if part)
    if not all(part in _POINTERS for part in pointers):
        raise sv1.error("a diagnosis pointer is not 1 to 12", "point at diagnoses of the claim", 7)
    return ClaimLine(
        number=number,
        control=text_of(own, "REF", "6R"),
        charge_id="",
        procedure=sv1.part(1, 2),
        modifiers=tuple(part for part in sv1.parts(1)[2:6] if part),
        units=sv1.count(4) if sv1.get(4) else 1,
        pointers=tuple(int(part) for part in pointers),
        amount=sv1.amount(2),
        service_date=day.day(3),
        place_of_service=sv1.get(5),
    )


_POINTERS = frozenset(str(n) for n in range(1, DIAGNOSES_MAX + 1))


def _read_prior(piece: Sequence[Segment], lines: Sequence[_Level], patient: Patient) -> PriorPayer:
    """2320 with its 2330 loops, and this payer's 2430 loops (SVD01 is its number)."""
    sbr = piece[0]
    own = next(split_before(piece, frozenset({"NM1"})))
    insured, payer = _party(piece, "IL", "other subscriber"), _party(piece, "PR", "other payer")
    relationship = _read_relationship(sbr.get(2))
    is_patient = relationship is Relationship.SELF
    subscriber = Subscriber(
        _read_name(insured[0]),
        patient.birth_date if is_patient else NO_DATE,
        patient.sex if is_patient else Sex.UNKNOWN,
        _read_address(insured),
    )
    paid = first(own, "AMT", "D")
    adjustments = read_adjustments(own)
    entries: list[tuple[int, Cents, tuple[Adjustment, ...]]] = [(0, 0, adjustments)] if adjustments else []
    days = [found.day(3) for found in (first(payer, "DTP", "573"),) if found]
    for number, line in enumerate(lines, start=1):
        for verdict in list(split_before(line, frozenset({"SVD"})))[1:]:
            if verdict[0].get(1) == payer[0].get(9):
                entries.append((number, verdict[0].amount(2), read_adjustments(verdict)))
                days += [found.day(3) for found in (first(verdict, "DTP", "573"),) if found]
    return PriorPayer(
        payer=_read_payer(payer, sbr.get(9)),
        coverage=_read_coverage(sbr, relationship, insured[0].get(9), subscriber),
        paid=paid.amount(2) if paid else 0,
        paid_on=days[0] if days else NO_DATE,
        line_adjustments=tuple(entries),
    )
