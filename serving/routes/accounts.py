"""Doors to the books: unmatched answers, keyed batches, the bank, credits, accounts, A/R, the day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Response

from serving.desk import accounts, bank, credits, keyed, patient_balance, unmatched
from serving.routes.entrance import AtDesk, Id
from serving.routes.files import received
from serving.schemas.billing import ReceiptView
from serving.schemas.money import (
    AccountView,
    AgingView,
    AssignIn,
    BankView,
    BatchIn,
    CreditItem,
    DaySheetView,
    DigestView,
    PatientBalanceItem,
    PatientWriteOffIn,
    PlanIn,
    PlanView,
    ReasonIn,
    RefundIn,
    UnmatchedItem,
)
from serving.sheets import csv_bytes, xlsx_bytes

OCTETS = "application/octet-stream"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
_OCTETS_BODY = {"required": True, "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}
_BINARY = {"schema": {"type": "string", "format": "binary"}}

By = Literal["payer", "provider", "practice"]
Since = Literal["service", "responsibility"]
FileName = Annotated[str, Header(alias="X-File-Name", min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]

router = APIRouter(tags=["books"])


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


@router.get("/refunds")
def refunds(desk: AtDesk) -> list[CreditItem]:
    """The refunds that wait for a second person."""
    return credits.refunds(desk)


@router.post("/refunds/{work_id}/approve")
def approve_refund(desk: AtDesk, work_id: Id) -> CreditItem:
    """Approve what somebody else asked for."""
    return credits.approve_refund(desk, work_id)


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


@router.get("/aging")
def aging(desk: AtDesk, by: By = "payer", since: Since = "service", collectible: bool = False) -> AgingView:
    """The receivable by age."""
    return accounts.aging(desk, by, since, collectible)


@router.get("/aging/{kind}", response_class=Response, responses={200: {"content": {CSV: _BINARY, XLSX: _BINARY}}})
def aging_sheet(desk: AtDesk, kind: Literal["csv", "xlsx"], by: By = "payer", since: Since = "service") -> Response:
    """The receivable by age, for a spreadsheet."""
    found = accounts.aging(desk, by, since)
    columns = list(found.rows[0]) if found.rows else ["owner", by, "total"]
    data = xlsx_bytes(columns, found.rows) if kind == "xlsx" else csv_bytes(columns, found.rows)
    attachment = {"Content-Disposition": f'attachment; filename="aging.{kind}"'}
    return Response(data, media_type=XLSX if kind == "xlsx" else CSV, headers=attachment)


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
