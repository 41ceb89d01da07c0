"""ICD-10-CM as a compact tree: which codes exist, which may be billed, and what each is called.

One line per code up to its sixth character, in order: code, "1" if billable (once its seventh character, if it needs
one, is added), the seventh characters it takes, title. The 51,000 codes that differ from another only in the seventh
character are not stored: they are made, and checked, from the list. Titles are those of the official tabular list.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

SEVENTH = {
    "A": "initial encounter",
    "B": "initial encounter for open fracture",
    "D": "subsequent encounter",
    "G": "subsequent encounter for fracture with delayed healing",
    "K": "subsequent encounter for fracture with nonunion",
    "P": "subsequent encounter for fracture with malunion",
    "S": "sequela",
}


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code: `seventh` holds the seventh characters it takes, "" where it takes none."""

    code: str
    billable: bool
    seventh: str
    title: str


def extended(code: str, character: str) -> str:
    """The code with its seventh character, padded with X.

    >>> extended("S93.401", "A"), extended("W19", "A")
    ('S93.401A', 'W19.XXXA')
    """
    stem = code if "." in code else code + "."
    return stem + "X" * (7 - len(stem)) + character


def table_bytes(rows: Iterable[CodeRow]) -> bytes:
    """The rows as the file the artifact carries; sorted, so the bytes are the same every time."""
    lines = [f"{r.code}\t{int(r.billable)}\t{r.seventh}\t{r.title}\n" for r in sorted(rows, key=lambda r: r.code)]
    return "".join(lines).encode()


class CodeTable:
    """The tree of codes, read from `table_bytes`."""

    def __init__(self, data: bytes) -> None:
        self._rows: dict[str, tuple[str, str, str]] = {}
        for line in data.decode().splitlines():
            code, billable, seventh, title = line.split("\t")
            self._rows[code] = (billable, seventh, title)
        self.codes: Sequence[str] = tuple(self._rows)
        self._usual: dict[str, str] = {}

    def __contains__(self, code: str) -> bool:
        return code in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, code: str) -> CodeRow:
        """The row of a code without seventh character. Raises KeyError."""
        billable, seventh, title = self._rows[code]
        return CodeRow(code, billable == "1", seventh, title)

    def billable(self, code: str) -> bool:
        """Whether exactly this code may stand on a claim (seventh character included where one is needed)."""
        row = self._rows.get(code)
        if row is not None:
            return row[0] == "1" and not row[1]
        stem = self.stem(code)
        return stem != code and code[-1] in self._rows[stem][1] and extended(stem, code[-1]) == code

    def stem(self, code: str) -> str:
        """The stored code that a code with a seventh character extends; the code itself where there is none."""
        if code not in self._rows and len(code) == 8:
            bare = code[:-1].rstrip("X").rstrip(".")
            # an X may belong to the stored code itself (M22.2X1 is stored so; W19.XXXA is not)
            for stem in (code[:-1], bare):
                if stem in self._rows:
                    return stem
        return code

    def title(self, code: str) -> str:
        """The official title, with the meaning of the seventh character; "" for a code that does not exist."""
        stem = self.stem(code)
        row = self._rows.get(stem)
        if row is None:
            return ""
        return row[2] if stem == code else f"{row[2]}, {SEVENTH.get(code[-1], 'seventh character ' + code[-1])}"

    def below(self, prefix: str) -> Iterator[CodeRow]:
        """The billable codes that start with `prefix` (itself included), in order, without seventh character."""
        at = bisect_left(self.codes, prefix)
        while at < len(self.codes) and self.codes[at].startswith(prefix):
            row = self.row(self.codes[at])
            if row.billable:
                yield row
            at += 1

    def usual_leaf(self, code: str) -> str:
        """The billable code that a code or category stands for where nothing more is said; "" where none does.

        The code itself, else the one below it called unspecified; the first seventh character where one is needed.
        """
        if code not in self._usual:
            self._usual[code] = code if self.billable(code) else self._unspecified_below(code)
        return self._usual[code]

    def _unspecified_below(self, code: str) -> str:
        found = list(self.below(code))
        plain = [row for row in found if "unspecified" in row.title.lower()] or (found if len(found) == 1 else [])
        if not plain:
            return ""
        row = min(plain, key=lambda r: (-r.title.lower().count("unspecified"), len(r.code), r.code))
        return extended(row.code, row.seventh[0]) if row.seventh else row.code
