"""Problems and findings in words, each with what would mend it."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from app_streamlit.client import ApiProblem
from app_streamlit.widgets.look import said, sign_in_link
from serving.schemas.coding import FindingView

HELD = "held_problem"
NOT_CHECKED = "not checked"
SEVERITIES = ("error", "warning", NOT_CHECKED)
_SPECIAL = "\\`*_{}[]()<>#+-.!|~:$&"


def plain(text: str) -> str:
    """Text that Markdown shows as it stands: names and reasons from outside must not become links or images."""
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)


def show_problem(problem: ApiProblem) -> None:
    """What is wrong and what would mend it; the way to sign in where that is the mend."""
    said(" ".join(told(words) for words in (problem.error, problem.mend) if words), "bad")
    if problem.status == 401:
        sign_in_link()


def hold(problem: ApiProblem) -> None:
    """Keep a problem met in a callback until the page is drawn."""
    st.session_state[HELD] = problem


def show_held() -> None:
    """Show the problem kept by a callback, once."""
    problem = st.session_state.pop(HELD, None)
    if isinstance(problem, ApiProblem):
        show_problem(problem)


def findings_html(findings: Sequence[FindingView]) -> str:
    """Each finding in a line: what is wrong, what would mend it, and small the rule and the place. None is markup."""
    ranked = sorted(findings, key=lambda each: SEVERITIES.index(each.severity) if each.severity in SEVERITIES else 0)
    return "".join(
        f'<li class="{html.escape(each.severity)}"><b>{_escaped(each.message)}</b> {_escaped(each.mend)}'
        f" <small>{html.escape(each.rule)}, {html.escape(each.where)}</small></li>"
        for each in ranked
    )


def told(words: str) -> str:
    """Words as a sentence."""
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}" if words else ""


def _escaped(words: str) -> str:
    return html.escape(told(words))


def show_findings(findings: Sequence[FindingView], not_done: str = "rules could not be checked") -> None:
    """The findings, gravest first. What could not be checked is folded: it is no fault of the claim."""
    told = [each for each in findings if each.severity != NOT_CHECKED]
    if told:
        st.html(f'<ul class="findings">{findings_html(told)}</ul>')
    unchecked = [each for each in findings if each.severity == NOT_CHECKED]
    if unchecked:
        with st.expander(f"{len(unchecked)} {not_done}"):
            st.html(f'<ul class="findings">{findings_html(unchecked)}</ul>')
