"""A stored score as a biller reads it: why, what would lower it, and the work item of a claim in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing_core.money import Cents
from billing_core.work_queue import EFFECT_OF_WORK, EFFECT_ONCE_SENT, WorkItem, WorkKind
from serving.schemas.billing import ReasonView

if TYPE_CHECKING:
    from serving.store.claims import ClaimScore, StandingClaim


def shown(score: ClaimScore | None) -> ClaimScore | None:
    """The score as advice: none for a claim of the slice from which advice is withheld."""
    return None if score is None or score.withheld else score


def risk_of(score: ClaimScore | None) -> int | None:
    """The risk in per cent; None when the claim was not scored."""
    return round(score.probability_ppm / 10_000) if score else None


def risk_reasons(score: ClaimScore | None) -> list[ReasonView]:
    """The reasons, strongest first; none when the claim was not scored."""
    found = score.body.get("reasons", []) if score else []
    whole = sum(abs(reason["effect"]) for reason in found) or 1
    return [ReasonView(words=r["words"], points=round(100 * r["effect"] / whole)) for r in found]


def what_if_words(score: ClaimScore | None) -> list[str]:
    """What would lower the risk, from what to what."""
    if score is None:
        return []
    now = score.probability_ppm
    return [
        f"{said['words']} Risk {_per_cent(now)} to {_per_cent(said['probability_ppm'])}."
        for said in score.body.get("what_if", [])
    ]


def risk_item(standing: StandingClaim, score: ClaimScore, at_stake: Cents) -> WorkItem:
    """The work item of a claim that passed the edits and will probably be denied; once it is sent, less can be done."""
    sent = standing.row.submitted_on is not None
    raising = tuple(r.words for r in risk_reasons(score) if r.points > 0)
    mend = " ".join(what_if_words(score)) or "Look at the claim again."
    if sent:
        mend = f"Sent already: call the payer, or have the correction ready. {mend}"
    return WorkItem(
        id=standing.claim.id,
        kind=WorkKind.RISK,
        claim_id=standing.claim.id,
        claim_number=standing.claim.number,
        at_stake=at_stake,
        reasons=raising or ("The model expects a denial.",),
        mend=mend,
        deadline=standing.row.deadline,
        probability_ppm=score.probability_ppm,
        effect_percent=EFFECT_ONCE_SENT if sent else EFFECT_OF_WORK[WorkKind.RISK],
    )


def _per_cent(ppm: int) -> str:
    return f"{round(ppm / 10_000)}%"
