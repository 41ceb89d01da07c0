"""A note without its people: names, dates, ids, addresses and telephone numbers replaced, the medicine left as it is.

What registration knows of the visit (patient, household, doctors, practice) is found by name; what it does not know is
found by its form. The same name gets the same invented name in every note of one export key. Dates keep their
distances: each patient's move by one secret number of days. The kinds replaced are the identifiers of
45 CFR 164.514(b)(2) that a note can hold. No rule finds every name a doctor may write (a neighbour, a misspelling): the
export is for training inside the practice, under its data use agreement, and is not a public file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

Key = Callable[[str], int]  # a large whole number that belongs to a text, under the export's secret

# Surnames and given names that are no words of medicine and no ordinary words.
# fmt: off
_LAST = [
    "Abernathy", "Bellweather", "Castellane", "Dunmore", "Eastbrook", "Fenwick", "Garrowby", "Hollister",
    "Inverness", "Jessop", "Kettering", "Lockhart", "Merriweather", "Northcote", "Oakhurst", "Pemberton", "Quillon",
    "Ravensworth", "Stanhope", "Thistlewood", "Underhay", "Vandermeer", "Wetherby", "Yarborough", "Zellander",
    "Ashdown", "Brackenridge", "Culpepper", "Draycott", "Ellington", "Farnsworth", "Goodfellow",
]
_FIRST = [
    "Alden", "Beatrix", "Cedric", "Delphine", "Edmund", "Felicity", "Gareth", "Henrietta", "Isidore", "Josephine",
    "Kenelm", "Lavinia", "Mortimer", "Nerys", "Osbert", "Philippa", "Quentin", "Rosalind", "Sylvester", "Tamsin",
    "Ursula", "Valentine", "Winifred", "Yolanda",
]
# Names that are also ordinary words are taken for names only where they are written with a capital.
_WORDS = frozenset({
    "art", "bell", "best", "bill", "black", "blood", "bone", "bush", "case", "chin", "cook", "cross", "day", "dean",
    "drew", "fields", "flood", "fox", "frank", "gray", "grace", "green", "hall", "hand", "head", "heart", "hill",
    "hope", "hunt", "joy", "king", "lane", "long", "love", "low", "major", "may", "mark", "marsh", "moles", "moon",
    "park", "pain", "pace", "price", "ray", "rice", "rose", "rush", "sharp", "short", "skin", "small", "stern",
    "stone", "strong", "summer", "swift", "walker", "wells", "white", "will", "wood", "woods", "young", "faith",
    "dawn", "eve", "iris", "ivy", "jade", "june", "april", "august", "lily", "ruby", "sandy", "brown",
})
# fmt: on
_NAMES_OF_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTHS = {name: n for n, whole in enumerate(_NAMES_OF_MONTHS, start=1) for name in (whole, whole[:3])} | {"sept": 9}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_ISO = re.compile(r"\b(\d{4})([-/.])(\d{1,2})\2(\d{1,2})\b")
_AMERICAN = re.compile(r"\b(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})\b")
_WRITTEN = re.compile(rf"\b({_MONTH}) (\d{{1,2}})(st|nd|rd|th)?(,? )(\d{{4}})\b", re.IGNORECASE)
_EUROPEAN = re.compile(rf"\b(\d{{1,2}})(st|nd|rd|th)? ({_MONTH}),? (\d{{4}})\b", re.IGNORECASE)
_NO_YEAR = re.compile(
    r"\b((?:on|since|of|dated|from|until|visit|seen|last|dob|born|date):? )"
    rf"(\d{{1,2}}[-/]\d{{1,2}}|{_MONTH} \d{{1,2}})\b(?!/|-)",
    re.IGNORECASE,
)
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "[email]"),
    (re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE), "[link]"),
    (re.compile(r"\b\d{3}-\d{2}-\d{4}\b"), "[number]"),
    (re.compile(r"(?<!\d)(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)"), "[telephone]"),
    (re.compile(r"\b\d{3}-\d{4}\b"), "[telephone]"),
    (
        re.compile(
            r"\b\d{1,5}[A-Z]? (?:[NSEW]\.? )?(?:[A-Z][\w'-]+ ){1,3}"
            r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way|Place|Pl|Terrace|Circle)\b\.?"
        ),
        "[address]",
    ),
    (re.compile(r"\b[A-Z]{2} \d{5}(?:-?\d{4})?\b"), "[postal code]"),
    (
        re.compile(
            r"(?i)\b((?:mrn|chart|record|member id|account|acct|policy|auth(?:orization)?)\b[ #:.no]*)[A-Z]*\d[\w-]*"
        ),
        r"\1[number]",
    ),
    (re.compile(r"\b(?=[0-9-]*[A-Z])(?=(?:[A-Z-]*\d){4})[A-Z0-9][A-Z0-9-]{5,}\b"), "[number]"),
    (re.compile(r"\b\d{6,}\b"), "[number]"),
    (re.compile(r"\b(?:9\d|1[01]\d)(?=[ -]*(?:y/?o\b|yr|year))"), "90"),
)  # fmt: skip
_TITLED = re.compile(r"\b(Dr|Mr|Mrs|Ms|Miss)\b(\.? )([A-Z][a-z'-]+(?: [A-Z][a-z'-]+)?)")
_BAD_DATE = "[date]"


@dataclass(frozen=True, slots=True)
class People:
    """What registration knows of one visit. `last` and `first` are names of persons; `things` are texts (addresses,
    ids, the practice's name) that must not remain. `patient` names whose dates move together.
    """

    patient: str
    last: frozenset[str]
    first: frozenset[str]
    things: frozenset[str]


def mask(text: str, people: People, key: Key) -> str:
    """The note under pseudonyms. The same people and key give the same text."""
    for thing in sorted((t for t in people.things if len(t) > 3), key=lambda t: (-len(t), t)):
        text = re.sub(rf"(?<!\w){_loosely(thing)}(?!\w)", "[removed]", text, flags=re.IGNORECASE)
    text = _move_dates(text, timedelta(days=30 + key(f"days|{people.patient}") % 300))
    for pattern, words in _FORMS:
        text = pattern.sub(words, text)
    for names, invented in ((people.last, _LAST), (people.first, _FIRST)):
        for name in sorted((n for n in names if len(n) > 1), key=lambda n: (-len(n), n)):
            text = _rename(text, name, partial(_invented, name, invented, key))
    return _TITLED.sub(partial(_titled, key), text)


def _loosely(thing: str) -> str:
    return r"\s+".join(re.escape(word) for word in thing.split())


def _invented(name: str, names: list[str], key: Key) -> str:
    """The invented name: the same for the same name; never the name itself."""
    others = [n for n in names if n.lower() != name.lower()]
    return others[key(f"name|{name.lower()}") % len(others)]


def _rename(text: str, name: str, invented: Callable[[], str]) -> str:
    word = rf"(?<![\w]){_loosely(name)}(?![a-z0-9_])"
    if name.lower() in _WORDS or len(name) < 4:
        pattern = re.compile(
            rf"(?<!\w)(?:{_loosely(name.capitalize())}|{_loosely(name)}|{_loosely(name.upper())})(?!\w)"
        )
    else:
        pattern = re.compile(word, re.IGNORECASE)

    def as_written(found: re.Match[str]) -> str:
        made = invented()
        return made.upper() if found.group().isupper() and len(name) > 1 else made

    return pattern.sub(as_written, text)


def _titled(key: Key, found: re.Match[str]) -> str:
    """A person with a title whom registration does not know; an invented name stays as it is."""
    title, gap, names = found.groups()
    known = set(_LAST) | set(_FIRST)
    kept = [n if n in known else _invented(n, _LAST, key) for n in names.split()]
    return f"{title}{gap}{' '.join(kept)}"


def _move_dates(text: str, by: timedelta) -> str:
    def moved(year: int, month: int, day: int) -> date | None:
        try:
            return date(year, month, day) - by
        except (ValueError, OverflowError):
            return None

    def iso(found: re.Match[str]) -> str:
        year, gap, month, day = found.groups()
        on = moved(int(year), int(month), int(day))
        return _BAD_DATE if on is None else f"{on.year}{gap}{on.month:02d}{gap}{on.day:02d}"

    def american(found: re.Match[str]) -> str:
        month, gap, day, year = found.groups()
        on = moved(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
        if on is None:
            return _BAD_DATE
        wide = "02d" if len(month) == 2 else "d"
        return f"{on.month:{wide}}{gap}{on.day:{wide}}{gap}{on.year if len(year) == 4 else f'{on.year % 100:02d}'}"

    def written(found: re.Match[str]) -> str:
        month, day, _, gap, year = found.groups()
        on = moved(int(year), _MONTHS[month.rstrip(".").lower()], int(day))
        return _BAD_DATE if on is None else f"{on:%B} {on.day}{gap}{on.year}"

    def european(found: re.Match[str]) -> str:
        day, _, month, year = found.groups()
        on = moved(int(year), _MONTHS[month.rstrip(".").lower()], int(day))
        return _BAD_DATE if on is None else f"{on.day} {on:%B} {on.year}"

    text = _EUROPEAN.sub(european, _WRITTEN.sub(written, _AMERICAN.sub(american, _ISO.sub(iso, text))))
    return _NO_YEAR.sub(rf"\1{_BAD_DATE}", text)


def names_of(people: Iterable[tuple[str, str]]) -> tuple[frozenset[str], frozenset[str]]:
    """(last, first) pairs as two sets, the parts of double names beside the whole."""
    lasts: set[str] = set()
    firsts: set[str] = set()
    for last, first in people:
        for whole, into in ((last, lasts), (first, firsts)):
            into.update(part for part in (whole.strip(), *re.split(r"[\s-]+", whole.strip())) if part)
    return frozenset(lasts), frozenset(firsts)
