"""Records to plain values and back: nothing is lost, and what is wrong is named by its place, never by its content."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from billing_core.money import Cents
from billing_core.record import canonical, digest, from_plain, from_plain_with, spell, to_plain
from tests.billing_core import money_specimens, specimens


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Leaf:
    amount: Cents
    on: date


@dataclass(frozen=True, slots=True)
class Tree:
    name: str
    leaves: tuple[Leaf, ...]
    pair: tuple[str, int]
    colours: frozenset[Colour]
    rates: Mapping[str, Decimal]
    best: Leaf | None = None
    at: datetime | None = None
    grown: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


TREE = Tree(
    "oak", (Leaf(-5, date(2026, 1, 2)), Leaf(1230, date(2026, 1, 3))), ("a", 1), frozenset({Colour.RED}),
    {"b": Decimal("0.80"), "a": Decimal("1")}, Leaf(0, date(2026, 2, 3)), datetime(2026, 1, 2, 3, 4, tzinfo=UTC), True,
    {"k": [1, {"x": None}]},
)  # fmt: skip
PLAIN: dict[str, Any] = {
    "name": "oak",
    "leaves": [{"amount": "-0.05", "on": "2026-01-02"}, {"amount": "12.30", "on": "2026-01-03"}],
    "pair": ["a", 1],
    "colours": ["red"],
    "rates": {"a": "1", "b": "0.80"},
    "best": {"amount": "0.00", "on": "2026-02-03"},
    "at": "2026-01-02T03:04:00+00:00",
    "grown": True,
    "extra": {"k": [1, {"x": None}]},
}


def test_a_record_is_spelled_in_one_way_and_read_back() -> None:
    assert to_plain(TREE) == PLAIN
    assert from_plain(Tree, json.loads(json.dumps(PLAIN))) == TREE


def test_a_record_spelled_at_once_is_its_plain_values_spelled() -> None:
    odd = dataclasses.replace(TREE, name='a "quoted" \\ \n \x7f caf\u00e9 100%s', leaves=(), best=None)
    answered = money_specimens.answer(specimens.claim(), ("CO-45 20.00",))
    for record in (TREE, odd, specimens.claim(), answered, money_specimens.remittance(answered)):
        assert spell(record).encode() == canonical(to_plain(record))
    with pytest.raises(TypeError, match="float"):
        spell(dataclasses.replace(TREE, extra={"k": 0.5}))


def test_a_part_known_already_is_taken_as_given_and_the_rest_is_still_read_strictly() -> None:
    plain = to_plain(TREE)
    assert from_plain_with(Tree, plain, {"best": TREE.best}) == TREE
    with pytest.raises(ValueError, match=r"leaves\[1\]\.amount: not a valid amount"):
        from_plain_with(Tree, plain | {"leaves": [plain["leaves"][0], {"amount": "x", "on": "2026-01-02"}]}, {})
    with pytest.raises(ValueError, match="unknown field 'root'"):
        from_plain_with(Tree, plain | {"root": 1}, {})


def test_every_specimen_of_the_core_comes_back_as_it_was() -> None:
    seen = 0
    for module in (specimens, money_specimens):
        for thing in vars(module).values():
            if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
                assert from_plain(type(thing), json.loads(canonical(to_plain(thing)))) == thing
                seen += 1
    claim = specimens.claim()
    assert from_plain(type(claim), to_plain(claim)) == claim
    assert seen > 10


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("leaves", 1, "amount"), "12.345", r"Tree.leaves\[1\].amount: not a valid amount"),
        (("leaves", 0, "on"), "2026-02-30", r"Tree.leaves\[0\].on: not a valid date"),
        (("leaves",), "oops", "Tree.leaves: a list expected"),
        (("pair",), ["a"], "Tree.pair: 2 values expected"),
        (("pair",), ["a", "b"], r"Tree.pair\[1\]: int expected"),
        (("colours",), ["blue"], r"Tree.colours\[0\]: not a valid Colour"),
        (("rates", "a"), 0.5, r"Tree.rates.\*: not a valid Decimal"),
        (("name",), 7, "Tree.name: str expected"),
        (("grown",), 1, "Tree.grown: bool expected"),
        (("best",), [], "Tree.best: an object expected"),
        (("bark",), 1, "Tree: unknown field 'bark'"),
        (("name",), None, "Tree.name: str expected"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(path: tuple[Any, ...], value: object, said: str) -> None:
    plain = json.loads(json.dumps(PLAIN))
    place = plain
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValueError, match=said):
        from_plain(Tree, plain)


def test_a_missing_field_is_named_and_a_missing_default_is_not_missed() -> None:
    with pytest.raises(ValueError, match=r"Visit: field 'pair' is missing"):
        from_plain(Tree, {name: PLAIN[name] for name in PLAIN if name != "pair"}, "Visit")
    assert from_plain(Tree, {name: PLAIN[name] for name in PLAIN if name != "grown"}).grown is False


def test_no_message_quotes_what_was_given() -> None:
    with pytest.raises(ValueError) as caught:
        from_plain(Leaf, {"amount": "SECRET", "on": "2026-01-01"})
    assert "SECRET" not in str(caught.value)


def test_a_float_has_no_canonical_spelling() -> None:
    with pytest.raises(TypeError):
        digest({"a": [0.5]})
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
