"""An appeal on paper: each sentence with the number of its source, the sources below, the signature at the end.

Deterministic: the same letter gives the same bytes (reportlab's invariant mode). A draft says that it is one.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from billing_core.claim import Claim
from billing_core.money import amount_text
from billing_core.registration import Practice

if TYPE_CHECKING:
    from serving.store.appeals import StoredAppeal


def appeal_pdf(practice: Practice, claim: Claim, stored: StoredAppeal) -> bytes:
    """The PDF's bytes. Every text is escaped: markup in it is printed, never read."""
    from reportlab.lib.pagesizes import LETTER
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    out, look = BytesIO(), getSampleStyleSheet()
    body, small = look["BodyText"], look["Italic"]
    page = SimpleDocTemplate(out, pagesize=LETTER, title="Appeal", author=practice.name, invariant=1)
    sources = list(dict.fromkeys(s["source"] for s in stored.body["sentences"]))
    on = stored.filed_on.isoformat() if stored.filed_on else "DRAFT, not signed"
    home = practice.address
    amount = amount_text(stored.body["denied_cents"])
    head = (
        f"<b>{escape(practice.name)}</b><br/>{escape(home.line1)}<br/>"
        f"{escape(home.city)}, {escape(home.state)} {escape(home.postal_code[:5])}<br/>"
        f"NPI {escape(practice.npi)}, telephone {escape(practice.phone)}"
    )
    about = (
        f"<b>Appeal, level {stored.level}</b>, claim {escape(claim.number)}, remittance {escape(stored.body['trace'])} "
        f"of {escape(stored.body['remitted_on'])}<br/>Patient {escape(claim.patient.name.first)} "
        f"{escape(claim.patient.name.last)}, member {escape(claim.coverage.member_id)}<br/>"
        f"Service of {claim.service_date.isoformat()} by {escape(claim.rendering.name.first)} "
        f"{escape(claim.rendering.name.last)}, NPI {escape(claim.rendering.npi)}<br/>Refused: {amount} USD"
    )
    said = [
        Paragraph(f"{escape(s['words'])} <super>[{sources.index(s['source']) + 1}]</super>", body)
        for s in stored.body["sentences"]
    ]
    cited = [Paragraph(f"[{place}] {escape(source)}", small) for place, source in enumerate(sources, start=1)]
    signature = str(stored.body.get("signed_by", "")) or "______________________"
    page.build(
        [
            Paragraph(head, body),
            Spacer(1, 12),
            Paragraph(f"{on}<br/>To {escape(claim.payer.name)}, appeals", body),
            Spacer(1, 12),
            Paragraph(about, body),
            Spacer(1, 12),
            *said,
            Spacer(1, 6),
            Paragraph("We ask you to take back the refusal and to pay the claim.", body),
            Spacer(1, 18),
            Paragraph(f"Signed: {escape(signature)}, for {escape(practice.name)}", body),
            Spacer(1, 18),
            Paragraph("<b>Sources</b>", body),
            *cited,
        ]
    )
    return out.getvalue()
