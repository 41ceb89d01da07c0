from models.coding.passages import passages, stem
from models.coding.phrase_book import Entry, PhraseBook, Signed, book_bytes, read_book

ENTRIES = (
    Entry(("testis", "pain"), 4, 5200, (Signed("N50.811", 2, 3), Signed("R52", 1, 2))),
    Entry(("fever",), 9, 2100, (Signed("R50.9", 8, 8),)),
)


def _found(text: str) -> list[tuple[tuple[str, ...], int, int, int]]:
    said = passages(text, {})[0].normals
    return [(f.entry.bag, f.first, f.last, f.slack) for f in PhraseBook(ENTRIES).find(said)]


def test_a_book_survives_its_bytes() -> None:
    assert sorted(read_book(book_bytes(ENTRIES)), key=lambda e: e.bag) == sorted(ENTRIES, key=lambda e: e.bag)
    assert book_bytes(ENTRIES) == book_bytes(ENTRIES[::-1])


def test_a_bag_is_found_in_any_order_and_how_far_apart_its_words_stand() -> None:
    assert _found("Pain of the right testis") == [(("testis", "pain"), 0, 4, 3)]
    assert _found("Testis pain") == [(("testis", "pain"), 0, 1, 0)]
    assert _found("Knee pain") == []


def test_a_bag_is_found_where_its_words_stand_closest() -> None:
    assert _found("pain here and there, then testis pain") == [(("testis", "pain"), 5, 6, 0)]


def test_a_single_word_is_found_at_each_place() -> None:
    assert _found("fever and more fever") == [(("fever",), 0, 0, 0), (("fever",), 3, 3, 0)]


def test_passages_keep_place_and_context() -> None:
    text = "Denies fever. Has painful joints."
    first, second = passages(text, {})
    assert [str(c) for c in first.contexts] == ["None", "negated"]
    assert text[second.words[1].start : second.words[1].end] == "painful"
    assert second.stems[1] == stem("painfully") == "painfu"
