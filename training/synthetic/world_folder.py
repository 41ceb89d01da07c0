"""Reading a world folder back: what the simulated coder and biller look at, with errors that say where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError


class WorldFolderError(BillingError):
    """A world folder, or a file given with it, that cannot be read."""


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file; blank lines are skipped."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorldFolderError("cannot be read", where=path.name, mend="check the path") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield _object(line, f"{path.name} line {number}")


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise WorldFolderError("not JSON", where=where, mend="make the file again") from error
    if not isinstance(value, dict):
        raise WorldFolderError("an object expected", where=where, mend="make the file again")
    return value


def whole(path: Path) -> dict[str, Any]:
    """The one object of a JSON file."""
    try:
        return _object(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise WorldFolderError("cannot be read", where=path.name, mend="check the path") from error


def by_encounter(path: Path) -> dict[str, dict[str, Any]]:
    """The lines of a file by their encounter id."""
    found = {}
    for line in lines(path):
        if not isinstance(line.get("encounter_id"), str):
            raise WorldFolderError("a line without encounter_id", where=path.name, mend="make the file again")
        found[line["encounter_id"]] = line
    return found


def write_lines(path: Path, values: list[dict[str, Any]]) -> None:
    """Write JSON Lines, keys sorted."""
    text = "".join(json.dumps(v, sort_keys=True, ensure_ascii=False) + "\n" for v in values)
    path.write_text(text, encoding="utf-8", newline="\n")
