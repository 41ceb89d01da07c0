"""Evidence marked in another language lands on the words that translate it."""

from pathlib import Path

from training.coding_charts import Mark
from training.projected_marks import read_marks

WORDS = {"fiebre": "fever", "tos": "cough", "dolor": "pain", "nausea": "sickness", "anemia": "anemia", "asma": "asthma"}


def _folder(path: Path) -> Path:
    """Notes whose sentences are told in two languages word by word; the third sentence was lost in translation."""
    (path / "notes").mkdir(parents=True)
    (path / "spanish_notes").mkdir()
    rows = ["note_id\tcode\ttext\toffsets"]
    names = sorted(WORDS)
    for number in range(30):
        a, b, c = (names[(number * k + k) % len(names)] for k in (1, 2, 5))
        original = f"El paciente tiene {a} hoy. No refiere {b} ayer. Luego {c}."
        (path / "spanish_notes" / f"n{number:02}.txt").write_text(original, encoding="utf-8")
        (path / "notes" / f"n{number:02}.txt").write_text(
            f"The patient has {WORDS[a]} today.\nNot reporting {WORDS[b]} yesterday.\n", encoding="utf-8"
        )
        rows.append(f"n{number:02}\tX{names.index(a)}\t{a}\t{original.index(a)} {original.index(a) + len(a)}")
    (path / "spanish_spans.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_marks_land_on_the_translation(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "data")
    right = total = 0
    for note, marks in read_marks(folder).items():
        text = (folder / "notes" / f"{note}.txt").read_text(encoding="utf-8")
        for mark in marks:
            total += 1
            expected = WORDS[sorted(WORDS)[int(mark.code[1:])]]
            right += expected in {text[start:end] for start, end in mark.parts}
    assert total >= 27
    assert right >= 0.9 * total


def test_marks_in_the_note_itself_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "spans.tsv").write_text("note_id\tcode\tstart\tend\nn1\ti10\t3\t15\n", encoding="utf-8")
    assert read_marks(tmp_path) == {"n1": (Mark("I10", ((3, 15),)),)}


def test_a_folder_without_marks_has_none(tmp_path: Path) -> None:
    assert read_marks(tmp_path) == {}
