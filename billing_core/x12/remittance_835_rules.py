"""What 005010X221A1 asks of a remittance file, as tables; its three balances are rules (section 1.10.2).

A code or segment outside the guide is a warning: it does not keep the money from being read. What cannot be read, or
does not balance, is an error.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_core.errors import X12Error
from billing_core.remittance import imbalances
from billing_core.rule import Finding, Rule, Severity
from billing_core.x12 import remittance_835
from billing_core.x12.claim_rules import STATES
from billing_core.x12.envelope import TransactionSet
from billing_core.x12.guide import Coded, Guide, Part, Parts, Required, SetRule, Typed, codes
from billing_core.x12.segment import first, split_before


def cut(one: TransactionSet) -> Iterator[Part]:
    """The header, then each claim with its lines, then the provider adjustments."""
    header, *pieces = split_before(one.segments, frozenset({"CLP", "PLB"}))
    yield Part("header", header)
    for piece in pieces:
        own, *services = split_before(piece, frozenset({"SVC"}))
        yield Part("claim" if piece[0].id == "CLP" else "provider adjustment", own)
        for service in services:
            yield Part("line", service)


REQUIRED = (
    Required("header", "BPR"),
    Required("header", "TRN"),
    Required("header", "N1", ("PR",)),
    Required("header", "N1", ("PE",)),
    Required("header", "PER", ("BL",), Severity.WARNING),
    Required("claim", "NM1", ("QC",), Severity.WARNING),
)


CODED = (
    Coded("N4", 2, STATES | {""}, severity=Severity.WARNING),
    Coded("BPR", 1, codes("C D H I P U X"), severity=Severity.WARNING),
    Coded("BPR", 3, codes("C D")),
    Coded("BPR", 4, codes("ACH BOP CHK FWT NON"), severity=Severity.WARNING),
    Coded("CLP", 2, codes("1 2 3 4 19 20 21 22 23 25")),
    Coded("CAS", 1, codes("CO CR OA PI PR")),
    Coded("SVC", 1, codes("AD ER HC HP IV N4 N6 NU UI WK"), component=1, severity=Severity.WARNING),
)

TYPED = (
    Typed("BPR", 2, "amount"),
    Typed("BPR", 16, "date", severity=Severity.WARNING),  # the reader falls back on DTM*405
    Typed("CLP", 3, "amount"),
    Typed("CLP", 4, "amount"),
    Typed("CLP", 5, "amount"),
    Typed("SVC", 2, "amount"),
    Typed("SVC", 3, "amount"),
    Typed("AMT", 2, "amount"),
    Typed("DTM", 2, "date"),
    *(Typed("CAS", place, "amount") for place in (3, 6, 9, 12, 15, 18)),
    *(Typed("CAS", place, "number") for place in (4, 7, 10, 13, 16, 19)),
    *(Typed("PLB", place, "amount") for place in (4, 6, 8, 10, 12, 14)),
)

SEGMENTS = codes("BPR NTE TRN CUR REF DTM N1 N2 N3 N4 PER RDM LX TS3 TS2 CLP CAS NM1 MIA MOA AMT QTY SVC LQ PLB")


def _balances(subject: Parts, _: object) -> Iterator[Finding]:
    """The three balances; a set that cannot be read is reported by its reader."""
    try:
        remittance = remittance_835.read_set(subject.set)
    except X12Error:
        return
    for imbalance in imbalances(remittance):
        rule = f"835-balance-{imbalance.level}"
        mend = "do not post before the payer explains or corrects it"
        where = f"{subject.set.header.where()} {imbalance.where}"
        yield Finding(rule, Severity.ERROR, str(imbalance), where, mend)


def _not_negative(subject: Parts, _: object) -> Iterator[Finding]:
    """A payer that is owed carries the balance forward (PLB FB) and pays nothing; some send less than nothing."""
    bpr = first(subject.set.segments, "BPR")
    if bpr and bpr.get(2).startswith("-"):
        message, mend = (
            "the payment is negative, which no payment can be",
            "hold it; ask the payer for a corrected file",
        )
        yield Finding("835-negative-payment", Severity.WARNING, message, bpr.where(2), mend)


RULES: tuple[SetRule, ...] = (
    Rule("835-negative-payment", "No payment is less than nothing.", "005010X221A1 section 1.10.2.12", _not_negative),
    Rule(
        "835-balance", "Line, claim and transaction each balance to the cent.", "005010X221A1 section 1.10.2", _balances
    ),
)

GUIDE = Guide(
    kind=remittance_835.KIND,
    name="remittance",
    set_id=remittance_835.SET_ID,
    group_id=remittance_835.GROUP_ID,
    versions=remittance_835.VERSIONS,
    cut=cut,
    read=remittance_835.read_set,
    segments=SEGMENTS,
    required=REQUIRED,
    coded=CODED,
    typed=TYPED,
    rules=RULES,
)
