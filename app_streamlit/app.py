"""The screens of Cleanclaim: navigation alone. A user sees the pages of their roles; the API enforces the same."""

from __future__ import annotations

import streamlit as st

from app_streamlit import client
from app_streamlit.screens import biller, coder, practice
from app_streamlit.widgets.messages import plain, show_problem

PAGES = (
    ("coder", "Coding", coder.show),
    ("biller", "Billing", biller.show),
    ("manager", "Practice", practice.show),
)


def main() -> None:
    """Ask the API who this is and show the pages of their roles."""
    # An unforeseen error is told to the log, not to the screen.
    st.set_option("client.showErrorDetails", "none")
    st.set_page_config(page_title="Cleanclaim", layout="wide")
    try:
        me = client.current().me()
    except client.ApiProblem as problem:
        st.title("Cleanclaim")
        show_problem(problem)
        return
    pages = [st.Page(show, title=title, url_path=role) for role, title, show in PAGES if role in me.roles]
    if not pages:
        st.info("Your roles open none of these screens. Ask an administrator for the role coder, biller or manager.")
        return
    page = st.navigation(pages, position="top")
    st.caption(f"{plain(me.practice_name)} · {plain(me.login)}")
    try:
        page.run()
    except client.ApiProblem as problem:
        show_problem(problem)


if __name__ == "__main__":
    main()
