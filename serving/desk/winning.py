"""How much of a refused claim's dollars work is expected to save: as the practice's own appeals went, where a model of
them is in service and has seen enough of the kind; else the trade's average. In the queue it is shown which of the two.

What the payer takes back in part counts as won: an appeal's outcome does not tell for which share it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from billing_core.denial import LineDenial
from billing_core.work_queue import EFFECT_OF_WORK, WorkItem, WorkKind
from models.denial.overturn import KIND, LEAST_ALIKE, facts_of
from serving.errors import NoModel

if TYPE_CHECKING:
    from models.denial.overturn import Overturn
    from serving.desk.case import Desk
    from serving.store.books import Books

TRADE_AVERAGE = "the trade's average"


@dataclass(frozen=True, slots=True)
class Winning:
    """The model of appeals in service, if one is, and the highest level filed so far of each claim."""

    model: Overturn | None = None
    filed: Mapping[str, int] = field(default_factory=dict)

    def effect(self, item: WorkItem, payer: str, denied: Sequence[LineDenial]) -> WorkItem:
        """The item with the share that work is expected to save, and what that rests on."""
        usual = EFFECT_OF_WORK[item.kind]
        if item.kind is not WorkKind.DENIAL:
            return replace(item, effect_percent=usual)
        if self.model is not None:
            asked = facts_of(payer, self.filed.get(item.claim_id, 0) + 1, denied)
            if (alike := self.model.decided_alike(asked)) >= LEAST_ALIKE:
                won = round(self.model.probability_ppm(asked) / 10_000)
                rests_on = f"as {alike} of your appeals of this kind were decided"
                return replace(item, effect_percent=won, effect_rests_on=rests_on)
        return replace(item, effect_percent=usual, effect_rests_on=TRADE_AVERAGE)


def winning(desk: Desk, books: Books) -> Winning:
    """What is known of winning appeals in this practice."""
    try:
        model = desk.shelf.model(books, KIND).model
    except NoModel:
        return Winning()
    return Winning(model, books.appeal_levels())
