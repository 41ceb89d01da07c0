"""All loaded releases of all tables, and what they say of a code on a day.

The law: a code, pair or limit outside a loaded release (no table, or none whose dates cover the day) is NOT_CHECKED,
never a pass. The release is chosen by the date of service, as payers do.
Sources: ICD-10-CM tabular list (CDC/NCHS); NCCI Policy Manual ch. 1 (procedure-to-procedure and MUE edits), CMS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from billing_core.codesets.layout import SUFFIX, Row, Value
from billing_core.codesets.table import CodeTable
from billing_core.errors import TableError
from billing_core.fee_terms import Rvu
from billing_core.money import Cents


class Verdict(StrEnum):
    """What the loaded releases say. INVALID of a pair: the two may not be billed together."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_BILLABLE = "not billable"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """An NCCI pair: `column_two` is the code that is not paid; whether a modifier may set the edit aside."""

    verdict: Verdict
    column_one: str = ""
    column_two: str = ""
    modifier_allowed: bool = False


@dataclass(frozen=True, slots=True)
class UnitLimit:
    """The most units of a code: per line when `per_line` (MAI 1), else per patient and date of service (MAI 2, 3)."""

    verdict: Verdict
    units: int | None = None
    per_line: bool = False


@dataclass(frozen=True, slots=True)
class AgeSex:
    """For whom a diagnosis makes sense: `sex` F, M or empty; ages in whole years, both ends included."""

    sex: str
    age_from: int
    age_to: int


_NO_LIMIT = UnitLimit(Verdict.NOT_CHECKED)
_NO_PAIR = PairVerdict(Verdict.NOT_CHECKED)
_FREE_PAIR = PairVerdict(Verdict.VALID)


def plain_code(code: str) -> str:
    """A diagnosis code as the tables hold it: upper case, no dot, no spaces."""
    return code.replace(".", "").strip().upper()


def dotted(code: str) -> str:
    """A diagnosis code as people read it: `E119` is `E11.9`."""
    return code if len(code) < 4 or "." in code else f"{code[:3]}.{code[3:]}"


class Tables:
    """The loaded releases. Immutable."""

    def __init__(self, tables: Iterable[CodeTable] = ()) -> None:
        """Raises TableError when two releases of one table speak of the same day."""
        loaded = sorted(tables, key=lambda t: (t.header.name, t.header.effective))
        for earlier, later in pairwise(loaded):
            if earlier.header.name == later.header.name and earlier.header.covers(later.header.effective):
                raise TableError(
                    "two releases speak of the same day",
                    where=f"{later.header.name} {earlier.header.release} and {later.header.release}",
                    mend="end the earlier release on the day before the later one begins",
                )
        self._by_name: dict[str, tuple[CodeTable, ...]] = {}
        for table in loaded:
            self._by_name[table.header.name] = (*self._by_name.get(table.header.name, ()), table)

    @classmethod
    def empty(cls) -> Tables:
        """No release at all: every verdict is NOT_CHECKED."""
        return cls()

    @classmethod
    def open(cls, folder: Path) -> Tables:
        """Every `*.table` file of the folder, mapped read-only. Raises TableError for a damaged one."""
        return cls(CodeTable.open(path) for path in sorted(folder.glob(f"*{SUFFIX}")))

    @property
    def loaded(self) -> tuple[CodeTable, ...]:
        """Every loaded release, by name and date."""
        return tuple(table for name in sorted(self._by_name) for table in self._by_name[name])

    def holds(self, name: str) -> bool:
        """Whether any release of the table is loaded."""
        return name in self._by_name

    def release(self, name: str, on: date) -> CodeTable | None:
        """The release of the table that speaks of that day, or None."""
        for table in self._by_name.get(name, ()):
            if table.header.covers(on):
                return table
        return None

    def diagnosis(self, code: str, on: date) -> Verdict:
        """Whether an ICD-10-CM code exists and is billable (complete to its last character) on the day."""
        table = self.release("icd10cm", on)
        if table is None:
            return Verdict.NOT_CHECKED
        rows = table.find(plain_code(code))
        if not rows:
            return Verdict.INVALID
        return Verdict.VALID if rows[0][1] == "Y" else Verdict.NOT_BILLABLE

    def manifestation(self, code: str, on: date) -> bool:
        """Whether the code may only follow the disease that causes it (guidelines I.A.13); False when not loaded."""
        table = self.release("icd10cm", on)
        rows = table.find(plain_code(code)) if table else ()
        return bool(rows) and rows[0][2] == "Y"

    def more_specific(self, code: str, on: date) -> tuple[str, ...]:
        """The billable codes below a code, in order, dotted."""
        table = self.release("icd10cm", on)
        rows = table.starting_with(plain_code(code)) if table else ()
        return tuple(dotted(str(row[0])) for row in rows if row[1] == "Y")

    def title(self, code: str, on: date | None = None) -> str:
        """The title of a diagnosis or procedure code in the release of the day (or the newest); empty when unknown."""
        for name, spelled, column in (("icd10cm", plain_code(code), 3), ("procedures", code.strip().upper(), 1)):
            releases = self._by_name.get(name, ())
            table = self.release(name, on) if on else (releases[-1] if releases else None)
            rows = table.find(spelled) if table else ()
            if rows:
                return str(rows[0][column])
        return ""

    def age_sex(self, code: str, on: date) -> AgeSex | None:
        """For whom the diagnosis makes sense, where a loaded release says so."""
        table = self.release("age_sex", on)
        rows = table.find(plain_code(code)) if table else ()
        return AgeSex(str(rows[0][1]), int(rows[0][2]), int(rows[0][3])) if rows else None

    def procedure(self, code: str, on: date) -> Verdict:
        """Whether a CPT or HCPCS code is listed on the day."""
        table = self.release("procedures", on)
        if table is None:
            return Verdict.NOT_CHECKED
        return Verdict.VALID if table.find(code.strip().upper()) else Verdict.INVALID

    def pair(self, a: str, b: str, on: date) -> PairVerdict:
        """Whether NCCI lets two procedures of one patient, provider and day be paid together, in whichever order."""
        table = self.release("ptp", on)
        if table is None:
            return _NO_PAIR
        for one, two in ((a, b), (b, a)):
            for row in table.find(one, two):
                if _in_force(row, on):
                    return PairVerdict(Verdict.INVALID, one, two, row[3] == "1")
        return _FREE_PAIR

    def unit_limit(self, code: str, on: date) -> UnitLimit:
        """The medically unlikely edit of a code. A code without a published limit is NOT_CHECKED: some are secret."""
        table = self.release("mue", on)
        rows = table.find(code) if table else ()
        return UnitLimit(Verdict.VALID, int(rows[0][1]), rows[0][2] == "1") if rows else _NO_LIMIT

    def primaries(self, add_on: str, on: date) -> tuple[str, ...] | None:
        """The codes an add-on code may accompany (empty: not an add-on code); None when no release speaks."""
        table = self.release("add_on", on)
        return tuple(str(row[1]) for row in table.find(add_on)) if table else None

    def fee(self, code: str, on: date, *, facility: bool = False, modifier: str = "") -> Cents | None:
        """The national Medicare fee of a code, in cents, or None when no release lists it with a rate."""
        table = self.release("fees", on)
        rows = table.find(code, modifier) if table else ()
        return (int(rows[0][4] if facility else rows[0][3]) or None) if rows else None

    def rvu(self, code: str, on: date, *, modifier: str = "") -> Rvu | None:
        """The relative values of a code (or of its component, by modifier), or None when no release lists it with any.

        A code that is listed without relative values (not paid by the schedule, priced by the carrier) is None too.
        """
        table = self.release("rvu", on)
        rows = table.find(code, modifier) if table else ()
        if not rows or not any(rows[0][3:7]):
            return None
        _, _, status, work, office, facility, malpractice, multiple, bilateral, assistant, base = rows[0]
        return Rvu(
            work=_hundredths(work),
            office=_hundredths(office),
            facility=_hundredths(facility),
            malpractice=_hundredths(malpractice),
            status=str(status),
            multiple=str(multiple),
            bilateral=str(bilateral),
            assistant=str(assistant),
            endoscopy_base=str(base),
        )


def _hundredths(value: Value) -> Decimal:
    return Decimal(int(value)).scaleb(-2)


def _in_force(row: Row, on: date) -> bool:
    """A pair without a deletion date, or deleted only after the day (the date is the last day the edit holds).

    Modifier indicator 9 marks a pair deleted from its beginning: it never held.
    """
    return row[3] != "9" and (row[2] == 0 or on.toordinal() <= int(row[2]))
