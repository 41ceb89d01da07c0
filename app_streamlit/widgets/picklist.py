"""A dense table in which one row is chosen by a click or a key. Cells are shown as text, never read as markup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

Cell = tuple[str, str]
"""What a cell says, and how: "", strong, quiet, good, warn or bad."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the id that choosing it gives, and its cells in the order of the columns."""

    id: str
    cells: Sequence[Cell]


@cache
def _component() -> Callable[..., Any]:
    made: Callable[..., Any] = st.components.v2.component(
        "cleanclaim_picklist",
        html='<div class="frame"><table></table></div>',
        css=(_HERE / "picklist.css").read_text("utf-8"),
        js=(_HERE / "picklist.js").read_text("utf-8"),
    )
    return made


def picklist(
    key: str,
    columns: Sequence[Cell],
    rows: Sequence[Row],
    chosen: str,
    *,
    on_pick: Callable[[str], None],
    height: str,
    keys: tuple[str, str] = ("n", "p"),
) -> None:
    """Draw the table. `columns` are labels with number, code, long, lines or ""; `keys` go one row on and one back."""

    def picked() -> None:
        found = st.session_state[key].get("picked")
        if found in {row.id for row in rows}:
            on_pick(str(found))

    data = {
        "columns": [list(column) for column in columns],
        "rows": [{"id": row.id, "cells": [list(cell) for cell in row.cells]} for row in rows],
        "chosen": chosen,
        "height": height,
        "keys": list(keys),
    }
    _component()(key=key, data=data, on_picked_change=picked)


def show_table(key: str, columns: Sequence[Cell], rows: Sequence[Row], height: str = "none") -> None:
    """The same table where no row can be chosen."""
    picklist(key, columns, rows, "", on_pick=_look, height=height, keys=("", ""))


def _look(_: str) -> None:
    """These rows are looked at, not chosen."""
