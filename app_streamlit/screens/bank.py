"""The bank beside the books: what was deposited and is no remittance, what was announced and never came."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import streamlit as st

from app_streamlit import money
from app_streamlit.widgets.acting import act, pick, show_done, typed
from app_streamlit.widgets.look import added, counted, dollars, strip
from app_streamlit.widgets.picklist import Row, show_table
from serving.schemas.money import BankView, HandMatchIn, MatchView

DEPOSITS = (("Day", ""), ("Amount", "number"), ("What the bank says", "code"))
MATCH = "bank_match"
MATCHES = (("Day", ""), ("Amount", "number"), ("What the bank says", "code"), ("Remittances", "code"), ("How", "long"))
WAITING = (("Paid on", ""), ("Amount", "number"), ("Payer", ""), ("Check or trace", "code"))


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    view = money.current().bank()
    facts, take = st.columns([7, 3], vertical_alignment="center")
    with take.popover("Take in the bank's file", width="stretch"):
        file = st.file_uploader("CSV or BAI2", key="bank_file", label_visibility="collapsed")
        st.button("Match it", disabled=file is None, type="primary", on_click=act, args=(lambda: _match(file),))
    with facts:
        strip(
            (dollars(view.undeposited), "received and not seen at the bank", ""),
            (dollars(added(row.amount for row in view.waiting_remittances)), "of it announced by payers", ""),
            (dollars(added(row.amount for row in view.unmatched_deposits)), "deposited and not explained", ""),
        )
    show_done()
    left, right = st.columns(2)
    with left:
        strip((counted(len(view.unmatched_deposits), "deposit"), "without a remittance", ""))
        if view.unmatched_deposits:
            rows = [Row(d.id, [(d.on, ""), (d.amount, "strong"), (d.reference, "")]) for d in view.unmatched_deposits]
            show_table("deposits", DEPOSITS, rows, height="38vh")
        else:
            st.info("Every deposit is explained. Take in the bank's next file (CSV or BAI2).")
    with right:
        strip((counted(len(view.waiting_remittances), "remittance"), "without a deposit", ""))
        if view.waiting_remittances:
            rows = [
                Row(p.id, [(p.on, ""), (p.amount, "strong"), (p.payer, ""), (p.reference, "")])
                for p in view.waiting_remittances
            ]
            show_table("waiting", WAITING, rows, height="38vh")
        else:
            st.info("Every payment that a payer announced is at the bank.")
    if view.unmatched_deposits:
        _by_hand(view)
    _explained()


def _explained() -> None:
    """What is matched already, and the way back: a reversal, by name and with the reason."""
    shown, find = st.columns([6, 4], vertical_alignment="center")
    if not shown.toggle("Deposits that are explained", key="bank_done"):
        return
    found = money.current().matches(find.text_input("Find", key="bank_find", placeholder="day, amount, trace or words"))
    if not found:
        st.info("No deposit is explained yet." if not typed("bank_find") else "No explained deposit has that.")
        return
    rows = [
        Row(m.id, [(m.on, ""), (m.amount, "strong"), (m.reference, ""), (", ".join(m.traces), ""), (m.how, "quiet")])
        for m in found
    ]
    match = found[pick(MATCH, "matches", MATCHES, rows, height="32vh")]
    with st.container(border=True):
        said, why, undo = st.columns([4, 4, 2], vertical_alignment="bottom")
        with said:
            strip((dollars(match.amount), f"of {match.on}, {match.how}", ""))
        key = f"bank_undo_{match.id}"
        why.text_input("Why the match is wrong", key=key, max_chars=200)
        undo.button("Undo the match", width="stretch", on_click=act, args=(lambda: _undo(match, typed(key)),))


def _undo(match: MatchView, why: str) -> str:
    money.current().undo_match(match.id, why)
    return f"The match of {dollars(match.amount)} is undone; the deposit waits for you, and so do its remittances."


def _match(file: Any) -> str:
    done = money.current().match_deposits(file.name, file.getvalue())
    return (
        f"{counted(done.deposits, 'deposit')} read; {dollars(done.matched_amount)} matched,"
        f" {counted(len(done.unmatched_deposits), 'deposit')} left to you."
    )


def _by_hand(view: BankView) -> None:
    """What fits in more than one way, or comes from the drawer, a person decides."""
    deposits = {d.id: f"{d.on}  {dollars(d.amount)}  {d.reference}" for d in view.unmatched_deposits}
    waiting = {p.id: f"{p.on}  {dollars(p.amount)}  {p.payer} {p.reference}" for p in view.waiting_remittances}
    with st.container(border=True):
        left, right = st.columns(2)
        ours = left.multiselect("These deposits", list(deposits), format_func=deposits.__getitem__, key="bank_deposits")
        theirs = right.multiselect(
            "are these remittances", list(waiting), format_func=waiting.__getitem__, key="bank_waiting"
        )
        amounts = {row.id: Decimal(row.amount) for row in (*view.unmatched_deposits, *view.waiting_remittances)}
        left_over = sum((amounts[i] for i in ours), Decimal(0)) - sum(amounts[i] for i in theirs)
        if ours and theirs:
            strip((dollars(f"{left_over:.2f}"), "left between them: a match is exact", "bad" if left_over else ""))
        why, match, drawer = st.columns([4, 2, 3], vertical_alignment="bottom")
        why.text_input("Reason (kept in the event log)", key="bank_why", max_chars=200)
        match.button(
            "Match them", type="primary", disabled=not (ours and theirs) or left_over != 0, width="stretch",
            on_click=act, args=(lambda: _match_by_hand(ours, theirs),),
        )  # fmt: skip
        drawer.button(
            "It is patients' money from the drawer", disabled=len(ours) != 1 or bool(theirs), width="stretch",
            on_click=act, args=(lambda: _drawer(ours[0]),),
        )  # fmt: skip


def _match_by_hand(deposits: list[str], remittances: list[str]) -> str:
    choice = HandMatchIn(deposits=deposits, remittances=remittances, reason=typed("bank_why"))
    money.current().match_by_hand(choice)
    return f"{counted(len(deposits), 'deposit')} matched to {counted(len(remittances), 'remittance')}."


def _drawer(deposit_id: str) -> str:
    money.current().patients_money(deposit_id, typed("bank_why"))
    return "The deposit is explained: patients' money, now at the bank."
