"""The levels of an inquiry and of its answer (270, 271, 276, 277), each way: payer, receiver, provider, subscriber,
dependent. A level names the one above it (HL02); the people of a level above hold for all below.

    HL*1**20*1~ NM1*PR*2*NORTHERN HEALTH*****PI*60054~
    HL*2*1*21*1~ NM1*1P*2*ELM FAMILY MEDICINE*****XX*1234567893~
    HL*3*2*22*0~ NM1*IL*1*DOE*ANN****MI*W1234567~ DMG*D8*19800203*F~
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from billing_core.claim_detail import Dated, Reference
from billing_core.inquiry import BenefitInquiry, Insured, Organization, StatusInquiry
from billing_core.registration import Sex
from billing_core.x12.claim_segments import (
    NO_ADDRESS,
    loops,
    read_address,
    read_date,
    read_name,
    write_address,
    write_date,
    write_references,
)
from billing_core.x12.envelope import Envelope, TransactionSet
from billing_core.x12.segment import Segment, SegmentWriter, day_text, first, free_text, parse_day, standard_text

Inquiry = TypeVar("Inquiry", BenefitInquiry, StatusInquiry)
CODES = frozenset({"19", "20", "21", "22", "23"})  # HL03: provider of service, payer, receiver, subscriber, dependent
_HL = frozenset({"HL"})

# --- writing -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class LevelWriter:
    """Writes HL segments that count up; a level is written once for those that share it."""

    w: SegmentWriter
    count: int = 0
    open: dict[int, tuple[object, int]] = field(default_factory=dict)

    def level(self, depth: int, code: str, who: object, *, parent: bool | None) -> bool:
        """Open the level at `depth` for `who`; False when it is open already. `parent` is HL04, None where not used."""
        if depth in self.open and self.open[depth][0] == who:
            return False
        for deeper in [d for d in self.open if d >= depth]:
            del self.open[deeper]
        self.count += 1
        above = str(self.open[depth - 1][1]) if depth - 1 in self.open else ""
        self.w.add("HL", str(self.count), above, code, {True: "1", False: "0", None: ""}[parent])
        self.open[depth] = (who, self.count)
        return True


def by_reference(inquiries: Iterable[Inquiry], asked: str) -> list[list[Inquiry]]:
    """What goes into each transaction set: the inquiries with the same reference. X12Error where there is none; `asked`
    is the segment that then is wanting.
    """
    sets: dict[str, list[Inquiry]] = {}
    for one in inquiries:
        sets.setdefault(one.reference, []).append(one)
    if not sets:
        raise SegmentWriter().refuse("there is no inquiry to write", asked, "hand over at least one inquiry")
    return list(sets.values())


def begin_inquiry(structure: str, reference: str, envelope: Envelope) -> LevelWriter:
    """The BHT of a set that asks (BHT02 13), and the writer of its levels."""
    w = SegmentWriter()
    w.about("inquiry 1")
    given = w.need(reference, "BHT03", "reference")
    w.add("BHT", structure, "13", given, day_text(envelope.on.date()), f"{envelope.on:%H%M}")
    return LevelWriter(w)


def write_organization(w: SegmentWriter, one: Organization) -> None:
    """NM1 of a payer, receiver or provider."""
    name = w.need(free_text(one.name), "NM103", "name")
    person = "1" if one.person else "2"
    w.add("NM1", one.role, person, name, free_text(one.first), "", "", "", one.id_qualifier if one.id else "", one.id)


def write_insured(w: SegmentWriter, role: str, one: Insured) -> None:
    """NM1, REF, N3, N4 and DMG of a subscriber or dependent."""
    name = one.name
    qualifier = one.id_qualifier if one.member_id else ""
    parts = (free_text(name.last), free_text(name.first), free_text(name.middle), "", free_text(name.suffix))
    w.add("NM1", role, "1", *parts, qualifier, one.member_id)
    write_references(w, one.references)
    if one.address is not None:
        write_address(w, one.address, required=True)
    write_demographics(w, one)


def write_demographics(w: SegmentWriter, one: Insured) -> None:
    """DMG, where birth date or sex is known."""
    if one.birth_date is not None:
        w.add("DMG", "D8", day_text(one.birth_date), one.sex.value if one.sex else "")


def write_dates(w: SegmentWriter, dates: Sequence[Dated]) -> None:
    """DTP for each."""
    for one in dates:
        write_date(w, one)


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Level:
    """One HL with its own segments, and the levels above it by HL03 code."""

    hl: Segment
    code: str
    segments: Sequence[Segment]
    above: dict[str, Level]

    def party(self, code: str) -> Level | None:
        """This level or the one above it of that code."""
        return self if self.code == code else self.above.get(code)


@dataclass(frozen=True, slots=True)
class Beginning:
    """BHT: the sender's reference and the day."""

    reference: str
    on: date
    structure: str


def read_levels(one: TransactionSet) -> tuple[Beginning, Iterator[Level]]:
    """BHT and the levels in file order. X12Error without BHT or its date."""
    header, pieces = loops(one.segments, _HL)
    bht = first(header, "BHT")
    if bht is None:
        raise one.header.error("the transaction set has no BHT", "ask the sender to send the file again")
    return Beginning(bht.get(3), bht.day(4), bht.get(1)), _levels(pieces)


def _levels(pieces: Sequence[list[Segment]]) -> Iterator[Level]:
    known: dict[str, Level] = {}
    for piece in pieces:
        hl = piece[0]
        parent = known.get(hl.get(2))
        above = dict(parent.above) if parent else {}
        if parent and parent.code in CODES:  # others hold nobody, and a level may lie under many thousand
            above[parent.code] = parent
        level = Level(hl, hl.get(3), piece[1:], above)
        known[hl.get(1)] = level
        yield level


def read_organization(level: Level | None, *roles: str) -> Organization | None:
    """The first NM1 of the level whose role is one of `roles`."""
    nm1 = first(level.segments, "NM1", *roles) if level else None
    return organization_of(nm1) if nm1 is not None else None


def organization_of(nm1: Segment) -> Organization:
    """An NM1 as an organization (or a person who acts as one)."""
    return Organization(nm1.get(1), nm1.get(3), nm1.get(9), nm1.get(8) or "PI", nm1.get(4), nm1.get(2) == "1")


def need_organization(level: Level, code: str, what: str, *roles: str) -> Organization:
    """The organization of the level of that code. X12Error when it is not named."""
    found = read_organization(level.party(code), *roles)
    if found is None:
        raise level.hl.error(f"the {what} is not named", "ask the sender for the whole inquiry")
    return found


def read_insured(
    segments: Sequence[Segment], role: str, kept: list[str], taken: frozenset[str], references: bool = True
) -> Insured | None:
    """The subscriber (IL) or dependent (QC, 03) among `segments`, None when not named.

    REF belong to the insured when `references`; segments whose id is neither read here nor in `taken` are kept.
    """
    nm1 = first(segments, "NM1", role)
    if nm1 is None:
        return None
    birth, sex = None, None
    numbers: list[Reference] = []
    dates: list[Dated] = []
    relationship = ""
    for segment in segments:
        id = segment.id
        if id in taken or segment is nm1:
            continue
        if id == "DMG":
            birth = parse_day(segment.get(2))
            sex = Sex(segment.get(3)) if segment.get(3) in ("F", "M", "U") else None
        elif id == "REF" and references and len(segment.elements) == 3:
            numbers.append(Reference(segment.get(1), segment.get(2)))
        elif id == "DTP" and (when := read_date(segment)):
            dates.append(when)
        elif id == "INS" and len(segment.elements) == 3:
            relationship = segment.get(2)
        elif id not in ("N3", "N4"):
            kept.append(standard_text(segment))
    address = read_address(segments)
    return Insured(
        name=read_name(nm1),
        member_id=nm1.get(9),
        birth_date=birth,
        sex=sex,
        relationship=relationship,
        address=None if address == NO_ADDRESS else address,
        references=tuple(numbers),
        dates=tuple(dates),
        id_qualifier=nm1.get(8) or "MI",
    )
