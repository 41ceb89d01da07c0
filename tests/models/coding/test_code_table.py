import pytest

from models.coding.code_table import CodeRow, CodeTable, extended, table_bytes
from models.coding.leaf import leaves

ROWS = [
    CodeRow("M17", False, "", "Osteoarthritis of knee"),
    CodeRow("M17.0", True, "", "Bilateral primary osteoarthritis of knee"),
    CodeRow("M17.1", False, "", "Unilateral primary osteoarthritis of knee"),
    CodeRow("M17.10", True, "", "Unilateral primary osteoarthritis, unspecified knee"),
    CodeRow("M17.11", True, "", "Unilateral primary osteoarthritis, right knee"),
    CodeRow("M17.12", True, "", "Unilateral primary osteoarthritis, left knee"),
    CodeRow("M22.2X1", True, "", "Patellofemoral disorders, right knee"),
    CodeRow("M77.00", True, "", "Medial epicondylitis, unspecified elbow"),
    CodeRow("M77.01", True, "", "Medial epicondylitis, right elbow"),
    CodeRow("M77.02", True, "", "Medial epicondylitis, left elbow"),
    CodeRow("M77.0", False, "", "Medial epicondylitis"),
    CodeRow("S93.40", False, "", "Sprain of unspecified ligament of ankle"),
    CodeRow("S93.401", True, "ADS", "Sprain of unspecified ligament of right ankle"),
    CodeRow("S93.402", True, "ADS", "Sprain of unspecified ligament of left ankle"),
    CodeRow("S93.409", True, "ADS", "Sprain of unspecified ligament of unspecified ankle"),
    CodeRow("S52.501", True, "ABDGKPS", "Unspecified fracture of the lower end of right radius"),
    CodeRow("W19", True, "ADS", "Unspecified fall"),
]
TABLE = CodeTable(table_bytes(ROWS))


def _codes(code: str, header: str, side: str, aftercare: str = "") -> list[str]:
    return [leaf.code for leaf in leaves(TABLE, code, header.lower().split(), side, aftercare, header)]


def test_the_bytes_do_not_depend_on_the_order() -> None:
    assert table_bytes(ROWS) == table_bytes(ROWS[::-1])


@pytest.mark.parametrize(
    ("code", "billable"),
    [
        ("M17", False), ("M17.11", True), ("S93.401", False), ("S93.401A", True), ("S93.401B", False),
        ("W19.XXXA", True), ("W19", False), ("W19A", False), ("M22.2X1", True), ("Z99", False), ("", False),
    ],
)  # fmt: skip
def test_billable(code: str, billable: bool) -> None:
    assert TABLE.billable(code) is billable


def test_titles_name_the_seventh_character() -> None:
    assert TABLE.title("S93.401A") == "Sprain of unspecified ligament of right ankle, initial encounter"
    assert TABLE.title("W19.XXXD").endswith("subsequent encounter")
    assert TABLE.title("Q00") == ""


def test_the_seventh_character_is_padded() -> None:
    assert extended("W19", "A") == "W19.XXXA"
    assert extended("S93.401", "D") == "S93.401D"


@pytest.mark.parametrize(
    ("code", "header", "side", "expected"),
    [
        ("M17", "osteoarthritis of knee", "R", ["M17.11"]),
        ("M17", "osteoarthritis of knee", "L", ["M17.12"]),
        ("M17", "osteoarthritis of knee", "B", ["M17.0"]),
        ("M17", "osteoarthritis of knee", "", ["M17.10"]),
        ("M77.0", "medial epicondylitis", "B", ["M77.01", "M77.02"]),
        ("M77.0", "medial epicondylitis", "", ["M77.00"]),
        ("S93.40", "ankle sprain", "L", ["S93.402A"]),
        ("S93.40", "ankle sprain", "", ["S93.409A"]),
        ("S93.40", "ankle sprain, follow-up", "L", ["S93.402D"]),
        ("S52.501", "radius fracture", "R", ["S52.501A"]),
        ("S52.501", "open radius fracture", "R", ["S52.501B"]),
        ("X99", "nothing", "", []),
    ],
)
def test_leaf(code: str, header: str, side: str, expected: list[str]) -> None:
    assert _codes(code, header, side) == expected


def test_aftercare_is_read_from_the_complaint_too_but_two_weeks_ago_is_no_aftercare() -> None:
    assert _codes("S93.40", "ankle sprain", "L", "Follow-up of ankle sprain.") == ["S93.402D"]
    assert _codes("S93.40", "ankle sprain", "L", "Twisted the ankle 2 weeks ago.") == ["S93.402A"]
    assert _codes("S93.40", "ankle sprain, initial encounter", "L", "Follow-up of ankle sprain.") == ["S93.402A"]
