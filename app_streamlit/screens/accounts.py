"""A patient's account: every charge with everything that ever moved it, and for each entry who or which file said so.

Keys: down and up go through the charges, j and k through the history of the one chosen.
"""

from __future__ import annotations

import streamlit as st

from app_streamlit import money
from app_streamlit.widgets.acting import J_K, pick
from app_streamlit.widgets.entries import show_cause
from app_streamlit.widgets.look import dollars, strip
from app_streamlit.widgets.picklist import Cell, Row
from serving.schemas.money import AccountEntry, AccountLine, AccountView

PATIENT, CHARGE, ENTRY = "account_patient", "account_charge", "account_entry"
COLUMNS = (
    ("Seen", ""),
    ("Procedure", "code"),
    ("Charged", "number"),
    ("Insurance paid", "number"),
    ("Patient paid", "number"),
    ("Contractual", "number"),
    ("Written off", "number"),
    ("Open", "number"),
    ("Owed by", ""),
)
HISTORY = (("Day", ""), ("What", ""), ("Amounts", "lines"), ("Why", "lines"), ("Cause", "lines"))


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = money.current()
    patient_id = _find(api)
    if not patient_id:
        st.info("Find a patient by the beginning of the last name, or by record number.")
        return
    view = api.account(patient_id)
    _sums(view)
    if not view.lines:
        st.info("Nothing was charged to this patient yet.")
        return
    lines = list(reversed(view.lines))  # the latest service first
    rows = [Row(line.charge_id, _cells(line)) for line in lines]
    _history(api, lines[pick(CHARGE, "charges", COLUMNS, rows, height="max(170px, 30vh)")])


def _find(api: money.MoneyClient) -> str:
    """The patient looked for; the one in the address where a link or a refresh names it."""
    asked = str(st.query_params.get("patient", ""))
    text, choice = st.columns([2, 4], vertical_alignment="center")
    sought = text.text_input(
        "Find a patient", placeholder="last name or record number", key="account_find", label_visibility="collapsed"
    ).strip()
    if len(sought) < 1:
        return asked
    found = api.patients(sought)
    if not found:
        choice.caption("No patient has that name or record number.")
        return ""
    names = {each.patient_id: f"{each.name}, born {each.birth_date}, record {each.record_number}" for each in found}
    picked = choice.selectbox(
        "Patient", list(names), format_func=names.__getitem__, key="account_choice", label_visibility="collapsed"
    )
    st.query_params["patient"] = str(picked)
    return str(picked)


def _sums(view: AccountView) -> None:
    strip(
        (view.patient, f"record {view.record_number}; {view.guarantor} answers for the account", ""),
        (dollars(view.charged), "charged =", ""),
        (dollars(view.insurance_paid), "insurance paid +", ""),
        (dollars(view.patient_paid), "patient paid +", ""),
        (dollars(view.adjusted), "adjusted +", ""),
        (dollars(view.open), "open", ""),
    )
    strip(
        (dollars(view.owed_by_guarantor), "owed by the guarantor", ""),
        (dollars(view.in_collections), "in collections", "bad") if view.in_collections != "0.00" else ("", "", ""),
        (dollars(view.credit), "credit of theirs, applied to nothing yet", "")
        if view.credit != "0.00"
        else ("", "", ""),
    )


def _cells(line: AccountLine) -> tuple[Cell, ...]:
    owed = line.owner.replace("_", " ")
    return (
        (line.service_date, ""),
        (line.procedure, ""),
        (line.charged, ""),
        (line.insurance_paid, ""),
        (line.patient_paid, ""),
        (line.contractual, "quiet"),
        (line.written_off, "quiet"),
        (line.open, "strong" if line.open != "0.00" else "quiet"),
        (f"{owed}: {line.owner_name}" if line.owner_name and line.owner_name != owed else owed, ""),
    )


def _history(api: money.MoneyClient, line: AccountLine) -> None:
    left, right = st.columns(2)
    with left:
        strip(("Everything that moved it", f"{line.procedure} of {line.service_date}", ""))
        rows = [Row(entry.id, _movement(entry)) for entry in line.history]
        place = pick(f"{ENTRY}_{line.charge_id}", "history", HISTORY, rows, height="50vh", keys=J_K)
    with right:
        show_cause("account_cause", api.explain(rows[place].id))


def _movement(entry: AccountEntry) -> tuple[Cell, ...]:
    return (
        (entry.on, "quiet"),
        (entry.kind, "strong"),
        ("\n".join(f"{name} {amount}" for name, amount in entry.amounts.items()), ""),
        (entry.why, ""),
        (entry.cause, "quiet"),
    )
