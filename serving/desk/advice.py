"""A stored score as a biller reads it: why, what would lower it, what else to expect of the claim, the work item of a
claim in doubt, and in words what working an item is worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from billing_core.contract import Contract, Remedy
from billing_core.money import Cents, amount_text
from billing_core.reason import DenialCategory
from billing_core.work_queue import CERTAIN, EFFECT_OF_WORK, EFFECT_ONCE_SENT, Ranked, WorkItem, WorkKind
from models.denial.outlook import LEARNED, TOO_FEW
from serving.schemas.billing import LikelyReason, OutlookView, ReasonView

if TYPE_CHECKING:
    from serving.store.claims import ClaimScore, StandingClaim


_WHY = {
    DenialCategory.ELIGIBILITY: "the coverage",
    DenialCategory.AUTHORIZATION: "authorization or referral",
    DenialCategory.CODING: "how it is coded",
    DenialCategory.DUPLICATE: "taken for a duplicate",
    DenialCategory.TIMELY_FILING: "filed late",
    DenialCategory.NOT_COVERED: "a service not covered",
    DenialCategory.MEDICAL_NECESSITY: "medical necessity",
    DenialCategory.INFORMATION: "information missing",
    DenialCategory.OTHER_PAYER: "another payer comes first",
    DenialCategory.ENROLLMENT: "the provider's enrollment",
    DenialCategory.OTHER: "another reason",
}


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


def outlook_of(score: ClaimScore | None, submitted_on: date | None, today: date) -> OutlookView | None:
    """What else is to be expected of a claim without an answer; None when it was not scored."""
    kept = score.body.get("outlook") if score else None
    if kept is None:
        return None
    why = [LikelyReason(category=name, share=round(ppm / 10_000)) for name, ppm in kept["categories"]]
    days = kept["days"]
    on = submitted_on + timedelta(days=days) if submitted_on is not None and days is not None else None
    words = [_why_words(why, kept["why_rests_on"]), _answer_words(days, on, today, kept["days_rest_on"])]
    return OutlookView(
        why=why, why_rests_on=kept["why_rests_on"], days=days, days_rest_on=kept["days_rest_on"],
        answer_on=on.isoformat() if on else "", words=words,
    )  # fmt: skip


def _why_words(why: list[LikelyReason], rests_on: str) -> str:
    if rests_on == TOO_FEW:
        return "Too few denials so far to say for what reason this one would be denied."
    named = ", ".join(f"{_WHY[DenialCategory(each.category)]} {each.share}%" for each in why)
    return f"If it is denied, then for: {named} ({_rests(rests_on)})."


def _answer_words(days: int | None, on: date | None, today: date, rests_on: str) -> str:
    if days is None:
        return "Too few answers so far to say when the payer answers."
    if on is None:
        return f"The payer should answer about {_days(days)} after it is sent ({_rests(rests_on)})."
    late = (today - on).days
    when = f", {_days(late)} ago" if late > 0 else ", today" if late == 0 else f", in {_days(-late)}"
    return f"The payer {'should have answered' if late > 0 else 'should answer'} about {on}{when} ({_rests(rests_on)})."


def _rests(on: str) -> str:
    return "by what this claim shows" if on == LEARNED else on


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def worth(ranked: Ranked, cost: Cents, billed: Cents) -> str:
    """How the expected value of working an item comes about, every part of it, and what its deadline does to it. Where
    the contract does not say what it pays, the charge is at stake, and it is not called the payer's. The deductible is
    taken as met (`expected_payment`): a refused line cannot be billed to the patient either.
    """
    item, left = ranked.item, ranked.days_left
    stake = "at stake" if item.at_stake == billed else "expected of the payer once the deductible is met"
    if ranked.lapsed and left is not None:
        return (
            f"The deadline passed {_days(-left)} ago: work saves nothing of ${amount_text(item.at_stake)} unless the "
            "payer accepts good cause; ask for that, or review a write-off."
        )
    share = "" if item.share_ppm >= CERTAIN else f" x {_per_cent(item.share_ppm)} of it if it is denied"
    rests_on = f" ({item.effect_rests_on})" if item.effect_rests_on else ""
    parts = (
        f"${amount_text(item.at_stake)} {stake}{share} x {_per_cent(ranked.probability_ppm)} lost unless "
        f"worked x {ranked.effect_percent}% of it saved by work{rests_on} - ${amount_text(cost)} of work = "
        f"{_signed(ranked.expected_value)}"
    )
    if left is None:
        return f"{parts}; no deadline runs."
    if ranked.urgency == 100 or ranked.expected_value <= 0:
        return f"{parts}; {_days(left)} left."
    return f"{parts}; with {_days(left)} left it counts {'double' if ranked.urgency == 200 else 'half as much again'}."


def _signed(amount: Cents) -> str:
    return f"-${amount_text(-amount)}" if amount < 0 else f"${amount_text(amount)}"


def share_taken(by_line: Mapping[int, Cents], taken: Sequence[int]) -> int:
    """The share (in millionths) of the claim's dollars that a denial is expected to take: each line's, in their order,
    by how likely it is refused then. Whole where that was not said of these lines.
    """
    whole = sum(by_line.values())
    if len(taken) != len(by_line) or whole <= 0:
        return CERTAIN
    return sum(cents * ppm for cents, ppm in zip(by_line.values(), taken, strict=True)) // whole


def risk_item(
    standing: StandingClaim, score: ClaimScore, by_line: Mapping[int, Cents], contract: Contract | None
) -> WorkItem:
    """The work item of a claim that passed the edits and will probably be denied; `by_line` is what each line should
    bring. Once it is sent, less can be done, and the filing deadline matters only where the payer takes no correction
    but a new claim.
    """
    sent = standing.row.submitted_on is not None
    refiled = contract is not None and contract.corrected_by is Remedy.NEW_CLAIM
    raising = tuple(r.words for r in risk_reasons(score) if r.points > 0)
    mend = " ".join(what_if_words(score)) or "Look at the claim again."
    if sent:
        mend = f"Sent already: call the payer, or have the correction ready. {mend}"
    return WorkItem(
        id=standing.claim.id,
        kind=WorkKind.RISK,
        claim_id=standing.claim.id,
        claim_number=standing.claim.number,
        at_stake=sum(by_line.values()),
        reasons=raising or ("The model expects a denial.",),
        mend=mend,
        deadline=standing.row.deadline if refiled or not sent else None,
        probability_ppm=score.probability_ppm,
        effect_percent=EFFECT_ONCE_SENT if sent else EFFECT_OF_WORK[WorkKind.RISK],
        share_ppm=share_taken(by_line, score.body.get("taken", ())),
    )


def _per_cent(ppm: int) -> str:
    return f"{round(ppm / 10_000)}%"
