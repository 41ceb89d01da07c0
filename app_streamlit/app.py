"""The screens of Cleanclaim: navigation alone. A user sees the pages of their roles; the API enforces the same."""

from __future__ import annotations

import streamlit as st

from app_streamlit import client
from app_streamlit.screens import (
    accounts,
    appeals,
    balances,
    bank,
    biller,
    coder,
    contracts,
    credits,
    day,
    estimates,
    figures,
    models,
    practice,
    receivable,
    remittances,
    statements,
    underpayments,
    unmatched,
)
from app_streamlit.widgets.look import keep_cookie, style, who
from app_streamlit.widgets.messages import show_problem

# path, title, the page, and whose it is
PAGES = (
    ("coding", "Coding", coder.show, {"coder"}),
    ("billing", "Billing", biller.show, {"biller", "manager"}),
    ("estimates", "Estimates", estimates.show, {"biller", "front_desk", "manager"}),
    ("contracts", "Contracts", contracts.show, {"biller", "manager"}),
    ("underpayments", "Underpayments", underpayments.show, {"biller", "manager"}),
    ("statements", "Statements", statements.show, {"biller", "front_desk", "manager"}),
    ("appeals", "Appeals", appeals.show, {"biller", "manager"}),
    ("models", "Models", models.show, {"data_scientist", "manager"}),
    ("practice", "Practice", practice.show, {"manager"}),
)
MONEY = (
    ("remittances", "Remittances", remittances.show, {"biller", "manager"}),
    ("unmatched", "Unmatched answers", unmatched.show, {"biller", "manager"}),
    ("bank", "Bank", bank.show, {"biller", "manager"}),
    ("accounts", "Accounts", accounts.show, {"biller", "manager"}),
    ("balances", "What patients owe", balances.show, {"biller", "manager"}),
    ("credits", "Credits and refunds", credits.show, {"biller", "manager"}),
    ("receivable", "A/R by age", receivable.show, {"biller", "manager"}),
    ("day", "The day", day.show, {"biller", "manager"}),
    ("figures", "Figures", figures.show, {"biller", "manager"}),
)


def main() -> None:
    """Ask the API who this is and show the pages of their roles."""
    # An unforeseen error is told to the log, not to the screen.
    st.set_option("client.showErrorDetails", "none")
    st.set_page_config(page_title="Cleanclaim", layout="wide")
    style()
    try:
        keep_cookie(client.stay_signed_in())
        me = client.who()
    except client.ApiProblem as problem:
        st.subheader("Cleanclaim")
        show_problem(problem)
        return
    who(me)
    mine = set(me.roles)
    pages, money = (
        [st.Page(show, title=title, url_path=path) for path, title, show, roles in some if roles & mine]
        for some in (PAGES, MONEY)
    )
    if not pages:
        st.info("Your roles open none of these screens. Ask an administrator for the role coder, biller or manager.")
        return
    page = st.navigation({"": pages, "Money": money} if money else pages, position="top")
    try:
        page.run()
    except client.ApiProblem as problem:
        show_problem(problem)


if __name__ == "__main__":
    main()
