"""The loop's doors of the API: models signed for and watched, the slice without advice, appeals."""

from __future__ import annotations

from collections.abc import Mapping

from app_streamlit.client import Client, _many, _one, _part, current_as
from serving.schemas.appeals import AppealItem, AppealView, FilingIn, LetterIn, OutcomeIn
from serving.schemas.billing import QueueView
from serving.schemas.models import ModelView, ServiceIn, WatchView, WithholdIn, WithholdView


class LoopClient(Client):
    """The API as a data scientist, a biller or a manager sees it. Every method raises ApiProblem."""

    def models(self) -> list[ModelView]:
        """Every model kept for the practice."""
        return _many(ModelView, self._send("GET", "/models"))

    def put_in_service(self, kind: str, signed: ServiceIn) -> ModelView:
        """Sign a model into service, or back into it."""
        return _one(ModelView, self._send("POST", f"/models/{_part(kind)}/service", body=signed))

    def put_in_shadow(self, kind: str, signed: ServiceIn) -> ModelView:
        """Let a model score beside the one in service."""
        return _one(ModelView, self._send("POST", f"/models/{_part(kind)}/shadow", body=signed))

    def watch(self, kind: str) -> WatchView:
        """Drift and the challenger, as the last night found them."""
        return _one(WatchView, self._send("GET", f"/models/{_part(kind)}/watch"))

    def withheld(self) -> WithholdView:
        """From how many visits advice is withheld."""
        return _one(WithholdView, self._send("GET", "/advice/withheld"))

    def withhold(self, wish: WithholdIn) -> WithholdView:
        """Choose that share."""
        return _one(WithholdView, self._send("PUT", "/advice/withheld", body=wish))

    def queue_page(self, wanted: Mapping[str, str | int | bool]) -> QueueView:
        """A page of the queue: `wanted` in the door's own words: capacity, state, payer, today, first, limit, claim."""
        return _one(QueueView, self._send("GET", "/queue", {name: str(value) for name, value in wanted.items()}))

    def appeals(self, claim_id: str = "") -> list[AppealItem]:
        """Every appeal, or those of one claim."""
        path = f"/claims/{_part(claim_id)}/appeals" if claim_id else "/appeals"
        return _many(AppealItem, self._send("GET", path))

    def appeal(self, appeal_id: str) -> AppealView:
        """One appeal with its letter."""
        return _one(AppealView, self._send("GET", f"/appeals/{_part(appeal_id)}"))

    def draft_appeal(self, claim_id: str) -> AppealView:
        """Draft the next level's letter."""
        return _one(AppealView, self._send("POST", f"/claims/{_part(claim_id)}/appeals"))

    def edit_appeal(self, appeal_id: str, wanted: LetterIn) -> AppealView:
        """The letter as the biller wants it."""
        return _one(AppealView, self._send("PUT", f"/appeals/{_part(appeal_id)}", body=wanted))

    def file_appeal(self, appeal_id: str, signed: FilingIn) -> AppealView:
        """Sign it and note how it went out."""
        return _one(AppealView, self._send("POST", f"/appeals/{_part(appeal_id)}/filing", body=signed))

    def decide_appeal(self, appeal_id: str, said: OutcomeIn) -> AppealView:
        """Record what the payer decided."""
        return _one(AppealView, self._send("POST", f"/appeals/{_part(appeal_id)}/outcome", body=said))

    def appeal_pdf(self, appeal_id: str) -> bytes:
        """The letter on paper."""
        return self._send("GET", f"/appeals/{_part(appeal_id)}/pdf").content


def current() -> LoopClient:
    """The client of the user in front of the screen. Raises ApiProblem when nobody is signed in."""
    return current_as(LoopClient)
