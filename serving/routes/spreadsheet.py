"""Tables as a spreadsheet takes them: CSV or XLSX, whose cells are values and never formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from fastapi import Response

from serving.sheets import csv_bytes, xlsx_bytes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
SHEETS: dict[int | str, dict[str, Any]] = {200: {"content": {CSV: _BINARY, XLSX: _BINARY}}}
Sheet = Literal["csv", "xlsx"]


def sheet(kind: Sheet, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """The table as a file of that kind."""
    texts = [{column: str(row.get(column, "")) for column in columns} for row in rows]
    data = xlsx_bytes(columns, texts) if kind == "xlsx" else csv_bytes(columns, texts)
    attachment = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(data, media_type=XLSX if kind == "xlsx" else CSV, headers=attachment)
