"""Every figure on a hand-counted example."""

import pytest

from training.coding_metrics import (
    Counts,
    Judged,
    average_precision,
    count,
    interval,
    mean_average_precision,
    micro,
    note_f1,
    paired_interval,
    recall_at,
)

NOTES = [
    Judged(("A00.1", "B00"), ("A00.1", "B00", "C00"), frozenset({"A00.1", "C00"})),
    Judged((), ("D00",), frozenset({"D00"})),
    Judged((), (), frozenset()),
]


def test_micro_pools_all_notes() -> None:
    assert micro(NOTES) == Counts(right=1, offered=2, signed=3)
    assert micro(NOTES).f1 == pytest.approx(2 / 5)


def test_a_code_counts_once_per_note() -> None:
    assert count([(["A", "A"], ["A"])]) == Counts(1, 1, 1)


def test_nothing_offered_and_nothing_signed_has_no_micro_ratio_but_is_a_perfect_note() -> None:
    assert (count([]).precision, count([]).recall, count([]).f1) == (None, None, None)
    assert [note_f1(note) for note in NOTES] == [0.5, 0.0, 1.0]


def test_average_precision_divides_by_the_codes_signed() -> None:
    assert average_precision(NOTES[0]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(Judged((), ("X",), frozenset({"Y"}))) == 0.0


def test_mean_average_precision_leaves_out_notes_without_a_signed_code() -> None:
    assert mean_average_precision(NOTES) == pytest.approx((5 / 6 + 1) / 2)
    assert mean_average_precision([NOTES[2]]) is None


def test_recall_at_k_pools_and_all_candidates_are_the_ceiling() -> None:
    assert recall_at(NOTES, 1) == pytest.approx(2 / 3)
    assert recall_at(NOTES, None) == pytest.approx(1.0)


def test_a_category_stands_where_its_best_code_stands() -> None:
    note = Judged(("A00.1", "A00.2"), ("B01", "A00.1", "A00.2"), frozenset({"A00.9"})).categories()
    assert note == Judged(("A00",), ("B01", "A00"), frozenset({"A00"}))


def test_the_interval_holds_the_figure_and_is_the_same_every_time() -> None:
    low, high = interval(NOTES * 20, lambda c: c.f1) or (1.0, 0.0)
    assert low < micro(NOTES).f1 < high
    assert interval(NOTES * 20, lambda c: c.f1) == (low, high)
    assert interval([], lambda c: c.f1) is None


def test_the_paired_interval_of_a_model_with_itself_is_nothing() -> None:
    assert paired_interval(NOTES, NOTES) == (0.0, 0.0)
    worse = [Judged((), n.ranked, n.signed) for n in NOTES]
    assert (paired_interval(NOTES * 20, worse * 20) or (0, 0))[0] > 0
