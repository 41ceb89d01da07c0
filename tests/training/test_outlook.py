"""Why a claim would be denied and when its payer answers: beside what the payer usually does, and silent when few."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from models.denial.outlook import LEARNED, TOO_FEW, USUAL, Forecaster, Usual, softmax
from tests.training import export_fixture
from training import denial, outlook, splits
from training.export_folder import Export, read


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    return read(export_fixture.write(tmp_path_factory.mktemp("outlook") / "export", export_fixture.cases(1200)))


def test_both_questions_are_answered_and_judged_by_time(export: Export) -> None:
    rows, plan = denial.replay(export.submissions), splits.plan(export.submissions, export.as_of)
    found = outlook.learn(export.submissions, rows, plan, seed=1)
    category, days = found.figures["category"], found.figures["days"]
    assert category["verdict"] == LEARNED and category["log_loss"] < category["usual_log_loss"]
    assert category["right"] > category["usual_right"] and category["n"] >= outlook.LEAST_JUDGED
    assert days["verdict"] in (LEARNED, USUAL) and days["days_off"] < 12
    said = Forecaster(found.files).outlook("60050", list(rows[-1]))
    assert sum(share for _, share in said.categories) == pytest.approx(1_000_000, abs=10)
    assert said.categories[0][1] >= said.categories[-1][1] and 9 <= (said.days_to_answer or 0) <= 40
    assert Forecaster(found.files).outlook("never seen", list(rows[-1])).days_to_answer
    assert len(outlook.text(found.figures)) == 2


def test_outcomes_learned_later_move_no_judgement(export: Export) -> None:
    rows, plan = denial.replay(export.submissions), splits.plan(export.submissions, export.as_of)
    last = plan.folds[-1]
    earlier = replace(plan, folds=plan.folds[:-1])
    falsified = tuple(
        replace(s, categories=("other",)) if s.denied and s.adjudicated_on and s.adjudicated_on >= last.origin else s
        for s in export.submissions
    )
    judged = {p for fold in earlier.folds for p in fold.judge}
    kept = tuple(s if p in judged else f for p, (s, f) in enumerate(zip(export.submissions, falsified, strict=True)))
    true, false = (
        outlook.learn(found, rows, earlier, seed=1).figures["category"] for found in (export.submissions, kept)
    )
    assert true["log_loss"] == pytest.approx(false["log_loss"], abs=1e-9)


def test_few_cases_are_said_to_be_too_few(tmp_path: Path) -> None:
    small = read(export_fixture.write(tmp_path / "export", export_fixture.cases(300)))
    few = small.submissions
    rows, plan = denial.replay(few), splits.plan(few, small.as_of)
    found = outlook.learn(few, rows, plan, seed=1)
    assert found.figures["category"]["verdict"] == TOO_FEW
    said = Forecaster({}).outlook("60050", list(rows[-1]))
    assert said.categories == () and said.days_to_answer is None and said.said == (TOO_FEW, TOO_FEW)
    assert "too few" in outlook.text(found.figures)[0]


@pytest.mark.parametrize("text", ["{}", '{"names": ["a"], "of": {"x": [1]}}', '{"names": ["a"], "of": {"": [1, 2]}}'])
def test_what_is_no_payers_usual_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="usual"):
        Usual.from_json(text)


def test_shares_add_up_whatever_the_scores() -> None:
    assert math.fsum(softmax([1000.0, 0.0, -1000.0])) == pytest.approx(1)


def test_the_artifact_carries_both(export: Export, tmp_path: Path) -> None:
    from models.denial.history import History
    from models.denial.predictor import Predictor

    history = History()
    rows, plan = denial.replay(export.submissions, history), splits.plan(export.submissions, export.as_of)
    trained = denial.train(export.submissions, rows, plan, 1)
    denial.seal(tmp_path / "m", trained, export, plan, outlook.learn(export.submissions, rows, plan, 1))
    facts = replace(export.submissions[-1].facts, submitted_on=export.as_of.replace(year=export.as_of.year + 1))
    said = Predictor.load(tmp_path / "m").outlook(facts, history)
    assert said.categories and said.days_to_answer
