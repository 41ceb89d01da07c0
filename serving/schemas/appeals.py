"""Appeals: the letter sentence by sentence, each with its source; levels, deadlines, outcomes. Money as decimals."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.schemas.access import Schema
from serving.schemas.coding import FindingView


class SentenceView(Schema):
    """One sentence of the letter and where it stands written."""

    words: str
    source: str


class AppealItem(Schema):
    """An appeal in a list. `outcome` is "" until the payer has decided."""

    id: str
    claim_id: str
    claim_number: str
    payer: str
    level: int
    state: str
    reasons: list[str]
    amount: str
    deadline: str
    days_left: int | None
    filed_on: str
    decided_on: str
    recovered: str


class AppealView(AppealItem):
    """An appeal with its letter. `sources` are those the draft cited: a sentence names one of them, or begins its own
    with "chart:", "contract:" or "remittance:". Without a letter the findings say why there is none.
    """

    patient: str
    member_id: str
    service_date: str
    sentences: list[SentenceView]
    sources: list[str]
    signed_by: str
    sent_by: str
    findings: list[FindingView] = Field(default_factory=list)


class SentenceIn(Schema):
    """A sentence as the biller wants it; it must say where it stands written."""

    words: str = Field(min_length=3, max_length=1000)
    source: str = Field(min_length=5, max_length=300)


class LetterIn(Schema):
    """The letter as the biller wants it."""

    sentences: list[SentenceIn] = Field(min_length=1, max_length=60)


class FilingIn(Schema):
    """A person's signature under the letter, and how it went out."""

    signed_by: str = Field(min_length=3, max_length=80)
    sent_by: Literal["portal", "mail", "fax", "electronic"]
    filed_on: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")


class OutcomeIn(Schema):
    """What the payer decided on an appeal."""

    outcome: Literal["overturned", "partly overturned", "upheld", "withdrawn"]
    decided_on: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    recovered: str = Field(default="0.00", pattern=r"^\d{1,9}(\.\d{1,2})?$")
