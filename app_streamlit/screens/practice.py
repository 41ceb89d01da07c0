"""The manager's screen: figures with what they are made of, aging, denials, statements, and the proof of the ledger."""

from __future__ import annotations

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.messages import plain, show_problem
from serving.schemas.billing import AgingRow, MetricView

CARDS_IN_A_ROW = 3


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    analytics = api.analytics()
    st.caption(plain(f"As of {analytics.as_of}"))
    for start in range(0, len(analytics.metrics), CARDS_IN_A_ROW):
        columns = st.columns(CARDS_IN_A_ROW)
        for column, metric in zip(columns, analytics.metrics[start : start + CARDS_IN_A_ROW], strict=False):
            with column:
                _metric(metric)
    st.subheader("Aging by owner, from the date of service")
    st.dataframe([_aging(row) for row in analytics.aging], hide_index=True)
    denials, states = st.columns(2)
    with denials:
        st.subheader("Denials by category")
        _counts("Category", analytics.denials_by_category)
    with states:
        st.subheader("Claims by state")
        _counts("State", analytics.claims_by_state)
    # The parts below stand alone: where one cannot be shown, the figures above still are.
    for part in (_ledger, _statements):
        try:
            part(api)
        except client.ApiProblem as problem:
            show_problem(problem)


def _metric(metric: MetricView) -> None:
    """A figure never without its numerator, its denominator and what is not known yet."""
    with st.container(border=True):
        st.metric(plain(metric.name), metric.value, help=plain(metric.definition))
        st.caption(plain(f"{metric.numerator} of {metric.denominator}; {metric.unknown} not known; {metric.as_of}"))


def _aging(row: AgingRow) -> dict[str, str]:
    return {"Owner": row.owner, **row.buckets, "Total": row.total}


def _counts(name: str, counts: dict[str, int]) -> None:
    rows = [{name: key, "Claims": count} for key, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
    st.dataframe(rows, hide_index=True)


def _ledger(api: client.Client) -> None:
    st.subheader("Proof of the ledger")
    proof = api.ledger_proof()
    if proof.sound:
        st.success(f"Sound: {proof.entries} entries sum to {proof.sum_cents} cents; {proof.events} events in the log.")
    else:
        st.error("The ledger is not sound. Stop posting, and compare with the last backup that was.")
    st.caption(plain(f"Ledger chain {proof.chain}; event chain {proof.event_chain}"))


def _statements(api: client.Client) -> None:
    st.subheader("Statements")
    statements = {item.id: item for item in api.statements()}
    if not statements:
        st.info("No statement was sent.")
        return

    def line(statement_id: str) -> str:
        item = statements[statement_id]
        return f"{item.on}  {item.guarantor}  {item.total}"

    chosen = st.selectbox("Statement", list(statements), format_func=line)
    if st.button("Fetch the PDF"):
        pdf = api.statement_pdf(str(chosen))
        st.download_button("Save the PDF", pdf, file_name=f"{chosen}.pdf", mime="application/pdf")
