"""Models of the practice: kept under their seals, put in service and taken back by a person who signs for it.

Offering a model changes nothing. It serves once somebody names its whole seal and a reason; taking an earlier one back
into service is the same act. The log says who, when, why, and which seal stood there before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from serving import artifacts
from serving.desk.case import Desk, use_case
from serving.errors import Conflict, NotFound
from serving.schemas.billing import ModelView, ServiceIn

if TYPE_CHECKING:
    from models.artifact import Artifact
    from serving.store.books import Books

KINDS = ("coding", "denial")


def _card(artifact: Artifact) -> dict[str, str]:
    """The model's card as texts; its figures one by one."""
    card = artifact.manifest["card"]
    if not isinstance(card, dict):
        return {"card": str(card)}
    flat: dict[str, str] = {}
    for name, value in sorted(card.items()):
        if isinstance(value, dict):
            flat |= {f"{name} {inner}": str(said) for inner, said in sorted(value.items())}
        else:
            flat[name] = str(value)
    return flat


def _views(desk: Desk, books: Books, kind: str) -> list[ModelView]:
    activations = books.activations(kind)
    serving = activations[0].sha256 if activations else ""
    last = {a.sha256: a for a in reversed(activations)}
    views = []
    for seal, artifact in artifacts.kept(books, desk.settings.artifacts, kind).items():
        activation = last.get(seal)
        views.append(
            ModelView(
                kind=kind,
                sha256=seal,
                in_service=seal == serving,
                activated_at=activation.activated_at.isoformat() if activation else "",
                activated_by=activation.activated_by if activation else "",
                card=_card(artifact),
            )
        )
    return sorted(views, key=lambda v: (not v.in_service, v.activated_at == "", v.sha256))


@use_case("model.read")
def models(desk: Desk, books: Books) -> list[ModelView]:
    """Every model kept for the practice, by kind, the one in service first."""
    return [view for kind in KINDS for view in _views(desk, books, kind)]


@use_case("model.activate")
def offer(desk: Desk, books: Books, kind: str, directory: Path) -> str:
    """Keep a model for the practice, verified, without putting it in service; returns its seal."""
    seal = artifacts.offer(books, desk.settings.artifacts, kind, directory)
    books.log(desk.actor, "model.activate", seal, reason=f"{kind} offered")
    return seal


@use_case("model.activate")
def put_in_service(desk: Desk, books: Books, kind: str, signed: ServiceIn) -> ModelView:
    """Let the model of that seal serve: a promotion, or the way back to one that served before."""
    artifact = artifacts.kept(books, desk.settings.artifacts, kind).get(signed.sha256)
    if artifact is None:
        raise NotFound("model")
    activations = books.activations(kind)
    before = activations[0].sha256 if activations else None
    if before == signed.sha256:
        raise Conflict("this model is in service", mend="name another seal, or leave it so")
    artifacts.activate(books, desk.settings.artifacts, kind, artifact.path, desk.actor.login)
    books.log(desk.actor, "model.activate", signed.sha256, f"{kind}: {signed.reason}", before, signed.sha256)
    return next(view for view in _views(desk, books, kind) if view.sha256 == signed.sha256)
