"""Do the suggestions lean? The suggester's procedures set beside what coders signed, upward against downward.

Weights are the practice's own prices, the latest of each code: the one measure of payment every practice has. They are
used here, after the fact, and reach no suggestion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing_core.encounter import CodeSystem
from models.coding.symmetry import Compared, Lean, compare
from serving.desk.case import Desk, use_case
from serving.schemas.coding import LeanView, SymmetryView
from serving.store.states import EncounterStatus

if TYPE_CHECKING:
    from serving.store.books import Books

_SIGNED = (EncounterStatus.SIGNED, EncounterStatus.CHARGED)
_NAMED = 20


@use_case("analytics.read")
def symmetry(desk: Desk, books: Books) -> SymmetryView:
    """Every signed visit that a suggester had read: levels, new or established, and weights, up against down."""
    visits: list[Compared] = []
    for status in _SIGNED:
        for visit in books.encounters(status):
            run = books.latest_suggestion(visit.encounter.id)
            if run is not None:
                ours = tuple(c["code"] for c in run.body["codes"] if c["system"] != CodeSystem.ICD10CM)
                signed = books.signed(visit.encounter.id)
                visits.append(Compared(ours, tuple(p.code for p in signed.procedures)))
    prices = books.chargemaster().prices
    found = compare(visits, {price.procedure: price.amount for price in sorted(prices, key=lambda p: p.effective)})
    return SymmetryView(
        visits=found.visits,
        levels=_view(found.levels),
        new=_view(found.new),
        weights=_view(found.weights),
        only_suggested=dict(found.only_suggested[:_NAMED]),
        only_signed=dict(found.only_signed[:_NAMED]),
        unweighed=list(found.unweighed),
    )


def _view(lean: Lean) -> LeanView:
    return LeanView(up=lean.up, same=lean.same, down=lean.down, chance_ppm=lean.chance_ppm)
