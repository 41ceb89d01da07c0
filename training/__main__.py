"""`cleanclaim-train`: every command of training, the synthetic practice and the simulated payer.

A command is a module with `add_arguments(parser)` and `run(args) -> int`; only the one asked for is imported, so
`--help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "synthetic": ("training.synthetic.command", "make a synthetic practice: people, visits, notes, answers"),
    "real-notes": ("training.synthetic.real_notes", "let some visits of a synthetic practice carry real notes"),
    "simulated-coder": (
        "training.synthetic.simulated_coder",
        "accept and reject suggestions as a certified coder would",
    ),
    "simulated-biller": ("training.synthetic.simulated_biller", "mend refused claims as a biller would"),
    "simulated-patient": ("training.synthetic.simulated_patient", "pay, or not, what statements ask for"),
    "payer": ("training.simulated_payer.command", "answer 837 files with 999, 277CA and 835 files"),
    "coding": ("training.coding", "build or train the code suggester"),
    "evaluate-coding": ("training.evaluate_coding", "judge the code suggester on a folder of coded notes"),
    "denial": ("training.denial", "train and judge the denial model on an export"),
    "overturn": ("training.overturn", "how likely an appeal is to be won, from the practice's own decided appeals"),
    "evaluate-denial": ("training.evaluate", "compare held-out predictions with the oracle of a synthetic world"),
    "evaluate-appeal": (
        "training.evaluate_appeal",
        "the learner on California's reviews of refused care, year by year",
    ),
    "evaluate-audit": ("training.evaluate_audit", "the learner on Medicare's audit sample, grouped by claim"),
    "promote": ("training.promote", "write the registered model that passed the gate, for the API to activate"),
    "reconcile": (
        "training.reconcile",
        "bring the register's aliases after the practice's books, or say where they differ",
    ),
    "demo": ("training.demo", "the whole path on a synthetic practice, by public commands chained"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status is the command's."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="cleanclaim-train", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    for name, (module, words) in COMMANDS.items():
        command = commands.add_parser(name, help=words, description=words)
        if name == asked:
            importlib.import_module(module).add_arguments(command)
    args = parser.parse_args(arguments)
    status: int = importlib.import_module(COMMANDS[args.command][0]).run(args)
    return status


if __name__ == "__main__":
    sys.exit(main())
