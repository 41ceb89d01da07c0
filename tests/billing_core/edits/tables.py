"""Small code tables for the edits' tests: invented limits, real code numbers."""

from __future__ import annotations

from datetime import date

from billing_core.codesets.build import table_bytes
from billing_core.codesets.layout import Row, TableHeader
from billing_core.codesets.table import CodeTable
from billing_core.codesets.tables import Tables

START, END = date(2026, 1, 1), date(2026, 12, 31)
ROWS: dict[str, list[Row]] = {
    "icd10cm": [
        ("E11", "N", "N", "Diabetes"),
        ("E119", "Y", "N", "Diabetes without complications"),
        ("F0280", "Y", "Y", "Dementia in other diseases"),
        ("G309", "Y", "N", "Alzheimer disease"),
        ("I10", "Y", "N", "Hypertension"),
        ("N400", "Y", "N", "Enlarged prostate"),
        ("O80", "Y", "N", "Delivery"),
        ("P599", "Y", "N", "Neonatal jaundice"),
        ("S93401A", "Y", "N", "Ankle sprain"),
        ("W010XXA", "Y", "N", "Fall"),
        *((f"Z{n:02d}0", "Y", "N", "Filler") for n in range(20)),
    ],
    "age_sex": [("N400", "M", 0, 999), ("O80", "F", 9, 64), ("P599", "", 0, 0)],
    "procedures": [(c, "") for c in ("11045", "11042", "36415", "73721", "90834", "99213", "99214", "G0008", "80053")],
    "ptp": [("11042", "99213", 0, "1"), ("99214", "99213", 0, "0"), ("36415", "99213", 0, "9")],
    "mue": [("36415", 2, "3"), ("99213", 1, "1"), ("73721", 2, "3"), ("90834", 1, "2"), ("11042", 1, "2")],
    "add_on": [("11045", "11042", "1")],
}


def sample(*names: str) -> Tables:
    """The tables of those names (all when none is given), each effective in 2026."""
    return Tables(
        CodeTable(table_bytes(TableHeader(name, "made for tests", "2026", START, END), ROWS[name]), name)
        for name in names or ROWS
    )


def without(name: str) -> Tables:
    """All tables but one."""
    return sample(*(n for n in ROWS if n != name))
