"""The remittance advice as a file: what the payer says it paid, to bytes and back. Guide: 005010X221A1 (835).

Reading loses no money: every CAS triplet, both levels of adjustment, every PLB pair, interest and reversals come
through as stated, whether or not they balance; `billing_core.remittance.imbalances` judges that. Half a file is
refused with X12Error. Segments this reader does not know are passed over; nothing that carries an amount of the three
balances is among them.

    CLP*CLEA0000000128*1*150*80*20*12*PAYERREF1~
    CAS*CO*45*50~
    SVC*HC:99213:25*150*80**1~
    PLB*1234567893*20241231*WO:CLEA0000000128*12.5~
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from billing_core.money import x12_amount
from billing_core.registration import Address
from billing_core.remittance import ClaimPayment, ProviderAdjustment, Remittance, ServicePayment
from billing_core.x12.adjustment_segment import read_adjustments, write_adjustments
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.segment import (
    Segment,
    SegmentWriter,
    day_text,
    first,
    free_text,
    parse_day,
    split_before,
    text_of,
)

KIND = "835"
SET_ID = "835"
GROUP_ID = "HP"
VERSION = "005010X221A1"
VERSIONS = ("005010X221",)

PLB_PAIRS_MAX = 6
REMARKS_MAX = 5  # MOA03 to MOA07
UNKNOWN_FILING = "ZZ"  # CLP06 is required; ZZ says mutually defined, and is read as no filing code
_MOA_REMARKS = (3, 4, 5, 6, 7)
_MIA_REMARKS = (5, 20, 21, 22, 23)


# --- writing -------------------------------------------------------------------------------------------------------


def write(remittances: Sequence[Remittance], envelope: Envelope) -> bytes:
    """One interchange, one transaction set for each remittance. X12Error when a value is missing or cannot be held.

    A claim payment's remarks go in MOA, at most five. A provider adjustment without provider is written under the
    payee's NPI, one without fiscal period under the last day of the year of payment.
    """
    if not remittances:
        raise SegmentWriter().refuse("there is no remittance to write", "BPR", "hand over at least one")
    sets: list[tuple[str, list[str]]] = []
    for position, remittance in enumerate(remittances, start=1):
        writer = SegmentWriter()
        writer.about(f"remittance {position}")
        _header(writer, remittance)
        if remittance.claims:
            writer.add("LX", "1")
        for number, claim in enumerate(remittance.claims, start=1):
            writer.about(f"remittance {position} claim {number}")
            _claim(writer, claim)
        writer.about(f"remittance {position}")
        _provider_adjustments(writer, remittance)
        sets.append((SET_ID, writer.lines))
    return write_interchange(envelope, GROUP_ID, VERSION, sets)


def _header(w: SegmentWriter, remittance: Remittance) -> None:
    """BPR, TRN, and the payer and payee (1000A, 1000B)."""
    day = day_text(remittance.paid_on)
    handling = w.need(remittance.handling, "BPR01", "handling code")
    method = w.need(remittance.method, "BPR04", "payment method")
    format_code = "CCP" if method == "ACH" else ""
    amount = x12_amount(remittance.amount)
    w.add("BPR", handling, amount, "C", method, format_code, *("" for _ in range(10)), day)
    trace = w.need(remittance.trace, "TRN02", "trace number")
    w.add("TRN", "1", trace, w.need(remittance.origin, "TRN03", "payer's originating id"))
    w.add("DTM", "405", day)
    payer = w.need(free_text(remittance.payer_name), "N102", "payer name")
    w.add("N1", "PR", payer)
    _address(w, remittance.payer_address)
    if remittance.payer_number:
        w.add("REF", "2U", remittance.payer_number)
    if remittance.payer_phone:
        w.add("PER", "BL", payer, "TE", remittance.payer_phone)
    npi = w.need(remittance.payee_npi, "N104", "payee's NPI")
    w.add("N1", "PE", free_text(remittance.payee_name), "XX", npi)
    if remittance.payee_tin:
        w.add("REF", "TJ", remittance.payee_tin)


def _address(w: SegmentWriter, address: Address | None) -> None:
    if address is not None:
        w.add("N3", w.need(free_text(address.line1), "N301", "street address"), free_text(address.line2))
        w.add("N4", w.need(free_text(address.city), "N401", "city"), address.state.upper(), address.postal_code)


def _claim(w: SegmentWriter, claim: ClaimPayment) -> None:
    """2100, and 2110 for each line."""
    number, status = w.need(claim.number, "CLP01", "claim number"), w.need(claim.status, "CLP02", "claim status")
    share = x12_amount(claim.patient_responsibility) if claim.patient_responsibility else ""
    filing = claim.filing or UNKNOWN_FILING
    w.add("CLP", number, status, x12_amount(claim.charge), x12_amount(claim.paid), share, filing, claim.payer_reference)
    write_adjustments(w, claim.adjustments)
    last, first_name = free_text(claim.patient_last), free_text(claim.patient_first)
    w.add("NM1", "QC", "1", last, first_name, "", "", "", "MI" if claim.member_id else "", claim.member_id)
    if claim.crossover_payer:
        crossover = free_text(claim.crossover_payer)
        w.add("NM1", "TT", "2", crossover, "", "", "", "", "PI", crossover)  # the record has one text for both
    if len(claim.remarks) > REMARKS_MAX:
        raise w.refuse("a claim carries at most five remark codes", "MOA", "give further remarks by line")
    if claim.remarks:
        w.add("MOA", "", "", *claim.remarks)
    for qualifier, day in (("232", claim.service_date), ("050", claim.received_on)):
        if day is not None:
            w.add("DTM", qualifier, day_text(day))
    if claim.interest:
        w.add("AMT", "I", x12_amount(claim.interest))
    for service in claim.services:
        _service(w, service)


def procedure_qualifier(code: str) -> str:
    """SVC01-1: NU for a four-digit revenue code, N4 for an eleven-digit NDC, AD for a dental code, else HC."""
    if code.isdecimal() and len(code) in (4, 11):
        return "NU" if len(code) == 4 else "N4"
    return "AD" if len(code) == 5 and code[0] == "D" and code[1:].isdecimal() else "HC"


def _service(w: SegmentWriter, service: ServicePayment) -> None:
    code = w.need(service.procedure, "SVC01", "procedure code")
    paid = (procedure_qualifier(code), code, *service.modifiers)
    sent = (procedure_qualifier(service.submitted), service.submitted) if service.submitted else ""
    w.add("SVC", paid, x12_amount(service.charge), x12_amount(service.paid), "", service.units, sent)
    if service.service_date is not None:
        w.add("DTM", "472", day_text(service.service_date))
    write_adjustments(w, service.adjustments)
    if service.control:
        w.add("REF", "6R", service.control)
    if service.allowed is not None:
        w.add("AMT", "B6", x12_amount(service.allowed))
    for remark in service.remarks:
        w.add("LQ", "HE", remark)


def _provider_adjustments(w: SegmentWriter, remittance: Remittance) -> None:
    def heading(one: ProviderAdjustment) -> tuple[str, date]:
        return one.provider or remittance.payee_npi, one.fiscal_period or date(remittance.paid_on.year, 12, 31)

    for (provider, period), run in groupby(remittance.provider_adjustments, key=heading):
        same = list(run)
        for start in range(0, len(same), PLB_PAIRS_MAX):
            pairs: list[str | tuple[str, ...]] = []
            for one in same[start : start + PLB_PAIRS_MAX]:
                reason = w.need(one.reason, "PLB03", "provider adjustment reason code")
                pairs += [(reason, one.reference) if one.reference else reason, x12_amount(one.amount)]
            w.add("PLB", provider, day_text(period), *pairs)


# --- reading -------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[Remittance, ...]:
    """Every remittance of a file of 835 transaction sets. X12Error when the file is not whole or not 835."""
    return tuple(read_set(one) for one in sets_of(data, SET_ID, VERSIONS, "remittance (835)"))


def read_set(one: TransactionSet) -> Remittance:
    """One 835 transaction set. X12Error where an amount, or a segment that the balances need, cannot be read."""
    header, *pieces = split_before(one.segments, frozenset({"CLP", "PLB"}))
    bpr, trn = first(header, "BPR"), first(header, "TRN")
    if bpr is None or trn is None:
        raise one.header.error("the 835 has no BPR or no TRN", "ask the payer to send the remittance again")
    parties = {piece[0].get(1): piece for piece in list(split_before(header, frozenset({"N1"})))[1:]}
    payer, payee = parties.get("PR", ()), parties.get("PE", ())
    npi, tin = _payee_ids(payee)
    claims: list[ClaimPayment] = []
    provider_adjustments: list[ProviderAdjustment] = []
    for piece in pieces:
        if piece[0].id == "CLP":
            claims.append(_read_claim(piece))
        else:
            provider_adjustments.extend(_read_provider_adjustments(piece[0]))
    return Remittance(
        payer_name=text_of(payer, "N1", "PR"),
        payer_number=text_of(payer, "REF", "2U") or _identifier(payer, "XV"),
        payee_npi=npi,
        payee_tin=tin,
        trace=trn.get(2),
        origin=trn.get(3),
        paid_on=_paid_on(bpr, header),
        handling=bpr.get(1),
        method=bpr.get(4),
        amount=bpr.amount(2),
        claims=tuple(claims),
        provider_adjustments=tuple(provider_adjustments),
        payee_name=text_of(payee, "N1", "PE"),
        payer_address=_read_address(payer),
        payer_phone=_telephone(payer),
    )


def _paid_on(bpr: Segment, header: Sequence[Segment]) -> date:
    """BPR16; where the payer wrote no calendar date there, the production date (DTM*405)."""
    stated = parse_day(bpr.get(16))
    if stated is not None:
        return stated
    produced = first(header, "DTM", "405")
    return produced.day(2) if produced else bpr.day(16)


def _identifier(party: Sequence[Segment], qualifier: str) -> str:
    """N104 of the party's N1, when N103 is that qualifier."""
    return party[0].get(4) if party and party[0].get(3) == qualifier else ""


def _payee_ids(payee: Sequence[Segment]) -> tuple[str, str]:
    """The payee's NPI (N1*PE..XX or REF*HPI) and tax id (N1*PE..FI or REF*TJ)."""
    npi = _identifier(payee, "XX") or text_of(payee, "REF", "HPI")
    return npi, _identifier(payee, "FI") or text_of(payee, "REF", "TJ")


def _read_address(party: Sequence[Segment]) -> Address | None:
    n3, n4 = first(party, "N3"), first(party, "N4")
    if n3 is None or n4 is None:
        return None
    return Address(n3.get(1), n4.get(1), n4.get(2), n4.get(3), n3.get(2))


def _telephone(party: Sequence[Segment]) -> str:
    contact = first(party, "PER", "BL") or first(party, "PER", "CX")
    if contact is None:
        return ""
    pairs = {contact.get(place): contact.get(place + 1) for place in (7, 5, 3)}
    return pairs.get("TE", "")


def _read_claim(piece: Sequence[Segment]) -> ClaimPayment:
    own, *services = split_before(piece, frozenset({"SVC"}))
    clp = own[0]
    patient, insured, corrected = (first(own, "NM1", code) for code in ("QC", "IL", "74"))
    crossover, interest = first(own, "NM1", "TT"), first(own, "AMT", "I")
    starts, received = first(own, "DTM", "232") or first(own, "DTM", "233"), first(own, "DTM", "050")
    return ClaimPayment(
        number=clp.get(1),
        status=clp.get(2),
        charge=clp.amount(3),
        paid=clp.amount(4),
        patient_responsibility=clp.amount_or(5),
        payer_reference=clp.get(7),
        adjustments=read_adjustments(own),
        services=tuple(_read_service(service) for service in services),
        remarks=_remarks(own),
        filing="" if clp.get(6) == UNKNOWN_FILING else clp.get(6),
        patient_last=patient.get(3) if patient else "",
        patient_first=patient.get(4) if patient else "",
        member_id=next((nm1.get(9) for nm1 in (corrected, insured, patient) if nm1 and nm1.get(9)), ""),
        service_date=starts.day(2) if starts else None,
        received_on=received.day(2) if received else None,
        crossover_payer=(crossover.get(3) or crossover.get(9)) if crossover else "",
        interest=interest.amount(2) if interest else 0,
    )


def _remarks(own: Sequence[Segment]) -> tuple[str, ...]:
    """The remark codes of MOA (professional) and MIA (inpatient), in that order."""
    found: list[str] = []
    for id, places in (("MOA", _MOA_REMARKS), ("MIA", _MIA_REMARKS)):
        for segment in own:
            if segment.id == id:
                found += [segment.get(place) for place in places if segment.get(place)]
    return tuple(found)


def _read_service(piece: Sequence[Segment]) -> ServicePayment:
    """One 2110 loop. Of a range of service dates (150, 151) the first day is taken."""
    svc = piece[0]
    day, allowed = first(piece, "DTM", "472") or first(piece, "DTM", "150"), first(piece, "AMT", "B6")
    return ServicePayment(
        procedure=svc.part(1, 2),
        modifiers=tuple(part for part in svc.parts(1)[2:6] if part),
        charge=svc.amount(2),
        paid=svc.amount_or(3),
        units=svc.get(5),
        service_date=day.day(2) if day else None,
        adjustments=read_adjustments(piece),
        control=text_of(piece, "REF", "6R"),
        remarks=tuple(s.get(2) for s in piece if s.id == "LQ" and s.get(1) == "HE" and s.get(2)),
        submitted=svc.part(6, 2),
        allowed=allowed.amount(2) if allowed else None,
    )


def _read_provider_adjustments(plb: Segment) -> Iterator[ProviderAdjustment]:
    """Every pair of one PLB."""
    period = parse_day(plb.get(2))
    for place in range(3, len(plb.elements), 2):
        if plb.get(place) or plb.get(place + 1):
            amount = plb.amount(place + 1)
            yield ProviderAdjustment(plb.part(place, 1), plb.part(place, 2), amount, plb.get(1), period)
