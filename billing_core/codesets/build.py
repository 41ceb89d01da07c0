"""Writing a code table: rows in any order become one sorted, checksummed, read-only file. Same rows, same bytes.

Used at set-up, never while claims are worked. The file is written beside its place and moved into it, so that a
process that has the old table mapped keeps it whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from billing_core.codesets.layout import (
    LAYOUTS,
    MAGIC,
    WIDTHS,
    Column,
    Row,
    TableHeader,
    Value,
    checksum,
    header_fields,
)
from billing_core.errors import TableError


def write_table(
    path: Path, header: TableHeader, rows: Iterable[Row], columns: tuple[Column, ...] | None = None
) -> Path:
    """Write `rows` (values in the order of the columns) as the table `header` names; returns `path`.

    The columns come from LAYOUTS by the header's name unless given. Equal rows are written once. Raises TableError for
    an unknown table, a value that does not fit its column, and a release that ends before it begins.
    """
    data = table_bytes(header, rows, columns)
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(data)
    draft.replace(path)
    return path


def table_bytes(header: TableHeader, rows: Iterable[Row], columns: tuple[Column, ...] | None = None) -> bytes:
    """The bytes of the table file."""
    columns = columns or LAYOUTS.get(header.name)
    if columns is None:
        raise TableError("no table of that name", where=header.name, mend="add its columns to LAYOUTS")
    if header.terminated is not None and header.terminated < header.effective:
        raise TableError("the release ends before it begins", where=header.name, mend="correct its dates")
    heap = bytearray()
    seen: dict[bytes, int] = {}
    encode = [_encoder(column, heap, seen) for column in columns]
    body: list[bytes] = []
    for number, row in enumerate(rows, start=1):
        try:
            body.append(b"".join([field(value) for field, value in zip(encode, row, strict=True)]))
        except (TypeError, ValueError) as error:
            raise TableError(str(error), where=f"{header.name} row {number}", mend="mend the row") from error
    body.sort()
    records = b"".join(record for record, _ in groupby(body))
    count = len(records) // sum(column.width for column in columns)
    fields = header_fields(header, columns, count, len(heap))
    fields["sha256"] = checksum(fields, records, bytes(heap))
    line = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return MAGIC + line + b"\n" + records + bytes(heap)


def _encoder(column: Column, heap: bytearray, seen: dict[bytes, int]) -> Callable[[Value], bytes]:
    """The function that writes one value of the column. It raises TypeError or ValueError with the reason."""

    def number(value: Value) -> bytes:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
            raise ValueError(f"column {column.name}: not a number of 0..4294967295")
        return value.to_bytes(WIDTHS["number"], "big")

    def text(value: Value) -> bytes:
        if not isinstance(value, str) or "\0" in value:
            raise ValueError(f"column {column.name}: a text expected")
        data = value.encode()
        if len(data) > column.width:
            raise ValueError(f"column {column.name}: longer than {column.width} bytes")
        return data.ljust(column.width, b"\0")

    def long(value: Value) -> bytes:
        if not isinstance(value, str):
            raise ValueError(f"column {column.name}: a text expected")
        data = value.encode()
        if len(data) >= 2**16:
            raise ValueError(f"column {column.name}: longer than 65,535 bytes")
        if data not in seen:  # equal texts are kept once
            seen[data] = len(heap)
            heap.extend(data)
        return seen[data].to_bytes(4, "big") + len(data).to_bytes(2, "big")

    return {"number": number, "text": text, "long": long}[column.kind]
