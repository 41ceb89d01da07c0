"""The biller's screen: the queue in the order of what is at stake, and the claim chosen with its mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.messages import hold, plain, show_findings, show_held
from serving.schemas.billing import ClaimView, LineChange, MendIn, MendView, QueueItem

ACTIONS = {
    "correct": "correct and send a replacement",
    "resubmit": "send again",
    "bill_patient": "bill the patient",
    "write_off": "write off",
    "leave": "leave as it is",
}
MENDED = "biller_mended"


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    show_held()
    _show_mended()
    queue = api.queue()
    count, at_stake = st.columns(2)
    count.metric("Claims to work", len(queue.items))
    at_stake.metric("At stake", queue.total_at_stake)
    if not queue.items:
        st.info("Nothing waits to be worked.")
        return
    chosen = st.dataframe(
        [_row(item) for item in queue.items],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        # A queue of other claims is another table: an old selection must not point into it.
        key="queue_" + "_".join(str(part) for part in (queue.today, len(queue.items), queue.items[0].claim_id)),
    )
    rows = chosen.selection.rows
    if not rows or rows[0] >= len(queue.items):
        st.caption("Choose a row to see the claim and mend it.")
        return
    item = queue.items[rows[0]]
    _claim(api.claim(item.claim_id), item)


def _row(item: QueueItem) -> dict[str, Any]:
    """One claim as the table shows it."""
    return {
        "Claim": item.claim_number,
        "Expected value": item.expected_value,
        "At stake": item.at_stake,
        "Billed": item.billed,
        "Risk": "not known" if item.risk is None else f"{item.risk}%",
        "Deadline": item.deadline,
        "Days left": item.days_left,
        "Kind": item.kind,
        "State": item.state,
        "Payer": item.payer,
        "Patient": item.patient,
        "Date of service": item.service_date,
        "Reasons": "; ".join(item.reasons),
        "CARC": ", ".join(item.carcs),
        "Mend": item.mend,
    }


def _claim(claim: ClaimView, item: QueueItem) -> None:
    """The claim chosen."""
    st.subheader(plain(f"Claim {claim.number}"))
    words = (
        claim.state,
        claim.payer,
        claim.patient,
        f"member {claim.member_id}",
        claim.provider,
        f"seen {claim.service_date}",
        f"billed {claim.billed}",
        f"sent {claim.submitted_on}" if claim.submitted_on else "not sent",
        f"authorization {claim.authorization or 'none'}",
        f"referral {claim.referral or 'none'}",
        f"diagnoses {', '.join(claim.diagnoses)}",
    )
    st.markdown(plain(" · ".join(words)))
    if item.mend:
        st.info(plain(f"What would mend it: {item.mend}"))
    show_findings(claim.findings)
    _table("Lines", [line.model_dump() for line in claim.lines])
    risk, history = st.columns(2)
    with risk:
        st.markdown("**Risk of denial**")
        st.markdown("Not known." if claim.risk is None else f"{claim.risk}%")
        _list([f"{reason.words} ({reason.points}%)" for reason in claim.risk_reasons])
        _list(claim.what_if)
        st.markdown("**Denials**")
        _list(claim.denials or ["none"])
    with history:
        _table("History", [event.model_dump() for event in claim.history])
    if claim.replaced_by:
        st.info("This claim was replaced; work the claim that replaced it.")
        return
    _mend_form(claim)


def _table(title: str, rows: Sequence[dict[str, Any]]) -> None:
    st.markdown(f"**{title}**")
    shown = [{name: _cell(value) for name, value in row.items()} for row in rows]
    st.dataframe(shown, hide_index=True)


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


def _list(lines: Sequence[str]) -> None:
    for line in lines:
        st.markdown(f"- {plain(line)}")


def _mend_form(claim: ClaimView) -> None:
    """What to change and why. Only what was changed is sent."""
    with st.form(f"mend_{claim.id}"):
        action = st.selectbox("What to do", list(ACTIONS), format_func=lambda name: ACTIONS[name])
        left, right = st.columns(2)
        authorization = left.text_input("Authorization", claim.authorization, max_chars=50)
        referral = right.text_input("Referral", claim.referral, max_chars=50)
        diagnoses = st.text_input("Diagnoses, first-listed first", " ".join(claim.diagnoses))
        modifiers = {
            line.number: st.text_input(
                f"Line {line.number} ({line.procedure}) modifiers",
                " ".join(line.modifiers),
                key=f"modifiers_{claim.id}_{line.number}",
            )
            for line in claim.lines
        }
        reason = st.text_input("Reason", max_chars=200)
        if not st.form_submit_button("Mend", type="primary"):
            return
    try:
        mend = MendIn.model_validate(
            {
                "action": action,
                "reason": reason.strip(),
                "authorization": _changed(authorization.strip(), claim.authorization),
                "referral": _changed(referral.strip(), claim.referral),
                "diagnoses": _changed(_codes(diagnoses), claim.diagnoses),
                "lines": _line_changes(claim, modifiers),
            }
        )
    except ValueError:
        st.error("The mend cannot be sent. Give a reason, at most 12 diagnoses, and at most four modifiers to a line.")
        return
    try:
        st.session_state[MENDED] = client.current().mend(claim.id, mend)
    except client.ApiProblem as problem:
        hold(problem)
    st.rerun()


def _codes(text: str) -> list[str]:
    return text.upper().replace(",", " ").split()


def _changed(now: Any, before: Any) -> Any:
    """The new value, or None, which the API reads as: stays as it is."""
    return None if now == before else now


def _line_changes(claim: ClaimView, modifiers: dict[int, str]) -> list[LineChange]:
    return [
        LineChange(line=line.number, modifiers=_codes(modifiers[line.number]))
        for line in claim.lines
        if _codes(modifiers[line.number]) != line.modifiers
    ]


def _show_mended() -> None:
    """What the last mend led to, once."""
    mended = st.session_state.pop(MENDED, None)
    if isinstance(mended, MendView):
        st.success(plain(f"Claim {mended.claim_number} is now {mended.state}."))
        show_findings(mended.findings)
