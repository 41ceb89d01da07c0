"""Which second answer contradicts the first: another decision on the same line, with nothing taken back between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_core.contradiction import contradictions
from billing_core.remittance import ClaimPayment
from tests.billing_core import specimens
from tests.billing_core.money_specimens import answer

CLAIM = specimens.claim(specimens.line(1), specimens.line(2, "36415", 3000))
PAID = answer(CLAIM, ("CO-45 40",), ())
DENIED = answer(CLAIM, ("CO-197 150",), ())
LATE = answer(CLAIM, ("CO-29 150",), ())
PENDED = answer(CLAIM, ("CO-133 150",), ("CO-133 30",))
WHOLE = replace(PAID, services=())
REFUSED = replace(WHOLE, paid=0, adjustments=answer(CLAIM, ("CO-197 180",), ("CO-45 30",)).services[0].adjustments)


def said(*earlier: ClaimPayment, now: ClaimPayment) -> list[str]:
    return [str(one) for one in contradictions(earlier, now)]


def test_another_decision_on_the_same_line_is_named_with_its_reasons() -> None:
    assert said(PAID, now=DENIED) == ["99213: not denied before, CO-197 now"]
    assert said(DENIED, now=PAID) == ["99213: CO-197 before, not denied now"]
    assert said(DENIED, now=LATE) == ["99213: CO-197 before, CO-29 now"]
    assert said(PAID, DENIED, now=LATE) == ["99213: CO-197 before, CO-29 now"], "what was said last stands"
    assert said(WHOLE, now=REFUSED) == ["the claim: not denied before, CO-197 now"]


def test_a_refusal_of_the_whole_claim_without_its_lines_speaks_of_each_line() -> None:
    lines = ["99213", "36415"]
    assert said(PAID, now=REFUSED) == [f"{line}: not denied before, CO-197 now" for line in lines]
    assert said(REFUSED, now=PAID) == [f"{line}: CO-197 before, not denied now" for line in lines]
    assert said(REFUSED, now=DENIED) == ["36415: CO-197 before, not denied now"]
    assert said(PAID, REFUSED, now=PAID) == said(REFUSED, now=PAID), "what was said last stands"


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        ([], DENIED),
        ([DENIED], DENIED),
        ([PAID], answer(CLAIM, ("CO-45 50",), ())),  # less money is no other decision
        ([PENDED], DENIED),
        ([PAID], PENDED),
        ([REFUSED], REFUSED),
        ([DENIED], WHOLE),  # paid as a whole: of which line is not said
        ([replace(PAID, services=PAID.services[1:])], replace(DENIED, services=DENIED.services[:1])),
    ],
)
def test_said_again_undecided_or_about_another_line_contradicts_nothing(
    earlier: list[ClaimPayment], now: ClaimPayment
) -> None:
    assert said(*earlier, now=now) == []
