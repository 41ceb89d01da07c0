import pytest

from models.coding.note import MAX_BYTES, Kind, NoteError, check_note, problem_headers, sections, sentences


def _headers(text: str) -> list[str]:
    return [text[h.start : h.end] for h in problem_headers(text)]


def _kinds(text: str) -> list[Kind]:
    return [s.kind for s in sections(text)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        ("\ufeff".encode(), "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "UTF-8"),
        (b"abc\x00def", "binary"),
        (b"\x01\x02\x03\x04 a b", "binary"),
        ("naïve".encode("latin-1"), "UTF-8"),
        (b"a" * (MAX_BYTES + 1), "larger"),
        (b"Assessment: gout\n" * 300_000, "larger"),
    ],
)
def test_a_file_that_is_no_note_is_refused_with_the_mend(data: bytes, says: str) -> None:
    with pytest.raises(NoteError, match=says) as caught:
        check_note(data)
    assert caught.value.mend


def test_a_note_of_the_largest_size_is_read() -> None:
    assert len(check_note(b"a" * MAX_BYTES)) == MAX_BYTES
    assert check_note("\ufeffCC: cough".encode()) == "CC: cough"


def test_sections_in_capitals() -> None:
    text = "CHIEF COMPLAINT\n\nCough.\n\nHISTORY OF PRESENT ILLNESS\n\nA week.\n\nASSESSMENT AND PLAN\n\nBronchitis.\n"
    assert _kinds(text) == [Kind.COMPLAINT, Kind.HISTORY, Kind.ASSESSMENT]


def test_sections_with_colons_on_one_line() -> None:
    text = "CC: cough. HPI: one week of cough. PMH: asthma. A/P: acute bronchitis. Plan: rest."
    assert _kinds(text) == [Kind.COMPLAINT, Kind.HISTORY, Kind.PAST, Kind.ASSESSMENT, Kind.PLAN]


def test_sections_by_one_letter() -> None:
    assert _kinds("S: cough\nO: lungs clear\nA: URI\nP: rest") == [Kind.HISTORY, Kind.EXAM, Kind.ASSESSMENT, Kind.PLAN]


def test_a_heading_nobody_listed_is_known_by_its_words() -> None:
    text = (
        "Reason for Encounter\nCough\nPertinent Family Background\nnone\nImpression and Recommendations -\nBronchitis\n"
    )
    assert _kinds(text) == [Kind.COMPLAINT, Kind.FAMILY, Kind.ASSESSMENT]


def test_capitals_inside_the_assessment_are_problems() -> None:
    text = "ASSESSMENT\nHYPERTENSION\nContinue lisinopril.\nGOUT\nStable.\n"
    assert _kinds(text) == [Kind.ASSESSMENT]
    assert _headers(text) == ["HYPERTENSION", "GOUT"]


def test_text_carried_forward_is_a_section_of_its_own() -> None:
    text = "HPI: cough\n\n[Copied forward from 1/2/24] Assessment: gout.\nHypertension.\n\nAssessment: bronchitis"
    assert _kinds(text) == [Kind.HISTORY, Kind.COPIED, Kind.ASSESSMENT]
    assert _headers(text) == ["bronchitis"]


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("A/P:\n1. Asthma\n2. GERD", ["Asthma", "GERD"]),
        ("A/P:\n1) Asthma - add ICS\n2) GERD - continue PPI", ["Asthma", "GERD"]),
        ("A/P: 1. Asthma, stable. 2. GERD. 3. Gout.", ["Asthma, stable", "GERD", "Gout"]),
        ("A: 1. T2DM w/ hyperglycemia 2. HTN 3. HLD", ["T2DM w/ hyperglycemia", "HTN", "HLD"]),
        ("Assessment:\n#Asthma\n- albuterol\n#GERD\n- omeprazole", ["Asthma", "GERD"]),
        ("ASSESSMENT\n\n• Asthma.\n• GERD.\n", ["Asthma", "GERD"]),
        ("ASSESSMENT AND PLAN\n\nAsthma.\n• Medical Reasoning: stable.\n• Medical Treatment: albuterol.\n", ["Asthma"]),
        ("Impression:\nAsthma: continue inhaler\nGERD: continue PPI", ["Asthma", "GERD"]),
        ("Assessment: Asthma. Lungs are clear today.", ["Asthma"]),
        ("Assessment:\n- Asthma\n- GERD\nPlan:\n- Continue albuterol\n- Weight loss\n", ["Asthma", "GERD"]),
        ("Diagnoses:\n[ ] Asthma\n[x] GERD", ["Asthma", "GERD"]),
        ("Problems Addressed:\nProblem 1: Asthma\nProblem 2: GERD", ["Asthma", "GERD"]),
        ("Assessment and Plan\nAsthma\nDr. Graves\nJ. Hashimoto, MD\nSincerely,", ["Asthma"]),
    ],
)
def test_problems_in_many_styles(text: str, headers: list[str]) -> None:
    assert _headers(text) == headers


@pytest.mark.parametrize(
    "line",
    [
        "The patient is doing well.",
        "Continue lisinopril 10 mg daily.",
        "Follow up in 2 weeks.",
        "She has asthma.",
        "• Patient Education and Counseling: asthma triggers.",
        "Refer to cardiology for hypertension",
    ],
)
def test_a_sentence_or_an_order_is_no_problem(line: str) -> None:
    assert _headers(f"ASSESSMENT AND PLAN\n{line}\n") == []


def test_sentences_keep_their_place() -> None:
    text = "HPI:\n  Seen by Dr. Smith.  Pain 3.5/10, worse\nwith stairs. No fever!\n\nPlan: rest."
    assert [text[s.start : s.end] for s in sentences(text)] == [
        "Seen by Dr. Smith.",
        "Pain 3.5/10, worse\nwith stairs.",
        "No fever!",
        "rest.",
    ]


def test_sentences_and_headers_lie_inside_the_text_whatever_it_is() -> None:
    for text in (
        "",
        "\n\n",
        ":::",
        "1. 2. 3.",
        "A:",
        "é" * 50,
        "a" * 3000,
        "ASSESSMENT\n" * 5,
        "- - - -",
        "🙂: 🙂\nA/P: 🙂",
    ):
        for s in (*sentences(text), *problem_headers(text), *sections(text)):
            assert 0 <= s.start < s.end <= len(text)
