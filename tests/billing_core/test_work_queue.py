"""What to work first, and how it came there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from billing_core.claim import ClaimState
from billing_core.contract import Remedy
from billing_core.denial import denials, outcome
from billing_core.rule import Finding, Severity
from billing_core.work_queue import WorkItem, WorkKind, denial_item, finding_item, order
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


def test_what_has_lapsed_comes_last_and_what_is_not_worth_the_work_near_it() -> None:
    ranked = order([item("lapsed", 9000, None, -1), item("cheap", 5), item("cheap-soon", 5, None, 3)], DAY)
    assert [(r.item.id, r.lapsed) for r in ranked] == [("cheap-soon", False), ("cheap", False), ("lapsed", True)]
    assert ranked[0].score == ranked[1].score < 0


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
