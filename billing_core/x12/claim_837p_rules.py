"""What 005010X222A1 asks of a professional claim file, as tables, and the rules that need counting.

Sources are the guide's own sections unless a rule names another. Whether a diagnosis or procedure code exists on the
day is the claim edits' question (they have the code tables); here a code must at least have the form of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from billing_core.errors import IdentifierError, MoneyError
from billing_core.identifiers import parse_npi
from billing_core.money import parse_amount
from billing_core.rule import Finding, Rule, Severity
from billing_core.x12 import claim_837p
from billing_core.x12.envelope import TransactionSet
from billing_core.x12.guide import Coded, Guide, Part, Parts, Required, SetRule, Typed
from billing_core.x12.segment import Segment, first, parse_day, split_before

_LEVELS = {"20": "billing provider", "22": "subscriber", "23": "patient"}


def cut(one: TransactionSet) -> Iterator[Part]:
    """The header, then each level (billing provider, subscriber, patient) with its claims, other payers and lines."""
    header, *levels = split_before(one.segments, frozenset({"HL"}))
    yield Part("header", header)
    for level in levels:
        own, *claims = split_before(level, frozenset({"CLM"}))
        yield Part(_LEVELS.get(level[0].get(3), "level"), own)
        for claim in claims:
            head, *pieces = split_before(claim, frozenset({"SBR", "LX"}))
            yield Part("claim", head)
            for piece in pieces:
                yield Part("line" if piece[0].id == "LX" else "other payer", piece)


REQUIRED = (
    Required("header", "BHT"),
    Required("header", "NM1", ("41",)),
    Required("header", "PER", ("IC",)),
    Required("header", "NM1", ("40",)),
    Required("billing provider", "NM1", ("85",)),
    Required("billing provider", "N3"),
    Required("billing provider", "N4"),
    Required("billing provider", "REF", ("EI", "SY")),
    Required("subscriber", "SBR"),
    Required("subscriber", "NM1", ("IL",)),
    Required("subscriber", "NM1", ("PR",)),
    Required("patient", "PAT"),
    Required("patient", "NM1", ("QC",)),
    Required("patient", "N3"),
    Required("patient", "N4"),
    Required("patient", "DMG"),
    Required("claim", "HI"),
    Required("other payer", "OI"),
    Required("other payer", "NM1", ("IL",)),
    Required("other payer", "NM1", ("PR",)),
    Required("line", "SV1"),
    Required("line", "DTP", ("472",)),
)


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLACES_OF_SERVICE = _codes(  # CMS place of service code set
    "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 33 34 41 42 49 50 51 52"
    " 53 54 55 56 57 58 60 61 62 65 66 71 72 81 99"
)
FILING_CODES = _codes("11 12 13 14 15 16 17 AM BL CH CI DS FI HM LM MA MB MC OF TV VA WC ZZ")
RELATIONSHIPS = _codes("01 18 19 20 21 39 40 53 G8")
FREQUENCIES = _codes("1 2 3 4 5 6 7 8 9")
STATES = _codes(  # states, territories, military and Canadian provinces (USPS; N402 where the country is not named)
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR"
    " PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI FM MH PW UM AA AE AP"
    " AB BC MB NB NL NS NT NU ON PE QC SK YT"
)
_YES_NO = _codes("Y N")

CODED = (
    Coded("BHT", 1, _codes("0019")),
    Coded("BHT", 2, _codes("00 18")),
    Coded("BHT", 6, _codes("31 CH RP")),
    Coded("HL", 3, _codes("20 22 23")),
    Coded("HL", 4, _codes("0 1")),
    Coded("NM1", 2, _codes("1 2")),
    Coded("NM1", 8, _codes("XX MI PI XV II 46 24 34")),
    Coded("SBR", 1, _codes("P S T A B C D E F G H U")),
    Coded("SBR", 2, _codes("18"), parts=("subscriber",)),
    Coded("SBR", 2, RELATIONSHIPS, parts=("other payer",)),
    Coded("SBR", 5, _codes("12 13 14 15 16 41 42 43 47")),
    Coded("SBR", 9, FILING_CODES),
    Coded("PAT", 1, RELATIONSHIPS),
    Coded("PRV", 1, _codes("BI PE")),
    Coded("PRV", 2, _codes("PXC")),
    Coded("DMG", 1, _codes("D8")),
    Coded("DMG", 3, _codes("F M U")),
    Coded("CLM", 5, PLACES_OF_SERVICE, component=1),
    Coded("CLM", 5, _codes("B"), component=2),
    Coded("CLM", 5, FREQUENCIES, component=3),
    Coded("CLM", 6, _YES_NO),
    Coded("CLM", 7, _codes("A B C")),
    Coded("CLM", 8, _codes("N W Y")),
    Coded("CLM", 9, _codes("I Y")),
    Coded("CLM", 10, _codes("P")),
    Coded("HI", 1, _codes("ABK BK BP BG"), component=1),
    Coded("CAS", 1, _codes("CO CR OA PI PR")),
    Coded("OI", 3, _codes("N W Y")),
    Coded("OI", 6, _codes("I Y")),
    Coded("SV1", 1, _codes("HC ER IV WK"), component=1),
    Coded("SV1", 3, _codes("UN MJ")),
    Coded("SV1", 5, PLACES_OF_SERVICE),
    Coded("SV1", 9, _YES_NO),
    Coded("DTP", 2, _codes("D8 RD8 TM DT")),
)

TYPED = (
    Typed("BHT", 4, "date"),
    Typed("DMG", 2, "date"),
    Typed("DTP", 3, "date", 2, ("D8",)),
    Typed("DTP", 3, "period", 2, ("RD8",)),
    Typed("CLM", 2, "charge"),
    Typed("SV1", 2, "charge"),
    Typed("SV1", 4, "quantity"),
    Typed("SVD", 2, "amount"),
    Typed("SVD", 5, "number"),
    Typed("AMT", 2, "amount"),
    *(Typed("CAS", place, "amount") for place in (3, 6, 9, 12, 15, 18)),
)

SEGMENTS = _codes(
    "BHT NM1 N3 N4 PER REF HL PRV CUR SBR PAT DMG CLM DTP PWK CN1 AMT K3 NTE CR1 CR2 CR3 CRC HI HCP QTY CAS OI MIA MOA"
    " LX SV1 SV5 PS1 MEA LIN CTP SVD LQ FRM TST"
)

# --- rules that need counting --------------------------------------------------------------------------------------

_TAXONOMY = re.compile(r"[0-9A-Z]{10}\Z", re.ASCII)
_POSTAL_CODE = re.compile(r"\d{5}(\d{4})?\Z", re.ASCII)
_DIAGNOSIS = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}\Z", re.ASCII)
_PROCEDURE = re.compile(r"(\d{5}|\d{4}[A-Z]|[A-Z]\d{4})\Z", re.ASCII)  # CPT I, II, III and HCPCS level II
_MODIFIER = re.compile(r"[0-9A-Z]{2}\Z", re.ASCII)


def _error(rule: str, message: str, where: str, mend: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule, severity, message, where, mend)


def _all(subject: Parts, id: str) -> Iterator[Segment]:
    return (segment for part in subject.parts for segment in part.segments if segment.id == id)


def _npi(subject: Parts, _: None) -> Iterator[Finding]:
    for nm1 in _all(subject, "NM1"):
        if nm1.get(8) == "XX":
            try:
                parse_npi(nm1.get(9))
            except IdentifierError as error:
                yield _error("837p-npi", error.message, nm1.where(9), error.mend)


def _identifiers(subject: Parts, _: None) -> Iterator[Finding]:
    for part in subject.parts:
        for nm1 in (segment for segment in part.segments if segment.id == "NM1"):
            named = part.name != "other payer" or nm1.get(1) in ("IL", "PR")
            if named and not nm1.get(3) and nm1.get(1) not in ("87", "PW", "45"):
                message, mend = "a name is missing", "enter the last or organization name"
                yield _error("837p-identifier", message, nm1.where(3), mend)
    for nm1 in _all(subject, "NM1"):
        if bool(nm1.get(8)) != bool(nm1.get(9)):
            yield _error("837p-identifier", "an id without its qualifier, or the reverse", nm1.where(8), "give both")
        elif nm1.get(9) and len(nm1.get(9)) < 2:
            yield _error("837p-identifier", "an id of fewer than two characters", nm1.where(9), "correct the id")
    for ref in _all(subject, "REF"):
        if not ref.get(2):
            yield _error("837p-identifier", "a reference without its number", ref.where(2), "enter the number")
        elif ref.get(1) in ("EI", "SY") and not re.fullmatch(r"\d{3}-?\d{2}-?\d{4}|\d{2}-?\d{7}", ref.get(2), re.ASCII):
            yield _error("837p-tax-id", "a tax id is nine digits", ref.where(2), "copy it from the W-9")
    for prv in _all(subject, "PRV"):
        if not _TAXONOMY.match(prv.get(3)):
            yield _error("837p-taxonomy", "a taxonomy code is ten characters", prv.where(3), "look it up in NPPES")


def _addresses(subject: Parts, _: None) -> Iterator[Finding]:
    for n4 in _all(subject, "N4"):
        if n4.get(4) not in ("", "US", "CA"):
            continue
        if n4.get(2) not in STATES:
            yield _error("837p-state", "not a state", n4.where(2), "use the two-letter postal code of the state")
        if n4.get(4) != "CA" and not _POSTAL_CODE.match(n4.get(3)) and not n4.get(3)[:1].isalpha():
            severity = Severity.WARNING
            yield _error("837p-postal-code", "a ZIP code is 5 or 9 digits", n4.where(3), "correct it", severity)


def _claims(subject: Parts) -> Iterator[tuple[Part, tuple[Part, ...]]]:
    """Each claim with its lines."""
    claim: Part | None = None
    lines: list[Part] = []
    for part in subject.parts:
        if part.name == "line":
            lines.append(part)
        elif part.name != "other payer":
            if claim:
                yield claim, tuple(lines)
            claim, lines = (part if part.name == "claim" else None), []
    if claim:
        yield claim, tuple(lines)


def _total(subject: Parts, _: None) -> Iterator[Finding]:
    for claim, lines in _claims(subject):
        clm = claim.segments[0]
        services = [sv1 for line in lines if (sv1 := first(line.segments, "SV1"))]
        try:
            total = sum(parse_amount(sv1.get(2)) for sv1 in services)
            stated = parse_amount(clm.get(2))
        except MoneyError:
            if not clm.get(2) or not all(sv1.get(2) for sv1 in services):
                yield _error("837p-claim-total", "a charge is missing", clm.where(2), "enter the charge")
            continue
        if services and total != stated:
            message = "the claim's charge is not the sum of its lines"
            yield _error("837p-claim-total", message, clm.where(2), "make CLM02 the sum of SV102")


def _lines(subject: Parts, _: None) -> Iterator[Finding]:
    for claim, lines in _claims(subject):
        clm = claim.segments[0]
        if not 1 <= len(lines) <= claim_837p.LINES_MAX:
            yield _error("837p-lines", "a claim has 1 to 50 lines", clm.where(), "add the lines, or split the claim")
        for number, line in enumerate(lines, start=1):
            if line.segments[0].get(1) != str(number):
                message = "the lines are not numbered 1, 2, 3"
                yield _error("837p-lines", message, line.segments[0].where(1), "number the lines in order")


def _pointers(subject: Parts, _: None) -> Iterator[Finding]:
    for claim, lines in _claims(subject):
        count = len(list(_diagnoses(claim)))
        for line in lines:
            sv1 = first(line.segments, "SV1")
            pointers = sv1.parts(7) if sv1 else ()
            if sv1 and not 1 <= len(pointers) <= 4:
                yield _error("837p-pointer", "a line points at 1 to 4 diagnoses", sv1.where(7), "link a diagnosis")
            for pointer in pointers:
                if sv1 and pointer not in {str(n) for n in range(1, count + 1)}:
                    message = "a line points at a diagnosis that the claim does not have"
                    yield _error("837p-pointer", message, sv1.where(7), "point at a diagnosis of the claim")


def _diagnoses(claim: Part) -> Iterator[tuple[Segment, int]]:
    """Each place of a diagnosis: segment and element."""
    for segment in claim.segments:
        if segment.id == "HI":
            for number in range(1, len(segment.elements)):
                if segment.part(number, 1) in ("ABK", "ABF", "BK", "BF"):
                    yield segment, number


def _codes_have_form(subject: Parts, _: None) -> Iterator[Finding]:
    for claim, lines in _claims(subject):
        places = list(_diagnoses(claim))
        if len(places) > claim_837p.DIAGNOSES_MAX:
            yield _error("837p-diagnosis", "more than 12 diagnoses", places[-1][0].where(), "keep the first twelve")
        seen: set[str] = set()
        for segment, number in places:
            code = segment.part(number, 2)
            if segment.part(number, 1).startswith("A") and not _DIAGNOSIS.match(code):
                message = "not of the form of an ICD-10-CM code (no decimal point in X12)"
                yield _error("837p-diagnosis", message, segment.where(number), "correct the diagnosis code")
            if code in seen:
                message = "the same diagnosis twice on a claim"
                yield _error("837p-diagnosis", message, segment.where(number), "name it once", Severity.WARNING)
            seen.add(code)
        for line in lines:
            sv1 = first(line.segments, "SV1")
            if sv1 and sv1.part(1, 1) == "HC":
                if not _PROCEDURE.match(sv1.part(1, 2)):
                    message = "not of the form of a CPT or HCPCS code"
                    yield _error("837p-procedure", message, sv1.where(1), "correct the procedure code")
                if not all(not modifier or _MODIFIER.match(modifier) for modifier in sv1.parts(1)[2:6]):
                    yield _error("837p-modifier", "a modifier is two characters", sv1.where(1), "correct the modifier")


def _repeated(subject: Parts, _: None) -> Iterator[Finding]:
    seen: set[str] = set()
    for claim, _lines_of_it in _claims(subject):
        clm = claim.segments[0]
        if not clm.get(1):
            yield _error("837p-claim-number", "the claim has no number", clm.where(1), "number the claim")
        elif clm.get(1) in seen:
            message = "two claims of the set have the same number"
            yield _error("837p-claim-number", message, clm.where(1), "number every submission apart")
        seen.add(clm.get(1))


_PARENT = {"20": (), "22": ("20",), "23": ("22",)}


def _hierarchy(subject: Parts, _: None) -> Iterator[Finding]:
    """HL01 counts up; HL02 names the level above; HL04 says whether one is below; a level with none has a claim."""
    levels = [(part.segments[0], part) for part in subject.parts if part.segments and part.segments[0].id == "HL"]
    kinds = {hl.get(1): hl.get(3) for hl, _ in levels}
    parents = {hl.get(2) for hl, _ in levels}
    with_claims = _levels_with_claims(subject)
    for number, (hl, _part) in enumerate(levels, start=1):
        if hl.get(1) != str(number):
            yield _error("837p-hierarchy", "HL01 does not count 1, 2, 3", hl.where(1), "number the levels in order")
        above = _PARENT.get(hl.get(3), ())
        if hl.get(2) and (hl.get(2) == hl.get(1) or kinds.get(hl.get(2)) not in above):
            message = "HL02 does not name the level above"
            yield _error("837p-hierarchy", message, hl.where(2), "name the HL01 of the level above")
        elif above and not hl.get(2):
            yield _error("837p-hierarchy", "HL02 is missing", hl.where(2), "name the HL01 of the level above")
        has_child = hl.get(1) in parents
        if (hl.get(4) == "1" and not has_child) or (hl.get(4) == "0" and has_child):
            message = "HL04 does not say whether a level is below"
            yield _error("837p-hierarchy", message, hl.where(4), "write 1 when another level is below, else 0")
        if not has_child and hl.number not in with_claims:
            yield _error(
                "837p-claim", "a level without a claim (CLM)", hl.where(), "add the claim, or remove the level"
            )
    if not levels:
        where = subject.set.header.where()
        yield _error("837p-claim", "the transaction set holds no claim", where, "ask the sender for the whole file")


def _levels_with_claims(subject: Parts) -> set[int]:
    """The segment numbers of the HLs that have a CLM directly below."""
    found: set[int] = set()
    current = 0
    for part in subject.parts:
        if part.name == "claim":
            found.add(current)
        elif part.segments and part.segments[0].id == "HL":
            current = part.segments[0].number
    return found


def _days(subject: Parts, _: None) -> Iterator[Finding]:
    """No service before the patient's birth or after the day of the file."""
    beginning = first(subject.set.segments, "BHT")
    days = (parse_day(beginning.get(4)) if beginning else None, subject.set.sent_on)
    written = max((day for day in days if day), default=None)
    born = None
    for part in subject.parts:
        if part.name in ("subscriber", "patient"):
            dmg = first(part.segments, "DMG")
            born = parse_day(dmg.get(2)) if dmg else None
        if part.name != "line":
            continue
        dtp = first(part.segments, "DTP", "472")
        day = parse_day(dtp.get(3)[:8]) if dtp else None
        if dtp and day and written and day > written:
            yield _error(
                "837p-date", "a service after the day of the file", dtp.where(3), "correct the date of service"
            )
        if dtp and day and born and day < born:
            yield _error("837p-date", "a service before the patient was born", dtp.where(3), "correct one of the dates")


_GUIDE = "005010X222A1"
RULES: tuple[SetRule, ...] = (
    Rule("837p-npi", "Every NPI in the file has a right check digit.", "45 CFR 162.406", _npi),
    Rule("837p-identifier", "Ids have their qualifier and a plausible form; names are there.", _GUIDE, _identifiers),
    Rule("837p-state", "Addresses name a state and a ZIP code.", f"{_GUIDE} N4", _addresses),
    Rule("837p-hierarchy", "The levels count, point upwards, and end in claims.", f"{_GUIDE} 2000A-C", _hierarchy),
    Rule("837p-claim-number", "Each claim has a number of its own.", f"{_GUIDE} CLM01", _repeated),
    Rule("837p-lines", "A claim has 1 to 50 lines, numbered in order.", f"{_GUIDE} 2400 LX", _lines),
    Rule("837p-claim-total", "The claim's charge is the sum of its lines.", f"{_GUIDE} CLM02", _total),
    Rule("837p-pointer", "Each line points at diagnoses of its claim.", f"{_GUIDE} SV107", _pointers),
    Rule("837p-diagnosis", "Codes have the form of their code set.", f"{_GUIDE} HI, SV101", _codes_have_form),
    Rule("837p-date", "Service lies between birth and the day of the file.", f"{_GUIDE} DTP*472", _days),
)

GUIDE = Guide(
    kind=claim_837p.KIND,
    name="professional claim",
    set_id=claim_837p.SET_ID,
    group_id=claim_837p.GROUP_ID,
    versions=claim_837p.VERSIONS,
    cut=cut,
    read=claim_837p.read_set,
    segments=SEGMENTS,
    required=REQUIRED,
    coded=CODED,
    typed=TYPED,
    rules=RULES,
    unknown=Severity.ERROR,
    unread=Severity.WARNING,
)
