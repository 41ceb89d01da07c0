"""The biller's screens: queue, claims, files, remittances, statements, analytics. Money is decimal strings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.schemas.access import Schema, SecondPerson
from serving.schemas.coding import Diagnosis, FindingView, Modifier


class ReasonView(Schema):
    """Why the model thinks the claim will be denied, in a biller's words. `points`: its share, in per cent, of all that
    moves the score; below zero it lowers the risk.
    """

    words: str
    points: int


class LikelyReason(Schema):
    """A reason for which the claim would be denied, if it is; `share`: per cent of such denials."""

    category: str
    share: int


class OutlookView(Schema):
    """What is to be expected of a claim without an answer, as advice. `why`: the likeliest reasons of a denial, if it
    comes to one; `days` from sending to the answer, and `answer_on`, that day, once it is sent. Each rests on "learned"
    (this claim's own facts), "the payer's usual" or "too few cases". `words`: the same as sentences.
    """

    why: list[LikelyReason]
    why_rests_on: str
    days: int | None
    days_rest_on: str
    answer_on: str
    words: list[str]


class QueueItem(Schema):
    """One claim to work. `at_stake` is what the payer is expected to pay for what is refused or in doubt; `risk` is per
    cent, null when unknown. `expected_value` = `at_stake` x `share` x `probability` x `effect` - `cost`: share (per
    cent) of the dollars that a denial takes, probability (per cent) that they are lost unless worked, effect (per cent)
    of it that work saves and by what (`effect_rests_on`), cost of the work; `worth` says it in words.
    The order is by `expected_value` x `urgency` (per cent: the deadline is near); a deadline that has `lapsed` leaves
    work no effect. `today`: it is in the day's work, when the queue was asked how much that is.
    """

    claim_id: str
    claim_number: str
    encounter_id: str
    kind: str
    state: str
    payer: str
    patient: str
    service_date: str
    billed: str
    at_stake: str
    expected_value: str
    risk: int | None
    deadline: str
    days_left: int | None
    reasons: list[str]
    carcs: list[str]
    mend: str
    probability: int = 100
    share: int = 100
    effect: int = 100
    effect_rests_on: str = ""
    cost: str = "0.00"
    urgency: int = 100
    lapsed: bool = False
    worth: str = ""
    outlook: OutlookView | None = None
    risk_reasons: list[ReasonView] = Field(default_factory=list)
    what_if: list[str] = Field(default_factory=list)
    today: bool = False
    because: str = ""  # what the first step of `mend` follows from


class QueueView(Schema):
    """The queue in the order of what is at stake. `capacity`: how many can be worked today, 0 when nobody said;
    `chosen` of them are worth it and marked, and `expected_today` is what working those should bring.

    `items` are the page asked for, from place `first` (0 is the best) of the `fitting` ones of the state and payer
    asked for; every other figure is of all that are `waiting`: `due_soon` within 14 days, `lapsed` past their
    deadline, the `states` and `payers` they are of. `ready`: claims that wait to be sent.
    """

    today: str
    items: list[QueueItem]
    total_at_stake: str
    capacity: int = 0
    chosen: int = 0
    expected_today: str = "0.00"
    waiting: int = 0
    fitting: int = 0
    first: int = 0
    due_soon: int = 0
    lapsed: int = 0
    states: list[str] = Field(default_factory=list)
    payers: list[str] = Field(default_factory=list)
    ready: int = 0


class PlayView(Schema):
    """One step to take about a refusal, and why."""

    step: str
    because: str


class ClaimLineView(Schema):
    """A line as billed and as it stands."""

    number: int
    procedure: str
    modifiers: list[str]
    units: int
    diagnoses: list[str]
    amount: str
    paid: str
    adjusted: str
    open: str
    owner: str


class HistoryView(Schema):
    """One thing that happened to the claim."""

    at: str
    actor: str
    action: str
    reason: str


class FrontDoorView(Schema):
    """What a payer's front door said of the claim: TA1, 999 or 277CA, the day it gives, its trace, the file it stands
    in. One that is accepted proves timely filing.
    """

    kind: str
    accepted: bool
    code: str
    on: str
    trace: str
    file_id: str


class ClaimItem(Schema):
    """A claim in a list."""

    id: str
    number: str
    state: str
    payer: str
    service_date: str
    billed: str
    submitted_on: str


class CoverageChoice(Schema):
    """A coverage of the patient on the date of service, to bill in place of the one billed."""

    id: str
    words: str


class ClaimView(Schema):
    """Everything about one claim."""

    id: str
    number: str
    state: str
    frequency: str
    rank: int
    encounter_id: str
    patient: str
    member_id: str
    payer: str
    provider: str
    service_date: str
    submitted_on: str
    authorization: str
    referral: str
    diagnoses: list[str]
    lines: list[ClaimLineView]
    billed: str
    findings: list[FindingView]
    denials: list[str]
    plays: list[PlayView] = Field(default_factory=list)
    risk: int | None
    risk_reasons: list[ReasonView]
    what_if: list[str]
    outlook: OutlookView | None = None
    history: list[HistoryView]
    replaced_by: str = ""
    verified: str = ""  # what the payer itself says of the coverage on the date of service
    coverage_id: str = ""
    coverages: list[CoverageChoice] = Field(default_factory=list)
    front_door: list[FrontDoorView] = Field(default_factory=list)


class LineChange(Schema):
    """New modifiers or units for one line."""

    line: int = Field(ge=1, le=50)
    modifiers: list[Modifier] | None = Field(default=None, max_length=4)
    units: int | None = Field(default=None, ge=1, le=999)


class MendIn(Schema):
    """What to change before the claim goes out again, and why. Fields left out stay as they are."""

    action: Literal["correct", "resubmit", "write_off", "bill_patient", "leave"]
    reason: str = Field(min_length=1, max_length=200)
    authorization: str | None = Field(default=None, max_length=50)
    referral: str | None = Field(default=None, max_length=50)
    member_id: str | None = Field(default=None, max_length=80)
    coverage_id: str | None = Field(default=None, max_length=64)
    diagnoses: list[Diagnosis] | None = Field(default=None, max_length=12)
    lines: list[LineChange] = Field(default_factory=list, max_length=50)


class MendView(Schema):
    """What the mend led to. `refused`: the payer takes no such correction, the findings say why; nothing changed."""

    claim_id: str
    claim_number: str
    state: str
    findings: list[FindingView]
    refused: bool = False


class WriteOffIn(Schema):
    """A wish that what is open of a claim be written off."""

    reason: str = Field(min_length=3, max_length=200)


class WriteOffItem(Schema):
    """A write-off that waits for a second person."""

    id: str
    claim_id: str
    claim_number: str
    amount: str
    reason: str
    asked_by: str
    asked_on: str
    second: SecondPerson = SecondPerson()


class FileView(Schema):
    """A file sent or received."""

    id: str
    direction: str
    kind: str
    name: str
    at: str
    outcome: str


class ReceiptView(Schema):
    """What became of a received file. `is_new` false: the same file came before and nothing changed."""

    file_id: str
    kind: str
    is_new: bool
    claims: int
    posted: int
    held: list[str]
    unmatched: int
    findings: list[FindingView]


class SubmissionView(Schema):
    """The 837 files written."""

    files: list[FileView]
    claims: int
    held: int


class PaymentIn(Schema):
    """Money from a guarantor for an encounter."""

    encounter_id: str
    amount: str = Field(pattern=r"^\d{1,9}(\.\d{1,2})?$")
    method: Literal["cash", "check", "card"]


class StatementItem(Schema):
    """A statement sent to a guarantor."""

    id: str
    guarantor: str
    on: str
    total: str


class AgingRow(Schema):
    """Open balance of one owner by age in days from the date of service. `party` is the payer's name."""

    owner: str
    party: str = ""
    buckets: dict[str, str]
    total: str


class MetricView(Schema):
    """A figure that can be trusted: with its numerator, denominator, and how many cases are not known yet."""

    name: str
    value: str
    numerator: str
    denominator: str
    unknown: int
    as_of: str
    definition: str


class AnalyticsView(Schema):
    """The manager's page."""

    as_of: str
    metrics: list[MetricView]
    aging: list[AgingRow]
    denials_by_category: dict[str, int]
    claims_by_state: dict[str, int]


class LedgerProof(Schema):
    """What `ledger verify` found."""

    entries: int
    sum_cents: int
    chain: str
    events: int
    event_chain: str
    sound: bool
