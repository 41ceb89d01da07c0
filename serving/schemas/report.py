"""The manager's figures: each with what it is made of, what is not known yet, and the cases behind it."""

from __future__ import annotations

from typing import Literal

from serving.schemas.access import Schema

Part = Literal["numerator", "denominator", "unknown"]
PARTS: tuple[Part, ...] = ("numerator", "denominator", "unknown")


class FigureView(Schema):
    """One figure. `value` is "" when there is nothing to divide by. `unit` says what numerator and denominator count:
    claims, or dollars. `maturity` is the share of the sent claims that are answered, "" where that is not the question.
    """

    key: str
    name: str
    value: str
    shown: str
    numerator: str
    denominator: str
    unit: str
    unknown: int
    maturity: str
    settled: bool
    definition: str
    numerator_is: str
    denominator_is: str
    unknown_is: str


class MonthView(Schema):
    """The claims first sent in one month. Until `maturity` is near 1 its denial rate still moves."""

    month: str
    sent: int
    rejected: int
    answered: int
    denied: int
    unknown: int
    denial_rate: str
    first_pass_rate: str
    maturity: str
    settled: bool


class ReportView(Schema):
    """The figures of a period: claims by the day they were sent, charges by the day of service."""

    as_of: str
    since: str
    until: str
    figures: list[FigureView]
    months: list[MonthView]


class CaseItem(Schema):
    """One case behind a figure: a claim, or a charge."""

    id: str
    claim_id: str
    patient_id: str
    name: str
    patient: str
    payer: str
    on: str
    amount: str
    counted: str
    note: str


class CasesView(Schema):
    """The cases behind one part of a figure; `rows` are the first of `count`, `total` is what all of them count."""

    figure: str
    part: str
    count: int
    total: str
    rows: list[CaseItem]
