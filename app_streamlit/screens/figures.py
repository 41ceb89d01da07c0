"""The manager's figures: each with its two parts, what is not known yet, how settled it is, and the cases behind it.

Keys: down and up go through the figures, j and k through the cases behind the part chosen.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import streamlit as st

from app_streamlit import money
from app_streamlit.client import practice_day
from app_streamlit.widgets.acting import choose, chosen, pick
from app_streamlit.widgets.look import account_link, counted, dollars, said, save_sheet, strip
from app_streamlit.widgets.picklist import Cell, Row, picklist, show_table
from serving.schemas.report import CaseItem, FigureView, MonthView, ReportView

FIGURE, CASE = "figure", "figure_case"
COLUMNS = (
    ("Figure", ""),
    ("", "number"),
    ("", "number"),
    ("made of", ""),
    ("over", "number"),
    ("made of", ""),
    ("Not known yet", "number"),
    ("Answered", "number"),
)
MONTHS = (
    ("First sent in", ""),
    ("Claims", "number"),
    ("Rejected", "number"),
    ("Answered", "number"),
    ("Denied", "number"),
    ("Not answered", "number"),
    ("Denial rate", "number"),
    ("Paid at once", "number"),
    ("Answered", "number"),
    ("", ""),
)
CASES = (
    ("Claim or procedure", "code"),
    ("Patient", ""),
    ("Payer", ""),
    ("Day", ""),
    ("Charge", "number"),
    ("Counts", "number"),
    ("", ""),
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = money.current()
    first, last, facts = st.columns([2, 2, 6], vertical_alignment="bottom")
    since = first.date_input("From", practice_day() - timedelta(days=364), key="figures_since")
    until = last.date_input("To", practice_day(), key="figures_until")
    view = api.report(str(since), str(until))
    with facts:
        words = "claims by the day they were first sent, charges by the day of service"
        strip(("As of", f"{view.as_of}; {words}", ""))
    rows = [Row(figure.key, _cells(figure)) for figure in view.figures]
    _behind(api, view, view.figures[pick(FIGURE, "figures", COLUMNS, rows, height="none")])
    _months(view.months)


def _number(figure: FigureView, text: str) -> str:
    return dollars(text) if figure.unit == "dollars" else f"{int(text):,}"


def _percent(share: str) -> str:
    return f"{Decimal(share) * 100:.1f}%" if share else ""


def _cells(figure: FigureView) -> tuple[Cell, ...]:
    return (
        (figure.name, "strong"),
        (figure.shown, "strong" if figure.settled else "warn"),
        (_number(figure, figure.numerator), ""),
        (figure.numerator_is, "quiet"),
        (_number(figure, figure.denominator), ""),
        (figure.denominator_is, "quiet"),
        (f"{figure.unknown:,}" if figure.unknown_is else "", "warn" if figure.unknown else ""),
        (_percent(figure.maturity), "" if figure.settled else "warn"),
    )


def _behind(api: money.MoneyClient, view: ReportView, figure: FigureView) -> None:
    """The cases behind one part of the figure chosen."""
    if not figure.settled:
        said(
            f"{figure.name}: only {_percent(figure.maturity)} of these claims are answered, so it still moves."
            " Look at the months that are settled.",
            "bad",
        )
    parts = {"numerator": figure.numerator_is, "denominator": figure.denominator_is}
    parts |= {"unknown": figure.unknown_is} if figure.unknown_is else {}
    choice, save = st.columns([8, 2], vertical_alignment="center")
    part = choice.segmented_control(
        "Part", list(parts), format_func=parts.__getitem__, default="numerator", key=f"part_{figure.key}",
        label_visibility="collapsed",
    )  # fmt: skip
    part = part or "numerator"
    found = api.cases(figure.key, part, view.since, view.until)
    query = {"since": view.since, "until": view.until}
    save_sheet(
        save, "Save as XLSX", lambda: api.sheet(f"/report/{figure.key}/{part}", query), f"{figure.key}.xlsx",
        empty=not found.rows,
    )  # fmt: skip
    total = dollars(found.total) if figure.unit == "dollars" else f"{int(found.total):,}"
    noun = "claim" if figure.unit == "claims" else "charge"
    facts = ((total, f"in {counted(found.count, noun)}: {parts[part]}", ""), ("", figure.definition, ""))
    if found.rows:
        rows = [Row(f"{place} {case.id}", _case(case)) for place, case in enumerate(found.rows)]
        now = chosen(CASE, [row.id for row in rows])
        strip(*facts, link=account_link(found.rows[int(now.split()[0])].patient_id))
        picklist("cases", CASES, rows, now, on_pick=choose(CASE), height="34vh", keys=("j", "k"))
    else:
        strip(*facts)
        st.info("No case of this period belongs here.")
    if found.count > len(found.rows):
        st.caption(f"The first {len(found.rows):,} are shown; the total counts all.")


def _case(case: CaseItem) -> tuple[Cell, ...]:
    return (
        (case.name, ""),
        (case.patient, ""),
        (case.payer, ""),
        (case.on, ""),
        (case.amount, "quiet"),
        (case.counted, "strong"),
        (case.note, "quiet"),
    )


def _months(months: list[MonthView]) -> None:
    strip(("By month of sending", "a rate is settled when 95% of the month's claims are answered", ""))
    if not months:
        st.info("No claim was sent in this period.")
        return
    show_table("months", MONTHS, [Row(month.month, _month(month)) for month in months])


def _month(month: MonthView) -> tuple[Cell, ...]:
    tone = "strong" if month.settled else "quiet"
    return (
        (month.month, ""),
        (f"{month.sent:,}", ""),
        (f"{month.rejected:,}", "quiet"),
        (f"{month.answered:,}", ""),
        (f"{month.denied:,}", ""),
        (f"{month.unknown:,}", "warn" if month.unknown else "quiet"),
        (_percent(month.denial_rate), tone),
        (_percent(month.first_pass_rate), tone),
        (_percent(month.maturity), "" if month.settled else "warn"),
        ("settled" if month.settled else "still moving", "quiet" if month.settled else "warn"),
    )
