"""A batch of paper being keyed: as it is typed, whole or half, and what it still lacks."""

from __future__ import annotations

from pydantic import Field

from serving.schemas.access import Schema
from serving.schemas.money import Amount

_SHORT, _LONG = 20, 200


class DraftLine(Schema):
    """A line of an answer as it stands on the paper. `other` are further reasons: "CO-97 12.00, PR-204 5.00"."""

    procedure: str = Field(default="", max_length=_SHORT)
    modifiers: str = Field(default="", max_length=_SHORT)
    service_date: str = Field(default="", max_length=_SHORT)
    charge: str = Field(default="", max_length=_SHORT)
    paid: str = Field(default="", max_length=_SHORT)
    discount: str = Field(default="", max_length=_SHORT)
    deductible: str = Field(default="", max_length=_SHORT)
    coinsurance: str = Field(default="", max_length=_SHORT)
    copay: str = Field(default="", max_length=_SHORT)
    other: str = Field(default="", max_length=_LONG)
    remarks: str = Field(default="", max_length=_LONG)


class DraftClaim(Schema):
    """One claim of a payment. `paid` is the paper's own total; `other` are reasons given for the claim as a whole."""

    claim_number: str = Field(default="", max_length=38)
    status: str = Field(default="1", max_length=2)
    payer_reference: str = Field(default="", max_length=50)
    paid: str = Field(default="", max_length=_SHORT)
    other: str = Field(default="", max_length=_LONG)
    lines: list[DraftLine] = Field(default_factory=list, max_length=99)


class DraftPayment(Schema):
    """One check, card or transfer. `other` is what is not about one claim: "L6 -1.25, WO 7.00" (less when positive)."""

    payer_number: str = Field(default="", max_length=80)
    method: str = Field(default="CHK", max_length=4)
    trace: str = Field(default="", max_length=50)
    paid_on: str = Field(default="", max_length=_SHORT)
    amount: str = Field(default="", max_length=_SHORT)
    other: str = Field(default="", max_length=_LONG)
    claims: list[DraftClaim] = Field(default_factory=list, max_length=500)


class DraftIn(Schema):
    """A batch as far as it is typed. The control totals are added up from the paper before anything is keyed."""

    name: str = Field(min_length=1, max_length=100)
    control_amount: str = Field(default="", max_length=_SHORT)
    control_claims: str = Field(default="", max_length=_SHORT)
    payments: list[DraftPayment] = Field(default_factory=list, max_length=100)


class SaveIn(Schema):
    """The batch as it is typed now, over the version that was read: a batch that another person changed is not lost."""

    version: int = Field(ge=0)
    draft: DraftIn


class PostIn(Schema):
    """Post the batch as it was read."""

    version: int = Field(ge=0)


class LackView(Schema):
    """What does not agree yet, and where: payment, claim and line from 1, 0 for the whole. A hint stops nothing."""

    payment: int
    claim: int
    line: int
    field: str
    says: str
    hint: bool = False


class KnownClaim(Schema):
    """What our books say of a claim that was typed, and its lines as they were billed."""

    claim_number: str
    patient: str
    payer: str
    service_date: str
    charge: Amount
    state: str
    lines: list[DraftLine]


class PayerChoice(Schema):
    """A payer of ours."""

    number: str
    name: str


class DraftItem(Schema):
    """A batch in the list of those not posted yet."""

    id: str
    name: str
    begun_by: str
    begun_on: str
    control_amount: str
    keyed: Amount


class DraftView(Schema):
    """A batch with its running totals. `left`: the control total less what is keyed. `ready`: it may be posted.

    `lines_left` and `claims_left` are what does not agree yet on each line and claim: payment, claim, line from 0.
    """

    id: str
    version: int
    begun_by: str
    begun_on: str
    draft: DraftIn
    keyed: Amount
    left: Amount
    claims: int
    ready: bool
    lacks: list[LackView]
    lines_left: list[list[list[Amount]]]
    claims_left: list[list[Amount]]
    payments_left: list[Amount]
    known: list[KnownClaim]
    payers: list[PayerChoice]
