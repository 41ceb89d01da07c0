"""Doing something by a button: what came of it is said at the top of the next drawing, good news or bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app_streamlit.client import ApiProblem
from app_streamlit.widgets.look import said, strip
from app_streamlit.widgets.messages import hold, show_held
from serving.schemas.access import SecondPerson

DONE = "acting_done"


def act(do: Callable[[], str]) -> None:
    """Run `do`, which gives the words for what it did; a problem is kept and shown instead. For buttons' callbacks."""
    try:
        st.session_state[DONE] = do()
    except ApiProblem as problem:
        hold(problem)
    except ValueError:  # a form that its schema refuses; the cause quotes what was typed
        hold(ApiProblem("That cannot be read.", "Give amounts as 12.34 and a reason of three letters or more."))


def show_done() -> None:
    """What the last act did, or why it did not; once."""
    show_held()
    words = st.session_state.pop(DONE, "")
    if words:
        said(words)


def chosen(key: str, known: Sequence[str]) -> str:
    """The row that is chosen under `key`: the one picked before when it is still there, else the first."""
    wanted = st.session_state.get(key)
    return str(wanted) if wanted in known else known[0]


def choose(key: str) -> Callable[[str], None]:
    """What a picklist calls when a row is picked."""

    def picked(row: str) -> None:
        st.session_state[key] = row

    return picked


def typed(key: str) -> str:
    """What stands in the text field of that key."""
    return str(st.session_state.get(key) or "").strip()


def second_person(
    key: str,
    asked: tuple[str, str, str],
    second: SecondPerson,
    approve: Callable[[], str],
    decline: Callable[[str], str],
) -> None:
    """One thing that waits for a second person, in a row: what the one who looks may do, else whom it waits for.

    `decline` is given the reason that was typed. What may be done the API says, and sees to it.
    """
    words, reason, yes, no = st.columns([5, 3, 1, 1], vertical_alignment="center")
    with words:
        strip(asked)
    if not second.may_approve:
        with words:
            st.caption(waits_for(second))
    if not second.may_decline:
        return
    why = f"why_not_{key}"
    reason.text_input("Why not", key=why, placeholder="why not, when declined", label_visibility="collapsed")
    if second.may_approve:
        yes.button("Approve", key=f"approve_{key}", on_click=act, args=(approve,))
    no.button("Decline", key=f"decline_{key}", on_click=act, args=(lambda: decline(typed(why)),))


def waits_for(second: SecondPerson) -> str:
    """Whom a wish waits for, where the one who looks may not approve it."""
    if second.waits_for:
        return f"Waits for another person: {', '.join(second.waits_for)}."
    return "Nobody here may approve this: ask the administrator to give another person the role of manager."
