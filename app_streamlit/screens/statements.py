"""Statements sent to guarantors: who, when, how much, and the paper itself."""

from __future__ import annotations

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.look import dollars, strip
from app_streamlit.widgets.picklist import Row, picklist
from serving.schemas.billing import StatementItem

CHOSEN = "statement"
COLUMNS = (("Date", ""), ("Guarantor", ""), ("To pay", "number"))


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    statements = sorted(api.statements(), key=lambda item: (item.on, item.guarantor), reverse=True)
    strip((str(len(statements)), "statements sent", ""))
    if not statements:
        st.info("No statement was sent yet.")
        return
    known = [item.id for item in statements]
    chosen = st.session_state.get(CHOSEN)
    chosen = str(chosen) if chosen in known else known[0]
    left, right = st.columns([3, 2])
    with left:
        rows = [Row(item.id, _cells(item)) for item in statements]
        picklist("statements", COLUMNS, rows, chosen, on_pick=_choose, height="calc(100vh - 8rem)")
    with right:
        item = statements[known.index(chosen)]
        strip((item.guarantor, f"statement of {item.on}", ""), (dollars(item.total), "to pay", ""))
        pdf = api.statement_pdf(item.id)
        st.download_button("Save the PDF", pdf, f"statement-{item.on}.pdf", "application/pdf", type="primary")


def _cells(item: StatementItem) -> tuple[tuple[str, str], ...]:
    return (item.on, ""), (item.guarantor, ""), (item.total, "")


def _choose(statement_id: str) -> None:
    st.session_state[CHOSEN] = statement_id
