"""Files from outside: looked at before they are read, read whole or refused with the place and the mend.

What a file holds is never repeated in an error: it may be a patient's. Sizes are checked before the first byte is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from serving.errors import InputError

MEBIBYTE = 1024 * 1024
NOTE_MOST = MEBIBYTE  # as models.coding.note takes it
LINE_MOST = 8 * MEBIBYTE  # one record
FILE_MOST = 64 * MEBIBYTE  # one 835 of a large clearinghouse is a few MiB
LOOKED_AT_MOST = 1024 * MEBIBYTE  # a file that is looked at and not kept
Made = TypeVar("Made")


def read_file(path: Path, most: int = FILE_MOST, field: str = "file") -> bytes:
    """The bytes of a file. Raises InputError when it is no file, cannot be read, or is longer than `most` bytes."""
    try:
        if not path.is_file():
            raise InputError("there is no such file", field=field, place=path.name, mend="correct the path")
        if path.stat().st_size > most:
            mend = "split it, or give the file that was meant"
            raise InputError(f"longer than {most // MEBIBYTE} MiB", field=field, place=path.name, mend=mend)
        return path.read_bytes()
    except OSError as error:
        said = error.strerror or "unreadable"
        raise InputError(f"cannot be read ({said})", field=field, place=path.name, mend="look at its rights") from None


def lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object of a JSON Lines file with its place. Raises InputError naming the line."""
    if not path.is_file():
        raise InputError("there is no such file", place=path.name, mend="correct the path")
    with path.open("rb") as file:
        for number, text in enumerate(iter(lambda: file.readline(LINE_MOST), b""), start=1):
            place = f"{path.name} line {number}"
            if len(text) == LINE_MOST:
                raise InputError("the line is too long", place=place, mend="write one JSON object a line")
            try:
                found = json.loads(text)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise InputError("not a JSON object", place=place, mend="write one JSON object a line")
            yield place, found


def made(place: str, make: Callable[[], Made]) -> Made:
    """What `make` makes of a line. A field that is missing or wrong is named, never shown."""
    try:
        return make()
    except KeyError as error:
        raise InputError("is missing", field=str(error.args[0]), place=place, mend="add it") from None
    except (TypeError, ValueError, AttributeError) as error:
        field = _field(error)
        raise InputError("not usable", field=field, place=place, mend="correct the field and send it again") from None


def _field(error: Exception) -> str:
    """The field that a schema refused, as lines.0.units; "" when it is not known."""
    faults = error.errors() if hasattr(error, "errors") else ()
    return ".".join(str(part) for part in faults[0]["loc"]) if faults else ""
