"""The good-faith estimate on paper, for who is uninsured or pays alone: the content that 45 CFR 149.610(c) asks for.

Deterministic: the same estimate gives the same bytes (reportlab's invariant mode).
"""

from __future__ import annotations

from io import BytesIO
from xml.sax.saxutils import escape

from billing_core.estimate import GoodFaithEstimate
from billing_core.money import amount_text

_DISCLAIMERS = (
    "There may be further items or services that your provider recommends and that are scheduled or requested "
    "separately; they are not in this estimate.",
    "This is only an estimate of the items and services that are reasonably expected today. What is really furnished, "
    "and its charges, may differ.",
    "This estimate is not a contract. It does not oblige you to obtain any of these services from this provider.",
)


def good_faith_pdf(made: GoodFaithEstimate) -> bytes:
    """The PDF's bytes. Names and descriptions are escaped: markup in them is printed, never read."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import LETTER
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    out, look = BytesIO(), getSampleStyleSheet()
    body = look["BodyText"]
    page = SimpleDocTemplate(out, pagesize=LETTER, title="Good faith estimate", author=made.practice.name, invariant=1)
    rows: list[list[object]] = [["Code", "Service", "Units", "Expected charge"]]
    for line in made.lines:
        service = line.service
        words = Paragraph(escape(service.description or "service"), body)
        rows.append([service.procedure, words, str(service.units), amount_text(line.amount)])
    rows.append(["", "Total expected charges", "", amount_text(made.total)])
    table = Table(rows, colWidths=[70, 290, 50, 100], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
            ]
        )
    )
    dispute = (
        f"If you are billed {amount_text(made.disputable_from)} USD or more, which is 400.00 above this estimate, you "
        "may dispute the bill with the Department of Health and Human Services within 120 days of the bill. Disputing "
        "it does not change the quality of your care."
    )
    page.build(
        [
            Paragraph("Good faith estimate of expected charges", look["Heading2"]),
            *(Paragraph(words, body) for words in _parties(made)),
            Spacer(1, 12),
            table,
            Spacer(1, 12),
            *(Paragraph(words, body) for words in (*_DISCLAIMERS, dispute)),
            Paragraph(f"Questions: {escape(made.practice.phone)}", body),
        ]
    )
    return out.getvalue()


def _parties(made: GoodFaithEstimate) -> list[str]:
    practice, provider, patient = made.practice, made.provider, made.patient
    address = practice.address
    diagnoses = ", ".join(made.diagnoses) or "not yet known"
    return [
        f"<b>Patient:</b> {escape(patient.name.first)} {escape(patient.name.last)}, "
        f"born {patient.birth_date.isoformat()}",
        f"<b>Provider:</b> {escape(provider.name.first)} {escape(provider.name.last)}, NPI {escape(provider.npi)}, at "
        f"{escape(practice.name)}, NPI {escape(practice.npi)}, tax id {escape(practice.tin)}",
        f"<b>Where:</b> {escape(address.line1)}, {escape(address.city)}, {escape(address.state)} "
        f"{escape(address.postal_code[:5])}",
        f"<b>When:</b> {made.service_date.isoformat()} &nbsp; <b>Diagnoses:</b> {escape(diagnoses)}",
        f"<b>Made on:</b> {made.made_on.isoformat()}",
    ]
