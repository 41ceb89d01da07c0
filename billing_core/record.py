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
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache, lru_cache
from json.encoder import encode_basestring
from operator import attrgetter, call, itemgetter
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from billing_core.errors import MoneyError
from billing_core.money import Cents, amount_text, parse_amount

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


# Both ways, a type gets one small function, made once: a night reads and writes the same few types many thousand times.

# --- writing ---

Writer = Callable[[Any], Any]


def to_plain(record: Any) -> dict[str, Any]:
    """The record as JSON values. `record` is a frozen dataclass instance."""
    cls: Any = type(record)
    plain: dict[str, Any] = _writer(cls)(record)
    return plain


@cache
def _writer(hint: Any) -> Writer:
    """Writes values of a declared type; None stays None."""
    hint = _alternatives(hint)[0]
    origin, args = get_origin(hint), get_args(hint)
    if _is_cents(hint):
        write: Writer = amount_text
    elif dataclasses.is_dataclass(hint):
        write = _dataclass_writer(hint)
    elif origin is tuple and Ellipsis not in args:
        write = _row_writer([_writer(a) for a in args])
    elif origin in (tuple, list):
        write = _list_writer(_writer(args[0]))
    elif origin in (set, frozenset):
        write = _set_writer(_writer(args[0]))
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        write = _mapping_writer(_writer(args[1]))
    else:
        write = _scalar
    return lambda value: None if value is None else write(value)


def _dataclass_writer(cls: Any) -> Writer:
    parts = [(name, _writer(hint)) for name, hint, _ in _fields(cls)]

    def write(value: Any) -> Any:
        if type(value) is not cls:  # a union of records: each is written by its own type
            return to_plain(value)
        return {name: part(getattr(value, name)) for name, part in parts}

    return write


def _list_writer(part: Writer) -> Writer:
    return lambda values: [part(value) for value in values]


def _set_writer(part: Writer) -> Writer:
    return lambda values: sorted(part(value) for value in values)


def _mapping_writer(part: Writer) -> Writer:
    return lambda values: {str(key): part(value) for key, value in sorted(values.items())}


def _row_writer(parts: list[Writer]) -> Writer:
    return lambda values: [part(value) for part, value in zip(parts, values, strict=True)]


def _scalar(value: Any) -> Any:
    """A value without parts, or one declared as Any: by what it is."""
    kind = type(value)
    if kind is str or kind is int or kind is bool:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _scalar(v) for k, v in sorted(value.items())}
    if isinstance(value, (tuple, list)):
        return [_scalar(v) for v in value]
    if dataclasses.is_dataclass(value):
        return to_plain(value)
    return value


# --- reading ---


class _Misread(Exception):
    """What is wrong, and the place inside the record that was being read."""

    def __init__(self, what: str, place: str = "") -> None:
        self.what, self.place = what, place


Reader = Callable[[Any], Any]


def from_plain(cls: type[Record], plain: Any, where: str = "") -> Record:
    """The record of type `cls` that `to_plain` made. Raises ValueError naming the field that is wrong."""
    try:
        read: Record = _reader(cast(Any, cls))(plain)
    except _Misread as wrong:
        raise ValueError(f"{where or cls.__name__}{wrong.place}: {wrong.what}") from None
    return read


def each_from_plain(cls: type[Record], plain: Iterable[Any], where: str = "") -> tuple[Record, ...]:
    """The records of type `cls` of a list, as `from_plain` reads each."""
    read: Reader = _reader(cast(Any, cls))
    try:
        return tuple([read(one) for one in plain])
    except _Misread as wrong:
        raise ValueError(f"{where or cls.__name__}{wrong.place}: {wrong.what}") from None


def from_plain_with(cls: type[Record], plain: Mapping[str, Any], known: Mapping[str, Any]) -> Record:
    """As `from_plain`, with the fields `known` taken as given: parts that many records share are read once."""
    rest = {name: value for name, value in plain.items() if name not in known}
    values, name = {}, ""
    try:
        for name, part in _parts(cast(Any, cls)):
            if name in rest:
                values[name] = part(rest.pop(name))
    except _Misread as wrong:
        raise ValueError(f"{cls.__name__}.{name}{wrong.place}: {wrong.what}") from None
    if rest:
        raise ValueError(f"{cls.__name__}: unknown field {min(rest)!r}")
    return cls(**values, **known)


@cache
def _parts(cls: Any) -> tuple[tuple[str, Reader], ...]:
    """(name, reader) of each field of a dataclass."""
    return tuple((name, _reader(hint)) for name, hint, _ in _fields(cls))


@cache
def _reader(hint: Any) -> Reader:
    inner = _alternatives(hint)[0]
    read = _required_reader(inner)
    if inner is not hint:
        return lambda plain: None if plain is None else read(plain)
    return read


def _required_reader(hint: Any) -> Reader:
    origin, args = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _dataclass_reader(hint)
    if origin is tuple and Ellipsis not in args:
        return _row_reader(args)
    if origin in (tuple, frozenset, list):
        return _list_reader(origin, _reader(args[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_reader(_reader(args[0]), _reader(args[1]))
    return _scalar_reader(hint)


# What needs no function of ours but a look, or comes again and again. What is wrong is refused here without a word.
_QUICK_READERS: dict[Any, Reader] = {
    str: str.__str__,
    date: lru_cache(4_096)(date.fromisoformat),
    Cents: lru_cache(65_536)(parse_amount),
}


def _dataclass_reader(cls: Any) -> Reader:
    parts = _parts(cls)
    required = [name for name, _, needed in _fields(cls) if needed]
    values_of = itemgetter(*(name for name, _ in parts)) if len(parts) > 1 else None
    quick = [_QUICK_READERS.get(hint, part) for (_, part), (_, hint, _) in zip(parts, _fields(cls), strict=True)]

    def read(plain: Any) -> Any:
        if values_of and type(plain) is dict and len(plain) == len(quick):  # every field, as `to_plain` writes them
            try:
                return cls(*map(call, quick, values_of(plain)))
            except (_Misread, KeyError, TypeError, ValueError, MoneyError):
                pass  # once more, field by field, to say which one
        if not isinstance(plain, Mapping):
            raise _Misread("an object expected")
        values, name = {}, ""
        try:
            for name, part in parts:
                if name in plain:
                    values[name] = part(plain[name])
        except _Misread as wrong:
            raise _Misread(wrong.what, f".{name}{wrong.place}") from None
        if len(values) != len(plain):
            unknown = min(set(plain) - {name for name, _ in parts})
            raise _Misread(f"unknown field {unknown!r}")
        for name in required:
            if name not in values:
                raise _Misread(f"field {name!r} is missing")
        return cls(**values)

    return read


def _row_reader(hints: tuple[Any, ...]) -> Reader:
    parts = [_reader(hint) for hint in hints]

    def read(plain: Any) -> Any:
        _expect_list(plain)
        if len(plain) != len(parts):
            raise _Misread(f"{len(parts)} values expected")
        return tuple(_each(zip(parts, plain, strict=True)))

    return read


def _list_reader(origin: Any, part: Reader) -> Reader:
    empty = origin()

    def read(plain: Any) -> Any:
        if plain == []:
            return empty if origin is tuple else origin()
        _expect_list(plain)
        try:
            return origin([part(value) for value in plain])
        except _Misread:
            return origin(_each((part, value) for value in plain))  # once more, to say which one

    return read


def _expect_list(plain: Any) -> None:
    if not isinstance(plain, (list, tuple)):
        raise _Misread("a list expected")


def _each(parts: Iterable[tuple[Reader, Any]]) -> Iterator[Any]:
    for place, (part, value) in enumerate(parts):
        try:
            yield part(value)
        except _Misread as wrong:
            raise _Misread(wrong.what, f"[{place}]{wrong.place}") from None


def _mapping_reader(key: Reader, part: Reader) -> Reader:
    def read(plain: Any) -> Any:
        if not isinstance(plain, Mapping):
            raise _Misread("an object expected")
        try:
            return {key(k): part(v) for k, v in plain.items()}
        except _Misread as wrong:
            raise _Misread(wrong.what, f".*{wrong.place}") from None

    return read


def _scalar_reader(hint: Any) -> Reader:
    if hint is Any:
        return lambda plain: plain
    if _is_cents(hint):
        return _converter(parse_amount, "amount")
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _converter(hint, hint.__name__)
    if hint is datetime or hint is date:
        return _converter(hint.fromisoformat, hint.__name__)
    if hint is Decimal:
        return _converter(_decimal, "Decimal")
    return _checker(hint)


def _converter(make: Reader, name: str) -> Reader:
    def convert(plain: Any) -> Any:
        try:
            return make(plain)
        except (ValueError, TypeError, InvalidOperation, MoneyError):
            raise _Misread(f"not a valid {name}") from None

    return convert


def _checker(hint: Any) -> Reader:
    def check(plain: Any) -> Any:
        if type(plain) is hint or (isinstance(plain, hint) and (hint is bool or not isinstance(plain, bool))):
            return plain
        if hint is float and isinstance(plain, int) and not isinstance(plain, bool):
            return float(plain)
        raise _Misread(f"{hint.__name__} expected")

    return check


def _decimal(plain: Any) -> Decimal:
    if not isinstance(plain, str):
        raise TypeError("a decimal string")
    return Decimal(plain)


# --- the one spelling ---

Speller = Callable[[Any], str]


def spell(record: Any) -> str:
    """`canonical(to_plain(record))` as text, without the plain values in between: four times as quick."""
    cls: Any = type(record)
    return _speller(cls)(record)


@cache
def _speller(hint: Any) -> Speller:
    """Spells values of a declared type; None is null."""
    inner = _alternatives(hint)[0]
    origin, args = get_origin(inner), get_args(inner)
    if inner is str:
        return lambda value: _quoted(value) if type(value) is str else _spelt(value)
    if _is_cents(inner):
        return _spelt_amount
    if inner is date:
        return _spelt_day
    if dataclasses.is_dataclass(inner):
        return _dataclass_speller(inner)
    if origin is tuple and Ellipsis in args:
        return _list_speller(_speller(args[0]))
    if inner is int:
        return lambda value: str(value) if type(value) is int else _spelt(value)
    if isinstance(inner, type) and issubclass(inner, Enum):
        spelt = {member: _spelt(member.value) for member in inner}
        return lambda value: "null" if value is None else spelt[value]
    write = _writer(hint)
    return lambda value: _spelt(write(value))


def _spelt(value: Any) -> str:
    return canonical(value).decode()


@lru_cache(65_536, typed=True)  # typed: 1.0 is not the 1 that is known already
def _spelt_amount(value: Any) -> str:
    return "null" if value is None else f'"{amount_text(value)}"'


@lru_cache(4_096, typed=True)
def _spelt_day(value: Any) -> str:
    return "null" if value is None else f'"{value.isoformat()}"'


def _list_speller(part: Speller) -> Speller:
    def spell_list(values: Any) -> str:
        if values is None:
            return "null"
        return f"[{','.join(map(part, values))}]" if values else "[]"

    return spell_list


def _dataclass_speller(cls: Any) -> Speller:
    fields = sorted(((name, hint) for name, hint, _ in _fields(cls)), key=lambda field: field[0])
    frame = "{" + ",".join(f"{_quoted(name)}:%s" for name, _ in fields) + "}"
    parts = [_speller(hint) for _, hint in fields]
    quick = [_quoted if hint is str else part for part, (_, hint) in zip(parts, fields, strict=True)]
    values_of = _values_of([name for name, _ in fields])

    def spell_fields(value: Any) -> str:
        if type(value) is not cls:  # nothing, or another record of a union
            return "null" if value is None else spell(value)
        try:
            return frame % tuple(map(call, quick, values_of(value)))
        except TypeError:  # a text that is none
            return frame % tuple(map(call, parts, values_of(value)))

    return spell_fields


def _values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Makes the values of these fields, in this order."""
    if len(names) < 2:
        return lambda value: tuple(getattr(value, name) for name in names)
    getter = attrgetter(*names)
    return getter


def canonical(value: Any) -> bytes:
    """The one JSON spelling of a plain value: sorted keys, no spaces, UTF-8. A float raises TypeError."""
    _no_floats(value)
    return _json(value).encode()


_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_quoted = encode_basestring  # a text in quotation marks, as _json writes it
_WITHOUT_PARTS = frozenset({str, int, bool, type(None)})


def _no_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical spelling; write a decimal string")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    for inner in parts:
        if type(inner) not in _WITHOUT_PARTS:
            _no_floats(inner)


def digest(value: Any) -> str:
    """sha256 of the canonical bytes of a record or plain value, in hex."""
    plain = to_plain(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
    return hashlib.sha256(canonical(plain)).hexdigest()
