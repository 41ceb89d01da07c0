"""Entries of the ledger as people read them: what moved, why, and who or which file and segments said so."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from app_streamlit.widgets.look import added, dollars, strip
from app_streamlit.widgets.picklist import Cell, Row, show_table
from serving.schemas.money import EntryView, SegmentView

COLUMNS = (
    ("Day", ""),
    ("What", ""),
    ("Account", ""),
    ("Whose", ""),
    ("Amount", "number"),
    ("Why, and what made it", "lines"),
)


def show_entries(key: str, entries: Sequence[EntryView], *, why: bool = True) -> None:
    """Each entry with its legs, a line a leg, and (unless that is told elsewhere) why it was made and by what.

    Debits are plain, credits negative: an entry's amounts sum to zero.
    """
    shown = len(COLUMNS) if why else len(COLUMNS) - 1
    rows = [Row(f"{entry.id}-{place}", cells[:shown]) for entry in entries for place, cells in enumerate(_legs(entry))]
    show_table(key, COLUMNS[:shown], rows)


def _legs(entry: EntryView) -> list[tuple[Cell, ...]]:
    said: list[tuple[Cell, ...]] = []
    for place, leg in enumerate(entry.legs):
        first = place == 0
        said.append(
            (
                (entry.on if first else "", "quiet"),
                (entry.kind if first else "", "strong"),
                (leg.account, ""),
                (leg.party, "quiet"),
                (leg.amount, "quiet" if leg.amount.startswith("-") else ""),
                (f"{entry.why}\n{entry.cause}" if first else "", "quiet"),
            )
        )
    return said


def show_segments(segments: Sequence[SegmentView], file_name: str) -> None:
    """The payer's own words: the segments of the answer, each with its number in the file."""
    if not segments:
        return
    with st.expander(f"As the payer wrote it: segments {segments[0].number} to {segments[-1].number} of {file_name}"):
        lines = "\n".join(f"{s.number:>7}  {s.text}" for s in segments)
        st.html(f'<pre class="segments">{html.escape(lines)}</pre>')


def show_cause(key: str, entry: EntryView) -> None:
    """One entry explained whole."""
    strip(
        (entry.kind, f"of {entry.on}", ""),
        ("", entry.why, ""),
        ("Made by", entry.cause, ""),
        (dollars(_moved(entry)), "moved", ""),
    )
    show_entries(key, [entry], why=False)
    show_segments(entry.segments, entry.file_name)


def _moved(entry: EntryView) -> str:
    return added(leg.amount for leg in entry.legs if not leg.amount.startswith("-"))
