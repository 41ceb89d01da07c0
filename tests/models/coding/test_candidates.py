from models.coding.candidates import PhraseFinder, Source, Term, TermIndex, bag, index_files, phrase_file, side_of
from models.coding.words import normal_phrase, singular, words

TERMS = [
    Term("hypertension", "I10", Source.LEXICON),
    Term("essential primary hypertension", "I10", Source.TITLE),
    Term("fracture of distal phalanx of right middle finger", "S62.632", Source.TITLE),
    Term("fracture of distal phalanx of left middle finger", "S62.633", Source.TITLE),
    Term("fracture of toe", "S92.50", Source.LEXICON),
    Term("migraine with aura", "G43.109", Source.LEXICON),
    Term("migraine without aura", "G43.009", Source.LEXICON),
    Term("right lower quadrant pain", "R10.31", Source.LEXICON),
    Term("left lower quadrant pain", "R10.32", Source.LEXICON),
    Term("chest pain", "R07.9", Source.LEXICON),
]
SYNONYMS = {"htn": ("hypertension",), "kidney": ("kidney",), "cancer": ("malignant", "neoplasm")}
INDEX = TermIndex(index_files(TERMS))
FINDER = PhraseFinder(phrase_file(TERMS))


def _best(text: str) -> str:
    return INDEX.best([w.normal for w in words(text, SYNONYMS)])[0].code


def test_a_header_meets_a_title_in_any_order() -> None:
    assert _best("Right middle finger distal phalanx fracture") == "S62.632"
    assert _best("Left middle finger distal phalanx fracture") == "S62.633"


def test_words_of_course_do_not_matter() -> None:
    match = INDEX.best(["hypertension", "uncontrolled", "stable"])[0]
    assert (match.code, match.agreement) == ("I10", 1000)


def test_with_and_without_and_right_and_left_are_told_apart() -> None:
    assert _best("migraine with aura") == "G43.109"
    assert _best("migraine without aura") == "G43.009"
    assert _best("migraine w/o aura") == "G43.009"
    assert _best("left lower quadrant pain") == "R10.32"
    assert _best("right lower quadrant pain") == "R10.31"


def test_unknown_words_find_nothing() -> None:
    assert INDEX.best(["zebra", "xyzzy"]) == []
    assert INDEX.best([]) == []


def test_an_unknown_word_lowers_the_agreement() -> None:
    assert INDEX.best(["hypertension", "zebra"])[0].agreement < 800


def test_phrases_are_found_with_their_place_longest_first() -> None:
    text = "Denies chest pain. HTN stable; right lower quadrant pain."
    found = FINDER.find(words(text, SYNONYMS))
    assert [(text[m.start : m.end], m.code) for m in found] == [
        ("chest pain", "R07.9"),
        ("HTN", "I10"),
        ("right lower quadrant pain", "R10.31"),
    ]


def test_a_phrase_is_not_found_inside_a_word() -> None:
    assert FINDER.find(words("hypertensionlike", SYNONYMS)) == []
    assert FINDER.find([]) == []


def test_the_files_do_not_depend_on_the_order_of_the_terms() -> None:
    assert index_files(TERMS) == index_files(TERMS[::-1])
    assert phrase_file(TERMS) == phrase_file(TERMS[::-1])


def test_a_phrase_of_two_sources_is_the_titles_whatever_the_order() -> None:
    doubled = [Term(f"word{n}", "A00", source) for n in range(60) for source in (Source.INCLUSION, Source.TITLE)]
    assert {line.split("\t")[2] for line in phrase_file(doubled).decode().splitlines()} == {"title"}


def test_joining_words_and_sides_are_read_over() -> None:
    found = FINDER.find(words("fracture of the left toe", SYNONYMS))
    assert [m.code for m in found] == ["S92.50"]


def test_a_sentence_covers_a_term_wherever_its_words_stand() -> None:
    said = [w.normal for w in words("the middle finger shows a fracture, distal, of its right phalanx", {})]
    assert ("S62.632", 1000) in [(c.code, c.share) for c in INDEX.covered(said, 900)]
    assert INDEX.covered([], 900) == []


def test_words_keep_their_place_and_lose_their_plural() -> None:
    text = "Kidneys: cancer's"
    assert [(w.normal, text[w.start : w.end]) for w in words(text, SYNONYMS)] == [
        ("kidney", "Kidneys"),
        ("malignant", "cancer's"),
        ("neoplasm", "cancer's"),
    ]
    assert singular("diabetes") == singular("diabete")
    assert normal_phrase("R knee vs L5 and r/o gout", {"r": ("right",)}) == "right knee vs 5 and o gout"


def test_sides() -> None:
    assert side_of(["right", "knee"]) == "R"
    assert side_of(["right", "and", "left"]) == "B"
    assert side_of(["knee"]) == ""
    assert bag(["pain", "in", "the", "right", "knee"]) == ("knee", "pain")
