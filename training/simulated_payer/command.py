"""`cleanclaim-train payer`: the folder door. New *.837 files in, TA1, 999, 277CA and 835 files out.

The practice's own 999s and TA1s, which answer those, are read from the same folder and noted in the docket.

cleanclaim-train payer --world DIR --today DATE --inbox DIR --outbox DIR --state DIR [--tables DIR] [--http PORT]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from billing_core.codesets.tables import Tables
from billing_core.errors import BillingError
from training.simulated_payer.claims_office import ClaimsOffice
from training.simulated_payer.docket import close_docket, open_docket
from training.simulated_payer.front_door import LARGEST
from training.simulated_payer.habits import WorldError
from training.simulated_payer.known import Known, read_world

MAIL = (".837", ".999", ".ta1")


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a world's payers take their mail, leave their answers and keep their docket."""

    known: Known
    tables: Tables
    inbox: Path
    outbox: Path
    state: Path

    def answer(self, today: date) -> Sequence[str]:
        """One run: read what is new in the inbox, give every answer due up to `today`; the names of the answers."""
        docket = open_docket(self.state, self.outbox)
        answers = ClaimsOffice(self.known, self.tables, docket).run(self._mail(), today)
        close_docket(self.state, self.outbox, docket, answers)
        return sorted(answers)

    def _mail(self) -> list[bytes]:
        """The files of the inbox; of one beyond the limit only as much as shows that it is."""
        mail = []
        for path in sorted(path for path in self.inbox.iterdir() if path.suffix in MAIL):
            with path.open("rb") as file:
                mail.append(file.read(LARGEST + 1))
        return mail


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folders, the day, and the port of the other door."""
    parser.add_argument("--world", type=Path, required=True, help="world folder: payer_side.json, world.toml")
    parser.add_argument("--today", type=date.fromisoformat, required=True, help="answers due up to this day are given")
    parser.add_argument("--inbox", type=Path, required=True, help="folder of *.837 files")
    parser.add_argument("--outbox", type=Path, required=True, help="folder for the answers")
    parser.add_argument("--state", type=Path, required=True, help="folder of the payers' docket and oracle.csv")
    parser.add_argument(
        "--tables", type=Path, default=None, help="folder of code tables; without it codes are not checked"
    )
    parser.add_argument("--http", type=int, default=None, metavar="PORT", help="serve on 127.0.0.1 instead of one run")


def open_doors(world: Path, inbox: Path, outbox: Path, state: Path, tables: Path | None = None) -> Doors:
    """The payers of a world folder, ready to answer. Raises WorldError when the folder does not hold them."""
    if not inbox.is_dir():
        raise WorldError("the inbox is not a folder", where="--inbox", mend="make it, or correct the path")
    outbox.mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    return Doors(read_world(world), Tables.open(tables) if tables else Tables.empty(), inbox, outbox, state)


def run(args: argparse.Namespace) -> int:
    """One run of the folder door, or the HTTP door until it is stopped. 2 when the world or the docket is not right."""
    try:
        doors = open_doors(args.world, args.inbox, args.outbox, args.state, args.tables)
        if args.http is not None:
            from training.simulated_payer.http_door import serve

            serve(doors, args.today, args.http)
            return 0
        names = doors.answer(args.today)
    except BillingError as error:
        sys.stderr.write(f"payer: {error}\n")
        return 2
    sys.stdout.write("".join(f"{name}\n" for name in names))
    return 0
