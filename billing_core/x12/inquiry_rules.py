"""What the guides of inquiries and their answers ask: 005010X279A1 (270, 271) and 005010X212 (276, 277), as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from billing_core.errors import IdentifierError
from billing_core.identifiers import parse_npi
from billing_core.rule import Finding, Rule, Severity
from billing_core.x12 import eligibility_270, eligibility_271, status_276, status_277
from billing_core.x12.claim_segments import loops
from billing_core.x12.envelope import TransactionSet
from billing_core.x12.guide import Coded, Guide, Part, Parts, Required, SetRule, Typed, codes

_LEVELS = {"20": "payer", "21": "provider", "19": "provider", "22": "subscriber", "23": "dependent"}
_HL = frozenset({"HL"})
_CLAIM = frozenset({"TRN"})
_LINE = frozenset({"SVC"})
_BENEFIT = frozenset({"EB"})


def cut_eligibility(one: TransactionSet) -> Iterator[Part]:
    """The header, each level, and each statement of benefit."""
    header, levels = loops(one.segments, _HL)
    yield Part("header", tuple(header))
    for level in levels:
        own, benefits = loops(level, _BENEFIT)
        yield Part(_LEVELS.get(level[0].get(3), "level"), tuple(own))
        for benefit in benefits:
            yield Part("benefit", tuple(benefit))


def cut_status(one: TransactionSet) -> Iterator[Part]:
    """The header, each level, each claim and each line. Level 21 is the receiver here."""
    header, levels = loops(one.segments, _HL)
    yield Part("header", tuple(header))
    for level in levels:
        own, claims = loops(level, _CLAIM)
        name = "receiver" if level[0].get(3) == "21" else _LEVELS.get(level[0].get(3), "level")
        yield Part(name, tuple(own))
        for claim in claims:
            head, lines = loops(claim, _LINE)
            yield Part("claim", tuple(head))
            for line in lines:
                yield Part("line", tuple(line))


def _npi(subject: Parts, _: object) -> Iterator[Finding]:
    for part in subject.parts:
        for nm1 in part.segments:
            if nm1.id == "NM1" and nm1.get(8) == "XX":
                try:
                    parse_npi(nm1.get(9))
                except IdentifierError as error:
                    yield Finding("inquiry-npi", Severity.ERROR, error.message, nm1.where(9), error.mend)


def _hierarchy(subject: Parts, _: object) -> Iterator[Finding]:
    known: set[str] = set()
    for part in subject.parts:
        hl = part.segments[0] if part.segments and part.segments[0].id == "HL" else None
        if hl is None:
            continue
        if (hl.get(2) and hl.get(2) not in known) or (not hl.get(2) and hl.get(3) != "20"):
            message, mend = "HL02 does not name a level above", "name the HL01 of the level above"
            yield Finding("inquiry-hierarchy", Severity.ERROR, message, hl.where(2), mend)
        if hl.get(1) in known:
            message, mend = "two levels have the same HL01", "number the levels 1, 2, 3"
            yield Finding("inquiry-hierarchy", Severity.ERROR, message, hl.where(1), mend)
        known.add(hl.get(1))


RULES: tuple[SetRule, ...] = (
    Rule("inquiry-npi", "Every NPI in the file has a right check digit.", "45 CFR 162.406", _npi),
    Rule("inquiry-hierarchy", "Every level names the one above it.", "005010X279A1, 005010X212 HL", _hierarchy),
)

_PEOPLE = (
    Required("header", "BHT"),
    Required("payer", "NM1"),
    Required("subscriber", "NM1", ("IL",)),
)
_NAMES = (
    Coded("NM1", 2, codes("1 2")),
    Coded("NM1", 8, codes("24 34 46 FI II MI NI PI PP SV XV XX ZZ FA")),
    Coded("DMG", 1, codes("D8")),
    Coded("DMG", 3, codes("F M U")),
    Coded("DTP", 2, codes("D8 RD8")),
    Coded("HL", 4, codes("0 1")),
)
_DATES = (
    Typed("BHT", 4, "date"),
    Typed("DMG", 2, "date"),
    Typed("DTP", 3, "date", 2, ("D8",)),
    Typed("DTP", 3, "period", 2, ("RD8",)),
)


def _guide(module: Any, name: str, cut: Callable[[TransactionSet], Iterator[Part]], **tables: Any) -> Guide:
    return Guide(
        kind=module.KIND,
        name=name,
        set_id=module.SET_ID,
        group_id=module.GROUP_ID,
        versions=module.VERSIONS,
        cut=cut,
        read=lambda one: tuple(module.read_set(one)),
        rules=RULES,
        **tables,
    )


GUIDE_270 = _guide(
    eligibility_270,
    "eligibility inquiry",
    cut_eligibility,
    segments=codes("BHT HL NM1 REF N3 N4 PER PRV TRN DMG INS HI DTP EQ AMT III"),
    required=(*_PEOPLE, Required("provider", "NM1"), Required("dependent", "NM1", ("03",))),
    coded=(
        Coded("BHT", 1, codes("0022")),
        Coded("BHT", 2, codes("01 13 36")),
        Coded("HL", 3, codes("20 21 22 23")),
        Coded("TRN", 1, codes("1")),
        Coded("INS", 1, codes("Y N")),
        *_NAMES,
    ),
    typed=_DATES,
)
GUIDE_271 = _guide(
    eligibility_271,
    "eligibility answer",
    cut_eligibility,
    segments=codes("BHT HL NM1 REF N3 N4 PER PRV TRN DMG INS HI DTP MPI EB HSD AAA MSG III LS LE"),
    required=(*_PEOPLE, Required("provider", "NM1"), Required("dependent", "NM1", ("03",))),
    coded=(
        Coded("BHT", 1, codes("0022")),
        Coded("BHT", 2, codes("06 11")),
        Coded("HL", 3, codes("20 21 22 23")),
        Coded("AAA", 1, codes("Y N")),
        Coded("AAA", 4, codes("C N P R S W X Y")),
        Coded("EB", 1, codes("1 2 3 4 5 6 7 8 A B C CB D E F G H I J K L M MC N O P Q R S T U V W X Y")),
        Coded("EB", 2, codes("CHD DEP ECH EMP ESP FAM IND SPC SPO")),
        Coded("EB", 11, codes("N U Y")),
        Coded("EB", 12, codes("N U W Y")),
        *_NAMES,
    ),
    typed=(*_DATES, Typed("EB", 7, "amount"), Typed("EB", 8, "number"), Typed("EB", 10, "number")),
)
GUIDE_276 = _guide(
    status_276,
    "claim status inquiry",
    cut_status,
    segments=codes("BHT HL NM1 TRN REF AMT DTP DMG SVC"),
    required=(*_PEOPLE, Required("provider", "NM1", ("1P",)), Required("dependent", "NM1", ("QC",))),
    coded=(
        Coded("BHT", 1, codes("0010")),
        Coded("BHT", 2, codes("13")),
        Coded("HL", 3, codes("20 21 19 22 23")),
        Coded("TRN", 1, codes("1")),
        *_NAMES,
    ),
    typed=(*_DATES, Typed("AMT", 2, "amount"), Typed("SVC", 2, "amount")),
)
GUIDE_277 = _guide(
    status_277,
    "claim status answer",
    cut_status,
    segments=codes("BHT HL NM1 PER TRN STC REF DTP DMG SVC"),
    required=(*_PEOPLE, Required("claim", "STC"), Required("dependent", "NM1", ("QC",))),
    coded=(
        Coded("BHT", 1, codes("0010")),
        Coded("BHT", 2, codes("08")),
        Coded("HL", 3, codes("20 21 19 22 23")),
        Coded("TRN", 1, codes("1 2")),
        *_NAMES,
    ),
    typed=(
        *_DATES,
        Typed("STC", 2, "date"),
        Typed("STC", 4, "amount"),
        Typed("STC", 5, "amount"),
        Typed("STC", 6, "date"),
        Typed("SVC", 2, "amount"),
        Typed("SVC", 3, "amount"),
    ),
)
