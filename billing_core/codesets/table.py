"""One code table, memory-mapped and read-only: find a code's rows by bisection, a few microseconds each.

The file's form is told in `layout`. A table that is damaged, cut short or of another format is refused when opened.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from billing_core.codesets.layout import KEYS, MAGIC, WIDTHS, Column, Row, TableHeader, Value, checksum, record_width
from billing_core.errors import TableError

_REBUILD = "build the tables again (cleanclaim init, cleanclaim tables import)"
_REMEMBERED = 1 << 16  # keys whose rows are kept ready; a year of claims of one practice uses a few thousand


class CodeTable:
    """A sorted table of fixed-width records over bytes that it does not own. Immutable; safe to share by threads."""

    def __init__(self, data: bytes | mmap.mmap, where: str) -> None:
        """Read the header of `data` and prove the checksum. Raises TableError naming `where` and the mend."""
        fields, start = _header(data, where)
        try:
            self.header = TableHeader(
                name=str(fields["name"]),
                source=str(fields["source"]),
                release=str(fields["release"]),
                effective=date.fromisoformat(fields["effective"]),
                terminated=date.fromisoformat(fields["terminated"]) if fields["terminated"] else None,
            )
            self.columns = tuple(Column(str(n), str(k), int(w)) for n, k, w in fields["columns"])
            self.count, heap = int(fields["count"]), int(fields["heap"])
            stated = str(fields["sha256"])
        except (KeyError, TypeError, ValueError) as error:
            raise TableError("the table's header is damaged", where=where, mend=_REBUILD) from error
        self._width = record_width(self.columns)
        self._data, self._start = data, start
        self._heap = start + self.count * self._width
        if self._width == 0 or self.count < 0 or len(data) != self._heap + heap:
            raise TableError("the table is cut short or has bytes too many", where=where, mend=_REBUILD)
        with memoryview(data) as view, view[start:] as body:
            if checksum(fields, body) != stated:
                raise TableError("the table is damaged: its checksum does not agree", where=where, mend=_REBUILD)
        self._key = self.columns[: KEYS.get(self.header.name, 1)]
        self.find = lru_cache(maxsize=_REMEMBERED)(self._find)

    @classmethod
    def open(cls, path: Path) -> CodeTable:
        """Map the file read-only. Raises TableError when it is missing, empty, damaged or of another format."""
        try:
            with path.open("rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise TableError("the table cannot be opened", where=path.name, mend=_REBUILD) from error
        return cls(data, path.name)

    def _find(self, *key: str) -> tuple[Row, ...]:
        """Every row whose key columns equal `key`, in order; empty when there is none."""
        wanted = bytearray()
        for value, column in zip(key, self._key, strict=True):
            data = value.encode()
            if len(data) > column.width:
                return ()
            wanted += data.ljust(column.width, b"\0")
        return tuple(self._rows_from(bytes(wanted)))

    def starting_with(self, text: str) -> tuple[Row, ...]:
        """Every row whose first column begins with `text`."""
        return tuple(self._rows_from(text.encode())) if text else tuple(self)

    def __iter__(self) -> Iterator[Row]:
        return (self._row(position) for position in range(self.count))

    def __len__(self) -> int:
        return self.count

    def _rows_from(self, prefix: bytes) -> Iterator[Row]:
        data, width, start = self._data, self._width, self._start
        low, high, length = 0, self.count, len(prefix)
        while low < high:
            middle = (low + high) // 2
            at = start + middle * width
            if data[at : at + length] < prefix:
                low = middle + 1
            else:
                high = middle
        while low < self.count and data[start + low * width : start + low * width + length] == prefix:
            yield self._row(low)
            low += 1

    def _row(self, position: int) -> Row:
        at = self._start + position * self._width
        values: list[Value] = []
        for column in self.columns:
            cell = self._data[at : at + column.width]
            at += column.width
            if column.kind == "number":
                values.append(int.from_bytes(cell, "big"))
            elif column.kind == "long":
                begin = self._heap + int.from_bytes(cell[:4], "big")
                values.append(self._data[begin : begin + int.from_bytes(cell[4:], "big")].decode())
            else:
                values.append(cell.rstrip(b"\0").decode())
        return tuple(values)


def _header(data: bytes | mmap.mmap, where: str) -> tuple[Mapping[str, Any], int]:
    """The header's fields and where the records begin."""
    if data[: len(MAGIC)] != MAGIC:
        raise TableError("not a code table of format 1", where=where, mend=_REBUILD)
    end = data.find(b"\n", len(MAGIC))
    try:
        fields = json.loads(data[len(MAGIC) : end].decode()) if end > 0 else None
    except ValueError as error:
        raise TableError("the table's header is damaged", where=where, mend=_REBUILD) from error
    if not isinstance(fields, dict):
        raise TableError("the table's header is damaged", where=where, mend=_REBUILD)
    known = {"text", *WIDTHS}
    columns = fields.get("columns")
    if not isinstance(columns, list) or any(
        not isinstance(c, list) or len(c) != 3 or c[1] not in known for c in columns
    ):
        raise TableError("the table has columns of an unknown kind", where=where, mend=_REBUILD)
    return fields, end + 1
