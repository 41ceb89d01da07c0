"""The doors of the API that the money screens use, beside those of `client.Client`."""

from __future__ import annotations

from typing import Literal

from app_streamlit import client
from app_streamlit.client import Client, _many, _one, _part
from serving.schemas.billing import ReceiptView, StatementItem
from serving.schemas.eligibility import AskedView, AskIn, CoverageItem
from serving.schemas.keying import DraftIn, DraftItem, DraftView, PostIn, SaveIn
from serving.schemas.money import (
    AccountView,
    AgingLines,
    AgingView,
    AnswerView,
    AssignIn,
    BankView,
    CarriedItem,
    CreditItem,
    DaySheetView,
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
from serving.schemas.report import CasesView, ReportView


def current() -> MoneyClient:
    """The client of the user in front of the screen. Raises ApiProblem when nobody is signed in."""
    return client.current_as(MoneyClient)


class MoneyClient(Client):
    """The books as the signed-in user sees them. Every method raises ApiProblem."""

    # --- remittances and what found no claim ---

    def receive(self, name: str, data: bytes) -> ReceiptView:
        """Take in a payer's file."""
        return _one(ReceiptView, self._send_file("/files", name, data))

    def remittances(self, state: str = "", find: str = "") -> list[RemittanceItem]:
        """The remittances, latest payment first."""
        return _many(RemittanceItem, self._send("GET", "/remittances", {"state": state, "find": find}))

    def remittance(self, remittance_id: str, page: int = 1, find: str = "") -> RemittanceView:
        """One remittance, with a page of its claims: all, or those whose number holds a text."""
        query = {"page": str(page), "find": find}
        return _one(RemittanceView, self._send("GET", f"/remittances/{_part(remittance_id)}", query))

    def one_answer(self, remittance_id: str, position: int) -> AnswerView:
        """One answer, line by line."""
        return _one(AnswerView, self._send("GET", f"/remittances/{_part(remittance_id)}/claims/{position}"))

    def carried(self) -> list[CarriedItem]:
        """What payers withheld or carry, and have not settled."""
        return _many(CarriedItem, self._send("GET", "/carried"))

    def unmatched(self, every: bool = False) -> list[UnmatchedItem]:
        """The answers that found no claim."""
        return _many(UnmatchedItem, self._send("GET", "/unmatched", {"every": str(every).lower()}))

    def assign(self, work_id: str, claim_number: str) -> UnmatchedItem:
        """Give an answer to a claim."""
        body = AssignIn(claim_number=claim_number)
        return _one(UnmatchedItem, self._send("POST", f"/unmatched/{_part(work_id)}/assign", body=body))

    def decide_unmatched(self, work_id: str, verb: Literal["undo", "leave"], reason: str) -> UnmatchedItem:
        """Take an answer from its claim again, or leave it."""
        return _one(UnmatchedItem, self._send("POST", f"/unmatched/{_part(work_id)}/{verb}", body=_reason(reason)))

    # --- paper ---

    def batches(self) -> list[DraftItem]:
        """The batches that are being keyed."""
        return _many(DraftItem, self._send("GET", "/batches"))

    def batch(self, batch_id: str) -> DraftView:
        """One, as far as it is typed."""
        return _one(DraftView, self._send("GET", f"/batches/{_part(batch_id)}"))

    def begin_batch(self, draft: DraftIn) -> DraftView:
        """A new batch."""
        return _one(DraftView, self._send("POST", "/batches", body=draft))

    def save_batch(self, read: DraftView, draft: DraftIn) -> DraftView:
        """Keep it as it is typed now, over the version that was read."""
        body = SaveIn(version=read.version, draft=draft)
        return _one(DraftView, self._send("PUT", f"/batches/{_part(read.id)}", body=body))

    def post_batch(self, read: DraftView) -> ReceiptView:
        """Post it whole."""
        body = PostIn(version=read.version)
        return _one(ReceiptView, self._send("POST", f"/batches/{_part(read.id)}/post", body=body))

    def settle_held(self, work_id: str, reason: str) -> None:
        """Say what became of a remittance that is held."""
        self._send("POST", f"/remittances/held/{_part(work_id)}/settle", body=_reason(reason))

    def discard_batch(self, batch_id: str, reason: str) -> None:
        """Throw it away."""
        self._send("POST", f"/batches/{_part(batch_id)}/discard", body=_reason(reason))

    # --- the bank ---

    def bank(self) -> BankView:
        """What is missing on each side."""
        return _one(BankView, self._send("GET", "/bank"))

    def match_deposits(self, name: str, data: bytes) -> BankView:
        """Take in a bank's file."""
        return _one(BankView, self._send_file("/bank/files", name, data))

    def match_by_hand(self, choice: HandMatchIn) -> BankView:
        """These deposits are these remittances."""
        return _one(BankView, self._send("POST", "/bank/matches", body=choice))

    def matches(self, find: str = "") -> list[MatchView]:
        """The deposits that are explained, latest first."""
        return _many(MatchView, self._send("GET", "/bank/explained", {"find": find}))

    def undo_match(self, deposit_id: str, reason: str) -> BankView:
        """Take a match back."""
        return _one(BankView, self._send("POST", f"/bank/deposits/{_part(deposit_id)}/undo", body=_reason(reason)))

    def patients_money(self, deposit_id: str, reason: str) -> BankView:
        """A deposit of what patients paid."""
        return _one(BankView, self._send("POST", f"/bank/deposits/{_part(deposit_id)}/patients", body=_reason(reason)))

    # --- what payers say of coverages ---

    def coverages(self) -> list[CoverageItem]:
        """The coverages that pay visits and unsent claims."""
        return _many(CoverageItem, self._send("GET", "/eligibility"))

    def ask_payers(self, *, again: bool) -> AskedView:
        """Ask the payers about what they have not answered."""
        return _one(AskedView, self._send("POST", "/eligibility/questions", body=AskIn(again=again)))

    def settle_answer(self, work_id: str, reason: str) -> None:
        """Say what became of an answer that found no coverage."""
        self._send("POST", f"/eligibility/answers/{_part(work_id)}/settle", body=_reason(reason))

    # --- credits ---

    def credits(self) -> list[CreditItem]:
        """The credit balances, the first to be returned first."""
        return _many(CreditItem, self._send("GET", "/credits"))

    def find_credits(self) -> list[CreditItem]:
        """Look for new ones."""
        return _many(CreditItem, self._send("POST", "/credits/find"))

    def ask_refund(self, credit_id: str, wish: RefundIn) -> CreditItem:
        """Ask that it be paid back."""
        return _one(CreditItem, self._send("POST", f"/credits/{_part(credit_id)}/refund", body=wish))

    def investigate(self, credit_id: str, wish: InvestigationIn) -> CreditItem:
        """Begin a good-faith investigation."""
        return _one(CreditItem, self._send("POST", f"/credits/{_part(credit_id)}/investigation", body=wish))

    def name_term(self, credit_id: str, term: RefundTermIn) -> CreditItem:
        """Name the day by which it goes back."""
        return _one(CreditItem, self._send("POST", f"/credits/{_part(credit_id)}/term", body=term))

    def requested(self, credit_id: str, letter: RequestedIn) -> CreditItem:
        """Note the day on which it was asked back."""
        return _one(CreditItem, self._send("POST", f"/credits/{_part(credit_id)}/request", body=letter))

    def refund_rules(self) -> RefundRulesView:
        """The states' rules that the practice keeps."""
        return _one(RefundRulesView, self._send("GET", "/refund-rules"))

    def save_refund_rules(self, text: str) -> RefundRulesView:
        """Put a file of rules in force."""
        return _one(RefundRulesView, self._send("POST", "/refund-rules", body=RefundRulesIn(text=text)))

    def refunds(self) -> list[CreditItem]:
        """The refunds that wait for a second person."""
        return _many(CreditItem, self._send("GET", "/refunds"))

    def approve_refund(self, work_id: str) -> CreditItem:
        """Pay it back."""
        return _one(CreditItem, self._send("POST", f"/refunds/{_part(work_id)}/approve"))

    def decline_refund(self, work_id: str, reason: str) -> CreditItem:
        """Do not pay it back."""
        return _one(CreditItem, self._send("POST", f"/refunds/{_part(work_id)}/decline", body=_reason(reason)))

    # --- accounts ---

    def account(self, patient_id: str) -> AccountView:
        """A patient's account with its history."""
        return _one(AccountView, self._send("GET", f"/patients/{_part(patient_id)}/account"))

    def explain(self, entry_id: str) -> EntryView:
        """One entry explained."""
        return _one(EntryView, self._send("GET", f"/entries/{_part(entry_id)}"))

    # --- what patients owe ---

    def guarantors(self) -> list[GuarantorItem]:
        """Who owes, and what was done about it."""
        return _many(GuarantorItem, self._send("GET", "/guarantors"))

    def take_payment(self, guarantor_id: str, payment: GuarantorPaymentIn) -> None:
        """Money from a guarantor."""
        self._send("POST", f"/guarantors/{_part(guarantor_id)}/payments", body=payment)

    def plans(self) -> list[PlanView]:
        """The plans that are not ended."""
        return _many(PlanView, self._send("GET", "/plans"))

    def make_plan(self, guarantor_id: str, wish: PlanIn) -> PlanView:
        """A payment plan."""
        return _one(PlanView, self._send("POST", f"/guarantors/{_part(guarantor_id)}/plan", body=wish))

    def end_plan(self, plan_id: str, reason: str) -> PlanView:
        """End it."""
        return _one(PlanView, self._send("POST", f"/plans/{_part(plan_id)}/end", body=_reason(reason)))

    def ask_patient_write_off(self, guarantor_id: str, wish: PatientWriteOffIn) -> PatientBalanceItem:
        """Ask that what a guarantor owes be written off."""
        return _one(PatientBalanceItem, self._send("POST", f"/guarantors/{_part(guarantor_id)}/write-off", body=wish))

    def patient_write_offs(self) -> list[PatientBalanceItem]:
        """Those that wait for a second person."""
        return _many(PatientBalanceItem, self._send("GET", "/patient-write-offs"))

    def approve_patient_write_off(self, work_id: str) -> PatientBalanceItem:
        """Approve what somebody else asked for."""
        return _one(PatientBalanceItem, self._send("POST", f"/patient-write-offs/{_part(work_id)}/approve"))

    def decline_patient_write_off(self, work_id: str, reason: str) -> PatientBalanceItem:
        """Decline it."""
        path = f"/patient-write-offs/{_part(work_id)}/decline"
        return _one(PatientBalanceItem, self._send("POST", path, body=_reason(reason)))

    def place(self, guarantor_id: str, reason: str) -> PatientBalanceItem:
        """Place what is owed with the agency."""
        path = f"/guarantors/{_part(guarantor_id)}/collections"
        return _one(PatientBalanceItem, self._send("POST", path, body=_reason(reason)))

    def give_back(self, guarantor_id: str, reason: str) -> PatientBalanceItem:
        """Take it back from the agency."""
        path = f"/guarantors/{_part(guarantor_id)}/collections/return"
        return _one(PatientBalanceItem, self._send("POST", path, body=_reason(reason)))

    def run_statements(self) -> list[StatementItem]:
        """Draw up the statements that are due."""
        return _many(StatementItem, self._send("POST", "/statements"))

    # --- the receivable, the day, the figures ---

    def aging(self, by: str, since: str, collectible: bool) -> AgingView:
        """The receivable by age."""
        query = {"by": by, "since": since, "collectible": str(collectible).lower()}
        return _one(AgingView, self._send("GET", "/aging", query))

    def aging_lines(self, part: dict[str, str]) -> AgingLines:
        """The open balances behind a part of it."""
        return _one(AgingLines, self._send("GET", "/aging-lines", part))

    def sheet(self, path: str, query: dict[str, str]) -> bytes:
        """A table as XLSX."""
        return self._send("GET", f"{path}/xlsx", query).content

    def day(self, on: str) -> DaySheetView:
        """The day sheet."""
        return _one(DaySheetView, self._send("GET", f"/days/{_part(on)}"))

    def close_day(self, on: str) -> DaySheetView:
        """Close the day and every earlier one."""
        return _one(DaySheetView, self._send("POST", f"/days/{_part(on)}/close"))

    def open_ends(self) -> list[OpenEnd]:
        """What has not ended yet."""
        return _many(OpenEnd, self._send("GET", "/open-ends"))

    def report(self, since: str, until: str) -> ReportView:
        """The figures of a period."""
        return _one(ReportView, self._send("GET", "/report", {"since": since, "until": until}))

    def cases(self, figure: str, part: str, since: str, until: str) -> CasesView:
        """The cases behind one part of a figure."""
        query = {"since": since, "until": until}
        return _one(CasesView, self._send("GET", f"/report/{_part(figure)}/{_part(part)}", query))


def _reason(reason: str) -> ReasonIn:
    try:
        return ReasonIn(reason=reason.strip())
    except ValueError:
        raise client.ApiProblem("A reason is missing.", "Say why in a few words; it is kept in the log.") from None
