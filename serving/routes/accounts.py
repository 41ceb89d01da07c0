"""Doors to the books: remittances, unmatched answers, keyed batches, the bank, credits, accounts, A/R, the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from serving.desk import (
    accounts,
    bank,
    credits,
    follow_up,
    held,
    keyed,
    patient_balance,
    refund_rules,
    remitted,
    unmatched,
)
from serving.routes.entrance import AtDesk, Id
from serving.routes.files import received
from serving.routes.spreadsheet import SHEETS, Sheet, sheet
from serving.schemas.billing import ReceiptView
from serving.schemas.money import (
    AccountView,
    AgingLine,
    AgingLines,
    AgingView,
    AnswerView,
    AssignIn,
    BankView,
    BatchIn,
    CarriedItem,
    CreditItem,
    DaySheetView,
    DigestView,
    EntryView,
    GuarantorItem,
    GuarantorPaymentIn,
    HandMatchIn,
    InvestigationIn,
    MatchView,
    OpenEnd,
    PatientBalanceItem,
    PatientWriteOffIn,
    PlanIn,
    PlanView,
    ReasonIn,
    RefundIn,
    RefundRulesIn,
    RefundRulesView,
    RefundTermIn,
    RemittanceItem,
    RemittanceView,
    RequestedIn,
    UnmatchedItem,
)

OCTETS = "application/octet-stream"
_OCTETS_BODY = {"required": True, "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}

By = Literal["payer", "provider", "practice"]
Since = Literal["service", "responsibility"]
FileName = Annotated[str, Header(alias="X-File-Name", min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]


@dataclass(frozen=True)
class Behind:
    """Which part of the aging: one kind of debtor, the name of one row, one age; all of it when none is given."""

    by: By = "payer"
    since: Since = "service"
    owner: Annotated[str, Query(max_length=20)] = ""
    name: Annotated[str | None, Query(max_length=200)] = None
    bucket: Annotated[str, Query(max_length=20)] = ""

    def given(self) -> dict[str, Any]:
        """As the use case takes it."""
        return {"by": self.by, "since": self.since, "owner": self.owner, "name": self.name, "bucket": self.bucket}


router = APIRouter(tags=["books"])


@router.get("/remittances")
def remittances(
    desk: AtDesk, state: Literal["", "posted", "held"] = "", find: Annotated[str, Query(max_length=80)] = ""
) -> list[RemittanceItem]:
    """The payers' remittances, latest payment first."""
    return remitted.remittances(desk, state, find)


@router.post("/remittances/held/{work_id}/settle", status_code=204)
def settle_held(desk: AtDesk, work_id: Id, why: ReasonIn) -> None:
    """Say what became of a remittance that is held."""
    held.settle(desk, work_id, why)


@router.get("/carried")
def carried(desk: AtDesk, every: Annotated[bool, Query()] = False) -> list[CarriedItem]:
    """What payers withheld or carry to a later remittance."""
    return remitted.carried(desk, every)


@router.get("/remittances/{remittance_id}")
def remittance(
    desk: AtDesk,
    remittance_id: Id,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    find: Annotated[str, Query(max_length=38)] = "",
) -> RemittanceView:
    """One remittance: its payment, a page of its claims, its provider adjustments, the proof of its cash."""
    return remitted.remittance(desk, remittance_id, page, find)


@router.get("/remittances/{remittance_id}/claims/{position}")
def answer(desk: AtDesk, remittance_id: Id, position: Annotated[int, Path(ge=1, le=1_000_000)]) -> AnswerView:
    """One answer: its lines, every entry it made with its cause, its segments."""
    return remitted.answer(desk, remittance_id, position)


@router.get("/unmatched")
def unmatched_answers(desk: AtDesk, every: Annotated[bool, Query()] = False) -> list[UnmatchedItem]:
    """The payers' answers that found no claim of ours, each with its candidates."""
    return unmatched.unmatched(desk, every)


@router.post("/unmatched/{work_id}/assign")
def assign(desk: AtDesk, work_id: Id, choice: AssignIn) -> UnmatchedItem:
    """Give an answer to a claim of ours."""
    return unmatched.assign(desk, work_id, choice)


@router.post("/unmatched/{work_id}/undo")
def undo_assignment(desk: AtDesk, work_id: Id, why: ReasonIn) -> UnmatchedItem:
    """Take it from its claim again."""
    return unmatched.undo_assignment(desk, work_id, why)


@router.post("/unmatched/{work_id}/leave")
def leave(desk: AtDesk, work_id: Id, why: ReasonIn) -> UnmatchedItem:
    """Say that it is for no claim of ours."""
    return unmatched.leave(desk, work_id, why)


@router.post("/remittances/batches")
def key_batch(desk: AtDesk, batch: BatchIn) -> ReceiptView:
    """Post a keyed batch whose control totals agree."""
    return keyed.key_batch(desk, batch)


@router.get("/bank")
def bank_standing(desk: AtDesk) -> BankView:
    """Deposits without a remittance, remittances without a deposit."""
    return bank.bank_standing(desk)


@router.post("/bank/files", openapi_extra={"requestBody": _OCTETS_BODY})
def match_deposits(desk: AtDesk, name: FileName, data: Annotated[bytes, Depends(received)]) -> BankView:
    """Take in a bank's file (CSV or BAI2) and match it."""
    return bank.match_deposits(desk, name, data)


@router.get("/bank/explained")
def bank_matches(desk: AtDesk, find: Annotated[str, Query(max_length=80)] = "") -> list[MatchView]:
    """The deposits that are explained, latest first."""
    return bank.matches(desk, find)


@router.post("/bank/deposits/{work_id}/undo")
def undo_match(desk: AtDesk, work_id: Id, why: ReasonIn) -> BankView:
    """Take a match back, by a reversal."""
    return bank.undo_match(desk, work_id, why)


@router.post("/bank/matches")
def match_by_hand(desk: AtDesk, choice: HandMatchIn) -> BankView:
    """Say that these deposits are these remittances; to the cent."""
    return bank.match_by_hand(desk, choice)


@router.post("/bank/deposits/{work_id}/patients")
def patients_money(desk: AtDesk, work_id: Id, why: ReasonIn) -> BankView:
    """Say that a deposit is patients' money, from the drawer."""
    return bank.patients_money(desk, work_id, why)


@router.get("/credits")
def credit_list(desk: AtDesk) -> list[CreditItem]:
    """The credit balances, the first to be returned first."""
    return credits.credits(desk)


@router.post("/credits/find")
def find_credits(desk: AtDesk) -> list[CreditItem]:
    """Look for credit balances; each new one starts its clock."""
    return credits.find_credits(desk)


@router.post("/credits/{credit_id}/refund")
def ask_refund(desk: AtDesk, credit_id: Id, wish: RefundIn) -> CreditItem:
    """Ask that credit be paid back; another person must approve."""
    return credits.ask_refund(desk, credit_id, wish)


@router.post("/credits/{credit_id}/investigation")
def investigate(desk: AtDesk, credit_id: Id, wish: InvestigationIn) -> CreditItem:
    """A good-faith investigation, which suspends the 60 days of Medicare and Medicaid."""
    return credits.investigate(desk, credit_id, wish)


@router.post("/credits/{credit_id}/request")
def requested(desk: AtDesk, credit_id: Id, letter: RequestedIn) -> CreditItem:
    """The day on which the money was asked back."""
    return credits.requested(desk, credit_id, letter)


@router.get("/refund-rules")
def read_refund_rules(desk: AtDesk) -> RefundRulesView:
    """The states' rules about credits that the practice keeps."""
    return refund_rules.rules(desk)


@router.post("/refund-rules")
def save_refund_rules(desk: AtDesk, given: RefundRulesIn) -> RefundRulesView:
    """Put a file of rules in force, when it is sound."""
    return refund_rules.save_rules(desk, given)


@router.post("/credits/{credit_id}/term")
def name_term(desk: AtDesk, credit_id: Id, term: RefundTermIn) -> CreditItem:
    """The day by which a credit goes back, as the contract or the state says."""
    return credits.name_term(desk, credit_id, term)


@router.get("/refunds")
def refunds(desk: AtDesk) -> list[CreditItem]:
    """The refunds that wait for a second person."""
    return credits.refunds(desk)


@router.post("/refunds/{work_id}/approve")
def approve_refund(desk: AtDesk, work_id: Id) -> CreditItem:
    """Approve what somebody else asked for."""
    return credits.approve_refund(desk, work_id)


@router.post("/refunds/{work_id}/decline")
def decline_refund(desk: AtDesk, work_id: Id, why: ReasonIn) -> CreditItem:
    """Decline what somebody else asked for."""
    return credits.decline_refund(desk, work_id, why)


@router.get("/guarantors")
def guarantors(desk: AtDesk) -> list[GuarantorItem]:
    """Who owes, the largest sum first, and what was done about it."""
    return patient_balance.guarantors(desk)


@router.post("/guarantors/{guarantor_id}/payments", status_code=204)
def take_guarantor_payment(desk: AtDesk, guarantor_id: Id, payment: GuarantorPaymentIn) -> None:
    """Money from a guarantor, to whatever they owe."""
    patient_balance.take_guarantor_payment(desk, guarantor_id, payment)


@router.post("/plans/{plan_id}/end")
def end_plan(desk: AtDesk, plan_id: Id, why: ReasonIn) -> PlanView:
    """End a plan."""
    return patient_balance.end_plan(desk, plan_id, why)


@router.post("/guarantors/{guarantor_id}/plan")
def make_plan(desk: AtDesk, guarantor_id: Id, wish: PlanIn) -> PlanView:
    """A payment plan for what the guarantor owes."""
    return patient_balance.make_plan(desk, guarantor_id, wish)


@router.get("/plans")
def plans(desk: AtDesk) -> list[PlanView]:
    """The plans, and where each stands."""
    return patient_balance.plans(desk)


@router.post("/guarantors/{guarantor_id}/write-off")
def ask_patient_write_off(desk: AtDesk, guarantor_id: Id, wish: PatientWriteOffIn) -> PatientBalanceItem:
    """Ask for a small-balance or hardship write-off; another person must approve."""
    return patient_balance.ask_write_off(desk, guarantor_id, wish)


@router.post("/patient-write-offs/{work_id}/approve")
def approve_patient_write_off(desk: AtDesk, work_id: Id) -> PatientBalanceItem:
    """Approve what somebody else asked for."""
    return patient_balance.approve_write_off(desk, work_id)


@router.get("/patient-write-offs")
def asked_patient_write_offs(desk: AtDesk) -> list[PatientBalanceItem]:
    """The write-offs of patients' balances that wait for a second person."""
    return patient_balance.asked_write_offs(desk)


@router.post("/patient-write-offs/{work_id}/decline")
def decline_patient_write_off(desk: AtDesk, work_id: Id, why: ReasonIn) -> PatientBalanceItem:
    """Decline what somebody else asked for."""
    return patient_balance.decline_write_off(desk, work_id, why)


@router.post("/guarantors/{guarantor_id}/collections")
def place(desk: AtDesk, guarantor_id: Id, why: ReasonIn) -> PatientBalanceItem:
    """Place what is owed with the agency."""
    return patient_balance.place(desk, guarantor_id, why)


@router.post("/guarantors/{guarantor_id}/collections/return")
def give_back(desk: AtDesk, guarantor_id: Id, why: ReasonIn) -> PatientBalanceItem:
    """Take it back from the agency."""
    return patient_balance.give_back(desk, guarantor_id, why)


@router.get("/patients/{patient_id}/account")
def account(desk: AtDesk, patient_id: Id) -> AccountView:
    """A patient's account with its history."""
    return accounts.account(desk, patient_id)


@router.get("/entries/{entry_id}")
def explain(desk: AtDesk, entry_id: Id) -> EntryView:
    """One entry explained: its legs, and who or which file, set and segments made it."""
    return accounts.explain(desk, entry_id)


@router.get("/open-ends")
def open_ends(desk: AtDesk) -> list[OpenEnd]:
    """What has not ended yet: visits, claims, remittances that are held."""
    return follow_up.open_ends(desk)


@router.get("/aging-lines")
def aging_lines(desk: AtDesk, asked: Annotated[Behind, Depends()]) -> AgingLines:
    """The open balances behind the aging, or behind one row and age of it."""
    return accounts.aging_lines(desk, **asked.given())


@router.get("/aging-lines/{kind}", response_class=Response, responses=SHEETS)
def aging_lines_sheet(desk: AtDesk, kind: Sheet, asked: Annotated[Behind, Depends()]) -> Response:
    """The same for a spreadsheet."""
    found = accounts.aging_lines(desk, **asked.given())
    return sheet(kind, "balances", list(AgingLine.model_fields), [row.model_dump(mode="json") for row in found.rows])


@router.get("/aging")
def aging(desk: AtDesk, by: By = "payer", since: Since = "service", collectible: bool = False) -> AgingView:
    """The receivable by age."""
    return accounts.aging(desk, by, since, collectible)


@router.get("/aging/{kind}", response_class=Response, responses=SHEETS)
def aging_sheet(desk: AtDesk, kind: Sheet, by: By = "payer", since: Since = "service") -> Response:
    """The receivable by age, for a spreadsheet."""
    found = accounts.aging(desk, by, since)
    return sheet(kind, "aging", list(found.rows[0]) if found.rows else ["owner", by, "total"], found.rows)


@router.get("/days/{on}")
def read_day(desk: AtDesk, on: date) -> DaySheetView:
    """The day sheet."""
    return accounts.read_day(desk, on)


@router.post("/days/{on}/close")
def close_day(desk: AtDesk, on: date) -> DaySheetView:
    """Close the day; it stays closed."""
    return accounts.close_day(desk, on)


@router.get("/ledger/digest")
def digest(desk: AtDesk) -> DigestView:
    """Whether two books are equal."""
    return accounts.digest(desk)
