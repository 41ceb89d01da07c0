"""The statement on paper: the same bytes each time, a code to pay by, and no patient's name in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from io import BytesIO

from pypdf import PdfReader
from reportlab.graphics.barcode.qr import QrCodeWidget

from billing_core.payment_plan import Installment
from billing_core.registration import Guarantor
from billing_core.statement import InsuranceAnswer, Payment, Statement, StatementLine
from serving.statement_pdf import QR_POINTS, payment_words, statement_pdf
from tests.billing_core import specimens

DAY = date(2026, 5, 4)
LINE = StatementLine("charge-1", specimens.SERVICE, "99213", "Office visit", 10000, 6500, 2000, 0, 1500, "your copay")
STATEMENT = Statement(Guarantor("guarantor", specimens.NAME, specimens.HOME), DAY, (LINE,), (), 1500, 0, 1500)


def test_the_code_says_whom_to_pay_and_how_much_and_names_nobody() -> None:
    words = payment_words(specimens.PRACTICE, STATEMENT)
    assert words == "Elm Family Medicine; pay 15.00 USD; statement 2026-05-04; tel 5185550100"
    assert specimens.NAME.last not in words


def words_of(statement: Statement) -> str:
    pages = PdfReader(BytesIO(statement_pdf(specimens.PRACTICE, statement))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_same_statement_is_the_same_bytes_with_its_code_drawn() -> None:
    data = statement_pdf(specimens.PRACTICE, STATEMENT)
    assert data == statement_pdf(specimens.PRACTICE, STATEMENT)
    page = PdfReader(BytesIO(data)).pages[0]
    assert "Please pay $15.00 by June 1, 2026" in page.extract_text()
    fonts = page["/Resources"]["/Font"].values()
    assert sum("+" in str(font.get_object()["/BaseFont"]) for font in fonts) == 2, "what is printed is in the file"


def test_the_code_on_the_page_is_the_code_of_the_words() -> None:
    page = PdfReader(BytesIO(statement_pdf(specimens.PRACTICE, STATEMENT))).pages[0]
    run = re.compile(rb"([\d.]+) ([\d.]+) m ([\d.]+) [\d.]+ l [\d.]+ ([\d.]+) l [\d.]+ [\d.]+ l h")
    runs = [tuple(map(float, found)) for found in run.findall(page.get_contents().get_data())]
    widget = QrCodeWidget(payment_words(specimens.PRACTICE, STATEMENT))
    widget.qr.make()
    size = QR_POINTS / (len(widget.qr.modules) + 8)  # four white modules on each side
    drawn = {
        (round((QR_POINTS - top) / size) - 4, column)
        for left, top, right, _ in runs
        for column in range(round(left / size) - 4, round(right / size) - 4)
    }
    assert all(round((top - bottom) / size) == 1 for _, top, _, bottom in runs)
    assert drawn == {(r, c) for r, row in enumerate(widget.qr.modules) for c, dark in enumerate(row) if dark}


def test_a_line_says_who_was_seen_what_each_insurance_did_and_why_the_rest_is_owed() -> None:
    answered = (InsuranceAnswer("Northern <Health>", 6500, DAY), InsuranceAnswer("Second Mutual", 0, DAY))
    line = replace(LINE, patient="Ann Doe (record 12)", provider="Ben Roe", reason="your copay 15.00")
    words = words_of(replace(STATEMENT, lines=(replace(line, insurance=answered),)))
    for sentence in (
        "Ann Doe (record 12), seen by Ben Roe",
        "Northern <Health> answered on May 4, 2026 and paid $65.00.",
        "Second Mutual answered on May 4, 2026 and paid nothing.",
        "You owe this because: your copay $15.00.",
        "call (518) 555-0100",
        "Write on it: Ann Doe (record 12).",
        "Call the number on your insurance card.",
        "take requests for help with the bill",
    ):
        assert sentence in words
    for jargon in ("Adjusted", "CO-45", "PR-3", "contractual", "guarantor", "responsibility", "EOB", "A/R"):
        assert jargon.lower() not in words.lower()


def test_credit_payments_and_a_plan_are_told_with_what_follows_from_them() -> None:
    paid = replace(STATEMENT, payments=(Payment(date(2026, 4, 2), 1000),), credit=300, due=1200)
    words = words_of(paid)
    assert "You owe in all $15.00 Money of yours that we hold -$3.00 Left to pay $12.00" in words
    assert "Received from you, thank you: $10.00 on April 2, 2026." in words and "Please pay $12.00 by" in words
    planned = replace(paid, installment=Installment(date(2026, 5, 20), 500))
    assert "Your payment plan: please pay $5.00 by May 20, 2026" in words_of(planned)
    assert payment_words(specimens.PRACTICE, planned).split("; ")[1] == "pay 5.00 USD"
    assert replace(planned, installment=Installment(DAY, 5000)).asked == 1200, "never more than is left"
