"""Published interchanges of many senders: each is read, or refused with the reason; nothing crashes."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from billing_core.errors import X12Error
from billing_core.remittance import imbalances
from billing_core.rule import Severity
from billing_core.x12 import acknowledgment_277ca, acknowledgment_999, claim_837p, remittance_835
from billing_core.x12.check import check
from tests.real_data import SHARED, needs

EDI = SHARED / "edi"
ALL = sorted(EDI.glob("*/*.edi"))
pytestmark = [pytest.mark.real_data, needs("edi")]


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name[-50:]}"


def of(*folders: str) -> list[Path]:
    return [path for path in ALL if path.parent.name in folders]


@pytest.mark.parametrize("path", ALL, ids=name)
def test_every_file_makes_a_report(path: Path) -> None:
    report = check(path.read_bytes(), path.name)
    assert report.findings or report.accepted
    for finding in report.findings:
        assert finding.message and finding.where and finding.mend


@pytest.mark.parametrize("path", [p for p in ALL if p.parent.name != "bad"], ids=name)
def test_every_published_file_is_readable_and_named(path: Path) -> None:
    report = check(path.read_bytes())
    assert report.readable
    assert report.kind == path.parent.name.removesuffix("_other").replace("base", "837P") or report.kind in (
        "837",
        "837P",
        "837I",
        "277",
    )


# --- the 835 by another road ---------------------------------------------------------------------------------------


def decimal_verdict(text: str) -> tuple[bool, bool, bool]:
    """Line, claim and transaction balance of every 835 in `text`, from split text and Decimal alone."""
    text = text.lstrip("\ufeff \r\n")
    element, terminator = text[3], text[105]
    lines = claims = transaction = True
    charge = paid = adjusted = Decimal(0)
    service: list[Decimal] | None = None
    open_claim = False
    total = stated = Decimal(0)

    def close() -> None:
        nonlocal lines, claims, service, open_claim
        if service is not None:
            lines &= service[0] - service[2] == service[1]
        if open_claim:
            claims &= charge - adjusted == paid
        service, open_claim = None, False

    for raw in text.split(terminator):
        parts = raw.strip().split(element)
        if parts[0] in ("CLP", "PLB", "SE"):
            close()
        if parts[0] == "BPR":
            stated, total = Decimal(parts[2]), Decimal(0)
        elif parts[0] == "CLP":
            charge, paid, adjusted, open_claim = Decimal(parts[3]), Decimal(parts[4]), Decimal(0), True
            total += paid
        elif parts[0] == "SVC":
            if service is not None:
                lines &= service[0] - service[2] == service[1]
            service = [Decimal(parts[2]), Decimal(parts[3] or 0), Decimal(0)]
        elif parts[0] == "CAS":
            taken = sum((Decimal(amount) for amount in parts[3::3] if amount), Decimal(0))
            adjusted += taken
            if service is not None:
                service[2] += taken
        elif parts[0] == "PLB":
            total -= sum((Decimal(amount) for amount in parts[4::2] if amount), Decimal(0))
        elif parts[0] == "SE":
            transaction &= total == stated
    return lines, claims, transaction


@pytest.mark.parametrize("path", of("835"), ids=name)
def test_the_three_balances_are_those_of_an_independent_count(path: Path) -> None:
    data = path.read_bytes()
    remittances = remittance_835.read(data)
    levels = {imbalance.level for one in remittances for imbalance in imbalances(one)}
    assert tuple(level not in levels for level in ("line", "claim", "transaction")) == decimal_verdict(
        data.decode("utf-8")
    )


def test_thirteen_of_the_fifteen_published_835s_balance() -> None:
    reports = [check(path.read_bytes()) for path in of("835")]
    balanced = [r for r in reports if all(b.line == b.claim == b.transaction == "balances" for b in r.balances)]
    assert (len(reports), len(balanced)) == (15, 13)


@pytest.mark.parametrize("path", of("835"), ids=name)
def test_no_amount_of_a_claim_is_lost(path: Path) -> None:
    """As many triplets, claims, lines and PLB pairs are read as a regular expression counts in the text."""
    text = path.read_text("utf-8").lstrip("\ufeff \r\n")
    element, terminator = re.escape(text[3]), re.escape(text[105])
    remittances = remittance_835.read(path.read_bytes())

    def count(id: str) -> int:
        return len(re.findall(rf"(?:^|{terminator})\s*{id}{element}", text))

    claims = [claim for one in remittances for claim in one.claims]
    assert len(claims) == count("CLP") and sum(len(claim.services) for claim in claims) == count("SVC")
    cas = re.findall(rf"{terminator}\s*CAS{element}([^{terminator}]*)", text)
    triplets = sum(1 for one in cas for amount in one.split(text[3])[2::3] if amount.strip())
    assert sum(len(c.adjustments) + sum(len(s.adjustments) for s in c.services) for c in claims) == triplets


READ_OR_REFUSED = {
    "837P": claim_837p.read,
    "999": acknowledgment_999.read,
    "277CA": acknowledgment_277ca.read,
    "835": remittance_835.read,
}


@pytest.mark.parametrize("path", of(*READ_OR_REFUSED, "bad"), ids=name)
def test_a_reader_takes_it_or_says_why_not(path: Path) -> None:
    read = READ_OR_REFUSED.get(path.parent.name) or READ_OR_REFUSED.get(path.name.split("__")[0], remittance_835.read)
    try:
        assert read(path.read_bytes())
    except X12Error as error:
        assert error.message and error.where and error.mend


def test_most_published_professional_claims_are_read() -> None:
    files = of("837P")
    taken = 0
    for path in files:
        try:
            taken += bool(claim_837p.read(path.read_bytes()))
        except X12Error:
            continue
    assert (len(files), taken) == (31, 26)


def test_professional_claims_that_read_balance_their_lines() -> None:
    for path in of("837P"):
        try:
            claims = claim_837p.read(path.read_bytes())
        except X12Error:
            continue
        wrong = {f.rule for f in check(path.read_bytes()).findings if f.severity is Severity.ERROR}
        text = path.read_text("utf-8").lstrip("\ufeff \r\n")
        stated = [Decimal(s.split(text[3])[2]) for s in text.split(text[105]) if s.strip().startswith("CLM")]
        agrees = [Decimal(claim.total) / 100 for claim in claims] == stated
        assert agrees or "837p-claim-total" in wrong
