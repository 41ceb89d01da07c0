"""The public benchmarks on invented files of the published form, and on the published ones where they are present."""

import argparse
import json
import random
from pathlib import Path

import pytest

from tests.real_data import SHARED, needs
from training import benchmarks, evaluate_appeal, evaluate_audit

REVIEWS = SHARED / "denials" / "ca_imr_2001_2015.csv"
APPEAL_HEAD = (
    "Reference ID;Report Year;Diagnosis Category;Diagnosis Sub Category;Treatment Category;Treatment Sub Category;"
    "Determination;Type;Age Range;Patient Gender"
)


def call(module: object, *words: object) -> int:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    status: int = module.run(parser.parse_args([str(w) for w in words]))
    return status


def reviews(file: Path, years: range, turn: int = 9999) -> Path:
    """Reviews where one diagnosis decides, the other way round from the year `turn` on."""
    pick = random.Random(4)
    lines = [APPEAL_HEAD]
    for year in years:
        for number in range(120):
            hard = pick.random() < 0.5
            won = pick.random() < (0.8 if hard != (year >= turn) else 0.2)
            decision = "Overturned Decision of Health Plan" if won else "Upheld Decision of Health Plan"
            kind = "Autism" if hard else "Cardiac"
            lines.append(f"MN{year}-{number};{year};{kind};;Drugs;Other;{decision};Medical Necessity;31-40;Female")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return file


def test_what_decides_is_learned_year_by_year(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = reviews(tmp_path / "a.csv", range(2004, 2011))
    assert call(evaluate_appeal, "--train", train, "--json", tmp_path / "f.json") == 0
    found = json.loads((tmp_path / "f.json").read_text())
    assert found["figures"]["model"]["n"] == 3 * 120 and set(found["years"]) == {"2008", "2009", "2010"}
    assert found["figures"]["model"]["auc"] > 0.75
    shown = capsys.readouterr().out
    assert " overturned)" in shown and " denied)" not in shown


def test_no_year_is_judged_by_itself_or_by_later_ones(tmp_path: Path) -> None:
    """Turn the outcomes of the last year round: what is said of that year stays the same, of the years before too."""
    said = []
    for turn in (9999, 2010):
        cases = benchmarks.appeals(reviews(tmp_path / f"{turn}.csv", range(2004, 2011), turn))
        judged, found = benchmarks.walk_years(cases, {2009, 2010}, seed=1)
        said.append(found["model"])
        assert [case.year for case in judged] == [2009] * 120 + [2010] * 120
    assert said[0] == said[1]


def test_a_later_file_is_judged_after_all_of_the_first(tmp_path: Path) -> None:
    train, test = reviews(tmp_path / "a.csv", range(2004, 2008)), reviews(tmp_path / "b.csv", range(2008, 2009))
    assert call(evaluate_appeal, "--train", train, "--test", test, "--json", tmp_path / "f.json") == 0
    assert set(json.loads((tmp_path / "f.json").read_text())["years"]) == {"2008"}


def test_codes_never_seen_and_blank_ones_are_judged(tmp_path: Path) -> None:
    train, test = reviews(tmp_path / "a.csv", range(2004, 2008)), reviews(tmp_path / "b.csv", range(2008, 2009))
    text = test.read_text("utf-8-sig").replace("Cardiac;;Drugs;Other", "New;Newer;;").replace("31-40;Female", ";")
    test.write_text(text + ";;;;;;;;;\n\n", "utf-8-sig")
    assert call(evaluate_appeal, "--train", train, "--test", test, "--json", tmp_path / "f.json") == 0
    found = json.loads((tmp_path / "f.json").read_text())["figures"]["model"]
    assert found["n"] == 120 and 0 < found["brier"] < 0.3


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("MN2008-0;2008", "MN2008-0;08-09", "review 1: its Report Year is not a year"),
        ("MN2008-0;2008", "MN2008-0;", "review 1: its Report Year is not a year"),
        ("Decision of Health Plan", "", "review 1: its Determination"),
        ("Upheld Decision", "Withdrawn", "its Determination is neither Overturned nor Upheld"),
        (";31-40;Female", "", "review 1: not as many fields as the head"),
        ("Female", "Female;more", "review 1: not as many fields as the head"),
    ],
)
def test_a_row_that_is_no_decided_review_is_named(
    tmp_path: Path, old: str, new: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    train, test = reviews(tmp_path / "a.csv", range(2004, 2008)), reviews(tmp_path / "b.csv", range(2008, 2009))
    lines = test.read_text("utf-8-sig").replace(old, new)
    if told.endswith("Determination"):
        lines = lines.replace(";Overturned ;", ";;").replace(";Upheld ;", ";;")
    test.write_text(lines, "utf-8-sig")
    assert call(evaluate_appeal, "--train", train, "--test", test) == 2
    said = capsys.readouterr().err
    assert told in said and "b.csv" in said


def test_a_file_of_no_review_or_nothing_to_learn_from_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "e.csv").write_text(APPEAL_HEAD + "\n", "utf-8-sig")
    train = reviews(tmp_path / "a.csv", range(2004, 2008))
    assert call(evaluate_appeal, "--train", train, "--test", tmp_path / "e.csv") == 2
    assert "no review in it" in capsys.readouterr().err
    test = reviews(tmp_path / "b.csv", range(2008, 2009))
    train.write_text(train.read_text("utf-8-sig").replace("Overturned", "Upheld"), "utf-8-sig")
    assert call(evaluate_appeal, "--train", train, "--test", test) == 2
    assert "with reviews won and lost" in capsys.readouterr().err


def audit_lines(file: Path) -> Path:
    pick = random.Random(5)
    lines = ["claim_control_number,Part,DRG,HCPCS Procedure Code,Provider Type,Type of Bill,Review Decision,Error Code"]
    for claim in range(300):
        code = pick.choice(("99215", "99213", "J3490"))
        for _ in range(pick.randint(1, 3)):
            bad = pick.random() < {"99215": 0.6, "99213": 0.1, "J3490": 0.3}[code]
            lines.append(f'{claim},1. Part B,,{code},"Clinic, group",,{"Disagree" if bad else "Agree"},x')
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_audited_lines_of_one_claim_stay_together(tmp_path: Path) -> None:
    data = audit_lines(tmp_path / "c.csv")
    judged, said = benchmarks.by_claim(benchmarks.audits(data), {}, seed=1)
    folds: dict[str, set[int]] = {}
    for case in judged:
        folds.setdefault(case.group, set()).add(benchmarks.fold_of(case.group))
    assert len(judged) == len(said["model"]) > 400 and all(len(found) == 1 for found in folds.values())
    assert call(evaluate_audit, "--data", data, "--json", tmp_path / "f.json") == 0
    assert json.loads((tmp_path / "f.json").read_text())["figures"]["model"]["auc"] > 0.65


@pytest.mark.parametrize("module", [evaluate_appeal, evaluate_audit])
def test_another_file_is_refused_with_its_missing_column(
    tmp_path: Path, module: object, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.csv").write_text("a;b\n1;2\n")
    assert call(module, "--train" if module is evaluate_appeal else "--data", tmp_path / "x.csv") == 2
    assert "the column" in capsys.readouterr().err
    assert call(module, "--train" if module is evaluate_appeal else "--data", tmp_path / "none.csv") == 2


@pytest.mark.real_data
@needs("denials/ca_imr_2001_2015.csv")
def test_the_published_reviews_are_read_whole() -> None:
    cases = benchmarks.appeals(REVIEWS)
    assert len(cases) == 17_921 and 7_000 < sum(case.outcome for case in cases) < 8_500
    assert {case.year for case in cases} == set(range(2001, 2016))
