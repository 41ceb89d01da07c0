"""Underpayments: paid against expected, by payer and clause with the dollars, and for each line why it should be more.

Keys: down and up go through the groups, j and k through the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.acting import J_K, pick
from app_streamlit.widgets.look import counted, dollars, strip
from app_streamlit.widgets.messages import show_findings
from app_streamlit.widgets.picklist import Cell, Row
from app_streamlit.widgets.reckoning import show_why
from serving.schemas.contracts import ClauseTotalView, ShortfallView, UnderpaymentsView, WhatIfIn

GROUP, LINE = "shortfall_group", "shortfall_line"
GROUP_COLUMNS = (
    ("Payer", ""),
    ("Clause", "code"),
    ("Lines", "number"),
    ("Missing", "number"),
    ("Denied lines", "number"),
    ("At stake in denials", "number"),
)
LINE_COLUMNS = (
    ("Claim", "code"),
    ("Line", "number"),
    ("Procedure", "code"),
    ("Should pay", "number"),
    ("Paid", "number"),
    ("Missing", "number"),
    ("Moved to patient", "number"),
    ("", ""),
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    found = api.underpayments()
    denied = sum((Decimal(group.denied_amount) for group in found.groups), Decimal())
    strip(
        (dollars(found.total), "missing from what was paid", "bad" if Decimal(found.total) > 0 else ""),
        (dollars(f"{denied:.2f}"), "more at stake in denied lines: appeals, not underpayments", ""),
        (f"{found.compared:,}", "answered claims held against their contracts", ""),
    )
    if found.groups:
        _groups(api, found)
    else:
        st.info("Every answered line was paid as its contract says.")
    show_findings(found.findings, "claims or lines could not be compared")


def _groups(api: client.Client, found: UnderpaymentsView) -> None:
    rows = [Row(f"{group.payer}|{group.clause}", _group(group)) for group in found.groups]
    group = found.groups[pick(GROUP, "groups", GROUP_COLUMNS, rows, height="max(180px, 30vh)")]
    of_group = [line for line in found.lines if (line.payer, line.clause) == (group.payer, group.clause)]
    if of_group:
        _lines(api, of_group)


def _group(group: ClauseTotalView) -> tuple[Cell, ...]:
    return (
        (group.payer, "strong"),
        (group.clause, ""),
        (str(group.lines), ""),
        (group.amount, "bad" if Decimal(group.amount) > 0 else ""),
        (str(group.denied_lines), "quiet"),
        (group.denied_amount, "quiet"),
    )


def _lines(api: client.Client, lines: Sequence[ShortfallView]) -> None:
    """The lines of the group, and for the one chosen why it should pay what it should pay."""
    strip((counted(len(lines), "line"), f"under {lines[0].clause} of {lines[0].payer}", ""))
    left, right = st.columns(2)
    with left:
        rows = [Row(f"{line.claim_id}|{line.line}", _line(line)) for line in lines]
        place = pick(LINE, "shortfalls", LINE_COLUMNS, rows, height="45vh", keys=J_K)
    with right:
        _why(api, lines[place])


def _line(line: ShortfallView) -> tuple[Cell, ...]:
    return (
        (line.claim_number, ""),
        (str(line.line), "quiet"),
        (line.procedure, ""),
        (line.expected_paid, "strong"),
        (line.paid, ""),
        (line.amount, "bad" if Decimal(line.amount) > 0 and not line.denied else ""),
        (line.moved_to_patient, "quiet"),
        ("denied" if line.denied else "", "warn"),
    )


def _why(api: client.Client, line: ShortfallView) -> None:
    reckoned = api.what_if(line.claim_id, WhatIfIn())
    strip(("", f"claim {line.claim_number} by {reckoned.contract}", ""))
    for each in reckoned.lines:
        if each.number == line.line:
            word, tone = ("at stake in the denial", "") if line.denied else ("missing", "bad")
            show_why("shortfall_why", each, (dollars(line.amount), f"{word} = {_arithmetic(line)}", tone))


def _arithmetic(line: ShortfallView) -> str:
    """How the missing amount comes about: the line's worth is what the payer and the patient are to pay together."""
    moved = Decimal(line.moved_to_patient)
    share = dollars(f"{abs(moved):.2f}")
    left = f" - {share} more" if moved > 0 else f" + {share} less"
    left = f"{left} left to the patient than by the plan" if moved else ""
    return f"{dollars(line.expected_paid)} that it should pay - {dollars(line.paid)} paid{left}"
