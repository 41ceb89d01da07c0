"""The day: what it moved, its close, and what has not ended yet, so that nothing is silent.

Keys: down and up go through what has not ended.
"""

from __future__ import annotations

from collections import Counter

import streamlit as st

from app_streamlit import money
from app_streamlit.client import ApiProblem, practice_day
from app_streamlit.screens.coder import CLOSINGS
from app_streamlit.widgets.acting import act, pick, show_done, typed
from app_streamlit.widgets.look import counted, dollars, grouped, said, strip
from app_streamlit.widgets.picklist import Cell, Row, show_table
from serving.schemas.billing import MendIn
from serving.schemas.coding import CloseIn
from serving.schemas.money import DaySheetView, OpenEnd

END = "open_end"
KINDS = {  # of what has not ended: what is counted, and what is wanting
    "visit": ("visit", "without a charge or a reason"),
    "claim": ("claim", "without an answer"),
    "answer": ("claim", "with two answers that disagree"),
    "next payer": ("claim", "held up on the way to the next payer"),
    "appeal": ("appeal", "not decided, or won and not paid"),
    "remittance": ("remittance", "held"),
    "coverage": ("coverage", "that its payer was asked about and said nothing of"),
    "eligibility answer": ("eligibility answer", "that names nobody here"),
}
NO_WORD = ApiProblem("What the payer said is missing.", "Say it in a few words; it is kept in the log.")
TOLD = {  # of what a person ends by saying so: what is asked, and what is said when it is done
    "answer": ("What the payer said of its two answers", "What the payer said is noted; the claim stands as it stood."),
    "remittance": ("What the payer said of its remittance", "What the payer said is noted; nothing of it is posted."),
    "eligibility answer": ("What became of it", "It is noted; the answer decides nothing."),
}
LONG = 30  # days from which an open end is marked
ENDS = (("Days", "number"), ("Since", ""), ("What has not ended", ""), ("What to do", ""))


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = money.current()
    show_done()
    on_place, left_place = st.columns([2, 8], vertical_alignment="bottom")
    on = on_place.date_input("Business day", practice_day(), key="day_on")
    sheet = api.day(str(on))
    with left_place:
        strip(
            (counted(sheet.entries, "entry"), f"of {sheet.on}", ""),
            (dollars(sheet.receivable), "owed to the practice at its end", ""),
            ("", f"closed through {sheet.closed_through}" if sheet.closed_through else "no day is closed yet", ""),
        )
    left, right = st.columns(2)
    with left:
        _table("day_kinds", "What happened", sheet.by_kind)
    with right:
        _table("day_accounts", "How the accounts changed", sheet.by_account)
    _close(sheet)
    _ends(api.open_ends())


def _table(key: str, title: str, amounts: dict[str, str]) -> None:
    if amounts:
        rows = [Row(name, [(name, ""), (grouped(amount), "")]) for name, amount in amounts.items()]
        show_table(key, ((title, ""), ("Amount", "number")), rows)
    else:
        st.info("Nothing was posted with this date.")


def _close(sheet: DaySheetView) -> None:
    if sheet.closed:
        said(f"{sheet.on} is closed. Nothing is posted with its date any more; its chain ended at {sheet.chain[:16]}.")
        return
    if not sheet.may_close:
        st.caption(f"{sheet.on} is open. A manager closes it.")
        return
    sure, close = st.columns([7, 3], vertical_alignment="center")
    agreed = sure.checkbox(
        f"Close {sheet.on} and every day before it: what comes later belongs to the next open day, and this is not"
        " taken back.",
        key=f"sure_{sheet.on}",
    )
    close.button(
        f"Close {sheet.on}", type="primary", disabled=not agreed, width="stretch", on_click=act,
        args=(lambda: _close_day(sheet.on),),
    )  # fmt: skip


def _close_day(on: str) -> str:
    done = money.current().close_day(on)
    return f"{done.on} is closed: {done.entries} entries, chain {done.chain[:16]}."


def _ends(found: list[OpenEnd]) -> None:
    late = sum(end.days > LONG for end in found)
    many = Counter(end.kind for end in found)
    strip(
        *((counted(many[kind], noun), wanting, "") for kind, (noun, wanting) in KINDS.items() if many[kind]),
        (str(late or ""), f"of them over {LONG} days" if late else "", "bad"),
    )
    if not found:
        st.info("Every visit has its charge or its reason, every claim its answer, and no remittance is held.")
        return
    rows = [Row(f"{end.kind} {end.id}", _cells(end)) for end in found]  # one claim may wait for two things
    end = found[pick(END, "ends", ENDS, rows, height="max(200px, 34vh)")]
    if end.kind == "visit":
        why, close = st.columns([7, 3], vertical_alignment="bottom")
        reason = why.selectbox(
            "Nothing will be billed for this visit, because", list(CLOSINGS), format_func=CLOSINGS.__getitem__,
            key=f"close_why_{end.id}",
        )  # fmt: skip
        wish = CloseIn.model_validate({"reason": reason})
        close.button("Close the visit", width="stretch", on_click=act, args=(lambda: _close_visit(end.id, wish),))
    elif end.kind in TOLD:
        told, settle = st.columns([7, 3], vertical_alignment="bottom")
        key = f"settle_why_{end.kind}_{end.id}"
        told.text_input(TOLD[end.kind][0], key=key, max_chars=200)
        settle.button(
            "It is settled", width="stretch", on_click=act, args=(lambda: _settle(end, typed(key)), NO_WORD),
        )  # fmt: skip


def _cells(end: OpenEnd) -> tuple[Cell, ...]:
    return (str(end.days), "bad" if end.days > LONG else ""), (end.since, ""), (end.what, ""), (end.mend, "quiet")


def _settle(end: OpenEnd, reason: str) -> str:
    api = money.current()
    if end.kind == "remittance":
        api.settle_held(end.id, reason)
    elif end.kind == "eligibility answer":
        api.settle_answer(end.id, reason)
    else:
        api.mend(end.id, MendIn(action="leave", reason=reason))
    return TOLD[end.kind][1]


def _close_visit(encounter_id: str, wish: CloseIn) -> str:
    money.current().close_visit(encounter_id, wish)
    return "The visit is closed with its reason."
