"""A practice with many claims out and an 835 that answers them: for speed, for cuts, for many writers at once.

Everything comes from a seed. One visit, one claim of two lines each; four claims to a patient. Invented people.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from billing_core.claim import Claim, ClaimState
from billing_core.encounter import Encounter, Setting
from billing_core.identifiers import claim_number, line_control_number
from billing_core.ledger import Cause
from billing_core.posting import post_charge
from billing_core.registration import Guarantor
from billing_core.remittance import ClaimPayment, Remittance
from billing_core.x12 import remittance_835
from billing_core.x12.envelope import Envelope
from serving.desk.case import Desk, open_desk
from serving.ids import FixedClock, SeededIds
from serving.security import operator
from serving.settings import Settings
from serving.store.books import Books, Store
from tests.billing_core import specimens
from tests.billing_core.money_specimens import PAYER_1, answer, charges, remittance

PRACTICE = specimens.PRACTICE
BILLED = date(2026, 4, 9)
TODAY = date(2026, 5, 4)
ANSWERS = (
    (("CO-45 40", "PR-3 15"), ("CO-45 10",)),
    (("CO-45 40", "PR-1 20", "PR-2 16"), ("CO-45 10",)),
    (("CO-45 40",), ("CO-45 10",)),
    (("CO-197 100",), ("CO-45 10",)),
    (("CO-45 40",), ("CO-97 30",)),
)


@dataclass(frozen=True)
class Busy:
    """What was sent out."""

    claims: tuple[Claim, ...]


def claim_of(serial: int) -> Claim:
    """The claim of that serial: two lines, 130.00."""
    patient = replace(
        specimens.PATIENT,
        id=f"patient-{serial // 4}",
        record_number=str(serial // 4),
        guarantor_id=f"guarantor-{serial // 4}",
    )
    coverage = replace(
        specimens.COVERAGE, id=f"coverage-{serial // 4}", patient_id=patient.id, member_id=f"W{serial // 4:08}"
    )
    number = claim_number("ELMF", serial)
    lines = tuple(
        specimens.line(n, code, amount, control=line_control_number(number, n), charge_id=f"charge-{serial}-{n}")
        for n, (code, amount) in enumerate((("99213", 10000), ("36415", 3000)), start=1)
    )
    return specimens.claim(
        *lines,
        id=f"claim-{serial}",
        number=number,
        encounter_id=f"encounter-{serial}",
        patient=patient,
        coverage=coverage,
    )


def fill(books: Books, count: int) -> Busy:
    """Register, charge and send that many claims."""
    claims = tuple(claim_of(serial) for serial in range(1, count + 1))
    books.save_payer(specimens.PAYER)
    books.save_contract(specimens.CONTRACT)
    books.save_provider(specimens.PROVIDER)
    books.save_location(specimens.LOCATION)
    people = {c.patient.id: c for c in claims}.values()
    books.save_guarantors([Guarantor(c.patient.guarantor_id, c.patient.name, specimens.HOME) for c in people])
    books.save_patients([c.patient for c in people])
    books.save_coverages([c.coverage for c in people])
    for claim in claims:
        visit = Encounter(
            claim.encounter_id, claim.patient.id, "provider", "location", specimens.SERVICE, Setting.OUTPATIENT, ""
        )
        books.save_encounter(visit)
    made = [charge for claim in claims for charge in charges(claim)]
    books.save_charges(made)
    cause = Cause("person coder", "charge capture")
    books.append_entries([post_charge(c, PAYER_1, books.new_id(), BILLED, cause) for c in made])
    for claim in claims:
        books.save_claim(claim, ClaimState.SUBMITTED, submitted_on=BILLED)
    return Busy(claims)


def opened(url: str, count: int, home: Path, seed: int = 1) -> tuple[Desk, Busy]:
    """New books at `url` with that many claims out, and the operator's desk over them."""
    store = Store(url, FixedClock(TODAY), SeededIds(seed))
    with store.access() as access:
        access.add_practice(PRACTICE)
    with store.open(PRACTICE.id) as books:
        busy = fill(books, count)
    return desk_over(store, url, home), busy


def desk_over(store: Store, url: str, home: Path) -> Desk:
    """The operator's desk over books that are there."""
    settings = Settings(home=home, database_url=url)
    return open_desk(settings, store, operator(PRACTICE.id), store.clock, store.new_id)


def answers(claims: Iterable[Claim], seed: int = 7) -> list[ClaimPayment]:
    """An answer to each claim: paid, shared, denied, by the seed."""
    chance = random.Random(seed)
    return [answer(claim, *chance.choice(ANSWERS)) for claim in claims]


def advice(payments: Sequence[ClaimPayment], trace: str = "T1", **more: object) -> Remittance:
    """A balanced remittance of these answers to this practice."""
    fields: dict[str, Any] = {"payee_npi": PRACTICE.npi, "payee_tin": PRACTICE.tin, "payee_name": PRACTICE.name, **more}
    given = remittance(*payments, trace=trace, **fields)
    return replace(given, payer_address=specimens.HOME, payer_phone="8005550100")


def file_of(*remittances: Remittance, control: int = 1) -> bytes:
    """The 835 as bytes."""
    return remittance_835.write(remittances, Envelope("60054", "ELMF", control, datetime(2026, 5, 4)))
