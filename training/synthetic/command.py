"""`cleanclaim-train synthetic --world FILE --encounters N --seed S --out DIR`: make a synthetic practice."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from training.synthetic import folder
from training.synthetic.reading import WorldError
from training.synthetic.world import OWN_WORLDS, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = "Write a world folder: a practice, its patients, visits, notes and right codes, from a seed."
    parser.add_argument("--world", type=Path, default=OWN_WORLDS / "midtown.toml", help="world file (TOML)")
    parser.add_argument("--encounters", type=int, default=1200, help="how many encounters (default 1200)")
    parser.add_argument("--seed", type=int, default=1, help="the seed; the same seed gives the same bytes")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")


def run(args: argparse.Namespace) -> int:
    """Make and write the world; 2 when the world file or a number is wrong."""
    if args.encounters < 1:
        print("error: --encounters must be at least 1", file=sys.stderr)  # noqa: T201 - the command's own door
        return 2
    try:
        world = load(args.world)
    except WorldError as error:
        print(f"error: {args.world.name}: {error}", file=sys.stderr)  # noqa: T201 - the command's own door
        return 2
    made = folder.make(world, args.encounters, args.seed)
    folder.write(made, args.world.read_bytes(), args.out)
    slips = Counter(name for entry in made.entries for name in entry.slips)
    said = ", ".join(f"{name} {count}" for name, count in sorted(slips.items()))
    print(  # noqa: T201 - the command's own door
        f"{world.name}: {len(made.entries)} encounters of {len(made.persons)} patients in {args.out}\nslips: {said}"
    )
    return 0
