"""Modifiers: their form, and those that tell NCCI that two services of one day were separate.

Source: NCCI Policy Manual for Medicare, chapter 1, section E (NCCI PTP-associated modifiers), CMS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_FORM = re.compile(r"[0-9A-Z]{2}", re.ASCII)
_EYELIDS = {f"E{n}" for n in range(1, 5)}
_FINGERS = {"FA", *(f"F{n}" for n in range(1, 10))}
_TOES = {"TA", *(f"T{n}" for n in range(1, 10))}
_SIDES_AND_VESSELS = {"LT", "RT", "LC", "LD", "LM", "RC", "RI"}
_GLOBAL_SURGERY = {"24", "25", "57", "58", "78", "79"}
_SEPARATE = {"27", "59", "91", "XE", "XS", "XP", "XU"}
NCCI_ASSOCIATED = frozenset(_EYELIDS | _FINGERS | _TOES | _SIDES_AND_VESSELS | _GLOBAL_SURGERY | _SEPARATE)
REPEATS = frozenset({"76", "77", "91"})  # the same service again on the same day, on purpose


def well_formed(modifier: str) -> bool:
    """Whether a modifier is two digits or upper-case letters."""
    return _FORM.fullmatch(modifier) is not None


def separates(modifiers: Iterable[str]) -> bool:
    """Whether any of the modifiers sets an NCCI edit aside that admits one."""
    return not NCCI_ASSOCIATED.isdisjoint(modifiers)
