"""Doors to the batches of paper that are being keyed."""

from __future__ import annotations

from fastapi import APIRouter

from serving.desk import keying
from serving.routes.entrance import AtDesk, Id
from serving.schemas.billing import ReceiptView
from serving.schemas.keying import DraftIn, DraftItem, DraftView, PostIn, SaveIn
from serving.schemas.money import ReasonIn

router = APIRouter(tags=["books"])


@router.get("/batches")
def drafts(desk: AtDesk) -> list[DraftItem]:
    """The batches that are being keyed."""
    return keying.drafts(desk)


@router.post("/batches")
def begin(desk: AtDesk, draft: DraftIn) -> DraftView:
    """Begin a batch of paper; nothing is posted."""
    return keying.begin(desk, draft)


@router.get("/batches/{batch_id}")
def read_draft(desk: AtDesk, batch_id: Id) -> DraftView:
    """A batch as far as it is typed, and what it still lacks."""
    return keying.read_draft(desk, batch_id)


@router.put("/batches/{batch_id}")
def save(desk: AtDesk, batch_id: Id, given: SaveIn) -> DraftView:
    """Keep it as it is typed now; nothing is posted."""
    return keying.save(desk, batch_id, given)


@router.post("/batches/{batch_id}/post")
def post(desk: AtDesk, batch_id: Id, given: PostIn) -> ReceiptView:
    """Post it whole, when it balances."""
    return keying.post(desk, batch_id, given)


@router.post("/batches/{batch_id}/discard", status_code=204)
def discard(desk: AtDesk, batch_id: Id, why: ReasonIn) -> None:
    """Throw it away, with the reason."""
    keying.discard(desk, batch_id, why)
