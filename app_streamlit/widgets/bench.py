"""The coder's bench: the note and its evidence beside the codes, each decided with one key. It draws what it is given.

Keys: a accept, x reject and then 1 to 8 for the reason, u undo, up and down to move, / to add a code. What the coder
decides comes back as a log of numbered entries; `fresh` gives those not taken yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from app_streamlit.widgets.evidence import pieces
from serving.schemas.coding import EncounterView, SuggestionView

BENCH = "bench"
_HERE = Path(__file__).parent
_HTML = """<div class="bench">
<section><header><b>Note</b><span><i class="now">evidence for this code</i> <i class="against">against it</i>
<i class="other">for other codes</i></span></header><div class="note" tabindex="0" aria-label="Note"></div></section>
<section><header><b>Codes</b><span class="count"></span><span class="saved" role="status"></span></header>
<ol class="codes" aria-label="Codes"></ol>
<footer><kbd>a</kbd>accept<kbd>x</kbd>reject<kbd>u</kbd>undo<kbd>↑ ↓</kbd>move<kbd>/</kbd>add
<kbd>n p</kbd>visit<kbd>s</kbd>sign</footer></section></div>"""


@cache
def _component() -> Callable[..., Any]:
    made: Callable[..., Any] = st.components.v2.component(
        "cleanclaim_bench",
        html=_HTML,
        css=(_HERE / "bench.css").read_text("utf-8"),
        js=(_HERE / "bench.js").read_text("utf-8"),
    )
    return made


def in_groups(suggestions: Sequence[SuggestionView]) -> list[SuggestionView]:
    """Diagnoses before procedures, each in the order given."""
    return sorted(suggestions, key=lambda each: each.system != "ICD-10-CM")


def show_bench(encounter: EncounterView, reasons: Mapping[str, str], seen: int, on_log: Callable[[], None]) -> None:
    """Draw the visit. `on_log` runs when the coder has decided; `seen` is the last entry taken."""
    suggestions = in_groups(encounter.suggestions)
    data = {
        "visit": encounter.id,
        "pieces": pieces(encounter.note, suggestions),
        "codes": [_code(encounter.note, each) for each in suggestions],
        "reasons": list(reasons.items()),
        "seen": seen,
    }
    _component()(key=BENCH, data=data, on_log_change=on_log)


def _code(note: str, suggestion: SuggestionView) -> dict[str, Any]:
    return {
        "group": "Diagnoses" if suggestion.system == "ICD-10-CM" else "Procedures",
        "counter": [f"{each.why}: {' '.join(note[each.start : each.end].split())}" for each in suggestion.counter],
        **suggestion.model_dump(include={"system", "code", "title", "score", "rule", "decision", "reason"}),
    }


def fresh(seen: int) -> list[dict[str, Any]]:
    """The entries of the log after `seen`, in the order they were made."""
    state = st.session_state.get(BENCH)
    log = (state.get("log") if state is not None else None) or []
    return sorted((entry for entry in log if entry["seq"] > seen), key=lambda entry: int(entry["seq"]))
