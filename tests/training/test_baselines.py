"""The rivals that need no model, by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.models.denial.test_share import sent
from training.baselines import STRENGTH, line_table, rate_table
from training.export_folder import Submission


def answered(serial: int, *codes: str, refused: tuple[str, ...] = (), denied: bool | None = None) -> Submission:
    claim = sent(serial, *codes)
    on = claim.submitted_on + timedelta(days=9)
    return Submission(claim, "", on, bool(refused) if denied is None else denied, (), refused)


KNOWN = [answered(n, "99213", "81002", refused=("81002",)) for n in range(30)]


def test_by_lines_the_blame_falls_on_the_line_that_was_refused() -> None:
    asked = [answered(90, "99213"), answered(91, "81002")]
    assert rate_table(KNOWN, asked)[0] == rate_table(KNOWN, asked)[1] > 0.9, "by claims both stood in refused ones"
    visit, urinalysis = line_table(KNOWN, asked)
    base = 31 / 62
    assert visit == pytest.approx(STRENGTH * base / (30 + STRENGTH))
    assert urinalysis == pytest.approx((30 + STRENGTH * base) / (30 + STRENGTH))


def test_by_lines_a_claim_is_refused_when_any_line_is() -> None:
    one, other, both = line_table(KNOWN, [answered(90, "99213"), answered(91, "81002"), answered(92, "99213", "81002")])
    assert both == pytest.approx(1 - (1 - one) * (1 - other)) and both > other > one


def test_a_claim_refused_as_a_whole_is_refused_in_each_line() -> None:
    whole = [answered(n, "99213", "81002", denied=True) for n in range(30)]
    visit, urinalysis = line_table(whole, [answered(90, "99213"), answered(91, "81002")])
    assert visit == urinalysis > 0.9
    assert line_table(whole, [answered(92, "20610")])[0] == pytest.approx(61 / 62), (
        "never seen: as lines are on the whole"
    )
