"""The envelopes of a file: interchange (ISA/IEA), functional group (GS/GE), transaction set (ST/SE).

Reading keeps two promises: nothing is lost, and half a file is never taken for a whole one. `contents` reads what is
there and lists every defect of the envelopes; `whole` refuses a file that has one. Sources: X12.5 and X12.6; 005010
guides, appendix C.1.

    ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *241101*0800*^*00501*000000001*0*T*:~
    GS*HC*SENDER*RECEIVER*20241101*0800*1*X*005010X222A1~
    ST*837*0001*005010X222A1~ ... SE*42*0001~
    GE*1*1~
    IEA*1*000000001~
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from billing_core.errors import X12Error
from billing_core.rule import Finding, Severity
from billing_core.x12.segment import Segment, day_text, parse_day, read_segments
from billing_core.x12.separators import FIELD_WIDTHS, STANDARD

CONTROL_MAX = 999_999_999
_PARTY = re.compile(r"[A-Za-z0-9 \-._/&]{2,15}\Z", re.ASCII)
_SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom, under which interchange control number, when. `usage` is ISA15: T test, P production."""

    sender: str
    receiver: str
    control: int
    on: datetime
    usage: str = "T"
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """One ST to SE: `segments` are those between, `version` is ST03, or GS08 where the guide has no ST03.

    `sent_on` is the date of its functional group (GS04), None when that is no date; `interchange` is ISA13.
    """

    id: str
    control: str
    version: str
    header: Segment
    segments: tuple[Segment, ...]
    sent_on: date | None = None
    interchange: str = ""


@dataclass(frozen=True, slots=True)
class FunctionalGroup:
    """One GS to GE."""

    id: str
    control: str
    version: str
    header: Segment
    sets: tuple[TransactionSet, ...]


@dataclass(frozen=True, slots=True)
class Interchange:
    """One ISA to IEA. `acknowledgments` are its TA1 segments."""

    control: str
    usage: str
    header: Segment
    groups: tuple[FunctionalGroup, ...]
    acknowledgments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's interchanges, and every defect of their envelopes (severity ERROR, in file order)."""

    interchanges: tuple[Interchange, ...]
    defects: tuple[Finding, ...]

    def groups(self) -> Iterator[FunctionalGroup]:
        """Every functional group, in file order."""
        return (group for interchange in self.interchanges for group in interchange.groups)

    def sets(self) -> Iterator[TransactionSet]:
        """Every transaction set, in file order."""
        return (one for group in self.groups() for one in group.sets)


DEFECTS: dict[str, tuple[str, str]] = {  # rule: (what is wrong, what mends it)
    "x12-segment-id": ("a segment id is not two or three upper-case letters and digits", "correct the segment id"),
    "x12-segment-empty": ("a segment without an id, or a doubled terminator", "remove the empty segment"),
    "x12-isa-width": (
        "the ISA is not 106 characters wide, each field padded to its width",
        "pad the ISA's fields with blanks to their fixed widths",
    ),
    "x12-misplaced": ("a segment stands outside every transaction set", "put it between its ST and SE, or remove it"),
    "x12-interchange-open": ("the interchange is not closed by an IEA", "the file is cut off: fetch it again"),
    "x12-group-open": ("the functional group is not closed by a GE", "the file is cut off: fetch it again"),
    "x12-set-open": ("the transaction set is not closed by an SE", "the file is cut off: fetch it again"),
    "x12-trailer-alone": ("a trailer closes what was never opened", "the file lacks its beginning: fetch it again"),
    "x12-set-count": ("SE01 is not the number of segments from ST to SE", "count the segments again: some may be lost"),
    "x12-set-control": ("SE02 differs from ST02", "use one control number in ST and SE"),
    "x12-set-repeated": ("two transaction sets of a group have the same ST02", "number the sets of a group apart"),
    "x12-group-count": ("GE01 is not the number of transaction sets", "count the sets again: some may be lost"),
    "x12-group-control": ("GE02 differs from GS06", "use one control number in GS and GE"),
    "x12-group-repeated": ("two groups of an interchange have the same GS06", "number the groups apart"),
    "x12-interchange-count": ("IEA01 is not the number of functional groups", "count the groups again"),
    "x12-interchange-control": ("IEA02 differs from ISA13", "use one control number in ISA and IEA"),
    "x12-interchange-empty": ("the interchange holds neither a group nor a TA1", "fetch the file again"),
    "x12-group-empty": ("the functional group holds no transaction set", "fetch the file again"),
}


class Body(Protocol):
    """Where the segments between ST and SE go."""

    def append(self, segment: Segment, /) -> None:
        """Take one segment."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Segment]: ...


class Tally:
    """A body that counts its segments and forgets them."""

    def __init__(self) -> None:
        self.count = 0

    def append(self, segment: Segment, /) -> None:
        """Count one segment."""
        self.count += 1

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Segment]:
        return iter(())


@dataclass(slots=True)
class _Open:
    """What is being read: the open interchange, group and set, and what has been closed so far."""

    body: Body
    new_body: Callable[[], Body]
    defects: list[Finding] = field(default_factory=list)
    interchanges: list[Interchange] = field(default_factory=list)
    isa: Segment | None = None
    groups: list[FunctionalGroup] = field(default_factory=list)
    acknowledgments: list[Segment] = field(default_factory=list)
    gs: Segment | None = None
    sets: list[TransactionSet] = field(default_factory=list)
    st: Segment | None = None

    def defect(self, rule: str, at: Segment, element: int = 0, counted: int | None = None) -> None:
        message, mend = DEFECTS[rule]
        if counted is not None:
            stated = at.get(element)
            shown = stated if stated.isascii() and stated.isdecimal() and len(stated) <= 10 else "no number"
            message = f"{message}: it says {shown}, counted {counted}"
        self.defects.append(Finding(rule, Severity.ERROR, message, at.where(element), mend))


def contents(data: bytes) -> Contents:
    """The interchanges of a file and the defects of their envelopes. X12Error when it cannot be split at all."""
    watch = Watch(list)
    for segment in read_segments(data):
        watch.see(segment)
    return watch.contents()


class Watch:
    """Follows the envelopes of a file segment by segment. With `Tally` as body it remembers no segment of a set."""

    def __init__(self, new_body: Callable[[], Body]) -> None:
        self._state = _Open(body=new_body(), new_body=new_body)
        self._last: Segment | None = None
        self._ids: set[str] = set()

    def see(self, segment: Segment) -> None:
        """The next segment of the file."""
        state, id = self._state, segment.elements[0]
        self._last = segment
        step = _STEPS.get(id)
        if step is None:
            if id not in self._ids:
                self._new_id(segment)
            if state.st is not None:
                state.body.append(segment)
                return
        (step or _inside)(state, segment)

    def _new_id(self, segment: Segment) -> None:
        """An id met for the first time: remember it when it is one, note the defect when it is not."""
        id = segment.elements[0]
        if _SEGMENT_ID.match(id):
            self._ids.add(id)
        else:
            self._state.defect("x12-segment-id" if id else "x12-segment-empty", segment)

    def contents(self) -> Contents:
        """What was seen, the file being at its end."""
        if self._last is not None:
            _close_interchange(self._state, self._last, closed=False)
        return Contents(tuple(self._state.interchanges), tuple(self._state.defects))


def whole(data: bytes) -> Contents:
    """The interchanges of a file whose envelopes are consistent. X12Error naming the first defect otherwise."""
    found = contents(data)
    if found.defects:
        raise defective(found)
    return found


def defective(found: Contents) -> X12Error:
    """The first defect of a file's envelopes as an error."""
    defect = found.defects[0]
    return X12Error(defect.message, where=defect.where, mend=defect.mend)


def sets_of(data: bytes, id: str, versions: tuple[str, ...], name: str) -> tuple[TransactionSet, ...]:
    """The transaction sets `id` of a whole file whose version begins with one of `versions`.

    X12Error when the envelopes are inconsistent, or when any set is of another kind: a file is read whole or not.
    """
    found = tuple(whole(data).sets())
    for one in found:
        if one.id != id or not one.version.startswith(versions):
            raise one.header.error(f"this transaction set is not a {name}", f"hand a {name} file to this reader", 1)
    if not found:
        raise X12Error(f"the file holds no {name}", where="segment 1", mend=f"hand a {name} file to this reader")
    return found


def _open_interchange(state: _Open, isa: Segment) -> None:
    _close_interchange(state, isa, closed=False)
    for element, (value, width) in enumerate(zip(isa.elements[1:], FIELD_WIDTHS, strict=False), start=1):
        if len(value) != width:
            state.defect("x12-isa-width", isa, element)
            break
    state.isa, state.groups, state.acknowledgments = isa, [], []


def _open_group(state: _Open, gs: Segment) -> None:
    _close_group(state, gs, closed=False)
    if state.isa is None:
        state.defect("x12-misplaced", gs)
    if any(group.control == gs.get(6) for group in state.groups):
        state.defect("x12-group-repeated", gs, 6)
    state.gs, state.sets = gs, []


def _open_set(state: _Open, st: Segment) -> None:
    _close_set(state, st, closed=False)
    if state.gs is None:
        state.defect("x12-misplaced", st)
    if any(one.control == st.get(2) for one in state.sets):
        state.defect("x12-set-repeated", st, 2)
    state.st, state.body = st, state.new_body()


def _inside(state: _Open, segment: Segment) -> None:
    if state.st is not None:
        state.body.append(segment)
    elif segment.id == "TA1" and state.isa is not None and state.gs is None:
        state.acknowledgments.append(segment)
    else:
        state.defect("x12-misplaced", segment)


def same_number(left: str, right: str) -> bool:
    """Whether two control numbers are the same; leading zeros carry no meaning in a number."""
    return left == right or (left.isdecimal() and right.isdecimal() and left.lstrip("0") == right.lstrip("0"))


def _counted(trailer: Segment, count: int) -> bool:
    text = trailer.get(1)
    return text.isdecimal() and text.isascii() and len(text) <= 10 and int(text) == count


def _end_set(state: _Open, se: Segment) -> None:
    if state.st is None:
        state.defect("x12-trailer-alone", se)
        return
    if not _counted(se, len(state.body) + 2):
        state.defect("x12-set-count", se, 1, len(state.body) + 2)
    if se.get(2) != state.st.get(2):
        state.defect("x12-set-control", se, 2)
    _close_set(state, se, closed=True)


def _end_group(state: _Open, ge: Segment) -> None:
    _close_set(state, ge, closed=False)
    if state.gs is None:
        state.defect("x12-trailer-alone", ge)
        return
    if not _counted(ge, len(state.sets)):
        state.defect("x12-group-count", ge, 1, len(state.sets))
    if not same_number(ge.get(2), state.gs.get(6)):
        state.defect("x12-group-control", ge, 2)
    _close_group(state, ge, closed=True)


def _end_interchange(state: _Open, iea: Segment) -> None:
    _close_group(state, iea, closed=False)
    if state.isa is None:
        state.defect("x12-trailer-alone", iea)
        return
    if not _counted(iea, len(state.groups)):
        state.defect("x12-interchange-count", iea, 1, len(state.groups))
    if iea.get(2) != state.isa.get(13):
        state.defect("x12-interchange-control", iea, 2)
    _close_interchange(state, iea, closed=True)


_STEPS = {
    "ISA": _open_interchange,
    "GS": _open_group,
    "ST": _open_set,
    "SE": _end_set,
    "GE": _end_group,
    "IEA": _end_interchange,
}


def _close_set(state: _Open, at: Segment, *, closed: bool) -> None:
    if state.st is None:
        return
    if not closed:
        state.defect("x12-set-open", at)
    version = state.st.get(3) or (state.gs.get(8) if state.gs else "")
    sent_on = parse_day(state.gs.get(4)) if state.gs else None
    interchange = state.isa.get(13) if state.isa else ""
    id, control = state.st.get(1), state.st.get(2)
    state.sets.append(TransactionSet(id, control, version, state.st, tuple(iter(state.body)), sent_on, interchange))
    state.st, state.body = None, state.new_body()


def _close_group(state: _Open, at: Segment, *, closed: bool) -> None:
    _close_set(state, at, closed=False)
    if state.gs is None:
        return
    if not closed:
        state.defect("x12-group-open", at)
    if not state.sets:
        state.defect("x12-group-empty", at)
    gs = state.gs
    state.groups.append(FunctionalGroup(gs.get(1), gs.get(6), gs.get(8), gs, tuple(state.sets)))
    state.gs, state.sets = None, []


def _close_interchange(state: _Open, at: Segment, *, closed: bool) -> None:
    _close_group(state, at, closed=False)
    if state.isa is None:
        return
    if not closed:
        state.defect("x12-interchange-open", at)
    if not state.groups and not state.acknowledgments:
        state.defect("x12-interchange-empty", at)
    isa = state.isa
    state.interchanges.append(
        Interchange(isa.get(13), isa.get(15), isa, tuple(state.groups), tuple(state.acknowledgments))
    )
    state.isa, state.groups, state.acknowledgments = None, [], []


# --- writing -------------------------------------------------------------------------------------------------------


def _party(text: str, place: str) -> str:
    if not _PARTY.match(text) or text != text.strip():
        raise X12Error("an interchange party is 2 to 15 letters and digits", where=place, mend="correct the party's id")
    return text


def _isa(envelope: Envelope) -> str:
    if isinstance(envelope.control, bool) or not 0 < envelope.control <= CONTROL_MAX:
        raise X12Error("the control number is not 1 to 999999999", where="ISA13", mend="allocate the next number")
    if envelope.usage not in ("T", "P"):
        raise X12Error("the usage indicator is T or P", where="ISA15", mend="say T for test or P for production")
    for place, qualifier in (("ISA05", envelope.sender_qualifier), ("ISA07", envelope.receiver_qualifier)):
        if not re.fullmatch(r"[0-9A-Z]{2}", qualifier, re.ASCII):
            raise X12Error("an id qualifier is two characters", where=place, mend="use ZZ, 01, 27, 28, 30 or 33")
    sender, receiver = _party(envelope.sender, "ISA06"), _party(envelope.receiver, "ISA08")
    moment = day_text(envelope.on.date())[2:], f"{envelope.on:%H%M}"
    fields = ["ISA", "00", " " * 10, "00", " " * 10, envelope.sender_qualifier, sender.ljust(15)]
    fields += [envelope.receiver_qualifier, receiver.ljust(15), *moment, STANDARD.repetition, "00501"]
    fields += [f"{envelope.control:09d}", "0", envelope.usage, STANDARD.component]
    return "*".join(fields)


def write_interchange(
    envelope: Envelope, group_id: str, version: str, sets: Sequence[tuple[str, Sequence[str]]]
) -> bytes:
    """One interchange of one functional group. Each set is (ST01, its segments between ST and SE, ready to write).

    The group's control number is the interchange's; sets are numbered from 0001. Each segment ends "~" and a line
    feed. ST03 carries the version, except in the 835, whose guide does not use it.
    """
    lines = [_isa(envelope)]
    day, clock = day_text(envelope.on.date()), f"{envelope.on:%H%M}"
    lines.append(f"GS*{group_id}*{envelope.sender}*{envelope.receiver}*{day}*{clock}*{envelope.control}*X*{version}")
    for number, (id, body) in enumerate(sets, start=1):
        control = f"{number:04d}"
        lines.append(f"ST*{id}*{control}" if id == "835" else f"ST*{id}*{control}*{version}")
        lines.extend(body)
        lines.append(f"SE*{len(body) + 2}*{control}")
    lines += [f"GE*{len(sets)}*{envelope.control}", f"IEA*1*{envelope.control:09d}"]
    return "".join(f"{line}{STANDARD.segment}\n" for line in lines).encode("ascii")


def write_acknowledgments(envelope: Envelope, segments: Sequence[str]) -> bytes:
    """An interchange of TA1 segments alone (no functional group)."""
    lines = [_isa(envelope), *segments, f"IEA*0*{envelope.control:09d}"]
    return "".join(f"{line}{STANDARD.segment}\n" for line in lines).encode("ascii")
