import pytest

from models.coding.excludes import Excludes, excludes_bytes, named_codes

NOTES = {"J40": ["acute bronchitis (J20.-)"], "M54.5": ["low back strain (S39.012)", "lumbago with sciatica (M54.4-)"]}
TABLE = Excludes(excludes_bytes({**NOTES, "R05": ["cough with hemorrhage (R04.2)"], "E10": ["diabetes (E08-E09)"]}))


@pytest.mark.parametrize(
    ("note", "codes"),
    [("x (A00.1)", ("A00.1",)), ("x (A00.-, B01.2-)", ("A00", "B01.2")), ("x (A00-A09)", ("A00:A09",)), ("none", ())],
)
def test_codes_named_in_a_note(note: str, codes: tuple[str, ...]) -> None:
    assert named_codes(note) == codes


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("J40", "J20.9", True),
        ("J20.9", "J40", True),
        ("M54.50", "M54.41", True),
        ("E10.9", "E09.65", True),
        ("E10.9", "E11.9", False),
    ],
)
def test_a_note_holds_below_it_and_both_ways(one: str, other: str, apart: bool) -> None:
    assert TABLE.apart(one, other) is apart


def test_the_code_with_less_evidence_gives_way() -> None:
    assert TABLE.giving_way({"J40": 700, "J20.9": 900, "I10": 100}) == {"J40": "J20.9"}
    assert TABLE.giving_way({"J40": 900, "J20.9": 900}) == {"J20.9": "J40"}  # equal: the unspecified one
    assert TABLE.giving_way({"M54.50": 900, "M54.41": 900}) == {}  # equal in all: a person decides
