"""Strict reading of a world file: every value is taken by name and type; what is wrong is named by its key.

The file is TOML 1.0. Amounts are quoted decimal strings ("91.50"), dates are TOML dates, shares are numbers 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from billing_core.errors import BillingError, MoneyError
from billing_core.money import Cents, parse_amount


class WorldError(BillingError):
    """A world file that does not say what the generator needs. `where` is the key, `mend` what would put it right."""


_MISSING: Any = object()


class Table:
    """One TOML table, read key by key; `done` refuses whatever was not read."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        if not isinstance(values, Mapping):
            raise WorldError("a table expected", where=where, mend=f"write [{where}] with its keys")
        self._values, self._where, self._read = values, where, set[str]()

    def key(self, name: str) -> str:
        """The full dotted key, for messages."""
        return f"{self._where}.{name}" if self._where else name

    def has(self, name: str) -> bool:
        """Whether the key is there."""
        return name in self._values

    def _take(self, name: str, default: Any) -> Any:
        self._read.add(name)
        if name in self._values:
            return self._values[name]
        if default is _MISSING:
            raise WorldError("the key is missing", where=self.key(name), mend="add it; see data/synthetic/README.md")
        return default

    def _wrong(self, name: str, expected: str) -> WorldError:
        return WorldError(f"{expected} expected", where=self.key(name), mend="correct the value")

    def text(self, name: str, default: Any = _MISSING) -> str:
        """A non-empty string (empty only by default)."""
        value = self._take(name, default)
        if value is default and name not in self._values:
            return str(value)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(name, "a non-empty string")
        return value

    def whole(self, name: str, low: int, high: int, default: Any = _MISSING) -> int:
        """A whole number from `low` to `high`."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._wrong(name, f"a whole number from {low} to {high}")
        return value

    def share(self, name: str, default: Any = _MISSING) -> float:
        """A share from 0 to 1."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise self._wrong(name, "a share from 0 to 1")
        return float(value)

    def flag(self, name: str, default: Any = _MISSING) -> bool:
        """true or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def amount(self, name: str, default: Any = _MISSING) -> Cents:
        """An amount of money, a quoted decimal string."""
        value = self._take(name, default)
        try:
            return parse_amount(value)
        except MoneyError as error:
            raise self._wrong(name, 'an amount such as "91.50"') from error

    def rate(self, name: str, default: Any = _MISSING) -> Decimal:
        """A share kept exact, a quoted decimal string from "0" to "10"."""
        value = self._take(name, default)
        if not isinstance(value, str) or not value.replace(".", "", 1).isdigit() or not 0 <= Decimal(value) <= 10:
            raise self._wrong(name, 'a quoted rate such as "0.20"')
        return Decimal(value)

    def day(self, name: str, default: Any = _MISSING) -> date:
        """A date."""
        value = self._take(name, default)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self._wrong(name, "a date such as 2025-07-01")
        return value

    def texts(self, name: str, default: Any = _MISSING) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(name, default)
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) and v for v in value):
            raise self._wrong(name, "a list of strings")
        return tuple(value)

    def wholes(self, name: str, low: int, high: int, default: Any = _MISSING) -> tuple[int, ...]:
        """A list of whole numbers."""
        value = self._take(name, default)
        good = isinstance(value, (list, tuple)) and value
        if not good or not all(isinstance(v, int) and not isinstance(v, bool) and low <= v <= high for v in value):
            raise self._wrong(name, f"a list of whole numbers from {low} to {high}")
        return tuple(value)

    def between(self, name: str, low: int, high: int, default: Any = _MISSING) -> tuple[int, int]:
        """[lowest, highest], both included."""
        pair = self.wholes(name, low, high, default)
        if len(pair) != 2 or pair[0] > pair[1]:
            raise self._wrong(name, "[lowest, highest]")
        return pair[0], pair[1]

    def weights(self, name: str) -> tuple[tuple[str, float], ...]:
        """A table of name = weight, at least one above zero."""
        value = self._take(name, _MISSING)
        good = isinstance(value, Mapping) and all(
            isinstance(w, (int, float)) and not isinstance(w, bool) and w >= 0 for w in value.values()
        )
        if not good or not sum(value.values()) > 0:
            raise self._wrong(name, "a table of name = weight")
        return tuple(value.items())

    def amounts(self, name: str) -> dict[str, Cents]:
        """A table of code = amount (empty when left out)."""
        inner = self.table(name) if self.has(name) else None
        return {k: inner.amount(k) for k in inner.names()} if inner else {}

    def free(self, name: str) -> Mapping[str, Any]:
        """A table whose keys another part owns; only that it is a table is checked here."""
        value = self._take(name, {})
        if not isinstance(value, Mapping):
            raise self._wrong(name, "a table")
        return value

    def table(self, name: str) -> Table:
        """A table inside this one."""
        return Table(self._take(name, _MISSING), self.key(name))

    def tables(self, name: str, default: Any = _MISSING) -> tuple[Table, ...]:
        """A list of tables, each named by its place from 1."""
        value = self._take(name, default)
        if not isinstance(value, (list, tuple)):
            raise self._wrong(name, f"a list of tables [[{self.key(name)}]]")
        return tuple(Table(v, f"{self.key(name)}[{n}]") for n, v in enumerate(value, start=1))

    def names(self) -> tuple[str, ...]:
        """The keys of the table, in the order of the file."""
        return tuple(self._values)

    def done(self) -> None:
        """Refuse keys that nothing reads: a misspelt key must not pass for a default."""
        unknown = [k for k in self._values if k not in self._read]
        if unknown:
            raise WorldError(
                "no such key", where=self.key(unknown[0]), mend=f"known here: {', '.join(sorted(self._read))}"
            )
