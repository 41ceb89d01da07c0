"""One night of a practice, in the order of a dollar: answers in and posted, mends, claims out, statements, the queue.

Each step is a use case with its own transaction: a night that is cut short is taken up by the next one, because files
are kept once and claims move only by legal steps.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from serving.desk import answers, batch, billing, intake, money
from serving.desk.case import Desk
from serving.errors import InputError


def run_night(desk: Desk, inbox: Path, outbox: Path, registrations: Path | None, mends: Path | None) -> dict[str, Any]:
    """Run the night of the desk's business date; returns counts, and the queue as plain values."""
    with desk.store.read(desk.practice_id) as books:
        today = desk.today(books)
        seen = {f.name for f in books.files()}
    if registrations is not None:
        intake.register(desk, registrations, _night_before(desk, today), today)
    refused, posted = [], 0
    for path in sorted(p for p in inbox.iterdir() if p.is_file() and p.name not in seen and not p.name.startswith(".")):
        try:
            posted += answers.receive(desk, path.name, path.read_bytes()).posted
        except InputError as error:
            refused.append(f"{path.name}: {error}")
    mended = batch.mend_all(desk, mends) if mends is not None and mends.exists() else {}
    sent = billing.submit(desk, outbox)
    statements = money.run_statements(desk)
    return {
        "today": today.isoformat(),
        "sets_posted": posted,
        "files_refused": refused,
        "mended": mended,
        "claims_sent": sent.claims,
        "claims_held": sent.held,
        "statements": len(statements),
        "queue": billing.queue(desk).model_dump(),
    }


def _night_before(desk: Desk, today: date) -> date:
    """The business date of the last night, from the event log; the first night takes in everything."""
    with desk.store.read(desk.practice_id) as books:
        nights = books.events(action="patient.register")
    return nights[-1].at.date() if nights else today - timedelta(days=36500)
