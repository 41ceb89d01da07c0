"""The remittance advice as a file: what the payer says it paid, to bytes and back. Guide: 005010X221A1 (835).

Reading loses no money: every CAS triplet, both levels of adjustment, every PLB pair, interest and reversals come
through as stated, whether or not they balance; `billing_core.remittance.imbalances` judges that. What is said beyond
the money stands in the details of the records; what they do not model is kept there as it stood. Half a file is
refused with X12Error.

    CLP*CLEA0000000128*1*150*80*20*12*PAYERREF1~
    CAS*CO*45*50~
    SVC*HC:99213:25*150*80**1~
    PLB*1234567893*20241231*WO:CLEA0000000128*12.5~
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby

from billing_core.claim_detail import AmountOf, Reference
from billing_core.money import Cents, x12_amount
from billing_core.registration import Address, PersonName
from billing_core.remittance import Adjustment, ClaimPayment, ProviderAdjustment, Remittance, ServicePayment
from billing_core.remittance_detail import (
    NO_CLAIM_PAYMENT_DETAIL,
    NO_REMITTANCE_DETAIL,
    NO_SERVICE_DETAIL,
    Adjudication,
    ClaimPaymentDetail,
    DayOf,
    PartyNamed,
    QuantityOf,
    RemittanceDetail,
    Section,
    ServiceDetail,
)
from billing_core.x12.adjustment_segment import read_adjustment_segment, write_adjustments
from billing_core.x12.envelope import Envelope, TransactionSet, sets_of, write_interchange
from billing_core.x12.segment import (
    Segment,
    SegmentWriter,
    collector_paused,
    day_text,
    first,
    free_text,
    parse_day,
    split_before,
    standard_text,
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
PLB_REASONS = {  # PLB03-1, in our words; positive takes money away
    "50": "late charge",
    "51": "interest penalty",
    "72": "authorized return",
    "90": "early payment allowance",
    "AH": "origination fee",
    "AM": "applied to a borrower's account",
    "AP": "accelerated payment taken back",
    "B2": "rebate",
    "B3": "recovery allowance",
    "BD": "bad debt adjustment",
    "BN": "bonus",
    "C5": "temporary allowance",
    "CR": "capitation interest",
    "CS": "adjustment",
    "CT": "capitation payment",
    "CV": "capital passthrough",
    "CW": "certified registered nurse anesthetist passthrough",
    "DM": "direct medical education passthrough",
    "E3": "withholding",
    "FB": "balance carried forward",
    "FC": "fund allocation",
    "GO": "graduate medical education passthrough",
    "HM": "hemophilia clotting factor",
    "IP": "incentive premium payment",
    "IR": "withheld for the tax office (backup withholding)",
    "IS": "interim settlement",
    "J1": "nonreimbursable",
    "L3": "penalty",
    "L6": "interest owed by the payer",
    "LE": "levy",
    "LS": "lump sum",
    "OA": "organ acquisition passthrough",
    "OB": "offset for affiliated providers",
    "PI": "periodic interim payment",
    "PL": "payment final",
    "RA": "retroactive adjustment",
    "RE": "return on equity",
    "SL": "student loan repayment",
    "TL": "third party liability",
    "WO": "overpayment recovery",
    "WU": "unspecified recovery",
}


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
        detail = remittance.detail or NO_REMITTANCE_DETAIL
        _header(writer, remittance, detail)
        sections = {section.first: section for section in detail.sections or (Section(0, "1"),)}
        for number, claim in enumerate(remittance.claims):
            writer.about(f"remittance {position} claim {number + 1}")
            if number in sections:
                _section(writer, sections[number])
            _claim(writer, claim)
        writer.about(f"remittance {position}")
        _provider_adjustments(writer, remittance)
        sets.append((SET_ID, writer.lines))
    return write_interchange(envelope, GROUP_ID, VERSION, sets)


def _section(w: SegmentWriter, section: Section) -> None:
    w.add("LX", section.number)
    _kept(w, section.kept)


def _kept(w: SegmentWriter, lines: Iterable[str]) -> None:
    for line in lines:
        w.add_kept(line)


def _header(w: SegmentWriter, remittance: Remittance, detail: RemittanceDetail) -> None:
    """BPR, TRN, and the payer and payee (1000A, 1000B)."""
    day = day_text(remittance.paid_on)
    handling = w.need(remittance.handling, "BPR01", "handling code")
    method = w.need(remittance.method, "BPR04", "payment method")
    form = detail.form or ("CCP" if method == "ACH" else "")
    bank = (*detail.bank, *("" for _ in range(10 - len(detail.bank))))
    w.add("BPR", handling, x12_amount(remittance.amount), detail.credit, method, form, *bank, day)
    trace = w.need(remittance.trace, "TRN02", "trace number")
    w.add("TRN", "1", trace, w.need(remittance.origin, "TRN03", "payer's originating id"), detail.supplemental)
    _kept(w, detail.header_kept)
    if detail.receiver:
        w.add("REF", "EV", detail.receiver)
    w.add("DTM", "405", day_text(detail.produced_on or remittance.paid_on))
    _payer(w, remittance, detail)
    _payee(w, remittance, detail)


def _payer(w: SegmentWriter, remittance: Remittance, detail: RemittanceDetail) -> None:
    kept = detail.payer_kept
    name = w.need(free_text(remittance.payer_name), "N102", "payer name")
    named = [line for line in kept if line.startswith("N1*")]
    _kept(w, named)
    if not named:
        w.add("N1", "PR", name)
    _address(w, remittance.payer_address)
    if remittance.payer_number and not named:
        w.add("REF", "2U", remittance.payer_number)
    _kept(w, (line for line in kept if line not in named and not line.startswith("PER*")))
    contacts = [line for line in kept if line.startswith("PER*")]
    _kept(w, contacts)
    if remittance.payer_phone and not contacts:
        w.add("PER", "BL", name, "TE", remittance.payer_phone)


def _payee(w: SegmentWriter, remittance: Remittance, detail: RemittanceDetail) -> None:
    if detail.payee_kept and detail.payee_kept[0].startswith("N1*"):
        _kept(w, detail.payee_kept)
        return
    npi = w.need(remittance.payee_npi, "N104", "payee's NPI")
    w.add("N1", "PE", free_text(remittance.payee_name), "XX", npi)
    addressed = [line for line in detail.payee_kept if line.startswith(("N3*", "N4*"))]
    _kept(w, addressed)
    if remittance.payee_tin:
        w.add("REF", "TJ", remittance.payee_tin)
    _kept(w, (line for line in detail.payee_kept if line not in addressed))


def _address(w: SegmentWriter, address: Address | None) -> None:
    if address is not None:
        w.add("N3", w.need(free_text(address.line1), "N301", "street address"), free_text(address.line2))
        w.add("N4", w.need(free_text(address.city), "N401", "city"), address.state.upper(), address.postal_code)


def _claim(w: SegmentWriter, claim: ClaimPayment) -> None:
    """2100, and 2110 for each line."""
    detail = claim.detail or NO_CLAIM_PAYMENT_DETAIL
    number, status = w.need(claim.number, "CLP01", "claim number"), w.need(claim.status, "CLP02", "claim status")
    share = x12_amount(claim.patient_responsibility) if claim.patient_responsibility else ""
    filing = claim.filing or UNKNOWN_FILING
    amounts = (x12_amount(claim.charge), x12_amount(claim.paid), share)
    stay = (detail.facility, detail.frequency, "", detail.drg, detail.weight, detail.discharge_fraction)
    w.add("CLP", number, status, *amounts, filing, claim.payer_reference, *stay)
    write_adjustments(w, claim.adjustments)
    _people(w, claim, detail)
    _remarks(w, claim, detail)
    for reference in detail.references:
        w.add("REF", reference.qualifier, reference.value)
    periods = {day.qualifier for day in detail.days}
    if claim.service_date is not None and not periods & {"232", "233"}:
        w.add("DTM", "232", day_text(claim.service_date))
    if claim.received_on is not None:
        w.add("DTM", "050", day_text(claim.received_on))
    for day in detail.days:
        w.add("DTM", day.qualifier, day_text(day.day))
    _kept(w, detail.kept)
    if claim.interest:
        w.add("AMT", "I", x12_amount(claim.interest))
    _amounts(w, detail.amounts, detail.quantities)
    for service in claim.services:
        _service(w, service)


def _amounts(w: SegmentWriter, amounts: Iterable[AmountOf], quantities: Iterable[QuantityOf]) -> None:
    for amount in amounts:
        w.add("AMT", amount.qualifier, x12_amount(amount.amount))
    for quantity in quantities:
        w.add("QTY", quantity.qualifier, quantity.quantity)


def _people(w: SegmentWriter, claim: ClaimPayment, detail: ClaimPaymentDetail) -> None:
    """NM1 of the patient, the insured, the corrected name, the rendering provider, the crossover payer."""
    if detail.patient is not None:
        _party(w, detail.patient)
    else:
        last, first_name = free_text(claim.patient_last), free_text(claim.patient_first)
        w.add("NM1", "QC", "1", last, first_name, "", "", "", "MI" if claim.member_id else "", claim.member_id)
    for party in detail.parties:
        _party(w, party)
    if claim.crossover_payer and not any(party.role == "TT" for party in detail.parties):
        crossover = free_text(claim.crossover_payer)
        w.add("NM1", "TT", "2", crossover, "", "", "", "", "PI", crossover)  # the record has one text for both


def _party(w: SegmentWriter, one: PartyNamed) -> None:
    name = one.name
    texts = (free_text(name.last), free_text(name.first), free_text(name.middle), "", free_text(name.suffix))
    w.add("NM1", one.role, "1" if one.person else "2", *texts, one.id_qualifier, one.id)


def _remarks(w: SegmentWriter, claim: ClaimPayment, detail: ClaimPaymentDetail) -> None:
    if detail.adjudications:
        for one in detail.adjudications:
            w.add(one.segment, *one.elements)
        return
    if len(claim.remarks) > REMARKS_MAX:
        raise w.refuse("a claim carries at most five remark codes", "MOA", "give further remarks by line")
    if claim.remarks:
        w.add("MOA", "", "", *claim.remarks)


def procedure_qualifier(code: str) -> str:
    """SVC01-1: NU for a four-digit revenue code, N4 for an eleven-digit NDC, AD for a dental code, else HC."""
    if code.isdecimal() and len(code) in (4, 11):
        return "NU" if len(code) == 4 else "N4"
    return "AD" if len(code) == 5 and code[0] == "D" and code[1:].isdecimal() else "HC"


def _service(w: SegmentWriter, service: ServicePayment) -> None:
    detail = service.detail or NO_SERVICE_DETAIL
    code = w.need(service.procedure, "SVC01", "procedure code")
    paid = (detail.qualifier or procedure_qualifier(code), code, *service.modifiers)
    if detail.description:
        paid = (*paid, *[""] * (4 - len(service.modifiers)), free_text(detail.description))
    sent = detail.submitted or (procedure_qualifier(service.submitted), service.submitted) if service.submitted else ""
    amounts = (x12_amount(service.charge), x12_amount(service.paid))
    w.add("SVC", paid, *amounts, detail.revenue, service.units, sent, detail.submitted_units)
    if service.service_date is not None and not any(day.qualifier in ("150", "472") for day in detail.days):
        w.add("DTM", "472", day_text(service.service_date))
    for day in detail.days:
        w.add("DTM", day.qualifier, day_text(day.day))
    write_adjustments(w, service.adjustments)
    if service.control:
        w.add("REF", "6R", service.control)
    for reference in detail.references:
        w.add("REF", reference.qualifier, reference.value)
    if service.allowed is not None:
        w.add("AMT", "B6", x12_amount(service.allowed))
    _amounts(w, detail.amounts, detail.quantities)
    for remark in service.remarks:
        w.add("LQ", "HE", remark)
    _kept(w, detail.kept)


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
    with collector_paused():
        return tuple(read_set(one) for one in sets_of(data, SET_ID, VERSIONS, "remittance (835)"))


STARTS = frozenset({"LX", "CLP", "PLB"})


def read_set(one: TransactionSet) -> Remittance:
    """One 835 transaction set. X12Error where an amount, or a segment that the balances need, cannot be read."""
    header: list[Segment] = []
    piece = header
    claims: list[ClaimPayment] = []
    sections: list[Section] = []
    provider_adjustments: list[ProviderAdjustment] = []
    for segment in (*one.segments, None):
        if segment is not None and segment.elements[0] not in STARTS:
            piece.append(segment)
            continue
        _take(piece, claims, sections, provider_adjustments)
        piece = [segment] if segment is not None else []
    return read_header(one.header, header, tuple(claims), tuple(provider_adjustments), sections)


def _take(
    piece: Sequence[Segment],
    claims: list[ClaimPayment],
    sections: list[Section],
    provider_adjustments: list[ProviderAdjustment],
) -> None:
    """One piece of a set, by the segment it begins with; a header is left."""
    id = piece[0].elements[0] if piece else ""
    if id == "CLP":
        claims.append(read_claim(piece))
    elif id == "PLB":
        provider_adjustments.extend(read_provider_adjustments(piece[0]))
    elif id == "LX":
        sections.append(Section(len(claims), piece[0].get(1), tuple(map(standard_text, piece[1:]))))


def read_header(
    st: Segment,
    header: Sequence[Segment],
    claims: tuple[ClaimPayment, ...],
    provider_adjustments: tuple[ProviderAdjustment, ...],
    sections: Sequence[Section] = (),
) -> Remittance:
    """The remittance that a set's header begins, with the claims and adjustments that were read below it."""
    bpr, trn = first(header, "BPR"), first(header, "TRN")
    if bpr is None or trn is None:
        raise st.error("the 835 has no BPR or no TRN", "ask the payer to send the remittance again")
    before, *named = split_before(header, frozenset({"N1"}))
    parties = {piece[0].get(1): piece for piece in reversed(named)}
    payer, payee = parties.get("PR", ()), parties.get("PE", ())
    npi, tin = _payee_ids(payee)
    detail = _read_detail(bpr, trn, before, payer, payee, sections)
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
        claims=claims,
        provider_adjustments=provider_adjustments,
        payee_name=text_of(payee, "N1", "PE"),
        payer_address=_read_address(payer),
        payer_phone=_telephone(payer),
        detail=None if detail == NO_REMITTANCE_DETAIL else detail,
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


def _read_detail(
    bpr: Segment,
    trn: Segment,
    before: Sequence[Segment],
    payer: Sequence[Segment],
    payee: Sequence[Segment],
    sections: Sequence[Section],
) -> RemittanceDetail:
    method, form = bpr.get(4), bpr.get(5)
    bank = tuple(bpr.get(place) for place in range(6, 16))
    produced, receiver = first(before, "DTM", "405"), first(before, "REF", "EV")
    on = parse_day(produced.get(2)) if produced else None
    taken = (bpr, trn, receiver, produced if on else None)
    usual = not sections or (len(sections) == 1 and sections[0] == Section(0, "1"))
    return RemittanceDetail(
        credit=bpr.get(3),
        form="" if form == ("CCP" if method == "ACH" else "") else form,
        bank=bank if any(bank) else (),
        supplemental=trn.get(4),
        produced_on=None if on == parse_day(bpr.get(16)) else on,
        receiver=receiver.get(2) if receiver else "",
        header_kept=tuple(standard_text(s) for s in before if not any(s is one for one in taken)),
        payer_kept=_payer_kept(payer),
        payee_kept=_payee_kept(payee),
        sections=() if usual else tuple(sections),
    )


def _payer_kept(payer: Sequence[Segment]) -> tuple[str, ...]:
    if not payer:
        return ()
    kept: list[Segment] = []
    whole = len(payer[0].elements) > 3
    number = None if whole else first(payer, "REF", "2U")
    contacts = [segment for segment in payer if segment.id == "PER"]
    usual = ("PER", "BL", payer[0].get(2), "TE")
    plain = len(contacts) == 1 and contacts[0].elements[:4] == usual and len(contacts[0].elements) == 5
    for segment in payer:
        if segment is payer[0]:
            kept += [segment] if whole else []
        elif segment.id not in ("N3", "N4") and segment is not number and not (plain and segment.id == "PER"):
            kept.append(segment)
    return tuple(map(standard_text, kept))


def _payee_kept(payee: Sequence[Segment]) -> tuple[str, ...]:
    if not payee:
        return ()
    if payee[0].get(3) != "XX" or len(payee[0].elements) > 5:
        return tuple(map(standard_text, payee))
    tin = first(payee, "REF", "TJ")
    return tuple(standard_text(segment) for segment in payee[1:] if segment is not tin)


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


def read_claim(piece: Sequence[Segment]) -> ClaimPayment:
    """One CLP to the next: the claim payment with its lines."""
    clp = piece[0]
    own: list[Segment] = []
    current = own
    services: list[list[Segment]] = []
    for segment in piece:
        if segment.elements[0] == "SVC":
            current = []
            services.append(current)
        current.append(segment)
    loop = _ClaimLoop()
    for segment in own[1:]:
        loop.take(segment)
    patient, insured, corrected = (loop.named.get(role) for role in ("QC", "IL", "74"))
    member_id = next((nm1.get(9) for nm1 in (corrected, insured, patient) if nm1 and nm1.get(9)), "")
    crossover = loop.named.get("TT")
    filing = clp.get(6)
    return ClaimPayment(
        number=clp.get(1),
        status=clp.get(2),
        charge=clp.amount(3),
        paid=clp.amount(4),
        patient_responsibility=clp.amount_or(5),
        payer_reference=clp.get(7),
        adjustments=tuple(loop.adjustments),
        services=tuple(_read_service(service) for service in services),
        remarks=tuple(loop.remarks),
        filing="" if filing == UNKNOWN_FILING else filing,
        patient_last=patient.get(3) if patient else "",
        patient_first=patient.get(4) if patient else "",
        member_id=member_id,
        service_date=loop.dates.get("232") or loop.dates.get("233"),
        received_on=loop.dates.get("050"),
        crossover_payer=(crossover.get(3) or crossover.get(9)) if crossover else "",
        interest=loop.interest or 0,
        detail=loop.detail(clp, patient, member_id),
    )


class _ClaimLoop:
    """The segments of one 2100 loop, gathered as they are met."""

    __slots__ = (
        *("adjudications", "adjustments", "amounts", "dates", "days", "interest", "kept", "named", "parties"),
        *("quantities", "references", "remarks"),
    )

    def __init__(self) -> None:
        self.adjustments: list[Adjustment] = []
        self.named: dict[str, Segment] = {}
        self.parties: list[Segment] = []
        self.remarks: list[str] = []
        self.adjudications: list[Segment] = []
        self.dates: dict[str, date] = {}
        self.days: list[DayOf] = []
        self.interest: Cents | None = None
        self.amounts: list[AmountOf] = []
        self.quantities: list[QuantityOf] = []
        self.references: list[Reference] = []
        self.kept: list[str] = []

    def take(self, segment: Segment) -> None:
        id = segment.elements[0]
        if id == "CAS":
            read_adjustment_segment(segment, self.adjustments)
        elif id == "NM1":
            role = segment.get(1)
            if role != "QC" or role in self.named:
                self.parties.append(segment)
            self.named.setdefault(role, segment)
        elif id == "DTM":
            self._day(segment)
        elif id == "REF" and len(segment.elements) == 3:
            self.references.append(Reference(segment.get(1), segment.get(2)))
        elif id == "AMT" and segment.get(1) == "I" and self.interest is None:
            self.interest = segment.amount(2)
        elif id == "AMT" and len(segment.elements) == 3:
            self.amounts.append(AmountOf(segment.get(1), segment.amount(2)))
        elif id == "QTY" and len(segment.elements) == 3:
            self.quantities.append(QuantityOf(segment.get(1), segment.get(2)))
        elif id in ("MOA", "MIA"):
            self.adjudications.append(segment)
        else:
            self.kept.append(standard_text(segment))
        if id == "MOA" or id == "MIA":
            places = _MOA_REMARKS if id == "MOA" else _MIA_REMARKS
            self.remarks += [segment.get(place) for place in places if segment.get(place)]

    def _day(self, segment: Segment) -> None:
        qualifier = segment.get(1)
        if qualifier in ("232", "050") and qualifier not in self.dates:
            self.dates[qualifier] = segment.day(2)
        else:
            self.dates.setdefault(qualifier, segment.day(2))
            self.days.append(DayOf(qualifier, segment.day(2)))

    def detail(self, clp: Segment, patient: Segment | None, member_id: str) -> ClaimPaymentDetail | None:
        parties = self.parties
        if len(parties) == 1 and parties[0].get(1) == "TT" and _is_usual_crossover(parties[0]):
            parties = []
        adjudications = self.adjudications
        if len(adjudications) == 1 and _remarks_alone(adjudications[0], self.remarks):
            adjudications = []
        unusual = patient is not None and patient.elements != _usual_patient(patient, member_id)
        stay = len(clp.elements) > 8
        periods = [DayOf("232", self.dates["232"])] if "232" in self.dates and "233" in self.dates else []
        rest = (parties, adjudications, self.days, self.references, self.amounts, self.quantities, self.kept)
        if not (stay or unusual or any(rest)):
            return None
        return ClaimPaymentDetail(
            facility=clp.get(8),
            frequency=clp.get(9),
            drg=clp.get(11),
            weight=clp.get(12),
            discharge_fraction=clp.get(13),
            patient=_read_party(patient) if unusual and patient else None,
            parties=tuple(map(_read_party, parties)),
            adjudications=tuple(Adjudication(s.id, s.elements[1:]) for s in adjudications),
            days=(*periods, *self.days),
            references=tuple(self.references),
            amounts=tuple(self.amounts),
            quantities=tuple(self.quantities),
            kept=tuple(self.kept),
        )


def _usual_patient(patient: Segment, member_id: str) -> tuple[str, ...]:
    """NM1*QC as it is written from the claim payment alone."""
    whole = ["NM1", "QC", "1", patient.get(3), patient.get(4)]
    whole += ["", "", "", "MI", member_id] if member_id else []
    while not whole[-1]:
        whole.pop()
    return tuple(whole)


def _is_usual_crossover(nm1: Segment) -> bool:
    return nm1.elements[2:] == ("2", nm1.get(3), "", "", "", "", "PI", nm1.get(3))


def _remarks_alone(segment: Segment, remarks: Sequence[str]) -> bool:
    return segment.elements == ("MOA", "", "", *remarks)


def _read_party(nm1: Segment) -> PartyNamed:
    name = PersonName(nm1.get(3), nm1.get(4), nm1.get(5), nm1.get(7))
    return PartyNamed(nm1.get(1), name, nm1.get(2) != "2", nm1.get(8), nm1.get(9))


def _read_service(piece: Sequence[Segment]) -> ServicePayment:
    """One 2110 loop. Of a period of service (150, 151) the first day is the service date."""
    svc = piece[0]
    adjustments: list[Adjustment] = []
    remarks: list[str] = []
    dates: dict[str, date] = {}
    days: list[DayOf] = []
    references: list[Reference] = []
    amounts: list[AmountOf] = []
    quantities: list[QuantityOf] = []
    kept: list[str] = []
    control, allowed = "", None
    for segment in piece[1:]:
        elements = segment.elements
        id = elements[0]
        if id == "CAS":
            read_adjustment_segment(segment, adjustments)
        elif id == "DTM":
            qualifier, day = segment.get(1), segment.day(2)
            if qualifier != "472" or "472" in dates:
                days.append(DayOf(qualifier, day))
            dates.setdefault(qualifier, day)
        elif id == "REF" and not control and segment.get(1) == "6R":
            control = segment.get(2)
        elif id == "AMT" and allowed is None and segment.get(1) == "B6":
            allowed = segment.amount(2)
        elif id == "LQ" and segment.get(1) == "HE":
            if segment.get(2):
                remarks.append(segment.get(2))
        elif id == "REF" and len(elements) == 3:
            references.append(Reference(segment.get(1), segment.get(2)))
        elif id == "AMT" and len(elements) == 3:
            amounts.append(AmountOf(segment.get(1), segment.amount(2)))
        elif id == "QTY" and len(elements) == 3:
            quantities.append(QuantityOf(segment.get(1), segment.get(2)))
        else:
            kept.append(standard_text(segment))
    procedure = svc.parts(1)
    code = procedure[1] if len(procedure) > 1 else ""
    lists = (days, references, amounts, quantities, kept)
    return ServicePayment(
        procedure=code,
        modifiers=tuple([part for part in procedure[2:6] if part]),
        charge=svc.amount(2),
        paid=svc.amount_or(3),
        units=svc.get(5),
        service_date=dates.get("472") or dates.get("150"),
        adjustments=tuple(adjustments),
        control=control,
        remarks=tuple(remarks),
        submitted=svc.part(6, 2),
        allowed=allowed,
        detail=_service_detail(svc, procedure, code, lists),
    )


_Lists = tuple[list[DayOf], list[Reference], list[AmountOf], list[QuantityOf], list[str]]


def _service_detail(svc: Segment, procedure: tuple[str, ...], code: str, lists: _Lists) -> ServiceDetail | None:
    qualifier = procedure[0] if procedure else ""
    usual = procedure_qualifier(code)
    if qualifier == usual and len(procedure) < 7 and not svc.get(4) and len(svc.elements) < 7 and not any(lists):
        return None
    days, references, amounts, quantities, kept = lists
    sent = svc.parts(6)
    simple = len(sent) == 2 and sent[0] == procedure_qualifier(sent[1])
    made = ServiceDetail(
        qualifier="" if qualifier == usual else qualifier,
        description=procedure[6] if len(procedure) > 6 else "",
        revenue=svc.get(4),
        submitted=() if simple or len(sent) < 2 else sent,
        submitted_units=svc.get(7),
        days=tuple(days),
        references=tuple(references),
        amounts=tuple(amounts),
        quantities=tuple(quantities),
        kept=tuple(kept),
    )
    return None if made == NO_SERVICE_DETAIL else made


def read_provider_adjustments(plb: Segment) -> Iterator[ProviderAdjustment]:
    """Every pair of one PLB."""
    period = parse_day(plb.get(2))
    for place in range(3, len(plb.elements), 2):
        if plb.get(place) or plb.get(place + 1):
            amount = plb.amount(place + 1)
            yield ProviderAdjustment(plb.part(place, 1), plb.part(place, 2), amount, plb.get(1), period)
