"""Doors to the money: payments, statements, figures, and the proof of the ledger."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.desk import money
from serving.routes.entrance import AtDesk, Id
from serving.schemas.billing import AnalyticsView, LedgerProof, PaymentIn, StatementItem

PDF = "application/pdf"

router = APIRouter(tags=["money"])


@router.post("/payments", status_code=204)
def take_payment(desk: AtDesk, payment: PaymentIn) -> None:
    """Money from a guarantor."""
    money.take_payment(desk, payment)


@router.post("/statements")
def run_statements(desk: AtDesk) -> list[StatementItem]:
    """Draw up the statements that are due."""
    return money.run_statements(desk)


@router.get("/statements")
def statements(desk: AtDesk) -> list[StatementItem]:
    """The statements sent."""
    return money.statements(desk)


@router.get(
    "/statements/{statement_id}/pdf",
    response_class=Response,
    responses={200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}},
)
def statement_pdf(desk: AtDesk, statement_id: Id) -> Response:
    """A statement as the guarantor gets it."""
    attachment = {"Content-Disposition": f'attachment; filename="statement-{statement_id}.pdf"'}
    return Response(money.statement_pdf(desk, statement_id), media_type=PDF, headers=attachment)


@router.get("/analytics")
def analytics(desk: AtDesk) -> AnalyticsView:
    """The manager's figures, each with its numerator and denominator."""
    return money.analytics(desk)


@router.get("/ledger/proof")
def prove(desk: AtDesk) -> LedgerProof:
    """Whether the ledger balances and its chain holds."""
    return money.prove(desk)
