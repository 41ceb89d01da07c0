"""What is known on a day, and above all what is not."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing_core.reason import DenialCategory
from models.denial.facts import ClaimFacts, facts
from models.denial.features import NAMES, NEVER_DAYS, row
from models.denial.history import History, HistoryError
from tests.billing_core import specimens

DAY = date(2026, 4, 10)


def sent(key: str = "a", on: date = DAY, patient: str = "p", **changes: object) -> ClaimFacts:
    made = facts(specimens.claim(id=key), on, patient)
    return replace(made, **{"days_to_submit": 3, **changes})


def value(values: tuple[float, ...], name: str) -> float:
    return values[NAMES.index(name)]


def test_a_row_has_one_number_a_name() -> None:
    values = row(sent(), History())
    assert len(values) == len(NAMES) == len(set(NAMES))
    assert all(isinstance(float(v), float) and v == v for v in values)


@pytest.mark.parametrize("late", [0, 1, 30])
def test_an_outcome_on_or_after_the_day_changes_nothing(late: int) -> None:
    rows = []
    for denied in (False, True):
        history = History()
        for k in range(10):
            earlier = sent(f"e{k}", DAY - timedelta(days=20), f"p{k % 2}")
            history.submitted(earlier)
            history.adjudicated(earlier, denied, DAY + timedelta(days=late), [DenialCategory.ELIGIBILITY])
        rows.append(row(sent(patient="p1"), history))
    assert rows[0] == rows[1]


def test_an_outcome_of_the_day_before_is_known() -> None:
    rows = []
    for denied in (False, True):
        history = History()
        earlier = sent("e", DAY - timedelta(days=20))
        history.submitted(earlier)
        history.adjudicated(earlier, denied, DAY - timedelta(days=1))
        rows.append(row(sent(), history))
    assert rows[0] != rows[1]
    assert value(rows[1], "lift_payer") > value(rows[0], "lift_payer")
    assert value(rows[1], "coverage_last_denied") == 1 and value(rows[0], "coverage_last_denied") == 0


def test_a_planted_leak_is_caught() -> None:
    history = History()
    earlier = sent("e", DAY - timedelta(days=20))
    history.adjudicated(earlier, True, DAY + timedelta(days=1))
    row(sent("later", DAY + timedelta(days=5)), history)  # folds the outcome in
    with pytest.raises(HistoryError, match="already knows"):
        row(sent("earlier", DAY + timedelta(days=1)), history)


def test_random_futures_never_reach_a_row() -> None:
    """The same past and any future give the same row, however the future is shuffled or falsified."""
    pick = random.Random(5)
    claims = [sent(f"c{k}", DAY + timedelta(days=k % 40), f"p{k % 7}") for k in range(120)]
    outcomes = {
        c.claim_key: (
            pick.random() < 0.4,
            c.submitted_on + timedelta(days=pick.randint(3, 30)),
            [pick.choice((DenialCategory.ELIGIBILITY, DenialCategory.AUTHORIZATION, DenialCategory.ENROLLMENT))],
        )
        for c in claims
    }
    asked = [c for c in claims if c.submitted_on == DAY + timedelta(days=20)]

    def rows(falsify: bool) -> list[tuple[float, ...]]:
        history = History()
        events = sorted(claims, key=lambda c: c.submitted_on)
        for c in events:
            if c.submitted_on < DAY + timedelta(days=20) or falsify:
                history.submitted(c)
            denied, on, why = outcomes[c.claim_key]
            if on >= DAY + timedelta(days=20) and falsify:
                denied = not denied
            history.adjudicated(c, denied, on, why)
        return [row(c, history) for c in asked]

    past = rows(False)
    assert past == rows(True)
    assert any(value(found, "coverage_refused_days") < NEVER_DAYS for found in past), "refusals are told"
    assert all(value(found, "why_authorization") for found in past)


def test_a_claim_is_not_its_own_duplicate() -> None:
    history = History()
    first = sent("a", DAY - timedelta(days=1))
    history.submitted(first)
    assert value(row(replace(first, submitted_on=DAY, days_to_submit=4), history), "same_service_sent") == 0
    twin = sent("b", DAY, days_to_submit=4)
    assert value(row(twin, history), "same_service_sent") == 1


def test_duplicates_and_limits_are_counted() -> None:
    history = History()
    for k, days in enumerate((300, 200, 60)):
        old = sent(f"o{k}", DAY - timedelta(days=days))
        history.submitted(old)
        history.adjudicated(old, k == 1, DAY - timedelta(days=days - 10))
    found = row(sent(), history)
    assert value(found, "same_procedure_year") == 3
    assert value(found, "same_procedure_benefit_year") == 1  # one of them in the calendar year of the service
    assert value(found, "days_since_same_procedure") == 60
    assert value(found, "patient_denied_year") == 1
    assert value(row(sent("x", patient="another"), history), "same_procedure_year") == 0


def test_a_coverage_refused_is_remembered_until_a_claim_is_paid() -> None:
    history = History()
    one, two = sent("1", DAY - timedelta(days=60)), sent("2", DAY - timedelta(days=40))
    history.adjudicated(one, True, DAY - timedelta(days=30), [DenialCategory.ELIGIBILITY.value])
    refused = row(sent("x", DAY - timedelta(days=20)), history)
    assert value(refused, "coverage_refused_last") == 1 and value(refused, "coverage_refused_days") == 10
    history.adjudicated(two, False, DAY - timedelta(days=10))
    paid = row(sent("y"), history)
    assert value(paid, "coverage_refused_last") == 0 and value(paid, "coverage_refused_days") == 30


def test_a_rule_is_believed_more_when_its_refusals_are_the_latest() -> None:
    history = History()
    for k in range(200):
        on = DAY - timedelta(days=300 - k)
        for payer, denied in (("60054", k >= 170), ("99999", k < 30)):
            claim = sent(f"{payer}{k}", on, f"p{k}", payer=payer)
            history.adjudicated(claim, denied, on + timedelta(days=5), [DenialCategory.CODING])
    late, early = (row(sent(payer=payer), history) for payer in ("60054", "99999"))
    assert value(late, "why_coding") == value(early, "why_coding") > 0
    assert value(late, "rule_coding") > value(early, "rule_coding")


def answered(history: History, days: int, denied: bool, why: DenialCategory, **changes: object) -> None:
    """One claim sent so many days before DAY, answered ten days later."""
    claim = sent(f"{days} {changes.get('payer', '')}", DAY - timedelta(days=days), f"p{days}", **changes)
    history.submitted(claim)
    history.adjudicated(claim, denied, claim.submitted_on + timedelta(days=10), [why])


def test_a_reason_given_twice_for_the_same_thing_is_a_rule() -> None:
    found = []
    for refused in range(3):
        history = History()
        for k in range(2):
            answered(history, 90 - k, k < refused, DenialCategory.AUTHORIZATION)
        found.append(value(row(sent(), history), "rules"))
    assert found[0] < value(row(sent(), History()), "rules") < found[1] < found[2]


def test_a_diagnosis_refused_twice_is_a_rule_wherever_it_stands() -> None:
    history, codes = History(), ("I10", "J30.9")
    for days in (90, 80):
        answered(history, days, True, DenialCategory.INFORMATION, diagnoses=codes)
    answered(history, 70, False, DenialCategory.INFORMATION, diagnoses=("I10",))
    refused, other, plain = (row(sent(diagnoses=shown), history) for shown in (codes, ("K21.9",), ("I10",)))
    assert value(refused, "rule_code") > value(plain, "rule_code") > 0 == value(row(sent(), History()), "why_code")
    assert value(other, "rule_unspecified") == value(refused, "rule_unspecified") > value(other, "rule_code")


def test_a_rule_wears_off_when_claims_of_the_kind_are_taken() -> None:
    history = History()
    for days in (200, 199):
        answered(history, days, True, DenialCategory.NOT_COVERED)
    before = value(row(sent("x", DAY - timedelta(days=150)), history), "rules")
    for days in (100, 99, 98):
        answered(history, days, False, DenialCategory.NOT_COVERED)
    assert value(row(sent(), history), "rules") < before / 2


def test_a_claim_refused_as_a_whole_says_nothing_of_its_lines() -> None:
    history = History()
    for days in (90, 80, 70):
        answered(history, days, True, DenialCategory.ELIGIBILITY)
    found = row(sent(patient="another"), history)
    assert value(found, "rules") == value(row(sent(), History()), "rules")
    assert value(found, "lift_payer_procedure") == 0 and value(found, "lift_payer") > 0


def too_late(history: History, days: int, frequency: str = "1") -> float:
    return value(row(sent("asked", patient="q", days_to_submit=days, frequency=frequency), history), "too_late")


def test_a_filing_limit_is_found_between_what_was_taken_and_what_was_refused() -> None:
    history = History()
    for days, wait in ((200, 58), (190, 55), (180, 62), (170, 70)):
        answered(history, days, wait > 60, DenialCategory.TIMELY_FILING, days_to_submit=wait)
    assert too_late(history, 65) > 3 and too_late(history, 61) > 3
    assert too_late(history, 50) < 1
    assert too_late(history, 65, "7") < 1  # a replacement has a deadline of its own


def test_a_lost_first_copy_makes_no_filing_limit() -> None:
    history = History()
    answered(history, 90, True, DenialCategory.TIMELY_FILING, days_to_submit=3)
    assert too_late(history, 20) == too_late(History(), 20)


def test_a_payer_counts_the_check_ups_it_paid_itself() -> None:
    check_up = {"procedures": ("99396",), "modifiers": ("",), "units": (1,), "amounts_cents": (20000,)}
    check_up |= {"pointed": ("Z00.00",), "diagnoses": ("Z00.00",)}
    asked = sent("now", patient="p200", **check_up)
    found = {}
    for payer, denied in (("60054", False), ("60054", True), ("elsewhere", False)):
        history = History()
        answered(history, 200, denied, DenialCategory.NOT_COVERED, payer=payer, **check_up)
        found[payer, denied] = value(row(asked, history), "yearly_again")
        assert value(row(asked, history), "yearly_too_soon") == 1
    assert found == {("60054", False): 1.0, ("60054", True): 0.0, ("elsewhere", False): 0.0}


def test_a_coverage_has_ended_from_the_first_day_refused() -> None:
    history = History()
    paid, refused = (sent(str(d), DAY - timedelta(days=d), coverage_key="c") for d in (200, 100))
    history.adjudicated(paid, False, paid.submitted_on + timedelta(days=10))
    history.adjudicated(refused, True, refused.submitted_on + timedelta(days=10), [DenialCategory.ELIGIBILITY])
    asked = {
        d: row(sent("x", DAY, coverage_key="c", days_to_submit=d), History.from_json(history.as_json()))
        for d in (3, 150, 250)
    }
    assert {d: value(found, "coverage_ended") for d, found in asked.items()} == {3: 1, 150: 0, 250: 0}
    assert {d: value(found, "coverage_perhaps_ended") for d, found in asked.items()} == {3: 0, 150: 1, 250: 0}


def test_what_was_paid_in_part_and_is_sent_again_whole_comes_twice() -> None:
    history = History()
    two_lines = {"procedures": ("99213", "36415"), "modifiers": ("", ""), "units": (1, 1)}
    two_lines |= {"amounts_cents": (10000, 1000), "pointed": ("I10", "I10")}
    one = sent("one", DAY - timedelta(days=40), days_to_submit=3, **two_lines)
    history.submitted(one)
    history.adjudicated(one, True, DAY - timedelta(days=20), [DenialCategory.CODING], ("36415",))
    again = sent("two", DAY, days_to_submit=43, resubmission=True, **two_lines)
    assert value(row(again, history), "part_paid_again") == 1
    assert value(row(again, history), "duplicate") == 0


def test_what_is_usual_and_missing() -> None:
    history = History()
    for k in range(20):
        history.submitted(sent(f"u{k}", DAY - timedelta(days=9), f"p{k}", has_authorization=True))
    assert value(row(sent(), history), "missing_authorization") > 0.7
    assert value(row(sent(has_authorization=True), history), "missing_authorization") == 0


def test_a_history_survives_a_file() -> None:
    history = History()
    for k in range(40):
        c = sent(f"c{k}", DAY - timedelta(days=60 - k), f"p{k % 5}")
        history.submitted(c)
        history.adjudicated(c, k % 3 == 0, c.submitted_on + timedelta(days=12), [DenialCategory.CODING])
    row(sent("x", DAY - timedelta(days=30)), history)
    again = History.from_json(history.as_json())
    assert again.as_json() == history.as_json()
    assert row(sent("y"), again) == row(sent("y"), history)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "null"])
def test_a_file_that_is_no_history_is_refused(text: str) -> None:
    with pytest.raises(HistoryError, match="not a saved history"):
        History.from_json(text)


def test_an_outcome_that_arrives_late_is_still_counted() -> None:
    history = History()
    history.adjudicated(sent("a", DAY - timedelta(days=50)), True, DAY - timedelta(days=5))
    row(sent("x", DAY - timedelta(days=2)), history)
    history.adjudicated(sent("b", DAY - timedelta(days=60)), True, DAY - timedelta(days=40))
    row(sent("y"), history)
    key = "payer:60054"
    assert history.tally(key).claims == 2


def test_a_claim_with_no_lines_gets_a_row() -> None:
    bare = sent(procedures=(), modifiers=(), units=(), amounts_cents=(), pointed=(), diagnoses=())
    history = History()
    history.submitted(bare)
    history.adjudicated(bare, True, DAY)
    assert len(row(replace(bare, submitted_on=DAY + timedelta(days=2)), history)) == len(NAMES)
