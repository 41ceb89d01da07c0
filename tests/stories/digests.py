"""Two digests of the books: of every stored row (nothing has changed), and of what they mean (the same story).

The first is for refusals: after one, the books are byte for byte as before. The second leaves out what chance and the
clock give (ids, hashes, moments), so that two installations with the same history have the same one.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving.store.books import Books

ATTEMPTS = "sign_in_attempt"  # counts wrong passwords: it is there to change


def rows_digest(database: Path, without: tuple[str, ...] = (ATTEMPTS,)) -> str:
    """The sha256 of every row of every table of an SQLite file, but for the tables named."""
    hashed = hashlib.sha256()
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (name,) in names.fetchall():
            if name not in without:
                rows = sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))  # a name of the schema's own
                hashed.update(f"{name}\n{chr(10).join(rows)}\n".encode())
    finally:
        connection.close()
    return hashed.hexdigest()


def _claims(books: Books) -> Iterator[Any]:
    for standing in books.claims():
        claim, row = standing.claim, standing.row
        yield [claim.number, standing.state, claim.frequency, claim.encounter_id, claim.total, str(row.submitted_on)]


def _entries(books: Books) -> Iterator[Any]:
    """The ledger in order, each charge by its visit and line."""
    names: dict[str, str] = {}
    for visit in books.encounters():
        names |= {charge.id: f"{visit.encounter.id}/{charge.line}" for charge in books.charges(visit.encounter.id)}
    for entry in books.entries():
        legs = [
            [leg.account.kind, leg.account.owner or "", leg.account.party, names.get(leg.charge_id, ""), leg.amount]
            for leg in entry.legs
        ]
        yield [entry.kind, str(entry.effective), legs]


def told(books: Books) -> dict[str, list[Any]]:
    """What the books say, without ids, hashes and moments."""
    files = [[f.direction, f.kind, f.name, f.sha256, f.outcome] for f in books.files()]
    return {
        "claims": sorted(_claims(books)),
        "ledger": list(_entries(books)),
        "files": sorted(files),
        "statements": sorted([s.guarantor_id, str(s.statement_on), s.total] for s in books.statements()),
        "denials": sorted(
            [d.line, d.category, d.amount, str(d.deadline), d.status]
            for denied in books.denials_of_claims(row.id for row in books.claim_rows()).values()
            for d in denied
        ),
        "visits": [[v.encounter.id, v.status] for v in books.encounters()],
        "payments": sorted([p.position, p.payment.number, p.payment.status, p.payment.paid] for p in _payments(books)),
    }


def _payments(books: Books) -> Iterator[Any]:
    for row in books.remittances():
        yield from books.claim_payments(remittance_id=row.id)


def meaning_digest(books: Books) -> str:
    """The sha256 of what the books say."""
    return hashlib.sha256(json.dumps(told(books), sort_keys=True).encode()).hexdigest()
