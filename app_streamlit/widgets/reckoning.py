"""Why a line should pay what it should pay: every step of its reckoning with the clause of the contract behind it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app_streamlit.widgets.look import dollars, said, strip
from app_streamlit.widgets.messages import told
from app_streamlit.widgets.picklist import Cell, Row, show_table
from serving.schemas.billing import ClaimLineView
from serving.schemas.contracts import ReckonedLine

COLUMNS = (("Why", "lines"), ("Amount", "number"), ("Clause", "code"))
Fact = tuple[str, str, str]


def show_why(key: str, line: ReckonedLine, *facts: Fact) -> None:
    """What the line should pay, with `facts` told after it, and every step that leads there."""
    strip(
        (dollars(line.paid), f"should be paid for line {line.number}, {line.procedure}", ""),
        (dollars(line.allowed), "allowed", ""),
        (dollars(line.patient), "by the patient", ""),
        *facts,
    )
    if line.refused:
        said(f"The contract refuses it. {told(line.words)}", "bad")
    show_table(key, COLUMNS, [Row(str(place), cells) for place, cells in enumerate(steps(line))])


def steps(line: ReckonedLine) -> Sequence[tuple[Cell, ...]]:
    """The reckoning from the charge to the payment, a step a row."""
    between = [((step.words, ""), (step.amount, ""), (step.clause, "quiet")) for step in line.steps]
    left, paid = _total("left to the patient", line.patient), _total("the payer should pay", line.paid)
    return [_total("billed", line.charge), *between, left, paid]


def _total(words: str, amount: str) -> tuple[Cell, ...]:
    return (words, "strong"), (amount, "strong"), ("", "")


def compared(should: ReckonedLine, line: ClaimLineView) -> Sequence[Fact]:
    """What the line brought beside what the contract allows.

    The yardstick is the allowed amount, the payer's share and the patient's together: what the patient has used of the
    plan elsewhere moves dollars between the two, and is known to the payer alone (`billing_core/underpayment.py`).
    """
    paid = (dollars(line.paid), "was paid so far", "")
    if line.owner.startswith("payer") and Decimal(line.open):
        return (paid,)
    missing = Decimal(should.allowed) - (Decimal(line.amount) - Decimal(line.adjusted))
    if missing == 0:
        return paid, ("as much as the contract allows", "", "")
    words = ("less than the contract allows", "bad") if missing > 0 else ("more than the contract allows", "")
    return paid, (dollars(f"{abs(missing):.2f}"), *words)
