"""`cleanclaim x12 ...`: any X12 file checked, shown, explained, answered and written back. No books are needed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core.errors import BillingError, X12Error
from billing_core.rule import Finding, Severity
from serving.desk.paper import LOOKED_AT_MOST, read_file
from serving.errors import InputError, ServingError

if TYPE_CHECKING:
    from billing_core.codesets.tables import Tables
    from billing_core.x12.check import CheckReport


def check(args: argparse.Namespace) -> int:
    """Check files: readable, accepted, findings; for an 835 its three balances."""
    from billing_core.codesets.tables import Tables

    status = 0
    if args.tables and not args.tables.is_dir():
        raise InputError("there is no such folder", field="--tables", mend="give the folder of `tables import`")
    tables = Tables.open(args.tables) if args.tables else None
    for path in args.files:
        report = _judge(path, tables)
        status = max(status, 0 if report.accepted else 1)
        if args.json:
            print(json.dumps(_plain(report)))
            continue
        print(f"{path.name}: {report.kind}, {'accepted' if report.accepted else 'not accepted'}")
        for balance in report.balances:
            print(f"  set {balance.set_control}: line {balance.line}; claim {balance.claim}; {balance.transaction}")
        for finding in report.findings:
            print(f"  {finding.severity} {finding.where}: {finding.message}. {finding.mend}")
    return status


SENT = ("837P", "837I", "837D", "837")
STREAMED = 64 * 1024 * 1024  # larger files are checked as they stream, in constant memory


def _judge(path: Path, tables: Tables | None) -> CheckReport:
    """The report on one file. One that cannot even be opened is not readable, and keeps no other from its report."""
    from billing_core.x12.check import CheckReport, check_stream
    from billing_core.x12.check import check as judge

    if not path.is_file() or path.stat().st_size <= STREAMED:
        try:
            return judge(read_file(path, LOOKED_AT_MOST), path.name, tables)
        except InputError as error:
            unread = Finding("x12-unreadable", Severity.ERROR, error.message, "file", error.mend)
            return CheckReport(path.name, "unknown", False, False, (unread,))
    with path.open("rb") as file:
        return check_stream(iter(lambda: file.read(1 << 20), b""), path.name)


def _plain(report: CheckReport) -> dict[str, Any]:
    """The report for a machine: each finding with the number of its segment and its element."""
    from billing_core.record import to_plain

    plain = to_plain(report)
    for finding in plain["findings"]:
        words = finding["where"].split()
        finding["segment"] = int(words[1]) if words[:1] == ["segment"] and words[1:2] else None
        finding["element"] = words[2] if len(words) > 2 else ""
    if report.kind != "835":
        del plain["balances"]
    return plain


def roundtrip(args: argparse.Namespace) -> int:
    """Read files and write them back: identical to the byte, or not."""
    from billing_core.x12 import document

    status = 0
    for path in args.files:
        verdict = _roundtrip(path, document)
        status = max(status, 0 if verdict["identical"] else 1)
        if args.json:
            print(json.dumps(verdict))
        else:
            print(f"{path.name}: {'identical' if verdict['identical'] else verdict['reason']}")
    return status


def _roundtrip(path: Path, document: Any) -> dict[str, Any]:
    try:
        data = read_file(path, LOOKED_AT_MOST)
        whole = document.read(data)
    except InputError as error:
        return {"file": path.name, "identical": False, "segments": 0, "reason": str(error)}
    except X12Error as error:
        return {"file": path.name, "identical": False, "segments": 0, "reason": f"not X12: {error}"}
    identical = whole.write() == data
    return {
        "file": path.name,
        "identical": identical,
        "segments": len(whole.pieces),
        "reason": "" if identical else "written back with other bytes",
    }


def show(args: argparse.Namespace) -> int:
    """A file segment by segment, with the name of each."""
    from billing_core.x12.explain import explain as tell

    def lines(path: Path) -> None:
        for line in tell(read_file(path, LOOKED_AT_MOST)):
            print(f"{line.number:6d} {'  ' * line.depth}{line.id:<4}{line.words}")

    return _each(args.files, lines)


def _each(files: Sequence[Path], tell: Callable[[Path], None]) -> int:
    """Tell of each file; one that cannot be read is named with the mend and keeps no other from being told."""
    status = 0
    for path in files:
        try:
            tell(path)
        except (BillingError, ServingError) as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            status = 2
    return status


def explain(args: argparse.Namespace) -> int:
    """A file in sentences for a biller: what was not taken, and what to do."""
    from billing_core.x12.check import kind_of
    from billing_core.x12.narrate import narrate

    sent = read_file(args.sent, LOOKED_AT_MOST, "--sent") if args.sent else b""
    if sent and kind_of(sent) not in SENT:
        raise InputError("it is no file of claims", field="--sent", mend="give the 837 that the 999 answers")

    def tell(path: Path) -> None:
        sentences = list(narrate(read_file(path, LOOKED_AT_MOST), sent, messages=args.messages))
        if args.json:
            print(json.dumps({"file": path.name, "sentences": sentences}))
        else:
            print("\n".join([path.name, *(f"  {text}" for text in sentences)]))

    return _each(args.files, tell)


def check_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `x12 check`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tables", type=Path, metavar="FOLDER", help="code tables: look up each code on its day")


def explain_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `x12 explain`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--sent", type=Path, metavar="837", help="our 837 that a 999 answers: each error with its claim"
    )
    parser.add_argument("--messages", action="store_true", help="show what payers wrote, which may name a patient")


def ack(args: argparse.Namespace) -> int:
    """The answer to a file received: TA1 and 999 where they are due, on standard output or in a folder."""
    from billing_core.x12.acknowledge import answer

    now = datetime.now(UTC) if args.on is None else datetime.combine(args.on, time())
    controls = count(args.control)
    for path in args.files:
        for number, one in enumerate(answer(read_file(path, LOOKED_AT_MOST), controls, now), start=1):
            if args.out:
                args.out.mkdir(parents=True, exist_ok=True)
                (args.out / f"{path.stem}.{number}.{one.kind.lower()}").write_bytes(one.data)
            else:
                sys.stdout.write(one.data.decode("ascii"))
    return 0


def ack_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `x12 ack`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, help="folder to write into")
    parser.add_argument(
        "--control", type=int, default=1, help="first control number; with books the store allocates it"
    )
    parser.add_argument("--on", type=date.fromisoformat, help="day of the answer; the clock's when left out")
