"""Which codes the tabular list forbids together: its Excludes1 notes, as a table (guideline I.A.12.a).

A note stands at a code or category and holds for all codes below it; it names codes, categories or ranges. Where two
suggested codes exclude each other the one with less evidence gives way; at equal evidence the symptom, then the one
called unspecified. Where neither is, both stay: a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_NAMED = re.compile(r"\b([A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{0,4})?)(?:\s*-\s*([A-TV-Z]\d[0-9A-Z]))?")


def named_codes(note: str) -> tuple[str, ...]:
    """The codes, categories and ranges of an Excludes note's parenthesis: "J20" or "J20:J22".

    >>> named_codes("acute bronchitis (J20.-), pneumonia (J12-J18)")
    ('J20', 'J12:J18')
    """
    found: list[str] = []
    for inside in re.findall(r"\(([^()]*)\)", note):
        for first, last in _NAMED.findall(inside):
            found.append(f"{first}:{last}" if last else first.rstrip("."))
    return tuple(dict.fromkeys(found))


def excludes_bytes(notes: Mapping[str, Iterable[str]]) -> bytes:
    """{code: its Excludes1 notes} as the file the artifact carries."""
    lines = []
    for code in sorted(notes):
        named = tuple(dict.fromkeys(name for note in notes[code] for name in named_codes(note)))
        if named:
            lines.append(f"{code}\t{' '.join(named)}\n")
    return "".join(lines).encode()


class Excludes:
    """The table, asked about pairs."""

    def __init__(self, data: bytes) -> None:
        rows = (line.split("\t") for line in data.decode().splitlines())
        self._named = {code: tuple(named.split()) for code, named in rows}

    def apart(self, one: str, other: str) -> bool:
        """Whether a note at either code (or above it) excludes the other."""
        return self._excludes(one, other) or self._excludes(other, one)

    def _excludes(self, owner: str, other: str) -> bool:
        above = (owner[:length] for length in range(3, len(owner) + 1))
        return any(_covers(name, other) for code in above for name in self._named.get(code, ()))

    def giving_way(self, codes: Mapping[str, int]) -> dict[str, str]:
        """{code that gives way: the code it gives way to}, of {code: score}."""
        gone: dict[str, str] = {}
        ordered = sorted(codes, key=lambda code: (-codes[code], _plain(code), code))
        for at, better in enumerate(ordered):
            for code in ordered[at + 1 :]:
                differ = (codes[code], _plain(code)) != (codes[better], _plain(better))
                if code not in gone and better not in gone and differ and self.apart(better, code):
                    gone[code] = better
        return gone


def _covers(name: str, code: str) -> bool:
    first, _, last = name.partition(":")
    return first <= code[:3] <= last if last else code.startswith(first)


def _plain(code: str) -> int:
    """2 for a symptom, 1 for an unspecified code, 0 for the rest."""
    return 2 if code.startswith("R") else int(code.endswith("9"))
