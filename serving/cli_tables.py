"""`cleanclaim tables ...`: the code tables of the installation, from the files that CMS publishes. No books are needed.

What each file must hold stands at its importer in `serving/code_tables.py`; a file with a wrong row is refused whole.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

KINDS = ("add-on", "age-sex", "fees", "mue", "procedures", "ptp", "rvu")


def _folder() -> Path:
    from serving import settings

    folder = settings.read().home / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tables_list(args: argparse.Namespace) -> int:
    """The code tables installed: name, release, the days they speak of, and how many rows."""
    from serving import settings
    from serving.desk.case import open_tables

    for table in open_tables(settings.read()).loaded:
        said = table.header
        print(f"{said.name:12s} {said.effective} to {said.terminated or 'open'}  {table.count:8d} rows  {said.release}")
    return 0


def tables_import(args: argparse.Namespace) -> int:
    """Import the NCCI files (pairs, unit limits, add-on codes) of a folder, as CMS names them by quarter."""
    from serving.code_tables import import_quarterly
    from serving.errors import InputError

    written = import_quarterly(args.dir, _folder())
    if not written:
        mend = "name files such as ncci_2026q2_ptp_practitioner.csv"
        raise InputError("no NCCI file found", field="dir", place=args.dir.name, mend=mend)
    print("\n".join(path.name for path in written))
    return 0


def tables_add(args: argparse.Namespace) -> int:
    """Import one table from its file: NCCI, fee schedule, relative values, procedure codes, age and sex conflicts."""
    from serving import code_tables as read

    release = read.Release(args.release, args.effective, args.terminated)
    files: list[Path] = args.files
    folder = _folder()
    match args.kind:
        case "fees" | "rvu":
            build = read.import_fees if args.kind == "fees" else read.import_rvu
            written = build(_one(files, 2), folder, release, files[1] if len(files) == 2 else None)
        case "procedures":
            written = read.import_procedures(files, folder, release)
        case _:
            importers = {"add-on": read.import_add_on, "age-sex": read.import_age_sex, "mue": read.import_mue}
            written = importers.get(args.kind, read.import_ptp)(_one(files, 1), folder, release)
    print(written.name)
    return 0


def _one(files: list[Path], most: int) -> Path:
    from serving.errors import InputError

    if len(files) > most:
        raise InputError("too many files for this table", field="files", mend=f"give {most} at most")
    return files[0]


def tables_localities(args: argparse.Namespace) -> int:
    """The localities of CMS's GPCI file, each as the line that a contract's `gpci` takes."""
    from serving.code_tables import read_gpci

    for key, index in sorted(read_gpci(args.file).items()):
        told = (
            f'work = "{index.work}", practice_expense = "{index.practice_expense}", malpractice = "{index.malpractice}"'
        )
        print(f"{key}  gpci = {{ {told} }}")
    return 0


def _nothing(parser: argparse.ArgumentParser) -> None:
    """A command without arguments of its own."""


def _dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", type=Path, required=True)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="fees, rvu: amounts, then indicators")
    parser.add_argument("--release", required=True, help="what the publisher calls it, such as RVU26B")
    parser.add_argument("--from", dest="effective", type=date.fromisoformat, required=True, metavar="DAY")
    parser.add_argument("--to", dest="terminated", type=date.fromisoformat, required=True, metavar="DAY")


COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], Callable[[argparse.ArgumentParser], Any], bool]] = {
    "tables list": (tables_list, _nothing, False),
    "tables import": (tables_import, _dir, False),
    "tables add": (tables_add, _add, False),
    "tables localities": (tables_localities, _file, False),
}
