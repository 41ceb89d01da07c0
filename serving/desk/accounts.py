"""Looking at the books: a patient's account with its history, A/R by age, the day sheet and its close, the digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from billing_core import receivable
from billing_core.account import Books as Accounts
from billing_core.account import Debtor
from billing_core.charge import Charge
from billing_core.day_sheet import DaySheet, day_sheet
from billing_core.ledger import AccountKind, Owner
from billing_core.money import amount_text
from billing_core.state_digest import NamedBalance, state_digest
from serving.desk.case import Desk, use_case
from serving.desk.causes import Causes, segments_of
from serving.desk.coding import full_name
from serving.desk.second_person import has_role
from serving.errors import Conflict, InputError
from serving.schemas.money import (
    AccountLine,
    AccountView,
    AgingLine,
    AgingLines,
    AgingView,
    DaySheetView,
    DigestView,
    EntryView,
)
from serving.store.balances import AgedPart, OpenBalance
from serving.store.ledger import DAY_SHEET

if TYPE_CHECKING:
    from serving.store.books import Books

SINCE = {"service": "date of service", "responsibility": "date of responsibility"}
BY = ("payer", "provider", "practice")


# --- one account ------------------------------------------------------------------------------------------------------


@use_case("ledger.read")
def account(desk: Desk, books: Books, patient_id: str) -> AccountView:
    """Every charge of the patient with what moved it, and the guarantor's credit."""
    patient, causes = books.patient(patient_id), Causes(books)
    guarantor = patient.guarantor_id
    charges = books.charges_of_patient(patient_id)
    accounts = Accounts(books.entries_on(charge.id for charge in charges))
    standings = [accounts.standing(charge.id) for charge in charges]
    return AccountView(
        patient_id=patient_id,
        patient=full_name(patient.name),
        record_number=patient.record_number,
        guarantor_id=guarantor,
        guarantor=full_name(books.guarantor(guarantor).name),
        insurance_paid=amount_text(sum(s.insurance_paid for s in standings)),
        patient_paid=amount_text(sum(s.patient_paid for s in standings)),
        owed_by_guarantor=amount_text(sum(s.owed_by(Debtor(Owner.GUARANTOR, guarantor)) for s in standings)),
        in_collections=amount_text(sum(s.owed_by(Debtor(Owner.COLLECTIONS, guarantor)) for s in standings)),
        charged=amount_text(sum(s.charged for s in standings)),
        paid=amount_text(sum(s.paid for s in standings)),
        adjusted=amount_text(sum(s.contractual + s.written_off for s in standings)),
        open=amount_text(sum(s.open for s in standings)),
        credit=amount_text(max(0, books.unapplied_of(guarantor))),
        lines=[_line(charge, accounts, causes) for charge in charges],
    )


def _line(charge: Charge, accounts: Accounts, causes: Causes) -> AccountLine:
    s = accounts.standing(charge.id)
    return AccountLine(
        charge_id=charge.id,
        encounter_id=charge.encounter_id,
        owner_name=causes.party(s.debtor.party) if s.debtor else "",
        service_date=charge.service_date.isoformat(),
        procedure=charge.procedure,
        charged=amount_text(s.charged),
        insurance_paid=amount_text(s.insurance_paid),
        patient_paid=amount_text(s.patient_paid),
        contractual=amount_text(s.contractual),
        written_off=amount_text(s.written_off),
        open=amount_text(s.open),
        owner=s.debtor.owner.value if s.debtor else "",
        history=[
            causes.movement(entry, [leg for leg in entry.legs if leg.charge_id == charge.id])
            for entry in accounts.entries(charge.id)
        ],
    )


@use_case("ledger.read")
def explain(desk: Desk, books: Books, entry_id: str) -> EntryView:
    """One entry explained: its legs, and who or which file, set and segments made it."""
    entry = books.entry(entry_id)
    return Causes(books).explained(entry, segments_of(books, entry))


# --- the receivable ---------------------------------------------------------------------------------------------------


@use_case("analytics.read")
def aging(desk: Desk, books: Books, by: str = "payer", since: str = "service", collectible: bool = False) -> AgingView:
    """The receivable by age, from the date of service or of responsibility. With `collectible`, beside what is likely
    to be collected by the history of all charges that are settled; else the face value stands there.
    """
    if by not in BY or since not in SINCE:
        raise InputError("not a report of ours", field="by", mend=f"by {', '.join(BY)}; since {', '.join(SINCE)}")
    today = desk.today(books)
    found = receivable.aging(aged(books, today, by, since), today, SINCE[since])
    rates = receivable.collection_rates(books.settled_by_owner() if collectible else ())
    return AgingView(
        as_of=today.isoformat(),
        since=found.since,
        by=by,
        total=amount_text(found.total),
        collectible=amount_text(sum(receivable.collectible(r.owner, r.total, rates) for r in found.rows)),
        names={p.npi: full_name(p.name) for p in books.providers()} if by == "provider" else {},
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


def aged(books: Books, today: date, by: str = "payer", since: str = "service") -> list[receivable.OpenBalance]:
    """What is open by debtor and age, already added up: a payer, or a provider, by name. Guarantors are one row: no
    names on this page.
    """
    days = receivable.first_days(today)
    names = {payer.id: payer.name for payer in books.payers()} if by == "payer" else {}
    return [
        receivable.OpenBalance(Debtor(row.owner, names.get(row.group, row.group)), amount, day)
        for row in books.aged_balances(today, days[:-1], by=by, since_service=since == "service")
        for amount, day in zip(row.amounts, days, strict=True)
    ]


LINES_MOST = 1000


@use_case("ledger.read")
def aging_lines(
    desk: Desk,
    books: Books,
    by: str = "payer",
    since: str = "service",
    owner: str = "",
    name: str | None = None,
    bucket: str = "",
) -> AgingLines:
    """The open balances behind the aging, oldest first: of one kind of debtor, one row and one age, when given."""
    if by not in BY or since not in SINCE:
        raise InputError("not a report of ours", field="by", mend=f"by {', '.join(BY)}; since {', '.join(SINCE)}")
    today = desk.today(books)
    count, total, chosen = books.balances_behind(
        today,
        receivable.first_days(today)[:-1],
        by=by,
        since_service=since == "service",
        part=_part(books, by, owner, name, bucket),
        limit=LINES_MOST,
    )
    return AgingLines(
        as_of=today.isoformat(),
        since=SINCE[since],
        count=count,
        total=amount_text(total),
        rows=_aging_lines(books, chosen, since, today),
    )


def _part(books: Books, by: str, owner: str, name: str | None, bucket: str) -> AgedPart:
    """The part of the aging that a reader names as it stands on the page."""
    if owner and owner not in set(Owner):
        raise InputError("no kind of debtor", field="owner", mend=f"one of {', '.join(Owner)}")
    if bucket and bucket not in receivable.AGES:
        raise InputError("no age of the report", field="bucket", mend=f"one of {', '.join(receivable.AGES)}")
    age = receivable.AGES.index(bucket) if bucket else None
    return AgedPart(Owner(owner) if owner else None, None if name is None else _behind(books, by, name), age)


def _behind(books: Books, by: str, name: str) -> tuple[str, ...]:
    """The ids behind the name of a row: of payers by name, of providers by NPI; "" is the row of who is no payer."""
    if by == "provider":
        return tuple(provider.id for provider in books.providers() if provider.npi == name)
    return tuple(payer.id for payer in books.payers() if payer.name == name) or ((name,) if name else ())


def _from(balance: OpenBalance, since: str) -> date:
    return balance.service_date if since == "service" else balance.since


def _aging_lines(books: Books, chosen: Sequence[OpenBalance], since: str, today: date) -> list[AgingLine]:
    charges = books.charges_by_id(b.charge_id for b in chosen)
    patients = books.patients_by_id(b.patient_id for b in chosen)
    payers = {payer.id: payer.name for payer in books.payers()}
    latest = books.latest_claims(b.encounter_id for b in chosen)
    claims = {visit: (row.id, row.number) for visit, row in latest.items()}
    return [
        AgingLine(
            charge_id=b.charge_id,
            patient_id=b.patient_id,
            patient=full_name(patients[b.patient_id].name),
            record_number=patients[b.patient_id].record_number,
            service_date=b.service_date.isoformat(),
            since=_from(b, since).isoformat(),
            days=max(0, (today - _from(b, since)).days),
            bucket=receivable.bucket(_from(b, since), today),
            procedure=charges[b.charge_id].procedure,
            owner=b.owner.value,
            party=payers.get(b.party, ""),
            claim_id=claims.get(b.encounter_id, ("", ""))[0],
            claim_number=claims.get(b.encounter_id, ("", ""))[1],
            amount=amount_text(b.amount),
        )
        for b in chosen
    ]


# --- the day ----------------------------------------------------------------------------------------------------------


def _sheet_view(desk: Desk, books: Books, sheet: DaySheet) -> DaySheetView:
    closed = books.closed_through()
    at_close = next(
        (e.detail for e in books.events(action="day.close") if e.detail["on"] == sheet.on.isoformat()), None
    )
    total = books.account_totals(sheet.on).get(AccountKind.RECEIVABLE, 0)
    return DaySheetView(
        on=sheet.on.isoformat(),
        closed=closed is not None and sheet.on <= closed,
        entries=sheet.entries,
        by_kind={kind.value: amount_text(cents) for kind, cents in sheet.by_kind},
        by_account={kind.value: amount_text(cents) for kind, cents in sheet.by_account},
        receivable=amount_text(total),
        chain=str(at_close["chain"]) if at_close else books.ledger_head(),
        closed_through=closed.isoformat() if closed else "",
        may_close=has_role(desk, "day.close"),
    )


@use_case("ledger.read")
def read_day(desk: Desk, books: Books, on: date) -> DaySheetView:
    """The day sheet of a business date."""
    return _sheet_view(desk, books, day_sheet(on, books.entries_of_day(on)))


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
    return _sheet_view(desk, books, sheet)


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
