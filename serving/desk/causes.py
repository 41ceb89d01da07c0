"""Why an entry stands in the books, in words: which file, set and segments said so, or which person and why.

An entry's cause is kept short ("file ID set 2", "person ann"); here it is read again, and where a payer's 835 is the
cause the segments of the very answer are cut out of the file as it came, with their numbers in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from billing_core.ledger import AccountKind, Entry, Leg
from billing_core.money import amount_text
from billing_core.x12.envelope import contents
from billing_core.x12.segment import Segment, decode, segment_of, split_before, standard_text
from billing_core.x12.separators import opening_of
from serving.errors import NotFound
from serving.schemas.money import AccountEntry, EntryView, LegView, SegmentView

if TYPE_CHECKING:
    from serving.store.books import Books

_FILE = re.compile(
    r"file (?P<file>\S+)(?: set (?P<set>\d+))?(?: (?:claim|line) (?P<place>\d+))?(?: assigned by (?P<by>.+))?"
)
_SHOWN = 60  # segments of one answer: a claim of twenty lines has about that many
_X12 = "835"
_BLANK = " \t\r\n"
NAMES = {
    AccountKind.RECEIVABLE: "owed",
    AccountKind.REVENUE: "charged",
    AccountKind.CONTRACTUAL: "contractual adjustment",
    AccountKind.WRITE_OFF: "written off",
    AccountKind.CASH: "paid",
    AccountKind.BANK: "at the bank",
    AccountKind.UNAPPLIED: "unapplied",
    AccountKind.REFUND: "refunded",
    AccountKind.INTEREST: "interest",
    AccountKind.TAKEBACK: "withheld",
    AccountKind.CARRIED: "carried to another remittance",
}


class Causes:
    """The causes of one practice's entries in words; each file's name is read once."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._names: dict[str, str] = {}
        self._parties = {payer.id: payer.name for payer in books.payers()}

    def file_name(self, file_id: str) -> str:
        """The file as its sender named it; "" for none of ours."""
        if file_id not in self._names:
            try:
                self._names[file_id] = self._books.file(file_id).name
            except NotFound:
                self._names[file_id] = ""
        return self._names[file_id]

    def words(self, entry: Entry) -> str:
        """Who or what made the entry."""
        source = entry.cause.source
        if source.startswith("person "):
            return source.removeprefix("person ")
        found = _FILE.fullmatch(source)
        if found is None:
            return source
        parts = [self.file_name(found["file"]) or "a file"]
        parts += [f"set {found['set']}"] if found["set"] else []
        parts += [f"{'claim' if found['by'] else 'line'} {found['place']}"] if found["place"] else []
        parts += [f"given to the claim by {found['by']}"] if found["by"] else []
        return ", ".join(parts)

    def party(self, party: str) -> str:
        """The payer's name; "guarantor" for people: names of people are not for ledgers."""
        return self._parties.get(party, "guarantor" if party else "")

    def movement(self, entry: Entry, legs: Sequence[Leg]) -> AccountEntry:
        """The entry as a line of a history, with the amounts of the legs given."""
        amounts: dict[str, int] = {}
        for leg in legs:
            name = leg.account.owner.value if leg.account.owner else leg.account.kind.value
            amounts[name] = amounts.get(name, 0) + leg.amount
        return AccountEntry(
            id=entry.id,
            on=entry.effective.isoformat(),
            kind=entry.kind.value,
            why=entry.cause.reason,
            source=entry.cause.source,
            reference=entry.cause.reference,
            amounts={name: amount_text(cents) for name, cents in amounts.items() if cents},
            cause=self.words(entry),
        )

    def explained(self, entry: Entry, segments: Sequence[SegmentView] = ()) -> EntryView:
        """The entry with every leg, its file and the segments given."""
        found = _FILE.fullmatch(entry.cause.source)
        file_id = found["file"] if found else ""
        return EntryView(
            id=entry.id,
            on=entry.effective.isoformat(),
            kind=entry.kind.value,
            why=entry.cause.reason,
            cause=self.words(entry),
            reference=entry.cause.reference,
            legs=[self._leg(leg) for leg in entry.legs],
            reverses=entry.reverses,
            file_id=file_id,
            file_name=self.file_name(file_id) if file_id else "",
            set_number=int(found["set"] or 0) if found else 0,
            segments=list(segments),
        )

    def _leg(self, leg: Leg) -> LegView:
        owner = f" by {leg.account.owner}" if leg.account.owner else ""
        party = self.party(leg.account.party)
        return LegView(account=NAMES[leg.account.kind] + owner, party=party, amount=amount_text(leg.amount))


def segments_of_answer(data: bytes, set_number: int, position: int) -> list[SegmentView]:
    """The CLP of that position (from 1) in that set of an 835, with what belongs to it; [] where there is none."""
    cut = _cut_out(data, set_number, position)
    if cut is None:
        cut = next((piece for n, piece in _claims(data, set_number) if n == position), ())
    return _shown(cut)


def _cut_out(data: bytes, set_number: int, position: int) -> Sequence[Segment] | None:
    """The same, of a file of one interchange in plain lines, without reading its every segment: a remittance of twenty
    thousand claims is looked at one claim at a time. None for any other file.
    """
    text = decode(data).lstrip(_BLANK)
    opening = opening_of(text, 0)
    if opening.wrapped:
        return None
    separators, found = opening.separators, list[Segment]()
    mark = separators.element
    begins, ends = f"ST{mark}{_X12}{mark}", ("CLP", f"LX{mark}", "PLB", f"SE{mark}")
    sets = claims = 0
    for number, raw in enumerate(text.split(separators.segment), start=1):
        line = raw.lstrip(_BLANK) if raw[:1] in _BLANK else raw
        id = line[:3]
        if id == "ISA" and number > 1:
            return None
        if found and id in ends:
            break
        if line.startswith(begins):
            sets += 1
        elif sets == set_number and id == "CLP":
            claims += 1
        if found or (sets == set_number and claims == position and id == "CLP"):
            plain = line if separators.segment in "\r\n" else line.replace("\r", "").replace("\n", "")
            found.append(segment_of(number, plain.rstrip(_BLANK), separators))
    return found


def segments_of_claim(data: bytes, set_number: int, number: str) -> list[SegmentView]:
    """The answers to one claim number in a set; for a provider adjustment (PLB) the segment that names it."""
    found = [s for _, piece in _claims(data, set_number) if piece[0].get(1) == number for s in piece]
    if not found and number:
        found = [s for s in _set(data, set_number) if s.id == "PLB" and number in standard_text(s)]
    return _shown(found)


def _set(data: bytes, set_number: int) -> tuple[Segment, ...]:
    sets = [one for one in contents(data).sets() if one.id == _X12]
    return sets[set_number - 1].segments if 0 < set_number <= len(sets) else ()


def _claims(data: bytes, set_number: int) -> list[tuple[int, tuple[Segment, ...]]]:
    pieces = split_before(_set(data, set_number), frozenset({"CLP", "LX", "PLB"}))
    return list(enumerate((piece for piece in pieces if piece and piece[0].id == "CLP"), start=1))


def _shown(segments: Sequence[Segment]) -> list[SegmentView]:
    return [SegmentView(number=s.number, text=standard_text(s)) for s in segments[:_SHOWN]]


def segments_of(books: Books, entry: Entry) -> list[SegmentView]:
    """The segments of a payer's 835 that made the entry; [] for other causes."""
    found = _FILE.fullmatch(entry.cause.source)
    if found is None or not found["set"] or books.file(found["file"]).kind != _X12:
        return []
    data, set_number = books.file_bytes(found["file"]), int(found["set"])
    if found["place"]:
        return segments_of_answer(data, set_number, int(found["place"]))
    return segments_of_claim(data, set_number, entry.cause.reference)
