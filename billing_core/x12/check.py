"""Any X12 file judged: what it is, whether it can be read, whether it follows its guide, and for an 835 its balances.

`check` never raises: bytes that are not X12 make a report with one finding. A guide that is not here (837D and its kin)
is checked in its envelopes only, which the report says; not checked is never a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from billing_core.codesets.tables import Tables
from billing_core.errors import X12Error
from billing_core.remittance import Imbalance, imbalances
from billing_core.rule import Finding, Severity
from billing_core.x12 import (
    acknowledgment_rules,
    acknowledgment_ta1,
    claim_837i_rules,
    claim_837p_rules,
    inquiry_rules,
    remittance_835,
    remittance_835_rules,
)
from billing_core.x12.envelope import Contents, FunctionalGroup, Interchange, TransactionSet, contents
from billing_core.x12.guide import Guide, findings
from billing_core.x12.remittance_stream import survey
from billing_core.x12.segment import Segment, collector_paused, parse_day

GUIDES: tuple[Guide, ...] = (
    claim_837p_rules.GUIDE,
    claim_837i_rules.GUIDE,
    remittance_835_rules.GUIDE,
    acknowledgment_rules.GUIDE_999,
    acknowledgment_rules.GUIDE_277CA,
    inquiry_rules.GUIDE_270,
    inquiry_rules.GUIDE_271,
    inquiry_rules.GUIDE_276,
    inquiry_rules.GUIDE_277,
)

KINDS: tuple[tuple[str, str, str, str], ...] = (  # ST01, beginning of the version, kind, GS01
    ("837", "005010X222", "837P", "HC"),
    ("837", "005010X223", "837I", "HC"),
    ("837", "005010X224", "837D", "HC"),
    ("835", "", "835", "HP"),
    ("999", "", "999", "FA"),
    ("277", "005010X214", "277CA", "HN"),
    ("277", "", "277", "HN"),
    ("276", "", "276", "HR"),
    ("270", "", "270", "HS"),
    ("271", "", "271", "HB"),
    ("837", "", "837", "HC"),
)
BALANCED = "balances"


@dataclass(frozen=True, slots=True)
class Balances:
    """The three balances of one 835 set: "balances", or what does not, or "not read"."""

    set_control: str
    line: str
    claim: str
    transaction: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The verdict on one file. `readable`: it is X12 and splits into segments. `accepted`: no finding is an error."""

    file: str
    kind: str
    readable: bool
    accepted: bool
    findings: tuple[Finding, ...]
    balances: tuple[Balances, ...] = ()


def kind_of(data: bytes) -> str:
    """What the file is: 837P, 837I, 837D, 835, 999, 277CA, 277, 276, 270, 271, TA1, "mixed" or "unknown".

    X12Error when the bytes are not X12.
    """
    return kind_in(contents(data))


def kind_in(found: Contents) -> str:
    """The same of a file whose envelopes have been read."""
    kinds = {_set_kind(one) for one in found.sets()}
    if not kinds:
        return acknowledgment_ta1.KIND if any(i.acknowledgments for i in found.interchanges) else "unknown"
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _row(one: TransactionSet) -> tuple[str, str, str, str] | None:
    for row in KINDS:
        if one.id == row[0] and one.version.startswith(row[1]):
            return row
    return None


def _set_kind(one: TransactionSet) -> str:
    row = _row(one)
    return row[2] if row else "unknown"


def check(data: bytes, name: str = "", tables: Tables | None = None) -> CheckReport:
    """The report on one file's bytes. Never raises; no finding holds a value of the file.

    With `tables`, diagnosis and procedure codes must be valid on the day of service; without, they need only have
    the form of a code.
    """
    with collector_paused():
        return _report(data, name, tables)


def check_stream(chunks: Iterable[bytes], name: str = "") -> CheckReport:
    """The report on an 835 too large to hold: it is whole, can be read, and balances; its codes are not checked.

    A large file of another guide is not readable here: it must be split. Never raises.
    """
    try:
        surveys = survey(chunks)
    except X12Error as error:
        unreadable = Finding("x12-unreadable", Severity.ERROR, error.message, error.where, error.mend)
        return CheckReport(name, "unknown", False, False, (unreadable,))
    found = [
        Finding("x12-guide", Severity.NOT_CHECKED, "a large file: codes were not checked", "segment 1 ISA", "split it")
    ]
    balances: list[Balances] = []
    for one in surveys:
        mend = "do not post before the payer explains or corrects it"
        where = f"set {one.set_control}"
        found += [Finding(f"835-balance-{i.level}", Severity.ERROR, str(i), where, mend) for i in one.imbalances]
        balances.append(_balances(one.set_control, one.imbalances))
    accepted = not any(finding.severity is Severity.ERROR for finding in found)
    return CheckReport(name, remittance_835.KIND, True, accepted, tuple(found), tuple(balances))


def _report(data: bytes, name: str, tables: Tables | None) -> CheckReport:
    try:
        found = contents(data)
    except X12Error as error:
        unreadable = Finding("x12-unreadable", Severity.ERROR, error.message, error.where, error.mend)
        return CheckReport(name, "unknown", False, False, (unreadable,))
    all_of_them = [*found.defects]
    balances: list[Balances] = []
    for interchange in found.interchanges:
        all_of_them.extend(check_interchange(interchange))
    for group in found.groups():
        for one in group.sets:
            all_of_them.extend(check_set(group, one, tables))
            if one.id == remittance_835.SET_ID:
                balances.append(balances_of(one))
    accepted = not any(finding.severity is Severity.ERROR for finding in all_of_them)
    return CheckReport(name, kind_in(found), True, accepted, tuple(all_of_them), tuple(balances))


def check_set(group: FunctionalGroup, one: TransactionSet, tables: Tables | None = None) -> tuple[Finding, ...]:
    """What is wrong with one transaction set: whether it belongs in its group, and what its guide finds."""
    return (*_group_and_set(group, one), *_set(one, tables))


def _set(one: TransactionSet, tables: Tables | None) -> tuple[Finding, ...]:
    for guide in GUIDES:
        if one.id == guide.set_id and one.version.startswith(guide.versions):
            return findings(guide, one, tables)
    message = "this guide's rules are not here: only the envelopes were checked"
    where = one.header.where(1)
    return (Finding("x12-guide", Severity.NOT_CHECKED, message, where, "check the file with the receiver's own tool"),)


PARTY_QUALIFIERS = frozenset(("01", "14", "20", "27", "28", "29", "30", "33", "ZZ"))
_ISA_CODES: tuple[tuple[int, frozenset[str], Severity], ...] = (
    (1, frozenset(("00", "03")), Severity.ERROR),
    (3, frozenset(("00", "01")), Severity.ERROR),
    (5, PARTY_QUALIFIERS, Severity.ERROR),
    (7, PARTY_QUALIFIERS, Severity.ERROR),
    (12, frozenset(("00501",)), Severity.WARNING),  # many senders leave 00401 there
    (14, frozenset(("0", "1")), Severity.ERROR),
    (15, frozenset(("P", "T")), Severity.ERROR),
)


def _isa(isa: Segment, element: int, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding("x12-isa", severity, message, isa.where(element), "correct the ISA")


def check_interchange(interchange: Interchange) -> Iterator[Finding]:
    """The ISA's codes, date and control number."""
    isa = interchange.header
    for element, values, severity in _ISA_CODES:
        if isa.get(element) not in values:
            yield _isa(isa, element, "a code that is not in the list", severity)
    if not isa.separators.repetition:
        yield _isa(isa, 11, "no repetition separator, or one that is another delimiter too", Severity.WARNING)
    if parse_day(f"20{isa.get(9)}") is None:
        yield _isa(isa, 9, "not a date YYMMDD")
    if not (isa.get(13).isascii() and isa.get(13).isdecimal() and len(isa.get(13)) == 9):
        yield _isa(isa, 13, "the control number is not nine digits")


def _group_and_set(group: FunctionalGroup, one: TransactionSet) -> Iterator[Finding]:
    """Whether the set belongs in its group: GS01 by ST01, GS08 by ST03."""
    row = _row(one)
    if row is None:
        message = "an unknown kind of transaction set"
        yield Finding("x12-kind", Severity.ERROR, message, one.header.where(1), "check ST01 and the version")
    elif group.id != row[3]:
        message = "the functional group does not hold this kind of set"
        yield Finding("x12-kind", Severity.WARNING, message, group.header.where(1), f"write {row[3]} in GS01")
    if one.header.get(3) and one.header.get(3) != group.version:
        message = "ST03 differs from GS08"
        yield Finding("x12-kind", Severity.ERROR, message, one.header.where(3), "name the same guide in both")


def balances_of(one: TransactionSet) -> Balances:
    """The three balances of an 835 set in words."""
    try:
        remittance = remittance_835.read_set(one)
    except X12Error:
        return Balances(one.control, "not read", "not read", "not read")
    return _balances(one.control, imbalances(remittance))


def _balances(set_control: str, found: Sequence[Imbalance]) -> Balances:
    said = {level: "; ".join(str(i) for i in found if i.level == level) for level in ("line", "claim", "transaction")}
    return Balances(set_control, said["line"] or BALANCED, said["claim"] or BALANCED, said["transaction"] or BALANCED)
