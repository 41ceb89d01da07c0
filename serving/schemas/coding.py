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


CloseReason = Literal[
    "global_period",
    "no_charge",
    "not_billable",
    "not_seen",
    "duplicate_visit",
    "not_documented",
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


class QueryDraftView(Schema):
    """A query that could be asked about a code: the words shown to the note's author, and nothing of codes or money."""

    code: str
    axis: str
    indicators: list[SpanView]
    question: str
    options: list[str]


class QueryView(QueryDraftView):
    """A query that was asked, and what became of it. `holds`: whether a claim of the visit waits for it."""

    id: str
    encounter_id: str
    service_date: str
    patient: str
    provider: str
    quotes: list[str]
    asked_by: str
    asked_on: str
    state: str
    holds: bool
    answer: str
    words: str
    recorded_by: str


class QueryIn(Schema):
    """Ask the note's author about a code. Without a question of one's own the drafted one is asked."""

    code: str = Field(min_length=3, max_length=8, pattern=r"^[A-Z0-9.]+$")
    question: str = Field(default="", max_length=300)


class AnswerIn(Schema):
    """What the note's author answered: one of the options; words with "other" alone."""

    option: str = Field(min_length=1, max_length=300)
    words: str = Field(default="", max_length=1000)


class CloseIn(Schema):
    """Why nothing will be billed for a visit."""

    reason: CloseReason


class ReopenIn(Schema):
    """Why a closed visit is taken up again."""

    reason: str = Field(min_length=3, max_length=200)


class ReplayView(Schema):
    """What reading notes again by the artifacts that read them first showed. Visits by id: `different` bytes; other
    bytes of another version of the reader's code (`other_program`); artifact or note `gone`.
    """

    read: int
    same: int
    different: list[str]
    other_program: list[str]
    gone: list[str]


class LeanView(Schema):
    """How often the suggestion was above, at or below what was signed. `chance_ppm`: how often a coin would do so."""

    up: int
    same: int
    down: int
    chance_ppm: int


class SymmetryView(Schema):
    """Whether suggestions lean: visit levels, new against established, and procedures by price. Codes by visits."""

    visits: int
    levels: LeanView
    new: LeanView
    weights: LeanView
    only_suggested: dict[str, int]
    only_signed: dict[str, int]
    unweighed: list[str]


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
    query: QueryDraftView | None = None


class EncounterItem(Schema):
    """A line of the coder's worklist."""

    id: str
    service_date: str
    patient: str
    provider: str
    status: str
    suggested: int
    decided: int
    query: str = ""


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
    queries: list[QueryView] = Field(default_factory=list)
    close_reason: str = ""
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
    risk: int | None = None  # per cent, by the denial model in service; advice, and null where there is none
    risk_reasons: list[str] = Field(default_factory=list)
    what_if: list[str] = Field(default_factory=list)


EncounterView.model_rebuild()
