"""What all screens share in looks: little space lost around the work, and one bar that says who is at work where."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Literal
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app_streamlit.client import PRACTICE, sign_in_address, sign_out_address
from serving.schemas.access import Me

SOON = 14  # days before something is due from which it is marked; the API counts by the same
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Of a click that saves a file: were the page drawn anew, Streamlit may forget the file while it is on its way.
_DRAW_NOTHING: Literal["ignore"] = "ignore"

_STYLE = """<style>
.block-container, [data-testid="stMainBlockContainer"] {padding: 3.4rem 1.2rem .6rem; max-width: 100%;}
[data-testid="stHeader"] {height: 3rem; min-height: 3rem; background: #0b3d6e;}
[data-testid="stHeader"] a span, [data-testid="stHeader"] a p,
[data-testid="stTopNavSection"] p {color: #fff !important;}
[data-testid="stHeader"] svg, [data-testid="stHeader"] [data-testid="stIconMaterial"] {color: #fff;}
[data-testid="stSidebar"] {min-width: 250px; max-width: 270px; background: #f8fafb;}
[data-testid="stSidebar"]::before,
[data-testid="stApp"]:not(:has([data-testid="stSidebar"])) [data-testid="stToolbar"]::before
  {content: "Cleanclaim"; color: #fff; font-weight: 600; font-size: 1.05rem; padding: 0 .9rem; line-height: 3rem;
  background: #0b3d6e;}
[data-testid="stSidebar"]::before {position: absolute; inset: 0 0 auto; z-index: 1;}
[data-testid="stSidebarContent"] {scrollbar-gutter: auto;}
[data-testid="stSidebarUserContent"] {padding: 3.5rem .6rem .4rem;}
[data-testid="stSidebarHeader"] {display: none;}
[data-testid="stVerticalBlock"] {gap: .55rem;}
.st-key-who {position: fixed; top: .45rem; right: 1rem; z-index: 999991; width: auto;}
.st-key-who .stHtml {white-space: nowrap; color: #fff; font-size: .85rem; width: auto;}
.st-key-who form {display: inline; margin-left: .8rem;}
.st-key-who button, a.signin {font: inherit; font-size: .85rem; color: #fff; background: #0b5cad;
  border: 1px solid #7fb2e5; border-radius: 4px; padding: .15rem .7rem; cursor: pointer; text-decoration: none;}
.keep {display: none;}
[data-testid="stElementContainer"]:has(.keep), [data-testid="stElementContainer"]:has(style) {display: none;}
.strip {display: flex; flex-wrap: wrap; gap: 0 1.4rem; align-items: baseline; font-size: .88rem; color: #44535f;}
.strip b {color: #1b2733; font-size: 1rem;}
.strip .bad b {color: #a1160d;}
.strip a {color: #0b5cad;}
.findings {margin: 0 !important; padding: 0 !important; list-style: none; border: 1px solid #cfd9e2;
  border-radius: 6px; font-size: .86rem;}
.figure {display: flex; flex-direction: column; border: 1px solid #cfd9e2; border-radius: 6px; padding: .5rem .9rem;
  color: #44535f; font-size: .86rem;}
.figure b {font-size: 1.7rem; color: #1b2733; line-height: 1.3;}
.said {padding: .3rem .7rem; border-radius: 6px; font-size: .9rem; border: 1px solid #9cc9ab; background: #e9f6ed;
  color: #145a2c;}
.said.bad {border-color: #e0a49f; background: #fdf0ee; color: #7a1610;}
.findings li {padding: .25rem .7rem !important; border-left: 4px solid #8a99a8; margin: 0 !important;}
.findings li + li {border-top: 1px solid #e6ebf0;}
.findings .error {border-left-color: #b3261e; background: #fdf0ee;}
.findings .warning {border-left-color: #c77700; background: #fff8ec;}
.findings .good {border-left-color: #1d6b3a; background: #f0f8f2;}
.findings b {font-weight: 600;}
.segments {font: 12px/1.5 ui-monospace, monospace; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere;}
.findings small {color: #5d6b77; font-size: .78rem;}
.outlook {margin: 0; font-size: .86rem; color: #1b2733;}
</style>"""


def style() -> None:
    """The style of every page."""
    st.html(_STYLE)


def said(words: str, tone: str = "") -> None:
    """What came of the last act, in one line: good news, or bad."""
    st.html(f'<div class="said {html.escape(tone)}" role="status">{html.escape(words)}</div>')


def dollars(amount: str) -> str:
    """An amount of the API as people read it: $1,234.50."""
    whole, point, cents = amount.lstrip("-").partition(".")
    digits = f"{int(whole):,}" if whole.isdigit() else whole
    return f"{'-' if amount.startswith('-') else ''}${digits}{point}{cents}"


def grouped(amount: str) -> str:
    """An amount of the API as a column of amounts shows it: 1,234.50."""
    return f"{Decimal(amount):,.2f}"


def typed_amount(text: str) -> str:
    """An amount as people type it, $1,234.50, as the API reads amounts. The comma of 12,34 stays: it is refused."""
    return _THOUSANDS.sub("", text.replace("$", "").replace(" ", ""))


def typed_codes(text: str) -> list[str]:
    """Codes or modifiers as people type them, with commas or spaces between."""
    return text.upper().replace(",", " ").split()


def added(amounts: Iterable[str]) -> str:
    """The sum of amounts of the API, to the cent, as the API writes amounts."""
    return f"{sum(map(Decimal, amounts), Decimal(0)):.2f}"


def counted(number: int, noun: str) -> str:
    """1 claim, 2 claims, 2 entries."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else many}"


def due_tone(days_left: int | None) -> str:
    """How a day by which something is due is marked: past, soon, or far off (or no such day)."""
    if days_left is None or days_left > SOON:
        return ""
    return "bad" if days_left < 0 else "warn"


def account_link(patient_id: str) -> str:
    """The way to a patient's account, in this tab, for `strip`."""
    query = {"patient": patient_id}
    if PRACTICE in st.query_params:
        query[PRACTICE] = str(st.query_params[PRACTICE])
    return f'<a target="_self" href="accounts?{html.escape(urlencode(query))}">Open the account</a>'


def strip(*parts: tuple[str, str, str], link: str = "") -> None:
    """Facts in one line: what (strong), words after it, and a tone ("" or bad); and a link at its end."""
    said = "".join(
        f'<span class="{html.escape(tone)}"><b>{html.escape(strong)}</b> {html.escape(words)}</span>'
        for strong, words, tone in parts
        if strong or words
    )
    st.html(f'<div class="strip">{said}{link}</div>')


def save_sheet(place: DeltaGenerator, words: str, sheet: Callable[[], bytes], name: str, *, empty: bool) -> None:
    """A button that saves a table as XLSX; the `sheet` is made when it is asked for."""
    place.download_button(words, sheet, name, _XLSX, width="stretch", disabled=empty, on_click=_DRAW_NOTHING)


def save_pdf(words: str, pdf: Callable[[], bytes], name: str, *, first: bool = False) -> None:
    """A button that saves a PDF, made when it is asked for; `first`: it is what the page is for."""
    width: Literal["content", "stretch"] = "content" if first else "stretch"
    look: Literal["primary", "secondary"] = "primary" if first else "secondary"
    st.download_button(words, pdf, name, "application/pdf", type=look, width=width, on_click=_DRAW_NOTHING)


def who(me: Me) -> None:
    """Who is signed in, for which practice (a choice where there are several), and the way out."""
    with st.container(key="who", horizontal=True, vertical_alignment="center"):
        if len(me.practices) > 1:
            names = {practice.id: practice.name for practice in me.practices}
            st.selectbox(
                "Practice", list(names), format_func=lambda each: names[each], key=PRACTICE, width=240,
                label_visibility="collapsed",
            )  # fmt: skip
        name = "" if len(me.practices) > 1 else f"{html.escape(me.practice_name)} &middot; "
        st.html(
            f'{name}{html.escape(me.login)}<form method="post" action="{html.escape(sign_out_address())}">'
            '<button type="submit">Sign out</button></form>'
        )


def sign_in_link() -> None:
    """The way to sign in, in this tab."""
    st.html(f'<a class="signin" target="_self" href="{html.escape(sign_in_address())}">Sign in</a>')


def keep_cookie(address: str) -> None:
    """Let the browser renew its cookie; scripts cannot. The element stays, empty, where it is not time."""
    st.html(f'<img class="keep" alt="" src="{html.escape(address)}">' if address else "<span class='keep'></span>")
