"""The coder's bench: the note and its evidence beside the codes, each decided with one key. It draws what it is given.

Keys: a accept, 1 to 8 reject with that reason (x asks for it), u undo, up and down to move, / to add a code, m to the
modifiers, q to ask the note's author (or to enter the answer), e to end the visit without a charge, s to sign. What the
coder does comes back as one log of numbered entries, so that no key overtakes another; `fresh` gives those not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from app_streamlit.widgets.evidence import pieces
from serving.schemas.coding import (
    CounterView,
    EncounterView,
    QueryDraftView,
    QueryView,
    SpanView,
    SuggestionView,
)

BENCH = "bench"
_HERE = Path(__file__).parent
_HTML = """<div class="bench">
<section><header><b>Note</b><span><i class="now">evidence for this code</i> <i class="against">against it</i>
<i class="other">for other codes</i></span></header><div class="note" tabindex="0" aria-label="Note"></div></section>
<section><header><b>Codes</b><span class="count"></span><span class="saved" role="status"></span></header>
<ol class="codes" aria-label="Codes"></ol>
<label class="add"><kbd>/</kbd>add <input maxlength="8" placeholder="E11.9 or 99213, Enter" autocomplete="off"></label>
<footer>KEYS</footer></section></div>"""
_KEYS = (
    ("a", "accept"), ("1-8", "reject"), ("u", "undo"), ("↑ ↓", "move"), ("/", "add"), ("m", "modifiers"), ("q", "ask"),
    ("n p", "visit"), ("e", "no charge"), ("s", "sign"),
)  # fmt: skip


@cache
def _component() -> Callable[..., Any]:
    made: Callable[..., Any] = st.components.v2.component(
        "cleanclaim_bench",
        html=_HTML.replace("KEYS", "".join(f"<span><kbd>{key}</kbd>{word}</span>" for key, word in _KEYS)),
        css=(_HERE / "bench.css").read_text("utf-8"),
        js=(_HERE / "bench.js").read_text("utf-8"),
    )
    return made


def in_groups(suggestions: Sequence[SuggestionView]) -> list[SuggestionView]:
    """Diagnoses before procedures, each in the order given."""
    return sorted(suggestions, key=lambda each: each.system != "ICD-10-CM")


def show_bench(
    encounter: EncounterView,
    reasons: Mapping[str, str],
    closings: Mapping[str, str],
    seen: int,
    on_log: Callable[[], None],
) -> None:
    """Draw the visit. `on_log` runs when the coder has decided; `seen` is the last entry taken."""
    suggestions = in_groups(encounter.suggestions)
    asked = {query.code: query for query in encounter.queries if query.state != "withdrawn"}
    data = {
        "visit": encounter.id,
        "pieces": pieces(encounter.note, suggestions),
        "codes": [_code(encounter.note, each, asked.get(each.code)) for each in suggestions],
        "reasons": list(reasons.items()),
        "closings": list(closings.items()),
        "seen": seen,
    }
    _component()(key=BENCH, data=data, on_log_change=on_log)


def _code(note: str, suggestion: SuggestionView, asked: QueryView | None) -> dict[str, Any]:
    def quoted(span: SpanView | CounterView) -> str:
        return " ".join(note[span.start : span.end].split())

    draft = suggestion.query
    return {
        "group": "Diagnoses" if suggestion.system == "ICD-10-CM" else "Procedures",
        "counter": [f"{each.why}: {quoted(each)}" for each in suggestion.counter],
        "query": draft and _question(draft) | {"quotes": [quoted(span) for span in draft.indicators]},
        "asked": asked and _question(asked) | {"state": asked.state, "answer": asked.words or asked.answer},
        **suggestion.model_dump(include={"system", "code", "title", "score", "rule", "decision", "reason"}),
    }


def _question(query: QueryDraftView) -> dict[str, Any]:
    return {"question": query.question, "options": query.options}


def fresh(seen: int) -> list[dict[str, Any]]:
    """The entries of the log after `seen`, in the order they were made."""
    state = st.session_state.get(BENCH)
    log = (state.get("log") if state is not None else None) or []
    return sorted((entry for entry in log if entry["seq"] > seen), key=lambda entry: int(entry["seq"]))
