"""Records as plain JSON values and back, by their type hints alone; and the canonical bytes that hashes are taken of.

Frozen dataclasses become objects, tuples and frozensets arrays (sets sorted), mappings objects, enums their value,
dates ISO text, Decimals and money decimal strings ("12.34"). Reading is strict: an unknown or missing field, or a value
of another type, raises ValueError naming the field, never its content.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from billing_core.errors import MoneyError
from billing_core.money import amount_text, parse_amount

Record = TypeVar("Record")


@cache
def _fields(cls: type) -> tuple[tuple[str, Any, bool], ...]:
    """(name, type with its marks, required?) of each field of a dataclass."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(
        (f.name, hints[f.name], f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING)
        for f in dataclasses.fields(cls)
    )


def _is_cents(hint: Any) -> bool:
    return get_origin(hint) is Annotated and "cents" in hint.__metadata__


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """The members of an optional or union, None left out."""
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(a for a in get_args(hint) if a is not type(None))
    return (hint,)


def _plain(value: Any, hint: Any) -> Any:
    if value is None:
        return None
    hint = _alternatives(hint)[0]
    if _is_cents(hint):
        return amount_text(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name), h) for name, h, _ in _fields(type(value))}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    args = get_args(hint)
    if isinstance(value, Mapping):
        inner = args[1] if len(args) == 2 else Any
        return {str(k): _plain(v, inner) for k, v in sorted(value.items())}
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(v, args[0] if args else Any) for v in value)
    if isinstance(value, (tuple, list)):
        if args and Ellipsis not in args and len(args) == len(value):
            return [_plain(v, h) for v, h in zip(value, args, strict=True)]
        return [_plain(v, args[0] if args else Any) for v in value]
    return value


def to_plain(record: Any) -> dict[str, Any]:
    """The record as JSON values. `record` is a frozen dataclass instance."""
    plain: dict[str, Any] = _plain(record, type(record))
    return plain


def from_plain(cls: type[Record], plain: Any, where: str = "") -> Record:
    """The record of type `cls` that `to_plain` made. Raises ValueError naming the field that is wrong."""
    read: Record = _read(plain, cls, where or cls.__name__)
    return read


def _read_dataclass(plain: Any, cls: Any, where: str) -> Any:
    if not isinstance(plain, Mapping):
        raise ValueError(f"{where}: an object expected")
    fields = _fields(cls)
    unknown = set(plain) - {name for name, _, _ in fields}
    if unknown:
        raise ValueError(f"{where}: unknown field {sorted(unknown)[0]!r}")
    missing = [name for name, _, required in fields if required and name not in plain]
    if missing:
        raise ValueError(f"{where}: field {missing[0]!r} is missing")
    return cls(**{name: _read(plain[name], hint, f"{where}.{name}") for name, hint, _ in fields if name in plain})


def _read_scalar(plain: Any, hint: Any, where: str) -> Any:
    try:
        if _is_cents(hint):
            return parse_amount(plain)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return hint(plain)
        if hint is datetime:
            return datetime.fromisoformat(plain)
        if hint is date:
            return date.fromisoformat(plain)
        if hint is Decimal and isinstance(plain, str):
            return Decimal(plain)
    except (ValueError, TypeError, InvalidOperation, MoneyError) as error:
        raise ValueError(f"{where}: not a valid {getattr(hint, '__name__', 'amount')}") from error
    if hint is Any or (isinstance(plain, hint) and (hint is bool or not isinstance(plain, bool))):
        return plain
    if hint is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    raise ValueError(f"{where}: {hint.__name__} expected")


def _read(plain: Any, hint: Any, where: str) -> Any:
    alternatives = _alternatives(hint)
    if plain is None:
        if alternatives == (hint,):
            raise ValueError(f"{where}: a value expected")
        return None
    hint = alternatives[0]
    origin, args = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _read_dataclass(plain, hint, where)
    if origin in (tuple, frozenset, list):
        if not isinstance(plain, (list, tuple)):
            raise ValueError(f"{where}: a list expected")
        if origin is tuple and Ellipsis not in args:
            if len(plain) != len(args):
                raise ValueError(f"{where}: {len(args)} values expected")
            return tuple(_read(v, h, f"{where}[{i}]") for i, (v, h) in enumerate(zip(plain, args, strict=True)))
        return origin(_read(v, args[0], f"{where}[{i}]") for i, v in enumerate(plain))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(plain, Mapping):
            raise ValueError(f"{where}: an object expected")
        return {_read(k, args[0], where): _read(v, args[1], f"{where}.*") for k, v in plain.items()}
    return _read_scalar(plain, hint, where)


def canonical(value: Any) -> bytes:
    """The one JSON spelling of a plain value: sorted keys, no spaces, UTF-8. A float raises TypeError."""
    _no_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _no_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical spelling; write a decimal string")
    if isinstance(value, Mapping):
        for inner in value.values():
            _no_floats(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _no_floats(inner)


def digest(value: Any) -> str:
    """sha256 of the canonical bytes of a record or plain value, in hex."""
    plain = to_plain(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
    return hashlib.sha256(canonical(plain)).hexdigest()
