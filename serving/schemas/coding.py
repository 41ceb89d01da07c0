"""The coder's screen: worklist, note, suggestions with their evidence, decisions, signature."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from serving.schemas.access import Schema

# A code as a person writes it: what a claim could carry, and nothing that a spreadsheet would take for a formula.
Diagnosis = Annotated[str, Field(min_length=3, max_length=8, pattern=r"^[A-Z0-9.]+$")]
Modifier = Annotated[str, Field(pattern=r"^[A-Z0-9]{2}$")]

RejectReason = Literal[
    "negated",
    "history",
    "not_supported",
    "wrong_specificity",
    "wrong_side",
    "incidental",
    "integral_symptom",
    "duplicate",
]


class SpanView(Schema):
    """Characters start..end (end excluded) of the note."""

    start: int
    end: int


class CounterView(Schema):
    """Evidence against: where, and why it counts against (negated, ruled out, family history)."""

    start: int
    end: int
    why: str


class SuggestionView(Schema):
    """One suggested code with its evidence. `score` is per mille. `decision` is "" until the coder decides."""

    system: str
    code: str
    title: str
    score: int
    spans: list[SpanView]
    rule: str
    counter: list[CounterView]
    decision: str = ""
    reason: str = ""


class EncounterItem(Schema):
    """A line of the coder's worklist."""

    id: str
    service_date: str
    patient: str
    provider: str
    status: str
    suggested: int
    decided: int


class EncounterView(Schema):
    """Everything the coder's screen shows of one visit."""

    id: str
    service_date: str
    status: str
    patient: str
    birth_date: str
    sex: str
    provider: str
    specialty: str
    payer: str
    note: str
    abstained: bool
    abstain_reason: str
    suggestions: list[SuggestionView]
    findings: list[FindingView]
    claim_id: str = ""
    claim_number: str = ""


class FindingView(Schema):
    """What a rule found."""

    rule: str
    severity: str
    message: str
    where: str
    mend: str


class DecisionIn(Schema):
    """One key: accept, reject (with a reason) or add a code the model did not suggest; "undo" takes it back."""

    system: Literal["ICD-10-CM", "CPT", "HCPCS"]
    code: str = Field(min_length=3, max_length=8, pattern=r"^[A-Z0-9.]+$")
    decision: Literal["accept", "reject", "add", "undo"]
    reason: RejectReason | Literal[""] = ""


class ProcedureIn(Schema):
    """A procedure to sign."""

    code: str = Field(min_length=5, max_length=5, pattern=r"^[A-Z0-9]+$")
    modifiers: list[Modifier] = Field(default_factory=list, max_length=4)
    units: int = Field(default=1, ge=1, le=999)
    pointers: list[int] = Field(default_factory=list, max_length=4)


class SignatureIn(Schema):
    """The coder's signature: diagnoses in order, procedures in order. Empty lists take the accepted codes in order."""

    diagnoses: list[Diagnosis] = Field(default_factory=list, max_length=12)
    procedures: list[ProcedureIn] = Field(default_factory=list, max_length=50)
    referral: str = Field(default="", max_length=50)
    authorization_number: str = Field(default="", max_length=50)


class SignatureView(Schema):
    """What the signature led to: a claim, a self-pay account, or findings that say what is missing."""

    encounter_id: str
    status: str
    claim_id: str = ""
    claim_number: str = ""
    claim_state: str = ""
    charges: int
    total: str
    findings: list[FindingView]


EncounterView.model_rebuild()
