"""The eligibility answer: what the payer says of a patient's coverage. Guide: 005010X279A1 (271).

Every EB comes through with its qualifiers, amounts, dates, messages and other payers; a request that was refused
says why (AAA). `BenefitAnswer.active` is what the practice needs first.

    EB*1**30^98*HM*GOLD PLAN~               active: the plan as a whole, and office visits
    EB*B**98****25~                         a copay of 25.00 for an office visit
    AAA*N**72*C~                            refused: the member id is not valid; correct and send again
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from billing_core.claim_detail import Dated, Reference
from billing_core.inquiry import Benefit, BenefitAnswer, Insured, Organization, Refusal
from billing_core.money import x12_amount
from billing_core.x12.claim_segments import loops, read_date, write_references
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.inquiry_levels import (
    Beginning,
    Level,
    LevelWriter,
    need_organization,
    organization_of,
    read_insured,
    read_levels,
    read_organization,
    write_dates,
    write_insured,
    write_organization,
)
from billing_core.x12.segment import (
    Repeated,
    Segment,
    SegmentWriter,
    collector_paused,
    day_text,
    first,
    free_text,
    standard_text,
)

KIND = "271"
SET_ID = "271"
GROUP_ID = "HB"
VERSION = "005010X279A1"
VERSIONS = ("005010X279",)

LEVELS = {"20": "payer", "21": "provider", "22": "subscriber", "23": "dependent"}
_CODES = {name: code for code, name in LEVELS.items()}
REFUSED = {  # AAA03, in our words; others are shown by number
    "04": "more was asked than is allowed",
    "15": "required data are missing",
    "33": "input errors",
    "41": "the provider may not ask",
    "42": "the payer cannot answer now",
    "43": "the provider's id is not valid",
    "44": "the provider's name is not valid",
    "45": "the provider's specialty is not valid",
    "50": "the provider is not eligible to ask",
    "51": "the provider is not on file",
    "52": "the service dates are outside the provider's enrollment",
    "56": "the date is not valid",
    "57": "the service date is not valid",
    "58": "the birth date is not valid",
    "60": "the birth date is after the date of service",
    "61": "the date of death is before the date of service",
    "62": "the date of service is too far in the past",
    "63": "the date of service is in the future",
    "64": "the patient's id is not valid",
    "65": "the patient's name is not valid",
    "71": "the birth date does not match",
    "72": "the member id is not valid",
    "73": "the subscriber's name is not valid",
    "75": "the subscriber is not found",
    "76": "the same subscriber twice",
    "78": "the subscriber is not in the plan named",
    "79": "the payer named is not valid",
    "80": "no answer came: send the request again",
}
FOLLOW_UP = {  # AAA04
    "C": "correct it and send it again",
    "N": "do not send it again",
    "P": "send it again later",
    "R": "sending it again is allowed",
    "S": "do not send it again; ask this payer again by another way",
    "W": "wait 30 days and send it again",
    "X": "wait 10 days and send it again",
    "Y": "do not send it again: the payer holds it and will answer",
}


# --- writing -------------------------------------------------------------------------------------------------------


def write(answers: Sequence[BenefitAnswer], envelope: Envelope) -> bytes:
    """One interchange; answers with the same reference share a transaction set. X12Error as in every writer."""
    if not answers:
        raise SegmentWriter().refuse("there is no answer to write", "EB", "hand over at least one answer")
    sets: dict[tuple[str, object], list[BenefitAnswer]] = {}
    for one in answers:
        sets.setdefault((one.reference, one.answered_on), []).append(one)
    return write_interchange(envelope, GROUP_ID, VERSION, [(SET_ID, _set(some, envelope)) for some in sets.values()])


def _set(answers: Sequence[BenefitAnswer], envelope: Envelope) -> list[str]:
    w = SegmentWriter()
    w.about("answer 1")
    reference = answers[0].reference
    w.add("BHT", "0022", "11", reference, day_text(answers[0].answered_on), f"{envelope.on:%H%M}")
    levels = LevelWriter(w)
    for position, one in enumerate(answers, start=1):
        w.about(f"answer {position}")
        if levels.level(0, "20", one.payer, parent=one.provider is not None):
            write_organization(w, one.payer)
            _refusals(w, one, "20")
        if one.provider is None:
            continue
        if levels.level(1, "21", one.provider, parent=one.subscriber is not None):
            write_organization(w, one.provider)
            _refusals(w, one, "21")
        if one.subscriber is not None:
            levels.level(2, "22", (position, one.subscriber), parent=one.dependent is not None)
            _person(w, one, one.subscriber, "22")
        if one.dependent is not None:
            levels.level(3, "23", position, parent=False)
            _person(w, one, one.dependent, "23")
    return w.lines


def _refusals(w: SegmentWriter, one: BenefitAnswer, code: str) -> None:
    for refusal in one.refusals:
        if refusal.level == LEVELS[code]:
            w.add("AAA", "Y" if refusal.valid else "N", "", refusal.reason, refusal.follow_up)


def _person(w: SegmentWriter, one: BenefitAnswer, who: Insured, code: str) -> None:
    patient = code == "23" or one.dependent is None
    if patient and one.trace:
        w.add("TRN", "2", one.trace, one.trace_origin)
    write_insured(w, "IL" if code == "22" else "03", who)
    _refusals(w, one, code)
    if who.relationship:
        w.add("INS", "N", who.relationship)
    for line in one.kept if patient else ():
        w.add_kept(line)
    write_dates(w, who.dates)
    for benefit in one.benefits if patient else ():
        _benefit(w, benefit)


def _benefit(w: SegmentWriter, one: Benefit) -> None:
    """2110 with 2120."""
    amount = "" if one.amount is None else x12_amount(one.amount)
    code = w.need(one.code, "EB01", "benefit code")
    first_half = (code, one.level, Repeated(one.service_types) if one.service_types else "", one.insurance)
    counted = (one.quantity_qualifier, one.quantity, one.authorization, one.in_network, one.procedure)
    w.add("EB", *first_half, free_text(one.plan), one.period, amount, one.percent, *counted)
    for line in one.kept:
        w.add_kept(line)
    write_references(w, one.references)
    write_dates(w, one.dates)
    for message in one.messages:
        w.add("MSG", free_text(message))
    if one.others or one.related:
        w.add("LS", "2120")
        for line in one.related:
            w.add_kept(line)
        for party in () if one.related else one.others:
            write_organization(w, party)
        w.add("LE", "2120")


# --- reading -------------------------------------------------------------------------------------------------------

_EB = frozenset({"EB"})
_TAKEN = frozenset({"TRN", "AAA"})


def read(data: bytes) -> tuple[BenefitAnswer, ...]:
    """Every patient spoken of, and every request refused as a whole. X12Error when the file is not whole or not 271."""
    with collector_paused():
        return tuple(
            one for found in sets_of(data, SET_ID, VERSIONS, "eligibility answer (271)") for one in read_set(found)
        )


def read_set(one: TransactionSet) -> Iterator[BenefitAnswer]:
    """The answers of one transaction set: one for each patient, and one for each level refused as a whole."""
    beginning, levels = read_levels(one)
    known = list(levels)
    parents, parties = {level.hl.get(2) for level in known}, _Parties()
    for level in known:
        whole_refused = level.code in ("20", "21") and first(level.segments, "AAA")
        last = level.code in ("22", "23") and (
            level.hl.get(1) not in parents or first(level.segments, "EB") or first(level.segments, "AAA")
        )
        if whole_refused or last:
            yield _answer(beginning, level, parties)


@dataclass(frozen=True, slots=True)
class _Parties:
    """Whom the levels above name, each read once however many lie below it."""

    subscribers: dict[int, Insured | None] = field(default_factory=dict)
    organizations: dict[int, Organization | None] = field(default_factory=dict)

    def subscriber(self, level: Level) -> Insured | None:
        if id(level) not in self.subscribers:
            self.subscribers[id(level)] = read_insured(loops(level.segments, _EB)[0], "IL", [], _TAKEN)
        return self.subscribers[id(level)]

    def organization(self, level: Level | None) -> Organization | None:
        if level is None:
            return None
        if id(level) not in self.organizations:
            self.organizations[id(level)] = read_organization(level)
        return self.organizations[id(level)]


def _answer(beginning: Beginning, level: Level, parties: _Parties) -> BenefitAnswer:
    kept: list[str] = []
    own, pieces = loops(level.segments, _EB)
    above = level.party("22")
    subscriber = dependent = None
    if above is not None:
        subscriber = read_insured(own, "IL", kept, _TAKEN) if above is level else parties.subscriber(above)
        if subscriber is None:
            raise above.hl.error("the subscriber is not named", "ask the payer to send the answer again")
    if level.code == "23":
        dependent = read_insured(own, "03", kept, _TAKEN)
    trn = first(own, "TRN", "2") or first(own, "TRN")
    return BenefitAnswer(
        reference=beginning.reference,
        answered_on=beginning.on,
        payer=parties.organization(level.party("20")) or need_organization(level, "20", "payer"),
        provider=parties.organization(level.party("21")),
        subscriber=subscriber,
        dependent=dependent,
        trace=trn.get(2) if trn else "",
        trace_origin=trn.get(3) if trn else "",
        benefits=tuple(_read_benefit(piece) for piece in pieces),
        refusals=tuple(_read_refusal(level, aaa) for aaa in level.segments if aaa.id == "AAA"),
        kept=tuple(kept),
    )


def _read_refusal(level: Level, aaa: Segment) -> Refusal:
    return Refusal(LEVELS.get(level.code, "level"), aaa.get(3), aaa.get(4), aaa.get(1) == "Y")


def _read_benefit(piece: Sequence[Segment]) -> Benefit:
    eb = piece[0]
    dates: list[Dated] = []
    references: list[Reference] = []
    messages: list[str] = []
    related: list[Segment] = []
    kept: list[str] = []
    inside = False
    for segment in piece[1:]:
        id = segment.id
        if id in ("LS", "LE"):
            inside = id == "LS"
        elif inside or id == "NM1" or related:
            related.append(segment)
        elif id == "MSG" and len(segment.elements) == 2:
            messages.append(segment.get(1))
        elif id == "DTP" and (when := read_date(segment)):
            dates.append(when)
        elif id == "REF" and len(segment.elements) == 3:
            references.append(Reference(segment.get(1), segment.get(2)))
        elif id != "AAA":
            kept.append(standard_text(segment))
    others = tuple(organization_of(segment) for segment in related if segment.id == "NM1")
    plain = len(others) == len(related)
    return Benefit(
        code=eb.get(1),
        level=eb.get(2),
        service_types=tuple(type for type in eb.repeats(3) if type),
        insurance=eb.get(4),
        plan=eb.get(5),
        period=eb.get(6),
        amount=eb.amount(7) if eb.get(7) else None,
        percent=eb.get(8),
        quantity_qualifier=eb.get(9),
        quantity=eb.get(10),
        authorization=eb.get(11),
        in_network=eb.get(12),
        procedure=eb.parts(13),
        dates=tuple(dates),
        references=tuple(references),
        messages=tuple(messages),
        others=others,
        related=() if plain else tuple(standard_text(segment) for segment in related),
        kept=tuple(kept),
    )
