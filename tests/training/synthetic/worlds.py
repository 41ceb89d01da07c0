"""Worlds for the tests of this folder: the committed files, and one made small enough to make often."""

from __future__ import annotations

import copy
import tomllib
from functools import cache
from typing import Any

from training.synthetic import folder
from training.synthetic.folder import Made
from training.synthetic.world import OWN_WORLDS, World, load, parse

MIDTOWN = OWN_WORLDS / "midtown.toml"
RURAL = OWN_WORLDS / "rural.toml"


@cache
def midtown() -> World:
    return load(MIDTOWN)


@cache
def made(encounters: int = 400, seed: int = 11) -> Made:
    return folder.make(midtown(), encounters, seed)


def values() -> dict[str, Any]:
    """The midtown file's values, free to change."""
    return copy.deepcopy(tomllib.loads(MIDTOWN.read_text(encoding="utf-8")))


def with_slips(**shares: float) -> World:
    """Midtown with no slips but these."""
    changed = values()
    changed["slips"] = {k: v for k, v in changed["slips"].items() if k.endswith("_days")} | shares
    return parse(changed)
