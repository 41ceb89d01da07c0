"""Money is whole cents, an `int`. A float raises; nothing is lost in a split.

Amounts travel as decimal strings ("12.34") in files and JSON, as `Cents` inside. Rates are `Decimal`. A product of
an amount and a rate is rounded once, half away from zero, as payers do per line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, TypeAlias

from billing_core.errors import MoneyError

Cents: TypeAlias = Annotated[int, "cents"]  # the mark lets record.py write it as a decimal string

_AMOUNT = re.compile(r"[+-]?(\d{1,15}(\.\d*)?|\.\d+)\Z", re.ASCII)
_LIMIT = 10**17  # BIGINT holds 9.2e18; amounts beyond this are a mistake, not money


def whole_cents(amount: object) -> Cents:
    """`amount` itself when it is whole cents; a float, a bool or anything else raises MoneyError."""
    if type(amount) is int and -_LIMIT <= amount <= _LIMIT:
        return amount
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise MoneyError(f"{type(amount).__name__} is not whole cents", mend="pass an int of cents")
    if abs(amount) > _LIMIT:
        raise MoneyError("amount out of range", mend="check the number of digits")
    return amount


def parse_amount(text: str) -> Cents:
    """Cents from a decimal string as X12 and JSON write it: "12", "12.3", "-.5", "12.340".

    Raises MoneyError for anything else, and for a fraction of a cent.
    >>> parse_amount("12.3"), parse_amount("-.5"), parse_amount("100")
    (1230, -50, 10000)
    """
    if not isinstance(text, str) or not _AMOUNT.match(text):
        raise MoneyError("not an amount", mend="write digits with at most two decimals, such as 12.34")
    whole, _, fraction = text.lstrip("+-").partition(".")
    if fraction[2:].strip("0"):
        raise MoneyError("an amount with a fraction of a cent", mend="write at most two decimals")
    size = int(whole or "0") * 100 + int(fraction[:2].ljust(2, "0"))
    return -size if text[0] == "-" else size


def amount_text(amount: Cents) -> str:
    """The decimal string with two places, for JSON and people.

    >>> amount_text(-5), amount_text(1230)
    ('-0.05', '12.30')
    """
    if type(amount) is int and 99 < amount <= _LIMIT:  # nearly always, and many thousand times a file
        digits = str(amount)
        return f"{digits[:-2]}.{digits[-2:]}"
    sign, size = ("-", -amount) if whole_cents(amount) < 0 else ("", amount)
    return f"{sign}{size // 100}.{size % 100:02d}"


def x12_amount(amount: Cents) -> str:
    """The shortest decimal string, as X12 type R asks: no leading zero needed, no trailing zeros.

    >>> x12_amount(10000), x12_amount(1230), x12_amount(-5), x12_amount(0)
    ('100', '12.3', '-0.05', '0')
    """
    text = amount_text(amount)
    return text.rstrip("0").rstrip(".") if "." in text else text


def times(amount: Cents, rate: Decimal) -> Cents:
    """`amount` x `rate`, rounded once to the cent, half away from zero. A float rate raises MoneyError."""
    if not isinstance(rate, Decimal) or not rate.is_finite():
        raise MoneyError("a rate must be a finite Decimal", mend='pass Decimal("0.80")')
    return int((Decimal(whole_cents(amount)) * rate).to_integral_value(rounding=ROUND_HALF_UP))


def split(amount: Cents, weights: Sequence[int]) -> tuple[Cents, ...]:
    """`amount` shared by `weights`; the parts sum to it exactly (largest remainder, first in order wins a tie).

    >>> split(100, (1, 1, 1))
    (34, 33, 33)
    """
    total = sum(weights)
    if total <= 0 or any(weight < 0 for weight in weights):
        raise MoneyError("weights must be non-negative and not all zero")
    sign = -1 if whole_cents(amount) < 0 else 1
    size = abs(amount)
    parts = [size * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % total), i))
    for i in order[: size - sum(parts)]:
        parts[i] += 1
    return tuple(sign * part for part in parts)
