from datetime import date
from pathlib import Path

import pytest

from billing_core.encounter import CodeSystem, Setting
from models.artifact import ArtifactError, write
from models.coding.suggester import KIND, Suggester, Suggestions
from training.coding import lexicon_entries

DAY = date(2026, 4, 1)


def _suggest(
    suggester: Suggester, text: str, setting: Setting = Setting.OUTPATIENT, age: int | None = None, sex: str = "U"
) -> Suggestions:
    return suggester.suggest(text, setting, DAY, age, sex)


def _diagnoses(suggester: Suggester, text: str, **visit: object) -> list[str]:
    found = _suggest(suggester, text, **visit)
    return [c.code for c in found.codes if c.system is CodeSystem.ICD10CM]


CASES = [
    ("A/P:\n1) Strep pharyngitis - amoxicillin\n2) Tobacco use", ["J02.0", "Z72.0"]),
    ("A: 1. T2DM w/ hyperglycemia 2. HTN, not at goal 3. HLD", ["E11.65", "I10", "E78.5"]),
    ("Assessment: R knee OA.", ["M17.11"]),
    ("CC: Left knee pain\nAssessment: Osteoarthritis of the knee.", ["M17.12"]),
    ("Assessment: Bilateral medial epicondylitis.", ["M77.01", "M77.02"]),
    ("Assessment: Right middle finger distal phalanx fracture.", ["S62.632A"]),
    ("Impression:\nEssential hypertension (I10)\nhx of colon ca", ["I10", "Z85.038"]),
    (
        "Assessment:\n#GERD\n- omeprazole\n#Rule out hyperthyroidism\n- TSH\n#Family history of breast cancer",
        ["K21.9", "Z80.3"],
    ),
    ("Assessment: Cough, likely viral URI. Pneumonia ruled out by x-ray.", ["R05.9"]),
    ("Assessment: Left shoulder pain, likely rotator cuff tendinopathy.", ["M25.512"]),
    ("Assessment:\nStatus post renal transplant.\nHistory of gout.", ["Z94.0", "Z87.39"]),
    ("Assessment:\nHistory of hypertension.", ["I10"]),
    ("Assessment:\n1. CHF\n2. HTN\n3. CKD stage 3b\n4. T2DM", ["I50.9", "I13.0", "N18.32", "E11.22"]),
    ("Assessment: Type 2 diabetes mellitus, poorly controlled", ["E11.65"]),
    ("Assessment: Migraine w/o aura, not intractable", ["G43.009"]),
    ("Assessment: Chronic back pain", ["G89.29", "M54.9"]),
    ("Assessment: Paroxysmal atrial fibrillation on apixaban", ["I48.0", "Z79.01"]),
    ("Assessment: left lower quadrant pain", ["R10.32"]),
    ("Assessment: Common wart of the hand, verruca vulgaris", ["B07.8"]),
    ("Assessment: Headache due to acute sinusitis", ["J01.90"]),
    ("Impression. First, strep pharyngitis. Amoxicillin.", ["J02.0"]),
    ("She came with cough. My impression is acute bronchitis. Rest.", ["J20.9"]),
    ("Assessment:\nAsthma\n\nDr. Graves", ["J45.909"]),
    ("HPI: well.\n\nPrior assessment 1/2/24: gout, asthma\n\nAssessment: GERD", ["K21.9"]),
    ("HPI: He fell on the stairs.\nAssessment: Left ankle sprain", ["S93.402A", "W10.9XXA"]),
    ("HPI: He fell on the stairs.\nAssessment: GERD", ["K21.9"]),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_note(suggester: Suggester, text: str, expected: list[str]) -> None:
    assert sorted(_diagnoses(suggester, text)) == sorted(expected)


def test_an_uncertain_diagnosis_is_coded_in_inpatient_care_only(suggester: Suggester) -> None:
    text = "Assessment: Probable pneumonia."
    assert _diagnoses(suggester, text) == []
    assert _diagnoses(suggester, text, setting=Setting.INPATIENT) == ["J18.9"]


def test_the_first_problem_is_listed_first(suggester: Suggester) -> None:
    assert _diagnoses(suggester, "A/P:\n1. Gout\n2. Asthma\n3. GERD") == ["M10.9", "J45.909", "K21.9"]
    assert _diagnoses(suggester, "A/P:\n1. GERD\n2. Gout\n3. Asthma") == ["K21.9", "M10.9", "J45.909"]


def test_no_code_that_the_patient_cannot_have(suggester: Suggester) -> None:
    assert _diagnoses(suggester, "Assessment: BPH", sex="F") == []
    assert _diagnoses(suggester, "Assessment: BPH with LUTS", sex="M") == ["N40.1"]


def test_each_suggestion_carries_its_evidence_and_its_rule(suggester: Suggester) -> None:
    text = "HPI: No chest pain today.\nPMH: GERD\nAssessment:\n1. Chest pain, resolved? atypical chest pain\n2. GERD\n"
    for code in _suggest(suggester, text).codes:
        assert 1 <= len(code.spans) <= 3
        for span in code.spans:
            assert text[span.start : span.end].strip()
        assert code.rule.endswith(".") and ("guideline" in code.rule or "CPT" in code.rule)
        assert code.title
        assert suggester.threshold <= code.score <= 1000 or code.system is not CodeSystem.ICD10CM
        assert len(code.counter) <= 3


def test_the_span_is_the_problem_as_written(suggester: Suggester) -> None:
    text = "Ünïcödé 🙂 note.\nAssessment:\n  2) Right knee OA — stable\n"
    first = _suggest(suggester, text).codes[0]
    assert first.code == "M17.11"
    assert text[first.spans[0].start : first.spans[0].end] == "Right knee OA"


def test_what_speaks_against_a_code_is_shown(suggester: Suggester) -> None:
    text = "HPI: Denies wheezing. Father has asthma.\nROS: negative for asthma.\nAssessment: Asthma"
    asthma = _suggest(suggester, text).codes[0]
    assert [(text[c.span.start : c.span.end], c.context) for c in asthma.counter] == [
        ("asthma", "family"),
        ("asthma", "negated"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "12345 67890 3.14",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
        "Le patient va bien, aucune plainte.",
        "<html><body><p>Hello</p></body></html>",
        "a\x00b",
        "\ud800",
        "x" * (1 << 20),
        "y" * ((1 << 20) + 1),
        "Assessment:\nDoing well.\nPlan: return in a year.",
        "Denies chest pain, fever, asthma.",
        "Family history: diabetes, stroke.",
    ],
)
def test_a_note_without_a_diagnosis_is_answered_in_the_open(suggester: Suggester, text: str) -> None:
    found = _suggest(suggester, text)
    assert found.abstained and found.reason
    assert [c for c in found.codes if c.system is CodeSystem.ICD10CM] == []
    assert len(found.note_sha256) == 64 and found.artifact_sha256 == suggester.artifact_sha256


def test_every_term_of_the_lexicon_leads_to_a_billable_code_of_its_category(suggester: Suggester) -> None:
    lexicon = (Path(__file__).resolve().parents[3] / "models/coding/lexicon.tsv").read_text(encoding="utf-8")
    wrong: list[tuple[str, str, list[str]]] = []
    for phrase, code in list(lexicon_entries(lexicon))[::4]:
        found = _diagnoses(
            suggester, f"HPI: seen today.\nAssessment:\n1. {phrase}\n", sex="F" if code[0] == "O" else "U"
        )
        assert all(suggester.table.billable(c) for c in found)
        if not any(c.startswith(suggester.table.stem(code)) for c in found):
            wrong.append((phrase, code, found))
    assert wrong == []


def test_every_term_of_the_dictionary_names_a_code_that_exists(suggester: Suggester, cold_artifact: Path) -> None:
    for name in ("terms.tsv", "phrases.tsv"):
        codes = {line.split("\t")[1] for line in (cold_artifact / name).read_text(encoding="utf-8").splitlines()}
        assert [c for c in sorted(codes) if suggester.table.stem(c) not in suggester.table] == []


def test_a_note_in_another_language_is_answered_in_the_open(suggester: Suggester) -> None:
    text = "Paciente de 54 años con diabetes y asma que acude a urgencias por dolor desde hace dos días, sin fiebre."
    found = suggester.suggest(text, Setting.OUTPATIENT, date(2026, 4, 1), 54, "F")
    assert found.abstained and not found.codes
    assert "written in Spanish" in found.reason


def test_same_note_same_answer(suggester: Suggester, cold_artifact: Path) -> None:
    text = "HPI: fell on ice.\nA/P:\n1. Right ankle sprain\n2. HTN\n3. T2DM with CKD stage 4"
    assert _suggest(suggester, text) == _suggest(Suggester.load(cold_artifact), text)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    fields = {"kind": "denial", "code_set_release": "x", "threshold": 1, "card": {}}
    write(tmp_path / "m", {"weights.json": b"{}"}, fields)
    with pytest.raises(ArtifactError, match="another kind"):
        Suggester.load(tmp_path / "m")


def test_a_model_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    fields = {"kind": KIND, "code_set_release": "x", "threshold": 1, "card": {}}
    write(tmp_path / "m", {"weights.json": b"{}"}, fields)
    with pytest.raises(ArtifactError, match="lacks what this version needs"):
        Suggester.load(tmp_path / "m")


@pytest.mark.parametrize(
    ("said", "code"),
    [("Probable pneumonia", "J18.9"), ("Suspected COVID-19", ""), ("Probable HIV infection", "")],
)
def test_uncertain_is_coded_at_inpatient_discharge_but_for_what_must_be_confirmed(
    suggester: Suggester, said: str, code: str
) -> None:
    text = f"Discharge Diagnosis:\n1. {said}\n"
    assert _diagnoses(suggester, text, setting=Setting.INPATIENT) == ([code] if code else [])
    assert _diagnoses(suggester, text) == []


NARRATIVE = (
    "We report the case of a 54-year-old man who came to the emergency department with fever and abdominal pain of two"
    " days. He had hypertension and denied diabetes. On examination there was jaundice. Ultrasound showed a tumor in"
    " the left kidney and ascites.\nHe was admitted, treated with antibiotics, and went home after a week without"
    " further complaints. His mother had breast cancer. He returned for the first control and felt well."
)


def test_a_narrative_without_sections_is_read_wherever_it_states_something(suggester: Suggester) -> None:
    found = set(_diagnoses(suggester, NARRATIVE))
    assert {"R50.9", "R10.9", "I10", "R17", "N28.89", "R18.8"} <= found
    assert not {"E11.9", "C50.919"} & found


def test_a_chemotherapy_told_of_is_not_the_reason_for_the_visit(suggester: Suggester) -> None:
    text = NARRATIVE.replace("antibiotics", "chemotherapy")
    assert "Z51.11" not in _diagnoses(suggester, text)


@pytest.mark.parametrize(
    ("text", "code"),
    [("Assessment:\n1. Hepatitis C", "B19.20"), ("Assessment:\n1. Chronic hepatitis C", "B18.2")],
)
def test_hepatitis_is_chronic_only_where_it_is_called_so(suggester: Suggester, text: str, code: str) -> None:
    assert _diagnoses(suggester, text) == [code]
