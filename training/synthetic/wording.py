"""Words as doctors write them: numbers drawn, one way of several, abbreviations, typing errors, wrapped lines."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from training.synthetic.chance import Chance

# The long form and the ways it is cut short. Whole words, case kept at the start of a sentence by leaving it alone.
ABBREVIATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("status post", ("s/p",)),
    ("history of", ("h/o", "hx of")),
    ("rule out", ("r/o",)),
    ("consistent with", ("c/w",)),
    ("without", ("w/o",)),
    ("with", ("w/",)),
    ("follow-up", ("f/u", "fu")),
    ("follow up", ("f/u",)),
    ("the patient", ("pt", "the pt")),
    ("patient", ("pt",)),
    ("patients", ("pts",)),
    ("blood pressure", ("BP",)),
    ("shortness of breath", ("SOB",)),
    ("short of breath", ("SOB",)),
    ("chest pain", ("CP",)),
    ("range of motion", ("ROM",)),
    ("right", ("R", "rt", "Rt")),
    ("left", ("L", "lt", "Lt")),
    ("bilateral", ("b/l", "bilat", "B/L")),
    ("physical therapy", ("PT",)),
    ("over the counter", ("OTC",)),
    ("as needed", ("PRN", "prn")),
    ("twice daily", ("BID", "bid")),
    ("daily", ("qd", "QD", "daily")),
    ("weeks", ("wks", "wk")),
    ("months", ("mos", "mo")),
    ("years", ("yrs", "yr")),
    ("continue", ("cont", "cont.")),
    ("increase", ("incr", "inc")),
    ("return", ("RTC", "return")),
    ("prescription", ("Rx",)),
    ("treatment", ("tx", "Tx")),
    ("diagnosis", ("dx",)),
    ("symptoms", ("sx", "Sx")),
    ("abdomen", ("abd",)),
    ("within normal limits", ("WNL", "wnl")),
    ("no known drug allergies", ("NKDA",)),
    ("year-old", ("yo", "y/o")),
    ("regarding", ("re", "re:")),
    ("medications", ("meds",)),
    ("laboratory", ("lab",)),
    ("because", ("bc", "b/c")),
)
_ALTERNATIVES = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_RANGE = re.compile(r"<(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)>")
_NAMED = re.compile(r"\{(\w+)\}")
_BOTH = re.compile(r"\b(?:the )bilateral (\w+)")
_WORD = re.compile(r"\b[a-z]{5,12}\b")


def _number(chance: Chance, low: str, high: str) -> str:
    """A number in the range, with as many decimals as its lower end has."""
    decimals = len(low.partition(".")[2])
    scale = 10**decimals
    value = chance.between(round(float(low) * scale), round(float(high) * scale))
    return f"{value / scale:.{decimals}f}" if decimals else str(value)


def fill(text: str, chance: Chance, names: Mapping[str, str]) -> str:
    """The text with its alternatives and numbers drawn and its names put in ({side}, {site}, {joint}, {units}).

    >>> fill("{a|a} {side} knee, <4-4>/10", Chance(1, "x"), {"side": "left"})
    'a left knee, 4/10'
    """
    text = _NAMED.sub(lambda m: names.get(m.group(1), m.group(0)), text)  # first: names stand inside alternatives
    text = _ALTERNATIVES.sub(lambda m: chance.one_of(m.group(1).split("|")), text)
    text = _RANGE.sub(lambda m: _number(chance, m.group(1), m.group(2)), text)
    return _BOTH.sub(r"both \1s", text)


def capital(text: str) -> str:
    """The first letter made a capital; the rest as it is."""
    return text[:1].upper() + text[1:]


def abbreviate(text: str, chance: Chance, level: float) -> str:
    """The text with each long form, once decided for the whole text, cut short in `level` of the cases."""
    for long, shorts in ABBREVIATIONS:
        if chance.happens(level):
            short = chance.one_of(shorts)
            text = re.sub(rf"\b{re.escape(long)}\b", short, text)
    return text


def mistype(text: str, chance: Chance, rate: float) -> str:
    """Two neighbouring letters exchanged, or one left out, in `rate` of the longer lower-case words."""

    def slip(match: re.Match[str]) -> str:
        word = match.group(0)
        if not chance.happens(rate):
            return word
        at = chance.between(1, len(word) - 3)
        if chance.happens(0.3):
            return word[:at] + word[at + 1 :]
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return _WORD.sub(slip, text)


def wrapped(text: str, width: int) -> str:
    """Lines broken at `width`, as a dictation system prints them."""
    lines = (textwrap.wrap(line, width, break_long_words=False) or [""] for line in text.split("\n"))
    return "\n".join(part for group in lines for part in group)


def listed(items: list[str], last: str = "and") -> str:
    """a; a and b; a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
