"""The note with its evidence marked: every character of the note is shown, none of it is markup.

Escaping comes first and marks are drawn around escaped text only, so a note that holds HTML shows it as text.
Offsets are characters of the note, end excluded; a span outside the note is cut to the note.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence

import streamlit as st

from serving.schemas.coding import SuggestionView

Mark = tuple[int, int, str, str]
"""Start, end, kind (current, counter, other) and the words to show on hover."""

STYLES = {
    "current": "background:#ffd54a;color:#1a1a1a;font-weight:600",
    # An outline and not a background: a counter span over an evidence span must hide neither.
    "counter": "border-bottom:3px solid #c62828;color:#8e1b1b;background-color:#fde0dc",
    "other": "background:#e3eefc;color:#1a1a1a",
}
BOTH = "background:#ffd54a;color:#8e1b1b;font-weight:600;border-bottom:3px solid #c62828"


def marks_of(suggestions: Sequence[SuggestionView], current: int) -> list[Mark]:
    """The marks of all suggestions; those of the current one are strong and bring their counter-evidence."""
    marks: list[Mark] = []
    for position, suggestion in enumerate(suggestions):
        kind = "current" if position == current else "other"
        marks.extend((span.start, span.end, kind, suggestion.code) for span in suggestion.spans)
        if position == current:
            marks.extend((against.start, against.end, "counter", against.why) for against in suggestion.counter)
    return marks


def note_html(note: str, marks: Sequence[Mark]) -> str:
    """The note as safe HTML with the marks drawn in."""
    kept = [
        (max(0, start), min(len(note), end), kind, words)
        for start, end, kind, words in marks
        if max(0, start) < min(len(note), end)
    ]
    cuts = sorted({0, len(note), *(edge for start, end, _, _ in kept for edge in (start, end))})
    pieces = []
    for start, end in itertools.pairwise(cuts):
        covering = [mark for mark in kept if mark[0] <= start and end <= mark[1]]
        pieces.append(_piece(note[start:end], covering))
    body = "".join(pieces)
    return f'<div style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6">{body}</div>'


def _piece(text: str, covering: Sequence[Mark]) -> str:
    """One stretch of the note under the same marks."""
    escaped = html.escape(text, quote=True)
    kinds = {mark[2] for mark in covering}
    if not kinds:
        return escaped
    if kinds >= {"current", "counter"}:
        style = BOTH
    else:
        style = next(STYLES[kind] for kind in ("current", "counter", "other") if kind in kinds)
    words = html.escape("; ".join(sorted({mark[3] for mark in covering})), quote=True)
    return f'<mark style="{style}" title="{words}">{escaped}</mark>'


def show_note(note: str, suggestions: Sequence[SuggestionView], current: int) -> None:
    """Draw the note and the key to its colours."""
    st.caption("Yellow: evidence for the current code. Red underline: evidence against it. Blue: other codes.")
    with st.container(height=620):
        st.html(note_html(note, marks_of(suggestions, current)))
