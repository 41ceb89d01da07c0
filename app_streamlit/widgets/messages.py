"""Problems and findings in words, each with what would mend it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app_streamlit.client import ApiProblem, sign_in_address
from serving.schemas.coding import FindingView

HELD = "held_problem"
_SPECIAL = "\\`*_{}[]()<>#+-.!|~:$&"


def plain(text: str) -> str:
    """Text that Markdown shows as it stands: names and reasons from outside must not become links or images."""
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)


def show_problem(problem: ApiProblem) -> None:
    """What is wrong and what would mend it; the way to sign in where that is the mend."""
    st.error(plain(" ".join(words for words in (problem.error, problem.mend) if words)))
    if problem.status == 401:
        st.link_button("Sign in", sign_in_address())


def hold(problem: ApiProblem) -> None:
    """Keep a problem met in a callback until the page is drawn."""
    st.session_state[HELD] = problem


def show_held() -> None:
    """Show the problem kept by a callback, once."""
    problem = st.session_state.pop(HELD, None)
    if isinstance(problem, ApiProblem):
        show_problem(problem)


def show_findings(findings: Sequence[FindingView]) -> None:
    """Each finding with its severity, its place and its mend."""
    for finding in findings:
        words = f"{plain(finding.message)} {plain(finding.mend)}".strip()
        line = f"{words}  \n{plain(finding.rule)} {plain(finding.where)}".rstrip()
        if finding.severity.lower() in {"error", "fatal", "block"}:
            st.error(line)
        elif finding.severity.lower() in {"warning", "warn"}:
            st.warning(line)
        else:
            st.info(line)
