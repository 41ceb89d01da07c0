"""The screens of Cleanclaim: navigation alone. A user sees the pages of their roles; the API enforces the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

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
    coverages,
    credits,
    day,
    estimates,
    figures,
    keying,
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
    ("coverages", "Coverages", coverages.show, {"biller", "front_desk", "manager"}),
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
    ("paper", "Key from paper", keying.show, {"biller", "manager"}),
    ("unmatched", "Unmatched answers", unmatched.show, {"biller", "manager"}),
    ("bank", "Bank", bank.show, {"biller", "manager"}),
    ("accounts", "Accounts", accounts.show, {"biller", "manager"}),
    ("balances", "What patients owe", balances.show, {"biller", "manager"}),
    ("credits", "Credits and refunds", credits.show, {"biller", "manager"}),
    ("receivable", "A/R by age", receivable.show, {"biller", "manager"}),
    ("day", "The day", day.show, {"biller", "manager"}),
    ("figures", "Figures", figures.show, {"biller", "manager"}),
)


Screen = Callable[[], None]
Listed = tuple[str, str, Screen, set[str]]


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
        _run(st.navigation(_closed(partial(show_problem, problem)), position="hidden"))
        return
    who(me)
    mine = set(me.roles)
    pages, money = ([each for each in some if each[3] & mine] for some in (PAGES, MONEY))
    if not pages:
        words = "Your roles open none of these screens. Ask an administrator for the role coder, biller or manager."
        _run(st.navigation(_closed(partial(st.info, words)), position="hidden"))
        return
    shown = {"": [*_named(pages, first=True), *_hidden(mine)], "Money": _named(money)}
    _run(st.navigation({name: some for name, some in shown.items() if some}, position="top"))


def _named(pages: Sequence[Listed], first: bool = False) -> list[st.Page]:
    """Pages of the menu. The `first` of them answers at the address without a name."""
    return [
        st.Page(show, title=title, url_path="" if first and place == 0 else path, default=first and place == 0)
        for place, (path, title, show, _) in enumerate(pages)
    ]


def _run(page: st.Page) -> None:
    st.session_state[client.ASKED_PAGE] = page.url_path
    try:
        page.run()
    except client.ApiProblem as problem:
        show_problem(problem)


def _closed(show: Screen) -> list[st.Page]:
    """Every address, where none is open: each says the same, for one that is not named here is not found at all."""
    named = [(path, title) for path, title, _, _ in (*PAGES, *MONEY)]
    return [_address(show, "home", "Cleanclaim", default=True), *(_address(show, *each) for each in named)]


def _hidden(mine: set[str]) -> list[st.Page]:
    """Addresses that open, or say why not, and stand in no menu: the first page's own name, and those of other roles.
    What `st.navigation` is not given is not found.
    """
    first = next(each for each in PAGES if each[3] & mine)
    others = [each for each in (*PAGES, *MONEY) if not each[3] & mine]
    refused = [_address(partial(_not_yours, title, roles), path, title) for path, title, _, roles in others]
    return [_address(first[2], first[0], first[1]), *refused]


def _address(show: Screen, path: str, title: str, default: bool = False) -> st.Page:
    return st.Page(show, title=title, url_path=path, default=default, visibility="hidden")


def _not_yours(title: str, roles: set[str]) -> None:
    needed = " or ".join(sorted(role.replace("_", " ") for role in roles))
    st.info(f"Your roles do not open the page {title}. Ask an administrator for the role {needed}.")


if __name__ == "__main__":
    main()
