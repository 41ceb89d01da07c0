"""Contracts on the screen: clauses, vectors, what a claim should pay, estimates, underpayments."""

from __future__ import annotations

from pydantic import Field

from serving.schemas.access import Schema
from serving.schemas.coding import FindingView

CODE = r"^[0-9A-Z]{4,11}$"
DAY = r"^\d{4}-\d{2}-\d{2}$"


class ContractItem(Schema):
    """One contract in the list."""

    payer_id: str
    payer: str
    name: str
    effective: str
    terminated: str
    clauses: int
    vectors: int


class ClauseView(Schema):
    """One clause: its place as a reckoning names it ("rates.surgery"), and its words."""

    clause: str
    words: str


class VectorView(Schema):
    """One worked claim of the contract and whether it holds; `reasons` is each line's reckoning."""

    name: str
    source: str
    published: bool
    holds: bool
    differences: list[str]
    reasons: list[str]


class ContractView(Schema):
    """A contract with its clauses and its vectors, run."""

    payer_id: str
    payer: str
    name: str
    effective: str
    terminated: str
    clauses: list[ClauseView]
    vectors: list[VectorView]


class ContractIn(Schema):
    """A contract file as text."""

    text: str = Field(min_length=1, max_length=900_000)


class ContractCheck(Schema):
    """What was found in a contract file; `saved` when it now stands in the books."""

    sound: bool
    saved: bool
    findings: list[FindingView]
    vectors: list[VectorView]


class WhatIfLine(Schema):
    """What to change on one line of a claim; what is left out stays."""

    line: int = Field(ge=1, le=50)
    procedure: str | None = Field(default=None, pattern=CODE)
    modifiers: list[str] | None = Field(default=None, max_length=4)
    units: int | None = Field(default=None, ge=1, le=9999)


class WhatIfIn(Schema):
    """A claim with something changed."""

    authorization: str | None = Field(default=None, max_length=80)
    referral: str | None = Field(default=None, max_length=80)
    lines: list[WhatIfLine] = Field(default_factory=list, max_length=50)


class StepView(Schema):
    """One step of a reckoning: the clause, its words, the amount that stands after it or that it takes."""

    clause: str
    words: str
    amount: str


class ReckonedLine(Schema):
    """One line as the contract decides it. `refused` names the reason when it is not paid."""

    number: int
    procedure: str
    charge: str
    allowed: str
    paid: str
    patient: str
    refused: str
    steps: list[StepView]
    words: str


class ReckoningView(Schema):
    """What a claim should pay by its contract, line by line, and what it leaves to the patient."""

    claim_id: str
    contract: str
    charge: str
    paid: str
    patient: str
    lines: list[ReckonedLine]


class PlannedIn(Schema):
    """One planned service."""

    procedure: str = Field(pattern=CODE)
    modifiers: list[str] = Field(default_factory=list, max_length=4)
    units: int = Field(default=1, ge=1, le=9999)
    description: str = Field(default="", max_length=200)


class CoverageOption(Schema):
    """A coverage to estimate by, and the days on which it is in force; `terminated` "" when open."""

    id: str
    words: str
    effective: str
    terminated: str


class PatientOption(Schema):
    """A patient to estimate for."""

    patient_id: str
    name: str
    birth_date: str
    record_number: str
    coverages: list[CoverageOption]


class EstimateIn(Schema):
    """What is planned for a patient. `instead` is the visit with other codes, for the bounds of the estimate.

    `coverage_id` "" is the coverage that pays first that day; `self_pay` is a patient who pays alone.
    `deductible_used` and `out_of_pocket_used` are the payer's own figures (271), where it was asked.
    """

    patient_id: str = Field(max_length=64)
    coverage_id: str = Field(default="", max_length=64)
    self_pay: bool = False
    service_date: str = Field(pattern=DAY)
    services: list[PlannedIn] = Field(min_length=1, max_length=20)
    instead: list[PlannedIn] = Field(default_factory=list, max_length=20)
    diagnoses: list[str] = Field(default_factory=list, max_length=12)
    deductible_used: str | None = Field(default=None, pattern=r"^\d{1,9}(\.\d{1,2})?$")
    out_of_pocket_used: str | None = Field(default=None, pattern=r"^\d{1,9}(\.\d{1,2})?$")


class EstimateView(Schema):
    """What the patient will owe: likely, and between which bounds, with the arithmetic of every line."""

    payer: str
    on: str
    likely: str
    low: str
    high: str
    payer_pays: str
    because: list[str]
    lines: list[ReckonedLine]


class ShortfallView(Schema):
    """One line paid otherwise than its contract says."""

    claim_id: str
    claim_number: str
    payer: str
    line: int
    procedure: str
    clause: str
    expected_paid: str
    paid: str
    amount: str
    moved_to_patient: str
    denied: bool
    words: str


class ClauseTotalView(Schema):
    """The dollars missing under one clause of one payer; denied lines are counted apart."""

    payer: str
    clause: str
    lines: int
    amount: str
    denied_lines: int
    denied_amount: str


class UnderpaymentsView(Schema):
    """Paid against expected: by payer and clause, line by line, and what could not be compared."""

    compared: int
    total: str
    groups: list[ClauseTotalView]
    lines: list[ShortfallView]
    findings: list[FindingView]
