"""The manager's screen: figures with what they are made of, write-offs to approve, and the proof of the ledger."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import streamlit as st

from app_streamlit import client, loop
from app_streamlit.widgets.acting import waits_for
from app_streamlit.widgets.look import counted, dollars, grouped, said, strip
from app_streamlit.widgets.messages import hold, show_held, show_problem
from app_streamlit.widgets.picklist import Row, show_table
from serving.schemas.billing import AgingRow, AnalyticsView, MetricView


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    analytics = api.analytics()
    _alarms()
    for column, metric in zip(st.columns(len(analytics.metrics) or 1), analytics.metrics, strict=False):
        with column:
            _metric(metric)
    left, right = st.columns([3, 2])
    with left:
        strip(("Open balances", f"by age in days from the date of service, as of {analytics.as_of}", ""))
        _aging(analytics.aging)
        # Each stands alone: where one cannot be shown, the rest still is.
        for part in (_write_offs, _symmetry, _ledger):
            try:
                part(api)
            except client.ApiProblem as problem:
                show_problem(problem)
    with right:
        _counted(analytics)


def _alarms() -> None:
    """What the model in service asks a person to look at; the rest of the page does not wait for it."""
    try:
        alarms = loop.current().watch("denial").alarms
    except client.ApiProblem as problem:
        show_problem(problem)
        return
    if alarms:
        said(f"The denial model: {counted(len(alarms), 'alarm')}. {alarms[0]}. See Models.", "bad")


def _metric(metric: MetricView) -> None:
    """A figure never without its numerator, its denominator, what is not known yet, and its definition."""
    value = f"{Decimal(metric.value) * 100:.1f}%" if metric.value else "not known"
    st.html(
        f'<div class="figure"><small>{html.escape(metric.name)}</small><b>{html.escape(value)}</b>'
        f"<span>{html.escape(f'{metric.numerator} of {metric.denominator}; {metric.unknown} not known yet')}</span>"
        f"<small>{html.escape(metric.definition)}</small></div>"
    )


def _aging(rows: Sequence[AgingRow]) -> None:
    buckets = list(rows[0].buckets) if rows else []
    columns = [("Owed by", ""), ("", ""), *((name, "number") for name in (*buckets, "Total"))]
    cells = [
        Row(
            str(place),
            [
                (row.owner, ""),
                (row.party, ""),
                *((grouped(amount), "quiet" if Decimal(amount) == 0 else "") for amount in row.buckets.values()),
                (grouped(row.total), "strong"),
            ],
        )
        for place, row in enumerate(rows)
    ]
    show_table("aging", columns, cells)


def _counted(analytics: AnalyticsView) -> None:
    for key, title, counts in (
        ("denials", "Denials by category", analytics.denials_by_category),
        ("states", "Claims by state", analytics.claims_by_state),
    ):
        strip((title, f"{sum(counts.values()):,} in all", ""))
        show_table(key, (("", ""), ("Claims", "number"), ("Share", "number")), _shares(counts))


def _shares(counts: Mapping[str, int]) -> list[Row]:
    total = sum(counts.values()) or 1
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [
        Row(name, [(name.replace("_", " "), ""), (f"{count:,}", ""), (f"{100 * count / total:.0f}%", "quiet")])
        for name, count in ranked
    ]


def _write_offs(api: client.Client) -> None:
    """What waits for a second person: who asked may not approve; what may be done the API says, and sees to it."""
    waiting = api.write_offs()
    show_held()
    strip((counted(len(waiting), "write-off"), "asked for", ""))
    for item in waiting:
        words, approve, decline = st.columns([6, 1, 1], vertical_alignment="center")
        with words:
            asked = f"of claim {item.claim_number}: {item.reason} ({item.asked_by}, {item.asked_on})"
            strip((dollars(item.amount), asked, ""))
            if not item.second.may_approve:
                st.caption(waits_for(item.second))
        if item.second.may_approve:
            approve.button("Approve", key=f"approve_{item.id}", on_click=_decide, args=(item.id, "approve"))
        if item.second.may_decline:
            decline.button("Decline", key=f"decline_{item.id}", on_click=_decide, args=(item.id, "decline"))


def _decide(work_id: str, verb: Literal["approve", "decline"]) -> None:
    try:
        client.current().decide_write_off(work_id, verb)
    except client.ApiProblem as problem:
        hold(problem)


def _symmetry(api: client.Client) -> None:
    """Whether the code suggester leans: a tool that errs only upward is a risk, one that errs only downward a loss."""
    found = api.symmetry()
    strip(("Do suggestions lean?", f"{found.visits:,} signed visits: suggested above, at or below what was signed", ""))
    rows = (
        ("Visit level", found.levels),
        ("New for established", found.new),
        ("Price of all procedures", found.weights),
    )
    columns = (("", ""), ("Above", "number"), ("Same", "number"), ("Below", "number"), ("By chance", "number"))
    cells = [
        Row(name, [(name, ""), *((f"{n:,}", "") for n in (lean.up, lean.same, lean.down)), _chance(lean.chance_ppm)])
        for name, lean in rows
    ]
    show_table("symmetry", columns, cells)


def _chance(ppm: int) -> tuple[str, str]:
    """How often a coin would part above and below as unevenly; under one in twenty it is worth a look."""
    return f"{ppm / 10_000:.1f}%", "warn" if ppm < 50_000 else "quiet"


def _ledger(api: client.Client) -> None:
    strip(("Proof of the ledger", "both hash chains walked and every leg added up just now", ""))
    proof = api.ledger_proof()
    counted = f"{proof.entries:,} entries sum to {proof.sum_cents} cents; {proof.events:,} events in the log"
    if proof.sound:
        said(f"Sound: {counted}.")
    else:
        said(f"Not sound: {counted}. Stop posting, and compare with the last backup that was.", "bad")
    st.caption(f"Ledger chain {proof.chain}  \nEvent chain {proof.event_chain}")
