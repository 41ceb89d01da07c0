"""One sentence per rule, and one per error ever found."""

import csv
from pathlib import Path

import pytest

from models.coding.context import Context, context_of, contexts
from models.coding.note import Kind

SENTENCES = [
    # denied
    ("Denies chest pain.", "chest pain", Context.NEGATED),
    ("No fever, chills, or cough.", "cough", Context.NEGATED),
    ("There is no evidence of pneumonia.", "pneumonia", Context.NEGATED),
    ("Negative for diabetes.", "diabetes", Context.NEGATED),
    ("Pneumonia was ruled out.", "Pneumonia", Context.NEGATED),
    ("Fracture is not seen.", "Fracture", Context.NEGATED),
    ("Cough without wheezing.", "wheezing", Context.NEGATED),
    ("Coronary artery disease of native vessels without angina", "angina", Context.NEGATED),
    ("Patient with no history of gout.", "gout", Context.NEGATED),
    # not denied, though a denying word is near
    ("Denies fever but reports cough.", "cough", None),
    ("No improvement in asthma.", "asthma", None),
    ("No change in hypertension.", "hypertension", None),
    ("Hypertension, not well controlled.", "Hypertension", None),
    ("Hypertension is not at goal.", "Hypertension", None),
    ("Pain has had no relief; sciatica persists.", "sciatica", None),
    ("Not only asthma but also COPD.", "COPD", None),
    ("No distress; gout of the toe.", "gout", None),
    # past
    ("History of gout.", "gout", Context.HISTORICAL),
    ("Status post cholecystectomy for gallstones.", "gallstones", Context.HISTORICAL),
    ("Pneumonia as a child.", "Pneumonia", Context.HISTORICAL),
    ("He had pneumonia two years ago.", "pneumonia", Context.HISTORICAL),
    ("A 62-year-old man consulted for testicular pain.", "testicular pain", None),  # "old" says how old he is
    ("Stroke 2017, on aspirin.", "Stroke", Context.HISTORICAL),
    ("Seen in March 2017 for asthma.", "asthma", None),  # a date of the telling
    ("Type 2 diabetes since 2010.", "diabetes", None),
    ("She had a stroke in 2016.", "stroke", Context.HISTORICAL),
    ("History of breast cancer, still on tamoxifen.", "breast cancer", None),  # under treatment (I.C.2.m)
    ("3 week history of cough.", "cough", None),
    ("Long history of asthma.", "asthma", None),
    ("History of gout, here today with cough.", "cough", None),
    # over
    ("Her pneumonia has resolved.", "pneumonia", Context.RESOLVED),
    ("Otitis media, resolved.", "Otitis media", Context.RESOLVED),  # guideline IV.J: it no longer exists
    # a relative's, another's
    ("Mother had breast cancer.", "breast cancer", Context.FAMILY),
    ("Family history of diabetes and stroke.", "stroke", Context.FAMILY),
    ("Paternal uncle with melanoma.", "melanoma", Context.FAMILY),
    ("Mother reports fever since yesterday.", "fever", None),  # she tells of the child
    ("CT showed signs of pneumonia.", "pneumonia", None),
    ("The biopsy was followed by the appearance of petechiae.", "petechiae", None),
    ("The endoscopy confirmed the suspicion of gastric ulcer.", "gastric ulcer", None),
    ("No family history of colon cancer.", "colon cancer", Context.NEGATED),
    ("Her husband has influenza.", "influenza", Context.OTHER_PERSON),
    ("Exposed to strep throat at school.", "strep throat", Context.OTHER_PERSON),
    # suspected
    ("Possible pneumonia.", "pneumonia", Context.UNCERTAIN),
    ("Pain, likely tendinitis.", "tendinitis", Context.UNCERTAIN),
    ("Rule out appendicitis.", "appendicitis", Context.UNCERTAIN),
    ("R/o appendicitis.", "appendicitis", Context.UNCERTAIN),
    ("?gout", "gout", Context.UNCERTAIN),
    ("Pneumonia vs bronchitis", "Pneumonia", Context.UNCERTAIN),
    ("Pneumonia vs bronchitis", "bronchitis", Context.UNCERTAIN),
    ("Findings consistent with pneumonia.", "pneumonia", Context.UNCERTAIN),
    ("Likely viral, hypertension", "hypertension", None),
    ("Left shoulder pain, likely rotator cuff tendinitis", "shoulder pain", None),
    # feared
    ("Return if chest pain develops.", "chest pain", Context.HYPOTHETICAL),
    ("At risk for stroke.", "stroke", Context.HYPOTHETICAL),
    ("Side effects include nausea.", "nausea", Context.HYPOTHETICAL),
    ("To prevent gout flares take allopurinol.", "gout", Context.HYPOTHETICAL),
    ("Diabetes screening ordered.", "Diabetes", Context.HYPOTHETICAL),
]


def _context(sentence: str, mention: str, kind: Kind = Kind.ASSESSMENT) -> Context | None:
    start = sentence.index(mention)
    return context_of(contexts(sentence, 0, len(sentence), kind), start, start + len(mention))


@pytest.mark.parametrize(("sentence", "mention", "expected"), SENTENCES)
def test_sentence(sentence: str, mention: str, expected: Context | None) -> None:
    assert _context(sentence, mention) is expected


def _rows(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


OWN = _rows("context_sentences.tsv")
# By another author, written before any run; the first scores are in the README.
SECOND = _rows("context_second.tsv")
THIRD = _rows("context_third.tsv")
FOURTH = _rows("context_fourth.tsv")  # no rule was made for it: what is missed in it stays missed


@pytest.mark.parametrize("row", [*OWN, *SECOND, *THIRD], ids=lambda row: row["sentence"])
def test_sentence_of_the_set(row: dict[str, str]) -> None:
    found = _context(row["sentence"], row["mention"])
    assert (found.value if found else "present") == row["context"]


def test_the_set_for_which_no_rule_was_made_holds_as_measured() -> None:
    told = [_context(row["sentence"], row["mention"]) for row in FOURTH]
    right = [(found.value if found else "present") == row["context"] for found, row in zip(told, FOURTH, strict=True)]
    assert sum(right) >= 95


@pytest.mark.parametrize(("rows", "at_least"), [(OWN, 750), (SECOND, 100), (THIRD, 100), (FOURTH, 100)])
def test_every_set_holds_sentences_of_every_context(rows: list[dict[str, str]], at_least: int) -> None:
    assert len(rows) >= at_least
    assert {row["context"] for row in rows} == {"present", *(context.value for context in Context)}


def test_everything_in_a_family_history_is_a_relatives() -> None:
    assert _context("Diabetes, stroke.", "stroke", Kind.FAMILY) is Context.FAMILY


def test_everything_carried_forward_is_past() -> None:
    assert _context("Acute bronchitis.", "bronchitis", Kind.COPIED) is Context.HISTORICAL


def test_a_trigger_inside_the_term_does_not_colour_it() -> None:
    assert _context("History of gout.", "History of gout") is None
    assert _context("No history of gout.", "history of gout") is Context.NEGATED
