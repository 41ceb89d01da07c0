"""The biller's appeals: by deadline, the letter sentence by sentence with its sources, signature, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from app_streamlit import loop
from app_streamlit.client import ApiProblem
from app_streamlit.widgets.acting import act, choose, in_hand, show_done, typed
from app_streamlit.widgets.look import counted, dollars, due_tone, save_pdf, strip, typed_amount
from app_streamlit.widgets.messages import show_findings
from app_streamlit.widgets.picklist import Row, picklist, show_table
from serving.schemas.appeals import AppealItem, AppealView, FilingIn, LetterIn, OutcomeIn

CHOSEN = "appeal_chosen"
COLUMNS = (
    ("Claim", "code"), ("Payer", ""), ("Level", "number"), ("Standing", ""), ("Refused", "number"), ("For", "code"),
    ("File by", ""), ("Days", "number"), ("Filed", ""), ("Decided", ""), ("Recovered", "number"),
)  # fmt: skip
LETTER = (("Sentence", "long"), ("Where it stands", "long"))
SENT_BY = ("portal", "mail", "fax", "electronic")
OUTCOMES = ("overturned", "partly overturned", "upheld", "withdrawn")
NO_SOURCE = ApiProblem("A sentence lacks its words or its source.", "Every sentence says where it stands written.")
NO_NAME = ApiProblem("A letter needs a name under it.", "Give the name of who signs, in three characters or more.")
NO_AMOUNT = ApiProblem("The amount cannot be read.", "Write it as 72.00.")


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = loop.current()
    items = api.appeals()
    show_done()
    drafts, waiting = (sum(item.state == state for item in items) for state in ("draft", "filed"))
    strip(
        (counted(drafts, "draft"), "to file", ""),
        (str(waiting), "with the payer", ""),
        (str(len(items) - drafts - waiting), "decided", ""),
    )
    if not items:
        st.info("No appeal yet. Draft one from a denied claim on the Billing page.")
        return
    chosen = in_hand(CHOSEN, "appeal", [item.id for item in items])
    picklist("appeals", COLUMNS, [_row(item) for item in items], chosen, on_pick=choose(CHOSEN), height="14rem")
    _appeal(api, api.appeal(chosen))


def _row(item: AppealItem) -> Row:
    days, due = item.days_left, due_tone(item.days_left)
    tone = {"overturned": "good", "partly overturned": "good", "upheld": "bad"}.get(item.state, "")
    return Row(
        item.id,
        (
            (item.claim_number, ""),
            (item.payer, ""),
            (str(item.level), ""),
            (item.state, tone),
            (item.amount, "strong"),
            (" ".join(item.reasons), ""),
            (item.deadline, due),
            ("" if days is None else str(days), due),
            (item.filed_on, "quiet"),
            (item.decided_on, "quiet"),
            (item.recovered if item.decided_on else "", "strong"),
        ),
    )


def _appeal(api: loop.LoopClient, view: AppealView) -> None:
    strip(
        (view.claim_number, f"level {view.level}, {view.state}", ""),
        (view.patient, f"member {view.member_id}", ""),
        ("", view.payer, ""),
        ("", f"seen {view.service_date}", ""),
        (dollars(view.amount), f"refused for {', '.join(view.reasons)}", ""),
    )
    show_findings(view.findings)
    left, right = st.columns([3, 1])
    with left:
        if view.state == "draft":
            _edit(view)
        else:
            _letter(view)
    with right:
        _act(view)
        name = f"appeal_{view.claim_number}_{view.level}.pdf"
        save_pdf("Letter (PDF)", lambda: api.appeal_pdf(view.id), name)


def _letter(view: AppealView) -> None:
    show_table(
        "letter", LETTER, [Row(str(n), ((s.words, ""), (s.source, "quiet"))) for n, s in enumerate(view.sentences)]
    )


def _edit(view: AppealView) -> None:
    """The letter as a table: words and the source of each. Rows can be changed, taken out and added."""
    with st.form(f"letter_{view.id}", border=False):
        rows = [{"Sentence": s.words, "Where it stands": s.source} for s in view.sentences]
        edited = st.data_editor(
            rows, num_rows="dynamic", width="stretch", height="content", key=f"rows_{view.id}_{len(rows)}",
            column_config={"Sentence": st.column_config.TextColumn(width=700)},
        )  # fmt: skip
        st.caption("A sentence cites a source of the draft, or begins its own with chart:, contract: or remittance:")
        if st.form_submit_button("Keep the letter"):
            act(lambda: _keep(view, edited), NO_SOURCE)
            st.rerun()


def _keep(view: AppealView, rows: Sequence[dict[str, str]]) -> str:
    sentences = [
        {"words": str(row.get("Sentence") or ""), "source": str(row.get("Where it stands") or "")} for row in rows
    ]
    loop.current().edit_appeal(view.id, LetterIn.model_validate({"sentences": sentences}))
    return "The letter is kept."


def _act(view: AppealView) -> None:
    """What comes next: the signature, or what the payer decided."""
    with st.container(border=True):
        if view.state == "draft":
            st.text_input("Signed by (under the letter)", max_chars=80, key=f"by_{view.id}")
            st.selectbox("Sent by", SENT_BY, key=f"how_{view.id}")
            file = partial(_file, view)
            st.button("Sign and file", type="primary", width="stretch", on_click=act, args=(file, NO_NAME))
        elif view.state == "filed":
            st.caption(f"Filed on {view.filed_on} by {view.sent_by}, signed by {view.signed_by}.")
            st.selectbox("The payer decided", OUTCOMES, key=f"outcome_{view.id}")
            st.text_input("Recovered", "0.00", key=f"money_{view.id}")
            decide = partial(_decide, view)
            st.button("Record", type="primary", width="stretch", on_click=act, args=(decide, NO_AMOUNT))
        else:
            st.caption(f"{view.state.capitalize()} on {view.decided_on}; {dollars(view.recovered)} recovered.")


def _file(view: AppealView) -> str:
    signed = FilingIn.model_validate({"signed_by": typed(f"by_{view.id}"), "sent_by": typed(f"how_{view.id}")})
    filed = loop.current().file_appeal(view.id, signed)
    return f"Filed on {filed.filed_on}: the payer has to decide."


def _decide(view: AppealView) -> str:
    money = typed_amount(typed(f"money_{view.id}"))
    given = OutcomeIn.model_validate({"outcome": typed(f"outcome_{view.id}"), "recovered": money})
    decided = loop.current().decide_appeal(view.id, given)
    return f"Recorded: {decided.state}, {dollars(decided.recovered)} recovered."
