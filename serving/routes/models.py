"""Doors to the models: which are kept, and which one serves, by a person's signature."""

from __future__ import annotations

from fastapi import APIRouter

from serving.desk import models
from serving.routes.entrance import AtDesk, Id
from serving.schemas.billing import ModelView, ServiceIn

router = APIRouter(tags=["models"])


@router.get("/models")
def list_models(desk: AtDesk) -> list[ModelView]:
    """Every model kept for the practice, with its card."""
    return models.models(desk)


@router.post("/models/{kind}/service")
def put_in_service(desk: AtDesk, kind: Id, signed: ServiceIn) -> ModelView:
    """Promote a model that was offered, or go back to one that served before."""
    return models.put_in_service(desk, kind, signed)
