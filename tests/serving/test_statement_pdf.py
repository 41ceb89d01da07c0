"""The statement on paper: the same bytes each time, a code to pay by, and no patient's name in it."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from pypdf import PdfReader

from billing_core.registration import Guarantor
from billing_core.statement import Statement, StatementLine
from serving.statement_pdf import payment_words, statement_pdf
from tests.billing_core import specimens

LINE = StatementLine("charge-1", specimens.SERVICE, "99213", "Office visit", 10000, 6500, 2000, 0, 1500, "your copay")
STATEMENT = Statement(
    Guarantor("guarantor", specimens.NAME, specimens.HOME), date(2026, 5, 4), (LINE,), (), 1500, 0, 1500
)


def test_the_code_says_whom_to_pay_and_how_much_and_names_nobody() -> None:
    words = payment_words(specimens.PRACTICE, STATEMENT)
    assert words == "Elm Family Medicine; pay 15.00 USD; statement 2026-05-04; tel 5185550100"
    assert specimens.NAME.last not in words


def test_the_same_statement_is_the_same_bytes_with_its_code_drawn() -> None:
    data = statement_pdf(specimens.PRACTICE, STATEMENT)
    assert data == statement_pdf(specimens.PRACTICE, STATEMENT)
    page = PdfReader(BytesIO(data)).pages[0]
    assert "Please pay 15.00 USD" in page.extract_text()
    squares = page.get_contents().get_data().count(b" re")
    assert squares > 200, "the code is drawn of squares"
