"""A challenger is refused for each single thing that is wrong with it, and told which."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from training import denial_gate, gate

SINCE = "2026-04-04"


def claims(count: int = 600, seed: int = 3) -> list[dict[str, Any]]:
    """Claims whose outcome follows the challenger's own probability; the baselines know the base rate alone."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        truth = chance.choice((0.04, 0.1, 0.3, 0.7))
        payer = "payer A" if number % 3 else "payer B"
        groups = [payer, "age 18 to 64" if number % 2 else "age 65 and over", *(["payer C"] if number < 9 else [])]
        rows.append(
            {
                "denied": chance.random() < truth, "probability": truth, "patient_key": f"p{number // 2}",
                "groups": groups, "base_rate": 0.28, "payer_x_procedure_table": 0.27,
                "payer_x_procedure_table_of_lines": 0.29, "logistic_on_codes": 0.3,
            }
        )  # fmt: skip
    return rows


def judged(rows: list[dict[str, Any]], theirs: Callable[[dict[str, Any]], float]) -> denial_gate.Judgement:
    return denial_gate.judge(rows, [theirs(row) for row in rows], SINCE, seed=5)


def refused(found: denial_gate.Judgement) -> list[tuple[str, str]]:
    return [(check.kind, check.name) for check in found.refusals]


def test_what_is_better_everywhere_passes_and_every_check_is_told() -> None:
    found = judged(claims(), lambda row: 0.28)
    assert found.passed and not refused(found)
    names = [check.name for check in found.checks]
    assert names == [
        denial_gate.IN_SERVICE, "base rate", "payer x procedure table", "payer x procedure table of lines",
        "logistic on codes", "calibration",
        "age 18 to 64", "age 65 and over", "payer A", "payer B",
    ]  # fmt: skip
    assert found.too_few == (("payer C", 9),) and (found.n, found.patients) == (600, 300)
    text = found.text()
    assert text.count("  holds    ") == 10 and "REFUSED" not in text
    assert "sent from 2026-04-04 on" in text and "under 60 claims: payer C (9)" in text


def test_no_gain_over_the_model_in_service_is_refused_in_plain_words() -> None:
    found = judged(claims(), lambda row: row["probability"])
    assert refused(found) == [(denial_gate.BEATS, denial_gate.IN_SERVICE)]
    assert str(found).startswith("does not beat the model in service: its log loss is lower by 0.0000 a claim")
    assert "95% are needed" in str(found)


def test_who_is_worse_is_said_to_be_higher() -> None:
    rows = claims()
    worse = [{**row, "probability": 0.28} for row in rows]
    found = denial_gate.judge(worse, [row["probability"] for row in rows], SINCE, seed=5)
    assert (denial_gate.BEATS, denial_gate.IN_SERVICE) in refused(found)
    assert "its log loss is higher by 0." in str(found)


def test_a_baseline_that_it_does_not_beat_refuses_it_even_when_the_champion_is_bad() -> None:
    rows = [{**row, "logistic_on_codes": row["probability"]} for row in claims()]
    found = judged(rows, lambda row: 0.9)
    assert refused(found) == [(denial_gate.BEATS, "logistic on codes")]


def test_what_orders_well_and_states_too_much_is_refused() -> None:
    rows = [{**row, "probability": row["probability"] ** 0.6} for row in claims(3000)]
    found = judged(rows, lambda row: 0.29)
    assert (denial_gate.CALIBRATED, "calibration") in refused(found)
    assert "the model in service is off by 0.0" in str(found) and "and is nearer" in str(found)


def test_what_is_off_and_yet_nearer_than_what_serves_is_let_in_and_told() -> None:
    """A payer changed its rules: neither knew, and the one further off must not stay for that."""
    rows = [{**row, "probability": row["probability"] ** 0.6} for row in claims(3000)]
    found = judged(rows, lambda row: 0.9)
    assert (denial_gate.CALIBRATED, "calibration") not in refused(found)
    assert "what it states is not met" in found.text() and "so it is nearer" in found.text()
    assert "calibrated, no group" not in str(found)


def test_a_gain_paid_for_by_one_group_is_refused_and_the_group_named() -> None:
    """Much better for payer A, and for payer B worse than what serves."""
    rows = claims()
    spoilt = [{**row, "probability": 0.28} if "payer B" in row["groups"] else row for row in rows]
    truth = [row["probability"] if "payer B" in row["groups"] else 0.5 for row in rows]
    found = denial_gate.judge(spoilt, truth, SINCE, seed=5)
    assert (denial_gate.GROUP, "payer B") in refused(found)
    assert (denial_gate.BEATS, denial_gate.IN_SERVICE) not in refused(found)
    assert "payer B is worse off than with the model in service" in found.text()


def test_chance_in_one_of_many_groups_refuses_nobody() -> None:
    """Forty groups drawn at random: one in twenty looks worse at 95 %, and that is no reason."""
    chance = random.Random(8)
    rows = [{**row, "groups": [f"group {chance.randrange(40)}"]} for row in claims(4000)]
    theirs = [min(0.95, max(0.02, row["probability"] + chance.uniform(-0.03, 0.03))) for row in rows]
    alone = 0
    for name in sorted({row["groups"][0] for row in rows}):
        at = [p for p, row in enumerate(rows) if row["groups"] == [name]]
        given = ([bool(rows[p]["denied"]) for p in at], [rows[p]["probability"] for p in at], [theirs[p] for p in at])
        alone += not gate.compare("x", *given, [rows[p]["patient_key"] for p in at], 5, no_worse=True).passed
    assert alone, "looked at one by one some would be refused"
    assert denial_gate.GROUP not in [kind for kind, _ in refused(denial_gate.judge(rows, theirs, SINCE, seed=5))]


def test_too_few_claims_and_claims_without_their_groups_are_refused_with_the_mend() -> None:
    with pytest.raises(denial_gate.GateError, match="only 59 judged claims"):
        judged(claims(59), lambda row: 0.5)
    old = [{name: said for name, said in row.items() if name != "groups"} for row in claims(80)]
    with pytest.raises(denial_gate.GateError, match="lack groups"):
        judged(old, lambda row: 0.5)
