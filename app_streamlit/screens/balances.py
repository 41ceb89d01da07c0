"""What patients owe: who, since when, what was sent and paid; payments, plans, write-offs, collections and back.

Keys: down and up go through the people.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Literal

import streamlit as st

from app_streamlit import money
from app_streamlit.client import practice_day
from app_streamlit.widgets.acting import act, pick, second_person, show_done, typed
from app_streamlit.widgets.look import added, counted, dollars, strip, typed_amount
from app_streamlit.widgets.picklist import Cell, Row, show_table
from serving.schemas.money import (
    GuarantorItem,
    GuarantorPaymentIn,
    PatientBalanceItem,
    PatientWriteOffIn,
    PlanIn,
    PlanView,
)

WHO = "balance_of"
COLUMNS = (
    ("Who answers for it", ""),
    ("Owed", "number"),
    ("In collections", "number"),
    ("Credit", "number"),
    ("Since", ""),
    ("Statements", "number"),
    ("Last one", ""),
    ("Plan", ""),
    ("", ""),
)
METHODS: tuple[Literal["cash", "check", "card"], ...] = ("card", "cash", "check")
KINDS: tuple[Literal["small balance", "hardship"], ...] = ("small balance", "hardship")


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = money.current()
    facts, run = st.columns([7, 3], vertical_alignment="center")
    run.button("Draw up the statements that are due", on_click=act, args=(_statements,), width="stretch")
    show_done()
    found = api.guarantors()
    with facts:
        owed = added(item.owed for item in found)
        placed = added(item.in_collections for item in found)
        strip(
            (dollars(owed), f"owed by {len(found):,} people", ""),
            (dollars(placed), "of others in collections" if Decimal(owed) else "in collections", ""),
        )
    if found:
        _people(api, found)
    else:
        st.info("No patient owes anything. A balance comes here when the last payer has answered.")
    _asked(api)


def _statements() -> str:
    made = money.current().run_statements()
    return (
        f"{counted(len(made), 'statement')} drawn up." if made else "No statement is due today: nothing was drawn up."
    )


def _people(api: money.MoneyClient, found: list[GuarantorItem]) -> None:
    rows = [Row(item.id, _cells(item)) for item in found]
    item = found[pick(WHO, "guarantors", COLUMNS, rows, height="max(180px, 34vh)")]
    strip((item.name, f"owes {dollars(item.owed)}, {dollars(item.in_collections)} in collections", ""))
    pay, plan, end = st.columns(3)
    with pay, st.container(border=True):
        _payment(item)
    with plan, st.container(border=True):
        _plan(item, next((plan for plan in api.plans() if plan.guarantor_id == item.id), None))
    with end, st.container(border=True):
        _ends(item)


def _cells(item: GuarantorItem) -> tuple[Cell, ...]:
    return (
        (item.name, "strong"),
        (item.owed, "strong" if item.owed != "0.00" else "quiet"),
        (item.in_collections, "" if item.in_collections != "0.00" else "quiet"),
        (item.credit, "" if item.credit != "0.00" else "quiet"),
        (item.since, ""),
        (str(item.statements), ""),
        (item.last_statement, "quiet"),
        (item.plan, "bad" if item.plan in ("behind", "broken") else ""),
        ("write-off asked for" if item.write_off_asked else "", "quiet"),
    )


def _button(words: str, key: str, do: Callable[[], str], *, primary: bool = False, disabled: bool = False) -> None:
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(words, key=key, type=kind, disabled=disabled, width="stretch", on_click=act, args=(do,))


def _payment(item: GuarantorItem) -> None:
    amount = f"pay_{item.id}"
    strip(("Take a payment", "to the oldest service first; the rest is credit", ""))
    st.text_input("Amount", key=amount, placeholder=item.owed)
    method = st.segmented_control("By", METHODS, default="card", key=f"by_{item.id}")
    _button("Take it", "pay", lambda: _take(item, typed(amount), method or "card"), primary=True)


def _take(item: GuarantorItem, amount: str, method: Literal["cash", "check", "card"]) -> str:
    plain = typed_amount(amount)
    money.current().take_payment(item.id, GuarantorPaymentIn(amount=plain, method=method))
    return f"{dollars(plain)} taken from {item.name}."


def _plan(item: GuarantorItem, plan: PlanView | None) -> None:
    if plan is None:
        strip(("Payment plan", "no collections while it is kept", ""))
        monthly = f"monthly_{item.id}"
        st.text_input("A month", key=monthly, placeholder="50.00")
        first = st.date_input("First due", practice_day() + timedelta(days=30), key=f"first_{item.id}")
        _button("Make the plan", "plan", lambda: _make(item, typed(monthly), str(first)), disabled=item.owed == "0.00")
        return
    strip((plan.state.capitalize(), f"{dollars(plan.paid)} of {dollars(plan.total)} paid", ""))
    rows = [Row(part["due"], [(part["due"], ""), (part["amount"], "")]) for part in plan.installments]
    show_table("installments", (("Due", ""), ("Amount", "number")), rows, height="7rem")
    why = f"end_why_{plan.id}"
    st.text_input("Why it ends", key=why)
    _button("End the plan", "plan_end", lambda: _end(plan, typed(why)))


def _make(item: GuarantorItem, monthly: str, first: str) -> str:
    plan = money.current().make_plan(item.id, PlanIn(monthly=typed_amount(monthly), first_due=first))
    return f"A plan of {counted(len(plan.installments), 'installment')} for {item.name}."


def _end(plan: PlanView, why: str) -> str:
    money.current().end_plan(plan.id, why)
    return "The plan is ended; what is owed is owed."


def _ends(item: GuarantorItem) -> None:
    """What a practice does with what is not paid: a write-off that another person approves, or the agency."""
    strip(("Not paid", "a write-off needs a second person", ""))
    kind = st.segmented_control("Write it off as", KINDS, default="small balance", key=f"kind_{item.id}")
    why = f"balance_why_{item.id}"
    st.text_input("Reason", key=why, max_chars=200)
    _button("Ask for the write-off", "writeoff", lambda: _ask(item, kind or "small balance", typed(why)))
    if item.may_place and item.owed != "0.00":
        _button("Place in collections", "place", lambda: _place(item, typed(why)))
    if item.may_place and item.in_collections != "0.00":
        _button("Take back from collections", "give_back", lambda: _give_back(item, typed(why)))


def _ask(item: GuarantorItem, kind: Literal["small balance", "hardship"], why: str) -> str:
    asked = money.current().ask_patient_write_off(item.id, PatientWriteOffIn(kind=kind, reason=why))
    return f"Asked: {dollars(asked.amount)} of {item.name} to be written off. Another person decides."


def _place(item: GuarantorItem, why: str) -> str:
    return f"{dollars(money.current().place(item.id, why).amount)} of {item.name} is with the agency."


def _give_back(item: GuarantorItem, why: str) -> str:
    return f"{dollars(money.current().give_back(item.id, why).amount)} of {item.name} is with us again."


def _asked(api: money.MoneyClient) -> None:
    """What waits for a second person."""
    waiting = api.patient_write_offs()
    strip((counted(len(waiting), "write-off"), "of patients' balances asked for", ""))
    for item in waiting:
        asked = f"of {item.guarantor}, {item.kind}: {item.reason} ({item.asked_by}, {item.asked_on})"
        facts = (dollars(item.amount), asked, "")
        second_person(item.id, facts, item.second, partial(_approve, item), partial(_decline, item))


def _approve(item: PatientBalanceItem) -> str:
    money.current().approve_patient_write_off(item.id)
    return f"{dollars(item.amount)} of {item.guarantor} is written off."


def _decline(item: PatientBalanceItem, reason: str) -> str:
    money.current().decline_patient_write_off(item.id, reason)
    return "Declined; the balance is owed as before."
