"""Answers that found no claim: what the payer says beside the claims it may speak of, and one decision each.

Keys: down and up go through the answers, j and k through the candidates, a gives the answer to the one chosen.
"""

from __future__ import annotations

import streamlit as st

from app_streamlit import money
from app_streamlit.widgets.acting import J_K, act, pick, show_done, typed
from app_streamlit.widgets.look import added, counted, dollars, strip
from app_streamlit.widgets.picklist import Cell, Row
from serving.schemas.money import CandidateView, UnmatchedItem

ANSWER, CANDIDATE = "unmatched_answer", "unmatched_candidate"
COLUMNS = (
    ("Number in the file", "code"),
    ("Payer", ""),
    ("Paid on", ""),
    ("Patient", ""),
    ("Member", "code"),
    ("Seen", ""),
    ("Billed", "number"),
    ("Paid", "number"),
    ("Best candidate", "number"),
    ("", ""),
)
CANDIDATES = (
    ("Agrees", "number"),
    ("Claim", "code"),
    ("Patient", ""),
    ("Payer", ""),
    ("Seen", ""),
    ("Billed", "number"),
    ("State", ""),
    ("What agrees", "long"),
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = money.current()
    facts, choice = st.columns([6, 2], vertical_alignment="center")
    every = choice.toggle("Decided ones too", key="unmatched_every")
    show_done()
    found = api.unmatched(every)
    waiting = [item for item in found if item.status == "open"]
    held = added(item.paid for item in waiting)
    with facts:
        strip(
            (counted(len(waiting), "answer"), "without a claim", "bad" if waiting else ""),
            (dollars(held), "held unapplied for them", ""),
        )
    if not found:
        st.info("Every answer of every payer found its claim. Nothing waits here.")
        return
    rows = [Row(item.id, _cells(item)) for item in found]
    item = found[pick(ANSWER, "unmatched", COLUMNS, rows, height="max(170px, 32vh)")]
    if item.status == "open":
        _open(item)
    else:
        _decided(item)


def _cells(item: UnmatchedItem) -> tuple[Cell, ...]:
    best = max((candidate.score for candidate in item.candidates), default=0)
    return (
        (item.number, ""),
        (item.payer, ""),
        (item.paid_on, ""),
        (item.patient, ""),
        (item.member_id, "quiet"),
        (item.service_date, ""),
        (item.charge, "quiet"),
        (item.paid, "strong"),
        (f"{best} of 100" if best else "none", "good" if best >= 80 else ""),
        (item.status if item.status != "open" else "", "quiet"),
    )


def _open(item: UnmatchedItem) -> None:
    _said(item)
    left, right = st.columns([3, 2])
    with left:
        claim = _candidates(item)
    with right, st.container(border=True):
        number = st.text_input("Claim it speaks of", claim, key=f"unmatched_claim_{item.id}_{claim}").strip()
        st.button(
            f"Give it to {number or 'that claim'}", type="primary", width="stretch", disabled=not number, shortcut="a",
            on_click=act, args=(lambda: _assign(item, number),), key="unmatched_assign",
        )  # fmt: skip
        st.caption("It posts there at once. It can be taken away again while nothing later stands on the claim.")
        key = f"unmatched_why_{item.id}"
        st.text_input("Or: it is for no claim of ours, because", key=key, max_chars=200)
        st.button("Leave it", on_click=act, args=(lambda: _decide(item, "leave", typed(key)),), key="unmatched_leave")


def _said(item: UnmatchedItem) -> None:
    strip(
        (item.number, f"from {item.payer}, trace {item.trace} of {item.paid_on}", ""),
        (item.patient, f"member {item.member_id}" if item.member_id else "", ""),
        ("", f"seen {item.service_date}" if item.service_date else "", ""),
        (" ".join(item.procedures), "procedures" if item.procedures else "", ""),
        (dollars(item.paid), f"paid of {dollars(item.charge)}", ""),
    )


def _candidates(item: UnmatchedItem) -> str:
    if not item.candidates:
        st.info("No claim of ours resembles it. Type the number of one, or leave the answer with the reason.")
        return ""
    rows = [Row(candidate.claim_number, _candidate(candidate)) for candidate in item.candidates]
    return rows[pick(f"{CANDIDATE}_{item.id}", "candidates", CANDIDATES, rows, height="40vh", keys=J_K)].id


def _candidate(candidate: CandidateView) -> tuple[Cell, ...]:
    return (
        (str(candidate.score), "good" if candidate.score >= 80 else "strong"),
        (candidate.claim_number, ""),
        (candidate.patient, ""),
        (candidate.payer, ""),
        (candidate.service_date, ""),
        (candidate.charge, ""),
        (candidate.state, ""),
        (", ".join(candidate.agreed), "quiet"),
    )


def _decided(item: UnmatchedItem) -> None:
    _said(item)
    with st.container(border=True):
        words = f"to claim {item.claim_number}" if item.claim_number else item.outcome
        strip((item.status.capitalize(), words, ""))
        key = f"unmatched_undo_{item.id}"
        st.text_input("Why it is taken back", key=key, max_chars=200)
        st.button("Take it back", on_click=act, args=(lambda: _decide(item, "undo", typed(key)),), key="unmatched_undo")


def _assign(item: UnmatchedItem, number: str) -> str:
    done = money.current().assign(item.id, number)
    return f"{dollars(done.paid)} of answer {done.number} is posted on claim {done.claim_number}."


def _decide(item: UnmatchedItem, verb: str, reason: str) -> str:
    done = money.current().decide_unmatched(item.id, "undo" if verb == "undo" else "leave", reason)
    if verb == "undo":
        return f"Answer {done.number} waits again; everything it posted is undone."
    return f"Answer {done.number} is left; its money stays unapplied for the payer."
