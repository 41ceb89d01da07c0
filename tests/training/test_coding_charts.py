"""What a suggester learns from many signed charts, and what it must not."""

import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from billing_core.encounter import CodeSystem, Setting
from models.artifact import open_artifact
from models.coding.passages import passages
from models.coding.suggester import Suggester
from training.coding import SignedNote, build
from training.coding_charts import PUBLISHED, Chart, Mark, Privacy, charts_files, known_words, learned
from training.coding_reranker import best_threshold
from training.evaluate_coding import LabelledNote

NAME = "Zebediah Quimbleton"
ILLNESSES = {
    "gritty eye with glue": "H10.9",
    "sandy wheeze of winter": "J45.909",
    "burning toe": "M10.9",
    "dull brow ache": "R51",
}


def _chart(number: int, text: str, codes: tuple[str, ...], marks: tuple[Mark, ...] = ()) -> Chart:
    return Chart(f"n{number}", passages(text, {}), frozenset(codes), marks)


def _practice(size: int) -> list[SignedNote]:
    """Charts of a practice with words of its own, each naming its patient."""
    draw = random.Random(3)
    notes = []
    for number in range(size):
        said = draw.sample(sorted(ILLNESSES), 2)
        text = f"{NAME} came on Monday. There is {said[0]}. We also saw {said[1]}. {NAME} was told to return.\n"
        notes.append(SignedNote(LabelledNote(f"n{number:03}", text, tuple(ILLNESSES[s] for s in said))))
    return notes


@pytest.fixture(scope="module")
def practice_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("practice") / "model"
    build(directory, _practice(120))
    return directory


def test_marked_words_are_learned_with_how_often_they_were_signed() -> None:
    text = "Pain of the right testis."
    marks = (Mark("N50.811", ((0, 4), (12, 24))),)
    charts = [_chart(1, text, ("N50.811",), marks), _chart(2, "Right testis without pain.", ())]
    found = list(learned(charts, PUBLISHED).words.find(charts[0].passages[0].normals))
    assert [(set(f.entry.bag), f.entry.notes, f.entry.codes[0].signed) for f in found] == [
        ({"pain", "right", "testis"}, 2, 1)
    ]


def test_the_same_charts_give_the_same_bytes() -> None:
    charts = [_chart(n, "Burning toe. Fever.", ("M10.9",)) for n in range(6)]
    assert charts_files(charts, PUBLISHED) == charts_files(charts, PUBLISHED)


def test_a_practices_phrase_needs_five_patients_and_known_words() -> None:
    privacy = Privacy(5, known_words({"burning", "toe", "fever", "2024"}))
    charts = [_chart(n, f"{NAME}: burning toe.", ("M10.9",)) for n in range(6)]
    charts += [_chart(9 + n, "Fever.", ("R50.9",)) for n in range(4)]
    charts += [_chart(20 + n, "All well.", ()) for n in range(20)]
    same = _chart(50, "Winter chill.", ("R68.83",))
    charts += [replace(same, id=f"n{50 + n}", patient="comes often") for n in range(8)]
    files = charts_files(charts, replace(privacy, known=privacy.known and privacy.known | {"winter", "chill"}))
    learned_words = b"".join(files[name] for name in files if name != "usual.json")
    assert b"chill" not in learned_words and b"R68.83" not in learned_words, "eight notes of one patient are one"
    assert b"burning toe" in files["book_words.tsv"]
    assert b"fever" not in files["book_words.tsv"]  # four notes
    assert b"quimbleton" not in b"".join(files.values()).lower()
    assert known_words({"2024", "toe"}) == {"toe"}


def test_the_practices_own_words_are_suggested_with_their_place(practice_model: Path) -> None:
    suggester = Suggester.load(practice_model)
    text = "She came with sandy wheeze of winter."
    found = suggester.suggest(text, Setting.OUTPATIENT, date(2026, 4, 1), 40, "F").codes
    codes = {c.code: c for c in found if c.system is CodeSystem.ICD10CM}
    assert "J45.909" in codes and "M10.9" not in codes
    best = codes["J45.909"]
    assert best.spans and all(s.start < s.end <= len(text) for s in best.spans)
    assert "signed charts" in best.rule


def test_no_name_of_a_chart_enters_the_artifact(practice_model: Path) -> None:
    content = b"".join((practice_model / name).read_bytes() for name in open_artifact(practice_model).names).lower()
    content += (practice_model / "manifest.json").read_bytes().lower()
    assert b"toe" in content
    for word in NAME.lower().split():
        assert word.encode() not in content


def test_training_is_deterministic(practice_model: Path, tmp_path: Path) -> None:
    assert build(tmp_path / "again", _practice(120)) == open_artifact(practice_model).sha256


def test_a_code_the_release_does_not_know_is_offered_only_before_it(practice_model: Path) -> None:
    suggester = Suggester.load(practice_model)

    def codes(day: date) -> list[str]:
        found = suggester.suggest("There is dull brow ache.", Setting.OUTPATIENT, day, None, "U")
        return [c.code for c in found.codes]

    assert "R51" in codes(date(2020, 1, 1))
    assert "R51" not in codes(date(2026, 4, 1))


def test_the_threshold_is_the_highest_of_equals() -> None:
    assert best_threshold([900, 800, 200], [True, True, False], 2) == (800, 1.0)
