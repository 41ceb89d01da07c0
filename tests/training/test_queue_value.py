"""What an order of the queue is worth, on claims counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.denial.history import History
from models.denial.replay import in_order, replay
from models.denial.share import taken
from tests.training import export_fixture
from training import queue_value
from training.export_folder import read


def row(key: str, dollars: int, p: float, refused: int, day: str = "2026-01-05") -> dict[str, object]:
    return {
        "claim_key": key,
        "claim_number": key,
        "submitted_on": day,
        "at_stake_cents": 100 * dollars,
        "refused_cents": 100 * refused,
        queue_value.EXPECTED_LOSS: 100.0 * (refused if refused == 100 else dollars),
        "probability": p,
        "payer_x_procedure_table": 0.2,
        "payer_x_procedure_table_of_lines": 0.2,
        "days_to_submit": 3,
    }


def test_a_claim_that_loses_a_line_gives_way_to_one_that_loses_more() -> None:
    """Of ten claims one is worked: the larger and likelier claim would lose a tenth, the smaller one all."""
    rows = [row("big", 1000, 0.5, 100), row("small", 400, 0.5, 400), *(row(f"k{n}", 10, 0.1, 0) for n in range(8))]
    truth = {str(r["claim_key"]): 0.5 if r["refused_cents"] else 0.0 for r in rows}
    found = queue_value.compared(rows, truth)
    assert found["kept"][queue_value.WHOLE] == found["kept"][queue_value.ORACLE] == 10_000
    assert found["kept"][queue_value.MODEL] == found["kept"][queue_value.ORACLE_BY_LINE] == 40_000
    assert found["kept"][queue_value.FORESIGHT] == 40_000 and found["refused_cents"] == 50_000
    assert found["way"] is None, "by amount alone one keeps what the oracle does"
    assert found["way_by_line"] == 1


def test_each_month_is_worked_for_itself() -> None:
    rows = [row(f"{m}{n}", 100 + n, 0.1 * n, n, f"2026-0{m}-02") for m in (1, 2) for n in range(10)]
    assert queue_value.kept_cents(rows, lambda r: float(r["probability"])) == 1800


def test_the_way_is_told_with_and_without_the_lines() -> None:
    found = {"refused_cents": 100, "kept": {queue_value.MODEL: 90, "amount": 10}, "way": 0.8, "way_whole": 0.7,
             "way_by_line": 0.6}  # fmt: skip
    said = "\n".join(queue_value.text(found))
    assert "to the oracle: 80%" in said and "were claims taken whole: 70%" in said
    assert "to an oracle that has the same lines: 60%" in said
    assert queue_value.way(3, 2, 2) is None and queue_value.way(3, 2, 4) == pytest.approx(0.5)


def test_losses_are_what_the_desk_would_keep_with_the_score(tmp_path: Path) -> None:
    """One definition: the walk through the export gives, claim by claim, what the night gives on its way."""
    submissions = read(export_fixture.write(tmp_path / "export", export_fixture.cases(120))).submissions
    lost = queue_value.losses(submissions)
    history, parts = History(), 0
    for sending, known in replay(in_order(s.sending for s in submissions), history):
        own = taken(sending.facts, known)
        expected = sum(c * ppm for c, ppm in zip(sending.facts.amounts_cents, own, strict=True)) / 1_000_000
        assert lost[sending.facts.claim_key] == expected <= sending.facts.total_cents
        parts += expected < sending.facts.total_cents
    assert len(lost) == 120 and parts == sum(len(s.facts.procedures) > 1 for s in submissions) > 20
