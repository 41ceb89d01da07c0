"""Models of the practice: kept under their seals, put in service and taken back by a person who signs for it.

Offering a model changes nothing. It may score in the shadow beside the one in service, and nobody is shown what it
says. It serves once somebody names its whole seal and a reason; taking an earlier one back into service is the same
act. The log says who, when, why, and which seal stood there before.

A code suggester that learned from charts serves only if it was promoted: `cleanclaim-train promote` leaves a signed
record beside the model, which is written into the log when the model is offered. One that learned from no chart (the
shipped one) needs none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from serving import artifacts
from serving.desk.case import Desk, use_case
from serving.desk.scoring import WITHHOLD
from serving.errors import Conflict, NotFound
from serving.schemas.models import ModelView, ServiceIn, WithholdIn, WithholdView

if TYPE_CHECKING:
    from models.artifact import Artifact
    from serving.store.books import Books

CODING = "coding"
OVERTURN = "overturn"
KINDS = (CODING, "denial", OVERTURN)


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
    activations, shadows = books.activations(kind), books.activations(artifacts.shadow_of(kind))
    serving = activations[0].sha256 if activations else ""
    shadow = shadows[0].sha256 if shadows else ""
    last = {a.sha256: a for a in reversed(activations)}
    views = []
    for seal, artifact in artifacts.kept(books, desk.settings.artifacts, kind).items():
        activation = last.get(seal)
        views.append(
            ModelView(
                kind=kind,
                sha256=seal,
                in_service=seal == serving,
                challenger=seal == shadow != serving,
                activated_at=activation.activated_at.isoformat() if activation else "",
                activated_by=activation.activated_by if activation else "",
                card=_card(artifact),
            )
        )
    return sorted(views, key=lambda v: (not v.in_service, not v.challenger, v.activated_at == "", v.sha256))


def _kept(desk: Desk, books: Books, kind: str, seal: str) -> Artifact:
    artifact = artifacts.kept(books, desk.settings.artifacts, kind).get(seal)
    if artifact is None:
        raise NotFound("model")
    return artifact


_PROMOTED = "promoted by"


def _promotion(seal: str, directory: Path) -> str:
    """Who promoted the model of that seal, in the words of the record beside it; "" where there is none."""
    try:
        told = json.loads(directory.with_name(f"{directory.name}.promotion.json").read_bytes())
        if told["sha256"] != seal:
            return ""
        return f", {_PROMOTED} {str(told['signed_by'])[:64]} as version {int(told['version'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _must_be_promoted(books: Books, kind: str, artifact: Artifact) -> None:
    """A suggester that learned from charts was promoted, or served before. Raises Conflict."""
    card = artifact.manifest["card"]
    learned = isinstance(card, dict) and str(card.get("notes", 0)) != "0"
    if kind != CODING or not learned or any(a.sha256 == artifact.sha256 for a in books.activations(kind)):
        return
    said = books.events(action="model.activate", subject=artifact.sha256)
    if not any(event.reason.startswith(f"{kind} offered, {_PROMOTED}") for event in said):
        mend = "cleanclaim-train promote, then cleanclaim model offer the folder it wrote"
        raise Conflict("this suggester learned from charts and was not promoted", mend=mend)


@use_case("model.read")
def models(desk: Desk, books: Books) -> list[ModelView]:
    """Every model kept for the practice, by kind, the one in service first."""
    return [view for kind in KINDS for view in _views(desk, books, kind)]


@use_case("model.activate")
def offer(desk: Desk, books: Books, kind: str, directory: Path) -> str:
    """Keep a model for the practice, verified, without putting it in service; returns its seal."""
    seal = artifacts.offer(books, desk.settings.artifacts, kind, directory)
    books.log(desk.actor, "model.activate", seal, reason=f"{kind} offered{_promotion(seal, directory)}")
    return seal


@use_case("model.activate")
def activate(desk: Desk, books: Books, kind: str, directory: Path) -> str:
    """Offer a model and put it in service at once; returns its seal. A damaged one is refused, the old one goes on."""
    seal = artifacts.offer(books, desk.settings.artifacts, kind, directory)
    books.log(desk.actor, "model.activate", seal, reason=f"{kind} offered{_promotion(seal, directory)}")
    _must_be_promoted(books, kind, _kept(desk, books, kind, seal))
    active = artifacts.activate(books, desk.settings.artifacts, kind, directory, desk.actor.login)
    books.log(desk.actor, "model.activate", seal, reason=kind, after=active.sha256)
    return seal


@use_case("model.activate")
def put_in_service(desk: Desk, books: Books, kind: str, signed: ServiceIn) -> ModelView:
    """Let the model of that seal serve: a promotion, or the way back to one that served before."""
    artifact = _kept(desk, books, kind, signed.sha256)
    activations = books.activations(kind)
    before = activations[0].sha256 if activations else None
    if before == signed.sha256:
        raise Conflict("this model is in service", mend="name another seal, or leave it so")
    _must_be_promoted(books, kind, artifact)
    artifacts.activate(books, desk.settings.artifacts, kind, artifact.path, desk.actor.login)
    books.log(desk.actor, "model.activate", signed.sha256, f"{kind}: {signed.reason}", before, signed.sha256)
    return next(view for view in _views(desk, books, kind) if view.sha256 == signed.sha256)


@use_case("model.activate")
def put_in_shadow(desk: Desk, books: Books, kind: str, signed: ServiceIn) -> ModelView:
    """Let the model of that seal score beside the one in service, for comparison; its word is shown to nobody."""
    artifact = _kept(desk, books, kind, signed.sha256)
    if kind == OVERTURN:
        raise Conflict("a model of appeals scores nothing in the shadow", mend="compare two by their training runs")
    activations = books.activations(kind)
    if activations and activations[0].sha256 == signed.sha256:
        raise Conflict("this model is in service", mend="a challenger is another model: name its seal")
    artifacts.let_shadow(books, desk.settings.artifacts, kind, artifact, desk.actor.login)
    said = f"{kind} in the shadow: {signed.reason}"
    books.log(desk.actor, "model.activate", signed.sha256, said, after=signed.sha256)
    return next(view for view in _views(desk, books, kind) if view.sha256 == signed.sha256)


# --- the slice without advice ---


def _withheld(books: Books) -> WithholdView:
    chosen = books.choices(WITHHOLD)
    drawn = books.withheld_claims()
    if not chosen:
        return WithholdView(percent=0, reason="", chosen_by="", chosen_at="", claims=drawn)
    last = chosen[0]
    return WithholdView(
        percent=last.value, reason=last.reason, chosen_by=last.chosen_by, chosen_at=last.chosen_at.isoformat(),
        claims=drawn,
    )  # fmt: skip


@use_case("model.read")
def withholding(desk: Desk, books: Books) -> WithholdView:
    """From how many visits the model's advice is withheld, by whose choice."""
    return _withheld(books)


@use_case("advice.withhold")
def withhold(desk: Desk, books: Books, wish: WithholdIn) -> WithholdView:
    """Choose the share of visits whose claims go without the model's advice. Every edit still applies to them; claims
    that were advised on before stay so, and those drawn stay drawn.
    """
    before = _withheld(books).percent
    books.add_choice(WITHHOLD, wish.percent, wish.reason, desk.actor.login)
    said = {"percent": before}, {"percent": wish.percent}
    books.log(desk.actor, "advice.withhold", "", wish.reason, *said)
    return _withheld(books)
