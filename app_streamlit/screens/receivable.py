"""What is owed to the practice by age, and behind each figure the open balances it is made of.

Keys: down and up go through the rows of the aging, j and k through the balances behind the one chosen.
"""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from app_streamlit import money
from app_streamlit.widgets.acting import choose, chosen, pick
from app_streamlit.widgets.look import account_link, counted, dollars, grouped, save_sheet, strip
from app_streamlit.widgets.picklist import Cell, Row, picklist
from serving.schemas.money import AgingLine, AgingView

ROW, BALANCE, ALL = "aging_row", "aging_balance", "all"
BY = {"payer": "by payer", "provider": "by provider", "practice": "for the practice"}
SINCE = {"service": "from the day of service", "responsibility": "from the day the debtor owed it"}
AGES = ("0-30", "31-60", "61-90", "91-120", "over 120")
LINES = (
    ("Days", "number"),
    ("Seen", ""),
    ("Patient", ""),
    ("Record", "code"),
    ("Procedure", "code"),
    ("Claim", "code"),
    ("Owed by", ""),
    ("Open", "number"),
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = money.current()
    by_place, since_place, likely, save = st.columns([2, 3, 3, 2], vertical_alignment="center")
    by = by_place.selectbox("By", list(BY), format_func=BY.__getitem__, key="aging_by", label_visibility="collapsed")
    since = since_place.selectbox(
        "Age", list(SINCE), format_func=SINCE.__getitem__, key="aging_since", label_visibility="collapsed"
    )
    collectible = likely.toggle("Beside it, what history says will come", key="aging_collectible")
    view = api.aging(by, since, collectible)
    wanted = {"by": by, "since": since}
    save_sheet(save, "Save as XLSX", lambda: api.sheet("/aging", wanted), "aging.xlsx", empty=not view.rows)
    strip((dollars(view.total), f"open as of {view.as_of}; age in days from the {view.since}", ""), *_likely(view))
    if not view.rows:
        st.info("Nothing is owed to the practice.")
        return
    rows = [Row(str(place), _cells(row, view, collectible)) for place, row in enumerate(view.rows)]
    place = pick(ROW, "aging", _columns(by, collectible), rows, height="max(170px, 32vh)")
    _behind(api, view.rows[place], by, since)


def _likely(view: AgingView) -> list[tuple[str, str, str]]:
    if view.collectible == view.total:
        return []
    return [(dollars(view.collectible), "likely to come, by what such debtors paid before", "")]


def _columns(by: str, collectible: bool) -> list[Cell]:
    named = [("Owed by", "")] + ([(by.capitalize(), "")] if by != "practice" else [])
    likely = [("Likely to come", "number")] if collectible else []
    return [*named, *((age, "number") for age in AGES), ("Total", "number"), *likely]


def _cells(row: dict[str, str], view: AgingView, collectible: bool) -> list[Cell]:
    whose = f"{view.names.get(row[view.by], '')} {row[view.by]}".strip()  # a provider's NPI stands behind the name
    named = [(row["owner"], "")] + ([(whose, "")] if view.by != "practice" else [])
    return [
        *named,
        *((grouped(row[age]), "quiet" if Decimal(row[age]) == 0 else "") for age in AGES),
        (grouped(row["total"]), "strong"),
        *([(grouped(row["collectible"]), "quiet")] if collectible else []),
    ]


def _behind(api: money.MoneyClient, row: dict[str, str], by: str, since: str) -> None:
    """The balances of the row chosen, of one age when one is chosen: the oldest first."""
    age_place, save = st.columns([8, 2], vertical_alignment="center")
    age = age_place.segmented_control("Age", [ALL, *AGES], default=ALL, key="aging_age", label_visibility="collapsed")
    bucket = str(age) if age and age != ALL else ""
    part = {"by": by, "since": since, "owner": row["owner"], "name": row[by], "bucket": bucket}
    found = api.aging_lines(part)
    save_sheet(
        save, "Save these as XLSX", lambda: api.sheet("/aging-lines", part), "balances.xlsx", empty=not found.rows
    )
    if found.rows:
        rows = [Row(f"{line.charge_id}-{line.owner}", _line(line)) for line in found.rows]
        now = chosen(BALANCE, [row.id for row in rows])
        patients = {row.id: line.patient_id for row, line in zip(rows, found.rows, strict=True)}
        link = account_link(patients[now])
        strip((dollars(found.total), f"in {counted(found.count, 'open balance')}", ""), link=link)
        picklist("balances", LINES, rows, now, on_pick=choose(BALANCE), height="42vh", keys=("j", "k"))
    else:
        strip((dollars(found.total), "of that age", ""))
    if found.count > len(found.rows):
        st.caption(f"The oldest {len(found.rows):,} are shown.")


def _line(line: AgingLine) -> tuple[Cell, ...]:
    return (
        (str(line.days), "bad" if line.days > 120 else ""),
        (line.service_date, ""),
        (line.patient, ""),
        (line.record_number, "quiet"),
        (line.procedure, ""),
        (line.claim_number, ""),
        (f"{line.owner}{f': {line.party}' if line.party else ''}", ""),
        (line.amount, "strong"),
    )
