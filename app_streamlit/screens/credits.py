"""Credit balances: whose money we hold, by when it goes back and by which rule, and the refunds that two people decide.

Keys: down and up go through the credits.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import streamlit as st

from app_streamlit import money
from app_streamlit.widgets.acting import act, choose, chosen, second_person, show_done, typed
from app_streamlit.widgets.look import added, counted, dollars, strip
from app_streamlit.widgets.picklist import Cell, Row, picklist
from serving.schemas.money import CreditItem, InvestigationIn, RefundIn, RefundTermIn

CREDIT = "credit"
SOON = 14  # days before it is due from which a credit is marked
COLUMNS = (
    ("Whose", ""),
    ("", ""),
    ("Amount", "number"),
    ("Identified", ""),
    ("Goes back by", ""),
    ("Days", "number"),
    ("By which rule", "long"),
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = money.current()
    facts, look = st.columns([7, 3], vertical_alignment="center")
    look.button("Look for new credits", on_click=act, args=(_find,), width="stretch")
    show_done()
    found = api.credits()
    with facts:
        late = sum(item.days_left is not None and item.days_left < 0 for item in found)
        total = added(item.amount for item in found)
        strip(
            (
                dollars(total),
                f"held for {counted(len(found), 'party').replace('partys', 'parties')}",
                "",
            ),
            (str(late), "past the day they should go back", "bad" if late else ""),
        )
    if found:
        _credits(found)
    else:
        st.info("No credit balance is known. Look for new ones: the day it is found starts its clock.")
    _refunds(api)


def _find() -> str:
    return f"{counted(len(money.current().find_credits()), 'credit balance')} now known."


def _credits(found: list[CreditItem]) -> None:
    known = [item.id for item in found]
    now = chosen(CREDIT, known)
    rows = [Row(item.id, _cells(item)) for item in found]
    picklist(
        "credits", COLUMNS, rows, now, on_pick=choose(CREDIT), height="max(150px, 30vh)", keys=("ArrowDown", "ArrowUp")
    )
    item = found[known.index(now)]
    refund, clock = st.columns(2)
    with refund, st.container(border=True):
        _ask(item)
    with clock, st.container(border=True):
        _clock(item)


def _cells(item: CreditItem) -> tuple[Cell, ...]:
    days = item.days_left
    tone = "" if days is None else "bad" if days < 0 else "warn" if days <= SOON else ""
    return (
        (item.name, "strong"),
        (item.kind, "quiet"),
        (item.amount, "strong"),
        (item.identified_on, ""),
        (item.due or "not known", tone or ("" if item.due else "warn")),
        ("" if days is None else str(days), tone),
        (item.rule, "quiet"),
    )


def _ask(item: CreditItem) -> None:
    amount, why = f"refund_amount_{item.id}", f"refund_why_{item.id}"
    strip(("Refund", f"to {item.name}; another person approves", ""))
    st.text_input("Amount", item.amount, key=amount)
    st.text_input("Reason", key=why, max_chars=200)
    st.button(
        "Ask for the refund", type="primary", key="refund_ask", on_click=act,
        args=(lambda: _ask_refund(item, typed(amount), typed(why)),),
    )  # fmt: skip


def _ask_refund(item: CreditItem, amount: str, why: str) -> str:
    asked = money.current().ask_refund(item.id, RefundIn(amount=amount.lstrip("$").replace(",", ""), reason=why))
    return f"Asked: {dollars(asked.amount)} back to {asked.name}. A manager decides."


def _clock(item: CreditItem) -> None:
    """What moves the day: an investigation for the government's 60 days, else the contract's or the state's term."""
    if item.suspended_until:
        strip(("Suspended", f"by a good-faith investigation until {item.suspended_until}", ""))
    lawful = "42 CFR" in item.rule
    strip(("Its clock", item.rule, ""))
    when = st.date_input(
        "The investigation ends" if lawful else "It goes back by", date.today() + timedelta(days=30),
        key=f"clock_on_{item.id}",
    )  # fmt: skip
    why = f"clock_why_{item.id}"
    st.text_input("What is looked into" if lawful else "By which contract or state rule", key=why, max_chars=200)
    st.button(
        "Begin a good-faith investigation" if lawful else "Set the day", key="clock_set", on_click=act,
        args=(lambda: _set(item, lawful, str(when), typed(why)),),
    )  # fmt: skip


def _set(item: CreditItem, lawful: bool, on: str, words: str) -> str:
    api = money.current()
    if lawful:
        done = api.investigate(item.id, InvestigationIn(until=on, reason=words))
    else:
        done = api.name_term(item.id, RefundTermIn(due=on, rule=words))
    return f"It goes back by {done.due}."


def _refunds(api: money.MoneyClient) -> None:
    """What waits for a second person."""
    waiting = api.refunds()
    strip((counted(len(waiting), "refund"), "asked for", ""))
    for item in waiting:
        asked = f"to {item.name}: {item.reason} ({item.asked_by}, {item.identified_on})"
        second_person(item.id, (dollars(item.amount), asked, ""), partial(_approve, item), partial(_decline, item))


def _approve(item: CreditItem) -> str:
    money.current().approve_refund(item.id)
    return f"{dollars(item.amount)} is paid back to {item.name}."


def _decline(item: CreditItem, reason: str) -> str:
    money.current().decline_refund(item.id, reason)
    return "Declined; the credit waits as before."
