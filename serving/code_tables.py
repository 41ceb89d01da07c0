"""Building the code tables at set-up: ICD-10-CM from its package, CMS files from where the site has put them.

ICD-10-CM comes with the installation (simple-icd-10-cm: the tabular list of CDC/NCHS). NCCI pairs and limits, add-on
codes, the physician fee schedule, HCPCS and the Medicare Code Editor are read from CSV files (plain or .gz) with the
column names given at each importer. Each importer streams its file, refuses it whole when a row is wrong (TableError
naming file, row and mend), and writes one dated table; the tables of other releases beside it stay.
CPT titles are owned by the American Medical Association: only code numbers are taken over.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from io import TextIOWrapper
from pathlib import Path

from billing_core.codesets.build import write_table
from billing_core.codesets.layout import SUFFIX, Row, TableHeader
from billing_core.errors import TableError
from billing_core.fee_terms import Gpci

NO_DELETION = "9999-12-31"  # how the NCCI files spell a pair that is in force
OLDEST = 999  # years: an upper age that leaves nobody out


@dataclass(frozen=True, slots=True)
class Release:
    """A release's name and the days it speaks of (both ends included)."""

    name: str
    effective: date
    terminated: date


ICD10CM_APRIL_2026 = Release("April 2026", date(2026, 4, 1), date(2026, 9, 30))


def quarter(name: str) -> Release:
    """The calendar quarter `2024q3`: the rhythm of NCCI."""
    found = re.fullmatch(r"(20\d\d)q([1-4])", name)
    if not found:
        raise TableError("not a quarter", where=name, mend="write year and quarter, such as 2024q3")
    year, number = int(found[1]), int(found[2])
    last = {1: (3, 31), 2: (6, 30), 3: (9, 30), 4: (12, 31)}[number]
    return Release(name, date(year, 3 * number - 2, 1), date(year, *last))


# -- ICD-10-CM ---------------------------------------------------------------------------------------------------------

_ICD_CODE = re.compile(r"[A-Z]\d[0-9A-Z][0-9A-Z]{0,4}")  # categories and codes; chapters and blocks are left out
_MANIFESTATION = re.compile(
    r"\b(in|with)\b[^,;]*\b(diseases?|conditions?|disorders?) classified elsewhere", re.IGNORECASE
)


def build_icd10cm(folder: Path, release: Release = ICD10CM_APRIL_2026) -> Path:
    """Write the ICD-10-CM table from the installed package; returns its path. About two seconds, always the same bytes.

    A code is billable when nothing more specific exists below it (its 7th character included); a manifestation when it
    or an ancestor is titled 'in diseases classified elsewhere' (guidelines I.A.13).
    """
    import simple_icd_10_cm as icd

    if "April-1-2026" not in _package_data(icd) and release is ICD10CM_APRIL_2026:
        raise TableError(
            "the installed simple-icd-10-cm holds another release", where="icd10cm", mend="pass the release it holds"
        )

    def rows() -> Iterator[Row]:
        for code in icd.get_all_codes(with_dots=False):
            if _ICD_CODE.fullmatch(code):
                line = [code, *(a for a in icd.get_ancestors(code) if _ICD_CODE.fullmatch(a.replace(".", "")))]
                manifests = any(_MANIFESTATION.search(icd.get_description(each)) for each in line)
                yield code, _flag(icd.is_leaf(code)), _flag(manifests), icd.get_description(code)

    source = "ICD-10-CM tabular list, CDC/NCHS and CMS, by simple-icd-10-cm"
    return _write(folder, "icd10cm", source, release, rows())


def _package_data(package: object) -> str:
    """The names of the package's data files, which tell its release."""
    data = Path(str(getattr(package, "__file__", ""))).with_name("data")
    return " ".join(sorted(path.name for path in data.glob("*"))) if data.is_dir() else ""


def _flag(value: object) -> str:
    return "Y" if value else "N"


# -- CMS files ---------------------------------------------------------------------------------------------------------


def import_ptp(path: Path, folder: Path, release: Release) -> Path:
    """NCCI procedure-to-procedure pairs: column1, column2, modifier_indicator (0, 1, 9), deletion_date (ISO).

    Pairs deleted before the release begins are left out, as are those that never held (indicator 9).
    """
    first = release.effective.isoformat()

    def rows() -> Iterator[Row]:
        ordinals: dict[str, int] = {NO_DELETION: 0}
        for where, (one, two, indicator, deleted) in _lines(
            path, ("column1", "column2", "modifier_indicator", "deletion_date")
        ):
            if indicator not in ("0", "1", "9"):
                raise TableError("a modifier indicator that is not 0, 1 or 9", where=where, mend="fetch the file again")
            if deleted not in ordinals:
                ordinals[deleted] = _day(deleted, where).toordinal()
            if indicator != "9" and deleted >= first:
                yield _code(one, where), _code(two, where), ordinals[deleted], indicator

    return _write(folder, "ptp", "NCCI PTP edits, practitioner, CMS", release, rows())


def import_mue(path: Path, folder: Path, release: Release) -> Path:
    """Medically unlikely edits: hcpcs_code, mue_units, mue_mai (1 line, 2 and 3 date of service)."""

    def rows() -> Iterator[Row]:
        for where, (code, units, mai) in _lines(path, ("hcpcs_code", "mue_units", "mue_mai")):
            if mai not in ("1", "2", "3"):
                raise TableError("an MAI that is not 1, 2 or 3", where=where, mend="fetch the file again")
            yield _code(code, where), _count(units, where), mai

    return _write(folder, "mue", "NCCI medically unlikely edits, practitioner, CMS", release, rows())


def import_add_on(path: Path, folder: Path, release: Release) -> Path:
    """Add-on codes: primary_code (CCCCC: the payer decides), add_on_code, aoc_edit_type (1, 2, 3)."""

    def rows() -> Iterator[Row]:
        for where, (primary, code, kind) in _lines(path, ("primary_code", "add_on_code", "aoc_edit_type")):
            # Types 2 and 3 leave primaries, wholly or in part, to the payer.
            yield _code(code, where), "CCCCC" if kind in ("2", "3") else _code(primary, where), kind

    return _write(folder, "add_on", "NCCI add-on code edits, CMS", release, rows())


def import_fees(amounts: Path, folder: Path, release: Release, indicators: Path | None = None) -> Path:
    """The national fee schedule: hcpcs_code, mod, rvu_non_sum, rvu_fac_sum, cf. Fee = total RVU x conversion factor.

    Locality is left out (every GPCI 1). Status letters come from `indicators` (hcpcs_code, mod, status) where given.
    """
    status: dict[tuple[str, str], str] = {}
    for where, (code, modifier, letter) in _lines(indicators, ("hcpcs_code", "mod", "status")) if indicators else ():
        status[_code(code, where), modifier] = letter

    def rows() -> Iterator[Row]:
        columns = ("hcpcs_code", "mod", "rvu_non_sum", "rvu_fac_sum", "cf")
        for where, (code, modifier, office, facility, factor) in _lines(amounts, columns):
            cents = [_fee(total, factor, where) for total in (office, facility)]
            yield _code(code, where), modifier, status.get((code, modifier), ""), cents[0], cents[1]

    return _write(folder, "fees", "Medicare physician fee schedule, national amounts, CMS", release, rows())


_CMS_RVU = "HCPCS"  # the first cell of the header of CMS's own PPRRVU file, below its title lines
_CMS_PLACES = (0, 1, 3, 5, 6, 8, 10, 18, 19, 20, 23)  # code, modifier, status, RVUs, indicators, endoscopic base


def import_rvu(values: Path, folder: Path, release: Release, indicators: Path | None = None) -> Path:
    """Relative values and payment indicators, for contracts that price by Medicare's formula.

    `values` is CMS's own PPRRVU file as published (its title lines included), or a CSV with hcpcs_code, mod, rvu_work,
    rvu_non_pe, rvu_fac_pe, rvu_mp, whose indicators (status, mult_proc, bilat_surg, asst_surg, endo_base) stand in a
    file beside it. Conversion factors are the contract's: a year may have several, and the file names one alone.
    """

    def rows() -> Iterator[Row]:
        source = _cms_rvu(values) if _is_cms_rvu(values) else _plain_rvu(values, indicators)
        for where, (code, modifier, status, work, office, facility, malpractice, *rest) in source:
            cents = [_hundredths(value, where) for value in (work, office, facility, malpractice)]
            yield _code(code, where), modifier, status[:1], *cents, *(_indicator(one) for one in rest[:3]), rest[3][:5]

    return _write(folder, "rvu", "Medicare physician fee schedule, relative values, CMS", release, rows())


def _is_cms_rvu(path: Path) -> bool:
    """CMS's own file has no header in its first line: title and copyright come first."""
    return "hcpcs_code" not in _columns(path)


def _cms_rvu(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The rows below the header line of a PPRRVU file. TableError when there is no such header."""
    seen = False
    try:
        with _open(path) as file:
            for number, cells in enumerate(csv.reader(file), start=1):
                where = f"{path.name} row {number}"
                if seen and cells and cells[0].strip():
                    if len(cells) <= max(_CMS_PLACES):
                        raise TableError("a row cut short", where=where, mend="fetch the file again")
                    yield where, [cells[place].strip() for place in _CMS_PLACES]
                seen = seen or (bool(cells) and cells[0].strip() == _CMS_RVU and len(cells) > max(_CMS_PLACES))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise TableError("the file cannot be read to its end", where=path.name, mend="fetch it again") from error
    if not seen:
        raise TableError(
            "no RVU columns",
            where=path.name,
            mend="give CMS's PPRRVU file, or a CSV with hcpcs_code, mod, rvu_work ...",
        )


def _plain_rvu(values: Path, indicators: Path | None) -> Iterator[tuple[str, list[str]]]:
    known: dict[tuple[str, str], list[str]] = {}
    wanted = ("hcpcs_code", "mod", "status", "mult_proc", "bilat_surg", "asst_surg", "endo_base")
    for _, (code, modifier, *rest) in _lines(indicators, wanted) if indicators else ():
        known[code, modifier] = rest
    columns = ("hcpcs_code", "mod", "rvu_work", "rvu_non_pe", "rvu_fac_pe", "rvu_mp")
    for where, (code, modifier, *units) in _lines(values, columns):
        status, *rest = known.get((code, modifier), ["", "", "", "", ""])
        yield where, [code, modifier, status, *units, *rest]


def _indicator(text: str) -> str:
    """One character: some exports write 2 as 2.0."""
    return text.strip()[:1]


def _hundredths(text: str, where: str) -> int:
    """A relative value in hundredths; the binary dust that some exports carry is rounded away."""
    try:
        return int((Decimal(text or "0") * 100).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise TableError("not a relative value", where=where, mend="fetch the file again") from error


def read_gpci(path: Path) -> dict[str, Gpci]:
    """Geographic indices by "MAC-locality" from CMS's own GPCI file as published (title lines included).

    Columns: contractor, state, locality number, locality name, then the three indices (where a year gives the work
    index with and without its floor, the one with the floor counts). The shared material has no such file: a contract
    without GPCIs is priced at national amounts, and says so in its locality.
    """
    found: dict[str, Gpci] = {}
    header: list[str] = []
    try:
        with _open(path) as file:
            for number, cells in enumerate(csv.reader(file), start=1):
                named = [cell.strip().lower() for cell in cells]
                if not header and any("locality number" in name for name in named):
                    header = named
                elif header and cells and cells[0].strip().isdigit():
                    found.update([_locality(cells, header, f"{path.name} row {number}")])
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise TableError("the file cannot be read to its end", where=path.name, mend="fetch it again") from error
    if not found:
        raise TableError("no localities", where=path.name, mend="give CMS's GPCI file as CSV, its header line included")
    return found


def _locality(cells: list[str], header: list[str], where: str) -> tuple[str, Gpci]:
    def column(*words: str) -> int:
        places = [n for n, name in enumerate(header) if all(word in name for word in words)]
        if not places:
            raise TableError(f"no column of the {' '.join(words)}", where=where, mend="give CMS's GPCI file as CSV")
        return places[-1]

    floored = any("with" in name and "floor" in name and "without" not in name for name in header)
    work = column("pw", "with ", "floor") if floored else column("pw", "gpci")
    try:
        indices = [Decimal(cells[n].strip()) for n in (work, column("pe gpci"), column("mp gpci"))]
        key = f"{cells[column('mac')].strip()}-{int(cells[column('locality number')]):02d}"
    except (InvalidOperation, ValueError, IndexError) as error:
        raise TableError("not an index", where=where, mend="fetch the file again") from error
    return key, Gpci(*indices)


def import_procedures(paths: Sequence[Path], folder: Path, release: Release) -> Path:
    """The procedure codes that any of the files lists (hcpcs_code), those ended before the release left out.

    Give the fee schedule, HCPCS level II and the unit limits together: none of them alone lists every code.
    """

    def rows() -> Iterator[Row]:
        for path in paths:
            ends = "date_term" in _columns(path)
            for where, (code, *end) in _lines(path, ("hcpcs_code", "date_term") if ends else ("hcpcs_code",)):
                if not (end and end[0] and _day(end[0], where) < release.effective):
                    yield _code(code, where), ""

    return _write(folder, "procedures", "procedure codes of CMS files: " + _names(paths), release, rows())


_AGES = {
    "Perinatal/Newborn (Age 0 Only)": (0, 0),
    "Pediatric (Ages 0-17)": (0, 17),
    "Maternity (Ages 9-64)": (9, 64),
    "Adult (Ages 15-124)": (15, 124),
}
_SEXES = {"Female Only": "F", "Male Only": "M"}
_MANIFESTATION_EDIT = "Manifestation (Not Allowed as Principal Diagnosis)"  # the ICD-10-CM table knows these itself


def import_age_sex(path: Path, folder: Path, release: Release) -> Path:
    """Medicare Code Editor conflicts: icd_code, icd_conflict_rule. Every rule of a code becomes one row of its own."""
    found: dict[str, tuple[str, int, int]] = {}
    for where, (code, rule) in _lines(path, ("icd_code", "icd_conflict_rule")):
        plain = code.replace(".", "")
        if not _ICD_CODE.fullmatch(plain):
            raise TableError("not an ICD-10-CM code", where=where, mend="fetch the file again")
        sex, low, high = found.get(plain, ("", 0, OLDEST))
        if rule in _SEXES:
            found[plain] = (_SEXES[rule], low, high)
        elif rule in _AGES:
            found[plain] = (sex, max(low, _AGES[rule][0]), min(high, _AGES[rule][1]))
        elif rule != _MANIFESTATION_EDIT:
            raise TableError("a conflict of an unknown kind", where=where, mend="teach import_age_sex the new rule")
    rows = ((code, *limits) for code, limits in found.items())
    return _write(folder, "age_sex", "Medicare Code Editor age and sex conflicts, CMS", release, rows)


# -- the files of one folder -------------------------------------------------------------------------------------------

_Importer = Callable[[Path, Path, Release], Path]
_QUARTERLY: tuple[tuple[str, _Importer], ...] = (
    (r"ncci_(20\d\dq[1-4])_ptp_practitioner\.csv(\.gz)?", import_ptp),
    (r"ncci_(20\d\dq[1-4])_mue_practitioner\.csv(\.gz)?", import_mue),
    (r"ncci_(20\d\dq[1-4])_addon_codes\.csv(\.gz)?", import_add_on),
)


def import_quarterly(source: Path, folder: Path) -> tuple[Path, ...]:
    """Import every NCCI file of the folder whose name tells its table and quarter; returns the tables written."""
    written = []
    for path in sorted(source.glob("ncci_*")):
        for pattern, importer in _QUARTERLY:
            found = re.fullmatch(pattern, path.name)
            if found:
                written.append(importer(path, folder, quarter(found[1])))
    return tuple(written)


# -- reading -----------------------------------------------------------------------------------------------------------


def _open(path: Path) -> TextIOWrapper:
    if path.suffix == ".gz":
        return TextIOWrapper(gzip.open(path, "rb"), "utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _columns(path: Path) -> list[str]:
    try:
        with _open(path) as file:
            return next(csv.reader(file), [])
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise TableError("the file cannot be read", where=path.name, mend="fetch it again") from error


def _lines(path: Path, wanted: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """(where, the wanted cells) of each row. TableError for missing columns, a short row, or a file cut short."""
    columns = _columns(path)
    missing = [name for name in wanted if name not in columns]
    if missing:
        mend = f"give a CSV file with the columns {', '.join(wanted)}"
        raise TableError(f"column {missing[0]} is missing", where=path.name, mend=mend)
    places, width = [columns.index(name) for name in wanted], len(columns)
    try:
        with _open(path) as file:
            reader = csv.reader(file)
            next(reader)
            for number, cells in enumerate(reader, start=2):
                if len(cells) != width:
                    raise TableError(
                        f"{len(cells)} cells, {width} expected", where=f"{path.name} row {number}", mend="mend the row"
                    )
                yield f"{path.name} row {number}", [cells[place] for place in places]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise TableError("the file cannot be read to its end", where=path.name, mend="fetch it again") from error


def _code(text: str, where: str) -> str:
    if len(text) == 5 and text.isascii() and text.isalnum() and text.isupper() | text.isdigit():
        return text
    raise TableError("not a five-character code", where=where, mend="fetch the file again")


def _count(text: str, where: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    raise TableError("not a number of units", where=where, mend="fetch the file again")


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise TableError("not a date", where=where, mend="write dates as YYYY-MM-DD") from error


def _fee(total: str, factor: str, where: str) -> int:
    """Cents. RVUs have two decimals; the binary dust that some exports carry is rounded away first."""
    try:
        units = Decimal(total).quantize(Decimal("0.01"), ROUND_HALF_UP)
        cents = int((units * Decimal(factor) * 100).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise TableError("not an amount", where=where, mend="fetch the file again") from error
    if cents < 0:
        raise TableError("a negative amount", where=where, mend="fetch the file again")
    return cents


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(sorted(path.name for path in paths))


def _write(folder: Path, name: str, source: str, release: Release, rows: Iterator[Row]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    header = TableHeader(name, source, release.name, release.effective, release.terminated)
    return write_table(folder / f"{name}-{release.effective.isoformat()}{SUFFIX}", header, rows)
