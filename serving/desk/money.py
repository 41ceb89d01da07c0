"""Money with people: payments, statements, the manager's figures, and the proof that the books are sound."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

from billing_core import posting, receivable
from billing_core.account import Books as Accounts
from billing_core.account import Debtor
from billing_core.claim import ClaimState
from billing_core.ledger import Cause, Owner
from billing_core.money import amount_text, parse_amount
from billing_core.statement import Statement, statement
from serving.desk.case import Desk, use_case
from serving.desk.coding import full_name
from serving.schemas.billing import (
    AgingRow,
    AnalyticsView,
    LedgerProof,
    MetricView,
    PaymentIn,
    StatementItem,
)
from serving.store.states import Direction

if TYPE_CHECKING:
    from serving.store.books import Books


@use_case("payment.take")
def take_payment(desk: Desk, books: Books, payment: PaymentIn) -> None:
    """Money from the guarantor: to what they owe of the visit, the rest as credit. Never negative, never zero."""
    encounter = books.encounter(payment.encounter_id)
    guarantor = books.patient(encounter.patient_id).guarantor_id
    charges = [charge.id for charge in books.charges(encounter.id)]
    accounts = Accounts(books.entries_on(charges))
    owing = Debtor(Owner.GUARANTOR, guarantor)
    towards = [s for s in map(accounts.standing, charges) if s.owed_by(owing) > 0]
    cause = Cause(f"person {desk.actor.login}", encounter.id, payment.method)
    entry = posting.post_patient_payment(
        parse_amount(payment.amount), guarantor, towards, books.new_id(), desk.today(books), cause
    )
    books.append_entries([entry])


def _guarantors_owing(books: Books, today: date) -> dict[str, set[str]]:
    """Guarantor -> the charges they owe."""
    owed: dict[str, set[str]] = defaultdict(set)
    for balance in books.open_balances(today, owner=Owner.GUARANTOR):
        if balance.amount > 0:
            owed[balance.party].add(balance.charge_id)
    return owed


@use_case("statement.run")
def run_statements(desk: Desk, books: Books) -> list[StatementItem]:
    """A statement to each guarantor who owes; none at zero, none while a payer is pending on the charge."""
    from serving.statement_pdf import statement_pdf as draw

    today, sent = desk.today(books), []
    practice = books.practice()
    recent = {s.guarantor_id for s in books.statements() if (today - s.statement_on).days < 28}
    for guarantor_id, charge_ids in sorted(_guarantors_owing(books, today).items()):
        if guarantor_id in recent:
            continue
        charges = books.charges_by_id(charge_ids)
        listed = charges.values() if isinstance(charges, dict) else charges
        made = statement(books.guarantor(guarantor_id), listed, books.entries_on(charge_ids), today)
        if made is None:
            continue
        pdf = draw(practice, made)
        statement_id = books.add_statement(guarantor_id, today, made.total, made, pdf)
        sent.append(_item(books, statement_id, made, today))
    return sent


def _item(books: Books, statement_id: str, made: Statement, on: date) -> StatementItem:
    return StatementItem(
        id=statement_id, guarantor=full_name(made.guarantor.name), on=on.isoformat(), total=amount_text(made.total)
    )


@use_case("statement.read")
def statements(desk: Desk, books: Books) -> list[StatementItem]:
    """Every statement sent."""
    return [
        StatementItem(
            id=s.id,
            guarantor=full_name(books.guarantor(s.guarantor_id).name),
            on=s.statement_on.isoformat(),
            total=amount_text(s.total),
        )
        for s in books.statements()
    ]


@use_case("statement.read")
def statement_pdf(desk: Desk, books: Books, statement_id: str) -> bytes:
    """The statement as sent."""
    return bytes(books.statement_pdf(statement_id))


_FIRST_ANSWERS = set(ClaimState) - {ClaimState.ACCEPTED, ClaimState.REVERSED, ClaimState.SUBMITTED}


def _submissions(books: Books) -> list[receivable.Submission]:
    """Each claim sent, with the state its first answer put it in (replaced and reversed ones by their events)."""
    first: dict[str, ClaimState] = {}
    touched: set[str] = set()
    for event in books.events():
        if event.action == "claim.mend":
            touched.add(event.subject)
        elif event.action.startswith("claim.") and event.action[6:] in _FIRST_ANSWERS:
            first.setdefault(event.subject, ClaimState(event.action[6:]))
    return [
        receivable.Submission(row.number, row.submitted_on, row.id not in touched, first.get(row.id))
        for row in books.claim_rows()
    ]


def _metric(metric: receivable.Metric) -> MetricView:
    value = metric.value
    return MetricView(
        name=metric.name,
        value="" if value is None else f"{value:.4f}",
        numerator=str(metric.numerator),
        denominator=str(metric.denominator),
        unknown=metric.unknown,
        as_of=metric.as_of.isoformat(),
        definition=metric.definition,
    )


@use_case("analytics.read")
def analytics(desk: Desk, books: Books) -> AnalyticsView:
    """Figures with numerator, denominator and what is not known yet."""
    today = desk.today(books)
    submissions = _submissions(books)
    balances = [
        receivable.OpenBalance(Debtor(b.owner, b.party), b.amount, b.service_date) for b in books.open_balances(today)
    ]
    rates = (receivable.clean_claim_rate, receivable.first_pass_payment_rate, receivable.denial_rate)
    return AnalyticsView(
        as_of=today.isoformat(),
        metrics=[_metric(rate(submissions, today)) for rate in rates],
        aging=[
            AgingRow(owner=r.owner, buckets={k: amount_text(v) for k, v in r.buckets}, total=amount_text(r.total))
            for r in receivable.aging(balances, today).rows
        ],
        denials_by_category={category: count for category, (count, _) in books.denial_totals().items()},
        claims_by_state={str(state): count for state, count in books.claim_counts().items()},
    )


@use_case("ledger.read")
def prove(desk: Desk, books: Books) -> LedgerProof:
    """Walk both hash chains and add up every leg."""
    ledger, events, total = books.verify_ledger(), books.verify_events(), books.ledger_sum()
    return LedgerProof(
        entries=ledger.length,
        sum_cents=total,
        chain=ledger.head,
        events=events.length,
        event_chain=events.head,
        sound=ledger.sound and events.sound and total == 0,
    )


@use_case("analytics.read")
def summary(desk: Desk, books: Books) -> dict[str, Any]:
    """What the practice has done so far, in counts: the demo's summary."""
    states = {str(s): n for s, n in books.claim_counts().items()}
    files = books.files()
    return {
        "encounters": sum(books.encounter_counts().values()),
        "suggestions": books.suggestion_count(),
        "claims": sum(states.values()),
        "claims_by_state": states,
        "files_written": sum(f.direction is Direction.OUTBOUND for f in files),
        "files_read": sum(f.direction is Direction.INBOUND for f in files),
        "ledger_entries": books.entry_count(),
        "ledger_sum_cents": books.ledger_sum(),
        "patient_statements": len(books.statements()),
        "denials_by_category": {c: n for c, (n, _) in books.denial_totals().items()},
    }
