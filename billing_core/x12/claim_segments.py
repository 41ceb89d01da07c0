"""The small segments that both claim guides share, each way: dates, references, notes, attachments, amounts, parties.

    DTP*439*D8*20260401~          an accident, on that day
    REF*G1*AUTH77~                a prior authorization
    PWK*OZ*EL***AC*DOC1~          a document sent electronically
    CR1*LB*275**A*DH*21~          275 pounds, 21 miles
    NM1*82*1*ROE*RITA****XX*1987654325~

What the records do not model is kept (`kept_of`) and put back in its loop (`put_back`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from billing_core.claim_detail import (
    AmountOf,
    Attachment,
    ClaimDetail,
    Dated,
    Indicator,
    Kept,
    LineDetail,
    Note,
    Party,
    Reference,
    Transport,
)
from billing_core.money import x12_amount
from billing_core.registration import Address, PersonName
from billing_core.x12.segment import (
    NO_DATE,
    Segment,
    SegmentWriter,
    day_text,
    first,
    free_text,
    parse_day,
    standard_text,
    text_of,
)

NO_ADDRESS = Address("", "", "", "")
LOOP_ORDERS: dict[str, tuple[str, ...]] = {  # the order of segments in a loop, as both guides have it
    "2000A": ("HL", "PRV", "CUR"),
    "2000B": ("HL", "SBR", "PAT"),
    "2000C": ("HL", "PAT"),
    "2300": ("CLM", "DTP", "CL1", "PWK", "CN1", "AMT", "REF", "K3", "NTE", "CR1", "CR2", "CRC", "HI", "HCP"),
    "2320": ("SBR", "CAS", "AMT", "DMG", "OI", "MIA", "MOA"),
    "2400": (
        *("LX", "SV1", "SV2", "SV5", "PWK", "CR1", "CR3", "CRC", "DTP", "QTY", "MEA", "CN1", "REF", "AMT", "K3"),
        *("NTE", "PS1", "HCP"),
    ),
    "2410": ("LIN", "CTP", "REF"),
}
_PARTY_ORDER = ("NM1", "N2", "PRV", "N3", "N4", "DMG", "DTP", "REF", "PER")


# --- what no record models -----------------------------------------------------------------------------------------


def kept_of(loop: str, segments: Iterable[Segment]) -> list[Kept]:
    """The segments as they stood, for a record. Data that would read as one of our delimiters becomes a space."""
    return [Kept(loop, standard_text(segment)) for segment in segments]


def put_back(w: SegmentWriter, start: int, loop: str, kept: Sequence[Kept]) -> None:
    """Add the kept segments of this loop to those written since `start`, in the guide's order."""
    extra = [one.segment for one in kept if one.loop == loop]
    if not extra:
        return
    for line in extra:
        w.add_kept(line)
    order = LOOP_ORDERS.get(loop, _PARTY_ORDER)
    rank = {id: place for place, id in enumerate(order)}
    w.lines[start:] = sorted(w.lines[start:], key=lambda line: rank.get(line.partition("*")[0], len(order)))


# --- dates, references, notes, attachments, amounts ----------------------------------------------------------------


def write_date(w: SegmentWriter, one: Dated) -> None:
    """DTP in the form that the record needs: D8, RD8, DT or TM."""
    if one.last is not None:
        w.add("DTP", one.qualifier, "RD8", f"{day_text(one.day)}-{day_text(one.last)}")
    elif one.day == NO_DATE:
        w.add("DTP", one.qualifier, "TM", w.need(one.time, "DTP03", "time"))
    elif one.time:
        w.add("DTP", one.qualifier, "DT", f"{day_text(one.day)}{one.time}")
    else:
        w.add("DTP", one.qualifier, "D8", day_text(one.day))


def read_date(dtp: Segment) -> Dated | None:
    """The date of a DTP; None when it is not one of the four forms."""
    qualifier, form, text = dtp.get(1), dtp.get(2), dtp.get(3)
    if form == "TM":
        return Dated(qualifier, NO_DATE, None, text) if text.isascii() and text.isdecimal() else None
    day = parse_day(text[:8])
    if day is None:
        return None
    if form == "D8" and len(text) == 8:
        return Dated(qualifier, day)
    if form == "DT" and len(text) > 8 and text.isascii() and text.isdecimal():
        return Dated(qualifier, day, None, text[8:])
    last = parse_day(text[9:]) if form == "RD8" and text[8:9] == "-" else None
    return Dated(qualifier, day, last) if last else None


def write_references(w: SegmentWriter, references: Iterable[Reference]) -> None:
    """REF for each."""
    for one in references:
        w.add("REF", one.qualifier, w.need(one.value, "REF02", "reference number"))


def write_attachment(w: SegmentWriter, one: Attachment) -> None:
    """PWK; the control number under AC."""
    w.add("PWK", one.report, one.transmission, "", "", "AC" if one.control else "", one.control)


def read_attachment(pwk: Segment) -> Attachment | None:
    """PWK; None when it says more than the record holds."""
    if pwk.get(3) or pwk.get(4) or pwk.get(5) not in ("", "AC") or len(pwk.elements) > 7:
        return None
    return Attachment(pwk.get(1), pwk.get(2), pwk.get(6))


def write_note(w: SegmentWriter, one: Note) -> None:
    """NTE; its text as the file can carry it."""
    w.add("NTE", one.code, free_text(one.text))


def write_amount(w: SegmentWriter, one: AmountOf) -> None:
    """AMT."""
    w.add("AMT", one.qualifier, x12_amount(one.amount))


def write_transport(w: SegmentWriter, one: Transport) -> None:
    """CR1; weight in pounds where it is known, distance in miles."""
    weight = ("LB", one.weight) if one.weight else ("", "")
    purposes = ("", "", "", free_text(one.round_trip), free_text(one.stretcher))
    w.add("CR1", *weight, "", one.reason, "DH", w.need(one.miles, "CR106", "distance in miles"), *purposes[1:])


def read_transport(cr1: Segment) -> Transport:
    """CR1."""
    return Transport(cr1.get(2), cr1.get(4), cr1.get(6), cr1.get(9), cr1.get(10))


def write_indicator(w: SegmentWriter, one: Indicator) -> None:
    """CRC."""
    w.add("CRC", one.category, "Y" if one.applies else "N", *one.codes)


def read_indicator(crc: Segment) -> Indicator | None:
    """CRC; None when it is neither yes nor no."""
    if crc.get(2) not in ("Y", "N"):
        return None
    codes = tuple(crc.get(place) for place in range(3, len(crc.elements)) if crc.get(place))
    return Indicator(crc.get(1), crc.get(2) == "Y", codes)


# --- addresses, names, parties -------------------------------------------------------------------------------------


def write_address(w: SegmentWriter, address: Address, *, required: bool) -> None:
    """N3 and N4; left out when the address is blank and not required."""
    if not address.line1.strip() and not required:
        return
    w.add("N3", w.need(free_text(address.line1), "N301", "street address"), free_text(address.line2))
    city = w.need(free_text(address.city), "N401", "city")
    w.add("N4", city, address.state.upper(), address.postal_code)


def read_address(party: Sequence[Segment]) -> Address:
    """N3 and N4 of a loop; NO_ADDRESS when neither is there."""
    n3, n4 = first(party, "N3"), first(party, "N4")
    if n3 is None and n4 is None:
        return NO_ADDRESS
    line1, line2 = (n3.get(1), n3.get(2)) if n3 else ("", "")
    city, state, postal_code = (n4.get(1), n4.get(2), n4.get(3)) if n4 else ("", "", "")
    return Address(line1, city, state, postal_code, line2)


def carried_address(address: Address) -> Address:
    """The address as the file carries it."""
    return Address(
        free_text(address.line1),
        free_text(address.city),
        address.state.strip().upper(),
        address.postal_code.strip(),
        free_text(address.line2),
    )


def read_name(nm1: Segment) -> PersonName:
    """NM103, 104, 105, 107."""
    return PersonName(nm1.get(3), nm1.get(4), nm1.get(5), nm1.get(7))


def carried_name(name: PersonName) -> PersonName:
    """The name as the file carries it."""
    return PersonName(free_text(name.last), free_text(name.first), free_text(name.middle), free_text(name.suffix))


def write_person(w: SegmentWriter, entity: str, name: PersonName, qualifier: str = "", id: str = "") -> None:
    """NM1 of a person: NM1*IL*1*DOE*JANE*Q***MI*W123456789~"""
    last = w.need(free_text(name.last), "NM103", "last name")
    first_name, middle, suffix = free_text(name.first), free_text(name.middle), free_text(name.suffix)
    w.add("NM1", entity, "1", last, first_name, middle, "", suffix, qualifier if id else "", id)


def write_party(w: SegmentWriter, party: Party, loop: str = "", kept: Sequence[Kept] = ()) -> None:
    """The whole loop of a party, with what was kept of it. A role without a name is written so."""
    start = len(w.lines)
    name = carried_name(party.name)
    qualifier = party.id_qualifier or ("XX" if party.id else "")
    names = (name.last, name.first, name.middle, "", name.suffix)
    w.add("NM1", party.role, "1" if party.person else "2", *names, qualifier, party.id)
    if party.taxonomy:
        w.add("PRV", PROVIDER_CODES.get(party.role, "PE"), "PXC", party.taxonomy)
    if party.address is not None:
        write_address(w, party.address, required=True)
    write_references(w, party.references)
    if kept:
        put_back(w, start, loop, kept)


PROVIDER_CODES = {"71": "AT", "85": "BI"}  # PRV01 by role; PE for every other


def read_party(piece: Sequence[Segment], loop: str, kept: list[Kept]) -> Party:
    """One NM1 loop; what the record does not model is appended to `kept`."""
    nm1 = piece[0]
    references: list[Reference] = []
    taxonomy = ""
    addressed = False
    for segment in piece[1:]:
        if segment.id == "REF" and len(segment.elements) == 3:
            references.append(Reference(segment.get(1), segment.get(2)))
        elif segment.id == "PRV" and not taxonomy and segment.get(2) == "PXC":
            taxonomy = segment.get(3)
        elif segment.id in ("N3", "N4"):
            addressed = True
        else:
            kept.extend(kept_of(loop, (segment,)))
    qualifier = nm1.get(8) if nm1.get(8) != "XX" else ""
    address = read_address(piece) if addressed else None
    person = nm1.get(2) != "2"
    return Party(nm1.get(1), read_name(nm1), person, nm1.get(9), qualifier, taxonomy, address, tuple(references))


def carried_party(party: Party) -> Party:
    """The party as the file carries it."""
    qualifier = "" if party.id_qualifier == "XX" else party.id_qualifier
    address = carried_address(party.address) if party.address else None
    return Party(
        party.role,
        carried_name(party.name),
        party.person,
        party.id,
        qualifier,
        party.taxonomy,
        address,
        party.references,
    )


def loops(segments: Sequence[Segment], starts: frozenset[str]) -> tuple[Sequence[Segment], list[list[Segment]]]:
    """The segments before the first that begins a loop, and each loop."""
    own: list[Segment] = []
    pieces: list[list[Segment]] = []
    piece = own
    for segment in segments:
        if segment[1][0] in starts:
            piece = []
            pieces.append(piece)
        piece.append(segment)
    return own, pieces


def telephone(party: Sequence[Segment]) -> str:
    """The telephone number of the loop's first contact (PER*IC), or ""."""
    return text_of(party, "PER", "IC", 4)


# --- what a claim or a line gathers --------------------------------------------------------------------------------


@dataclass(slots=True)
class Gathered:
    """The dates, references, notes and so on of one loop, as they are met; what fits no record goes to `kept`."""

    loop: str
    kept: list[Kept]
    dates: list[Dated] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    amounts: list[AmountOf] = field(default_factory=list)
    transport: Transport | None = None
    indicators: list[Indicator] = field(default_factory=list)

    def take(self, segment: Segment) -> None:
        """One segment of the loop."""
        id = segment.id
        width = len(segment.elements)
        if id == "DTP" and (when := read_date(segment)):
            self.dates.append(when)
        elif id == "REF" and width == 3:
            self.references.append(Reference(segment.get(1), segment.get(2)))
        elif id == "AMT" and width == 3:
            self.amounts.append(AmountOf(segment.get(1), segment.amount(2)))
        elif id == "NTE":
            self.notes.append(Note(segment.get(1), segment.get(2)))
        elif id == "PWK" and (paper := read_attachment(segment)):
            self.attachments.append(paper)
        elif id == "CRC" and (said := read_indicator(segment)):
            self.indicators.append(said)
        elif id == "CR1" and self.transport is None and segment.get(5) == "DH":
            self.transport = read_transport(segment)
        else:
            self.kept.append(Kept(self.loop, standard_text(segment)))

    @property
    def empty(self) -> bool:
        """Whether nothing was gathered or kept."""
        some = self.dates or self.references or self.notes or self.attachments or self.amounts or self.indicators
        return not (some or self.transport or self.kept)

    def fields(self) -> dict[str, Any]:
        """The fields of ClaimDetail and LineDetail that were gathered."""
        return {
            "dates": tuple(self.dates),
            "references": tuple(self.references),
            "notes": tuple(self.notes),
            "attachments": tuple(self.attachments),
            "amounts": tuple(self.amounts),
            "transport": self.transport,
            "indicators": tuple(self.indicators),
        }


_Detail = TypeVar("_Detail", ClaimDetail, LineDetail)


def carried_detail(detail: _Detail) -> _Detail:
    """The detail as the file carries it: texts as `free_text` says."""
    trip = detail.transport
    if trip is not None:
        trip = replace(trip, round_trip=free_text(trip.round_trip), stretcher=free_text(trip.stretcher))
    return replace(
        detail,
        notes=tuple(Note(note.code, free_text(note.text)) for note in detail.notes),
        transport=trip,
        providers=tuple(map(carried_party, detail.providers)),
    )
