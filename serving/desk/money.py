"""Money with people: payments, statements, the manager's figures, and the proof that the books are sound."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core import posting, receivable
from billing_core.account import Books as Accounts
from billing_core.account import Debtor
from billing_core.claim import REFUSED_BY_PAYER, ClaimState, unadjudicated
from billing_core.errors import MoneyError
from billing_core.ledger import Cause, Owner
from billing_core.money import Cents, amount_text, parse_amount
from billing_core.statement import Names, Statement, statement, statement_due
from serving.desk.accounts import aged
from serving.desk.case import Desk, use_case
from serving.desk.coding import full_name
from serving.desk.paper import lines
from serving.desk.patient_balance import next_installment
from serving.desk.report import first_answers, submissions
from serving.errors import InputError, NotFound
from serving.schemas.billing import (
    AgingRow,
    AnalyticsView,
    LedgerProof,
    MetricView,
    PaymentIn,
    StatementItem,
)
from serving.store.states import CodeDecision, Direction

if TYPE_CHECKING:
    from billing_core.charge import Charge
    from billing_core.registration import PersonName
    from serving.store.books import Books
    from serving.store.queues import StoredStatement


@use_case("payment.take")
def take_payment(desk: Desk, books: Books, payment: PaymentIn) -> None:
    """Money from the guarantor: to what they owe of the visit, the rest as credit. Never negative, never zero."""
    encounter = books.encounter(payment.encounter_id)
    guarantor = books.patient(encounter.patient_id).guarantor_id
    charges = [charge.id for charge in books.charges(encounter.id)]
    cause = Cause(f"person {desk.actor.login}", encounter.id, payment.method)
    _apply(desk, books, parse_amount(payment.amount), guarantor, charges, cause)


def _apply(desk: Desk, books: Books, amount: Cents, guarantor: str, charges: Sequence[str], cause: Cause) -> None:
    accounts, owing = Accounts(books.entries_on(charges)), Debtor(Owner.GUARANTOR, guarantor)
    towards = [s for s in map(accounts.standing, charges) if s.owed_by(owing) > 0]
    entry = posting.post_patient_payment(amount, guarantor, towards, books.new_id(), desk.today(books), cause)
    books.append_entries([entry])
    books.log(desk.actor, "payment.take", cause.reference, after=entry)


@use_case("payment.take")
def take_mailed_payments(desk: Desk, books: Books, path: Path) -> int:
    """A lockbox file: what guarantors paid on their statements, one JSON object a line. The same file twice is one.

    {"statement_id": ..., "amount": "12.34", "method": "check"}: to the statement's services, oldest first; what is
    left over becomes the guarantor's credit. Every line is read before any is posted. Returns how many were posted.
    """
    data = path.read_bytes()
    paid = [_payment(books, place, line) for place, line in lines(path)]
    file_id, is_new = books.add_file(Direction.INBOUND, "payments", path.name[:200], data)
    if not is_new:
        return 0
    for number, (sent, amount, method) in enumerate(paid, start=1):
        charges = [line["charge_id"] for line in sent.body["lines"]]
        _apply(desk, books, amount, sent.guarantor_id, charges, Cause(f"file {file_id} line {number}", sent.id, method))
    return len(paid)


def _payment(books: Books, place: str, line: dict[str, Any]) -> tuple[StoredStatement, Cents, str]:
    """The statement a line of the lockbox pays, how much, and how."""
    mend = "give statement_id, amount and method as the statement's payment slip has them"
    for name in ("statement_id", "amount", "method"):
        if not isinstance(line.get(name), str):
            raise InputError("text expected", field=name, place=place, mend=mend)
    try:
        amount = parse_amount(line["amount"])
        sent = books.statement(line["statement_id"])
    except MoneyError as error:
        raise InputError(error.message, field="amount", place=place, mend=error.mend) from None
    except NotFound:
        raise InputError("no statement of ours", field="statement_id", place=place, mend=mend) from None
    if amount <= 0:
        raise InputError("a payment must be more than zero", field="amount", place=place, mend="enter what came in")
    return sent, amount, line["method"]


def _guarantors_owing(books: Books, today: date) -> dict[str, dict[str, Cents]]:
    """Guarantor -> the charges they owe, with how much."""
    owed: dict[str, dict[str, Cents]] = defaultdict(dict)
    for balance in books.open_balances(today, owner=Owner.GUARANTOR):
        if balance.amount > 0:
            owed[balance.party][balance.charge_id] = balance.amount
    return owed


def _use_credits(desk: Desk, books: Books, owing: dict[str, dict[str, Cents]]) -> None:
    """What guarantors paid beyond their charges goes to the charges they owe now, before any paper asks for it."""
    for party, credit in books.unapplied().items():
        if credit > 0 and party in owing:
            accounts = Accounts(books.entries_on(owing[party]))
            towards = [accounts.standing(charge_id) for charge_id in owing[party]]
            cause = Cause("statement run", party, "credit applied")
            entry = posting.apply_credit(credit, party, towards, books.new_id(), desk.today(books), cause)
            books.append_entries([entry] if entry else [])


@use_case("statement.run")
def run_statements(desk: Desk, books: Books) -> list[StatementItem]:
    """A statement to each guarantor who owes and is due one; none at zero, none while a payer is pending."""
    from serving.statement_pdf import statement_pdf as draw

    today, made_today = desk.today(books), []
    practice, sent = books.practice(), books.statements_sent()
    _use_credits(desk, books, _guarantors_owing(books, today))
    for guarantor_id, owed in sorted(_guarantors_owing(books, today).items()):
        if not statement_due(sent.get(guarantor_id, ()), sum(owed.values()), today):
            continue
        charges = books.charges_by_id(owed)
        made = statement(
            books.guarantor(guarantor_id),
            charges.values(),
            books.entries_on(owed),
            today,
            credit=books.unapplied_of(guarantor_id),
            names=_names(books, charges),
            installment=next_installment(books, guarantor_id, today),
        )
        if made is None:
            continue
        statement_id = books.add_statement(guarantor_id, today, made.total, made, draw(practice, made))
        made_today.append(_item(books, statement_id, made, today))
    return made_today


def _names(books: Books, charges: Mapping[str, Charge]) -> Names:
    """What the patients, those who gave the care and the payers are called."""
    patients = books.patients_by_id(charge.patient_id for charge in charges.values())
    visits = {charge.encounter_id for charge in charges.values()}
    care = {visit: books.provider(books.encounter(visit).provider_id).name for visit in visits}
    return Names(
        patients={
            c.id: f"{_called(patients[c.patient_id].name)} (record {patients[c.patient_id].record_number})"
            for c in charges.values()
        },
        providers={c.id: _called(care[c.encounter_id]) for c in charges.values()},
        payers={payer.id: payer.name for payer in books.payers()},
    )


def _called(name: PersonName) -> str:
    """As people say it."""
    return f"{name.first} {name.last}"


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
    first_sent = [submission for _, submission in submissions(books)]
    rates = (receivable.clean_claim_rate, receivable.first_pass_payment_rate, receivable.denial_rate)
    return AnalyticsView(
        as_of=today.isoformat(),
        metrics=[_metric(rate(first_sent, today)) for rate in rates],
        aging=[
            AgingRow(
                owner=r.owner,
                party=r.party,
                buckets={name: amount_text(cents) for name, cents in r.buckets},
                total=amount_text(r.total),
            )
            for r in receivable.aging(aged(books, today), today).rows
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
    """What the practice has done so far, in counts: the demo's summary.

    Rejected and denied say what a claim's first answer was, whatever became of it; paid and pending what it is now.
    """
    states, files, coded = books.claim_counts(), books.files(), books.coding_counts()
    first = Counter(first_answers(books).values())
    return {
        "encounters": sum(books.encounter_counts().values()),
        "notes_read_by_the_suggester": books.suggestion_count(),
        "suggestions": coded.suggested,
        "codes_signed": sum(coded.signed.values()),
        "codes_signed_by": dict(coded.signed),
        "codes_rejected": sum(n for (_, said), n in coded.decided.items() if said == CodeDecision.REJECT),
        "claims": sum(states.values()),
        "claims_rejected": first[ClaimState.REJECTED],
        "claims_denied": sum(first[state] for state in REFUSED_BY_PAYER),
        "claims_paid": states.get(ClaimState.PAID, 0) + states.get(ClaimState.PARTLY_DENIED, 0),
        "claims_pending": sum(n for state, n in states.items() if unadjudicated(state)),
        "claims_by_state": {str(state): n for state, n in states.items()},
        "files_written": sum(f.direction is Direction.OUTBOUND for f in files),
        "files_read": sum(f.direction is Direction.INBOUND for f in files),
        "ledger_entries": books.entry_count(),
        "ledger_sum_cents": books.ledger_sum(),
        "patient_statements": sum(map(len, books.statements_sent().values())),
        "denials_by_category": {c: n for c, (n, _) in books.denial_totals().items()},
    }
