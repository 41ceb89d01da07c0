"""One night of a practice, in the order of a dollar: answers in and posted, mends, claims out, statements, the queue.

Each step is a use case with its own transaction: a night that is cut short is taken up by the next one, because files
are kept once and claims move only by legal steps.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from serving.desk import (
    answers,
    batch,
    billing,
    follow_up,
    intake,
    money,
    replies,
    scoring,
    secondary,
    verification,
    watching,
)
from serving.desk.case import Desk
from serving.desk.paper import read_file
from serving.errors import Busy, NotTaken, ServingError
from serving.store.states import Direction


@dataclass(frozen=True, slots=True)
class Papers:
    """Where a night finds and leaves its papers: payers' answers and our claims, and what people handed in."""

    inbox: Path
    outbox: Path
    registrations: Path | None = None
    mends: Path | None = None
    payments: Path | None = None
    verify: bool = False  # ask the payers about coverages, too


def run_night(desk: Desk, papers: Papers) -> dict[str, Any]:
    """Run the night of the desk's business date; returns counts, the queue and the statements as plain values."""
    with desk.store.read(desk.practice_id) as books:
        today = desk.today(books)
        seen = {f.sha256 for f in books.files(Direction.INBOUND)}
    if papers.registrations is not None:
        intake.register_new(desk, papers.registrations)
    refused, posted = [], 0
    for path in sorted(p for p in papers.inbox.iterdir() if not p.name.startswith(".")):
        try:
            data = read_file(path)
            if hashlib.sha256(data).hexdigest() not in seen:
                posted += answers.receive(desk, path.name, data).posted
        except Busy:
            raise
        except NotTaken as error:  # its sender is told, and whoever reads the night's account
            refused.append(f"{path.name}: {error}")
            answers.turn_away(desk, path.name, data, error.message)
        except (ServingError, BillingError) as error:  # one bad file keeps no other from being posted
            refused.append(f"{path.name}: {error}")
    mended = batch.mend_all(desk, papers.mends) if papers.mends and papers.mends.exists() else {}
    payments = papers.payments
    paid = money.take_mailed_payments(desk, payments) if payments and payments.exists() else 0
    late = follow_up.bill_signed(desk)
    onward = secondary.build_secondaries(desk)
    sent = billing.submit(desk)
    asked = verification.ask(desk) if papers.verify else None
    replies.answer_files(desk)
    billing.deliver(desk, papers.outbox)
    statements = money.run_statements(desk)
    silent = follow_up.find_silent(desk)
    scored = scoring.score_if_served(desk)
    alarms = watching.watch_if_served(desk)
    return {
        "today": today.isoformat(),
        "sets_posted": posted,
        "files_refused": refused,
        "mended": mended,
        "payments_taken": paid,
        "visits_billed_late": late,
        "claims_to_next_payer": onward,
        "claims_sent": sent.claims,
        "claims_held": sent.held,
        "claims_silent": silent,
        "coverages_asked": asked.questions if asked else 0,
        "coverages_not_asked": asked.held if asked else [],
        "claims_scored": scored,
        "model_alarms": alarms,
        "statements": [s.model_dump() for s in statements],
        "queue": billing.queue(desk).model_dump(),
    }
