"""Doors to the models: which are kept, which one serves by a person's signature, and how they are watched."""

from __future__ import annotations

from fastapi import APIRouter

from serving.desk import models, watching
from serving.routes.entrance import AtDesk, Id
from serving.schemas.models import ModelView, ServiceIn, WatchView, WithholdIn, WithholdView

router = APIRouter(tags=["models"])


@router.get("/models")
def list_models(desk: AtDesk) -> list[ModelView]:
    """Every model kept for the practice, with its card."""
    return models.models(desk)


@router.post("/models/{kind}/service")
def put_in_service(desk: AtDesk, kind: Id, signed: ServiceIn) -> ModelView:
    """Promote a model that was offered, or go back to one that served before."""
    return models.put_in_service(desk, kind, signed)


@router.post("/models/{kind}/shadow")
def put_in_shadow(desk: AtDesk, kind: Id, signed: ServiceIn) -> ModelView:
    """Let a model that was offered score beside the one in service, for comparison."""
    return models.put_in_shadow(desk, kind, signed)


@router.get("/models/{kind}/watch")
def watch(desk: AtDesk, kind: Id) -> WatchView:
    """Drift, the challenger beside the champion, and the slice without advice, as the last night found them."""
    return watching.last_watch(desk, kind)


@router.get("/advice/withheld")
def withholding(desk: AtDesk) -> WithholdView:
    """From how many visits the model's advice is withheld."""
    return models.withholding(desk)


@router.put("/advice/withheld")
def withhold(desk: AtDesk, wish: WithholdIn) -> WithholdView:
    """Choose that share: a manager's word."""
    return models.withhold(desk, wish)
