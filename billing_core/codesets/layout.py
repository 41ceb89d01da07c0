"""The layout of a code table file: one header line of JSON, then sorted fixed-width records, then a heap of long texts.

    CLEANCLAIM-TABLE 1\\n
    {"columns":[["code","text",7],...],"count":98505,"effective":"2026-04-01",...,"sha256":"..."}\\n
    <count records of the same width, sorted by their bytes><heap>

A `text` column is UTF-8 padded with NUL; a `number` column is four bytes, big-endian, so that byte order is number
order; a `long` column is the offset (4 bytes) and length (2 bytes) of a UTF-8 text in the heap. The checksum is taken
over the header without its checksum, the records and the heap. One home for what the reader and the writer both know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

MAGIC = b"CLEANCLAIM-TABLE 1\n"
SUFFIX = ".table"
WIDTHS = {"number": 4, "long": 6}
Value: TypeAlias = str | int
Row: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `kind` is text, number or long; `width` in bytes (given for text, known for the others)."""

    name: str
    kind: str
    width: int


@dataclass(frozen=True, slots=True)
class TableHeader:
    """What a table is, where it comes from, and from when to when it speaks (both ends included; None: no end yet)."""

    name: str
    source: str
    release: str
    effective: date
    terminated: date | None = None

    def covers(self, on: date) -> bool:
        """Whether this release speaks of that day."""
        return self.effective <= on and (self.terminated is None or on <= self.terminated)


_CODE5 = Column("code", "text", 5)
_CODE7 = Column("code", "text", 7)

# The tables the core reads. The first columns are the key that rows are found by (see KEYS).
LAYOUTS: Mapping[str, tuple[Column, ...]] = {
    "icd10cm": (_CODE7, Column("billable", "text", 1), Column("manifestation", "text", 1), Column("title", "long", 6)),
    "age_sex": (_CODE7, Column("sex", "text", 1), Column("age_from", "number", 4), Column("age_to", "number", 4)),
    "procedures": (_CODE5, Column("title", "long", 6)),
    "ptp": (
        Column("column_one", "text", 5),
        Column("column_two", "text", 5),
        Column("deleted", "number", 4),
        Column("modifier_indicator", "text", 1),
    ),
    "mue": (_CODE5, Column("units", "number", 4), Column("adjudication", "text", 1)),
    "add_on": (_CODE5, Column("primary", "text", 5), Column("type", "text", 1)),
    "fees": (
        _CODE5,
        Column("modifier", "text", 2),
        Column("status", "text", 1),
        Column("office", "number", 4),
        Column("facility", "number", 4),
    ),
    "rvu": (  # relative values in hundredths
        _CODE5,
        Column("modifier", "text", 2),
        Column("status", "text", 1),
        Column("work", "number", 4),
        Column("office", "number", 4),
        Column("facility", "number", 4),
        Column("malpractice", "number", 4),
        Column("multiple", "text", 1),
        Column("bilateral", "text", 1),
        Column("assistant", "text", 1),
        Column("endoscopy_base", "text", 5),
    ),
}
KEYS: Mapping[str, int] = {"ptp": 2, "fees": 2, "rvu": 2}  # how many leading columns make the key; one where not listed


def record_width(columns: tuple[Column, ...]) -> int:
    """Bytes of one record."""
    return sum(column.width for column in columns)


def header_fields(header: TableHeader, columns: tuple[Column, ...], count: int, heap: int) -> dict[str, Any]:
    """The header as JSON fields, checksum still missing."""
    return {
        "name": header.name,
        "source": header.source,
        "release": header.release,
        "effective": header.effective.isoformat(),
        "terminated": header.terminated.isoformat() if header.terminated else None,
        "columns": [[column.name, column.kind, column.width] for column in columns],
        "count": count,
        "record_width": record_width(columns),
        "heap": heap,
    }


def checksum(fields: Mapping[str, Any], *parts: bytes | memoryview) -> str:
    """sha256 over the header fields (without `sha256`) and the bytes that follow the header line."""
    bare = {name: value for name, value in fields.items() if name != "sha256"}
    total = hashlib.sha256(json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    for part in parts:
        total.update(part)
    return total.hexdigest()
