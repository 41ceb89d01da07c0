from dataclasses import replace
from datetime import date
from pathlib import Path

from billing_core.encounter import Setting
from models.artifact import open_artifact
from models.coding.suggester import PLACES, Suggester
from training.coding import COLD_THRESHOLD, COLD_WEIGHTS, SignedNote, build, house_terms
from training.evaluate_coding import LabelledNote, read_folder


def _notes() -> tuple[LabelledNote, ...]:
    """A practice that calls its own kind of visit "maintenance visit", and signs it Z71.89."""
    text = "Assessment:\n1. Maintenance visit\n2. Gout\n"
    tuned = [LabelledNote(f"t{i}", text, ("Z71.89", "M10.9")) for i in range(6)]
    plain = [LabelledNote(f"p{i}", f"Assessment:\n1. Gout\n2. Asthma {i}\n", ("M10.9",)) for i in range(20)]
    return (*tuned, *plain)


def test_the_cold_artifact_is_deterministic(cold_artifact: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "again")
    assert open_artifact(cold_artifact).sha256 == again
    for name in open_artifact(cold_artifact).names:
        assert (cold_artifact / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert open_artifact(cold_artifact).manifest["threshold"] == COLD_THRESHOLD
    assert open_artifact(cold_artifact).manifest["card"]["notes"] == 0


def test_a_practices_own_terms_weights_and_threshold_are_learned(cold_artifact: Path, tmp_path: Path) -> None:
    build(tmp_path / "warm", [SignedNote(note) for note in _notes()])
    text = "Assessment:\n1. Maintenance visit\n"

    def codes(model: Path) -> list[str]:
        found = Suggester.load(model).suggest(text, Setting.OUTPATIENT, date(2026, 4, 1), None, "U")
        return [c.code for c in found.codes if c.code[0].isalpha() and "." in c.code]

    assert codes(cold_artifact) == []
    assert codes(tmp_path / "warm") == ["Z71.89"]
    assert open_artifact(tmp_path / "warm").manifest["card"]["house_terms"] == 1


def test_a_term_is_the_houses_only_where_it_is_nearly_always_signed_so() -> None:
    found = house_terms(_notes(), {})
    assert [(t.words, t.code) for t in found] == [("maintenance visit", "Z71.89")]
    assert house_terms(_notes()[:4], {}) == ()
    assert house_terms(_notes(), {}, frozenset({"visit", "gout", "asthma"})) == (), "an unknown word is not learned"
    one = [replace(note, patient="the same") for note in _notes()]
    assert house_terms(one, {}) == (), "six notes of one patient are one patient"


def test_every_place_of_a_note_has_a_weight() -> None:
    places = [p for p in PLACES if p not in ("header", "cause", "charts")]
    wanted = {f"{place}.{how}" for place in places for how in ("phrase", "title")}
    assert wanted <= set(COLD_WEIGHTS)


def test_an_export_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/n1.txt").write_text("Assessment: gout", encoding="utf-8")
    (tmp_path / "notes/n2.txt").write_text("well", encoding="utf-8")
    (tmp_path / "codes.tsv").write_text(
        "note_id\tsystem\tcode\nn1\tICD-10-CM\tM10.9\nn1\tCPT\t99213\n", encoding="utf-8"
    )
    assert read_folder(tmp_path) == (
        LabelledNote("n1", "Assessment: gout", ("M10.9",), ("99213",)),
        LabelledNote("n2", "well", ()),
    )
