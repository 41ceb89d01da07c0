"""The biller's appeals: by deadline, the letter sentence by sentence with its sources, signature, what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app_streamlit import client, loop
from app_streamlit.widgets.look import counted, dollars, said, strip
from app_streamlit.widgets.messages import hold, show_findings, show_held
from app_streamlit.widgets.picklist import Row, picklist
from serving.schemas.appeals import AppealItem, AppealView, FilingIn, LetterIn, OutcomeIn

CHOSEN, DONE = "appeal_chosen", "appeal_done"
COLUMNS = (
    ("Claim", "code"), ("Payer", ""), ("Level", "number"), ("Standing", ""), ("Refused", "number"), ("For", "code"),
    ("File by", ""), ("Days", "number"), ("Filed", ""), ("Decided", ""), ("Recovered", "number"),
)  # fmt: skip
SOON = 14  # days before a deadline from which it is marked
SENT_BY = ("portal", "mail", "fax", "electronic")
OUTCOMES = ("overturned", "partly overturned", "upheld", "withdrawn")


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = loop.current()
    items = api.appeals()
    show_held()
    done = st.session_state.pop(DONE, None)
    if done:
        said(str(done))
    drafts, waiting = (sum(item.state == state for item in items) for state in ("draft", "filed"))
    strip(
        (counted(drafts, "draft"), "to file", ""),
        (str(waiting), "with the payer", ""),
        (str(len(items) - drafts - waiting), "decided", ""),
    )
    if not items:
        st.info("No appeal yet. Draft one from a denied claim on the Billing page.")
        return
    chosen = _wanted(items)
    picklist("appeals", COLUMNS, [_row(item) for item in items], chosen, on_pick=_choose, height="14rem")
    _appeal(api.appeal(chosen))


def _wanted(items: Sequence[AppealItem]) -> str:
    known = [item.id for item in items]
    asked = (str(st.session_state.get(CHOSEN, "")), str(st.query_params.get("appeal", "")), known[0])
    found = next(each for each in asked if each in known)
    st.session_state[CHOSEN] = st.query_params["appeal"] = found
    return found


def _choose(appeal_id: str) -> None:
    st.session_state[CHOSEN] = appeal_id


def _row(item: AppealItem) -> Row:
    days = item.days_left
    due = "" if days is None else "bad" if days < 0 else "warn" if days <= SOON else ""
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


def _appeal(view: AppealView) -> None:
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
        pdf = loop.current().appeal_pdf(view.id)
        st.download_button(
            "Letter (PDF)", pdf, f"appeal_{view.claim_number}_{view.level}.pdf", "application/pdf", width="stretch"
        )


def _letter(view: AppealView) -> None:
    rows = [Row(str(n), ((s.words, ""), (s.source, "quiet"))) for n, s in enumerate(view.sentences)]
    picklist("letter", (("Sentence", "long"), ("Where it stands", "long")), rows, "", on_pick=_choose, height="none",
             keys=("", ""))  # fmt: skip


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
            _keep(view, edited)


def _keep(view: AppealView, rows: Sequence[dict[str, str]]) -> None:
    try:
        sentences = [
            {"words": str(row.get("Sentence") or ""), "source": str(row.get("Where it stands") or "")} for row in rows
        ]
        loop.current().edit_appeal(view.id, LetterIn.model_validate({"sentences": sentences}))
        st.session_state[DONE] = "The letter is kept."
    except client.ApiProblem as problem:
        hold(problem)
    except ValueError:
        hold(
            client.ApiProblem(
                "A sentence lacks its words or its source.", "Every sentence says where it stands written."
            )
        )
    st.rerun()


def _act(view: AppealView) -> None:
    """What comes next: the signature, or what the payer decided."""
    with st.container(border=True):
        if view.state == "draft":
            name = st.text_input("Signed by (under the letter)", max_chars=80, key=f"by_{view.id}")
            how = st.selectbox("Sent by", SENT_BY, key=f"how_{view.id}")
            st.button("Sign and file", type="primary", width="stretch", on_click=_file, args=(view, name, how))
        elif view.state == "filed":
            st.caption(f"Filed on {view.filed_on} by {view.sent_by}, signed by {view.signed_by}.")
            outcome = st.selectbox("The payer decided", OUTCOMES, key=f"outcome_{view.id}")
            money = st.text_input("Recovered", "0.00", key=f"money_{view.id}")
            st.button("Record", type="primary", width="stretch", on_click=_decide, args=(view, outcome, money))
        else:
            st.caption(f"{view.state.capitalize()} on {view.decided_on}; {dollars(view.recovered)} recovered.")


def _file(view: AppealView, name: str, how: str) -> None:
    try:
        filed = loop.current().file_appeal(
            view.id, FilingIn.model_validate({"signed_by": name.strip(), "sent_by": how})
        )
        st.session_state[DONE] = f"Filed on {filed.filed_on}: the payer has to decide."
    except client.ApiProblem as problem:
        hold(problem)
    except ValueError:
        hold(
            client.ApiProblem(
                "A letter needs a name under it.", "Give the name of who signs, in three characters or more."
            )
        )


def _decide(view: AppealView, outcome: str, money: str) -> None:
    try:
        given = OutcomeIn.model_validate({"outcome": outcome, "recovered": money.strip().replace(",", "")})
        decided = loop.current().decide_appeal(view.id, given)
        st.session_state[DONE] = f"Recorded: {decided.state}, {dollars(decided.recovered)} recovered."
    except client.ApiProblem as problem:
        hold(problem)
    except ValueError:
        hold(client.ApiProblem("The amount cannot be read.", "Write it as 72.00."))
