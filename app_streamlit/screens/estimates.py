"""The estimate before the visit: what the patient will owe, between which bounds, and the arithmetic of every line.

Who pays alone is given the good-faith estimate as a PDF. Keys: j and k go through the lines.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from app_streamlit import client
from app_streamlit.client import practice_day
from app_streamlit.widgets.acting import J_K, pick
from app_streamlit.widgets.look import dollars, save_pdf, strip, typed_amount, typed_codes
from app_streamlit.widgets.messages import show_problem, told
from app_streamlit.widgets.picklist import Cell, Row, show_table
from app_streamlit.widgets.reckoning import show_why
from serving.schemas.contracts import CoverageOption, EstimateIn, EstimateView, PatientOption, ReckonedLine

FIRST, SELF_PAY = "", "self-pay"
LINES_MAX = 20
MADE, LINE = "estimate_made", "estimate_line"
COLUMNS = (
    ("", "number"),
    ("Procedure", "code"),
    ("Charge", "number"),
    ("Allowed", "number"),
    ("Payer pays", "number"),
    ("Patient", "number"),
    ("", ""),
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    left, right = st.columns([2, 3])
    with left:
        find = st.text_input("Patient: last name begins, or record number", max_chars=80, key="estimate_find")
        patients = {patient.patient_id: patient for patient in api.patients(find.strip())}
        if not patients:
            st.info("No patient of that name or record number.")
            return
        picked = st.selectbox(
            "Patient", list(patients), format_func=lambda each: _named(patients[each]), key="estimate_patient"
        )
        given = _form(patients[picked])
    with right:
        if given is not None:
            st.session_state[MADE] = given
        asked = st.session_state.get(MADE)
        if isinstance(asked, EstimateIn) and asked.patient_id == picked:
            try:
                _made(api, asked, patients[picked])
            except client.ApiProblem as problem:
                show_problem(problem)


def _named(patient: PatientOption) -> str:
    return f"{patient.name}, born {patient.birth_date}, record {patient.record_number}"


# --- what is planned ---


def _form(patient: PatientOption) -> EstimateIn | None:
    """What is planned, once it is asked for and can be read."""
    coverages = {each.id: each for each in patient.coverages}
    key = f"estimate_{patient.patient_id}"
    pays, day = st.columns([3, 2])
    coverage = pays.selectbox(
        "Who pays", [FIRST, *coverages, SELF_PAY], format_func=lambda each: _payer(each, coverages), key=f"{key}_pays"
    )
    on = day.date_input("Day of the visit", practice_day(), key=f"{key}_day", format="YYYY-MM-DD")
    rows = int(st.number_input("Services planned", 1, LINES_MAX, 1, key=f"{key}_rows"))
    services = [_service(f"{key}_{row}", row) for row in range(1, rows + 1)]
    instead = st.text_input("Or the visit becomes (codes, for the bounds)", key=f"{key}_instead")
    diagnoses = st.text_input("Diagnoses", key=f"{key}_diagnoses")
    deductible, pocket = st.columns(2)
    used = deductible.text_input("Deductible used (payer's answer)", key=f"{key}_used", disabled=coverage == SELF_PAY)
    out = pocket.text_input("Out of pocket used", key=f"{key}_out", disabled=coverage == SELF_PAY)
    if not st.button("Estimate", type="primary", width="stretch"):
        return None
    st.session_state.pop(MADE, None)
    alone = coverage == SELF_PAY
    return _read({
        "patient_id": patient.patient_id,
        "coverage_id": "" if alone else coverage,
        "self_pay": alone,
        "service_date": on.isoformat(),
        "services": [service for service in services if service["procedure"]],
        "instead": [{"procedure": code} for code in typed_codes(instead)],
        "diagnoses": typed_codes(diagnoses),
        "deductible_used": typed_amount(used) or None,
        "out_of_pocket_used": typed_amount(out) or None,
    })  # fmt: skip


def _payer(choice: str, coverages: dict[str, CoverageOption]) -> str:
    if choice in coverages:
        coverage = coverages[choice]
        return f"{coverage.words}, from {coverage.effective}{coverage.terminated and f' to {coverage.terminated}'}"
    return "self-pay: a good-faith estimate" if choice == SELF_PAY else "the coverage that pays first that day"


def _service(key: str, row: int) -> dict[str, Any]:
    code, modifiers, units = st.columns([3, 2, 1])
    return {
        "procedure": code.text_input(f"Service {row}", key=f"{key}_code", placeholder="99213").strip().upper(),
        "modifiers": typed_codes(modifiers.text_input("Modifiers", key=f"{key}_modifiers")),
        "units": int(units.number_input("Units", 1, 999, 1, key=f"{key}_units")),
    }


def _read(typed: dict[str, Any]) -> EstimateIn | None:
    try:
        return EstimateIn.model_validate(typed)
    except ValueError:
        words = (
            "Name at least one service by its code of four to eleven letters and digits, at most four modifiers to a"
            " line and twelve diagnoses; write amounts as 500.00."
        )
        show_problem(client.ApiProblem("The estimate cannot be made.", words))
        return None


# --- what it comes to ---


def _made(api: client.Client, asked: EstimateIn, patient: PatientOption) -> None:
    made = api.estimate(asked)
    strip(
        (dollars(made.likely), "the patient will owe, likely", ""),
        (f"{dollars(made.low)} to {dollars(made.high)}", "the bounds", ""),
        (dollars(made.payer_pays), f"{made.payer} pays" if made.payer else "from a payer", ""),
        ("", f"{patient.name}, {made.on}", ""),
    )
    _lines(made)
    rows = [Row(str(place), ((told(words), ""),)) for place, words in enumerate(made.because)]
    show_table("because", (("What it rests on", "lines"),), rows)
    if asked.self_pay:
        name = f"good-faith-estimate-{made.on}.pdf"
        save_pdf("Save the good-faith estimate", lambda: api.good_faith_pdf(asked), name, first=True)


def _lines(made: EstimateView) -> None:
    rows = [Row(str(line.number), _cells(line)) for line in made.lines]
    show_why("estimate_why", made.lines[pick(LINE, "estimated", COLUMNS, rows, height="14rem", keys=J_K)])


def _cells(line: ReckonedLine) -> tuple[Cell, ...]:
    return (
        (str(line.number), "quiet"),
        (line.procedure, ""),
        (line.charge, ""),
        (line.allowed, ""),
        (line.paid, ""),
        (line.patient, "strong"),
        ("refused" if line.refused else "", "warn"),
    )
