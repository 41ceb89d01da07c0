"""What a guarantor owes, pays and does not pay: payments, plans, write-offs for hardship or smallness, collections.

A write-off is asked by one person and approved by another. Nothing is placed in collections while a plan is kept, and
no charge before as many statements have asked for it in vain.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from billing_core import posting
from billing_core.account import Books as Accounts
from billing_core.account import Debtor, Standing
from billing_core.ledger import Cause, EntryKind, Owner
from billing_core.money import Cents, amount_text, parse_amount
from billing_core.payment_plan import Installment, PlanState, installments, plan_state
from billing_core.statement import MOST_IN_A_ROW
from serving.desk.case import Desk, use_case
from serving.desk.coding import full_name
from serving.desk.second_person import has_role, second_person
from serving.errors import Conflict, InputError
from serving.schemas.money import (
    GuarantorItem,
    GuarantorPaymentIn,
    PatientBalanceItem,
    PatientWriteOffIn,
    PlanIn,
    PlanView,
    ReasonIn,
)
from serving.store.queues import StoredWork
from serving.store.states import WorkStatus

if TYPE_CHECKING:
    from serving.store.books import Books

PLAN, WRITE_OFF, COLLECTIONS = "plan", "patient write-off", "collections"
SMALL_MOST = 1_000  # cents: what may be called a small balance


def _owed(books: Books, guarantor_id: str, owner: Owner) -> list[Standing]:
    """The charges the guarantor owes in that role. NotFound for a guarantor who is not ours."""
    books.guarantor(guarantor_id)
    charges = [c.id for patient in books.patients(guarantor_id) for c in books.charges_of_patient(patient.id)]
    accounts = Accounts(books.entries_on(charges))
    debtor = Debtor(owner, guarantor_id)
    return [s for s in map(accounts.standing, charges) if s.owed_by(debtor) > 0]


def _subject(guarantor_id: str) -> str:
    return f"guarantor:{guarantor_id}"


def _open_work(books: Books, queue: str, guarantor_id: str) -> StoredWork | None:
    return next((work for work in books.work(queue) if work.subject == _subject(guarantor_id)), None)


def _name(books: Books, guarantor_id: str) -> str:
    return full_name(books.guarantor(guarantor_id).name)


def _item(desk: Desk, books: Books, work: StoredWork) -> PatientBalanceItem:
    return PatientBalanceItem(
        id=work.id,
        guarantor=_name(books, work.subject.removeprefix("guarantor:")),
        asked_on=work.created_on.isoformat(),
        guarantor_id=work.subject.removeprefix("guarantor:"),
        kind=str(work.body["kind"]),
        amount=amount_text(work.amount),
        reason=work.reason,
        asked_by=str(work.body["asked_by"]),
        status=work.outcome or str(work.status),
        second=second_person(desk, books, "writeoff.approve", str(work.body["asked_by"])),
    )


# --- who owes, and what comes in --------------------------------------------------------------------------------------


@use_case("ledger.read")
def guarantors(desk: Desk, books: Books) -> list[GuarantorItem]:
    """Everybody who owes, with us or in collections, the largest sum first; and what was done about it."""
    today, owed, placed, since = desk.today(books), Counter[str](), Counter[str](), dict[str, date]()
    for owner, sums in ((Owner.GUARANTOR, owed), (Owner.COLLECTIONS, placed)):
        for balance in books.open_balances(today, owner=owner):
            sums[balance.party] += balance.amount
            since[balance.party] = min(balance.since, since.get(balance.party, balance.since))
    sent, credit = books.statements_sent(), books.unapplied()
    kept = {w.subject: _plan_view(books, w, today).state for w in books.work(PLAN)}
    asked = {work.subject for work in books.work(WRITE_OFF)}
    known = {guarantor.id: full_name(guarantor.name) for guarantor in books.guarantors()}
    return [
        GuarantorItem(
            id=who,
            name=known[who],
            owed=amount_text(owed[who]),
            in_collections=amount_text(placed[who]),
            credit=amount_text(max(0, credit.get(who, 0))),
            since=since[who].isoformat(),
            statements=len(sent.get(who, ())),
            last_statement=sent[who][-1][0].isoformat() if who in sent else "",
            plan=kept.get(_subject(who), ""),
            write_off_asked=_subject(who) in asked,
            may_place=has_role(desk, "collections.place"),
        )
        for who in sorted(since, key=lambda who: (-owed[who] - placed[who], who))
    ]


@use_case("payment.take")
def take_guarantor_payment(desk: Desk, books: Books, guarantor_id: str, payment: GuarantorPaymentIn) -> None:
    """Money from a guarantor: to whatever they owe, with us and then in collections; the rest is their credit."""
    owed = [*_owed(books, guarantor_id, Owner.GUARANTOR), *_owed(books, guarantor_id, Owner.COLLECTIONS)]
    cause = Cause(f"person {desk.actor.login}", guarantor_id, payment.method)
    entry = posting.post_patient_payment(
        parse_amount(payment.amount), guarantor_id, owed, books.new_id(), desk.today(books), cause
    )
    books.append_entries([entry])
    books.log(desk.actor, "payment.take", guarantor_id, after=entry)


# --- plans ------------------------------------------------------------------------------------------------------------


def _paid_since(books: Books, guarantor_id: str, position: int) -> Cents:
    """What the guarantor paid after the plan was made."""
    paid = books.payments_of_party(guarantor_id, EntryKind.PATIENT_PAYMENT, position)
    return paid + books.payments_of_party(guarantor_id, EntryKind.REVERSAL, position)


def _plan(work: StoredWork) -> tuple[Installment, ...]:
    return tuple(Installment(date.fromisoformat(due), cents) for due, cents in work.body["installments"])


def next_installment(books: Books, guarantor_id: str, today: date) -> Installment | None:
    """What the guarantor's plan asks for next, with what of earlier installments is unpaid; None without a plan, or
    where it is broken or done: then the whole is asked for.
    """
    work = _open_work(books, PLAN, guarantor_id)
    if work is None:
        return None
    plan, paid = _plan(work), _paid_since(books, guarantor_id, int(work.body["position"]))
    if plan_state(plan, paid, today) not in (PlanState.KEPT, PlanState.BEHIND):
        return None
    expected = 0
    for installment in plan:
        expected += installment.amount
        if expected > paid and installment.due >= today:
            return Installment(installment.due, expected - paid)
    return Installment(today, expected - paid)  # the last one is late, by no more than the days of grace


def _plan_view(books: Books, work: StoredWork, today: date) -> PlanView:
    guarantor_id = work.subject.removeprefix("guarantor:")
    plan = _plan(work)
    paid = _paid_since(books, guarantor_id, int(work.body["position"]))
    return PlanView(
        id=work.id,
        guarantor_id=guarantor_id,
        total=amount_text(work.amount),
        paid=amount_text(paid),
        state=plan_state(plan, paid, today).value,
        guarantor=_name(books, guarantor_id),
        installments=[{"due": i.due.isoformat(), "amount": amount_text(i.amount)} for i in plan],
    )


@use_case("payment.take")
def make_plan(desk: Desk, books: Books, guarantor_id: str, wish: PlanIn) -> PlanView:
    """A plan for all that the guarantor owes today; one at a time."""
    total = sum(s.open for s in _owed(books, guarantor_id, Owner.GUARANTOR))
    if _open_work(books, PLAN, guarantor_id) is not None:
        raise Conflict("there is a plan already", mend="end it before making another")
    try:
        first = date.fromisoformat(wish.first_due)
    except ValueError:
        raise InputError("not a day", field="first_due", mend="give it as 2026-05-04") from None
    plan = installments(total, parse_amount(wish.monthly), first)
    body = {"installments": [[i.due.isoformat(), i.amount] for i in plan], "position": books.entry_count()}
    work = StoredWork(
        books.new_id(), PLAN, _subject(guarantor_id), desk.today(books), total, due=plan[-1].due, body=body
    )
    books.save_work([work])
    books.log(desk.actor, "payment.take", work.id, reason=f"plan of {len(plan)} installments")
    return _plan_view(books, work, desk.today(books))


@use_case("ledger.read")
def plans(desk: Desk, books: Books) -> list[PlanView]:
    """Every plan that is not ended, and where it stands."""
    return [_plan_view(books, work, desk.today(books)) for work in books.work(PLAN)]


@use_case("payment.take")
def end_plan(desk: Desk, books: Books, plan_id: str, why: ReasonIn) -> PlanView:
    """End a plan that is done, broken, or no longer wanted. Nothing moves: what is owed is owed."""
    work = books.work_item(plan_id)
    if work.queue != PLAN or work.status is not WorkStatus.OPEN:
        raise Conflict("this plan is ended already", mend="look at the guarantor's account")
    view = _plan_view(books, work, desk.today(books))
    books.finish_work(work.id, f"{view.state}: {why.reason}")
    books.log(desk.actor, "payment.take", work.id, reason=f"plan ended, {view.state}: {why.reason}")
    return view


# --- write-offs -------------------------------------------------------------------------------------------------------


@use_case("writeoff.ask")
def ask_write_off(desk: Desk, books: Books, guarantor_id: str, wish: PatientWriteOffIn) -> PatientBalanceItem:
    """Ask that all that the guarantor owes be written off. Nothing moves yet."""
    amount = sum(s.open for s in _owed(books, guarantor_id, Owner.GUARANTOR))
    if not amount:
        raise InputError("this guarantor owes nothing", field="guarantor", mend="look at the account")
    if wish.kind == "small balance" and amount > SMALL_MOST:
        raise InputError(f"more than {amount_text(SMALL_MOST)}", field="kind", mend="ask for hardship, or collect it")
    if _open_work(books, WRITE_OFF, guarantor_id) is not None:
        raise Conflict("this write-off is asked for already", mend="wait for the approval")
    body = {"asked_by": desk.actor.login, "kind": wish.kind}
    work = StoredWork(
        books.new_id(), WRITE_OFF, _subject(guarantor_id), desk.today(books), amount, reason=wish.reason, body=body
    )
    books.save_work([work])
    books.log(desk.actor, "writeoff.ask", work.id, reason=wish.kind)
    return _item(desk, books, work)


@use_case("writeoff.read")
def asked_write_offs(desk: Desk, books: Books) -> list[PatientBalanceItem]:
    """The write-offs of patients' balances that wait for a second person."""
    return [_item(desk, books, work) for work in books.work(WRITE_OFF)]


@use_case("writeoff.approve")
def decline_write_off(desk: Desk, books: Books, work_id: str, why: ReasonIn) -> PatientBalanceItem:
    """Decline it: nothing moves, the guarantor still owes."""
    work = books.work_item(work_id)
    if work.queue != WRITE_OFF or work.status is not WorkStatus.OPEN:
        raise Conflict("this write-off is decided already", mend="look at the guarantor's account")
    books.finish_work(work.id, f"declined: {why.reason}")
    books.log(desk.actor, "writeoff.approve", work.id, reason=f"declined: {why.reason}")
    return _item(desk, books, books.work_item(work_id))


@use_case("writeoff.approve")
def approve_write_off(desk: Desk, books: Books, work_id: str) -> PatientBalanceItem:
    """Approve it: at most what was asked for leaves the receivable. Who asked may not approve."""
    work = books.work_item(work_id)
    if work.queue != WRITE_OFF or work.status is not WorkStatus.OPEN:
        raise Conflict("this write-off is decided already", mend="look at the guarantor's account")
    left, kind, asked_by = work.amount, str(work.body["kind"]), str(work.body["asked_by"])
    for standing in _owed(books, work.subject.removeprefix("guarantor:"), Owner.GUARANTOR):
        amount = min(left, standing.open)
        if amount:
            words = f"{kind}: {work.reason}"
            entry = posting.write_off(
                standing, amount, words, asked_by, desk.actor.login, books.new_id(), desk.today(books)
            )
            books.append_entries([entry])
            left -= amount
    books.finish_work(work.id, "approved")
    books.log(desk.actor, "writeoff.approve", work.id, reason=kind)
    return _item(desk, books, books.work_item(work_id))


# --- collections ------------------------------------------------------------------------------------------------------


@use_case("collections.place")
def place(desk: Desk, books: Books, guarantor_id: str, why: ReasonIn) -> PatientBalanceItem:
    """Place with the agency what the guarantor owes and was asked for often enough; a later charge stays with us."""
    owed, today = _owed(books, guarantor_id, Owner.GUARANTOR), desk.today(books)
    if not owed:
        raise InputError("this guarantor owes nothing", field="guarantor", mend="look at the account")
    asked = Counter(line["charge_id"] for sent in books.statements(guarantor_id) for line in sent.body["lines"])
    owed = [standing for standing in owed if asked[standing.charge_id] >= MOST_IN_A_ROW]
    if not owed:
        raise Conflict("the statements are not all sent", mend=f"send {MOST_IN_A_ROW} before placing it")
    plan = _open_work(books, PLAN, guarantor_id)
    if plan is not None and _plan_view(books, plan, today).state in (PlanState.KEPT, PlanState.BEHIND):
        raise Conflict("the guarantor keeps a plan", mend="wait until it is broken")
    return _move(desk, books, owed, Debtor(Owner.COLLECTIONS, guarantor_id), f"placed: {why.reason}")


@use_case("collections.place")
def give_back(desk: Desk, books: Books, guarantor_id: str, why: ReasonIn) -> PatientBalanceItem:
    """Take back from the agency what is still open."""
    owed = _owed(books, guarantor_id, Owner.COLLECTIONS)
    if not owed:
        raise InputError("nothing is in collections", field="guarantor", mend="look at the account")
    return _move(desk, books, owed, Debtor(Owner.GUARANTOR, guarantor_id), f"returned: {why.reason}")


def _move(desk: Desk, books: Books, owed: list[Standing], to: Debtor, words: str) -> PatientBalanceItem:
    login = desk.actor.login
    made = [
        posting.move(s, to, books.new_id(), desk.today(books), Cause(f"person {login}", s.charge_id, words))
        for s in owed
    ]
    books.append_entries(made)
    total, body = sum(s.open for s in owed), {"asked_by": login, "kind": to.owner.value}
    work = StoredWork(
        books.new_id(), COLLECTIONS, _subject(to.party), desk.today(books), total, status=WorkStatus.DONE,
        reason=words, outcome=words, body=body,
    )  # fmt: skip
    books.save_work([work])
    books.log(desk.actor, "collections.place", work.id, reason=words.split(":", 1)[0])
    return _item(desk, books, work)
