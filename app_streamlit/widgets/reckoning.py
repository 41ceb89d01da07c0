"""Why a line should pay what it should pay: every step of its reckoning with the clause of the contract behind it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app_streamlit.widgets.look import dollars, said, strip
from app_streamlit.widgets.messages import told
from app_streamlit.widgets.picklist import Cell, Row, show_table
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


def compared(expected: str, paid: str) -> tuple[Fact, Fact]:
    """What was paid beside what should have been."""
    missing = Decimal(expected) - Decimal(paid)
    if missing == 0:
        told_of = ("as it should be", "", "")
    else:
        told_of = (dollars(f"{abs(missing):.2f}"), *(("too little", "bad") if missing > 0 else ("too much", "")))
    return (dollars(paid), "was paid", ""), told_of
