"""From a practice's export to a registered, promoted suggester: what earns its place, and no patient in any of it.

Invented notes of an invented practice.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from billing_core.encounter import Setting
from models.artifact import open_artifact
from training import promote, tracking
from training.__main__ import main
from training.coding import SignedNote, _from_charts, learn_weights
from training.coding_export import NOTHING, REASONS, furnished, reason_of
from training.coding_gate import Reading, TooFewNotes, against, by_family, by_section, parted
from training.coding_metrics import Judged, paired_interval
from training.evaluate_coding import FolderError, LabelledNote, read_folder

NAMES = ("Quimbleton", "Zebediah", "Ravensworth")


def export(folder: Path, notes: Sequence[LabelledNote], decisions: Sequence[Mapping[str, str]] = ()) -> Path:
    """A folder as `cleanclaim export` writes its notes."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    (folder / "notes").mkdir(parents=True)
    codes, visits = ["note_id\tsystem\tcode"], ["note_id\tpatient_key\tage\tsex\tsetting"]
    for note in notes:
        (folder / "notes" / f"{note.id}.txt").write_text(note.text, "utf-8")
        codes += [f"{note.id}\tICD-10-CM\t{code}" for code in note.diagnoses]
        visits.append(f"{note.id}\t{note.patient}\t50\tF\toutpatient")
    (folder / "codes.tsv").write_text("\n".join(codes) + "\n", "utf-8")
    (folder / "visits.tsv").write_text("\n".join(visits) + "\n", "utf-8")
    names = ("note_id", "system", "code", "decision", "reason")
    schema = pa.schema([(name, pa.string()) for name in names])
    parquet.write_table(pa.Table.from_pylist(list(decisions), schema=schema), folder / "decisions.parquet")
    return folder


KNOWN = (
    "J20.9 Acute bronchitis; E11.9 Type 2 diabetes mellitus; M10.9 Gout; E03.9 Hypothyroidism; G43.909 Migraine; "
    "L40.9 Psoriasis; D64.9 Anemia; G47.00 Insomnia; J01.90 Acute sinusitis; J30.9 Allergic rhinitis; L70.0 Acne; "
    "E78.5 Hyperlipidemia; E66.9 Obesity; M81.0 Osteoporosis; N39.0 Urinary tract infection; F32.A Depression; "
    "I48.91 Atrial fibrillation; F41.9 Anxiety; J45.909 Asthma; L30.9 Eczema; K59.00 Constipation; R42 Vertigo; "
    "H93.19 Tinnitus; L71.9 Rosacea; E87.6 Hypokalemia; M79.7 Fibromyalgia; B02.9 Shingles; K64.9 Hemorrhoids; "
    "B35.1 Onychomycosis; M72.2 Plantar fasciitis; H40.9 Glaucoma; D50.9 Iron deficiency anemia; K90.0 Celiac disease; "
    "M06.9 Rheumatoid arthritis; I50.9 Heart failure; H26.9 Cataract; G40.909 Epilepsy; E55.9 Vitamin D deficiency"
)
ILLNESSES = KNOWN.split("; ")


def practice(patients: int = 60) -> list[LabelledNote]:
    """Two notes a patient, each naming patient and doctor. A quarter of the patients come for what this practice calls
    a maintenance visit, and signs Z71.89.
    """
    notes = []
    for number in range(patients):
        code, _, illness = ILLNESSES[number % len(ILLNESSES)].partition(" ")
        own = "2. Maintenance visit\n" if number % 4 == 2 else ""
        for visit in ("a", "b"):
            text = (
                f"{NAMES[0]} {NAMES[1]} came, number {number}.\nAssessment and plan:\n1. {illness}\n{own}"
                f"Seen by Dr. {NAMES[2]}.\n"
            )
            codes = (code, "Z71.89") if own else (code,)
            notes.append(LabelledNote(f"n{number:03}{visit}", text, codes, patient=f"p{number}"))
    return notes


# --- patients ----------------------------------------------------------------------------------------------------


def test_a_patient_is_learned_from_or_judged_never_both_and_always_the_same() -> None:
    learn, judge = parted(practice(90))
    owners = [{note.owner for note in part} for part in (learn, judge)]
    assert not owners[0] & owners[1] and sum(map(len, owners)) == 90
    assert 8 <= len(owners[1]) <= 30
    again = parted([*practice(90), LabelledNote("other", "x", (), patient="somebody else")])
    assert {note.id for note in judge} <= {note.id for note in again[1]}
    with pytest.raises(TooFewNotes):
        parted(practice(10))


def test_notes_of_one_patient_are_drawn_together() -> None:
    right, wrong = Judged(("I10",), (), frozenset({"I10"})), Judged((), (), frozenset({"I10"}))
    ours, theirs = [right] * 16 + [wrong] * 4, [wrong] * 16 + [right] * 4
    apart, together = paired_interval(ours, theirs), paired_interval(ours, theirs, ["one"] * 16 + ["two"] * 4)
    assert apart is not None and together is not None
    assert apart[0] > 0 > together[0], "sixteen notes of one patient are one witness"
    assert paired_interval(ours, theirs, [str(n) for n in range(20)]) == apart


# --- reasons -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_reason_changes_what_is_learned_of_the_evidence(cold_artifact: Path, reason: str) -> None:
    """Gout is named as a problem and not signed: what that says of problem headers depends on why."""
    from models.coding.suggester import Suggester

    suggester = Suggester.load(cold_artifact)
    text = "Assessment and plan:\n1. Gout\n2. Asthma\n"
    unsaid = [LabelledNote(f"n{n}", text, ("J45.909",)) for n in range(30)]
    given = [replace(note, rejected={"M10.9": reason}) for note in unsaid]
    absent = [replace(note, asked=frozenset({"M10"})) for note in unsaid]
    grades = {code: grade for code, (_, grade) in suggester.considered(text, Setting.OUTPATIENT, None, "U").items()}
    weight = {
        name: learn_weights(suggester, notes)[grades["M10.9"]]
        for name, notes in (("unsaid", unsaid), ("given", given), ("absent", absent))
    }
    assert weight["unsaid"] < weight["absent"]
    if REASONS[reason].reading > 1:
        assert weight["given"] < weight["unsaid"], "a coder looked and said that it was read wrongly"
    else:
        assert weight["given"] == weight["absent"], "the reading was right: it says nothing against the place"


def test_a_reason_changes_the_reranker(cold_artifact: Path) -> None:
    """The same charts give other trees once a coder has said why; a reason on no candidate changes nothing."""
    from models.coding.suggester import Suggester

    notes = [SignedNote(note) for note in practice(60)]

    def trees(rejected: Mapping[str, str]) -> bytes:
        said = [replace(each, note=replace(each.note, rejected=rejected)) for each in notes]
        return _from_charts(Suggester.load(cold_artifact), said, published=False).files["reranker.txt"]

    plain = trees({})
    assert trees({"V97.33XD": "not_supported"}) == plain
    assert trees({"E10.9": "not_supported"}) != plain


def test_an_export_tells_patients_reasons_and_what_was_asked(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    said = {"note_id": "n000a", "system": "ICD-10-CM", "code": "J45.20", "decision": "reject", "reason": "negated"}
    folder = export(
        tmp_path / "export", practice(2), [said, said | {"decision": "accept", "code": "I10", "reason": ""}]
    )
    asked = [{"note_id": "n001a", "code": "E11.9", "axis": "kind", "state": state} for state in ("settled", "open")]
    parquet.write_table(pa.Table.from_pylist(asked), folder / "queries.parquet")
    found = {note.id: note for note in furnished(folder, read_folder(folder))}
    assert (found["n000a"].patient, found["n000a"].age, found["n000a"].sex) == ("p0", 50, "F")
    assert found["n000a"].rejected == {"J45.20": "negated"} and not found["n000b"].rejected
    assert reason_of(found["n000a"], "J45.20") is REASONS["negated"]
    assert "E11.9" not in found["n001a"].diagnoses, "a code that rests on an answer is not learned from the note"
    assert reason_of(found["n001a"], "E11.65") is NOTHING


def test_a_damaged_export_is_refused(tmp_path: Path) -> None:
    folder = export(tmp_path / "export", practice(2))
    manifest = {"format": 1, "as_of": "2026-04-01", "files": {"codes.tsv": "0" * 64}}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(FolderError, match="damaged"):
        furnished(folder, read_folder(folder))


# --- the gate ----------------------------------------------------------------------------------------------------


def test_a_verdict_needs_more_than_luck() -> None:
    right, wrong = Judged(("I10",), (), frozenset({"I10"})), Judged((), (), frozenset({"I10"}))
    notes = [LabelledNote(str(n), "", ("I10",)) for n in range(40)]
    better = Reading(tuple([right] * 30 + [wrong] * 10)), Reading(tuple([right] * 10 + [wrong] * 30))
    verdict = against("plain", *better, notes)
    assert verdict.passed and verdict.low > 0 and "beats plain" in str(verdict)
    lucky = Reading(tuple([right] * 30 + [wrong] * 10)), Reading(tuple([right] * 29 + [wrong] * 11))
    assert not against("plain", *lucky, notes).passed
    assert not against("plain", better[0], better[0], notes).passed


def test_figures_by_section_and_family_add_up() -> None:
    judged = (Judged(("I10", "M10.9"), (), frozenset({"I10", "J45.909"})), Judged(("I10",), (), frozenset()))
    reading = Reading(judged, (("assessment", True), ("assessment", False), ("history", False)))
    assert {k: (c.right, c.offered) for k, c in by_section(reading).items()} == {
        "assessment": (1, 2),
        "history": (0, 1),
    }
    families = {k: (c.right, c.offered, c.signed) for k, c in by_family(reading).items()}
    assert families == {"I": (1, 2, 1), "J": (0, 0, 1), "M": (0, 1, 0)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """One run on the practice with words of its own: the home folder and the tracking URL."""
    home = tmp_path_factory.mktemp("gate")
    export(home / "export", practice())
    url = f"sqlite:///{home / 'mlflow.db'}"
    words = ["coding", "--data", str(home / "export"), "--tracking", url, "--out", str(home / "out")]
    assert main([*words, "--json", str(home / "figures.json")]) == 0
    yield home, url


def test_what_is_better_is_registered_with_its_figures_and_card(run: tuple[Path, str]) -> None:
    home, url = run
    found = json.loads((home / "figures.json").read_text("utf-8"))
    version = tracking.candidate(url, "coding")
    assert found["passed"] is dict(version.tags)["gate"].startswith("passed")
    assert open_artifact(version.artifact).sha256 == found["artifact_sha256"], "what was judged is what is registered"
    card = (version.beside / "model_card.md").read_text("utf-8")
    assert "| Z | " in card and "| assessment | " in card and "beats the shipped suggester" in card
    with sqlite3.connect(home / "mlflow.db") as database:
        names = {name for (name,) in database.execute("select key from metrics")}
    assert {"micro_f1", "families.Z.f1", "sections.assessment.right"} <= names


def test_no_name_of_a_chart_is_in_the_artifact_or_in_mlflow(run: tuple[Path, str]) -> None:
    home, _ = run
    files = [path for part in ("out", "mlflow-files") for path in (home / part).rglob("*") if path.is_file()]
    files += list(home.glob("mlflow.db*"))
    assert len(files) > 20
    for path in files:
        content = path.read_bytes().lower()
        for name in NAMES:
            assert name.lower().encode() not in content, path.name
        assert b"came, number" not in content, path.name


def test_the_one_in_service_must_be_beaten_and_a_person_signs(
    run: tuple[Path, str], cold_artifact: Path, tmp_path: Path
) -> None:
    home, url = run
    words = ["promote", "--tracking", url, "--model", "coding", "--out", str(tmp_path / "served")]
    assert main(words) == 2, "nobody has signed"
    assert main([*words, "--signed-by", "grace"]) == 0
    told = json.loads(promote.promotion_file(tmp_path / "served").read_text("utf-8"))
    assert (told["signed_by"], told["sha256"]) == ("grace", open_artifact(tmp_path / "served").sha256)
    assert tracking.holder(url, "coding", tracking.CHAMPION) == told["version"]
    cold = tmp_path / "cold"
    shutil.copytree(cold_artifact, cold)
    signed = [*words[:-1], str(cold), "--signed-by", "grace"]
    assert main(signed) == 2, "a suggester is compared on notes"
    assert main([*signed, "--data", str(home / "export")]) == 0
    assert open_artifact(cold).sha256 == told["sha256"], "it beat the cold one on the held-out patients"


def test_what_is_not_better_is_not_registered(
    run: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trained again on the same charts beside the one in service, it is no better than itself."""
    home, url = run
    before = tracking.candidate(url, "coding").version
    words = ["coding", "--data", str(home / "export"), "--tracking", url, "--out", str(tmp_path / "out")]
    assert main([*words, "--in-service", str(home / "out" / "artifact")]) == 0
    said = capsys.readouterr().out
    assert "does not beat in service" in said and "not registered" in said
    assert tracking.candidate(url, "coding").version == before


def test_too_few_notes_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = export(tmp_path / "export", practice(5))
    words = [
        "coding",
        "--data",
        str(folder),
        "--tracking",
        f"sqlite:///{tmp_path / 'm.db'}",
        "--out",
        str(tmp_path / "o"),
    ]
    assert main(words) == 2
    assert "too few" in capsys.readouterr().err
