"""Coordination of benefits in both claim guides: what each earlier payer did, by claim (2320, 2330) and line (2430).

SBR*P*18*******MB~                        the earlier payer's rank
AMT*D*88~                                 it paid 88.00
SVD*13202*88*HC:99213**1~                 of this line
CAS*CO*45*40~ CAS*PR*2*22~ DTP*573*D8*20260408~
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from billing_core.claim import Claim, ClaimLine, PriorPayer
from billing_core.claim_detail import NO_PRIOR_DETAIL, AmountOf, Kept, LineVerdict, PriorDetail, Reference
from billing_core.money import Cents, x12_amount
from billing_core.registration import Coverage, Patient, Relationship, Sex, Subscriber
from billing_core.remittance import Adjustment
from billing_core.x12.adjustment_segment import TRIPLETS_MAX, by_group, read_adjustments, write_adjustments
from billing_core.x12.claim_levels import (
    need_party,
    parties,
    read_coverage,
    read_payer,
    read_relationship,
    write_payer,
    write_sbr,
)
from billing_core.x12.claim_segments import (
    NO_ADDRESS,
    carried_address,
    carried_name,
    carried_party,
    kept_of,
    loops,
    put_back,
    read_address,
    read_name,
    read_party,
    write_address,
    write_amount,
    write_party,
    write_person,
    write_references,
)
from billing_core.x12.segment import NO_DATE, Segment, SegmentWriter, day_text, first, free_text, parse_day

PRIOR_PAYERS_MAX = 10
ADJUSTMENT_SEGMENTS_MAX = 5
Entry = tuple[int, Cents, tuple[Adjustment, ...]]

# --- writing -------------------------------------------------------------------------------------------------------


def check_prior_payers(w: SegmentWriter, claim: Claim) -> None:
    """Refuse earlier payers that no claim file can carry."""
    if len(claim.prior_payers) > PRIOR_PAYERS_MAX:
        raise w.refuse("more than ten earlier payers", "SBR", "name at most ten")
    numbers = [prior.payer.number for prior in claim.prior_payers]
    if len(set(numbers)) < len(numbers):
        raise w.refuse("two earlier payers have the same number", "NM109", "SVD01 must tell them apart")
    for prior in claim.prior_payers:
        detail = prior.detail
        lines = sum(1 for entry in prior.line_adjustments if entry[0])
        if detail and detail.verdicts and len(detail.verdicts) != lines:
            raise w.refuse("verdicts that do not go with the lines", "SVD", "give one verdict for each line, or none")


def write_prior_payer(w: SegmentWriter, claim: Claim, prior: PriorPayer) -> None:
    """2320, 2330A, 2330B and the other providers. Adjustments of "line 0" are the claim's own."""
    coverage, detail = prior.coverage, prior.detail or NO_PRIOR_DETAIL
    start = len(w.lines)
    relationship = detail.relationship or coverage.relationship.value
    write_sbr(w, coverage.rank, relationship, coverage, prior.payer.filing, detail.insurance_type)
    of_lines = [entry for entry in prior.line_adjustments if entry[0]]
    for number, paid, adjustments in prior.line_adjustments:
        if not number:
            if paid:
                raise w.refuse("a payment at claim level beside its lines", "AMT02", "give paid amounts by line")
            _adjustments(w, adjustments)
        elif number > len(claim.lines) or number < 0:
            raise w.refuse("an earlier payer adjudicated a line the claim does not have", "SVD", "number the lines")
    if prior.paid or prior.line_adjustments or prior.paid_on != NO_DATE:  # this payer has adjudicated
        w.add("AMT", "D", x12_amount(prior.paid))
    for amount in detail.amounts:
        write_amount(w, amount)
    w.add("OI", "", "", detail.benefits_assigned, detail.signed_for, "", detail.release)
    put_back(w, start, "2320", detail.kept)
    start = len(w.lines)
    write_person(w, "IL", coverage.subscriber.name, "MI", w.need(coverage.member_id, "NM109", "member id"))
    write_address(w, coverage.subscriber.address, required=False)
    put_back(w, start, "2330:IL", detail.kept)
    start = len(w.lines)
    write_payer(w, prior.payer)
    if not of_lines and prior.paid_on != NO_DATE:
        w.add("DTP", "573", "D8", day_text(prior.paid_on))
    write_references(w, detail.references)
    put_back(w, start, "2330:PR", detail.kept)
    for party in detail.providers:
        write_party(w, party, f"2330:{party.role}", detail.kept)


def _adjustments(w: SegmentWriter, adjustments: Sequence[Adjustment]) -> None:
    """CAS of an earlier payer: at most five segments, those of a group together (2320 and 2430 CAS)."""
    grouped = by_group(adjustments)
    count = sum(-(-len(list(run)) // TRIPLETS_MAX) for _, run in groupby(grouped, key=lambda a: a.group))
    if count > ADJUSTMENT_SEGMENTS_MAX:
        raise w.refuse("more adjustments than the guide allows", "CAS", "send this claim on paper with its remittance")
    write_adjustments(w, grouped)


def write_line_verdicts(w: SegmentWriter, claim: Claim, line: ClaimLine, position: int) -> None:
    """2430 for each earlier payer that adjudicated the line."""
    for prior in claim.prior_payers:
        detail = prior.detail or NO_PRIOR_DETAIL
        place = 0
        for number, paid, adjustments in prior.line_adjustments:
            if not number:
                continue
            verdict = detail.verdicts[place] if detail.verdicts else usual_verdict(line, prior.paid_on)
            place += 1
            if number == position:
                _verdict(w, prior, verdict, paid, adjustments)


def usual_verdict(line: ClaimLine, paid_on: date) -> LineVerdict:
    """What SVD says when the earlier payer adjudicated the line as it was sent."""
    detail = line.detail
    units = detail.quantity if detail and detail.quantity else str(line.units)
    qualifier = (detail.qualifier if detail else "HC") if line.procedure else ""
    return LineVerdict(line.procedure, line.modifiers, units, paid_on, qualifier, detail.revenue if detail else "")


def _verdict(
    w: SegmentWriter, prior: PriorPayer, verdict: LineVerdict, paid: Cents, adjustments: Sequence[Adjustment]
) -> None:
    procedure: tuple[str, ...] | str = ""
    if verdict.procedure:
        procedure = (verdict.qualifier, verdict.procedure, *verdict.modifiers)
    number = prior.payer.number
    w.add("SVD", number, x12_amount(paid), procedure, verdict.revenue, verdict.units, verdict.bundled_into)
    _adjustments(w, adjustments)
    w.add("DTP", "573", "D8", day_text(verdict.paid_on))
    for amount in verdict.amounts:
        write_amount(w, amount)


# --- what the file carries -----------------------------------------------------------------------------------------


def carried_coverage(coverage: Coverage, rank: int, subscriber: Subscriber) -> Coverage:
    """The coverage as the file carries it."""
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


def carried_prior(prior: PriorPayer, patient: Patient, lines: Sequence[ClaimLine]) -> PriorPayer:
    """The file gives no birth date or sex of another payer's subscriber, unless that is the patient."""
    holder = prior.coverage.subscriber
    own = prior.coverage.relationship is Relationship.SELF
    address = carried_address(holder.address) if holder.address.line1.strip() else NO_ADDRESS
    subscriber = Subscriber(
        carried_name(holder.name),
        patient.birth_date if own else NO_DATE,
        patient.sex if own else Sex.UNKNOWN,
        address,
    )
    coverage = carried_coverage(prior.coverage, prior.coverage.rank, subscriber)
    whole_claim = by_group([a for number, _, many in prior.line_adjustments if not number for a in many])
    of_lines = [(number, paid, by_group(many)) for number, paid, many in prior.line_adjustments if number]
    verdicts = prior.detail.verdicts if prior.detail else ()
    order = sorted(range(len(of_lines)), key=lambda place: of_lines[place][0])
    entries = [of_lines[place] for place in order]
    claim_level: list[Entry] = [(0, 0, whole_claim)] if whole_claim else []
    detail = _carried_detail(prior, tuple(verdicts[place] for place in order) if verdicts else (), entries, lines)
    payer = prior.payer
    address = carried_address(payer.address) if payer.address.line1.strip() else NO_ADDRESS
    carried_payer = replace(payer, id="", name=free_text(payer.name), address=address)
    return PriorPayer(carried_payer, coverage, prior.paid, prior.paid_on, (*claim_level, *entries), detail)


def _carried_detail(
    prior: PriorPayer, verdicts: tuple[LineVerdict, ...], entries: Sequence[Entry], lines: Sequence[ClaimLine]
) -> PriorDetail | None:
    usual = tuple(usual_verdict(lines[number - 1], prior.paid_on) for number, _, _ in entries)
    if prior.detail is None:
        return None
    detail = replace(
        prior.detail,
        providers=tuple(map(carried_party, prior.detail.providers)),
        verdicts=() if verdicts == usual else verdicts,
    )
    return None if detail == NO_PRIOR_DETAIL else detail


# --- reading -------------------------------------------------------------------------------------------------------


def read_prior(
    piece: Sequence[Segment], lines: Sequence[Sequence[Segment]], made: Sequence[ClaimLine], patient: Patient
) -> PriorPayer:
    """2320 with its 2330 loops, and this payer's 2430 loops (SVD01 is its number)."""
    own, pieces = loops(piece, frozenset({"NM1"}))
    sbr = own[0]
    found = parties(pieces)
    insured, payer = need_party(piece, found, "IL", "other subscriber"), need_party(piece, found, "PR", "other payer")
    relationship, code = read_relationship(sbr.get(2))
    is_patient = relationship is Relationship.SELF
    subscriber = Subscriber(
        read_name(insured[0]),
        patient.birth_date if is_patient else NO_DATE,
        patient.sex if is_patient else Sex.UNKNOWN,
        read_address(insured),
    )
    adjustments = read_adjustments(own)
    entries: list[Entry] = [(0, 0, adjustments)] if adjustments else []
    stated = first(payer, "DTP", "573")
    days = [stated.day(3)] if stated else []
    verdicts: list[LineVerdict] = []
    for number, line in enumerate(lines, start=1):
        for verdict in _verdicts_of(line, payer[0].get(9)):
            entries.append((number, verdict[0].amount(2), read_adjustments(verdict)))
            verdicts.append(_read_verdict(verdict, days))
    paid_on = days[0] if days else NO_DATE
    usual = [usual_verdict(made[number - 1], paid_on) for number, _, _ in entries if number]
    detail = _read_detail(own, pieces, payer, code, () if verdicts == usual else tuple(verdicts))
    paid = first(own, "AMT", "D")
    return PriorPayer(
        payer=read_payer(payer, sbr.get(9)),
        coverage=read_coverage(sbr, relationship, insured[0].get(9), subscriber),
        paid=paid.amount(2) if paid else 0,
        paid_on=paid_on,
        line_adjustments=tuple(entries),
        detail=None if detail == NO_PRIOR_DETAIL else detail,
    )


_AFTER_LINE = frozenset({"SVD", "LQ", "NM1", "LIN"})


def _verdicts_of(line: Sequence[Segment], payer_number: str) -> list[list[Segment]]:
    pieces = loops(line, _AFTER_LINE)[1]
    return [piece for piece in pieces if piece[0].id == "SVD" and piece[0].get(1) == payer_number]


def _read_verdict(piece: Sequence[Segment], days: list[date]) -> LineVerdict:
    """One 2430 loop; its day of adjudication is added to `days`."""
    svd = piece[0]
    stated = first(piece, "DTP", "573")
    if stated is not None:
        days.append(stated.day(3))
    amounts = tuple(AmountOf(s.get(1), s.amount(2)) for s in piece if s.id == "AMT")
    return LineVerdict(
        procedure=svd.part(3, 2),
        modifiers=tuple(part for part in svd.parts(3)[2:6] if part),
        units=svd.get(5),
        paid_on=days[-1] if days else NO_DATE,
        qualifier=svd.part(3, 1),
        revenue=svd.get(4),
        bundled_into=svd.get(6),
        amounts=amounts,
    )


def _read_detail(
    own: Sequence[Segment],
    pieces: Sequence[list[Segment]],
    payer: Sequence[Segment],
    relationship: str,
    verdicts: tuple[LineVerdict, ...],
) -> PriorDetail:
    kept: list[Kept] = []
    amounts: list[AmountOf] = []
    oi = first(own, "OI")
    for segment in own[1:]:
        if segment.id == "AMT":
            if segment.get(1) != "D":
                amounts.append(AmountOf(segment.get(1), segment.amount(2)))
        elif segment.id not in ("CAS", "OI"):
            kept += kept_of("2320", (segment,))
    references: list[Reference] = []
    providers = []
    for piece in pieces:
        role = piece[0].get(1)
        if role == "IL":
            kept += kept_of("2330:IL", (s for s in piece if s.id not in ("NM1", "N3", "N4")))
        elif piece is payer:
            for segment in piece[1:]:
                if segment.id == "REF" and len(segment.elements) == 3:
                    references.append(Reference(segment.get(1), segment.get(2)))
                elif segment.id not in ("N3", "N4") and not (segment.id == "DTP" and parse_day(segment.get(3))):
                    kept += kept_of("2330:PR", (segment,))
        else:
            providers.append(read_party(piece, f"2330:{role}", kept))
    return PriorDetail(
        insurance_type=own[0].get(5),
        relationship=relationship,
        benefits_assigned=oi.get(3) if oi else "Y",
        signed_for=oi.get(4) if oi else "",
        release=oi.get(6) if oi else "Y",
        amounts=tuple(amounts),
        references=tuple(references),
        providers=tuple(providers),
        verdicts=verdicts,
        kept=tuple(kept),
    )
