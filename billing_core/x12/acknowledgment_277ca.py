"""The claim acknowledgment: which claims entered the payer's adjudication. Guide: 005010X214 (277CA).

Each claim is named by our CLM01 (TRN02 of its patient level). A rejected claim was never adjudicated.

    TRN*2*CLEA0000000128~
    STC*A2:20:PR*20241102*WQ*150~          accepted for adjudication
    STC*A7:562:85*20241102*U*150~          rejected: the billing provider's NPI
    REF*1K*PAYERREF1~
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from billing_core.acknowledgment import ClaimAcknowledgment, FurtherStatus
from billing_core.money import x12_amount
from billing_core.registration import Payer
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.segment import (
    Segment,
    SegmentWriter,
    Value,
    collector_paused,
    day_text,
    first,
    free_text,
    parse_day,
    split_before,
    text_of,
)

KIND = "277CA"
SET_ID = "277"
GROUP_ID = "HN"
VERSION = "005010X214"
VERSIONS = ("005010X214",)

_LEVEL_NAMES = {"20": "the payer", "21": "the whole file", "19": "the provider's claims"}


# --- writing -------------------------------------------------------------------------------------------------------


def write(
    acknowledgments: Sequence[ClaimAcknowledgment],
    payer: Payer,
    envelope: Envelope,
    provider_name: str = "",
    provider_npi: str = "",
    batch: str = "",
) -> bytes:
    """One interchange, one 277CA about the claims of one billing provider. `batch` is BHT03 of the 837 answered.

    Without provider name or NPI the envelope's receiver stands in. The guide asks for the patient's name, member id
    and date of service of each claim: give them in the records. X12Error when a value is missing or cannot be held.
    """
    w = SegmentWriter()
    if not acknowledgments:
        raise w.refuse("there is no claim to acknowledge", "TRN", "hand over at least one claim")
    _levels_above(w, acknowledgments, payer, envelope, batch)
    w.add("HL", "3", "2", "19", "1")
    name = free_text(provider_name) or envelope.receiver
    w.add("NM1", "85", "2", name, "", "", "", "", "XX" if provider_npi else "FI", provider_npi or envelope.receiver)
    total = x12_amount(sum(one.amount for one in acknowledgments))
    w.add("TRN", "1", f"{envelope.control:09d}")
    w.add("STC", ("A1", "19", "PR"), "", "WQ", total)
    for position, one in enumerate(acknowledgments, start=1):
        w.about(f"claim {position}")
        w.add("HL", str(position + 3), "3", "PT")
        _claim(w, one)
    return write_interchange(envelope, GROUP_ID, VERSION, [(SET_ID, w.lines)])


def _levels_above(
    w: SegmentWriter, all_of_them: Sequence[ClaimAcknowledgment], payer: Payer, envelope: Envelope, batch: str
) -> None:
    """BHT; the payer's level with the dates of receipt; the receiver's level with the totals."""
    day, trace = day_text(envelope.on.date()), f"{envelope.control:09d}"
    w.about("header")
    w.add("BHT", "0085", "08", trace, day, f"{envelope.on:%H%M}", "TH")
    w.add("HL", "1", "", "20", "1")
    name = w.need(free_text(payer.name), "NM103", "payer name")
    w.add("NM1", "PR", "2", name, "", "", "", "", "PI", w.need(payer.number, "NM109", "payer number"))
    w.add("TRN", "1", trace)
    w.add("DTP", "050", "D8", day)
    w.add("DTP", "009", "D8", day)
    w.add("HL", "2", "1", "21", "1")
    w.add("NM1", "41", "2", envelope.receiver, "", "", "", "", "46", envelope.receiver)
    w.add("TRN", "2", batch or trace)
    taken = [one for one in all_of_them if one.accepted]
    refused = [one for one in all_of_them if not one.accepted]
    w.add("STC", ("A1", "19", "PR"), day, "WQ", x12_amount(sum(one.amount for one in all_of_them)))
    for qualifier, some in (("90", taken), ("AA", refused)):
        if some:
            w.add("QTY", qualifier, str(len(some)))
    for qualifier, some in (("YU", taken), ("YY", refused)):
        if some:
            w.add("AMT", qualifier, x12_amount(sum(one.amount for one in some)))


def _claim(w: SegmentWriter, one: ClaimAcknowledgment) -> None:
    """2100D and 2200D."""
    last, first_name = free_text(one.patient_last), free_text(one.patient_first)
    w.add("NM1", "QC", "1", last, first_name, "", "", "", "MI" if one.member_id else "", one.member_id)
    w.add("TRN", "2", w.need(one.number, "TRN02", "claim number"))
    status = (
        w.need(one.category, "STC01-1", "status category"),
        w.need(one.status, "STC01-2", "status code"),
        one.entity,
    )
    action = "WQ" if one.accepted else "U"
    message = free_text(one.message)
    beside: list[Value] = [(f.category, f.status, f.entity) for f in one.further if not f.line]
    beside = [*beside, "", ""][: len(FURTHER)]
    w.add("STC", status, day_text(one.on), action, x12_amount(one.amount), *([""] * 5), *beside, message)
    if one.payer_reference:
        w.add("REF", "1K", one.payer_reference)
    if one.service_date is not None:
        w.add("DTP", "472", "D8", day_text(one.service_date))


# --- reading -------------------------------------------------------------------------------------------------------


FURTHER = (10, 11)  # STC10 and STC11: statuses beside STC01


def read(data: bytes) -> tuple[ClaimAcknowledgment, ...]:
    """Every claim that the file speaks of. X12Error when the file is not whole or not 277CA.

    A rejection of the whole file or of a provider, which names no claim, is given with number "" and the trace number
    of what was rejected as `payer_reference`. Of several statuses of a claim the first that rejects is taken.
    """
    with collector_paused():
        return tuple(one for found in sets_of(data, SET_ID, VERSIONS, "277CA") for one in read_set(found))


def read_set(one: TransactionSet) -> Iterator[ClaimAcknowledgment]:
    """The claims of one 277CA transaction set. A status without date has the date of the file."""
    header, *levels = split_before(one.segments, frozenset({"HL"}))
    beginning = first(header, "BHT")
    if beginning is None:
        raise one.header.error("the transaction set has no BHT", "ask the payer to send the file again")
    on = beginning.day(4)
    received: date | None = None
    trace = ""
    for level in levels:
        kind = level[0].get(3)
        heading, *claims = split_before(level, frozenset({"TRN"}))
        if kind == "20":
            stamp = first(level, "DTP", "050")
            received, trace = (parse_day(stamp.get(3)) if stamp else None), text_of(level, "TRN", "1")
        for piece in claims:
            status = _status(piece, on)
            if kind == "PT":
                if status is None:
                    raise piece[0].error("a claim without status (STC)", "ask the payer to send the file again")
                yield replace(_read_claim(heading, piece, status, on), received_on=received, trace=trace)
            elif status is not None and not _acknowledgment(status, on).accepted:
                about = _LEVEL_NAMES.get(kind, "several claims")
                yield replace(_acknowledgment(status, on), message=f"rejects {about}", payer_reference=piece[0].get(2))


def _status(piece: Sequence[Segment], on: date) -> Segment | None:
    """The STC that decides: the first that rejects, else the first."""
    stated = [segment for segment in piece if segment.id == "STC"]
    rejecting = [stc for stc in stated if not _acknowledgment(stc, on).accepted]
    return next(iter(rejecting or stated), None)


def _further(piece: Sequence[Segment], decides: Segment) -> tuple[FurtherStatus, ...]:
    """Every status beside the one that decides, of the claim and of each of its lines (SVC)."""
    found: list[FurtherStatus] = []
    lines = 0
    for segment in piece:
        lines += segment.id == "SVC"
        if segment.id == "STC":
            places = FURTHER if segment is decides else (1, *FURTHER)
            line = str(lines) if lines else ""
            found += [
                FurtherStatus(segment.part(place, 1), segment.part(place, 2), segment.part(place, 3), line)
                for place in places
                if segment.part(place, 1)
            ]
    return tuple(dict.fromkeys(found))


def _acknowledgment(stc: Segment, on: date) -> ClaimAcknowledgment:
    """What one STC says, of whatever it stands at."""
    return ClaimAcknowledgment(
        number="",
        category=stc.part(1, 1),
        status=stc.part(1, 2),
        entity=stc.part(1, 3),
        on=stc.day(2) if stc.get(2) else on,
        amount=stc.amount_or(4),
        message=stc.get(12),
    )


def _read_claim(heading: Sequence[Segment], piece: Sequence[Segment], stc: Segment, on: date) -> ClaimAcknowledgment:
    patient, service = first(heading, "NM1", "QC"), first(piece, "DTP", "472")
    return replace(
        _acknowledgment(stc, on),
        number=piece[0].get(2),
        payer_reference=text_of(piece, "REF", "1K"),
        patient_last=patient.get(3) if patient else "",
        patient_first=patient.get(4) if patient else "",
        member_id=patient.get(9) if patient else "",
        service_date=service.day(3) if service else None,
        further=_further(piece, stc),
    )
