"""The predictor on a small model trained on planted causes: does it say what was planted, and refuse what is broken?"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from models import artifact
from models.artifact import ArtifactError
from models.denial.facts import ClaimFacts
from models.denial.features import NAMES, row
from models.denial.history import History, HistoryError
from models.denial.predictor import CALIBRATION, COLUMNS, LINEAR, TREES, Predictor
from models.denial.reasons import GROUPS
from models.denial.replay import replay
from models.denial.what_if import MENDS
from tests.training import export_fixture
from training import denial, splits
from training.export_folder import Export, read


@dataclass(frozen=True)
class Trained:
    folder: Path
    predictor: Predictor
    export: Export
    history: History
    template: ClaimFacts


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    home = tmp_path_factory.mktemp("denial")
    export = read(export_fixture.write(home / "export", export_fixture.cases(800)))
    plan = splits.plan(export.submissions, export.as_of)
    model = denial.train(export.submissions, denial.replay(export.submissions), plan, seed=1)
    denial.seal(home / "model", model, export, plan)
    history = History()
    for _ in replay((s.sending for s in export.submissions), history):
        pass
    template = replace(
        export.submissions[-1].facts,
        claim_key="new",
        patient_key="new patient",
        coverage_key="new coverage",
        submitted_on=export.as_of + timedelta(days=1),
        days_to_submit=4,
        payer="60050",
        procedures=("97110",),
        modifiers=("",),
        units=(1,),
        amounts_cents=(9200,),
        pointed=("I10",),
        diagnoses=("I10", "Z79.899"),
        has_authorization=False,
    )
    yield Trained(home / "model", Predictor.load(home / "model"), export, history, template)


def test_the_planted_cause_is_named_and_its_mend_offered(trained: Trained) -> None:
    risk = trained.predictor.score(trained.template, trained.history)
    sound = trained.predictor.score(replace(trained.template, has_authorization=True), trained.history)
    assert risk.probability_ppm > 500_000 > 250_000 > sound.probability_ppm
    assert risk.flagged and not sound.flagged
    first = risk.reasons[0]
    assert first.group == "authorization" and first.effect > 0 and "No prior authorization" in first.sentence
    mend = risk.what_ifs[0]
    assert mend.mend == "authorization" and mend.probability_ppm == sound.probability_ppm


def test_what_only_history_shows_is_used(trained: Trained) -> None:
    plain = replace(trained.template, procedures=("93000",), has_authorization=True)
    before = trained.predictor.score(plain, trained.history)
    history = History.from_json(trained.history.as_json())
    refused = replace(plain, claim_key="old", submitted_on=plain.submitted_on - timedelta(days=40))
    history.submitted(refused)
    history.adjudicated(refused, True, trained.export.as_of, ["eligibility"])
    after = trained.predictor.score(plain, history)
    assert after.probability_ppm > before.probability_ppm + 50_000
    coverage = [reason for reason in after.reasons if reason.group == "coverage"]
    assert coverage and coverage[0].effect > 0 and "coverage" in coverage[0].sentence
    assert [w.mend for w in after.what_ifs] == ["coverage"]


def test_scoring_alone_and_in_a_batch_is_the_same(trained: Trained) -> None:
    rows = [row(trained.template, trained.history)] * 3
    alone = trained.predictor.probability_ppm(trained.template, trained.history)
    payers = [trained.template.payer] * 3
    assert trained.predictor.probabilities_ppm(rows, payers=payers) == (alone,) * 3
    assert trained.predictor.row_ppm(rows[0], payers[0]) == alone
    assert trained.predictor.probabilities_ppm(rows) == (trained.predictor.row_ppm(rows[0]),) * 3  # no payer named
    assert trained.predictor.score(trained.template, trained.history).probability_ppm == alone
    assert trained.predictor.probabilities_ppm([]) == ()


def test_a_claim_of_the_past_cannot_be_scored_with_todays_knowledge(trained: Trained) -> None:
    trained.predictor.score(trained.template, trained.history)
    past = replace(trained.template, submitted_on=trained.export.as_of - timedelta(days=90))
    with pytest.raises(HistoryError):
        trained.predictor.score(past, trained.history)


def test_a_claim_nobody_has_seen_the_like_of_is_scored(trained: Trained) -> None:
    strange = replace(
        trained.template, payer="", procedures=(), modifiers=(), units=(), amounts_cents=(), pointed=(), diagnoses=()
    )
    risk = trained.predictor.score(strange, History())
    assert 0 < risk.probability_ppm < 1_000_000
    for group in GROUPS:
        assert group.say(strange, History()) and group.say(trained.template, History())


def test_every_column_is_in_one_group_of_reasons() -> None:
    columns = [column for group in GROUPS for column in group.columns]
    assert sorted(columns) == sorted(NAMES)


def test_mends_never_touch_codes(trained: Trained) -> None:
    claim = replace(trained.template, coverage_active=False, has_referral=False, has_group_number=False)
    fixed = ("procedures", "modifiers", "units", "amounts_cents", "pointed", "diagnoses", "place_of_service")
    assert len(MENDS) == 4
    for mend in MENDS:
        assert mend.lacks(claim, History())
        after = mend.mended(claim)
        assert after != claim and not mend.lacks(after, History())
        assert all(getattr(after, name) == getattr(claim, name) for name in fixed)


@pytest.mark.parametrize("name", [LINEAR, TREES, CALIBRATION, COLUMNS, artifact.MANIFEST])
def test_a_damaged_file_is_refused_by_name(trained: Trained, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "model"
    shutil.copytree(trained.folder, copy)
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(bytes(data))
    with pytest.raises(ArtifactError) as refused:
        Predictor.load(copy)
    assert refused.value.where == name and refused.value.mend


def resealed(trained: Trained, target: Path, files: dict[str, bytes], **fields: object) -> Path:
    source = artifact.open_artifact(trained.folder)
    whole = {name: source.read(name) for name in source.names} | files
    own = {k: v for k, v in source.manifest.items() if k not in ("format", "files", "seal")}
    artifact.write(target, whole, own | fields)
    return target


def test_another_kind_other_columns_and_no_trees_are_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="not a denial model"):
        Predictor.load(resealed(trained, tmp_path / "a", {}, kind="coding"))
    with pytest.raises(ArtifactError, match="other columns"):
        Predictor.load(resealed(trained, tmp_path / "b", {COLUMNS: b'["age"]'}))
    with pytest.raises(ArtifactError, match="do not hold a model"):
        Predictor.load(resealed(trained, tmp_path / "c", {TREES: b"tree\nnothing\n"}))
    with pytest.raises(ArtifactError, match="do not hold a model"):
        Predictor.load(resealed(trained, tmp_path / "d", {CALIBRATION: b"{}"}))
    with pytest.raises(ArtifactError, match="do not hold a model"):
        Predictor.load(resealed(trained, tmp_path / "e", {LINEAR: b'{"weights": [1], "means": [0], "intercept": 0}'}))


def test_the_same_claims_and_seed_give_the_same_bytes(trained: Trained, tmp_path: Path) -> None:
    plan = splits.plan(trained.export.submissions, trained.export.as_of)
    submissions = trained.export.submissions
    model = denial.train(submissions, denial.replay(submissions), plan, seed=1)
    seal = denial.seal(tmp_path / "again", model, trained.export, plan)
    assert seal == trained.predictor.sha256


def test_what_each_column_adds_is_the_same_alone_and_in_a_batch(trained: Trained) -> None:
    import numpy as np

    model = trained.predictor
    rows = [tuple(n * place % 7 / 3 for place in range(len(NAMES))) for n in range(1, 40)]
    many = zip(model._trees.contributions(np.asarray(rows)), model._linear.contributions(rows), strict=True)
    for one, (trees, line) in zip(rows, many, strict=True):
        assert list(model._trees.contributions_of(one)) == trees.tolist()
        assert model._linear.contributions_of(one) == line.tolist()
        assert model._trees.raw_of(one) == model._trees.raw(np.asarray([one]))[0]
