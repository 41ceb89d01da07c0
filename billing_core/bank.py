"""Deposits of the bank beside the payments of the remittances: what agrees, and what is missing on each side.

A deposit is matched to remittances by the trace number the bank repeats (an ACH addendum carries TRN02), else by the
amount alone: one remittance, or several of neighbouring days whose sum it is (a branch deposit of many checks). One
remittance may also have come in several deposits. What fits in more than one way is left to a person.

Files: CSV with a heading (date, amount, reference, description) and BAI2 (Cash Management Balance Reporting, version
2): 02 group with its as-of date, 03 account, 16 transaction (type, cents, funds type, bank and customer reference,
text), 88 continuation. Credits are types 100 to 399; their sum is proved against the trailers 49, 98 and 99.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from billing_core.errors import BankFileError, MoneyError
from billing_core.money import Cents, parse_amount

DAYS_APART = 7  # between the payment date of a remittance and its deposit
MOST_TOGETHER = 4  # payments in one deposit that are found by their sum alone
MOST_CONSIDERED = 20  # beyond this many a sum may agree by chance
_CREDITS = range(100, 400)


@dataclass(frozen=True, slots=True)
class Deposit:
    """One credit on the bank's statement. `line` is its place in the file, from 1; `reference` what the bank says."""

    on: date
    amount: Cents
    reference: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """A payment that a remittance announced. `key` is the caller's; `trace` is TRN02, or the check's number."""

    key: str
    on: date
    amount: Cents
    trace: str


@dataclass(frozen=True, slots=True)
class BankMatch:
    """Deposits and the payments they are, of the same sum; `how` says by what they agree."""

    deposits: tuple[Deposit, ...]
    payments: tuple[Expected, ...]
    how: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What agrees; deposits without a remittance; remittances without a deposit."""

    matches: tuple[BankMatch, ...]
    deposits: tuple[Deposit, ...]
    payments: tuple[Expected, ...]


# --- the bank's files -------------------------------------------------------------------------------------------------


def read_deposits(data: bytes) -> tuple[Deposit, ...]:
    """The credits of a bank's file, BAI2 or CSV by its first characters. Raises BankFileError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BankFileError("the file is not text", mend="export it as CSV or BAI2") from None
    return tuple(_bai2(text) if text.startswith("01,") else _csv(text))


def _csv(text: str) -> Iterator[Deposit]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    names = {name.strip().lower(): name for name in rows.fieldnames or () if name}
    if not {"date", "amount"} <= names.keys():
        raise BankFileError("the heading has no date and amount", where="line 1", mend="name the columns date, amount")
    try:
        for line, row in enumerate(rows, start=2):
            amount = _amount(row[names["amount"]] or "", line)
            said = " ".join((row.get(names.get(n, "")) or "").strip() for n in ("reference", "description"))
            if amount > 0:
                yield Deposit(_day(row[names["date"]] or "", line), amount, said.strip(), line)
    except csv.Error:
        raise BankFileError("not readable as CSV", mend="export it again") from None


def _amount(text: str, line: int) -> Cents:
    try:
        return parse_amount(text.replace(",", "").replace("$", "").strip())
    except MoneyError:
        raise BankFileError("not an amount", where=f"line {line}", mend="give dollars and cents as 1234.56") from None


def _day(text: str, line: int, form: str = "") -> date:
    forms = (form,) if form else ("%Y-%m-%d", "%m/%d/%Y")
    for each in forms:
        try:
            return datetime.strptime(text.strip(), each).date()
        except ValueError:
            continue
    raise BankFileError("not a day", where=f"line {line}", mend="give days as 2026-05-04 or 05/04/2026")


def _bai2(text: str) -> Iterator[Deposit]:
    """The credits of the transactions; the control totals of account, group and file proved on the way."""
    today, total = date.min, {"16": 0, "49": 0, "98": 0}
    for line, (code, *fields) in _records(text):
        if code == "02":
            today = _day(_field(fields, 3, line), line, "%y%m%d")
        elif code == "03":
            total["16"] = sum(_summaries(fields[2:], line))
        elif code == "16":
            kind, cents = _field(fields, 0, line), _cents(_field(fields, 1, line), line)
            total["16"] += cents
            if kind.isdigit() and int(kind) in _CREDITS and cents > 0:
                said = fields[3 + _availability(fields[2:], line) :]
                yield Deposit(today, cents, " ".join(f.strip() for f in said if f.strip()), line)
        elif code in ("49", "98", "99"):
            _prove(code, _cents(_field(fields, 0, line), line), total, line)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with its line; a continuation (88) belongs to the record before it."""
    waiting: tuple[int, list[str]] | None = None
    for line, row in enumerate(text.splitlines(), start=1):
        fields = row.strip().rstrip("/").split(",")
        if fields[0] == "88" and waiting is not None:
            waiting[1].extend(fields[1:])
        elif fields[0]:
            if waiting is not None:
                yield waiting
            waiting = (line, fields)
    if waiting is not None:
        yield waiting


def _availability(fields: Sequence[str], line: int) -> int:
    """How many fields follow the funds type that stands first: S three amounts, V day and hour, D that many pairs."""
    kind = fields[0].strip().upper() if fields else ""
    if kind == "D":
        return 1 + 2 * _cents(_field(fields, 1, line), line)
    return {"S": 3, "V": 2}.get(kind, 0)


def _summaries(fields: Sequence[str], line: int) -> Iterator[Cents]:
    """The amounts of an account's summary: groups of type, amount, count and funds type."""
    place = 0
    while place + 1 < len(fields):
        if fields[place + 1].strip():
            yield _cents(fields[place + 1], line)
        place += 4 + _availability(fields[place + 3 :], line)


def _field(fields: Sequence[str], place: int, line: int) -> str:
    if place >= len(fields):
        raise BankFileError("the record is too short", where=f"line {line}", mend="ask the bank for the file again")
    return fields[place]


def _cents(text: str, line: int) -> Cents:
    digits = text.strip().lstrip("+-")
    if not (digits.isascii() and digits.isdigit()):
        raise BankFileError("not an amount in cents", where=f"line {line}", mend="ask the bank for the file again")
    return -int(digits) if text.strip().startswith("-") else int(digits)


def _prove(code: str, stated: Cents, total: dict[str, Cents], line: int) -> None:
    """A trailer's control total is the sum of what it closes; the sum goes up to the next trailer."""
    inner, outer = {"49": ("16", "49"), "98": ("49", "98"), "99": ("98", "")}[code]
    if total[inner] != stated:
        raise BankFileError("the control total does not agree", where=f"line {line}", mend="ask for the whole file")
    if outer:
        total[outer] += total[inner]
    total[inner] = 0


# --- matching ---------------------------------------------------------------------------------------------------------


def reconcile(deposits: Iterable[Deposit], payments: Iterable[Expected]) -> Reconciled:
    """Match what can only be one thing, surest first: by trace, by the trace of several, by amount, by a sum."""
    left, waiting = list(deposits), [p for p in payments if p.amount > 0]
    matches: list[BankMatch] = []
    for find in (_by_trace, _by_trace_in_parts, _by_amount, _by_sum):
        for match in find(left, waiting):
            if all(d in left for d in match.deposits) and all(p in waiting for p in match.payments):
                matches.append(match)
                left = [d for d in left if d not in match.deposits]
                waiting = [p for p in waiting if p not in match.payments]
    return Reconciled(tuple(matches), tuple(left), tuple(waiting))


def _names(deposit: Deposit, payment: Expected) -> bool:
    return len(payment.trace) >= 3 and payment.trace in deposit.reference


def _by_trace(deposits: Sequence[Deposit], payments: Sequence[Expected]) -> Iterator[BankMatch]:
    """A deposit that names its payments, one or many, and is their sum."""
    for deposit in deposits:
        named = [p for p in payments if _names(deposit, p)]
        if named and sum(p.amount for p in named) == deposit.amount:
            yield BankMatch((deposit,), tuple(named), "trace and amount")


def _by_trace_in_parts(deposits: Sequence[Deposit], payments: Sequence[Expected]) -> Iterator[BankMatch]:
    """A payment that came in several deposits, each naming it."""
    for payment in payments:
        parts = [d for d in deposits if _names(d, payment)]
        if len(parts) > 1 and sum(d.amount for d in parts) == payment.amount:
            yield BankMatch(tuple(parts), (payment,), "trace, in parts")


def _near(deposit: Deposit, payment: Expected) -> bool:
    return abs(deposit.on - payment.on) <= timedelta(days=DAYS_APART)


def _by_amount(deposits: Sequence[Deposit], payments: Sequence[Expected]) -> Iterator[BankMatch]:
    """The only deposit and the only payment of an amount within the days allowed."""
    for deposit in deposits:
        same = [p for p in payments if p.amount == deposit.amount and _near(deposit, p)]
        rivals = [d for d in deposits if d.amount == deposit.amount and any(_near(d, p) for p in same)]
        if len(same) == len(rivals) == 1:
            yield BankMatch((deposit,), (same[0],), "amount")


def _by_sum(deposits: Sequence[Deposit], payments: Sequence[Expected]) -> Iterator[BankMatch]:
    """Two to four payments whose sum a deposit is, when no other group of them has the same sum."""
    for deposit in deposits:
        near = [p for p in payments if p.amount < deposit.amount and _near(deposit, p)]
        if len(near) > MOST_CONSIDERED:
            continue
        groups = [
            group
            for size in range(2, MOST_TOGETHER + 1)
            for group in combinations(near, size)
            if sum(p.amount for p in group) == deposit.amount
        ]
        if len(groups) == 1:
            yield BankMatch((deposit,), groups[0], "sum")
