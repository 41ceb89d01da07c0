"""Statements sent to guarantors: who, when, how much, and the paper itself."""

from __future__ import annotations

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.acting import pick
from app_streamlit.widgets.look import dollars, save_pdf, strip
from app_streamlit.widgets.picklist import Row
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
    left, right = st.columns([3, 2])
    with left:
        rows = [Row(item.id, _cells(item)) for item in statements]
        place = pick(CHOSEN, "statements", COLUMNS, rows, height="calc(100vh - 8rem)", keys=("n", "p"))
    with right:
        item = statements[place]
        strip((item.guarantor, f"statement of {item.on}", ""), (dollars(item.total), "to pay", ""))
        save_pdf("Save the PDF", lambda: api.statement_pdf(item.id), f"statement-{item.on}.pdf", first=True)


def _cells(item: StatementItem) -> tuple[tuple[str, str], ...]:
    return (item.on, ""), (item.guarantor, ""), (item.total, "")
