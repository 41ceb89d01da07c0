"""`cleanclaim era|bank|credits|statements|ar|day|report|open-ends|ledger ...`: money by commands; `--json` too."""

from __future__ import annotations

import argparse
import json
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.desk.paper import read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from serving.desk.case import Desk
    from serving.schemas.report import ReportView

KEYED_MOST = 4 * 1024 * 1024
RULES_MOST = 200_000


def _desk(args: argparse.Namespace) -> Desk:
    from serving.cli import _desk as open_practice

    return open_practice(args)


def _say(args: argparse.Namespace, value: Any, words: Callable[[], str]) -> None:
    print(json.dumps(value, sort_keys=True) if args.json else words())


def era_post(args: argparse.Namespace) -> int:
    """Take in 835 files: each set posts whole or is held with its reason. Status 1 when one was held."""
    from serving.desk import answers

    desk, status = _desk(args), 0
    for path in args.files:
        receipt = answers.receive(desk, path.name, read_file(path))
        told = receipt.model_dump()
        lines = [f"{path.name}: {receipt.posted} sets posted, {receipt.claims} claims, {receipt.unmatched} unmatched"]
        lines += [] if receipt.is_new else ["  was here before; nothing changed"]
        lines += [f"  held: {why}" for why in receipt.held]
        lines += [f"  {f.where}: {f.message}; {f.mend}" for f in receipt.findings]
        _say(args, {"file": path.name, **told}, partial("\n".join, lines))
        status = max(status, 1 if receipt.held else 0)
    return status


def era_key(args: argparse.Namespace) -> int:
    """Post a batch of keyed remittances (JSON) whose control totals agree."""
    from pydantic import ValidationError

    from serving.desk.keyed import key_batch
    from serving.errors import InputError
    from serving.schemas.money import BatchIn

    try:
        batch = BatchIn.model_validate_json(read_file(args.file, KEYED_MOST))
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InputError("not usable", field=field, place=args.file.name, mend="see docs/money.md") from None
    receipt = key_batch(_desk(args), batch)
    _say(args, receipt.model_dump(), lambda: f"{receipt.posted} sets posted, {len(receipt.held)} held")
    return 1 if receipt.held else 0


def bank_match(args: argparse.Namespace) -> int:
    """Match a bank's deposits (CSV or BAI2) to remittances."""
    from serving.desk.bank import match_deposits

    found = match_deposits(_desk(args), args.file.name, read_file(args.file))

    def words() -> str:
        lines = [f"{found.matched} matches of {found.matched_amount}"]
        lines += [f"  deposit without a remittance: {d.on} {d.amount}" for d in found.unmatched_deposits]
        lines += [f"  remittance without a deposit: {d.on} {d.amount} {d.reference}" for d in found.waiting_remittances]
        return "\n".join(lines)

    _say(args, found.model_dump(), words)
    return 0


def bank_matches(args: argparse.Namespace) -> int:
    """The deposits that are explained, latest first, each with the id that `bank undo` takes."""
    from serving.desk.bank import matches

    found = matches(_desk(args), args.find)
    lines = [f"{m.id}  {m.on} {m.amount:>12}  {m.reference}  {' '.join(m.traces)}  {m.how}" for m in found]
    _say(args, [m.model_dump() for m in found], lambda: "\n".join(lines) or "no deposit is explained")
    return 0


def bank_undo(args: argparse.Namespace) -> int:
    """Take the match of a deposit back, by a reversal with your name and the reason."""
    from pydantic import ValidationError

    from serving.desk.bank import undo_match
    from serving.errors import InputError
    from serving.schemas.money import ReasonIn

    try:
        why = ReasonIn(reason=args.reason)
    except ValidationError:
        raise InputError("three to two hundred letters", field="--reason", mend="say why the match is wrong") from None
    found = undo_match(_desk(args), args.deposit, why)
    words = f"undone; {len(found.unmatched_deposits)} deposits and {len(found.waiting_remittances)} remittances wait"
    _say(args, found.model_dump(), lambda: words)
    return 0


def credits_find(args: argparse.Namespace) -> int:
    """Look for credit balances; each new one starts its clock today."""
    from serving.desk.credits import find_credits

    found = find_credits(_desk(args))
    _say(
        args,
        [item.model_dump() for item in found],
        lambda: "\n".join(f"{item.amount} {item.kind}, by {item.due or '?'}: {item.rule}" for item in found),
    )
    return 0


def credits_rules(args: argparse.Namespace) -> int:
    """Put a file of the states' rules about credits (TOML) in force. Status 1 when it is not sound: nothing is kept."""
    from serving.desk.refund_rules import save_rules
    from serving.schemas.money import RefundRulesIn

    text = read_file(args.file, RULES_MOST).decode("utf-8", "replace")
    found = save_rules(_desk(args), RefundRulesIn(text=text))
    lines = found.findings or [f"{r.state} {r.whose}: {r.days} days from {r.since}; {r.source}" for r in found.rules]
    _say(args, found.model_dump(), lambda: "\n".join(lines) or "no rule is kept")
    return 1 if found.findings else 0


def statements_run(args: argparse.Namespace) -> int:
    """Draw up the statements that are due."""
    from serving.desk import money

    made = money.run_statements(_desk(args))
    _say(args, [item.model_dump() for item in made], lambda: f"{len(made)} statements")
    return 0


def ar_aging(args: argparse.Namespace) -> int:
    """The receivable by age, from the date of service or of responsibility."""
    from serving.desk.accounts import aging
    from serving.sheets import csv_bytes, xlsx_bytes

    found = aging(_desk(args), args.rows_by, args.since, args.collectible)
    columns = list(found.rows[0]) if found.rows else ["owner", args.rows_by, "total"]
    if args.out:
        write = xlsx_bytes if args.out.suffix == ".xlsx" else csv_bytes
        args.out.write_bytes(write(columns, found.rows))

    def words() -> str:
        lines = ["  ".join(f"{name:>12}" for name in columns)]
        lines += ["  ".join(f"{row[name]:>12}" for name in columns) for row in found.rows]
        return "\n".join([f"as of {found.as_of}, by {found.since}; total {found.total}", *lines])

    _say(args, found.model_dump(), words)
    return 0


def day_close(args: argparse.Namespace) -> int:
    """Close a business date and every earlier one; nothing is posted with those dates any more."""
    from serving.desk.accounts import close_day

    sheet = close_day(_desk(args), args.on)
    _say(args, sheet.model_dump(), lambda: f"{sheet.on} is closed: {sheet.entries} entries, chain {sheet.chain}")
    return 0


def day_sheet(args: argparse.Namespace) -> int:
    """The day sheet of a business date."""
    from serving.desk.accounts import read_day

    sheet = read_day(_desk(args), args.on)

    def words() -> str:
        lines = [f"{sheet.on}{' (closed)' if sheet.closed else ''}: {sheet.entries} entries"]
        lines += [f"  {name:22s}{amount:>14}" for name, amount in {**sheet.by_kind, **sheet.by_account}.items()]
        return "\n".join([*lines, f"  receivable at the end {sheet.receivable:>12}"])

    _say(args, sheet.model_dump(), words)
    return 0


def report(args: argparse.Namespace) -> int:
    """The manager's figures of a period; with --figure and --part the claims or charges behind one."""
    from serving.desk import report as figures
    from serving.schemas.report import CaseItem
    from serving.sheets import csv_bytes, xlsx_bytes

    desk = _desk(args)
    if not args.figure:
        found = figures.report(desk, args.since, args.until)
        _say(args, found.model_dump(), partial("\n".join, _report_lines(found)))
        return 0
    behind = figures.cases(desk, args.figure, args.part, args.since, args.until)
    if args.out:
        write = xlsx_bytes if args.out.suffix == ".xlsx" else csv_bytes
        args.out.write_bytes(write(list(CaseItem.model_fields), [row.model_dump() for row in behind.rows]))
    lines = [f"{behind.count} cases, {behind.total} in all"]
    lines += [f"  {row.name:16s} {row.on}  {row.amount:>10}  {row.note}" for row in behind.rows]
    _say(args, behind.model_dump(), partial("\n".join, lines))
    return 0


def _report_lines(found: ReportView) -> Iterator[str]:
    yield f"as of {found.as_of}: claims first sent and charges of service from {found.since} to {found.until}"
    for figure in found.figures:
        parts = f"{figure.numerator} {figure.numerator_is} / {figure.denominator} {figure.denominator_is}"
        moving = "" if figure.settled else "; still moving"
        known = f"; {figure.unknown} {figure.unknown_is}{moving}" if figure.unknown_is else ""
        yield f"  {figure.name:24s}{figure.shown:>12}  {parts}{known}"
    yield "  first sent   claims  answered  denied  denial rate  answered"
    for month in found.months:
        shares = (
            f"{month.denial_rate or '-':>11}  {month.maturity or '-':>8}{'' if month.settled else '  still moving'}"
        )
        yield f"  {month.month:11s}{month.sent:>8}{month.answered:>10}{month.denied:>8}  {shares}"


def open_ends(args: argparse.Namespace) -> int:
    """Visits without a charge or a reason, claims without an answer or with two that disagree, remittances that are
    held; the oldest first.
    """
    from serving.desk.follow_up import open_ends as ends

    found = ends(_desk(args))
    _say(
        args,
        [end.model_dump() for end in found],
        lambda: "\n".join(f"{end.days:>5} days  {end.what}; {end.mend}" for end in found) or "nothing is open",
    )
    return 0


def ledger_digest(args: argparse.Namespace) -> int:
    """One line that says whether two books are equal, free of ids and of recorded times."""
    from serving.desk.accounts import digest

    found = digest(_desk(args))
    _say(args, found.model_dump(), lambda: found.sha256)
    return 0


def files(parser: argparse.ArgumentParser) -> None:
    """FILE ... --json."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")


def one_file(parser: argparse.ArgumentParser) -> None:
    """FILE --json."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")


def json_only(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true")


def report_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `report`."""
    parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="the year to today when left out")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DAY")
    parser.add_argument("--figure", help="the cases behind this figure, such as denial-rate")
    parser.add_argument("--part", choices=["numerator", "denominator", "unknown"], default="numerator")
    parser.add_argument("--out", type=Path, help="write these cases there, as .csv or .xlsx")
    parser.add_argument("--json", action="store_true")


def find_arguments(parser: argparse.ArgumentParser) -> None:
    """--find TEXT --json."""
    parser.add_argument("--find", default="", metavar="TEXT", help="a day, an amount, a trace or words of the bank")
    parser.add_argument("--json", action="store_true")


def undo_arguments(parser: argparse.ArgumentParser) -> None:
    """DEPOSIT --reason WORDS --json."""
    parser.add_argument("deposit", metavar="DEPOSIT", help="its id, as `bank matches` gives it")
    parser.add_argument("--reason", required=True, metavar="WORDS", help="why the match is wrong; it is kept")
    parser.add_argument("--json", action="store_true")


def one_day(parser: argparse.ArgumentParser) -> None:
    """DAY --json."""
    parser.add_argument("on", type=date.fromisoformat, metavar="DAY")
    parser.add_argument("--json", action="store_true")


def aging_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `ar aging`."""
    parser.add_argument("--by", dest="rows_by", choices=["payer", "provider", "practice"], default="payer")
    parser.add_argument("--since", choices=["service", "responsibility"], default="service")
    parser.add_argument("--collectible", action="store_true", help="beside the face value, what history says will come")
    parser.add_argument("--out", type=Path, help="also write it there, as .csv or .xlsx")
    parser.add_argument("--json", action="store_true")


COMMANDS = {
    "era post": (era_post, files, True),
    "era key": (era_key, one_file, True),
    "bank match": (bank_match, one_file, True),
    "bank matches": (bank_matches, find_arguments, True),
    "bank undo": (bank_undo, undo_arguments, True),
    "credits find": (credits_find, json_only, True),
    "credits rules": (credits_rules, one_file, True),
    "statements run": (statements_run, json_only, True),
    "ar aging": (ar_aging, aging_arguments, True),
    "day close": (day_close, one_day, True),
    "report": (report, report_arguments, True),
    "open-ends": (open_ends, json_only, True),
    "day sheet": (day_sheet, one_day, True),
    "ledger digest": (ledger_digest, json_only, True),
}
