"""Looking at the books: a patient's account with its history, A/R by age, the day sheet and its close, the digest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from billing_core import receivable
from billing_core.account import Books as Accounts
from billing_core.account import Debtor
from billing_core.charge import Charge
from billing_core.day_sheet import DaySheet, day_sheet
from billing_core.ledger import AccountKind, Entry
from billing_core.money import amount_text
from billing_core.state_digest import NamedBalance, state_digest
from serving.desk.case import Desk, use_case
from serving.errors import Conflict, InputError
from serving.schemas.money import (
    AccountEntry,
    AccountLine,
    AccountView,
    AgingView,
    DaySheetView,
    DigestView,
)
from serving.store.ledger import DAY_SHEET, OpenBalance

if TYPE_CHECKING:
    from serving.store.books import Books

SINCE = {"service": "date of service", "responsibility": "date of responsibility"}
BY = ("payer", "provider", "practice")


# --- one account ------------------------------------------------------------------------------------------------------


@use_case("ledger.read")
def account(desk: Desk, books: Books, patient_id: str) -> AccountView:
    """Every charge of the patient with what moved it, and the guarantor's credit."""
    guarantor = books.patient(patient_id).guarantor_id
    charges = books.charges_of_patient(patient_id)
    accounts = Accounts(books.entries_on(charge.id for charge in charges))
    standings = [accounts.standing(charge.id) for charge in charges]
    return AccountView(
        patient_id=patient_id,
        charged=amount_text(sum(s.charged for s in standings)),
        paid=amount_text(sum(s.paid for s in standings)),
        adjusted=amount_text(sum(s.contractual + s.written_off for s in standings)),
        open=amount_text(sum(s.open for s in standings)),
        credit=amount_text(max(0, books.unapplied_of(guarantor))),
        lines=[_line(charge, accounts) for charge in charges],
    )


def _line(charge: Charge, accounts: Accounts) -> AccountLine:
    s = accounts.standing(charge.id)
    return AccountLine(
        charge_id=charge.id,
        service_date=charge.service_date.isoformat(),
        procedure=charge.procedure,
        charged=amount_text(s.charged),
        insurance_paid=amount_text(s.insurance_paid),
        patient_paid=amount_text(s.patient_paid),
        contractual=amount_text(s.contractual),
        written_off=amount_text(s.written_off),
        open=amount_text(s.open),
        owner=s.debtor.owner.value if s.debtor else "",
        history=[_movement(entry, charge.id) for entry in accounts.entries(charge.id)],
    )


def _movement(entry: Entry, charge_id: str) -> AccountEntry:
    amounts: Counter[str] = Counter()
    for leg in entry.legs:
        if leg.charge_id == charge_id:
            amounts[leg.account.owner.value if leg.account.owner else leg.account.kind.value] += leg.amount
    return AccountEntry(
        on=entry.effective.isoformat(),
        kind=entry.kind.value,
        why=entry.cause.reason,
        source=entry.cause.source,
        reference=entry.cause.reference,
        amounts={name: amount_text(cents) for name, cents in amounts.items() if cents},
    )


# --- the receivable ---------------------------------------------------------------------------------------------------


@use_case("analytics.read")
def aging(desk: Desk, books: Books, by: str = "payer", since: str = "service", collectible: bool = False) -> AgingView:
    """The receivable by age, from the date of service or of responsibility. With `collectible`, beside what is likely
    to be collected by the history of all charges that are settled; else the face value stands there.
    """
    if by not in BY or since not in SINCE:
        raise InputError("not a report of ours", field="by", mend=f"by {', '.join(BY)}; since {', '.join(SINCE)}")
    today = desk.today(books)
    balances = books.open_balances(today)
    names = _names(books, by, balances)
    rows = [
        receivable.OpenBalance(
            Debtor(b.owner, names[b.charge_id, b.party]), b.amount, b.service_date if since == "service" else b.since
        )
        for b in balances
    ]
    found = receivable.aging(rows, today, SINCE[since])
    rates = receivable.collection_rates(books.settled_by_owner() if collectible else ())
    return AgingView(
        as_of=today.isoformat(),
        since=found.since,
        by=by,
        total=amount_text(found.total),
        collectible=amount_text(sum(receivable.collectible(r.owner, r.total, rates) for r in found.rows)),
        rows=[
            {
                "owner": r.owner.value,
                by: r.party,
                **{name: amount_text(cents) for name, cents in r.buckets},
                "total": amount_text(r.total),
                "collectible": amount_text(receivable.collectible(r.owner, r.total, rates)),
            }
            for r in found.rows
        ],
    )


def _names(books: Books, by: str, balances: Iterable[OpenBalance]) -> dict[tuple[str, str], str]:
    """(charge, party) -> the name of the row it belongs to. Guarantors are one row: no names on this page."""
    if by == "provider":
        of_visit = books.provider_of_visits({b.encounter_id for b in balances})
        return {(b.charge_id, b.party): of_visit[b.encounter_id] for b in balances}
    payers = {payer.id: payer.name for payer in books.payers()} if by == "payer" else {}
    return {(b.charge_id, b.party): payers.get(b.party, "") for b in balances}


# --- the day ----------------------------------------------------------------------------------------------------------


def _sheet_view(books: Books, sheet: DaySheet) -> DaySheetView:
    closed = books.closed_through()
    total = books.account_totals(sheet.on).get(AccountKind.RECEIVABLE, 0)
    return DaySheetView(
        on=sheet.on.isoformat(),
        closed=closed is not None and sheet.on <= closed,
        entries=sheet.entries,
        by_kind={kind.value: amount_text(cents) for kind, cents in sheet.by_kind},
        by_account={kind.value: amount_text(cents) for kind, cents in sheet.by_account},
        receivable=amount_text(total),
        chain=books.ledger_head(),
    )


@use_case("ledger.read")
def read_day(desk: Desk, books: Books, on: date) -> DaySheetView:
    """The day sheet of a business date."""
    return _sheet_view(books, day_sheet(on, books.entries_of_day(on)))


@use_case("day.close")
def close_day(desk: Desk, books: Books, on: date) -> DaySheetView:
    """Close a business date and every earlier one: nothing is posted with those dates any more."""
    closed, calendar = books.closed_through(), desk.clock.today(books.practice().zone)
    if closed is not None and on <= closed:
        raise Conflict("the day is closed already", mend="what came later belongs to the next open day")
    if on > calendar:
        raise InputError("the day has not come yet", field="on", mend="close it when it is over")
    sheet = day_sheet(on, books.entries_of_day(on))
    detail = {"on": on.isoformat(), "entries": sheet.entries, "position": books.entry_count()}
    detail["chain"] = books.ledger_head()
    books.log(desk.actor, "day.close", DAY_SHEET, reason=f"closed {on.isoformat()}", after=sheet, detail=detail)
    books.closed_through(again=True)
    return _sheet_view(books, sheet)


# --- the digest -------------------------------------------------------------------------------------------------------


@use_case("ledger.read")
def digest(desk: Desk, books: Books) -> DigestView:
    """Whether two books are equal: one line of where the money stands and of the remittances read."""
    charges, parties = books.charge_names(), _party_names(books)
    balances = (
        NamedBalance(charges.get(charge_id, ""), kind, owner, parties.get(party, party), amount)
        for charge_id, kind, owner, party, amount in books.standing_balances()
    )
    papers = [f"{r.payer_number}|{r.trace}|{r.paid_on}|{r.amount}|{r.state}" for r in books.remittances()]
    return DigestView(sha256=state_digest(balances, papers), charges=len(charges), remittances=len(papers))


def _party_names(books: Books) -> dict[str, str]:
    """Payer -> its number, guarantor -> the record numbers they answer for."""
    names = {payer.id: f"payer {payer.number}" for payer in books.payers()}
    answers_for: defaultdict[str, list[str]] = defaultdict(list)
    for patient in books.patients():
        answers_for[patient.guarantor_id].append(patient.record_number)
    return names | {g: f"guarantor of {' '.join(sorted(records))}" for g, records in answers_for.items()}
