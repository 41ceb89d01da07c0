"""Credit balances: whose money we hold, by when it goes back and by which rule, and the refunds that two people decide.

Keys: down and up go through the credits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import streamlit as st

from app_streamlit import money
from app_streamlit.client import ApiProblem, practice_day
from app_streamlit.widgets.acting import act, pick, second_person, show_done, typed
from app_streamlit.widgets.look import added, counted, dollars, due_tone, strip, typed_amount
from app_streamlit.widgets.picklist import Cell, Row, show_table
from serving.schemas.money import CreditItem, InvestigationIn, RefundIn, RefundTermIn, RequestedIn

CREDIT = "credit"
FROM = {"identified": "day it was identified", "request": "request"}
RULES = (("State", ""), ("Whose", ""), ("Goes back within", ""), ("In force", ""), ("Source", "long"), ("Says", "long"))
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
            (dollars(total), f"held for {counted(len(found), 'party')}", ""),
            (str(late), "past the day they should go back", "bad" if late else ""),
        )
    if found:
        _credits(found)
    else:
        st.info("No credit balance is known. Look for new ones: the day it is found starts its clock.")
    _refunds(api)
    _rules(api)


def _find() -> str:
    return f"{counted(len(money.current().find_credits()), 'credit balance')} now known."


def _credits(found: list[CreditItem]) -> None:
    rows = [Row(item.id, _cells(item)) for item in found]
    item = found[pick(CREDIT, "credits", COLUMNS, rows, height="max(150px, 30vh)")]
    refund, clock = st.columns(2)
    with refund, st.container(border=True):
        _ask(item)
    with clock, st.container(border=True):
        _clock(item)


def _cells(item: CreditItem) -> tuple[Cell, ...]:
    days, tone = item.days_left, due_tone(item.days_left)
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
    asked = money.current().ask_refund(item.id, RefundIn(amount=typed_amount(amount), reason=why))
    return f"Asked: {dollars(asked.amount)} back to {asked.name}. A manager decides."


def _clock(item: CreditItem) -> None:
    """What moves the day: an investigation for the government's 60 days, a request, else a term that a person read."""
    if item.suspended_until:
        strip(("Suspended", f"by a good-faith investigation until {item.suspended_until}", ""))
    if item.requested_on:
        strip(("Asked for", f"on {item.requested_on}", ""))
    strip(("Its clock", item.rule, "" if item.decidable else "bad"))
    if "42 CFR" in item.rule:
        _entry(item, "The investigation ends", "What is looked into", "Begin a good-faith investigation", _investigate)
    elif item.decidable and item.kind == "payer":
        _entry(item, "They asked for it on", "By which letter", "Note that they asked", _requested)
    else:
        _entry(item, "It goes back by", "By which contract or state rule", "Set the day", _name)


def _entry(item: CreditItem, day: str, words: str, button: str, do: Callable[[CreditItem, str, str], str]) -> None:
    ahead = 0 if do is _requested else 30
    when = st.date_input(day, practice_day() + timedelta(days=ahead), key=f"clock_on_{item.id}")
    why = f"clock_why_{item.id}"
    st.text_input(words, key=why, max_chars=200)
    st.button(button, key="clock_set", on_click=act, args=(lambda: do(item, str(when), typed(why)),))


def _investigate(item: CreditItem, on: str, words: str) -> str:
    return _goes_back(money.current().investigate(item.id, InvestigationIn(until=on, reason=words)))


def _requested(item: CreditItem, on: str, words: str) -> str:
    return _goes_back(money.current().requested(item.id, RequestedIn(on=on, reason=words)))


def _name(item: CreditItem, on: str, words: str) -> str:
    return _goes_back(money.current().name_term(item.id, RefundTermIn(due=on, rule=words)))


def _goes_back(item: CreditItem) -> str:
    return f"It goes back by {item.due}." if item.due else f"Noted. {item.rule}."


def _rules(api: money.MoneyClient) -> None:
    """The states' rules that the practice keeps; a manager puts a file of them in force."""
    kept = api.refund_rules()
    with st.expander(f"State rules kept here ({len(kept.rules)}); this practice is in {kept.ours}"):
        if kept.rules:
            rows = [
                Row(
                    f"{r.state} {r.whose} {r.effective}",
                    [
                        (r.state, "strong"), (r.whose, ""), (f"{r.days} days from the {FROM[r.since]}", ""),
                        (f"{r.effective} to {r.terminated or 'now'}", "quiet"), (r.source, ""), (r.says, "quiet"),
                    ],
                )
                for r in kept.rules
            ]  # fmt: skip
            show_table("refund_rules", RULES, rows)
        else:
            st.caption("None. Enter the rules of your state from its statute: they decide where no contract does.")
        if kept.may_write:
            file = st.file_uploader("A file of rules (TOML, see docs/money.md)", key="refund_rules_file")
            st.button("Put it in force", disabled=file is None, on_click=act, args=(lambda: _save_rules(file),))


def _save_rules(file: Any) -> str:
    done = money.current().save_refund_rules(file.getvalue().decode("utf-8", "replace"))
    if done.findings:
        raise ApiProblem(f"Nothing is kept: {'; '.join(done.findings[:5])}", "Correct the file and take it in again.")
    return f"{counted(len(done.rules), 'rule')} in force. Look for new credits: their days are reckoned anew."


def _refunds(api: money.MoneyClient) -> None:
    """What waits for a second person."""
    waiting = api.refunds()
    strip((counted(len(waiting), "refund"), "asked for", ""))
    for item in waiting:
        asked = f"to {item.name}: {item.reason} ({item.asked_by}, {item.identified_on})"
        facts = (dollars(item.amount), asked, "")
        second_person(item.id, facts, item.second, partial(_approve, item), partial(_decline, item))


def _approve(item: CreditItem) -> str:
    money.current().approve_refund(item.id)
    return f"{dollars(item.amount)} is paid back to {item.name}."


def _decline(item: CreditItem, reason: str) -> str:
    money.current().decline_refund(item.id, reason)
    return "Declined; the credit waits as before."
