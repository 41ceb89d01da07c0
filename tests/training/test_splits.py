from datetime import timedelta
from pathlib import Path

import pytest

from tests.training import export_fixture
from training import splits
from training.export_folder import Export, read


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    return read(export_fixture.write(tmp_path_factory.mktemp("splits"), export_fixture.cases(600)))


def test_nothing_is_learned_that_was_not_known(export: Export) -> None:
    plan = splits.plan(export.submissions, export.as_of)
    assert len(plan.folds) > 8
    for fold in plan.folds:
        assert fold.learn and fold.judge
        for place in fold.learn:
            learned = export.submissions[place].adjudicated_on
            assert learned is not None and learned < fold.origin
            assert export.submissions[place].submitted_on <= fold.origin - timedelta(days=plan.maturity)
        assert all(export.submissions[place].submitted_on >= fold.origin for place in fold.judge)


def test_young_claims_are_in_no_part_even_when_answered(export: Export) -> None:
    plan = splits.plan(export.submissions, export.as_of)
    young = {
        place
        for place, s in enumerate(export.submissions)
        if s.submitted_on > export.as_of + timedelta(days=1 - plan.maturity)
    }
    assert any(export.submissions[place].denied is not None for place in young)
    assert not young & {place for fold in plan.folds for place in (*fold.learn, *fold.judge)}
    assert not young & set(plan.final)


def test_every_mature_claim_of_the_judged_time_is_judged_once_and_in_its_month(export: Export) -> None:
    plan = splits.plan(export.submissions, export.as_of)
    judged = [place for fold in plan.folds for place in fold.judge]
    assert len(judged) == len(set(judged))
    late = [place for place in plan.final if export.submissions[place].submitted_on >= plan.judged_from]
    assert list(plan.judged) == late and len(late) > 0.5 * len(plan.final)
    for fold in plan.folds:
        assert all((export.submissions[p].submitted_on - fold.origin).days < splits.STEP_DAYS for p in fold.judge)


def test_maturity_is_when_nearly_all_have_answered(export: Export) -> None:
    assert 30 <= splits.maturity_days(export.submissions) <= 40


def test_too_few_claims_are_refused(tmp_path: Path) -> None:
    few = read(export_fixture.write(tmp_path, export_fixture.cases(80)))
    with pytest.raises(splits.TooFew, match="too few"):
        splits.plan(few.submissions, few.as_of)
    with pytest.raises(splits.TooFew, match="no claim"):
        splits.plan((), few.as_of)
