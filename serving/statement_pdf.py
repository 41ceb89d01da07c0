"""The statement on paper: what the guarantor owes, line by line, with each line's reason in plain words.

Deterministic: the same statement gives the same bytes (reportlab's invariant mode).
"""

from __future__ import annotations

from io import BytesIO
from xml.sax.saxutils import escape

from billing_core.money import amount_text
from billing_core.registration import Address, Practice
from billing_core.statement import Statement


def _address(address: Address) -> str:
    parts = (address.line1, address.line2, f"{address.city}, {address.state} {address.postal_code[:5]}")
    return "<br/>".join(escape(part) for part in parts if part)


QR_POINTS = 72  # an inch: read from a table by any telephone


def payment_words(practice: Practice, statement: Statement) -> str:
    """What the QR code says: whom to pay, how much, for which statement, where to call. No name of a patient."""
    told = (f"pay {amount_text(statement.due)} USD", f"statement {statement.on.isoformat()}", f"tel {practice.phone}")
    return "; ".join((practice.name[:40], *told))


def statement_pdf(practice: Practice, statement: Statement) -> bytes:
    """The PDF's bytes. Names and reasons are escaped: markup in them is printed, never read."""
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import LETTER
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    out, look = BytesIO(), getSampleStyleSheet()
    page = SimpleDocTemplate(out, pagesize=LETTER, title="Statement", author=practice.name, invariant=1)
    name = statement.guarantor.name
    rows: list[list[object]] = [["Date", "Service", "Charge", "Insurance paid", "Adjusted", "You paid", "You owe"]]
    for line in statement.lines:
        words = Paragraph(f"{escape(line.words)}<br/><i>{escape(line.reason)}</i>", look["BodyText"])
        money = (line.charge, line.insurance_paid, line.adjusted, line.you_paid, line.you_owe)
        rows.append([line.service_date.isoformat(), words, *(amount_text(m) for m in money)])
    table = Table(rows, colWidths=[62, 190, 52, 70, 52, 52, 52], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
                ("FONTSIZE", (0, 0), (-1, -1), 8),
            ]
        )
    )
    code = Drawing(QR_POINTS, QR_POINTS)
    code.add(QrCodeWidget(payment_words(practice, statement), barWidth=QR_POINTS, barHeight=QR_POINTS))
    page.build(
        [
            Paragraph(f"<b>{escape(practice.name)}</b><br/>{_address(practice.address)}", look["BodyText"]),
            Spacer(1, 18),
            Paragraph(
                f"{escape(name.first)} {escape(name.last)}<br/>{_address(statement.guarantor.address)}",
                look["BodyText"],
            ),
            Spacer(1, 18),
            Paragraph(f"Statement of {statement.on.isoformat()}", look["Heading2"]),
            table,
            Spacer(1, 12),
            Paragraph(f"<b>Please pay {amount_text(statement.due)} USD</b>", look["Heading3"]),
            Paragraph(f"Questions: {escape(practice.phone)}", look["BodyText"]),
            Spacer(1, 12),
            code,
        ]
    )
    return out.getvalue()
