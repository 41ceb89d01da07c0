"""Rules that both claim guides share: identifiers, addresses, levels, numbers, sums and days.

`shared(prefix, service)` makes them for one guide: rule ids begin with its prefix, and `service` says which segment
carries the charge of a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from billing_core.errors import IdentifierError, MoneyError
from billing_core.identifiers import parse_npi
from billing_core.money import parse_amount
from billing_core.rule import Finding, Rule, Severity
from billing_core.x12.envelope import TransactionSet
from billing_core.x12.guide import Coded, Part, Parts, SetRule, Typed, codes
from billing_core.x12.segment import Segment, first, parse_day, split_before

_LEVELS = {"20": "billing provider", "22": "subscriber", "23": "patient"}


@dataclass(frozen=True, slots=True)
class Service:
    """Which segment a line's service is, which element its charge, and how many lines a claim may have."""

    id: str
    charge: int
    lines_max: int
    guide: str


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


PLACES_OF_SERVICE = codes(  # CMS place of service code set
    "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 33 34 41 42 49 50 51 52"
    " 53 54 55 56 57 58 60 61 62 65 66 71 72 81 99"
)
FILING_CODES = codes("11 12 13 14 15 16 17 AM BL CH CI DS FI HM LM MA MB MC OF TV VA WC ZZ")
RELATIONSHIPS = codes("01 18 19 20 21 39 40 53 G8")
FREQUENCIES = codes("1 2 3 4 5 6 7 8 9")
STATES = codes(  # states, territories, military and Canadian provinces (USPS; N402 where the country is not named)
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR"
    " PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI FM MH PW UM AA AE AP"
    " AB BC MB NB NL NS NT NU ON PE QC SK YT"
)

CLAIM_CODED = (  # where both guides ask for the same codes
    Coded("BHT", 1, codes("0019")),
    Coded("BHT", 2, codes("00 18")),
    Coded("BHT", 6, codes("31 CH RP")),
    Coded("HL", 3, codes("20 22 23")),
    Coded("HL", 4, codes("0 1")),
    Coded("NM1", 2, codes("1 2")),
    Coded("NM1", 8, codes("XX MI PI XV II 46 24 34")),
    Coded("SBR", 1, codes("P S T A B C D E F G H U")),
    Coded("SBR", 2, codes("18"), parts=("subscriber",)),
    Coded("SBR", 2, RELATIONSHIPS, parts=("other payer",)),
    Coded("SBR", 9, FILING_CODES),
    Coded("PAT", 1, RELATIONSHIPS),
    Coded("PRV", 2, codes("PXC")),
    Coded("DMG", 1, codes("D8")),
    Coded("DMG", 3, codes("F M U")),
    Coded("CLM", 7, codes("A B C")),
    Coded("CLM", 8, codes("N W Y")),
    Coded("CLM", 9, codes("I Y")),
    Coded("CAS", 1, codes("CO CR OA PI PR")),
    Coded("OI", 3, codes("N W Y")),
    Coded("OI", 6, codes("I Y")),
)
CLAIM_TYPED = (
    Typed("BHT", 4, "date"),
    Typed("DMG", 2, "date"),
    Typed("DTP", 3, "date", 2, ("D8",)),
    Typed("DTP", 3, "period", 2, ("RD8",)),
    Typed("CLM", 2, "charge"),
    Typed("SVD", 2, "amount"),
    Typed("SVD", 5, "number"),
    Typed("AMT", 2, "amount"),
    *(Typed("CAS", place, "amount") for place in (3, 6, 9, 12, 15, 18)),
)

DIAGNOSIS_FORM = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}\Z", re.ASCII)
_TAXONOMY = re.compile(r"[0-9A-Z]{10}\Z", re.ASCII)
_POSTAL_CODE = re.compile(r"\d{5}(\d{4})?\Z", re.ASCII)
_TAX_ID = re.compile(r"(\d{3}-?\d{2}-?\d{4}|\d{2}-?\d{7})\Z", re.ASCII)
Find = Callable[[str, Service, Parts], Iterator[Finding]]


def finding(rule: str, message: str, where: str, mend: str, severity: Severity = Severity.ERROR) -> Finding:
    """A finding, an error unless said."""
    return Finding(rule, severity, message, where, mend)


def _all(subject: Parts, id: str) -> Iterator[Segment]:
    return (segment for part in subject.parts for segment in part.segments if segment.id == id)


def _npi(prefix: str, service: Service, subject: Parts) -> Iterator[Finding]:
    for nm1 in _all(subject, "NM1"):
        if nm1.get(8) == "XX":
            try:
                parse_npi(nm1.get(9))
            except IdentifierError as error:
                yield finding(f"{prefix}-npi", error.message, nm1.where(9), error.mend)


def _identifiers(prefix: str, service: Service, subject: Parts) -> Iterator[Finding]:
    for part in subject.parts:
        for nm1 in (segment for segment in part.segments if segment.id == "NM1"):
            named = part.name != "other payer" or nm1.get(1) in ("IL", "PR")
            if named and not nm1.get(3) and nm1.get(1) not in ("87", "PW", "45"):
                message, mend = "a name is missing", "enter the last or organization name"
                yield finding(f"{prefix}-identifier", message, nm1.where(3), mend)
    for nm1 in _all(subject, "NM1"):
        if bool(nm1.get(8)) != bool(nm1.get(9)):
            yield finding(
                f"{prefix}-identifier", "an id without its qualifier, or the reverse", nm1.where(8), "give both"
            )
        elif nm1.get(9) and len(nm1.get(9)) < 2:
            yield finding(f"{prefix}-identifier", "an id of fewer than two characters", nm1.where(9), "correct the id")
    for ref in _all(subject, "REF"):
        if not ref.get(2):
            yield finding(f"{prefix}-identifier", "a reference without its number", ref.where(2), "enter the number")
        elif ref.get(1) in ("EI", "SY") and not _TAX_ID.match(ref.get(2)):
            yield finding(f"{prefix}-tax-id", "a tax id is nine digits", ref.where(2), "copy it from the W-9")
    for prv in _all(subject, "PRV"):
        if not _TAXONOMY.match(prv.get(3)):
            yield finding(
                f"{prefix}-taxonomy", "a taxonomy code is ten characters", prv.where(3), "look it up in NPPES"
            )


def _addresses(prefix: str, service: Service, subject: Parts) -> Iterator[Finding]:
    for part in subject.parts:
        for n4 in (segment for segment in part.segments if segment.id == "N4"):
            if n4.get(4) not in ("", "US", "CA"):
                continue
            code = n4.get(3)
            if n4.get(2) not in STATES:
                yield finding(f"{prefix}-state", "not a state", n4.where(2), "use the state's two-letter postal code")
            if n4.get(4) != "CA" and not _POSTAL_CODE.match(code) and not code[:1].isalpha():
                message = "a ZIP code is 5 or 9 digits"
                yield finding(f"{prefix}-postal-code", message, n4.where(3), "correct it", Severity.WARNING)
            elif part.name == "billing provider" and len(code) == 5:
                message = "the billing provider's ZIP code has nine digits"
                yield finding(f"{prefix}-postal-code", message, n4.where(3), "add the last four", Severity.WARNING)


def claims(subject: Parts) -> Iterator[tuple[Part, tuple[Part, ...]]]:
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


def _total(prefix: str, service: Service, subject: Parts) -> Iterator[Finding]:
    for claim, lines in claims(subject):
        clm = claim.segments[0]
        services = [sv1 for line in lines if (sv1 := first(line.segments, service.id))]
        try:
            total = sum(parse_amount(sv1.get(service.charge)) for sv1 in services)
            stated = parse_amount(clm.get(2))
        except MoneyError:
            if not clm.get(2) or not all(sv1.get(service.charge) for sv1 in services):
                yield finding(f"{prefix}-claim-total", "a charge is missing", clm.where(2), "enter the charge")
            continue
        if services and total != stated:
            message = "the claim's charge is not the sum of its lines"
            yield finding(
                f"{prefix}-claim-total",
                message,
                clm.where(2),
                f"make CLM02 the sum of {service.id}{service.charge:02d}",
            )


def _lines(prefix: str, service: Service, subject: Parts) -> Iterator[Finding]:
    for claim, lines in claims(subject):
        clm = claim.segments[0]
        if not 1 <= len(lines) <= service.lines_max:
            yield finding(
                f"{prefix}-lines",
                f"a claim has 1 to {service.lines_max} lines",
                clm.where(),
                "add the lines, or split the claim",
            )
        for number, line in enumerate(lines, start=1):
            if line.segments[0].get(1) != str(number):
                message = "the lines are not numbered 1, 2, 3"
                yield finding(f"{prefix}-lines", message, line.segments[0].where(1), "number the lines in order")


def _repeated(prefix: str, service: Service, subject: Parts) -> Iterator[Finding]:
    seen: set[str] = set()
    for claim, _lines in claims(subject):
        clm = claim.segments[0]
        if not clm.get(1):
            yield finding(f"{prefix}-claim-number", "the claim has no number", clm.where(1), "number the claim")
        elif clm.get(1) in seen:
            message = "two claims of the set have the same number"
            yield finding(f"{prefix}-claim-number", message, clm.where(1), "number every submission apart")
        seen.add(clm.get(1))


_PARENT = {"20": (), "22": ("20",), "23": ("22",)}


def _hierarchy(prefix: str, service: Service, subject: Parts) -> Iterator[Finding]:
    """HL01 counts up; HL02 names the level above; HL04 says whether one is below; a level with none has a claim."""
    levels = [(part.segments[0], part) for part in subject.parts if part.segments and part.segments[0].id == "HL"]
    kinds = {hl.get(1): hl.get(3) for hl, _ in levels}
    parents = {hl.get(2) for hl, _ in levels}
    with_claims = _levels_with_claims(subject)
    for number, (hl, _part) in enumerate(levels, start=1):
        if hl.get(1) != str(number):
            yield finding(
                f"{prefix}-hierarchy", "HL01 does not count 1, 2, 3", hl.where(1), "number the levels in order"
            )
        above = _PARENT.get(hl.get(3), ())
        if hl.get(2) and (hl.get(2) == hl.get(1) or kinds.get(hl.get(2)) not in above):
            message = "HL02 does not name the level above"
            yield finding(f"{prefix}-hierarchy", message, hl.where(2), "name the HL01 of the level above")
        elif above and not hl.get(2):
            yield finding(f"{prefix}-hierarchy", "HL02 is missing", hl.where(2), "name the HL01 of the level above")
        has_child = hl.get(1) in parents
        if (hl.get(4) == "1" and not has_child) or (hl.get(4) == "0" and has_child):
            message = "HL04 does not say whether a level is below"
            yield finding(f"{prefix}-hierarchy", message, hl.where(4), "write 1 when another level is below, else 0")
        if not has_child and hl.number not in with_claims:
            yield finding(
                f"{prefix}-claim", "a level without a claim (CLM)", hl.where(), "add the claim, or remove the level"
            )
    if not levels:
        where = subject.set.header.where()
        yield finding(
            f"{prefix}-claim", "the transaction set holds no claim", where, "ask the sender for the whole file"
        )


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


def _days(prefix: str, service: Service, subject: Parts) -> Iterator[Finding]:
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
            yield finding(
                f"{prefix}-date", "a service after the day of the file", dtp.where(3), "correct the date of service"
            )
        if dtp and day and born and day < born:
            yield finding(
                f"{prefix}-date", "a service before the patient was born", dtp.where(3), "correct one of the dates"
            )


_SHARED: tuple[tuple[str, str, str, Find], ...] = (
    ("npi", "Every NPI in the file has a right check digit.", "45 CFR 162.406", _npi),
    ("identifier", "Ids have their qualifier and a plausible form; names are there.", "NM1, REF, PRV", _identifiers),
    ("state", "Addresses name a state and a ZIP code.", "N4", _addresses),
    ("hierarchy", "The levels count, point upwards, and end in claims.", "2000A-C", _hierarchy),
    ("claim-number", "Each claim has a number of its own.", "CLM01", _repeated),
    ("lines", "A claim has lines, not too many, numbered in order.", "2400 LX", _lines),
    ("claim-total", "The claim's charge is the sum of its lines.", "CLM02", _total),
    ("date", "Service lies between birth and the day of the file.", "DTP*472", _days),
)


def shared(prefix: str, service: Service) -> tuple[SetRule, ...]:
    """The rules of both claim guides, for the guide of that prefix."""
    return tuple(
        Rule(f"{prefix}-{name}", sentence, f"{service.guide} {source}", partial(_run, find, prefix, service))
        for name, sentence, source, find in _SHARED
    )


def _run(find: Find, prefix: str, service: Service, subject: Parts, _tables: object) -> Iterator[Finding]:
    return find(prefix, service, subject)
