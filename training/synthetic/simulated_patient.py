"""The simulated patient: what guarantors do with a statement. They pay all of it, part of it, or nothing.

Reads the statements of one night and writes a lockbox file of payments. Draws are made from the statement's id: the
same statements, the same payments. Invented shares, chosen so that most but not all of what patients owe comes in.

    cleanclaim-train simulated-patient --statements FILE --out FILE
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from billing_core.money import amount_text, parse_amount

PAYS_ALL, PAYS_HALF = 0.55, 0.12


def payment(statement_id: str, total: str) -> str:
    """What comes back for a statement, as a decimal string; "" for nothing."""
    draw = int.from_bytes(hashlib.sha256(f"{statement_id}|pays".encode()).digest()[:8]) / 2**64
    if draw < PAYS_ALL:
        return total
    half = parse_amount(total) // 2
    return amount_text(half) if draw < PAYS_ALL + PAYS_HALF and half else ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The statements of a night and the file of payments."""
    parser.add_argument("--statements", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)


def run(args: argparse.Namespace) -> int:
    """Answer one night's statements."""
    rows = []
    for sent in json.loads(args.statements.read_text("utf-8")):
        if amount := payment(sent["id"], sent["total"]):
            rows.append(json.dumps({"statement_id": sent["id"], "amount": amount, "method": "check"}) + "\n")
    args.out.write_text("".join(rows), "utf-8")
    sys.stdout.write(f"{len(rows)} payments\n")
    return 0
