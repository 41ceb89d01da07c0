"""One definition of a row, run claim by claim and by column: the same bits, whatever the claims and the days."""

import os
import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from models.denial import columns
from models.denial.facts import ClaimFacts
from models.denial.features import NAMES, row
from models.denial.history import History, HistoryError
from models.denial.replay import Outcome, Sending, in_order, replay
from tests.models.denial.test_replay import sendings
from tests.training import export_fixture

CLAIMS = 100_000 if os.environ.get("CLEANCLAIM_SOAK") else 1_000
REASONS = (
    "authorization",
    "coding",
    "eligibility",
    "other payer",
    "provider enrollment",
    "timely filing",
    "not covered",
)


def known(pick: random.Random) -> str:
    """A practice's history of 1,500 claims with every kind of refusal in it, as text."""
    history = History()
    told = []
    for sending in sendings():
        facts = replace(sending.facts, card_key=f"card {pick.randrange(80)}", enrolled_days=pick.choice((20, 100, 400)))
        outcome = sending.outcome
        if outcome is not None and outcome.denied:
            outcome = Outcome(True, outcome.known_on, (pick.choice(REASONS),))
        told.append(Sending(facts, outcome))
    for _ in replay(in_order(told), history):
        pass
    return history.as_json()


def asked(pick: random.Random, like: list[ClaimFacts], count: int) -> list[ClaimFacts]:
    """Claims put together from pieces of many, some of people and payers never seen, one without a line."""
    made = []
    for place in range(count - 1):
        one, other = pick.choice(like), pick.choice(like)
        lines = {
            name: getattr(one, name) * 2 for name in ("procedures", "modifiers", "units", "amounts_cents", "pointed")
        }
        lines["modifiers"] = tuple(pick.choice(("", "25", "59")) for _ in lines["procedures"])
        lines["units"] = tuple(pick.randint(1, 3) for _ in lines["procedures"])
        made.append(
            replace(
                one,
                **(lines if pick.random() < 0.3 else {}),
                claim_key=f"new {place}",
                patient_key=other.patient_key if pick.random() < 0.7 else f"stranger {place}",
                coverage_key=other.coverage_key,
                card_key=pick.choice(("", f"card {pick.randrange(90)}")),
                payer=other.payer if pick.random() < 0.9 else "never seen",
                provider=pick.choice((one.provider, "a newcomer")),
                submitted_on=export_fixture.AS_OF + timedelta(days=pick.randint(1, 5)),
                days_to_submit=pick.randint(0, 400),
                enrolled_days=pick.choice((0, 60, 400)),
                resubmission=pick.random() < 0.1,
                frequency=pick.choice("17"),
                sex=pick.choice("FMU"),
                age_band=pick.choice((0, 40, 65)),
                diagnoses=pick.choice((one.diagnoses, (), ("M25.569", "I10"))),
            )
        )
    bare = replace(made[0], claim_key="bare", procedures=(), modifiers=(), units=(), amounts_cents=(), pointed=())
    return sorted([*made, bare], key=lambda claim: claim.submitted_on)


def test_by_row_and_by_column_are_bit_equal() -> None:
    pick = random.Random(7)
    text = known(pick)
    claims = asked(pick, [s.facts for s in sendings()], CLAIMS)
    history = History.from_json(text)
    by_row = np.asarray([row(claim, history) for claim in claims], dtype=np.float64)
    by_column = columns.rows(columns.from_facts(claims), History.from_json(text))
    assert by_row.shape == by_column.shape == (CLAIMS, len(NAMES))
    differing = [NAMES[place] for place in np.flatnonzero((by_row.view(np.int64) != by_column.view(np.int64)).any(0))]
    assert differing == []
    assert sum(len(set(column)) > 1 for column in by_row.T) > 70  # the claims differ in nearly every column


def test_columns_too_refuse_what_the_history_has_outlived() -> None:
    pick = random.Random(8)
    history = History.from_json(known(pick))
    claims = asked(pick, [s.facts for s in sendings()[:50]], 20)
    columns.rows(columns.from_facts(claims), history)
    past = [replace(claim, submitted_on=export_fixture.AS_OF - timedelta(days=90)) for claim in claims]
    with pytest.raises(HistoryError, match="already knows"):
        columns.rows(columns.from_facts(past), history)


def test_no_claims_make_no_rows() -> None:
    assert len(columns.rows(columns.from_facts([]), History())) == 0
