"""Which claims of an 837 that we sent an acknowledgment speaks of.

A 999 refuses a transaction set and counts its errors in segments from the ST: nothing in it names a claim. With the
837 beside it each error is found in its claim; the other claims of the set have nothing wrong, and were not read.
Source: 005010X231A1, IK3; 005010X222A1 and X223A2, HL and CLM.
"""

from __future__ import annotations

from dataclasses import dataclass

from billing_core.x12.envelope import TransactionSet, contents

_BELOW_THE_PROVIDER = ("22", "23")  # HL03: subscriber, patient


@dataclass(frozen=True, slots=True)
class SentSet:
    """One ST to SE that we sent: under which numbers, its claims in order, and the claim each segment belongs to."""

    group: str
    control: str
    claims: tuple[str, ...]
    owners: tuple[str, ...]  # of each segment from the ST; "" where it stands above all claims

    def claim_at(self, position: int) -> str:
        """The claim (CLM01) of the segment at that position, counted from ST = 1; "" when it is no one claim's."""
        return self.owners[position - 1] if 0 < position <= len(self.owners) else ""


def sent_sets(data: bytes) -> tuple[SentSet, ...]:
    """Every 837 set of a file that we sent. X12Error when the bytes are not X12."""
    found = contents(data)
    return tuple(
        _sent(group.control, one)
        for interchange in found.interchanges
        for group in interchange.groups
        for one in group.sets
        if one.id == "837"
    )


def _sent(group: str, one: TransactionSet) -> SentSet:
    """A subscriber's and a patient's segments before the CLM belong to the claim that follows them."""
    owners, claims = [""], list[str]()  # the ST is nobody's
    waiting: list[int] = []  # positions whose claim has not come yet
    owner, below = "", False
    for segment in one.segments:
        if segment.id == "HL":
            owner, below = "", segment.get(3) in _BELOW_THE_PROVIDER
            waiting = [] if segment.get(3) != "23" else waiting
        elif segment.id == "CLM":
            owner = segment.get(1)
            claims.append(owner)
            for position in waiting:
                owners[position] = owner
            waiting = []
        if below and not owner:
            waiting.append(len(owners))
        owners.append(owner)
    return SentSet(group, one.control, tuple(claims), tuple(owners))
