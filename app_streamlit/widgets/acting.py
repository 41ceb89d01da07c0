"""Doing something by a button: what came of it is said at the top of the next drawing, good news or bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from app_streamlit.client import ApiProblem
from app_streamlit.widgets.look import said, strip
from app_streamlit.widgets.messages import hold, show_findings, show_held
from app_streamlit.widgets.picklist import Cell, Row, picklist
from serving.schemas.access import SecondPerson
from serving.schemas.coding import FindingView

ARROWS, J_K = ("ArrowDown", "ArrowUp"), ("j", "k")  # the keys of a page's first table, and of the one it opens
DONE = "acting_done"
UNREADABLE = ApiProblem("That cannot be read.", "Give amounts as 12.34 and a reason of three letters or more.")


@dataclass(frozen=True, slots=True)
class Done:
    """What an act came to: words, whether they are good news or bad, and what was found on the way."""

    words: str
    tone: str = ""
    findings: Sequence[FindingView] = ()


def act(do: Callable[[], str | Done], unreadable: ApiProblem = UNREADABLE) -> None:
    """Run `do`, which says what it did; a problem is kept and shown instead. For buttons' callbacks.

    `unreadable` is said of a form that its schema refuses: the cause would quote what was typed.
    """
    try:
        done = do()
        st.session_state[DONE] = done if isinstance(done, Done) else Done(done)
    except ApiProblem as problem:
        hold(problem)
    except ValueError:
        hold(unreadable)


def show_done() -> None:
    """What the last act did, or why it did not; once."""
    show_held()
    done = st.session_state.pop(DONE, None)
    if isinstance(done, Done):
        if done.words:
            said(done.words, done.tone)
        show_findings(done.findings)


def chosen(key: str, known: Sequence[str]) -> str:
    """The row that is chosen under `key`: the one picked before when it is still there, else the first."""
    wanted = st.session_state.get(key)
    return str(wanted) if wanted in known else known[0]


def pick(
    key: str,
    name: str,
    columns: Sequence[Cell],
    rows: Sequence[Row],
    *,
    height: str,
    keys: tuple[str, str] = ARROWS,
) -> int:
    """Draw the table `name` of these rows; the place of the one chosen, which is kept under `key`."""
    known = [row.id for row in rows]
    now = chosen(key, known)
    picklist(name, columns, rows, now, on_pick=choose(key), height=height, keys=keys)
    return known.index(now)


def in_hand(key: str, name: str, known: Sequence[str]) -> str:
    """The same where the choice outlives a refresh in the page's address, under `name`; a link may begin it there."""
    wanted = (st.session_state.get(key), st.query_params.get(name), known[0])
    found = next(str(row) for row in wanted if row in known)
    st.session_state[key] = st.query_params[name] = found
    return found


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
