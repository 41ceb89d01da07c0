"""`cleanclaim contract ...`: a contract file checked, its vectors run and each cent explained. No books are needed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from billing_core.codesets.tables import Tables

if TYPE_CHECKING:
    from billing_core.contract import Contract
    from billing_core.contract_check import VectorResult


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE ... [--explain]."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--explain", action="store_true", help="every line of every vector, cent by cent")


def _tables() -> Tables:
    from serving import settings
    from serving.desk.case import open_tables

    return open_tables(settings.read())


def _read(path: Path) -> Contract | None:
    """The contract, or None when the file's faults have been said."""
    from billing_core.contract_file import read

    try:
        found = read(path.read_bytes())
    except OSError as error:
        print(f"{path.name}: cannot be read: {error.strerror}; correct the path", file=sys.stderr)
        return None
    for finding in found.findings:
        print(f"{path.name}: {finding.where}: {finding.message}; {finding.mend}", file=sys.stderr)
    return found.contract


def test(args: argparse.Namespace) -> int:
    """Check contract files and run their vectors; --explain shows each cent. 1 when something does not hold."""
    from billing_core.contract_check import check_vectors

    tables, status = _tables(), 0
    for path in args.files:
        contract = _read(path)
        if contract is None:
            status = 1
            continue
        results = check_vectors(contract, tables)
        for result in results:
            _say(result, args.explain)
        held = sum(result.holds for result in results)
        published = sum(result.vector.published for result in results)
        print(f"{path.name}: {held} of {len(results)} vectors hold ({published} published)")
        status = max(status, 0 if held == len(results) else 1)
    return status


def _say(result: VectorResult, explain: bool) -> None:
    if explain or not result.holds:
        print(f"{'holds' if result.holds else 'FAILS'}  {result.vector.name}  [{result.vector.source}]")
        for difference in result.differences:
            print(f"       {difference}")
        for words in result.decision.reasons if result.decision else (result.error,):
            print(f"       {words}")


def clauses(args: argparse.Namespace) -> int:
    """Every clause of contract files in words, with the name by which a reckoning calls it."""
    from billing_core.contract_words import clauses as of

    status = 0
    for path in args.files:
        contract = _read(path)
        if contract is None:
            status = 1
            continue
        print(f"{path.name}: {contract.name or contract.payer_id}, from {contract.effective.isoformat()}")
        for clause, words in of(contract):
            print(f"  {clause:40s} {words}")
    return status
