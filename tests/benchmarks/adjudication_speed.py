"""How many claims a second one core adjudicates, against reading the claims from their 837P alone.

    python -m tests.benchmarks.adjudication_speed [--claims N]

Claims are invented and seeded: one to four lines under the commercial contract of data/synthetic/contracts, every
fourth with an earlier payer. The ratio says what deciding costs beside reading; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from billing_core.accumulator import Accumulators
from billing_core.adjudication import adjudicate
from billing_core.claim import Claim, PriorPayer
from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.contract_file import read
from billing_core.identifiers import claim_number
from billing_core.refusal import PayerFacts
from billing_core.remittance import Adjustment, Group
from billing_core.x12 import claim_837p
from billing_core.x12.envelope import Envelope
from tests.billing_core import specimens

CODES = ("99213", "99214", "36415", "80053", "85025", "20610", "11042", "93000", "99396", "J1885")
RECEIVED = date(2026, 4, 20)


def commercial() -> Contract:
    """The commercial contract of the documentation."""
    path = Path(__file__).resolve().parents[2] / "data/synthetic/contracts/commercial-ppo.toml"
    found = read(path.read_bytes()).contract
    assert found is not None
    return replace(found, vectors=())


def claims(count: int, seed: int) -> list[Claim]:
    """Invented claims, the same for the same seed."""
    chance, made = random.Random(seed), []
    for serial in range(1, count + 1):
        lines = tuple(
            specimens.line(n, code, chance.randrange(500, 60000), units=chance.choice((1, 1, 1, 2)))
            for n, code in enumerate(chance.sample(CODES, chance.randrange(1, 5)), start=1)
        )
        prior: tuple[PriorPayer, ...] = ()
        if serial % 4 == 0:
            left = tuple(
                (b.number, b.amount // 2, (Adjustment(Group.PATIENT, "2", b.amount - b.amount // 2),)) for b in lines
            )
            paid = sum(p for _, p, _ in left)
            prior = (PriorPayer(specimens.PAYER, specimens.COVERAGE, paid, specimens.SERVICE, left),)
        rank = 2 if prior else 1
        made.append(specimens.claim(*lines, number=claim_number("ELMF", serial), rank=rank, prior_payers=prior))
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--claims", type=int, default=20_000)
    count = parser.parse_args().claims
    work, terms, tables, facts = claims(count, seed=4), commercial(), Tables.empty(), PayerFacts()
    used = Accumulators("coverage", 2026, 50000, 50000)
    passes = []
    for _ in range(3):  # the best of three: what the machine's other work does not touch
        start = time.process_time()
        for claim in work:
            adjudicate(claim, specimens.COVERAGE, terms, used, tables, RECEIVED, facts)
        passes.append(time.process_time() - start)
    deciding = min(passes)
    some = [adjudicate(c, specimens.COVERAGE, terms, used, tables, RECEIVED, facts) for c in work[:2000]]
    start = time.process_time()
    words = sum(len(reason) for decision in some for reason in decision.reasons)
    wording = (time.process_time() - start) / len(some)
    data = claim_837p.write(
        [replace(c, prior_payers=(), rank=1) for c in work],
        Envelope("ELMF", "60054", 1, datetime(2026, 4, 20)),
        "PAYER",
    )
    passes = []
    for _ in range(3):
        start = time.process_time()
        read_back = claim_837p.read(data)
        passes.append(time.process_time() - start)
    reading = min(passes)
    lines = sum(len(c.lines) for c in work)
    print(f"{count} claims, {lines} lines, one core (CPU time, best of three)")
    print(f"adjudicate        {count / deciding:10,.0f} claims/s   {deciding / count * 1e6:7.1f} us a claim")
    print(f"explain in words  {1 / wording:10,.0f} claims/s   {words // len(some)} characters a claim")
    print(f"read the 837P     {len(read_back) / reading:10,.0f} claims/s   (without earlier payers)")
    print(f"deciding costs {deciding / reading:.2f} of reading the claim alone")


if __name__ == "__main__":
    main()
