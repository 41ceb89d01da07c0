"""The money screens: unmatched answers, keyed remittances, deposits, credits, the day sheet, A/R. Decimal strings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.schemas.access import Schema, SecondPerson

Amount = str
_AMOUNT = r"^-?\d{1,9}(\.\d{1,2})?$"
_POSITIVE = r"^\d{1,9}(\.\d{1,2})?$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_CODE = r"^[A-Za-z0-9.]{1,10}$"


class CandidateView(Schema):
    """A claim that an unmatched answer may speak of: `score` of 100, what agreed, and what our claim says."""

    claim_number: str
    score: int
    agreed: list[str]
    patient: str = ""
    payer: str = ""
    service_date: str = ""
    charge: Amount = ""
    state: str = ""


class UnmatchedItem(Schema):
    """An answer that found no claim; `status` open, assigned or left."""

    id: str
    status: str
    number: str
    payer: str
    trace: str
    paid_on: str
    charge: Amount
    paid: Amount
    service_date: str
    member_id: str
    claim_number: str
    candidates: list[CandidateView]
    patient: str = ""
    procedures: list[str] = Field(default_factory=list)
    outcome: str = ""


class AssignIn(Schema):
    """The claim of ours that the answer speaks of."""

    claim_number: str = Field(min_length=1, max_length=38)


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(min_length=3, max_length=200)


class KeyedAdjustment(Schema):
    """Group, reason code and amount, as the paper has them."""

    group: Literal["CO", "OA", "PI", "PR", "CR"]
    reason: str = Field(pattern=_CODE)
    amount: Amount = Field(pattern=_AMOUNT)


class KeyedLine(Schema):
    """A line of a keyed answer."""

    procedure: str = Field(pattern=_CODE)
    modifiers: list[str] = Field(default_factory=list, max_length=4)
    units: str = Field(default="", pattern=r"^\d{0,4}$")
    service_date: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    charge: Amount = Field(pattern=_AMOUNT)
    paid: Amount = Field(pattern=_AMOUNT)
    adjustments: list[KeyedAdjustment] = Field(default_factory=list, max_length=30)
    remarks: list[str] = Field(default_factory=list, max_length=5)


class KeyedClaim(Schema):
    """One claim of a keyed remittance. `claim_number` is ours, as the paper returns it."""

    claim_number: str = Field(min_length=1, max_length=38)
    status: str = Field(default="1", pattern=r"^\d{1,2}$")
    charge: Amount = Field(pattern=_AMOUNT)
    paid: Amount = Field(pattern=_AMOUNT)
    payer_reference: str = Field(default="", max_length=50)
    adjustments: list[KeyedAdjustment] = Field(default_factory=list, max_length=30)
    lines: list[KeyedLine] = Field(default_factory=list, max_length=99)
    remarks: list[str] = Field(default_factory=list, max_length=5)


class KeyedRemittance(Schema):
    """One payment of a payer that came without an 835. `trace` is the check, card or transfer number."""

    payer_number: str = Field(min_length=1, max_length=80)
    method: Literal["CHK", "CARD", "ACH", "NON"]
    trace: str = Field(min_length=1, max_length=50)
    paid_on: str = Field(pattern=_DAY)
    amount: Amount = Field(pattern=_AMOUNT)
    claims: list[KeyedClaim] = Field(default_factory=list, max_length=500)
    provider_adjustments: list[KeyedAdjustment] = Field(default_factory=list, max_length=50)


class BatchIn(Schema):
    """A batch of keyed remittances with its control totals, added up from the paper before anything is keyed."""

    name: str = Field(min_length=1, max_length=100)
    control_amount: Amount = Field(pattern=_AMOUNT)
    control_claims: int = Field(ge=0, le=5000)
    remittances: list[KeyedRemittance] = Field(min_length=1, max_length=100)


class DepositView(Schema):
    """One deposit of the bank: what of it is matched, with which payments, and what is missing."""

    on: str
    reference: str
    amount: Amount
    matched: Amount
    remittances: list[str]
    id: str = ""
    payer: str = ""


class MatchView(Schema):
    """A deposit that is explained: how, by which payments (their traces; none: patients' money), by which entry."""

    id: str
    on: str
    amount: Amount
    reference: str
    how: str
    traces: list[str]
    entry_id: str


class HandMatchIn(Schema):
    """A person's word that these deposits are these remittances."""

    deposits: list[str] = Field(min_length=1, max_length=50)
    remittances: list[str] = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=3, max_length=200)


class BankView(Schema):
    """What the bank says beside what the remittances say."""

    deposits: int
    matched: int
    matched_amount: Amount
    unmatched_deposits: list[DepositView]
    waiting_remittances: list[DepositView]
    undeposited: Amount = "0.00"


class CreditItem(Schema):
    """Money of a payer or a guarantor that no charge has taken. `due` is the last day to return it; "" where none.

    Not `decidable`: no term is on file; a person reads the contract or the state's rule, and names it.
    """

    party: str
    kind: str
    amount: Amount
    identified_on: str
    due: str
    rule: str
    asked_by: str = ""
    id: str = ""
    name: str = ""
    days_left: int | None = None
    suspended_until: str = ""
    reason: str = ""
    second: SecondPerson = SecondPerson()
    requested_on: str = ""
    decidable: bool = True


class RefundIn(Schema):
    """A wish that credit be paid back."""

    amount: Amount = Field(pattern=_POSITIVE)
    reason: str = Field(min_length=3, max_length=200)


class InvestigationIn(Schema):
    """A good-faith investigation of an overpayment: until when, and what is looked into."""

    until: str = Field(pattern=_DAY)
    reason: str = Field(min_length=3, max_length=200)


class RefundTermIn(Schema):
    """The day by which a credit goes back, as a person read it in the contract or the state's rule, which is named."""

    due: str = Field(pattern=_DAY)
    rule: str = Field(min_length=3, max_length=200)


class RequestedIn(Schema):
    """The day on which money was asked back, and by which letter."""

    on: str = Field(pattern=_DAY)
    reason: str = Field(min_length=3, max_length=200)


class RefundRulesIn(Schema):
    """A file of the states' rules about credits (TOML), as text."""

    text: str = Field(max_length=200_000)


class RefundRuleView(Schema):
    """One rule that the site keeps."""

    state: str
    whose: str
    days: int
    since: str
    effective: str
    terminated: str
    source: str
    says: str


class RefundRulesView(Schema):
    """The rules kept; or what is wrong with a file, of which then nothing is kept. `ours`: the practice's state."""

    rules: list[RefundRuleView]
    findings: list[str]
    ours: str
    may_write: bool


class DaySheetView(Schema):
    """What one business day moved, by kind of entry and by account; `closed` days stay as they are.

    `may_close`: the one who looks may close it.
    """

    on: str
    closed: bool
    entries: int
    by_kind: dict[str, Amount]
    by_account: dict[str, Amount]
    receivable: Amount
    chain: str
    closed_through: str = ""
    may_close: bool = False


class AgingView(Schema):
    """The receivable by age. `since` says what age counts from, `by` whose receivable each row is. `names`: those of
    the providers, by the NPI that stands in the row.
    """

    as_of: str
    since: str
    by: str
    total: Amount
    collectible: Amount
    names: dict[str, str]
    rows: list[dict[str, Amount]]


class DigestView(Schema):
    """The state of the books in one line, free of ids and of recorded times."""

    sha256: str
    charges: int
    remittances: int


class AccountEntry(Schema):
    """One movement on a charge, with its cause."""

    on: str
    kind: str
    why: str
    source: str
    reference: str
    amounts: dict[str, Amount]
    id: str = ""
    cause: str = ""


class LegView(Schema):
    """One side of an entry: the account, whose it is, and the amount (negative: credit)."""

    account: str
    party: str
    amount: Amount


class SegmentView(Schema):
    """A segment of a payer's file, as it came, with its number in the file."""

    number: int
    text: str


class EntryView(Schema):
    """One entry explained: what moved, why, who or which file, set and segments said so, and what undid it."""

    id: str
    on: str
    kind: str
    why: str
    cause: str
    reference: str
    legs: list[LegView]
    reverses: str
    file_id: str
    file_name: str
    set_number: int
    segments: list[SegmentView]


class AccountLine(Schema):
    """One charge: its figures, who owes it, and everything that ever moved it."""

    charge_id: str
    service_date: str
    procedure: str
    charged: Amount
    insurance_paid: Amount
    patient_paid: Amount
    contractual: Amount
    written_off: Amount
    open: Amount
    owner: str
    history: list[AccountEntry]
    encounter_id: str = ""
    owner_name: str = ""


class AccountView(Schema):
    """A patient's account: charge = paid + adjusted + open on each line and in total."""

    patient_id: str
    charged: Amount
    paid: Amount
    adjusted: Amount
    open: Amount
    credit: Amount
    lines: list[AccountLine]
    patient: str = ""
    record_number: str = ""
    guarantor_id: str = ""
    guarantor: str = ""
    insurance_paid: Amount = "0.00"
    patient_paid: Amount = "0.00"
    owed_by_guarantor: Amount = "0.00"
    in_collections: Amount = "0.00"


class PlanIn(Schema):
    """A payment plan: so much a month, from that day on."""

    monthly: Amount = Field(pattern=_POSITIVE)
    first_due: str = Field(pattern=_DAY)


class PlanView(Schema):
    """A plan, and where it stands."""

    id: str
    guarantor_id: str
    total: Amount
    paid: Amount
    state: str
    installments: list[dict[str, str]]
    guarantor: str = ""


class PatientWriteOffIn(Schema):
    """A wish that what a guarantor owes be written off."""

    kind: Literal["small balance", "hardship"]
    reason: str = Field(min_length=3, max_length=200)


class PatientBalanceItem(Schema):
    """A decision about what a guarantor owes: a write-off that waits, or a placement in collections."""

    id: str
    guarantor_id: str
    kind: str
    amount: Amount
    reason: str
    asked_by: str
    status: str
    guarantor: str = ""
    asked_on: str = ""
    second: SecondPerson = SecondPerson()


class GuarantorItem(Schema):
    """What one guarantor owes: with us, in collections, and what of theirs is unapplied; and what was done about it.

    `may_place`: the one who looks may place it with the agency.
    """

    id: str
    name: str
    owed: Amount
    in_collections: Amount
    credit: Amount
    since: str
    statements: int
    last_statement: str
    plan: str
    write_off_asked: bool
    may_place: bool = False


class GuarantorPaymentIn(Schema):
    """Money from a guarantor, to whatever they owe, oldest service first; the rest is their credit."""

    amount: Amount = Field(pattern=_POSITIVE)
    method: Literal["cash", "check", "card"]


class AgingLine(Schema):
    """One open balance behind a figure of the aging."""

    charge_id: str
    patient_id: str
    patient: str
    record_number: str
    service_date: str
    since: str
    days: int
    bucket: str
    procedure: str
    owner: str
    party: str
    claim_id: str
    claim_number: str
    amount: Amount


class AgingLines(Schema):
    """The open balances behind the aging, or a part of it; `rows` are the oldest `len(rows)` of `count`."""

    as_of: str
    since: str
    count: int
    total: Amount
    rows: list[AgingLine]


class RemittanceItem(Schema):
    """A remittance in a list: posted, or held with its reasons."""

    id: str
    payer: str
    trace: str
    paid_on: str
    amount: Amount
    state: str
    reasons: list[str]


class AnsweredClaim(Schema):
    """One claim of a remittance in a list. `claim_id` is "" where it matched none of ours."""

    position: int
    number: str
    claim_id: str
    patient_id: str
    patient: str
    status: str
    charge: Amount
    paid: Amount
    patient_share: Amount
    denied: int


class RemittanceView(Schema):
    """A remittance: its payment, a page of the claims asked for (`claims_count` of them, which paid `claims_paid`), its
    provider adjustments with their entries, the proof that what was posted as cash is what the payer says it paid.
    """

    id: str
    payer: str
    payer_number: str
    trace: str
    paid_on: str
    method: str
    amount: Amount
    state: str
    reasons: list[str]
    file_id: str
    file_name: str
    set_number: int
    claims_count: int
    claims_paid: Amount
    claims_unmatched: int
    claims: list[AnsweredClaim]
    provider_adjustments: list[AccountEntry]
    cash_posted: Amount
    deposited: str


class AnsweredAdjustment(Schema):
    """One adjustment of a payer: group and code, amount, and what it means in plain words."""

    code: str
    amount: Amount
    words: str


class AnsweredLine(Schema):
    """One service line of a payer's answer. charge - adjustments = paid."""

    procedure: str
    modifiers: list[str]
    service_date: str
    charge: Amount
    paid: Amount
    adjustments: list[AnsweredAdjustment]
    remarks: list[str]
    denied: bool


class AnswerView(Schema):
    """One answer of a payer in full: its lines, every entry it made with its cause, and the segments that said so."""

    position: int
    number: str
    claim_id: str
    claim_number: str
    patient_id: str
    patient: str
    status: str
    charge: Amount
    paid: Amount
    adjustments: list[AnsweredAdjustment]
    lines: list[AnsweredLine]
    entries: list[EntryView]
    segments: list[SegmentView]


class CarriedItem(Schema):
    """What a payer withheld (PLB WO and its kin) or carries (FB) under one reference; `open` is the sum of both."""

    payer: str
    reference: str
    since: str
    withheld: Amount
    carried: Amount
    open: Amount
    says: str


class OpenEnd(Schema):
    """What has not ended yet: a visit without a charge or a reason, a claim without an answer, with two that disagree
    (`kind` "answer") or held up on the way to the next payer ("next payer"), an appeal that is not decided, a
    remittance that is held, a "coverage" of which its payer was asked and says nothing, an "eligibility answer" that
    names nobody here. `id` is the visit's, the claim's, the appeal's, the coverage's with the day, or the work item's:
    one claim may stand here under several kinds.
    """

    kind: str
    id: str
    what: str
    since: str
    days: int
    mend: str
