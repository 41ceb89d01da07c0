"""The statement on paper: what the guarantor owes, line by line, with each line's reason in plain words.

Read by a person who has never seen a remittance: who was seen by whom, what the insurance did and when, why the rest
is theirs, by when and how to pay, what to do who cannot pay or does not agree. Deterministic: the same statement gives
the same bytes (reportlab's invariant mode).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from billing_core.money import Cents, amount_text
from billing_core.registration import Address, Practice
from billing_core.statement import Statement, StatementLine

FONT, BOLD = "Vera", "VeraBd"  # Bitstream Vera, which comes with reportlab and may be embedded
QR_POINTS = 72  # an inch: read from a table by any telephone
_QUIET = 4
_BARE_AMOUNT = re.compile(r"(?<![\d.$])(\d+\.\d\d)(?![\d.])")
_HEAD = ("Day", "What was done, and why you owe it", "Price", "Insurance paid", "Discounts", "You paid", "You owe")
_WIDTHS = (58, 190, 54, 62, 62, 48, 58)


def _address(address: Address) -> str:
    parts = (address.line1, address.line2, f"{address.city}, {address.state} {address.postal_code[:5]}")
    return "<br/>".join(escape(part) for part in parts if part)


def day_words(day: date) -> str:
    """A day as people write it.

    >>> day_words(date(2026, 5, 4))
    'May 4, 2026'
    """
    return f"{day:%B} {day.day}, {day.year}"


def phone_words(phone: str) -> str:
    """A telephone number as people write it.

    >>> phone_words("5185550100"), phone_words("+44 20 7946 0000")
    ('(518) 555-0100', '+44 20 7946 0000')
    """
    return f"({phone[:3]}) {phone[3:6]}-{phone[6:]}" if len(phone) == 10 and phone.isdigit() else phone


def _dollars(amount: Cents) -> str:
    text = amount_text(abs(amount))
    whole, point, cents = text.partition(".")
    return f"{'-' if amount < 0 else ''}${int(whole):,}{point}{cents}"


def payment_words(practice: Practice, statement: Statement) -> str:
    """What the QR code says: whom to pay, how much, for which statement, where to call. No name of a patient."""
    told = (f"pay {amount_text(statement.asked)} USD", f"statement {statement.on.isoformat()}", f"tel {practice.phone}")
    return "; ".join((practice.name[:40], *told))


def line_words(line: StatementLine) -> Iterator[str]:
    """What was done, what each insurance did, and why the rest is the guarantor's: a sentence each."""
    yield line.words
    for answer in line.insurance:
        did = f"paid {_dollars(answer.paid)}" if answer.paid else "paid nothing"
        yield f"{answer.payer} answered on {day_words(answer.on)} and {did}."
    reason = _BARE_AMOUNT.sub(r"$\1", line.reason)
    yield f"You owe this because: {reason}."


def asking_words(statement: Statement) -> str:
    """How much is asked for, and by when."""
    asked, by = _dollars(statement.asked), day_words(statement.pay_by)
    if statement.installment is None:
        return f"Please pay {asked} by {by}"
    return f"Your payment plan: please pay {asked} by {by}"


def _sums(statement: Statement) -> list[tuple[str, str]]:
    """What leads from the lines to what is asked for."""
    rows = [("You owe in all", _dollars(statement.total))]
    if statement.credit:
        rows.append(("Money of yours that we hold", _dollars(-statement.credit)))
        rows.append(("Left to pay", _dollars(statement.due)))
    if statement.installment is not None:
        rows.append(("Asked for now, by your plan", _dollars(statement.asked)))
    return rows


def _notes(practice: Practice, statement: Statement) -> list[str]:
    """How to pay, and what to do who cannot, or does not agree."""
    call = phone_words(practice.phone)
    records = sorted({line.patient for line in statement.lines if line.patient})
    named = f" Write on it: {'; '.join(records)}." if records else ""
    return [
        f"<b>To pay:</b> call {escape(call)}, come to the front desk, or send a check to the address above, made out to"
        f" {escape(practice.name)}.{escape(named)} The code holds the amount and our number for your telephone.",
        f"<b>Questions, or hard to pay?</b> Call {escape(call)} before the day above. We explain every line, agree on"
        " monthly payments, and take requests for help with the bill.",
        "<b>You think your insurance should have paid?</b> Call the number on your insurance card. You may ask it to"
        " look again (an appeal); tell us, and we wait and help.",
        "<b>Discounts</b> are what our agreement with your insurance, or we ourselves, took off the price: nobody owes"
        " them. Visits that an insurance has not answered yet are not on this statement.",
    ]


def statement_pdf(practice: Practice, statement: Statement) -> bytes:
    """The PDF's bytes. Names and reasons are escaped: markup in them is printed, never read."""
    from reportlab.lib.pagesizes import LETTER
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    _embed()
    body = ParagraphStyle("body", parent=getSampleStyleSheet()["BodyText"], fontName=FONT, fontSize=9, leading=12)
    out, small = BytesIO(), ParagraphStyle("small", parent=body, fontSize=8, leading=11)
    margins = {"leftMargin": 40, "rightMargin": 40, "topMargin": 40, "bottomMargin": 40}
    page = SimpleDocTemplate(out, pagesize=LETTER, title="Statement", author=practice.name, invariant=1, **margins)
    page.build(
        [
            *_letterhead(practice, statement, body),
            Spacer(1, 14),
            _lines(statement, small),
            Spacer(1, 8),
            _bottom(practice, statement, body),
            *_received(statement, small),
            Spacer(1, 8),
            *(Paragraph(note, small) for note in _notes(practice, statement)),
        ]
    )
    return out.getvalue()


def _embed() -> None:
    """The font goes into the file: a reader without one of the same width would print over the edge."""
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    if FONT not in pdfmetrics.getRegisteredFontNames():
        for name, bold in ((FONT, 0), (BOLD, 1)):
            pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
            addMapping(FONT, bold, 0, name)


def _letterhead(practice: Practice, statement: Statement, body: Any) -> list[Any]:
    from reportlab.platypus import Paragraph, Spacer, Table

    name = statement.guarantor.name
    ours = f"<b>{escape(practice.name)}</b><br/>{_address(practice.address)}<br/>{escape(phone_words(practice.phone))}"
    theirs = f"{escape(name.first)} {escape(name.last)}<br/>{_address(statement.guarantor.address)}"
    asked = f"Statement of {day_words(statement.on)}<br/><b>{asking_words(statement)}</b>"
    columns = Table([[Paragraph(theirs, body), Paragraph(asked, body)]], colWidths=[272, 260])
    columns.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOX", (1, 0), (1, 0), 0.8, "#0b3d6e")])
    return [Paragraph(ours, body), Spacer(1, 14), columns]


def _lines(statement: Statement, small: Any) -> Any:
    """The services, under the name of each patient where there are several."""
    from reportlab.lib import colors
    from reportlab.platypus import Paragraph, Table

    rows: list[list[object]] = [[Paragraph(f"<b>{word}</b>", small) for word in _HEAD]]
    looks: list[tuple[Any, ...]] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("ALIGN", (2, 1), (-1, -1), "RIGHT"),
        ("FONT", (0, 0), (-1, -1), FONT, 8),
    ]
    ordered = sorted(statement.lines, key=lambda line: (line.patient, line.service_date))
    for (patient, provider), lines in groupby(ordered, key=lambda line: (line.patient, line.provider)):
        if patient:
            looks.append(("SPAN", (0, len(rows)), (-1, len(rows))))
            seen = f", seen by {provider}" if provider else ""
            rows.append([Paragraph(f"<b>{escape(patient)}</b>{escape(seen)}", small)])
        for line in lines:
            words = "<br/>".join(escape(sentence) for sentence in line_words(line))
            money = (line.charge, line.insurance_paid, -line.adjusted or 0, line.you_paid, line.you_owe)
            day = Paragraph(day_words(line.service_date), small)
            rows.append([day, Paragraph(words, small), *(_dollars(amount) for amount in money)])
    return Table(rows, colWidths=_WIDTHS, repeatRows=1, style=looks)


def _bottom(practice: Practice, statement: Statement, body: Any) -> Any:
    """The sums, and the code to pay by."""
    from reportlab.platypus import Paragraph, Table

    code = _code(payment_words(practice, statement))
    sums = Table(
        [[Paragraph(words, body), amount] for words, amount in _sums(statement)]
        + [[Paragraph(f"<b>{asking_words(statement)}</b>", body), ""]],
        colWidths=[300, 90],
        style=[("ALIGN", (1, 0), (1, -1), "RIGHT"), ("SPAN", (0, -1), (1, -1)), ("FONT", (1, 0), (1, -1), FONT, 9)],
    )
    return Table([[sums, code]], colWidths=[420, 112], style=[("VALIGN", (0, 0), (-1, -1), "MIDDLE")])


def _code(words: str) -> Any:
    """The QR code of these words, with the four white modules around it that ISO/IEC 18004 asks for. Its dark modules
    are one shape: one each, as reportlab's own widget draws them, takes half as long again.
    """
    from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
    from reportlab.graphics.shapes import Drawing, Path

    code = QRCode(None, QRErrorCorrectLevel.L)
    code.addData(words)
    code.make()
    size = QR_POINTS / (code.getModuleCount() + 2 * _QUIET)
    dark = Path(fillColor="#000000", strokeColor=None)
    for row, modules in enumerate(code.modules):
        top, column = QR_POINTS - (row + _QUIET) * size, _QUIET
        for is_dark, run in groupby(modules):
            left, column = column * size, column + len(list(run))
            if is_dark:
                dark.moveTo(left, top)
                for x, y in ((column * size, top), (column * size, top - size), (left, top - size)):
                    dark.lineTo(x, y)
                dark.closePath()
    return Drawing(QR_POINTS, QR_POINTS, dark)


def _received(statement: Statement, small: Any) -> list[Any]:
    """What the guarantor paid on these services, with thanks."""
    from reportlab.platypus import Paragraph

    if not statement.payments:
        return []
    each = ", ".join(f"{_dollars(payment.amount)} on {day_words(payment.on)}" for payment in statement.payments)
    return [Paragraph(f"<b>Received from you, thank you:</b> {escape(each)}.", small)]
