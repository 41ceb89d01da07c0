"""The biller's screen: the queue in the order of what is at stake, the claim chosen with what is wrong, and its mend.

Keys: down and up go through the queue, j and k through the claim's lines.
"""

from __future__ import annotations

import html
from decimal import Decimal
from typing import Any

import streamlit as st

from app_streamlit import client, loop
from app_streamlit.screens import appeals
from app_streamlit.widgets.acting import Done, act, choose, in_hand, show_done
from app_streamlit.widgets.look import SOON, counted, dollars, due_tone, strip, typed_codes
from app_streamlit.widgets.messages import plain, show_findings, show_problem
from app_streamlit.widgets.picklist import Cell, Row, picklist
from app_streamlit.widgets.reckoning import compared, show_why
from serving.schemas.billing import (
    ClaimLineView,
    ClaimView,
    LineChange,
    MendIn,
    QueueItem,
    QueueView,
    WriteOffIn,
)
from serving.schemas.coding import FindingView
from serving.schemas.contracts import ReckonedLine, ReckoningView, WhatIfIn

# what can be done -> its words, and those of its button
ACTIONS = {
    "correct": ("Correct it and send it again", "Mend"),
    "resubmit": ("Send it again as it is", "Send again"),
    "bill_patient": ("Bill the patient", "Bill the patient"),
    "write_off": ("Ask for a write-off (a manager approves)", "Ask"),
    "leave": ("Leave it", "Leave it"),
}
FREQUENCIES = {"1": "original", "7": "replacement", "8": "void"}  # CLM05-3
ANSWERED = {"paid", "partly denied", "denied", "unprocessable", "closed"}  # the payer has decided the claim
CLAIM, LINE, CAPACITY = "biller_claim", "biller_line", "biller_capacity"
STATE, PAYER, FIRST = "queue_state", "queue_payer", "queue_first"
PAGE = 100  # rows drawn at once: a browser draws more, but nobody reads them
REFUSED = {"denied", "partly denied"}  # what may be appealed
TODAY = "today's work"
COLUMNS = (
    ("Claim", "code"),
    ("Payer", ""),
    ("Patient", ""),
    ("Seen", ""),
    ("State", ""),
    ("Billed", "number"),
    ("At stake", "number"),
    ("Expected", "number"),
    ("Risk", "number"),
    ("Deadline", ""),
    ("Days", "number"),
    ("What is wrong", "long"),
)
LINE_COLUMNS = (
    ("", "number"),
    ("Procedure", "code"),
    ("Modifiers", "code"),
    ("Units", "number"),
    ("For", "code"),
    ("Billed", "number"),
    ("Should pay", "number"),
    ("Paid", "number"),
    ("Adjusted", "number"),
    ("Open", "number"),
    ("Owed by", ""),
)
LIKELY = 50  # per cent of risk from which it is marked
EVERY = "all"
UNREADABLE = client.ApiProblem(
    "The mend cannot be sent.",
    "Give a reason (it is kept with the claim), at most 12 diagnoses and four modifiers to a line.",
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = loop.current()
    queue = api.queue_page(_wanted())
    _head(queue)
    show_done()
    items = queue.items
    if not items:
        st.info("No claim of the queue fits this choice." if queue.waiting else "Nothing waits to be worked.")
        return
    known = [item.claim_id for item in items]
    chosen = in_hand(CLAIM, "claim", known)
    rows = [Row(item.claim_id, _cells(item)) for item in items]
    picklist(
        "queue", COLUMNS, rows, chosen, on_pick=choose(CLAIM), height="max(190px, 32vh)", keys=("ArrowDown", "ArrowUp")
    )
    _claim(api.claim(chosen), items[known.index(chosen)])


# --- the queue ---


def _wanted() -> dict[str, str | int | bool]:
    """The part of the queue that is shown: the state and payer chosen, and the page, at first that of the claim."""
    state, payer = (str(st.session_state.get(key, EVERY)) for key in (STATE, PAYER))
    claim = "" if FIRST in st.session_state else st.session_state.get(CLAIM) or st.query_params.get("claim", "")
    return {
        "capacity": int(st.session_state.get(CAPACITY, 0)),
        "state": "" if state in (EVERY, TODAY) else state,
        "payer": "" if payer == EVERY else payer,
        "today": state == TODAY,
        "first": int(st.session_state.get(FIRST, 0)),
        "limit": PAGE,
        "claim": str(claim)[:100],
    }


def _first_page() -> None:
    """Another choice begins with its best."""
    st.session_state[FIRST] = 0


def _head(queue: QueueView) -> None:
    paged = queue.fitting > PAGE
    facts, *pages, state, payer, hours, send = st.columns(
        [4.6, 1.8, 2, 2, 1.4, 2] if paged else [6, 2, 2, 1.4, 2], vertical_alignment="center"
    )
    with facts:
        strip(
            (f"{queue.waiting:,}", "claims to work", ""),
            (dollars(queue.total_at_stake), "at stake", ""),
            (str(queue.due_soon), f"due within {SOON} days", "bad" if queue.due_soon else ""),
            (str(queue.lapsed), "past their deadline", "bad" if queue.lapsed else ""),
            *(
                [(str(queue.chosen), f"for today, worth {dollars(queue.expected_today)} expected", "")]
                if queue.capacity
                else []
            ),
        )
    st.session_state[FIRST] = queue.first
    for place in pages:
        place.selectbox(
            "Which of them", list(range(0, queue.fitting, PAGE)), key=FIRST, label_visibility="collapsed",
            format_func=lambda first: f"{first + 1:,} to {min(first + PAGE, queue.fitting):,} of {queue.fitting:,}",
        )  # fmt: skip
    for place, key, values, words in (
        (state, STATE, [*([TODAY] if queue.capacity else []), *queue.states], "states"),
        (payer, PAYER, queue.payers, "payers"),
    ):
        kept = st.session_state.get(key, EVERY)  # stays chosen when its last claim has left the queue
        place.selectbox(
            words.capitalize(), list(dict.fromkeys((EVERY, *values, kept))), key=key, label_visibility="collapsed",
            format_func=lambda value, words=words: f"all {words}" if value == EVERY else value,
            on_change=_first_page,
        )  # fmt: skip
    hours.number_input(
        "How many claims you can work today", 0, 10_000, key=CAPACITY, label_visibility="collapsed",
        help="How many claims you can work today; 0: not said",
    )  # fmt: skip
    send.button(
        f"Send {counted(queue.ready, 'ready claim')}",
        disabled=not queue.ready, on_click=act, args=(_send,), width="stretch",
    )  # fmt: skip


def _cells(item: QueueItem) -> tuple[Cell, ...]:
    """One claim as the queue shows it."""
    days, due = item.days_left, due_tone(item.days_left)
    risk = ("", "") if item.risk is None else (f"{item.risk}%", "bad" if item.risk >= LIKELY else "")
    return (
        (item.claim_number, "good" if item.today else ""),
        (item.payer, ""),
        (item.patient, ""),
        (item.service_date, ""),
        (item.state, ""),
        (item.billed, "quiet"),
        (item.at_stake, "strong"),
        (item.expected_value, "quiet"),
        risk,
        (item.deadline, due),
        ("" if days is None else str(days), due),
        ("; ".join(reason.rstrip(".") for reason in item.reasons), ""),
    )


def _send() -> str:
    sent = client.current().submit()
    names = ", ".join(file.name for file in sent.files)
    return f"{counted(sent.claims, 'claim')} sent in {counted(len(sent.files), 'file')}: {names}."


# --- the claim ---


def _claim(claim: ClaimView, item: QueueItem) -> None:
    """The claim chosen: what is wrong on the left, what to do on the right."""
    strip(
        (claim.number, f"{claim.state}, {FREQUENCIES.get(claim.frequency, claim.frequency)}", ""),
        (claim.patient, f"member {claim.member_id}", ""),
        ("", claim.payer, ""),
        ("", claim.provider, ""),
        ("", f"seen {claim.service_date}", ""),
        ("", f"sent {claim.submitted_on}" if claim.submitted_on else "not sent", ""),
        (dollars(claim.billed), "billed", ""),
        ("", f"coverage: {claim.verified}", "bad" if claim.verified.startswith("payer says") else ""),
    )
    left, right = st.columns([3, 2])
    with left:
        _wrong(claim, item)
        _lines(claim)
        _risk(claim)
        with st.expander(f"History ({len(claim.history)})"):
            for event in claim.history:
                st.caption(plain(f"{event.at[:16]} {event.actor}: {event.action} {event.reason}"))
    with right:
        if claim.replaced_by:
            st.info("This claim was replaced; work the claim that replaced it.")
        else:
            _mend_box(claim, item)
            if claim.state in REFUSED:
                st.button(
                    "Draft an appeal", key=f"appeal_{claim.id}", width="stretch", on_click=act,
                    args=(lambda: _draft(claim.id),),
                )  # fmt: skip


def _draft(claim_id: str) -> Done:
    """The next level's letter; it is edited and signed on the page of appeals."""
    made = loop.current().draft_appeal(claim_id)
    st.session_state[appeals.CHOSEN] = made.id
    drafted = f"Appeal of claim {made.claim_number}, level {made.level}, is drafted"
    by = f" by {made.deadline}" if made.deadline else ""
    many = counted(len(made.sentences), "sentence")
    words = f"{drafted}: {many}, each with its source. Edit and sign it under Appeals{by}."
    return Done(words if made.sentences else "", findings=made.findings)


def _wrong(claim: ClaimView, item: QueueItem) -> None:
    """What would mend it, the denials in the payer's reasons, and the findings in ours."""
    if claim.plays:
        steps = "".join(
            f"<li><b>{html.escape(play.step)}</b> <small>{html.escape(play.because)}</small></li>"
            for play in claim.plays
        )
        st.html(f'<ul class="findings">{steps}</ul>')
    elif item.mend:
        strip(("To mend it:", item.mend, ""))
    strip(("Worth working:", item.worth, "bad" if item.lapsed else ""))
    denied = [
        FindingView(rule="denial", severity="error", message=words, where=claim.payer, mend="")
        for words in claim.denials
    ]
    show_findings([*denied, *claim.findings])


# --- what it should pay ---


def _lines(claim: ClaimView) -> None:
    """The lines with what the payer should pay for each, and for the line chosen why. The claim is shown in any case:
    where its contract cannot decide it, that is said below the lines.
    """
    reckoned: dict[int, ReckonedLine] = {}
    trouble = None
    try:
        reckoned = {line.number: line for line in client.current().what_if(claim.id, WhatIfIn()).lines}
    except client.ApiProblem as problem:
        trouble = problem
    known = [str(line.number) for line in claim.lines]
    held, wanted = st.session_state.get(LINE, ("", ""))
    chosen = wanted if held == claim.id and wanted in known else known[0]
    rows = [Row(str(line.number), _line(line, reckoned.get(line.number), claim.state)) for line in claim.lines]
    picklist(
        "lines", LINE_COLUMNS, rows, chosen, height="11rem", keys=("j", "k"),
        on_pick=lambda line: st.session_state.update({LINE: (claim.id, line)}),
    )  # fmt: skip
    if trouble is not None:
        show_problem(trouble)
        return
    line = claim.lines[known.index(chosen)]
    if line.number in reckoned:
        should = reckoned[line.number]
        show_why("why", should, *(compared(should, line) if claim.state in ANSWERED else ()))
    _what_if(claim, line)


def _what_if(claim: ClaimView, line: ClaimLineView) -> None:
    """What the claim would pay with something changed. Nothing is kept: the mend is another box."""
    with st.expander("What if ..."):
        key = f"if_{claim.id}_{line.number}"
        with st.form(key, border=False):
            code, modifiers, units, authorization, referral = st.columns([2, 2, 1, 2, 2])
            wish = {
                "procedure": code.text_input(f"Line {line.number}", line.procedure, key=f"{key}_code"),
                "modifiers": modifiers.text_input("Modifiers", " ".join(line.modifiers), key=f"{key}_modifiers"),
                "units": int(units.number_input("Units", 1, 999, line.units, key=f"{key}_units")),
            }
            wish["authorization"] = authorization.text_input("If authorization", claim.authorization, key=f"{key}_auth")
            wish["referral"] = referral.text_input("If referral", claim.referral, key=f"{key}_referral")
            asked = st.form_submit_button("What would it pay?")
        if asked:
            _would_pay(claim, line, wish)


def _would_pay(claim: ClaimView, line: ClaimLineView, wish: dict[str, Any]) -> None:
    changed = {
        "line": line.number,
        "procedure": str(wish["procedure"]).strip().upper(),
        "modifiers": typed_codes(str(wish["modifiers"])),
        "units": wish["units"],
    }
    given = {"authorization": wish["authorization"].strip(), "referral": wish["referral"].strip(), "lines": [changed]}
    try:
        made = client.current().what_if(claim.id, WhatIfIn.model_validate(given))
    except ValueError:
        words = "Give a procedure of four to eleven letters and digits, and at most four modifiers."
        show_problem(client.ApiProblem("That is no line of a claim.", words))
        return
    except client.ApiProblem as problem:
        show_problem(problem)
        return
    _show_would_pay(made, line.number)


def _show_would_pay(made: ReckoningView, number: int) -> None:
    strip(
        (dollars(made.paid), "the claim would pay", ""),
        (dollars(made.patient), "left to the patient", ""),
        ("", f"by {made.contract}", ""),
    )
    for line in made.lines:
        if line.number == number:
            show_why("would", line)


def _line(line: ClaimLineView, reckoned: ReckonedLine | None, state: str) -> tuple[Cell, ...]:
    less = reckoned is not None and state in ANSWERED and Decimal(line.paid) < Decimal(reckoned.paid)
    return (
        (str(line.number), "quiet"),
        (line.procedure, ""),
        (" ".join(line.modifiers), ""),
        (str(line.units), ""),
        (" ".join(line.diagnoses), ""),
        (line.amount, ""),
        (reckoned.paid if reckoned else "", "strong"),
        (line.paid, "bad" if less else ""),
        (line.adjusted, ""),
        (line.open, "strong"),
        (line.owner.replace("_", " "), ""),
    )


def _risk(claim: ClaimView) -> None:
    """What the model thinks, why, what would lower it, what else to expect. It orders the queue and enters no claim."""
    if claim.risk is None:
        return
    strip((f"{claim.risk}%", "risk of denial, by the model; it advises and changes nothing", ""))
    if claim.outlook is not None:
        st.html(f'<p class="outlook">{html.escape(" ".join(claim.outlook.words))}</p>')
    reasons = "".join(
        f"<li>{html.escape(reason.words)} <small>{reason.points:+d}</small></li>" for reason in claim.risk_reasons
    )
    mends = "".join(f"<li class='good'><b>{html.escape(words)}</b></li>" for words in claim.what_if)
    if reasons or mends:
        st.html(f'<ul class="findings">{mends}{reasons}</ul>')


# --- the mend ---


def _mend_box(claim: ClaimView, item: QueueItem) -> None:
    """What to do and why. Only what was changed is sent."""
    with st.container(border=True):
        key = f"mend_{claim.id}"
        offered = [name for name in ACTIONS if claim.submitted_on or name != "resubmit"]
        action = st.selectbox("What to do", offered, key=f"{key}_action", format_func=lambda name: ACTIONS[name][0])
        changes = _changes(claim, key) if action == "correct" else {}
        reason = st.text_input("Reason (kept in the event log)", max_chars=200, key=f"{key}_reason")
        if st.button(ACTIONS[action][1], type="primary", key=f"{key}_do", width="stretch"):
            act(lambda: _mend(claim, {"action": action, "reason": reason.strip(), **changes}), UNREADABLE)
            st.rerun()


def _changes(claim: ClaimView, key: str) -> dict[str, Any]:
    """The fields that can be corrected; those left as they were are None, which the API reads as: stays."""
    left, right = st.columns(2)
    authorization = left.text_input("Authorization", claim.authorization, max_chars=50, key=f"{key}_authorization")
    referral = right.text_input("Referral", claim.referral, max_chars=50, key=f"{key}_referral")
    coverages = {coverage.id: coverage.words for coverage in claim.coverages}
    names = [""] + [coverage for coverage in coverages if coverage != claim.coverage_id]
    coverage = left.selectbox(
        "Coverage", names, key=f"{key}_coverage", format_func=lambda each: coverages.get(each, "as billed")
    )
    member_id = right.text_input(
        "Member id", claim.member_id, max_chars=80, key=f"{key}_member", disabled=bool(coverage)
    )
    diagnoses = st.text_input("Diagnoses, first-listed first", " ".join(claim.diagnoses), key=f"{key}_diagnoses")
    lines = [change for line in claim.lines if (change := _line_change(line, key)) is not None]
    return {
        "authorization": _changed(authorization.strip(), claim.authorization),
        "referral": _changed(referral.strip(), claim.referral),
        "coverage_id": coverage or None,
        "member_id": None if coverage else _changed(member_id.strip(), claim.member_id),
        "diagnoses": _changed(typed_codes(diagnoses), claim.diagnoses),
        "lines": lines,
    }


def _line_change(line: ClaimLineView, key: str) -> LineChange | None:
    left, right = st.columns([3, 1])
    name = f"Line {line.number}: {line.procedure} modifiers"
    modifiers = left.text_input(name, " ".join(line.modifiers), key=f"{key}_{line.number}_modifiers")
    units = int(right.number_input("Units", 1, 999, line.units, key=f"{key}_{line.number}_units"))
    if typed_codes(modifiers) == line.modifiers and units == line.units:
        return None
    return LineChange(
        line=line.number,
        modifiers=_changed(typed_codes(modifiers)[:5], line.modifiers),
        units=_changed(units, line.units),
    )


def _changed(now: Any, before: Any) -> Any:
    return None if now == before else now


def _mend(claim: ClaimView, wish: dict[str, Any]) -> str | Done:
    api = client.current()
    if wish["action"] == "write_off":
        asked = api.ask_write_off(claim.id, WriteOffIn.model_validate({"reason": wish["reason"]}))
        return f"Asked: {dollars(asked.amount)} of claim {asked.claim_number} to be written off. A manager decides."
    mended = api.mend(claim.id, MendIn.model_validate(wish))
    is_now, tone = ("stays", "bad") if mended.refused else ("is", "")
    return Done(f"Claim {mended.claim_number} {is_now} {mended.state}.", tone, mended.findings)
