import pytest

from models.coding import guidelines
from models.coding.external_cause import ACTIVITIES, MECHANISMS
from models.coding.guidelines import by_control, by_prefix, combined, possible_for, superseded
from models.coding.suggester import Suggester


def _after(codes: list[str]) -> set[str]:
    left = dict.fromkeys(codes, 900)
    for rule, _ in combined(left):
        left = {c: s for c, s in left.items() if c not in rule.replaced} | {rule.code: 900}
    return set(left) - set(superseded(left))


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["I10", "I50.9"], {"I11.0", "I50.9"}),
        (["I10", "N18.31"], {"I12.9", "N18.31"}),
        (["I10", "N18.6"], {"I12.0", "N18.6"}),
        (["I10", "I50.32", "N18.4"], {"I13.0", "I50.32", "N18.4"}),
        (["I10", "I50.9", "N18.6"], {"I13.2", "I50.9", "N18.6"}),
        (["E11.9", "N18.4"], {"E11.22", "N18.4"}),
        (["E11.9", "G62.9"], {"E11.42"}),
        (["E11.9", "E11.65"], {"E11.65"}),
        (["E11.9", "I10"], {"E11.9", "I10"}),
        (["J02.9", "J02.0"], {"J02.0"}),
        (["M17.11", "M25.561"], {"M17.11"}),
        (["M17.11", "M25.511"], {"M17.11", "M25.511"}),
        (["M10.9", "M19.90"], {"M10.9", "M19.90"}),
        (["N39.0", "R30.0"], {"N39.0"}),
        (["R05.9"], {"R05.9"}),
    ],
)
def test_codes_together(codes: list[str], expected: set[str]) -> None:
    assert _after(codes) == expected


def test_who_can_have_a_code() -> None:
    assert not possible_for("N40.1", "F", 60)
    assert not possible_for("N95.1", "M", 60)
    assert possible_for("N40.1", "U", None)
    assert not possible_for("Z00.129", "F", 40)
    assert not possible_for("Z00.00", "F", 8)


def test_the_longest_prefix_wins() -> None:
    assert by_prefix(guidelines.HISTORY_CODES, "I63.9") == "Z86.73"
    assert by_prefix(guidelines.HISTORY_CODES, "I71.9") == "Z86.79"
    assert by_prefix(guidelines.HISTORY_CODES, "Q21.1") == ""


def test_poor_control_of_diabetes_is_hyperglycemia_but_uncontrolled_alone_is_not() -> None:
    assert by_control("E11.9", "Type 2 diabetes, poorly controlled") == "E11.65"
    assert by_control("E11.9", "Type 2 diabetes, uncontrolled") == "E11.9"
    assert by_control("I10", "poorly controlled") == "I10"


def test_every_code_the_rules_can_give_is_billable(suggester: Suggester) -> None:
    given = [
        *(code for _, code in guidelines.HISTORY_CODES),
        *(code for _, code in guidelines.FAMILY_CODES),
        *(rule.code for rule in guidelines.COMBINATIONS),
        *(code for code, _ in (*MECHANISMS, *ACTIVITIES)),
        "G89.29",
        "Z23",
        "E11.65",
        "E10.65",
        "E13.65",
    ]
    assert [code for code in given if not suggester.table.billable(code)] == []


def test_every_code_the_rules_speak_of_exists(suggester: Suggester) -> None:
    spoken = {bare for bare, _ in guidelines.GIVES_WAY}
    prefixes = {p for symptoms, diseases in guidelines.INTEGRAL for p in (*symptoms, *diseases)}
    assert [c for c in sorted(spoken) if not suggester.table.billable(c)] == []
    assert [p for p in sorted(prefixes) if not any(c.startswith(p) for c in suggester.table.codes)] == []
