"""Coverages that pay visits and unsent claims, what their payers say of the day, and the question to those that have
not said.
"""

from __future__ import annotations

import streamlit as st

from app_streamlit import money
from app_streamlit.widgets.acting import act, show_done
from app_streamlit.widgets.look import counted, strip
from app_streamlit.widgets.picklist import Cell, Row, show_table
from serving.schemas.eligibility import CoverageItem

AGAIN = "coverages_again"
COLUMNS = (
    ("Patient", ""),
    ("Payer", ""),
    ("Member", "code"),
    ("Seen", ""),
    ("Pays", ""),
    ("What the payer says", "long"),
)
ORDER = ("inactive", "", "active")  # what wants work first
TONES = {"inactive": "bad", "active": "good"}


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    found = sorted(money.current().coverages(), key=lambda item: (ORDER.index(item.standing), item.service_date))
    facts, again, ask = st.columns([5, 3, 2], vertical_alignment="center")
    inactive, silent, active = (sum(item.standing == standing for item in found) for standing in ORDER)
    with facts:
        strip(
            (str(active), "confirmed by their payers", ""),
            (str(inactive), "called inactive", "bad" if inactive else ""),
            (str(silent), "not known from the payer", ""),
        )
    again.checkbox("Ask again about those called inactive", key=AGAIN)
    ask.button("Ask the payers", type="primary", width="stretch", on_click=act, args=(_ask,))
    show_done()
    if found:
        rows = [Row(f"{item.coverage_id} {item.service_date}", _cells(item)) for item in found]
        show_table("coverages", COLUMNS, rows, height="calc(100vh - 9rem)")
    else:
        st.info("No visit waits to be billed and no claim to be sent.")


def _cells(item: CoverageItem) -> tuple[Cell, ...]:
    return (
        (item.patient, ""),
        (item.payer, ""),
        (item.member_id, "quiet"),
        (item.service_date, ""),
        (f"a {item.kind}", "quiet"),
        (item.words, TONES.get(item.standing, "")),
    )


def _ask() -> str:
    asked = money.current().ask_payers(again=bool(st.session_state.get(AGAIN)))
    words = f"{counted(asked.questions, 'question')} in {counted(len(asked.files), 'file')}; the next night sends them."
    return " ".join([words if asked.questions else "There is nothing new to ask.", *asked.held])
