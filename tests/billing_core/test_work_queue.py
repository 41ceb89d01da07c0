"""What to work first, and how it came there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from billing_core.claim import ClaimState
from billing_core.contract import Remedy
from billing_core.denial import denials, outcome
from billing_core.rule import Finding, Severity
from billing_core.work_queue import WorkItem, WorkKind, denial_item, finding_item, order, today
from tests.billing_core import specimens
from tests.billing_core.money_specimens import DAY, answer, claim

SENT = claim(10000, 5000)


def item(item_id: str, dollars: int, ppm: int | None = None, days: int | None = None) -> WorkItem:
    deadline = None if days is None else DAY + timedelta(days=days)
    return WorkItem(item_id, WorkKind.RISK, item_id, item_id, dollars * 100, ("why",), "mend", deadline, ppm)


def test_expected_value_then_urgency_with_every_part_shown() -> None:
    ranked = order(
        [item("small", 50), item("likely", 300, 900_000), item("large", 1000, 100_000), item("soon", 200, None, 5)], DAY
    )
    assert [r.item.id for r in ranked] == ["soon", "likely", "large", "small"]
    soon, likely, large, small = ranked
    assert (soon.place, soon.expected_value, soon.days_left, soon.urgency, soon.score) == (1, 19000, 5, 200, 3_800_000)
    assert (likely.probability_ppm, likely.expected_value, likely.urgency) == (900_000, 26000, 100)
    assert (large.expected_value, small.probability_ppm) == (9000, 1_000_000)


def test_a_claim_of_which_a_refusal_takes_a_part_is_worth_that_part() -> None:
    half = replace(item("half", 1000, 400_000), share_ppm=250_000)
    whole = item("whole", 500, 400_000)
    ranked = order([half, whole, replace(half, id="more", share_ppm=9_000_000)], DAY)
    assert [(r.item.id, r.expected_value) for r in ranked] == [("more", 39000), ("whole", 19000), ("half", 9000)]


def test_what_has_lapsed_comes_last_and_what_is_not_worth_the_work_near_it() -> None:
    ranked = order([item("lapsed", 9000, None, -1), item("cheap", 5), item("cheap-soon", 5, None, 3)], DAY)
    assert [(r.item.id, r.lapsed) for r in ranked] == [("cheap-soon", False), ("cheap", False), ("lapsed", True)]
    assert ranked[0].score == ranked[1].score < 0
    assert (ranked[2].effect_percent, ranked[2].expected_value) == (0, -1000), "work saves nothing of it"


def test_of_what_has_lapsed_the_most_comes_first() -> None:
    ranked = order([item("less", 10, None, -9), item("more", 900, None, -1)], DAY)
    assert [r.item.id for r in ranked] == ["more", "less"]


def test_ties_fall_the_same_way_in_any_order() -> None:
    items = [item(name, 100) for name in ("c", "a", "b")] + [item("d", 100, None, 40)]
    assert [r.item.id for r in order(items, DAY)] == ["d", "a", "b", "c"]
    assert order(items, DAY) == order(items[::-1], DAY)


def test_costs_of_work_are_the_practices_own() -> None:
    ranked = order([item("a", 100)], DAY, dict.fromkeys(WorkKind, 0))
    assert ranked[0].expected_value == 10000


def test_a_denials_item_names_reason_mend_and_deadline() -> None:
    payment = answer(SENT, ("CO-197 100",), ("CO-45 50",))
    made = denial_item("w1", SENT, denials(payment), outcome(payment), DAY, specimens.CONTRACT)
    assert made is not None
    assert (made.kind, made.at_stake, made.carcs) == (WorkKind.DENIAL, 10000, ("197",))
    assert made.deadline == DAY + timedelta(days=specimens.CONTRACT.corrected_days)
    assert made.reasons == ("CO-197: the plan requires approval beforehand, and none was found",)
    assert "authorization" in made.mend
    expected = denial_item("w1", SENT, denials(payment), outcome(payment), DAY, None, at_stake=7200)
    assert expected is not None
    assert (expected.at_stake, expected.deadline) == (7200, None)


def test_deadlines_follow_the_remedy() -> None:
    payment = answer(SENT, ("CO-16 100",), ("CO-16 50",))
    by_appeal = replace(specimens.CONTRACT, corrected_by=Remedy.APPEAL)
    made = denial_item("w", SENT, denials(payment), ClaimState.DENIED, DAY, by_appeal)
    assert made is not None and made.deadline == DAY + timedelta(days=180)
    anew = denial_item("w", SENT, denials(payment), ClaimState.UNPROCESSABLE, DAY, specimens.CONTRACT)
    assert anew is not None
    assert (anew.kind, anew.deadline) == (WorkKind.UNPROCESSABLE, specimens.SERVICE + timedelta(days=90))
    assert anew.mend.startswith("send a new claim")


def test_what_the_patient_owes_is_no_work() -> None:
    payment = answer(SENT, ("PR-96 100",), ())
    assert denial_item("w", SENT, denials(payment), outcome(payment), DAY, specimens.CONTRACT) is None


def test_findings_become_an_item() -> None:
    found = Finding("r", Severity.ERROR, "the member id is missing", "claim", "copy it from the card")
    made = finding_item("w", WorkKind.HELD_EDIT, SENT, [found, found], date(2026, 6, 1))
    assert (made.at_stake, made.reasons, made.mend) == (15000, ("the member id is missing",), "copy it from the card")


def test_a_day_of_work_makes_room_for_what_would_lapse() -> None:
    items = [item("best", 9000), item("good", 5000), item("soon", 400, None, 0), item("next", 300, None, 1)]
    ranked = order(items, DAY)
    assert [r.item.id for r in ranked] == ["best", "good", "soon", "next"]
    assert today(ranked, 0) == frozenset()
    assert today(ranked, 1) == {"soon"}, "the best can wait; what is due today cannot"
    assert today(ranked, 2) == {"best", "soon"}
    assert today(ranked, 9) == {"best", "good", "soon", "next"}


def test_what_cannot_all_be_kept_loses_the_least_and_the_lapsed_take_no_room() -> None:
    items = [item("a", 100, None, 0), item("b", 900, None, 0), item("lapsed", 9000, None, -1), item("cheap", 5)]
    assert today(order(items, DAY), 1) == {"b"}
    assert today(order(items, DAY), 3) == {"a", "b"}


def test_every_day_worked_so_loses_no_more_than_must_be_lost() -> None:
    """Worked through day by day, the plan keeps as much as the best of all plans, found by trying them all."""
    import itertools
    import random

    chance = random.Random(4)
    for _ in range(25):
        items = [item(f"i{n}", 100 * chance.randint(1, 30), None, chance.choice((None, 0, 1, 1, 2))) for n in range(6)]
        kept, left, days = 0, items, 0
        while left and days < 6:
            ranked = order(left, DAY + timedelta(days=days))
            now = today(ranked, 2)
            kept += sum(r.expected_value for r in ranked if r.item.id in now)
            left, days = [i for i in left if i.id not in now], days + 1
        value = {r.item.id: r.expected_value for r in order(items, DAY)}
        due = {i.id: 9 if i.deadline is None else (i.deadline - DAY).days for i in items}
        best = max(
            sum(value[name] for place, name in enumerate(plan) if place // 2 <= due[name])
            for plan in itertools.permutations(value)
        )
        assert kept == best
